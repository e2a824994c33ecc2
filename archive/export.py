"""Exports of an archive for other people's programs: WET files, JSON rows, Parquet tables; one file a segment.

Which text is told is decided by a function that is handed in, so that another policy needs no new cleaning.
Refuses to write over a file, and Parquet without pyarrow (ExportError).
"""

from __future__ import annotations

import gzip
import io
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.durable import write_atomically
from archive.fields import dump_fields, escape, load_fields
from archive.ledger import LEDGER_ERRORS, LedgerError, Told, is_failed, load_ledger
from archive.problems import Problem
from archive.reader import Record, records
from archive.records import NAMESPACE, WARC_FIELDS, Draft, sha1_base32
from archive.tongues import three_letters
from archive.uris import web_uri
from archive.view import Entry, entries
from archive.writer import OPEN_SUFFIX, SUFFIX, gzip_member

try:
    import pyarrow
    import pyarrow.parquet as tables
except ImportError:  # the extra `parquet`
    pyarrow = None

Retell = Callable[[str | None, Mapping[str, Any]], Told]
#: What a segment's warcinfo says that holds for an export of it, too.
CARRIED = frozenset(
    {"software", "ispartof", "cleaner-version", "cleaner-config-digest", "cleaner-model-digest", "compression"}
)
#: Rows held before they are written as one group of a table.
ROW_GROUP = 1_000


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
    path: str
    row: int | None
    record_id: str  # of the clean text; another one than the archive's where another policy tells another text
    original_id: str
    target_uri: str


@dataclass(slots=True)
class Counts:
    """What an export wrote and left out."""

    texts: int = 0
    empty: int = 0  # nothing is left of them under the policy, or they failed
    problems: list[Problem] = field(default_factory=list)


def texts(segment: Path, told: Retell, counts: Counts) -> Iterator[Text]:
    """The clean texts of a segment, told anew; those without any are counted, damage is listed."""
    for entry in entries([segment]):
        if isinstance(entry, Problem):
            counts.problems.append(entry)
        elif isinstance(entry, Entry):
            try:
                text = _text(entry, told)
            except LedgerError as error:
                counts.problems.append(entry.group.metadata.problem(f"{entry.locator}: {error}"))
                continue
            if text is None:
                counts.empty += 1
            else:
                counts.texts += 1
                yield text


def _text(entry: Entry, told: Retell) -> Text | None:
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
    first, fields = entry.group.records[0], entry.fields
    row = fields.get("source-row", "")
    same = conversion is not None and stored == whole
    return Text(
        id=fields.get("document-id") or entry.locator,
        url=entry.uri if web_uri(entry.uri) else None,
        title=now.title,
        text=whole,
        body=now.body,
        status=now.status,
        language=fields.get("language", ""),
        captured=fields.get("capture-date", ""),
        path=fields.get("source-path", ""),
        row=int(row) if row.isdigit() else None,
        record_id=conversion.id if conversion and same else _urn(entry.group.metadata.id, whole),
        original_id=fields.get("source-record-id") or (conversion.refers_to if conversion else first.id),
        target_uri=entry.uri,
    )


def export_wet(segment: Path, folder: Path, told: Retell, *, language_last: bool = False) -> Counts:
    """The segment as a `.warc.wet.gz` like Common Crawl's. Raises ExportError, OSError.

    `language_last` moves the language behind the length, for readers that count lines of the older layout.
    """
    counts = Counts()
    target = _target(segment, folder, ".warc.wet.gz")
    write_atomically(target, _wet(segment, target.name, texts(segment, told, counts), language_last=language_last))
    return counts


def _wet(segment: Path, name: str, clean: Iterable[Text], *, language_last: bool) -> Iterator[bytes]:
    yield gzip_member(_wet_info(segment, name))
    for text in clean:
        yield gzip_member(_wet_record(text, language_last=language_last))


def _wet_info(segment: Path, name: str) -> Draft:
    """A warcinfo that repeats what that of the segment says of the cleaner."""
    first = next(records(segment), None)
    known = first if isinstance(first, Record) and first.type == "warcinfo" else None
    date = (known.get("WARC-Date") if known else None) or "1970-01-01T00:00:00Z"
    told = [(key, value) for key, value in load_fields(known.block) if key in CARRIED] if known else []
    given = [*told, ("format", "WARC File Format 1.0"), ("description", f"clean texts of {escape(segment.name)}")]
    block = dump_fields(given)
    header = (
        f"WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Date: {date}\r\nWARC-Filename: {name}\r\n"
        f"WARC-Record-ID: <{_urn(name, date, sha1_base32(block))}>\r\nWARC-Block-Digest: {sha1_base32(block)}\r\n"
        f"Content-Type: {WARC_FIELDS}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return Draft("warcinfo", "", date, header.encode(), block)


def _urn(*parts: str) -> str:
    return uuid.uuid5(NAMESPACE, "\n".join(("export", *parts))).urn


def _wet_record(text: Text, *, language_last: bool) -> Draft:
    """Common Crawl's fields in their order, others behind; datatrove would guess a type if none were identified."""
    block = text.text.encode("utf-8", "replace")
    language = f"WARC-Identified-Content-Language: {three_letters(text.language)}\r\n"
    header = (
        f"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: {text.target_uri}\r\nWARC-Date: {text.captured}\r\n"
        f"WARC-Record-ID: <{text.record_id}>\r\nWARC-Refers-To: <{text.original_id}>\r\n"
        f"WARC-Block-Digest: {sha1_base32(block)}\r\n{'' if language_last else language}"
        f"Content-Type: text/plain\r\nContent-Length: {len(block)}\r\n{language if language_last else ''}"
        "WARC-Identified-Payload-Type: text/plain\r\n\r\n"
    )
    return Draft("conversion", text.record_id, text.captured, header.encode(), block)


def export_jsonl(segment: Path, folder: Path, told: Retell) -> Counts:
    """The segment as a `.jsonl.gz`, a row for each clean text. Raises ExportError, OSError."""
    counts = Counts()
    write_atomically(
        _target(segment, folder, ".jsonl.gz"), _packed(_row(text) for text in texts(segment, told, counts))
    )
    return counts


def _row(text: Text) -> dict[str, Any]:
    return {
        "id": text.id, "url": text.url, "title": text.title, "text": text.text, "body": text.body,
        "status": text.status, "language": text.language, "capture-date": text.captured, "path": text.path,
        "row": text.row, "record-id": text.record_id,
    }  # fmt: skip


def _packed(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Rows as one gzip stream, the same bytes at every hour."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=6, mtime=0) as packed:
        for row in rows:
            packed.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            if buffer.tell() > 1 << 16:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


def export_parquet(segment: Path, folder: Path, told: Retell) -> Counts:
    """The segment as a Parquet table with the columns of the rows. Raises ExportError, OSError."""
    if pyarrow is None:
        raise ExportError("Parquet needs pyarrow; install it with: pip install 'cleancopy[parquet]'")
    counts = Counts()
    names = ("id", "url", "title", "text", "body", "status", "language", "capture-date", "path")
    columns = [(name, pyarrow.string()) for name in names]
    schema = pyarrow.schema([*columns, ("row", pyarrow.int64()), ("record-id", pyarrow.string())])
    target = _target(segment, folder, ".parquet")
    draft = target.with_name(target.name + ".tmp")
    try:
        with tables.ParquetWriter(draft, schema, compression="zstd") as writer:
            held: list[dict[str, Any]] = []
            for text in texts(segment, told, counts):
                held.append(_row(text))
                if len(held) == ROW_GROUP:
                    writer.write_table(pyarrow.Table.from_pylist(held, schema=schema))
                    held = []
            writer.write_table(pyarrow.Table.from_pylist(held, schema=schema))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return counts


def _target(segment: Path, folder: Path, suffix: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (segment.name.removesuffix(OPEN_SUFFIX).removesuffix(SUFFIX) + suffix)
    if target.exists():
        raise ExportError(f"{target} exists; give another folder with -o, an export never writes over a file")
    return target
