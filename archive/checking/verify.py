"""Verifies segments: members, headers, digests, order, references, seal, and that ledgers rebuild their sources.

Returns every problem, never only the first, and raises for nothing inside a segment. What it needs
of cleaning is handed in (`Checks`). Refuses only a file it may not open (OSError).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from archive.checking.header_rules import digest_problems, header_problems
from archive.checking.ledger import (
    Checks,
    LedgerError,
    OtherRendererError,
    check_rebuilt,
    is_failed,
    load_ledger,
    rebuilt_text,
)
from archive.checking.originals import ChangedError, Missing, Sources
from archive.checking.restore import name_of
from archive.segments.problems import RECLEAN, REPAIR, REWRITE, Problem
from archive.segments.reader import ARTICLE_SHAPES, Group, Record, bare, groups, metadata_fields
from archive.segments.writer import OPEN_SUFFIX, SUFFIX
from archive.warc.digests import digest_matches
from archive.warc.fields import FieldsError, unescape

__all__ = ["Checks", "Missing", "Problem", "Sources", "Unchecked", "verify", "verify_segment"]

HASH_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Renderings that could not be told from their pages here: nothing is known to be wrong with them."""

    why: str
    articles: int

    def __str__(self) -> str:
        counted = "1 rendering" if self.articles == 1 else f"{self.articles} renderings"
        return f"{counted} not checked against the original: {self.why}"


@dataclass(slots=True)
class _Seen:
    """What is remembered of a segment while its groups go by."""

    warcinfo: Record | None = None
    seal: Record | None = None
    records: int = 0
    sealed_records: int = 0  # those before the seal
    ids: set[bytes] = field(default_factory=set)  # digests: about 80 bytes for each record


def verify(
    segments: Iterable[Path], checks: Checks, sources: Sources | None = None
) -> Iterator[Problem | Missing | Unchecked]:
    """The problems of each segment in turn, then parts that a seal names and nobody gave, source files not found,
    and renderings that another parser made.

    Originals that are records of other files are looked for in `sources`.
    A left-over `.open` file is a problem in itself, and is read like the others.
    """
    sources = sources or Sources()
    unchecked: Counter[str] = Counter()
    names: set[str] = set()
    continued: dict[str, str] = {}
    for path in segments:
        names.add(path.name.removesuffix(OPEN_SUFFIX))
        for found in _segment(path, checks, Origin(sources, path.parent, unchecked)):
            if isinstance(found, Problem):
                yield found
            else:
                continued[found] = path.name
    for missing in sorted(continued.keys() - names):
        advice = "bring the file back; without it the articles after the rotation are lost"
        yield Problem(continued[missing], None, None, f"its next part {missing} is missing", advice)
    yield from sources.missing_files()
    yield from (Unchecked(why, count) for why, count in sorted(unchecked.items()))
    sources.close()


def verify_segment(path: Path, checks: Checks) -> list[Problem]:
    """Every problem of one segment, in the order of their offsets, those of the file as a whole last."""
    return [found for found in _segment(path, checks, Origin(Sources(), path.parent)) if isinstance(found, Problem)]


def _segment(path: Path, checks: Checks, origin: Origin) -> Iterator[Problem | str]:
    """Problems; and, as a string, the name of the part that the seal says comes next."""
    seen = _Seen()
    if path.name.endswith(OPEN_SUFFIX):
        yield Problem(
            path.name, None, None, "the segment was not closed: the run broke off or is still writing", REPAIR
        )
    elif not path.name.endswith(SUFFIX):
        yield Problem(path.name, None, None, f"the name does not end with {SUFFIX}", "give it back its name")
    for group in groups(path):
        if isinstance(group, Problem):
            yield group
            continue
        for record in group.records:
            yield from _record(record, seen)
        yield from _place(group, seen)
        if group.is_article:
            yield from article_problems(group, checks, origin)
        elif group.shape != ("warcinfo",) and not group.records[0].is_seal:
            yield group.records[0].problem(f"not a whole group: {_listed(group.shape)}", REPAIR)
    yield from _seal(path, seen)


def _record(record: Record, seen: _Seen) -> Iterator[Problem]:
    yield from header_problems(record)
    yield from digest_problems(record)
    key = sha256(record.id.encode("utf-8", "replace")).digest()[:16]
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
        seen.warcinfo = seen.warcinfo or first
    elif not seen.records:
        yield first.problem("the first record is no warcinfo", REWRITE)
    if seen.seal and not first.is_seal:
        yield first.problem("a record after the seal", REPAIR)
    if first.is_seal:
        if seen.seal:
            yield first.problem("a second seal", REPAIR)
        seen.seal = first
        seen.sealed_records = seen.records
    seen.records += len(group.records)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where originals are that the archive does not hold itself, and what could not be checked, by reason."""

    sources: Sources
    folder: Path  # of the segment
    unchecked: Counter[str] = field(default_factory=Counter)


def article_problems(group: Group, checks: Checks, origin: Origin) -> Iterator[Problem]:
    """References, dates and digests between the records of an article, and its ledger."""
    resource, conversion, metadata = group.resource, group.conversion, group.metadata
    fields = metadata_fields(metadata)
    known = {} if isinstance(fields, Problem) else fields
    captured = known.get("capture-date", "") if resource is None else resource.get("WARC-Date") or ""
    if conversion:
        if resource:
            yield from _relation(conversion, resource)
        if (conversion.get("WARC-Date") or "") <= captured:
            yield conversion.problem("the conversion is not younger than its original", REWRITE)
    if about := conversion or resource:
        yield from _relation(metadata, about)
    if isinstance(fields, Problem):
        yield fields
        return
    yield from _fields(group, fields)
    if resource is None:
        yield from _referred(group, fields)
    yield from _ledger(group, fields, checks, origin)


def _fields(group: Group, fields: Mapping[str, str]) -> Iterator[Problem]:
    resource, conversion, metadata = group.resource, group.conversion, group.metadata
    for name, record in (("source-digest", resource), ("body-digest", conversion)):
        if name == "source-digest" and resource is None:
            continue
        if what := _field_digest(fields, name, record):
            yield metadata.problem(f"the field {name} {what}")
    for name in ("source-path", "cleaner", "capture-date"):
        if name not in fields:
            yield metadata.problem(f"the field {name} is missing", REWRITE)
    if resource and (captured := resource.get("WARC-Date")) and fields.get("capture-date", captured) != captured:
        yield metadata.problem("the field capture-date is not the date of the original", REWRITE)


def _referred(group: Group, fields: Mapping[str, str]) -> Iterator[Problem]:
    """The first record must refer to the record of the other file that the fields name."""
    first = group.records[0]
    wanted = bare(unescape(fields.get("source-record-id", "")))
    if first.refers_to != wanted:
        yield first.problem(f"WARC-Refers-To is {first.refers_to!r}, not the source record {wanted!r}", REWRITE)


def _relation(record: Record, about: Record) -> Iterator[Problem]:
    if record.refers_to != about.id:
        yield record.problem(f"WARC-Refers-To is {record.refers_to!r}, not the {about.type} before it", REWRITE)
    if record.get("WARC-Target-URI") != about.get("WARC-Target-URI"):
        yield record.problem(f"WARC-Target-URI differs from that of its {about.type}", REWRITE)


def _field_digest(fields: Mapping[str, str], name: str, about: Record | None) -> str:
    """What is wrong with the digest in a field, or an empty string."""
    if about is None:
        return "speaks of a clean text that is not there" if name in fields else ""
    if name not in fields:
        return "is missing"
    return "" if digest_matches(fields[name], about.block) else f"does not match the {about.type}"


def _ledger(group: Group, fields: Mapping[str, str], checks: Checks, origin: Origin) -> Iterator[Problem]:
    try:
        ledger = load_ledger(fields.get("ledger"))
        payload = group.resource.block if group.resource else origin.sources.payload(fields, origin.folder)
        if payload is not None and not group.resource and not digest_matches(fields.get("source-digest", ""), payload):
            yield group.metadata.problem("the record in the source file is not the one that was cleaned", RECLEAN)
            return
        if is_failed(ledger):
            return
        clean_text = group.conversion.block.decode("utf-8") if group.conversion else None
        if payload is None:
            rebuilt_text(clean_text, ledger, checks)
        else:
            check_rebuilt(payload, clean_text, ledger, checks=checks)
    except ChangedError as error:
        yield group.metadata.problem(str(error), "bring the right file, or clean it again")
    except OSError as error:
        yield group.metadata.problem(f"the source file cannot be read ({error.strerror or error})", RECLEAN)
    except LedgerError as error:
        yield group.metadata.problem(f"{name_of(fields)}: {error}")
    except OtherRendererError as error:
        origin.unchecked[str(error)] += 1
    except UnicodeDecodeError as error:
        yield (group.conversion or group.metadata).problem(f"the clean text is no UTF-8 at byte {error.start}")


def _seal(path: Path, seen: _Seen) -> Iterator[Problem | str]:
    """The seal counts and digests what lies before it: the one thing that shows a cut between two members."""
    seal = seen.seal
    if seal is None:
        yield Problem(
            path.name, path.stat().st_size, None, "there is no seal: the end of the segment is missing", REPAIR
        )
        return
    if seen.warcinfo and seal.refers_to != seen.warcinfo.id:
        yield seal.problem("the seal does not refer to the warcinfo", REPAIR)
    try:
        fields = seal.fields
    except FieldsError as error:
        yield seal.problem(f"the seal cannot be read: {error}", REPAIR)
        return
    found = {
        "segment-records": str(seen.sealed_records),
        "segment-bytes": str(seal.offset),
        "segment-sha256": file_digest(path, seal.offset),
    }
    for name, value in found.items():
        if fields.get(name) != value:
            yield seal.problem(f"the seal says {name} {fields.get(name)!r}, found is {value!r}", REPAIR)
    if "continued-in" in fields:
        yield fields["continued-in"]


def file_digest(path: Path, size: int) -> str:
    """The sha256 of the first `size` bytes, in hex."""
    digest = sha256()
    with path.open("rb") as file:
        while size and (data := file.read(min(size, HASH_PIECE))):
            digest.update(data)
            size -= len(data)
    return digest.hexdigest()


def _listed(shape: tuple[str, ...]) -> str:
    wanted = " or ".join(", ".join(shape) for shape in ARTICLE_SHAPES)
    return f"{', '.join(shape) or 'nothing'} (an article has {wanted})"
