"""A document → the units that a source may repeat: blocks, their beginnings and ends, and runs of words within them.

A unit is known by a hash of its words alone: digits, dates and names of months all read as "some number";
punctuation, quotes, case and spacing count for nothing. So "Slideshow (4 Images)" and "Slideshow (12 images)"
are one unit. Runs find what is glued into a line, and appeals that change a little.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np

from cleaner import accelerator
from cleaner.language import calendar_words
from cleaner.segmentation.tokens import CAPS, KIND, Flags, Hashes, Ints, Kinds, Tokens, powers, tokenise

#: Words in a run, and of how many neighbouring runs one is remembered (winnowing: Schleimer, Wilkerson and
#: Aiken, 2003): every common stretch of RUN + WINDOW - 1 words shares at least one remembered run.
RUN, WINDOW = 5, 4
#: Words at a longer block's beginning and end: "Also on the Post: …", "… Photo: Reuters".
HEAD, TAIL = 3, 2
#: Two documents are compared by so many of their smallest hashes. Of 91 articles with 5 to 10 % of the text changed
#: 88 are known as copies (with 16 hashes 84, with 64 90).
SKETCH = 32
#: Places are counted from either end of the document up to this many blocks.
FARTHEST = 255
#: What every number and every name of a month or weekday reads as.
_NUMBER = np.uint64(0x5851F42D4C957F2D)
_MIX, _AGAIN = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)  # of MurmurHash3's finaliser
_TWIST = np.uint64(0x2545F4914F6CDD1D)  # keeps the hashes of different kinds of units apart
_TWISTS = _TWIST * np.arange(4, dtype=np.uint64)  # by kind
_BUCKET = np.uint64(64 - 14)


class UnitKind(IntEnum):
    """What a unit is."""

    WHOLE = 0  # a block
    HEAD = 1  # a block's first words
    TAIL = 2  # its last words
    RUN = 3  # words within it


@dataclass(frozen=True, slots=True)
class Units:
    """The units of one document; whole blocks first, in the order of the blocks that have words."""

    keys: Hashes
    kinds: Kinds  # unit → UnitKind
    block: Ints  # unit → block
    blocks: int  # how many of the units are whole blocks
    before: Hashes  # uint16 of the key of the block before (0: none)
    after: Hashes
    place: Ints  # blocks before it in the document, cut off at FARTHEST
    place_from_end: Ints
    remembered: Flags  # is it counted? Of the runs only some are
    first: Ints  # unit → its first and last token
    last: Ints
    witness: int  # fingerprint of the document: the same blocks of words in the same order
    sketch: Hashes  # the SKETCH smallest hashes of its blocks and runs, sorted; fewer in a short document


def units_of(tokens: Tokens, glued: Flags | None = None) -> Units:
    """The units of a tokenised document; none for one without a word.

    glued: blocks that share their line with others; all of their runs are remembered, so that a stretch that recurs
    within them is found to the word.
    """
    if accelerator.compiled is None:
        return in_numpy(tokens, glued)
    return _columns(*accelerator.compiled.units(*for_compiled(tokens, glued)))


def for_compiled(tokens: Tokens, glued: Flags | None) -> tuple[object, ...]:
    """The arguments of the compiled functions that make units of tokens."""
    settings = int(_NUMBER), KIND["digit"], RUN, WINDOW, HEAD, TAIL, SKETCH, FARTHEST
    return tokens.hashes, tokens.kinds, tokens.block, glued, _IS_WORD, *_calendar(), settings


def in_numpy(tokens: Tokens, glued: Flags | None = None) -> Units:
    """The reference that the accelerator is held to."""
    at, words = words_of(tokens)
    return _units(tokens.block[at], words, at, glued)


def _columns(memory: bytearray, count: int, blocks: int, witness: int, sketch: bytearray) -> Units:
    """The arrays that the accelerator has laid one after another."""
    longs = np.frombuffer(memory, np.int64, 6 * count).reshape(6, count)
    shorts = np.frombuffer(memory, np.uint16, 2 * count, longs.nbytes).reshape(2, count)
    flags = np.frombuffer(memory, np.uint8, 2 * count, longs.nbytes + shorts.nbytes).reshape(2, count)
    return Units(
        keys=longs[0].view(np.uint64), kinds=flags[0], block=longs[1], blocks=blocks, before=shorts[0], after=shorts[1],
        place=longs[2], place_from_end=longs[3], remembered=flags[1].view(bool), first=longs[4], last=longs[5],
        witness=witness, sketch=np.frombuffer(sketch, np.uint64),
    )  # fmt: skip


def words_of(tokens: Tokens) -> tuple[Ints, Hashes]:
    """The words of a tokenised document as they are compared: of each the token it begins with, and its hash."""
    at = np.flatnonzero(_IS_WORD[tokens.kinds])
    words = _normal(tokens, at)
    if len(at):  # neighbouring numbers are one: "3 May 2025", "10:22"
        number = words == _NUMBER
        again = number[1:] & number[:-1] & (tokens.block[at[1:]] == tokens.block[at[:-1]])
        fresh = np.concatenate(([True], ~again))
        at, words = at[fresh], words[fresh]
    return at, words


def _normal(tokens: Tokens, at: Ints) -> Hashes:
    words = tokens.hashes[at]
    calendar, buckets = _calendar()
    perhaps = np.flatnonzero(buckets[words >> _BUCKET])
    asked = words[perhaps]
    named = calendar[np.minimum(np.searchsorted(calendar, asked), len(calendar) - 1)] == asked
    words[perhaps[named]] = _NUMBER
    words[tokens.kinds[at] == KIND["digit"]] = _NUMBER
    return words


def _units(owner: Ints, words: Hashes, at: Ints, glued: Flags | None) -> Units:
    """From each word its block, its hash and its token."""
    count = len(words)
    ups, downs = powers(max(1 << 14, 1 << count.bit_length()))
    sums = np.zeros(count + 1, np.uint64)
    np.cumsum(mixed(words) * ups[:count], out=sums[1:])
    begins = first_of(owner)
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], count)[: len(starts)]
    heads, tails = starts[ends - starts > HEAD], ends[ends - starts > TAIL]
    runs = np.flatnonzero(owner[RUN - 1 :] == owner[: count - RUN + 1]) if count >= RUN else starts[:0]
    firsts = np.concatenate((starts, heads, tails - TAIL, runs))
    lasts = np.concatenate((ends, heads + HEAD, tails, runs + RUN))
    kinds = np.repeat(np.arange(4, dtype=np.uint8), (len(starts), len(heads), len(tails), len(runs)))
    keys = mixed((sums[lasts] - sums[firsts]) * downs[firsts] + _TWISTS[kinds])
    blocks = len(starts)
    whole, inner = keys[:blocks], keys[len(keys) - len(runs) :]
    chosen = _winnowed(inner, owner[runs], runs)
    remembered = chosen if glued is None else chosen | glued[owner[runs]]
    place = (np.cumsum(begins) - 1)[firsts]
    short = np.zeros(blocks + 2, np.uint16)
    short[1:-1] = (whole >> np.uint64(48)).astype(np.uint16) | 1
    sketch = np.sort(mixed(np.concatenate((whole, inner[chosen])) ^ _TWIST))
    return Units(
        keys=keys,
        kinds=kinds,
        block=owner[firsts],
        blocks=blocks,
        before=short[:-2][place],
        after=short[2:][place],
        place=np.minimum(place, FARTHEST),
        place_from_end=np.minimum(blocks - 1 - place, FARTHEST),
        remembered=np.concatenate((np.ones(len(keys) - len(runs), bool), remembered)),
        first=at[firsts],
        last=at[lasts - 1],
        witness=int(mixed((whole * ups[:blocks]).sum(dtype=np.uint64, keepdims=True) + _TWIST)[0]),
        sketch=sketch[first_of(sketch)][:SKETCH],
    )


def first_of(values: Hashes) -> Flags:
    """Which rows differ from the row before."""
    first = np.ones(len(values), bool)
    first[1:] = values[1:] != values[:-1]
    return first


def _winnowed(runs: Hashes, owner: Ints, starts: Ints) -> Flags:
    """Of every WINDOW neighbouring runs of a block the smallest."""
    chosen = np.zeros(len(runs), bool)
    count = len(runs) - WINDOW + 1
    if count < 1:
        return chosen
    together = (starts[WINDOW - 1 :] - starts[:count] == WINDOW - 1) & (owner[WINDOW - 1 :] == owner[:count])
    smallest = np.minimum.reduce([runs[shift : shift + count] for shift in range(WINDOW)])
    for shift in range(WINDOW):
        chosen[shift : shift + count] |= (runs[shift : shift + count] == smallest) & together
    return chosen


def mixed(hashes: Hashes) -> Hashes:
    """Other hashes, each from one, all of whose bits depend on all of its: a finaliser, as MurmurHash3 has it."""
    hashes = (hashes ^ (hashes >> np.uint64(33))) * _MIX
    hashes = (hashes ^ (hashes >> np.uint64(29))) * _AGAIN
    return hashes ^ (hashes >> np.uint64(32))


_WORDS = [KIND[name] for name in ("lower", "upper", "caseless", "digit", "ideograph")]
_IS_WORD = np.isin(np.arange(CAPS + 1), [*_WORDS, CAPS])


@cache
def _calendar() -> tuple[Hashes, Flags]:
    """The hashes of the calendar's words, sorted; and which first bits they have: most words are none of them."""
    words = np.unique(tokenise(sorted(calendar_words())).hashes)
    buckets = np.zeros(1 << (64 - int(_BUCKET)), bool)
    buckets[words >> _BUCKET] = True
    return words, buckets
