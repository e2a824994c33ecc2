"""Features: the same for the same blocks, for any text; a block's words are its own affair, its measurements are not."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cleaner.model.features import EDGE_BITS, EDGES, PAIR_BITS, STEM_BITS, WORD_BITS, Features, featurise
from cleaner.segmentation.tokens import STEM

#: Any code points at all: surrogates, controls and unassigned ones too.
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)
blocks = st.lists(anything, min_size=1, max_size=8)

UNASSIGNED = next(chr(code) for code in range(0x378, sys.maxunicode) if unicodedata.category(chr(code)) == "Cn")


def read(*texts: str) -> Features:
    return featurise(texts, [2] * len(texts))


def tokens_of(features: Features, block: int) -> slice:
    return slice(features.starts[block], features.starts[block] + features.counts[block])


def hashes(features: Features, block: int) -> dict[str, list[object]]:
    """All that is hashed of one block."""
    tokens = tokens_of(features, block)
    return {
        "words": features.words[tokens].tolist(),
        "stems": features.stems[tokens].tolist(),
        "pairs": features.pairs[tokens].tolist(),
        "edges": features.edges[block].tolist(),
    }


def words(text: str) -> list[int]:
    numbers: list[int] = read(text).words.tolist()
    return numbers


@given(blocks)
@example(["\ud800", "a\udfffb"])
@example(["\x00", "\x00a\x00", ""])
@example(["   ", "\u3000", "\n\t"])
@example([UNASSIGNED, f"a{UNASSIGNED}b", "\U000e0001\U0010ffff"])
def test_any_text_works_and_shapes_fit(texts: list[str]) -> None:
    features, count = featurise(texts, [1] * len(texts)), len(texts)
    tokens = int(features.counts.sum())
    assert features.words.shape == features.stems.shape == features.pairs.shape == (tokens,)
    assert features.starts.shape == features.counts.shape == (count,)
    assert features.edges.shape == (count, EDGES)
    assert features.dense.shape[0] == count
    assert features.dense.dtype == np.float32
    assert np.isfinite(features.dense).all()
    assert np.array_equal(features.starts, np.cumsum(features.counts) - features.counts)


@given(blocks)
def test_buckets_are_inside_their_tables(texts: list[str]) -> None:
    features = featurise(texts, [1] * len(texts))
    tables = (features.words, WORD_BITS), (features.stems, STEM_BITS), (features.pairs, PAIR_BITS)
    for buckets, bits in (*tables, (features.edges, EDGE_BITS)):
        assert ((buckets >= 0) & (buckets < 1 << bits)).all()


@given(blocks)
def test_same_blocks_same_features(texts: list[str]) -> None:
    first, second = featurise(texts, [1] * len(texts)), featurise(list(texts), (1,) * len(texts))
    for field in fields(Features):
        assert np.array_equal(getattr(first, field.name), getattr(second, field.name)), field.name


def test_hashes_are_pinned() -> None:
    """A model is a table of these numbers: when they change, FEATURES must be raised and the model trained again."""
    features = read("Support The Gullwick Times!", "Читать ещё", "东京 2024")
    assert features.words.tolist() == PINNED_WORDS
    assert features.edges[0].tolist() == PINNED_EDGES
    assert features.dense.shape[1] == PINNED_MEASUREMENTS


PINNED_WORDS = [160521, 52679, 638164, 861915, 697875, 902427, 342427, 865968, 479539, 98526]
PINNED_EDGES = [160521, 90276, 1046513, 717724, 959879, 327372]
PINNED_MEASUREMENTS = 199


@given(anything, st.lists(anything, max_size=4), st.lists(anything, max_size=4))
def test_a_block_has_the_same_hashes_among_any_neighbours(text: str, before: list[str], after: list[str]) -> None:
    alone, among = read(text), read(*before, text, *after)
    assert hashes(alone, 0) == hashes(among, len(before))


def test_measurements_do_look_at_neighbours() -> None:
    alone, among = read("Sign up"), read("Sign up", "Sign up")
    assert not np.array_equal(alone.dense[0], among.dense[0])


def test_gaps_are_measured() -> None:
    texts = ("One.", "Two.")
    assert not np.array_equal(featurise(texts, (2, 0)).dense, featurise(texts, (2, 3)).dense)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SIGN UP", "sign up"),
        ("ÉCHO du Val", "écho DU val"),
        ("ПОДДЕРЖИТЕ НАС", "поддержите нас"),
        ("give 5 or 10", "give 7 or 32"),
        ("٣ مايو", "٧ مايو"),
        ("May 3", "May ३"),
    ],
)
def test_case_and_digits_are_folded(one: str, other: str) -> None:
    assert words(one) == words(other)


@pytest.mark.parametrize(
    ("one", "other"), [("sign up", "sign in"), ("5", "10"), ("up sign", "sign up"), ("cafe", "café")]
)
def test_other_words_are_others(one: str, other: str) -> None:
    assert words(one) != words(other)


def test_case_is_measured_beside_the_hashes() -> None:
    assert not np.array_equal(read("SIGN UP").dense, read("sign up").dense)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("読者の皆様", 5),
        ("请支持我们", 5),
        ("ข่าววันนี้", 10),
        ("한국어 뉴스", 2),
        ("sign up now", 3),
        ("هذا الخبر", 2),
        ("यह समाचार", 2),
        ("don't", 3),
        ("5.50", 3),
        ("2024年5月", 4),
        ("🎉🎉", 4),
        ("", 0),
        (" \t ", 0),
    ],
)
def test_tokens(text: str, tokens: int) -> None:
    """Scripts without spaces give a token per character, as do marks; an emoji is two code units."""
    assert read(text).counts.tolist() == [tokens]


def test_stems_are_the_first_characters() -> None:
    first, second = read("unterstützen"), read("unterstellen")
    assert first.words.tolist() != second.words.tolist()
    assert first.stems.tolist() == second.stems.tolist()
    assert read("u" * STEM).stems.tolist() == read("u" * (STEM + 3)).stems.tolist()


def test_pairs_know_the_word_before() -> None:
    one, other = read("read more"), read("learn more")
    assert one.words[1] == other.words[1]
    assert one.pairs[1] != other.pairs[1]
    assert one.pairs[1] == read("Read more news").pairs[1]


def test_edges_know_first_and_last_words() -> None:
    one, other = read("Please donate to the paper today"), read("Please donate whatever you have today")
    same = (one.edges == other.edges)[0].tolist()
    assert same == [True, True, False, True, False, False]  # first 1, 2, 3 words, last 1, 2 words, whole line


def test_a_nul_is_a_space() -> None:
    assert words("sign\x00up") == words("sign up")
    assert read("sign\x00up", "a").counts.tolist() == [2, 1]


@pytest.mark.parametrize("count", [2, 256, 257, 1000])
def test_repetition_is_counted(count: int) -> None:
    """Whole line, first words, last words: all stand in as many other blocks; long documents are counted otherwise."""
    measured = read("Lead story.", *["Share this"] * count).dense[1 + count // 2]
    assert np.isclose(measured, np.log1p(count - 1)).sum() >= 4
