"""Whether the records of one article belong together: references, dates, digests, ids, and the ledger.

Ids are made of place, date, digest and cleaner, so that they give away a change of any of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archive.checking.ledger import (
    Checks,
    LedgerError,
    OtherRendererError,
    check_rebuilt,
    is_failed,
    load_ledger,
    rebuilt_text,
)
from archive.checking.originals import ChangedError, Sources
from archive.checking.restore import name_of
from archive.segments.problems import RECLEAN, REWRITE, Problem
from archive.segments.reader import Group, Record, bare, metadata_fields
from archive.segments.records import (
    CONFORMS_TO,
    FORMAT,
    INFO_FIELDS,
    conversion_options,
    derived_id,
    fingerprint_of,
    local_uri,
    name_uuid,
    resource_id,
)
from archive.segments.uris import web_uri
from archive.warc.digests import digest_matches
from archive.warc.fields import FieldsError, unescape, whole_number


@dataclass(frozen=True, slots=True)
class Origin:
    """Where originals are that the archive does not hold itself, and what could not be checked, by reason."""

    sources: Sources
    folder: Path  # of the segment
    unchecked: Counter[str] = field(default_factory=Counter)


def article_problems(
    group: Group, checks: Checks, origin: Origin, *, warcinfo: Record | None = None, sound: bool = True
) -> Iterator[Problem]:
    """Everything in which an article's records do not fit each other, or the warcinfo of their segment.

    What follows from everything else is looked at where the records are `sound` and nothing else is wrong: it gives
    away a change that was sealed anew.
    """
    fields = metadata_fields(group.metadata)
    known = {} if isinstance(fields, Problem) else fields
    problems = list(_relations(group, known))
    yield from problems
    if isinstance(fields, Problem):
        yield fields
        return
    more = list(_fields(group, fields))
    more += [] if group.resource else _referred(group, fields)
    yield from more
    if sound and not problems and not more:
        more = list(_meaning(group, fields, warcinfo))
        yield from more
    yield from _ledger(group, fields, checks, origin)


def _relations(group: Group, known: Mapping[str, str]) -> Iterator[Problem]:
    resource, conversion, metadata = group.resource, group.conversion, group.metadata
    captured = known.get("capture-date", "") if resource is None else resource.get("WARC-Date") or ""
    if conversion:
        if resource:
            yield from _relation(conversion, resource)
        if (conversion.get("WARC-Date") or "") <= captured:
            yield conversion.problem("the conversion is not younger than its original", REWRITE)
        elif conversion.get("WARC-Date") != metadata.get("WARC-Date"):
            yield metadata.problem("WARC-Date is not that of the conversion", REWRITE)
    if about := conversion or resource:
        yield from _relation(metadata, about)


def info_problems(warcinfo: Record) -> Iterator[Problem]:
    """What a warcinfo says that cleancopy does not, and an id that is not made of its name, date and cleaner."""
    try:
        fields = warcinfo.fields
    except FieldsError as error:
        yield warcinfo.problem(f"the fields cannot be read: {error}")
        return
    for name in fields.keys() - INFO_FIELDS:
        yield warcinfo.problem(f"the field {name!r} is not one that cleancopy writes", REWRITE)
    for name, value in (("format", FORMAT), ("conformsto", CONFORMS_TO)):
        if fields.get(name) != value:
            yield warcinfo.problem(f"the field {name} is {fields.get(name)!r}, not {value!r}", REWRITE)
    software = unescape(fields.get("software", ""))
    if software.rpartition("/")[2] != unescape(fields.get("cleaner-version", "")):
        yield warcinfo.problem("the fields software and cleaner-version name two versions", REWRITE)
    name, date = warcinfo.get("WARC-Filename") or "", warcinfo.get("WARC-Date") or ""
    digests = (unescape(fields.get(f"cleaner-{part}-digest", "")) for part in ("config", "model"))
    if warcinfo.id != name_uuid("warcinfo", name, date, fingerprint_of(software, *digests)):
        yield warcinfo.problem("WARC-Record-ID is not the one made of its name, date and cleaner", REWRITE)


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


def _meaning(group: Group, fields: Mapping[str, str], warcinfo: Record | None) -> Iterator[Problem]:
    """Type, address, cleaner and ids, as they follow from each other."""
    resource, metadata = group.resource, group.metadata
    path, row = unescape(fields.get("source-path", "")), fields.get("source-row")
    number = None if row is None else whole_number(row)
    if row is not None and number is None:
        yield metadata.problem(f"the field source-row is {row[:20]!r}, not a number", REWRITE)
        return
    uri = group.records[0].get("WARC-Target-URI") or ""
    if web_uri(uri) is None and uri != local_uri(path, number):
        yield metadata.problem("WARC-Target-URI is neither an address of the web nor made of the field source-path")
    if resource:
        media_type, charset = fields.get("source-media-type", ""), fields.get("source-charset")
        if resource.get("Content-Type") != (f"{media_type}; charset={charset}" if charset else media_type):
            yield metadata.problem("the fields source-media-type and -charset are not the type of the original")
    if group.conversion:
        yield from _converted(group.conversion, fields)
    yield from _cleaner(metadata, fields, warcinfo)
    yield from _ids(group, fields, path if row is None else f"{path}#{row}")


def _converted(conversion: Record, fields: Mapping[str, str]) -> Iterator[Problem]:
    """What the conversion's header says of the cleaner, where it says it: earlier versions did not."""
    config, model = (unescape(fields.get(f"cleaner-{part}-digest", "")) for part in ("config", "model"))
    told = {"Software": fields.get("cleaner"), "Options": conversion_options(config, model)}
    for name, value in told.items():
        if conversion.get(f"WARC-Conversion-{name}") not in (None, value):
            yield conversion.problem(f"WARC-Conversion-{name} does not name the cleaner of the metadata", REWRITE)


def _cleaner(metadata: Record, fields: Mapping[str, str], warcinfo: Record | None) -> Iterator[Problem]:
    try:
        told = warcinfo.fields if warcinfo else {}
    except FieldsError:
        return
    pairs = (("software", "cleaner"), *((name, name) for name in ("cleaner-config-digest", "cleaner-model-digest")))
    for theirs, ours in pairs:
        if theirs in told and told[theirs] != fields.get(ours):
            yield metadata.problem(f"the field {ours} is not what the warcinfo says", REWRITE)


def _ids(group: Group, fields: Mapping[str, str], locator: str) -> Iterator[Problem]:
    """Each id must be the one that is made of what the records say."""
    cleaner, config, model = (
        unescape(fields.get(name, "")) for name in ("cleaner", "cleaner-config-digest", "cleaner-model-digest")
    )
    fingerprint = fingerprint_of(cleaner, config, model)
    if resource := group.resource:
        digest = resource.get("WARC-Payload-Digest") or ""
        if resource.id != resource_id(locator, resource.get("WARC-Date") or "", digest):
            yield resource.problem("WARC-Record-ID is not the one made of its path, date and digest", REWRITE)
        place: tuple[str, ...] = ()
        original_id = resource.id
    else:
        place = (group.records[0].get("WARC-Target-URI") or "", fields.get("capture-date", ""))
        original_id = bare(unescape(fields.get("source-record-id", "")))
    for record in (group.conversion, group.metadata):
        if record and record.id != derived_id(record.type, original_id, *place, fingerprint=fingerprint):
            yield record.problem("WARC-Record-ID is not the one made of its original and the cleaner", REWRITE)


def _ledger(group: Group, fields: Mapping[str, str], checks: Checks, origin: Origin) -> Iterator[Problem]:
    try:
        ledger = load_ledger(fields.get("ledger"))
        if "status" in fields and ledger.get("status", fields["status"]) != fields["status"]:
            yield group.metadata.problem("the field status is not that of the ledger", REWRITE)
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
        yield (group.conversion or group.metadata).problem(f"the clean text is not UTF-8 at byte {error.start}")
