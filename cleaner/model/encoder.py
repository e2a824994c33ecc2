"""The sentence encoder: what a block's words say in their order, by a small convolution over word vectors. No training.

The vectors were learned from raw texts without labels (`training.vectors`), the rest from labelled blocks. It speaks
only of blocks in doubt: where the linear scorer is sure that a long block is the article, the encoder says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cleaner import accelerator
from cleaner.labels import KEPT, Label
from cleaner.model.borders import Borders
from cleaner.model.features import STEM_BITS, WORD_BITS, Features
from cleaner.model.hashed_table import ranked
from cleaner.model.quantised import MOST_LEVELS, Layer, around, exponential, logarithm, units_of
from cleaner.segmentation.tokens import CAPS, KIND, TOKEN_KINDS, Flags, Floats, Hashes, Ints

#: Of a block so many tokens are read at its beginning and at its end.
HEAD, TAIL = 24, 16
#: A block of this length or more, whose linear log-odds of boilerplate are lower than this, is not read.
SURE_LENGTH, SURE = 90, -4.0
#: Kinds of token that are told apart, beside the words.
SHAPES: tuple[int, ...] = (KIND["upper"], CAPS, KIND["digit"], KIND["lower"])
#: What is said of a block that is not read: log-probabilities of the labels on either side, and log-odds.
UNREAD_KEPT, UNREAD_GONE, UNREAD_ODDS = -5.0, -3.0, -5.0
#: Outputs are cut off at these, and scaled.
LOWEST, HIGHEST_ODDS, SCALE = -6.0, 8.0, 0.25
#: Outputs are multiples of this.
STEP = 2.0**-9
#: Columns of the outputs: every label, and boilerplate as such (the last).
OUTPUTS = len(Label) + 1
#: Largest whole number in a row of vectors.
CODES = 127
ARRAYS = ("vectors", "shapes", "conv.w", "conv.b", "hidden.w", "hidden.b", "out.w", "out.b")
#: Columns of `sizes`.
SIZES = 2


def unread() -> Floats:
    """The outputs for a block that is not read: the article."""
    row = np.full(OUTPUTS, UNREAD_GONE, np.float32)
    row[: len(KEPT)], row[0], row[-1] = UNREAD_KEPT, 0.0, UNREAD_ODDS
    return row


def doubtful(odds: Floats, lengths: Ints) -> Flags:
    """Which blocks are read, by the linear scorer's log-odds and their lengths in code points."""
    flags: Flags = (odds >= SURE) | (lengths < SURE_LENGTH)
    return flags


@dataclass(frozen=True)
class Rows:
    """Leads from a token to its row of vectors: by its word, else by its stem, else row 0 (zeros)."""

    words: Ints  # buckets in the order of rows, from row 1 on
    stems: Ints  # the same, behind the words

    @classmethod
    def of(cls, words: Ints, stems: Ints) -> Rows:
        """From the buckets in the order of rows: words from row 1 on, then stems."""
        return cls(words, stems)

    def find(self, features: Features) -> Ints:
        """Token → row."""
        if accelerator.compiled is None:
            return self.in_numpy(features)
        memory = accelerator.compiled.rows(features.words, features.stems, *self._packed)
        return np.frombuffer(memory, np.int32)

    def in_numpy(self, features: Features) -> Ints:
        """The reference that the accelerator is held to."""
        words, stems = self._tables
        rows = words.take(features.words)
        return np.where(rows > 0, rows, stems.take(features.stems))

    @cached_property
    def _tables(self) -> tuple[Ints, Ints]:
        """Bucket → row."""
        tables = np.zeros(1 << WORD_BITS, np.int32), np.zeros(1 << STEM_BITS, np.int32)
        for table, buckets, first in zip(tables, (self.words, self.stems), (1, len(self.words) + 1), strict=True):
            table[buckets] = np.arange(first, first + len(buckets))
        return tables

    @cached_property
    def _packed(self) -> tuple[tuple[Hashes, Ints], ...]:
        """The same for the accelerator: a bit for each bucket and the rank of each 64 of them; the rows by rank."""
        first = 1, len(self.words) + 1
        sizes = 1 << WORD_BITS, 1 << STEM_BITS
        return tuple(_ranked(*table) for table in zip((self.words, self.stems), first, sizes, strict=True))


def _ranked(buckets: Ints, first: int, size: int) -> tuple[Hashes, Ints]:
    order = np.argsort(buckets, kind="stable")
    sorted_buckets = buckets[order]
    last = np.append(sorted_buckets[1:] != sorted_buckets[:-1], True)[: len(buckets)]  # of several rows the last counts
    return ranked(buckets, size), (order[last] + first).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Read:
    """The tokens of the blocks to read, one block after the other, an empty place behind each."""

    rows: Ints
    shapes: Ints  # 0: none of SHAPES
    empty: Flags
    starts: Ints  # block → its first token
    counts: Ints  # block → tokens it has in all


_SHAPE = np.zeros(TOKEN_KINDS, np.int64)
_SHAPE[list(SHAPES)] = np.arange(1, len(SHAPES) + 1)


def select(rows: Ints, features: Features, blocks: Ints) -> Read:
    """The tokens of these blocks (at least one, each with at least one token): all, or the first and the last ones."""
    counts = features.counts[blocks]
    taken = np.minimum(counts, HEAD + TAIL)
    starts = np.cumsum(taken + 1) - taken - 1
    owner = np.repeat(np.arange(len(blocks)), taken + 1)
    place = np.arange(len(owner)) - starts[owner]
    empty = place == taken[owner]
    skipped = (place >= HEAD) * np.maximum(counts - HEAD - TAIL, 0)[owner]
    tokens = np.where(empty, 0, features.starts[blocks][owner] + place + skipped)
    selected = np.where(empty, 0, rows[tokens])
    return Read(selected, np.where(empty, 0, _SHAPE[features.kinds[tokens]]), empty, starts, counts)


@dataclass(frozen=True)
class Encoder:
    """Word vectors, a convolution over three tokens, the maximum and the mean over a block, one hidden layer.

    Vectors are whole numbers of 8 bits, and what they are worth; the other arrays are as trained, float32. It scores
    with `layers`, made from them: whole numbers.
    """

    rows: Rows
    codes: Ints  # row → vector, int8; row 0 is empty
    unit: float  # what a whole number of them is worth
    learned: Mapping[str, Floats]  # ARRAYS without the vectors
    layers: tuple[Layer, ...] = field(init=False)  # convolution, hidden, output
    shapes: Ints = field(init=False)  # shape → its values in units, int16

    def __post_init__(self) -> None:
        parts = ((self.learned[f"{name}.w"], self.learned[f"{name}.b"]) for name in ("conv", "hidden", "out"))
        layers = tuple(Layer.of(*part, taps=taps) for part, taps in zip(parts, (3, 1, 1), strict=True))
        if layers[0].levels < CODES:
            raise ValueError(f"a convolution of {layers[0].inputs} inputs is too wide for exact sums")
        shapes = np.clip(np.rint(self.learned["shapes"] / self.unit), -layers[0].levels, layers[0].levels)
        object.__setattr__(self, "layers", layers)
        object.__setattr__(self, "shapes", shapes.astype(np.int16))

    @classmethod
    def of(cls, rows: Rows, arrays: Mapping[str, Floats]) -> Encoder:
        """The encoder with ARRAYS as trained, in float32; its vectors are rounded to 8 bits with one scale."""
        vectors = arrays["vectors"]
        unit = max(float(np.abs(vectors).max()), 1e-8) / CODES
        codes = np.rint(vectors / np.float32(unit)).astype(np.int8)
        return cls(rows, codes, unit, {name: array for name, array in arrays.items() if name != "vectors"})

    @property
    def arrays(self) -> dict[str, Floats]:
        """ARRAYS, in float32."""
        return {"vectors": self.codes * np.float32(self.unit), **self.learned}

    def score(self, features: Features, rows: Ints, odds: Floats, lengths: Ints) -> Floats:
        """Block × OUTPUTS, ready as inputs of the network; `rows` of the tokens, `odds` of the linear scorer."""
        if accelerator.compiled is None:
            return self.in_numpy(features, rows, odds, lengths)
        memory = accelerator.compiled.sentences(
            rows, features.kinds, features.starts, features.counts, lengths, odds.astype(np.float32), self._packed
        )
        return np.frombuffer(memory, np.float32).reshape(-1, OUTPUTS)

    def in_numpy(
        self, features: Features, rows: Ints, odds: Floats, lengths: Ints, borders: Borders | None = None
    ) -> Floats:
        """The reference that the accelerator is held to; borders: of many documents."""
        scores = np.tile(unread(), (len(features.counts), 1))
        blocks = np.flatnonzero(doubtful(odds, lengths) & (features.counts > 0))
        if len(blocks):
            of_blocks = None if borders is None else borders.among(blocks)
            scores[blocks] = as_outputs(self.logits(select(rows, features, blocks), of_blocks))
        return scaled(scores)

    def logits(self, read: Read, borders: Borders | None = None) -> Floats:
        """Block × (labels and gate)."""
        convolution, hidden, last = self.layers
        tokens = np.concatenate((self.codes.take(read.rows, axis=0), self.shapes.take(read.shapes, axis=0)), 1)
        tokens[read.empty] = 0
        convolved = np.maximum(convolution.apply_to_levels(around(tokens, 1), np.float32(self.unit)), 0)
        convolved[read.empty] = 0
        inner = np.maximum(hidden.apply_in_numpy(pooled(convolved, read), borders), 0)
        return last.apply_in_numpy(inner, borders)

    @cached_property
    def _packed(self) -> tuple[object, ...]:
        """What the accelerator takes of it."""
        convolution, hidden, last = (layer.arguments for layer in self.layers)
        return (
            self.codes, len(self.codes), self.unit, self.shapes, len(self.shapes), _SHAPE.astype(np.uint8), unread(),
            convolution, hidden, last, HEAD, TAIL, SURE, SURE_LENGTH, len(KEPT), LOWEST, HIGHEST_ODDS, SCALE, STEP,
        )  # fmt: skip


def pooled(convolved: Floats, read: Read) -> Floats:
    """The maximum and the mean of what was found at each block's tokens, in whole numbers of a unit; and its size."""
    units = units_of(np.maximum.reduceat(convolved.max(axis=1), read.starts), MOST_LEVELS)
    size = np.minimum(read.counts, HEAD + TAIL)
    steps = np.rint(convolved * np.repeat(1 / units, size + 1).astype(np.float32)[:, None])
    most = np.maximum.reduceat(steps, read.starts, axis=0) * units.astype(np.float32)[:, None]
    sums = np.add.reduceat(steps, read.starts, axis=0, dtype=np.float64)
    mean = sums * units[:, None] / np.sqrt(size)[:, None]
    return np.concatenate((most, mean.astype(np.float32), sizes(read.counts)), axis=1)


def sizes(counts: Ints) -> Floats:
    """What is read of a block's length in tokens."""
    return np.stack((logarithm(counts + 1) / 3, counts > HEAD + TAIL), axis=1).astype(np.float32)


def as_outputs(logits: Floats) -> Floats:
    """Log-probabilities of kept labels, of boilerplate labels, and the log-odds of boilerplate."""
    kept = len(KEPT)
    parts = _log_softmax(logits[:, :kept]), _log_softmax(logits[:, kept:-1]), logits[:, -1:]
    return np.concatenate(parts, axis=1).astype(np.float32)


def scaled(scores: Floats) -> Floats:
    """Outputs as the network reads them."""
    cut = np.concatenate(
        (np.maximum(scores[:, :-1], LOWEST), np.clip(scores[:, -1:], -HIGHEST_ODDS, HIGHEST_ODDS)), axis=1
    )
    return rounded(SCALE * cut)


def rounded(values: Floats) -> Floats:
    """Multiples of STEP."""
    return (np.rint(values / STEP) * STEP).astype(np.float32)


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    total = np.add.accumulate(exponential(shifted), axis=1)[:, -1:]
    return shifted - logarithm(total)
