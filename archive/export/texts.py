"""The clean texts of an archive as every export tells them, and the file that an export of a segment becomes.

Which text is told is decided by a function that is handed in, so that another policy needs no new cleaning.
Refuses to write over a file (ExportError).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archive.checking.header_rules import is_date, is_id, is_uri
from archive.checking.ledger import LEDGER_ERRORS, LedgerError, Told, is_failed, load_ledger
from archive.export.info import NO_DATE
from archive.segments.problems import Problem
from archive.segments.records import NAMESPACE
from archive.segments.uris import web_uri
from archive.segments.writer import OPEN_SUFFIX, SUFFIX
from archive.view import Entry, entries
from archive.warc.fields import whole_number

Retell = Callable[[str | None, Mapping[str, object]], Told]


#: Ids of the metadata records of the articles that are told (`versions.chosen`); None: all.
Among = frozenset[str] | None


class ExportError(Exception):
    """The export cannot be written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Text:
    """One clean text with what is known of it."""

    id: str
    url: str | None  # only an http(s) address
    title: str
    text: str
    body: str
    status: str
    language: str  # as the cleaner wrote it
    captured: str
    cleaned: str
    path: str
    row: int | None
    record_id: str  # of the clean text; another one than the archive's where another policy tells another text
    original_id: str
    target_uri: str
    elsewhere: bool  # the original lies in another file


@dataclass(slots=True)
class Counts:
    """What an export wrote and left out."""

    texts: int = 0
    empty: int = 0  # nothing is left of them under the policy, or they failed
    problems: list[Problem] = field(default_factory=list)


def texts(segment: Path, told: Retell, counts: Counts, among: Among = None) -> Iterator[Text]:
    """The clean texts of a segment, told anew; those without any are counted, damage is listed.

    among: of these versions alone.
    """
    for entry in entries([segment]):
        if isinstance(entry, Problem):
            counts.problems.append(entry)
        elif isinstance(entry, Entry) and (among is None or entry.group.metadata.id in among):
            try:
                text = _text(entry, told, counts.problems)
            except LedgerError as error:
                counts.problems.append(entry.group.metadata.problem(f"{entry.locator}: {error}"))
                continue
            if text is None:
                counts.empty += 1
            else:
                counts.texts += 1
                yield text


def _given_title(ledger: Mapping[str, object]) -> str:
    """The title that came with a text, for one that has no headline."""
    given = ledger.get("given")
    return " ".join(str(given.get("title") or "").split()) if isinstance(given, Mapping) else ""


def _text(entry: Entry, told: Retell, problems: list[Problem]) -> Text | None:
    """The clean text, or None when there is none. What cannot stand in a header is listed and made anew."""
    ledger = load_ledger(entry.fields.get("ledger"))
    if is_failed(ledger):
        return None
    conversion = entry.group.conversion
    stored = conversion.block.decode("utf-8", "replace") if conversion else None
    try:
        now = told(stored, ledger)
    except LEDGER_ERRORS as error:
        raise LedgerError(f"its ledger gives no text ({type(error).__name__}: {error})") from error
    whole = "\n\n".join(part for part in (now.title, now.body) if part)
    if now.status == "empty" or not whole.strip():
        return None
    first, fields, metadata = entry.group.records[0], entry.fields, entry.group.metadata
    same = conversion is not None and stored == whole

    def sound(what: str, value: str, form: Callable[[str], bool], instead: str) -> str:
        if form(value):
            return value
        problems.append(metadata.problem(f"{entry.locator}: {what} is malformed: {value[:80]!r}"))
        return instead

    cleaned = sound("WARC-Date", metadata.get("WARC-Date") or "", is_date, NO_DATE)
    original_id = fields.get("source-record-id") or (conversion.refers_to if conversion else first.id)
    return Text(
        id=fields.get("document-id") or entry.locator,
        url=entry.uri if web_uri(entry.uri) else None,
        title=now.title or _given_title(ledger),
        text=whole,
        body=now.body,
        status=now.status,
        language=fields.get("language", ""),
        captured=sound("capture-date", fields.get("capture-date", ""), is_date, cleaned),
        cleaned=cleaned,
        path=fields.get("source-path", ""),
        row=whole_number(fields.get("source-row", "")),
        record_id=conversion.id if conversion and same and is_id(conversion.id) else made_id(metadata.id, whole),
        original_id=sound("the id of its original", original_id, is_id, made_id(first.id, "original")),
        target_uri=sound("WARC-Target-URI", entry.uri, is_uri, made_id(first.id, "address")),
        elsewhere=entry.group.resource is None,
    )


def made_id(*parts: str) -> str:
    """A record id for what an export makes of these parts."""
    name = "\n".join(("export", *parts)).encode("utf-8", "replace")
    return uuid.uuid5(NAMESPACE, name.decode()).urn


def export_target(segment: Path, folder: Path, suffix: str) -> Path:
    """Where the export of a segment goes, in a folder that is made. Raises ExportError for a file that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (segment.name.removesuffix(OPEN_SUFFIX).removesuffix(SUFFIX) + suffix)
    if target.exists():
        raise ExportError(f"{target} exists; give another folder with -o, an export never writes over a file")
    return target
