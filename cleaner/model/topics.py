"""Does a block speak of what the others speak of? Nearness of blocks by their word vectors, rare words counting more.

A teaser for another article, and often a caption, speaks of something else than the text around it. Vectors and rarity
are whole numbers, and so are their sums and the directions that are compared: the same on every machine.
"""

from __future__ import annotations

import numpy as np

from cleaner import accelerator
from cleaner.model.encoder import STEP, rounded
from cleaner.model.features import Features
from cleaner.model.quantised import MOST_LEVELS, logarithm, units_of
from cleaner.segmentation.tokens import Flags, Floats, Ints

#: A block of more code points than this tells what the document is about.
LONG = 120
#: Measurements: nearness to the other blocks together, to the one before, the one after, the long ones together, the
#: first, the nearest, the nearest long one; how much its words weigh.
TOPICS = 8
SCALE = 2.0
#: Rarity is a whole number of such a part of 1, and at most so large.
RARITY_UNIT, MOST_RARITY = 1024, 1 << 14
#: A direction is a row of whole numbers of about this length: products of two add up below 2**24 in any order.
LEVELS = 4032
#: The nearest block is sought among so many before and after, so that the time for a book is linear in its length.
REACH = 1024
#: So many blocks are compared with others at once.
STRIP = 512


def whole_rarity(rarity: Floats) -> Ints:
    """How rare words are as whole numbers, for `topics`."""
    return np.clip(np.rint(rarity * RARITY_UNIT), 0, MOST_RARITY).astype(np.int32)


def topics(features: Features, rows: Ints, codes: Ints, rarity: Ints, lengths: Ints) -> Floats:
    """Block × TOPICS; `rows` lead from token to `codes` (vectors in 8 bits) and `rarity`; lengths in code points."""
    if accelerator.compiled is None:
        return in_numpy(features, rows, codes, rarity, lengths)
    settings = LONG, LEVELS, RARITY_UNIT, SCALE, STEP, REACH
    memory = accelerator.compiled.topics(rows, features.starts, features.counts, lengths, codes, rarity, settings)
    return np.frombuffer(memory, np.float32).reshape(-1, TOPICS)


def in_numpy(features: Features, rows: Ints, codes: Ints, rarity: Ints, lengths: Ints) -> Floats:
    """The reference that the accelerator is held to."""
    count, width = len(features.counts), codes.shape[1]
    sums, weights = np.zeros((count, width)), np.zeros(count)
    filled = features.counts > 0
    if len(rows):
        weight = rarity.take(rows)
        words = codes.take(rows, axis=0).astype(np.float64)  # whole numbers: sums are exact
        words *= weight[:, None]
        sums[filled] = np.add.reduceat(words, features.starts[filled], axis=0)
        weights[filled] = np.add.reduceat(weight, features.starts[filled], dtype=np.float64)
    long = lengths > LONG
    total = sums.sum(axis=0)
    about = sums[long].sum(axis=0) if long.any() else total
    units = directions(sums)
    none = np.zeros((1, width), np.float32)
    columns = (
        (units * directions(total - sums)).sum(axis=1),
        (units * np.concatenate((none, units[:-1]))).sum(axis=1),
        (units * np.concatenate((units[1:], none))).sum(axis=1),
        (units * directions(about - np.where(long[:, None], sums, 0))).sum(axis=1),
        units @ units[0],
        _nearest(units, np.ones(count, bool)) if count > 1 else np.zeros(count),
        _nearest(units, long) if long.any() else np.zeros(count),
    )
    near = np.stack(columns, axis=1).astype(np.float64) / (LEVELS * LEVELS)
    heavy = logarithm(1 + weights / RARITY_UNIT) / 4
    return rounded(SCALE * np.concatenate((near, heavy[:, None]), axis=1))


def _nearest(units: Floats, among: Flags) -> Floats:
    """How near each block is to the nearest other one of some within REACH, a strip of rows at a time."""
    least = np.float32(-LEVELS * LEVELS)
    places = np.flatnonzero(among)
    others, nearest = units[places].T, np.empty(len(units), np.float32)
    for first in range(0, len(units), STRIP):
        low, high = np.searchsorted(places, (first - REACH, first + STRIP + REACH))
        some = places[low:high]
        near = units[first : first + STRIP] @ others[:, low:high]
        own = np.flatnonzero((some >= first) & (some < first + STRIP))
        near[some[own] - first, own] = least
        if len(units) > REACH:
            near[np.abs(np.arange(first, first + len(near))[:, None] - some) > REACH] = least
        nearest[first : first + STRIP] = near.max(axis=1, initial=least)
    return nearest


def directions(sums: Floats) -> Floats:
    """Rows of whole numbers of about the length LEVELS, in float32; zeros for a row of zeros."""
    units = units_of(np.abs(sums).max(axis=1), MOST_LEVELS)
    steps = np.rint(sums * (1 / units)[:, None])
    length = np.sqrt(np.maximum((steps * steps).sum(axis=1), 1))
    return np.rint(steps * (LEVELS / length)[:, None]).astype(np.float32)
