"""What a block repeats of the others, whom it names, and how it is bracketed: measurements for the networks.

A caption tells again what the text tells, names in full who has been named before, has no full stop among lines that
have one, or ends in brackets. Counts of hashes, so no language is known. A hash is looked for before and behind
the block, never compared with all others: the time is linear in the length of the document.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cleaner import accelerator
from cleaner.model.borders import Borders, one
from cleaner.model.quantised import logarithm
from cleaner.segmentation.tokens import CAPS, KIND, MIX, TOKEN_KINDS, Flags, Floats, Hashes, Ints, Tokens

#: Measurements of a block.
REPEATS = 23
#: A word that says something has at least so many code units; a line may be asked for its full stop from so many on.
LONG_WORD, LONG_LINE = 4, 40
#: A label before a colon ("Pictured: …") has at most so many tokens.
LABEL = 3


class RepeatCounts(NamedTuple):
    """Whole numbers per block, in the order in which the accelerator counts them."""

    pairs: Ints  # of words side by side, signs left out
    pairs_in_last: Ints  # that stand in the block before, too
    pairs_in_next: Ints
    pairs_before: Ints  # in any block before
    pairs_behind: Ints
    run_before: Ints  # longest run of those
    run_behind: Ints
    words: Ints  # long ones
    words_in_last: Ints
    words_in_next: Ints
    words_before: Ints
    words_behind: Ints
    names: Ints  # two capitalised words side by side
    names_before: Ints
    names_behind: Ints
    names_once: Ints  # in no other block
    begins_with_name: Ints  # 1 or 0, as are the others that say whether
    begins_with_known: Ints  # such a name that stands in another block, too
    labelled: Ints  # begins with a few words and a colon
    bracket: Ints  # tokens from the last opening bracket on, where the block ends with a closing one
    bracketed: Ints  # all of it stands in brackets
    asides: Ints  # single words in brackets: (left)
    stopped: Ints  # ends like a sentence


_PAIRS, _WORDS, _STOPPED = (RepeatCounts._fields.index(name) for name in ("pairs", "words", "stopped"))
_COUNTED, _FLAGS = (
    [RepeatCounts._fields.index(name) for name in names]
    for names in (
        ("pairs", "run_before", "run_behind", "names", "names_before", "names_behind", "names_once", "bracket"),
        ("begins_with_name", "begins_with_known", "labelled", "bracketed", "asides"),
    )
)
#: Of more than so many nothing more is said.
MOST = 4095
_LOGS = logarithm(1 + np.arange(MOST + 1)).astype(np.float32)
_KINDS = KIND["upper"], CAPS, KIND["lower"], KIND["("], KIND[")"], KIND[":"], KIND["."]
_UPPER, _CAPS, _LOWER, _OPENING, _CLOSING, _COLON, _STOP = _KINDS
_KIND = np.arange(TOKEN_KINDS)
_IS_COUNTED = np.isin(_KIND, [KIND[name] for name in ("lower", "upper", "caseless", "digit", "ideograph")] + [CAPS])
_IS_NAME = np.isin(_KIND, [_UPPER, _CAPS])
_IS_STOP = np.isin(_KIND, [KIND["."], KIND["?"], KIND["!"]])
_IS_CLOSER = np.isin(_KIND, [KIND["quote"], KIND[")"]])
#: What a kind of token is, in bits; see `native/repeats.c`.
_CLASSES = sum(flags.astype(np.uint8) << bit for bit, flags in enumerate((_IS_COUNTED, _IS_NAME, _IS_STOP, _IS_CLOSER)))
_PAIRING = np.uint64(MIX[3])
_SETTINGS = int(_PAIRING), LONG_WORD, LONG_LINE, LABEL, *_KINDS[2:]


def repeats(tokens: Tokens) -> Floats:
    """Block × REPEATS."""
    if accelerator.compiled is None:
        return in_numpy(tokens)
    table = np.empty((len(tokens.counts), REPEATS), np.float32)
    fill(table, tokens)
    return table


def fill(table: Floats, tokens: Tokens) -> None:
    """Puts the same into the last columns of a table, by the accelerator."""
    accelerator.compiled.repeats(  # type: ignore[union-attr]
        tokens.hashes, tokens.kinds, tokens.lengths, tokens.starts, tokens.counts, tokens.block_lengths, _CLASSES,
        _LOGS, _SETTINGS, table,
    )  # fmt: skip


def in_numpy(tokens: Tokens, borders: Borders | None = None) -> Floats:
    """The reference that the accelerator is held to; borders: of many documents."""
    borders = borders or one(len(tokens.counts))
    return _measured(np.stack(_counted(tokens, borders)), tokens.block_lengths, borders)


def _measured(counts: Ints, lengths: Ints, borders: Borders) -> Floats:
    """The counts (fields of `RepeatCounts` × block) as shares, logarithms and flags."""
    table = np.empty((REPEATS, len(lengths)), np.float32)
    table[:4] = counts[_PAIRS + 1 : _PAIRS + 5] / np.maximum(counts[_PAIRS], 1)
    table[4:8] = counts[_WORDS + 1 : _WORDS + 5] / np.maximum(counts[_WORDS], 1)
    table[8:16] = _LOGS[np.minimum(counts[_COUNTED], MOST)]
    table[16:21] = counts[_FLAGS]
    is_long, is_stopped = lengths >= LONG_LINE, counts[_STOPPED] > 0
    long, both = (np.add.reduceat(flags.astype(np.int64), borders.starts) for flags in (is_long, is_long & is_stopped))
    share = (both / np.maximum(long, 1))[borders.owner]
    table[21], table[22] = share * (is_long & ~is_stopped), share
    return np.ascontiguousarray(table.T)


def _counted(tokens: Tokens, borders: Borders) -> RepeatCounts:
    count = len(tokens.counts)
    salts = borders.owner.astype(np.uint64) * np.uint64(MIX[0])  # what another document says is no repetition
    every = tokens.hashes ^ salts[tokens.block]
    inside = _IS_COUNTED[tokens.kinds]
    hashes, block, lengths = every[inside], tokens.block[inside], tokens.lengths[inside]
    together = block[1:] == block[:-1]
    pairs = (hashes[:-1] * _PAIRING + hashes[1:])[together], block[1:][together]
    long = lengths >= LONG_WORD
    upper = _IS_NAME[tokens.kinds]
    seconds = 1 + np.flatnonzero(upper[1:] & upper[:-1] & (tokens.block[1:] == tokens.block[:-1]))
    names = every[seconds - 1] * _PAIRING + every[seconds], tokens.block[seconds]
    return RepeatCounts(
        *_of_pairs(*pairs, count),
        *_places(hashes[long], block[long], count),
        *_of_names(*names, tokens.starts[names[1]] == seconds - 1, count),
        *_forms(tokens),
    )


def _of_pairs(hashes: Hashes, block: Ints, count: int) -> tuple[Ints, ...]:
    last, following = _nearest(hashes, block)
    runs = tuple(_longest_run(flags, block, count) for flags in (last >= 0, following >= 0))
    return (*_places(hashes, block, count), *runs)


def _places(hashes: Hashes, block: Ints, count: int) -> tuple[Ints, ...]:
    """Per block: items; of them in the block before, in the next, in any before, in any behind."""
    last, following = _nearest(hashes, block)
    flags = (
        np.ones(len(block), bool), (last >= 0) & (last == block - 1), following == block + 1, last >= 0, following >= 0,
    )  # fmt: skip
    return tuple(_sums(block, flag, count) for flag in flags)


def _of_names(hashes: Hashes, block: Ints, first: Flags, count: int) -> tuple[Ints, ...]:
    last, following = _nearest(hashes, block)
    known = (last >= 0) | (following >= 0)
    flags = np.ones(len(block), bool), last >= 0, following >= 0, ~known, first, first & known
    return tuple(_sums(block, flag, count) for flag in flags)


def _sums(block: Ints, flags: Flags, count: int) -> Ints:
    return np.bincount(block[flags], minlength=count).astype(np.int32)


def _nearest(hashes: Hashes, block: Ints) -> tuple[Ints, Ints]:
    """Per item the last block before its own that holds the same hash, and the next one behind; -1 where none does."""
    last, following = np.full(len(hashes), -1), np.full(len(hashes), -1)
    order = np.lexsort((block, hashes))
    ordered, at = hashes[order], block[order]
    begins = np.concatenate(([True], (ordered[1:] != ordered[:-1]) | (at[1:] != at[:-1])))[: len(order)]
    group, firsts = np.cumsum(begins) - 1, np.flatnonzero(begins)
    held, blocks = ordered[firsts], at[firsts]
    same = np.flatnonzero(held[1:] == held[:-1])
    before, behind = np.full(len(firsts), -1), np.full(len(firsts), -1)
    before[same + 1], behind[same] = blocks[same], blocks[same + 1]
    last[order], following[order] = before[group], behind[group]
    return last, following


def _longest_run(flags: Flags, block: Ints, count: int) -> Ints:
    """Per block the longest run of items that are flagged."""
    longest = np.zeros(count, np.int32)
    if len(flags):
        index = np.arange(len(flags))
        begins = np.concatenate(([True], ~flags[:-1] | (block[1:] != block[:-1])))
        start = np.maximum.accumulate(np.where(begins, index, 0))
        np.maximum.at(longest, block, np.where(flags, index - start + 1, 0).astype(np.int32))
    return longest


def _forms(tokens: Tokens) -> tuple[Ints, ...]:
    """Per block: is there a label, how long is the bracket at its end, is all of it one, asides; ends it so?"""
    count, kinds, block = len(tokens.counts), tokens.kinds, tokens.block
    place = np.arange(len(kinds)) - tokens.starts[block]
    left = tokens.counts[block] - 1 - place
    labels = _sums(block, (kinds == _COLON) & (place > 0) & (place <= LABEL) & (left > 1), count) > 0
    opened = np.full(count, -1)
    np.maximum.at(opened, block, np.where((kinds == _OPENING) & (left > 0), place, -1))
    final, before = (_kind_from_end(tokens, number) for number in (1, 2))
    closed = (final == _CLOSING) | ((final == _STOP) & (before == _CLOSING))
    ends = (tokens.counts > 2) & closed & (opened >= 0)
    first, second, third = kinds[:-2], kinds[1:-1], kinds[2:]
    asides = (first == _OPENING) & (second == _LOWER) & (third == _CLOSING) & (block[2:] == block[:-2])
    stopped = (tokens.counts > 0) & (_IS_STOP[final] | (_IS_CLOSER[final] & _IS_STOP[before]))
    forms = labels, np.where(ends, tokens.counts - opened, 0), ends & (opened == 0)
    return (*forms, _sums(block[2:], asides, count), stopped)


def _kind_from_end(tokens: Tokens, number: int) -> Ints:
    """Per block the kind of its last token but `number` - 1; 0 where it has not so many."""
    padded = np.append(tokens.kinds, np.uint8(0))
    has_it = tokens.counts >= number
    kinds: Ints = padded[np.where(has_it, tokens.starts + tokens.counts - number, 0)] * has_it
    return kinds
