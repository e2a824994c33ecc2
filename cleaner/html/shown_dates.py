"""The date that a page shows its readers, for pages that state none to programs.

Looked for in the page's address, in elements named for it, and in short lines near the headline; month names of some
twenty languages. What is no date is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from selectolax.lexbor import LexborHTMLParser

from cleaner.html.dates import iso_date, written_date
from cleaner.html.near_headline import line_of
from cleaner.phrases import phrases

#: So many named elements are looked at.
MAX_NAMED = 80

_NAMED = (
    '[itemprop*="date" i], [class*="date" i], [class*="time" i], [class*="publi" i], [class*="posted" i], '
    '[class*="byline" i], [class*="datum" i], [class*="fecha" i], [id*="date" i], [class*="meta" i], [class*="info" i]'
)
_IN_ADDRESS = re.compile(r"[/_.-]((?:19|20)\d\d)([/_-]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")


_MONTH = {name: number for number, names in enumerate(phrases("months"), 1) for name in names.split()}

#: Every date has a year: most lines have none, and five expressions are not tried on them.
_YEAR = re.compile(r"(?:19|20)\d\d")
_ISO = re.compile(r"(?<![\d./-])((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_EAST = re.compile(r"((?:19|20)\d\d)\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})")
_NUMBERS = re.compile(r"(?<![\d./-])(\d{1,2})([./-])\s?(\d{1,2})\2\s?((?:19|20)\d\d)(?!\d)")
_DAY_NAME = re.compile(
    r"(?<!\d)(\d{1,2})(?:\.|º|°|st|nd|rd|th|er)?[\s-]+(?:de\s+|of\s+)?([^\W\d_]{3,12})\.?,?[\s-]+(?:del?\s+)?"
    r"((?:19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)
_NAME_DAY = re.compile(r"([^\W\d_]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)(?!\d)", re.IGNORECASE)


def date_in_address(address: str) -> str:
    """The day in an address, or nothing.

    >>> date_in_address("https://a.example/2024/05/03/bridge"), date_in_address("https://a.example/2024/05/bridge")
    ('2024-05-03', '')
    """
    match = _IN_ADDRESS.search(address)
    return written_date(int(match[1]), int(match[3]), int(match[4])) if match else ""


def date_in_line(line: str, *, day_first: bool = True) -> str:
    """The first date in a line of text, or nothing. day_first: how 03/05/2024 is read.

    >>> date_in_line("Von Ada Holm, 3. März 2024, 10:15 Uhr"), date_in_line("Posted on May 3rd, 2024 by Ada")
    ('2024-03-03', '2024-05-03')
    """
    if not has_year(line):
        return ""
    dates: list[tuple[int, str]] = []
    for pattern in (_ISO, _EAST):
        if match := pattern.search(line):
            dates.append((match.start(), written_date(*map(int, match.groups()))))
    if match := _NUMBERS.search(line):
        first, sign, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
        as_day = first > 12 or (second <= 12 and (day_first or sign == "."))
        dates.append(
            (match.start(), written_date(year, second, first) if as_day else written_date(year, first, second))
        )
    for pattern, at, name in ((_DAY_NAME, 1, 2), (_NAME_DAY, 2, 1)):
        if (match := pattern.search(line)) and (month := month_named(match[name])):
            dates.append((match.start(), written_date(int(match[3]), month, int(match[at]))))
    return min((place_and_date for place_and_date in dates if place_and_date[1]), default=(0, ""))[1]


def has_year(line: str) -> bool:
    """Does a line name a year, without which it has no date?"""
    return _YEAR.search(line) is not None


def month_named(name: str) -> int:
    """The month that a name, or the beginning of one, stands for, from 1 to 12; 0 for none.

    >>> month_named("Sept"), month_named("März"), month_named("mice")
    (9, 3, 0)
    """
    name = name.lower()
    return next((month for size in range(len(name), 2, -1) if (month := _MONTH.get(name[:size]))), 0)


def shown_date(tree: LexborHTMLParser, near: Sequence[str], *, day_first: bool = True) -> str:
    """The date of a page's article, or nothing. near: the lines around its headline."""
    told = [*_timed(tree, day_first), *(date_in_line(line, day_first=day_first) for line in near)]
    return next((day for day in told if day), "") or next((day for day in _named(tree, day_first) if day), "")


def _timed(tree: LexborHTMLParser, day_first: bool) -> Iterator[str]:
    for node in tree.css("time")[:MAX_NAMED]:
        yield iso_date(node.attributes.get("datetime") or "") or date_in_line(line_of(node), day_first=day_first)


def _named(tree: LexborHTMLParser, day_first: bool) -> Iterator[str]:
    for node in tree.css('abbr[title], [title][class*="publish"]')[:MAX_NAMED]:
        yield date_in_line(node.attributes.get("title") or "", day_first=day_first)
    for node in tree.css(_NAMED)[:MAX_NAMED]:
        yield date_in_line(line_of(node), day_first=day_first)
