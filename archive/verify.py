"""Verifies segments: members, headers, digests, order, references, seal, and that ledgers rebuild their sources.

Returns every problem, never only the first, and raises for nothing inside a segment. What it needs
of cleaning is handed in (`Checks`). Refuses only a file it may not open (OSError).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from archive.fields import FieldsError
from archive.headers import digest_matches, digest_problems, header_problems
from archive.ledger import Checks, LedgerError, check_rebuilt, is_failed, load_ledger
from archive.problems import REPAIR, REWRITE, Problem
from archive.reader import ARTICLE_SHAPES, Group, Record, groups, metadata_fields
from archive.writer import OPEN_SUFFIX, SUFFIX

__all__ = ["Checks", "Problem", "verify", "verify_segment"]

HASH_PIECE = 1 << 20


@dataclass(slots=True)
class _Seen:
    """What is remembered of a segment while its groups go by."""

    warcinfo: Record | None = None
    seal: Record | None = None
    records: int = 0
    sealed_records: int = 0  # those before the seal
    ids: set[bytes] = field(default_factory=set)  # digests: about 80 bytes for each record


def verify(segments: Iterable[Path], checks: Checks) -> Iterator[Problem]:
    """The problems of each segment in turn, then parts that a seal names and nobody gave.

    A left-over `.open` file is a problem in itself, and is read like the others.
    """
    names: set[str] = set()
    continued: dict[str, str] = {}
    for path in segments:
        names.add(path.name.removesuffix(OPEN_SUFFIX))
        for found in _segment(path, checks):
            if isinstance(found, Problem):
                yield found
            else:
                continued[found] = path.name
    for missing in sorted(continued.keys() - names):
        advice = "bring the file back; without it the articles after the rotation are lost"
        yield Problem(continued[missing], None, None, f"its next part {missing} is missing", advice)


def verify_segment(path: Path, checks: Checks) -> list[Problem]:
    """Every problem of one segment, in the order of their offsets, those of the file as a whole last."""
    return [found for found in _segment(path, checks) if isinstance(found, Problem)]


def _segment(path: Path, checks: Checks) -> Iterator[Problem | str]:
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
            yield from article_problems(group, checks)
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


def article_problems(group: Group, checks: Checks) -> Iterator[Problem]:
    """References, dates and digests between the records of an article, and its ledger."""
    resource, conversion, metadata = group.resource, group.conversion, group.metadata
    if conversion:
        yield from _relation(conversion, resource)
        if (conversion.get("WARC-Date") or "") <= (resource.get("WARC-Date") or ""):
            yield conversion.problem("the conversion is not younger than its original", REWRITE)
    yield from _relation(metadata, conversion or resource)
    fields = metadata_fields(metadata)
    if isinstance(fields, Problem):
        yield fields
        return
    for name, record in (("source-digest", resource), ("body-digest", conversion)):
        if what := _field_digest(fields, name, record):
            yield metadata.problem(f"the field {name} {what}")
    for name in ("source-path", "cleaner", "capture-date"):
        if name not in fields:
            yield metadata.problem(f"the field {name} is missing", REWRITE)
    if (captured := resource.get("WARC-Date")) and fields.get("capture-date", captured) != captured:
        yield metadata.problem("the field capture-date is not the date of the original", REWRITE)
    yield from _ledger(group, fields, checks)


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


def _ledger(group: Group, fields: Mapping[str, str], checks: Checks) -> Iterator[Problem]:
    try:
        ledger = load_ledger(fields.get("ledger"))
        if is_failed(ledger):
            return
        clean_text = group.conversion.block.decode("utf-8") if group.conversion else None
        check_rebuilt(group.resource.block, clean_text, ledger, checks=checks)
    except LedgerError as error:
        yield group.metadata.problem(str(error))
    except UnicodeDecodeError as error:
        yield group.records[1].problem(f"the clean text is no UTF-8 at byte {error.start}")


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
