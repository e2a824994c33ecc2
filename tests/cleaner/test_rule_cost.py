"""What the rules may cost: the calls that they take on ordinary articles, counted, so that a new rule shows its price."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from cleaner import Cleaner, accelerator
from cleaner.document import Evidence
from cleaner.heuristics import block_rules
from cleaner.heuristics.annotate import find_evidence
from cleaner.heuristics.context import Context
from cleaner.labels import Label

SEEDS = Path(__file__).parents[2] / "seeds"
#: Articles of some paragraphs, in several languages.
ORDINARY = (
    "02-border-talks.en.txt", "08-dijk.nl.txt", "10-ledokol.ru.txt", "14-night-train.en.txt", "17-wrapped-letter.en.txt",
)  # fmt: skip
#: Calls of functions in Python and C for 1,000 characters: 885 and 1,940 on 2026-12-01 (15:53), and a twentieth more of
#: the first. A rule that is worth more raises it, with its reason; newer Pythons need fewer calls.
MOST = 930 if accelerator.compiled is not None else 1950


def calls_of_rules() -> float:
    """Calls inside `find_evidence`, for 1,000 characters of the articles."""
    texts = [(SEEDS / name).read_text(encoding="utf-8") for name in ORDINARY]
    calls, inside = 0, 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls, inside
        is_edge = frame.f_code is find_evidence.__code__
        inside += (is_edge and event == "call") - (is_edge and event == "return")
        calls += inside > 0 and event in ("call", "c_call")

    cleaner = Cleaner()
    for text in texts:
        cleaner.clean(text)  # load what is loaded once
    sys.setprofile(count)
    try:
        for text in texts:
            cleaner.clean(text)
    finally:
        sys.setprofile(None)
    return 1000 * calls / sum(map(len, texts))


def test_rules_cost_no_more_than_they_did() -> None:
    assert calls_of_rules() <= MOST


def test_a_rule_that_searches_every_block_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = calls_of_rules()

    def costly(context: Context) -> Iterator[tuple[int, Evidence]]:
        for block in context.blocks:
            if all(re.search(word, block.text) is None for word in ("never", "in", "these", "words")):
                yield 0, Evidence(Label.BODY, 0.0, "")

    monkeypatch.setattr(block_rules, "RULES", (*block_rules.RULES, costly))
    assert calls_of_rules() > before * 1.05
