"""Texts → tokens, for all blocks of a document at once, in NumPy only.

A token is a run of letters, a run of digits, or a single sign; a script without spaces gives one token per
character. Tokens are hashed by a polynomial over case-folded code points (digits read as 0), so that any
stretch's hash comes from prefix sums. Knows no language, refuses no text, lone surrogates included.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner import accelerator

SEPARATOR = "\x00"  # stands between blocks; a NUL inside a block is read as a space
STEM = 5  # code units
KIND_NAMES = (
    "space lower upper caseless digit ideograph . , ; : ! ? quote ( ) dash / | @ # & © • * … > currency % + = { _ "
    "symbol astral"
).split()
KIND = {name: index for index, name in enumerate(KIND_NAMES)}
KINDS = len(KIND_NAMES)
CAPS = KINDS  # an extra kind of token: a word of two or more capitals
TOKEN_KINDS = KINDS + 1
_SIMILAR = {
    "!": "!¡！", "?": "?¿？؟", ".": ".。｡।", ",": ",，、،", ";": ";；؛", ":": ":：", "(": "([【（〔", ")": ")]】）〕",
    "quote": "\"'`´„“”‘’‚«»‹›「」『』《》", "dash": "-‐‑‒–—―", "/": "/\\", "|": "|¦", "•": "•·▪■●◦‣⁃▶►▼▲★☆", "*": "*†",
    "…": "…", ">": "><→←", "©": "©®™℗", "{": "{}", "_": "_~^",
}  # fmt: skip
_WORD_BASE = 0x9E3779B97F4A7C15  # odd, so that powers have inverses modulo 2**64
MIX = (
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


def _kind_of(code: int) -> int:
    char = chr(code)
    category = unicodedata.category(char)
    if 0xD800 <= code < 0xE000:
        return KIND["astral"]
    if category[0] in "ZC":
        return KIND["space"]
    if category[0] == "N":
        return KIND["digit"]
    if (
        0x2E80 <= code < 0x3001
        or 0x3040 <= code < 0x3100
        or 0x3400 <= code < 0xA000
        or 0xF900 <= code < 0xFB00
        or 0x0E00 <= code < 0x0F00
    ):
        return KIND["ideograph"]
    if category in ("Lu", "Lt"):
        return KIND["upper"]
    if category == "Ll":
        return KIND["lower"]
    if category[0] in "LM":
        return KIND["caseless"]
    if category == "Sc":
        return KIND["currency"]
    return KIND.get(char, KIND["symbol"])


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
    if kind == KIND["space"]:
        return _SPACE
    if kind < KIND["digit"]:
        return _LETTER
    return _DIGIT if kind == KIND["digit"] else _SINGLE


@cache
def _tables() -> tuple[Kinds, Hashes]:
    """UTF-16 code unit → kind and what it does, packed; → folded code unit. As they were made: `made_tables`."""
    data = zlib.decompress((resources.files("cleaner") / "data" / "characters.zlib").read_bytes())
    shifts = np.frombuffer(data, "<u2", 0x10000, 0x10000)
    return np.frombuffer(data, np.uint8, 0x10000), shifts + np.arange(0x10000, dtype=np.uint16)


def made_tables() -> tuple[Kinds, Hashes]:
    """The same by the Unicode version of this Python; that takes as long as to clean twenty articles."""
    kinds = np.fromiter(map(_kind_of, range(0x10000)), np.uint8, 0x10000)
    for name, similar in _SIMILAR.items():
        kinds[[ord(char) for char in similar]] = KIND[name]
    does = np.array([_does(kind) for kind in range(KINDS)], np.uint8)
    return kinds | (does[kinds] << _DOES_SHIFT), np.fromiter(map(_fold_of, range(0x10000)), np.uint16, 0x10000)


def table_bytes() -> bytes:
    """What `data/characters.zlib` holds, written anew when kinds change: kinds, and how far folding moves each."""
    kinds, folds = made_tables()
    shifts = (folds - np.arange(0x10000, dtype=np.uint16)).astype("<u2")
    return zlib.compress(kinds.tobytes() + shifts.tobytes(), 9)


@cache
def powers(count: int) -> tuple[Hashes, Hashes]:
    """The powers of the base of the polynomial hashes modulo 2**64, and of its inverse, from the 0th on."""
    inverse = pow(_WORD_BASE, -1, 1 << 64)
    ups, downs = np.full(count, _WORD_BASE, np.uint64), np.full(count, inverse, np.uint64)
    ups[0] = downs[0] = 1
    return np.multiply.accumulate(ups), np.multiply.accumulate(downs)


def mixed(hashes: Hashes, seed: int, bits: int) -> Ints:
    """Buckets of 2**bits from hashes; another seed gives others."""
    mixed = (hashes ^ (hashes >> np.uint64(32))) * np.uint64(MIX[seed])
    return (mixed >> np.uint64(64 - bits)).astype(np.int64)


@accelerator.quick
@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a document's blocks in order; lengths and offsets are in UTF-16 code units."""

    hashes: Hashes
    stems: Hashes  # of the first STEM units
    kinds: Kinds
    begins: Ints  # offset in the joined text
    lengths: Ints
    block: Ints  # token → block
    starts: Ints  # block → first token
    counts: Ints  # block → tokens
    whole: Hashes  # block → hash of its text
    block_starts: Ints  # block → offset in the joined text
    block_lengths: Ints


def tokenise(texts: Sequence[str]) -> Tokens:
    """The tokens of at least one block; the same on every machine."""
    if accelerator.compiled is not None and texts:
        memory, count = accelerator.compiled.tokenise(texts, *_tables(), KIND["upper"], CAPS)
        return _columns(memory, count, len(texts))
    return _tokenise(texts)


def _columns(memory: bytearray, count: int, blocks: int) -> Tokens:
    """The arrays that the accelerator has laid one after another."""
    ints = np.frombuffer(memory, np.int64, 5 * (count + blocks))
    hashes, kinds = ints.view(np.uint64), np.frombuffer(memory, np.uint8, count, ints.nbytes)
    ends = [number * count for number in range(6)]
    per_block = [ends[5] + number * blocks for number in range(6)]
    return Tokens(
        hashes=hashes[: ends[1]], stems=hashes[ends[1] : ends[2]], kinds=kinds,
        begins=ints[ends[2] : ends[3]], lengths=ints[ends[3] : ends[4]], block=ints[ends[4] : ends[5]],
        starts=ints[per_block[3] : per_block[4]], counts=ints[per_block[4] : per_block[5]],
        whole=hashes[per_block[0] : per_block[1]], block_starts=ints[per_block[1] : per_block[2]],
        block_lengths=ints[per_block[2] : per_block[3]],
    )  # fmt: skip


def points_of(text: str, units: Ints) -> Ints:
    """Offsets in UTF-16 code units → in code points. The halves of a pair are two where the text holds them as two."""
    is_pair = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4") > 0xFFFF
    if not is_pair.any():
        return units
    begins = np.arange(len(is_pair) + 1)
    begins[1:] += np.cumsum(is_pair)
    points: Ints = np.searchsorted(begins, units)
    return points


def _tokenise(texts: Sequence[str]) -> Tokens:
    """The reference that the accelerator is held to."""
    joined = SEPARATOR.join(texts)
    if joined.count(SEPARATOR) >= len(texts):
        joined = SEPARATOR.join(text.replace(SEPARATOR, " ") for text in texts)
    codes = np.frombuffer((joined + SEPARATOR).encode("utf-16-le", "surrogatepass"), np.uint16)
    block_ends = np.flatnonzero(codes == 0)
    block_starts = np.concatenate(([0], block_ends[:-1] + 1))
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
    ups, downs = powers(1 << max(14, len(codes).bit_length()))
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(fold_table.take(codes) * ups[: len(codes)], out=sums[1:])
    base, scale = sums.take(begins), downs.take(begins)
    hashes = (sums.take(ends) - base) * scale
    stems = (sums.take(np.minimum(begins + STEM, ends)) - base) * scale
    kinds = packed.take(begins) & ((1 << _DOES_SHIFT) - 1)
    second = packed.take(begins + 1) & ((1 << _DOES_SHIFT) - 1)  # the text ends with a separator
    kinds[(kinds == KIND["upper"]) & (second == KIND["upper"])] = CAPS
    starts = np.searchsorted(begins, block_starts)
    counts = np.concatenate((starts[1:], [len(begins)])) - starts
    whole = (sums[block_ends] - sums[block_starts]) * downs[block_starts]
    return Tokens(
        hashes=hashes, stems=stems, kinds=kinds, begins=begins, lengths=ends - begins,
        block=np.repeat(np.arange(len(starts)), counts), starts=starts, counts=counts, whole=whole,
        block_starts=block_starts, block_lengths=block_ends - block_starts,
    )  # fmt: skip
