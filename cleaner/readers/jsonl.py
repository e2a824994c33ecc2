"""Rows: one JSON object a line, one article a row, also gzipped or from a stream.

A broken row becomes a Reading with a Failure that names its line; the rest goes on. A line longer
than the bound is passed over without being held in memory.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, BinaryIO

from cleaner.decoding.decode import Basis
from cleaner.document import Document
from cleaner.readers.files import too_large, unreadable
from cleaner.readers.readings import DEFAULT_MAX_BYTES, Failure, Original, Range, Reading, place

try:
    import zstandard as zstandard
except ImportError:  # the extra `zstd`
    zstandard = None  # type: ignore[assignment]

GZIP_ERRORS: tuple[type[Exception], ...] = (EOFError, zlib.error, gzip.BadGzipFile)
UNPACK_ERRORS: tuple[type[Exception], ...] = GZIP_ERRORS if zstandard is None else (*GZIP_ERRORS, zstandard.ZstdError)
NO_ZSTD = (
    "is compressed with zstd, for which a library is missing",
    "install it with: pip install 'cleancopy[zstd]'",
)

#: Fields that we read; all others pass through.
OURS = ("id", "url", "lang", "source", "title", "date")

_UTF8_BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
#: Long lines are passed over in pieces of this size.
PIECE = 1 << 20
WHOLE = Range(1, 0, 0, last=True)

_SURROGATES = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class _RowError(ValueError):
    """A row holds no article; the message says why (own class: json raises plain ValueError too)."""


def read_rows(
    stream: BinaryIO,
    *,
    name: str,
    max_bytes: int = DEFAULT_MAX_BYTES,
    modified: float | None = None,
    part: Range = WHOLE,
) -> Iterator[Reading]:
    """The articles in a stream of rows, each as soon as its line is there; blank lines are no rows.

    `part`: which lines these are, of the file that the stream comes from.
    """
    number = part.first - 1
    lines = lines_of(stream, max_bytes)
    try:
        for number, line in enumerate(lines if part.last else islice(lines, part.documents), start=part.first):
            if number == 1 and line is not None:
                if line.startswith(UTF16_BOMS):
                    yield Reading(None, None, Failure(name, None, "is UTF-16; JSON lines are UTF-8", "convert it"))
                    return
                line = line.removeprefix(_UTF8_BOM)
            if line is None:
                yield Reading(None, None, too_large(name, number, max_bytes))
            elif line.strip():
                yield _read_row(line, Original(name, number, b"", "text/plain", _facts(0), modified))
    except UNPACK_ERRORS as error:
        yield Reading(None, None, broken_gzip(name, number + 1, error))
    except OSError as error:
        yield Reading(None, None, unreadable(name, error, number + 1))


def broken_gzip(name: str, row: int, error: Exception) -> Failure:
    """The failure for a file that cannot be unpacked beyond a row."""
    codec = "gzip" if isinstance(error, GZIP_ERRORS) else "zstd"
    what = f"its {codec} data is broken ({error})"
    return Failure(name, row, what, "the rows before were read; fetch the file again")


def lines_of(stream: BinaryIO, max_bytes: int) -> Iterator[bytes | None]:
    """The lines of a stream; None in the place of one that is longer than `max_bytes`."""
    while line := stream.readline(max_bytes + 2):  # two for the line end
        whole = line.endswith(b"\n") or len(line) < max_bytes + 2
        fits = len(line.rstrip(b"\r\n")) <= max_bytes
        rest = line
        while rest and not rest.endswith(b"\n"):  # before the line is given: the reader may stop there
            rest = stream.readline(PIECE)
        yield line if whole and fits else None


def row_reading(row: Mapping[str, Any], original: Original) -> Reading:
    """The reading of a row that comes as values, from a table."""
    try:
        mended, lost = _mended(dict(row))
        return _reading(mended, replace(original, decoding=_facts(lost)))
    except _RowError as error:
        return Reading(None, None, Failure(original.locator, original.row, str(error), "mend or remove the row"))


def _read_row(line: bytes, original: Original) -> Reading:
    try:
        row, lost = _parse(line), 0
        if _ESCAPED_SURROGATE.search(line):
            row, lost = _mended(row)
        return _reading(row, replace(original, decoding=_facts(lost)))
    except UnicodeDecodeError as error:
        what, do = f"is not UTF-8 (byte {error.start + 1} of the line)", "convert the file to UTF-8"
    except RecursionError:
        what, do = "is nested too deeply", "mend or remove the line"
    except _RowError as error:
        what, do = str(error), "mend or remove the line"
    except ValueError as error:
        what, do = f"is not JSON ({error})", "mend or remove the line"
    return Reading(None, None, Failure(original.locator, original.row, what, do))


def _parse(line: bytes) -> dict[str, Any]:
    row = json.loads(line.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_no_number)
    if not isinstance(row, dict):
        raise _RowError(f"is a JSON {type(row).__name__}, not an object")
    return row


def _no_number(name: str) -> float:
    """NaN and Infinity are no JSON, though Python reads them; no reader behind us would."""
    raise _RowError(f"holds {name}, which is no JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different: of two equal ones the first would vanish unnoticed."""
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _RowError(f"has the key {twice!r} more than once")
    return row


def _facts(lost: int) -> dict[str, Any]:
    """How the bytes of a row's original are read: as we wrote them."""
    facts: dict[str, Any] = {"charset": "utf-8", "evidence": Basis.UTF8.value, "bom": False, "replacements": 0}
    return {**facts, "surrogates": lost} if lost else facts


def _reading(row: dict[str, Any], original: Original) -> Reading:
    field = _content_field(row)
    text, media_type = row[field], "text/html" if field == "html" else "text/plain"
    ours = {key: row[key] for key in OURS if isinstance(row.get(key), str)}
    extra = {key: value for key, value in row.items() if key not in ours and key not in ("id", field)}
    ours["id"] = _identity(row, original)
    where = {"path": original.locator, "row": original.row}
    document = Document(text=text, media_type=media_type, metadata=where, **ours)
    return Reading(replace(original, payload=text.encode("utf-8"), media_type=media_type), document, None, extra, row)


def _content_field(row: Mapping[str, Any]) -> str:
    """`text` before `html`: offsets count in what the row's owner gave as text."""
    for field in ("text", "html"):
        value = row.get(field)
        if isinstance(value, str):
            return field
        if value is not None:
            raise _RowError(f"has a {field!r} that is no string")
    raise _RowError("has neither 'text' nor 'html'")


def _identity(row: Mapping[str, Any], original: Original) -> str:
    identity = row.get("id")
    if identity is None or identity == "":
        return place(original.locator, original.row)
    if isinstance(identity, bool) or not isinstance(identity, str | int):
        raise _RowError("has an 'id' that is neither string nor number")
    return str(identity)


def _mended(value: Any) -> tuple[Any, int]:
    """A JSON value with lone surrogates read as U+FFFD, and how many there were.

    JSON can escape them, UTF-8 cannot hold them, so no output could; browsers do the same (WHATWG
    Infra, "scalar value string"). The text around them is worth more than a failure.
    """
    if isinstance(value, str):
        return _SURROGATES.subn("\ufffd", value)
    if isinstance(value, list):
        mended = [_mended(each) for each in value]
        return [each for each, _ in mended], sum(lost for _, lost in mended)
    if isinstance(value, dict):
        pairs = [(_mended(key), _mended(each)) for key, each in value.items()]
        return {key: each for (key, _), (each, _) in pairs}, sum(k + e for (_, k), (_, e) in pairs)
    return value, 0
