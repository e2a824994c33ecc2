"""Fits the linear scorer: one logistic regression per label, and one for boilerplate as such, over hashed words.

Needs scikit-learn: pip install 'cleancopy[train]'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cleaner.labels import COLUMNS
from cleaner.model.arrays import BITS
from cleaner.model.features import Features
from cleaner.model.network import token_weight
from cleaner.segmentation.tokens import Floats, Ints
from cleaner.training.corpus import FOLDS, Example, fold_of

#: A hash gets a weight when at least so many sites hold it: what only one site says, no other will.
MIN_SITES: Mapping[str, int] = {"word": 3, "stem": 4, "pair": 6, "edge": 3}
#: Share of each table's values beside those of words.
PARTS: Mapping[str, float] = {"word": 1.0, "stem": 0.7, "pair": 1.0, "edge": 0.25}
#: Automatic labels are wrong in some of ten lines; they teach only what is boilerplate as such.
NOISY_WEIGHT = 0.2
ALPHA, ROUNDS = 1e-6, 8
#: A row whose weights are all smaller, in log-odds, is left out of the file: of 311,000 rows some fifth, which
#: move a block's odds by .02 on average.
LEAST_TOLD = 0.12


def vocabulary(documents: Iterable[Example]) -> dict[str, Ints]:
    """Per table the buckets that enough sites hold, sorted."""
    by_site: dict[str, list[Features]] = {}
    for document in documents:
        by_site.setdefault(document.site, []).append(document.features)
    counts = {name: np.zeros(1 << bits, np.int32) for name, bits in BITS.items()}
    for features in by_site.values():
        for name, count in counts.items():
            count[np.unique(np.concatenate([_buckets(document, name).ravel() for document in features]))] += 1
    return {name: np.flatnonzero(count >= MIN_SITES[name]) for name, count in counts.items()}


def _buckets(features: Features, table: str) -> Ints:
    return {"word": features.words, "stem": features.stems, "pair": features.pairs, "edge": features.edges}[table]


def fit(
    tables: Mapping[str, Ints], documents: Sequence[Example], noisy: Sequence[Example], *, without: int | None
) -> dict[str, Floats]:
    """The arrays of a linear scorer; `noisy` documents teach only what is boilerplate as such. Raises ImportError.

    without: the fold of sites it must not see.
    """
    from scipy import sparse
    from sklearn.linear_model import SGDClassifier

    typed = [document for document in documents if fold_of(document.site, FOLDS) != without]
    noisy = [document for document in noisy if fold_of(document.site, FOLDS) != without]
    matrix, columns, known, weights = _design(typed, tables, sparse)
    use = weights > 0
    matrix, columns, known, weights = matrix[use], columns[use], known[use], weights[use]
    coefficients = []

    def learn(rows: Any, target: Ints, weight: Floats) -> None:
        model = SGDClassifier(loss="log_loss", alpha=ALPHA, max_iter=ROUNDS, tol=None, random_state=1)
        if 0 < target.sum() < len(target):
            model.fit(rows, target, sample_weight=weight)
            coefficients.append((model.coef_[0], float(model.intercept_[0])))
        else:
            coefficients.append((np.zeros(rows.shape[1]), -9.0))

    for column in range(len(COLUMNS)):
        learn(matrix, columns == column, weights)
    if noisy:
        more, _, more_known, more_weights = _design(noisy, tables, sparse)
        use = more_weights > 0
        matrix = sparse.vstack([matrix, more[use]]).tocsr()
        known = np.concatenate((known, more_known[use]))
        weights = np.concatenate((weights, NOISY_WEIGHT * more_weights[use]))
    learn(matrix, known == 1, weights)
    return _linear_arrays(tables, coefficients)


def _design(documents: Sequence[Example], tables: Mapping[str, Ints], sparse: Any) -> tuple[Any, Ints, Ints, Floats]:
    """Block × hash matrix, label columns, boilerplate flags and weights of all documents' blocks."""
    rows, columns, values, start = [], [], [], 0
    for document in documents:
        features, count = document.features, len(document.labels)
        block = np.repeat(np.arange(count), features.counts)
        weight = token_weight(features.counts)
        offset = 0
        for name, buckets in tables.items():
            own_buckets = _buckets(features, name)
            at = np.searchsorted(buckets, own_buckets.ravel())
            inside = (at < len(buckets)) & (buckets[np.minimum(at, len(buckets) - 1)] == own_buckets.ravel())
            owner = np.repeat(np.arange(count), own_buckets.shape[1]) if name == "edge" else block
            value = np.full(len(owner), PARTS[name]) if name == "edge" else PARTS[name] * weight[block]
            rows.append(owner[inside] + start)
            columns.append(at[inside] + offset)
            values.append(value[inside])
            offset += len(buckets)
        start += count
    shape = (start, sum(map(len, tables.values())))
    ordered = tuple(np.concatenate(part) for part in (values, rows, columns))
    matrix = sparse.csr_matrix((ordered[0].astype(np.float32), ordered[1:]), shape=shape)
    joined = [
        np.concatenate([getattr(document, name) for document in documents])
        for name in ("labels", "boilerplate", "weights")
    ]
    return matrix, joined[0], joined[1], joined[2]


def telling(arrays: Mapping[str, Floats]) -> dict[str, Floats]:
    """A linear scorer's arrays without the rows that say next to nothing."""
    kept = dict(arrays)
    for name in PARTS:
        weights, scale = (arrays[f"{name}.{part}"] for part in ("weights", "scale"))
        rows = np.abs(weights).max(axis=1) * scale.astype(np.float32) >= LEAST_TOLD
        kept |= {f"{name}.{part}": arrays[f"{name}.{part}"][rows] for part in ("buckets", "weights", "scale")}
    return kept


def _linear_arrays(tables: Mapping[str, Ints], coefficients: Sequence[tuple[Floats, float]]) -> dict[str, Floats]:
    """The tables in 8 bits with a scale per row; what a value of a table counts is multiplied in."""
    weights = np.stack([coefficient for coefficient, _ in coefficients], axis=1)
    arrays: dict[str, Floats] = {"bias": np.array([intercept for _, intercept in coefficients], np.float32)}
    first = 0
    for name, buckets in tables.items():
        table = weights[first : first + len(buckets)] * PARTS[name]
        scale = np.maximum(np.abs(table).max(axis=1), 1e-8) / 127
        arrays[f"{name}.buckets"] = buckets.astype(np.uint32)
        arrays[f"{name}.weights"] = np.round(table / scale[:, None]).astype(np.int8)
        arrays[f"{name}.scale"] = scale.astype(np.float16)
        first += len(buckets)
    return arrays
