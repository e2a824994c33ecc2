"""Reads segments: walks the gzip members, parses records with warcio, puts them together to groups.

Holds one group in memory. Never stops at damage: what cannot be read comes out as a Problem in its
place, and reading goes on at the next member that holds a record. Refuses nothing but an unreadable file (OSError).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO, FileIO
from pathlib import Path

from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]
from warcio.recordloader import ArcWarcRecordLoader  # type: ignore[import-untyped]

from archive.segments.problems import RECLEAN, REPAIR, REWRITE, Problem
from archive.segments.records import MAX_BLOCK
from archive.warc.fields import FieldsError, load_fields

PIECE = 1 << 14  # bytes read at a time; most members are smaller, and what is read too much is read again
SEARCH_PIECE = 1 << 20
MAX_RECORD = MAX_BLOCK + (1 << 16)  # with its headers
MAGIC = b"\x1f\x8b\x08"
GROUP_STARTS = frozenset({"resource", "warcinfo"})
ARTICLE_SHAPES = (("resource", "conversion", "metadata"), ("resource", "metadata"))
#: Articles whose original is a record of another file, which their metadata names.
REFERRING_SHAPES = (("conversion", "metadata"), ("metadata",))
REFERENCE_FIELD = b"\r\nsource-record-id: "

_LOADER = ArcWarcRecordLoader(verify_http=False, arc2warc=False)


@dataclass(frozen=True, slots=True)
class Member:
    """One gzip member, unpacked; its check sum and length were right."""

    file: str
    offset: int
    length: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands in a segment."""

    file: str
    offset: int
    length: int  # of the gzip member
    head: bytes  # version line and headers as written
    headers: tuple[tuple[str, str], ...]  # as warcio reads them
    block: bytes

    def get(self, name: str) -> str | None:
        """The value of the first header of this name, whatever its case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def type(self) -> str:
        """The WARC-Type, or an empty string."""
        return self.get("WARC-Type") or ""

    @property
    def id(self) -> str:
        """The record id without its angle brackets."""
        return bare(self.get("WARC-Record-ID"))

    @property
    def refers_to(self) -> str:
        """The id of the record this one is about, without angle brackets; empty when there is none."""
        return bare(self.get("WARC-Refers-To"))

    @property
    def fields(self) -> dict[str, str]:
        """The block as warc-fields, values still escaped. Raises FieldsError."""
        return dict(load_fields(self.block))

    @property
    def is_seal(self) -> bool:
        """Whether this is the metadata about the segment itself: it has no target URI."""
        return self.type == "metadata" and self.get("WARC-Target-URI") is None

    def problem(self, what: str, advice: str = RECLEAN) -> Problem:
        """A problem of this record."""
        return Problem(self.file, self.offset, self.id or None, what, advice)


@dataclass(frozen=True, slots=True)
class Group:
    """Records that stand together: an article's, or the warcinfo or seal alone, or what damage left over."""

    records: tuple[Record, ...]

    @property
    def shape(self) -> tuple[str, ...]:
        """The types in their order."""
        return tuple(record.type for record in self.records)

    @property
    def is_article(self) -> bool:
        """Whether it is a whole article: original, clean text if there is one, metadata."""
        return self.shape in ARTICLE_SHAPES or (
            self.shape in REFERRING_SHAPES and not self.metadata.is_seal and REFERENCE_FIELD in self.metadata.block
        )

    @property
    def resource(self) -> Record | None:
        """The original; None where it is a record of another file. Only of an article."""
        return self.records[0] if self.records[0].type == "resource" else None

    @property
    def conversion(self) -> Record | None:
        """The clean text, or None for an empty or failed document. Only of an article."""
        return next((record for record in self.records if record.type == "conversion"), None)

    @property
    def metadata(self) -> Record:
        """The provenance and ledger. Only of an article."""
        return self.records[-1]

    @property
    def end(self) -> int:
        """The offset of the byte after the last record."""
        return self.records[-1].offset + self.records[-1].length


def bare(record_id: str | None) -> str:
    """A record id without angle brackets; empty for None."""
    return (record_id or "").strip().removeprefix("<").removesuffix(">")


def groups(path: Path) -> Iterator[Group | Problem]:
    """The groups of a segment in their order, with a Problem in the place of what cannot be read.

    Order inside a group is not judged here: a group that is no whole article is for the caller to report.
    """
    return assemble(records(path))


def articles(path: Path) -> Iterator[Group | Problem]:
    """Only the groups that are whole articles, and the problems met on the way."""
    for group in groups(path):
        if isinstance(group, Problem) or group.is_article:
            yield group


def assemble(entries: Iterable[Record | Problem]) -> Iterator[Group | Problem]:
    """Cuts a stream of records into groups; damage ends a group, since what followed it is unknown."""
    held: list[Record] = []
    for entry in entries:
        if held and (isinstance(entry, Problem) or _begins_group(entry, held)):
            yield Group(tuple(held))
            held = []
        if isinstance(entry, Problem):
            yield entry
        else:
            held.append(entry)
    if held:
        yield Group(tuple(held))


def _begins_group(record: Record, held: list[Record]) -> bool:
    ended = held[-1].type in ("metadata", "warcinfo") or len(held) == 3
    return ended or record.type in GROUP_STARTS or record.is_seal


def records(path: Path) -> Iterator[Record | Problem]:
    """Every record of a segment with its offset, and a Problem in the place of each that cannot be read."""
    for member in members(path):
        yield member if isinstance(member, Problem) else parse(member)


def parse(member: Member) -> Record | Problem:
    """The one record a member must hold: its Content-Length must lead exactly to the two line ends that close it."""
    stream = BytesIO(member.data)
    try:
        parsed = _LOADER.parse_record_stream(stream, known_format="warc", no_record_parse=True)
    except (ArchiveLoadFailed, EOFError) as error:
        return _damage(member, f"the gzip member holds no WARC record ({str(error).strip() or 'it is empty'})")
    start = stream.tell()
    headers = tuple(parsed.rec_headers.headers)
    record = Record(member.file, member.offset, member.length, member.data[:start], headers, b"")
    given = record.get("Content-Length")
    if given is None or not (given.isascii() and given.isdigit()):
        return record.problem(f"Content-Length is {given!r}, not a number", REWRITE)
    end = start + int(given)
    if member.data[end:] != b"\r\n\r\n" or end > len(member.data):
        found = len(member.data) - start - 4
        return record.problem(f"Content-Length is {given}, but the record holds {found} bytes and its end", REPAIR)
    return Record(member.file, member.offset, member.length, member.data[:start], headers, member.data[start:end])


def members(path: Path) -> Iterator[Member | Problem]:
    """Walks the gzip members of a file; zlib checks each one's CRC and length (RFC 1952, 2.3.1).

    After damage it goes on at the next member that holds a WARC record. A file cut exactly between two
    members looks whole here: the missing seal gives that away.
    """
    with FileIO(path, "rb") as file:
        size = file.seek(0, 2)
        offset = 0
        if not size:
            yield Problem(path.name, 0, None, "the file is empty", "remove it and clean the input again")
        while offset < size:
            member = _member(file, path.name, offset)
            yield member
            after = offset + member.length if isinstance(member, Member) else _next_member(file, offset + 1)
            offset = size if after is None else after


def _member(file: FileIO, name: str, offset: int) -> Member | Problem:
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    pieces: list[bytes] = []
    room = MAX_RECORD
    file.seek(offset)
    while not inflate.eof:
        data = inflate.unconsumed_tail or file.read(PIECE)
        if not data:
            return Problem(name, offset, None, "the gzip member is torn: the file ends inside it", REPAIR)
        try:
            pieces.append(inflate.decompress(data, room + 1))
        except zlib.error as error:
            return Problem(name, offset, None, f"the gzip member is damaged ({_reason(error)})", REPAIR)
        room -= len(pieces[-1])
        if room < 0:
            what = f"the gzip member unpacks to more than {MAX_RECORD} bytes"
            return Problem(name, offset, None, what, "it was not written by cleancopy; remove the segment")
    return Member(name, offset, file.tell() - len(inflate.unused_data) - offset, b"".join(pieces))


def _reason(error: zlib.error) -> str:
    """zlib's own words, after its "Error -3 while decompressing data: "."""
    return str(error).rpartition(": ")[2]


def _next_member(file: FileIO, start: int) -> int | None:
    """The offset of the next gzip member that unpacks to the start of a WARC record."""
    while True:
        file.seek(start)
        data = file.read(SEARCH_PIECE)
        at = data.find(MAGIC)
        while at >= 0:
            if _unpacks_to_record(file, start + at):
                return start + at
            at = data.find(MAGIC, at + 1)
        if len(data) < SEARCH_PIECE:
            return None
        start += len(data) - len(MAGIC) + 1


def _unpacks_to_record(file: FileIO, offset: int) -> bool:
    file.seek(offset)
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(file.read(PIECE), 5) == b"WARC/"
    except zlib.error:
        return False


def _damage(member: Member, what: str) -> Problem:
    return Problem(member.file, member.offset, None, what, REPAIR)


def metadata_fields(record: Record) -> dict[str, str] | Problem:
    """The fields of a metadata record, or the Problem that they cannot be read."""
    try:
        return record.fields
    except FieldsError as error:
        return record.problem(f"the fields cannot be read: {error}")
