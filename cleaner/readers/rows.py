"""A row, as values by field name, becomes a reading: the same for JSON lines, JSON, CSV, Parquet and columns.

A row without a field for the article becomes a failure that keeps the row's id and all its fields; one whose article
is null or blank is an empty document. Numbers that JSON does not have
(NaN, Infinity) are read as null, lone surrogates as U+FFFD: no output could hold them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from cleaner.decoding.content_kind import is_page
from cleaner.decoding.decode import Basis
from cleaner.document import Document
from cleaner.readers.files import too_large
from cleaner.readers.readings import Failure, FieldNames, Original, Reading, ReadSettings, place

#: Fields that people often give an article's text; named in the message when a row has neither text nor HTML.
COMMON_NAMES = ("content", "body", "article", "raw_content", "raw_html", "maintext", "article_text", "page")
#: Fields listed in a message, and characters of each.
LISTED, NAMED = 8, 40
_MEND = "mend or remove the row"

_SURROGATES = re.compile("[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class RowError(ValueError):
    """A row holds no article; the message says why (own class: json raises plain ValueError too)."""

    def __init__(self, what: str, do: str = _MEND) -> None:
        super().__init__(what)
        self.what = what
        self.do = do


def row_reading(
    row: Mapping[str, object], original: Original, settings: ReadSettings, *, mended: bool = False
) -> Reading:
    """The reading of a row; `mended`: its values are known to hold no lone surrogate and no odd number."""
    lost = 0
    if not mended:
        row, lost = _mended(dict(row))
    given_id, names = row.get(settings.fields.id), settings.fields
    try:
        given_id = _identity(given_id)
        return _reading(row, original, settings, given_id, facts_of_row(lost))
    except RowError as error:
        failure = Failure(original.locator, original.row, error.what, error.do)
        return failed_row_reading(row, failure, names)


def failed_row_reading(row: Mapping[str, Any], failure: Failure, names: FieldNames) -> Reading:
    """The reading of a row that was parsed and gives no document: it keeps its id and all fields."""
    given_id = row.get(names.id)
    if isinstance(given_id, bool) or not isinstance(given_id, str | int) or given_id == "":
        given_id = None
    kept = _without_id(row, given_id, names)
    return Reading(None, None, failure, kept, kept, given_id)


def parsed_object(data: bytes) -> tuple[dict[str, Any], int]:
    """The JSON object in some bytes, mended, and how many lone surrogates it held.

    Raises RowError for another value or a key that stands twice, UnicodeDecodeError, RecursionError, ValueError.
    """
    row = parse_json(data.decode("utf-8"))
    if not isinstance(row, dict):
        raise RowError(f"is a JSON {_json_name(row)}, not an object")
    return _mended(row) if _ESCAPED_SURROGATE.search(data) else (row, 0)


def parse_json(text: str) -> Any:
    """A JSON value; NaN, Infinity and numbers beyond a double are null. Raises ValueError, RowError, RecursionError."""
    return DECODER.decode(text)


def facts_of_row(lost: int) -> dict[str, object]:
    """How the bytes of a row's original are read: as we wrote them. lost: lone surrogates that were read as U+FFFD."""
    facts: dict[str, object] = {"charset": "utf-8", "evidence": Basis.UTF8.value, "bom": False, "replacements": 0}
    return {**facts, "surrogates": lost} if lost else facts


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose keys are all different: of two equal ones the first would vanish unnoticed."""
    row = dict(pairs)
    if len(row) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise RowError(f"has the key {twice[:NAMED]!r} more than once")
    return row


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


DECODER = json.JSONDecoder(object_pairs_hook=_without_duplicates, parse_constant=lambda name: None, parse_float=_finite)


def _json_name(value: object) -> str:
    names = {list: "array", str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def _reading(
    row: Mapping[str, Any],
    original: Original,
    settings: ReadSettings,
    given_id: str | int | None,
    decoding: Mapping[str, object],
) -> Reading:
    names = settings.fields
    content, is_html = _content(row, names)
    text = row[content] or ""
    is_html = is_html or is_page(text)
    if len(text) > settings.max_bytes:
        failure = too_large(original.locator, original.row, settings.max_bytes)
        return failed_row_reading(row, failure, names)
    known = {"url": names.url, "lang": names.lang, "source": names.source, "title": names.title, "date": names.date}
    ours = {ours: row[theirs] for ours, theirs in known.items() if isinstance(row.get(theirs), str)}
    used = {known[name] for name in ours} | {names.id, content}
    extra = {name: value for name, value in row.items() if name not in used}
    document_id = place(original.locator, original.row) if given_id is None else str(given_id)
    media_type = "text/html" if is_html else "text/plain"
    where = {"path": original.locator, "row": original.row}
    document = Document(id=document_id, text=text, media_type=media_type, metadata=where, **ours)
    original = replace(original, payload=text.encode("utf-8"), media_type=media_type, decoding=decoding)
    return Reading(original, document, None, extra, _without_id(row, given_id, names), given_id)


def _without_id(row: Mapping[str, object], given_id: str | int | None, names: FieldNames) -> dict[str, object]:
    return {name: value for name, value in row.items() if given_id is None or name != names.id}


def _content(row: Mapping[str, Any], names: FieldNames) -> tuple[str, bool]:
    """The field that holds the article, and whether it is HTML.

    Text before HTML, since offsets count in what the row's owner gave as text; but a blank text, or null, is none
    beside HTML. Raises RowError when the row has neither field.
    """
    named = [(name, is_html) for name, is_html in ((names.text, names.text == names.html), (names.html, True)) if name]
    held = [pair for pair in named if pair[0] in row]
    for name, is_html in held:
        if row[name] is None:
            continue
        if not isinstance(row[name], str):
            raise RowError(f"has a {name[:NAMED]!r} that is not a string but a JSON {_json_name(row[name])}")
        if row[name].strip():
            return name, is_html
    if held:
        return held[0]
    raise RowError(f"has neither {names.text!r} nor {names.html!r}{_instead(row)}", _naming(row))


def _instead(row: Mapping[str, object]) -> str:
    shown = ", ".join(repr(name[:NAMED]) for name in list(row)[:LISTED])
    return f"; its fields are {shown}{', …' if len(row) > LISTED else ''}" if row else "; it has no field"


def missing_column(columns: Sequence[str], names: FieldNames) -> tuple[str, str] | None:
    """Why a table with these columns holds no articles, and what to do; None for one that has a column for them."""
    if names.text in columns or names.html in columns:
        return None
    listed = ", ".join(repr(column[:NAMED]) for column in columns[:LISTED]) or "none"
    more = ", …" if len(columns) > LISTED else ""
    what = f"has neither a column {names.text!r} nor {names.html!r}; its columns are {listed}{more}"
    likely = [name for name in COMMON_NAMES if name in columns]
    return what, f"say which column is the article, as with {_option(likely)}"


def _naming(row: Mapping[str, object]) -> str:
    likely = [name for name in COMMON_NAMES if isinstance(row.get(name), str)]
    return f"say which field is the article, as with {_option(likely)}"


def _option(likely: Sequence[str]) -> str:
    name = likely[0] if likely else "NAME"
    return f"{'--html-field' if 'html' in name else '--text-field'} {name}"


def _identity(value: object) -> str | int | None:
    """An id that can be one; None for none. Raises RowError."""
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():  # tables with a gap in a column of numbers
        return int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise RowError("has an 'id' that is neither string nor whole number")
    return value


def field_names(**given: str | None) -> FieldNames:
    """The names of fields with those that are given. Raises ValueError where two fields would be the same."""
    names = replace(FieldNames(), **{name: value for name, value in given.items() if value})
    if given.get("html") and not given.get("text") and names.text == names.html:
        return names  # `--html-field text`: the field called text holds HTML
    used: dict[str, str] = {}
    for field in fields(names):
        value = getattr(names, field.name)
        if value in used:
            raise ValueError(f"the field {value!r} is named for both {used[value]} and {field.name}")
        used[value] = field.name
    return names


def changed_fields(names: FieldNames) -> dict[str, str]:
    """The names that are not ours by default, by what they name."""
    ours = FieldNames()
    pairs = ((field.name, getattr(names, field.name)) for field in fields(names))
    return {name: value for name, value in pairs if value != getattr(ours, name)}


def _mended(value: object) -> tuple[Any, int]:
    """A value with lone surrogates read as U+FFFD, and how many there were; odd numbers become None.

    JSON can escape surrogates, UTF-8 cannot hold them, so no output could; browsers do the same (WHATWG
    Infra, "scalar value string"). The text around them is worth more than a failure.
    """
    if isinstance(value, str):
        return _SURROGATES.subn("\ufffd", value)
    if isinstance(value, float):
        return (value if math.isfinite(value) else None), 0
    if isinstance(value, list):
        mended = [_mended(element) for element in value]
        return [element for element, _ in mended], sum(lost for _, lost in mended)
    if isinstance(value, dict):
        pairs = [(_mended(key), _mended(element)) for key, element in value.items()]
        return {key: element for (key, _), (element, _) in pairs}, sum(k + e for (_, k), (_, e) in pairs)
    return value, 0
