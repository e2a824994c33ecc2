"""JSON files that hold articles: a list of rows, an object that is a row, or an object of rows; also packed.

A list is read element by element. An object is read whole: it may be one row, rows by their ids, or hold the rows in
one of its fields (`{"articles": [...]}`). What holds no row is a failure that says what was found.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO

from cleaner.readers.files import opened_file, read_bounded, too_large
from cleaner.readers.guard import guarded, guarded_row
from cleaner.readers.readings import Failure, FieldNames, InputFile, Original, Reading, ReadSettings
from cleaner.readers.rows import DECODER, RowError, row_reading

#: An object of rows may be so many times longer than one document.
WHOLE_FILE = 16
#: Bytes read at a time.
PIECE = 1 << 20
#: Characters of a word or an escape that a text may end in.
LOOKAHEAD = 12
_SPACE = re.compile(r"[ \t\r\n]*")
_SEPARATOR = re.compile(r"[ \t\r\n]*(?:,[ \t\r\n]*)?")
_MEND = "mend the file; JSON's own programs (jq, python -m json.tool) show the place"


def read_json(file: InputFile, settings: ReadSettings) -> Iterator[Reading]:
    """The articles in a JSON file."""
    opened = opened_file(file)
    if isinstance(opened, Reading):
        return iter([opened])
    return read_json_stream(opened.stream, name=file.locator, settings=settings, modified=opened.modified)


def read_json_stream(
    stream: BinaryIO, *, name: str, settings: ReadSettings, modified: float | None = None
) -> Iterator[Reading]:
    """The articles in a stream of JSON; closes it."""
    readings = guarded(_read(stream, name, settings, modified), name)
    return (reading for reading in readings if isinstance(reading, Reading))


def _read(stream: BinaryIO, name: str, settings: ReadSettings, modified: float | None) -> Iterator[Reading]:
    with stream:
        first = stream.read(PIECE)
        charset = next((charset for bom, charset in _BOMS if first.startswith(bom)), "utf-8-sig")
        text = codecs.getincrementaldecoder(charset)()
        begun = text.decode(first)
        original = Original(name, None, b"", "text/plain", {}, modified)
        if begun[_SPACE.match(begun).end() :].startswith("["):  # type: ignore[union-attr]
            yield from _elements(stream, text, begun, original, settings)
            return
        rest = read_bounded(stream, WHOLE_FILE * settings.max_bytes)
        if len(rest) > WHOLE_FILE * settings.max_bytes:
            yield Reading(None, None, too_large(name, None, WHOLE_FILE * settings.max_bytes))
            return
        whole = (begun + text.decode(rest, final=True)).strip(" \t\r\n")
        try:
            value = DECODER.decode(whole)
        except RowError as error:
            yield Reading(None, None, Failure(name, None, error.what, error.do))
            return
        except ValueError as error:
            if rows := _as_lines(whole):
                value = rows
            else:
                yield Reading(None, None, Failure(name, None, f"is not JSON ({error})", _MEND))
                return
        yield from _rows_in(value, original, settings)


_BOMS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def _elements(
    stream: BinaryIO, decoder: codecs.IncrementalDecoder, text: str, original: Original, settings: ReadSettings
) -> Iterator[Reading]:
    """The rows of a list, one after the other; only one is held, or as much of it as a document may have."""
    at, number, ended, room = text.index("[") + 1, 0, False, PIECE
    while True:
        at = _SEPARATOR.match(text, at).end()  # type: ignore[union-attr]
        if text.startswith("]", at):
            return
        try:
            value, at = DECODER.raw_decode(text, at)
            if at == len(text) and not ended:  # a number may go on
                raise ValueError
        except RowError as error:
            yield Reading(None, None, Failure(original.locator, number + 1, error.what, error.do))
            return
        except ValueError as error:
            ended = ended or _is_wrong(error, text)
            if not ended and len(text) - at <= 2 * settings.max_bytes:
                piece = stream.read(room)
                ended, room = not piece, 2 * room
                text, at = text[at:] + decoder.decode(piece, final=not piece), 0
                continue
            if not ended:
                yield Reading(None, None, too_large(original.locator, number + 1, settings.max_bytes))
                return
            what = f"is not JSON ({error})" if _is_wrong(error, text) else "is cut off: its list does not end"
            yield Reading(None, None, Failure(original.locator, number + 1, what, _MEND))
            return
        number, room = number + 1, PIECE
        yield _row(value, number, original, settings)


def _is_wrong(error: ValueError, text: str) -> bool:
    """Whether a text is not JSON however it goes on: the error stands before its end, and in no open string."""
    if not isinstance(error, json.JSONDecodeError) or error.msg.startswith("Unterminated string"):
        return False
    return error.pos < len(text) - LOOKAHEAD


def _rows_in(value: object, original: Original, settings: ReadSettings) -> Iterator[Reading]:
    if isinstance(value, list):
        rows: list[Any] = value
    elif isinstance(value, dict) and _is_row(value, settings.fields):
        rows = [value]
    elif isinstance(value, dict) and value and all(isinstance(row, dict) for row in value.values()):
        rows = [{settings.fields.id: key, **row} for key, row in value.items()]
    elif isinstance(value, dict) and (lists := [rows for rows in value.values() if _is_list_of_rows(rows)]):
        rows = lists[0]
    else:
        what = f"holds no rows but {_shape(value)}"
        yield Reading(None, None, Failure(original.locator, None, what, "give a list of objects, one an article"))
        return
    for number, row in enumerate(rows, start=1):
        yield _row(row, number, original, settings)


def _is_row(value: Mapping[str, object], names: FieldNames) -> bool:
    return isinstance(value.get(names.text), str) or isinstance(value.get(names.html), str)


def _is_list_of_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _shape(value: object) -> str:
    if isinstance(value, dict):
        return f"an object with the fields {', '.join(repr(key[:40]) for key in list(value)[:8]) or '(none)'}"
    return "a single value"


def _as_lines(text: str) -> list[object]:
    """The objects of a text that is JSON lines in a file called .json; none when a line is something else."""
    try:
        rows = [DECODER.decode(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return []
    return rows if all(isinstance(row, dict) for row in rows) else []


def _row(value: object, number: int, original: Original, settings: ReadSettings) -> Reading:
    place = Original(original.locator, number, b"", "text/plain", {}, original.modified)
    if not isinstance(value, dict):
        failure = Failure(original.locator, number, "is not an object", "give a list of objects, one an article")
        return Reading(None, None, failure)
    return guarded_row(partial(row_reading, value, place, settings), place, settings.seconds)
