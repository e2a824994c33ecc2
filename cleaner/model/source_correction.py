"""What the memory of a source changes in the model's opinion of a document's blocks.

Boosted trees read the model's odds, what the memory says of a block and of its neighbours, and the block's
shape and place. They move only the odds of boilerplate, never which label is likeliest; where the memory
says nothing, nothing moves. A recurring subhead between prose of its own is left to the text alone; a long block
that a good part of the articles hold is boilerplate, however much it reads like prose. Where no rule hears a block ask,
the memory's word for boilerplate is bounded: by how much the block says, and by a text that is plainly the article's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaner.document import Block
from cleaner.labels import KEPT, Label
from cleaner.memory.lookup import COLUMN, RECURRING, Recall
from cleaner.model.boosted_trees import Trees
from cleaner.model.features import LONG_PROSE
from cleaner.segmentation.stops import ends_sentence
from cleaner.segmentation.tokens import Flags, Floats, Ints

#: Probabilities are kept this far from 0 and 1.
EDGE = 1e-6
#: A line of at most this length, whose neighbours are other ones in nearly every article, with prose on both sides,
#: stands like a subhead: that it recurs says nothing then.
SUBHEAD_LENGTH, OWN_NEIGHBOURS = 60, 0.3
#: A block longer than a subhead that at least this share of the other articles hold, where there are so many, was
#: boilerplate in 178 of 186 labelled cases (6 of the others are one site's note); so sure it is at least.
COMMON_SHARE, COMMON_ARTICLES, COMMON = 0.1, 15, 0.95
#: Such a block is background, and stays, when it stands at other places and beside other blocks each time, no rule
#: hears it ask, and the model alone gives it less than this probability of boilerplate.
LEANS = 0.7
#: Where the rules' evidence for boilerplate is below HEARD, repetition adds at most one to the log-odds for so many
#: letters, since a word or two recur in any text, and lines that differ in their numbers are data; and nothing where
#: the text alone gives less than CLEAR. (Of our own boxes without a cue, in eight languages, 99 % have more.)
HEARD, LETTERS, CLEAR = 2.0, 8, 0.1
#: A Chinese or Japanese character says about as much as this many letters.
IDEOGRAPH = 2.5
#: A share of words or of articles that counts as nearly all; how many short blocks in a row stand beside a long one.
MOSTLY, NEIGHBOURS = 0.8, 3
#: What the trees read of the blocks beside a block begins at this column: odds and what recurs, eight columns.
BESIDE = 1 + len(COLUMN) + 7


def with_memory(
    trees: Trees, probabilities: Floats, evidence: Floats, blocks: Sequence[Block], recall: Recall
) -> Floats:
    """The model's block × label probabilities with the memory's say in them; rows still sum to 1."""
    before, shapes = _boilerplate(probabilities), Shapes.of(blocks)
    odds = trees.score(_inputs(probabilities, evidence, shapes, recall))
    after = np.minimum(np.maximum(1 / (1 + np.exp(-odds)), EDGE), 1 - EDGE)
    common = _is_common(probabilities, evidence, shapes, recall)
    after[common] = np.maximum(after[common], COMMON)
    after = np.where(_stands_like_subhead(shapes, recall), np.minimum(after, before), after)
    after = np.minimum(after, _most(before, evidence, blocks))
    scale = np.ones_like(probabilities)
    scale[:, : len(KEPT)] = ((1 - after) / (1 - before))[:, None]
    scale[:, len(KEPT) :] = (after / before)[:, None]
    return probabilities * scale


@dataclass(frozen=True, slots=True)
class Shapes:
    """What is asked of the blocks' texts, each asked once."""

    lengths: Floats  # in code points, float32
    ends: Flags  # does it end a sentence?
    newlines: Ints  # before it

    @classmethod
    def of(cls, blocks: Sequence[Block]) -> Shapes:
        """Of the blocks of a document."""
        return cls(
            np.array([len(block.text) for block in blocks], np.float32),
            np.array([ends_sentence(block.text) for block in blocks]),
            np.array([block.newlines_before for block in blocks]),
        )

    @property
    def prose(self) -> Flags:
        """Is it long, and ends a sentence?"""
        prose: Flags = self.ends & (self.lengths > LONG_PROSE)
        return prose


def _boilerplate(probabilities: Floats) -> Floats:
    """How likely each block is boilerplate, kept from 0 and 1."""
    likely: Floats = np.minimum(np.maximum(probabilities[:, len(KEPT) :].sum(axis=1), EDGE), 1 - EDGE)
    return likely


def _most(before: Floats, evidence: Floats, blocks: Sequence[Block]) -> Floats:
    """The highest probability of boilerplate that the memory may give each block."""
    heard = evidence[:, len(KEPT) :].max(axis=1) >= HEARD
    most: Floats = np.where(heard, 1.0, before.astype(np.float64))
    bounded = np.flatnonzero(~heard & (before >= CLEAR))  # few: of the others no letter need be counted
    said = np.array([_letters(blocks[block].text) for block in bounded.tolist()]) / LETTERS
    most[bounded] = 1 / (1 + np.exp(-(np.log(before / (1 - before))[bounded] + said)))
    return most


def _letters(text: str) -> float:
    """How many letters a text has; an ideograph says as much as a few of them."""
    ideographs = sum("\u2e80" <= char <= "\u9fff" for char in text) if not text.isascii() else 0
    return sum(map(str.isalpha, text)) + (IDEOGRAPH - 1) * ideographs


def stands_like_subhead(blocks: Sequence[Block], recall: Recall) -> Flags:
    """Short lines that recur, each time between other blocks, right before text of this article, or amid it."""
    return _stands_like_subhead(Shapes.of(blocks), recall)


def _stands_like_subhead(shapes: Shapes, recall: Recall) -> Flags:
    table = recall.table
    text: Flags = shapes.ends & (shapes.lengths > SUBHEAD_LENGTH) & (table[:, COLUMN["share"]] < COMMON_SHARE)
    before: Ints = np.cumsum(text) - text
    after: Ints = text[::-1].cumsum()[::-1] - text
    own = table[:, COLUMN["after"]] < OWN_NEIGHBOURS
    own[1:] &= table[1:, COLUMN["before"]] < OWN_NEIGHBOURS  # before the first block there is nothing
    short: Flags = shapes.lengths <= SUBHEAD_LENGTH
    return short & own & (after > 0) & ((before > 0) | shifted(text, -1).astype(bool))


def is_common(probabilities: Floats, evidence: Floats, blocks: Sequence[Block], recall: Recall) -> Flags:
    """Long blocks that a good part of the other articles hold, and short ones that always stand beside such a block.

    Not those that read like another part of the article: a credit, a note of the newsroom, a subhead.
    """
    return _is_common(probabilities, evidence, Shapes.of(blocks), recall)


def _is_common(probabilities: Floats, evidence: Floats, shapes: Shapes, recall: Recall) -> Flags:
    if recall.documents < COMMON_ARTICLES:
        return np.zeros(len(probabilities), bool)
    table = recall.table
    in_runs = (table[:, COLUMN["covered"]] >= MOSTLY) * np.expm1(table[:, COLUMN["runs"]]) / recall.documents
    body = (probabilities[:, : len(KEPT)].argmax(axis=1) == 0) & (evidence[:, 1 : len(KEPT)].max(axis=1) <= 0)
    often = (
        body
        & (np.maximum(table[:, COLUMN["share"]], in_runs) >= COMMON_SHARE)
        & ~_is_background(probabilities, evidence, recall)
    )
    common: Flags = often & (shapes.lengths > SUBHEAD_LENGTH)
    if common.any():
        often &= ~shifted(shapes.prose & ~common, -1).astype(bool)  # what opens the article's own text is its subhead
        after, before = table[:, COLUMN["after"]] >= MOSTLY, table[:, COLUMN["before"]] >= MOSTLY
        for _ in range(NEIGHBOURS):
            common = common | (often & ((after & shifted(common, -1)) | (before & shifted(common, 1))))
    return common


def _is_background(probabilities: Floats, evidence: Floats, recall: Recall) -> Flags:
    """What articles say again and again, each time amid prose of its own: nobody asks, and nothing marks the place."""
    table = recall.table
    whole = np.expm1(table[:, COLUMN["others"]]) >= RECURRING
    place = np.maximum(table[:, COLUMN["place"]], table[:, COLUMN["from_end"]])
    beside = np.maximum(table[:, COLUMN["before"]], table[:, COLUMN["after"]])
    heard = evidence[:, len(KEPT) :].max(axis=1) > 0
    leans = probabilities[:, len(KEPT) :].sum(axis=1) >= LEANS
    background: Flags = whole & (place < MOSTLY) & (beside < OWN_NEIGHBOURS) & ~heard & ~leans
    return background


def inputs(probabilities: Floats, evidence: Floats, blocks: Sequence[Block], recall: Recall) -> Floats:
    """What the trees read of each block; the first column is the model's own log-odds."""
    return _inputs(probabilities, evidence, Shapes.of(blocks), recall)


def _inputs(probabilities: Floats, evidence: Floats, shapes: Shapes, recall: Recall) -> Floats:
    boilerplate, prose, measured = _boilerplate(probabilities), shapes.prose, recall.table
    odds, places = np.log(boilerplate / (1 - boilerplate)), np.log1p(np.arange(len(boilerplate)))
    covered, share = measured[:, COLUMN["covered"]], measured[:, COLUMN["share"]]
    recurs = np.maximum(measured[:, COLUMN["others"]], covered * measured[:, COLUMN["run"]])
    before: Ints = np.cumsum(prose)
    table = np.zeros((len(odds), BESIDE + 8 + 2 * len(KEPT) + 2), np.float32)
    table[:, 0], table[:, 1 : 1 + len(COLUMN)] = odds, measured
    columns = (
        np.log1p(shapes.lengths), shapes.ends, prose, places, places[::-1],
        np.minimum(before - prose, 3), np.minimum(before[-1] - before, 3),
    )  # fmt: skip
    for number, column in enumerate(columns, 1 + len(COLUMN)):
        table[:, number] = column
    for number, column in enumerate((odds, recurs, share, covered)):
        table[1:, BESIDE + 2 * number], table[:-1, BESIDE + 2 * number + 1] = column[:-1], column[1:]
    rest = table[:, BESIDE + 8 :]
    rest[:, : len(KEPT) - 1] = probabilities[:, 1 : len(KEPT)]
    rest[:, len(KEPT) - 1 : -3] = np.minimum(np.maximum(evidence[:, : len(KEPT)], 0), 8)
    rest[:, -3] = np.minimum(np.maximum(evidence[:, len(KEPT) :].max(axis=1), 0), 8)
    rest[:, -2] = (recurs * shapes.lengths).sum() / max(1.0, float(shapes.lengths.sum()))
    rest[:, -1] = shapes.newlines
    return table


def width() -> int:
    """How many columns the trees read."""
    one, recall = np.full((1, len(Label)), 0.5), Recall(np.zeros((1, len(COLUMN))), np.zeros(1), 1)
    return inputs(one, one, [Block(0, 1, "a", 0, 0)], recall).shape[1]


def shifted(column: Floats, step: int) -> Floats:
    """The column of the block before (step 1) or after (step -1); 0 beyond the document."""
    moved = np.zeros_like(column)
    if step > 0:
        moved[1:] = column[:-1]
    else:
        moved[:-1] = column[1:]
    return moved


def recurs(recall: Recall) -> Flags:
    """Per block: does it stand in other articles of the source?"""
    recurring: Flags = recall.counts >= RECURRING
    return recurring


def tells(blocks: Sequence[Block], recall: Recall) -> Flags:
    """Per block: does it recur, and not as a subhead does, of which that says nothing?"""
    return recurs(recall) & ~stands_like_subhead(blocks, recall)
