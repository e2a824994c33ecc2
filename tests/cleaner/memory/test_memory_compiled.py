"""The memory's compiled functions give the same bytes as their counterparts in NumPy, and refuse what does not fit."""

from __future__ import annotations

import random
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.any_texts import blocks, needed

from cleaner import accelerator
from cleaner.memory import lookup
from cleaner.memory.fingerprints import Units, in_numpy, units_of
from cleaner.memory.near_duplicates import filled
from cleaner.memory.postings import document_entries, entries_in_numpy, merged
from cleaner.segmentation.tokens import tokenise

pytestmark = needed

WORDS = "the council said on Tuesday 12 May that rivers rise again near bridges in many towns of the north".split()


def any_article(chance: random.Random, lines: list[str]) -> list[str]:
    """Lines of a few words, so that much of it recurs, and some of a source's own lines."""
    own = [" ".join(chance.choices(WORDS, k=chance.randrange(1, 16))) for _ in range(chance.randrange(1, 9))]
    for line in chance.sample(lines, chance.randrange(len(lines) + 1)):
        own.insert(chance.randrange(len(own) + 1), line)
    return own


def memory_of(articles: list[Units], counted: list) -> lookup.SourceMemory:
    by_witness = {units.witness: units for units in articles}
    witnesses = np.array(sorted(by_witness), np.uint64)
    sketches = np.array([filled(by_witness[int(witness)].sketch) for witness in witnesses])
    return lookup.source_from(merged([entries.entries for entries in counted]), witnesses, sketches)


def same(one, other) -> None:
    for field in fields(one):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        assert np.array_equal(ours, theirs), field.name
        assert getattr(ours, "dtype", None) == getattr(theirs, "dtype", None), field.name


@given(blocks, st.data())
def test_units_and_entries_are_the_same(texts: list[str], data: st.DataObject) -> None:
    tokens = tokenise(texts)
    glued = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))), bool)
    for joined in (glued, None):
        same(units_of(tokens, joined), in_numpy(tokens, joined))
        same(document_entries(tokens, joined), entries_in_numpy(tokens, joined))


@given(st.randoms(use_true_random=False), st.integers(6, 40))
@settings(max_examples=60)
def test_what_is_recalled_is_the_same(chance: random.Random, count: int) -> None:
    lines = ["Read also: a bridge falls", "Sign up for our newsletter today", "Photo: Ann Moor", "Follow us"]
    tokens = [tokenise(any_article(chance, lines)) for _ in range(count)]
    articles = [units_of(one) for one in tokens]
    source = memory_of(articles, [document_entries(one) for one in tokens])
    for number in range(0, count, 5):
        units, mine = articles[number], np.uint64(source.articles[0])
        known = lookup._known(source, units, mine)
        same(known, lookup.known_in_numpy(source, units, mine))
        size = int(units.block.max()) + 2
        table = lookup._measured(source, units, known, blocks=size, documents=count)
        expected = lookup.measured_in_numpy(source, units, known, blocks=size, documents=count)
        assert table.tobytes() == expected.tobytes()


def test_a_key_is_found_wherever_it_stands() -> None:
    """Keys that are not spread evenly, too, and ones before, between and behind them."""
    for keys in (
        [5],
        [1, 2, 3, 1 << 63],
        [(1 << 64) - 1],
        list(range(0, 400, 2)),
        [(1 << 64) - n for n in range(300, 0, -1)],
    ):
        array = np.array(keys, np.uint64)
        asked = np.unique(np.concatenate((array, array + np.uint64(1), array - np.uint64(1))))
        starts, held = np.arange(len(keys) + 1), np.ones(len(keys), np.float32)
        memory = accelerator.compiled.known_units(array, starts, held, np.zeros(len(keys), np.uint64), asked, 1)
        columns = np.frombuffer(memory, np.int64).reshape(3, -1)
        assert asked[columns[0]].tolist() == keys
        assert columns[1].tolist() == list(range(len(keys)))


def test_arrays_that_do_not_fit_are_refused() -> None:
    tokens = [tokenise(any_article(random.Random(number), ["Follow us"])) for number in range(9)]
    articles = [units_of(one) for one in tokens]
    source = memory_of(articles, [document_entries(one) for one in tokens])
    units = articles[0]
    outside = np.full(len(source.starts), len(source.rows) + 1)
    with pytest.raises(ValueError, match="fit"):
        lookup._known(replace(source, starts=outside), units, np.uint64(0))
    known = lookup._known(source, units, np.uint64(0))
    assert len(known.unit)
    for wrong in (
        (replace(source, starts=outside), units, known),
        (source, replace(units, block=units.block + 99), known),
        (source, replace(units, last=units.first - 1), known),
        (source, replace(units, blocks=len(units.keys) + 1), known),
        (source, units, replace(known, unit=known.unit + len(units.keys))),
        (source, units, replace(known, at=known.at - len(source.keys))),
    ):
        with pytest.raises(ValueError, match="fit"):
            lookup._measured(*wrong, blocks=20, documents=8)
