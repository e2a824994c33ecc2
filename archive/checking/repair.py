"""Repairs a damaged segment into a new file: whole groups byte for byte, then a fresh seal that names what was lost.

Never changes its input. Refuses a segment whose warcinfo cannot be read, and a target that exists (RepairError).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

from archive.checking.seal_check import file_digest
from archive.segments.durable import write_atomically
from archive.segments.problems import Problem
from archive.segments.reader import Record, groups
from archive.segments.records import Draft, seal
from archive.segments.writer import OPEN_SUFFIX, add_content, gzip_member, seal_fields
from archive.warc.fields import FieldsError, load_fields, unescape

COPY_PIECE = 1 << 20
PACKED_ELSEWHERE = (
    "another tool packed it, and its records stand in no gzip members of their own; "
    "run `warcio recompress` on it first, then repair what that writes"
)


class RepairError(Exception):
    """The segment cannot be repaired; the message says why and what still can be done."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A stretch of the damaged file that is not in the repaired one."""

    offset: int
    length: int
    why: str

    def __str__(self) -> str:
        return f"{self.length} bytes at {self.offset}: {self.why}"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did; `path` is None when the segment was whole and nothing had to be written."""

    source: Path
    path: Path | None
    articles: int
    lost: tuple[Lost, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The groups to copy as byte ranges, what lies between them, and whether the old seal still holds."""

    warcinfo: Record
    kept: tuple[tuple[int, int], ...]
    lost: tuple[Lost, ...]
    records: int
    articles: int
    sealed: bool
    content: str  # digest of the kept records, unpacked


def repair(path: Path, folder: Path) -> Repaired:
    """Writes the repaired segment, under the same name without `.open`, into another folder.

    Groups behind damage in the middle are kept too. A left-over `.open` file is sealed even when nothing of it is lost.
    Raises RepairError and OSError.
    """
    plan = _plan(path)
    if plan.sealed and not plan.lost and not path.name.endswith(OPEN_SUFFIX):
        return Repaired(path, None, plan.articles, ())
    target = folder / path.name.removesuffix(OPEN_SUFFIX)
    if target.exists():
        raise RepairError(f"{target} exists; give another folder with -o, a repair never writes over a file")
    write_atomically(target, _rewritten(path, plan), replace=False)
    return Repaired(path, target, plan.articles, plan.lost)


def _plan(path: Path) -> _Plan:
    warcinfo: Record | None = None
    kept: list[tuple[int, int]] = []
    whys: dict[int, str] = {}
    old_seal: Record | None = None
    records = articles = 0
    content = sha256()
    for group in groups(path):
        if isinstance(group, Problem):
            whys[group.offset or 0] = group.what
        elif not all(record.length for record in group.records):
            raise RepairError(f"{path}: {PACKED_ELSEWHERE}")
        elif group.shape == ("warcinfo",) and not kept:
            warcinfo = group.records[0]
            kept.append((0, group.end))
            add_content(content, warcinfo.head, warcinfo.block)
            records += 1
        elif group.is_article and warcinfo:
            kept.append((group.records[0].offset, group.end))
            for record in group.records:
                add_content(content, record.head, record.block)
            records += len(group.records)
            articles += 1
        elif group.records[0].is_seal:
            old_seal = group.records[0]
        else:
            whys[group.records[0].offset] = f"not a whole group: {', '.join(group.shape)}"
    if warcinfo is None or warcinfo.offset:
        raise RepairError(
            f"{path}: the warcinfo cannot be read; `cleancopy archive restore` still reads whole articles"
        )
    size = path.stat().st_size
    end = old_seal.offset if old_seal and old_seal.offset >= kept[-1][1] else size
    lost = tuple(_between(kept, end, whys))
    holds = _holds(path, old_seal, kept[-1][1])
    return _Plan(warcinfo, tuple(kept), lost, records, articles, holds, content.hexdigest())


def _between(accounted: list[tuple[int, int]], size: int, whys: dict[int, str]) -> Iterator[Lost]:
    """The gaps between the ranges that are accounted for, each with the reasons met inside it."""
    for (_, start), (end, _) in pairwise([*sorted(accounted), (size, size)]):
        if end > start:
            reasons = [why for offset, why in sorted(whys.items()) if start <= offset < end]
            yield Lost(start, end - start, "; ".join(dict.fromkeys(reasons)) or "no record")


def _holds(path: Path, old_seal: Record | None, end: int) -> bool:
    """Whether the seal is the last thing in the file and tells the digest of what lies before it."""
    if old_seal is None or old_seal.offset != end or old_seal.offset + old_seal.length != path.stat().st_size:
        return False
    try:
        return old_seal.fields.get("segment-sha256") == file_digest(path, end)
    except FieldsError:
        return False


def _rewritten(path: Path, plan: _Plan) -> Iterator[bytes]:
    digest = sha256()
    size = 0
    for piece in _copied(path, plan.kept):
        digest.update(piece)
        size += len(piece)
        yield piece
    info = Draft("warcinfo", plan.warcinfo.id, plan.warcinfo.get("WARC-Date") or "", b"", b"")
    fields = seal_fields(records=plan.records, size=size, digest=digest.hexdigest(), content=plan.content)
    fields["repaired-from"] = f"sha256:{file_digest(path, path.stat().st_size)}"
    lost = tuple(("lost", str(stretch)) for stretch in plan.lost) or (("lost", "nothing but the seal"),)
    yield gzip_member(seal(info, fields, more=lost))


def _copied(path: Path, ranges: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    with path.open("rb") as file:
        for start, end in ranges:
            file.seek(start)
            while start < end:
                piece = file.read(min(end - start, COPY_PIECE))
                start += len(piece)
                yield piece


def lost_of(record: Record) -> list[str]:
    """What a seal says was lost in a repair. Raises FieldsError."""
    return [unescape(value) for name, value in load_fields(record.block) if name == "lost"]
