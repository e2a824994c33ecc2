"""The arrays of a model of blocks: what each must be, so that no crafted file gets further than to a message.

Widths that the code fixes are asked of the code; those a training chooses are read off one array and held against the
others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cleaner.labels import COLUMNS
from cleaner.model import encoder
from cleaner.model.boosted_trees import DEEPEST
from cleaner.model.features import EDGE_BITS, PAIR_BITS, STEM_BITS, WORD_BITS, featurise
from cleaner.model.source_correction import width as width_of_trees
from cleaner.model.taught import TAUGHT
from cleaner.model.topics import TOPICS
from cleaner.model_file import Array, ModelFile
from cleaner.segmentation.tokens import Hashes

#: Tables of hashes: name → buckets as a power of two.
BITS = {"word": WORD_BITS, "stem": STEM_BITS, "pair": PAIR_BITS, "edge": EDGE_BITS}
#: Arrays of the trees have names that begin so.
TREES = "trees."
#: So many networks, convolutions and blocks between those that a convolution looks at a model may have at most.
MOST_MEMBERS, MOST_LAYERS, MOST_STEP = 16, 16, 4096
#: What a whole number of a word vector is worth at least.
SMALLEST_SCALE = 1e-8 / 128

Named = Iterator[tuple[str, Array]]


def check(file: ModelFile, members: int, layers: int) -> None:
    """Are all arrays as the code takes them? Raises ModelError."""
    wanted = [*_linear(file), *_encoder(file), *_networks(file, members, layers)]
    has_trees, is_taught = (any(name.startswith(prefix) for name in file.arrays) for prefix in (TREES, TAUGHT))
    if has_trees:
        wanted += _trees(file)
    if is_taught:
        wanted += _taught(file)
    file.check(dict(wanted))
    if not file.arrays["vectors.scale"][0] >= SMALLEST_SCALE:
        raise file.refused("its array vectors.scale is not above 0")
    if has_trees:
        _check_trees(file)
    if is_taught and not _ascending(file.arrays[f"{TAUGHT}keys"]):
        raise file.refused(f"the keys of its array {TAUGHT}keys are not in order")


def _ascending(keys: Hashes) -> bool:
    return bool((keys[1:] > keys[:-1]).all())


def _linear(file: ModelFile) -> Named:
    outputs = len(COLUMNS) + 1
    yield "bias", Array((outputs,))
    for name, bits in BITS.items():
        (rows,) = file.shape(f"{name}.buckets", 1)
        yield f"{name}.buckets", Array((rows,), ("uint32",), 1 << bits)
        yield f"{name}.weights", Array((rows, outputs), ("int8",))
        yield f"{name}.scale", Array((rows,))


def _encoder(file: ModelFile) -> Named:
    words, stems = (file.shape(f"vectors.{name}", 1)[0] for name in ("words", "stems"))
    width = file.shape("vectors.rows", 2)[1]
    shapes = file.shape("enc.shapes", 2)[1]
    convolved, hidden = (_width(file, f"enc.{name}.b") for name in ("conv", "hidden"))
    yield "vectors.words", Array((words,), ("uint32",), 1 << WORD_BITS)
    yield "vectors.stems", Array((stems,), ("uint32",), 1 << STEM_BITS)
    yield "vectors.rows", Array((words + stems, width), ("int8",))
    yield "vectors.scale", Array((1,))
    yield "vectors.rarity", Array((words + stems + 1,), negative=False)
    yield "enc.shapes", Array((len(encoder.SHAPES) + 1, shapes))
    yield from _layer("enc.conv", 3 * (width + shapes), convolved)
    yield from _layer("enc.hidden", 2 * convolved + encoder.SIZES, hidden)
    yield from _layer("enc.out", hidden, encoder.OUTPUTS)


def _networks(file: ModelFile, members: int, layers: int) -> Named:
    dense = featurise(["."], [2]).dense.shape[1]
    outputs = len(COLUMNS) + 1
    inputs = outputs + dense + len(COLUMNS) + TOPICS + encoder.OUTPUTS
    yield from (("mean", Array((dense,))), ("scale", Array((dense,))))
    for member in range(members):
        yield from network(file, f"net{member}.", layers, inputs=inputs, outputs=outputs)
        if f"net{member}.gates.b" in file.arrays:
            yield from _recurrence(file, f"net{member}.")


def network(file: ModelFile, prefix: str, layers: int, *, inputs: int, outputs: int) -> Named:
    """The arrays of one network, whose names begin with the prefix. Raises ModelError."""
    hidden = _width(file, f"{prefix}inp.b")
    yield from _layer(f"{prefix}inp", inputs, hidden)
    yield from _layer(f"{prefix}doc", hidden, hidden)
    for layer in range(layers):
        yield from _layer(f"{prefix}conv{layer}", 3 * hidden, hidden)
    yield from _layer(f"{prefix}out", hidden, outputs)


def _recurrence(file: ModelFile, prefix: str) -> Named:
    hidden, gates = (_width(file, f"{prefix}{name}.b") for name in ("inp", "gates"))
    if gates % 4:
        raise file.refused(f"its array {prefix}gates.b is not four values for each that is carried")
    yield from _layer(f"{prefix}gates", hidden, gates)
    yield from _layer(f"{prefix}carry", gates // 2, hidden)


def _layer(name: str, inputs: int, outputs: int) -> Named:
    yield f"{name}.w", Array((inputs, outputs))
    yield f"{name}.b", Array((outputs,))


def _width(file: ModelFile, array: str) -> int:
    """The length of a layer's bias, which is 1 or more."""
    (width,) = file.shape(array, 1)
    if not width:
        raise file.refused(f"its array {array} is empty")
    return width


def _trees(file: ModelFile) -> Named:
    (roots,), (nodes,) = file.shape(f"{TREES}roots", 1), file.shape(f"{TREES}feature", 1)
    yield f"{TREES}roots", Array((roots,), ("int32",), nodes)
    yield f"{TREES}feature", Array((nodes,), ("uint8",), width_of_trees())
    for name in ("left", "right"):
        yield f"{TREES}{name}", Array((nodes,), ("int32",), nodes)
    for name in ("threshold", "value"):
        yield f"{TREES}{name}", Array((nodes,), ("float32",))
    yield f"{TREES}start", Array((2,))


def _check_trees(file: ModelFile) -> None:
    """No way through a tree leads back, and none is longer than it says."""
    left, right = (file.arrays[f"{TREES}{name}"] for name in ("left", "right"))
    nodes = np.arange(len(left))
    if not (((left > nodes) & (right > nodes)) | ((left == nodes) & (right == nodes))).all():
        raise file.refused("its trees have nodes that lead back")
    depth = float(file.arrays[f"{TREES}start"][1])
    if not (depth.is_integer() and 0 <= depth <= DEEPEST):
        raise file.refused(f"its trees are not from 0 to {DEEPEST} levels deep")


def _taught(file: ModelFile) -> Named:
    (keys,) = file.shape(f"{TAUGHT}keys", 1)
    yield f"{TAUGHT}keys", Array((keys,), ("uint64",))
    yield f"{TAUGHT}weights", Array((keys,), ("float32",))
