"""A sentence that reports what a notice says stays; the notice itself goes, in the same words."""

from __future__ import annotations

import pytest

from cleaner import Cleaner
from cleaner.document import Document
from cleaner.heuristics.annotate import find_evidence
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import tables_for
from cleaner.labels import Label
from cleaner.segmentation.text import segment_text

PROSE = {
    "en": "The court ruled on Tuesday that a banner is no contract, and that silence is no answer, whatever the company may have meant by it.",
    "de": "Das Gericht entschied am Dienstag, dass ein Banner kein Vertrag ist und Schweigen keine Antwort, was immer die Firma gemeint haben mag.",
    "fr": "Le tribunal a jugé mardi qu'un bandeau n'est pas un contrat, et que le silence n'est pas une réponse, quoi qu'en dise la société.",
    "es": "El tribunal dictaminó el martes que un aviso no es un contrato y que el silencio no es una respuesta, diga lo que diga la empresa.",
}  # fmt: skip
REPORTED = {
    "en": "By continuing to browse, the ruling says, nobody consents to anything.",
    "de": "Mit der weiteren Nutzung, sagte die Richterin, stimmt niemand irgendetwas zu.",
    "fr": "En poursuivant votre navigation, a déclaré la juge, vous n'acceptez rien du tout.",
    "es": "Al continuar navegando, dijo la jueza, nadie acepta ninguna condición.",
}
NOTICES = [
    ("en", "By continuing to use our site, you agree to our terms."),
    ("en", "By continuing to use this site you agree to cookies as stated in our policy."),
    ("de", "Durch die weitere Nutzung der Website stimmen Sie der Verwendung von Cookies zu."),
    ("fr", "En poursuivant votre navigation, vous acceptez l'utilisation de cookies."),
    ("es", "Al continuar navegando, usted acepta el uso de cookies."),
]


def body(lang: str, line: str) -> str:
    return Cleaner().clean(f"{PROSE[lang]}\n\n{line}\n\n{PROSE[lang]} {PROSE[lang]}", lang=lang).body


@pytest.mark.parametrize("lang", REPORTED)
def test_what_is_reported_stays(lang: str) -> None:
    assert REPORTED[lang] in body(lang, REPORTED[lang])


@pytest.mark.parametrize(("lang", "notice"), NOTICES)
def test_notices_go(lang: str, notice: str) -> None:
    assert notice not in body(lang, notice)


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ("By continuing to browse, the court said, nobody agrees.", True),
        ("By continuing to browse, she said, nobody agrees.", False),  # eight words
        ("By continuing to browse, the court said, nobody agrees", False),  # no sentence
        ("By continuing to browse, the court there, nobody agrees.", False),  # nobody reports
    ],
)
def test_from_how_many_words_on(line: str, reported: bool) -> None:
    (evidence,) = find_evidence(segment_text(Document("", line)), Matcher(tables_for("en"))).evidence
    weight = sum(hint.weight for hint in evidence if hint.label is Label.LEGAL)
    assert (0 < weight < 2) is reported
