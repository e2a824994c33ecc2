"""Writes segments: gzip members, one per record; groups as transactions; a seal at the end.

While being written a segment is called `<name>.open`. An exception leaves the file as it was before
the group (warcio's writer leaves a torn member); leaving the `with` block by an exception removes what
this writer wrote. Refuses to write over a file that is there (SegmentError).
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from deflate import crc32, deflate_compress

from archive.segments.durable import sync_folder
from archive.segments.records import RECORD_END, Article, Draft, RunInfo, group_of, seal, warc_date, warcinfo

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

OPEN_SUFFIX = ".open"
SUFFIX = ".warc.gz"
#: Of 902 records of 300 news articles: 136 µs an article, zlib 256 for as many bytes. Level 1 takes 75 for 1.6 % more
#: bytes, level 8 161 for .5 % fewer. Recorded in the warcinfo, never switched. warcio's writer has zlib's 9.
GZIP_LEVEL = 6
CODEC = f"gzip, one member per record, libdeflate level {GZIP_LEVEL}"
#: Written by hand because zlib and the gzip module put the operating system (or a time) into theirs: no flags, no
#: time, system 255 (unknown), so that every machine writes the same bytes (RFC 1952, 2.3).
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
ROTATE_AT = 1_000_000_000  # bytes; WARC 1.1, annex C recommends segments of about 1 GB
SYNC_EVERY = 1_000  # groups: costs 10 µs each; after every group it would be 4.8 ms


class SegmentError(Exception):
    """A segment cannot be written or read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Which segment to write: nothing in it depends on the worker, host or process."""

    prefix: str
    clock: datetime  # of the run, aware
    shard: int
    rotate_at: int = ROTATE_AT


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a record lies, and what an index says about it."""

    segment: str  # file name
    offset: int
    length: int  # of the gzip member
    type: str
    id: str
    date: str
    target_uri: str
    media_type: str
    digest: str


def segment_name(prefix: str, clock: datetime, *, shard: int, part: int) -> str:
    """`{prefix}-{clock}-{shard}-{part}.warc.gz`; sorts in the order of shards and parts.

    Raises SegmentError for a prefix that is not of letters, digits, ".", "_" and "-".
    """
    if not prefix or not all(c.isascii() and (c.isalnum() or c in "._-") for c in prefix) or prefix[0] == ".":
        raise SegmentError(f"{prefix!r} cannot begin a file name; use letters, digits and - only")
    stamp = warc_date(clock).translate({ord(c): None for c in "-:TZ"})
    return f"{prefix}-{stamp}-{shard:05d}-{part:02d}{SUFFIX}"


def gzip_member(draft: Draft) -> bytes:
    """The record as one gzip member: of one version of libdeflate the same bytes on every machine.

    Its author says so (libdeflate, issue 400). Systems differ in their zlib; zlib-ng and isal go by the processor.
    """
    record = b"".join((draft.header, draft.block, RECORD_END))
    tail = struct.pack("<II", crc32(record), len(record) & 0xFFFFFFFF)
    return b"".join((GZIP_HEADER, deflate_compress(record, GZIP_LEVEL), tail))


class SegmentWriter:
    """Context manager that writes one segment, or its parts, into a folder that exists.

    A group larger than what is left of a part goes whole into the next part: the limit holds between groups.
    """

    def __init__(self, folder: Path, segment: Segment, run: RunInfo) -> None:
        self.folder = folder
        self.segment = segment
        self.run = run
        self._inside = False
        self._part: _Part | None = None  # None inside: the next part is still to be created
        self._closed: list[Path] = []

    @property
    def paths(self) -> tuple[Path, ...]:
        """The closed parts, complete after the `with` block."""
        return tuple(self._closed)

    @property
    def parts(self) -> int:
        """How many parts there are by now, the open one included."""
        return len(self._closed) + (self._part is not None)

    def __enter__(self) -> Self:
        self._inside = True
        self._part = self._new_part()
        return self

    def write(self, article: Article) -> tuple[Placed, ...]:
        """Appends the article's group and says where its records lie.

        Raises ArticleError for an article that cannot be stored and OSError when the disk refuses; after
        either the segment is as before and more can be written.
        """
        part = self._open_part()
        group = group_of(article, self.run)
        members = [gzip_member(draft) for draft in group]
        if part.offset > part.start and part.offset + sum(map(len, members)) > self.segment.rotate_at:
            part = self._next_part()
        return part.append(group, members)

    def copy(self, record: Draft) -> Placed:
        """Appends one record of another file as it is, and says where it lies. Raises OSError like `write`."""
        part = self._open_part()
        member = gzip_member(record)
        if part.offset > part.start and part.offset + len(member) > self.segment.rotate_at:
            part = self._next_part()
        return part.append((record,), [member])[0]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._closed.append(self._open_part().close())
        except BaseException:  # a full disk, or Ctrl-C: then nothing of this segment stays
            self._discard()
            raise
        finally:
            self._inside = False
        if kind is not None:
            self._discard()

    def _open_part(self) -> _Part:
        if not self._inside:
            raise SegmentError("the segment is not open; write inside its with block")
        if self._part is None:
            self._part = self._new_part()
        return self._part

    def _new_part(self) -> _Part:
        name = self._name(len(self._closed))
        return _Part(self.folder, name, warcinfo(self.run, name=name, date=warc_date(self.segment.clock), codec=CODEC))

    def _next_part(self) -> _Part:
        """Seals the part with the name of the next one, so that a lost last part is noticed."""
        self._closed.append(self._open_part().close(continued_in=self._name(len(self._closed) + 1)))
        self._part = None
        return self._open_part()

    def _name(self, part: int) -> str:
        return segment_name(self.segment.prefix, self.segment.clock, shard=self.segment.shard, part=part)

    def _discard(self) -> None:
        if self._part:
            self._part.discard()
        for path in self._closed:
            path.unlink(missing_ok=True)
        self._closed.clear()


class _Part:
    """One file being written: its offset, its running digest, and how to go back to the last whole group."""

    def __init__(self, folder: Path, name: str, info: Draft) -> None:
        self.path = folder / name
        self.draft = folder / (name + OPEN_SUFFIX)
        self.info = info
        self.offset = 0
        self.records = 0
        self.groups = 0
        self.digest = sha256()
        self.content = sha256()  # of the same records before compression
        self.named = False  # whether the file bears its final name
        if self.path.exists():
            raise SegmentError(f"{self.path} exists; choose another output folder, or another --now, or remove it")
        self.file = _create(self.draft)
        try:
            self.append((info,), [gzip_member(info)])
        except BaseException:
            self.discard()
            raise
        self.start = self.offset

    def append(self, group: tuple[Draft, ...], members: list[bytes]) -> tuple[Placed, ...]:
        """Writes the members in one piece, or nothing of them."""
        data = b"".join(members)
        self._write(data, sync=(self.groups + 1) % SYNC_EVERY == 0)
        self.digest.update(data)
        for draft in group:
            add_content(self.content, draft.header, draft.block)
        placed = []
        for draft, member in zip(group, members, strict=True):
            placed.append(_placed(draft, self.path.name, offset=self.offset, length=len(member)))
            self.offset += len(member)
        self.records += len(members)
        self.groups += 1
        return tuple(placed)

    def _write(self, data: bytes, *, sync: bool) -> None:
        try:
            _write_all(self.file, data)
            if sync:
                os.fsync(self.file.fileno())
        except BaseException:  # also Ctrl-C: a torn group must not stay in the file
            self.file.truncate(self.offset)
            self.file.seek(self.offset)
            raise

    def close(self, continued_in: str = "") -> Path:
        """Seals, syncs and renames; only after this does the file bear its name."""
        digest, content = self.digest.hexdigest(), self.content.hexdigest()
        fields = seal_fields(records=self.records, size=self.offset, digest=digest, content=content)
        if continued_in:
            fields["continued-in"] = continued_in
        last = seal(self.info, fields)
        self._write(gzip_member(last), sync=True)
        self.file.close()
        self.draft.rename(self.path)
        self.named = True
        sync_folder(self.path.parent)
        return self.path

    def discard(self) -> None:
        self.file.close()
        with suppress(OSError):
            (self.path if self.named else self.draft).unlink(missing_ok=True)


def seal_fields(*, records: int, size: int, digest: str, content: str) -> dict[str, str]:
    """What a seal says of the bytes before it, and of the same records unpacked, which outlasts another compression."""
    return {
        "segment-records": str(records),
        "segment-bytes": str(size),
        "segment-sha256": digest,
        "records-sha256": content,
    }


def add_content(digest: HASH, head: bytes, block: bytes) -> None:
    """Adds a record, unpacked, to the digest that a seal has of all records before it."""
    digest.update(head)
    digest.update(block)
    digest.update(RECORD_END)


def _placed(draft: Draft, segment: str, *, offset: int, length: int) -> Placed:
    return Placed(
        segment, offset, length, draft.type, draft.id, draft.date, draft.target_uri, draft.media_type, draft.digest
    )


def _create(path: Path) -> FileIO:
    """Unbuffered, so that a group is one write; exclusive, so that two writers never share a file."""
    try:
        return FileIO(path, "xb")
    except FileExistsError:
        raise SegmentError(
            f"{path} was left by a run that broke off or is being written; "
            "save its articles with `cleancopy archive repair`, or remove it"
        ) from None


def _write_all(file: FileIO, data: bytes) -> None:
    """A raw write may take only part of the data (a full disk, more than 2 GB)."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
