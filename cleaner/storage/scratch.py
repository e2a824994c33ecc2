"""A folder of this process for what it needs only while it works; those of processes that were killed are swept away.

Workers end by being killed, so none can be trusted to clean up after itself: whoever comes next does it.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

#: In the system's folder for temporary files (TMPDIR).
ROOT = "cleancopy-scratch"


@lru_cache(maxsize=1)
def scratch_folder() -> Path:
    """The folder of this process, made when it is first asked for, gone when the process ends in order.

    Raises OSError.
    """
    root = Path(tempfile.gettempdir()) / ROOT
    root.mkdir(exist_ok=True)
    sweep()
    folder = root / uuid4().hex  # chance, so that it is nobody else's; no output holds it
    lock = FileLock(root / f"{folder.name}.lock")
    lock.acquire()  # before there is a folder that could be swept
    folder.mkdir()
    atexit.register(_leave, folder, lock)
    return folder


def sweep() -> None:
    """Removes the folders whose processes are gone."""
    for path in (Path(tempfile.gettempdir()) / ROOT).glob("*.lock"):
        lock = FileLock(path)
        with suppress(OSError, Timeout):
            lock.acquire(timeout=0)
            _leave(path.with_suffix(""), lock)


def _leave(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()
