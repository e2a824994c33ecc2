"""Paragraphs that were to go as a whole, judged once more in parts, where only their edges speak of boilerplate.

Its sentences stay where the second judgement has little doubt of them. What stands beside them goes in any case: for
what it is by itself, or as the paragraph did. Nothing else is decided anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Protocol

from cleaner.decision.known import Known
from cleaner.document import Block, Decision, Rendering
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.pitches import cut_pitches
from cleaner.labels import KEPT
from cleaner.model.steps import Steps

#: Sentences stay below this score; beside credits, since captions have sentences too, below the other. (Of 128 glued
#: lines true sentences score at most 0.29, half of them less than 0.05; in 715 labelled documents what belongs to the
#: pitch 0.4 and more, sentences of captions 0.119 and more.)
SURE, SURE_BESIDE_CREDITS = 0.3, 0.1

Decisions = tuple[Decision, ...]
Know = Callable[[Rendering, str, int | None], Steps[Known]]


class Judge(Protocol):
    """What decides on a text or a page that something is known of; places: as in `Scores`."""

    def __call__(self, known: Known, places: tuple[float, ...]) -> Steps[Decisions]:
        """The decisions on its blocks."""


def in_parts(
    known: Known,
    decisions: Decisions,
    places: Sequence[float],
    matcher: Matcher,
    *,
    source: str | None,
    know: Know,
    judge: Judge,
) -> Steps[Decisions]:
    """The decisions on a rendering, with those on the sentences of such paragraphs that stay.

    source: whose cues count too. know: what finds out what is known of a text.
    """
    rendering = known.rendering
    blocks = {(block.start, block.end): index for index, block in enumerate(rendering.blocks)}
    gone = {
        blocks[extent]: decision
        for decision in decisions
        if decision.label not in KEPT and (extent := (decision.start, decision.end)) in blocks
    }
    parted = cut_pitches(rendering, gone.keys(), matcher, source) if gone else None
    if parted is None:
        return decisions
    if known.tokens is None:  # a page's, or none is needed
        parts = Known(parted.rendering, source=known.source)
    else:
        parts = yield from know(parted.rendering, known.source, known.witness)
    where = tuple(places[origin] for origin in parted.origins) if places else ()
    again = yield from judge(replace(parts, kind=known.kind), where)
    judged = {(decision.start, decision.end): decision for decision in again}
    anew: dict[int, list[Decision]] = {}
    for index, credited in parted.sentences.items():
        block, origin = parted.rendering.blocks[index], parted.origins[index]
        sentence = judged.get((block.start, block.end))
        if sentence and sentence.label in KEPT and sentence.score < (SURE_BESIDE_CREDITS if credited else SURE):
            around = parted.rendering.blocks[max(0, index - 1) : index + 2]
            whole = gone[origin]
            anew[whole.start] = [
                sentence if part is block else _edge(part, judged.get((part.start, part.end)), whole)
                for part in around
                if whole.start <= part.start < whole.end
            ]
    return tuple(chain.from_iterable(anew.get(decision.start, [decision]) for decision in decisions))


def _edge(block: Block, judged: Decision | None, whole: Decision) -> Decision:
    """What is decided on a pitch beside sentences that stay."""
    if judged is not None and judged.label not in KEPT:
        return judged
    return replace(whole, start=block.start, end=block.end)
