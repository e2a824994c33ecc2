"""The learned sequence model: gives every block the probability of every label, in two steps. No training.

First a linear scorer over hashed words, word pairs, stems and the edges of a block. Then a small network reads
its scores, the dense measurements and the rules' evidence for all blocks of the document, in dilated
convolutions. Where there is memory of the source, trees weigh that too. NumPy only. Each step was trained on
scores of blocks that the one before had not learned (stacking), which is why it knows how far to trust them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from cleaner import accelerator
from cleaner.document import Block, Evidence
from cleaner.labels import KEPT, Label
from cleaner.memory.lookup import Recall
from cleaner.model.boosted_trees import Trees
from cleaner.model.features import EDGE_BITS, PAIR_BITS, STEM_BITS, WORD_BITS, Features, featurise
from cleaner.model.hashed_table import HashedTable
from cleaner.model.model_file import COLUMNS, ModelError, unpack
from cleaner.model.quantised import Layer, exponential, mean_of
from cleaner.model.source_correction import with_memory
from cleaner.model.taught import Moved, Taught
from cleaner.segmentation.tokens import Floats, Ints, Tokens

#: Tables of hashes: name → buckets as a power of two.
BITS = {"word": WORD_BITS, "stem": STEM_BITS, "pair": PAIR_BITS, "edge": EDGE_BITS}
#: Columns of the linear scorer: every label, and boilerplate as such (the last).
OUTPUTS = len(Label) + 1
COLUMN = {label: column for column, label in enumerate(COLUMNS)}
#: Arrays of the trees have names that begin so; RECALL says what they read, raise it with any change of it.
TREES, RECALL = "trees.", 1
#: Inputs of the network are cut off: linear scores, spreads from the mean of a dense measurement, sums of evidence.
LINEAR_CLIP, DENSE_CLIP, EVIDENCE_CLIP = 9.0, 5.0, 8.0


@dataclass(frozen=True, slots=True)
class Linear:
    """The linear scorer: what each word, pair, stem and edge says, and what all blocks begin with."""

    tables: Mapping[str, HashedTable]
    bias: Floats

    def score(self, features: Features) -> Floats:
        """Block × OUTPUTS log-odds, cut off at LINEAR_CLIP."""
        if accelerator.compiled is None:
            return self._score(features)
        tables = self.tables
        memory = accelerator.compiled.linear(
            features.starts, features.counts, self.bias, LINEAR_CLIP, features.words, tables["word"].packed,
            features.stems, tables["stem"].packed, features.pairs, tables["pair"].packed,
            features.edges, tables["edge"].packed,
        )  # fmt: skip
        return np.frombuffer(memory, np.float32).reshape(-1, len(self.bias))

    def _score(self, features: Features) -> Floats:
        """The reference that the accelerator is held to."""
        tables = self.tables
        tokens = tables["word"].take(features.words)
        tokens += tables["stem"].take(features.stems)
        tokens += tables["pair"].take(features.pairs)
        sums = tables["edge"].take(features.edges).sum(axis=1)
        sums += self.bias
        filled = features.counts > 0
        if len(tokens):
            counts = features.counts[filled]
            totals = np.add.reduceat(tokens, features.starts[filled], axis=0, dtype=np.float64).astype(np.float32)
            sums[filled] += totals * token_weight(counts)[:, None]
        return clipped(sums, -LINEAR_CLIP, LINEAR_CLIP)


def token_weight(counts: Ints) -> Floats:
    """What one token of a block counts: the more there are, the less each says."""
    return (1 / np.sqrt(2 * np.maximum(counts, 1))).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Network:
    """The second step: trained weights by name, float32; dilations of its convolutions, in blocks.

    It scores with `layers`, made from the weights: whole numbers. Without weights (`mean` and `scale` alone) it only
    scales inputs, as training needs.
    """

    arrays: Mapping[str, Floats]
    dilations: tuple[int, ...]
    layers: tuple[Layer, ...] = field(init=False)  # input, document, output, convolutions

    def __post_init__(self) -> None:
        names = ("inp", "doc", "out", *(f"conv{layer}" for layer in range(len(self.dilations))))
        known = names if "out.w" in self.arrays else ()
        layers = tuple(Layer.of(self.arrays[f"{name}.w"], self.arrays[f"{name}.b"]) for name in known)
        object.__setattr__(self, "layers", layers)

    def inputs(self, linear: Floats, dense: Floats, evidence: Floats) -> Floats:
        """What the network reads of each block."""
        scaled = clipped((dense - self.arrays["mean"]) * self.arrays["scale"], -DENSE_CLIP, DENSE_CLIP)
        return np.concatenate((linear * 0.25, scaled, clipped(evidence, 0, EVIDENCE_CLIP) * 0.5), axis=1)

    def score(self, inputs: Floats) -> Floats:
        """Block × label probabilities; rows sum to 1."""
        if accelerator.compiled is not None:
            packed = tuple(layer.arguments for layer in self.layers)
            memory = accelerator.compiled.network(inputs, packed, self.dilations, len(KEPT))
            return np.frombuffer(memory, np.float32).reshape(len(inputs), -1)
        return self._score(inputs)

    def _score(self, inputs: Floats) -> Floats:
        """The reference that the accelerator is held to."""
        first, document, last, *convolutions = self.layers
        hidden = np.maximum(first.apply(inputs), 0)
        hidden = np.maximum(hidden + document.apply(mean_of(hidden)[None]), 0)
        for layer, step in zip(convolutions, self.dilations, strict=True):
            hidden = hidden + np.maximum(layer.apply(around(hidden, step)), 0)
        return to_probabilities(last.apply(hidden))


def clipped(values: Floats, low: float, high: float) -> Floats:
    """`np.clip` without its checks, which take longer than the work on a document's few blocks."""
    return np.minimum(np.maximum(values, low), high)


def around(hidden: Floats, step: int) -> Floats:
    """Each block's row beside those `step` blocks before and after it; zeros beyond the document."""
    count, width = hidden.shape
    wide = np.zeros((count, 3 * width), np.float32)
    wide[:, width : 2 * width] = hidden
    if count > step:
        wide[step:, :width] = hidden[:-step]
        wide[:-step, 2 * width :] = hidden[step:]
    return wide


def to_probabilities(logits: Floats) -> Floats:
    """Label probabilities from kept labels' logits, boilerplate labels' logits, and the gate between the two."""
    kept, labels = len(KEPT), logits.shape[1] - 1
    shifted = np.empty_like(logits)
    for part in (slice(0, kept), slice(kept, labels)):
        np.subtract(logits[:, part], logits[:, part].max(axis=1, keepdims=True), out=shifted[:, part])
    shifted[:, labels] = -clipped(logits[:, labels], -30, 30)
    powers = exponential(shifted)
    gate = 1 / (1 + powers[:, labels:])
    parts = ((1 - gate) * in_shares(powers[:, :kept]), gate * in_shares(powers[:, kept:labels]))
    return np.concatenate(parts, axis=1).astype(np.float32)


def softmax(logits: Floats) -> Floats:
    """Rows of probabilities."""
    return in_shares(exponential(logits - logits.max(axis=1, keepdims=True)))


def in_shares(powers: Floats) -> Floats:
    """Rows that sum to 1; added up from left to right."""
    return powers / np.add.accumulate(powers, axis=1)[:, -1:]


@dataclass(frozen=True, slots=True)
class Model:
    """Both steps, ready to score; `digest` is the sha256 of the file, lower-case hex."""

    linear: Linear
    network: Network
    trees: Trees | None  # what memory of the source changes; None: nothing
    header: Mapping[str, Any]
    digest: str
    taught: Moved | None = None  # what corrections taught; None: nothing

    def read(self, blocks: Sequence[Block], tokens: Tokens | None = None) -> FirstStep:
        """The first step, before the rules: features and linear scores of at least one block."""
        return read(self.linear, blocks, tokens)

    def score(
        self,
        first: FirstStep,
        evidence: Sequence[Sequence[Evidence]],
        blocks: Sequence[Block] = (),
        recall: Recall | None = None,
        source: str = "",
    ) -> Floats:
        """Block × label probabilities in the order of COLUMNS; rows sum to 1.

        `blocks` are needed with a recall, and by a model that was taught; then the source has a say too.
        """
        sums = evidence_sums(evidence)
        probabilities = self.network.score(self.network.inputs(first.linear, first.features.dense, sums))
        if self.trees is not None and recall is not None and recall.known:
            probabilities = with_memory(self.trees, probabilities, sums, blocks, recall)
        return self.taught.adjusted(probabilities, blocks, source) if self.taught else probabilities


@dataclass(frozen=True, slots=True)
class FirstStep:
    """What the first step makes of a document."""

    features: Features
    linear: Floats  # block × OUTPUTS

    @property
    def doubts(self) -> list[float]:
        """Per block the linear scorer's log-odds of boilerplate as such."""
        odds: list[float] = self.linear[:, -1].tolist()
        return odds


def read(linear: Linear, blocks: Sequence[Block], tokens: Tokens | None = None) -> FirstStep:
    """Features and linear scores of at least one block; works for any text."""
    features = features_of(blocks, tokens)
    return FirstStep(features, linear.score(features))


def features_of(blocks: Sequence[Block], tokens: Tokens | None = None) -> Features:
    """The features of at least one block; `tokens`, where the caller has them, save making them again."""
    gaps = [block.newlines_before if index else 2 for index, block in enumerate(blocks)]
    return featurise([block.text for block in blocks], gaps, tokens)


def evidence_sums(evidence: Sequence[Sequence[Evidence]]) -> Floats:
    """Block × label sums of the rules' weights."""
    sums = np.zeros((len(evidence), len(COLUMNS)), np.float32)
    for index, given in enumerate(evidence):
        for each in given:
            sums[index, COLUMN[each.label]] += each.weight
    return sums


def load(path: Path) -> Model:
    """The model in a file. Raises ModelError when it cannot be read, or is for other features or labels."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error
    return parse(data, str(path))


@lru_cache(maxsize=1)
def shipped() -> Model:
    """The model that comes with this version."""
    file = resources.files("cleaner") / "data" / "model" / "blocks.model"
    return parse(file.read_bytes(), "the shipped model")


def parse(data: bytes, name: str) -> Model:
    """The model in the bytes of a file; `name` is for messages. Raises ModelError."""
    header, arrays = unpack(data, name)
    try:
        linear = linear_from(arrays)
        names = ("mean", "scale", "inp.w", "inp.b", "doc.w", "doc.b", "out.w", "out.b")
        convolutions = [f"conv{layer}.{part}" for layer in range(len(header["dilations"])) for part in "wb"]
        weights = {array: arrays[array].astype(np.float32) for array in (*names, *convolutions)}
        network = Network(weights, tuple(header["dilations"]))
    except KeyError as error:
        raise ModelError(f"{name} lacks {error}; fetch or train it again") from error
    trees = {array.removeprefix(TREES): values for array, values in arrays.items() if array.startswith(TREES)}
    if trees and header.get("recall") != RECALL:
        raise ModelError(f"{name} was trained for another kind of memory; train it again with this version")
    digest = hashlib.sha256(data).hexdigest()
    return Model(linear, network, Trees.of(trees) if trees else None, header, digest, Taught.of(arrays))


def linear_from(arrays: Mapping[str, Floats]) -> Linear:
    """The linear scorer from its arrays: per table `.buckets`, 8-bit `.weights` and their `.scale` per row."""
    tables = {
        name: HashedTable.of(*(arrays[f"{name}.{part}"] for part in ("weights", "buckets", "scale")), count=1 << bits)
        for name, bits in BITS.items()
    }
    return Linear(tables, arrays["bias"].astype(np.float32))
