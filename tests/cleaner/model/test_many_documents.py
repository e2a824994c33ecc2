"""Many documents in one table get the answers that each gets alone, to the last bit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cleaner import accelerator
from cleaner.document import Block
from cleaner.labels import Label
from cleaner.model import columns
from cleaner.model.columns import FirstStepOf, OpinionOf, Question, TokensOf, answers
from cleaner.model.network import shipped
from cleaner.model.steps import GROUP, GROUP_CHARACTERS, groups_of, side_by_side
from cleaner.time_limit import OverTimeError, TimeBudget

words = st.sampled_from(
    [
        "Read",
        "more",
        "THE",
        "council",
        "met",
        "1,200",
        "読む",
        "«",
        ")",
        ".",
        "?!",
        "\U0001f600",
        "e\u0301",
        "\x00",
        "\ud83d",
    ]
)
lines = st.lists(words, max_size=40).map(" ".join)
texts = st.lists(lines, min_size=1, max_size=9)
documents = st.lists(texts, min_size=2, max_size=6)
LONG = ["The council met on Monday and heard nine reports on the harbour. " * 5] * 3 + ["Read more"] * 20


@pytest.fixture(autouse=True)
def pure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are made without the accelerator only."""
    monkeypatch.setattr(accelerator, "compiled", None)


def blocks_of(lines: list[str]) -> list[Block]:
    return [Block(0, len(line), line, number, number % 4) for number, line in enumerate(lines)]


def assert_same(one: object, other: object) -> None:
    if is_dataclass(one):
        for part in fields(one):
            assert_same(getattr(one, part.name), getattr(other, part.name))
    else:
        assert isinstance(one, np.ndarray)
        assert isinstance(other, np.ndarray)
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert one.tobytes() == other.tobytes()


@settings(max_examples=40)
@given(documents, st.integers(0, 1 << 30))
@example([[""], ["", "a"], ["\x00"]], 1)
@example([LONG, ["One line."], LONG[:2], [""], LONG[::-1]], 2)
@example([[f"Line {number} of many." for number in range(columns.ROWS + 9)], ["One line."], ["Two.", "Lines."]], 3)
def test_answers_are_those_to_each_alone(given_lines: list[list[str]], seed: int) -> None:
    model, chance = shipped(), np.random.default_rng(seed)
    first_questions = [TokensOf(lines) for lines in given_lines]
    tokens = answers(first_questions)
    readings = [
        FirstStepOf(model, blocks_of(lines), own if seed % 2 else None)
        for lines, own in zip(given_lines, tokens, strict=True)
    ]
    firsts = answers(readings)
    opinions = [
        OpinionOf(model.networks, first, chance.uniform(-1, 9, (len(lines), len(Label))).astype(np.float32))
        for lines, first in zip(given_lines, firsts, strict=True)
    ]
    asked: list[list[Question]] = [[*first_questions], [*readings], [*opinions]]
    for questions in (*asked, [*opinions[:1], *first_questions, *readings, *opinions[1:]]):
        for question, answer in zip(questions, answers(questions), strict=True):
            assert_same(answer, question.answer())


def test_a_table_is_no_larger_than_the_cache_and_sums_are_exact() -> None:
    small, long = TokensOf(["word"] * (columns.ROWS // 4)), TokensOf(["x" * columns.CHARACTERS * (columns.ROWS // 2)])
    tables = columns._tables([small] * 5 + [long] * 3 + [TokensOf(["word"] * columns.ROWS * 2)])
    assert tables == [[0, 1, 2, 3], [4, 5], [6], [7], [8]]
    assert columns.ROWS * columns.CHARACTERS * 2 < 1 << 24


@contextmanager
def unguarded(_: int) -> Iterator[None]:
    yield


def test_what_goes_wrong_with_one_document_is_its_own_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(name: str):  # type: ignore[no-untyped-def]
        tokens = yield TokensOf([name])
        if name == "raises":
            raise KeyError(name)
        if name == "over time":
            raise OverTimeError
        return len(tokens.hashes)

    names = ["one", "raises", "over time", "one two"]
    outcomes = side_by_side([steps(name) for name in names], unguarded)
    assert [type(outcome) for outcome in outcomes] == [int, KeyError, OverTimeError, int]
    assert (outcomes[0], outcomes[3]) == (1, 2)
    assert side_by_side([], unguarded) == []


def test_what_cannot_be_answered_together_is_answered_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(texts: list[str]) -> object:
        if len(texts) > 1 or texts == ["bad"]:
            raise MemoryError(texts)
        return texts[0]

    def steps(name: str):  # type: ignore[no-untyped-def]
        return (yield TokensOf([name]))

    monkeypatch.setattr(columns, "tokenise", fails)
    outcomes = side_by_side([steps(name) for name in ("one", "bad", "two")], unguarded)
    assert [outcomes[0], outcomes[2]] == ["one", "two"]
    assert isinstance(outcomes[1], MemoryError)


def test_groups_are_bounded_in_documents_and_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [1] * (GROUP + 1) + [GROUP_CHARACTERS, 1, GROUP_CHARACTERS - 1, 1]
    assert [len(group) for group in groups_of(sizes, int)] == [GROUP, 2, 2, 1]
    monkeypatch.setattr(accelerator, "compiled", object())
    assert list(groups_of([1, 2], int)) == [[1], [2]]


def test_what_is_read_before_an_error_is_given_first() -> None:
    def broken() -> Iterator[int]:
        yield 1
        yield 2
        raise OSError("gone")

    groups = groups_of(broken(), int)
    assert next(groups) == [1, 2]
    with pytest.raises(OSError, match="gone"):
        next(groups)


def test_a_time_limit_holds_for_all_turns_together() -> None:
    budget = TimeBudget(0.2)
    for _ in range(2):
        with budget.limited(1):
            _busy(0.06)
    with budget.limited(2):
        _busy(0.12)
    with pytest.raises(OverTimeError), budget.limited(1):
        _busy(0.15)
    with TimeBudget(None).limited(1):
        pass


def _busy(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
