"""WET files of clean texts, one for each segment, in the layout of Common Crawl's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from archive.export.info import info_of
from archive.export.language_codes import three_letters
from archive.export.texts import Among, Counts, Retell, Text, export_target, made_id, texts
from archive.segments.durable import write_atomically
from archive.segments.records import WARC_FIELDS, Draft
from archive.segments.writer import gzip_member
from archive.warc.digests import sha1_base32
from archive.warc.fields import dump_fields, escape

#: What a segment's warcinfo says that holds for an export of it, too.
CARRIED = frozenset(
    {"software", "ispartof", "cleaner-version", "cleaner-config-digest", "cleaner-model-digest", "compression"}
)


def export_wet(
    segment: Path, folder: Path, told: Retell, among: Among = None, *, language_last: bool = False
) -> Counts:
    """The segment as a `.warc.wet.gz` like Common Crawl's. Raises ExportError, OSError.

    `language_last` moves the language behind the length, for readers that count lines of the older layout.
    """
    counts = Counts()
    target = export_target(segment, folder, ".warc.wet.gz")
    records = _wet(segment, target.name, texts(segment, told, counts, among), language_last=language_last)
    write_atomically(target, records, replace=False)
    return counts


def _wet(segment: Path, name: str, clean: Iterable[Text], *, language_last: bool) -> Iterator[bytes]:
    yield gzip_member(_wet_info(segment, name))
    for text in clean:
        yield gzip_member(_wet_record(text, language_last=language_last))


def _wet_info(segment: Path, name: str) -> Draft:
    """A warcinfo that repeats what that of the segment says of the cleaner."""
    info = info_of(segment)
    told = [(key, escape(value)) for key, value in info.fields.items() if key in CARRIED]
    date, name = info.date, escape(name)
    given = [*told, ("format", "WARC File Format 1.0"), ("description", f"clean texts of {escape(segment.name)}")]
    block = dump_fields(given)
    header = (
        f"WARC/1.0\r\nWARC-Type: warcinfo\r\nWARC-Date: {date}\r\nWARC-Filename: {name}\r\n"
        f"WARC-Record-ID: <{made_id(name, date, sha1_base32(block))}>\r\nWARC-Block-Digest: {sha1_base32(block)}\r\n"
        f"Content-Type: {WARC_FIELDS}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return Draft("warcinfo", "", date, header.encode(), block)


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
