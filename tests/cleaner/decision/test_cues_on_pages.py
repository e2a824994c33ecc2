"""Pages: a cue, or a letter heard in a column, is not enough against a sentence that its own words call the article's."""

from __future__ import annotations

from functools import lru_cache
from html import escape

import pytest

from cleaner import Cleaner

AROUND = {
    "en": (
        "The ferry company said on Tuesday that it would sell two of its five boats before the winter.",
        "Both were built in 1988 and have carried some nine million passengers between the islands.",
        "The crews were told in the canteen, an hour before the newspapers heard of it.",
    ),
    "de": (
        "Die Reederei will nach eigenen Angaben noch vor dem Winter zwei ihrer fünf Fähren verkaufen.",
        "Beide stammen aus dem Jahr 1988 und haben rund neun Millionen Menschen zu den Inseln gebracht.",
        "Die Besatzungen erfuhren es in der Kantine, eine Stunde vor den Zeitungen.",
    ),
}
BY_MODEL = pytest.mark.xfail(strict=True, reason="the model, too, takes it for boilerplate")
#: Sentences that begin with a cue.
INNOCENT = [
    ("en", "Advertising lost the company a third of its budget."),
    ("en", "Loading the last boat took all night."),
    ("en", "Comments were few."),
    ("en", "Tags hung from every coat."),
    pytest.param("de", "Anzeige erstattete ein Matrose.", marks=BY_MODEL),
    ("de", "Teilen wollte den Gewinn niemand."),
]
#: And what a cue rightly takes.
ASKING = [
    ("en", "Subscribe to our newsletter and never miss a ferry again."),
    ("en", "Donate today and keep our newsroom afloat."),
    ("de", "Abonnieren Sie unseren kostenlosen Newsletter."),
    ("de", "Unterstützen Sie unabhängigen Journalismus mit einer Spende."),
]
COLUMN = (
    "Liebe Leserinnen und Leser,",
    "Sie kennen das: Der Zug steht, und niemand sagt etwas.",
    "Ich bitte Sie, sprechen Sie Ihren Nachbarn an.",
    "Wir brauchen Sie, denn einer muss anfangen.",
    "Geben Sie ihm einen Kaugummi.",
    "Danke, dass Sie bis hierher gelesen haben.",
)
LETTER = (
    "Liebe Leserin, lieber Leser,",
    "wir haben keinen Verlag im Rücken und keine Anzeigenkunden.",
    "Unterstützen Sie unsere unabhängige Redaktion mit 5 Euro im Monat.",
    "Jeder Beitrag hilft uns, weiter zu berichten.",
    "Vielen Dank für Ihre Unterstützung!",
)


@lru_cache(maxsize=1)
def cleaner() -> Cleaner:
    return Cleaner()


def body(lang: str, *lines: str) -> str:
    """What stays of a page of these lines."""
    title = {"en": "Ferry company sells two boats", "de": "Reederei verkauft zwei Fähren"}[lang]
    text = "".join(f"<p>{escape(line)}</p>" for line in lines)
    page = f"<html lang={lang}><title>{title}</title><body><article><h1>{title}</h1>{text}</article></body></html>"
    return cleaner().clean(html=page).body


@pytest.mark.parametrize(("lang", "line"), INNOCENT)
def test_a_sentence_that_a_cue_opens_stays(lang: str, line: str) -> None:
    first, second, last = AROUND[lang]
    assert line in body(lang, first, second, line, last)


@pytest.mark.parametrize(("lang", "line"), ASKING)
def test_what_asks_the_reader_goes(lang: str, line: str) -> None:
    first, second, last = AROUND[lang]
    assert body(lang, first, second, line, last) == "\n\n".join((first, second, last))


def test_a_column_to_the_reader_is_no_letter_that_asks_for_money() -> None:
    kept = body("de", *COLUMN)
    assert [line for line in COLUMN[1:5] if line not in kept] == []


def test_a_letter_that_asks_for_money_goes() -> None:
    kept = body("de", *AROUND["de"], *LETTER)
    assert kept == "\n\n".join(AROUND["de"])


OPENINGS = [("en", "Ada sleeps."), ("en", "Lena hums."), ("de", "Nebel.")]


@pytest.mark.parametrize(("lang", "line"), OPENINGS)
def test_a_short_sentence_that_opens_a_short_article_stays(lang: str, line: str) -> None:
    assert body(lang, line, *AROUND[lang]) == "\n\n".join((line, *AROUND[lang]))


def test_nothing_goes_from_a_page_without_a_reason() -> None:
    first, second, last = AROUND["en"]
    lines = (first, "Listen.", second, "Skip to the end of his tale.", last)
    text = "".join(f"<p>{escape(line)}</p>" for line in lines)
    removed = cleaner().clean(html=f"<article><h1>Two boats are sold</h1>{text}</article>").removed()
    assert removed
    assert [span.text for span in removed if not span.reasons] == []
