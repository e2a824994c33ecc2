"""One article becomes its group of WARC 1.1 records: resource, conversion, metadata.

Ids, dates and digests follow from the article and the run alone, so the same input gives the same
bytes. Serialises by hand: warcio's writer adds a payload digest to metadata records, which have no
payload (WARC 1.1, 5.9). Refuses an article whose values cannot be written (ArticleError).
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha1

from archive.segments.uris import file_uri, row_uri, web_uri
from archive.warc.digests import sha1_base32, sha256_hex
from archive.warc.fields import dump_fields, escape

#: Names under which UUIDv5 ids are made; never changes, or old and new archives stop agreeing on ids.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://pypi.org/project/cleancopy/#record")
CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
FORMAT = "WARC File Format 1.1"
#: What a warcinfo may say, in lower case.
INFO_FIELDS = frozenset(
    {"software", "format", "conformsto", "ispartof", "description", "cleaner-version", "cleaner-config-digest",
     "cleaner-model-digest", "compression"}
)  # fmt: skip
WARC_FIELDS = (
    "application/warc-fields"  # exactly, without parameters: pywb serves other metadata instead of the original
)
#: Largest block, so that one is never too large to be read back: a gzip bomb of 1 MB would unpack to 1 GB.
MAX_BLOCK = 1 << 28
CLEAN_TYPE = "text/plain; charset=utf-8"
#: Behind every record (WARC 1.1, 4).
RECORD_END = b"\r\n\r\n"

_MEDIA_TYPE = re.compile(r"[!#$&^_.+\w-]+/[!#$&^_.+\w-]+", re.ASCII)  # RFC 6838, 4.2
_CHARSET = re.compile(r"[\w.:+-]+", re.ASCII)
_FIELD_NAME = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)


#: Fields of a metadata record that an article's own fields may not take.
RESERVED = frozenset(
    {"source-path", "source-row", "source-digest", "source-media-type", "source-charset", "body-digest", "cleaner",
     "cleaner-config-digest", "cleaner-model-digest", "capture-date", "source-record-id", "source-offset",
     "source-inside", "source-record-digest", "source-copy", "source-copy-offset", "previous-record-id", "ledger"}
)  # fmt: skip


class ArticleError(ValueError):
    """The article cannot be stored; the message names it and the value to change."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A record of another WARC file that holds an article's bytes; the article's path is that of the file."""

    record_id: str  # without angle brackets
    offset: int  # of its gzip member, or of the record where nothing is compressed
    inside: int = 0  # offset of the record in the unpacked member
    digest: str = ""  # as the record names it
    copy: str = ""  # name of the segment that holds a copy
    copy_offset: int = 0


def compact_json(values: Mapping[str, object]) -> bytes:
    """Values as JSON on one line of ASCII. Raises TypeError, ValueError for what is no JSON."""
    return json.dumps(dict(values), separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True, slots=True)
class Article:
    """One article to store: the original, its clean text, and the ledger that tells them apart."""

    path: str  # relative to the input folder, with "/" between its parts
    payload: bytes  # the original; of a JSONL row the UTF-8 of its text or html field
    captured: datetime  # aware; a file's mtime when nothing better is known
    cleaned: datetime  # aware; the run's clock
    ledger: Mapping[str, object]  # JSON-able; opaque here
    row: int | None = None  # of a file that holds many articles
    media_type: str = "text/plain"
    charset: str | None = None  # only when known: a wrong one breaks replay
    target_uri: str | None = None  # the http(s) address; anything else is replaced by a URI of the path
    clean_text: str | None = None  # None: empty or failed, then there is no conversion
    fields: Mapping[str, str] = field(
        default_factory=dict
    )  # more fields of the metadata record: status, restore-name …
    reference: Reference | None = None  # the bytes lie there: no resource record is written
    previous: str = ""  # id of the metadata record of its last version, without angle brackets
    to_json: Callable[[Mapping[str, object]], bytes] = compact_json  # or a faster function with the same bytes

    @property
    def locator(self) -> str:
        """The path, with `#row` for one row of many."""
        return self.path if self.row is None else f"{self.path}#{self.row}"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What wrote the archive: goes into every warcinfo; version and digests are the cleaner's fingerprint."""

    software: str
    version: str
    config_digest: str
    model_digest: str | None = None
    description: str = ""
    is_part_of: str = ""

    @property
    def fingerprint(self) -> str:
        """Two runs with the same fingerprint clean alike."""
        return fingerprint_of(f"{self.software}/{self.version}", self.config_digest, self.model_digest)


def fingerprint_of(cleaner: str, config_digest: str, model_digest: str | None) -> str:
    """The fingerprint, of the values as metadata records name them; `cleaner` is name/version."""
    return f"{cleaner} {config_digest} {model_digest or '-'}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A record before it is compressed, and what an index says about it."""

    type: str
    id: str  # urn:uuid:…
    date: str
    header: bytes  # with the empty line that ends it
    block: bytes
    target_uri: str = ""
    media_type: str = ""
    digest: str = ""  # of the payload, as an index gives it: of a conversion that of its block


def group_of(article: Article, run: RunInfo) -> tuple[Draft, ...]:
    """The article's records in their order: resource, conversion (when there is clean text), metadata.

    The capture date is cut off at the clock, and the conversion is at least a second younger than the
    original, because pywb lists two captures only when their times differ. Raises ArticleError.
    """
    clock = _utc(article, article.cleaned)
    captured = min(_utc(article, article.captured), clock)
    resource = (_referred if article.reference else _resource)(article, warc_date(captured))
    cleaned = warc_date(max(clock, captured + timedelta(seconds=1)))
    conversion = _conversion(article, run, resource=resource, date=cleaned)
    about = conversion or resource
    metadata = about_record(
        about,
        record_id=_derived_id("metadata", resource, run),
        date=cleaned,
        block=dump_fields(_provenance(article, run, resource=resource, conversion=conversion)),
    )
    group = tuple(draft for draft in (resource, conversion, metadata) if draft)
    if article.reference:
        group = group[1:]
    for draft in group:
        if len(draft.block) > MAX_BLOCK:
            raise ArticleError(
                f"{article.locator}: its {draft.type} has more than {MAX_BLOCK} bytes; split the document"
            )
    return group


def _resource(article: Article, date: str) -> Draft:
    uri = web_uri(article.target_uri) or local_uri(article.path, article.row)
    digest = sha1_base32(article.payload)
    record_id = resource_id(article.locator, date, digest)
    header = (
        f"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <{record_id}>\r\nWARC-Date: {date}\r\n"
        f"WARC-Target-URI: {uri}\r\nWARC-Payload-Digest: {digest}\r\nWARC-Block-Digest: {digest}\r\n"
        f"Content-Type: {_content_type(article)}\r\nContent-Length: {len(article.payload)}\r\n\r\n"
    )
    return Draft("resource", record_id, date, header.encode(), article.payload, uri, article.media_type, digest)


def _referred(article: Article, date: str) -> Draft:
    """Stands for the record that the bytes lie in; never written."""
    assert article.reference is not None, "asked before"
    uri = web_uri(article.target_uri) or local_uri(article.path, article.row)
    return Draft("resource", article.reference.record_id, date, b"", b"", uri, article.media_type)


def _conversion(article: Article, run: RunInfo, *, resource: Draft, date: str) -> Draft | None:
    if article.clean_text is None:
        return None
    block = _utf8(article, article.clean_text)
    digest = sha1_base32(block)
    record_id = _derived_id("conversion", resource, run)
    # The identified type is for datatrove, which otherwise guesses one and drops what looks to it like CSV or mail.
    header = (
        f"WARC/1.1\r\nWARC-Type: conversion\r\nWARC-Record-ID: <{record_id}>\r\nWARC-Date: {date}\r\n"
        f"WARC-Target-URI: {resource.target_uri}\r\nWARC-Refers-To: <{resource.id}>\r\n{_conversion_headers(run)}"
        f"WARC-Block-Digest: {digest}\r\nWARC-Identified-Payload-Type: text/plain\r\n"
        f"Content-Type: {CLEAN_TYPE}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return Draft("conversion", record_id, date, header.encode(), block, resource.target_uri, "text/plain", digest)


@lru_cache(maxsize=8)
def _conversion_headers(run: RunInfo) -> str:
    """What converted, in the form of a warcinfo's `software`, and how: issue 52 of the WARC specifications."""
    software = escape(f"{run.software}/{run.version}")
    options = conversion_options(run.config_digest, run.model_digest)
    return f"WARC-Conversion-Software: {software}\r\nWARC-Conversion-Options: {options}\r\n"


def conversion_options(config_digest: str, model_digest: str | None) -> str:
    """The digests of configuration and model as JSON on one line of ASCII."""
    options = {"config-digest": config_digest, "model-digest": model_digest}
    return json.dumps({name: value for name, value in options.items() if value})


def about_record(about: Draft, *, record_id: str, date: str, block: bytes) -> Draft:
    """A metadata record in warc-fields that refers to another one and shares its target URI, if it has one."""
    uri = f"WARC-Target-URI: {about.target_uri}\r\n" if about.target_uri else ""
    header = (
        f"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <{record_id}>\r\nWARC-Date: {date}\r\n{uri}"
        f"WARC-Refers-To: <{about.id}>\r\nWARC-Block-Digest: {sha1_base32(block)}\r\n"
        f"Content-Type: {WARC_FIELDS}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return Draft("metadata", record_id, date, header.encode(), block, about.target_uri, WARC_FIELDS)


def _provenance(
    article: Article, run: RunInfo, *, resource: Draft, conversion: Draft | None
) -> Iterator[tuple[str, str]]:
    """The metadata's fields; the ledger is the last line, because it is the long one."""
    yield "source-path", escape(article.path)
    if article.row is not None:
        yield "source-row", str(article.row)
    yield "source-digest", sha256_hex(article.payload)
    if article.reference:
        yield from _reference_fields(article.reference)
    yield "source-media-type", article.media_type
    if article.charset:
        yield "source-charset", article.charset
    if conversion:
        yield "body-digest", sha256_hex(conversion.block)
    yield from _cleaner_fields(run)
    yield "capture-date", resource.date
    if article.previous:
        yield "previous-record-id", escape(article.previous)
    yield from _own_fields(article)
    yield "ledger", _ledger_json(article)


def _reference_fields(reference: Reference) -> Iterator[tuple[str, str]]:
    yield "source-record-id", escape(reference.record_id)
    yield "source-offset", str(reference.offset)
    if reference.inside:
        yield "source-inside", str(reference.inside)
    if reference.digest:
        yield "source-record-digest", escape(reference.digest)
    if reference.copy:
        yield "source-copy", escape(reference.copy)
        yield "source-copy-offset", str(reference.copy_offset)


@lru_cache(maxsize=8)
def _cleaner_fields(run: RunInfo) -> tuple[tuple[str, str], ...]:
    fields = [("cleaner", f"{run.software}/{run.version}"), ("cleaner-config-digest", run.config_digest)]
    if run.model_digest:
        fields.append(("cleaner-model-digest", run.model_digest))
    return tuple((name, escape(value)) for name, value in fields)


def _own_fields(article: Article) -> Iterator[tuple[str, str]]:
    for name, value in article.fields.items():
        if name in RESERVED or not _FIELD_NAME.fullmatch(name):
            raise ArticleError(f"{article.locator}: {name!r} cannot name a field; use lower case words of your own")
        yield name, escape(value)


def _ledger_json(article: Article) -> str:
    """One line of ASCII, so that no reader finds a line break of its own in it (U+2028, U+0085)."""
    try:
        return article.to_json(article.ledger).decode("ascii")
    except (TypeError, ValueError) as error:
        raise ArticleError(f"{article.locator}: the ledger is not JSON ({error})") from None


def warcinfo(run: RunInfo, *, name: str, date: str, codec: str) -> Draft:
    """The first record of a segment: what wrote it, by which standard, with which compression."""
    given = (
        ("software", f"{run.software}/{run.version}"),
        ("format", FORMAT),
        ("conformsTo", CONFORMS_TO),
        ("isPartOf", run.is_part_of),
        ("description", run.description),
        ("cleaner-version", run.version),
        ("cleaner-config-digest", run.config_digest),
        ("cleaner-model-digest", run.model_digest or ""),
        ("compression", codec),
    )
    block = dump_fields((field, escape(value)) for field, value in given if value)
    record_id = name_uuid("warcinfo", name, date, run.fingerprint)
    header = (
        f"WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: <{record_id}>\r\nWARC-Date: {date}\r\n"
        f"WARC-Filename: {name}\r\nWARC-Block-Digest: {sha1_base32(block)}\r\n"
        f"Content-Type: {WARC_FIELDS}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return Draft("warcinfo", record_id, date, header.encode(), block, media_type=WARC_FIELDS)


def seal(info: Draft, fields: Mapping[str, str], *, more: tuple[tuple[str, str], ...] = ()) -> Draft:
    """The last record of a closed segment; refers to its warcinfo, and its fields count what lies before it.

    `more` holds fields that may repeat. A seal has no target URI: it is about the file.
    """
    block = dump_fields((name, escape(value)) for name, value in (*fields.items(), *more))
    record_id = name_uuid("seal", info.id, info.date, sha1_base32(block))
    return about_record(info, record_id=record_id, date=info.date, block=block)


def local_uri(path: str, row: int | None) -> str:
    """The URI of a document that has no address: of its relative path, or of its row."""
    return file_uri(path) if row is None else row_uri(path, row, namespace=NAMESPACE)


@lru_cache(maxsize=64)
def warc_date(when: datetime) -> str:
    """UTC, to the second: what every reader takes (WARC 1.1, 5.4 allows fractions; CDXJ has none)."""
    return when.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def resource_id(locator: str, date: str, digest: str) -> str:
    """The id of an original: of its place, its capture date and its SHA-1 digest."""
    return name_uuid("resource", locator, date, digest)


def name_uuid(*parts: str) -> str:
    """UUIDv5 of the parts; lone surrogates of file names are kept apart by their escapes."""
    name = "\n".join(map(escape, parts)).encode()
    number = bytearray(sha1(NAMESPACE.bytes + name, usedforsecurity=False).digest()[:16])
    number[6] = number[6] & 0x0F | 0x50  # version 5, as uuid5 has it, in a part of its time
    number[8] = number[8] & 0x3F | 0x80
    digits = number.hex()
    return f"urn:uuid:{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _derived_id(kind: str, resource: Draft, run: RunInfo) -> str:
    place = () if resource.header else (resource.target_uri, resource.date)
    return derived_id(kind, resource.id, *place, fingerprint=run.fingerprint)


def derived_id(kind: str, original_id: str, *place: str, fingerprint: str) -> str:
    """The id of a conversion or metadata. The original's stands for its locator, date and digest.

    The id of another file's record says nothing of place: so the target, too, and the date.
    """
    return name_uuid(kind, original_id, *place, fingerprint)


def _utc(article: Article, when: datetime) -> datetime:
    if when.tzinfo is None:
        raise ArticleError(f"{article.locator}: the time {when} has no time zone; give an aware datetime")
    return when.astimezone(UTC).replace(microsecond=0)


def _utf8(article: Article, text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ArticleError(
            f"{article.locator}: the clean text holds half a surrogate pair at {error.start}; replace it"
        ) from None


def _content_type(article: Article) -> str:
    if not _MEDIA_TYPE.fullmatch(article.media_type):
        raise ArticleError(
            f"{article.locator}: {article.media_type!r} is not a media type; give one such as text/plain"
        )
    if article.charset is None:
        return article.media_type
    if not _CHARSET.fullmatch(article.charset):
        raise ArticleError(f"{article.locator}: {article.charset!r} is not a charset; give its name or None")
    return f"{article.media_type}; charset={article.charset}"
