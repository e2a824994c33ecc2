"""The tables of cases in fixtures/cases against the cleaner: what must go, what must stay, what fails today."""

from __future__ import annotations

import pytest
from support.cases import Case, left, load, lost, mistyped

from cleaner import clean
from cleaner.labels import KEPT, Label


def problems(case: Case) -> list[str]:
    """What the cleaner got wrong: kept text lost, boilerplate left, and the labels of a typed case."""
    spans = clean(case.text, lang=case.lang).spans
    removed = [(span.start, span.end) for span in spans]
    wrong = [f"lost: {text}" for text in lost(case, removed)]
    wrong += [f"left: {text}" for text in left(case, removed)]
    if case.typed:
        wrong += [f"label: {text}" for text in mistyped(case, [(s.start, s.end, s.label.value) for s in spans])]
    return wrong


def table(name: str) -> pytest.MarkDecorator:
    cases = load(name)
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


@table("wild")
def test_wild(case: Case) -> None:
    assert not (wrong := problems(case)), "\n".join(wrong)


@table("synthetic")
def test_synthetic(case: Case) -> None:
    assert not (wrong := problems(case)), "\n".join(wrong)


@table("negative")
def test_negative(case: Case) -> None:
    assert not (wrong := problems(case)), "\n".join(wrong)


@pytest.mark.xfail(strict=True, reason="known failure: move it to its table when it passes")
@table("known_failures")
def test_known_failure(case: Case) -> None:
    assert not (wrong := problems(case)), "\n".join(wrong)


def test_negative_cases_hold_nothing_to_remove() -> None:
    assert [case.name for case in load("negative") if {label for *_, label in case.spans} - KEPT] == []


def test_tables_are_large_and_varied() -> None:
    wild, synthetic, negative = (load(name) for name in ("wild", "synthetic", "negative"))
    cases = [*wild, *synthetic, *negative, *load("known_failures")]
    labels = {label for case in cases for *_, label in case.spans}
    assert len(wild) >= 60
    assert len(synthetic) >= 30
    assert len(negative) >= 40
    assert len({case.lang for case in cases}) >= 12
    assert len({case.name for case in cases}) == len(cases)
    assert labels == set(Label)
