"""Versions of an article: the same address, or the same file or row, cleaned in several runs.

A run that updates another one writes new segments beside the old ones, and each changed article names the record of
its last version. Reads metadata only; holds some hundred bytes for each article.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive.segments.problems import Problem
from archive.segments.reader import Group, articles, metadata_fields, records
from archive.segments.records import warc_date
from archive.segments.uris import web_uri
from archive.warc.fields import unescape

PREVIOUS = "previous-record-id"


@dataclass(frozen=True, slots=True)
class Version:
    """One article as one run stored it."""

    key: str  # what all versions share
    cleaned: str  # WARC-Date of the metadata
    captured: str
    status: str
    digest: str  # of the original
    id: str  # of the metadata record
    previous: str  # that of the version before, where the run knew one
    file: str
    offset: int


def key_of(fields: Mapping[str, str], uri: str) -> str:
    """What an article has in common with its other versions: its web address; else its path, and its id or row.

    `fields` as a metadata record has them, escaped.
    """
    if web_uri(uri):
        return uri
    path = fields.get("source-path", "")
    return path if "source-row" not in fields else f"{path}#{fields.get('document-id', fields['source-row'])}"


def version_of(group: Group) -> Version | Problem:
    """What a whole article says of its version."""
    fields = metadata_fields(group.metadata)
    if isinstance(fields, Problem):
        return fields
    first = group.records[0]
    return Version(
        key=key_of(fields, first.get("WARC-Target-URI") or ""),
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
    """The ids of the metadata records of each article's newest version, of those cleaned until then."""
    until = warc_date(at.astimezone(UTC)) if at else "9999"
    found: dict[str, tuple[str, str]] = {}
    for version in versions(segments):
        if isinstance(version, Version) and version.cleaned <= until:
            found[version.key] = max(found.get(version.key, ("", "")), (version.cleaned, version.id))
    return frozenset(record_id for _, record_id in found.values())
