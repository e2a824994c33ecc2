"""Forms that no newsroom writes: what has them goes, reporting with the same words in it stays."""

from __future__ import annotations

import pytest

from cleaner import Cleaner, clean
from cleaner.decision.judge import CERTAIN
from cleaner.document import Block
from cleaner.heuristics import certain
from cleaner.heuristics.certain import LONGEST, PROMPT_WORDS, find_certain
from cleaner.heuristics.cues import fold
from cleaner.heuristics.prompts import LONGEST_TITLE, SHORT_SENTENCE
from cleaner.labels import Label

ARTICLE = (
    "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening.",
    "The boat was mended over the winter by the smith of the harbour, who is eighty-one and does not intend to stop.",
)


def form(line: str) -> Label | None:
    forms = find_certain(fold(line), line, [Block(0, len(line), line, 0, 0)])
    return forms[0].label if forms else None


@pytest.mark.parametrize(
    "tail",
    [
        "The post Ferry runs again appeared first on Harbour Post.",
        "The post “Ferry runs again” appeared first on Harbour Post.",
        "Der Beitrag Die Fähre fährt wieder erschien zuerst auf Hafenpost.",
        "L’article Le bac repart est apparu en premier sur Le Port.",
        "Cet article Le bac repart est apparu en premier sur Le Port.",
        "La entrada Vuelve el transbordador se publicó primero en El Puerto.",
        "L'articolo Il traghetto riparte proviene da Il Porto.",
        "O post A balsa volta apareceu primeiro em O Porto.",
        "Het bericht De pont vaart weer verscheen eerst op Havenpost.",
        "Artykuł Prom znów pływa pochodzi z serwisu Portowy.",
        "Сообщение Паром снова ходит появились сначала на Портовый вестник.",
        "Inlägget Färjan går igen dök först upp på Hamnposten.",
        "Příspěvek Přívoz zase jezdí pochází z Přístav.",
        "A Újra jár a komp bejegyzés először Kikötői Posta-én jelent meg.",
        "Articolul Feribotul circulă din nou apare prima dată în Portul.",
        "Feribot yeniden seferde yazısı ilk önce Liman Postası üzerinde ortaya çıktı.",
        "Το άρθρο Το πλοίο ξαναφεύγει εμφανίστηκε πρώτα στο Λιμάνι.",
        "Запис Пором знову ходить спочатку з'явилася на Порт.",
        "Artikel Feri Beroperasi Lagi pertama kali tampil pada Pos Pelabuhan.",
        "渡轮复航最先出现在港口邮报。",
    ],
)
def test_the_tail_of_a_feeds_entry_goes(tail: str) -> None:
    assert form(tail) is Label.NAVIGATION
    assert clean("\n".join([*ARTICLE, tail])).body.endswith("stop.")
    assert clean(" ".join([*ARTICLE, tail])).body.endswith(
        "stop."
    )  # cut into pieces by the breaks that it seems to hold


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("Your email address will not be published. Required fields are marked *", Label.SOCIAL),
        ("您的邮箱地址不会被公开。 必填项已用 * 标注", Label.SOCIAL),
        ("Посмотреть эту публикацию в Instagram", Label.SOCIAL),
        ("Sorry, your browser does not support embedded videos.", Label.NAVIGATION),
        ("» Read more at Harbour Post", Label.RELATED),
        ("Baca juga: Perahu Tua yang Menolak Pensiun", Label.RELATED),
        ("▶ 관련기사: 등대를 산 우체부", Label.RELATED),
        ("[관련기사]", Label.RELATED),
        ("【延伸阅读】", Label.RELATED),
        ("(Läs också: Brevbäraren som köpte en fyr)", Label.RELATED),
        (f"Read also: {'a' * (SHORT_SENTENCE - 3)}.", Label.RELATED),
        ("Read also: " + "a " * (PROMPT_WORDS - 3), Label.RELATED),
    ],
)
def test_other_forms_go(line: str, label: Label) -> None:
    assert form(line) is label


@pytest.mark.parametrize(
    "line",
    [
        "The post appeared first on Telegram, police said.",
        "The post that named him appeared first on a channel of the party, police said on Monday.",
        "The post Musk made appeared first on X, and then everywhere.",
        "Der Beitrag erschien zuerst auf einer Seite der Partei.",
        "L'articolo sul porto proviene da una rivista del 1911, dice lei.",
        "Your email address will not be published, the mayor promised, unless you ask for it in writing.",
        "Read more at bedtime.",
        "Read more at home, and less on the tram.",
        "“Read also: The goat that ran for mayor”",
        "Read more: that was her advice.",  # no prompt to read something too
        f"Read also: {'a' * SHORT_SENTENCE}.",  # perhaps a title and a sentence of the article
        "Read also: " + "a " * (PROMPT_WORDS - 2),
        "Read also:",
        f"Read also: {'a' * LONGEST_TITLE}",
        f"相关阅读：{'市政府周二宣布将修复旧桥，' * 9}",  # a paragraph that has no spaces
        "[notes]",
        "(Related)",
        "The post " + "F" * LONGEST + " appeared first on Harbour Post.",
    ],
)
def test_reporting_and_what_is_too_long_has_no_such_form(line: str) -> None:
    assert form(line) is None


def test_the_reason_names_the_form() -> None:
    cleaned = clean("\n".join([*ARTICLE, "The post Ferry runs again appeared first on Harbour Post."]))
    (span,) = cleaned.spans
    assert span.reasons == ("has the form of the tail of a feed's entry",)


def test_what_the_user_protects_stays() -> None:
    tail = "The post Ferry runs again appeared first on Harbour Post."
    cleaner = Cleaner(cues={"protect": {"phrases": ["ferry runs again"]}})
    assert cleaner.clean("\n".join([*ARTICLE, tail])).body.endswith(tail)


@pytest.mark.parametrize("label", [Label.ADVERT, Label.CREDIT])
def test_a_users_own_cue_says_what_such_a_line_is(label: Label) -> None:
    tail = "The post Ferry runs again appeared first on Harbour Post."
    cues = {label.value: {"whole": [tail.lower().rstrip(".")]}}
    decision = Cleaner(cues=cues).clean("\n".join([*ARTICLE, tail])).decisions[-1]
    assert decision.label is label
    assert (decision.score >= CERTAIN) is (label is Label.ADVERT)


def test_rules_alone_know_such_forms() -> None:
    cleaned = Cleaner(model=None).clean(
        "\n".join([*ARTICLE, "Der Beitrag Die Fähre fährt wieder erschien zuerst auf Post."])
    )
    assert [span.label for span in cleaned.spans] == [Label.NAVIGATION]


@pytest.mark.parametrize("around", ["", " the post … appeared first on ", "\ud800 instagram ", "instagram javascript "])
def test_needles_are_those_that_stand_in_the_text(around: str) -> None:
    for needle in certain._NEEDLES:
        text = f"{around}{needle}\udfff{around}"
        assert certain._needles_in(text) == {one for one in certain._NEEDLES if one in text}
