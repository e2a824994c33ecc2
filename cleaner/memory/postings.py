"""Which documents hold which units: rows of (unit, witness) that merge by set union, exactly and in any order.

Of each unit at most WITNESSES witnesses are kept, those with the smallest fingerprints: that too is the same in
any order of merging. Beyond them the number of witnesses is estimated (Beyer et al., 2007: k minimum values).
Of a source at most MOST_DOCUMENTS are, by the same rule: a random sample, since fingerprints are hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaner import accelerator
from cleaner.memory.fingerprints import UnitKind, Units, first_of, for_compiled, in_numpy
from cleaner.segmentation.tokens import Flags, Floats, Hashes, Ints, Tokens

#: Witnesses kept of one unit. Below so many the count is exact; beyond, its relative standard error is 13 %.
WITNESSES = 64
#: Documents kept of one source: what a worker holds of it then takes some 40 MB, and 0.3 seconds to read.
MOST_DOCUMENTS = 8192
#: All fingerprints are below this.
EVERY = 1 << 64
#: One witness of one unit: where in the document it holds the unit, and beside what.
ENTRY = np.dtype([
    ("key", "<u8"), ("witness", "<u8"), ("before", "<u2"), ("after", "<u2"), ("place", "u1"), ("from_end", "u1"),
    ("text", "<u8"),  # where a sample of the block's text lies; 0: nowhere
])  # fmt: skip
Entries = np.ndarray[tuple[int], np.dtype[np.void]]
_BYTES = np.dtype((np.void, ENTRY.itemsize))


@dataclass(frozen=True, slots=True)
class DocumentEntries:
    """What is counted of one document."""

    entries: Entries  # sorted by key, each key once
    block: Ints  # entry → the block whose text it is; -1: it is no whole block
    witness: int
    sketch: Hashes  # as units have it


def document_entries(tokens: Tokens, glued: Flags | None = None) -> DocumentEntries:
    """What is counted of a tokenised document; no entries for one without a word. glued: as for `units_of`."""
    if accelerator.compiled is None:
        return entries_in_numpy(tokens, glued)
    memory, count, _, witness, sketch = accelerator.compiled.entries(*for_compiled(tokens, glued))
    block = np.frombuffer(memory, np.int64, count)
    entries = np.frombuffer(memory, ENTRY, count, block.nbytes)
    return DocumentEntries(entries, block, witness, np.frombuffer(sketch, np.uint64))


def entries_in_numpy(tokens: Tokens, glued: Flags | None = None) -> DocumentEntries:
    """The reference that the accelerator is held to."""
    units = in_numpy(tokens, glued)
    return DocumentEntries(*entries_of(units), units.witness, units.sketch)


def entries_of(units: Units) -> tuple[Entries, Ints]:
    """The entries of one document, sorted by key, and of each the block whose text it is (-1: it is no whole block).

    A unit that the document holds more than once is told by its first place.
    """
    at = np.flatnonzero(units.remembered)
    keys, first = np.unique(units.keys[at], return_index=True)
    at = at[first]
    entries = np.zeros(len(keys), ENTRY)
    entries["key"], entries["witness"] = keys, units.witness
    entries["before"], entries["after"] = units.before[at], units.after[at]
    entries["place"], entries["from_end"] = units.place[at], units.place_from_end[at]
    return entries, np.where(units.kinds[at] == UnitKind.WHOLE, units.block[at], -1)


def merged(parts: Sequence[Entries]) -> Entries:
    """The union of parts, sorted by key and witness, with the WITNESSES smallest witnesses of each key.

    Each part is of one document, sorted by key: put in the order of their witnesses, they need one sort by key.
    """
    ordered = sorted((part for part in parts if len(part)), key=lambda part: int(part["witness"][0]))
    entries = together(ordered)
    entries = entries[np.argsort(entries["key"], kind="stable")]
    fresh = first_of(entries["key"]) | first_of(entries["witness"])
    entries = entries[fresh]
    starts = np.flatnonzero(first_of(entries["key"]))
    rank = np.arange(len(entries)) - np.repeat(starts, np.diff(np.append(starts, len(entries))))
    return entries[rank < WITNESSES]


def together(parts: Sequence[Entries]) -> Entries:
    """The rows of several tables, one after the other; as bytes, because NumPy asks of each which fields it has."""
    return np.concatenate([np.zeros(0, _BYTES), *(part.view(_BYTES) for part in parts)]).view(ENTRY)


def kept(witnesses: Hashes) -> Hashes:
    """Of a source's witnesses, sorted, those that are kept."""
    return witnesses[:MOST_DOCUMENTS]


def reach(witnesses: Hashes) -> int:
    """Below which number the kept witnesses of a source lie: they are spread evenly up to there."""
    return int(witnesses[-1]) + 1 if len(witnesses) >= MOST_DOCUMENTS else EVERY


def counts_of(entries: Entries, below: int) -> tuple[Ints, Floats]:
    """Of merged entries each key's first row, and in how many documents it stands (estimated from WITNESSES on).

    below: the `reach` of the source's witnesses.
    """
    starts = np.flatnonzero(first_of(entries["key"]))
    held = np.diff(np.append(starts, len(entries)))
    largest = entries["witness"][starts + held - 1] / below
    estimated = (WITNESSES - 1) / np.maximum(largest, 1e-12)
    return starts, np.where(held < WITNESSES, held, np.maximum(estimated, held)).astype(np.float32)


def by_articles(entries: Entries, articles: Hashes, below: int) -> tuple[Entries, Hashes, Ints, Floats]:
    """Of merged entries, each with its article: one entry for a key and an article, and that one's article.

    Also each key's first row, and in how many articles it stands. below: as in `counts_of`.
    """
    starts, held = counts_of(entries, below)
    rows = np.diff(np.append(starts, len(entries)))
    if np.array_equal(articles, entries["witness"]):  # no copies among them
        return entries, articles, starts, held
    scale = np.repeat(held / np.maximum(rows, 1), rows)
    order = np.lexsort((articles, entries["key"]))
    keys, articles, scale = entries["key"][order], articles[order], scale[order]
    fresh = first_of(keys) | first_of(articles)
    keys, articles, scale = keys[fresh], articles[fresh], scale[fresh]
    starts = np.flatnonzero(first_of(keys))
    rows = np.diff(np.append(starts, len(keys)))
    return entries[order[fresh]], articles, starts, (rows * scale[starts]).astype(np.float32)


def is_known(known: Hashes, asked: Hashes) -> tuple[Flags, Ints]:
    """Which of the asked hashes stand in a sorted array, and where (a place without meaning for the others)."""
    if not len(known):
        return np.zeros(len(asked), bool), np.zeros(len(asked), np.int64)
    at = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return known[at] == asked, at
