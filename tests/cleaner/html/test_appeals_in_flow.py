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


#: Two paragraphs of an article in a language, and appeals in plain prose that a text loses.
PLAIN_APPEALS = {
    "en": (
        ("The tide mill at Orrin has stood still since the flood of March, and nobody knows who owns its gates.", "The parish has written to three heirs, one of whom lives on another continent and has not answered."),
        ("You have read four of our stories this month. We hope that they were worth your time.", "If you like what we do, would you give us five pounds a month? It keeps the lights on in our newsroom."),
    ),
    "de": (
        ("Die Gezeitenmühle in Orrin steht seit der Flut im März still, und niemand weiß, wem die Tore gehören.", "Die Gemeinde hat drei Erben angeschrieben, von denen einer in Übersee lebt und nicht geantwortet hat."),
        ("In eigener Sache: Wir schreiben ohne Konzern und ohne Bezahlschranke. Möglich ist das nur, weil Sie uns unterstützen.", "Wenn Ihnen unsere Arbeit etwas wert ist, freuen wir uns über einen monatlichen Beitrag von Ihnen."),
    ),
    "fr": (
        ("Le moulin à marée d'Orrin est arrêté depuis la crue de mars, et nul ne sait à qui sont les vannes.", "La commune a écrit à trois héritiers, dont l'un vit outre-mer et n'a pas répondu à ce jour."),
        ("Notre journal ne vit que grâce à vous. Aucun actionnaire ne paie nos salaires, aucun annonceur ne choisit nos sujets.", "Si notre travail vous est utile, vous pouvez nous aider par un don de cinq euros par mois."),
    ),
    "pt": (
        ("O moinho de maré de Orrin está parado desde a cheia de março, e ninguém sabe de quem são as comportas.", "A junta escreveu a três herdeiros, um dos quais vive noutro continente e ainda não respondeu."),
        ("Se você acredita no nosso jornalismo, contribua com o que puder para que a gente continue publicando.",),
    ),
}  # fmt: skip
#: And what is said of such matters in an article.
REPORTED = {
    "en": "“We have read your letters and we thank you for the money,” the heirs wrote to the people of Orrin.",
    "de": "„Wir danken Ihnen für Ihre Spenden“, schrieben die Erben den Leuten von Orrin im Herbst.",
    "fr": "« Nous vous remercions de vos dons », ont écrit les héritiers aux habitants d'Orrin à l'automne.",
    "pt": "“Agradecemos a vocês as doações”, escreveram os herdeiros aos moradores de Orrin no outono.",
}


@pytest.mark.parametrize("lang", PLAIN_APPEALS)
def test_a_page_loses_the_appeals_that_the_same_text_loses(lang: str) -> None:
    (first, second), appeals = PLAIN_APPEALS[lang]
    paragraphs = [first, *appeals, second, REPORTED[lang]]
    text = cleaner().clean("\n\n".join(["Orrin", *paragraphs])).body
    inside = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    page = cleaner().clean(html=f"<html lang={lang}><body><article><h1>Orrin</h1>{inside}</article></body></html>")
    assert [line for line in appeals if line in page.body and line not in text] == []
    assert [line for line in (first, second, REPORTED[lang]) if line not in page.body] == []
    assert cleaner().clean(page.text).text == page.text
