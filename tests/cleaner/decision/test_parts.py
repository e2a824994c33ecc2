"""A paragraph that goes for what stands at its edge is judged in parts: what stays of it, and as what the rest goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from cleaner import Cleaner, clean
from cleaner.decision.known import Known
from cleaner.decision.parts import SURE, SURE_BESIDE_CREDITS, in_parts
from cleaner.document import Block, Decision, Rendering
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import tables_for
from cleaner.labels import DEFAULT_ACTIONS, Action, Label
from cleaner.model.steps import alone

SENTENCE = "The wall cost four million. Two men left."


def decided(
    edge: str, *, score: float, label: Label = Label.BODY, of_edge: Label = Label.BODY
) -> list[tuple[str, Label]]:
    """The parts of a line that goes for its edge, when the second judgement gives these scores and labels."""
    text = f"{SENTENCE} {edge}"
    known = Known(Rendering(text, (Block(0, len(text), text, 0, 0),), text))
    whole = Decision(0, len(text), Label.SOCIAL, Action.STRIP, 0.9, ("why",))

    def judge(parts: Known, places: Sequence[float]):
        yield from ()
        assert tuple(places) == (2.0, 2.0)  # of the line that both were part of
        return tuple(
            Decision(block.start, block.end, said, DEFAULT_ACTIONS[said], score)
            for block, said in zip(parts.rendering.blocks, (label, of_edge), strict=True)
        )

    steps = in_parts(
        known, (whole,), (2.0,), Matcher(tables_for("en")), source=None, know=lambda *_: pytest.fail("a page"), judge=judge
    )  # fmt: skip
    decisions = alone(steps)
    assert all(replace(part, start=0, end=len(text)) == whole for part in decisions if part.label is Label.SOCIAL)
    return [(text[part.start : part.end], part.label) for part in decisions]


@pytest.mark.parametrize(("edge", "bound"), [("Share on Facebook", SURE), ("(Image: Joe Farrow)", SURE_BESIDE_CREDITS)])
def test_sentences_stay_below_the_bound_and_the_edge_goes(edge: str, bound: float) -> None:
    whole = [(f"{SENTENCE} {edge}", Label.SOCIAL)]
    assert decided(edge, score=bound - 0.01) == [(SENTENCE, Label.BODY), (edge, Label.SOCIAL)]
    assert decided(edge, score=bound) == whole
    assert decided(edge, score=0.0, label=Label.BIO) == whole
    told = decided(edge, score=0.0, of_edge=Label.ADVERT)
    assert told == [(SENTENCE, Label.BODY), (edge, Label.ADVERT)]


PAGE = (
    "<html lang=en><title>Ferry</title><body><article><h1>Ferry aground off Skerry Point</h1><p>The ferry Skerry ran "
    "aground off the point at six on Monday morning, the coastguard said, with 88 people on board.</p><p>{}</p><p>The "
    "owner said it would wait for the divers before it said more about the hull and the crew.</p></article></body></html>"
)


@pytest.mark.parametrize(
    "line", ["He denied it. Sign up to our newsletter here.", "Share on Facebook The hull is holed."]
)
def test_of_a_page_too(line: str) -> None:
    sentence = "He denied it." if line.startswith("He") else "The hull is holed."
    text = clean(html=PAGE.format(line)).text
    assert sentence in text
    assert line not in text


def test_a_users_own_cue_takes_the_sentences_it_stands_in() -> None:
    line = "He denied it in a red boat. Sign up to our newsletter here."
    assert "He denied it" in clean(html=PAGE.format(line)).text
    asked = Cleaner(cues={"advert": {"any": ["red boat"]}})
    assert "He denied it" not in asked.clean(html=PAGE.format(line)).text
