"""The work for a document grows with its size and no faster, whatever it holds: calls are counted, not seconds."""

from __future__ import annotations

import math
import sys
from types import FrameType

import pytest

from cleaner import Cleaner
from cleaner.decision import second_look
from cleaner.document import Document

#: Sizes in characters; from one to the other the work may grow by its ratio to this power.
SMALL, LARGE, MOST = 16_000, 128_000, 1.15
SENTENCE = "The council met on Tuesday in the town hall and heard nine reports about the new ferry. "

TEXTS = {
    "prose, a paragraph a line": SENTENCE * 3 + "\n\n",
    "prose, one line": SENTENCE,
    "short lines": "Harbour news\n",
    "lines of one letter": "a\n",
    "one word": "word",
    "an appeal on every line": "Donate\n",
    "a cue on every line": "Read more\n",
    "a cue again and again in one line": "Read more ",
    "a letter on every line": "Dear readers, please support our journalism with a donation today.\n",
    "a player's time on every line": "0:00 / 3:21\n",
    "quotations that are never closed": "“We met. ",
    "damaged characters": "The cafÃ© costs ¤3 (EUR).\n",
    "signs": "{};\n",
    "white space": " \n\t\n",
    "wrapped prose": "the council met on Tuesday in the town hall and heard nine reports about\n",
    "another script": "町の議会は火曜日に新しい橋について話した。",
}
PAGES = {
    "paragraphs": f"<p>{SENTENCE * 3}</p>",
    "small elements": "<b>a</b>",
    "links": '<li><a href="/x">Read more</a></li>',
    "nested elements": "<div>a",
}


def work(**document: str) -> int:
    """Calls of functions in Python and C that cleaning a document takes."""
    cleaner = Cleaner()
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    def clean() -> None:
        if "text" in document:
            cleaner.clean_document(Document("", document["text"]))  # whatever the text holds: a program too
        else:
            cleaner.clean(**document)

    clean()  # load what is loaded once
    sys.setprofile(count)
    try:
        clean()
    finally:
        sys.setprofile(None)
    return calls


def exponent(small: int, large: int) -> float:
    return math.log(large / small) / math.log(LARGE / SMALL)


@pytest.mark.parametrize("kind", TEXTS)
def test_work_for_a_text_is_linear(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_look, "LOOKS", 0)  # one size may be looked at again where the other is not
    small, large = (work(text=TEXTS[kind] * (size // len(TEXTS[kind]))) for size in (SMALL, LARGE))
    assert exponent(small, large) < MOST, (small, large)


@pytest.mark.parametrize("kind", PAGES)
def test_work_for_a_page_is_linear(kind: str) -> None:
    pages = (f"<html><body>{PAGES[kind] * (size // len(PAGES[kind]))}</body></html>" for size in (SMALL, LARGE))
    small, large = (work(html=page) for page in pages)
    assert exponent(small, large) < MOST, (small, large)


def test_work_that_is_not_linear_is_noticed() -> None:
    """The measure itself: what looks at every pair has the exponent 2."""

    def pairs(count: int) -> int:
        calls = 0

        def count_call(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "c_call"

        sys.setprofile(count_call)
        for one in range(count):
            for other in range(count):
                abs(one - other)
        sys.setprofile(None)
        return calls

    assert exponent(pairs(8), pairs(64)) > 1.9
