"""Where a page's lines stand: the elements around them, from the tree of the markup.

Plain values that outlive the parser: `segmenters.html` fills them, marks and the features of a page read
them. Elements without text of their own are not in it, unless they hold one that has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

#: How far up an element's surroundings are looked at: pages nest some 15 deep, broken ones 100,000.
MAX_ANCESTORS = 40


class Extractor(StrEnum):
    """Who is asked what the article is, besides the rules and the model of text."""

    PAGE = "page"  # the page model, and trafilatura's metadata
    FAST = "fast"  # the page model alone
    TRAFILATURA = "trafilatura"  # the page model, which reads trafilatura's opinion too


class Element(NamedTuple):
    """One element; a tuple, since a page has thousands and a dataclass takes three times as long to make."""

    tag: str
    parent: int  # index of the element around it, less than its own; -1: none
    names: str  # classes and id, as written
    role: str
    property: str  # itemprop or data-testid, as written
    hidden: bool  # by its own attributes: a browser shows neither it nor what it holds
    depth: int  # elements around it
    panel: bool = False  # hidden, but a click on the heading or button above it shows it
    invisible: bool = False  # laid out, but not drawn


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a page's rendering."""

    text: str
    element: int  # the element it belongs to: the inline one that holds all of it, else the nearest block
    link_density: float  # share of its visible characters inside links
    breaks: int = 1  # line breaks before it in the rendering: 2 between paragraphs, 1 within lists, tables, verse


@dataclass(frozen=True, slots=True)
class Layout:
    """A page's lines in reading order, the elements they stand in, and what the page says outside its text."""

    lines: Sequence[Line]
    elements: Sequence[Element]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    stated: str = ""  # the article's text as structured data give it (schema.org articleBody), or nothing
    opinion: str | None = None  # the article's text as another extractor sees it; None: not asked

    def around(self, element: int) -> list[int]:
        """The element and those around it, from the inside out, MAX_ANCESTORS at most."""
        found: list[int] = []
        while element >= 0 and len(found) < MAX_ANCESTORS:
            found.append(element)
            element = self.elements[element].parent
        return found
