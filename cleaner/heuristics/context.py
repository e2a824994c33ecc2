"""What a rule may look at, and what it gives: the shared ground of block_rules.py and appeals.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cleaner.document import Block, Evidence
from cleaner.heuristics.block_stats import Measures, ProsePlaces
from cleaner.heuristics.cue_matcher import Hits
from cleaner.heuristics.signs import Signs, signs_of
from cleaner.labels import KEPT, Label

#: What a rule gives: block indices, each with evidence.
Findings = Iterator[tuple[int, Evidence]]
#: Blocks up to these lengths, in letters, are short or middling.
SHORT, MIDDLING = 90, 240


@dataclass(slots=True)
class Context:
    """All that a rule may look at; `evidence` grows from rule to rule."""

    blocks: Sequence[Block]
    measures: Sequence[Measures]
    shape: ProsePlaces
    hits: Sequence[Hits | None]
    folded: str
    title: str
    flat: bool
    open: Sequence[int]  # the blocks in question; the others are the article for sure, unless a cue says more
    evidence: list[list[Evidence]] = field(default_factory=list)
    heard: Sequence[int] = field(init=False)  # the blocks in which a phrase of the tables stands
    _signs: Mapping[int, Signs] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.heard = [index for index, hits in enumerate(self.hits) if hits is not None]

    def signs(self) -> Mapping[int, Signs]:
        """Of the blocks in question those that may have a shape or be code, and what they may be."""
        if self._signs is None:
            numbered = signs_of([self.blocks[index].text for index in self.open])
            self._signs = {self.open[number]: signs for number, signs in numbered.items()}
        return self._signs

    def told(self) -> list[int]:
        """The blocks with evidence so far."""
        return [index for index, given in enumerate(self.evidence) if given]

    def lead(self, index: int) -> tuple[Label, float]:
        """The label with the most evidence so far for a block, net of body; (body, 0) without evidence."""
        given = self.evidence[index]
        if not given:
            return Label.BODY, 0.0
        if len(given) == 1:  # as mostly
            label, weight = given[0].label, given[0].weight
            return label, -weight if label is Label.BODY else weight
        sums: dict[Label, float] = {}
        for piece in given:
            sums[piece.label] = sums.get(piece.label, 0.0) + piece.weight
        body = sums.pop(Label.BODY, 0.0)
        if not sums:
            return Label.BODY, -body
        label = max(sums, key=lambda name: (sums[name], name))
        return label, sums[label] - body

    def boilerplate(self, index: int, at_least: float = 3.4) -> Label | None:
        """The label of a block that its evidence so far takes out of the article, or None."""
        if not self.evidence[index]:
            return None
        label, strength = self.lead(index)
        return label if label not in KEPT and strength >= at_least else None

    def next_is_prose(self, index: int) -> bool:
        """Does plain prose come right after this block?"""
        return index + 1 < len(self.blocks) and self.measures[index + 1].prose and not self.evidence[index + 1]
