"""JSON lines: one object a line, one article a row, from a stream; and objects of any kind for other rooms.

A broken row becomes a Reading with a Failure that names its line; the rest goes on. A line longer
than the bound is passed over without being held in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cleaner.readers.files import too_large
from cleaner.readers.guard import guarded, guarded_row
from cleaner.readers.packing import packing_of, unpacked
from cleaner.readers.readings import DEFAULT_MAX_BYTES, DEFAULTS, Failure, Original, Range, Reading, ReadSettings
from cleaner.readers.rows import RowError, facts_of_row, parsed_object, row_reading

_UTF8_BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
#: Bytes of a row of labelled documents or of what we wrote ourselves, which is no stranger's.
LONGEST_ROW = 1 << 30
#: Long lines are passed over in pieces of this size.
PIECE = 1 << 20
WHOLE = Range(1, 0, 0, last=True)


def read_rows(
    stream: BinaryIO,
    *,
    name: str,
    settings: ReadSettings = DEFAULTS,
    modified: float | None = None,
    part: Range = WHOLE,
) -> Iterator[Reading]:
    """The articles in a stream of rows, each as soon as its line is there; blank lines are no rows.

    `part`: which rows these are, of the file that the stream comes from; the stream stands at its first line.
    """
    readings = _read_rows(stream, name, settings, modified, part)
    return (reading for reading in guarded(readings, name, part.first) if isinstance(reading, Reading))


def _read_rows(
    stream: BinaryIO, name: str, settings: ReadSettings, modified: float | None, part: Range
) -> Iterator[Reading]:
    rows, number = 0, part.first - 1
    for line in lines_of(stream, settings.max_bytes):
        number += 1
        if number == 1 and line is not None:
            if line.startswith(UTF16_BOMS):
                yield Reading(None, None, Failure(name, None, "is UTF-16; JSON lines are UTF-8", "convert it"))
                return
            line = line.removeprefix(_UTF8_BOM)
        if line is None:
            yield Reading(None, None, too_large(name, number, settings.max_bytes))
        elif line.isspace() or not line:
            number += _skip_blank(stream)
            continue
        else:
            original = Original(name, number, b"", "text/plain", modified=modified)
            yield guarded_row(partial(_read_row, line, original, settings), original, settings.seconds)
        rows += 1
        if rows == part.documents and not part.last:
            return


def _skip_blank(stream: BinaryIO) -> int:
    """Passes over blank lines that are in the stream's buffer, at once: there may be a billion. How many they were."""
    lines = 0
    while (peek := getattr(stream, "peek", None)) and (ready := peek()):
        blank = len(ready) - len(ready.lstrip())
        lines += ready.count(b"\n", 0, blank)
        stream.read(blank)
        if blank < len(ready):
            break
    return lines


def lines_of(stream: BinaryIO, max_bytes: int) -> Iterator[bytes | None]:
    """The lines of a stream; None in the place of one that is longer than `max_bytes`."""
    while line := stream.readline(max_bytes + 2):  # two for the line end
        whole = line.endswith(b"\n") or len(line) < max_bytes + 2
        fits = len(line.rstrip(b"\r\n")) <= max_bytes
        rest = line
        while rest and not rest.endswith(b"\n"):  # before the line is given: the reader may stop there
            rest = stream.readline(PIECE)
        yield line if whole and fits else None


def json_objects(path: Path, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Iterator[tuple[int, dict[str, object]]]:
    """The objects in a file of JSON lines, plain or packed, with their line numbers; for what is not an article.

    Raises RowError and PackingError, whose messages name the line, and OSError.
    """
    with unpacked(path.open("rb"), packing_of(path.name.lower())) as stream:
        for number, line in enumerate(lines_of(stream, max_bytes), start=1):
            if line is None:
                raise RowError(f"{path}:{number}: is longer than {max_bytes:,} bytes")
            if not line.strip():
                continue
            try:
                yield number, parsed_object(line.removeprefix(_UTF8_BOM) if number == 1 else line)[0]
            except (ValueError, RecursionError) as error:
                raise RowError(f"{path}:{number}: {_what_is_wrong(error)}") from error


def _read_row(line: bytes, original: Original, settings: ReadSettings) -> Reading:
    try:
        row, lost = parsed_object(line)
        reading = row_reading(row, original, settings, mended=True)
        if lost and reading.original is not None:
            reading = replace(reading, original=replace(reading.original, decoding=facts_of_row(lost)))
        return reading
    except (ValueError, RecursionError) as error:
        do = "convert the file to UTF-8" if isinstance(error, UnicodeDecodeError) else "mend or remove the line"
        what = _what_is_wrong(error)
        if not line.endswith(b"\n") and _ends_too_early(error):
            what, do = "is cut off: the file ends within this line", "what stands before was read; fetch the file again"
        return Reading(None, None, Failure(original.locator, original.row, what, do))


def _ends_too_early(error: Exception) -> bool:
    """Whether a line would be JSON if it went on."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or 0 < len(error.doc.rstrip()) <= error.pos


def _what_is_wrong(error: Exception) -> str:
    """What is wrong with a line, in words."""
    if isinstance(error, UnicodeDecodeError):
        return f"is not UTF-8 (byte {error.start + 1} of the line)"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return error.what if isinstance(error, RowError) else f"is not JSON ({error})"
