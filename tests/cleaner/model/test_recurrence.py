"""What memory of a source changes: trees walked as they should, odds moved, labels left, subheads left to the text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.decision.scores import Scores
from cleaner.document import Block, Evidence
from cleaner.labels import KEPT, Label
from cleaner.memory.lookup import COLUMN, MEASURES, Recall
from cleaner.model.boosted_trees import Trees
from cleaner.model.network import evidence_sums
from cleaner.model.source_correction import inputs, is_common, shifted, stands_like_subhead, with_memory

PROSE = "The council met on Tuesday evening to talk about the bridge, and after four hours it agreed to mend it." * 2


def blocks_of(*texts: str) -> list[Block]:
    return [Block(0, len(text), text, line, 1) for line, text in enumerate(texts)]


def recall_of(*rows: dict[str, float], documents: int = 50) -> Recall:
    table = np.zeros((len(rows), len(MEASURES)), np.float32)
    for row, values in enumerate(rows):
        for name, value in values.items():
            table[row, COLUMN[name]] = value
    counts = np.rint(np.expm1(table[:, COLUMN["others"]])).astype(np.int64)
    return Recall(table, counts, documents)


HEARD_ASKING = Evidence(Label.RELATED, 2.0, "asks")


def stump(column: int, threshold: float, low: float, high: float) -> Trees:
    return Trees(
        np.array([0]), np.array([column, 0, 0]), np.array([threshold, 0, 0], np.float32), np.array([1, 2, 1, 1, 2, 2]),
        np.array([0, low, high], np.float32), 1, 0.5,
    )  # fmt: skip


@pytest.mark.parametrize(("value", "score"), [(1.0, 1.5), (2.0, 1.5), (2.1, -2.5)])
def test_walk_of_a_stump(value: float, score: float) -> None:
    assert stump(1, 2.0, 1.0, -3.0).score(np.array([[9.0, value]], np.float32)) == pytest.approx([score])


def test_trees_of_different_depth_add_up() -> None:
    trees = Trees(
        np.array([0, 1]), np.array([0, 1, 0, 0, 0, 0]), np.array([0, 5, 0, 3, 0, 0], np.float32),
        np.array([0, 0, 2, 3, 2, 2, 4, 5, 4, 4, 5, 5]), np.array([10, 0, 1, 0, 2, 4], np.float32), 2, 0.0,
    )  # fmt: skip
    table = np.array([[0, 4], [2, 6], [9, 6]], np.float32)
    assert trees.score(table).tolist() == [11, 12, 14]
    assert Trees.of(trees.arrays()).score(table).tolist() == [11, 12, 14]


@given(st.lists(st.floats(-6, 6), min_size=1, max_size=12), st.floats(-8, 8))
def test_only_the_odds_of_boilerplate_move(odds: list[float], told: float) -> None:
    chance = np.random.default_rng(1)
    kinds = chance.random((len(odds), len(Label)))
    gone = 1 / (1 + np.exp(-np.array(odds)))
    kept = kinds[:, : len(KEPT)] / kinds[:, : len(KEPT)].sum(axis=1, keepdims=True) * (1 - gone)[:, None]
    probabilities = np.concatenate(
        (kept, kinds[:, len(KEPT) :] / kinds[:, len(KEPT) :].sum(axis=1, keepdims=True) * gone[:, None]), axis=1
    )
    blocks = blocks_of(*["Read more"] * len(odds))
    after = with_memory(
        stump(0, 99, told, 0), probabilities, evidence_sums([[HEARD_ASKING]] * len(odds)), blocks,
        recall_of(*[{"others": 3.0}] * len(odds)),
    )  # fmt: skip
    assert after.sum(axis=1) == pytest.approx(np.ones(len(odds)))
    for side in (slice(0, len(KEPT)), slice(len(KEPT), None)):
        assert (after[:, side].argmax(axis=1) == probabilities[:, side].argmax(axis=1)).all()
    assert (after[:, len(KEPT) :].sum(axis=1) > 0.5).all() == (told + 0.5 > 0)


ELSEWHERE = {"others": 4.0, "share": 0.9, "before": 0.0, "after": 0.05}


@pytest.mark.parametrize(
    ("texts", "row", "stands"),
    [
        ([PROSE, "What happened", PROSE], ELSEWHERE, True),
        ([PROSE, "What happened", PROSE], {**ELSEWHERE, "after": 0.9}, False),  # always the same line after it
        ([PROSE, "Read the newsletter"], ELSEWHERE, False),  # no prose after it
        (["What happened", PROSE], ELSEWHERE, True),
        (["What happened", "A caption", PROSE], ELSEWHERE, False),  # neither right before prose nor amid it
        ([PROSE, "What happened on Tuesday evening in the old harbour town", PROSE], ELSEWHERE, True),  # 56 characters
        ([PROSE, "What happened " * 5, PROSE], ELSEWHERE, False),  # too long for a subhead
        ([PROSE, "What happened", PROSE], {**ELSEWHERE, "after": 0.29, "before": 0.29}, True),
        ([PROSE, "What happened", PROSE], {**ELSEWHERE, "after": 0.31}, False),
        ([PROSE, "What happened", PROSE], {**ELSEWHERE, "before": 0.31}, False),
    ],
)
def test_a_recurring_subhead_is_left_to_the_text(texts: list[str], row: dict[str, float], stands: bool) -> None:
    at = next(index for index, text in enumerate(texts) if text != PROSE)
    recall = recall_of(*[row if index == at else {} for index in range(len(texts))])
    assert bool(stands_like_subhead(blocks_of(*texts), recall)[at]) is stands


def test_memory_never_raises_the_odds_of_a_subhead() -> None:
    blocks = blocks_of(PROSE, "What happened", PROSE)
    probabilities = np.full((3, len(Label)), 0.001)
    probabilities[:, 0] = 1 - 0.001 * (len(Label) - 1)
    recall = recall_of({}, ELSEWHERE, {})
    heard = evidence_sums([[HEARD_ASKING]] * 3)
    after = with_memory(stump(0, 99, 5.0, 0), probabilities, heard, blocks, recall)
    gone = after[:, len(KEPT) :].sum(axis=1)
    assert gone[1] == pytest.approx(0.001 * (len(Label) - len(KEPT)))
    assert gone[0] > 0.9


COMMON = {"others": 3.0, "share": 0.4, "before": 1.0, "after": 1.0}


@pytest.mark.parametrize(
    ("row", "documents", "evidence", "goes"),
    [
        (COMMON, 50, (), True),
        (COMMON, 15, (), True),
        (COMMON, 14, (), False),  # too few articles
        ({**COMMON, "share": 0.11}, 50, (), True),
        ({**COMMON, "share": 0.09}, 50, (), False),  # in too few of them
        ({"covered": 1.0, "runs": 3.0}, 50, (), True),  # glued elsewhere: its words recur
        (COMMON, 50, (Evidence(Label.NOTE, 2.0, "a note"),), False),  # a standing note of the newsroom
    ],
)
def test_a_long_block_that_many_articles_hold_goes(
    row: dict[str, float], documents: int, evidence: tuple[Evidence, ...], *, goes: bool
) -> None:
    recall = recall_of(row, documents=documents)
    after = with_memory(
        stump(0, 99, -6.0, 0), doubted(0.2), evidence_sums([evidence]), blocks_of(PROSE), recall
    )  # fmt: skip
    gone = after[0, len(KEPT) :].sum()
    assert gone == pytest.approx(0.95) if goes else gone < 0.1


def doubted(gone: float) -> np.ndarray:
    """The opinion on one block: body, or with this probability boilerplate."""
    probabilities = np.zeros((1, len(Label)))
    probabilities[0, 0], probabilities[0, -1] = 1 - gone, gone
    return probabilities


@pytest.mark.parametrize(
    ("text", "alone", "evidence", "after"),
    [
        ("The mill paid its hands 31 cents a share in the spring, said the owner of the mill.", 0.09, 0.0, 0.09),
        ("The mill paid its hands 31 cents a share in the spring, said the owner of the mill.", 0.11, 0.0, 0.95),
        ("The mill paid its hands 31 cents a share in the spring, said the owner of the mill.", 0.09, 1.9, 0.09),
        ("The mill paid its hands 31 cents a share in the spring, said the owner of the mill.", 0.09, 2.0, 0.95),
        ("Hosannas", 0.5, 0.0, 0.731),  # eight letters: one more in log-odds
        ("Hosannas: 1,250, 1,931, 12", 0.5, 0.0, 0.731),  # numbers say nothing
        ("1931", 0.5, 0.0, 0.5),
        ("港口晚报", 0.5, 0.0, 0.777),  # an ideograph is worth two and a half
        ("Hosannas", 0.5, 2.0, 0.95),
    ],
)
def test_where_nobody_is_heard_to_ask_the_memory_adds_what_the_block_says(
    text: str, alone: float, evidence: float, after: float
) -> None:
    sums = evidence_sums([[Evidence(Label.DONATION, evidence, "asks")]])
    told = with_memory(stump(0, 99, 2.444, 0), doubted(alone), sums, blocks_of(text), recall_of(COMMON))
    assert told[0, len(KEPT) :].sum() == pytest.approx(after, abs=0.001)


@pytest.mark.parametrize("text", ["Hosannas", "1931"])
def test_what_speaks_for_the_article_is_not_bounded(text: str) -> None:
    told = with_memory(stump(0, 99, -4.5, 0), doubted(0.9), evidence_sums([[]]), blocks_of(text), recall_of(COMMON))
    assert told[0, len(KEPT) :].sum() == pytest.approx(1 / (1 + np.exp(4.0)))


BACKGROUND = {"others": 3.0, "share": 0.4, "place": 0.5, "before": 0.1, "after": 0.1}


@pytest.mark.parametrize(
    ("row", "leans", "evidence", "stays"),
    [
        (BACKGROUND, 0.1, (), True),
        ({**BACKGROUND, "place": 0.79}, 0.1, (), True),
        ({**BACKGROUND, "place": 0.81}, 0.1, (), False),  # always at one place
        ({**BACKGROUND, "from_end": 0.81}, 0.1, (), False),
        ({**BACKGROUND, "before": 0.31}, 0.1, (), False),  # beside the same block
        ({**BACKGROUND, "after": 0.31}, 0.1, (), False),
        (BACKGROUND, 0.69, (), True),
        (BACKGROUND, 0.71, (), False),  # the model hears an appeal in it
        (BACKGROUND, 0.1, (Evidence(Label.DONATION, 1.0, "asks"),), False),  # a rule does
        ({**BACKGROUND, "others": 0.0, "covered": 1.0, "runs": 3.0}, 0.1, (), False),  # glued elsewhere
    ],
)
def test_what_articles_say_again_amid_prose_of_their_own_stays(
    row: dict[str, float], leans: float, evidence: tuple[Evidence, ...], *, stays: bool
) -> None:
    probabilities = np.full((1, len(Label)), 0.0)
    probabilities[0, 0], probabilities[0, -1] = 1 - leans, leans
    assert is_common(probabilities, evidence_sums([evidence]), blocks_of(PROSE), recall_of(row)).tolist() == [not stays]


@pytest.mark.parametrize(("covered", "common"), [(0.81, True), (0.79, False)])
def test_words_that_recur_make_a_block_common_when_they_are_nearly_all(covered: float, *, common: bool) -> None:
    assert common_of([PROSE], {"covered": covered, "runs": 3.0}) == [common]


@pytest.mark.parametrize(("before", "common"), [(0.81, True), (0.79, False)])
def test_a_short_line_goes_with_the_long_block_that_it_always_follows(before: float, *, common: bool) -> None:
    assert common_of([PROSE, "Give today"], COMMON, {**COMMON, "before": before, "after": 0.0}) == [True, common]


def test_three_short_lines_in_a_row_go_with_a_long_block_at_most() -> None:
    short = {**COMMON, "after": 0.0}
    assert common_of([PROSE, *["Give today"] * 5], COMMON, *[short] * 5) == [True] * 4 + [False] * 2


def common_of(texts: list[str], *rows: dict[str, float]) -> list[bool]:
    """Which blocks are common, of a document that is body as far as the model knows."""
    probabilities = np.full((len(texts), len(Label)), 0.001)
    probabilities[:, 0] = 1 - 0.001 * (len(Label) - 1)
    return is_common(probabilities, evidence_sums([[]] * len(texts)), blocks_of(*texts), recall_of(*rows)).tolist()


def test_inputs_begin_with_the_models_odds_and_hold_the_neighbours() -> None:
    probabilities = np.full((2, len(Label)), 1 / len(Label))
    table = inputs(probabilities, evidence_sums([[], []]), blocks_of("One", PROSE), recall_of({"share": 0.5}, {}))
    share = (len(Label) - len(KEPT)) / len(Label)
    assert table[:, 0] == pytest.approx([np.log(share / (1 - share))] * 2)
    assert 0.5 in table[1].tolist()  # the block before it has that share


def test_shifted_beyond_the_document_is_nothing() -> None:
    assert shifted(np.array([1.0, 2.0]), 1).tolist() == [0, 1]
    assert shifted(np.array([1.0, 2.0]), -1).tolist() == [2, 0]


def test_a_repeated_block_costs_less_to_lose_for_its_length() -> None:
    probabilities = np.full((2, len(Label)), 1 / len(Label))
    scores = Scores.of(probabilities, ["x" * 900] * 2, recurring=np.array([False, True]))
    assert scores.costs[1] < scores.costs[0]
