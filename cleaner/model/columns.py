"""What cleaning asks of the model for one document, answered for many at once: one table, a NumPy call for all.

Without the accelerator a third of a text's time is spent on starting NumPy calls; over sixteen documents each costs a
sixteenth. The answers are those for one document after the other, to the last bit. With the accelerator there is
nothing to save, and they are found so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import numpy as np

from cleaner import accelerator
from cleaner.document import Block
from cleaner.model.borders import Borders
from cleaner.model.features import Features, _featurise
from cleaner.model.network import FirstStep, Model, Network, gaps_of, lengths_of, opinion, opinion_in_numpy
from cleaner.model.topics import in_numpy as topics_in_numpy
from cleaner.segmentation.tokens import Floats, Ints, Tokens, tokenise

#: So many blocks make a table: sixteen articles. In larger ones arrays leave the processor's cache.
ROWS = 400
#: So many characters count as another block, so that sums over a table's characters stay exact in float32.
CHARACTERS = 1 << 11


@accelerator.quick
@dataclass(frozen=True, slots=True)
class TokensOf:
    """Asks for the tokens of blocks."""

    texts: Sequence[str]

    @property
    def rows(self) -> int:
        """How many blocks it asks about."""
        return len(self.texts)

    @property
    def size(self) -> int:
        """How much of a table it takes."""
        return self.rows + sum(map(len, self.texts)) // CHARACTERS

    def answer(self) -> Tokens:
        """By itself."""
        return tokenise(self.texts)


@accelerator.quick
@dataclass(frozen=True, slots=True)
class FirstStepOf:
    """Asks for the model's first step over at least one block."""

    model: Model
    blocks: Sequence[Block]
    tokens: Tokens | None

    @property
    def rows(self) -> int:
        """How many blocks it asks about."""
        return len(self.blocks)

    @property
    def size(self) -> int:
        """How much of a table it takes."""
        return self.rows + sum(len(block.text) for block in self.blocks) // CHARACTERS

    def answer(self) -> FirstStep:
        """By itself."""
        return self.model.read(self.blocks, self.tokens)


@accelerator.quick
@dataclass(frozen=True, slots=True)
class OpinionOf:
    """Asks what the networks say of at least one block; `evidence`: block × label sums of the rules' weights."""

    networks: tuple[Network, ...]
    first: FirstStep
    evidence: Floats

    @property
    def rows(self) -> int:
        """How many blocks it asks about."""
        return len(self.evidence)

    @property
    def size(self) -> int:
        """How much of a table it takes."""
        return self.rows

    def answer(self) -> Floats:
        """By itself."""
        return opinion(self.networks, self.first, self.evidence)


Question = TokensOf | FirstStepOf | OpinionOf
Answer = Tokens | FirstStep | Floats


def answers(questions: Sequence[Question]) -> list[Answer]:
    """The answers to the questions of many documents, in order; they are of one cleaner."""
    given: list[Answer | None] = [None] * len(questions)
    for places in _tables(questions):
        asked = [questions[place] for place in places]
        for place, answer in zip(places, _of_a_table(asked), strict=True):
            given[place] = answer
    return given  # type: ignore[return-value]


def _tables(questions: Sequence[Question]) -> list[list[int]]:
    """The places of the questions that are answered together: of one kind, and no more than a table holds."""
    tables: list[list[int]] = []
    for kind in (TokensOf, FirstStepOf, OpinionOf):
        filled = ROWS
        for place, question in enumerate(questions):
            if isinstance(question, kind):
                size = question.size
                if filled + size > ROWS:
                    tables.append([])
                    filled = 0
                tables[-1].append(place)
                filled += size
    return tables


def _of_a_table(asked: Sequence[Question]) -> Sequence[Answer]:
    """The answers to questions of one kind."""
    if len(asked) < 2 or accelerator.compiled is not None or not all(question.rows for question in asked):
        return [question.answer() for question in asked]
    borders = Borders.of([question.rows for question in asked])
    if isinstance(asked[0], TokensOf):
        texts = chain.from_iterable(question.texts for question in asked if isinstance(question, TokensOf))
        return _parted(tokenise(list(texts)), borders)
    if isinstance(asked[0], FirstStepOf):
        return _first_steps([question for question in asked if isinstance(question, FirstStepOf)], borders)
    return _opinions([question for question in asked if isinstance(question, OpinionOf)], borders)


def _first_steps(asked: Sequence[FirstStepOf], borders: Borders) -> list[FirstStep]:
    reader = asked[0].model.first
    tokens = [question.tokens or tokenise([block.text for block in question.blocks]) for question in asked]
    lengths = np.concatenate([lengths_of(question.blocks) for question in asked])
    gaps = np.concatenate([gaps_of(question.blocks) for question in asked])
    features = _featurise(gaps, _joined(tokens), borders)
    linear = reader.linear.score(features)
    rows = reader.encoder.rows.find(features)
    about = topics_in_numpy(features, rows, reader.encoder.codes, reader.rarity, lengths, borders)
    sentences = reader.encoder.in_numpy(features, rows, linear[:, -1], lengths, borders)
    return [
        FirstStep(own, linear[part], about[part], sentences[part], of_tokens)
        for own, part, of_tokens in zip(_features(features, borders), borders.slices, tokens, strict=True)
    ]


def _opinions(asked: Sequence[OpinionOf], borders: Borders) -> list[Floats]:
    firsts = [question.first for question in asked]
    features = replace(firsts[0].features, dense=np.concatenate([first.features.dense for first in firsts]))
    linear, topics, sentences = (
        np.concatenate([getattr(first, name) for first in firsts]) for name in ("linear", "topics", "sentences")
    )
    evidence = np.concatenate([question.evidence for question in asked])
    first = FirstStep(features, linear, topics, sentences)
    together = opinion_in_numpy(asked[0].networks, first, evidence, borders)
    return [together[part] for part in borders.slices]


# Tables and their parts --------------------------------------------------------------------------


def _parted(tokens: Tokens, borders: Borders) -> list[Tokens]:
    """The tokens of each document, counted from its own beginning."""
    parts = []
    for blocks, own, first in zip(borders.slices, *_tokens_of(tokens.starts, tokens.counts, borders), strict=True):
        begin = tokens.block_starts[blocks.start]
        parts.append(
            Tokens(
                hashes=tokens.hashes[own], stems=tokens.stems[own], kinds=tokens.kinds[own],
                begins=tokens.begins[own] - begin, lengths=tokens.lengths[own],
                block=tokens.block[own] - blocks.start, starts=tokens.starts[blocks] - first,
                counts=tokens.counts[blocks], whole=tokens.whole[blocks],
                block_starts=tokens.block_starts[blocks] - begin, block_lengths=tokens.block_lengths[blocks],
            )
        )  # fmt: skip
    return parts


def _joined(parts: Sequence[Tokens]) -> Tokens:
    """One table of the tokens of documents."""
    blocks = np.cumsum([0, *(len(part.counts) for part in parts)])
    tokens = np.cumsum([0, *(len(part.hashes) for part in parts)])
    units = np.cumsum([0, *(int(part.block_starts[-1] + part.block_lengths[-1]) + 1 for part in parts)])

    def joined(name: str, shifts: Ints | None = None) -> Ints:
        arrays = [getattr(part, name) for part in parts]
        if shifts is not None:
            arrays = [array + shift for array, shift in zip(arrays, shifts.tolist(), strict=False)]
        return np.concatenate(arrays)

    return Tokens(
        hashes=joined("hashes"), stems=joined("stems"), kinds=joined("kinds"), begins=joined("begins", units),
        lengths=joined("lengths"), block=joined("block", blocks), starts=joined("starts", tokens),
        counts=joined("counts"), whole=joined("whole"), block_starts=joined("block_starts", units),
        block_lengths=joined("block_lengths"),
    )  # fmt: skip


def _features(features: Features, borders: Borders) -> list[Features]:
    """The features of each document."""
    tokens_of = zip(borders.slices, *_tokens_of(features.starts, features.counts, borders), strict=True)
    return [
        Features(
            words=features.words[own], stems=features.stems[own], pairs=features.pairs[own],
            starts=features.starts[blocks] - first, counts=features.counts[blocks], kinds=features.kinds[own],
            edges=features.edges[blocks], dense=features.dense[blocks],
        )
        for blocks, own, first in tokens_of
    ]  # fmt: skip


def _tokens_of(starts: Ints, counts: Ints, borders: Borders) -> tuple[list[slice], list[int]]:
    """Document → its tokens, and the first of them; by block → first token, and how many."""
    firsts = [*starts[borders.starts].tolist(), int(starts[-1] + counts[-1])]
    return [slice(first, last) for first, last in pairwise(firsts)], firsts[:-1]
