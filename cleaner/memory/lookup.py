"""What a source's memory says of a document's blocks: in how many other articles each stands, where, beside what.

A document is never counted as evidence about itself, and near-copies of one article count once. Gives measurements
and words for them, no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cleaner import accelerator
from cleaner.memory.fingerprints import SKETCH, UnitKind, Units
from cleaner.memory.near_duplicates import (
    ALIKE,
    LOOKED_UP,
    NO_HASH,
    alike,
    articles,
    articles_of,
    common,
    filled,
    without,
)
from cleaner.memory.postings import Entries, by_articles, is_known, reach
from cleaner.segmentation.tokens import Flags, Floats, Hashes, Ints

#: With fewer other articles of the source nothing is said: see docs/memory.md for the measurement.
ENOUGH = 5
#: A run of words counts as recurring when at least so many other articles hold it.
RECURRING = 2

#: What is measured of each block.
MEASURES = (
    "articles",  # log(1 + other articles of the source)
    "others",  # log(1 + those of them that hold this block)
    "share",  # others / articles
    "place",  # share of those that hold it at the same place, counted from the start (one block more or less)
    "from_end",  # the same, counted from the end
    "before",  # share of those that hold it after the same block
    "after",
    "run",  # log(1 + articles that hold a run of its words), the most of any run
    "covered",  # share of its words that lie in runs which RECURRING others hold
    "runs",  # mean over its runs of log(1 + articles)
    "head",  # log(1 + articles in which a block begins alike)
    "head_share",
    "tail",
    "tail_share",
)
COLUMN = {name: column for column, name in enumerate(MEASURES)}


@dataclass(frozen=True, slots=True)
class SourceMemory:
    """The memory of one source, ready to be asked; rows are sorted by key, at most one for a key and an article."""

    documents: int  # distinct articles
    witnesses: Hashes  # sorted
    articles: Hashes  # witness → the article it is a copy of: its smallest witness
    sketches: Hashes  # witness × SKETCH, without the common hashes
    common: Hashes  # hashes that tell nothing about copies, sorted
    looked_up: Hashes  # the first hashes of the sketches, sorted
    looked_up_rows: Ints  # of each the row in `sketches`
    keys: Hashes  # sorted
    starts: Ints  # key → first row; one more at the end
    held: Floats  # key → articles that hold it, estimated beyond the kept rows
    rows: Entries
    row_articles: Hashes


def source_from(entries: Entries, witnesses: Hashes, sketches: Hashes) -> SourceMemory:
    """The memory of a source from its merged entries and all its witnesses (sorted, with their sketches)."""
    article = articles(witnesses, sketches)
    shared = common(sketches)
    own = without(sketches, shared)
    order = np.argsort(own[:, :LOOKED_UP], axis=None, kind="stable")
    owners = articles_of(witnesses, article, entries["witness"])
    rows, row_articles, starts, held = by_articles(entries, owners, reach(witnesses))
    return SourceMemory(
        documents=len(np.unique(article)),
        witnesses=witnesses,
        articles=article,
        sketches=own,
        common=shared,
        looked_up=own[:, :LOOKED_UP].ravel()[order],
        looked_up_rows=order // LOOKED_UP,
        keys=rows["key"][starts],
        starts=np.append(starts, len(rows)),
        held=held,
        rows=rows,
        row_articles=row_articles,
    )


class MemoryReader(Protocol):
    """What a cleaner asks: the memory of a source by its name, None when there is none."""

    @property
    def digest(self) -> str:
        """sha256 of what it holds, lower-case hex."""

    def source(self, name: str) -> SourceMemory | None:
        """The memory of one source."""


@dataclass(frozen=True, slots=True)
class Recall:
    """What the memory says of a document; without memory of its source, all zeros."""

    table: Floats  # block × MEASURES
    counts: Ints  # block → other articles that hold it, or most of its words
    documents: int  # other articles of the source

    @property
    def known(self) -> bool:
        """Is there enough memory of the source to say anything?"""
        return self.documents >= ENOUGH

    @property
    def speaks(self) -> bool:
        """Does anything of the document recur? In a folder of unrelated articles nothing does, and nothing follows."""
        return self.known and bool((self.counts >= RECURRING).any())

    def reason(self, block: int) -> str:
        """What speaks for or against the block, in words; empty when it does not recur."""
        count = int(self.counts[block])
        if not self.known or count < RECURRING:
            return ""
        row = self.table[block]
        whole = np.expm1(row[COLUMN["others"]]) >= RECURRING
        what = REPEATED if whole else MOSTLY_REPEATED
        return f"{what}: in {count:,} of {self.documents:,} other articles{_where(row) if whole else ''}"


#: What a reason of the memory begins with; what comes after the colon differs from document to document.
REPEATED, MOSTLY_REPEATED = "repeated by its source", "mostly words that its source repeats"


def reason_kind(reason: str) -> str:
    """A reason without what differs from document to document, to count it by."""
    kind = reason.partition(":")[0]
    return kind if kind in (REPEATED, MOSTLY_REPEATED) else reason


#: From this share of the articles on, "always" is said.
ALWAYS = 0.9


def _where(row: Floats) -> str:
    """Where a recurring block stands in the others."""
    if row[COLUMN["place"]] >= ALWAYS:
        return ", always at this place from the start"
    if row[COLUMN["from_end"]] >= ALWAYS:
        return ", always at this place from the end"
    if row[COLUMN["before"]] >= ALWAYS or row[COLUMN["after"]] >= ALWAYS:
        return ", always beside the same text"
    return ""


def recall(source: SourceMemory | None, units: Units, blocks: int) -> Recall:
    """What a source's memory says of a document of so many blocks."""
    if source is None:
        return Recall(np.zeros((blocks, len(MEASURES)), np.float32), np.zeros(blocks, np.int64), 0)
    mine = np.uint64(_article_of(source, units))
    documents = source.documents - int(is_known(source.witnesses, np.array([mine]))[0][0])
    if documents < ENOUGH:
        return Recall(np.zeros((blocks, len(MEASURES)), np.float32), np.zeros(blocks, np.int64), documents)
    table = _measured(source, units, _known(source, units, mine), blocks=blocks, documents=documents)
    table[:, COLUMN["articles"]] = np.log1p(documents)
    return Recall(table, _counts(table), documents)


def recurring_words(source: SourceMemory, units: Units) -> Flags:
    """Which tokens of the document lie in runs of words that at least RECURRING other articles hold."""
    known = _known(source, units, np.uint64(_article_of(source, units)))
    return _covered(units, known.unit[(known.others >= RECURRING) & (units.kinds[known.unit] == UnitKind.RUN)])


def _covered(units: Units, runs: Ints) -> Flags:
    """Which tokens lie in some of the runs."""
    marks = np.zeros(int(units.last.max(initial=0)) + 2, np.int64)
    np.add.at(marks, units.first[runs], 1)
    np.add.at(marks, units.last[runs] + 1, -1)
    covered: Flags = np.cumsum(marks) > 0
    return covered


def _counts(table: Floats) -> Ints:
    whole = np.expm1(table[:, COLUMN["others"]])
    words = np.expm1(table[:, COLUMN["run"]]) * (table[:, COLUMN["covered"]] >= 0.5)
    return np.rint(np.where(whole >= RECURRING, whole, words)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _KnownUnits:
    """The units that the memory holds."""

    mine: np.uint64  # the document's own article
    unit: Ints  # found → unit
    at: Ints  # found → its key's place in the memory
    others: Floats  # found → other articles that hold it, estimated

    @property
    def logs(self) -> Floats:
        """log(1 + others): NumPy's own, so that the last bit is the same with and without the accelerator."""
        logs: Floats = np.log1p(self.others)
        return logs


def _known(source: SourceMemory, units: Units, mine: np.uint64) -> _KnownUnits:
    if accelerator.compiled is None:
        return known_in_numpy(source, units, mine)
    arrays = source.keys, source.starts, source.held, source.row_articles
    memory = accelerator.compiled.known_units(*arrays, units.keys, int(mine))
    longs = np.frombuffer(memory, np.int64).reshape(3, -1)
    return _KnownUnits(mine, longs[0], longs[1], longs[2].view(np.float64))


def known_in_numpy(source: SourceMemory, units: Units, mine: np.uint64) -> _KnownUnits:
    """The reference that the accelerator is held to."""
    known, at = is_known(source.keys, units.keys)
    unit = np.flatnonzero(known)
    at = at[unit]
    owner, rows = _rows_of(source, at)
    kept = np.bincount(owner, source.row_articles[rows] != mine, len(unit))
    lengths = source.starts[at + 1] - source.starts[at]
    return _KnownUnits(mine, unit, at, kept * source.held[at] / np.maximum(lengths, 1))


def _rows_of(source: SourceMemory, at: Ints) -> tuple[Ints, Ints]:
    """The rows of some keys, and of each row which of the keys it belongs to."""
    lengths = source.starts[at + 1] - source.starts[at]
    owner = np.repeat(np.arange(len(at)), lengths)
    return owner, np.arange(len(owner)) + np.repeat(source.starts[at] - (np.cumsum(lengths) - lengths), lengths)


def _article_of(source: SourceMemory, units: Units) -> int:
    """The article in memory that this document is, or is a copy of; its own witness when there is none."""
    known, at = is_known(source.witnesses, np.array([units.witness], np.uint64))
    if known[0]:
        return int(source.articles[at[0]])
    sketch = without(filled(units.sketch)[None], source.common)
    asked = sketch[0, :LOOKED_UP][sketch[0, :LOOKED_UP] != NO_HASH]
    first, last = (np.searchsorted(source.looked_up, asked, side) for side in ("left", "right"))
    ranges = [source.looked_up_rows[start:end] for start, end in zip(first.tolist(), last.tolist(), strict=True)]
    near = np.unique(np.concatenate([np.zeros(0, np.int64), *ranges]))
    near = near[alike(source.sketches[near], np.broadcast_to(sketch, (len(near), SKETCH))) >= ALIKE]
    return int(source.articles[near].min()) if len(near) else units.witness


def _measured(source: SourceMemory, units: Units, known: _KnownUnits, *, blocks: int, documents: int) -> Floats:
    """The measurements of the blocks, but for how many articles there are."""
    if accelerator.compiled is None:
        return measured_in_numpy(source, units, known, blocks=blocks, documents=documents)
    memory = accelerator.compiled.recall(
        known.unit, known.at, known.others, known.logs, source.starts, source.rows, source.row_articles, units.kinds,
        units.block, units.before, units.after, units.place, units.place_from_end, units.first, units.last,
        (int(known.mine), documents, RECURRING, units.blocks, blocks),
    )  # fmt: skip
    return np.frombuffer(memory, np.float32).reshape(blocks, len(MEASURES))


def measured_in_numpy(source: SourceMemory, units: Units, known: _KnownUnits, *, blocks: int, documents: int) -> Floats:
    """The reference that the accelerator is held to."""
    table = np.zeros((blocks, len(MEASURES)), np.float32)
    _measure_wholes(table, source, units, known, documents)
    _measure_edges(table, units, known, documents)
    _measure_runs(table, units, known)
    return table


def _measure_wholes(table: Floats, source: SourceMemory, units: Units, known: _KnownUnits, documents: int) -> None:
    whole = units.kinds[known.unit] == UnitKind.WHOLE
    unit, at = known.unit[whole], known.at[whole]
    block = units.block[unit]
    table[block, COLUMN["others"]] = known.logs[whole]
    table[block, COLUMN["share"]] = np.minimum(1, known.others[whole] / documents)
    owner, rows = _rows_of(source, at)
    other = source.row_articles[rows] != known.mine
    owner, entries = owner[other], source.rows[rows[other]]
    total = np.maximum(np.bincount(owner, minlength=len(unit)), 1)

    def share(agrees: Flags) -> Floats:
        return np.bincount(owner, agrees, len(unit)) / total

    for name, ours in (("place", units.place), ("from_end", units.place_from_end)):
        near = np.abs(entries[name].astype(np.int64) - ours[unit[owner]]) <= 1
        table[block, COLUMN[name]] = share(near)
    for name, beside in (("before", units.before), ("after", units.after)):
        table[block, COLUMN[name]] = share(entries[name] == beside[unit[owner]])


def _measure_edges(table: Floats, units: Units, known: _KnownUnits, documents: int) -> None:
    for name, kind in (("head", UnitKind.HEAD), ("tail", UnitKind.TAIL)):
        chosen = units.kinds[known.unit] == kind
        block = units.block[known.unit[chosen]]
        table[block, COLUMN[name]] = known.logs[chosen]
        table[block, COLUMN[f"{name}_share"]] = np.minimum(1, known.others[chosen] / documents)


def _measure_runs(table: Floats, units: Units, known: _KnownUnits) -> None:
    chosen = units.kinds[known.unit] == UnitKind.RUN
    if not chosen.any():
        return
    unit, others, logs = known.unit[chosen], known.others[chosen], known.logs[chosen]
    block = units.block[unit]
    blocks = len(table)
    np.maximum.at(table[:, COLUMN["run"]], block, logs.astype(np.float32))
    runs = np.bincount(units.block[units.kinds == UnitKind.RUN], minlength=blocks)
    table[:, COLUMN["runs"]] = np.bincount(block, logs, blocks) / np.maximum(runs, 1)
    covered = np.concatenate(([0], np.cumsum(_covered(units, unit[others >= RECURRING]))))
    first, last = units.first[: units.blocks], units.last[: units.blocks]
    table[units.block[: units.blocks], COLUMN["covered"]] = (covered[last + 1] - covered[first]) / (last + 1 - first)
