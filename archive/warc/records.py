"""Any WARC file → its records in order, each with its place: what other people's crawlers wrote.

Memory is bounded by the longest record that is wanted; others are passed over in pieces. Damage comes out as a
value in its place and reading goes on at the next record, since neither warcio 1.8 nor FastWARC 2.0 goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from archive.warc.digests import digest_matches
from archive.warc.members import FETCH, Break, End, Event, Piece, unpacked

MAX_HEAD = 1 << 16
#: What a judge sees of a block: enough for all HTTP headers but absurd ones.
SNIFFED = 1 << 14

#: Where a record begins: version line, then a named field. 0.17 and 0.18 are drafts still found in old crawls.
_START = re.compile(rb"WARC/(?:0\.1[78]|1\.[01])[ \t]*\r?\n[A-Za-z][A-Za-z-]{2,40}[ \t]*:")
_VERSION = re.compile(rb"WARC/(?:0\.1[78]|1\.[01])[ \t]*\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
#: So much is kept back while searching, so that no start is cut in two.
_OVERLAP = 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: its ordinal from 1, its member's offset in the file, and its own offset inside that."""

    number: int
    offset: int
    inside: int = 0


@dataclass(frozen=True, slots=True)
class Capture:
    """A record that was wanted; its block has the digest that its header names, or names none we know."""

    place: Place
    head: bytes  # version line and headers as written, with the empty line
    headers: Mapping[str, str]  # names in lower case; of repeated ones the first
    block: bytes

    @property
    def id(self) -> str:
        """The record id without angle brackets; may be empty."""
        return self.headers.get("warc-record-id", "").strip("<> ")


@dataclass(frozen=True, slots=True)
class Passed:
    """A record that is not wanted, and the judge's reason."""

    place: Place
    reason: str


@dataclass(frozen=True, slots=True)
class Damage:
    """What cannot be read, or must not be trusted."""

    place: Place
    what: str
    do: str = FETCH
    too_long: bool = False  # whole, as far as can be told, but longer than the bound


#: Headers and the beginning of a block → why the record is not wanted; None when it is.
Judge = Callable[[Mapping[str, str], bytes], str | None]


def captures(
    stream: BinaryIO, judge: Judge, *, max_block: int, start: int = 0, first: int = 1
) -> Iterator[Capture | Passed | Damage]:
    """The records of a stream whose first byte has the offset `start` in its file. Raises OSError of the stream.

    `first`: the number of the record that begins there.
    """
    text = _Text(unpacked(stream, start))
    number = first - 1
    while True:
        text.skip_line_ends()
        if not text.need(1):
            broken = text.stop
            if not text.resume():
                return
            if isinstance(broken, Break):
                yield Damage(Place(number + 1, broken.offset), broken.what, broken.do)
            continue
        number += 1
        yield from _record(text, judge, number, max_block)


def _record(text: _Text, judge: Judge, number: int, max_block: int) -> Iterator[Capture | Passed | Damage]:
    place = text.place(number)
    head = text.head()
    if not head or _START.search(head, 5):  # a second beginning inside: the first was torn off
        yield _damaged(text, place, "no WARC record begins here", after=0)
        return
    headers = _headers(head)
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        yield _damaged(text, place, f"its Content-Length is {length[:20]!r}, not a number", after=len(head))
        return
    size = int(length)
    text.need(len(head) + min(size, SNIFFED))
    reason = judge(headers, text.view(len(head), min(size, SNIFFED)))
    if size > max_block:
        text.drop(len(head))
        whole = text.pass_over(size)
        what = f"it is longer than {max_block:,} bytes" if whole else "its Content-Length does not lead to its end"
        damage = Damage(place, what, "raise --max-bytes, or leave it out", too_long=whole)
        yield Passed(place, reason) if reason and whole else damage
        return
    if not text.need(len(head) + size):
        yield _damaged(text, place, "it ends before its Content-Length says", after=len(head))
        return
    ending = text.ending(len(head) + size)
    if ending is None:
        yield _damaged(text, place, "its Content-Length does not lead to its end", after=len(head))
        return
    block = b"" if reason else text.view(len(head), size)
    text.drop(len(head) + size + ending)
    if not text.need(1) and isinstance(text.stop, Break) and text.stop.offset == place.offset and not place.inside:
        broken = text.stop
        text.resume()
        yield Damage(place, broken.what, broken.do)
    else:
        yield Passed(place, reason) if reason else _checked(Capture(place, head, headers, block))


def _checked(capture: Capture) -> Capture | Damage:
    digest = capture.headers.get("warc-block-digest")
    if digest and digest_matches(digest, capture.block) is False:
        return Damage(capture.place, "its block does not have the digest that its header names")
    return capture


def _damaged(text: _Text, place: Place, what: str, *, after: int) -> Damage:
    """Reports, and goes on at the next record that begins behind `after` bytes."""
    text.drop(max(after, 1))
    broken = text.to_next_start()
    return Damage(place, broken.what, broken.do) if broken and broken.offset == place.offset else Damage(place, what)


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    name = ""
    for line in head.decode("utf-8", "replace").splitlines()[1:]:
        if line.startswith((" ", "\t")) and name:  # a folded line (WARC 1.1, 4)
            headers[name] += " " + line.strip()
            continue
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.setdefault(name, value.strip())
    return headers


class _Text:
    """The unpacked bytes from the current record on; ends at damage, and where a member ends before its record."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._held = bytearray()
        self._at = 0
        self._marks: list[tuple[int, int, bool]] = []  # index in _held, offset, plain
        self._ended = False
        self._ahead: Piece | None = None
        self.stop: Break | End | None = None  # why need() gave up; None: the end of the stream
        self._stopped = False

    def need(self, size: int) -> bool:
        """Whether so many bytes can be had."""
        while len(self._held) - self._at < size and not self._stopped:
            self._pull()
        return len(self._held) - self._at >= size

    def _pull(self) -> None:
        event = next(self._events, None)
        if event is None or isinstance(event, Break):
            self.stop, self._stopped = event, True
        elif isinstance(event, End):
            self._ended = True
        elif self._ended and len(self._held) > self._at and event.data.startswith(b"WARC/"):
            self.stop, self._stopped, self._ahead = End(event.offset), True, event
        else:
            self._take(event)

    def _take(self, piece: Piece) -> None:
        self._ended = False
        if self._at > PIECE_HELD or self._at == len(self._held):
            self._compact()
        if not self._marks or self._marks[-1][1] != piece.offset:
            self._marks.append((len(self._held), piece.offset, piece.plain))
        self._held += piece.data

    def _compact(self) -> None:
        at, self._at = self._at, 0
        del self._held[:at]
        marks = [(index - at, offset, plain) for index, offset, plain in self._marks]
        current = max((n for n, mark in enumerate(marks) if mark[0] <= 0), default=0)
        self._marks = marks[current:]

    def resume(self) -> bool:
        """Goes on behind what stopped; False at the end of the stream."""
        if self.stop is None:
            return False
        ahead, self._ahead = self._ahead, None
        self._held.clear()
        self._marks.clear()
        self._at, self.stop, self._stopped = 0, None, False
        if ahead:
            self._take(ahead)
        return True

    def place(self, number: int) -> Place:
        """Where the current byte stands."""
        index, offset, plain = next(mark for mark in reversed(self._marks) if mark[0] <= self._at)
        inside = self._at - index
        return Place(number, offset + inside) if plain else Place(number, offset, inside)

    def head(self) -> bytes:
        """Version line and headers with the empty line; nothing when they are not there."""
        size = 1 << 10
        while size <= MAX_HEAD:
            more = self.need(size)
            if not _VERSION.match(self._held, self._at):
                return b""
            if found := _HEAD_END.search(self._held, self._at, self._at + size):
                return bytes(self._held[self._at : found.end()])
            if not more:
                return b""
            size *= 4
        return b""

    def view(self, start: int, size: int) -> bytes:
        """So many bytes from this one on, as far as they are held."""
        return bytes(self._held[self._at + start : self._at + start + size])

    def drop(self, size: int) -> None:
        """Passes so many of the bytes held."""
        self._at = min(self._at + size, len(self._held))

    def skip_line_ends(self) -> None:
        """Passes what stands between two records."""
        while self.need(1) and self._held[self._at] in b"\r\n":
            self._at += 1

    def ending(self, size: int) -> int | None:
        """The length of the line ends behind so many bytes; None when something else stands there."""
        self.need(size + 9)
        tail = bytes(self._held[self._at + size : self._at + size + 9])
        bare = tail.lstrip(b"\r\n")
        whole = not bare or b"WARC/".startswith(bare[:5]) or tail.startswith((b"\r\n\r\n", b"\n\n"))
        return len(tail) - len(bare) if whole else None

    def pass_over(self, size: int) -> bool:
        """Passes so many bytes; stops where a record begins before, and tells that by False."""
        while size:
            if not self.need(1):
                return False
            window = min(size, len(self._held) - self._at)
            if found := _INNER.search(self._held, self._at, self._at + window):
                self._at = found.start() + 4
                return False
            keep = _OVERLAP if window < size and not self._stopped else 0
            if window <= keep:
                if not self.need(window + 1):
                    self._at += window
                    size -= window
                continue
            self._at += window - keep
            size -= window - keep
            if self._at > PIECE_HELD:
                self._compact()
        return True

    def to_next_start(self) -> Break | None:
        """Goes to the next record; what broke on the way, if that ended the search."""
        while True:
            if found := _START.search(self._held, self._at):
                self._at = found.start()
                return None
            self._at = max(self._at, len(self._held) - _OVERLAP)
            if not self.need(len(self._held) - self._at + 1):
                broken = self.stop
                if not self.resume():
                    self._at = len(self._held)
                    return None
                return broken if isinstance(broken, Break) else None


#: A record that begins inside one too long to be held: its Content-Length is then taken to be wrong.
_INNER = re.compile(rb"\r\n\r\nWARC/1\.[01]\r\nWARC-[A-Za-z-]{2,40}:")
PIECE_HELD = 1 << 20
