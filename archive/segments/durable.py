"""Files that are there completely or not at all: written beside their name, synced, then renamed.

Works alike on POSIX and Windows; the one difference, syncing a folder, is said where it is made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Makes a rename durable. Windows cannot open a folder and journals renames itself, so there it does nothing."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, parts: Iterable[bytes], *, sync: bool = True) -> None:
    """Writes all parts to `path`, replacing what was there, or leaves everything as it was. Raises OSError.

    Without `sync` the file may be lost in a power cut: for many small files that can be made again.
    """
    draft = path.with_name(path.name + ".tmp")
    try:
        with draft.open("wb") as file:
            for part in parts:
                file.write(part)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:  # also Ctrl-C: nothing half-written stays
        with suppress(OSError):
            draft.unlink()
        raise
    if sync:
        sync_folder(path.parent)
