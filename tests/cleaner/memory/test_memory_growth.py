"""Merging takes work in proportion to what was counted, however many parts and sources there are: counted, not timed."""

import math

import numpy as np
import pytest

from cleaner.memory import merge
from cleaner.memory.near_duplicates import articles
from cleaner.memory.partial_counts import WITNESS
from cleaner.memory.postings import MOST_DOCUMENTS


class Part:
    """Some documents of one source, for `documents_of`."""

    def __init__(self, witnesses):
        self._table = np.zeros(len(witnesses), WITNESS)
        self._table["witness"] = np.sort(witnesses)

    def witnesses(self, source):
        return self._table


def parts_of(documents, size):
    witnesses = np.random.default_rng(documents).integers(1, 1 << 63, documents).astype(np.uint64)
    return [Part(witnesses[at : at + size]) for at in range(0, documents, size)]


@pytest.mark.parametrize("size", [1, 7, 500])
def test_the_documents_of_very_many_parts_are_put_together_in_linear_work(monkeypatch, size):
    smallest, handled = merge._smallest, []

    def counted(tables):
        handled.append(sum(map(len, tables)))
        return smallest(tables)

    monkeypatch.setattr(merge, "_smallest", counted)
    monkeypatch.setattr(merge, "articles", lambda witnesses, sketches: witnesses)  # linear by itself
    monkeypatch.setattr(merge, "AT_ONCE", 64)
    work = {}
    for documents in (1_000, 4_000, 16_000):
        handled.clear()
        merge.documents_of(parts_of(documents, size), "s")
        work[documents] = sum(handled)
    exponent = math.log(work[16_000] / work[1_000]) / math.log(16)
    assert exponent < 1.15


@pytest.mark.parametrize("at_once", [1, 50, 100_000])
@pytest.mark.parametrize("size", [1, 13, 400])
def test_how_parts_are_put_together_makes_no_difference(monkeypatch, at_once, size):
    monkeypatch.setattr(merge, "AT_ONCE", at_once)
    monkeypatch.setattr(merge, "kept", lambda at: at[:300])
    parts = parts_of(1_000, size)
    table, article = merge.documents_of([*parts, *parts[:5]], "s")
    everything = np.sort(np.concatenate([part.witnesses("s") for part in parts]), order="witness")
    assert table.tobytes() == everything[:300].tobytes()
    assert np.array_equal(article, articles(table["witness"], table["sketch"]))
    assert MOST_DOCUMENTS > 300
