"""What a source's memory says of a document's blocks: in how many other articles each stands, where, beside what.

A document is never counted as evidence about itself, and near-copies of one article count once. Gives measurements
and words for them, no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

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
    table = np.zeros((blocks, len(MEASURES)), np.float32)
    if documents < ENOUGH:
        return Recall(table, np.zeros(blocks, np.int64), documents)
    table[:, COLUMN["articles"]] = np.log1p(documents)
    matches = _others(source, units, mine)
    _measure_wholes(table, units, matches, documents)
    _measure_edges(table, units, matches, documents)
    _measure_runs(table, units, matches)
    return Recall(table, _counts(table), documents)


def recurring_words(source: SourceMemory, units: Units) -> Flags:
    """Which tokens of the document lie in runs of words that at least RECURRING other articles hold."""
    matches = _others(source, units, np.uint64(_article_of(source, units)))
    return _covered(units, matches.unit[(matches.others >= RECURRING) & (units.kinds[matches.unit] == UnitKind.RUN)])


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
class _Matches:
    """The units that the memory holds, and in whose other articles."""

    unit: Ints  # found → unit
    others: Floats  # found → other articles, estimated
    owner: Ints  # row → found
    other: Flags  # row → is it another article's?
    rows: Entries


def _others(source: SourceMemory, units: Units, mine: np.uint64) -> _Matches:
    known, at = is_known(source.keys, units.keys)
    unit = np.flatnonzero(known)
    at = at[unit]
    lengths = source.starts[at + 1] - source.starts[at]
    owner = np.repeat(np.arange(len(unit)), lengths)
    rows = np.arange(len(owner)) + np.repeat(source.starts[at] - (np.cumsum(lengths) - lengths), lengths)
    other = source.row_articles[rows] != mine
    kept = np.bincount(owner, other, len(unit))
    others = kept * source.held[at] / np.maximum(lengths, 1)
    return _Matches(unit, others, owner, other, source.rows[rows])


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


def _measure_wholes(table: Floats, units: Units, matches: _Matches, documents: int) -> None:
    whole = units.kinds[matches.unit] == UnitKind.WHOLE
    block = units.block[matches.unit[whole]]
    others = matches.others[whole]
    table[block, COLUMN["others"]] = np.log1p(others)
    table[block, COLUMN["share"]] = np.minimum(1, others / documents)
    row = whole[matches.owner] & matches.other
    owner, rows = matches.owner[row], matches.rows[row]
    unit = matches.unit[owner]
    total = np.maximum(np.bincount(owner, minlength=len(matches.unit)), 1)

    def share(agrees: Flags) -> Floats:
        return (np.bincount(owner, agrees, len(matches.unit)) / total)[whole]

    for name, ours in (("place", units.place), ("from_end", units.place_from_end)):
        table[block, COLUMN[name]] = share(np.abs(rows[name].astype(np.int64) - ours[unit]) <= 1)
    for name, beside in (("before", units.before), ("after", units.after)):
        table[block, COLUMN[name]] = share(rows[name] == beside[unit])


def _measure_edges(table: Floats, units: Units, matches: _Matches, documents: int) -> None:
    for name, kind in (("head", UnitKind.HEAD), ("tail", UnitKind.TAIL)):
        chosen = units.kinds[matches.unit] == kind
        block = units.block[matches.unit[chosen]]
        table[block, COLUMN[name]] = np.log1p(matches.others[chosen])
        table[block, COLUMN[f"{name}_share"]] = np.minimum(1, matches.others[chosen] / documents)


def _measure_runs(table: Floats, units: Units, matches: _Matches) -> None:
    chosen = units.kinds[matches.unit] == UnitKind.RUN
    if not chosen.any():
        return
    unit, others = matches.unit[chosen], matches.others[chosen]
    block, logs = units.block[unit], np.log1p(others)
    blocks = len(table)
    np.maximum.at(table[:, COLUMN["run"]], block, logs.astype(np.float32))
    runs = np.bincount(units.block[units.kinds == UnitKind.RUN], minlength=blocks)
    table[:, COLUMN["runs"]] = np.bincount(block, logs, blocks) / np.maximum(runs, 1)
    covered = np.concatenate(([0], np.cumsum(_covered(units, unit[others >= RECURRING]))))
    first, last = units.first[: units.blocks], units.last[: units.blocks]
    table[units.block[: units.blocks], COLUMN["covered"]] = (covered[last + 1] - covered[first]) / (last + 1 - first)
