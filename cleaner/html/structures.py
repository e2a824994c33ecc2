"""What of a page stands in threads of comments, in lists of teasers, or in other articles: by structure, not by names.

A thread is a list of boxes alike with prompts to reply, or names, dates and texts by turns; a list of teasers one of
linked headlines with little text; another article one with a headline of its own beside that of the page.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cleaner.html.page import MAX_ANCESTORS, Layout, Line
from cleaner.html.threads import threads
from cleaner.labels import Label
from cleaner.phrases import one_of

#: So many boxes alike are a list of teasers, when this share of them holds a linked headline and little text.
TEASERS, MOST = 4, 0.75
#: A teaser's headline has at least so many characters in links; all of it has no more than this.
HEADLINE, TEASER_SIZE = 15, 400
#: A line that says that other articles follow has at most so many characters.
HEADING = 50
#: A page with less prose outside its teasers is a list of them.
ARTICLE = 250
#: A line of prose.
PROSE = 80
#: A thread has so many comments, of which this share has a prompt to reply.
COMMENTS, REPLIES = 3, 0.5
#: Another article has so much prose; a headline says the page's title with so many of its words.
OTHER_ARTICLE, SAME_TITLE = 250, 0.6
#: What standing there adds to the page model's log-odds; alone: teasers on a page of nothing else.
RAISED = {Label.RELATED: 5.0, Label.COMMENT: 8.0}
ALONE, OTHER = 8.0, 10.0
#: So many lines of at most so many characters in one paragraph are verse, or what is set like it.
VERSES, VERSE = 4, 80
#: What standing in a panel below its question adds: answers are short, and stand at the article's end.
ANSWER = -2.0

_BOXES = frozenset("article dd div dl li section".split())
_HEADS = frozenset(("h1", "h2", "h3"))
_REPLY = re.compile(r"^\W*" + one_of("reply") + r"\b.{0,24}$", re.IGNORECASE)
#: What stands above a list of other articles; then their excerpts may be as long as they like.
_MORE = re.compile(one_of("other articles"), re.IGNORECASE)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Structures:
    """Which lines of a page stand in something else than the article."""

    kinds: Mapping[int, Label] = field(default_factory=dict)  # line → what it stands in
    raised: Mapping[int, float] = field(default_factory=dict)  # line → what that adds to its log-odds
    nothing_else: bool = False  # the page is a list of teasers
    lists: Sequence[Sequence[int]] = ()  # the lines of each list of boxes alike
    verses: Sequence[Sequence[int]] = ()  # short lines that one paragraph is broken into


def structures(layout: Layout, title: str) -> Structures:
    """The threads, teasers and other articles of a page with this title."""
    boxes = _boxes(layout)
    kinds: dict[int, Label] = {}
    raised: dict[int, float] = {}
    panels = _panels(layout)
    raised.update({number: ANSWER for number, line in enumerate(layout.lines) if panels[line.element]})
    for number in _other_articles(layout, title):
        kinds[number], raised[number] = Label.RELATED, OTHER
    lists: list[list[int]] = []
    for members in layout.records.lists:
        held = [boxes[member] for member in members if boxes.get(member)]
        lists.append([number for box in held for number in box])
        if (label := _list_kind(layout.lines, held)) is not None:
            above = held[0][0] - 1
            heading = [above] if label is Label.RELATED and _heads_teasers(layout.lines, above) else []
            for number in [*heading, *(number for box in held for number in box)]:
                kinds[number], raised[number] = label, max(raised.get(number, 0), RAISED[label])
    for number in threads(layout):
        kinds[number], raised[number] = Label.COMMENT, max(raised.get(number, 0), RAISED[Label.COMMENT])
    rest = sum(len(line.text) for number, line in enumerate(layout.lines) if number not in kinds and _is_prose(line))
    if rest >= ARTICLE or Label.RELATED not in kinds.values():
        return Structures(kinds, raised, lists=lists, verses=_verses(layout))
    return Structures(kinds, {**raised, **dict.fromkeys(kinds, ALONE)}, nothing_else=True, lists=lists)


def _verses(layout: Layout) -> list[list[int]]:
    """Per paragraph that is broken into short lines, as verse is, the lines."""
    verses: list[list[int]] = []
    for number, line in enumerate(layout.lines):
        if len(line.text) > VERSE or layout.elements[line.element].tag not in ("p", "blockquote"):
            continue
        follows = number and line.breaks == 1 and layout.lines[number - 1].element == line.element
        if follows and verses and verses[-1][-1] == number - 1:
            verses[-1].append(number)
        else:
            verses.append([number])
    return [lines for lines in verses if len(lines) >= VERSES]


def _panels(layout: Layout) -> list[bool]:
    """Per element whether it is, or stands in, a panel that a click shows."""
    inside: list[bool] = []
    for element in layout.elements:
        above = element.parent >= 0 and inside[element.parent]
        inside.append(above or (element.panel and not element.hidden))
    return inside


def _boxes(layout: Layout) -> dict[int, list[int]]:
    """Per box that is one of several alike the numbers of its lines."""
    boxes: dict[int, list[int]] = defaultdict(list)
    list_of = layout.records.list_of
    around: list[tuple[int, ...]] = []  # per element the boxes around it, from the inside out
    for index, element in enumerate(layout.elements):
        above = around[element.parent] if element.parent >= 0 else ()
        around.append((index, *above) if list_of[index] >= 0 and element.tag in _BOXES else above)
    for number, line in enumerate(layout.lines):
        for box in around[line.element][:MAX_ANCESTORS]:
            boxes[box].append(number)
    return boxes


def _list_kind(lines: Sequence[Line], boxes: Sequence[Sequence[int]]) -> Label | None:
    """What a list of boxes alike is: a thread of comments, teasers, or part of the article."""
    replies = sum(any(_REPLY.match(lines[number].text) for number in box) for box in boxes)
    if len(boxes) >= COMMENTS and replies >= REPLIES * len(boxes):
        return Label.COMMENT
    if boxes and _heads_teasers(lines, boxes[0][0] - 1):
        linked = sum(any(_is_linked(lines[number]) for number in box[:2]) for box in boxes)
        return Label.RELATED if linked >= MOST * len(boxes) else None
    telling = sum(_is_teaser([lines[number] for number in box]) for box in boxes)
    return Label.RELATED if telling >= TEASERS and telling >= MOST * len(boxes) else None


def _is_teaser(lines: Sequence[Line]) -> bool:
    """A linked headline, then little text or none."""
    size = sum(len(line.text) for line in lines)
    if size > TEASER_SIZE:
        return False
    return any(_is_linked(line) for line in lines[:3])


def _is_linked(line: Line) -> bool:
    return line.link_density >= 0.9 and len(line.text) >= HEADLINE


def _heads_teasers(lines: Sequence[Line], number: int) -> bool:
    """Does a line say that other articles follow?"""
    return number >= 0 and len(lines[number].text) <= HEADING and _MORE.match(lines[number].text) is not None


def _is_prose(line: Line) -> bool:
    return len(line.text) >= PROSE and line.link_density < 0.5


def _other_articles(layout: Layout, title: str) -> Iterator[int]:
    """The lines of articles with another headline, where one of several has the page's title for its own."""
    heads = _headed(layout)
    if len(heads) < 2:
        return
    own = [element for element, head in heads.items() if _alike(layout.lines[head].text, title)]
    if len(own) != 1 and len({layout.lines[heads[element]].text for element in own}) != 1:
        return
    others = set(heads) - {own[0]} - {element for element in own if element != own[0]}
    sizes: dict[int, int] = defaultdict(int)
    held: dict[int, list[int]] = defaultdict(list)
    for number, line in enumerate(layout.lines):
        for element in layout.around(line.element):
            if element in heads:
                held[element].append(number)
                sizes[element] += len(line.text) if _is_prose(line) else 0
    if sizes[own[0]] < OTHER_ARTICLE:
        return  # the title stands above an article that has another headline, or none
    for element in others:
        if sizes[element] >= OTHER_ARTICLE:
            yield from held[element]


def _headed(layout: Layout) -> dict[int, int]:
    """Per `article` element that stands in no other, or box around an h1 of its own, the line of its headline."""
    heads: dict[int, int] = {}
    elements = layout.elements
    h1 = [number for number, line in enumerate(layout.lines) if elements[line.element].tag == "h1"]
    ways = {number: layout.around(layout.lines[number].element) for number in h1}
    for number in h1:
        beside = {element for other in h1 if other != number for element in ways[other]}
        alone = [element for element in ways[number] if element not in beside and elements[element].tag != "h1"]
        if alone and len(h1) > 1:
            heads[alone[-1]] = number
    if heads:
        return heads
    for number, line in enumerate(layout.lines):
        if elements[line.element].tag in _HEADS:
            articles = [element for element in layout.around(line.element) if elements[element].tag == "article"]
            if articles:
                heads.setdefault(articles[-1], number)
    return heads


def _alike(headline: str, title: str) -> bool:
    """Does a headline say the title? A title may name the outlet, too."""
    said, wanted = _WORD.findall(headline.casefold()), frozenset(_WORD.findall(title.casefold()))
    shared = sum(word in wanted for word in said)
    return bool(said) and shared >= 0.9 * len(said) and shared >= SAME_TITLE * len(wanted)
