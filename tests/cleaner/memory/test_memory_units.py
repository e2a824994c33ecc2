"""What counts as the same unit: tables of pairs, of copies and of near-copies."""

import random

import numpy as np
import pytest
from support.folders import SITE, memory_of, story, words

from cleaner.memory.fingerprints import UnitKind, units_of
from cleaner.segmentation.tokens import tokenise


def whole_keys(*blocks):
    units = units_of(tokenise(blocks))
    return units.keys[: units.blocks].tolist()


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Slideshow (4 Images)", "Slideshow (12 images)"),
        ("Slideshow (4 Images)", "SLIDESHOW [1,204 IMAGES]"),
        ("This article is more than 3 months old", "This article is more than 11 months old"),
        ("Published on 3 May 2025 at 10:22", "Published on 14 December 2019 at 7:05"),
        ("Veröffentlicht am 3. März 2024", "Veröffentlicht am 27. Oktober 2023"),
        ("Publié le 3 février 2024", "Publié le 12 août 2021"),
        ("Publicado el 3 de enero de 2024", "Publicado el 30 de septiembre de 2022"),
        ("Publicado em 3 de março de 2024", "Publicado em 11 de dezembro de 2020"),
        ("Опубликовано 3 марта 2024", "Опубликовано 19 октября 2022"),
        ("입력 2024년 3월 5일", "입력 2019년 12월 25일"),
        ("“Support us”, she said", '"Support us", she said'),
        ("„Unterstützen Sie uns“", "»Unterstützen Sie uns«"),
        ("Read more:", "read   more …"),
        ("Read\u00a0more", "\tRead more  "),
    ],
)
def test_the_same_unit(text, other):
    assert whole_keys(text) == whole_keys(other)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Slideshow", "Slideshow (4 images)"),
        ("Read more", "Read less"),
        ("The march on Rome", "The lunch on Rome"),
        ("dog bites man", "man bites dog"),
        ("ab", "a b"),
    ],
)
def test_another_unit(text, other):
    assert whole_keys(text) != whole_keys(other)


def test_a_document_without_words_has_no_units():
    assert len(units_of(tokenise(["—", "***", ""])).keys) == 0
    assert len(units_of(tokenise([""])).keys) == 0


def test_places_and_neighbours_count_blocks_with_words():
    units = units_of(tokenise(["Above", "***", "A line of its own", "Below"]))
    assert units.block[: units.blocks].tolist() == [0, 2, 3]
    assert units.place[:3].tolist() == [0, 1, 2]
    assert units.place_from_end[:3].tolist() == [2, 1, 0]
    assert units.before[0] == units.after[2] == 0
    assert units.after[0] == units.before[2] != 0


def test_every_common_stretch_of_eight_words_shares_a_remembered_run():
    random_ = random.Random(7)
    for _ in range(50):
        common = words(random_, 8)
        keys = []
        for _ in range(2):
            units = units_of(tokenise([f"{words(random_, 9)} {common} {words(random_, 11)}"]))
            runs = (units.kinds == UnitKind.RUN) & units.remembered
            keys.append(set(units.keys[runs].tolist()))
        assert keys[0] & keys[1]


def test_units_have_so_many_words():
    """Three at the beginning, two at the end, five in a run; of four runs in a row one at least is remembered."""
    units = units_of(tokenise([words(random.Random(5), 60)]))
    lengths = units.last - units.first + 1
    for kind, length in ((UnitKind.HEAD, 3), (UnitKind.TAIL, 2), (UnitKind.RUN, 5)):
        assert set(lengths[units.kinds == kind].tolist()) == {length}
    remembered = np.flatnonzero(units.remembered[units.kinds == UnitKind.RUN])
    assert np.diff(remembered, prepend=-1).max() <= 4
    assert np.diff(remembered).max() > 2  # and not of two


def test_places_are_counted_up_to_255_blocks():
    units = units_of(tokenise([f"line {letters}" for letters in words(random.Random(6), 300).split()]))
    assert units.place[:300].tolist() == [min(number, 255) for number in range(300)]
    assert units.place_from_end[:300].tolist() == [min(299 - number, 255) for number in range(300)]


def documents(tmp_path, texts):
    return memory_of(tmp_path, texts).facts()[0]


def test_one_article_copied_twenty_times_is_one(tmp_path):
    copies = ["\n".join(story(1))] * 20 + ["\n\n".join(story(1)).upper()]
    facts = documents(tmp_path, [*copies, "\n".join(story(2))])
    assert (facts.documents, facts.copies) == (2, 0)


@pytest.mark.parametrize("changed", range(0, 12, 3))
def test_a_copy_with_one_paragraph_changed_is_no_second_article(tmp_path, changed):
    first, other = story(1, 12), story(1, 12)
    other[changed] = story(2)[0]
    facts = documents(tmp_path, ["\n".join(first), "\n".join(other), "\n".join(story(3))])
    assert (facts.name, facts.documents, facts.copies) == (SITE, 2, 1)


@pytest.mark.parametrize("paragraphs", [12, 24, 48])
def test_articles_that_share_a_letter_are_several(tmp_path, paragraphs):
    """A letter of half, two thirds and four fifths of the text."""
    letter = story(99, paragraphs)
    facts = documents(tmp_path, ["\n".join(story(number, 12) + letter) for number in range(40)])
    assert (facts.documents, facts.copies) == (40, 0)


def test_a_copy_is_known_beside_a_letter_that_all_articles_share(tmp_path):
    texts = ["\n".join(story(number, 12) + story(99, 12)) for number in range(40)]
    facts = documents(tmp_path, [*texts, texts[7].replace(story(7, 12)[3], story(98)[0])])
    assert (facts.documents, facts.copies) == (40, 1)


def test_one_article_in_twenty_versions_is_one(tmp_path):
    versions = ["\n".join([*story(1, 12)[:11], story(number)[0]]) for number in range(100, 120)]
    facts = documents(tmp_path, versions + ["\n".join(story(number)) for number in range(2, 32)])
    assert (facts.documents, facts.copies) == (31, 19)
