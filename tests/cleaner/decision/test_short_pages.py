"""Pages that say next to nothing, and texts that are called pages: what is the only thing there stays."""

from __future__ import annotations

from functools import lru_cache

import pytest

from cleaner import Cleaner
from cleaner.document import Status
from cleaner.html.page import Extractor


@lru_cache(maxsize=2)
def cleaner(extractor: Extractor) -> Cleaner:
    return Cleaner(extractor=extractor)


ALONE = {
    "a paragraph": ("<p>Hello world</p>", "Hello world"),
    "without markup": ("Hello world", "Hello world"),
    "a whole page": ("<html><head><title>Note</title></head><body><p>Hello world</p></body></html>", "Hello world"),
    "a notice": ("<div>The shop is closed today.</div>", "The shop is closed today."),
    "a list": ("<ul><li>Milk</li><li>Eggs</li></ul>", "Milk\nEggs"),
    "two lines without markup": ("The mill is shut.\nThe ferry sails.", "The mill is shut.\nThe ferry sails."),
    "characters written as names": ("Barr &amp; Sons build boats.", "Barr & Sons build boats."),
}
#: What the networks of 2026-12-01 take from them.
TAKEN = {("a list", Extractor.PAGE)}


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.parametrize("extractor", [Extractor.PAGE, Extractor.FAST])
def test_the_only_thing_on_a_page_stays(name: str, extractor: Extractor, request: pytest.FixtureRequest) -> None:
    if (name, extractor) in TAKEN:
        request.applymarker(pytest.mark.xfail(strict=True, reason="the model takes a word of it for a byline or menu"))
    html, body = ALONE[name]
    cleaned = cleaner(extractor).clean(html=html)
    assert (cleaned.body, cleaned.status.value) == (body, "clean")
    assert body in cleaned.html().replace("\n", " ") or "\n" in body or "&" in body


@pytest.mark.parametrize(
    "html",
    [
        "<p>Subscribe to our newsletter</p>",
        "<p>Copyright 2025 The Marlow Observer. All rights reserved.</p>",
        '<p><a href="/">Home</a> <a href="/b">Boats</a> <a href="/c">Mills</a></p>',
        "<p>We use cookies to improve your experience.</p><button>Accept all</button>",
        "<p></p>",
    ],
)
def test_a_page_of_boilerplate_stays_empty(html: str) -> None:
    assert cleaner(Extractor.PAGE).clean(html=html).status.value == "empty"


def test_a_bare_text_is_cut_into_sentences() -> None:
    text = "The bridge over the Marl is closed until May. Sign up for our newsletter. The ferry sails every hour."
    cleaned = cleaner(Extractor.PAGE).clean(html=text)
    assert cleaned.body == "The bridge over the Marl is closed until May. The ferry sails every hour."
    assert [cleaned.source_text[span.start : span.end] for span in cleaned.spans] == ["Sign up for our newsletter."]


WALLS = {
    "money": "<div><p>Subscribe to go on reading</p><p>Get unlimited access for £1 a week.</p><p>Already a subscriber? Log in</p></div>",
    "consent": "<div><p>We and our partners use cookies to improve your experience.</p><button>Accept all</button></div>",
}


@pytest.mark.parametrize("wall", WALLS)
def test_a_short_lead_beside_a_wall_stays(wall: str) -> None:
    lead = (
        "<h1>Storks nest on the town hall</h1><p>A pair of storks moved in on Friday.</p><p>They have two chicks.</p>"
    )
    cleaned = cleaner(Extractor.PAGE).clean(html=f"<article>{lead}{WALLS[wall]}</article>")
    assert cleaned.body == "A pair of storks moved in on Friday.\n\nThey have two chicks."


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("hi", Status.CLEAN),  # only the model takes it for a crumb
        ("Bonjour", Status.CLEAN),
        ("Menu", Status.EMPTY),  # a rule knows it
        ("Share", Status.EMPTY),
        ("Tap here to donate now!", Status.EMPTY),
    ],
)
def test_a_word_that_is_all_of_a_text_stays_unless_a_rule_knows_it(text: str, status: Status) -> None:
    cleaned = Cleaner().clean(text)
    assert cleaned.status is status
    assert cleaned.body == ("" if status is Status.EMPTY else text)
