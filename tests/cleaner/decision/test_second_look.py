"""What is kept is judged once more: cleaning a clean text again changes nothing, and the decisions stay true."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from support.cases import ROOT, load, read

from cleaner import CleanedDocument, Cleaner
from cleaner.assembly import assemble
from cleaner.decision.second_look import AGAIN, is_doubtful, look_again, merged, overlaid, same_lines
from cleaner.decoding.decode import decode
from cleaner.document import Block, Decision, Document, Piece, Rendering, Repair, Status
from cleaner.labels import Action, Label
from cleaner.ledger import ledger, rebuild
from cleaner.model.steps import Steps, alone
from cleaner.segmentation.text import segment_text
from cleaner.training.own_texts import read_texts

OWN = ROOT / "fixtures" / "training" / "own"
KEEP, STRIP = Action.KEEP, Action.STRIP


def decision(start: int, end: int, label: Label = Label.BODY, action: Action = KEEP, score: float = 0.1) -> Decision:
    return Decision(start, end, label, action, score, (label.value,))


def kept(
    decisions: list[Decision], pieces: list[Piece], *, body: str = "x.", repairs: tuple[Repair, ...] = ()
) -> CleanedDocument:
    return CleanedDocument("x", "", body, Status.CLEAN, (), tuple(pieces), repairs, "", tuple(decisions))


FIRST, GONE, SECOND = decision(0, 10), decision(11, 20, Label.ADVERT, STRIP), decision(21, 40)
PIECES = [Piece(0, 10, Label.BODY, 0, 10), Piece(21, 40, Label.BODY, 11, 30)]
GOES = (Label.RELATED.value, AGAIN)


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        pytest.param([decision(0, 10), decision(11, 30)], [FIRST, GONE, SECOND], id="nothing new"),
        pytest.param(
            [decision(0, 10), decision(11, 30, Label.RELATED, STRIP, 0.9)],
            [FIRST, GONE, Decision(21, 40, Label.RELATED, STRIP, 0.9, GOES)],
            id="a line goes",
        ),
        pytest.param(
            [decision(0, 10, Label.HEADLINE, score=0.2), decision(11, 30)],
            [decision(0, 10, Label.HEADLINE, score=0.2), GONE, SECOND],
            id="a line is seen to be the title",
        ),
        pytest.param(
            [decision(0, 10), decision(11, 15), decision(16, 30, Label.RELATED, STRIP, 0.9)],
            [FIRST, GONE, Decision(21, 40, Label.RELATED, STRIP, 0.9, GOES)],
            id="most of a line goes: all of it",
        ),
        pytest.param(
            [decision(0, 10), decision(11, 22), decision(23, 30, Label.RELATED, STRIP, 0.9)],
            [FIRST, GONE, SECOND],
            id="a part of a line would go: it stays",
        ),
        pytest.param(
            [decision(0, 10), decision(11, 15), decision(16, 30)], [FIRST, GONE, SECOND], id="cut in two, and both stay"
        ),
    ],
)
def test_decisions_with_those_of_the_second_look(again: list[Decision], expected: list[Decision]) -> None:
    assert list(merged(kept([FIRST, GONE, SECOND], PIECES), again)) == expected


def test_places_are_those_of_the_repaired_text() -> None:
    """A repair makes two characters of the source one of the text: what comes behind it moves."""
    repair = Repair(0, 2, "Ã©", "é", "mojibake", "")
    pieces = [Piece(0, 11, Label.BODY, 0, 10), Piece(22, 41, Label.BODY, 11, 30)]
    again = [decision(0, 10), decision(11, 30, Label.RELATED, STRIP, 0.9)]
    spans = merged(kept([FIRST, GONE, SECOND], pieces, repairs=(repair,)), again)
    assert [(span.start, span.end, span.action) for span in spans] == [(0, 10, KEEP), (11, 20, STRIP), (21, 40, STRIP)]


@pytest.mark.parametrize(
    ("score", "body", "doubtful"),
    [
        (0.3, "The bridge is open.", True),
        (0.29, "The bridge is open.", False),
        (0.0, "The bridge is open", True),
        (0.0, "x" * 200, True),
        (0.0, "x" * 201, False),
    ],
)
def test_what_is_looked_at_again(score: float, body: str, doubtful: bool) -> None:
    assert is_doubtful(kept([decision(0, 10, score=score)], PIECES[:1], body=body)) is doubtful


@pytest.mark.parametrize(("gap", "same"), [(1, True), (2, False)])
def test_lines_are_the_same_with_the_same_gaps(gap: int, same: bool) -> None:
    def blocks(between: int) -> list[Block]:
        return [Block(0, 3, "One", 0, between), Block(4, 7, "Two", 1, between)]

    assert same_lines(blocks(1), blocks(gap)) is same


def test_what_is_kept_is_looked_at_three_times() -> None:
    lines = [f"The council met for hour number {number} of the day." for number in range(9)]
    rendering = segment_text(Document("", "\n".join(lines)))

    def judge(rest: Rendering) -> Steps[tuple[Decision, ...]]:
        """Takes the last line out, whatever it is; all others are doubtful. Asks no model."""
        *others, last = [decision(block.start, block.end, score=0.5) for block in rest.blocks]
        return (*others, decision(last.start, last.end, Label.NAVIGATION, STRIP))
        yield

    looked, _ = alone(
        look_again(
            rendering,
            alone(judge(rendering)),
            lambda decided: assemble(Document("", rendering.text), rendering, decided, "en"),
            judge,
        )
    )
    assert [decided.action for decided in looked] == [KEEP] * 5 + [STRIP] * 4


# The whole cleaner -------------------------------------------------------------------------------


@cache
def cleaner() -> Cleaner:
    return Cleaner()


def texts() -> dict[str, list[str]]:
    """All texts of our own, by where they stand."""
    tables = ("wild", "synthetic", "negative", "known_failures")
    return {
        "seeds": [decode(path.read_bytes()).text for path in sorted((ROOT / "seeds").glob("*.txt"))],
        "cases": [case.text for table in tables for case in load(table)],
        "held out": [case.text for case in read(ROOT / "fixtures" / "held_out" / "articles.toml")],
        "docs": [gold.text for gold in [*read_texts(OWN / "docs.jsonl")][::EVERY]],
        "negatives": [gold.text for gold in [*read_texts(OWN / "negatives.jsonl")][::EVERY]],
    }


#: Of the many texts written for training, one in so many is cleaned here; benchmarks/cleaned_twice.py cleans all.
EVERY = 4
#: Of all our own texts at most this share may change when the clean text is cleaned again.
CHANGED = 0.01


def test_cleaning_twice_changes_nothing() -> None:
    changed = []
    count = 0
    for name, group in texts().items():
        for text in group:
            clean = cleaner().clean(text).text
            count += 1
            if cleaner().clean(clean).text != clean:
                changed.append(f"{name}: {text[:60]!r}")
    assert count > 500
    assert len(changed) <= CHANGED * count, "\n".join(changed)


def test_what_goes_at_the_second_look_says_so_and_the_source_is_rebuilt() -> None:
    told = 0
    for gold in [*read_texts(OWN / "docs.jsonl")][::EVERY]:
        cleaned = cleaner().clean(gold.text)
        if any(AGAIN in span.reasons for span in cleaned.spans):
            told += 1
            assert rebuild(cleaned.text, ledger(cleaned, media_type="text/plain", decoding={})) == gold.text
    assert told > 2


def test_a_users_cue_moves_no_other_line_by_a_second_look() -> None:
    lines = [
        "Ferry runs again between the harbours",
        "The council of Norrhaven said on Tuesday that the ferry between the two harbours will run again from May.",
        "The boat was mended by the smith of the harbour, who is eighty-one and does not intend to stop.",
        "Residents had to take another road of thirteen miles, and the school began an hour later.",
        "Sign up for our newsletter",
    ]
    plain = Cleaner().clean("\n".join(lines)).decisions
    own = Cleaner(cues={"advert": {"whole": [lines[2]]}}).clean("\n".join(lines)).decisions
    assert [a == b for a, b in zip(plain, own, strict=True)] == [True, True, False, True, True]
    assert own[2].label is Label.ADVERT


def test_cues_in_many_lines_are_laid_over_in_order_and_in_little_time() -> None:
    def made(label: Label, count: int, step: int) -> list[Decision]:
        return [Decision(10 * at, 10 * at + 9, label, Action.KEEP, 0.0) for at in range(0, count, step)]

    plain, own = made(Label.BODY, 40_000, 1), made(Label.BODY, 40_000, 1)
    own[::2] = made(Label.ADVERT, 40_000, 2)
    halves = tuple(part for old in plain for part in (replace(old, end=old.start + 4), replace(old, start=old.end - 4)))
    laid = overlaid(halves, plain, own)  # each against each would take some minutes
    assert [decision.label for decision in laid] == [Label.ADVERT, Label.BODY, Label.BODY] * 20_000
    assert [decision for decision in laid if decision.label is Label.BODY] == [
        half for half in halves if half.start // 10 % 2
    ]
