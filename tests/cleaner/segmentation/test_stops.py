"""What ends a sentence: one table for all who ask."""

from __future__ import annotations

import pytest

from cleaner.segmentation.stops import ends_sentence, may_end_sentence


@pytest.mark.parametrize(
    "text",
    [
        "He left.",
        "He left!”",
        "Did he?)",
        "« Il part ! »",
        "他走了。",
        "他走了！」",
        "هل ذهب؟",
        "वह गया।",
        "He left.'\u00a0»",
    ],
)
def test_a_stop_ends_a_sentence_whatever_closes_it(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["", "”", "He left", "He left,", "He left:", "He left ”", "a.b"])
def test_nothing_else_does(text: str) -> None:
    assert not ends_sentence(text, broken_off=True)


def test_an_ellipsis_is_an_end_for_who_says_so() -> None:
    assert ends_sentence("He left …", broken_off=True)
    assert not ends_sentence("He left …")


@pytest.mark.parametrize("text", ["He left.", "He left…", "“He left”", "「走了」", "He left »"])
def test_a_closing_quotation_mark_may_end_one(text: str) -> None:
    assert may_end_sentence(text)


@pytest.mark.parametrize("text", ["", "He left", "(he left)", "He left “", "don’"])
def test_a_bracket_or_an_opening_mark_does_not(text: str) -> None:
    assert not may_end_sentence(text)
