"""The sentence encoder: what a block's words say in their order, by a small convolution over word vectors. No training.

The vectors were learned from raw texts without labels (`training.vectors`), the rest from labelled blocks. It speaks
only of blocks in doubt: where the linear scorer is sure that a long block is the article, the encoder says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cleaner.labels import KEPT, Label
from cleaner.model.features import STEM_BITS, WORD_BITS, Features
from cleaner.model.quantised import Layer, around
from cleaner.segmentation.tokens import CAPS, KIND, TOKEN_KINDS, Flags, Floats, Ints

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


@dataclass(frozen=True, slots=True)
class Rows:
    """Leads from a token to its row of vectors: by its word, else by its stem, else row 0 (zeros)."""

    words: Ints  # bucket → row
    stems: Ints

    @classmethod
    def of(cls, words: Ints, stems: Ints) -> Rows:
        """From the buckets in the order of rows: words from row 1 on, then stems."""
        tables = np.zeros(1 << WORD_BITS, np.int32), np.zeros(1 << STEM_BITS, np.int32)
        tables[0][words] = np.arange(1, len(words) + 1)
        tables[1][stems] = np.arange(len(words) + 1, len(words) + len(stems) + 1)
        return cls(*tables)

    def find(self, features: Features) -> Ints:
        """Token → row."""
        rows = self.words.take(features.words)
        return np.where(rows > 0, rows, self.stems.take(features.stems))


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
    found = np.where(empty, 0, rows[tokens])
    return Read(found, np.where(empty, 0, _SHAPE[features.kinds[tokens]]), empty, starts, counts)


@dataclass(frozen=True, slots=True)
class Encoder:
    """Word vectors, a convolution over three tokens, the maximum and the mean over a block, one hidden layer."""

    rows: Rows
    arrays: Mapping[str, Floats]  # ARRAYS, float32
    layers: tuple[Layer, ...] = field(init=False)  # convolution, hidden, output

    def __post_init__(self) -> None:
        parts = ((self.arrays[f"{name}.w"], self.arrays[f"{name}.b"]) for name in ("conv", "hidden", "out"))
        object.__setattr__(self, "layers", tuple(Layer.of(*part) for part in parts))

    def score(self, features: Features, rows: Ints, odds: Floats, lengths: Ints) -> Floats:
        """Block × OUTPUTS, ready as inputs of the network; `rows` of the tokens, `odds` of the linear scorer."""
        scores = np.tile(unread(), (len(features.counts), 1))
        blocks = np.flatnonzero(doubtful(odds, lengths) & (features.counts > 0))
        if len(blocks):
            scores[blocks] = as_outputs(self.logits(select(rows, features, blocks)))
        return scaled(scores)

    def logits(self, read: Read) -> Floats:
        """Block × (labels and gate)."""
        arrays, (convolution, hidden, last) = self.arrays, self.layers
        tokens = np.concatenate(
            (arrays["vectors"].take(read.rows, axis=0), arrays["shapes"].take(read.shapes, axis=0)), 1
        )
        tokens[read.empty] = 0
        found = np.maximum(convolution.apply(around(tokens, 1)), 0)
        found[read.empty] = 0
        size = np.minimum(read.counts, HEAD + TAIL).astype(np.float32)
        mean = np.add.reduceat(found, read.starts, axis=0, dtype=np.float64).astype(np.float32) / np.sqrt(size)[:, None]
        pooled = np.concatenate((np.maximum.reduceat(found, read.starts, axis=0), mean, sizes(read.counts)), axis=1)
        return last.apply(np.maximum(hidden.apply(pooled), 0))


def sizes(counts: Ints) -> Floats:
    """What is read of a block's length in tokens."""
    return np.stack((np.log1p(counts) / 3, counts > HEAD + TAIL), axis=1).astype(np.float32)


def as_outputs(logits: Floats) -> Floats:
    """Log-probabilities of kept labels, of boilerplate labels, and the log-odds of boilerplate."""
    kept = len(KEPT)
    return np.concatenate((_log_softmax(logits[:, :kept]), _log_softmax(logits[:, kept:-1]), logits[:, -1:]), axis=1)


def scaled(scores: Floats) -> Floats:
    """Outputs as the network reads them."""
    cut = np.concatenate(
        (np.maximum(scores[:, :-1], LOWEST), np.clip(scores[:, -1:], -HIGHEST_ODDS, HIGHEST_ODDS)), axis=1
    )
    return rounded(SCALE * cut)


def rounded(values: Floats) -> Floats:
    """Multiples of STEP: what libraries make different in the last bits is gone."""
    return (np.rint(values / STEP) * STEP).astype(np.float32)


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
