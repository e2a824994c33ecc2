"""Where a page's lines stand: the elements around them, from the tree of the markup.

Plain values that outlive the parser: `segmenters.html` fills them, marks and the features of a page read
them. Elements without text of their own are not in it, unless they hold one that has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

#: So many elements alike make a list of records.
FEWEST_RECORDS = 3
#: Elements that may be a record: what holds several lines, not a paragraph.
RECORD_TAGS = frozenset("article aside blockquote dd div dl figure li section table tbody td tr ul".split())
#: How far up an element's surroundings are looked at: pages nest some 15 deep, broken ones 100,000.
MAX_ANCESTORS = 40


class Extractor(StrEnum):
    """Who is asked what the article is, besides the rules and the model of text."""

    PAGE = "page"  # the page model and the judge of text
    FAST = "fast"  # the page model alone
    TRAFILATURA = "trafilatura"  # as page, but the model reads trafilatura's opinion too, whose metadata fill gaps


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


class Line(NamedTuple):
    """One line of a page's rendering; a tuple, as an element is."""

    text: str
    element: int  # the element it belongs to: the inline one that holds all of it, else the nearest block
    link_density: float  # share of its visible characters inside links
    breaks: int = 1  # line breaks before it in the rendering: 2 between paragraphs, 1 within lists, tables, verse


class Records(NamedTuple):
    """Elements alike (tag, first class) that follow each other in one element, as comments, teasers and slides do."""

    lists: Sequence[Sequence[int]]  # the elements of each list, in order
    list_of: Sequence[int]  # element → the list it is a record of; -1: none
    place: Sequence[int]  # element → its place in that list


@dataclass(frozen=True)
class Layout:
    """A page's lines in reading order, the elements they stand in, and what the page says outside its text."""

    lines: Sequence[Line]
    elements: Sequence[Element]
    metadata: Mapping[str, object] = field(default_factory=dict)
    stated: str = ""  # the article's text as structured data give it (schema.org articleBody), or nothing
    opinion: str | None = None  # the article's text as another extractor sees it; None: not asked

    @cached_property
    def records(self) -> Records:
        """The page's lists of records."""
        alike: dict[tuple[int, str, str], list[int]] = defaultdict(list)
        for index, element in enumerate(self.elements):
            if element.tag in RECORD_TAGS and element.parent >= 0:
                alike[element.parent, element.tag, element.names.split(" ", 1)[0]].append(index)
        lists = [members for members in alike.values() if len(members) >= FEWEST_RECORDS]
        list_of, place = [-1] * len(self.elements), [-1] * len(self.elements)
        for number, members in enumerate(lists):
            for at, index in enumerate(members):
                list_of[index], place[index] = number, at
        return Records(lists, list_of, place)

    def around(self, element: int) -> list[int]:
        """The element and those around it, from the inside out, MAX_ANCESTORS at most."""
        indexes: list[int] = []
        while element >= 0 and len(indexes) < MAX_ANCESTORS:
            indexes.append(element)
            element = self.elements[element].parent
        return indexes
