"""PartialCountsWriter of a count → what they hold together, a slice of keys at a time, with the rare units left out.

Everything is decided in NumPy before a unit is looked at one by one. The result depends on the set of counted
documents alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cleaner.memory.fingerprints import first_of
from cleaner.memory.near_duplicates import articles, articles_of
from cleaner.memory.partial_counts import WITNESS, Countable, Witnesses
from cleaner.memory.postings import EVERY, WITNESSES, Entries, by_articles, is_known, kept, reach, together
from cleaner.segmentation.tokens import Floats, Hashes, Ints

#: Entries of a source that are merged at once, about: with all that is made of them some 200 MB.
SLICE = 1 << 18
#: Documents that are put together at once, at 264 bytes each.
AT_ONCE = 4096
#: A text is named by its part in the bits from here on, and by its number in the part below.
_PART = 48


@dataclass(frozen=True, slots=True)
class MergedUnits:
    """Some units of a source, from all parts."""

    entries: Entries  # sorted by key and witness
    starts: Ints  # unit → first entry; one more at the end
    held: Floats  # unit → distinct articles that hold it
    texts: list[str]  # unit → sample; "" for what is not a whole block

    @property
    def keys(self) -> Hashes:
        """Unit → key."""
        return self.entries["key"][self.starts[:-1]]


def documents_of(parts: Sequence[Countable], source: str) -> tuple[Witnesses, Hashes]:
    """The documents kept of a source, sorted, each once; and of each the article that it is or is a copy of."""
    table, waiting, rows = np.zeros(0, WITNESS), list[Witnesses](), 0
    for part in parts:
        waiting.append(np.array(part.witnesses(source)))  # a copy: a part's own array holds its file open
        rows += len(waiting[-1])
        if rows >= max(AT_ONCE, len(table)):  # as many as are held already: so each is sorted a few times at most
            table, waiting, rows = _smallest([table, *waiting]), [], 0
    table = _smallest([table, *waiting])
    return table, articles(table["witness"], table["sketch"])


def _smallest(tables: list[Witnesses]) -> Witnesses:
    """The documents of some tables that are kept, sorted, each once."""
    table = np.concatenate(tables)
    return table[kept(np.unique(table["witness"], return_index=True)[1])]


def slices(parts: Sequence[Countable], source: str, witnesses: Hashes) -> Iterator[tuple[int, int]]:
    """Ranges of keys of about SLICE entries of the kept witnesses each: keys are spread evenly over 64 bits."""
    size = sum(part.size(source) for part in parts) * reach(witnesses) >> 64
    count = max(1, -(-size // SLICE))
    yield from pairwise((number << 64) // count for number in range(count + 1))


def merged_units(
    parts: Sequence[Countable], source: str, keys: tuple[int, int], *, documents: tuple[Witnesses, Hashes], minimum: int
) -> MergedUnits:
    """The units of a source in a range of keys that at least `minimum` articles hold.

    A unit's text is that of its smallest witness; of copies with the same words the smallest text.
    """
    witnesses, article = documents[0]["witness"], documents[1]
    below = reach(witnesses)
    copies = _collected(parts, source, keys, below=below, minimum=minimum)
    fresh = np.flatnonzero(first_of(copies["key"]) | first_of(copies["witness"]))
    entries = copies[fresh]
    rank, size = _ranks(entries)
    chosen = (rank < WITNESSES) & (size >= minimum)  # what stands in fewer documents stands in fewer articles
    entries, fresh = entries[chosen], np.append(fresh, len(copies))
    held = by_articles(entries, articles_of(witnesses, article, entries["witness"]), below)[3]
    starts = np.flatnonzero(first_of(entries["key"]))
    sizes, often = np.diff(np.append(starts, len(entries))), held >= minimum
    firsts = np.flatnonzero(chosen)[starts[often]]
    texts = [
        _text(parts, numbers)
        for numbers in _numbers(copies["text"], fresh[firsts].tolist(), fresh[firsts + 1].tolist())
    ]
    entries, sizes = entries[np.repeat(often, sizes)], sizes[often]
    return MergedUnits(entries, np.concatenate(([0], np.cumsum(sizes))), held[often], texts)


def _collected(parts: Sequence[Countable], source: str, keys: tuple[int, int], *, below: int, minimum: int) -> Entries:
    """The entries of all parts, sorted by key and witness, copies among them; each text's number tells its part.

    below: entries of witnesses from here on do not count. minimum: from 2 on, keys that stand once are left out.
    """
    tables = list[Entries]()
    for number, part in enumerate(parts):
        table = part.entries(source, *keys)
        if below < EVERY:
            table = table[table["witness"] < np.uint64(below)]
        table["text"][table["text"] > 0] |= np.uint64(number << _PART)
        tables.append(table)
    tables = _repeated(tables) if minimum > 1 else tables
    entries = together(tables)
    if sum(len(table) > 0 for table in tables) < 2:
        return entries
    return entries[np.lexsort((entries["witness"], entries["key"]))]


def _repeated(tables: Sequence[Entries]) -> list[Entries]:
    """The rows of sorted tables whose key stands in them more than once: one in twenty, so few are sorted whole."""
    keys = [np.ascontiguousarray(table["key"]) for table in tables]
    every = np.sort(np.concatenate([np.zeros(0, np.uint64), *keys]), kind="stable")
    again = every[1:][every[1:] == every[:-1]]
    return [table[is_known(again, own)[0]] for table, own in zip(tables, keys, strict=True)]


def _ranks(entries: Entries) -> tuple[Ints, Ints]:
    """Entry → how many of its unit stand before it; how many its unit has."""
    starts = np.flatnonzero(first_of(entries["key"]))
    sizes = np.diff(np.append(starts, len(entries)))
    return np.arange(len(entries)) - np.repeat(starts, sizes), np.repeat(sizes, sizes)


def _numbers(numbers: Hashes, firsts: list[int], lasts: list[int]) -> Iterator[list[int]]:
    for first, last in zip(firsts, lasts, strict=True):
        yield [numbers.item(first)] if last - first == 1 else numbers[first:last].tolist()


def _text(parts: Sequence[Countable], numbers: list[int]) -> str:
    texts = [parts[number >> _PART].text(number & ((1 << _PART) - 1)) for number in numbers if number]
    return min(texts, default="")
