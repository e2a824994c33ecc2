"""Verifies segments: members, headers, digests, order, references, seal, and that ledgers rebuild their sources.

Returns every problem, never only the first, and raises for nothing inside a segment. What it needs
of cleaning is handed in (`Checks`). Refuses only a file it may not open (OSError).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from archive.checking.article_check import Origin, article_problems, info_problems
from archive.checking.header_rules import VERSION, VERSION_10, digest_problems, header_problems
from archive.checking.ledger import Checks
from archive.checking.originals import Missing, Sources
from archive.checking.seal_check import Before, Continued, Repacked, as_sealed, seal_problems
from archive.checking.versions import PREVIOUS, in_circles
from archive.segments.problems import REPAIR, REWRITE, Problem
from archive.segments.reader import ARTICLE_SHAPES, Group, Record, groups, metadata_fields
from archive.segments.writer import OPEN_SUFFIX, SUFFIX, add_content
from archive.terminal import one_line
from archive.warc.fields import unescape

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

PREVIOUS_FIELD = f"\r\n{PREVIOUS}: ".encode()

__all__ = ["Checks", "Missing", "Problem", "Repacked", "Sources", "Unchecked", "verify", "verify_segment"]


#: What a segment for older readers is: one line for all of its records.
_RELABELLED = (
    "is WARC/1.0, as `cleancopy archive export --warc10` writes it for other programs",
    "verify the archive that it was exported from",
)


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Renderings that could not be told from their pages here: nothing is known to be wrong with them."""

    why: str
    articles: int

    def __str__(self) -> str:
        counted = "1 rendering" if self.articles == 1 else f"{self.articles} renderings"
        return one_line(f"{counted} not checked against the original: {self.why}")


@dataclass(slots=True)
class _Seen:
    """What is remembered of a segment while its groups go by."""

    warcinfo: Record | None = None
    seal: Record | None = None
    version: bytes = VERSION  # the line that its first record begins with, and so all of them should
    records: int = 0
    before: Before | None = None  # the seal
    undamaged: bool = True
    added: list[Problem] = field(default_factory=list)  # what is wrong only if nobody packed the segment anew
    content: HASH = field(default_factory=sha256)
    ids: set[bytes] = field(default_factory=set)  # digests: about 80 bytes for each record


@dataclass(slots=True)
class _Versions:
    """Which articles there are, and which name a version before them."""

    known: set[bytes] = field(default_factory=set)  # digests of ids of metadata records
    previous: dict[bytes, bytes] = field(default_factory=dict)
    naming: dict[bytes, tuple[str, Record]] = field(default_factory=dict)  # who names which, without its block

    def add(self, metadata: Record) -> None:
        key = _key(metadata.id)
        self.known.add(key)
        if PREVIOUS_FIELD not in metadata.block:
            return
        fields = metadata_fields(metadata)
        if not isinstance(fields, Problem):
            earlier = unescape(fields[PREVIOUS])
            self.previous[key] = _key(earlier)
            self.naming[key] = (earlier, replace(metadata, block=b""))

    def broken(self) -> Iterator[Problem]:
        """Versions before that are not there, or are none."""
        circles = in_circles(self.previous)
        for key, (earlier, metadata) in self.naming.items():
            if self.previous[key] not in self.known:
                what = f"its version before, {earlier}, is in none of these segments"
                yield metadata.problem(what, "bring back the segments of the earlier run")
            elif key in circles:
                yield metadata.problem(f"its versions before, {earlier} first, lead back to itself", REWRITE)


def _key(record_id: str) -> bytes:
    return sha256(record_id.encode("utf-8", "replace")).digest()[:16]


def verify(
    segments: Iterable[Path], checks: Checks, sources: Sources | None = None, *, whole: bool = False
) -> Iterator[Problem | Missing | Unchecked | Repacked]:
    """The problems of each segment in turn, then parts that a seal names and nobody gave, source files not found,
    and renderings that another parser made.

    Originals that are records of other files are looked for in `sources`. `whole`: these segments are all of an
    archive, so that earlier versions must be among them.
    A left-over `.open` file is a problem in itself, and is read like the others.
    """
    sources = sources or Sources()
    unchecked: Counter[str] = Counter()
    chain = _Versions()
    names: set[str] = set()
    continued: dict[str, str] = {}
    for path in segments:
        names.add(path.name.removesuffix(OPEN_SUFFIX))
        for problem in _segment(path, checks, Origin(sources, path.parent, unchecked), chain):
            if isinstance(problem, Continued):
                continued[problem.name] = path.name
            else:
                yield problem
    for missing in sorted(continued.keys() - names):
        advice = "bring the file back; without it the articles after the rotation are lost"
        yield Problem(continued[missing], None, None, f"its next part {missing} is missing", advice)
    if whole:
        yield from chain.broken()
    yield from sources.missing_files()
    yield from (Unchecked(why, count) for why, count in sorted(unchecked.items()))
    sources.close()


def verify_segment(path: Path, checks: Checks) -> list[Problem]:
    """Every problem of one segment, in the order of their offsets, those of the file as a whole last."""
    return [
        problem
        for problem in _segment(path, checks, Origin(Sources(), path.parent), _Versions())
        if isinstance(problem, Problem)
    ]


def _segment(path: Path, checks: Checks, origin: Origin, chain: _Versions) -> Iterator[Problem | Repacked | Continued]:
    seen = _Seen()
    if path.name.endswith(OPEN_SUFFIX):
        yield Problem(
            path.name, None, None, "the segment was not closed: the run broke off or is still writing", REPAIR
        )
    elif not path.name.endswith(SUFFIX):
        yield Problem(path.name, None, None, f"the name does not end with {SUFFIX}", "give it back its name")
    for group in groups(path):
        if isinstance(group, Problem):
            seen.undamaged = False
            yield group
            continue
        if not seen.records and group.records[0].head.startswith(VERSION_10):
            seen.version = VERSION_10
            yield Problem(path.name, None, None, *_RELABELLED)
        sealed = Group(tuple(map(as_sealed, group.records)))
        for record, before in zip(group.records, sealed.records, strict=True):
            seen.added += [] if record is before else header_problems(record, version=seen.version)
        group = sealed
        problems = [problem for record in group.records for problem in _record(record, seen)]
        yield from problems
        yield from _place(group, seen)
        if group.is_article:
            chain.add(group.metadata)
            yield from article_problems(group, checks, origin, warcinfo=seen.warcinfo, sound=not problems)
        elif group.shape != ("warcinfo",) and not group.records[0].is_seal:
            yield group.records[0].problem(f"not a whole group: {_listed(group.shape)}", REPAIR)
    if seen.seal and seen.before:
        seal_faults = list(seal_problems(path, seen.seal, seen.before))
        yield from seal_faults
        yield from () if any(isinstance(one, Repacked) for one in seal_faults) else seen.added
    else:
        what = "there is no seal: the end of the segment is missing"
        yield Problem(path.name, path.stat().st_size, None, what, REPAIR)
        yield from seen.added


def _record(record: Record, seen: _Seen) -> Iterator[Problem]:
    yield from header_problems(record, version=seen.version)
    yield from digest_problems(record)
    key = _key(record.id)
    if key in seen.ids:
        yield record.problem("the record id stands there twice", REWRITE)
    seen.ids.add(key)


def _place(group: Group, seen: _Seen) -> Iterator[Problem]:
    """The warcinfo is first and alone, nothing follows the seal."""
    first = group.records[0]
    if first.type == "warcinfo":
        if seen.records:
            yield first.problem("a warcinfo that is not the first record", REWRITE)
        elif first.get("WARC-Filename") != first.file.removesuffix(OPEN_SUFFIX):
            yield first.problem(f"WARC-Filename is {first.get('WARC-Filename')!r}", "give the file back this name")
        else:
            yield from info_problems(first)
        seen.warcinfo = seen.warcinfo or first
    elif not seen.records:
        yield first.problem("the first record is not a warcinfo", REWRITE)
    if seen.seal and not first.is_seal:
        yield first.problem("a record after the seal", REPAIR)
    if first.is_seal:
        if seen.seal:
            yield first.problem("a second seal", REPAIR)
        seen.seal = first
        seen.before = Before(seen.warcinfo, seen.records, seen.content.hexdigest(), seen.undamaged)
    for record in group.records:
        add_content(seen.content, record.head, record.block)
    seen.records += len(group.records)


def _listed(shape: tuple[str, ...]) -> str:
    wanted = " or ".join(", ".join(shape) for shape in ARTICLE_SHAPES)
    return f"{', '.join(shape) or 'nothing'} (an article has {wanted})"
