"""A small model of each kind, as header and arrays, and the bytes of files that are crafted from them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors.numpy import save

from cleaner.html import model as pages
from cleaner.labels import COLUMNS
from cleaner.model import network as blocks
from cleaner.model.arrays import BITS
from cleaner.model.encoder import SHAPES
from cleaner.model.source_correction import width
from cleaner.model_file import KEY, pack
from cleaner.segmentation import line_breaks as breaks

Arrays = dict[str, np.ndarray[Any, Any]]
LABELS = len(COLUMNS)


@dataclass(frozen=True)
class Small:
    """A model to craft files from; `parse` is what reads it."""

    kind: str
    header: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray[Any, Any]]
    parse: Callable[[bytes, str], Any]

    def file(self, header: Mapping[str, Any] | None = None, arrays: Mapping[str, Any] | None = None) -> bytes:
        """The file, with other header and arrays if given; its digest is right."""
        return pack(self.kind, self.header if header is None else header, self.arrays if arrays is None else arrays)


def raw(header: Mapping[str, Any] | bytes, data: bytes = b"", *, size: int | None = None) -> bytes:
    """The bytes of a safetensors file by hand; size: what it says of its header's length."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if size is None else size).to_bytes(8, "little") + text + data


def foreign(arrays: Mapping[str, Any], metadata: Mapping[str, str] | None) -> bytes:
    """What another program might have written."""
    return bytes(save(dict(arrays), metadata=metadata and dict(metadata)))


def our_header(text: str) -> bytes:
    """A file without arrays whose header of ours is this text."""
    return foreign({}, {KEY: text})


def _layers(arrays: Arrays, prefix: str, shapes: Mapping[str, tuple[int, int]]) -> None:
    chance = np.random.default_rng(len(prefix))
    for name, shape in shapes.items():
        arrays[f"{prefix}{name}.w"] = chance.normal(size=shape).astype(np.float16)
        arrays[f"{prefix}{name}.b"] = np.zeros(shape[1], np.float16)


def small_blocks(wide: int = 4, hidden: int = 5) -> Small:
    """A model of blocks, with trees and what was taught."""
    arrays: Arrays = {"bias": np.zeros(LABELS + 1, np.float32)}
    for name in BITS:
        arrays[f"{name}.buckets"] = np.array([3, 7], np.uint32)
        arrays[f"{name}.weights"] = np.ones((2, LABELS + 1), np.int8)
        arrays[f"{name}.scale"] = np.full(2, 0.5, np.float16)
    arrays |= {
        "vectors.words": np.array([1, 5, 9], np.uint32), "vectors.stems": np.array([2, 4], np.uint32),
        "vectors.rows": np.ones((5, wide), np.int8), "vectors.scale": np.array([0.01], np.float32),
        "vectors.rarity": np.ones(6, np.float16), "enc.shapes": np.ones((len(SHAPES) + 1, 2), np.float16),
    }  # fmt: skip
    _layers(arrays, "enc.", {"conv": (3 * (wide + 2), 6), "hidden": (14, 3), "out": (3, LABELS + 1)})
    known = blocks.shipped()
    dense = len(known.networks[0].arrays["mean"])
    arrays |= {"mean": np.zeros(dense, np.float32), "scale": np.ones(dense, np.float32)}
    inputs = known.networks[0].layers[0].inputs
    shapes = {
        "inp": (inputs, hidden),
        "doc": (hidden, hidden),
        "conv0": (3 * hidden, hidden),
        "conv1": (3 * hidden, hidden),
        "gates": (hidden, 8),
        "carry": (4, hidden),
        "out": (hidden, LABELS + 1),
    }
    _layers(arrays, "net0.", shapes)
    arrays |= {
        "trees.roots": np.array([0], np.int32), "trees.feature": np.array([width() - 1, 0, 0], np.uint8),
        "trees.threshold": np.array([0.5, 0, 0], np.float32), "trees.left": np.array([1, 1, 2], np.int32),
        "trees.right": np.array([2, 1, 2], np.int32), "trees.value": np.array([0, -1, 1], np.float32),
        "trees.start": np.array([0, 1], np.float32),
        "taught.keys": np.array([5, 6], np.uint64), "taught.weights": np.array([1, -1], np.float32),
    }  # fmt: skip
    header = {
        "version": blocks.VERSION, "features": blocks.FEATURES, "labels": list(COLUMNS), "members": 1,
        "dilations": [1, 2], "recall": blocks.RECALL,
    }  # fmt: skip
    return Small(blocks.MODEL, header, arrays, blocks.parse)


def small_pages() -> Small:
    """A model of pages."""
    hidden = 3
    dense = len(pages.shipped().scaling["mean"])
    arrays: Arrays = {
        "mean": np.zeros(dense, np.float32), "scale": np.ones(dense, np.float32),
        "buckets": np.array([2, 9], np.uint32), "weights": np.array([-3, 5], np.int8),
    }  # fmt: skip
    shapes = {
        "inp": (dense + 1, hidden),
        "doc": (hidden, hidden),
        "conv0": (3 * hidden, hidden),
        "conv1": (3 * hidden, hidden),
        "out": (hidden, 1),
    }
    _layers(arrays, "0.", shapes)
    header = {
        "version": pages.VERSION, "features": pages.PAGE_FEATURES, "members": 1, "dilations": [1, 2], "scale": 0.1,
        "bias": 0.5,
    }  # fmt: skip
    return Small(pages.MODEL, header, arrays, pages.parse)


def small_breaks() -> Small:
    """A model of lost line breaks."""
    weights = np.zeros(1 << breaks.BITS, np.int8)
    weights[::7] = 3
    header = {"version": breaks.VERSION, "features": breaks.FEATURES, "scale": 0.1, "bias": -0.5}
    return Small(breaks.MODEL, header, {"weights": weights}, breaks.parse)


SMALL = {"blocks": small_blocks(), "pages": small_pages(), "breaks": small_breaks()}
#: An article to try a model on.
TEXT = "The bridge reopened on Monday.\n\nSign up for our newsletter"
