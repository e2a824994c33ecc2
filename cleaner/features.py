"""What the model reads of a document's blocks, for the whole document at once, in NumPy only.

Words are hashed by a polynomial over case-folded code points (digits read as 0), so that no
vocabulary is shipped; a script without spaces gives one token per character. Beside the hashes
stand dense measurements of shape, position and repetition. Reads no language tables, knows no
labels, and never looks at single characters in Python.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEPARATOR = "\x00"  # stands between blocks; a NUL inside a block is read as a space
WORD_BITS = 20  # buckets of single words
PAIR_BITS = 21  # buckets of word pairs
EDGE_BITS = 20  # buckets of a block's first words, last words and whole line
EDGES = 6  # look-ups per block: first 1, 2, 3 words, last 1, 2 words, whole line
STEM_BITS = 20  # buckets of word beginnings
STEM = 5  # code units
WHOLE_LINE_TOKENS = 12  # longer blocks have no whole-line hash: they hardly ever recur on other sites
LONG_PROSE = 150  # code points; a block this long that ends a sentence is taken for prose

#: Which features these are; a model trained on others is refused. Raise it with any change of their meaning.
FEATURES = 1

_KINDS = (
    "space lower upper caseless digit ideograph . , ; : ! ? quote ( ) dash / | @ # & © • * … > currency % + = { _ "
    "symbol astral"
).split()
_KIND = {name: index for index, name in enumerate(_KINDS)}
KINDS = len(_KINDS)
_CAPS = KINDS  # an extra kind of token: a word of two or more capitals
TOKEN_KINDS = KINDS + 1
_SINGLES_FROM = _KIND["ideograph"]  # every character of these kinds is a token of its own
_SIMILAR = {
    "!": "!¡！", "?": "?¿？؟", ".": ".。｡।", ",": ",，、،", ";": ";；؛", ":": ":：", "(": "([【（〔", ")": ")]】）〕",
    "quote": "\"'`´„“”‘’‚«»‹›「」『』《》", "dash": "-‐‑‒–—―", "/": "/\\", "|": "|¦", "•": "•·▪■●◦‣⁃▶►▼▲★☆", "*": "*†",
    "…": "…", ">": "><→←", "©": "©®™℗", "{": "{}", "_": "_~^",
}  # fmt: skip
_WORD_BASE = 0x9E3779B97F4A7C15  # odd, so that powers have inverses modulo 2**64
_MIX = (
    0xBF58476D1CE4E5B9,
    0x94D049BB133111EB,
    0xD6E8FEB86659FD93,
    0xA0761D6478BD642F,
    0xE7037ED1A0B428DB,
    0x8EBC6AF09C88C6E3,
)

# NumPy's stubs widen the type on most arithmetic, so these say what an array holds and check only that it is one.
Ints = NDArray[Any]  # int64
Hashes = NDArray[Any]  # uint64
Floats = NDArray[Any]  # float32
Kinds = NDArray[Any]  # uint8
Flags = NDArray[Any]  # bool


@dataclass(frozen=True, slots=True)
class Features:
    """A document as the model reads it; tokens in order, those of a block together."""

    words: Ints  # token → bucket
    stems: Ints  # token → bucket of its first STEM characters, for words not learned
    pairs: Ints  # token → bucket of (token before it in the block, token)
    starts: Ints  # block → its first token
    counts: Ints  # block → how many tokens it has; few have none
    edges: Ints  # block × EDGES → bucket
    dense: Floats  # block × measurements


def _kind_of(code: int) -> int:
    char = chr(code)
    category = unicodedata.category(char)
    if 0xD800 <= code < 0xE000:
        return _KIND["astral"]
    if category[0] in "ZC":
        return _KIND["space"]
    if category[0] == "N":
        return _KIND["digit"]
    if (
        0x2E80 <= code < 0x3001
        or 0x3040 <= code < 0x3100
        or 0x3400 <= code < 0xA000
        or 0xF900 <= code < 0xFB00
        or 0x0E00 <= code < 0x0F00
    ):
        return _KIND["ideograph"]
    if category in ("Lu", "Lt"):
        return _KIND["upper"]
    if category == "Ll":
        return _KIND["lower"]
    if category[0] in "LM":
        return _KIND["caseless"]
    if category == "Sc":
        return _KIND["currency"]
    return _KIND.get(char, _KIND["symbol"])


def _fold_of(code: int) -> int:
    if 0xD800 <= code < 0xE000:
        return code
    char = chr(code)
    if unicodedata.category(char) == "Nd":
        return ord("0")
    folded = char.lower()
    return ord(folded) if len(folded) == 1 else code


_SPACE, _LETTER, _DIGIT, _SINGLE = range(4)  # what a character does in a token
_DOES_SHIFT = 6  # kinds fill the low six bits of a table entry


def _does(kind: int) -> int:
    if kind == _KIND["space"]:
        return _SPACE
    if kind < _KIND["digit"]:
        return _LETTER
    return _DIGIT if kind == _KIND["digit"] else _SINGLE


@cache
def _tables() -> tuple[Kinds, NDArray[Any]]:
    """UTF-16 code unit → kind and what it does, packed; → folded code unit."""
    kinds = np.fromiter(map(_kind_of, range(0x10000)), np.uint8, 0x10000)
    for name, similar in _SIMILAR.items():
        kinds[[ord(char) for char in similar]] = _KIND[name]
    does = np.array([_does(kind) for kind in range(KINDS)], np.uint8)
    return kinds | (does[kinds] << _DOES_SHIFT), np.fromiter(map(_fold_of, range(0x10000)), np.uint16, 0x10000)


@cache
def _powers(count: int) -> tuple[Hashes, Hashes]:
    inverse = pow(_WORD_BASE, -1, 1 << 64)
    ups, downs = np.full(count, _WORD_BASE, np.uint64), np.full(count, inverse, np.uint64)
    ups[0] = downs[0] = 1
    return np.multiply.accumulate(ups), np.multiply.accumulate(downs)


def _mixed(hashes: Hashes, seed: int, bits: int) -> Ints:
    mixed = (hashes ^ (hashes >> np.uint64(32))) * np.uint64(_MIX[seed])
    return (mixed >> np.uint64(64 - bits)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Tokens:
    hashes: Hashes
    stems: Hashes
    kinds: Kinds
    lengths: Ints  # code units
    block: Ints  # token → block
    starts: Ints  # block → first token
    counts: Ints  # block → tokens
    whole: Hashes  # block → hash of its text


def _tokens(codes: NDArray[Any], block_starts: Ints, block_ends: Ints) -> _Tokens:
    packed_table, fold_table = _tables()
    packed = packed_table.take(codes)
    does = packed >> _DOES_SHIFT
    single = does == _SINGLE
    borders = np.empty(len(codes) + 1, bool)  # may a token begin here, or the one before end here?
    borders[0] = borders[-1] = True
    np.not_equal(does[1:], does[:-1], out=borders[1:-1])
    borders[:-1] |= single
    borders[1:] |= single
    visible = does != _SPACE
    begins = np.flatnonzero(borders[:-1] & visible)
    ends = np.flatnonzero(borders[1:] & visible) + 1
    ups, downs = _powers(1 << max(14, len(codes).bit_length()))
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(fold_table.take(codes) * ups[: len(codes)], out=sums[1:])
    base, scale = sums.take(begins), downs.take(begins)
    hashes = (sums.take(ends) - base) * scale
    stems = (sums.take(np.minimum(begins + STEM, ends)) - base) * scale
    kinds = packed.take(begins) & ((1 << _DOES_SHIFT) - 1)
    second = packed.take(begins + 1) & ((1 << _DOES_SHIFT) - 1)  # the text ends with a separator
    kinds[(kinds == _KIND["upper"]) & (second == _KIND["upper"])] = _CAPS
    starts = np.searchsorted(begins, block_starts)
    counts = np.concatenate((starts[1:], [len(begins)])) - starts
    whole = (sums[block_ends] - sums[block_starts]) * downs[block_starts]
    return _Tokens(
        hashes, stems, kinds, ends - begins, np.repeat(np.arange(len(starts)), counts), starts, counts, whole
    )


def _edges(tokens: _Tokens) -> Hashes:
    """EDGES × block hashes; words that are not there count as 0."""
    starts, counts = tokens.starts, tokens.counts
    at = np.stack((starts, starts + 1, starts + 2, starts + counts - 1, starts + counts - 2))
    inside = counts > _EDGE_NEEDS
    one, two, three, last, last_but_one = np.where(
        inside, np.append(tokens.hashes, np.zeros(3, np.uint64))[at], np.uint64(0)
    )
    twos = one * np.uint64(_MIX[1]) + two
    whole = tokens.whole * (counts <= WHOLE_LINE_TOKENS)
    return np.stack(
        (one, twos, twos * np.uint64(_MIX[1]) + three, last, last * np.uint64(_MIX[2]) + last_but_one, whole)
    )


_EDGE_NEEDS = np.array(
    [[0], [1], [2], [0], [1]]
)  # tokens a block must exceed to have its first, second, third, last, last but one
_EDGE_SALT = np.array(_MIX, np.uint64)[:, None]


def _befores(tokens: _Tokens) -> Hashes:
    """Token → hash of the token before it in its block; a block's first token has 0 before it."""
    befores = np.empty_like(tokens.hashes)
    befores[1:] = tokens.hashes[:-1]
    befores[tokens.starts[tokens.counts > 0]] = 0
    return befores


def _same(values: Hashes) -> Ints:
    """How many others in the array have the same value."""
    if len(values) <= 256:
        return (values[:, None] == values).sum(axis=1) - 1
    _, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    return counts[back] - 1


def _distances(flags: Flags, index: Ints) -> tuple[Ints, Ints]:
    """Blocks since the last flagged one, and until the next one (both 50 where there is none)."""
    count = len(flags)
    before = index - np.maximum.accumulate(np.where(flags, index, -50))
    after = np.minimum.accumulate(np.where(flags, index, count + 49)[::-1])[::-1] - index
    return np.minimum(before, 50), np.minimum(after, 50)


@dataclass(frozen=True, slots=True)
class _Shape:
    """Per block: its size, how it begins and ends, and what that says."""

    sizes: Floats  # code units
    kinds: Floats  # block × token kinds: how many
    first: Kinds  # kind of the first token
    final: Kinds
    stop: Flags  # ends with . ? !
    stopped: Flags  # the same, or such a stop before a closing quote or bracket
    prose: Flags


_IS_STOP = np.isin(np.arange(TOKEN_KINDS), [_KIND["."], _KIND["?"], _KIND["!"]])
_IS_CLOSER = np.isin(np.arange(TOKEN_KINDS), [_KIND["quote"], _KIND[")"]])
_IS_STOP_OR_COMMA = _IS_STOP | (np.arange(TOKEN_KINDS) == _KIND[","])
_IS_WORD = np.isin(np.arange(TOKEN_KINDS), [_KIND["lower"], _KIND["upper"], _KIND["caseless"], _CAPS])


def _shape(tokens: _Tokens, lengths: Ints) -> _Shape:
    count = len(lengths)
    cells = tokens.block * TOKEN_KINDS + tokens.kinds
    kinds = np.bincount(cells, minlength=count * TOKEN_KINDS).reshape(count, TOKEN_KINDS).astype(np.float32)
    padded = np.concatenate((np.zeros(2, np.uint8), tokens.kinds, np.zeros(1, np.uint8)))
    ends = tokens.starts + tokens.counts + 1
    first = padded[tokens.starts + 2] * (tokens.counts > 0)
    final = padded[ends] * (tokens.counts > 0)
    stop = _IS_STOP[final]
    stopped = stop | (_IS_CLOSER[final] & _IS_STOP_OR_COMMA[padded[ends - 1] * (tokens.counts > 1)])
    return _Shape(lengths.astype(np.float32), kinds, first, final, stop, stopped, stopped & (lengths > LONG_PROSE))


def _vocabulary(tokens: _Tokens) -> tuple[Floats, Floats, Floats]:
    """Per block: long words, those of them that stand more than once in the document, letters.

    A teaser for another article shares few words with this one.
    """
    count = len(tokens.counts)
    slots = (tokens.hashes >> np.uint64(50)).astype(np.int64)
    letters = tokens.lengths * _IS_WORD[tokens.kinds]
    long_words = np.flatnonzero(letters >= 4)
    blocks = tokens.block[long_words]
    common = blocks[np.bincount(slots, minlength=1 << 14)[slots[long_words]] > 1]
    longs = np.bincount(blocks, minlength=count).astype(np.float32)
    shared = np.bincount(common, minlength=count).astype(np.float32)
    return longs, shared, np.bincount(tokens.block, letters, count).astype(np.float32)


def _dense(tokens: _Tokens, lengths: Ints, gaps: Ints, edges: Hashes) -> Floats:
    count = len(lengths)
    shape, index = _shape(tokens, lengths), np.arange(count)
    sizes = shape.sizes
    words = shape.kinds[:, _IS_NUMBER_OR_WORD].sum(axis=1)
    longs, shared, letters = _vocabulary(tokens)
    size, prose = sizes.sum(), sizes * shape.prose
    before, prose_before = np.cumsum(sizes) - sizes, np.cumsum(prose) - prose
    prose_after = prose_before[-1] + prose[-1] - prose_before - prose
    next_gaps = np.append(gaps[1:], 2)
    table = np.empty((_COLUMNS, count), np.float32)
    logs, plain = table[:_LOGS], table[_LOGS:]
    for row, column in enumerate((
        sizes, tokens.counts, words, longs, shared,
        _same(tokens.whole), _same(edges[0]), _same(edges[3]), _same(edges[4]),
        index, index[::-1], count, size, size / count,
        before, size - before - sizes, prose_before, prose_after, *_distances(shape.prose, index),
    )):  # fmt: skip
        logs[row] = column
    np.log1p(logs, out=logs)
    for row, column in enumerate((
        letters / np.maximum(words, 1) / 5, shape.stopped, shape.stop, shape.prose, sizes > 60, sizes > 300,
        shared / np.maximum(longs, 1),
        index < 1, index < 2, index == count - 1, before / max(size, 1), prose_before == 0, prose_after == 0,
        gaps == 0, gaps == 1, gaps > 2, next_gaps == 0, next_gaps == 1,
    )):  # fmt: skip
        plain[row] = column
    kinds = shape.kinds[:, 1:]
    return np.concatenate(
        (
            table.T,
            np.log1p(kinds),
            kinds / np.maximum(tokens.counts, 1)[:, None].astype(np.float32),
            _ONE_HOT[shape.first],
            _ONE_HOT[shape.final],
        ),
        axis=1,
    )


_IS_NUMBER_OR_WORD = _IS_WORD | np.isin(np.arange(TOKEN_KINDS), [_KIND["digit"], _KIND["ideograph"]])
_ONE_HOT = np.eye(TOKEN_KINDS, dtype=np.float32)
_LOGS = 20  # columns that are counts, read as log(1 + count)
_COLUMNS = _LOGS + 18


def featurise(texts: Sequence[str], gaps: Sequence[int]) -> Features:
    """The features of a document's blocks; `gaps` are the newlines before each block (0: same line).

    Works for any text, lone surrogates included; needs at least one block. The same blocks give the same arrays on
    every machine.
    """
    joined = SEPARATOR.join(texts)
    if joined.count(SEPARATOR) >= len(texts):
        joined = SEPARATOR.join(text.replace(SEPARATOR, " ") for text in texts)
    codes = np.frombuffer((joined + SEPARATOR).encode("utf-16-le", "surrogatepass"), np.uint16)
    block_ends = np.flatnonzero(codes == 0)
    block_starts = np.concatenate(([0], block_ends[:-1] + 1))
    tokens = _tokens(codes, block_starts, block_ends)
    edges = _edges(tokens)
    dense = _dense(tokens, block_ends - block_starts, np.asarray(gaps), edges)
    pairs = _befores(tokens) * np.uint64(_MIX[3]) + tokens.hashes
    return Features(
        words=_mixed(tokens.hashes, 0, WORD_BITS),
        stems=_mixed(tokens.stems, 5, STEM_BITS),
        pairs=_mixed(pairs, 1, PAIR_BITS),
        starts=tokens.starts,
        counts=tokens.counts,
        edges=_edge_buckets(edges),
        dense=dense,
    )


def _edge_buckets(edges: Hashes) -> Ints:
    mixed = (edges ^ (edges >> np.uint64(32))) * _EDGE_SALT
    return (mixed >> np.uint64(64 - EDGE_BITS)).astype(np.int64).T
