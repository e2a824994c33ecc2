"""What of a page is said twice: another rendering of the article, or a synopsis that repeats its paragraphs.

A copy is a container nearly all of which stands elsewhere, too, and that is most of what was said before it, or little
of where it is said; or a long run of lines that says all of it again in order. Refrains, answers, cells, and
paragraphs that repeat each other side by side are none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from cleaner.html.page import Layout

#: A container is a copy when so much of its text stands elsewhere on the page …
SAID = 0.8
#: … and that is so much of all that is said before it, or stands in a container so many times as long.
WHOLE, LONGER = 0.6, 3.0
#: Lines without a container of their own are a copy when so many of them repeat so much of what is said before them.
RUN, RUN_SHARE = 3, 0.8
#: A copy says so many characters again, at least.
REPEATED = 60
#: Elements that hold a paragraph, a line or a cell, not a rendering of an article.
_SMALL = frozenset(
    "a b blockquote br button caption cite code dd dt em figcaption font h1 h2 h3 h4 h5 h6 i label li p pre q s small "
    "span strong sub sup table tbody td tfoot th thead time tr u".split()
)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines in order: what each says, where else that is said, and the containers around each, from the inside out."""

    texts: Sequence[str]
    places: Mapping[str, Sequence[int]]
    around: Sequence[Sequence[int]]
    spans: Mapping[int, tuple[int, int]]  # container → its first line, and the one after its last
    sizes: Sequence[int]  # of all lines before each, and of all
    different: Sequence[int]  # the same of different lines

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        places: Mapping[str, Sequence[int]],
        around: Sequence[Sequence[int]],
        spans: Mapping[int, tuple[int, int]],
    ) -> _Lines:
        sizes = accumulate(map(len, texts), initial=0)
        new = (len(text) if places[text][0] == line else 0 for line, text in enumerate(texts))
        return cls(texts, places, around, spans, tuple(sizes), tuple(accumulate(new, initial=0)))

    def size(self, start: int, stop: int) -> int:
        return self.sizes[stop] - self.sizes[start]

    def said(self, start: int, stop: int, *, before: bool) -> list[int]:
        """The lines from `start` on that stand outside this stretch as well: before it, or anywhere."""
        lines = range(start, stop)
        if before:
            return [line for line in lines if self.places[self.texts[line]][0] < start]
        return [line for line in lines if self._elsewhere(line, start, stop) >= 0]

    def _elsewhere(self, line: int, start: int, stop: int) -> int:
        places = self.places[self.texts[line]]
        first = 0 if places[0] < start else bisect_left(places, stop)
        return places[first] if first < len(places) else -1

    def around_other(self, line: int, start: int, stop: int) -> int:
        """The size of the largest container that says a line elsewhere and does not hold this stretch."""
        other = self._elsewhere(line, start, stop)
        spans = (self.spans[container] for container in self.around[other])
        return max((self.size(*span) for span in spans if not span[0] <= start < span[1]), default=0)


def copies(layout: Layout, numbers: Sequence[int], texts: Sequence[str]) -> set[int]:
    """Which of some lines, by their places in `numbers`, are copies; of two renderings the later one is.

    numbers: lines of the layout, in order. texts: what each says.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        places[text].append(place)
    if sum(len(text) * (len(indexes) - 1) for text, indexes in places.items()) < REPEATED:
        return set()
    around = [_containers(layout, number) for number in numbers]
    spans: dict[int, tuple[int, int]] = {}
    for place, containers in enumerate(around):
        for container in containers:
            spans[container] = (spans.get(container, (place, place))[0], place + 1)
    lines = _Lines.of(texts, places, around, spans)
    repeating = {
        container for indexes in places.values() if len(indexes) > 1 for at in indexes for container in around[at]
    }
    stretches = sorted((spans[container] for container in repeating), key=lambda span: (span[0] - span[1], span[0]))
    gone = _hidden(layout, numbers, lines)
    gone |= _runs(lines)
    for start, stop in dict.fromkeys(stretches):
        if gone.isdisjoint(range(start, stop)):
            gone.update(_copied(lines, start, stop))
    return gone or _synopsis(lines)


def _containers(layout: Layout, number: int) -> list[int]:
    """The containers around a line, from the inside out: what may be a rendering."""
    chain = layout.around(layout.lines[number].element)
    return [element for element in chain[1:] if layout.elements[element].tag not in _SMALL]


def _copied(lines: _Lines, start: int, stop: int) -> list[int]:
    """The lines of a container that are said elsewhere, when it is a copy."""
    size = lines.size(start, stop)
    again = lines.said(start, stop, before=True)
    said = sum(len(lines.texts[line]) for line in again)
    earlier = lines.different[start]
    several = len({lines.texts[line] for line in again}) > 1
    if several and said >= max(REPEATED, SAID * size, WHOLE * earlier):
        return again
    again = lines.said(start, stop, before=False)
    said = sum(len(lines.texts[line]) for line in again)
    longest = max(again, key=lambda line: len(lines.texts[line]), default=-1)
    if said >= max(REPEATED, SAID * size) and lines.around_other(longest, start, stop) >= LONGER * size:
        return again
    return []


def _hidden(layout: Layout, numbers: Sequence[int], lines: _Lines) -> set[int]:
    """Hidden lines, those that a click shows among them, that a shown one says, too."""
    covered: list[bool] = []
    for element in layout.elements:
        covered.append(element.hidden or element.panel or (element.parent >= 0 and covered[element.parent]))
    hidden = [covered[layout.lines[number].element] for number in numbers]
    return {
        place
        for text, places in lines.places.items()
        if len(text) >= REPEATED and not all(hidden[place] for place in places)
        for place in places
        if hidden[place]
    }


def _runs(lines: _Lines) -> set[int]:
    """Lines that say what stands before them again, in the same order."""
    gone: set[int] = set()
    start, count = 1, len(lines.texts)
    while start < count:
        first = lines.places[lines.texts[start]][0]
        stop = start
        while stop < count and first + stop - start < start and lines.texts[stop] == lines.texts[first + stop - start]:
            stop += 1
        run = set(lines.texts[start:stop])
        earlier = lines.different[start] if len(run) >= RUN else 0
        if earlier and sum(map(len, run)) >= max(REPEATED, RUN_SHARE * earlier):
            gone.update(range(start, stop))
        start = max(stop, start + 1)
    return gone


def _synopsis(lines: _Lines) -> set[int]:
    """The second of two lines alike, when the first stands above a longer article: a synopsis is its opening."""
    first = next((line for line, text in enumerate(lines.texts) if len(text) >= REPEATED), -1)
    if first < 0:
        return set()
    text = lines.texts[first]
    rest = sum(len(other) for other, indexes in lines.places.items() if other != text and len(indexes) == 1)
    return {lines.places[text][1]} if len(lines.places[text]) == 2 and rest >= LONGER * len(text) else set()
