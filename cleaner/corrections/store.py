"""Appends rows to corrections.jsonl so that they are there when the call returns, whoever else writes.

One lock beside the file, one write, one sync; a line that a crash left unfinished gets its end first.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from filelock import FileLock

from cleaner.corrections.format import Row, encode

_BINARY = getattr(os, "O_BINARY", 0)


def append(path: Path, rows: Sequence[Row]) -> None:
    """Adds the rows at the end of the file, made where it is not there. Raises OSError; then nothing counts."""
    data = b"".join(map(encode, rows))
    with FileLock(f"{path}.lock"):
        fresh = not path.exists()
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY, 0o666)
        try:
            if not _is_ended(handle):
                data = b"\n" + data
            _write(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        if fresh:
            _sync_folder(path.parent)


def stamp(moment: datetime) -> str:
    """A moment in UTC as rows hold it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _is_ended(handle: int) -> bool:
    size = os.lseek(handle, 0, os.SEEK_END)
    if not size:
        return True
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1) == b"\n"


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # has no handles of folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
