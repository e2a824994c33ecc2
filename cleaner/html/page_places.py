"""Hashed words of the elements around a page's lines: which tags, classes, ids, roles and properties, and how near."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache

import numpy as np

from cleaner import accelerator
from cleaner.html.page import MAX_ANCESTORS, Layout
from cleaner.segmentation.tokens import Ints

#: Buckets of the hashes, as a power of two.
BITS = 20

_NAME = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+")


def _name_words(names: str) -> tuple[int, ...]:
    """Hashes of the words and the whole names in a class or id attribute; digits do not count."""
    words: dict[int, None] = {}
    for name in names.split()[:12]:
        words.update(_one_name(name[:60]))
    return tuple(words)


@lru_cache(maxsize=1 << 15)  # by name and not by attribute: sites share more names than combinations of them
def _one_name(name: str) -> dict[int, None]:
    parts = [part.lower() for part in _NAME.findall(name)]
    if len(parts) != 1:
        parts.append("".join(parts))
    return {zlib.crc32(part.encode()): None for part in parts if len(part) > 1}


@lru_cache(maxsize=1 << 14)
def _own(tag: str, names: str, role: str, told: str) -> tuple[int, ...]:
    """Base hashes of one element: its tag, its names, tag with each name, role, property."""
    tag_hash = zlib.crc32(b"<" + tag.encode("utf-8", "replace"))
    hashes = [tag_hash]
    for name in _name_words(names):
        hashes += (name, name * 31 + tag_hash & 0xFFFFFFFF)
    if role:
        hashes.append(zlib.crc32(b"role:" + role.encode("utf-8", "replace")))
    hashes += [name * 17 + 5 & 0xFFFFFFFF for name in _name_words(told)]
    return tuple(hashes)


#: Distance from the line → group: itself, one, two, three around it, farther, far.
_GROUP = (0, 1, 2, 3, 4, 4, 5, 5, 5) + (6,) * MAX_ANCESTORS
_ANYWHERE = 7


def place_hashes(layout: Layout) -> tuple[Ints, Ints, Ints]:
    """Hashes of the surroundings that occur, row after row; each row's start; line → row.

    Lines whose elements are alike and stand in the same element share a row.
    """
    elements = layout.elements
    rows: dict[tuple[object, ...], int] = {}
    around_all: list[tuple[int, ...]] = []  # per element it and those around it
    for index, holder in enumerate(elements):
        above = around_all[holder.parent] if holder.parent >= 0 else ()
        around_all.append((index, *above[: MAX_ANCESTORS - 1]))
    arounds: list[tuple[int, ...]] = []
    of_line: list[int] = []
    for line in layout.lines:
        key = elements[line.element][:5]
        row = rows.get(key)
        if row is None:
            row = rows[key] = len(rows)
            arounds.append(around_all[line.element])
        of_line.append(row)
    own: list[tuple[int, ...] | None] = [None] * len(elements)
    for around in arounds:
        index = around[0]
        while index >= 0 and own[index] is None:  # where it is known, so is what lies around it
            holder = elements[index]
            own[index] = _own(holder.tag, holder.names, holder.role, holder.property)
            index = holder.parent
    return *_buckets(own, arounds), np.array(of_line)


def place_arguments(codes: Ints) -> tuple[object, ...]:
    """What the accelerator needs to sum the weights of surroundings. codes: bucket → weight."""
    return _own, bytes(_GROUP[:MAX_ANCESTORS]), _ANYWHERE, BITS, codes


def _buckets(own: list[tuple[int, ...] | None], arounds: list[tuple[int, ...]]) -> tuple[Ints, Ints]:
    """Buckets of all rows one after the other, of each hash one for its distance and one for any; each row's start."""
    if accelerator.compiled is None:
        return _buckets_in_numpy(own, arounds)
    buckets, starts = accelerator.compiled.place_hashes(own, arounds, bytes(_GROUP), _ANYWHERE, BITS)
    return np.frombuffer(buckets, np.int64), np.frombuffer(starts, np.int64)


def _buckets_in_numpy(own: list[tuple[int, ...] | None], arounds: list[tuple[int, ...]]) -> tuple[Ints, Ints]:
    """The reference that the accelerator is held to."""
    ancestors = [index for around in arounds for index in around]
    groups = [group for around in arounds for group in _GROUP[: len(around)]]
    used = sorted(set(ancestors))
    hashes = [own[index] or () for index in used]
    counts = np.array([len(element_hashes) for element_hashes in hashes])
    flat = np.array([value for element_hashes in hashes for value in element_hashes], np.uint64)
    at = np.searchsorted(used, ancestors)
    lengths = counts[at]
    starts = (np.cumsum(counts) - counts)[at]
    ends = np.cumsum(lengths)
    index = np.arange(int(ends[-1])) + np.repeat(starts - (ends - lengths), lengths)
    bases = flat[index] * np.uint64(8)
    near = mixed(bases + np.repeat(np.array(groups, np.uint64), lengths))
    anywhere = mixed(bases + np.uint64(_ANYWHERE))
    bounds = np.concatenate(([0], np.cumsum([len(around) for around in arounds])))
    row_starts = np.concatenate(([0], ends))[bounds[:-1]]
    return np.stack((near, anywhere), axis=1).ravel(), 2 * row_starts


def mixed(values: Ints) -> Ints:
    """Buckets of hashes or checksums."""
    spread = (values ^ (values >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return (spread >> np.uint64(64 - BITS)).astype(np.int64)
