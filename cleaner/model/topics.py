"""Does a block speak of what the others speak of? Nearness of blocks by their word vectors, rare words counting more.

A teaser for another article, and often a caption, speaks of something else than the text around it. Vectors and rarity
are whole numbers, and so are their sums and the directions that are compared: the same on every machine.
"""

from __future__ import annotations

import numpy as np

from cleaner import accelerator
from cleaner.model.borders import Borders, one
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


def in_numpy(
    features: Features, rows: Ints, codes: Ints, rarity: Ints, lengths: Ints, borders: Borders | None = None
) -> Floats:
    """The reference that the accelerator is held to; borders: of many documents."""
    borders = borders or one(len(features.counts))
    sums, weights = _weighed(features, rows, codes, rarity)
    long, owner = lengths > LONG, borders.owner
    of_long = np.where(long[:, None], sums, 0)
    total, about = borders.sums(sums), borders.sums(of_long)
    about = np.where(np.maximum.reduceat(long, borders.starts)[:, None], about, total)[owner]
    units = directions(sums)
    beside = np.zeros((len(units) + 2, units.shape[1]), np.float32)
    beside[1:-1] = units
    columns = (
        (units * directions(total[owner] - sums)).sum(axis=1),
        np.where(borders.places > 0, (units * beside[:-2]).sum(axis=1), 0),
        np.where(borders.rests > 0, (units * beside[2:]).sum(axis=1), 0),
        (units * directions(about - of_long)).sum(axis=1),
        (units * units[borders.starts][owner]).sum(axis=1),
        *np.concatenate([_nearest(units[rows], long[rows]) for rows in borders.slices], axis=1),
    )
    near = np.stack(columns, axis=1).astype(np.float64) / (LEVELS * LEVELS)
    heavy = logarithm(1 + weights / RARITY_UNIT) / 4
    return rounded(SCALE * np.concatenate((near, heavy[:, None]), axis=1))


def _weighed(features: Features, rows: Ints, codes: Ints, rarity: Ints) -> tuple[Floats, Floats]:
    """Per block the sum of its words' vectors, rare ones counting more, and how much they weigh."""
    sums, weights = np.zeros((len(features.counts), codes.shape[1])), np.zeros(len(features.counts))
    filled = features.counts > 0
    if len(rows):
        weight = rarity.take(rows)
        words = codes.take(rows, axis=0).astype(np.float64)  # whole numbers: sums are exact
        words *= weight[:, None]
        sums[filled] = np.add.reduceat(words, features.starts[filled], axis=0)
        weights[filled] = np.add.reduceat(weight, features.starts[filled], dtype=np.float64)
    return sums, weights


def _nearest(units: Floats, long: Flags) -> Floats:
    """How near each block of a document is to the nearest other one, and to the nearest long one, within REACH.

    0 where there is none. A strip of rows at a time.
    """
    count, least = len(units), np.float32(-LEVELS * LEVELS)
    nearest = np.zeros((2, count), np.float32)
    some_long = bool(long.any())
    for first in range(0, count if count > 1 else 0, STRIP):
        last, low, high = min(count, first + STRIP), max(0, first - REACH), min(count, first + STRIP + REACH)
        near = units[first:last] @ units[low:high].T
        near[np.arange(last - first), np.arange(first - low, last - low)] = least
        if count > REACH:
            near[np.abs(np.arange(first, last)[:, None] - np.arange(low, high)) > REACH] = least
        nearest[0, first:last] = near.max(axis=1)
        if some_long:
            nearest[1, first:last] = near[:, long[low:high]].max(axis=1, initial=least)
    if some_long and count == 1:
        nearest[1] = least
    return nearest


def directions(sums: Floats) -> Floats:
    """Rows of whole numbers of about the length LEVELS, in float32; zeros for a row of zeros."""
    units = units_of(np.abs(sums).max(axis=1), MOST_LEVELS)
    steps = np.rint(sums * (1 / units)[:, None])
    length = np.sqrt(np.maximum((steps * steps).sum(axis=1), 1))
    return np.rint(steps * (LEVELS / length)[:, None]).astype(np.float32)
