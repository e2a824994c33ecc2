"""What is known of a text before it is judged: its tokens, its kind, and what the memory of its source says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cleaner.accelerator import quick
from cleaner.document import CleanedDocument, Decision, Rendering
from cleaner.heuristics.kind import DocumentKind, kind_of
from cleaner.memory.fingerprints import units_of
from cleaner.memory.lookup import ENOUGH, MemoryReader, Recall, recall, recurring_words
from cleaner.memory.repeated_spans import split
from cleaner.model.columns import TokensOf
from cleaner.model.steps import Steps
from cleaner.segmentation.text import glued
from cleaner.segmentation.tokens import Tokens


@quick
@dataclass(frozen=True, slots=True)
class Known:
    """A rendering to judge; None for what is not needed, and where the memory knows too little of the source."""

    rendering: Rendering
    tokens: Tokens | None = None
    recall: Recall | None = None
    source: str = ""
    kind: DocumentKind | None = None  # None: a plain report
    witness: int | None = None  # what the memory knows the document by


@quick
@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided on a rendering; counted: the decisions that its status goes by, None for all of them."""

    rendering: Rendering
    decisions: tuple[Decision, ...]
    lang: str
    counted: tuple[Decision, ...] | None = None
    cleaned: CleanedDocument | None = None  # put together from these decisions, where that was done on the way


def what_is_known(
    rendering: Rendering, memory: MemoryReader | None, source: str, witness: int | None = None
) -> Steps[Known]:
    """What is known of a rendering, which is cut anew where a stretch that the source repeats is glued in.

    witness: of the document whose rest it is, so that it is not counted as another one.
    """
    if not rendering.blocks:
        return Known(rendering, source=source)
    texts = [block.text for block in rendering.blocks]
    kind = kind_of(texts)
    tokens = yield TokensOf(texts)
    known = memory.source(source) if memory else None
    if known is None or known.documents <= ENOUGH:
        return Known(rendering, tokens, source=source, kind=kind)
    joined = np.array(glued(rendering.blocks))
    units = units_of(tokens, joined)
    units = units if witness is None else replace(units, witness=witness)
    if joined.any() and (cut := split(rendering, tokens, units, recurring_words(known, units), joined)):
        rendering, tokens = cut, (yield TokensOf([block.text for block in cut.blocks]))
        units = replace(units_of(tokens), witness=units.witness)
    recalled = recall(known, units, len(rendering.blocks))
    return Known(rendering, tokens, recalled if recalled.speaks else None, source, kind, units.witness)


def of_a_page(part: Rendering, places: Sequence[float], source: str) -> Known:
    """A part of a page, judged with its places, or as a text, whose kind counts then."""
    return Known(part, source=source, kind=None if places else kind_of([block.text for block in part.blocks]))
