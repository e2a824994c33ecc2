"""What becomes of the page model's odds: dialogs, pages of which little would stay, titles."""

from __future__ import annotations

import numpy as np
import pytest

from cleaner.decision.page_odds import HEARD, BlockEvidence, placed_odds, unheard_odds, with_evidence
from cleaner.document import Block, Document
from cleaner.html import outside as pages
from cleaner.html.page import Extractor
from cleaner.html.segment import segment_html
from cleaner.html.structures import Structures

LINE = "So long a line of prose that it counts among what a page has to say to a reader, however it is set."
TITLE = "A title"


def blocks(*marks: tuple[str, ...], title: bool = False) -> list[Block]:
    texts = [f"{number} {LINE}" for number in range(len(marks))]
    texts[0] = TITLE if title else texts[0]
    return [Block(0, len(text), text, 0, 0, "p", own) for text, own in zip(texts, marks, strict=True)]


def opinion(*shares: float) -> list[float]:
    return list(shares)


@pytest.mark.parametrize("mark", ["role:dialog", "role:alertdialog", "class:cookie"])
def test_dialogs_go_however_they_read(mark: str) -> None:
    for rest in (-6.0, 5.0):  # 5.0: next to nothing would stay, so that all odds fall
        odds = pages.settled(blocks((mark,), (), ()), [-9.0, rest, rest], "", lambda: opinion(1.0, 0.0, 0.0))
        assert odds[0] > pages.FAR


def test_another_extractor_is_asked_only_when_little_would_stay() -> None:
    asked: list[int] = []

    def second() -> list[float]:
        asked.append(1)
        return opinion(0.0, 0.9, 0.9, 0.2)

    kept = pages.settled(blocks((), (), (), ()), [3.5, -2.0, 3.0, 3.5], "", second)
    assert (kept, asked) == ([3.5, -2.0, 3.0, 3.5], [])
    odds = pages.settled(blocks((), (), (), ()), [3.5, 2.0, 3.0, 3.5], "", second)
    assert asked == [1]
    assert odds == [2.5, -1.0, 0.0, 2.5]


@pytest.mark.parametrize("second", [None, list])
def test_without_another_opinion_all_odds_fall_alike(second: type[list[float]] | None) -> None:
    odds = pages.settled(blocks((), ()), [2.0, 3.0], "", second)
    assert odds == [2.0 - pages.RESCUE, 3.0 - pages.RESCUE]


def test_a_whole_article_is_enough_whatever_stands_beside_it() -> None:
    thread = 200 * [LINE]
    texts = (pages.ENOUGH // len(LINE) + 1) * [LINE] + thread
    page = [Block(0, len(text), text, number, 0, "p", ()) for number, text in enumerate(texts)]
    odds = [-2.0 if number < len(texts) - len(thread) else 2.0 for number in range(len(texts))]
    assert pages.settled(page, odds, "") == odds
    assert pages.settled(page[2:], odds[2:], "")[-1] == 2.0 - pages.RESCUE


@pytest.mark.parametrize(
    ("odds", "settled"),
    [
        ([-2.0, 1.2, 2.0, 1.5], [-2.0, pages.FAR, pages.FAR, pages.FAR]),  # a thread that stands outside as a whole
        ([-2.0, -0.5, 2.5, 2.5], [-2.0, -0.5, pages.FAR, pages.FAR]),
        ([-2.0, 1.2, 1.2, 1.2], [-2.0, 1.2, 1.2, 1.2]),
        ([-2.0, -3.0, 2.0, 2.0], [-2.0, -3.0, 2.0, 2.0]),
    ],
)
def test_lists_go_as_a_whole(odds: list[float], settled: list[float]) -> None:
    within = Structures(lists=[[1, 2, 3]])
    assert pages.settled(blocks((), (), (), ()), odds, "", within=within) == settled


def test_title_is_inside() -> None:
    odds = pages.settled(blocks((), (), title=True), [4.0, -3.0], TITLE)
    assert odds == [pages.HEADLINE_ODDS, -3.0]


FORM_PAGE = f"<form><h1>{TITLE}</h1><p>{LINE}</p><p>{LINE} Twice.</p></form>"
WALL = f'<div class="cookie-wall"><p>{LINE}</p></div>'


@pytest.mark.parametrize(
    ("html", "mark", "borne"),
    [
        (FORM_PAGE, "tag:form", False),
        (f"<form><p>{LINE}</p></form><p>{LINE}</p><p>{LINE}</p>", "tag:form", True),
        (f"{WALL}<p>{LINE[:90]}</p>", "class:cookie", True),
        (f'<div class="cookie-wall"><p>{LINE}</p><p>{LINE} Twice.</p></div><p>Short.</p>', "class:cookie", False),
    ],
)
def test_marks_of_a_whole_page_say_nothing(html: str, mark: str, borne: bool) -> None:
    rendering = segment_html(Document("x", html, "text/html"), Extractor.FAST)
    assert any(mark in block.marks for block in rendering.blocks) is borne


@pytest.mark.parametrize(
    ("place", "margin", "evidence", "goes"),
    [
        (-2.0, 1.0, BlockEvidence(), False),  # its words alone, in the flow of the article
        (-2.0, 1.0, BlockEvidence(cue=1.4, heard=1.4), True),  # a rule has heard an appeal, too
        (-2.0, 1.0, BlockEvidence(cue=0.9, heard=0.9), False),
        (-2.0, 1.0, BlockEvidence(cue=1.1, heard=1.1), True),
        (-2.0, 1.0, BlockEvidence(cue=1.4), False),  # a word of navigation
        (-2.0, 1.0, BlockEvidence(cue=4.0), True),  # a cue that is all of the line
        (2.0, 1.0, BlockEvidence(), True),  # its place says the same
        (-0.9, 1.5, BlockEvidence(), True),
        (-1.1, 1.5, BlockEvidence(), False),
        (-1.1, 1.5, BlockEvidence(container=6.0), True),
    ],
)
def test_words_decide_alone_only_where_a_rule_has_heard_them(
    place: float, margin: float, evidence: BlockEvidence, goes: bool
) -> None:
    odds = float(placed_odds(np.array([place]), np.array([margin]), np.array([30]))[0])
    if evidence.heard < HEARD:
        odds = unheard_odds(place, margin, 30, evidence)
    assert (with_evidence(odds, evidence, place, margin) > 0) is goes
