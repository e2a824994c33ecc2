"""The trees that weigh memory: read from LightGBM's published format, they say what LightGBM says."""

from __future__ import annotations

import numpy as np
import pytest

from cleaner.training.source_correction import from_lightgbm, train_trees


def leaf(value: float) -> dict[str, object]:
    return {"leaf_value": value}


def split(feature: int, threshold: float, left: object, right: object, decision: str = "<=") -> dict[str, object]:
    node = {"split_feature": feature, "threshold": threshold, "decision_type": decision}
    return {**node, "left_child": left, "right_child": right}


def model(*trees: object) -> dict[str, object]:
    return {"tree_info": [{"tree_structure": tree} for tree in trees]}


@pytest.mark.parametrize(
    ("row", "score"),
    [([0, 0], 11), ([0.5, 9], 11), ([0.6, 1], 12), ([0.6, 2.5], 14)],
)
def test_published_trees_are_walked_as_they_say(row: list[float], score: float) -> None:
    trees = from_lightgbm(model(leaf(10), split(0, 0.5, leaf(1), split(1, 2, leaf(2), leaf(4)))))
    assert trees.score(np.array([row], np.float32)).tolist() == [score]


def test_a_threshold_between_two_numbers_parts_them() -> None:
    low, high = np.float32(0.1), np.nextafter(np.float32(0.1), np.float32(1))
    middle = (float(low) + 3 * float(high)) / 4  # nearer to the higher one, which must stay on the right
    trees = from_lightgbm(model(split(0, middle, leaf(0), leaf(1))))
    assert trees.score(np.array([[low], [high]], np.float32)).tolist() == [0, 1]


def test_splits_by_category_are_refused() -> None:
    with pytest.raises(ValueError, match="=="):
        from_lightgbm(model(split(0, 1, leaf(0), leaf(1), decision="==")))


def test_more_odds_never_mean_less() -> None:
    pytest.importorskip("lightgbm")
    chance = np.random.default_rng(4)
    table = chance.normal(size=(4000, 5)).astype(np.float32)
    flags = (table[:, 0] + table[:, 1] * table[:, 2] + chance.normal(size=4000) > 0.3).astype(np.int64)
    trees = train_trees(table, flags, np.ones(4000))
    row = np.repeat(table[:50, None], 40, axis=1)
    row[:, :, 0] = np.linspace(-3, 3, 40)
    scores = trees.score(row.reshape(-1, 5)).reshape(50, 40)
    assert (np.diff(scores, axis=1) >= 0).all()
    assert (scores[:, -1] > scores[:, 0]).all()
