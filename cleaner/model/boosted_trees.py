"""Boosted decision trees as plain arrays, scored in NumPy. No training: `training.source_correction` makes the arrays.

All trees are walked at once, one level at a time; the answer is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cleaner import accelerator
from cleaner.segmentation.tokens import Floats, Ints

#: No tree of a model has more levels.
DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Trees:
    """Nodes of all trees in one table; a leaf is its own left and right child."""

    roots: Ints  # tree → node
    feature: Ints  # node → column of the input
    threshold: Floats  # node: to the left when the input is not above it
    children: Ints  # of the first node the left and the right one, then of the second node …
    value: Floats  # leaf → what it adds
    depth: int
    start: float  # what the sum starts from

    def score(self, table: Floats) -> Floats:
        """Rows × columns → the sum of the leaves that each row falls into."""
        return self.start + self.value.take(self._leaves(table)).sum(axis=1)

    def _leaves(self, table: Floats) -> Ints:
        """Rows × trees → node."""
        if accelerator.compiled is None or table.dtype != np.float32 or self.threshold.dtype != np.float32:
            return self._leaves_in_numpy(table)
        nodes = self.roots, self.feature, self.threshold, self.children, self.depth
        memory = accelerator.compiled.leaves(np.ascontiguousarray(table), table.shape[1], *nodes)
        return np.frombuffer(memory, np.int64).reshape(len(table), len(self.roots))

    def _leaves_in_numpy(self, table: Floats) -> Ints:
        """The reference that the accelerator is held to."""
        count, width = table.shape
        cells, rows = table.ravel(), np.arange(0, count * width, width)[:, None]
        nodes = np.broadcast_to(self.roots, (count, len(self.roots)))
        for _ in range(self.depth):  # `take` of flat arrays takes half the time of an index in brackets
            goes_right = cells.take(rows + self.feature.take(nodes)) > self.threshold.take(nodes)
            nodes = self.children.take(nodes * 2 + goes_right)
        return nodes

    def arrays(self) -> dict[str, Floats]:
        """The arrays to store."""
        return {
            "roots": self.roots.astype(np.int32), "feature": self.feature.astype(np.uint8),
            "threshold": self.threshold.astype(np.float32), "left": self.children[::2].astype(np.int32),
            "right": self.children[1::2].astype(np.int32), "value": self.value.astype(np.float32),
            "start": np.array([self.start, self.depth], np.float32),
        }  # fmt: skip

    @classmethod
    def of(cls, arrays: Mapping[str, Floats]) -> Trees:
        """The trees from stored arrays, which `model.arrays` has checked."""
        start, depth = arrays["start"]
        return cls(
            arrays["roots"].astype(np.int64), arrays["feature"].astype(np.int64), arrays["threshold"],
            np.stack((arrays["left"], arrays["right"]), axis=1).astype(np.int64).ravel(), arrays["value"],
            int(depth), float(start),
        )  # fmt: skip
