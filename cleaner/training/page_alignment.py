"""Gold texts of pages → which lines of a page are the article: by runs of words, in the order of the text.

Lines of enough words are found by their runs; lines of few words count where their neighbours stand in the
gold text around the same place. The gold labels of documents read line by line are matched by the lines' text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from cleaner.labels import Label
from cleaner.training.evaluation import Gold

#: Words in a run.
RUN = 4
#: A line is sought further when so much of it stands in the gold text; sure lines are the anchors of the rest.
SOUGHT, SURE = 0.3, 0.5
#: Lines so near to the first or last sure line may be the article's first or last short ones.
EDGE_LINES = 8
#: Words by which places of neighbouring lines may overlap.
SLACK = 3
#: With so much of the labelled lines found, the labels are those of this page.
ENOUGH_FOUND = 0.9

_WORD = re.compile(r"\w+")

Words = tuple[str, ...]


def article_shares(lines: Sequence[str], body: str) -> list[float]:
    """Per line of a page how much of it is in the gold text, from 0 to 1; repetitions elsewhere on the page are 0."""
    gold = _Gold.of(body)
    words = [_words(line) for line in lines]
    sought = [_sought(block_words, gold) for block_words in words]
    seen = Counter(words)
    sure = [
        (index, places[0])
        for index, (share, places) in enumerate(sought)
        if len(words[index]) >= RUN and len(places) == 1 and seen[words[index]] == 1 and share > SURE
    ]
    anchors = [sure[at] for at in _longest_rise([place for _, place in sure])]
    shares = [0.0] * len(lines)
    for index, _ in anchors:
        shares[index] = sought[index][0]
    fixed = {index for index, _ in anchors}
    used: dict[Words, list[int]] = defaultdict(list)
    for index, (share, places) in enumerate(sought):
        if index in fixed or not places:
            continue
        gap = _gap(index, words, anchors, gold)
        place = _place(words[index], places, gap, used[words[index]], gold)
        if place is not None:
            used[words[index]].append(place)
            shares[index] = share
        elif len(words[index]) >= RUN and seen[words[index]] == 1 and share > 0.7 and len(words[index]) >= 12:
            shares[index] = share  # the gold text has another order
    return shares


@dataclass(frozen=True, slots=True)
class _Gold:
    """The words of a gold text, where runs begin, and where its lines begin and end."""

    size: int
    places: Mapping[Words, Sequence[int]]
    starts: frozenset[int]
    ends: frozenset[int]

    @classmethod
    def of(cls, body: str) -> _Gold:
        lines = [words for line in body.split("\n") if (words := _words(line))]
        words = tuple(word for line in lines for word in line)
        places: dict[Words, list[int]] = defaultdict(list)
        for length in range(1, RUN + 1):
            for at in range(len(words) - length + 1):
                places[words[at : at + length]].append(at)
        ends, here = [], 0
        for line in lines:
            here += len(line)
            ends.append(here)
        return cls(len(words), places, frozenset([0, *ends[:-1]]), frozenset(ends))


@dataclass(frozen=True, slots=True)
class _Gap:
    """The stretch of the gold text that a line may come from, by the sure lines around it."""

    first: int
    last: int
    edge: bool  # above the first or below the last sure line
    near: bool  # close enough to it


def _words(text: str) -> Words:
    return tuple(_WORD.findall(text.lower()))


def _sought(words: Words, gold: _Gold) -> tuple[float, list[int]]:
    """How much of a line is in the gold text, and the most likely places where it begins there."""
    if len(words) < RUN:
        starts = list(gold.places.get(words, ())) if words else []
        return float(bool(starts)), starts
    covered = [False] * len(words)
    votes: Counter[int] = Counter()
    for at in range(len(words) - RUN + 1):
        if places := gold.places.get(words[at : at + RUN]):
            covered[at : at + RUN] = [True] * RUN
            votes.update(max(0, place - at) for place in places[:5])
    share = sum(covered) / len(words)
    if share < SOUGHT:
        return 0.0, []
    best = votes.most_common(5)
    return share, [place for place, count in best if count >= 0.5 * best[0][1]]


def _longest_rise(values: Sequence[int]) -> list[int]:
    """The indices of a longest run of values that never falls (patience sorting)."""
    tails: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        at = bisect_right(tails, value)
        before.append(last[at - 1] if at else -1)
        if at == len(tails):
            tails.append(value)
            last.append(index)
        else:
            tails[at], last[at] = value, index
    rise: list[int] = []
    at = last[-1] if last else -1
    while at >= 0:
        rise.append(at)
        at = before[at]
    return rise[::-1]


def _gap(index: int, words: Sequence[Words], anchors: Sequence[tuple[int, int]], gold: _Gold) -> _Gap:
    at = bisect_left(anchors, (index, -1))
    first = anchors[at - 1][1] + len(words[anchors[at - 1][0]]) - SLACK if at else -1
    last = anchors[at][1] + 2 * SLACK if at < len(anchors) else gold.size + 2 * SLACK
    edge = at in (0, len(anchors))
    nearest = (anchors[0][0] if at == 0 else anchors[-1][0]) if anchors else index
    return _Gap(first, last, edge, abs(index - nearest) <= EDGE_LINES)


def _place(words: Words, places: Sequence[int], gap: _Gap, used: Sequence[int], gold: _Gold) -> int | None:
    """The place in the gold text that a line comes from, or None when it comes from elsewhere."""
    size = len(words)
    inside = [place for place in places if gap.first <= place and place + size <= gap.last and place not in used]
    if size >= RUN:
        return inside[0] if inside else None
    whole = [place for place in inside if place in gold.starts and place + size in gold.ends]
    if whole:
        return whole[0] if gap.near or not gap.edge else None
    close = gap.last - gap.first < 12 * size + 12 and len("".join(words)) > 3
    return inside[0] if inside and close and not gap.edge else None


def labels_of_lines(lines: Sequence[str], gold: Gold) -> list[tuple[Label | None, bool]] | None:
    """Per line of a page its label in a document read line by line (None: not in it), and whether that is in doubt.

    None as a whole when too few of the labelled lines are found on the page.
    """
    keys = [_key(line) for line in lines]
    spans = list(_labelled(gold))
    matcher = SequenceMatcher(None, keys, [key for key, _, _ in spans], autojunk=False)
    labels: list[tuple[Label | None, bool]] = [(None, False)] * len(lines)
    aligned = 0
    for start, other, size in matcher.get_matching_blocks():
        aligned += size
        for step in range(size):
            labels[start + step] = spans[other + step][1:]
    return labels if spans and aligned >= ENOUGH_FOUND * len(spans) else None


def _labelled(gold: Gold) -> Iterator[tuple[str, Label, bool]]:
    for start, end, label in gold.spans:
        doubtful = any(first <= start and end <= last for first, last in gold.doubt)
        yield _key(gold.text[start:end]), label, doubtful


def _key(text: str) -> str:
    return " ".join(_words(text)) or text.strip()
