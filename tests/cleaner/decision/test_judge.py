"""The one judge: what losing a block costs, what a user's cue may move, what a reason says, what makes a document suspect."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.decision.judge import decide, judge
from cleaner.decision.scores import Scores
from cleaner.decision.status import status_of
from cleaner.document import Block, Decision, Evidence, Status
from cleaner.heuristics.cues import parse_table
from cleaner.heuristics.patterns import reads_like_a_crumb
from cleaner.labels import Action, Label, Policy
from cleaner.model.network import COLUMN
from cleaner.model.telling_words import TellingWords


def table(*boilerplate: float, label: Label = Label.RELATED) -> np.ndarray:
    rows = np.zeros((len(boilerplate), len(Label)), np.float32)
    rows[:, COLUMN[Label.BODY]] = 1 - np.array(boilerplate)
    rows[:, COLUMN[label]] = boilerplate
    return rows


def cost(text: str, lang: str = "en", *, mild: bool = False, recurring: bool = False) -> float:
    """The cost of losing one block, in a document of which the model is sure."""
    return Scores.of(table(0.0), [text], lang, mild=mild, recurring=np.array([recurring])).costs[0]


SURE = pytest.approx  # a probability of 1e-6 leaves next to nothing of unsureness


@pytest.mark.parametrize(
    ("text", "crumbs"),
    [
        ("x", 2.75 + 1 / 48),
        ("x" * 12, 2.75 + 12 / 48),
        ("x" * 11 + ".", 2.75 + 4.125 + 12 / 48),
        ("x" * 10 + ".", 2.75 + 11 / 48),  # too short for a sentence
        ("x" * 12 + ".”", 2.75 + 4.125 + 14 / 48),
        ("x" * 480, 2.75 + 10),
    ],
)
def test_what_losing_a_block_costs(text: str, crumbs: float) -> None:
    assert cost(text) == SURE(math.log(crumbs), abs=1e-3)


def test_what_else_it_costs() -> None:
    assert cost("x", mild=True) - cost("x") == SURE(1.0, abs=1e-3)
    assert cost("x" * 48, "zh") == SURE(math.log(2.75 + 2.5) + 0.5, abs=1e-3)  # a character says more there
    assert cost("x" * 1000, recurring=True) == SURE(math.log(2.75), abs=1e-3)


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
    lines = blocks("A line of text")
    scores = Scores.of(table(probability), [lines[0].text])
    return decide(lines, [evidence], [()], Policy(), scores, asked=[asked], **more)[0]


def test_a_reason_names_the_words_that_moved_the_block() -> None:
    gone = judged(0.99, words=lambda judged: {0: TellingWords(("Read", "more"), suffice=True)})
    assert (gone.label, gone.action) == (Label.RELATED, Action.STRIP)
    assert gone.reasons == ("words that speak for related: “Read”, “more” (model)",)
    gone = judged(0.99, words=lambda judged: {0: TellingWords(("Read",), suffice=False)})
    assert gone.reasons == ("words that speak for related: “Read”, and the lines around it (model)",)
    assert "its shape and the lines around it" in judged(0.99, words=lambda judged: {}).reasons[0]


def test_a_kept_block_of_a_high_score_says_why_it_stays() -> None:
    kept = judged(0.6)
    assert (kept.label, kept.score) == (Label.BODY, 0.6)
    assert [reason.split(":")[0] for reason in kept.reasons] == ["stays"]
    assert [reason.split(":")[0] for reason in judged(0.501).reasons] == ["stays"]
    assert judged(0.499).reasons == ()


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
        (1500, 1499, Status.CLEAN),  # too little
        (1500, 1500, Status.SUSPECT),
        (2785, 1500, Status.SUSPECT),  # just more than 35 %
        (2786, 1500, Status.CLEAN),
    ],
)
def test_much_prose_that_goes_makes_a_document_suspect(kept: int, gone: int, status: Status) -> None:
    text = prose(kept) + "\n" + prose(gone)
    decisions = [
        Decision(0, kept, Label.BODY, Action.KEEP, 0.0),
        Decision(kept + 1, kept + 1 + gone, Label.RELATED, Action.STRIP, 0.9),
    ]
    assert status_of(decisions, text)[0] is status


@pytest.mark.parametrize(
    ("line", "status"),
    [("x" * 119 + ".", Status.SUSPECT), ("x" * 118 + ".", Status.CLEAN), ("x" * 120, Status.CLEAN)],
)
def test_what_counts_as_prose_that_goes(line: str, status: Status) -> None:
    text = "\n".join([prose(2000), *[line] * 15])
    decisions = [Decision(0, 2000, Label.BODY, Action.KEEP, 0.0)]
    for number in range(15):
        start = 2001 + number * (len(line) + 1)
        decisions.append(Decision(start, start + len(line), Label.RELATED, Action.STRIP, 0.9))
    assert status_of(decisions, text)[0] is status


@pytest.mark.parametrize(("gone", "status"), [(60, Status.CLEAN), (61, Status.SUSPECT)])
def test_most_of_a_text_removed(gone: int, status: Status) -> None:
    decisions = [
        Decision(0, gone, Label.RELATED, Action.STRIP, 0.9),
        Decision(gone, 100, Label.BODY, Action.KEEP, 0.0),
    ]
    assert status_of(decisions, "x" * 100)[0] is status


# Just inside and just outside; numbers stand here as numbers (benchmarks/mutation.py) ---------------

#: The cost of losing "A line of text": log-odds that a removal must pass.
COST = math.log(2.75 + 14 / 48)


def by_model(
    probabilities: dict[Label, float], evidence: tuple[tuple[Label, float], ...] = (), text: str = "A line of text"
) -> Label:
    """The label of one block for which the model gives these probabilities, and rules these weights."""
    row = np.full((1, len(Label)), 1e-9)
    for label, share in probabilities.items():
        row[0, COLUMN[label]] = share
    given = [Evidence(label, weight, "a rule") for label, weight in evidence]
    return decide(blocks(text), [given], [()], Policy(), Scores.of(row, [text]))[0].label


def related(odds: float) -> dict[Label, float]:
    """Body, or at these log-odds a related link."""
    share = 1 / (1 + math.exp(-odds))
    return {Label.BODY: 1 - share, Label.RELATED: share}


def either(first: Label, second: Label, ratio: float) -> dict[Label, float]:
    """The first label, likelier than the second by so much, in log-odds."""
    share = 1 / (1 + math.exp(-ratio))
    return {first: share, second: 1 - share}


BODY, GONE = Label.BODY, Label.RELATED
TABLE = {
    "odds below the cost": (related(COST - 0.01), (), BODY),
    "odds beyond the cost": (related(COST + 0.01), (), GONE),
    "too little support": (related(0.5), ((Label.DONATION, (COST - 0.5) / 0.3 - 0.05),), BODY),
    "enough support": (related(0.5), ((Label.DONATION, (COST - 0.5) / 0.3 + 0.05),), GONE),
    "support where the model leans to keeping": (related(-0.01), ((Label.DONATION, 4.9),), BODY),
    "support of another kind": (related(0.5), ((Label.SOCIAL, 4.9),), BODY),
    "a weak guard": (related(2), ((Label.CREDIT, (2 - COST) / 0.3 - 0.05),), GONE),
    "a guard": (related(2), ((Label.CREDIT, (2 - COST) / 0.3 + 0.05),), BODY),
    "a guard of a note": (related(2), ((Label.NOTE, (2 - COST) / 0.3 + 0.05),), BODY),
    "a rule on the kind": (either(GONE, Label.ADVERT, 0.39), ((Label.ADVERT, 4.0),), Label.ADVERT),
    "too weak a rule on the kind": (either(GONE, Label.ADVERT, 0.41), ((Label.ADVERT, 4.0),), GONE),
    "no sure rule on the kind": (either(GONE, Label.ADVERT, 0.6), ((Label.ADVERT, 4.9),), GONE),
    "a sure rule on the kind": (either(GONE, Label.ADVERT, 1.95), ((Label.ADVERT, 5.0),), Label.ADVERT),
    "too weak a sure rule": (either(GONE, Label.ADVERT, 2.05), ((Label.ADVERT, 5.0),), GONE),
    "a box's rule": (either(GONE, Label.ADVERT, 6.7), ((Label.ADVERT, 8.1),), Label.ADVERT),
    "too weak a box's rule": (either(GONE, Label.ADVERT, 6.9), ((Label.ADVERT, 8.1),), GONE),
    "no box's rule": (either(GONE, Label.ADVERT, 2.5), ((Label.ADVERT, 7.9),), GONE),
    "a rule on what is kept": (either(BODY, Label.CREDIT, 0.75), ((Label.CREDIT, 1.0),), Label.CREDIT),
    "too weak a rule on what is kept": (either(BODY, Label.CREDIT, 0.85), ((Label.CREDIT, 1.0),), BODY),
    "no promise": (related(5), ((BODY, 19.0),), GONE),
    "a promise": (related(5), ((BODY, 20.0),), BODY),
    "not the given title": (related(5), ((Label.HEADLINE, 7.9),), GONE),
    "the given title": (related(5), ((Label.HEADLINE, 8.0),), Label.HEADLINE),
    "not leaked": ({BODY: 0.95, Label.MARKUP: 0.05}, ((Label.MARKUP, 9.9),), BODY),
    "leaked": ({BODY: 0.95, Label.MARKUP: 0.05}, ((Label.MARKUP, 10.0),), Label.MARKUP),
    "a title that a rule alone would keep": ({Label.HEADLINE: 0.9, BODY: 0.1}, ((Label.ADVERT, 3.3),), Label.HEADLINE),
    "a title that a rule alone would take out": ({Label.HEADLINE: 0.9, BODY: 0.1}, ((Label.ADVERT, 3.4),), BODY),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_boundaries(case: str) -> None:
    probabilities, evidence, label = TABLE[case]
    assert by_model(probabilities, evidence) is label


@pytest.mark.parametrize(("length", "label"), [(49, Label.HEADLINE), (50, BODY)])
def test_a_long_sentence_is_no_headline(length: int, label: Label) -> None:
    assert by_model({Label.HEADLINE: 0.9, BODY: 0.1}, text="x" * (length - 1) + ".") is label


@pytest.mark.parametrize(
    ("piece", "label"), [("x" * 24, BODY), ("x" * 25, GONE), ("x" * 23 + ".", GONE), ("x" * 23 + "”", GONE)]
)
def test_a_piece_of_a_sentence_stays(piece: str, label: Label) -> None:
    texts = ["It rained, he said,", piece, "and then we left."]
    starts = [0, 20, 21 + len(piece)]
    pieces = [Block(start, start + len(text), text, 0, 0) for start, text in zip(starts, texts, strict=True)]
    decisions = decide(pieces, [(), (), ()], [(), (), ()], Policy(), Scores.of(table(0.01, 0.99, 0.01), texts))
    assert decisions[1].label is label


@pytest.mark.parametrize(("weight", "label"), [(2.81, BODY), (2.83, GONE)])
def test_rules_alone(weight: float, label: Label) -> None:
    assert judge([Evidence(GONE, weight, "a rule")])[0] is label


def test_rules_alone_keep_what_is_kept() -> None:
    assert judge([Evidence(Label.CREDIT, 4.0, "a rule")])[:2] == (Label.CREDIT, 0.1)


@pytest.mark.parametrize(("mark", "crumb"), [*((f"tag:h{level}", True) for level in range(1, 7)), ("tag:p", False)])
def test_headings_read_like_crumbs(mark: str, crumb: bool) -> None:
    assert reads_like_a_crumb(Block(0, 1, "x", 0, 0, marks=frozenset({mark}))) is crumb


@pytest.mark.parametrize("label", [Label.CREDIT, Label.NOTE, Label.STANDFIRST])
def test_a_kept_kind_is_said_where_a_rule_heard_it_or_the_model_is_sure(label: Label) -> None:
    """Whoever strips such lines would lose true sentences by a mere guess."""
    assert by_model({label: 0.69, Label.BODY: 0.31}) is Label.BODY
    assert by_model({label: 0.71, Label.BODY: 0.29}) is label
    assert by_model({label: 0.4, Label.BODY: 0.6}, ((label, 3.0),)) is label


def test_a_kept_kind_by_the_model_alone_says_how_sure_it_is() -> None:
    row = np.full((1, len(Label)), 1e-9)
    row[0, COLUMN[Label.CREDIT]], row[0, COLUMN[Label.BODY]] = 0.8, 0.2
    (decision,) = decide(blocks("A line of text"), [()], [()], Policy(), Scores.of(row, ["A line of text"]))
    assert decision.reasons == ("the model is 80% sure that it is credit",)


FORM = Evidence(Label.NAVIGATION, 12.0, "has the form of a test")


def test_what_is_certain_goes_whatever_the_model_thinks() -> None:
    scores = Scores.of(table(0.001), ["A line of text"])
    (decision,) = decide(blocks("A line of text"), [()], [()], Policy(), scores, certain={0: FORM})
    assert (decision.label, decision.reasons) == (Label.NAVIGATION, ("has the form of a test",))


@pytest.mark.parametrize("promise", [Evidence(Label.BODY, 20.0, "protected"), Evidence(Label.HEADLINE, 8.0, "given")])
def test_a_promise_outweighs_what_is_certain(promise: Evidence) -> None:
    scores = Scores.of(table(0.001), ["A line of text"])
    (decision,) = decide(blocks("A line of text"), [[promise]], [()], Policy(), scores, certain={0: FORM})
    assert decision.action is Action.KEEP


def of_appeal(odds: tuple[float, ...], speaking: tuple[int, ...] = (), label: Label = Label.DONATION) -> list[Label]:
    """The labels of lines that are of an appeal at these log-odds, beyond what losing each costs."""
    texts = [
        "A line of text, long enough to cost more than two log-odds, with a stop at its end, and so a sentence."
    ] * len(odds)
    costs = Scores.of(table(*[0.5] * len(odds)), texts).costs
    shares = [1 / (1 + math.exp(-cost - beyond)) for cost, beyond in zip(costs, odds, strict=True)]
    nothing = [()] * len(odds)
    scores = Scores.of(table(*shares, label=label), texts)
    decisions = decide(blocks(*texts), nothing, nothing, Policy(), scores, speaking=speaking)
    return [decision.label for decision in decisions]


ASKS = Label.DONATION


@pytest.mark.parametrize(
    ("odds", "speaking", "labels"),
    [
        ((-1.9, 1, 1), (0,), [ASKS, ASKS, ASKS]),  # the first line of a letter
        ((1, 1, -1.9), (2,), [ASKS, ASKS, ASKS]),  # its last
        ((-2.1, 1, 1), (0,), [BODY, ASKS, ASKS]),  # leans too little
        ((-1.9, 1, 1), (), [BODY, ASKS, ASKS]),  # the article's last line above a letter
        ((-1.9, 1), (0,), [BODY, ASKS]),  # one line is no letter
        ((1, -1.9, 1), (), [ASKS, ASKS, ASKS]),  # in its middle whatever it says
        ((1, -2.1, 1), (), [ASKS, BODY, ASKS]),
        ((1, -3, 1), (), [ASKS, BODY, ASKS]),  # likelier of the article
    ],
)
def test_an_appeal_is_judged_as_a_unit(odds: tuple[float, ...], speaking: tuple[int, ...], labels: list[Label]) -> None:
    assert of_appeal(odds, speaking) == labels


def test_teasers_are_no_unit() -> None:
    assert of_appeal((1, -1.9, 1), label=Label.RELATED) == [GONE, BODY, GONE]


@pytest.mark.parametrize(
    ("alone", "reason"),
    [
        (0.2, "what its source repeats speaks for related: 20% sure by its text, 75% is asked (memory)"),
        (0.99, "its shape and the lines around it speak for related, at odds of 99.0 to 1 (model)"),
        (None, "its shape and the lines around it speak for related, at odds of 99.0 to 1 (model)"),
    ],
)
def test_a_block_that_goes_by_the_memory_alone_says_so(alone: float | None, reason: str) -> None:
    text = "A line of text"
    opinion = None if alone is None else table(alone)
    (decision,) = decide(blocks(text), [()], [()], Policy(), Scores.of(table(0.99), [text]), alone=opinion)
    assert decision.reasons == (reason,)
