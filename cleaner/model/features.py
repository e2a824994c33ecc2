"""What the model reads of a document's blocks, for the whole document at once, in NumPy only.

Words are hashed by a polynomial over case-folded code points (digits read as 0), so that no
vocabulary is shipped; a script without spaces gives one token per character. Beside the hashes
stand dense measurements of shape, position and repetition. Reads no language tables, knows no
labels, and never looks at single characters in Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from cleaner import accelerator
from cleaner.model.borders import Borders, one
from cleaner.model.repeats import REPEATS, fill, in_numpy
from cleaner.segmentation.tokens import (
    CAPS,
    KIND,
    MIX,
    TOKEN_KINDS,
    Flags,
    Floats,
    Hashes,
    Ints,
    Kinds,
    Tokens,
    mixed,
    tokenise,
)

WORD_BITS = 20  # buckets of single words
PAIR_BITS = 21  # buckets of word pairs
EDGE_BITS = 20  # buckets of a block's first words, last words and whole line
EDGES = 6  # look-ups per block: first 1, 2, 3 words, last 1, 2 words, whole line
STEM_BITS = 20  # buckets of word beginnings
WHOLE_LINE_TOKENS = 12  # longer blocks have no whole-line hash: they hardly ever recur on other sites
LONG_PROSE = 150  # code points; a block this long that ends a sentence is taken for prose

#: Which features these are; a model trained on others is refused. Raise it with any change of their meaning.
FEATURES = 2


@accelerator.quick
@dataclass(frozen=True, slots=True)
class Features:
    """A document as the model reads it; tokens in order, those of a block together."""

    words: Ints  # token → bucket
    stems: Ints  # token → bucket of its first STEM characters, for words not learned
    pairs: Ints  # token → bucket of (token before it in the block, token)
    starts: Ints  # block → its first token
    counts: Ints  # block → how many tokens it has; few have none
    kinds: Kinds  # token → its kind
    edges: Ints  # block × EDGES → bucket
    dense: Floats  # block × measurements


def _edges(tokens: Tokens) -> Hashes:
    """EDGES × block hashes; words that are not there count as 0."""
    starts, counts = tokens.starts, tokens.counts
    at = np.stack((starts, starts + 1, starts + 2, starts + counts - 1, starts + counts - 2))
    inside = counts > _EDGE_NEEDS
    one, two, three, last, last_but_one = np.where(
        inside, np.append(tokens.hashes, np.zeros(3, np.uint64))[at], np.uint64(0)
    )
    twos = one * np.uint64(MIX[1]) + two
    whole = tokens.whole * (counts <= WHOLE_LINE_TOKENS)
    return np.stack((one, twos, twos * np.uint64(MIX[1]) + three, last, last * np.uint64(MIX[2]) + last_but_one, whole))


_EDGE_NEEDS = np.array(
    [[0], [1], [2], [0], [1]]
)  # tokens a block must exceed to have its first, second, third, last, last but one
_EDGE_SALT = np.array(MIX, np.uint64)[:, None]


def _befores(tokens: Tokens) -> Hashes:
    """Token → hash of the token before it in its block; a block's first token has 0 before it."""
    befores = np.empty_like(tokens.hashes)
    befores[1:] = tokens.hashes[:-1]
    befores[tokens.starts[tokens.counts > 0]] = 0
    return befores


def _same(values: Hashes, borders: Borders) -> Ints:
    """Rows of hashes of blocks → how many other blocks of the document have the same hash in that row."""
    rows, count = values.shape
    groups = (np.arange(rows)[:, None] * len(borders.counts) + borders.owner).ravel()
    hashes = values.ravel()
    order = np.lexsort((hashes, groups))
    hashes, groups = hashes[order], groups[order]
    firsts = np.flatnonzero(np.concatenate(([True], (hashes[1:] != hashes[:-1]) | (groups[1:] != groups[:-1]))))
    runs = np.diff(firsts, append=len(order))
    others = np.empty(len(order), np.int64)
    others[order] = np.repeat(runs - 1, runs)
    return others.reshape(rows, count)


def _distances(flags: Flags, borders: Borders) -> tuple[Ints, Ints]:
    """Blocks since the last flagged one, and until the next one (both 50 where there is none)."""
    count, index = len(flags), np.arange(len(flags))
    last = np.maximum.accumulate(np.where(flags, index, -1))
    following = np.minimum.accumulate(np.where(flags, index, count)[::-1])[::-1]
    before = np.where(last >= index - borders.places, index - last, 50)
    after = np.where(following <= index + borders.rests, following - index, 50)
    return np.minimum(before, 50), np.minimum(after, 50)


@dataclass(frozen=True, slots=True)
class _BlockShapes:
    """Per block: its size, how it begins and ends, and what that says."""

    sizes: Floats  # code units
    kinds: Floats  # block × token kinds: how many
    first: Kinds  # kind of the first token
    final: Kinds
    stop: Flags  # ends with . ? !
    stopped: Flags  # the same, or such a stop before a closing quote or bracket
    prose: Flags


_IS_STOP = np.isin(np.arange(TOKEN_KINDS), [KIND["."], KIND["?"], KIND["!"]])
_IS_CLOSER = np.isin(np.arange(TOKEN_KINDS), [KIND["quote"], KIND[")"]])
_IS_STOP_OR_COMMA = _IS_STOP | (np.arange(TOKEN_KINDS) == KIND[","])
_IS_WORD = np.isin(np.arange(TOKEN_KINDS), [KIND["lower"], KIND["upper"], KIND["caseless"], CAPS])


def _shape(tokens: Tokens, lengths: Ints) -> _BlockShapes:
    count = len(lengths)
    cells = tokens.block * TOKEN_KINDS + tokens.kinds
    kinds = np.bincount(cells, minlength=count * TOKEN_KINDS).reshape(count, TOKEN_KINDS).astype(np.float32)
    padded = np.concatenate((np.zeros(2, np.uint8), tokens.kinds, np.zeros(1, np.uint8)))
    ends = tokens.starts + tokens.counts + 1
    first = padded[tokens.starts + 2] * (tokens.counts > 0)
    final = padded[ends] * (tokens.counts > 0)
    stop = _IS_STOP[final]
    stopped = stop | (_IS_CLOSER[final] & _IS_STOP_OR_COMMA[padded[ends - 1] * (tokens.counts > 1)])
    return _BlockShapes(
        lengths.astype(np.float32), kinds, first, final, stop, stopped, stopped & (lengths > LONG_PROSE)
    )


def _vocabulary(tokens: Tokens, borders: Borders) -> tuple[Floats, Floats, Floats]:
    """Per block: long words, those of them that stand more than once in the document, letters.

    A teaser for another article shares few words with this one.
    """
    count = len(tokens.counts)
    slots = (tokens.hashes >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)
    if len(borders.counts) > 1:
        slots += borders.owner[tokens.block] << _SLOT_BITS
    letters = tokens.lengths * _IS_WORD[tokens.kinds]
    long_words = np.flatnonzero(letters >= 4)
    blocks = tokens.block[long_words]
    common = blocks[np.bincount(slots, minlength=1 << _SLOT_BITS)[slots[long_words]] > 1]
    longs = np.bincount(blocks, minlength=count).astype(np.float32)
    shared = np.bincount(common, minlength=count).astype(np.float32)
    return longs, shared, np.bincount(tokens.block, letters, count).astype(np.float32)


def _dense(tokens: Tokens, lengths: Ints, gaps: Ints, edges: Hashes, borders: Borders) -> Floats:
    shape, index, owner = _shape(tokens, lengths), borders.places, borders.owner
    count = borders.counts[owner]
    sizes = shape.sizes
    words = shape.kinds[:, _IS_NUMBER_OR_WORD].sum(axis=1)
    longs, shared, letters = _vocabulary(tokens, borders)
    size, prose = borders.sums(sizes)[owner], sizes * shape.prose
    before, prose_before = _before(sizes, borders), _before(prose, borders)
    prose_after = borders.sums(prose)[owner] - prose_before - prose
    whole, first, last, last_two = _same(np.stack((tokens.whole, edges[0], edges[3], edges[4])), borders)
    next_gaps = np.append(gaps[1:], 2)
    next_gaps[borders.ends] = 2
    table = np.empty((_COLUMNS, len(lengths)), np.float32)
    logs, plain = table[:_LOGS], table[_LOGS:]
    for row, column in enumerate((
        sizes, tokens.counts, words, longs, shared,
        whole, first, last, last_two,
        index, borders.rests, count, size, size / count.astype(np.float32),
        before, size - before - sizes, prose_before, prose_after, *_distances(shape.prose, borders),
    )):  # fmt: skip
        logs[row] = column
    logs[:] = _log1p(logs)
    for row, column in enumerate((
        letters / np.maximum(words, 1) / 5, shape.stopped, shape.stop, shape.prose, sizes > 60, sizes > 300,
        shared / np.maximum(longs, 1),
        index < 1, index < 2, borders.rests < 1, before / np.maximum(size, 1), prose_before == 0, prose_after == 0,
        gaps == 0, gaps == 1, gaps > 2, next_gaps == 0, next_gaps == 1,
    )):  # fmt: skip
        plain[row] = column
    kinds = shape.kinds[:, 1:]
    return np.concatenate(
        (
            table.T,
            _log1p(kinds),
            kinds / np.maximum(tokens.counts, 1)[:, None].astype(np.float32),
            _ONE_HOT[shape.first],
            _ONE_HOT[shape.final],
        ),
        axis=1,
    )


def _before(sizes: Floats, borders: Borders) -> Floats:
    """The sum of those before in the document; whole numbers, which float32 holds up to 2**24."""
    sums = np.cumsum(sizes) - sizes
    return sums - sums[borders.starts][borders.owner]


_IS_NUMBER_OR_WORD = _IS_WORD | np.isin(np.arange(TOKEN_KINDS), [KIND["digit"], KIND["ideograph"]])
_ONE_HOT = np.eye(TOKEN_KINDS, dtype=np.float32)
_MEAN_SIZE = 13  # the only one that is not a whole number
_SLOT_BITS = 14  # words of a document are counted in so many slots
_LOGS = 20  # columns that are counts, read as log(1 + count)
_COLUMNS = _LOGS + 18


def featurise(texts: Sequence[str], gaps: Sequence[int], tokens: Tokens | None = None) -> Features:
    """The features of a document's blocks; `gaps` are the newlines before each block (0: same line).

    Works for any text, lone surrogates included; needs at least one block. The same blocks give the same arrays on
    every machine.
    """
    tokens = tokens or tokenise(texts)
    if accelerator.compiled is not None:
        memory = accelerator.compiled.featurise(
            tokens.hashes, tokens.stems, tokens.kinds, tokens.lengths, tokens.starts, tokens.counts, tokens.whole,
            tokens.block_lengths, np.asarray(gaps, np.int64), _CLASSES, _MIXES, _logs(), _BITS,
        )  # fmt: skip
        if memory is not None:
            return _columns(memory, tokens)
    return _featurise(gaps, tokens)


@cache
def _logs() -> Floats:
    """log(1 + count) of the counts that documents hold; a document with larger ones is measured in NumPy."""
    return _log1p(np.arange(1 << 17))


def _log1p(counts: Floats) -> Floats:
    """log(1 + count) in float32, rounded from float64: in float32 processors differ in the last bit."""
    return np.log1p(counts, dtype=np.float64).astype(np.float32)


_MIXES = np.array(MIX, np.uint64)
#: What a kind of token is, in bits; see `native/features.c`.
_CLASSES = sum(
    (flags.astype(np.uint8) << bit)
    for bit, flags in enumerate((_IS_WORD, _IS_NUMBER_OR_WORD, _IS_STOP, _IS_CLOSER, _IS_STOP_OR_COMMA))
)
_BITS = (WORD_BITS, PAIR_BITS, EDGE_BITS, STEM_BITS, WHOLE_LINE_TOKENS, LONG_PROSE, REPEATS)


def _columns(memory: bytearray, tokens: Tokens) -> Features:
    """The arrays that the accelerator has laid one after another."""
    count, blocks = len(tokens.hashes), len(tokens.starts)
    ints = np.frombuffer(memory, np.int64, 3 * count + EDGES * blocks)
    dense = np.frombuffer(memory, np.float32, offset=ints.nbytes).reshape(blocks, -1)
    dense[:, _MEAN_SIZE] = _log1p(dense[:1, _MEAN_SIZE])  # that of all blocks is the same
    fill(dense, tokens)
    return Features(
        words=ints[:count], stems=ints[count : 2 * count], pairs=ints[2 * count : 3 * count], starts=tokens.starts,
        counts=tokens.counts, edges=ints[3 * count :].reshape(blocks, EDGES),
        dense=dense, kinds=tokens.kinds,
    )  # fmt: skip


def _featurise(gaps: Sequence[int] | Ints, tokens: Tokens, borders: Borders | None = None) -> Features:
    """The reference that the accelerator is held to; borders: of many documents."""
    edges = _edges(tokens)
    borders = borders or one(len(tokens.counts))
    dense = _dense(tokens, tokens.block_lengths, np.asarray(gaps), edges, borders)
    pairs = _befores(tokens) * np.uint64(MIX[3]) + tokens.hashes
    return Features(
        words=mixed(tokens.hashes, 0, WORD_BITS),
        stems=mixed(tokens.stems, 5, STEM_BITS),
        pairs=mixed(pairs, 1, PAIR_BITS),
        starts=tokens.starts,
        counts=tokens.counts,
        kinds=tokens.kinds,
        edges=_edge_buckets(edges),
        dense=np.concatenate((dense, in_numpy(tokens, borders)), axis=1),
    )


def _edge_buckets(edges: Hashes) -> Ints:
    mixed = (edges ^ (edges >> np.uint64(32))) * _EDGE_SALT
    return np.ascontiguousarray((mixed >> np.uint64(64 - EDGE_BITS)).astype(np.int64).T)
