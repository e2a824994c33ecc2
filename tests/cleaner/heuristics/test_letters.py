"""A letter to the readers is an appeal where it asks for the outlet's own; a column only thanks them and jokes."""

from __future__ import annotations

import pytest

from cleaner.document import Document, Evidence
from cleaner.heuristics.annotate import find_evidence
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import tables_for
from cleaner.segmentation.text import segment_text

COLUMNS = {
    "fr": "Chers lecteurs, voici ma dernière chronique.\nMerci à vous.\nAbonnez-vous à la lenteur, disait ma grand-mère.\nJe pars élever des chèvres.",
    "de": "Liebe Leser, viele von Ihnen haben mir geschrieben.\nUnterstützen Sie Ihren Nachbarn.\nDanke für Ihre Geduld.",
    "ru": "Дорогие читатели, эту колонку я пишу в последний раз.\nПоддержите соседа, если он устал.\nСпасибо вам за письма.",
    "en": "Dear readers, this is my last column.\nSupport your neighbour, as my mother used to say.\nThank you for your letters.",
    "es": "Queridos lectores, esta es mi última columna.\nApoya a tu vecino, decía mi abuela.\nGracias por sus cartas.",
    "it": "Cari lettori, questa è la mia ultima rubrica.\nAiuta il tuo vicino, diceva mia nonna.\nGrazie per le lettere.",
}  # fmt: skip
APPEALS = {
    "fr": "Chers lecteurs,\nNotre journal vit de vous.\nSoutenez-nous avec un don.\nMerci à vous.",
    "de": "Liebe Leser,\nunsere Redaktion lebt von Ihnen.\nUnterstützen Sie uns mit einer Spende.\nDanke für Ihre Hilfe.",
    "ru": "Дорогие читатели,\nнаша редакция живёт благодаря вам.\nПоддержите нас.\nСпасибо вам за помощь.",
    "en": "Dear readers,\nOur journalism depends on you.\nSupport us today.\nThank you for your help.",
    "es": "Queridos lectores,\nNuestro periodismo depende de ustedes.\nApoya nuestro trabajo.\nGracias por tu ayuda.",
    "it": "Cari lettori,\nIl nostro giornale vive grazie a voi.\nSostieni il nostro lavoro.\nGrazie per il vostro aiuto.",
}


def in_a_letter(text: str, lang: str) -> list[Evidence]:
    rendering = segment_text(Document("", text))
    evidence = find_evidence(rendering, Matcher(tables_for(lang))).evidence
    return [hint for hints in evidence for hint in hints if hint.reason.startswith("in a letter")]


@pytest.mark.parametrize("lang", COLUMNS)
def test_a_column_to_its_readers_is_no_appeal(lang: str) -> None:
    assert in_a_letter(COLUMNS[lang], lang) == []


@pytest.mark.parametrize("lang", APPEALS)
def test_a_letter_that_asks_for_the_outlets_own(lang: str) -> None:
    assert len(in_a_letter(APPEALS[lang], lang)) >= 2
