"""Trains the model's network with PyTorch: the layers of `model.network.Network`, AdamW, averaged weights.

One document is one sequence; documents of like length make a batch. The loss weighs the question article or
boilerplate twice the question which label. Cleaning needs no PyTorch: what is learned is written as plain arrays.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.labels import KEPT, Label
from cleaner.model.network import Network
from cleaner.segmentation.tokens import Floats, Ints

if TYPE_CHECKING:
    import torch

    from cleaner.training.rounded import Dropout


@dataclass(frozen=True, slots=True)
class Settings:
    """How the network is trained; found by cross-validation over sources."""

    width: int = 96
    dilations: tuple[int, ...] = (1, 2, 4, 8)
    carried: int = 64  # values carried from block to block, in each direction; 0: none
    epochs: int = 8
    batch: int = 480  # blocks, padding included
    rate: float = 2e-3
    decay: float = 0.05
    drop: float = 0.1  # of hidden values
    drop_inputs: float = 0.1
    smooth: float = 0.02  # of the gate's targets
    kind: float = 0.7  # weight of the question which label
    seed: int = 1
    members: int = 3  # networks that ship; their opinions are averaged
    made_share: float = 0.5  # of the documents made from others, in each epoch
    jobs: int = 1  # processes that learn at the same time, each without another fold


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled document: inputs, label columns, weights (0: leave the block out of the loss)."""

    inputs: Floats
    labels: Ints
    weights: Floats
    made: bool = False  # from another document: only a share of such is learned in an epoch


#: Longer documents are learned in stretches of so many blocks, another one in each epoch.
LONGEST = 192
#: Weights are averaged over the last steps: from this share of them on, with this memory.
AVERAGED_FROM, AVERAGED_MEMORY = 0.6, 0.998
#: The learning rate rises over so many steps, a tenth of all at most, and falls along a cosine to this share of it.
WARM_UP, LOWEST_RATE = 200, 0.01
#: Batches are cut from so many at a time, sorted by length, so that little of them is padding.
SORTED_TOGETHER = 640  # documents


def train_network(documents: Sequence[Labelled], mean: Floats, scale: Floats, settings: Settings) -> Network:
    """The network trained on documents whose inputs were made with this mean and scale. Raises ImportError."""
    import torch

    torch.set_flush_denormal(True)  # tiny gradients make a processor three times as slow
    try:
        return _trained(documents, mean, scale, settings)
    finally:
        torch.set_flush_denormal(False)


def _trained(documents: Sequence[Labelled], mean: Floats, scale: Floats, settings: Settings) -> Network:
    import torch

    from cleaner.training.rounded import Dropout

    torch.manual_seed(settings.seed)
    chance, dropout = random.Random(settings.seed), Dropout(settings.seed)
    weights = _initial(documents[0].inputs.shape[1], settings)
    loss_of = _loss(_class_weights(documents), settings)
    optimizer = torch.optim.AdamW(list(weights.values()), lr=settings.rate, weight_decay=settings.decay, fused=True)
    steps = settings.epochs * sum(1 for _ in _batches(documents, settings, random.Random(0)))
    averaged = {name: array.detach().clone() for name, array in weights.items()}
    step = 0
    for _ in range(settings.epochs):
        for batch in list(_batches(documents, settings, chance)):
            step += 1
            for group in optimizer.param_groups:
                group["lr"] = settings.rate * _rate(step, steps)
            inputs, labels, counted, inside = _padded([documents[index] for index in batch], chance)
            loss = loss_of(_forward(weights, inputs, inside, settings, dropout), labels, counted)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0)
            optimizer.step()
            memory = AVERAGED_MEMORY if step > AVERAGED_FROM * steps else 0.0
            if memory or step >= AVERAGED_FROM * steps - 1:
                with torch.no_grad():
                    for name, array in weights.items():
                        averaged[name].mul_(memory).add_(array, alpha=1 - memory)
    arrays = {name: array.detach().numpy().copy() for name, array in averaged.items()}
    return Network({**arrays, "mean": mean, "scale": scale}, settings.dilations)


def _rate(step: int, steps: int) -> float:
    falling = LOWEST_RATE + (1 - LOWEST_RATE) * (0.5 + 0.5 * math.cos(math.pi * min(1.0, step / steps)))
    return min(1.0, step / min(WARM_UP, 1 + steps / 10)) * falling


def _initial(inputs: int, settings: Settings) -> dict[str, torch.Tensor]:
    import torch

    width = settings.width
    shapes = {"inp": (inputs, width), "doc": (width, width), "out": (width, len(Label) + 1)}
    shapes |= {f"conv{layer}": (3 * width, width) for layer in range(len(settings.dilations))}
    if settings.carried:
        shapes |= {"gates": (width, 4 * settings.carried), "carry": (2 * settings.carried, width)}
    weights: dict[str, torch.Tensor] = {}
    for name, (rows, columns) in shapes.items():
        bound = 1 / math.sqrt(rows)
        weights[f"{name}.w"] = ((2 * torch.rand(rows, columns) - 1) * bound).requires_grad_()
        weights[f"{name}.b"] = torch.zeros(columns, requires_grad=True)
    return weights


def _batches(documents: Sequence[Labelled], settings: Settings, chance: random.Random) -> Iterator[list[int]]:
    """Indices of an epoch's documents that make up a batch of about so many blocks, in an order of chance."""
    order = [
        index for index, document in enumerate(documents) if not document.made or chance.random() < settings.made_share
    ]
    chance.shuffle(order)
    batches: list[list[int]] = []
    for first in range(0, len(order), SORTED_TOGETHER):
        together = sorted(order[first : first + SORTED_TOGETHER], key=lambda index: len(documents[index].labels))
        batch: list[int] = []
        for index in together:  # the longest comes last
            if batch and min(LONGEST, len(documents[index].labels)) * (len(batch) + 1) > settings.batch:
                batches.append(batch)
                batch = []
            batch.append(index)
        batches.append(batch)
    chance.shuffle(batches)
    yield from batches


def _padded(documents: Sequence[Labelled], chance: random.Random) -> tuple[torch.Tensor, ...]:
    """Inputs, labels, weights, and which blocks there are (1) or are padding (0); document first, then block."""
    import torch

    longest = max(min(LONGEST, len(document.labels)) for document in documents)
    shape = (len(documents), longest)
    inputs = np.zeros((*shape, documents[0].inputs.shape[1]), np.float32)
    labels, weights, inside = np.zeros(shape, np.int64), np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for row, document in enumerate(documents):
        first = chance.randint(0, max(0, len(document.labels) - LONGEST))
        stretch = slice(first, first + LONGEST)
        count = len(document.labels[stretch])
        inputs[row, :count], labels[row, :count] = document.inputs[stretch], document.labels[stretch]
        weights[row, :count], inside[row, :count] = document.weights[stretch], 1
    return tuple(torch.from_numpy(array) for array in (inputs, labels, weights, inside))


def _forward(
    weights: dict[str, torch.Tensor], inputs: torch.Tensor, inside: torch.Tensor, settings: Settings, dropout: Dropout
) -> torch.Tensor:
    """The logits, with dropout: `model.network.Network.score` for a batch."""
    import torch
    from torch.nn.functional import pad

    from cleaner.training.rounded import Dense

    mask = inside[..., None]
    kept = mask / dropout.kept(settings.drop)

    def dense(name: str, values: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = Dense.apply(values, weights[f"{name}.w"], weights[f"{name}.b"])  # type: ignore[no-untyped-call]
        return made

    def layer(name: str, values: torch.Tensor) -> torch.Tensor:
        active = torch.relu(dense(name, values))
        return active * (dropout.mask(active.shape, settings.drop) * kept)

    hidden = layer("inp", inputs * dropout.mask(inputs.shape, settings.drop_inputs))
    mean = hidden.sum(1) / mask.sum(1)
    hidden = torch.relu(hidden + (mean @ weights["doc.w"] + weights["doc.b"])[:, None]) * mask
    for number, step in enumerate(settings.dilations):
        before = pad(hidden, (0, 0, step, 0))[:, :-step]
        after = pad(hidden, (0, 0, 0, step))[:, step:]
        hidden = hidden + layer(f"conv{number}", torch.cat((before, hidden, after), -1))
    if settings.carried:
        hidden = hidden + layer("carry", _carried(dense("gates", hidden), mask > 0))
    return dense("out", hidden)


def _carried(gates: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """`model.network.carried` for a batch: every block after the other, all documents at once."""
    import torch

    from cleaner.training.carried import Carried

    half = gates.shape[-1] // 4
    by_block = gates.transpose(0, 1)
    asked, offered = by_block[..., : 2 * half], by_block[..., 2 * half :]
    taken = (0.5 + 0.5 * asked / (1 + asked.abs())) * inside.transpose(0, 1)
    value = torch.where(offered >= 0, offered + 0.5, 0.5 / (1 + 2 * (-offered).relu()))
    states = Carried.apply(_way_back_turned(1 - taken, half), _way_back_turned(taken * value, half))  # type: ignore[no-untyped-call]
    return _way_back_turned(states, half).transpose(0, 1) * inside


def _way_back_turned(values: torch.Tensor, half: int) -> torch.Tensor:
    """Block × document × values, the values from `half` on with the last block first."""
    import torch

    return torch.cat((values[..., :half], values[..., half:].flip(0)), -1)


def _class_weights(documents: Sequence[Labelled]) -> Floats:
    """Rare labels count somewhat more in the question which label."""
    counted = np.concatenate([document.labels[document.weights > 0] for document in documents])
    counts = np.bincount(counted, minlength=len(Label)) + 5
    weights = (counts.max() / counts) ** 0.2
    kept = len(KEPT)
    return np.concatenate((0.5 * weights[:kept], weights[kept:] / weights[kept:].min())).astype(np.float32)


def _loss(class_weights: Floats, settings: Settings) -> Any:
    """The loss of a batch: cross-entropy of the gate, and of the label on its side of the gate."""
    import torch
    from torch.nn import functional

    kept, by_class = len(KEPT), torch.from_numpy(class_weights)

    def loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        boilerplate = (labels >= kept).float()
        target = boilerplate * (1 - 2 * settings.smooth) + settings.smooth
        gate = functional.binary_cross_entropy_with_logits(logits[..., -1], target, reduction="none")
        sides = torch.cat((logits[..., :kept].log_softmax(-1), logits[..., kept:-1].log_softmax(-1)), -1)
        kind = -sides.gather(-1, labels[..., None])[..., 0] * by_class[labels]
        return ((2 * gate + settings.kind * kind) * weights).sum() / settings.batch

    return loss
