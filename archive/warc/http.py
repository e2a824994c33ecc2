"""The body of an HTTP response as it was meant: without chunks, without compression, bounded.

Tolerates what archives hold: bodies stored unpacked whose headers still name a coding, bodies cut off.
Refuses a body that unpacks to more than the bound, or by a coding nobody knows (PayloadError).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from archive.warc.members import GZIP, NO_ZSTD, UNPACK_ERRORS, ZSTD, ZSTD_PIECE, zstandard

try:
    import brotli
except ImportError:  # the extra `zstd`
    brotli = None

#: Also as seen in crawls: in lower case, and of Icecast streams.
_STATUS = re.compile(rb"(?:HTTP/\d(?:\.\d)?|ICY)[ \t]+(\d{3})", re.IGNORECASE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_NO_BROTLI = "install it with: pip install 'cleancopy[zstd]' (brotlipy, of the same module name, has to go)"


class PayloadError(ValueError):
    """The body cannot be had; `what` says why, `do` what to do."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(f"{what}; {do}")
        self.what, self.do = what, do


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers of an HTTP response."""

    status: int
    headers: Mapping[str, str]  # names in lower case; of repeated ones the first
    size: int  # bytes before the body


def http_head(block: bytes) -> Head | None:
    """The head of a response, also from the beginning of its block alone; None when it is none."""
    matched = _STATUS.match(block)
    if matched is None:
        return None
    end = _HEAD_END.search(block)
    size = end.end() if end else len(block)
    headers: dict[str, str] = {}
    for line in block[:size].decode("iso-8859-1").split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return Head(int(matched[1]), headers, size)


def http_body(block: bytes, head: Head, max_bytes: int) -> bytes:
    """The body, unpacked. Raises PayloadError."""
    body = block[head.size :]
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        body = dechunked(body)
    codings = [coding.strip().lower() for coding in head.headers.get("content-encoding", "").split(",")]
    for coding in reversed(codings):
        body = _decoded(body, coding, max_bytes)
    if body.startswith(GZIP) and head.headers.get("content-type", "").lower().lstrip().startswith("text/"):
        body = _gunzipped(body, max_bytes)  # packed, and no header says so
    return bounded(body, max_bytes)


def _gunzipped(body: bytes, max_bytes: int) -> bytes:
    """The text in a gzip body; the body itself when it is none."""
    try:
        return _inflated(body, zlib.MAX_WBITS | 16, max_bytes)
    except zlib.error:
        return body


def bounded(body: bytes, max_bytes: int) -> bytes:
    """The body as it is. Raises PayloadError for one that is too long."""
    if len(body) > max_bytes:
        raise PayloadError(f"is larger than {max_bytes:,} bytes", "raise --max-bytes, or leave it out")
    return body


def dechunked(body: bytes) -> bytes:
    """The chunks put together, cut ones as far as they go; a body stored without chunks as it is."""
    parts, at = [], 0
    while chunk := _CHUNK.match(body, at):
        size = int(chunk[1], 16)
        parts.append(body[chunk.end() : chunk.end() + size])
        at = chunk.end() + size
        if not size or at >= len(body):
            break
        at += 2 if body[at : at + 2] == b"\r\n" else 1
    else:
        if not parts:
            return body
    return b"".join(parts)


def _decoded(body: bytes, coding: str, max_bytes: int) -> bytes:
    try:
        if coding in ("gzip", "x-gzip"):
            return _inflated(body, zlib.MAX_WBITS | 16, max_bytes) if body.startswith(GZIP[:2]) else body
        if coding == "deflate":
            return _deflated(body, max_bytes)
        if coding == "br":
            return _brotli(body, max_bytes)
        if coding == "zstd":
            return _zstd(body, max_bytes) if body.startswith(ZSTD) else body
    except zlib.error as error:
        raise PayloadError(f"its body cannot be unpacked ({error})", "fetch the file again") from None
    if coding in ("", "identity", "none", "utf-8", "binary"):  # the last three are seen and mean nothing
        return body
    raise PayloadError(f"its body has the coding {coding[:20]!r}, which nobody here knows", "leave it out")


def _inflated(body: bytes, bits: int, max_bytes: int) -> bytes:
    """At most a byte more than the bound. Gzip bodies may have several members (RFC 1952, 2.2); a cut one counts."""
    parts, room = [], max_bytes + 1
    while room > 0:
        inflate = zlib.decompressobj(bits)
        try:
            parts.append(inflate.decompress(body, room))
        except zlib.error:
            if not parts:
                raise
            break  # behind the last member stands something else
        room -= len(parts[-1])
        body = inflate.unused_data
        if not body.startswith(GZIP):
            break
    return b"".join(parts)


def _deflated(body: bytes, max_bytes: int) -> bytes:
    """zlib data, or raw deflate as some servers send it; else the body was stored unpacked."""
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        try:
            return _inflated(body, bits, max_bytes)
        except zlib.error:
            continue
    return body


def _brotli(body: bytes, max_bytes: int) -> bytes:
    """Brotli has no magic number: what does not unpack and is text was stored unpacked."""
    if body.lstrip()[:1] == b"<":
        return body
    if brotli is None or not hasattr(brotli.Decompressor, "process"):  # brotlipy has the same name, and no bounds
        raise PayloadError("its body is compressed with Brotli, for which a library is missing", _NO_BROTLI)
    decoder = brotli.Decompressor()
    parts, size, data = [], 0, body
    try:
        while size <= max_bytes:
            part = decoder.process(data, output_buffer_limit=max_bytes + 1 - size)
            parts.append(part)
            size += len(part)
            data = b""
            if decoder.is_finished() or (not part and decoder.can_accept_more_data()):
                break
    except brotli.error:
        raise PayloadError("its body cannot be unpacked (Brotli)", "fetch the file again") from None
    return b"".join(parts)


def _zstd(body: bytes, max_bytes: int) -> bytes:
    if zstandard is None:
        raise PayloadError("its body is compressed with zstd, for which a library is missing", NO_ZSTD)
    decoder = zstandard.ZstdDecompressor().decompressobj()
    parts, size, stream = [], 0, BytesIO(body)
    try:
        while size <= max_bytes and not decoder.eof and (data := stream.read(ZSTD_PIECE)):
            parts.append(decoder.decompress(data))
            size += len(parts[-1])
    except UNPACK_ERRORS as error:
        raise PayloadError(f"its body cannot be unpacked ({error})", "fetch the file again") from None
    return b"".join(parts)
