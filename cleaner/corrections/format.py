"""The rows of corrections.jsonl: documents as they were seen, and what persons said of stretches of them.

A row is one JSON object with `kind` and `schema`. Offsets are code points of the source text, which is known by its
sha256 (`ledger.digest`). Rows are never changed: a withdrawal is a row too. Refuses rows of another schema, labels
that do not exist, and spans that cannot be (CorrectionError, which names file and line).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cleaner.labels import Label

if TYPE_CHECKING:
    from cleaner.storage.object_store import RemoteFile

SCHEMA = 1


class CorrectionError(ValueError):
    """A file of corrections cannot be used; the message names the file, the line and what is wrong."""


class Scope(StrEnum):
    """Where a correction holds."""

    TEXT = "text"  # at this place of this text
    SOURCE = "source"  # this line on this source, digits and dates aside
    EVERYWHERE = "everywhere"  # this line on every source


class RowKind(StrEnum):
    """What a row tells."""

    DOCUMENT = "document"  # a text with the labels it had when it was looked at
    CORRECTION = "correction"
    WITHDRAWAL = "withdrawal"  # of this person's correction of the same stretch and scope
    REVIEWED = "reviewed"  # this person has looked at all of it: what is not corrected is right
    UNREVIEWED = "unreviewed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A document as it was when it was looked at; spans cover its visible text in order."""

    document: str  # sha256 of the source text
    id: str
    text: str
    spans: tuple[tuple[int, int, Label], ...]
    lang: str = "und"
    source: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Correction:
    """What one person said of one stretch; a withdrawal has the same fields."""

    document: str
    start: int
    end: int
    text: str  # of the stretch
    label: Label
    scope: Scope
    who: str
    when: str  # ISO 8601 in UTC, with microseconds, so that rows sort by it
    source: str = ""
    part: bool = False  # words within a line, not the whole of it
    box: str = ""  # the same for the lines of one box
    model: bool = False  # said by a model that was asked: any person's word counts more
    withdrawn: bool = False

    @property
    def target(self) -> tuple[str, ...]:
        """What it is about: corrections of one target exclude each other."""
        if self.scope is Scope.TEXT:
            return (self.scope, self.document, str(self.start), str(self.end))
        return (self.scope, self.source if self.scope is Scope.SOURCE else "", " ".join(self.text.split()).casefold())


@dataclass(frozen=True, slots=True)
class Review:
    """That a person has looked at a whole document, or takes that back."""

    document: str
    who: str
    when: str
    done: bool = True


Member = TypeVar("Member", bound=StrEnum)
Row = Seen | Correction | Review


def in_force(rows: Iterable[Row]) -> list[Correction]:
    """The corrections that count, least first: everywhere before source before text, models before persons, then time.

    Of one target each person's last word counts; a withdrawal uncovers the one before. Of several persons' the last.
    """
    said: dict[tuple[str, ...], list[Correction]] = {}
    corrections = (row for row in rows if isinstance(row, Correction))
    for row in sorted(corrections, key=lambda row: (row.when, row.withdrawn)):
        own = said.setdefault((row.who, *row.target), [])
        if not row.withdrawn:
            own.append(row)
        elif own:
            own.pop()
    standing = [own[-1] for own in said.values() if own]
    scopes = list(Scope)[::-1]
    standing.sort(key=lambda row: (scopes.index(row.scope), not row.model, row.when, row.who, row.start, row.end))
    decided = {row.target: row for row in standing}
    return [row for row in standing if decided[row.target] is row]


def documents(rows: Iterable[Row]) -> dict[str, Seen]:
    """The documents by digest, as they were seen first."""
    by_document: dict[str, Seen] = {}
    for row in rows:
        if isinstance(row, Seen):
            by_document.setdefault(row.document, row)
    return by_document


def reviewers(rows: Iterable[Row]) -> dict[str, set[str]]:
    """Document digest → who has looked at all of it and has not taken that back."""
    last: dict[tuple[str, str], Review] = {}
    for row in rows:
        if isinstance(row, Review):
            key = (row.document, row.who)
            if key not in last or row.when >= last[key].when:
                last[key] = row
    by_document: dict[str, set[str]] = {}
    for row in last.values():
        if row.done:
            by_document.setdefault(row.document, set()).add(row.who)
    return by_document


def withdrawal(row: Correction, when: str) -> Correction:
    """The row that withdraws a correction."""
    return replace(row, when=when, withdrawn=True)


# Rows and lines -----------------------------------------------------------------------------------


def encode(row: Row) -> bytes:
    """The row as one line of UTF-8, the same for the same row."""
    values = _values(row)
    try:
        return (json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
    except UnicodeEncodeError:  # lone surrogates stay escaped
        return (json.dumps(values, separators=(",", ":")) + "\n").encode()


def _values(row: Row) -> dict[str, object]:
    if isinstance(row, Seen):
        spans = [[start, end, label.value] for start, end, label in row.spans]
        return {
            "kind": RowKind.DOCUMENT.value, "schema": SCHEMA, "document": row.document, "id": row.id,
            "source": row.source, "lang": row.lang, "url": row.url, "text": row.text, "spans": spans,
        }  # fmt: skip
    if isinstance(row, Review):
        kind = RowKind.REVIEWED if row.done else RowKind.UNREVIEWED
        return {"kind": kind.value, "schema": SCHEMA, "document": row.document, "who": row.who, "when": row.when}
    kind = RowKind.WITHDRAWAL if row.withdrawn else RowKind.CORRECTION
    values = {
        "kind": kind.value, "schema": SCHEMA, "document": row.document, "start": row.start, "end": row.end,
        "text": row.text, "label": row.label.value, "scope": row.scope.value, "source": row.source, "who": row.who,
        "when": row.when,
    }  # fmt: skip
    more = {"part": row.part, "box": row.box, "model": row.model}
    return values | {name: value for name, value in more.items() if value}


def decode(line: bytes | str, where: str) -> Row:
    """The row in a line; `where` is for messages. Raises CorrectionError."""
    try:
        values = _parsed(line)
        if not isinstance(values, Mapping) or values.get("schema") != SCHEMA:
            raise CorrectionError(f"{where} is not a row of corrections of schema {SCHEMA}; see docs/review.md")
        return _row(values)
    except _FieldError as error:
        raise CorrectionError(f"{where} is not a row of corrections ({error}); take the line out") from error


class _FieldError(Exception):
    """What is wrong with a row, in words."""


def _parsed(line: bytes | str) -> Any:
    try:
        return json.loads(line)
    except UnicodeDecodeError:
        raise _FieldError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _FieldError(f"it is not JSON from character {error.pos + 1}") from None
    except (ValueError, RecursionError):
        raise _FieldError("it is not JSON that can be read") from None


def _row(values: Mapping[str, object]) -> Row:
    kind, document = _member(RowKind, values, "kind"), _text(values, "document")
    if kind is RowKind.DOCUMENT:
        text, spans = _text(values, "text"), []
        for span in _field(values, "spans") if isinstance(_field(values, "spans"), list) else [None]:
            if not isinstance(span, list) or len(span) != 3:
                raise _FieldError("its spans are not a list of start, end and label")
            start, end, label = span
            spans.append((*_span(start, end), _member(Label, {"label": label}, "label")))
            if end > len(text):
                raise _FieldError(f"the span {start} to {end} ends behind the text")
        names = {name: _text(values, name, "") for name in ("id", "source", "url")}
        return Seen(document, text=text, spans=tuple(spans), lang=_text(values, "lang", "und"), **names)
    who, when = _text(values, "who"), _text(values, "when")
    if kind in (RowKind.REVIEWED, RowKind.UNREVIEWED):
        return Review(document, who, when, kind is RowKind.REVIEWED)
    start, end = _span(_field(values, "start"), _field(values, "end"))
    return Correction(
        document, start, end, _text(values, "text"), _member(Label, values, "label"), _member(Scope, values, "scope"),
        who, when,
        source=_text(values, "source", ""), part=bool(values.get("part")), box=_text(values, "box", ""),
        model=bool(values.get("model")), withdrawn=kind is RowKind.WITHDRAWAL,
    )  # fmt: skip


def _field(values: Mapping[str, object], name: str) -> Any:
    if name not in values:
        raise _FieldError(f"it has no {name!r}")
    return values[name]


def _text(values: Mapping[str, object], name: str, default: str | None = None) -> str:
    value = _field(values, name) if default is None else values.get(name, default)
    if not isinstance(value, str):
        raise _FieldError(f"its {name!r} is not a text")
    return value


def _member(kinds: type[Member], values: Mapping[str, object], name: str) -> Member:
    value = _field(values, name)
    try:
        return kinds(value)
    except ValueError:
        shown = repr(value)
        known = ", ".join(kinds)
        raise _FieldError(f"its {name!r} is {shown[:40]}, not one of {known}") from None


def _span(start: object, end: object) -> tuple[int, int]:
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        raise _FieldError(f"{str(start)[:40]} to {str(end)[:40]} is not a span")
    return start, end


def is_row(line: bytes) -> bool:
    """Whether a line looks like a row of corrections, right or wrong."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(values, dict) and values.get("kind") in set(RowKind) and "document" in values


def rows_in(data: bytes, name: str) -> Iterator[Row]:
    """The rows of a file's bytes. A last line without its end was never acknowledged and is left out.

    Raises CorrectionError.
    """
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        if line.strip():
            yield decode(line, f"{name}:{number}")


def read(file: Path | RemoteFile) -> list[Row]:
    """All rows of a file or an object. Raises CorrectionError, StoreError."""
    try:
        with file.open("rb") as stream:
            data = stream.read()
    except OSError as error:
        raise CorrectionError(f"{file}: cannot be read as corrections ({error.strerror or error})") from error
    return list(rows_in(data, str(file)))


def digest(rows: Iterable[Correction]) -> str:
    """sha256 over corrections, whatever their order in the file; lower-case hex."""
    return hashlib.sha256(b"".join(sorted(encode(row) for row in rows))).hexdigest()
