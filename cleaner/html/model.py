"""The learned model of pages: per line of a page how surely it stands outside the article. No training.

As in model.py two steps: a linear scorer over hashes of the elements around a line, then small networks that
read its scores and the measurements of all lines in dilated convolutions; the mean of their odds counts. What is
summed are whole numbers, as in quantised.py. NumPy only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

import numpy as np

from cleaner import accelerator
from cleaner.html.features import PAGE_FEATURES, PageFeatures, measure_arguments, page_features
from cleaner.html.page import Element, Layout, Line
from cleaner.html.page_places import BITS, place_arguments
from cleaner.model.arrays import MOST_LAYERS, MOST_MEMBERS, MOST_STEP, Named, network
from cleaner.model.members import Members
from cleaner.model.network import Network, clipped, logits
from cleaner.model_file import Array, ModelFile, pack, read, unpack
from cleaner.segmentation.tokens import Floats, Ints

#: What the file of the model is called, and how it is written; raise it with any change of what its arrays mean.
MODEL, VERSION = "pages", 3
#: Log-odds of the linear scorer, spreads of a measurement from its mean, and the answer are cut off here.
LINEAR_CLIP, DENSE_CLIP, ODDS_CLIP = 9.0, 5.0, 12.0
LINEAR_SCALE = 0.25


@dataclass(frozen=True, slots=True)
class PageModel:
    """Both steps, ready to score."""

    codes: Ints  # bucket → weight as a whole number, int8: a quarter of the memory for a page to jump about in
    unit: float  # what a whole number of them is worth
    bias: float
    scaling: Mapping[str, Floats]  # mean and scale of the measurements
    members: tuple[Network, ...]
    header: Mapping[str, object]
    digest: str  # sha256 of the file, lower-case hex

    def outside(self, layout: Layout) -> list[float]:
        """Per line the log-odds that it is not of the article; none for a page without lines."""
        if not layout.lines:
            return []
        if accelerator.compiled is None:
            odds: list[float] = self.odds(page_features(layout)).tolist()
            return odds
        scaling = (
            self.unit, self.bias, LINEAR_CLIP, LINEAR_SCALE, DENSE_CLIP, self.scaling["mean"], self.scaling["scale"],
        )  # fmt: skip
        memory = accelerator.compiled.page_inputs(measure_arguments(layout), place_arguments(self.codes), scaling)
        read = np.frombuffer(memory, np.float32).reshape(len(layout.lines), -1)
        return self._said(read).tolist()

    def odds(self, features: PageFeatures) -> Floats:
        """Per line the log-odds that it stands outside, by the features of a page."""
        linear = linear_scores(features, self.codes.take, self.bias, unit=self.unit)
        return self._said(inputs(linear, features.dense, self.scaling))

    def _said(self, read: Floats) -> Floats:
        """The mean of what the networks say of lines by what they read of them."""
        said = clipped(logits(self.members, read), -ODDS_CLIP, ODDS_CLIP)
        mean: Floats = np.mean(said[:, :, 0], axis=0)
        return mean


def linear_scores(
    features: PageFeatures, weights: Callable[[Ints], Floats], bias: float, *, unit: float = 1.0
) -> Floats:
    """Per line the log-odds by its hashes, averaged so that deep nesting does not outvote the rest.

    weights: gives those of buckets: floats, or whole numbers of a unit, whose sum is the same in any order.
    """
    around = _sums(weights(features.places), features.place_starts) * place_scale(features)
    said = _sums(weights(features.said), features.said_starts) * said_scale(features)
    return clipped((around.take(features.rows) + said) * unit + bias, -LINEAR_CLIP, LINEAR_CLIP)


def _sums(weights: Floats, starts: Ints) -> Floats:
    """The sum of the weights from each start to the next."""
    whole = np.issubdtype(weights.dtype, np.integer)
    return np.add.reduceat(weights, starts, dtype=np.int64 if whole else weights.dtype)


def place_scale(features: PageFeatures) -> Floats:
    """What one hash of a row of surroundings counts: the more there are, the less each says."""
    return 1 / np.sqrt(np.diff(np.append(features.place_starts, len(features.places))))


def said_scale(features: PageFeatures) -> Floats:
    """What one hash of what a line says counts."""
    return 1 / np.sqrt(4 * np.diff(np.append(features.said_starts, len(features.said))))


def inputs(linear: Floats, dense: Floats, scaling: Mapping[str, Floats]) -> Floats:
    """What the networks read of each line."""
    read = np.empty((len(linear), 1 + dense.shape[1]), np.float32)
    read[:, 0] = linear * LINEAR_SCALE
    read[:, 1:] = clipped((dense - scaling["mean"]) * scaling["scale"], -DENSE_CLIP, DENSE_CLIP)
    return read


def packed(header: Mapping[str, object], arrays: Mapping[str, Floats]) -> bytes:
    """The bytes of a model's file."""
    return pack(MODEL, {**header, "version": VERSION, "features": PAGE_FEATURES}, arrays)


def parse(data: bytes, name: str) -> PageModel:
    """The model in the bytes of a file; `name` is for messages. Raises ModelError."""
    file = unpack(data, name, MODEL, version=VERSION, features=PAGE_FEATURES)
    members = file.whole("members", 1, MOST_MEMBERS)
    dilations = file.wholes("dilations", 1, MOST_STEP, most=MOST_LAYERS)
    file.check(dict(_wanted(file, members, len(dilations))))
    codes = np.zeros(1 << BITS, np.int8)
    codes[file.arrays["buckets"]] = file.arrays["weights"]
    scaling = {name: file.arrays[name] for name in ("mean", "scale")}
    networks = Members(
        Network(
            {
                name.removeprefix(f"{number}."): array.astype(np.float32)
                for name, array in file.arrays.items()
                if name.startswith(f"{number}.")
            },
            dilations,
        )
        for number in range(members)
    )
    return PageModel(codes, file.number("scale"), file.number("bias"), scaling, networks, file.header, file.digest)


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
