"""What a segment's first record says of its run, as far as it can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from archive.checking.header_rules import is_date
from archive.segments.reader import Record, records
from archive.warc.fields import FieldsError, unescape

#: Where a segment names no date, or none that there is.
NO_DATE = "1980-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Info:
    """A warcinfo; empty where there is none that can be read."""

    date: str = NO_DATE
    fields: Mapping[str, str] = field(default_factory=dict)  # in their order, values unescaped


def info_of(segment: Path) -> Info:
    """What the segment's warcinfo says. Raises OSError."""
    first = next(records(segment), None)
    if not isinstance(first, Record) or first.type != "warcinfo":
        return Info()
    date = first.get("WARC-Date") or ""
    try:
        fields = {name: unescape(value) for name, value in first.fields.items()}
    except FieldsError:
        fields = {}
    return Info(date if is_date(date) else NO_DATE, fields)
