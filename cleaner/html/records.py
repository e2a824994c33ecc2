"""Records of a page: elements alike that follow each other in one element, as comments, teasers and slides do.

Threads of readers' comments, lists of other articles and articles loaded one after another have no class names in
common, but this structure. Measurements per line, NumPy only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.html.page import Element, Line

Floats = NDArray[Any]  # float32

#: So many elements alike make a list of records.
FEWEST = 3
#: Elements that may be a record: what holds several lines, not a paragraph.
_RECORDS = frozenset("article aside blockquote dd div dl figure li section table tbody td tr ul".split())
#: Elements of so much of the page's prose may be an article of their own.
ARTICLE_SHARE = 0.12


def record_columns(lines: Sequence[Line], elements: Sequence[Element], sums: Floats, total: float) -> Iterable[Floats]:
    """Per line how its innermost and its outermost record stand: how many alike, how long, where in the list."""
    groups = record_groups(elements)
    inner, outer = _lists_around(elements, groups)
    times = _held(elements, "time")
    for chosen in (inner, outer):
        of_line = [chosen[line.element] for line in lines]
        yield from _about(of_line, groups, sums, times, total)


def record_groups(elements: Sequence[Element]) -> list[tuple[list[int], int] | None]:
    """Per element the records (elements) it is one of, and its number among them; None where it is no record."""
    alike: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for index, element in enumerate(elements):
        if element.tag in _RECORDS and element.parent >= 0:
            alike[element.parent, element.tag, element.names.split(" ", 1)[0]].append(index)
    found: list[tuple[list[int], int] | None] = [None] * len(elements)
    for group in alike.values():
        if len(group) >= FEWEST:
            for number, index in enumerate(group):
                found[index] = (group, number)
    return found


def _lists_around(
    elements: Sequence[Element], groups: Sequence[tuple[list[int], int] | None]
) -> tuple[list[int], list[int]]:
    """Per element the innermost and the outermost record around it; -1: none."""
    inner: list[int] = []
    outer: list[int] = []
    for index, element in enumerate(elements):
        above = (inner[element.parent], outer[element.parent]) if element.parent >= 0 else (-1, -1)
        own = groups[index] is not None
        inner.append(index if own else above[0])
        outer.append(above[1] if above[1] >= 0 else index if own else -1)
    return inner, outer


def _held(elements: Sequence[Element], tag: str) -> list[bool]:
    """Per element whether it holds an element with this tag."""
    held = [element.tag == tag for element in elements]
    for index in range(len(elements) - 1, 0, -1):
        if held[index] and elements[index].parent >= 0:
            held[elements[index].parent] = True
    return held


def _about(
    of_line: Sequence[int],
    groups: Sequence[tuple[list[int], int] | None],
    sums: Floats,
    times: Sequence[bool],
    total: float,
) -> Iterable[Floats]:
    known: dict[int, tuple[float, ...]] = {}
    rows = np.zeros((len(of_line), 9), np.float32)
    by_list: dict[int, tuple[float, ...]] = {}
    for row, record in enumerate(of_line):
        group = groups[record] if record >= 0 else None
        if group is None:
            continue
        if record not in known:
            members, number = group
            if members[0] not in by_list:
                held = sums[members]
                texts = held[:, 1]
                by_list[members[0]] = (
                    float(np.log1p(len(members))),
                    float(held[:, 0].sum() / total),
                    float(np.log1p(texts.mean())),
                    float(texts.std() / max(1.0, texts.mean())),
                    float((held[:, 0] > 0).mean()),
                    float(held[:, 2].sum() / max(1.0, texts.sum())),
                    sum(times[member] for member in members) / len(members),
                )
            own = float(sums[record, 0] / total)
            known[record] = (*by_list[members[0]], number / len(members), own)
        rows[row] = known[record]
    yield from rows.T


def article_columns(lines: Sequence[Line], elements: Sequence[Element], sums: Floats, total: float) -> Iterable[Floats]:
    """Per line which of a page's articles it is in: `article` elements with prose, and headlines, one after another."""
    number = np.full(len(elements), -1)
    count = 0
    for index, element in enumerate(elements):
        above = number[element.parent] if element.parent >= 0 else -1
        if above >= 0:
            number[index] = above
        elif element.tag == "article" and sums[index, 0] >= ARTICLE_SHARE * total:
            number[index] = count
            count += 1
    of_line = number[[line.element for line in lines]]
    yield np.where(of_line < 0, -1, np.minimum(of_line, 4)).astype(np.float32)
    yield np.full(len(lines), min(count, 5), np.float32)
    headlines = np.cumsum([elements[line.element].tag == "h1" for line in lines])
    yield np.minimum(headlines, 6).astype(np.float32)
    yield np.full(len(lines), min(int(headlines[-1]), 6), np.float32)
