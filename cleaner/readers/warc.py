"""WARC files, from a file or a pipe: HTML and plain text that was captured, one record one article.

Every other record is counted by a reason; what is damaged becomes a Failure in its place, and the rest is read.
The bytes stay where they are: a reading says in which file, at which offset and under which id they lie.
"""

from __future__ import annotations

import re
import stat
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO

from archive.warc.digests import digest_matches
from archive.warc.http import Head, PayloadError, bounded, dechunked, http_body, http_head
from archive.warc.records import Capture, Damage, Passed, captures
from cleaner.decoding.charset_guess import Hints, languages_of, page_hints
from cleaner.decoding.decode import BinaryError, UndecodableError, decode
from cleaner.document import Document
from cleaner.readers.files import not_a_file, unreadable
from cleaner.readers.guard import guarded_row
from cleaner.readers.readings import (
    DEFAULTS,
    Failure,
    InputFile,
    Original,
    Range,
    Reading,
    ReadSettings,
    Skipped,
    SourceRecord,
    place,
)

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
TEXT_TYPES = frozenset({"text/plain"})
#: Types that say nothing: their bytes are looked at.
UNTOLD = frozenset({"", "application/octet-stream", "application/unknown", "binary/octet-stream", "unknown/unknown"})
#: All records.
WHOLE = Range(1, 0, 0, last=True)
#: A block holds HTTP headers too.
HEADERS_ROOM = 1 << 16
#: Ids of documents read lately: a conversion that refers to one of them is the same article again.
RECENT = 1_000

#: WHATWG MIME Sniffing, 7.1, without tags that plain text might begin with by chance.
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,4000}?-->\s*)*<(?:!doctype\s+html|html|head|body|title|"
    rb"meta|script|div|table|h1|iframe|style)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_PAGE_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
_MAJOR = re.compile(r"[a-z]{1,20}")
#: RFC 9110, 8.3; written by servers with single quotation marks, with spaces, or with a comma behind.
_CHARSET = re.compile(r"""[;,\s]charset\s*=\s*(?:"([^"]{0,60})"|([^\s;,"]{1,60}))""", re.IGNORECASE)


def read_warc_file(file: InputFile, settings: ReadSettings) -> Iterator[Reading | Skipped]:
    """The articles in a WARC file; its compression is told by its bytes, not by its name."""
    try:
        facts = file.path.stat()
        if not stat.S_ISREG(facts.st_mode):
            yield Reading(None, None, not_a_file(file.locator, folder=stat.S_ISDIR(facts.st_mode)))
            return
        with file.path.open("rb") as stream:
            yield from read_warc(stream, name=file.locator, settings=settings)
    except OSError as error:
        yield Reading(None, None, unreadable(file.locator, error))


def read_warc_range(file: InputFile, part: Range, settings: ReadSettings) -> Iterator[Reading | Skipped]:
    """The articles in a range that `cut_warc` gave."""
    try:
        with file.path.open("rb") as stream:
            stream.seek(part.start)
            yield from read_warc(stream, name=file.locator, settings=settings, part=part)
    except OSError as error:
        yield Reading(None, None, unreadable(file.locator, error))


def cut_warc(file: InputFile, *, room: int, size: int, settings: ReadSettings) -> Iterator[Range]:
    """Ranges of records that cover the file: the first with at most `room` that are wanted or damaged, others `size`.

    Ranges begin at gzip members, or at records of a file without compression; a file that is one member is one range.
    A conversion goes with the record before it, unless that is one as well. Raises nothing.
    """
    first, start, count, limit = 1, 0, 0, room
    after_conversion = True
    with suppress(OSError), file.path.open("rb") as stream:
        for record in captures(stream, _unwanted, max_block=settings.max_bytes + HEADERS_ROOM):
            conversion = isinstance(record, Capture) and record.headers.get("warc-type", "").lower() == "conversion"
            begins_member = not isinstance(record, Damage) and not record.place.inside
            cuttable = begins_member and (after_conversion or not conversion)
            if count >= limit and cuttable:
                yield Range(first, count, start)
                first, start, count, limit = record.place.number, record.place.offset, 0, size
            count += not isinstance(record, Passed)
            after_conversion = conversion or isinstance(record, Passed)
    yield Range(first, max(1, count), start, last=True)


def read_warc(
    stream: BinaryIO,
    *,
    name: str,
    settings: ReadSettings = DEFAULTS,
    part: Range = WHOLE,
) -> Iterator[Reading | Skipped]:
    """The articles in a stream of records that begins where the range does: at a gzip member or a record."""
    recent: deque[str] = deque(maxlen=RECENT)
    last, left, max_bytes = part.first - 1, part.documents, settings.max_bytes
    room = max_bytes + HEADERS_ROOM
    try:
        for record in captures(stream, _unwanted, max_block=room, start=part.start, first=part.first):
            last = record.place.number
            left -= not isinstance(record, Passed)
            if isinstance(record, Passed):
                yield Skipped(name, record.reason)
            elif isinstance(record, Damage):
                what = f"is larger than {max_bytes:,} bytes" if record.too_long else record.what
                yield Reading(None, None, Failure(name, last, f"{what} (at byte {record.place.offset:,})", record.do))
            elif record.headers.get("warc-refers-to", "").strip("<> ") in recent:
                yield Skipped(name, "WARC conversion of a record that was read")
            else:
                original = Original(name, last, b"", "text/plain")
                reading = guarded_row(partial(_reading, record, name, max_bytes), original, settings.seconds)
                if isinstance(reading, Reading) and reading.document and record.id:
                    recent.append(record.id)
                yield reading
            if not left and not part.last:
                return
    except OSError as error:
        yield Reading(None, None, unreadable(name, error, last + 1))


def _unwanted(headers: Mapping[str, str], begin: bytes) -> str | None:
    """Why a record gives no article, from its headers and the beginning of its block."""
    kind = headers.get("warc-type", "").lower()
    if kind == "response":
        return _unwanted_response(headers, begin)
    if kind == "resource":
        uri = _uri(headers)
        if uri.startswith(("urn:text:", "urn:pageinfo:", "urn:view:", "urn:thumbnail:")):  # browsertrix-crawler
            return "WARC record that a crawler made beside a page"
        return _unwanted_type(_media_type(headers.get("content-type", "")), uri)
    if kind == "conversion":  # the text of a .wet file
        text = _media_type(headers.get("content-type", "")) in TEXT_TYPES
        return None if text else "WARC conversion that is not plain text"
    known = kind in ("warcinfo", "request", "metadata", "revisit", "continuation")
    return f"WARC {kind} record" if known else "WARC record of unknown type"


def _unwanted_response(headers: Mapping[str, str], begin: bytes) -> str | None:
    head = http_head(begin)
    if head is None:
        http = headers.get("content-type", "").lower().startswith("application/http") or begin.startswith(b"HTTP/")
        return "WARC response without an HTTP status" if http else "WARC response of another protocol"
    if not 200 <= head.status < 300:
        return f"WARC response of status {head.status // 100}xx"
    return _unwanted_type(_media_type(head.headers.get("content-type", "")), _uri(headers))


def _unwanted_type(media_type: str, uri: str) -> str | None:
    if media_type in HTML_TYPES or media_type in UNTOLD:
        return None
    if media_type in TEXT_TYPES:
        return "WARC record of a robots.txt" if uri.lower().endswith("/robots.txt") else None
    major = _MAJOR.match(media_type)
    return f"WARC record of type {major[0] if major else 'unknown'}/*"


def _reading(capture: Capture, name: str, max_bytes: int) -> Reading | Skipped:
    number = capture.place.number
    head = http_head(capture.block) if capture.headers.get("warc-type", "").lower() == "response" else None
    try:
        if _wrongly_digested(capture, head):
            what, do = "its payload does not have the digest that its header names", "fetch the file again"
            return Reading(None, None, Failure(name, number, what, do))
        payload = http_body(capture.block, head, max_bytes) if head else bounded(capture.block, max_bytes)
    except PayloadError as error:
        return Reading(None, None, Failure(name, number, error.what, error.do))
    content_type = (head.headers if head else capture.headers).get("content-type", "")
    told = _media_type(content_type)
    media_type = _sniffed(payload, told)
    original = Original(
        name, number, payload, media_type, modified=_captured(capture.headers), reference=_reference(capture, name)
    )
    if not payload.strip():
        return Skipped(name, "WARC record with an empty body")
    try:
        return _decoded(original, capture, _charset(content_type))
    except BinaryError as error:
        if told in UNTOLD:
            return Skipped(name, "WARC record of no text, its type not told")
        return Reading(original, None, Failure(name, number, error.what, error.do))
    except UndecodableError as error:
        return Reading(original, None, Failure(name, number, error.what, error.do))


def _decoded(original: Original, capture: Capture, charset: str | None) -> Reading:
    """Decodes by BOM, HTTP header, the page's own words, detector. Raises UndecodableError."""
    uri = _uri(capture.headers)
    if original.media_type == "text/html":
        hints = page_hints(original.payload, header=charset, url=uri)
    else:
        hints = Hints(charset, languages=languages_of(uri))
    decoded = decode(original.payload, hints)
    metadata = {
        "path": original.locator,
        "row": original.row,
        "offset": capture.place.offset,
        "record-id": capture.id,
        "capture-date": capture.headers.get("warc-date", ""),
    }
    if why := _cut(capture):
        metadata["truncated"] = why
    document = Document(
        id=capture.id or place(original.locator, original.row),
        text=decoded.text,
        media_type=original.media_type,
        url=uri if uri.lower().startswith(("http://", "https://")) else None,
        metadata={key: value for key, value in metadata.items() if value != ""},
    )
    return Reading(replace(original, decoding=decoded.as_dict()), document)


def _cut(capture: Capture) -> str:
    """Why the body is not whole: the crawler stopped there (WARC 1.1, 5.15), or wrote the rest in other records (7)."""
    told = capture.headers.get("warc-truncated", "")
    return told or ("segmented" if "warc-segment-number" in capture.headers else "")


def _wrongly_digested(capture: Capture, head: Head | None) -> bool:
    """Whether the payload's digest is wrong, asked where no block digest stands (that one was checked before).

    Writers disagree whether chunks belong to the payload: either form will do.
    """
    digest = capture.headers.get("warc-payload-digest")
    if not digest or "warc-block-digest" in capture.headers or _cut(capture):
        return False
    body = capture.block[head.size :] if head else capture.block
    return digest_matches(digest, body) is False and digest_matches(digest, dechunked(body)) is False


def _reference(capture: Capture, name: str) -> SourceRecord:
    headers = capture.headers
    digest = headers.get("warc-block-digest") or headers.get("warc-payload-digest", "")
    return SourceRecord(
        name, capture.place.offset, capture.place.inside, capture.id, digest, capture.head, capture.block
    )


def _sniffed(payload: bytes, told: str) -> str:
    """`text/html` or `text/plain`: as told, or by the first bytes; whole pages called plain text are pages."""
    if told in HTML_TYPES:
        return "text/html"
    start = _PAGE_START if told in TEXT_TYPES else _HTML_START
    return "text/html" if start.match(payload[:8192]) else "text/plain"


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].partition(",")[0].strip().lower()


def _charset(content_type: str) -> str | None:
    """The charset parameter of a content type, the first where there are several."""
    match = _CHARSET.search(content_type)
    return (match[1] or match[2] or "").strip("\"' ") or None if match else None


def _uri(headers: Mapping[str, str]) -> str:
    return headers.get("warc-target-uri", "").strip("<> ")


def _captured(headers: Mapping[str, str]) -> float | None:
    """The capture date as seconds since 1970."""
    try:
        when = datetime.fromisoformat(headers.get("warc-date", ""))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
