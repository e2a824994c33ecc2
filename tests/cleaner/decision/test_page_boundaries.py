"""Just inside and just outside each constant of pages: how far outside a block stands, and what that weighs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cleaner.decision.page import decide_by_page, widen
from cleaner.decision.page_odds import BlockEvidence, in_flow, placed_odds, unheard_odds, with_evidence
from cleaner.document import Block, Decision, Rendering
from cleaner.html.outside import cost_of, near, settled
from cleaner.html.structures import Structures
from cleaner.labels import Label, Policy


def block(length: int, *marks: str, text: str = "") -> Block:
    return Block(0, length, text or "x" * length, 0, 0, "p", marks)


@pytest.mark.parametrize(
    ("place", "margin", "length", "expected"),
    [
        (0.0, -1.0, 60, 0.77 - 0.62 + 0.76 * math.log(2)),
        (1.0, -1.0, 60, 0.77 + 0.71 - 0.62 + 0.76 * math.log(2)),
        (-1.0, -1.0, 60, 0.77 - 0.57 - 0.62 + 0.76 * math.log(2)),
        (0.0, -1.0, 540, 0.77 - 0.62 + 0.76 * math.log(10)),
        (-5.0, 0.5, 60, 0.5),  # the words alone take it out
        (-7.4, 2.0, 60, 2.0),
        (-7.6, 2.0, 60, 0.77 - 0.57 * 7.6 + 0.25 * 2 + 0.76 * math.log(2)),  # the title stays
    ],
)
def test_what_place_words_and_length_weigh(place: float, margin: float, length: int, expected: float) -> None:
    odds = placed_odds(np.array([place]), np.array([margin]), np.array([length]))
    assert float(odds[0]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("place", "container", "doubt"), [(-0.9, 0.0, 0.0), (-1.1, 0.0, 1.0), (-1.1, 0.1, 0.0)])
def test_words_that_no_rule_has_heard(place: float, container: float, doubt: float) -> None:
    odds = unheard_odds(place, 1.0, 60, BlockEvidence(container=container))
    assert odds == pytest.approx(0.77 + 0.57 * place + 0.25 + 0.76 * math.log(2) - doubt, abs=1e-6)


@pytest.mark.parametrize(
    ("odds", "evidence", "expected"),
    [
        (0.0, BlockEvidence(container=5.9), 0.12 * 5.9),
        (0.0, BlockEvidence(container=9.0), 0.12 * 6),
        (0.0, BlockEvidence(prose=2.0), -0.14),
        (0.0, BlockEvidence(crumb=True), -1.4),
        (-3.0, BlockEvidence(cue=3.9), -3.0),
        (-3.0, BlockEvidence(cue=4.0), math.log(4)),
        (-3.0, BlockEvidence(cue=4.0, prose=3.9), math.log(4)),
        (-3.0, BlockEvidence(cue=4.0, prose=4.0), -3.28),
        (-3.0, BlockEvidence(cue=4.0, crumb=True), -4.4),
    ],
)
def test_what_rules_and_elements_weigh(odds: float, evidence: BlockEvidence, expected: float) -> None:
    assert with_evidence(odds, evidence, -2.0, 1.0) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("place", "leaning", "opened", "goes"),
    [
        (-1.1, -2.1, False, True),
        (-1.1, -2.3, False, False),  # place and words say of the article
        (-0.9, -2.3, False, True),
        (-1.1, 0.1, True, True),
        (-1.1, -0.1, True, False),  # a sentence that a cue only opens
        (-0.9, -0.1, True, True),
    ],
)
def test_when_words_outweigh_a_cue(place: float, leaning: float, opened: bool, goes: bool) -> None:
    assert (with_evidence(-3.0, BlockEvidence(cue=4.2, faint=opened), place, leaning) > 0) is goes


@pytest.mark.parametrize(("length", "expected"), [(399, False), (400, True)])
def test_there_is_an_article_around(length: int, expected: bool) -> None:
    assert in_flow(np.array([-1.0, 1.0]), np.array([-1.0, -1.0]), np.array([length, 900])) is expected


@pytest.mark.parametrize(("length", "cost"), [(60, 0.8 + 0.1 * math.log(2)), (600, 0.8 + 0.1 * math.log(11)), (0, 0.8)])
def test_what_a_block_costs_by_the_page_alone(length: int, cost: float) -> None:
    assert cost_of(block(length)) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("inside", "outside", "length", "lowered"),
    [
        (1, 3, 100, 0.0),  # a quarter of the prose stays
        (1, 4, 100, 1.5),
        (20, 100, 100, 0.0),  # 2,000 characters are an article
        (19, 100, 100, 1.5),
        (0, 5, 80, 1.5),
        (0, 5, 79, 0.0),  # no prose on the page
    ],
)
def test_where_little_would_stay_all_odds_fall(inside: int, outside: int, length: int, lowered: float) -> None:
    odds = [-2.0] * inside + [3.0] * outside
    assert settled([block(length)] * len(odds), odds, "") == [block_odds - lowered for block_odds in odds]


def test_another_extractor_speaks_for_what_it_has_half_of() -> None:
    lowered = settled([block(100)] * 5, [3.0] * 5, "", lambda: [0.5, 0.49, 1.0, 0.0, 0.6])
    assert lowered == [0.0, 2.0, 0.0, 2.0, 0.0]


@pytest.mark.parametrize(
    ("marks", "odds"),
    [((), -3.0), (("class:share",), -1.0), (("tag:figcaption",), -0.5), (("role:dialog",), 7.0), (("tag:h2",), -3.0)],
)
def test_what_marks_add(marks: tuple[str, ...], odds: float) -> None:
    assert settled([block(100, *marks), block(900)], [-3.0, -3.0], "") == [odds, -3.0]


@pytest.mark.parametrize(("spaces", "odds"), [(1, -8.0), (8, -8.0), (9, -3.0)])
def test_a_title_may_be_set_wider(spaces: int, odds: float) -> None:
    shown = f"A{' ' * spaces}title"
    assert settled([block(len(shown), text=shown), block(900)], [-3.0, -3.0], "A title") == [odds, -3.0]


@pytest.mark.parametrize(
    ("path", "odds", "within", "label", "reason"),
    [
        ("table/tr", 1.49, None, Label.BODY, ""),
        ("table/tr", 1.5, None, Label.NAVIGATION, "a row of a table outside the article (page model)"),
        ("p", 2.99, None, Label.BODY, ""),  # it is read as text
        ("p", 3.0, None, Label.NAVIGATION, "stands far from the article on the page (page model)"),
        ("p", 3.0, Label.COMMENT, Label.COMMENT, "stands in a thread of comments (structure of the page)"),
        (
            "p",
            3.0,
            Label.RELATED,
            Label.RELATED,
            "stands in a list of teasers or another article (structure of the page)",
        ),
    ],
)
def test_what_becomes_of_blocks_far_from_the_article(
    path: str, odds: float, within: Label | None, label: Label, reason: str
) -> None:
    line = Block(0, 9, "x" * 9, 0, 0, path)
    rendering = Rendering(line.text, (line,), line.text)
    part = near(rendering, [odds])
    read = [Decision(0, 9, Label.BODY, Policy().action(Label.BODY), 0.1)] if part.blocks else []
    kinds = Structures(kinds={0: within} if within else {})
    (decision,) = widen(rendering, part, read, [odds], Policy(), kinds)
    assert (decision.label, "".join(decision.reasons)) == (label, reason)


@pytest.mark.parametrize(("odds", "label"), [(0.8 + 0.1 * math.log(2) - 0.01, Label.BODY), (0.88, Label.NAVIGATION)])
def test_what_goes_by_the_page_alone(odds: float, label: Label) -> None:
    line = block(60)
    (decision,) = decide_by_page(Rendering(line.text, (line,), line.text), [odds], "", Policy())
    assert decision.label is label
