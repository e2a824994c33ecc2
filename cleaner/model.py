"""The learned sequence model: loads a model file, gives every block the probability of every label. No training.

A small network in NumPy: hashed words and word pairs pooled per block, dense measurements, dilated
convolutions over the blocks of the document. Refuses a file of another format, version or set of
features (ModelError). The file: magic, header length, JSON header, arrays; never a pickle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.document import Block
from cleaner.features import EDGE_BITS, FEATURES, PAIR_BITS, STEM_BITS, WORD_BITS, Features, Floats, Ints, featurise
from cleaner.labels import KEPT, Label

MAGIC = b"CLEANCPY"
VERSION = 1
#: Buckets of each table of hashes, as powers of two.
BITS = {"word": WORD_BITS, "pair": PAIR_BITS, "edge": EDGE_BITS, "stem": STEM_BITS}
#: Dense measurements are cut off this many spreads from their mean.
CLIP = 5.0


class ModelError(ValueError):
    """The file is no model that this version can read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Model:
    """A network ready to score; arrays are float32, `rows` lead from bucket to table row (0: not learned)."""

    labels: tuple[Label, ...]  # columns of the scores: kept labels first
    dilations: tuple[int, ...]
    arrays: Mapping[str, Floats]
    rows: Mapping[str, Ints]
    header: Mapping[str, Any]
    digest: str  # sha256 of the file, lower-case hex

    def score(self, blocks: Sequence[Block]) -> Floats:
        """Block × label probabilities; rows sum to 1. Works for any text, needs at least one block."""
        gaps = [block.newlines_before if index else 2 for index, block in enumerate(blocks)]
        return probabilities(self, featurise([block.text for block in blocks], gaps))


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
    header, arrays = _unpack(data, name)
    for key, ours in (("version", VERSION), ("features", FEATURES)):
        if header.get(key) != ours:
            raise ModelError(f"{name} has {key} {header.get(key)}, this program reads {ours}; train it again")
    try:
        labels = tuple(Label(label) for label in header["labels"])
    except ValueError as error:
        raise ModelError(f"{name}: {error}; train it again with this version's labels") from None
    if set(labels) != set(Label) or {*labels[: len(KEPT)]} != KEPT:
        raise ModelError(f"{name} was trained for other labels; train it again")
    rows = {table: _rows(arrays.pop(f"{table}.buckets"), bits) for table, bits in BITS.items()}
    stems = rows["stem"]
    stems[stems > 0] += len(arrays["word"]) - stems.max()  # their rows follow those of the words
    return Model(labels, tuple(header["dilations"]), _tables(arrays), rows, header, hashlib.sha256(data).hexdigest())


def _unpack(data: bytes, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if data[:8] != MAGIC:
        raise ModelError(f"{name} is no cleancopy model; train one with `cleancopy train`")
    size = int.from_bytes(data[8:12], "little")
    try:
        header = json.loads(data[12 : 12 + size])
        arrays: dict[str, Any] = {}
        at = 12 + size
        for array, dtype, shape in header["arrays"]:
            raw = np.frombuffer(data, dtype, int(np.prod(shape)), at)
            at += raw.nbytes
            arrays[array] = raw.reshape(shape) if array.endswith(".buckets") else raw.reshape(shape).astype(np.float32)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{name} is damaged ({error}); fetch or train it again") from error
    if at != len(data):
        raise ModelError(f"{name} is damaged ({len(data) - at} bytes too many); fetch or train it again")
    return header, arrays


def _rows(buckets: Ints, bits: int) -> Ints:
    rows = np.zeros(1 << bits, np.int32)
    rows[buckets] = np.arange(1, len(buckets) + 1)
    return rows


def _tables(arrays: dict[str, Floats]) -> dict[str, Floats]:
    """Tables unpacked from their 8-bit form, each with a row 0 of zeros for what was not learned."""
    for table in ("word", "pair", "edge"):
        full = arrays[table] * arrays.pop(f"{table}.scale")[:, None]
        if table != "edge":
            full = np.concatenate([full, arrays.pop(f"{table}.weight_of")[:, None]], axis=1)
        arrays[table] = np.concatenate([np.zeros_like(full[:1]), full])
    return arrays


def probabilities(model: Model, features: Features) -> Floats:
    """Block × label probabilities of a document's features."""
    arrays, places = model.arrays, features.places
    words = model.rows["word"].take(features.words)
    words = np.where(words > 0, words, model.rows["stem"].take(features.stems))
    pairs = model.rows["pair"].take(features.pairs)
    edges = arrays["edge"].take(model.rows["edge"][features.edges], axis=0).sum(axis=1)
    dense = np.clip((features.dense - arrays["mean"]) / arrays["spread"], -CLIP, CLIP)
    read = (*_pooled(arrays["word"], words, places), *_pooled(arrays["pair"], pairs, places), edges, dense)
    hidden = np.concatenate(read, axis=1) @ arrays["inp.w"] + arrays["inp.b"]
    np.maximum(hidden, 0, out=hidden)
    hidden += hidden.mean(axis=0) @ arrays["doc.w"] + arrays["doc.b"]
    np.maximum(hidden, 0, out=hidden)
    for layer, step in enumerate(model.dilations):
        hidden += _convolved(hidden, step, arrays[f"conv{layer}.w"], arrays[f"conv{layer}.b"])
    logits = hidden @ arrays["out.w"] + arrays["out.b"]
    gate = 1 / (1 + np.exp(-logits[:, -1:]))
    kept = len(KEPT)
    return np.concatenate(((1 - gate) * _softmax(logits[:, :kept]), gate * _softmax(logits[:, kept:-1])), axis=1)


def _pooled(table: Floats, rows: Ints, places: Ints) -> tuple[Floats, Floats, Floats]:
    """Weighted mean, peaks and log weight of the rows at each block's places; row 0 counts for nothing."""
    read = table.take(np.append(rows, 0).take(places), axis=0)
    sums, peaks = read.sum(axis=0), read.max(axis=0)
    weight = sums[:, -1:]
    return sums[:, :-1] / (weight + 1), np.maximum(peaks[:, :-1], 0), np.log1p(weight)


def _softmax(logits: Floats) -> Floats:
    powers: Floats = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _convolved(hidden: Floats, step: int, weight: Floats, bias: Floats) -> Floats:
    """One dilated convolution of width 3 over the blocks, and its ReLU."""
    count, width = hidden.shape
    around = np.zeros((count, 3 * width), np.float32)
    around[:, width : 2 * width] = hidden
    if count > step:
        around[step:, :width] = hidden[:-step]
        around[:-step, 2 * width :] = hidden[step:]
    return np.maximum(around @ weight + bias, 0)
