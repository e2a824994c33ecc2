"""A block of a page: what the rules, the elements around it and its own words say, and the odds that it goes.

What stands in an element for the article's own matter, where its place says inside, is judged by its place alone:
program text, and steps, terms and answers in which nobody speaks of the outlet and that are sentences, or no cue.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from cleaner.decision.page_odds import (
    HEARD,
    INSIDE,
    TEXT_SURE,
    BlockEvidence,
    letter_means,
    unheard_odds,
    with_evidence,
)
from cleaner.decision.scores import Scores
from cleaner.document import Block, Evidence
from cleaner.heuristics.appeals import LETTER_WEIGHT
from cleaner.heuristics.block_rules import HTML_SAYS
from cleaner.heuristics.kind import TIME
from cleaner.heuristics.patterns import MARKS, is_code, is_instruction, is_row, is_step, reads_like_a_crumb
from cleaner.labels import COLUMNS, KEPT, Label
from cleaner.segmentation.stops import ends_sentence

#: What the model hears ask the reader needs no cue in the flow of a page: of the few such lines of 150 pages held out
#: (2026-12-01) one of four is in its gold text, and it asks readers to sign up.
ASKING = (Label.DONATION, Label.NEWSLETTER, Label.SUBSCRIPTION)
#: What the model tells by shape and place in a text: a short sentence is none where the page's place says inside.
SEEN_BY_SHAPE = (Label.CAPTION, Label.BYLINE)
#: A sentence whose words lack at most so much to go as an appeal is looked at once more as a line of a text.
LEANS = 2.0
#: So many lines of program text or steps of an ordered list make a page of instructions: what its sentences ask for is
#: no appeal, unless a rule has heard one.
INSTRUCTIONS = 2
#: A line that ends so goes on: a verse, no button.
_GOES_ON = (",", ";", "—", "–", "，", "、", "،")
_QUOTED = re.compile(r"[“„«‘「『\"].*[”“»’」』\"]")


@dataclass(frozen=True, slots=True)
class Around:
    """What the blocks of a page belong to, by their numbers."""

    letters: Mapping[int, float] = field(default_factory=dict)  # as `letter_means` gives them
    speaking: Collection[int] = ()  # in which somebody speaks to the reader, or of the outlet
    instructs: bool = False  # the page tells its readers what to do

    @classmethod
    def of(
        cls, blocks: Sequence[Block], evidence: Sequence[Sequence[Evidence]], scores: Scores, speaking: Collection[int]
    ) -> Around:
        """Of a page that has places."""
        steps = sum(
            place < INSIDE
            and is_instruction(block)
            and _is_own(block, block_evidence(block, told), speaks=index in speaking)
            for index, (block, told, place) in enumerate(zip(blocks, evidence, scores.places, strict=True))
        )
        return cls(letter_means(evidence, scores.margins), speaking, steps >= INSTRUCTIONS)


IN_A_TEXT = Around()


def odds_on_page(block: Block, evidence: Sequence[Evidence], scores: Scores, index: int, around: Around) -> float:
    """The log-odds of a block of a page, with what rules and elements say of it; above 0 it goes."""
    odds, place, margin = scores.odds[index], scores.places[index], scores.margins[index]
    heard, likeliest = block_evidence(block, evidence), COLUMNS[scores.gone[index]]
    speaks = index in around.speaking and not (around.instructs and heard.heard < HEARD)
    if place < INSIDE and heard.container <= 0 and _is_own(block, heard, speaks=speaks):
        return unheard_odds(place, min(margin, TEXT_SURE), len(block.text), heard)
    asks = likeliest in ASKING and margin > 0 and not around.instructs
    said = likeliest in SEEN_BY_SHAPE and ends_sentence(block.text)
    if (scores.flows or said or around.instructs) and heard.heard < HEARD and not asks:
        odds = unheard_odds(place, margin, len(block.text), heard)
    return with_evidence(odds, heard, place, around.letters.get(index, margin))


def _is_own(block: Block, heard: BlockEvidence, *, speaks: bool) -> bool:
    """Does a block stand in an element for the article's own matter, and not ask for what the outlet wants?"""
    if is_code(block):
        return True
    return is_step(block) and not speaks and (heard.heard < HEARD or ends_sentence(block.text))


def leans_to_appeal(block: Block, scores: Scores, index: int, around: Around) -> Label | None:
    """The appeal that a sentence of a page nearly is by its words; None for none."""
    likeliest = COLUMNS[scores.gone[index]]
    if around.instructs or index not in around.speaking or likeliest not in ASKING:
        return None
    near = scores.margins[index] > -LEANS and ends_sentence(block.text)
    return likeliest if near and not is_code(block) and not is_step(block) else None


def block_evidence(block: Block, evidence: Sequence[Evidence]) -> BlockEvidence:
    """What the rules and a page's elements say of a block."""
    told = [hint for hint in evidence if hint.label not in KEPT and not hint.reason.startswith(HTML_SAYS)]
    marks = [MARKS[mark][1] for mark in block.marks if mark in MARKS and MARKS[mark][0] not in KEPT]
    cue = 0.0 if is_row(block) else max((hint.weight for hint in told), default=0.0)
    heard = max((hint.weight for hint in told if hint.label is not Label.NAVIGATION), default=0.0)
    body = sum(hint.weight for hint in evidence if hint.label is Label.BODY)
    container = max(marks, default=0.0)
    return BlockEvidence(container, cue, heard, body, reads_like_a_crumb(block), bool(told) and _is_faint(block, told))


def _is_faint(block: Block, told: Sequence[Evidence]) -> bool:
    """Do the cues that were heard say little: in a quotation, a verse, a programme, or as a sentence's first word?"""
    opening = [hint for hint in told if hint.opens]
    more = sum(hint.weight for hint in told) - max((hint.weight for hint in opening), default=0.0)
    if opening and more < HEARD and ends_sentence(block.text):
        return True
    if any(hint.weight >= LETTER_WEIGHT for hint in told):
        return False
    return block.text.endswith(_GOES_ON) or bool(TIME.match(block.text) or _QUOTED.search(block.text))
