"""Holds the shipped cleaner to what fixtures/quality_gate.json pins, and the file to what was committed before.

The labelled set behind it is our own and small: the very seeds and cases that rules and costs were tried on, many
of them built to be hard. So it guards against regressions; it is no measure of quality (that is docs/model.md).
`python fixtures/make_gold.py --pin` measures again; a bound that is loosened needs `--why`.
"""

from __future__ import annotations

import json

import pytest
from support.gate import (
    CEILING_MARGINS,
    FLOOR_MARGINS,
    GATE,
    Gate,
    broken,
    committed,
    digests,
    loosened,
    measured,
    pinned,
    text_of,
    unexplained,
)

#: The commit before too: where tests run on a commit, its own file is no witness.
REVISIONS = ("HEAD", "HEAD~1")
PIN = "; pin it: python fixtures/make_gold.py --pin"

FIGURES = {
    "f1": 0.91234, "precision": 0.9, "recall": 0.92, "label-right": 0.95,
    "body-lost": 0.0123, "lines-lost": 0.0101, "short-sentences-lost": 0.0201, "sentences-lost": 0.0101,
    "calibration-error": 0.031,
}  # fmt: skip
DIGESTS = {"gold-digest": "a" * 64, "model-digest": "b" * 64}
BEFORE = pinned(FIGURES, DIGESTS, None, None)


@pytest.fixture(scope="module")
def gate() -> Gate:
    pinned: Gate = json.loads(GATE.read_text("utf-8"))
    return pinned


def test_every_figure_has_a_bound(gate: Gate) -> None:
    assert set(gate) == {"gold-digest", "model-digest", "floors", "ceilings", "lowered"}
    assert (set(gate["floors"]), set(gate["ceilings"])) == (set(FLOOR_MARGINS), set(CEILING_MARGINS))


@pytest.mark.parametrize("name", ["gold-digest", "model-digest"])
def test_pinned_for_this_data_and_this_model(gate: Gate, name: str) -> None:
    assert gate[name] == digests()[name], f"the {name.removesuffix('-digest')} changed without the gate{PIN}"


def test_no_figure_is_worse_than_pinned(gate: Gate) -> None:
    assert not list(broken(gate, measured()))


@pytest.mark.parametrize("revision", REVISIONS)
def test_nothing_was_loosened_silently(gate: Gate, revision: str) -> None:
    before = committed(revision)
    if before is None:
        pytest.skip(f"no gate in {revision} to compare with")
    assert not list(unexplained(before, gate))


# The gate itself ---------------------------------------------------------------------------------


def test_bounds_lie_a_little_beside_the_figures() -> None:
    assert BEFORE["floors"] == {"f1": 0.902, "precision": 0.89, "recall": 0.91, "label-right": 0.94}
    assert BEFORE["ceilings"] == {
        "body-lost": 0.015, "lines-lost": 0.013, "short-sentences-lost": 0.031, "sentences-lost": 0.016,
        "calibration-error": 0.041,
    }  # fmt: skip
    assert not list(broken(BEFORE, FIGURES))
    assert json.loads(text_of(BEFORE)) == BEFORE


def test_worse_figures_break_it() -> None:
    worse = {**FIGURES, "f1": 0.9, "body-lost": 0.0151}
    assert list(broken(BEFORE, worse)) == [
        "f1 is 0.9000, below its floor of 0.902",
        "body-lost is 0.01510, above its ceiling of 0.015",
    ]


@pytest.mark.parametrize(("name", "value"), [("f1", 0.8), ("recall", 0.8), ("precision", 0.8), ("body-lost", 0.02)])
def test_loosening_needs_a_reason(name: str, value: float) -> None:
    worse = {**FIGURES, name: value}
    for why in (None, "", "  "):
        with pytest.raises(ValueError, match=f"{name} would go from .* say why"):
            pinned(worse, DIGESTS, BEFORE, why)
    gate = pinned(worse, DIGESTS, BEFORE, "a label was split in two")
    assert [row["what"] for row in gate["lowered"]] == [name]
    assert not list(unexplained(BEFORE, gate))
    assert len(list(unexplained(BEFORE, {**gate, "lowered": []}))) == 1
    assert len(list(unexplained(BEFORE, {**gate, "lowered": [{**gate["lowered"][0], "why": " "}]}))) == 1


def test_tightening_needs_none() -> None:
    better = {name: value + (0.02 if name in FLOOR_MARGINS else -0.01) for name, value in FIGURES.items()}
    gate = pinned(better, DIGESTS, BEFORE, None)
    assert (gate["lowered"], list(loosened(BEFORE, gate))) == ([], [])


def test_reasons_and_bounds_cannot_be_taken_out() -> None:
    lowered = pinned({**FIGURES, "f1": 0.8}, DIGESTS, BEFORE, "a label was split in two")
    again = pinned({**FIGURES, "f1": 0.7}, DIGESTS, lowered, "and another")
    assert [row["why"] for row in again["lowered"]] == ["a label was split in two", "and another"]
    assert not list(unexplained(BEFORE, again))
    assert list(unexplained(lowered, {**again, "lowered": again["lowered"][1:]}))
    assert list(unexplained(BEFORE, {**BEFORE, "floors": {}}))


def test_a_reason_for_another_bound_does_not_count() -> None:
    gate = pinned({**FIGURES, "f1": 0.8}, DIGESTS, BEFORE, "a label was split in two")
    assert list(unexplained(BEFORE, {**gate, "floors": {**gate["floors"], "recall": 0.5}}))


def test_no_such_revision() -> None:
    assert committed("no-such-revision") is None
