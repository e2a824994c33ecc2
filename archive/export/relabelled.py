"""Segments for tools that know no WARC 1.1: every record as it is, under the version line of 1.0, and sealed anew.

What our records hold is valid in 1.0 too: dates are to the second, and no field of 1.1 alone is used. Refuses to write
over a file (ExportError).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from archive.export.texts import Counts, ExportError
from archive.segments.durable import write_atomically
from archive.segments.problems import Problem
from archive.segments.reader import Record, records
from archive.segments.records import Draft, seal
from archive.segments.writer import OPEN_SUFFIX, add_content, gzip_member, seal_fields

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

OLD, NEW = b"WARC/1.0\r\n", b"WARC/1.1\r\n"


@dataclass(slots=True)
class _Sum:
    """What a seal says of the records before it."""

    records: int = 0
    size: int = 0
    digest: HASH = field(default_factory=sha256)
    content: HASH = field(default_factory=sha256)


def export_relabelled(segment: Path, folder: Path) -> Counts:
    """The segment under its own name in another folder. Raises ExportError, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / segment.name.removesuffix(OPEN_SUFFIX)
    counts = Counts()
    try:
        write_atomically(target, _members(segment, counts), replace=False)
    except FileExistsError:
        what = "exists; give another folder with -o, an export never writes over a file"
        raise ExportError(f"{target} {what}") from None
    return counts


def _members(segment: Path, counts: Counts) -> Iterator[bytes]:
    before = _Sum()
    info: Record | None = None
    for record in records(segment):
        if isinstance(record, Problem):
            counts.problems.append(record)
            continue
        if record.is_seal:
            continue
        info = info or record
        head = OLD + record.head.partition(b"\n")[2]
        member = gzip_member(Draft(record.type, record.id, "", head, record.block))
        counts.texts += record.type == "conversion"
        before.records += 1
        before.size += len(member)
        before.digest.update(member)
        add_content(before.content, head, record.block)
        yield member
    if info is not None:
        yield gzip_member(_seal(info, before))


def _seal(info: Record, before: _Sum) -> Draft:
    fields = seal_fields(
        records=before.records, size=before.size, digest=before.digest.hexdigest(), content=before.content.hexdigest()
    )
    draft = seal(Draft("warcinfo", info.id, info.get("WARC-Date") or "", b"", b""), fields)
    return Draft(draft.type, draft.id, draft.date, OLD + draft.header.removeprefix(NEW), draft.block)
