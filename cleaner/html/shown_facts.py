"""What a page shows its readers of itself, where it states nothing to programs: date, authors, outlet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from cleaner.html.headline import shown_title
from cleaner.html.near_headline import near_headline
from cleaner.html.page import Element, Line
from cleaner.html.shown_authors import shown_authors
from cleaner.html.shown_dates import date_in_address, shown_date

#: Pages in this language write month before day with strokes; in others the day comes first.
MONTH_FIRST = "en"


def with_shown(
    facts: Mapping[str, Any],
    tree: LexborHTMLParser,
    lines: Sequence[Line],
    elements: Sequence[Element],
    url: str | None,
) -> dict[str, Any]:
    """The facts that a page states, with those that it only shows where it states none."""
    completed = dict(facts)
    address = str(completed.get("canonical") or url or "")
    titles = [title for title in (completed.get("title"), *completed.pop("titles", ())) if title]
    site = str(completed.get("site") or _host(address) or _host(url or ""))
    if title := shown_title(titles, site, lines, elements):
        completed["title"] = title
    else:
        completed.pop("title", None)
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


def _host(address: str) -> str:
    """The host of an address, as an outlet is known by it."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
