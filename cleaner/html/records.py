"""Measurements of a page's records and articles: what a line's comment, teaser or slide is like beside the others.

Threads of readers' comments, lists of other articles and articles loaded one after another have no class names in
common, but this structure. NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from cleaner.html.page import Element, Layout, Line, Records
from cleaner.html.page_shape import Column, Logged
from cleaner.segmentation.tokens import Floats

#: Elements of so much of the page's prose may be an article of their own.
ARTICLE_SHARE = 0.12
#: Of the measurements of a record those whose logarithm counts: how many are alike, how long they are on average.
_LOGGED = (0, 2)


def record_columns(layout: Layout, sums: Floats, total: float) -> Iterable[Column]:
    """Per line how its innermost and its outermost record stand: how many alike, how long, where in the list.

    sums: per element what it holds: prose, text, linked text. total: the page's prose.
    """
    records = layout.records
    inner, outer = _records_around(layout.elements, records)
    about = _about_lists(layout.elements, records, sums, total)
    of_line = np.array([line.element for line in layout.lines])
    of_element = _about_records(records, about, sums, total)
    for chosen in (inner, outer):
        for number, column in enumerate(of_element[:, np.array(chosen)[of_line]]):
            yield Logged(column) if number in _LOGGED else column


def _records_around(elements: Sequence[Element], records: Records) -> tuple[list[int], list[int]]:
    """Per element the innermost and the outermost record around it; -1: none."""
    inner: list[int] = []
    outer: list[int] = []
    for index, element in enumerate(elements):
        parent, own = element.parent, records.list_of[index] >= 0
        inner.append(index if own else inner[parent] if parent >= 0 else -1)
        above = outer[parent] if parent >= 0 else -1
        outer.append(above if above >= 0 else index if own else -1)
    return inner, outer


def _held(elements: Sequence[Element], tag: str) -> list[bool]:
    """Per element whether it holds an element with this tag."""
    held = [element.tag == tag for element in elements]
    for index in range(len(elements) - 1, 0, -1):
        if held[index] and elements[index].parent >= 0:
            held[elements[index].parent] = True
    return held


def _about_lists(elements: Sequence[Element], records: Records, sums: Floats, total: float) -> Floats:
    """List × what its records are like together."""
    counts = np.array([len(members) for members in records.lists], np.float64)
    if not len(counts):
        return np.zeros((0, 7))
    members = np.array([index for members in records.lists for index in members])
    number = np.repeat(np.arange(len(counts)), counts.astype(np.int64))
    held = sums[members]
    prose, texts, linked = (np.bincount(number, held[:, column]) for column in range(3))
    means = texts / counts
    spread = np.sqrt(np.bincount(number, (held[:, 1] - means[number]) ** 2) / counts)
    timed = np.array(_held(elements, "time"), np.float64)[members]
    return np.stack(
        (
            counts,
            prose / total,
            means,
            spread / np.maximum(1, means),
            np.bincount(number, held[:, 0] > 0) / counts,
            linked / np.maximum(1, texts),
            np.bincount(number, timed) / counts,
        ),
        axis=1,
    )


def _about_records(records: Records, about: Floats, sums: Floats, total: float) -> Floats:
    """What × element: what a record is like; the last column, for -1, is of no record: zeros."""
    rows = np.zeros((len(records.list_of) + 1, 9))
    members = np.array([index for members in records.lists for index in members], np.int64)
    sizes = np.array([len(members) for members in records.lists], np.int64)
    number = np.repeat(np.arange(len(sizes)), sizes)
    rows[members, :7] = about[number]
    rows[members, 7] = np.array(records.place)[members] / sizes[number]
    rows[members, 8] = sums[members, 0] / total
    return rows.T


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
