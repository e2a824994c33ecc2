"""Labelled documents as lines of labelled stretches, to be taken apart and put together again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cleaner.labels import KEPT, Label
from cleaner.training.evaluation import Gold

Stretch = tuple[str, Label, bool]  # text, label, in doubt
Line = list[Stretch]
#: Longest box that is put into a document, in lines.
LONGEST_BOX = 14


@dataclass(frozen=True, slots=True)
class Made:
    """A document made from a labelled one, and what it counts."""

    gold: Gold
    weight: float = 1.0


def lines_of(gold: Gold) -> list[Line]:
    """The document's lines, each one or more labelled stretches; what stands between the spans of a line is kept."""
    lines: list[Line] = []
    before = 0
    for start, end, label in gold.spans:
        gap = gold.text[before:start]
        doubtful = any(first <= start and end <= last for first, last in gold.doubt)
        if not lines or "\n" in gap:
            lines.append([])
            gap = ""
        lines[-1].append((gap + gold.text[start:end], label, doubtful))
        before = end
    return lines


def joined(gold: Gold, lines: Sequence[Line], gap: str, suffix: str) -> Gold:
    """The lines as a document made from `gold`; `gap` stands between two of them."""
    text, spans, doubt = "", [], []
    for line in lines:
        text += gap if text else ""
        for stretch, label, doubtful in line:
            start = len(text) + len(stretch) - len(stretch.lstrip())
            text += stretch
            if stretch.strip():
                spans.append((start, len(text), label))
                doubt += [(start, len(text))] * doubtful
    return replace(gold, id=f"{gold.id}#{suffix}", text=text, spans=tuple(spans), doubt=tuple(doubt))


def is_kept(line: Line) -> bool:
    """Whether all of the line is the article."""
    return all(label in KEPT for _, label, _ in line)


def kept_lines(gold: Gold) -> list[Line]:
    """The article's lines, without what is glued to them."""
    kept = ([stretch for stretch in line if stretch[1] in KEPT] for line in lines_of(gold))
    return [line for line in kept if line]


def box_lines(box: Gold) -> list[Line]:
    """The lines of a box."""
    return [[(box.text[start:end], label, False)] for start, end, label in box.spans]


def broken(box: Sequence[Line], chance: random.Random) -> list[Line]:
    """The box, often with lines missing at its start, at its end, or inside."""
    box = list(box)
    if len(box) > 1 and chance.random() < 0.5:
        box = box[1:] if chance.random() < 0.25 else box[: max(1, len(box) - chance.randint(1, 2))]
    if len(box) > 2 and chance.random() < 0.3:
        missing = chance.randrange(len(box))
        box = box[:missing] + box[missing + 1 :]
    return box[:LONGEST_BOX]
