"""Files of rows cut into ranges of lines, so that one file can be read by many workers.

Cutting counts line ends and parses nothing. A gzipped file has no place to begin but its start: each process
unpacks it once, and goes on from where its last range ended.
"""

from __future__ import annotations

import gzip
import io
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from cleaner.readers import jsonl
from cleaner.readers.files import not_a_file, unreadable
from cleaner.readers.jsonl import NO_ZSTD, PIECE, UNPACK_ERRORS, UTF16_BOMS, broken_gzip, lines_of, read_rows
from cleaner.readers.readings import DEFAULT_MAX_BYTES, Failure, Found, Range, Reading
from cleaner.storage.object_store import RemoteFile


def read_rows_file(found: Found, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Iterator[Reading]:
    """The articles in a file of rows; `.gz` is unpacked on the way."""
    return read_range(found, Range(1, 0, 0, last=True), max_bytes=max_bytes)


def read_range(found: Found, part: Range, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Iterator[Reading]:
    """The articles in a range that `cut_rows` gave. The way to its first line is gone before this returns."""
    try:
        facts = found.path.stat()
        if not stat.S_ISREG(facts.st_mode):
            return iter([Reading(None, None, not_a_file(found.locator, folder=stat.S_ISDIR(facts.st_mode)))])
        if found.kind.endswith(".zst") and jsonl.zstandard is None:
            return iter([Reading(None, None, Failure(found.locator, None, *NO_ZSTD))])
        stream = _at(found, part, max_bytes)
    except UNPACK_ERRORS as error:
        return iter([Reading(None, None, broken_gzip(found.locator, part.first, error))])
    except OSError as error:
        return iter([Reading(None, None, unreadable(found.locator, error))])
    return _read(found, part, stream, max_bytes=max_bytes, modified=facts.st_mtime)


def cut_rows(found: Found, *, room: int, size: int, max_bytes: int = DEFAULT_MAX_BYTES) -> Iterator[Range]:
    """Ranges of lines that cover the file: the first of at most `room` lines, the others of `size`; blank lines count.

    A line is a line however long it is, so `max_bytes` changes nothing.

    What cannot be unpacked or read is the reader's to report: the last range leads there. Raises nothing.
    """
    first, begin, position, lines, limit, whole = 1, 0, 0, 0, room, False
    block = b""
    with suppress(*UNPACK_ERRORS, OSError), _open(found) as stream:
        while block := stream.read(PIECE):
            if position == 0 and block.startswith(UTF16_BOMS):
                break  # one failure, no rows
            at = 0
            while (count := block.count(b"\n", at)) >= limit - lines:
                for _ in range(limit - lines):
                    at = block.index(b"\n", at) + 1
                yield Range(first, limit, begin)
                first, begin, lines, limit = first + limit, position + at, 0, size
            lines += count
            position += len(block)
            ended = block.endswith(b"\n")
        else:
            whole = True
            lines += position > begin and not ended  # the last line may lack its end
    if lines or not whole:
        yield Range(first, lines or 1, begin, last=True)


def _open(found: Found) -> BinaryIO:
    if found.kind.endswith(".gz"):
        return cast(BinaryIO, gzip.open(_openable(found)))
    if found.kind.endswith(".zst"):
        if jsonl.zstandard is None:
            raise OSError(0, NO_ZSTD[0])
        return cast(BinaryIO, io.BufferedReader(jsonl.zstandard.open(_openable(found), "rb")))
    return found.path.open("rb")


def _openable(found: Found) -> Path | BinaryIO:
    """What libraries open: a path, or the stream of an object."""
    return found.path if isinstance(found.path, Path) else found.path.open()


def _is_packed(found: Found) -> bool:
    return found.kind.endswith((".gz", ".zst"))


def _at(found: Found, part: Range, max_bytes: int) -> BinaryIO:
    """The file's stream before the first line of the range."""
    if not _is_packed(found):
        plain = found.path.open("rb")
        plain.seek(part.start)
        return plain
    parked = _PARKED.pop() if _PARKED else None
    if parked and (parked.path != found.path or parked.row > part.first):
        parked.stream.close()
        parked = None
    stream, row = (parked.stream, parked.row) if parked else (_open(found), 1)
    for _ in islice(lines_of(stream, max_bytes), part.first - row):
        pass
    return stream


def _read(found: Found, part: Range, stream: BinaryIO, *, max_bytes: int, modified: float) -> Iterator[Reading]:
    parked = False
    try:
        yield from read_rows(stream, name=found.locator, max_bytes=max_bytes, modified=modified, part=part)
        if _is_packed(found) and not part.last and not _PARKED:
            _PARKED.append(_Parked(found.path, stream, part.first + part.documents))
            parked = True
    finally:
        if not parked:
            stream.close()


@dataclass(frozen=True, slots=True)
class _Parked:
    """A gzipped file that is unpacked up to this line."""

    path: Path | RemoteFile
    stream: BinaryIO
    row: int


#: At most one: the ranges of a file are read one after the other.
_PARKED: list[_Parked] = []
