"""Evidence for the blocks of a rendering: cues found, rules run, stretches glued to prose. Decides nothing.

Where the model's first step has no doubt that a block is the article, only cues that may be glued to
it and the voices of an appeal are looked for; that saves most of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cleaner import accelerator
from cleaner.document import Evidence, Rendering
from cleaner.heuristics import block_rules as rules
from cleaner.heuristics import glued
from cleaner.heuristics.appeals import speaking
from cleaner.heuristics.block_stats import CRUMB_LENGTH, measure_all, shape
from cleaner.heuristics.certain import find_certain
from cleaner.heuristics.context import Context
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import fold
from cleaner.heuristics.marked import find_code, find_marked_tables
from cleaner.heuristics.rows import find_tables

#: Blocks whose linear log-odds of boilerplate lie below this, and which are no crumbs, are the article for sure.
SURELY_BODY = -4.5


@accelerator.quick
@dataclass(frozen=True, slots=True)
class Labelling:
    """Per block: the rules' evidence, and the (start, end, evidence) of stretches glued to it.

    certain: the blocks that are none of the article whatever the model thinks, and what they are.
    speaking: the blocks in which somebody speaks to the reader, or of the outlet, and nobody is quoted.
    tables: the blocks of each table whose rows are lines; code, marked: of each passage set off as code, as a table.
    """

    evidence: Sequence[Sequence[Evidence]]
    cuts: Sequence[Sequence[tuple[int, int, Evidence]]]
    certain: Mapping[int, Evidence] = field(default_factory=dict)
    speaking: frozenset[int] = frozenset()
    tables: Sequence[range] = ()
    code: Sequence[range] = ()
    marked: Sequence[range] = ()


def find_evidence(
    rendering: Rendering,
    matcher: Matcher,
    *,
    doubts: Sequence[float] | None = None,
    title: str = "",
    source: str | None = None,
) -> Labelling:
    """The evidence for every block. doubts: the first step's log-odds per block; None: search every block."""
    blocks = rendering.blocks
    asked = [
        doubts is None or doubts[index] > SURELY_BODY or len(block.text) < CRUMB_LENGTH
        for index, block in enumerate(blocks)
    ]
    folded = fold(rendering.text)
    plain = folded.replace("\n", " ") if rendering.wrapped else folded
    hits = matcher.find(plain, blocks, rendering.text, source=source, candidates=None if doubts is None else asked)
    measures = measure_all(blocks, asked)
    context = Context(
        blocks=blocks, measures=measures, shape=shape(measures), hits=hits, folded=folded, title=title,
        flat=rendering.flat, open=[index for index, ask in enumerate(asked) if ask],
    )  # fmt: skip
    certain = find_certain(folded, rendering.text, blocks)
    tables = () if rendering.flat else tuple(find_tables(blocks))
    in_lines = not rendering.flat and not rendering.wrapped
    return Labelling(
        rules.gather(context), glued.glued(context), certain, speaking(context), tables,
        tuple(find_code(rendering.text, blocks)) if in_lines else (),
        tuple(find_marked_tables(rendering.text, blocks)) if in_lines else (),
    )  # fmt: skip


def find_asked(rendering: Rendering, matcher: Matcher, *, source: str | None = None) -> Labelling:
    """What a user's own cues say, of the blocks they stand in and of the boxes they open; every block is searched."""
    folded = fold(rendering.text)
    plain = folded.replace("\n", " ") if rendering.wrapped else folded
    blocks = rendering.blocks
    measures = measure_all(blocks, [True] * len(blocks))
    context = Context(
        blocks=blocks, measures=measures, shape=shape(measures),
        hits=matcher.find(plain, blocks, rendering.text, source=source), folded=folded, title="", flat=rendering.flat,
        open=range(len(blocks)),
    )  # fmt: skip
    return Labelling(rules.gather(context, rules.ASKED_RULES), glued.glued_cues(context))
