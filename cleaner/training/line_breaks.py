"""Trains the model of lost line breaks: from any texts that still have theirs, no labels needed.

The lines of each are joined by spaces; a gap where two met is a break, all others are none. Needs scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cleaner.segmentation.line_breaks import BITS, Breaks, gaps_of, packed
from cleaner.segmentation.text import FLAT_BREAKS, sentences
from cleaner.segmentation.tokens import Floats, Ints

#: A bucket gets a weight when at least so many sites hold it.
MIN_SITES = 3
#: Texts of one site and lines of one text that are learned: menus and large sites would count for too much.
MOST_TEXTS, MOST_LINES = 100, 200
ALPHA, ROUNDS = 1e-5, 6


@dataclass(frozen=True, slots=True)
class Broken:
    """A text with its lines."""

    site: str
    lines: Sequence[str]


def broken(texts: Iterable[tuple[str, str]]) -> list[Broken]:
    """Those of (site, text) that have lines, some of each site."""
    counts: dict[str, int] = {}
    broken_texts = []
    for site, text in texts:
        lines = [line.strip() for line in text.split("\n") if line.strip()][:MOST_LINES]
        if len(lines) > FLAT_BREAKS and counts.setdefault(site, 0) < MOST_TEXTS:
            counts[site] += 1
            broken_texts.append(Broken(site, lines))
    return broken_texts


class GapDesign:
    """What is learned from: the gaps of all texts; made once, fitted with and without some sites."""

    def __init__(self, texts: Sequence[Broken]) -> None:
        gaps = [_gaps(text) for text in texts]
        self._features: Ints = np.concatenate([features for features, _ in gaps])
        self._is_break: Ints = np.concatenate([breaks for _, breaks in gaps])
        sizes = [len(breaks) for _, breaks in gaps]
        names = {name: number for number, name in enumerate(sorted({text.site for text in texts}))}
        self._site: Ints = np.repeat([names[text.site] for text in texts], sizes)
        self.sites = list(names)

    def fit(self, *, without: Iterable[str] = ()) -> tuple[Floats, float]:
        """Weights and bias, without some sites. Raises ImportError without scikit-learn."""
        from scipy import sparse
        from sklearn.linear_model import SGDClassifier

        left_out = set(without)
        use = ~np.array([name in left_out for name in self.sites])[self._site]
        features, target = self._features[use], self._is_break[use]
        known = _held_by(features, self._site[use]) >= MIN_SITES
        values = known[features.ravel()].astype(np.float32)
        starts = np.arange(0, features.size + 1, features.shape[1])
        rows: Any = sparse.csr_matrix((values, features.ravel(), starts), shape=(len(features), 1 << BITS))
        rows.eliminate_zeros()
        model = SGDClassifier(loss="log_loss", alpha=ALPHA, max_iter=ROUNDS, tol=None, random_state=1)
        model.fit(rows, target)
        return model.coef_[0].astype(np.float32), float(model.intercept_[0])

    def breaks(self, *, without: Iterable[str] = ()) -> Breaks:
        """A model to be used at once."""
        return Breaks(*self.fit(without=without))

    def file(self) -> bytes:
        """The file of a model that has learned all texts."""
        weights, bias = self.fit()
        training = {"gaps": len(self._is_break), "breaks": int(self._is_break.sum()), "sites": len(self.sites)}
        return packed(weights, bias, {"training": training})


def _gaps(text: Broken) -> tuple[Ints, Ints]:
    """Gap × features → bucket, and which gaps are breaks."""
    joined = " ".join(text.lines)
    ends = np.cumsum([len(line) + 1 for line in text.lines])
    gaps = gaps_of(joined, sentences(joined, 0, len(joined)))
    return gaps.features, np.isin(gaps.places, ends[:-1])


def _held_by(features: Ints, sites: Ints) -> Ints:
    """Bucket → how many sites hold it."""
    pairs = np.unique((sites[:, None] << BITS) + features)
    counts: Ints = np.bincount(pairs & ((1 << BITS) - 1), minlength=1 << BITS)
    return counts
