"""Files made to exhaust their reader: each is read to its end, holding little, and what is good in it comes out.

Each would take hours, or all memory, if work grew faster than the file.
"""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import zstandard
from make_crawls import good, members

from archive.warc.members import MAX_NESTED, inflater
from archive.warc.records import Capture, Damage, captures, header_fields, wanted

A, Z = members(good("a")), members(good("z"))
MAX_BLOCK = 20_000


def letters(data: bytes) -> str:
    """The good records by the last letters of their ids; damage as a dot, once however long."""
    records = captures(io.BytesIO(data), wanted, max_block=MAX_BLOCK)
    signs = "".join((record.id or ".")[-1] if isinstance(record, Capture) else "." for record in records)
    while ".." in signs:
        signs = signs.replace("..", ".")
    return signs


def packed(data: bytes, times: int) -> bytes:
    """So many repetitions as one gzip member, made without holding them."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(deflate.compress(data) for _ in range(times)) + deflate.flush()


def nested(count: int) -> bytes:
    """Damaged members, each stored inside the one before it: all begin like records and end with a wrong check sum."""
    data = b""
    for _ in range(count):
        head = b"WARC/1.1\r\n" + data
        blocks = [head[at : at + 65_535] for at in range(0, len(head), 65_535)]
        stored = b"".join(
            bytes([n == len(blocks) - 1]) + len(b).to_bytes(2, "little") + (len(b) ^ 0xFFFF).to_bytes(2, "little") + b
            for n, b in enumerate(blocks)
        )
        data = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + stored + bytes(8)
    return data


@dataclass(frozen=True, slots=True)
class Hostile:
    make: Callable[[], bytes]
    gives: str


CASES = {
    "100 MB of line ends in a member": Hostile(lambda: A + packed(b"\r\n" * 500_000, 100) + Z, "az"),
    "20 MB of plain line ends": Hostile(lambda: A + b"\n" * 20_000_000 + Z, "az"),
    "line ends before the first record": Hostile(lambda: b"\r\n" * 5_000_000 + A, "a"),
    "100 MB of zero bytes in a member": Hostile(lambda: A + packed(bytes(1_000_000), 100) + Z, "a.z"),
    "10 MB of beginnings": Hostile(lambda: good("a") + b"WARC/1.0\r\nX-a:\r\n" * 600_000 + good("z"), "a.z"),
    "10 MB of version lines": Hostile(lambda: good("a") + b"WARC/1.0\r\n" * 1_000_000 + good("z"), "a.z"),
    "heads that claim much": Hostile(
        lambda: good("a") + b"WARC/1.0\r\nContent-Length: 19999\r\n\r\n" * 50_000 + b"\r\n" * 15_000 + good("z"), "a.z"
    ),
    "heads that claim more than is held": Hostile(
        lambda: good("a") + b"WARC/1.0\r\nContent-Length: 99999999\r\n\r\n" * 50_000 + good("z"), "a.z"
    ),
    "false gzip marks": Hostile(lambda: A + b"\x1f\x8b\x08\x00" * 500_000 + Z, "a.z"),
    "false zstd marks": Hostile(lambda: A + b"\x28\xb5\x2f\xfd" * 200_000 + Z, "a.z"),
    "damaged members in one another": Hostile(lambda: A + nested(600) + Z, "a.z"),
    "many empty members": Hostile(lambda: A + gzip.compress(b"", mtime=0) * 100_000 + Z, "az"),
    "a zstd bomb": Hostile(lambda: A + zstandard.compress(bytes(1 << 29)) + Z, "a.z"),
    "a member that never ends its head": Hostile(
        lambda: A + packed(b"WARC/1.1\r\nX: " + b"x" * 999_986, 50) + Z, "a.z"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_read_to_its_end(name: str) -> None:
    case = CASES[name]
    data = case.make()
    assert letters(data) == case.gives


@pytest.mark.parametrize("name", ["100 MB of line ends in a member", "100 MB of zero bytes in a member", "a zstd bomb"])
def test_little_of_it_is_held(name: str) -> None:
    data = CASES[name].make()
    tracemalloc.start()
    try:
        letters(data)
        assert tracemalloc.get_traced_memory()[1] < 120_000_000
    finally:
        tracemalloc.stop()


def test_nested_damage_is_searched_so_many_times_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    unpackers = []
    monkeypatch.setattr("archive.warc.members.inflater", lambda: unpackers.append(1) or inflater())
    assert letters(A + nested(3 * MAX_NESTED) + Z) == "a.z"
    assert len(unpackers) < 8 * MAX_NESTED


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("a\x85Content-Length: 7", "a\x85Content-Length: 7"),
        ("a\u2028b", "a\u2028b"),
        ("a\x0bb\x0cc\x1cd", "a\x0bb\x0cc\x1cd"),
        (" padded\t", "padded"),
        ("folded\r\n\tvalue", "folded value"),
        ("", ""),
    ],
)
def test_only_line_feeds_end_a_header(value: str, read: str) -> None:
    head = f"WARC/1.1\r\nX-Note: {value}\r\nContent-Length: 5\r\n\r\n".encode()
    assert header_fields(head) == (("X-Note", read), ("Content-Length", "5"))


def test_damage_says_where() -> None:
    (first, damage, last) = captures(io.BytesIO(A + b"garbage" + Z), wanted, max_block=MAX_BLOCK)
    assert isinstance(damage, Damage)
    assert damage.place.offset == len(A)
    assert isinstance(first, Capture)
    assert isinstance(last, Capture)
    assert (first.length, last.length) == (len(A), len(Z))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, bytes], ids=["gzip", "zstd", "plain"])
def test_a_record_that_shares_its_member_has_no_length_of_its_own(pack: Callable[[bytes], bytes]) -> None:
    records = list(captures(io.BytesIO(pack(good("a") + good("z"))), wanted, max_block=MAX_BLOCK))
    assert [record.length for record in records if isinstance(record, Capture)] == [0, 0]
