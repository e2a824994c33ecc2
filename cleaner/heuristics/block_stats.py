"""Named measurements of a block, then of its place in the document: what the rules read.

A measurement sees one block (`measure`) or the sequence (`shape`);
lengths are in letters of an alphabet: an ideograph counts as several.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cleaner import accelerator
from cleaner.document import Block
from cleaner.segmentation.stops import CLOSERS, ELLIPSIS, STOPS, ends_sentence

#: A Chinese or Japanese character says about as much as this many letters.
IDEOGRAPH_WEIGHT = 2.5
#: At least this long, or ended like a sentence and this long: prose that an article is made of.
PROSE_LENGTH, PROSE_SENTENCE_LENGTH = 220, 100
#: At most this long and without a sentence's end: a crumb.
CRUMB_LENGTH = 60
NUMBERED = re.compile(r"\d{1,3}[.)]\s")
OPENERS = frozenset("\"“„«»‘「『”‹›'")
LIST_MARKS = frozenset("•*–—-·▪◦‣●■►▶→")


_SIGNS = (
    "".join(sorted(STOPS + ELLIPSIS)), CLOSERS, "".join(sorted(OPENERS)), "".join(sorted(LIST_MARKS)),
    IDEOGRAPH_WEIGHT, PROSE_LENGTH,
)  # fmt: skip


class Measures(NamedTuple):
    """One block, by itself."""

    length: float
    words: int
    ends_sentence: bool
    colon: bool
    quoted: bool  # opens with a quotation mark
    listed: bool  # opens with a bullet or dash
    digits: int

    @property
    def prose(self) -> bool:
        """Long, or a sentence of some length."""
        return self.length >= PROSE_LENGTH or (self.ends_sentence and self.length >= PROSE_SENTENCE_LENGTH)

    @property
    def crumb(self) -> bool:
        """Short, and no sentence."""
        return self.length <= CRUMB_LENGTH and not self.ends_sentence


@accelerator.quick
@dataclass(frozen=True, slots=True)
class ProsePlaces:
    """Where in the document the prose stands: block indices, -1 where there is none."""

    first_prose: int
    last_prose: int
    prose_after: tuple[int, ...]  # per block: how many prose blocks come after it
    prose_before: tuple[int, ...]


def measure(block: Block) -> Measures:
    """The measurements of one block."""
    if accelerator.compiled is not None:
        return accelerator.compiled.measure(Measures, block.text, _SIGNS)  # type: ignore[no-any-return]
    return _measure(block)


def _measure(block: Block) -> Measures:
    """The reference that the accelerator is held to."""
    text = block.text
    weight = 1.0 if text.isascii() or not _ideographic(text) else IDEOGRAPH_WEIGHT
    return Measures(
        length=len(text) * weight,
        words=max(text.count(" ") + 1, int(len(text) * (weight - 1))),
        ends_sentence=ends_sentence(text, broken_off=True),
        colon=text.endswith((":", "：")),
        quoted=text[0] in OPENERS,
        listed=text[0] in LIST_MARKS or (text[0].isdigit() and NUMBERED.match(text) is not None),
        digits=sum(map(text.count, "0123456789")) if len(text) < PROSE_LENGTH else 0,
    )


def measure_body(block: Block) -> Measures:
    """Measurements in short, for a block that is the article for sure."""
    length = len(block.text)
    return Measures(float(length), length // 6, True, False, False, False, 0)


def measure_all(blocks: Sequence[Block], asked: Sequence[bool]) -> list[Measures]:
    """The measurements of all blocks: in full of those that are asked about, in short of the others."""
    if accelerator.compiled is None:
        return [_measure(block) if ask else measure_body(block) for block, ask in zip(blocks, asked, strict=True)]
    texts = [block.text for block in blocks]
    return accelerator.compiled.measures(Measures, texts, bytes(asked), _SIGNS)  # type: ignore[no-any-return]


def _ideographic(text: str) -> bool:
    sample = text[:: max(1, len(text) // 16)]
    return sum("\u2e80" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef" for char in sample) * 2 > len(sample)


def shape(measures: Sequence[Measures]) -> ProsePlaces:
    """Where the prose of a document begins and ends."""
    before, after = [], []
    seen = 0
    prose = [measured.prose for measured in measures]
    total = sum(prose)
    for is_prose in prose:
        before.append(seen)
        seen += is_prose
        after.append(total - seen)
    first = prose.index(True) if total else -1
    last = len(prose) - 1 - prose[::-1].index(True) if total else -1
    return ProsePlaces(first, last, tuple(after), tuple(before))
