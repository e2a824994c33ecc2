"""Blocks cut where a stretch begins or ends that the source repeats: in a text of one line, boilerplate need not be
a sentence of its own.

Only blocks that share their line with others are cut, at white space; a paragraph is left whole. Offsets are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from cleaner.document import Block, Rendering
from cleaner.memory.fingerprints import Units
from cleaner.segmentation.text import cut_block
from cleaner.segmentation.tokens import Flags, Tokens, points_of

#: A shorter stretch is a turn of phrase, and what is left over beside it must be so many words at least.
STRETCH, REST = 6, 2


def split(rendering: Rendering, tokens: Tokens, units: Units, recurring: Flags, glued: Flags) -> Rendering | None:
    """The rendering with such blocks cut; None when there is none. recurring: token → does its run of words recur?"""
    if not recurring.any():
        return None
    blocks: list[Block] = []
    spans = dict(zip(units.block[: units.blocks].tolist(), range(units.blocks), strict=True))
    for index, block in enumerate(rendering.blocks):
        cuts: list[int] = []
        if glued[index] and index in spans:
            unit = spans[index]
            cuts = list(_cuts(block, index, tokens, recurring, (int(units.first[unit]), int(units.last[unit]))))
        blocks += cut_block(block, cuts) if cuts else [block]
    return replace(rendering, blocks=tuple(blocks)) if len(blocks) > len(rendering.blocks) else None


def _cuts(block: Block, index: int, tokens: Tokens, recurring: Flags, words: tuple[int, int]) -> Iterator[int]:
    """Offsets in the block, in code points, before which it is to be cut."""
    first, last = words
    inside = recurring[first : last + 1]
    if not inside.any():
        return
    edges = np.flatnonzero(np.diff(np.concatenate(([0], inside.astype(np.int8), [0]))))
    start = int(tokens.block_starts[index])
    for begin, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):  # end: the first token after it
        if end - begin < STRETCH:
            continue
        if begin >= REST:
            yield _before(block.text, _points(block.text, int(tokens.begins[first + begin]) - start))
        if last + 1 - first - end >= REST:
            yield _before(block.text, _points(block.text, int(tokens.begins[first + end]) - start))


def _points(text: str, units: int) -> int:
    """An offset in UTF-16 code units as one in code points."""
    if text.isascii():
        return units
    return int(points_of(text, np.array(units)))


def _before(text: str, offset: int) -> int:
    """The beginning of the word at an offset, with the quotes and brackets that open before it."""
    while offset > 0 and not text[offset - 1].isspace():
        offset -= 1
    return offset
