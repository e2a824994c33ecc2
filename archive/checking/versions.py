"""Versions of an article: what changed between runs into the same folder, each naming the version before.

A run that updates another one writes new segments beside the old ones, and each changed article names the metadata
record of its last version; nothing else decides what is a version of what. Holds some hundred bytes for each article.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from archive.segments.problems import Problem
from archive.segments.reader import Group, articles, metadata_fields, records
from archive.segments.records import warc_date
from archive.warc.fields import unescape

PREVIOUS = "previous-record-id"
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Version:
    """One article as one run stored it."""

    cleaned: str  # WARC-Date of the metadata
    captured: str
    status: str
    digest: str  # of the original
    id: str  # of the metadata record
    previous: str  # that of the version before, where the run knew one
    file: str
    offset: int


def version_of(group: Group) -> Version | Problem:
    """What a whole article says of its version."""
    fields = metadata_fields(group.metadata)
    if isinstance(fields, Problem):
        return fields
    first = group.records[0]
    return Version(
        cleaned=group.metadata.get("WARC-Date") or "",
        captured=fields.get("capture-date", ""),
        status=unescape(fields.get("status", "")),
        digest=fields.get("source-digest", ""),
        id=group.metadata.id,
        previous=unescape(fields.get(PREVIOUS, "")),
        file=first.file,
        offset=first.offset,
    )


def versions(segments: Iterable[Path]) -> Iterator[Version | Problem]:
    """Every article of every segment, in their order."""
    for path in segments:
        for group in articles(path):
            yield group if isinstance(group, Problem) else version_of(group)


def are_of_several_runs(segments: Iterable[Path]) -> bool:
    """Whether the segments were begun at different times."""
    firsts = (next(records(path), None) for path in segments)
    return len({first.get("WARC-Date") for first in firsts if first and not isinstance(first, Problem)}) > 1


def newest(segments: Iterable[Path], at: datetime | None = None) -> frozenset[str]:
    """The ids of the metadata records of all articles cleaned until then that no later one of these follows."""
    until = warc_date(at.astimezone(UTC)) if at else "9999"
    known = [version for version in versions(segments) if isinstance(version, Version) and version.cleaned <= until]
    previous = {version.id: version.previous for version in known}
    circles = in_circles(previous)  # which hide nothing
    return frozenset(previous) - {earlier for later, earlier in previous.items() if later not in circles}


def in_circles(previous: Mapping[Key, Key]) -> set[Key]:
    """Those from which the versions before lead back to themselves: no run writes such, and one may be crafted.

    >>> in_circles({"a": "", "b": "a", "c": "c", "d": "e", "e": "d", "f": "d"}) == {"c", "d", "e"}
    True
    """
    done: set[Key] = set()
    circles: set[Key] = set()
    for start in previous:
        way: dict[Key, int] = {}
        at = start
        while at in previous and at not in done and at not in way:
            way[at] = len(way)
            at = previous[at]
        if at in way:
            circles.update(key for key, place in way.items() if place >= way[at])
        done.update(way)
    return circles


def chosen(segments: Sequence[Path], at: datetime | None = None) -> frozenset[str] | None:
    """What `newest` gives where a time is asked for or there are several runs; None: each article is there once."""
    return newest(segments, at) if at or are_of_several_runs(segments) else None


def history(segments: Iterable[Path], wanted: Iterable[str]) -> list[Version]:
    """The versions before and after those whose metadata records have these ids, the oldest first."""
    by_id = {version.id: version for version in versions(segments) if isinstance(version, Version)}
    after: dict[str, list[str]] = {}
    for version in by_id.values():
        after.setdefault(version.previous, []).append(version.id)
    reached: set[str] = set()
    open_ids = [record_id for record_id in wanted if record_id in by_id]
    while open_ids:
        record_id = open_ids.pop()
        if record_id not in reached and record_id in by_id:
            reached.add(record_id)
            open_ids += [by_id[record_id].previous, *after.get(record_id, ())]
    return sorted((by_id[record_id] for record_id in reached), key=lambda version: (version.cleaned, version.id))
