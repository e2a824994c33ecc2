"""What the accelerator does for rules and decisions is the same as the code in Python says, to the last bit."""

from __future__ import annotations

import math
import sys
from dataclasses import fields
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.any_texts import needed

from cleaner import accelerator
from cleaner.decision.scores import Scores
from cleaner.decoding import mojibake
from cleaner.document import Block
from cleaner.heuristics.block_stats import Measures, measure_all
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import Cue, CueTable, Kind, Protected, Voice, fold, tables_for
from cleaner.heuristics.patterns import PATTERNS, Pattern
from cleaner.heuristics.signs import signs_of
from cleaner.html import page_places, page_shape
from cleaner.labels import Label
from cleaner.memory import fingerprints
from cleaner.model import network
from cleaner.model.features import featurise
from cleaner.segmentation import text as segmentation
from cleaner.segmentation.tokens import tokenise

pytestmark = needed

anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
glue = st.lists(
    st.sampled_from(["clear", "It", "Das", "ÄRGER", ".", "!", "…", '"', "”", "»", " ", "\n", "a1", "é", "Éa"])
)


def both(run):
    """What a function gives with the accelerator and without."""
    compiled = run()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accelerator, "compiled", None)
        return compiled, run()


@given(
    st.lists(anything | st.sampled_from(["It’s ‘so’", "Ä\u00a0ÖÜ\u202f", "İstanbul", "ΟΔΟΣ ΣΑΣ", "\u212a", "𐐀"])).map(
        "".join
    )
)
@example("".join(chr(code) for code in range(sys.maxunicode + 1) if chr(code) != "Σ"))
def test_texts_are_folded_the_same(text: str) -> None:
    compiled, pure = both(lambda: fold(text))
    assert compiled == pure
    assert len(compiled) == len(text)
    assert sys.getsizeof(compiled) == sys.getsizeof(pure)  # in as little memory: comparisons rely on it


@given(
    st.lists(anything.filter(bool) | st.sampled_from(["A line.", "One”.)", "字。", "Read more"]), min_size=1, max_size=9),
    st.integers(0, 1 << 30), st.sampled_from(["en", "zh", "und"]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_scores_are_the_same(texts: list[str], seed: int, lang: str, mild: bool, recurs: bool) -> None:
    chance = np.random.default_rng(seed)
    shares = chance.random((len(texts), len(Label))) ** chance.choice([1, 8, 60])
    table = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    recurring = chance.random(len(texts)) < 0.5 if recurs else None
    compiled, pure = both(lambda: Scores.of(table, texts, lang, mild=mild, recurring=recurring))
    for name in ("odds", "costs", "kept", "gone", "sure", "plain"):
        assert getattr(compiled, name) == getattr(pure, name), name


def test_scores_are_log_odds() -> None:
    table = np.zeros((1, len(Label)), np.float32)
    table[0, [0, -1]] = 0.25, 0.75
    assert Scores.of(table, ["A line."]).odds[0] == pytest.approx(math.log(3))


@given(glue.map("".join) | anything)
@example("All clear.Read also: The ferry")
@example('He said "yes."The')
def test_blocks_are_the_same(content: str) -> None:
    def blocks() -> tuple[Block, ...]:
        lines = segmentation._find_lines(content)
        return segmentation._blocks(content, lines, flat=False, lost=segmentation.shipped())

    compiled, pure = both(blocks)
    assert compiled == pure


damage = st.lists(
    st.sampled_from(["caf", "Ã", "©", " ", "\xa0", "â", "€", "™", "‚", "Ä", "\x85", "Γ", "√", "é", "字", "’"])
)


@given(damage.map("".join) | anything)
@example("cafÃ©")
@example("donâ€™t")
@example("x‚Ä")
def test_what_looks_whole_at_a_glance_has_no_suspicious_place(content: str) -> None:
    if not accelerator.compiled.damaged(content, mojibake._parts()):
        assert mojibake._SUSPECT.search(content) is None
    compiled, pure = both(lambda: mojibake.repair(content))
    assert compiled == pure


def test_a_clean_text_with_curly_quotes_is_whole_at_a_glance() -> None:
    assert not accelerator.compiled.damaged("“It’s the Käse — and the 字”, she said…", mojibake._parts())


@given(st.lists(anything.filter(bool), max_size=6), st.integers(0, 63))
def test_measurements_of_all_blocks_are_the_same(texts: list[str], flags: int) -> None:
    blocks = [Block(0, len(text), text, 0, 0) for text in texts]
    asked = [bool(flags >> index & 1) for index in range(len(texts))]
    compiled, pure = both(lambda: measure_all(blocks, asked))
    assert [[*map(repr, one)] for one in compiled] == [[*map(repr, other)] for other in pure]
    assert all(type(one) is Measures for one in compiled)


signs = st.lists(
    st.sampled_from(["A", "b", "ǅ", "É", "٣", "1", ",", "、", "|", "·", "@", "http", "©", "字", "：", "”", "«", " "])
)


@given(st.lists(signs.map("".join) | anything, max_size=6))
@example(["", "1" * 300, "a" * 39 + "字", "a" * 40 + "字", "ABC ǅ", "htt", "“"])
def test_signs_of_a_pages_lines_are_the_same(texts: list[str]) -> None:
    compiled, pure = page_shape._signs(texts), page_shape._signs_in_python(texts)
    assert {name: column.tolist() for name, column in compiled.items()} == {
        name: column.tolist() for name, column in pure.items()
    }
    assert all(compiled[name].dtype == column.dtype for name, column in pure.items())


@given(
    st.lists(st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=6).map(tuple), min_size=1, max_size=9),
    st.integers(0, 1 << 30),
)
def test_buckets_of_a_pages_places_are_the_same(own: list[tuple[int, ...]], seed: int) -> None:
    chance = np.random.default_rng(seed)
    arounds = [
        tuple(chance.integers(0, len(own), chance.integers(1, page_places.MAX_ANCESTORS)).tolist()) for _ in range(5)
    ]
    compiled, pure = page_places._buckets([*own, None], arounds), page_places._buckets_in_numpy([*own, None], arounds)
    assert [part.tolist() for part in compiled] == [part.tolist() for part in pure]
    assert [part.dtype for part in compiled] == [part.dtype for part in pure]


@pytest.mark.parametrize(
    "wrong",
    [
        ([None], [(0,)], bytes(9), 7, 20), ([(1,)], [(1,)], bytes(9), 7, 20), ([(1,)], [(0,) * 10], bytes(9), 7, 20),
        ([(1,)], [[0]], bytes(9), 7, 20), ([(1,)], [(0,)], bytes(9), 8, 20), ([(1,)], [(0,)], bytes(9), 7, 0),
        ([(-1,)], [(0,)], bytes(9), 7, 20), ([("a",)], [(0,)], bytes(9), 7, 20),
    ],
)  # fmt: skip
def test_places_that_are_none_are_refused(wrong: tuple[object, ...]) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        accelerator.compiled.place_hashes(*wrong)


@given(st.integers(0, 30), st.integers(0, 1 << 30))
def test_leaves_of_trees_are_the_same(rows: int, seed: int) -> None:
    chance, trees = np.random.default_rng(seed), network.shipped().trees
    assert trees is not None
    table = (chance.random((rows, int(trees.feature.max()) + 3)) * 9 - 2).astype(np.float32)
    table[chance.random(table.shape) < 0.2] = 0
    table[chance.random(table.shape) < 0.01] = np.nan
    assert trees._leaves(table).tolist() == trees._leaves_in_numpy(table).tolist()


@pytest.mark.parametrize("wrong", [(5, 0, 2), (2, 3, 2), (2, 0, 9), (0, 0, 2)])
def test_trees_that_do_not_fit_are_refused(wrong: tuple[int, int, int]) -> None:
    width, root, child = wrong
    roots, feature, children = np.array([root]), np.array([0, 0, 1]), np.array([1, child, 1, 1, 2, 2])
    with pytest.raises(ValueError, match="do not fit"):
        accelerator.compiled.leaves(
            np.zeros(6, np.float32), width, roots, feature, np.zeros(3, np.float32), children, 2
        )


@given(st.lists(st.sampled_from("read more the council met on monday 12 , subscribe now".split()), min_size=1))
def test_weights_of_words_are_the_same(words: list[str]) -> None:
    linear, read = network.shipped().linear, featurise([" ".join(words)], [2])
    tokens, columns = np.arange(len(read.words)), np.arange(len(read.words)) % 19
    compiled, pure = both(lambda: linear.weights(read, tokens, columns))
    assert compiled.tobytes() == pure.tobytes()


@pytest.mark.parametrize("wrong", [(1 << 30, 0), (0, 19), (0, -1)])
def test_a_cell_outside_of_its_table_is_refused(wrong: tuple[int, int]) -> None:
    bucket, column = wrong
    with pytest.raises(IndexError):
        network.shipped().linear.tables["word"].cells(np.array([bucket]), np.array([column]))


@given(
    st.lists(st.sampled_from(["Read more", "Follow us", "the ferry", "Support us", "donate", "AFP", "x"]), min_size=1)
)
def test_cues_of_shipped_tables_are_the_same(words: list[str]) -> None:
    content = " ".join(words)
    given_blocks = (Block(0, len(content), content, 0, 0),)
    compiled, pure = both(lambda: shipped_matcher().find(fold(content), given_blocks, content))
    assert compiled == pure


@cache
def shipped_matcher() -> Matcher:
    return Matcher(tables_for("de"))


#: Words that overlap, stand in each other and go on behind each other, some of them longer than what is looked at first.
WORDS = (
    "a",
    "ab",
    "ab ab",
    "abab",
    "ab ab ab ab",
    "ab ab ab ab ab ab ab",
    "b",
    "ba",
    "é",
    "éa é",
    "字",
    "字语",
    "1 a",
    "𐐀b",
)
meanings = st.one_of(
    st.builds(
        Cue, st.sampled_from(WORDS), st.just(Label.SOCIAL), st.sampled_from(Kind), st.just("own"), st.sampled_from([None, "x"])
    ),
    st.tuples(st.sampled_from(Voice), st.sampled_from(WORDS)),
    st.builds(Protected, st.sampled_from(WORDS), st.sampled_from([None, "x"])),
)  # fmt: skip
pieces = st.sampled_from([*WORDS, "AB", "Ab", "aB ab", "É", "𐐀", " ", " ", ". ", "1", "İ", "ab " * 70])


@given(
    st.lists(meanings, max_size=12), st.lists(st.lists(pieces, min_size=1).map("".join), min_size=1, max_size=9),
    st.none() | st.integers(0, 511), st.sampled_from([None, "x"]),
)  # fmt: skip
@example(
    [Cue("ab", Label.SOCIAL, Kind.END, "own"), Cue("b", Label.SOCIAL, Kind.ANY, "own")], ["ab " * 70 + "b"], None, None
)
@example([(Voice.ASK, "a"), (Voice.THANKS, "b"), (Voice.WE, "ab")], ["a b", "ab", "ab", "ab", "ab", "ab"], 0, None)
def test_cues_of_any_table_are_the_same(
    told: list[object], lines: list[str], flags: int | None, source: str | None
) -> None:
    table = CueTable(
        tuple(one for one in told if isinstance(one, Cue)), tuple(one for one in told if isinstance(one, tuple)),
        tuple(one for one in told if isinstance(one, Protected)),
    )  # fmt: skip
    content = "\n".join(lines)
    starts = [sum(map(len, lines[:index])) + index for index in range(len(lines))]
    some = [Block(start, start + len(line), line, 0, 1) for start, line in zip(starts, lines, strict=True)]
    candidates = None if flags is None else [bool(flags >> index & 1) for index in range(len(lines))]
    matcher = Matcher(table)
    compiled, pure = both(lambda: matcher.find(fold(content), some, content, source=source, candidates=candidates))
    assert compiled == pure


SIGNS = (
    "1", "٣", "12:30", "·", "@", "(@a)", "©", "(c)", "cOpyRight", "2024", "www.", "://", "{{", "{%", "[vc_", "<", "/", ";",
    "{", ")", "]", ".", "!", "Foto", "Bild", ":", "|", ">", "»", " ", "a", "é", "字", "\x01", "\u200b", "\n",
)  # fmt: skip
shapely = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=12).map("".join)


@given(st.lists(shapely | anything.filter(bool), max_size=6))
@example(["\u200b" * 70 + "a", "\u200b" * 64 + "a", "12" * 130 + "©", "a" * 240 + "@", "12" * 140])
@example(["pic.twitter.com/abcd", "Foto: Anna Fleet", "Foto: Anna Fleet.", "x (Reuters).", "١٢:30 / 12:45", "12 of 34"])
def test_shapes_are_looked_for_in_the_same_blocks(texts: list[str]) -> None:
    compiled, pure = both(lambda: signs_of(texts))
    assert compiled == pure
    for number, text in enumerate(texts):
        tried = compiled[number].patterns if number in compiled else ()
        possible = [pattern for pattern in PATTERNS if len(text) <= pattern.longest and _may_have(pattern, text)]
        assert [one.name for one in tried if one.matches(text)] == [one.name for one in possible if one.matches(text)]


def _may_have(pattern: Pattern, text: str) -> bool:
    """As `fits`, without the words and digits that only save time."""
    return (
        any(char in text for char in pattern.needs)
        and not (pattern.is_open and text.endswith((".", "!", "?")))
        and (not pattern.ends or text.endswith(pattern.ends))
    )


letters = st.text("ab字语\U0001f600", max_size=9)


@given(st.lists(letters.filter(lambda needle: len(needle) > 1), max_size=6), st.lists(letters).map("".join))
@example(["abab", "ab", "字语"], "aababab字语")
@example(["\ud800a"], "\ud800a")
def test_strings_that_stand_in_a_text_are_found(needles: list[str], text: str) -> None:
    standing = [needle for needle in needles if needle in text]
    assert accelerator.compiled.Needles(needles).search(text) == standing


said = st.lists(
    st.sampled_from(["the", "council", "3", "May", "2025", "read", "more", ".", "10:22", "ferry", "字", "Mai", "x"]),
    max_size=30,
).map(" ".join)


@given(st.lists(said | anything, min_size=1, max_size=8), st.integers(0, 255), st.booleans())
@example(["the council met"] * 300, 0, False)
@example(["read more"] * 2 + ["one two three four five six seven eight nine ten " * 9] * 2, 5, True)
@example([""], 1, True)
def test_units_of_memory_are_the_same(texts: list[str], flags: int, some_glued: bool) -> None:
    tokens = tokenise(texts)
    glued = np.array([bool(flags >> (index % 8) & 1) for index in range(len(texts))]) if some_glued else None
    compiled, pure = fingerprints.units_of(tokens, glued), fingerprints.in_numpy(tokens, glued)
    for field in fields(fingerprints.Units):
        mine, theirs = getattr(compiled, field.name), getattr(pure, field.name)
        if isinstance(theirs, int):
            assert mine == theirs, field.name
        else:
            assert (mine.dtype, mine.tobytes()) == (theirs.dtype, theirs.tobytes()), field.name
