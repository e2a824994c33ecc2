"""One file, one article: plain text or HTML, read up to a bound and decoded with its evidence.

What cannot be read or decoded becomes a Reading with a Failure; nothing is raised for a bad file.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, NamedTuple

from cleaner.decoding.charset_guess import NO_HINTS, Hints, page_hints
from cleaner.decoding.content_kind import ContentKind, content_kind
from cleaner.decoding.decode import UndecodableError, decode
from cleaner.document import Document
from cleaner.readers.packing import packing_of, unpacked
from cleaner.readers.readings import DEFAULT_MAX_BYTES, Failure, InputFile, Original, Reading, ReadSettings

_ROWS = "name the file .{0}, or give it to standard input with --format {0}"
#: What is not an article though it is called plain text, and what to say instead.
REFUSED = {
    ContentKind.JSON_LINES: _ROWS.format("jsonl"),
    ContentKind.JSON: _ROWS.format("json"),
    ContentKind.CSV: _ROWS.format("csv"),
    ContentKind.TSV: _ROWS.format("tsv"),
    ContentKind.XML: _ROWS.format("xml"),
    ContentKind.MHTML: "name the file .mhtml",
    ContentKind.PROGRAM: "leave it out, or take the article out of it first",
}

#: What happened and what to do, by error number.
_ADVICE = {
    errno.ENOENT: ("is not there", "check its name; if it was moved meanwhile, run again"),
    errno.EACCES: ("may not be read", "change its permissions or leave it out"),
    errno.EPERM: ("may not be read", "change its permissions or leave it out"),
    errno.EISDIR: ("is a folder", "give it as an input of its own"),
    errno.ELOOP: ("is a symbolic link in a circle", "remove the link"),
    errno.ENAMETOOLONG: ("has too long a name", "rename it"),
}


def read_text(file: InputFile, settings: ReadSettings) -> Iterator[Reading]:
    """The article in a plain text file; what is not plain text is read as a page or refused (`from_bytes`)."""
    yield _read(file, "text/plain", settings)


def read_marked_text(file: InputFile, settings: ReadSettings) -> Iterator[Reading]:
    """The article in a Markdown file, which may begin with HTML and is text all the same."""
    yield _read(file, "text/plain", settings, as_told=True)


def read_html(file: InputFile, settings: ReadSettings) -> Iterator[Reading]:
    """The article in an HTML file; a charset it declares decides unless the bytes speak against it."""
    yield _read(file, "text/html", settings)


def read_stream(
    stream: BinaryIO,
    *,
    name: str,
    media_type: str = "text/plain",
    max_bytes: int = DEFAULT_MAX_BYTES,
    as_told: bool = False,
) -> Reading:
    """The one article that a stream such as standard input holds; `as_told`: the media type is not doubted."""
    try:
        payload = read_bounded(stream, max_bytes)
    except OSError as error:
        return Reading(None, None, unreadable(name, error))
    if len(payload) > max_bytes:
        return Reading(None, None, too_large(name, None, max_bytes))
    return from_bytes(Original(name, None, payload, media_type), as_told=as_told)


def read_bounded(stream: BinaryIO, max_bytes: int) -> bytes:
    """All bytes of a stream, or one more than `max_bytes`, which tells that there are too many."""
    parts: list[bytes] = []
    left = max_bytes + 1
    while left and (part := stream.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def from_bytes(original: Original, *, as_told: bool = False) -> Reading:
    """The document in the bytes of an original: decoded, with the facts of the decoding in the original returned.

    A page that is called plain text is read as a page, which its metadata say (`read-as`); rows, tables and programs
    are refused with what to say instead. `as_told`: the media type is not doubted.
    """
    try:
        decoded = decode(original.payload, _hints(original))
        kind = ContentKind.PROSE if as_told or original.media_type != "text/plain" else content_kind(decoded.text)
        if kind is ContentKind.JSON_LINES and "\n" not in decoded.text.strip():
            kind = ContentKind.JSON  # one object
        if kind in REFUSED:
            failure = Failure(original.locator, original.row, f"holds {kind.value}, not an article", REFUSED[kind])
            return Reading(original, None, failure)
        metadata = {"path": original.locator}
        if kind is ContentKind.HTML:
            original, metadata = replace(original, media_type="text/html"), {**metadata, "read-as": "text/html"}
            decoded = decode(original.payload, _hints(original))
    except UndecodableError as error:
        return Reading(original, None, Failure(original.locator, original.row, error.what, error.do))
    document = Document(original.locator, decoded.text, original.media_type, metadata=metadata)
    return Reading(replace(original, decoding=decoded.as_dict()), document)


def _hints(original: Original) -> Hints:
    return page_hints(original.payload) if original.media_type == "text/html" else NO_HINTS


def unreadable(locator: str, error: OSError, row: int | None = None) -> Failure:
    """The failure for an error of the system; its message names no path but the locator."""
    what, do = _ADVICE.get(
        error.errno or 0, (f"cannot be read ({error.strerror or error})", "check the file and the disk")
    )
    return Failure(locator, row, what, do)


def too_large(locator: str, row: int | None, max_bytes: int) -> Failure:
    """The failure for what is longer than the bound."""
    return Failure(locator, row, f"is larger than {max_bytes:,} bytes", "split it or raise --max-bytes")


def not_a_file(locator: str, *, folder: bool = False) -> Failure:
    """The failure for what stands in a file's place: a folder, a pipe, a device."""
    if folder:
        return Failure(locator, None, *_ADVICE[errno.EISDIR])
    return Failure(locator, None, "is a pipe or device, not a file", "copy what it gives into a file")


class OpenedFile(NamedTuple):
    """The unpacked bytes of an ordinary file, to be read once, and its time."""

    stream: BinaryIO
    modified: float


def opened_file(file: InputFile) -> OpenedFile | Reading:
    """A container's file, opened; the reading that says what stands in its place. Raises OSError, PackingError."""
    facts = file.path.stat()
    if not stat.S_ISREG(facts.st_mode):
        return Reading(None, None, not_a_file(file.locator, folder=stat.S_ISDIR(facts.st_mode)))
    return OpenedFile(unpacked(file.path.open("rb"), packing_of(file.kind)), facts.st_mtime)


def read_payload(file: InputFile, media_type: str, settings: ReadSettings) -> Original | Reading:
    """The unpacked bytes of a file that holds one article, or the reading that says why there are none.

    Raises PackingError.
    """
    packing, max_bytes = packing_of(file.kind), settings.max_bytes
    try:
        facts = file.path.stat()
        if not stat.S_ISREG(facts.st_mode):  # opening a named pipe would wait for ever
            return Reading(None, None, not_a_file(file.locator, folder=stat.S_ISDIR(facts.st_mode)))
        if facts.st_size > max_bytes:
            return Reading(None, None, too_large(file.locator, None, max_bytes))
        with unpacked(file.path.open("rb"), packing) as stream:
            payload = read_bounded(stream, max_bytes)
    except OSError as error:
        return Reading(None, None, unreadable(file.locator, error))
    if len(payload) > max_bytes:  # it grew since, or unpacks to more
        return Reading(None, None, too_large(file.locator, None, max_bytes))
    return Original(file.locator, None, payload, media_type, modified=facts.st_mtime, packing=packing)


def _read(file: InputFile, media_type: str, settings: ReadSettings, *, as_told: bool = False) -> Reading:
    original = read_payload(file, media_type, settings)
    return original if isinstance(original, Reading) else from_bytes(original, as_told=as_told)
