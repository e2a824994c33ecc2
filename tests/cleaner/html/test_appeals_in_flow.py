"""Appeals and teasers that stand between an article's paragraphs go from a page as they go from the same text."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import pytest

from cleaner import Cleaner

ARTICLE = [
    "The footbridge over the Marl will close for eleven weeks from the second Monday in June, the town council decided on Tuesday evening.",
    "Engineers who inspected the bridge in February found that two of its six oak trusses had softened at the bearings.",
    "“Nobody is in danger today, but nobody can promise that for next winter,” said the borough surveyor, Hanne Ostrow.",
    "About nine hundred people cross the bridge on a school day, according to a count made by volunteers last autumn.",
    "During the work a small ferry will carry foot passengers between the mill stairs and the old tannery every ten minutes.",
    "The repair will cost 412,000 euros, of which the region pays a little more than half, the mayor said after the meeting.",
]
APPEALS = [
    "Sign up for our free newsletter and get the river in your inbox every Friday.",
    "Subscribe to our newsletter for the latest news from the valley.",
    "Get the best of the Observer delivered to your inbox every morning.",
    "Join our WhatsApp channel for breaking news.",
    "Download our app to get alerts about your town.",
    "Support our journalism: become a member today.",
    "We rely on our readers. Please consider making a donation to keep our reporting free.",
    "If you value our work, please support us with a small monthly contribution.",
    "Donate now to help us cover the town hall.",
    "Already a subscriber? Log in to continue reading.",
    "Subscribe now for one euro a month and read without limits.",
    "This article is for subscribers only.",
    "Read more: Why the ferry sank",
    "Read also: The tannery that became a hostel",
    "RELATED: Council looks for money",
    "See also: Eleven harbours in pictures",
    "Follow us on Facebook and Instagram for more stories like this.",
    "Share this article with your friends.",
    "Story continues below advertisement",
    "ADVERTISEMENT",
    "Listen to our podcast about the river, wherever you get your podcasts.",
    "Have a tip for our reporters? Write to us at tips@observer.example.",
    "Copyright 2025 The Marlow Observer. All rights reserved.",
    "Click here to sign up for our daily briefing.",
]
#: Appeals of the list that may stay; and true sentences about such matters, none of which may go.
MAY_STAY = 2
TRUE = [
    "The council will send a newsletter about the closure to all households on the eastern bank in May.",
    "Shopkeepers have asked the region for a donation, which the mayor called a bad joke.",
    "Subscribers of the ferry company travel free on Sundays, as they have since 1911.",
    "“Read more books and fewer reports,” the surveyor told the members of the opposition.",
]


@lru_cache(maxsize=1)
def cleaner() -> Cleaner:
    return Cleaner()


def body_with(line: str, form: str) -> str:
    if form == "text":
        return cleaner().clean("\n\n".join(["Footbridge to close", *ARTICLE[:3], line, *ARTICLE[3:]])).body
    shown = escape(line)
    if form == "link":
        head, colon, rest = shown.partition(": ")
        shown = f'{head}: <a href="/x">{rest}</a>' if colon else f'<a href="/x">{shown}</a>'
    inside = "".join(f"<p>{text}</p>" for text in [*map(escape, ARTICLE[:3]), shown, *map(escape, ARTICLE[3:])])
    return (
        cleaner().clean(html=f"<html><body><article><h1>Footbridge to close</h1>{inside}</article></body></html>").body
    )


@pytest.mark.parametrize("form", ["text", "plain", "link"])
def test_appeals_go(form: str) -> None:
    bodies = {line: body_with(line, form) for line in APPEALS}
    assert [line for line, body in bodies.items() for text in ARTICLE if text not in body] == []
    assert len(left := [line for line, body in bodies.items() if line in body]) <= MAY_STAY, left


@pytest.mark.parametrize("form", ["text", "plain"])
def test_true_sentences_stay(form: str) -> None:
    assert [line for line in TRUE if line not in body_with(line, form)] == []
