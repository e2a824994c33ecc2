"""Trains the sentence encoder on labelled blocks with PyTorch; its word vectors stay as they are.

Which blocks it learns from is what it will be asked of: those that the linear scorer is not sure to be the article.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.labels import KEPT, Label
from cleaner.model.encoder import HEAD, SHAPES, TAIL, Encoder, Read, Rows, doubtful, select, sizes
from cleaner.model.features import Features
from cleaner.model.network import Model
from cleaner.model.topics import RARITY_UNIT
from cleaner.segmentation.tokens import Floats, Ints
from cleaner.training.vectors import Vectors

if TYPE_CHECKING:
    import torch

CHANNELS, HIDDEN, SHAPE_WIDTH = 64, 64, 6
EPOCHS, BATCH, RATE, DECAY, SEED = 8, 256, 2e-3, 0.02, 1
#: Shares left out by chance: of tokens, of their values, of what is pooled, of hidden values.
DROP_TOKENS, DROP_INPUTS, DROP_POOLED, DROP_HIDDEN = 0.1, 0.1, 0.4, 0.2
SMOOTH, KIND = 0.02, 0.7
WARM_UP, LOWEST_RATE = 100, 0.01
#: The vectors are scaled so that the layers begin with values of about their size.
GAIN = 0.25
#: Batches are cut from so many blocks at a time, sorted by length.
SORTED_TOGETHER = 50 * BATCH


@dataclass(frozen=True, slots=True)
class Lesson:
    """A document's blocks to learn from: tokens of those in doubt, and their labels and weights."""

    read: Read
    labels: Ints
    weights: Floats


def lesson(rows: Rows, features: Features, odds: Floats, lengths: Ints, labels: Ints, weights: Floats) -> Lesson | None:
    """What there is to learn in a document; None when no block is in doubt."""
    blocks = np.flatnonzero(doubtful(odds, lengths) & (features.counts > 0) & (weights > 0))
    if not len(blocks):
        return None
    return Lesson(select(rows.find(features), features, blocks), labels[blocks], weights[blocks])


def table_of(vectors: Vectors) -> Floats:
    """The vectors as the encoder reads them, in 8 bits with one scale."""
    rows = vectors.rows * (GAIN * math.sqrt(vectors.rows.shape[1]))
    scale = max(float(np.abs(rows).max()), 1e-8) / 127
    return (np.round(rows / scale) * scale).astype(np.float32)


def vectors_of(model: Model) -> Vectors:
    """The vectors that a model was trained with, as its encoder reads them."""
    encoder = model.first.encoder
    rows = encoder.codes * np.float32(encoder.unit / (GAIN * math.sqrt(encoder.codes.shape[1])))
    words, stems = (buckets.astype(np.int64) for buckets in (encoder.rows.words, encoder.rows.stems))
    return Vectors(words, stems, rows, (model.first.rarity / RARITY_UNIT).astype(np.float32))


def train_encoder(lessons: Sequence[Lesson], rows: Rows, table: Floats) -> Encoder:
    """The encoder over these vectors. Raises ImportError without PyTorch."""
    import torch

    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    tokens, shapes, labels, weights, counts = _flat(lessons)
    parts = _initial(table.shape[1])
    vectors = torch.from_numpy(table)
    by_class = torch.from_numpy(_class_weights(labels))
    optimizer = torch.optim.AdamW(list(parts.values()), lr=RATE, weight_decay=DECAY)
    steps, step = EPOCHS * math.ceil(len(labels) / BATCH), 0
    for _ in range(EPOCHS):
        for batch in list(_batches([len(index) for index in tokens], chance)):
            step += 1
            for group in optimizer.param_groups:
                cosine = 0.5 + 0.5 * math.cos(math.pi * min(1.0, step / steps))
                group["lr"] = (
                    RATE * min(1.0, step / min(WARM_UP, 1 + steps / 10)) * (LOWEST_RATE + (1 - LOWEST_RATE) * cosine)
                )
            ids, forms, inside = _padded([tokens[index] for index in batch], [shapes[index] for index in batch])
            logits = _forward(parts, vectors, (ids, forms, inside), torch.from_numpy(sizes(counts[batch])))
            loss = _loss(logits, torch.from_numpy(labels[batch]), torch.from_numpy(weights[batch]), by_class)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(list(parts.values()), 1.0)
            optimizer.step()
    return Encoder.of(rows, {"vectors": table, **{name: part.detach().numpy().copy() for name, part in parts.items()}})


def _flat(lessons: Sequence[Lesson]) -> tuple[list[Ints], list[Ints], Ints, Floats, Ints]:
    """Per block: rows and shapes of its tokens, label, weight, count of tokens."""
    tokens: list[Ints] = []
    shapes: list[Ints] = []
    for lesson in lessons:
        ends = lesson.read.starts + np.minimum(lesson.read.counts, HEAD + TAIL)
        for start, end in zip(lesson.read.starts.tolist(), ends.tolist(), strict=True):
            tokens.append(lesson.read.rows[start:end])
            shapes.append(lesson.read.shapes[start:end])
    labels = np.concatenate([lesson.labels for lesson in lessons])
    weights = np.concatenate([lesson.weights for lesson in lessons]).astype(np.float32)
    return tokens, shapes, labels, weights, np.concatenate([lesson.read.counts for lesson in lessons])


def _batches(lengths: Sequence[int], chance: random.Random) -> Iterator[list[int]]:
    order = list(range(len(lengths)))
    chance.shuffle(order)
    batches: list[list[int]] = []
    for first in range(0, len(order), SORTED_TOGETHER):
        together = sorted(order[first : first + SORTED_TOGETHER], key=lengths.__getitem__)
        batches += [together[at : at + BATCH] for at in range(0, len(together), BATCH)]
    chance.shuffle(batches)
    yield from batches


def _padded(tokens: Sequence[Ints], shapes: Sequence[Ints]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    import torch

    shape = len(tokens), max(map(len, tokens))
    ids, forms, inside = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.float32)
    for row, (block, form) in enumerate(zip(tokens, shapes, strict=True)):
        ids[row, : len(block)], forms[row, : len(block)], inside[row, : len(block)] = block, form, 1
    return torch.from_numpy(ids), torch.from_numpy(forms), torch.from_numpy(inside)


def _initial(width: int) -> dict[str, torch.Tensor]:
    import torch

    parts = {"shapes": torch.randn(len(SHAPES) + 1, SHAPE_WIDTH).requires_grad_()}
    shapes = {
        "conv": (3 * (width + SHAPE_WIDTH), CHANNELS),
        "hidden": (2 * CHANNELS + 2, HIDDEN),
        "out": (HIDDEN, len(Label) + 1),
    }
    for name, (rows, columns) in shapes.items():
        bound = 1 / math.sqrt(rows)
        parts[f"{name}.w"] = ((2 * torch.rand(rows, columns) - 1) * bound).requires_grad_()
        parts[f"{name}.b"] = torch.zeros(columns, requires_grad=True)
    return parts


def _forward(parts: dict[str, torch.Tensor], vectors: torch.Tensor, batch: Any, size: torch.Tensor) -> torch.Tensor:
    """The logits, with dropout: `model.encoder.Encoder.logits` for a batch."""
    import torch
    from torch.nn.functional import dropout, pad

    ids, forms, inside = batch
    tokens = torch.cat((vectors[ids], parts["shapes"][forms]), -1) * inside[..., None]
    tokens = dropout(tokens * (torch.rand(ids.shape) > DROP_TOKENS)[..., None], DROP_INPUTS)
    before, after = pad(tokens, (0, 0, 1, 0))[:, :-1], pad(tokens, (0, 0, 0, 1))[:, 1:]
    convolved = (
        torch.relu(torch.cat((before, tokens, after), -1) @ parts["conv.w"] + parts["conv.b"]) * inside[..., None]
    )
    pooled = torch.cat((convolved.max(1).values, convolved.sum(1) / inside.sum(1)[:, None].sqrt(), size), -1)
    hidden = torch.relu(dropout(pooled, DROP_POOLED) @ parts["hidden.w"] + parts["hidden.b"])
    return dropout(hidden, DROP_HIDDEN) @ parts["out.w"] + parts["out.b"]


def _class_weights(labels: Ints) -> Floats:
    counts = np.bincount(labels, minlength=len(Label)) + 5
    weights = (counts.max() / counts) ** 0.2
    kept = len(KEPT)
    return np.concatenate((0.5 * weights[:kept], weights[kept:] / weights[kept:].min())).astype(np.float32)


def _loss(logits: torch.Tensor, labels: torch.Tensor, weights: torch.Tensor, by_class: torch.Tensor) -> torch.Tensor:
    import torch
    from torch.nn import functional

    kept = len(KEPT)
    target = (labels >= kept).float() * (1 - 2 * SMOOTH) + SMOOTH
    gate = functional.binary_cross_entropy_with_logits(logits[:, -1], target, reduction="none")
    sides = torch.cat((logits[:, :kept].log_softmax(-1), logits[:, kept:-1].log_softmax(-1)), -1)
    kind = -sides.gather(1, labels[:, None])[:, 0] * by_class[labels]
    return ((2 * gate + KIND * kind) * weights).mean()
