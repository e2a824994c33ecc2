"""Does a block speak of what the others speak of? Nearness of blocks by their word vectors, rare words counting more.

A teaser for another article, and often a caption, speaks of something else than the text around it. NumPy only.
"""

from __future__ import annotations

import numpy as np

from cleaner.model.encoder import rounded
from cleaner.model.features import Features
from cleaner.segmentation.tokens import Floats, Ints

#: A block of more code points than this tells what the document is about.
LONG = 120
#: Measurements: nearness to the other blocks together, to the one before, the one after, the long ones together, the
#: first, the nearest, the nearest long one; how much its words weigh.
TOPICS = 8
SCALE = 2.0
_SMALLEST = 1e-6


def topics(features: Features, rows: Ints, vectors: Floats, rarity: Floats, lengths: Ints) -> Floats:
    """Block × TOPICS; `rows` lead from token to `vectors` and `rarity`, `lengths` are in code points."""
    count = len(features.counts)
    sums, weights = np.zeros((count, vectors.shape[1]), np.float32), np.zeros(count, np.float32)
    filled = features.counts > 0
    if len(rows):
        weight = rarity.take(rows)
        words = vectors.take(rows, axis=0) * weight[:, None]
        sums[filled] = np.add.reduceat(words, features.starts[filled], axis=0)
        weights[filled] = np.add.reduceat(weight, features.starts[filled])
    units = _unit(sums)
    total, long = sums.sum(axis=0), lengths > LONG
    about = sums[long].sum(axis=0) if long.any() else total
    nearness = units @ units.T
    np.fill_diagonal(nearness, -1)
    none = np.zeros((1, units.shape[1]), np.float32)
    columns = (
        (units * _unit(total - sums)).sum(axis=1),
        (units * np.concatenate((none, units[:-1]))).sum(axis=1),
        (units * np.concatenate((units[1:], none))).sum(axis=1),
        (units * _unit(about - np.where(long[:, None], sums, 0))).sum(axis=1),
        units @ units[0],
        nearness.max(axis=1) if count > 1 else np.zeros(count, np.float32),
        nearness[:, long].max(axis=1) if long.any() else np.zeros(count, np.float32),
        np.log1p(weights) / 4,
    )
    return rounded(SCALE * np.stack(columns, axis=1))


def _unit(rows: Floats) -> Floats:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), _SMALLEST)
