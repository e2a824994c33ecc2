"""What corrections taught: a small layer over the model's odds of boilerplate, in general and for each source.

Weights of a block's words, its beginning and end, the whole of it, its neighbours and the model's own opinion. Where
nothing was taught nothing moves: a source that was corrected moves most, others hardly. No training here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import numpy as np

from cleaner.document import Block
from cleaner.labels import KEPT
from cleaner.memory.fingerprints import HEAD, TAIL, mixed, words_of
from cleaner.segmentation.tokens import Floats, Hashes, Ints, tokenise

#: Arrays of this layer have names that begin so.
TAUGHT = "taught."
EDGE = 1e-6
#: The model's own log-odds are read within these bounds.
CLIP = 8.0
#: What a feature is of; each kind has a prior of its own in `training.teach`.
KINDS = ("bias", "odds", "around", "column", "size", "place", "word", "head", "tail", "whole", "before", "after")
KIND = {name: number for number, name in enumerate(KINDS)}
SIZES = (20, 40, 80, 160, 320)  # characters; where a block's size goes to the next class
PLACES = 3  # blocks from either end that are told apart


@dataclass(frozen=True, slots=True)
class Design:
    """The features of some blocks: entries (block, key, kind, value), and the odds they start from.

    The kinds of what holds for the source alone are numbered behind those of what holds in general.
    """

    odds: Floats
    block: Ints
    keys: Hashes
    kinds: Ints
    values: Floats


def log_odds(probabilities: Floats) -> Floats:
    """The model's log-odds that each block is boilerplate."""
    boilerplate = np.clip(probabilities[:, len(KEPT) :].sum(axis=1), EDGE, 1 - EDGE)
    odds: Floats = np.clip(np.log(boilerplate / (1 - boilerplate)), -CLIP, CLIP)
    return odds


def source_key(source: str) -> np.uint64:
    """What a source is known by."""
    return np.uint64(int.from_bytes(blake2b(source.encode("utf-8", "replace"), digest_size=8).digest(), "little") | 1)


def design(probabilities: Floats, blocks: Sequence[Block], source: str) -> Design:
    """The features of a document's blocks: each in general, and again for the source where there is one."""
    texts = [block.text for block in blocks]
    odds = log_odds(probabilities)
    entries = [*_of_opinion(probabilities, odds, texts), *_of_words(texts)]
    block = np.concatenate([entry[0] for entry in entries])
    kinds = np.concatenate([np.full(len(entry[0]), KIND[entry[1]]) for entry in entries])
    names = np.concatenate([entry[2].astype(np.uint64) for entry in entries])
    values = np.concatenate([entry[3] for entry in entries])
    keys = mixed(names ^ mixed(kinds.astype(np.uint64) + np.uint64(1)))
    if not source:
        return Design(odds, block, keys, kinds, values)
    own = mixed(keys ^ source_key(source))
    return Design(
        odds,
        np.tile(block, 2),
        np.concatenate((keys, own)),
        np.concatenate((kinds, kinds + len(KINDS))),
        np.tile(values, 2),
    )


Entry = tuple[Ints, str, Hashes, Floats]


def _of_opinion(probabilities: Floats, odds: Floats, texts: Sequence[str]) -> list[Entry]:
    """What the model thinks of a block and those beside it, its size, its place."""
    count = len(texts)
    every, ones, zeros = np.arange(count), np.ones(count), np.zeros(count, np.uint64)
    beside = np.concatenate(([0.0], odds, [0.0]))
    around = (beside[:-2] + beside[2:]) / 2
    column = probabilities[:, len(KEPT) :].argmax(axis=1) + len(KEPT)
    size = np.searchsorted(SIZES, [len(text) for text in texts])
    place = np.minimum(every, PLACES) * (PLACES + 1) + np.minimum(every[::-1], PLACES)
    return [
        (every, "bias", zeros, ones), (every, "odds", zeros, odds / CLIP), (every, "around", zeros, around / CLIP),
        (every, "column", column, ones), (every, "size", size, ones), (every, "place", place, ones),
    ]  # fmt: skip


def _of_words(texts: Sequence[str]) -> list[Entry]:
    """A block's words as the memory compares them, its edges, the whole of it, and the wholes beside it."""
    tokens = tokenise(texts)
    at, words = words_of(tokens)
    owner = tokens.block[at]
    count = len(texts)
    starts, ends = np.searchsorted(owner, np.arange(count)), np.searchsorted(owner, np.arange(count), "right")
    pairs = np.unique(np.stack((owner.astype(np.uint64), words), axis=1), axis=0)
    having = pairs[:, 0].astype(np.int64)
    share = 1 / np.sqrt(np.maximum(1, np.bincount(having, minlength=count)))[having]
    filled = np.flatnonzero(ends > starts)

    def key(first: Ints, last: Ints) -> Hashes:
        return np.array([_hash(words[a:b]) for a, b in zip(first.tolist(), last.tolist(), strict=True)], np.uint64)

    first, last = starts[filled], ends[filled]
    whole = np.zeros(count + 2, np.uint64)
    whole[filled + 1] = key(first, last)
    every, ones = np.arange(count), np.ones(count)
    return [
        (having, "word", pairs[:, 1], share),
        (filled, "head", key(first, np.minimum(first + HEAD, last)), ones[filled]),
        (filled, "tail", key(np.maximum(last - TAIL, first), last), ones[filled]),
        (filled, "whole", whole[filled + 1], ones[filled]),
        (every, "before", whole[:-2], ones), (every, "after", whole[2:], ones),
    ]  # fmt: skip


def _hash(words: Hashes) -> int:
    return int.from_bytes(blake2b(words.tobytes(), digest_size=8).digest(), "little")


class Moved(Protocol):
    """What may change the model's opinion of a document's blocks."""

    def adjusted(self, probabilities: Floats, blocks: Sequence[Block], source: str) -> Floats:
        """Block × label probabilities, from the model's."""
        ...


@dataclass(frozen=True, slots=True)
class Taught:
    """The layer: a weight for each key that was taught."""

    keys: Hashes  # sorted
    weights: Floats

    def adjusted(self, probabilities: Floats, blocks: Sequence[Block], source: str) -> Floats:
        """Block × label probabilities with what was taught in them; rows still sum to 1."""
        if not len(self.keys) or not len(blocks):
            return probabilities
        matrix = design(probabilities, blocks, source)
        at = np.minimum(np.searchsorted(self.keys, matrix.keys), len(self.keys) - 1)
        known = self.keys[at] == matrix.keys
        moves = np.bincount(matrix.block, known * self.weights[at] * matrix.values, len(blocks))
        before = np.clip(probabilities[:, len(KEPT) :].sum(axis=1), EDGE, 1 - EDGE)
        after = np.clip(1 / (1 + np.exp(-(np.log(before / (1 - before)) + moves))), EDGE, 1 - EDGE)
        scale = np.ones_like(probabilities)
        scale[:, : len(KEPT)] = ((1 - after) / (1 - before))[:, None]
        scale[:, len(KEPT) :] = (after / before)[:, None]
        return probabilities * scale

    def arrays(self) -> dict[str, Floats]:
        """The arrays to store."""
        return {f"{TAUGHT}keys": self.keys, f"{TAUGHT}weights": self.weights.astype(np.float32)}

    @classmethod
    def of(cls, arrays: Mapping[str, Floats]) -> Taught | None:
        """The layer from a model's arrays; None where it was taught nothing."""
        if f"{TAUGHT}keys" not in arrays:
            return None
        return cls(arrays[f"{TAUGHT}keys"], arrays[f"{TAUGHT}weights"].astype(np.float64))
