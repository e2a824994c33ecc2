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
    _sweep(root)
    folder = Path(tempfile.mkdtemp(dir=root))
    lock = FileLock(_lock_of(folder))
    lock.acquire()
    atexit.register(_leave, folder, lock)
    return folder


def _sweep(root: Path) -> None:
    """Removes the folders whose processes are gone. One that is being made has no lock yet, and is left alone."""
    for path in root.glob("*.lock"):
        lock = FileLock(path)
        with suppress(OSError, Timeout):
            lock.acquire(timeout=0)
            _leave(path.with_suffix(""), lock)


def _leave(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
