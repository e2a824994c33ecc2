"""Trains the model's network: forward and backward through the few layers of `model.Network`, and AdamW. NumPy only.

One document is one sequence; gradients of a batch of documents add up. The loss weighs the question
article or boilerplate twice the question which label. Deterministic for a seed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cleaner.labels import KEPT, Label
from cleaner.model.network import Network, around, softmax
from cleaner.segmentation.tokens import Floats, Ints

Arrays = dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Settings:
    """How the network is trained; found by cross-validation over sources."""

    width: int = 96
    dilations: tuple[int, ...] = (1, 2, 4, 8)
    epochs: int = 14
    batch: int = 16  # documents
    rate: float = 2e-3
    decay: float = 0.05
    drop: float = 0.45  # of hidden values
    drop_inputs: float = 0.2
    smooth: float = 0.02  # of the gate's targets
    kind: float = 0.7  # weight of the question which label
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled document: inputs, label columns, weights (0: leave the block out of the loss)."""

    inputs: Floats
    labels: Ints
    weights: Floats


def train_network(documents: Sequence[Labelled], mean: Floats, scale: Floats, settings: Settings) -> Network:
    """The network trained on documents whose inputs were made with this mean and scale."""
    chance = np.random.default_rng(settings.seed)
    arrays = _initial(documents[0].inputs.shape[1], settings, chance)
    class_weights = _class_weights(documents)
    moments: dict[str, tuple[Floats, Floats]] = {
        name: (np.zeros_like(array), np.zeros_like(array)) for name, array in arrays.items()
    }
    order = list(range(len(documents)))
    shuffle = random.Random(settings.seed)
    steps = math.ceil(len(order) / settings.batch) * settings.epochs
    step = 0
    for _ in range(settings.epochs):
        shuffle.shuffle(order)
        for first in range(0, len(order), settings.batch):
            gradients = {name: np.zeros_like(array) for name, array in arrays.items()}
            for index in order[first : first + settings.batch]:
                _add_gradients(arrays, documents[index], class_weights, settings, chance, gradients)
            step += 1
            rate = settings.rate * min(1.0, step / 100) * (0.505 + 0.495 * math.cos(math.pi * step / steps))
            _adamw(arrays, gradients, moments, step=step, rate=rate, decay=settings.decay)
    return Network({**arrays, "mean": mean, "scale": scale}, settings.dilations)


def _initial(inputs: int, settings: Settings, chance: np.random.Generator) -> Arrays:
    width = settings.width
    shapes = {"inp": (inputs, width), "doc": (width, width), "out": (width, len(Label) + 1)}
    shapes |= {f"conv{layer}": (3 * width, width) for layer in range(len(settings.dilations))}
    arrays: Arrays = {}
    for name, (rows, columns) in shapes.items():
        bound = 1 / math.sqrt(rows)
        arrays[f"{name}.w"] = chance.uniform(-bound, bound, (rows, columns)).astype(np.float32)
        arrays[f"{name}.b"] = np.zeros(columns, np.float32)
    return arrays


def _class_weights(documents: Sequence[Labelled]) -> Floats:
    """Rare labels count somewhat more in the question which label."""
    counts = (
        np.bincount(np.concatenate([each.labels[each.weights > 0] for each in documents]), minlength=len(Label)) + 5
    )
    weights = (counts.max() / counts) ** 0.2
    kept = len(KEPT)
    return np.concatenate((0.5 * weights[:kept], weights[kept:] / weights[kept:].min())).astype(np.float32)


def _add_gradients(
    arrays: Arrays,
    document: Labelled,
    class_weights: Floats,
    settings: Settings,
    chance: np.random.Generator,
    gradients: Arrays,
) -> None:
    """Adds one document's gradients: forward with dropout, backward in the opposite order."""
    keep = 1 - settings.drop
    inputs = document.inputs * (chance.random(document.inputs.shape, np.float32) >= settings.drop_inputs)
    count = len(inputs)

    def mask() -> Floats:
        return (chance.random((count, settings.width), np.float32) < keep).astype(np.float32) / keep

    first_mask = mask()
    first = np.maximum(inputs @ arrays["inp.w"] + arrays["inp.b"], 0) * first_mask
    mean = first.mean(axis=0)
    hidden = np.maximum(first + (mean @ arrays["doc.w"] + arrays["doc.b"]), 0)
    second = hidden
    layers = []
    for layer, step in enumerate(settings.dilations):
        wide, layer_mask = around(hidden, step), mask()
        out = np.maximum(wide @ arrays[f"conv{layer}.w"] + arrays[f"conv{layer}.b"], 0)
        layers.append((wide, out > 0, layer_mask))
        hidden = hidden + out * layer_mask
    logits = hidden @ arrays["out.w"] + arrays["out.b"]

    back = _loss_gradient(logits, document, class_weights, settings)
    gradients["out.w"] += hidden.T @ back
    gradients["out.b"] += back.sum(axis=0)
    back = back @ arrays["out.w"].T
    for layer in reversed(range(len(layers))):
        wide, active, layer_mask = layers[layer]
        through = back * layer_mask * active
        gradients[f"conv{layer}.w"] += wide.T @ through
        gradients[f"conv{layer}.b"] += through.sum(axis=0)
        back = back + _around_back(through @ arrays[f"conv{layer}.w"].T, settings.dilations[layer])
    back = back * (second > 0)
    total = back.sum(axis=0)
    gradients["doc.w"] += np.outer(mean, total)
    gradients["doc.b"] += total
    back = (back + (total @ arrays["doc.w"].T) / count) * first_mask * (first > 0)
    gradients["inp.w"] += inputs.T @ back
    gradients["inp.b"] += back.sum(axis=0)


def _around_back(wide: Floats, step: int) -> Floats:
    """The gradient of `model.around`: what went to the neighbours comes back from them."""
    count, width = wide.shape[0], wide.shape[1] // 3
    back = wide[:, width : 2 * width].copy()
    if count > step:
        back[:-step] += wide[step:, :width]
        back[step:] += wide[:-step, 2 * width :]
    return back


#: So many blocks make up a batch's loss on average; keeps the size of gradients apart from that of documents.
BLOCKS_PER_DOCUMENT = 30


def _loss_gradient(logits: Floats, document: Labelled, class_weights: Floats, settings: Settings) -> Floats:
    """The gradient of the loss by the logits: cross-entropy of the gate, and of the label on its side of the gate."""
    kept, labels = len(KEPT), document.labels
    weights = (document.weights / (settings.batch * BLOCKS_PER_DOCUMENT))[:, None].astype(np.float32)
    is_boilerplate = labels >= kept
    target = np.where(is_boilerplate, 1 - settings.smooth, settings.smooth)[:, None]
    gate = 1 / (1 + np.exp(-np.clip(logits[:, -1:], -30, 30)))
    back = np.zeros_like(logits)
    back[:, -1:] = 2 * (gate - target) * weights
    kind = settings.kind * class_weights[labels][:, None] * weights
    for side, (first, last) in ((~is_boilerplate, (0, kept)), (is_boilerplate, (kept, logits.shape[1] - 1))):
        if side.any():
            wanted = np.zeros((int(side.sum()), last - first), np.float32)
            wanted[np.arange(len(wanted)), labels[side] - first] = 1
            back[side, first:last] = (softmax(logits[side, first:last]) - wanted) * kind[side]
    return back.astype(np.float32)


def _adamw(
    arrays: Arrays,
    gradients: Arrays,
    moments: Mapping[str, tuple[Floats, Floats]],
    *,
    step: int,
    rate: float,
    decay: float,
) -> None:
    """One step of AdamW (Loshchilov and Hutter, 2019), with the norm of all gradients cut off at 1."""
    norm = math.sqrt(sum(float((gradient**2).sum()) for gradient in gradients.values()))
    shrink = min(1.0, 1.0 / max(norm, 1e-12))
    for name, array in arrays.items():
        gradient = gradients[name] * shrink
        mean, square = moments[name]
        mean *= 0.9
        mean += 0.1 * gradient
        square *= 0.999
        square += 0.001 * gradient**2
        update = (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        array *= 1 - rate * decay
        array -= rate * update
