"""Near-copies of one article are one witness: which of a source's documents are copies of which, by their sketches.

Two documents are alike by the share of common hashes among the smallest of both (bottom-k sketches: Broder, 1997).
Depends on the set of documents alone, never on their order.
"""

from __future__ import annotations

import numpy as np

from cleaner.memory.units import SKETCH
from cleaner.tokens import Floats, Hashes, Ints

#: Documents alike by this share are one article: an updated one shares most of its text, two that share a letter of
#: 60 % of their text are alike by 0.43.
ALIKE = 0.7
#: Hashes of a sketch by which possible copies are looked up, and how many neighbours in such a list are compared.
LOOKED_UP, NEIGHBOURS = 4, 4
NO_HASH = np.uint64(0)


def articles(witnesses: Hashes, sketches: Hashes) -> Hashes:
    """Witness → the smallest witness among its copies. sketches: witness × SKETCH, sorted, filled up with 0."""
    first = np.arange(len(witnesses))
    pairs = _candidates(sketches)
    pairs = pairs[alike(sketches[pairs[:, 0]], sketches[pairs[:, 1]]) >= ALIKE]
    while len(pairs):
        smaller = np.minimum(first[pairs[:, 0]], first[pairs[:, 1]])
        before = first.copy()
        np.minimum.at(first, pairs[:, 0], smaller)
        np.minimum.at(first, pairs[:, 1], smaller)
        first = first[first]
        if np.array_equal(before, first):
            break
    return witnesses[first]


def _candidates(sketches: Hashes) -> Ints:
    """Pairs of rows that share one of their smallest hashes; neighbours in the list of a hash only."""
    values = sketches[:, :LOOKED_UP].ravel()
    rows = np.repeat(np.arange(len(sketches)), LOOKED_UP)
    order = np.lexsort((rows, values))
    values, rows = values[order], rows[order]
    found = []
    for step in range(1, NEIGHBOURS + 1):
        same = (values[step:] == values[:-step]) & (values[step:] != NO_HASH)
        found.append(np.stack((rows[:-step][same], rows[step:][same]), axis=1))
    return np.unique(np.concatenate(found), axis=0) if len(sketches) else np.zeros((0, 2), np.int64)


def alike(sketches: Hashes, others: Hashes) -> Floats:
    """Row by row how alike two sketches are, 0 to 1; a slice at a time, so that memory stays small."""
    shares = np.zeros(len(sketches), np.float32)
    for at in range(0, len(sketches), 4096):
        left, right = sketches[at : at + 4096], others[at : at + 4096]
        both = np.sort(np.concatenate((left, right), axis=1), axis=1)
        twice = np.zeros(both.shape, bool)
        twice[:, :-1] = (both[:, 1:] == both[:, :-1]) & (both[:, :-1] != NO_HASH)
        again = np.zeros(both.shape, bool)
        again[:, 1:] = twice[:, :-1]
        size = np.minimum((left != NO_HASH).sum(axis=1), (right != NO_HASH).sum(axis=1))
        distinct = ~again & (both != NO_HASH)
        among = np.cumsum(distinct, axis=1) <= size[:, None]
        shares[at : at + 4096] = (twice & among).sum(axis=1) / np.maximum(size, 1)
    return shares


def filled(sketch: Hashes) -> Hashes:
    """A sketch filled up with 0 to its full length; a hash of 0 itself is left out."""
    full = np.zeros(SKETCH, np.uint64)
    seen = sketch[sketch != NO_HASH]
    full[: len(seen)] = seen
    return full
