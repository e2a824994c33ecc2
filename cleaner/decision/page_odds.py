"""A block of a page: what the page says of its place and what it says itself, weighed together.

The weights are learned from pages, each of a domain left out, with appeals of our own and true sentences put
between their paragraphs (benchmarks/page_odds.py). A line in the flow of the article goes when the judge of
text, or a cue that is all of the line, would take it out of a text: there the page has nothing to say of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np

from cleaner.document import Evidence
from cleaner.heuristics.appeals import LETTER_WEIGHT
from cleaner.segmentation.tokens import Floats

#: Log-odds that a block of a page is not of the article, per unit of each kind of evidence.
WEIGHTS = {
    "bias": 0.77,
    "outside": 0.71,  # the page model's log-odds, where they say outside
    "inside": 0.57,  # and where they say inside
    "text for": 0.25,  # the text judge's log-odds beyond the cost of losing the block
    "text against": 0.62,  # and what they lack
    "container": 0.12,  # the strongest mark of the elements around it
    "prose": -0.07,  # the rules' evidence for body
    "length": 0.76,  # log of the length over TYPICAL_LENGTH characters, plus one
    "crumb": -1.40,  # a heading: fitted on headings alone, whose words do not count
}
TYPICAL_LENGTH = 60
#: Evidence beyond this says no more.
MOST_CONTAINER = 6.0
#: The text judge decides alone when it is so much surer than the cost of losing the block asks, and a rule has heard a
#: cue of this weight: a line that would go from a text goes from a page.
TEXT_SURE, HEARD = 0.0, 1.0
#: Where no rule has heard anything and no element tells, a line whose place says inside by so much stays for so much
#: longer: of 34 lines from -2 on that the text judge would have taken, 3 were not of the article (300 pages).
INSIDE, DOUBT = -1.0, 1.0
#: That holds in an article: so many characters that place and words both call its own.
FLOW = 400
#: The page's title has been told by its place; the judge of text may take it for anything.
TITLE = -7.5
#: A cue that opens a short line, or is all of it, weighs so much: the line goes wherever it stands.
CUE_SURE = 4.0
#: But not where the place says inside and the text judge is so sure of the article; of a letter that asks for support
#: its mean counts. What a cue says little of stays wherever it would stay in a text: a sentence that a single word
#: opens ("Loading took an hour."), a quotation, a verse ("Share the wine,"), "10.40 Weather". (Of 500 pages,
#: 2026-12-01, a cue alone took 61 lines below -2: 60 are of the article.)
CLEARLY_BODY = -2.2


@dataclass(frozen=True, slots=True)
class BlockEvidence:
    """What speaks for and against the removal of one block besides its place and its words."""

    container: float = 0.0
    cue: float = 0.0
    heard: float = 0.0  # as cue, but for words of navigation, such as "home"
    prose: float = 0.0
    crumb: bool = False
    faint: bool = False  # its cue says little: the first word of a sentence, in a quotation, a verse or a programme


def placed_odds(places: Floats, margins: Floats, lengths: Floats) -> Floats:
    """Per block the log-odds by its place, its words and its length alone; above 0 it goes.

    places: the page model's log-odds. margins: the text judge's log-odds less its cost.
    """
    odds = _weighed(places, margins, lengths)
    return np.where((margins > TEXT_SURE) & (places > TITLE), np.maximum(odds, margins), odds)


def _weighed(places: Floats, margins: Floats, lengths: Floats) -> Floats:
    odds: Floats = (
        WEIGHTS["bias"]
        + WEIGHTS["outside"] * np.maximum(places, 0)
        + WEIGHTS["inside"] * np.minimum(places, 0)
        + WEIGHTS["text for"] * np.maximum(margins, 0)
        + WEIGHTS["text against"] * np.minimum(margins, 0)
        + WEIGHTS["length"] * np.log1p(lengths / TYPICAL_LENGTH)
    )
    return odds


def in_flow(places: Floats, margins: Floats, lengths: Floats) -> bool:
    """Is there an article around the blocks, in whose flow words alone say little?"""
    return float(lengths[(places < 0) & (margins < 0)].sum()) >= FLOW


def unheard_odds(place: float, margin: float, length: int, evidence: BlockEvidence) -> float:
    """The log-odds of one block that no rule has heard a cue in: its words do not decide alone."""
    odds = float(_weighed(*np.array([[place], [margin], [length]], np.float64))[0])
    return odds - DOUBT if place < INSIDE and evidence.container <= 0 else odds


def with_evidence(odds: float, evidence: BlockEvidence, place: float, leaning: float) -> float:
    """The log-odds of `placed_odds` with what the rules say; leaning: the text judge's, of a letter the mean."""
    total = (
        odds
        + WEIGHTS["container"] * min(evidence.container, MOST_CONTAINER)
        + WEIGHTS["prose"] * evidence.prose
        + WEIGHTS["crumb"] * evidence.crumb
    )
    sure = evidence.cue >= CUE_SURE and evidence.prose < CUE_SURE and not evidence.crumb
    outweighed = place < INSIDE and leaning < (TEXT_SURE if evidence.faint else CLEARLY_BODY)
    return max(total, math.log(evidence.cue)) if sure and not outweighed else total


def letter_means(evidence: Sequence[Sequence[Evidence]], margins: Sequence[float]) -> dict[int, float]:
    """Blocks of letters that ask for support, and what the text judge says of the letter: the mean.

    Not those whose own words hardly speak for the article: an ask goes whatever stands around it.
    """
    means: dict[int, float] = {}
    reasons = (next((hint.reason for hint in told if hint.weight >= LETTER_WEIGHT), "") for told in evidence)
    for reason, numbered in groupby(enumerate(reasons), key=itemgetter(1)):
        if reason:
            inside = [index for index, _ in numbered]
            mean = sum(margins[index] for index in inside) / len(inside)
            means |= {index: mean for index in inside if margins[index] < -DOUBT}
    return means
