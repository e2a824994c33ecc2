"""Tables, lists of JSON, feeds and Parquet files cut into ranges of documents, for many workers to read one file.

Where a row begins only their readers know: cutting reads the file once and counts, and the way to a range is to read
what stands before it, which takes a hundredth of cleaning that. Each process goes on from where its last range ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cleaner.readers.packing import packing_of
from cleaner.readers.readings import InputFile, Range, Reading, ReadSettings, Skipped
from cleaner.storage.object_store import RemoteFile

#: Smaller files are read as a whole, in one shard: bytes, and how many times larger a packed one is taken to be.
LARGE, PACKED = 8 << 20, 6

ReadWhole = Callable[[InputFile, ReadSettings], Iterator[Reading | Skipped]]


@dataclass(frozen=True, slots=True)
class CountedRanges:
    """A reader of whole files, and how its files are shared out."""

    read_whole: ReadWhole

    def cut(self, file: InputFile, *, room: int, size: int, settings: ReadSettings) -> Iterator[Range]:
        """Ranges that cover the file: the first of at most `room` documents, the others of `size`. Raises nothing."""
        first, count, limit = 1, 0, room
        if _is_large(file):
            with suppress(Exception):  # the reader's to report: the last range leads there
                for reading in self.read_whole(file, settings):
                    if isinstance(reading, Skipped):
                        continue
                    if count == limit:
                        yield Range(first, count, 0)
                        first, count, limit = first + count, 0, size
                    count += 1
        yield Range(first, count or 1, 0, last=True)

    def read(self, file: InputFile, part: Range, settings: ReadSettings) -> Iterator[Reading | Skipped]:
        """The readings of a range that `cut` gave."""
        parked = _PARKED.pop() if _PARKED else None
        if parked and (parked.path, parked.settings) == (file.path, settings) and parked.place <= part.first:
            readings, place = parked.readings, parked.place
        else:
            readings, place = iter(self.read_whole(file, settings)), 1
        while place < part.first and (reading := next(readings, None)) is not None:
            place += isinstance(reading, Reading)
        return _documents(file, part, settings, readings)


def _is_large(file: InputFile) -> bool:
    with suppress(OSError, ValueError):
        return file.path.stat().st_size * (PACKED if packing_of(file.kind) else 1) >= LARGE
    return False


def _documents(
    file: InputFile, part: Range, settings: ReadSettings, readings: Iterator[Reading | Skipped]
) -> Iterator[Reading | Skipped]:
    left = part.documents
    while part.last or left:
        reading = next(readings, None)
        if reading is None:
            return
        left -= isinstance(reading, Reading)
        yield reading
    _PARKED[:] = [_Parked(file.path, settings, readings, part.first + part.documents)]


@dataclass(frozen=True, slots=True)
class _Parked:
    """A file that is read up to this document."""

    path: Path | RemoteFile
    settings: ReadSettings
    readings: Iterator[Reading | Skipped]
    place: int


#: At most one: the ranges of a file are read one after the other.
_PARKED: list[_Parked] = []
