"""The header rules of WARC 1.1, and ours on top, as one table.

Judges one record at a time and returns every violation. Refuses nothing: an unknown type is a violation too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from archive.segments.problems import RECLEAN, REWRITE, Problem
from archive.segments.reader import Record
from archive.segments.records import CLEAN_TYPE, WARC_FIELDS
from archive.warc.digests import digest_matches

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)  # WARC 1.1, 5.4
_RECORD_ID = re.compile(r"<[a-z][a-z0-9+.-]*:[!-;=?-~]+>", re.ASCII | re.IGNORECASE)  # 5.2: a URI in angle brackets
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!-;=?-~]*", re.ASCII | re.IGNORECASE)  # 5.11, without angle brackets since 1.1
#: WARC 1.1, 4: in every record. We also want the digest that 5.8 leaves open, since without it damage goes unseen.
ALWAYS = ("WARC-Record-ID", "WARC-Date", "WARC-Block-Digest", "Content-Type", "Content-Length")
SEGMENTED = ("WARC-Segment-Number", "WARC-Segment-Origin-ID", "WARC-Segment-Total-Length")
REVISITED = ("WARC-Refers-To-Target-URI", "WARC-Refers-To-Date", "WARC-Profile")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a record type must have beyond ALWAYS, must not have, and must have with exactly this value."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()  # others are not ones that cleancopy writes
    forbidden: tuple[str, ...] = ()
    exact: tuple[tuple[str, str], ...] = ()


RULES: dict[str, Rule] = {
    # 6.2 and 5.5, 5.7, 5.11: about the file, so no target and no relatives.
    "warcinfo": Rule(
        required=("WARC-Filename",),
        forbidden=(
            "WARC-Target-URI",
            "WARC-Refers-To",
            "WARC-Concurrent-To",
            "WARC-Payload-Digest",
            "WARC-Warcinfo-ID",
            "WARC-IP-Address",
            *REVISITED,
            *SEGMENTED,
        ),
        exact=(("Content-Type", WARC_FIELDS),),
    ),
    # 6.4. The identified type is allowed by the standard; with it replayweb.page forgets the charset.
    "resource": Rule(
        required=("WARC-Target-URI", "WARC-Payload-Digest"),
        forbidden=("WARC-Refers-To", "WARC-Filename", "WARC-Identified-Payload-Type", *REVISITED, *SEGMENTED),
    ),
    # 6.8 and 5.6 (no Concurrent-To), 5.12 and 5.13 (only revisits name the target and date of what they refer to).
    "conversion": Rule(
        required=("WARC-Target-URI", "WARC-Refers-To"),
        optional=("WARC-Conversion-Software", "WARC-Conversion-Options"),  # proposed for the standard: issue 52
        forbidden=("WARC-Concurrent-To", "WARC-Filename", *REVISITED, *SEGMENTED),
        exact=(("Content-Type", CLEAN_TYPE), ("WARC-Identified-Payload-Type", "text/plain")),
    ),
    # 6.6; 5.9: no payload, so no digest of one. Parameters of the type make indexers list it as a capture.
    "metadata": Rule(
        required=("WARC-Refers-To",),
        optional=("WARC-Target-URI",),
        forbidden=("WARC-Payload-Digest", "WARC-Filename", *REVISITED, *SEGMENTED),
        exact=(("Content-Type", WARC_FIELDS),),
    ),
}


#: The version line of our records, and of those that `archive export --warc10` writes.
VERSION, VERSION_10 = b"WARC/1.1\r\n", b"WARC/1.0\r\n"
_UNKNOWN = Rule()


def header_problems(record: Record, *, version: bytes = VERSION) -> Iterator[Problem]:
    """Every header of the record that is missing, forbidden, repeated or malformed; version: that of its segment."""
    rule = RULES.get(record.type)
    if rule is None:
        yield record.problem(f"record type {record.type!r} is not one that cleancopy writes", REWRITE)
        rule = _UNKNOWN
    if not record.head.startswith(version):
        yield record.problem(f"the version line is {record.head[:12]!r}, not {version[:-2].decode()}", REWRITE)
    if record.head.count(b"\n") != record.head.count(b"\r\n"):
        yield record.problem("a line of its headers does not end with CR LF", REWRITE)
    given = Counter(name.lower() for name, _ in record.headers)
    for name in (*ALWAYS, *rule.required):
        if not given[name.lower()]:
            yield record.problem(f"{name} is missing", REWRITE)
    for name in rule.forbidden:
        if given[name.lower()]:
            yield record.problem(f"{name} is forbidden in a {record.type} record", REWRITE)
    known = {"WARC-Type", *ALWAYS, *rule.required, *rule.optional, *(name for name, _ in rule.exact)}
    for name, _ in record.headers:
        if rule is not _UNKNOWN and name not in known and not _is_one_of(name, rule.forbidden):
            yield record.problem(f"{name!r} is not a header that cleancopy writes in a {record.type} record", REWRITE)
    for name, count in given.items():
        if count > 1 and name != "warc-concurrent-to":  # WARC 1.1, 4: only that one may repeat
            yield record.problem(f"{name} stands there {count} times", REWRITE)
    for name, value in rule.exact:
        if given[name.lower()] and record.get(name) != value:
            yield record.problem(f"{name} is {record.get(name)!r}, not {value!r}", REWRITE)
    yield from _malformed(record)


def _is_one_of(name: str, names: tuple[str, ...]) -> bool:
    return name.lower() in {other.lower() for other in names}


def _malformed(record: Record) -> Iterator[Problem]:
    forms = (
        ("WARC-Record-ID", _RECORD_ID),
        ("WARC-Refers-To", _RECORD_ID),
        ("WARC-Date", _DATE),
        ("WARC-Target-URI", _URI),
    )
    for name, form in forms:
        value = record.get(name)
        if value is not None and not (is_date(value) if form is _DATE else form.fullmatch(value)):
            yield record.problem(f"{name} is malformed: {value!r}", REWRITE)


def is_uri(value: str) -> bool:
    """Whether it can be the value of WARC-Target-URI."""
    return _URI.fullmatch(value) is not None


def is_id(value: str) -> bool:
    """Whether it can be, in angle brackets, the value of WARC-Record-ID."""
    return _RECORD_ID.fullmatch(f"<{value}>") is not None


def is_date(value: str) -> bool:
    """Whether it can be the value of WARC-Date: there is such a day and hour."""
    if not _DATE.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return False
    return True


def digest_problems(record: Record) -> Iterator[Problem]:
    """Digests that are not those of the block; of the records here the payload is the whole block."""
    for name in ("WARC-Block-Digest", "WARC-Payload-Digest"):
        value = record.get(name)
        if value is None:
            continue
        same = digest_matches(value, record.block)
        if same is None:
            yield record.problem(f"{name} is not a digest that can be checked: {value!r}", REWRITE)
        elif not same:
            yield record.problem(f"{name} does not match the block: its bytes were changed", RECLEAN)
