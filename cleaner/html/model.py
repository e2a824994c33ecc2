"""The learned model of pages: per line of a page how surely it stands outside the article. No training.

As in model.py two steps: a linear scorer over hashes of the elements around a line, then small networks that
read its scores and the measurements of all lines in dilated convolutions; the mean of their odds counts. NumPy only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np

from cleaner.html.features import PAGE_FEATURES, PageFeatures, page_features
from cleaner.html.page import Element, Layout, Line
from cleaner.html.page_places import BITS
from cleaner.model.arrays import MOST_LAYERS, MOST_MEMBERS, MOST_STEP, Named, network
from cleaner.model.quantised import around
from cleaner.model_file import Array, ModelFile, pack, read, unpack
from cleaner.segmentation.tokens import Floats, Ints

#: What the file of the model is called, and how it is written; raise it with any change of what its arrays mean.
MODEL, VERSION = "pages", 3
#: Log-odds of the linear scorer, spreads of a measurement from its mean, and the answer are cut off here.
LINEAR_CLIP, DENSE_CLIP, ODDS_CLIP = 9.0, 5.0, 12.0
LINEAR_SCALE = 0.25
#: So many rows are multiplied at a time.
ROWS = 32


@dataclass(frozen=True, slots=True)
class PageModel:
    """Both steps, ready to score."""

    codes: Ints  # bucket → number of its weight, uint8: a quarter of the memory for a page to jump about in
    levels: Floats  # number → weight, float32
    bias: float
    scaling: Mapping[str, Floats]  # mean and scale of the measurements
    members: tuple[Mapping[str, Floats], ...]  # the networks' arrays, by name
    dilations: tuple[int, ...]
    header: Mapping[str, object]
    digest: str  # sha256 of the file, lower-case hex

    def outside(self, layout: Layout) -> list[float]:
        """Per line the log-odds that it is not of the article; none for a page without lines."""
        if not layout.lines:
            return []
        features = page_features(layout)
        linear = linear_scores(features, self.weights, self.bias)
        odds: list[float] = self.gate(linear, features.dense).tolist()
        return odds

    def weights(self, buckets: Ints) -> Floats:
        """The weights of buckets, float32."""
        weights: Floats = self.levels.take(self.codes.take(buckets))
        return weights

    def gate(self, linear: Floats, dense: Floats) -> Floats:
        """Per line the log-odds that it stands outside, by the linear scores and the measurements."""
        read = inputs(linear, dense, self.scaling)
        said: Floats = np.mean([gate(read, member, self.dilations) for member in self.members], axis=0)
        return said


def linear_scores(features: PageFeatures, weights: Callable[[Ints], Floats], bias: float) -> Floats:
    """Per line the log-odds by its hashes, averaged so that deep nesting does not outvote the rest.

    weights: gives those of buckets, float32.
    """
    around = np.add.reduceat(weights(features.places), features.place_starts)
    said = np.add.reduceat(weights(features.said), features.said_starts)
    sums = around.take(features.rows) * place_scale(features).take(features.rows) + said * said_scale(features)
    return np.clip(sums + bias, -LINEAR_CLIP, LINEAR_CLIP)


def place_scale(features: PageFeatures) -> Floats:
    """What one hash of a row of surroundings counts: the more there are, the less each says."""
    return 1 / np.sqrt(np.diff(np.append(features.place_starts, len(features.places))))


def said_scale(features: PageFeatures) -> Floats:
    """What one hash of what a line says counts."""
    return 1 / np.sqrt(4 * np.diff(np.append(features.said_starts, len(features.said))))


def inputs(linear: Floats, dense: Floats, scaling: Mapping[str, Floats]) -> Floats:
    """What the networks read of each line."""
    scaled = np.clip((dense - scaling["mean"]) * scaling["scale"], -DENSE_CLIP, DENSE_CLIP)
    return np.concatenate((linear[:, None] * LINEAR_SCALE, scaled), axis=1).astype(np.float32)


def gate(inputs: Floats, arrays: Mapping[str, Floats], dilations: tuple[int, ...]) -> Floats:
    """Per line one network's log-odds that it stands outside the article."""
    hidden = np.maximum(_product(inputs, arrays["inp.w"]) + arrays["inp.b"], 0)
    hidden = np.maximum(hidden + (hidden.mean(axis=0) @ arrays["doc.w"] + arrays["doc.b"]), 0)
    for layer, step in enumerate(dilations):
        hidden += np.maximum(_product(around(hidden, step), arrays[f"conv{layer}.w"]) + arrays[f"conv{layer}.b"], 0)
    return np.clip(hidden @ arrays["out.w"] + arrays["out.b"], -ODDS_CLIP, ODDS_CLIP)[:, 0]


def _product(rows: Floats, weights: Floats) -> Floats:
    """The matrix product, few rows at a time: BLAS wakes its threads for more, which costs ten times what they do."""
    count = len(rows)
    product = np.empty((count, weights.shape[1]), np.float32)
    start = 0
    while start < count:
        left = count - start
        stop = start + (
            left if left <= ROWS else ROWS - 1 if left == ROWS + 1 else ROWS
        )  # one row alone rounds otherwise
        np.matmul(rows[start:stop], weights, out=product[start:stop])
        start = stop
    return product


def packed(header: Mapping[str, object], arrays: Mapping[str, Floats]) -> bytes:
    """The bytes of a model's file."""
    return pack(MODEL, {**header, "version": VERSION, "features": PAGE_FEATURES}, arrays)


def parse(data: bytes, name: str) -> PageModel:
    """The model in the bytes of a file; `name` is for messages. Raises ModelError."""
    file = unpack(data, name, MODEL, version=VERSION, features=PAGE_FEATURES)
    members = file.whole("members", 1, MOST_MEMBERS)
    dilations = file.wholes("dilations", 1, MOST_STEP, most=MOST_LAYERS)
    file.check(dict(_wanted(file, members, len(dilations))))
    codes = np.zeros(1 << BITS, np.uint8)
    codes[file.arrays["buckets"]] = file.arrays["weights"].view(np.uint8)
    levels = (np.arange(256, dtype=np.uint8).view(np.int8) * file.number("scale")).astype(np.float32)
    scaling = {name: file.arrays[name] for name in ("mean", "scale")}
    networks = tuple(
        {
            name.removeprefix(f"{number}."): array.astype(np.float32)
            for name, array in file.arrays.items()
            if name.startswith(f"{number}.")
        }
        for number in range(members)
    )
    return PageModel(codes, levels, file.number("bias"), scaling, networks, dilations, file.header, file.digest)


def _wanted(file: ModelFile, members: int, layers: int) -> Named:
    """What each array of a file must be. Raises ModelError."""
    dense = page_features(Layout([Line("a", 0, 0.0)], [Element("p", -1, "", "", "", False, 0)])).dense.shape[1]
    (buckets,) = file.shape("buckets", 1)
    yield "buckets", Array((buckets,), ("uint32",), 1 << BITS)
    yield "weights", Array((buckets,), ("int8",))
    yield from (("mean", Array((dense,), ("float32",))), ("scale", Array((dense,), ("float32",))))
    for member in range(members):
        yield from network(file, f"{member}.", layers, inputs=1 + dense, outputs=1)


def load(path: Path) -> PageModel:
    """The page model in a file. Raises ModelError."""
    return parse(read(path), str(path))


@lru_cache(maxsize=1)
def shipped() -> PageModel:
    """The page model that comes with this version."""
    file = resources.files("cleaner") / "data" / "model" / "page.model"
    return parse(file.read_bytes(), "the shipped page model")
