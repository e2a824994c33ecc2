"""The bytes of any WARC stream unpacked, member by member: gzip, zstd or neither, told by their first bytes.

Reads forward only, so a pipe will do, and holds a bounded window. After damage it goes on at the next member
that unpacks to a record, searched for inside the damaged one too. Refuses nothing: damage is a value.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

try:
    import zstandard as zstandard
except ImportError:  # the extra `zstd`
    zstandard = None  # type: ignore[assignment]

try:  # unpacks 2.4 times as fast; the extra `fast`
    from zlib_ng import zlib_ng

    _deflate: Any = zlib_ng
except ImportError:
    _deflate = zlib

_ERRORS: list[Any] = [zlib.error, _deflate.error, *([] if zstandard is None else [zstandard.ZstdError])]
UNPACK_ERRORS: tuple[type[Exception], ...] = tuple(_ERRORS)
GZIP, ZSTD = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"
#: Frames that a zstd decoder passes over (RFC 8878, 3.1.2); a .warc.zst may begin with one that holds its dictionary.
SKIPPABLE, DICTIONARY = b"\x2a\x4d\x18", b"\x5d\x2a\x4d\x18"
NO_ZSTD = "install it with: pip install 'cleancopy[zstd]'"
FETCH = "the records before and after it were read; fetch the file again"

PIECE = 1 << 14
OUT_PIECE = 1 << 20
#: A block of RFC 8878 is four bytes for up to 128 KB: so small pieces bound what one call can give.
ZSTD_PIECE = 1 << 10
#: Bytes of a damaged member that are searched for the next one; one article's member is far smaller.
WINDOW = 1 << 24
MAX_DICTIONARY = 1 << 24
#: Gzip packs to a thousandth at best, zstd to a thirty-thousandth: more from less is made to do harm.
BOMB, BOMB_RATIO = 1 << 28, 10_000
#: Damaged members that begin inside one that was searched already; each costs reading it again.
MAX_NESTED = 100

#: A record that was never packed; a mere `WARC/` may be damage before a packed one.
_PLAIN = re.compile(rb"WARC/\d\.\d+[ \t]*\r?\n[A-Za-z][A-Za-z-]{2,40}[ \t]*:")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Unpacked bytes. `offset`: of the member they are from, for bytes that were never packed their own."""

    data: bytes
    offset: int
    plain: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """The member at this offset ended, and its check sum, where it has one, was right."""

    offset: int
    end: int  # the offset behind it


@dataclass(frozen=True, slots=True)
class Break:
    """What stood at this offset cannot be unpacked."""

    offset: int
    what: str
    do: str = FETCH


Event = Chunk | End | Break


def inflater() -> Any:
    """What unpacks one gzip member and checks its CRC and length; raises one of UNPACK_ERRORS."""
    return _deflate.decompressobj(zlib.MAX_WBITS | 16)


class _Raw:
    """A stream with its position, from which bytes can be put back."""

    def __init__(self, stream: BinaryIO, position: int) -> None:
        self._stream = stream
        self._back = b""
        self.position = position
        self.searched = 0  # up to here damaged members were read
        self.nested = 0  # damaged members that began before that

    def take(self, size: int) -> bytes:
        """Up to so many bytes; fewer only at the end."""
        data, self._back = self._back[:size], self._back[size:]
        while len(data) < size and (more := self._stream.read(size - len(data))):
            data += more
        self.position += len(data)
        return data

    def put_back(self, data: bytes) -> None:
        """Takes bytes back; they come again."""
        self._back = bytes(data) + self._back
        self.position -= len(data)

    def peek(self, size: int) -> bytes:
        """The next bytes, which stay."""
        data = self.take(size)
        self.put_back(data)
        return data


def unpacked(stream: BinaryIO, start: int = 0) -> Iterator[Event]:
    """The stream's bytes in their order; `start` is the offset that its first byte has in the file. Raises OSError."""
    dictionary = _dictionary_before(stream, start)
    raw = _Raw(stream, start)
    while head := raw.peek(100):
        if blank := _blank(head):
            blank = blank if blank < len(head) else _blank(raw.peek(OUT_PIECE))
            raw.take(blank)
            start += blank * (raw.position == start + blank)  # a file that begins with blank lines begins behind them
        elif head.startswith(GZIP) and not (raw.position == start and _is_plain_behind(raw)):
            yield from _member(raw, inflater(), "gzip")
        elif zstandard is None and (head.startswith(ZSTD) or _is_skippable(raw)):
            yield Break(raw.position, "it is compressed with zstd, for which a library is missing", NO_ZSTD)
            return
        elif head.startswith(ZSTD):
            yield from _member(raw, zstandard.ZstdDecompressor(dict_data=dictionary).decompressobj(), "zstd")
        elif _is_skippable(raw):
            dictionary = _skippable(raw) or dictionary
        elif _PLAIN.match(head) or head.startswith(GZIP) or (raw.position == start and not _has_member(raw)):
            yield from _plain(raw)
        else:
            yield Break(raw.position, "bytes between two records")
            _to_next_member(raw)


def _blank(head: bytes) -> int:
    """How many bytes between two members these begin with: line ends, or a single zero byte."""
    if head[:1] == b"\0" != head[1:2]:
        return 1
    return len(head) - len(head.lstrip(b"\r\n"))


def _dictionary_before(stream: BinaryIO, start: int) -> Any:
    """The dictionary at the beginning of a file that is read from later on."""
    if not start or zstandard is None or not stream.seekable() or stream.tell() != start:
        return None
    stream.seek(0)
    raw = _Raw(stream, 0)
    dictionary = _skippable(raw) if raw.peek(4) == DICTIONARY and _is_skippable(raw) else None
    stream.seek(start)
    return dictionary


def _is_skippable(raw: _Raw) -> bool:
    """Whether a skippable frame stands here, whole and before another frame: by its first bytes it might be damage."""
    head = raw.peek(8)
    if head[1:4] != SKIPPABLE or head[0] >> 4 != 5 or len(head) < 8:
        return False
    size = 8 + int.from_bytes(head[4:8], "little")
    if size > MAX_DICTIONARY:
        return False
    data = raw.peek(size + 4)
    return len(data) == size or data[size:] == ZSTD or data[size + 1 :] == SKIPPABLE


def _has_member(raw: _Raw) -> bool:
    """Whether a packed record begins near: then what stands before it is damage, not a file without compression."""
    data = raw.peek(OUT_PIECE)
    at = _first(data, 0)
    while at >= 0 and not _begins_record(data[at : at + PIECE]):
        at = _first(data, at + 1)
    return at >= 0


def _is_plain_behind(raw: _Raw) -> bool:
    """Whether a file without compression begins like gzip by damage: records stand in it, none of them packed."""
    if _begins_record(raw.peek(PIECE)):
        return False
    return _PLAIN.search(raw.peek(OUT_PIECE)) is not None and not _has_member(raw)


def _plain(raw: _Raw) -> Iterator[Chunk]:
    """What was never packed: the whole rest."""
    offset = raw.position
    while data := raw.take(PIECE):
        yield Chunk(data, offset, plain=True)
        offset = raw.position


def _member(raw: _Raw, inflate: Any, codec: str) -> Iterator[Event]:
    begin = raw.position
    taken = bytearray()
    what = ""
    left = b""
    size = 0
    while not inflate.eof and not what:
        fresh = b"" if left else raw.take(PIECE if codec == "gzip" else ZSTD_PIECE)
        taken += fresh
        if len(taken) > WINDOW:
            del taken[: -WINDOW // 2]
        if not (left or fresh):
            what = f"the file ends inside a {codec} member"
            break
        try:
            out = inflate.decompress(left or fresh, OUT_PIECE) if codec == "gzip" else inflate.decompress(fresh)
        except UNPACK_ERRORS as error:
            what = f"its {codec} data is damaged ({str(error).rpartition(': ')[2]})"
            break
        left = inflate.unconsumed_tail if codec == "gzip" else b""
        size += len(out)
        if size > BOMB and size > BOMB_RATIO * (raw.position - begin):
            what = f"it unpacks to more than {BOMB_RATIO:,} times its size"
        elif out:
            yield Chunk(out, begin)
    if what:
        yield Break(begin, what)
        _look_inside(raw, begin, bytes(taken))
        return
    raw.put_back(inflate.unused_data)
    yield End(begin, raw.position)


def _look_inside(raw: _Raw, begin: int, taken: bytes) -> None:
    """Goes to the next member, searched for inside the damaged one too, but not for ever in a nest of damaged ones."""
    inside = begin < raw.searched
    raw.nested = raw.nested + 1 if inside else 0
    raw.searched = max(raw.searched, raw.position)
    raw.put_back(taken[1:] if raw.nested <= MAX_NESTED else taken[1:][-PIECE:])
    _to_next_member(raw)


def _skippable(raw: _Raw) -> Any:
    """Passes a skippable frame; its dictionary, if that is what it holds (.warc.zst draft of the IIPC)."""
    head = raw.take(8)
    held = raw.take(int.from_bytes(head[4:8], "little"))
    if head[:4] != DICTIONARY:
        return None
    try:
        if held.startswith(ZSTD):
            held = zstandard.ZstdDecompressor().stream_reader(held).read(MAX_DICTIONARY)
    except zstandard.ZstdError:
        return None
    return zstandard.ZstdCompressionDict(held)


def _to_next_member(raw: _Raw) -> None:
    """Goes to the next member that unpacks to the start of a record, or to the end."""
    while data := raw.take(OUT_PIECE):
        data += raw.peek(PIECE)  # a mark near the end is judged by what stands behind it, and found again after it
        at = _first(data, 0)
        while 0 <= at < OUT_PIECE:
            if _begins_record(data[at : at + PIECE]):
                raw.put_back(data[at:OUT_PIECE])
                return
            at = _first(data, at + 1)


def _first(data: bytes, start: int) -> int:
    match = _MAGIC.search(data, start)
    return match.start() if match else -1


#: Gzip with deflate and no reserved flag (RFC 1952, 2.3), or zstd.
_MAGIC = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]|\x28\xb5\x2f\xfd")


def _begins_record(head: bytes) -> bool:
    try:
        if head.startswith(GZIP):
            return bytes(inflater().decompress(head, 5)) == b"WARC/"
        return zstandard is not None and zstandard.ZstdDecompressor().decompressobj().decompress(
            head[:ZSTD_PIECE]
        ).startswith(b"WARC/")
    except UNPACK_ERRORS:
        return False
