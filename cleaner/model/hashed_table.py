"""A table of weights by hashed bucket, most of which were never learned: rows of whole numbers, each with a unit.

The accelerator finds a row by a bit for each bucket and the count of bits before it, in a twentieth of the memory
that the NumPy code needs, whose tables are made only where it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cleaner import accelerator
from cleaner.segmentation.tokens import Floats, Hashes, Ints, Kinds

#: All weights are multiples of this: so are their sums, which float64 holds exactly. Then the order of adding, which
#: NumPy chooses by version and processor, changes nothing.
QUANTUM = 2.0**-20


@dataclass(frozen=True)
class HashedTable:
    """Rows in the order of their buckets."""

    buckets: Ints  # row → bucket, ascending
    weights: Floats  # row × output, int8
    units: Floats  # row → what a whole number is worth, a multiple of QUANTUM
    count: int  # of buckets, learned or not

    @classmethod
    def of(cls, weights: Floats, buckets: Ints, units: Floats, *, count: int) -> HashedTable:
        """The table from stored arrays; of several rows for one bucket the last counts."""
        whole = (np.rint(units.astype(np.float64) / QUANTUM) * QUANTUM).astype(np.float32)
        if len(buckets) and not (np.diff(buckets.astype(np.int64)) > 0).all():
            buckets, last = np.unique(buckets[::-1], return_index=True)
            rows = len(weights) - 1 - last
            weights, whole = weights[rows], whole[rows]
        return cls(buckets, np.ascontiguousarray(weights), whole, count)

    @cached_property
    def packed(self) -> tuple[Hashes, Kinds]:
        """What the accelerator takes: `ranked` buckets; of each row the bytes of its unit and its whole numbers."""
        width = self.weights.shape[1]
        lines = np.zeros((len(self.weights), -(-(4 + width) // 4) * 4), np.uint8)
        lines[:, :4] = self.units.view(np.uint8).reshape(-1, 4)
        lines[:, 4 : 4 + width] = self.weights.view(np.uint8)
        return ranked(self.buckets, self.count), lines

    @cached_property
    def rows(self) -> Ints:
        """Bucket → row of `values`; 0: not learned."""
        rows = np.zeros(self.count, np.int32)
        rows[self.buckets] = np.arange(1, len(self.weights) + 1)
        return rows

    @cached_property
    def values(self) -> Floats:
        """The weights in float32, below a row of zeros."""
        zeros = np.zeros((1, self.weights.shape[1]), np.float32)
        return np.concatenate((zeros, self.weights * self.units[:, None]))

    def cells(self, buckets: Ints, columns: Ints) -> Floats:
        """One weight of each bucket, in the column given for it; 0 where it was not learned."""
        if accelerator.compiled is None or not len(self.buckets):
            return self.cells_in_numpy(buckets, columns)
        memory = accelerator.compiled.cells(buckets, self.packed, columns, self.weights.shape[1])
        return np.frombuffer(memory, np.float32)

    def cells_in_numpy(self, buckets: Ints, columns: Ints) -> Floats:
        """The reference that the accelerator is held to."""
        cells: Floats = self.values[self.rows.take(buckets), columns]
        return cells

    def take(self, buckets: Ints) -> Floats:
        """The weights of these buckets."""
        return self.values.take(self.rows.take(buckets), axis=0)


#: Byte → how many of its bits are set.
_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1, dtype=np.uint8)


def ranked(buckets: Ints, count: int) -> Hashes:
    """Some of `count` buckets for the accelerator: per 64 of them a bit each, and how many lie below these 64."""
    flags = np.zeros(max(64, count), np.uint8)
    flags[buckets] = 1
    table = np.empty((len(flags) // 64, 2), np.uint64)
    bits = np.packbits(flags, bitorder="little")
    table[:, 0] = bits.view("<u8")
    set_in = _ONES[bits].reshape(-1, 8).sum(axis=1, dtype=np.uint64)
    table[:, 1] = np.cumsum(set_in) - set_in
    return table
