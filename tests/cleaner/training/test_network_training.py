"""The network's training: gradients agree with differences of the loss, a toy rule is learned, a seed decides all."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cleaner.labels import KEPT, Label
from cleaner.model.network import COLUMN, Network, around, softmax
from cleaner.training.network import (
    BLOCKS_PER_DOCUMENT,
    Arrays,
    Labelled,
    Settings,
    _add_gradients,
    _around_back,
    _class_weights,
    _initial,
    train_network,
)

Array = NDArray[Any]

INPUTS = 3
TINY = Settings(width=4, dilations=(1, 2), drop=0.0, drop_inputs=0.0)


def document(count: int, seed: int) -> Labelled:
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, len(Label), count)
    labels[:2] = COLUMN[Label.BODY], COLUMN[Label.DONATION]  # both sides of the gate
    return Labelled(chance.normal(size=(count, INPUTS)), labels, np.where(np.arange(count) == 2, 0.0, 1.0))


def tiny_arrays(seed: int) -> Arrays:
    """Double precision, and biases far enough from 0 that no step crosses a kink."""
    chance = np.random.default_rng(seed)
    arrays = {name: array.astype(np.float64) for name, array in _initial(INPUTS, TINY, chance).items()}
    return {
        name: chance.uniform(0.05, 0.3, array.shape) if name.endswith(".b") else array for name, array in arrays.items()
    }


def forward(arrays: Arrays, inputs: Array) -> Array:
    """Logits, written out once more from the model's description."""
    hidden = np.maximum(inputs @ arrays["inp.w"] + arrays["inp.b"], 0)
    hidden = np.maximum(hidden + hidden.mean(axis=0) @ arrays["doc.w"] + arrays["doc.b"], 0)
    for layer, step in enumerate(TINY.dilations):
        padded = np.concatenate((np.zeros((step, TINY.width)), hidden, np.zeros((step, TINY.width))))
        wide = np.concatenate((padded[: -2 * step], hidden, padded[2 * step :]), axis=1)
        hidden = hidden + np.maximum(wide @ arrays[f"conv{layer}.w"] + arrays[f"conv{layer}.b"], 0)
    return np.asarray(hidden @ arrays["out.w"] + arrays["out.b"])


def loss(arrays: Arrays, each: Labelled, class_weights: Array) -> float:
    """Cross-entropy of the gate, twice, and of the label on its side of the gate, per weighted block."""
    total = 0.0
    for row, label, weight in zip(forward(arrays, each.inputs), each.labels, each.weights, strict=True):
        gone = label >= len(KEPT)
        target = 1 - TINY.smooth if gone else TINY.smooth
        gate = 1 / (1 + math.exp(-row[-1]))
        side = row[len(KEPT) : -1] if gone else row[: len(KEPT)]
        kind = -math.log(softmax(side[None])[0, label - len(KEPT) * gone])
        total -= weight * 2 * (target * math.log(gate) + (1 - target) * math.log(1 - gate))
        total += weight * TINY.kind * class_weights[label] * kind
    return total / (TINY.batch * BLOCKS_PER_DOCUMENT)


@pytest.mark.parametrize(("count", "seed"), [(3, 1), (7, 2), (20, 3)])
def test_gradients(count: int, seed: int) -> None:
    """`around` pads in single precision, hence the tolerance."""
    each, arrays = document(count, seed), tiny_arrays(seed)
    class_weights = _class_weights([each]).astype(np.float64)
    gradients = {name: np.zeros_like(array) for name, array in arrays.items()}
    _add_gradients(arrays, each, class_weights, TINY, np.random.default_rng(0), gradients)
    chance = np.random.default_rng(seed)
    for name, array in arrays.items():
        for at in chance.choice(array.size, min(6, array.size), replace=False):
            cell = np.unravel_index(at, array.shape)
            assert gradients[name][cell] == pytest.approx(
                slope(arrays, name, cell, each, class_weights), rel=1e-3, abs=1e-7
            ), (name, cell)


def slope(arrays: Arrays, name: str, cell: Any, each: Labelled, class_weights: Array, step: float = 1e-5) -> float:
    """The loss's slope by one weight, from its values on both sides."""
    values = []
    for sign in (1, -1):
        moved = arrays[name].copy()
        moved[cell] += sign * step
        values.append(loss({**arrays, name: moved}, each, class_weights))
    return (values[0] - values[1]) / (2 * step)


def test_gradients_add_up_over_documents() -> None:
    arrays, documents = tiny_arrays(1), [document(3, 1), document(5, 2)]
    weights = _class_weights(documents)

    def gradients(of: list[Labelled]) -> Arrays:
        sums = {name: np.zeros_like(array) for name, array in arrays.items()}
        for each in of:
            _add_gradients(arrays, each, weights, TINY, np.random.default_rng(0), sums)
        return sums

    both, first, second = gradients(documents), gradients(documents[:1]), gradients(documents[1:])
    for name in arrays:
        assert np.allclose(both[name], first[name] + second[name])


@pytest.mark.parametrize("step", [1, 2, 4, 8])
def test_around_back_is_the_transpose_of_around(step: int) -> None:
    chance = np.random.default_rng(step)
    forth, back = chance.normal(size=(5, 2)).astype(np.float32), chance.normal(size=(5, 6)).astype(np.float32)
    assert np.sum(around(forth, step) * back) == pytest.approx(np.sum(forth * _around_back(back, step)), rel=1e-4)


def test_blocks_of_weight_zero_teach_nothing() -> None:
    each, arrays = document(4, 1), tiny_arrays(1)
    silent = Labelled(each.inputs, each.labels, np.zeros(4))
    gradients = {name: np.zeros_like(array) for name, array in arrays.items()}
    _add_gradients(arrays, silent, np.ones(len(Label)), TINY, np.random.default_rng(0), gradients)
    assert all(not gradient.any() for gradient in gradients.values())


# Learning ----------------------------------------------------------------------------------------


def toy(count: int, seed: int) -> list[Labelled]:
    """The rule: a block is a caption when the block before it is flagged; the flag itself says nothing of its block."""
    chance, documents = np.random.default_rng(seed), []
    for _ in range(count):
        flags = chance.random(12) < 0.3
        flags[-1] = False
        labels = np.where(np.append(False, flags[:-1]), COLUMN[Label.CAPTION], COLUMN[Label.BODY])
        noise = chance.normal(size=(12, 2)) * 0.1
        inputs = np.concatenate((flags[:, None], noise), axis=1).astype(np.float32)
        documents.append(Labelled(inputs, labels, np.ones(12)))
    return documents


SMALL = Settings(width=16, dilations=(1, 2), epochs=30, batch=8, rate=1e-2)


def trained(settings: Settings, documents: list[Labelled]) -> Network:
    return train_network(documents, np.zeros(INPUTS, np.float32), np.ones(INPUTS, np.float32), settings)


def test_a_toy_rule_about_neighbours_is_learned() -> None:
    network = trained(SMALL, toy(120, 1))
    held_out = toy(40, 2)
    right = np.concatenate([network.score(each.inputs).argmax(axis=1) == each.labels for each in held_out])
    assert right.mean() > 0.97


def test_a_seed_decides_all() -> None:
    documents, short = toy(20, 1), replace(SMALL, epochs=2)
    first, again, other = (trained(settings, documents) for settings in (short, short, replace(short, seed=2)))
    assert all(np.array_equal(first.arrays[name], again.arrays[name]) for name in first.arrays)
    assert not np.array_equal(first.arrays["inp.w"], other.arrays["inp.w"])


def test_rare_labels_count_more() -> None:
    labels = np.array([COLUMN[Label.BODY]] * 90 + [COLUMN[Label.RELATED]] * 9 + [COLUMN[Label.LEGAL]])
    weights = _class_weights([Labelled(np.zeros((100, INPUTS), np.float32), labels, np.ones(100))])
    assert weights[COLUMN[Label.LEGAL]] > weights[COLUMN[Label.RELATED]] >= 1
    assert weights[COLUMN[Label.BODY]] == 0.5
