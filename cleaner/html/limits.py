"""Bounds before the parser: what takes time with the square of its count is cut from the markup, and said.

Text is never lost: only tags of deep or countless elements and attributes beyond a limit go. Three things are
quadratic in lexbor: depth, options of one select (all are looked at for each), attributes of one element
(each is compared with those before it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cleaner import accelerator

#: Elements nested deeper than this are read as if their tags were not there: 15 s for 100,000. Of 1,383 article pages
#: the deepest nested 88.
MAX_DEPTH = 512
#: With fewer opening brackets no page nests so deep that it takes a second.
SHALLOW_TAGS = 8000
#: Options of a page beyond this many lose their tags: 75 s for 60,000. Of 1,383 article pages none had a tenth of it.
MAX_OPTIONS = 4000
#: Attributes of one element beyond this many are left out: 44 s for 50,000.
MAX_ATTRIBUTES = 500
#: A tag with fewer characters is not looked at: it has no more attributes than that.
LONG_TAG = 2 * MAX_ATTRIBUTES

_NESTING = re.compile(
    r"<(/?)(?:article|aside|blockquote|center|d[ltd]|details|div|fieldset|figure|footer|form|header|li|main|menu|nav|"
    r"ol|section|span|summary|table|ul|[a-z]+-[a-z-]+)\b[^>]*>",
    re.IGNORECASE,
)
_OPTION = re.compile(r"</?option\b[^>]*>", re.IGNORECASE)
_LONG_TAG = re.compile(rf"<[a-zA-Z][^>]{{{LONG_TAG - 1}}}")
_TAG_START = re.compile(r"<[a-zA-Z][^\s<>/]*")
_ATTRIBUTE = re.compile(r"""[\s/]*[^\s>/=][^\s>/=]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']*))?""")


@dataclass(frozen=True, slots=True)
class Bounded:
    """Markup that parses in linear time, and what was cut for that, in words; nearly always nothing."""

    html: str
    cut: tuple[str, ...] = ()


def bounded(html: str) -> Bounded:
    """The markup within the limits.

    >>> bounded("<p>One</p>").cut
    ()
    """
    cut: list[str] = []
    tags = html.count("<")
    for fewest, limit in ((1, _few_attributes), (MAX_OPTIONS + 1, _few_options), (SHALLOW_TAGS, _shallow)):
        if tags < fewest:
            continue
        html, said = limit(html)
        cut += [said] if said else []
    return Bounded(html, tuple(cut))


def _few_attributes(html: str) -> tuple[str, str]:
    parts: list[str] = []
    here = 0
    tag = long_tag(html, 0)
    while tag >= 0:
        end = html.find(">", tag + LONG_TAG)
        end = len(html) if end < 0 else end
        if name := _TAG_START.match(html, tag):
            kept, end = _attributes_end(html, name.end())
            if end > kept:
                parts.append(html[here:kept])
                here = end
        tag = long_tag(html, max(end, tag + 1))
    if not parts:
        return html, ""
    return "".join([*parts, html[here:]]), f"attributes beyond {MAX_ATTRIBUTES} of an element"


def long_tag(html: str, start: int) -> int:
    """Where the first tag of LONG_TAG characters or more begins, from `start` on; -1 for none."""
    if accelerator.compiled is not None:
        place: int = accelerator.compiled.long_tag(html, start, LONG_TAG)
        return place
    tag = _LONG_TAG.search(html, start)
    return tag.start() if tag else -1


def _attributes_end(html: str, start: int) -> tuple[int, int]:
    """Where the last attribute within the limit ends, and where the last of all does."""
    count, kept, here = 0, start, start
    while match := _ATTRIBUTE.match(html, here):
        here = match.end()
        count += 1
        if count <= MAX_ATTRIBUTES:
            kept = here
    return kept, here


def _few_options(html: str) -> tuple[str, str]:
    if html.count("<option") + html.count("<OPTION") <= MAX_OPTIONS:
        return html, ""
    parts: list[str] = []
    here = 0
    for number, match in enumerate(_OPTION.finditer(html)):
        if number >= 2 * MAX_OPTIONS:
            parts += [html[here : match.start()], " "]
            here = match.end()
    return "".join([*parts, html[here:]]), f"tags of options beyond the first {MAX_OPTIONS}" if parts else ""


def _shallow(html: str) -> tuple[str, str]:
    """The markup without the tags of elements nested deeper than MAX_DEPTH."""
    depth = 0
    cuts: list[tuple[int, int]] = []
    for match in _NESTING.finditer(html):
        if not match[1]:
            depth += 1
        if depth > MAX_DEPTH:
            cuts.append(match.span())
        if match[1]:
            depth = max(0, depth - 1)
    if not cuts:
        return html, ""
    parts, here = [], 0
    for start, end in cuts:
        parts += [html[here:start], "<br>"]
        here = end
    return "".join([*parts, html[here:]]), f"tags nested deeper than {MAX_DEPTH}"
