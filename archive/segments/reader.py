"""Reads segments: the records that the walker of any WARC finds, put together to groups.

Holds one group in memory. Never stops at damage: what cannot be read comes out as a Problem in its
place, and reading goes on at the next record. Refuses nothing but an unreadable file (OSError).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast

from archive.segments.problems import RECLEAN, REPAIR, REWRITE, Problem
from archive.segments.records import MAX_BLOCK, RECORD_END
from archive.warc.fields import FieldsError, load_fields
from archive.warc.records import Capture, Damage, Passed, captures, header_fields, wanted

GROUP_STARTS = frozenset({"resource", "warcinfo"})
ARTICLE_SHAPES = (("resource", "conversion", "metadata"), ("resource", "metadata"))
#: Articles whose original is a record of another file, which their metadata names.
REFERRING_SHAPES = (("conversion", "metadata"), ("metadata",))
REFERENCE_FIELD = b"\r\nsource-record-id: "


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands in a segment."""

    file: str
    offset: int
    length: int  # of its gzip member; 0 when it does not stand in one of its own, as another tool may have packed it
    inside: int  # its offset in the unpacked member, then
    head: bytes  # version line and headers as written
    headers: tuple[tuple[str, str], ...]  # in their order, names as written
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

    Order inside a group is not judged here: a group that is not a whole article is for the caller to report.
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
    """Every record of a segment with its place, and a Problem in the place of each that cannot be read.

    A file cut exactly between two members looks whole here: the missing seal gives that away.
    """
    with FileIO(path, "rb") as file:
        if not file.seek(0, 2):
            yield Problem(path.name, 0, None, "the file is empty", "remove it and clean the input again")
        file.seek(0)
        end = 0  # of the members read; unknown behind damage
        for capture in captures(cast(BinaryIO, file), wanted, max_block=MAX_BLOCK, check=False):
            if end and capture.place.offset > end:
                yield Problem(path.name, end, None, "something between two records is not a record", REPAIR)
            record = _record(path.name, capture)
            yield record
            end = record.offset + record.length if isinstance(record, Record) and record.length else 0


def _record(name: str, capture: Capture | Passed | Damage) -> Record | Problem:
    assert not isinstance(capture, Passed), "every record is wanted"
    if isinstance(capture, Damage):
        record_id = bare(dict(header_fields(capture.head)).get("WARC-Record-ID"))
        what = capture.what if not capture.too_long else f"{capture.what}: cleancopy did not write it"
        return Problem(name, capture.place.offset, record_id or None, what, REPAIR)
    record = Record(
        name, capture.place.offset, capture.length, capture.place.inside, capture.head, capture.fields, capture.block
    )
    if capture.ending != RECORD_END:
        what = f"Content-Length does not lead to its end: behind it stands {capture.ending!r}, not two line ends"
        return record.problem(what, REWRITE)
    return record


def metadata_fields(record: Record) -> dict[str, str] | Problem:
    """The fields of a metadata record, or the Problem that they cannot be read."""
    try:
        return record.fields
    except FieldsError as error:
        return record.problem(f"the fields cannot be read: {error}")
