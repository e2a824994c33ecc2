"""A folder of this process for what it needs only while it works; those of processes that were killed are swept away.

Workers end by being killed, so none can be trusted to clean up after itself: whoever comes next does it.
"""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

#: In the system's folder for temporary files (TMPDIR), with the user's number: others cannot write to it, nor need to.
ROOT = "cleancopy-scratch"


def user_folder() -> Path:
    """The folder of this user for all that its processes share there. Raises OSError when it is somebody else's."""
    user = os.getuid() if hasattr(os, "getuid") else 0  # on Windows the folder for temporary files is the user's own
    folder = Path(tempfile.gettempdir()) / f"{ROOT}-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    facts = folder.lstat()
    if not stat.S_ISDIR(facts.st_mode) or (hasattr(os, "getuid") and facts.st_uid != user):
        raise OSError(errno.EPERM, "is not this user's own; set TMPDIR to another folder", str(folder))
    return folder


@lru_cache(maxsize=1)
def scratch_folder() -> Path:
    """The folder of this process, made when it is first asked for, gone when the process ends in order.

    Raises OSError.
    """
    root = user_folder()
    sweep()
    folder = root / uuid4().hex  # chance, so that it is nobody else's; no output holds it
    lock = FileLock(root / f"{folder.name}.lock")
    lock.acquire()  # before there is a folder that could be swept
    folder.mkdir()
    atexit.register(_leave, folder, lock)
    return folder


def sweep() -> None:
    """Removes the folders whose processes are gone."""
    for path in user_folder().glob("*.lock"):
        lock = FileLock(path)
        with suppress(OSError, Timeout):
            lock.acquire(timeout=0)
            _leave(path.with_suffix(""), lock)


def _leave(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()
