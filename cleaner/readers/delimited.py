"""CSV and TSV: a header with the names of the columns, then one article a row; also packed.

The delimiter of a CSV is the one of its header: comma, semicolon, tab or bar. A row that does not fit the header, or is
not quoted as it should be, is a failure that names it; the rest goes on. Refuses a table without an article's column.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from cleaner.decoding.decode import decode
from cleaner.readers.files import opened_file, too_large
from cleaner.readers.guard import guarded, guarded_row
from cleaner.readers.readings import Failure, FieldNames, InputFile, Original, Reading, ReadSettings
from cleaner.readers.rows import RowError, failed_row_reading, missing_column, row_reading

#: Bytes that tell the charset of a table.
SAMPLE = 1 << 16
#: What separates columns, the most likely first.
DELIMITERS = ",;\t|"
_MEND = "mend or remove the row"


def read_delimited(file: InputFile, settings: ReadSettings) -> Iterator[Reading]:
    """The articles in a table."""
    opened = opened_file(file)
    if isinstance(opened, Reading):
        return iter([opened])
    delimiter = "\t" if file.kind.startswith(".tsv") else None
    return read_table(
        opened.stream, name=file.locator, settings=settings, delimiter=delimiter, modified=opened.modified
    )


def read_table(
    stream: BinaryIO,
    *,
    name: str,
    settings: ReadSettings,
    delimiter: str | None = None,
    modified: float | None = None,
) -> Iterator[Reading]:
    """The articles in a stream of delimited rows; delimiter: None where the header tells it. Closes the stream."""
    readings = guarded(_read(stream, name, settings, delimiter, modified), name)
    return (reading for reading in readings if isinstance(reading, Reading))


def _read(
    stream: BinaryIO, name: str, settings: ReadSettings, delimiter: str | None, modified: float | None
) -> Iterator[Reading]:
    with stream:
        text = _decoded(stream)
        csv.field_size_limit(max(settings.max_bytes, 1))
        head = text.readline()
        while head and not head.strip():
            head = text.readline()
        delimiter = delimiter or max(DELIMITERS, key=head.count)
        lines = _Lines(head, text, room=16 * settings.max_bytes)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        columns = [column.strip() for column in next(rows, [])]
        if problem := _problem(columns, settings.fields):
            yield Reading(None, None, Failure(name, None, *problem))
            return
        number = 0
        while True:
            original = Original(name, number + 1, b"", "text/plain", {}, modified)
            try:
                values = next(rows, None)
                if values is None:
                    return
                if not any(map(str.strip, values)):
                    continue
                number += 1
                yield guarded_row(partial(_row, columns, values, original, settings), original, settings.seconds)
            except csv.Error as error:
                number += 1
                failure = Failure(name, number, f"is not a row of a table ({error})", _MEND)
                long = "field limit" in str(error)
                yield Reading(None, None, too_large(name, number, settings.max_bytes) if long else failure)


class _Lines:
    """The lines of a table, the header first; an end of file inside quotation marks must not hold all of it."""

    def __init__(self, head: str, rest: io.TextIOBase, *, room: int) -> None:
        self._head: str | None = head
        self._rest, self._room = rest, room

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._head if self._head is not None else self._rest.readline(self._room)
        self._head = None
        if not line:
            raise StopIteration
        return line


def _decoded(stream: BinaryIO) -> io.TextIOWrapper:
    """The table's text: UTF-8 with other bytes kept apart, else as its first rows tell."""
    sample = stream.read(SAMPLE)
    whole = sample[: sample.rfind(b"\n") + 1] or sample
    decoded = decode(whole)
    charset = decoded.charset
    if charset == "utf-8" and decoded.bom:
        charset = "utf-8-sig"
    elif decoded.bom:
        charset = charset.removesuffix("-le").removesuffix("-be")
    codec = codecs.lookup(charset).name
    return io.TextIOWrapper(joined(sample, stream), codec, errors="surrogateescape", newline="")


def joined(first: bytes, rest: BinaryIO) -> io.BufferedReader:
    """Some bytes that were read ahead of a stream, and then the stream."""
    return io.BufferedReader(_Joined(first, rest))


class _Joined(io.RawIOBase):
    """Some bytes that were read ahead, and the stream they are from."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first, self._rest = memoryview(first), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._first[: len(buffer)] or self._rest.read(len(buffer))
        self._first = self._first[len(data) :]
        buffer[: len(data)] = data
        return len(data)


def _problem(columns: list[str], names: FieldNames) -> tuple[str, str] | None:
    """Why a table with these columns gives no articles, and what to do."""
    if not columns:
        return "has no header", "put the names of the columns in its first line"
    if len(set(columns)) < len(columns):
        twice = next(column for column, count in Counter(columns).items() if count > 1)
        return f"has the column {twice[:40]!r} twice", "rename one of them"
    return missing_column(columns, names)


def _row(columns: list[str], values: list[str], original: Original, settings: ReadSettings) -> Reading:
    row = dict(zip(columns, values, strict=False))
    try:
        if len(values) != len(columns):
            raise RowError(f"has {len(values)} values where the header names {len(columns)} columns")
        if any(map(_undecoded, values)):
            raise RowError("is not in the charset of the rows before", "convert the table to UTF-8")
        article = (settings.fields.text, settings.fields.html)  # which may be empty
        given = {name: value for name, value in row.items() if value or name in article}
        return row_reading(given, original, settings)
    except RowError as error:
        row = {name: value.encode("utf-8", "replace").decode() for name, value in row.items()}
        return failed_row_reading(row, Failure(original.locator, original.row, error.what, error.do), settings.fields)


def _undecoded(value: str) -> bool:
    return not value.isascii() and any("\udc80" <= char <= "\udcff" for char in value)
