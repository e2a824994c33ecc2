"""The learned model of pages: per line of a page how surely it stands outside the article. No training.

As in model.py two steps: a linear scorer over hashes of the elements around a line, then small networks that
read its scores and the measurements of all lines in dilated convolutions; the mean of their odds counts. NumPy only.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from cleaner.html.features import BITS, PAGE_FEATURES, PageFeatures, page_features
from cleaner.html.page import Layout
from cleaner.model.model_file import ModelError
from cleaner.model.quantised import around
from cleaner.segmentation.tokens import Floats

FORMAT = "cleancopy page model 2"
#: Log-odds of the linear scorer, spreads of a measurement from its mean, and the answer are cut off here.
LINEAR_CLIP, DENSE_CLIP, ODDS_CLIP = 9.0, 5.0, 12.0
LINEAR_SCALE = 0.25


@dataclass(frozen=True, slots=True)
class PageModel:
    """Both steps, ready to score."""

    weights: Floats  # bucket → weight, float32
    bias: float
    scaling: Mapping[str, Floats]  # mean and scale of the measurements
    members: tuple[Mapping[str, Floats], ...]  # the networks' arrays, by name
    dilations: tuple[int, ...]
    header: Mapping[str, Any]
    digest: str  # sha256 of the file, lower-case hex

    def outside(self, layout: Layout) -> list[float]:
        """Per line the log-odds that it is not of the article; none for a page without lines."""
        if not layout.lines:
            return []
        features = page_features(layout)
        linear = linear_scores(features, self.weights, self.bias)
        odds: list[float] = self.gate(linear, features.dense).tolist()
        return odds

    def gate(self, linear: Floats, dense: Floats) -> Floats:
        """Per line the log-odds that it stands outside, by the linear scores and the measurements."""
        read = inputs(linear, dense, self.scaling)
        said: Floats = np.mean([gate(read, member, self.dilations) for member in self.members], axis=0)
        return said


def linear_scores(features: PageFeatures, weights: Floats, bias: float) -> Floats:
    """Per line the log-odds by its hashes, averaged so that deep nesting does not outvote the rest."""
    around = np.add.reduceat(weights.take(features.places), features.place_starts)
    said = np.add.reduceat(weights.take(features.said), features.said_starts)
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
    hidden = np.maximum(inputs @ arrays["inp.w"] + arrays["inp.b"], 0)
    hidden = np.maximum(hidden + (hidden.mean(axis=0) @ arrays["doc.w"] + arrays["doc.b"]), 0)
    for layer, step in enumerate(dilations):
        hidden += np.maximum(around(hidden, step) @ arrays[f"conv{layer}.w"] + arrays[f"conv{layer}.b"], 0)
    return np.clip(hidden @ arrays["out.w"] + arrays["out.b"], -ODDS_CLIP, ODDS_CLIP)[:, 0]


def pack(header: Mapping[str, Any], arrays: Mapping[str, Floats]) -> bytes:
    """The file's bytes: a NumPy archive without pickles whose array `header` is JSON."""
    ours = {**header, "format": FORMAT, "features": PAGE_FEATURES}
    text = np.frombuffer(json.dumps(ours, sort_keys=True).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, header=text, **arrays)
    return buffer.getvalue()


def parse(data: bytes, name: str) -> PageModel:
    """The model in the bytes of a file; `name` is for messages. Raises ModelError."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        header = json.loads(arrays.pop("header").tobytes())
        known = (header["format"], header["features"])
    except (ValueError, KeyError, OSError, EOFError, BadZipFile) as error:
        raise ModelError(f"{name} is no page model or is damaged ({error}); train it again") from error
    if known != (FORMAT, PAGE_FEATURES):
        raise ModelError(f"{name} is for {known}, this program reads {(FORMAT, PAGE_FEATURES)}; train it again")
    weights = np.zeros(1 << BITS, np.float32)
    weights[np.cumsum(arrays.pop("buckets"), dtype=np.int64)] = arrays.pop("weights") * header["scale"]
    scaling = {key: arrays.pop(key).astype(np.float32) for key in ("mean", "scale")}
    members = tuple(
        {
            key.removeprefix(f"{number}."): array.astype(np.float32)
            for key, array in arrays.items()
            if key.startswith(f"{number}.")
        }
        for number in range(header["members"])
    )
    digest = hashlib.sha256(data).hexdigest()
    return PageModel(weights, float(header["bias"]), scaling, members, tuple(header["dilations"]), header, digest)


def load(path: Path) -> PageModel:
    """The page model in a file. Raises ModelError."""
    try:
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error


@lru_cache(maxsize=1)
def shipped() -> PageModel:
    """The page model that comes with this version."""
    file = resources.files("cleaner") / "data" / "model" / "page.model"
    return parse(file.read_bytes(), "the shipped page model")
