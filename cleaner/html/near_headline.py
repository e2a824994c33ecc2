"""The short lines around a page's headline, where date and byline stand."""

from __future__ import annotations

from collections.abc import Sequence

from selectolax.lexbor import LexborNode

from cleaner.html.page import Element, Line

#: Lines after and before the headline, and characters of one that may be a date or a byline.
AFTER, BEFORE, MAX_LINE = 12, 6, 100


def near_headline(lines: Sequence[Line], elements: Sequence[Element]) -> list[str]:
    """The short lines after the first h1, then those before it, from it outward; none without one."""
    head = next((number for number, line in enumerate(lines) if elements[line.element].tag == "h1"), -1)
    if head < 0:
        return []
    around = [*lines[head + 1 : head + 1 + AFTER], *reversed(lines[max(0, head - BEFORE) : head])]
    return [line.text for line in around if len(line.text) <= MAX_LINE]


def line_of(node: LexborNode) -> str:
    """The text of an element, unless it is more than a line."""
    words = " ".join((node.text(separator=" ") or "").split())
    return words if len(words) <= MAX_LINE else ""
