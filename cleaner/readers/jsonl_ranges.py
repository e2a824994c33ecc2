"""Files of JSON lines cut into ranges of rows, so that one file can be read by many workers.

Cutting counts lines that are not blank and parses nothing. A packed file has no place to begin but its start: each
process unpacks it once, and goes on from where its last range ended.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from cleaner.readers.files import not_a_file
from cleaner.readers.guard import failure_of
from cleaner.readers.jsonl import PIECE, UTF16_BOMS, lines_of, read_rows
from cleaner.readers.packing import PackingError, packing_of, unpacked
from cleaner.readers.readings import InputFile, Range, Reading, ReadSettings
from cleaner.storage.object_store import RemoteFile

#: A line end and the next line's way to its first character that is no space.
_NEXT_ROW = re.compile(rb"\n[ \t\r\v\f]*+[^\s]")


def read_rows_file(file: InputFile, settings: ReadSettings) -> Iterator[Reading]:
    """The articles in a file of rows; packed ones are unpacked on the way."""
    return read_range(file, Range(1, 0, 0, last=True), settings)


def read_range(file: InputFile, part: Range, settings: ReadSettings) -> Iterator[Reading]:
    """The articles in a range that `cut_rows` gave. The way to its first line is gone before this returns."""
    try:
        facts = file.path.stat()
        if not stat.S_ISREG(facts.st_mode):
            return iter([Reading(None, None, not_a_file(file.locator, folder=stat.S_ISDIR(facts.st_mode)))])
        stream = _at(file, part, settings.max_bytes)
    except (PackingError, OSError) as error:
        row = part.first if isinstance(error, PackingError) and part.first > 1 else None
        return iter([Reading(None, None, failure_of(error, file.locator, row))])
    return _read(file, part, stream, settings, facts.st_mtime)


def cut_rows(file: InputFile, *, room: int, size: int, settings: ReadSettings) -> Iterator[Range]:
    """Ranges that cover the file: the first of at most `room` rows, the others of `size`; blank lines are not counted.

    What cannot be unpacked or read is the reader's to report: the last range leads there. Raises nothing.
    """
    first, begin, rows, limit = 1, 0, 0, room  # of the range: its first line, that line's offset
    line, position, in_row, whole = 1, 0, False, False  # of the block: the line it begins in, its offset
    with suppress(PackingError, OSError), _open(file) as stream:
        while block := stream.read(PIECE):
            if position == 0 and block.startswith(UTF16_BOMS):
                break  # one failure, no rows
            starts = _row_starts(block, in_row)
            used, at = 0, 0
            while len(starts) - used > limit - rows:
                used += limit - rows
                line, at = line + block.count(b"\n", at, starts[used]), starts[used]
                yield Range(first, limit, begin)
                first, begin, rows, limit = line, position + at, 0, size
            rows += len(starts) - used
            line += block.count(b"\n", at)
            position += len(block)
            tail = block[block.rfind(b"\n") + 1 :]
            in_row = bool(tail.strip()) or (in_row and len(tail) == len(block))
        else:
            whole = True
    if rows or not whole:
        yield Range(first, rows or 1, begin, last=True)


def _row_starts(block: bytes, in_row: bool) -> list[int]:
    """Where in a block the lines begin that hold a row; in_row: the block goes on with a row that has begun before."""
    starts = [match.start() + 1 for match in _NEXT_ROW.finditer(block)]
    first = block.find(b"\n")
    begun = block if first < 0 else block[:first]
    return starts if in_row or not begun.strip() else [0, *starts]


def _open(file: InputFile) -> BinaryIO:
    return unpacked(file.path.open("rb"), packing_of(file.kind))


def _at(file: InputFile, part: Range, max_bytes: int) -> BinaryIO:
    """The file's stream before the first line of the range."""
    if not packing_of(file.kind):
        plain = file.path.open("rb")
        plain.seek(part.start)
        return plain
    parked = _PARKED.pop() if _PARKED else None
    if parked and (parked.path != file.path or parked.line > part.first):
        parked.stream.close()
        parked = None
    stream, line = (parked.stream, parked.line) if parked else (_open(file), 1)
    for _ in islice(lines_of(stream, max_bytes), part.first - line):
        pass
    return stream


def _read(file: InputFile, part: Range, stream: BinaryIO, settings: ReadSettings, modified: float) -> Iterator[Reading]:
    parked, line = False, part.first
    try:
        for reading in read_rows(stream, name=file.locator, settings=settings, modified=modified, part=part):
            row = reading.original.row if reading.original else reading.failure and reading.failure.row
            line = (row or line) + 1
            yield reading
        if packing_of(file.kind) and not part.last and not _PARKED:
            _PARKED.append(_Parked(file.path, stream, line))
            parked = True
    finally:
        if not parked:
            stream.close()


@dataclass(frozen=True, slots=True)
class _Parked:
    """A packed file that is unpacked up to this line."""

    path: Path | RemoteFile
    stream: BinaryIO
    line: int


#: At most one: the ranges of a file are read one after the other.
_PARKED: list[_Parked] = []
