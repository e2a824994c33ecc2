"""How far outside the article a page's blocks stand, in log-odds: the page model's, with what the structure says.

Only the blocks near the article are read as text: they become a rendering of their own. This is evidence; what
becomes of a block `cleaner.decision.page` decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cleaner.document import Block, Rendering
from cleaner.heuristics.patterns import MARKS, is_row
from cleaner.html.class_hints import DIALOGS
from cleaner.html.structures import Structures
from cleaner.labels import KEPT
from cleaner.segmentation.stops import ends_sentence

#: Log-odds of standing outside from which a block is not read as text any more. Reading as text from 2, 3 or 4 on made
#: no difference beyond .0005 in any score, cross-validated over 1,383 pages.
FAR = 3.0
NOTHING = Structures()
#: A list of boxes alike goes by its place alone where its mean log-odds, each line by its length, are so high.
LIST_OUTSIDE = 1.3
#: Without the model of text a block goes from these log-odds on, plus so much per factor e of its length over
#: TYPICAL_LENGTH characters (same pages: flat between .6 and 1.0).
OUTSIDE, OUTSIDE_LENGTH, TYPICAL_LENGTH = 0.8, 0.1, 60
#: Where less than this share of a page's prose would stay, the model has not recognised the article, which is more
#: often the case than that there is so little: all odds fall by this (28 of the same pages; segments .947 → .949).
LITTLE, RESCUE = 0.25, 1.5
#: So much text is an article, whatever stands beside it: a short one may have 33,000 characters of comments below.
ENOUGH = 2000
#: When another extractor can be asked on such a page, the odds of what at least half is in its text fall by the first,
#: those of the rest by the second (segments .949 → .951; the shares for asking .4 and .5 were no better).
SECONDED, UNSECONDED, HALF = 3.0, 1.0, 0.5
#: What a unit of the strongest mark's weight (patterns.MARKS) adds to the page model's log-odds.
MARKED = 0.5
#: A dialog is outside, however it reads: its odds are so at least, also where all odds are lowered.
DIALOG_ODDS = FAR + 4
#: A line of so many characters is prose, where it is only a matter of amounts.
PROSE = 80
#: What the page model is taken to say of the page's title: it learned from texts that leave it out.
HEADLINE_ODDS = -8.0
#: White space by which a title and the block that shows it may differ.
TITLE_SLACK = 8


def settled(
    blocks: Sequence[Block],
    odds: Sequence[float],
    title: str,
    second: Callable[[], Sequence[float]] | None = None,
    within: Structures = NOTHING,
) -> list[float]:
    """The page model's odds, lowered where next to nothing would stay, and with the page's title held to be inside.

    second: asked only then, gives how much of each block another extractor takes for the article; nothing: no opinion.
    within: what the lines stand in besides the article.
    """
    odds = [_marked(block, block_odds) for block, block_odds in zip(blocks, odds, strict=True)]
    odds = _verses_whole(_tables_whole(blocks, odds), within.verses)
    odds = [block_odds + within.raised.get(index, 0.0) for index, block_odds in enumerate(odds)]
    odds = _lists_whole(blocks, odds, within.lists)
    headline = headline_of(blocks, odds, title)
    prose, kept = _sizes(blocks, odds, headline)
    settled_odds = (
        odds
        if within.nothing_else or kept >= min(LITTLE * prose, ENOUGH)
        else _milder(odds, second() if second is not None else ())
    )
    return with_headline(settled_odds, headline)


def _sizes(blocks: Sequence[Block], odds: Sequence[float], headline: int) -> tuple[int, int]:
    """How much prose a page has, and how much of it would stay; a page without long lines has its sentences."""
    told = [
        (block, block_odds)
        for index, (block, block_odds) in enumerate(zip(blocks, odds, strict=True))
        if index != headline
    ]
    prose = sum(len(block.text) for block, _ in told if len(block.text) >= PROSE)
    if not prose:
        prose = sum(len(block.text) for block, _ in told if block.link_density < HALF and ends_sentence(block.text))
    return prose, sum(len(block.text) for block, block_odds in told if block_odds < cost_of(block))


def with_headline(odds: Sequence[float], headline: int) -> list[float]:
    """The odds with those of the page's title held to be inside; headline: its block, or -1."""
    return [
        min(block_odds, HEADLINE_ODDS) if index == headline else block_odds for index, block_odds in enumerate(odds)
    ]


def _tables_whole(blocks: Sequence[Block], odds: Sequence[float]) -> list[float]:
    """The odds with those of rows of a table that follow each other averaged: a table stays or goes as a whole."""
    joint_odds = list(odds)
    start = 0
    while start < len(blocks):
        stop = start
        while stop < len(blocks) and is_row(blocks[stop]):
            stop += 1
        if stop > start:
            joint_odds[start:stop] = [sum(odds[start:stop]) / (stop - start)] * (stop - start)
        start = stop + 1
    return joint_odds


def _verses_whole(odds: Sequence[float], verses: Sequence[Sequence[int]]) -> list[float]:
    """The odds with those of the lines of one paragraph averaged: they stand in one place."""
    joint_odds = list(odds)
    for lines in verses:
        mean = sum(odds[line] for line in lines) / len(lines)
        for line in lines:
            joint_odds[line] = mean
    return joint_odds


def _lists_whole(blocks: Sequence[Block], odds: Sequence[float], lists: Sequence[Sequence[int]]) -> list[float]:
    """The odds with lists of boxes alike that stand outside as a whole put far outside: a thread, other articles.

    Their words cannot tell: comments and other articles read like articles.
    """
    joint_odds = list(odds)
    for lines in lists:
        size = sum(len(blocks[line].text) for line in lines)
        if size and sum(odds[line] * len(blocks[line].text) for line in lines) >= LIST_OUTSIDE * size:
            for line in lines:
                joint_odds[line] = max(joint_odds[line], FAR) if odds[line] > 0 else joint_odds[line]
    return joint_odds


def _marked(block: Block, odds: float) -> float:
    told = odds + MARKED * _told(block.marks)
    return told if DIALOGS.isdisjoint(block.marks) else max(told, DIALOG_ODDS)


def _milder(odds: Sequence[float], shares: Sequence[float]) -> list[float]:
    if not shares:
        return [block_odds - RESCUE for block_odds in odds]
    return [
        block_odds - (SECONDED if share >= HALF else UNSECONDED) for block_odds, share in zip(odds, shares, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Near:
    """The blocks near the article as a rendering of their own."""

    rendering: Rendering
    blocks: tuple[int, ...]  # their indices in the page's rendering
    odds: tuple[float, ...]  # that each stands outside the article


def near(rendering: Rendering, odds: Sequence[float]) -> Near:
    """The part of a page's rendering that is to be read as text: rows of tables are not, they read like crumbs."""
    blocks_near = (index for index, block_odds in enumerate(odds) if block_odds < FAR)
    chosen = tuple(index for index in blocks_near if not is_row(rendering.blocks[index]))
    blocks: list[Block] = []
    here = 0
    for number, index in enumerate(chosen):
        block = rendering.blocks[index]
        blocks.append(
            replace(block, start=here, end=here + len(block.text), line=number, newlines_before=min(number, 1))
        )
        here += len(block.text) + 1
    text = "\n".join(block.text for block in blocks)
    return Near(replace(rendering, text=text, blocks=tuple(blocks)), chosen, tuple(odds[index] for index in chosen))


def headline_of(blocks: Sequence[Block], odds: Sequence[float], title: str) -> int:
    """The block that is the page's title: as its metadata say, else its only h1; -1 without one."""
    wanted = _plain(title)
    same = [
        index
        for index, block in enumerate(blocks)
        if wanted and abs(len(block.text) - len(title)) < TITLE_SLACK and _plain(block.text) == wanted
    ]
    if not same:
        same = [index for index, block in enumerate(blocks) if "tag:h1" in block.marks]
        same = same if len(same) == 1 else []
    return min(same, key=lambda index: odds[index], default=-1)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@lru_cache(maxsize=1 << 12)  # lines of a list, and pages of a site, bear the same marks
def _told(marks: tuple[str, ...]) -> float:
    """The weight of the strongest mark that speaks for boilerplate, or 0."""
    return max((MARKS[mark][1] for mark in marks if mark in MARKS and MARKS[mark][0] not in KEPT), default=0.0)


def cost_of(block: Block) -> float:
    """The log-odds from which a block goes by the page alone."""
    return OUTSIDE + OUTSIDE_LENGTH * math.log1p(len(block.text) / TYPICAL_LENGTH)


def probability_of(odds: float) -> float:
    """The probability that log-odds stand for, as it is told."""
    return round(1 / (1 + math.exp(-odds)), 3)
