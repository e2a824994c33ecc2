"""Looks into an archive: what it holds, one article's parts, and what was removed from it, as values and lines.

Prints nothing. Refuses nothing: damage comes out as Problems among the entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.checking.ledger import Checks, LedgerError, is_failed, load_ledger, rebuilt_text
from archive.checking.repair import lost_of
from archive.checking.restore import name_of
from archive.segments.problems import Problem
from archive.segments.reader import Group, groups, metadata_fields
from archive.warc.fields import FieldsError, unescape


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored article with its provenance read."""

    group: Group
    fields: Mapping[str, str]  # of the metadata record, values unescaped but for the ledger

    @property
    def locator(self) -> str:
        """The relative path, with `#row` for a row."""
        path, row = self.fields.get("source-path", ""), self.fields.get("source-row")
        return path if row is None else f"{path}#{row}"

    @property
    def uri(self) -> str:
        """The target URI that original and clean text share."""
        return self.group.records[0].get("WARC-Target-URI") or ""

    def row(self) -> dict[str, object]:
        """What a listing says of it."""
        resource, conversion, first = self.group.resource, self.group.conversion, self.group.records[0]
        return {
            "path": self.locator,
            "status": self.fields.get("status", "clean" if conversion else "empty"),
            "uri": self.uri,
            "captured": resource.get("WARC-Date") if resource else self.fields.get("capture-date"),
            "media_type": self.fields.get("source-media-type"),
            "original_bytes": len(resource.block) if resource else None,
            "clean_bytes": len(conversion.block) if conversion else None,
            "segment": first.file,
            "offset": first.offset,
            "id": resource.id if resource else self.fields.get("source-record-id"),
        }

    def names(self) -> set[str]:
        """All by which a user may ask for it: path, row, restored name, address, record ids, segment and offset."""
        first = self.group.records[0]
        ids = {record.id for record in self.group.records} | {self.fields.get("source-record-id") or first.id}
        place = f"{first.file}:{first.offset}"
        return {self.locator, name_of(self.fields), self.uri, place, *ids, *(i.removeprefix("urn:uuid:") for i in ids)}


@dataclass(frozen=True, slots=True)
class Loss:
    """What the seal of a repaired segment says was lost."""

    file: str
    what: str


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a source, or a part of it: what became of it and why. `joined` means: same line as the one before."""

    action: str  # keep | strip | meta | repair
    label: str
    text: str
    joined: bool = False
    why: str = ""


def entries(segments: Iterable[Path]) -> Iterator[Entry | Loss | Problem]:
    """Every article in the order of the segments; with problems, and losses of repaired segments, in their places."""
    for path in segments:
        for group in groups(path):
            if isinstance(group, Problem):
                yield group
            elif group.is_article:
                fields = metadata_fields(group.metadata)
                yield fields if isinstance(fields, Problem) else Entry(group, _unescaped(fields))
            elif group.records[0].is_seal:
                yield from _losses(group)


def _losses(group: Group) -> Iterator[Loss]:
    try:
        yield from (Loss(group.records[0].file, what) for what in lost_of(group.records[0]))
    except FieldsError:
        return  # verify reports a seal that cannot be read


def _unescaped(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value if name == "ledger" else unescape(value) for name, value in fields.items()}


def find(segments: Iterable[Path], wanted: str) -> Iterator[Entry]:
    """The articles of that name (see `Entry.names`): more than one when a file was archived several times."""
    name = wanted.strip().removeprefix("<").removesuffix(">")
    for entry in entries(segments):
        if isinstance(entry, Entry) and name in entry.names():
            yield entry


def clean_text(entry: Entry) -> str | None:
    """The text of the conversion, or None when there is none."""
    conversion = entry.group.conversion
    return None if conversion is None else conversion.block.decode("utf-8", "replace")


def ledger_of(entry: Entry) -> Mapping[str, object]:
    """The ledger. Raises LedgerError."""
    return load_ledger(entry.fields.get("ledger"))


def diff(entry: Entry, checks: Checks) -> list[DiffLine]:
    """The source line by line, each kept or removed with its label; then the repairs.

    Raises LedgerError when the ledger does not rebuild the source.
    """
    ledger = ledger_of(entry)
    if is_failed(ledger):
        raise LedgerError("the document could not be read, so there is nothing to compare")
    source = rebuilt_text(clean_text(entry), ledger, checks)
    try:
        return [*_stretches(source, ledger), *_repairs(ledger)]
    except (LookupError, TypeError, ValueError) as error:
        raise LedgerError(f"the ledger's spans cannot be read ({type(error).__name__}: {error})") from error


def _stretches(source: str, ledger: Mapping[str, Any]) -> Iterator[DiffLine]:
    spans = [(kept[0], kept[1], "keep", kept[2], "") for kept in ledger.get("kept", ())]
    for gone in ledger.get("removed", ()):
        why = f"{gone['score']:.2f} {', '.join(gone['reasons'])}".strip()
        spans.append((gone["start"], gone["end"], gone["action"], gone["label"], why))
    at_line_start = True
    position = 0
    for start, end, action, label, why in sorted(spans):
        between = source[position:start]
        at_line_start = at_line_start or "\n" in between or "\r" in between
        for line in source[start:end].splitlines():
            if line.strip():
                yield DiffLine(action, label, line, joined=not at_line_start, why=why)
            at_line_start, why = True, ""
        at_line_start = source[start:end].endswith(("\n", "\r"))
        position = end


def _repairs(ledger: Mapping[str, Any]) -> Iterator[DiffLine]:
    for start, _, before, after, kind, evidence in ledger.get("repairs", ()):
        yield DiffLine("repair", kind, f"{before!r} → {after!r} at character {start}", why=evidence)
