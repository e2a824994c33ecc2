"""The unpacked bytes of a stream from the current record on, each with its place in the file.

Holds what was asked for and some pieces more. Ends at damage, and where a member ends before its record does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from archive.warc.members import Break, Chunk, End, Event

MAX_HEAD = 1 << 16
#: Where a record begins: version line, then a named field. 0.17 and 0.18 are drafts still found in old crawls.
START = re.compile(rb"WARC/(?:0\.1[78]|1\.[01])[ \t]*\r?\n[A-Za-z][A-Za-z-]{2,40}[ \t]*:")
_VERSION = re.compile(rb"WARC/(?:0\.1[78]|1\.[01])[ \t]*\r?\n")
#: The end of a head; or the beginning of the next one, before which this one was torn off.
_HEAD_END = re.compile(rb"\r?\n\r?\n|" + START.pattern)
#: A record that begins inside one too long to be held: its Content-Length is then taken to be wrong.
_INNER = re.compile(rb"\r\n\r\nWARC/1\.[01]\r\nWARC-[A-Za-z-]{2,40}:")
#: What stands between records. The standard wants two line ends; some writers put a zero byte behind them, while many
#: zero bytes are a hole in the file.
BETWEEN = re.compile(rb"[\r\n]*(?:\0(?!\0)[\r\n]*)?")
#: So much is kept back while searching, so that no start is cut in two.
_OVERLAP = 80
PIECE_HELD = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: its ordinal from 1, its member's offset in the file, and its own offset inside that."""

    number: int
    offset: int
    inside: int = 0


@dataclass(slots=True)
class _Mark:
    """Where the bytes of a member, or bytes that were never packed, begin among those held."""

    index: int
    offset: int  # in the file
    plain: bool
    end: int = -1  # of the member in the file; not known before it ended


class Window:
    """Reads events of `unpacked`; `need` fills it, `drop` and the searches move on."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._held = bytearray()
        self._at = 0
        self._marks: list[_Mark] = []
        self._ended = False
        self._ahead: Chunk | None = None
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
            if self._marks and self._marks[-1].offset == event.offset:
                self._marks[-1].end = event.end
        elif self._ended and len(self._held) > self._at and event.data.startswith(b"WARC/"):
            self.stop, self._stopped, self._ahead = End(event.offset, event.offset), True, event
        else:
            self._take(event)

    def _take(self, piece: Chunk) -> None:
        self._ended = False
        if self._at > PIECE_HELD or self._at == len(self._held):
            self._compact()
        if not self._marks or self._marks[-1].offset != piece.offset:
            self._marks.append(_Mark(len(self._held), piece.offset, piece.plain))
        self._held += piece.data

    def _compact(self) -> None:
        at, self._at = self._at, 0
        del self._held[:at]
        for mark in self._marks:
            mark.index -= at
        current = max((n for n, mark in enumerate(self._marks) if mark.index <= 0), default=0)
        del self._marks[:current]

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
        mark = next(mark for mark in reversed(self._marks) if mark.index <= self._at)
        inside = self._at - mark.index
        return Place(number, mark.offset + inside) if mark.plain else Place(number, mark.offset, inside)

    def member_length(self, size: int) -> int:
        """The bytes in the file of the member that the next `size` bytes fill alone; 0 when they do not."""
        index = next(n for n in range(len(self._marks) - 1, -1, -1) if self._marks[n].index <= self._at)
        mark = self._marks[index]
        after = self._marks[index + 1].index if index + 1 < len(self._marks) else len(self._held)
        fills = mark.index == self._at and after == self._at + size and not mark.plain
        return mark.end - mark.offset if fills and mark.end >= 0 else 0

    def head(self) -> bytes:
        """Version line and headers with the empty line; nothing when they are not there, or another record's begin."""
        size = 1 << 10
        while size <= MAX_HEAD:
            more = self.need(size)
            if not _VERSION.match(self._held, self._at):
                return b""
            if match := _HEAD_END.search(self._held, self._at + 5, self._at + size):
                return b"" if match[0].startswith(b"WARC/") else bytes(self._held[self._at : match.end()])
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

    def skip_between(self) -> None:
        """Passes what stands between two records."""
        while self.need(1) and (passed := self._between(self._at)):
            self._at += passed
            self.need(2)

    def _between(self, index: int) -> int:
        """How many bytes that stand between records begin there."""
        matched = BETWEEN.match(self._held, index)
        assert matched is not None, "it matches nothing, too"
        return matched.end() - index

    def ending(self, size: int) -> bytes | None:
        """The line ends behind so many bytes; None when something else stands there."""
        self.need(size + 9)
        tail = bytes(self._held[self._at + size : self._at + size + 9])
        matched = BETWEEN.match(tail)
        bare = tail[matched.end() :] if matched else tail
        whole = not bare or b"WARC/".startswith(bare[:5]) or tail.startswith((b"\r\n\r\n", b"\n\n"))
        return tail[: len(tail) - len(bare)] if whole else None

    def pass_over(self, size: int) -> bool:
        """Passes so many bytes; stops where a record begins before, and tells that by False."""
        while size:
            if not self.need(1):
                return False
            window = min(size, len(self._held) - self._at)
            if match := _INNER.search(self._held, self._at, self._at + window):
                self._at = match.start() + 4
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
        """Goes to the next record whose head is whole; what broke on the way, if that ended the search."""
        while True:
            if match := START.search(self._held, self._at):
                self._at = match.start()
                if not self._is_torn():
                    return None
                self._at += 5
                continue
            self._at = max(self._at, len(self._held) - _OVERLAP)
            if not self.need(len(self._held) - self._at + 1):
                broken = self.stop
                if not self.resume():
                    self._at = len(self._held)
                    return None
                return broken if isinstance(broken, Break) else None

    def _is_torn(self) -> bool:
        """Whether another record begins before this one's head ends: then they are one stretch of damage."""
        match = _HEAD_END.search(self._held, self._at + 5, self._at + (1 << 10))
        return match is not None and match[0].startswith(b"WARC/")
