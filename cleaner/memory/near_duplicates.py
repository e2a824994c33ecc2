"""Near-copies of one article are one witness: which of a source's documents are copies of which, by their sketches.

Two documents are alike by the share of common hashes among the smallest of both (bottom-k sketches: Broder, 1997).
Depends on the set of documents alone, never on their order.
"""

from __future__ import annotations

import numpy as np

from cleaner.memory.fingerprints import SKETCH
from cleaner.memory.postings import is_known
from cleaner.segmentation.tokens import Floats, Hashes, Ints

#: Documents alike by this share of their own text are one article: an updated one shares most of its text.
ALIKE = 0.7
#: What more documents hold than these, or more than half of a source's, tells nothing about copies: two articles
#: below one letter of 60 % of their text would be copies else. Of 300 articles with such a letter 45 were lost.
MANY, FEW = 30, 3
#: With fewer hashes of their own in a sketch, documents are not called copies.
TOLD_BY = 4
#: Hashes of a sketch by which possible copies are looked up, and how many neighbours in such a list are compared.
LOOKED_UP, NEIGHBOURS = 4, 4
NO_HASH = np.uint64(0)


def articles(witnesses: Hashes, sketches: Hashes) -> Hashes:
    """Witness → the smallest witness among its copies. sketches: witness × SKETCH, sorted, filled up with 0."""
    if len(witnesses) < 2:  # most sources of a run over many sites have one document
        return witnesses
    first = np.arange(len(witnesses))
    own = without(sketches, common(sketches))
    pairs = _candidates(own)
    pairs = pairs[alike(own[pairs[:, 0]], own[pairs[:, 1]]) >= ALIKE]
    while len(pairs):
        smaller = np.minimum(first[pairs[:, 0]], first[pairs[:, 1]])
        before = first.copy()
        np.minimum.at(first, pairs[:, 0], smaller)
        np.minimum.at(first, pairs[:, 1], smaller)
        first = first[first]
        if np.array_equal(before, first):
            break
    return witnesses[first]


def common(sketches: Hashes) -> Hashes:
    """The hashes that too many documents hold to tell copies by, sorted."""
    hashes, held = np.unique(sketches, return_counts=True)
    return hashes[held > min(MANY, max(FEW, len(sketches) // 2))]


def without(sketches: Hashes, hashes: Hashes) -> Hashes:
    """Sketches without some hashes, sorted and filled up with 0 again."""
    own = np.where(is_known(hashes, sketches.ravel())[0].reshape(sketches.shape), NO_HASH, sketches)
    return np.sort(own - np.uint64(1), axis=-1) + np.uint64(1)  # 0 becomes the largest, and 0 again


def articles_of(witnesses: Hashes, articles: Hashes, asked: Hashes) -> Hashes:
    """The articles of the asked witnesses by what `articles` found; those of no known document stand for themselves."""
    known, at = is_known(witnesses, asked)
    return np.where(known, articles[at], asked) if len(witnesses) else asked


def _candidates(sketches: Hashes) -> Ints:
    """Pairs of rows that share one of their smallest hashes; neighbours in the list of a hash only."""
    values = sketches[:, :LOOKED_UP].ravel()
    rows = np.repeat(np.arange(len(sketches)), LOOKED_UP)
    order = np.lexsort((rows, values))
    values, rows = values[order], rows[order]
    candidates = []
    for step in range(1, NEIGHBOURS + 1):
        same = (values[step:] == values[:-step]) & (values[step:] != NO_HASH)
        candidates.append(np.stack((rows[:-step][same], rows[step:][same]), axis=1))
    return np.unique(np.concatenate(candidates), axis=0) if len(sketches) else np.zeros((0, 2), np.int64)


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
        shares[at : at + 4096] = np.where(size < TOLD_BY, 0, (twice & among).sum(axis=1) / np.maximum(size, 1))
    return shares


def filled(sketch: Hashes) -> Hashes:
    """A sketch filled up with 0 to its full length; a hash of 0 itself is left out."""
    full = np.zeros(SKETCH, np.uint64)
    seen = sketch[sketch != NO_HASH]
    full[: len(seen)] = seen
    return full
