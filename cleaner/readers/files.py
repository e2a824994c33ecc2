"""One file, one article: plain text or HTML, read up to a bound and decoded with its evidence.

What cannot be read or decoded becomes a Reading with a Failure; nothing is raised for a bad file.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from cleaner.decoding.charset_guess import NO_HINTS, page_hints
from cleaner.decoding.decode import Decoded, UndecodableError, decode
from cleaner.document import Document
from cleaner.readers.readings import DEFAULT_MAX_BYTES, Failure, Found, Original, Reading

#: What happened and what to do, by error number.
_ADVICE = {
    errno.ENOENT: ("is not there", "check its name; if it was moved meanwhile, run again"),
    errno.EACCES: ("may not be read", "change its permissions or leave it out"),
    errno.EPERM: ("may not be read", "change its permissions or leave it out"),
    errno.EISDIR: ("is a folder", "give it as an input of its own"),
    errno.ELOOP: ("is a symbolic link in a circle", "remove the link"),
    errno.ENAMETOOLONG: ("has too long a name", "rename it"),
}


def read_text(found: Found, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Iterator[Reading]:
    """The article in a plain text file."""
    yield _read(found, "text/plain", max_bytes)


def read_html(found: Found, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Iterator[Reading]:
    """The article in an HTML file; a charset it declares decides unless the bytes speak against it."""
    yield _read(found, "text/html", max_bytes)


def read_stream(
    stream: BinaryIO, *, name: str, media_type: str = "text/plain", max_bytes: int = DEFAULT_MAX_BYTES
) -> Reading:
    """The one article that a stream such as standard input holds."""
    try:
        payload = read_bounded(stream, max_bytes)
    except OSError as error:
        return Reading(None, None, unreadable(name, error))
    if len(payload) > max_bytes:
        return Reading(None, None, too_large(name, None, max_bytes))
    return from_bytes(Original(name, None, payload, media_type))


def read_bounded(stream: BinaryIO, max_bytes: int) -> bytes:
    """All bytes of a stream, or one more than `max_bytes`, which tells that there are too many."""
    parts: list[bytes] = []
    left = max_bytes + 1
    while left and (part := stream.read(min(left, 1 << 20))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def from_bytes(original: Original) -> Reading:
    """The document in the bytes of an original: decoded, with the facts of the decoding in the original returned."""
    hints = page_hints(original.payload) if original.media_type == "text/html" else NO_HINTS
    try:
        decoded = decode(original.payload, hints)
    except UndecodableError as error:
        return Reading(original, None, Failure(original.locator, original.row, error.what, error.do))
    document = Document(original.locator, decoded.text, original.media_type, metadata={"path": original.locator})
    return Reading(_with_facts(original, decoded), document)


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


def read_payload(found: Found, media_type: str, max_bytes: int) -> Original | Reading:
    """The bytes of a file that holds one article, or the reading that says why there are none."""
    try:
        facts = found.path.stat()
        if not stat.S_ISREG(facts.st_mode):  # opening a named pipe would wait for ever
            return Reading(None, None, not_a_file(found.locator, folder=stat.S_ISDIR(facts.st_mode)))
        if facts.st_size > max_bytes:
            return Reading(None, None, too_large(found.locator, None, max_bytes))
        with found.path.open("rb") as stream:
            payload = read_bounded(stream, max_bytes)
    except OSError as error:
        return Reading(None, None, unreadable(found.locator, error))
    if len(payload) > max_bytes:  # it grew since
        return Reading(None, None, too_large(found.locator, None, max_bytes))
    return Original(found.locator, None, payload, media_type, modified=facts.st_mtime)


def _read(found: Found, media_type: str, max_bytes: int) -> Reading:
    original = read_payload(found, media_type, max_bytes)
    return original if isinstance(original, Reading) else from_bytes(original)


def _with_facts(original: Original, decoded: Decoded) -> Original:
    return replace(original, decoding=decoded.as_dict())
