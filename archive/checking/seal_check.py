"""Whether a segment's seal holds: counts and digests of what lies before it, and the seal's own gzip member.

A seal also has the digest of its records unpacked: where only that one fits, another tool packed the same records anew,
which is worth a line and no problem.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from archive.segments.problems import REPAIR, Problem
from archive.segments.reader import Record
from archive.segments.records import name_uuid
from archive.segments.writer import GZIP_HEADER
from archive.terminal import one_line
from archive.warc.digests import sha1_base32
from archive.warc.fields import FieldsError

HASH_PIECE = 1 << 20
PAYLOAD_DIGEST = "WARC-Payload-Digest"


@dataclass(frozen=True, slots=True)
class Repacked:
    """A segment that another tool compressed anew: its records are those that were sealed."""

    file: str

    def __str__(self) -> str:
        return one_line(f"{self.file}: another tool packed it anew; its records are those that were sealed")


@dataclass(frozen=True, slots=True)
class Continued:
    """The part that a seal says comes next."""

    name: str


@dataclass(frozen=True, slots=True)
class Before:
    """What was read before the seal."""

    warcinfo: Record | None
    records: int
    content: str  # digest of the records unpacked
    undamaged: bool  # nothing between them was unreadable


def as_sealed(record: Record) -> Record:
    """The record without the payload digest that warcio adds to records that have no payload."""
    name, value = record.headers[-1] if record.headers else ("", "")
    if record.type == "resource" or name != PAYLOAD_DIGEST or value != record.get("WARC-Block-Digest"):
        return record
    line = f"{name}: {value}\r\n\r\n".encode()
    if not record.head.endswith(line):
        return record
    return replace(record, head=record.head.removesuffix(line) + b"\r\n", headers=record.headers[:-1])


def seal_problems(path: Path, seal: Record, before: Before) -> Iterator[Problem | Repacked | Continued]:
    """Everything in which the seal does not fit its segment."""
    info = before.warcinfo
    try:
        fields = seal.fields
    except FieldsError as error:
        yield seal.problem(f"the seal cannot be read: {error}", REPAIR)
        return
    if "continued-in" in fields:
        yield Continued(fields["continued-in"])
    if info and seal.refers_to != info.id:
        yield seal.problem("the seal does not refer to the warcinfo", REPAIR)
    if info and seal.get("WARC-Date") != info.get("WARC-Date"):
        yield seal.problem("WARC-Date of the seal is not that of the warcinfo", REPAIR)
    if seal.id != name_uuid("seal", seal.refers_to, seal.get("WARC-Date") or "", sha1_base32(seal.block)):
        yield seal.problem("WARC-Record-ID of the seal is not the one made of what it says", REPAIR)
    packed = {"segment-bytes": str(seal.offset), "segment-sha256": file_digest(path, seal.offset)}
    unpacked = {"segment-records": str(before.records)}
    if "records-sha256" in fields:  # seals of earlier versions have none
        unpacked["records-sha256"] = before.content
    wrong = {name: value for name, value in (unpacked | packed).items() if fields.get(name) != value}
    elsewhere = "segment-bytes" in wrong or not _member(path, seal).startswith(GZIP_HEADER)
    if wrong and elsewhere and wrong.keys() <= packed.keys() and "records-sha256" in fields and before.undamaged:
        yield Repacked(path.name)
        return
    if "segment-sha256" in wrong or "segment-records" in wrong:
        wrong.pop("records-sha256", None)  # says the same
    for name, value in wrong.items():
        yield seal.problem(f"the seal says {name} {fields.get(name)!r}, found is {value!r}", REPAIR)
    yield from _member_problems(path, seal)
    if seal.length and seal.offset + seal.length < path.stat().st_size:
        yield seal.problem("something stands behind the seal", REPAIR)


def _member_problems(path: Path, seal: Record) -> Iterator[Problem]:
    """No digest covers the seal's own gzip member: what carries nothing in it must be as we write it."""
    member = _member(path, seal)
    if not member.startswith(GZIP_HEADER):
        yield seal.problem("the gzip header of the seal is not as cleancopy writes it", REPAIR)
    elif _has_padding_bits(member[len(GZIP_HEADER) : -8]):
        yield seal.problem("bits that pad the seal's gzip member were changed", REPAIR)


def _member(path: Path, record: Record) -> bytes:
    with path.open("rb") as file:
        file.seek(record.offset)
        return file.read(record.length)


def _has_padding_bits(deflated: bytes) -> bool:
    """Whether bits behind the end of a deflate stream, up to the next byte, are set: no library sets them."""
    last = deflated[-1]
    whole = zlib.decompress(deflated, -zlib.MAX_WBITS)
    for bit in (1 << n for n in range(8) if last >> n & 1):
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            without = inflate.decompress(deflated[:-1] + bytes([last ^ bit]))
        except zlib.error:
            continue
        if inflate.eof and not inflate.unused_data and without == whole:
            return True
    return False


def file_digest(path: Path, size: int) -> str:
    """The sha256 of the first `size` bytes, in hex."""
    digest = sha256()
    with path.open("rb") as file:
        while size and (data := file.read(min(size, HASH_PIECE))):
            digest.update(data)
            size -= len(data)
    return digest.hexdigest()
