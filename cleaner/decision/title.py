"""Which line that reads like a headline is the title: what is plainly one and stands first; in doubt none is.

A line that a rule takes out of the article, that the model would nearly take out, that stands inside a box that goes,
a desk line ("FOR IMMEDIATE RELEASE"), a dateline, a section or a kicker above the headline is none. What is no title
stays where it is, as body. Nothing is moved here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cleaner import accelerator
from cleaner.heuristics.patterns import DESK
from cleaner.labels import KEPT, Label
from cleaner.phrases import one_of

#: Above a headline stand at most so many other kept lines; in a flat text none.
ABOVE_HEADLINE = 3
#: What stands above a report beside a desk line, and is no title of it.
KICKER = re.compile(one_of("kickers") + "[:.!]?", re.IGNORECASE)
#: Of the labelled documents (cross-validated) a title with a higher score than this was none in six of ten, and one
#: that the model gives less than this share of being a headline in two of three.
MOST_SCORE, LEAST_SHARE = 0.6, 0.25
#: A later line is the title when it is so much surer, in log-odds; before a kicker of so many words when surer at all.
SURER, KICKER_WORDS = 1.5, 3
#: Boxes in which a line between two lines that go goes with them, or at least is no title.
BOXES = frozenset(
    {
        Label.DONATION, Label.NEWSLETTER, Label.SUBSCRIPTION, Label.ADVERT, Label.SOCIAL, Label.COMMENT, Label.BIO,
        Label.LEGAL,
    }
)  # fmt: skip


@accelerator.quick
@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known of one block; share: the model's probability that it is a headline."""

    text: str
    label: Label
    score: float
    share: float = 1.0
    given: bool = False  # it is the title as given
    asks: bool = False  # rules alone would take it out


def no_titles(blocks: Sequence[Candidate]) -> Iterator[int]:
    """The blocks at the top that are labelled headline and yet are not the title; further down nobody asks."""
    best, kept = -1, 0
    for index, block in enumerate(blocks):
        if block.label not in KEPT:
            continue
        if kept > ABOVE_HEADLINE:
            return
        kept += 1
        if block.label is not Label.HEADLINE:
            continue
        if not block.given and (_doubtful(block) or _in_a_box(blocks, index)):
            yield index
        elif best < 0:
            best = index
        elif _surer(block, blocks[best]):
            yield best
            best = index


def is_desk(text: str) -> bool:
    """Is a line only what stands above a report: a desk line, a dateline, a kicker of any report?"""
    return DESK.fullmatch(text) is not None or KICKER.fullmatch(text) is not None


def _doubtful(block: Candidate) -> bool:
    if block.asks or block.score >= MOST_SCORE or block.share < LEAST_SHARE:
        return True
    return is_desk(block.text)


def _in_a_box(blocks: Sequence[Candidate], index: int) -> bool:
    if not 0 < index < len(blocks) - 1:
        return False
    return blocks[index - 1].label in BOXES and blocks[index - 1].label is blocks[index + 1].label


def _surer(later: Candidate, first: Candidate) -> bool:
    if first.given or later.given:
        return later.given and not first.given
    needed = 0.0 if first.text.count(" ") < KICKER_WORDS else SURER
    return _odds(later.share) - _odds(first.share) > needed


def _odds(share: float) -> float:
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))
