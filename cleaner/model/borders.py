"""Many documents in one table: which rows belong to which of them, so that one NumPy call works on all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from cleaner.segmentation.tokens import Floats, Ints


@dataclass(frozen=True)
class Borders:
    """The rows of documents, one document after the other; each has at least one row."""

    counts: Ints  # document → rows

    @classmethod
    def of(cls, counts: Sequence[int] | Ints) -> Self:
        """From how many rows each document has; none has none."""
        return cls(np.asarray(counts, np.int64))

    @cached_property
    def starts(self) -> Ints:
        """Document → its first row."""
        return np.cumsum(self.counts) - self.counts

    @cached_property
    def owner(self) -> Ints:
        """Row → its document."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def places(self) -> Ints:
        """Row → how many rows of its document stand before it."""
        return np.arange(len(self.owner)) - self.starts[self.owner]

    @cached_property
    def rests(self) -> Ints:
        """Row → how many rows of its document stand after it."""
        return self.counts[self.owner] - 1 - self.places

    @cached_property
    def of_documents(self) -> Borders:
        """Of a table with one row for each document."""
        return Borders(np.ones(len(self.counts), np.int64))

    @property
    def ends(self) -> Ints:
        """Document → its last row."""
        return self.starts + self.counts - 1

    @property
    def slices(self) -> list[slice]:
        """Document → its rows."""
        starts, counts = self.starts.tolist(), self.counts.tolist()
        return [slice(start, start + count) for start, count in zip(starts, counts, strict=True)]

    def among(self, rows: Ints) -> Borders:
        """The same for some of the rows, in order; documents that have none of them are left out."""
        counts = np.bincount(self.owner[rows], minlength=len(self.counts))
        return Borders(counts[counts > 0])

    def sums(self, values: Floats) -> Floats:
        """Document → the sum of its rows."""
        return np.add.reduceat(values, self.starts, axis=0)


def one(count: int) -> Borders:
    """A table of a single document."""
    return Borders.of([count])
