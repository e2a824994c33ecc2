"""Which words of a block speak for its label, by the linear scorer: what a reason names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cleaner.document import Block
from cleaner.labels import Label
from cleaner.model.features import Features
from cleaner.model.network import COLUMN, FirstStep, Model
from cleaner.segmentation.tokens import CAPS, KIND, TOKEN_KINDS, Ints

_SAYS = np.isin(np.arange(TOKEN_KINDS), [*(KIND[kind] for kind in ("lower", "upper", "caseless", "ideograph")), CAPS])
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
    features, tokens = first.features, first.tokens
    said: dict[int, TellingWords] = {}
    loud = {index: max(first.linear[index, COLUMN[label]], first.linear[index, -1]) for index, label in judged}
    speak = [(index, COLUMN[label]) for index, label in judged if loud[index] >= WORDS_SPEAK]
    if tokens is None or not speak:
        return said
    chosen_tokens = [_telling(features, index) for index, _ in speak]
    sizes = [len(chosen) for chosen in chosen_tokens]
    columns = np.repeat([column for _, column in speak], sizes)
    all_weights = model.linear.weights(features, np.concatenate(chosen_tokens), columns)  # one look-up for all blocks
    for (index, _), chosen, weights in zip(
        speak, chosen_tokens, np.split(all_weights, np.cumsum(sizes)[:-1]), strict=True
    ):
        text = blocks[index].text
        heard: list[_Stretch] = []
        for at in np.flatnonzero(weights > 0).tolist():
            start = int(tokens.begins[chosen[at]] - tokens.block_starts[index])
            word = _units(text, start, start + int(tokens.lengths[chosen[at]]))
            heard.append((start, start + int(tokens.lengths[chosen[at]]), float(weights[at]), word))
        heard = sorted(_joined(heard), key=lambda stretch: -stretch[2])
        named = tuple(dict.fromkeys(word for *_, word in heard))[:MOST_WORDS]
        if named:
            said[index] = TellingWords(named, bool(loud[index] >= WORDS_SUFFICE))
    return said


def _telling(features: Features, index: int) -> Ints:
    """The tokens of a block that are words."""
    begin = int(features.starts[index])
    telling: Ints = begin + np.flatnonzero(_SAYS[features.kinds[begin : begin + int(features.counts[index])]])
    return telling


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
    if text.isascii() or max(text) < "\U00010000":
        return text[start:end]
    return text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le", "replace")
