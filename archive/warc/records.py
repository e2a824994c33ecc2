"""Any WARC stream → its records in order, each with its place: our own segments, and what crawlers wrote.

The one walker of records. Memory is bounded by the longest record that is wanted; others are passed over in pieces.
Damage comes out as a value in its place and reading goes on at the next record, since neither warcio 1.8 nor FastWARC
2.0 goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from archive.warc.digests import digest_matches
from archive.warc.members import FETCH, Break, unpacked
from archive.warc.window import Place, Window

__all__ = ["Capture", "Damage", "Judge", "Passed", "Place", "captures", "header_fields"]

#: What a judge sees of a block: enough for all HTTP headers but absurd ones.
SNIFFED = 1 << 14
#: How an ARC file begins (Internet Archive, "Arc File Format", 1996).
_ARC = b"filedesc:"


@dataclass(frozen=True, slots=True)
class Capture:
    """A record that was wanted; its block has the digest that its header names, or names none we know."""

    place: Place
    head: bytes  # version line and headers as written, with the empty line
    fields: tuple[tuple[str, str], ...]  # headers in their order, names as written
    headers: Mapping[str, str]  # names in lower case; of repeated ones the first
    block: bytes
    ending: bytes  # the line ends behind it
    length: int = 0  # of the gzip member, where it holds this record and nothing else; else 0

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
    head: bytes = b""  # of the record, where that could be read


#: Headers and the beginning of a block → why the record is not wanted; None when it is.
Judge = Callable[[Mapping[str, str], bytes], str | None]


def wanted(headers: Mapping[str, str], begin: bytes) -> str | None:
    """A judge that wants every record."""
    return None


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the caller wants of records."""

    judge: Judge
    max_block: int
    check: bool


def captures(
    stream: BinaryIO, judge: Judge, *, max_block: int, start: int = 0, first: int = 1, check: bool = True
) -> Iterator[Capture | Passed | Damage]:
    """The records of a stream whose first byte has the offset `start` in its file. Raises OSError of the stream.

    `first`: the number of the record that begins there. Without `check` digests are left to the caller.
    """
    window = Window(unpacked(stream, start))
    wish = _Wish(judge, max_block, check)
    number = first - 1
    if not start and window.need(len(_ARC)) and window.view(0, len(_ARC)) == _ARC:
        yield Damage(Place(1, 0), "it is an ARC file, the format before WARC", "turn it into WARC: warcio recompress")
        return
    while True:
        window.skip_between()
        if not window.need(1):
            broken = window.stop
            if not window.resume():
                return
            if isinstance(broken, Break):
                yield Damage(Place(number + 1, broken.offset), broken.what, broken.do)
            continue
        number += 1
        yield from _record(window, number, wish)


def _record(window: Window, number: int, wish: _Wish) -> Iterator[Capture | Passed | Damage]:
    place = window.place(number)
    head = window.head()
    if not head:
        yield _damaged(window, place, "no WARC record begins here", b"")
        return
    fields = header_fields(head)
    headers = _first_of_each(fields)
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        yield _damaged(window, place, f"its Content-Length is {length[:20]!r}, not a number", head)
        return
    size = int(length)
    window.need(len(head) + min(size, SNIFFED))
    reason = wish.judge(headers, window.view(len(head), min(size, SNIFFED)))
    if size > wish.max_block:
        yield _too_long(window, place, head, size, reason=reason, max_block=wish.max_block)
        return
    if not window.need(len(head) + size):
        yield _damaged(window, place, "it ends before its Content-Length says", head)
        return
    ending = window.ending(len(head) + size)
    if ending is None:
        yield _damaged(window, place, "its Content-Length does not lead to its end", head)
        return
    block = b"" if reason else window.view(len(head), size)
    whole = len(head) + size + len(ending)
    alone = window.member_length(whole)
    window.drop(whole)
    if (
        not window.need(1)
        and isinstance(window.stop, Break)
        and window.stop.offset == place.offset
        and not place.inside
    ):
        broken = window.stop
        window.resume()
        yield Damage(place, broken.what, broken.do, head=head)
    elif reason:
        yield Passed(place, reason)
    else:
        capture = Capture(place, head, fields, headers, block, ending, alone)
        yield _checked(capture) if wish.check else capture


def _too_long(
    window: Window, place: Place, head: bytes, size: int, *, reason: str | None, max_block: int
) -> Passed | Damage:
    """Passes a record that must not be held."""
    window.drop(len(head))
    whole = window.pass_over(size)
    if reason and whole:
        return Passed(place, reason)
    what = f"it is longer than {max_block:,} bytes" if whole else "its Content-Length does not lead to its end"
    return Damage(place, what, "raise --max-bytes, or leave it out", too_long=whole, head=head)


def _checked(capture: Capture) -> Capture | Damage:
    digest = capture.headers.get("warc-block-digest")
    if digest and digest_matches(digest, capture.block) is False:
        return Damage(capture.place, "its block does not have the digest that its header names")
    return capture


def _damaged(window: Window, place: Place, what: str, head: bytes) -> Damage:
    """Reports, and goes on at the next record that begins behind the head."""
    window.drop(max(len(head), 1))
    broken = window.to_next_start()
    if broken and broken.offset == place.offset:
        return Damage(place, broken.what, broken.do, head=head)
    return Damage(place, what, head=head)


def header_fields(head: bytes) -> tuple[tuple[str, str], ...]:
    """Names as written and values without blanks around them, in their order, of a record's head.

    Only CR LF, or a bare LF, ends a line; U+0085 or U+2028 inside a value does not.
    """
    fields: list[tuple[str, str]] = []
    for line in head.decode("utf-8", "replace").split("\n")[1:]:
        if line.startswith((" ", "\t")) and fields:  # a folded line (WARC 1.1, 4)
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip(_BLANKS)}")
        elif line.strip(_BLANKS):
            name, _, value = line.partition(":")
            fields.append((name.strip(_BLANKS), value.strip(_BLANKS)))
    return tuple(fields)


_BLANKS = " \t\r"


def _first_of_each(fields: tuple[tuple[str, str], ...]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in fields:
        headers.setdefault(name.lower(), value)
    return headers
