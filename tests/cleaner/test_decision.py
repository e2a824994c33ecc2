"""The one judge: what losing a block costs, what a user's cue may move, what a reason says, what makes a document suspect."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.decision import (
    BLOCK_COST,
    CHARACTERS,
    COMPACT_COST,
    MILD_COST,
    PROSE_GONE,
    PROSE_LENGTH,
    PROSE_SHARE,
    SENTENCE_COST,
    SENTENCE_LENGTH,
    TOLD,
    Scores,
    decide,
    status_of,
)
from cleaner.document import Block, Decision, Evidence, Status
from cleaner.heuristics.cues import parse_table
from cleaner.labels import Action, Label, Policy
from cleaner.model.network import COLUMN


def table(*boilerplate: float, label: Label = Label.RELATED) -> np.ndarray:
    rows = np.zeros((len(boilerplate), len(Label)), np.float32)
    rows[:, COLUMN[Label.BODY]] = 1 - np.array(boilerplate)
    rows[:, COLUMN[label]] = boilerplate
    return rows


def cost(text: str, lang: str = "en", *, mild: bool = False, recurring: bool = False) -> float:
    """The cost of losing one block, in a document of which the model is sure."""
    return Scores.of(table(0.0), [text], lang, mild=mild, recurring=np.array([recurring])).costs[0]


LINE = "x" * SENTENCE_LENGTH
SURE = pytest.approx  # a probability of 1e-6 leaves next to nothing of unsureness


@pytest.mark.parametrize(
    ("text", "crumbs"),
    [
        ("x", BLOCK_COST + 1 / CHARACTERS),
        (LINE, BLOCK_COST + SENTENCE_LENGTH / CHARACTERS),
        (LINE[1:] + ".", BLOCK_COST + SENTENCE_COST + SENTENCE_LENGTH / CHARACTERS),
        (LINE[2:] + ".", BLOCK_COST + (SENTENCE_LENGTH - 1) / CHARACTERS),  # too short for a sentence
        (LINE + ".”", BLOCK_COST + SENTENCE_COST + (SENTENCE_LENGTH + 2) / CHARACTERS),
        ("x" * 10 * CHARACTERS, BLOCK_COST + 10),
    ],
)
def test_what_losing_a_block_costs(text: str, crumbs: float) -> None:
    assert cost(text) == SURE(math.log(crumbs), abs=1e-3)


def test_what_else_it_costs() -> None:
    assert cost(LINE, mild=True) - cost(LINE) == SURE(MILD_COST, abs=1e-3)
    assert cost("x", "zh") > cost("x") + COMPACT_COST  # and a character says more
    long = "x" * 1000
    assert cost(long, recurring=True) == SURE(math.log(BLOCK_COST), abs=1e-3)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), st.floats(0.01, 0.99))
def test_a_longer_block_never_costs_less(lengths: list[int], sure: float) -> None:
    lengths.sort()
    costs = Scores.of(table(*[sure] * len(lengths)), ["x" * length for length in lengths]).costs
    assert costs == sorted(costs)


def blocks(*texts: str) -> list[Block]:
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
    return [
        Block(int(start), int(start) + len(text), text, line, 1)
        for line, (start, text) in enumerate(zip(starts, texts, strict=False))
    ]


def judged(
    probability: float, evidence: tuple[Evidence, ...] = (), asked: tuple[Evidence, ...] = (), **more
) -> Decision:
    found = blocks("A line of text")
    scores = Scores.of(table(probability), [found[0].text])
    return decide(found, [evidence], [()], Policy(), scores, asked=[asked], **more)[0]


def test_a_reason_names_the_words_that_moved_the_block() -> None:
    gone = judged(0.99, words=lambda judged: {0: ["Read", "more"]})
    assert (gone.label, gone.action) == (Label.RELATED, Action.STRIP)
    assert gone.reasons == ("words that speak for related: “Read”, “more” (model)",)
    assert "its shape and the lines around it" in judged(0.99, words=lambda judged: {}).reasons[0]


def test_a_kept_block_of_a_high_score_says_why_it_stays() -> None:
    kept = judged(0.6)
    assert (kept.label, kept.score) == (Label.BODY, 0.6)
    assert [reason.split(":")[0] for reason in kept.reasons] == ["stays"]
    assert judged(TOLD - 0.1).reasons == ()


def test_only_the_users_cue_speaks_where_only_it_did() -> None:
    cue = Evidence(Label.ADVERT, 20.0, "is “bargain” (advert, mine.toml)")
    gone = judged(0.01, asked=(cue,))
    assert (gone.label, gone.reasons) == (Label.ADVERT, (cue.reason,))
    assert judged(0.01).action is Action.KEEP


ARTICLE = """The bridge is open
The bridge over the Arrel was opened again on Monday, the county said.
Bargain of the week
It was closed for a year, and nobody knows who paid for the repairs.
Share
Nobody was hurt."""


def test_a_users_cue_moves_nothing_but_its_own_block() -> None:
    cues = parse_table({"advert": {"whole": ["bargain of the week"]}}, "mine.toml")
    without, with_cue = Cleaner().clean(ARTICLE), Cleaner(cues=cues).clean(ARTICLE)
    for before, after in zip(without.decisions, with_cue.decisions, strict=True):
        if ARTICLE[after.start : after.end].startswith("Bargain"):
            assert (after.label, after.action) == (Label.ADVERT, Action.STRIP)
            assert any("mine.toml" in reason for reason in after.reasons)
        else:
            assert (before.label, before.score, before.reasons) == (after.label, after.score, after.reasons)


def prose(length: int) -> str:
    return "x" * (length - 1) + "."


@pytest.mark.parametrize(
    ("kept", "gone", "status"),
    [
        (PROSE_GONE, PROSE_GONE - 1, Status.CLEAN),  # too little
        (PROSE_GONE, PROSE_GONE, Status.SUSPECT),
        (round(PROSE_GONE / PROSE_SHARE), PROSE_GONE, Status.CLEAN),  # too small a share
    ],
)
def test_much_prose_that_goes_makes_a_document_suspect(kept: int, gone: int, status: Status) -> None:
    text = prose(kept) + "\n" + prose(gone)
    decisions = [
        Decision(0, kept, Label.BODY, Action.KEEP, 0.0),
        Decision(kept + 1, kept + 1 + gone, Label.CAPTION, Action.STRIP, 0.9),
    ]
    assert status_of(decisions, text)[0] is status


@pytest.mark.parametrize("line", ["x" * (PROSE_LENGTH - 2) + ".", "x" * PROSE_LENGTH])
def test_what_is_no_prose_may_go(line: str) -> None:
    text = "\n".join([prose(2000), *[line] * 15])
    decisions = [Decision(0, 2000, Label.BODY, Action.KEEP, 0.0)]
    for number in range(15):
        start = 2001 + number * (len(line) + 1)
        decisions.append(Decision(start, start + len(line), Label.RELATED, Action.STRIP, 0.9))
    assert status_of(decisions, text)[0] is Status.CLEAN
