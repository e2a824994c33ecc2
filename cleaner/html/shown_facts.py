"""What a page shows its readers of itself, where it states nothing to programs: date, authors, outlet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from cleaner.html.near_headline import near_headline
from cleaner.html.page import Element, Line
from cleaner.html.shown_authors import shown_authors
from cleaner.html.shown_dates import date_in_address, shown_date

#: Pages in this language write month before day with strokes; in others the day comes first.
MONTH_FIRST = "en"
#: A headline within a title has at least so many characters, and any headline at most so many.
MIN_TITLE, MAX_TITLE = 12, 300
#: What stands between a title and an outlet's name.
SEPARATORS = ("|", "-", "–", "—", "·", "•", "»", "«", "/", ":")


def with_shown(
    facts: Mapping[str, Any],
    tree: LexborHTMLParser,
    lines: Sequence[Line],
    elements: Sequence[Element],
    url: str | None,
) -> dict[str, object]:
    """The facts that a page states, with those that it only shows where it states none."""
    completed = dict(facts)
    if titles := completed.pop("titles", ()):
        completed["title"] = _title([completed["title"], *titles], lines, elements)
    address = str(completed.get("canonical") or url or "")
    near = near_headline(lines, elements)
    day_first = completed.get("language") != MONTH_FIRST
    seen: Mapping[str, Callable[[], Any]] = {
        "date": lambda: date_in_address(address) or shown_date(tree, near, day_first=day_first),
        "authors": lambda: shown_authors(tree, near),
        "site": lambda: _host(address) or _host(url or ""),
    }
    for name, find in seen.items():
        if name not in completed and (value := find()):
            completed[name] = value
    return completed


def _title(stated: Sequence[str], lines: Sequence[Line], elements: Sequence[Element]) -> str:
    """The first title that is stated, or the h1 that is one of them, or is in one beside the outlet's name."""
    plain = [" ".join(title.split()).casefold() for title in stated]
    for line in lines:
        if elements[line.element].tag == "h1" and len(line.text) <= MAX_TITLE:
            head = line.text.casefold()
            if any(title == head or _is_beside_outlet(head, title) for title in plain):
                return line.text
    return stated[0]


def _is_beside_outlet(head: str, title: str) -> bool:
    """Does a title say a headline, then an outlet's name, or the other way round?"""
    if len(head) < MIN_TITLE or head not in title:
        return False
    rest = title.removeprefix(head) if title.startswith(head) else title.removesuffix(head)[::-1]
    return len(rest) < len(title) and rest.lstrip()[:1] in SEPARATORS


def _host(address: str) -> str:
    """The host of an address, as an outlet is known by it."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
