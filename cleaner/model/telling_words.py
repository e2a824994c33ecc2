"""Which words of a block speak for its label, by the linear scorer: what a reason names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cleaner.document import Block
from cleaner.labels import Label
from cleaner.model.features import Features
from cleaner.model.network import COLUMN, FirstStep, Model
from cleaner.segmentation.tokens import CAPS, KIND

_SAYS = frozenset((*(KIND[kind] for kind in ("lower", "upper", "caseless", "ideograph")), CAPS))
#: From these log-odds on a block's own words are said to speak for a label; so many of them are named.
WORDS_SPEAK, MOST_WORDS = -1.0, 3
#: From these on they are said to do so by themselves. (Of 572 blocks that went by the model from 120 English articles,
#: put between plain sentences, 8 in 10 of those with more still went, 4 in 10 of those with less.)
WORDS_SUFFICE = 0.5
#: Scripts from here on are written without spaces; each of their signs is a token.
IDEOGRAPHS = "\u2e80"


class TellingWords(NamedTuple):
    """The words of a block that speak most for a label, and whether they would without the lines around them."""

    words: tuple[str, ...]
    suffice: bool


#: Start and end in UTF-16 code units, weight, word.
_Stretch = tuple[int, int, float, str]


def telling_words(
    model: Model, blocks: Sequence[Block], first: FirstStep, judged: Sequence[tuple[int, Label]]
) -> dict[int, TellingWords]:
    """Of each judged (block, label) the words that speak most for the label; none where a block's words do not."""
    tokens, linear, begin = first.tokens, first.linear, 0
    loud = {index: max(linear[index, COLUMN[label]], linear[index, -1]) for index, label in judged}
    speak = [
        (index, COLUMN[label], _telling(first.features, index)) for index, label in judged if loud[index] >= WORDS_SPEAK
    ]
    said: dict[int, TellingWords] = {}
    if tokens is None or not speak:
        return said
    chosen = np.array([token for _, _, telling in speak for token in telling], np.int64)
    columns = np.array([column for _, column, telling in speak for _ in telling], np.int64)
    weights = model.linear.weights(first.features, chosen, columns).tolist()  # one look-up for all blocks
    starts, lengths = tokens.begins[chosen].tolist(), tokens.lengths[chosen].tolist()
    for index, _, telling in speak:
        text, floor = blocks[index].text, int(tokens.block_starts[index])
        plain = text.isascii() or max(text) < "\U00010000"
        heard: list[_Stretch] = []
        for at in range(begin, begin := begin + len(telling)):
            if weights[at] > 0:
                start, end = starts[at] - floor, starts[at] - floor + lengths[at]
                heard.append((start, end, weights[at], text[start:end] if plain else _units(text, start, end)))
        heard = sorted(_joined(heard), key=lambda stretch: -stretch[2])
        if named := tuple(dict.fromkeys(word for *_, word in heard))[:MOST_WORDS]:
            said[index] = TellingWords(named, bool(loud[index] >= WORDS_SUFFICE))
    return said


def _telling(features: Features, index: int) -> list[int]:
    """The tokens of a block that are words."""
    begin, count = int(features.starts[index]), int(features.counts[index])
    return [token for token, kind in enumerate(features.kinds[begin : begin + count].tolist(), begin) if kind in _SAYS]


def _joined(heard: Sequence[_Stretch]) -> list[_Stretch]:
    """The words with neighbouring ideographs as one: a single one of them says nothing to a reader."""
    joined: list[_Stretch] = []
    for start, end, weight, word in heard:
        if joined and joined[-1][1] == start and word >= IDEOGRAPHS and joined[-1][3] >= IDEOGRAPHS:
            first, _, before, said = joined[-1]
            joined[-1] = first, end, before + weight, said + word
        else:
            joined.append((start, end, weight, word))
    return joined


def _units(text: str, start: int, end: int) -> str:
    """A stretch of a text by its UTF-16 code units."""
    return text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le", "replace")
