"""Where a paragraph is cut, so that its sentences are judged without the pitch beside them: a table, both sides."""

from __future__ import annotations

import pytest

from cleaner.document import Block, Rendering
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import tables_for
from cleaner.heuristics.pitches import Parted, cut_pitches
from cleaner.segmentation.text import LONG_LINE


def parted(text: str, lang: str = "en", *, flat: bool = False) -> Parted | None:
    rendering = Rendering(text, (Block(0, len(text), text, 0, 0),), text, flat=flat)
    return cut_pitches(rendering, {0}, Matcher(tables_for(lang)))


CUT = {
    "a button behind": ("en", "The wall cost four million. Two men left.", "Share on Facebook", ""),
    "a button in front": ("en", "Share on Facebook", "The wall cost four million.", ""),
    "a button with a stop in front": ("en", "Follow us on X.", "The hull is holed.", ""),
    "a pitch behind": ("en", "He denied it.", "Sign up to our newsletter here.", ""),
    "a pitch in front": ("en", "Sign up to our newsletter here.", "He denied it.", ""),
    "a teaser behind": ("en", "He denied it.", "Read more: Ferry boss quits", ""),
    "two pitches behind": ("en", "He denied it.", "Sign up to our newsletter here. Share on Facebook", ""),
    "pitches on both sides": ("en", "Share on Facebook", "He denied it.", "Sign up to our newsletter here."),
    "a credit behind two sentences": ("en", "An oak fell on the road. Police closed it.", "(Image: Joe Farrow)", ""),
    "a credit in front of two": ("en", "(Image: Joe Farrow)", "An oak fell on the road. Police closed it.", ""),
    "German": ("de", "Ein Mann brach sich das Handgelenk.", "Jetzt Newsletter abonnieren!", ""),
    "French": ("fr", "Abonnez-vous à notre newsletter.", "Un homme s’est cassé le poignet.", ""),
    "Russian": ("ru", "Один мужчина сломал запястье.", "Подпишитесь на нашу рассылку.", ""),
    "Japanese": ("ja", "乗客は全員無事だった。", "メールマガジンに登録する", ""),
}


@pytest.mark.parametrize(("lang", "first", "second", "third"), CUT.values(), ids=CUT)
def test_edges_are_cut_off(lang: str, first: str, second: str, third: str) -> None:
    space = "" if lang == "ja" else " "
    parts = [part for part in (first, second, third) if part]
    cut = parted(space.join(parts), lang)
    assert cut is not None
    assert [block.text for block in cut.rendering.blocks] == parts
    assert list(cut.origins) == [0] * len(parts)
    assert len(cut.sentences) == 1


WHOLE = {
    "a credit behind one sentence": "An oak fell on the road near Corrie. (Image: Joe Farrow)",
    "a credit in front of one": "(Image: Joe Farrow) An oak fell on the road near Corrie.",
    "a letter that asks": "Dear readers, we need you. Support our work. Donate today.",
    "a sentence that addresses the reader": "You get it every morning. Sign up to our newsletter here.",
    "a question that leads on": "Missing out on the news from the quay? Sign up to our newsletter here.",
    "a fragment": "Free shipping. Sign up to our newsletter here.",
    "a teaser's title and summary": "Read more: The ferry has run aground. The owner waits for the divers.",
    "an author's life": "Ida Brook is a writer for the Bay Chronicle. She lives on an island. Follow her on Twitter",
    "a pitch alone": "Sign up to our newsletter here.",
    "sentences alone": "The wall cost four million. Two men left.",
    "a pitch between sentences": "The wall cost four million. Sign up to our newsletter here. Two men left the room.",
    "a letter's first sentence": "The Record is owned by its readers. " + "Please support our work today. " * 4,
    "no stop": "Share on Facebook Share on Twitter",
    "a very long line": "The wall cost four million. " * (LONG_LINE // 28 + 1) + "Share on Facebook",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_such_lines_stay_whole(text: str) -> None:
    assert parted(text) is None


TITLES = {
    "en": ("READ MORE: Ferry boss quits", "He denied it."),
    "id": ("Baca juga: Kekurangan petugas pemadam", "Penyebabnya belum diketahui."),
    "ru": ("Читайте также: В области не хватает пожарных", "Причина неизвестна."),
    "sv": ("Läs också: Brandkåren behöver frivilliga", "Polisen utreder branden."),
    "da": ("Læs også: Brandvæsenet mangler frivillige", "Vejen er spærret."),
}


@pytest.mark.parametrize(("lang", "title", "sentence"), [(lang, *parts) for lang, parts in TITLES.items()], ids=TITLES)
def test_a_title_without_a_stop_is_cut_off_in_a_text_of_one_line(lang: str, title: str, sentence: str) -> None:
    cut = parted(f"{title} {sentence}", lang, flat=True)
    assert cut is not None
    assert [block.text for block in cut.rendering.blocks] == [title, sentence]
    assert list(cut.sentences) == [1]
    assert parted(f"{title} {sentence}", lang) is None  # its line ends with it


@pytest.mark.parametrize(
    ("lang", "title"),
    [
        ("pl", "ZOBACZ: Kanclerz Niemiec traci poparcie."),  # a capital behind a capital: a name
        ("pt", "Leia também: Ilha do Corvacho procura médico há dois anos."),  # a capital behind a preposition
        ("vi", "Xem thêm: Ký ức Sông Hậu những mùa lũ cũ."),  # two capitals: a name
        ("it", "Leggi anche: Il sindaco incontra Mario Rossi."),  # what follows is no sentence
        ("en", "Read more about the great flood of last year."),  # no capital
        ("en", "Read more: Ferry boss quits You get it every morning."),  # what follows speaks to the reader
        ("en", "The owner said nothing Two men left."),  # nothing opens it
    ],
)
def test_no_border_of_a_title(lang: str, title: str) -> None:
    assert parted(title, lang, flat=True) is None


def test_only_blocks_that_are_asked_for_are_cut() -> None:
    text = "He denied it. Share on Facebook"
    rendering = Rendering(text, (Block(0, len(text), text, 0, 0),), text)
    assert cut_pitches(rendering, (), Matcher(tables_for("en"))) is None


def test_it_is_told_where_a_credit_stands_beside() -> None:
    for edge, credited in (("(Image: Joe Farrow)", True), ("Share on Facebook", False)):
        cut = parted(f"An oak fell on the road. Police closed it. {edge}")
        assert cut is not None
        assert cut.sentences == {0: credited}
