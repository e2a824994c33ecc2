"""What becomes of the page model's odds: dialogs, pages of which little would stay, titles."""

from __future__ import annotations

import pytest

from cleaner.document import Block, Document
from cleaner.html import decision as pages
from cleaner.html.page import Extractor
from cleaner.html.segment import segment_html

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
        found = pages.settled(blocks((mark,), (), ()), [-9.0, rest, rest], "", lambda: opinion(1.0, 0.0, 0.0))
        assert found[0] > pages.FAR


def test_another_extractor_is_asked_only_when_little_would_stay() -> None:
    asked: list[int] = []

    def second() -> list[float]:
        asked.append(1)
        return opinion(0.0, 0.9, 0.9, 0.2)

    kept = pages.settled(blocks((), (), (), ()), [3.5, -2.0, 3.0, 3.5], "", second)
    assert (kept, asked) == ([3.5, -2.0, 3.0, 3.5], [])
    found = pages.settled(blocks((), (), (), ()), [3.5, 2.0, 3.0, 3.5], "", second)
    assert asked == [1]
    assert found == [2.5, -1.0, 0.0, 2.5]


@pytest.mark.parametrize("second", [None, list])
def test_without_another_opinion_all_odds_fall_alike(second: type[list[float]] | None) -> None:
    found = pages.settled(blocks((), ()), [2.0, 3.0], "", second)
    assert found == [2.0 - pages.RESCUE, 3.0 - pages.RESCUE]


def test_title_is_inside() -> None:
    found = pages.settled(blocks((), (), title=True), [4.0, -3.0], TITLE)
    assert found == [pages.HEADLINE_ODDS, -3.0]


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
