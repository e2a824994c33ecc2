"""Dates as pages state them, in whatever form → ISO 8601 calendar dates; what is not a date is None.

The day is the one written: no time zone is applied, since a reader saw that day.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from dateutil import parser

#: Years that articles of the web can be of; others are errors of the page.
FIRST_YEAR, LAST_YEAR = 1900, 2099
_ISO = re.compile(r"^\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_COMPACT = re.compile(r"^\s*(\d{4})(\d\d)(\d\d)(?:T?\d{0,6}Z?)?\s*$")
_CHINESE = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]?")
_NUMBERS = re.compile(r"^\s*(?:\w+,?\s+)?(\d{1,2})([./-])\s?(\d{1,2})[./-]\s?(\d{4})(?!\d)")
_EPOCH = re.compile(r"^\d{9,10}(?:\d{3})?$")
_NAMED = re.compile(r"[^\W\d_]{3,}")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
LONGEST = 80


def iso_date(value: object, *, day_first: bool = True) -> str:
    """A date as `2024-05-03`, or an empty string. day_first: how 03/05/2024 is read.

    >>> iso_date("May 3, 2024"), iso_date("2024-05-03T23:10:00+09:00"), iso_date(1714730400), iso_date("soon")
    ('2024-05-03', '2024-05-03', '2024-05-03', '')
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value).strip()[:LONGEST]
    for expression in (_ISO, _COMPACT, _CHINESE):
        if (match := expression.search(text)) and (day := written_date(*map(int, match.groups()))):
            return day
    if _EPOCH.match(text.removesuffix(".0")):
        seconds = int(float(text)) if len(text.removesuffix(".0")) <= 10 else int(float(text)) // 1000
        return _shown(datetime.fromtimestamp(seconds, UTC).date())
    if match := _NUMBERS.match(text):
        first, sign, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
        as_day = first > 12 or (second <= 12 and (day_first or sign == "."))
        return written_date(year, second, first) if as_day else written_date(year, first, second)
    return _named(text)


def _named(text: str) -> str:
    """A date with the month's English name."""
    if not (_NAMED.search(text) and _YEAR.search(text)):
        return ""
    try:
        parsed = parser.parse(text, default=datetime(1, 1, 1), fuzzy=True, ignoretz=True)
        other = parser.parse(text, default=datetime(2, 2, 2), fuzzy=True, ignoretz=True)
    except (ValueError, OverflowError, TypeError):
        return ""
    if parsed.date() != other.date():  # day or month was not said
        return ""
    return _shown(parsed.date())


def written_date(year: int, month: int, day: int) -> str:
    """A day as `2024-05-03`; nothing where the calendar has none such, or in a year that no article is of."""
    try:
        return _shown(date(year, month, day))
    except ValueError:
        return ""


def _shown(day: date) -> str:
    return day.isoformat() if FIRST_YEAR <= day.year <= LAST_YEAR else ""
