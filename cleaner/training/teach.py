"""Corrections → the shipped model with a small layer of what they taught (`model.taught`); never a training anew.

A logistic regression that starts from the model's odds: its weights are drawn to zero, those in general much harder
than those of one source. Measured on documents held out, and on the project's own labelled texts; refuses
(TeachError) a layer that makes these worse. Seconds, on one core, without scikit-learn.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources

import numpy as np

from cleaner.decoding.mojibake import OffsetMap
from cleaner.document import Block, Document
from cleaner.labels import KEPT
from cleaner.model.network import Model, opened, packed, parse
from cleaner.model.taught import KINDS, TAUGHT, Design, Taught
from cleaner.model.taught import design as design_of
from cleaner.pipeline import Cleaner
from cleaner.segmentation.tokens import Floats
from cleaner.training.evaluation import Gold, Scored, Tally, evaluate, read_gold, total

#: How hard weights are drawn to zero, by kind: for one source, and how much harder in general. Chosen on eight
#: sites by leaving documents out (docs/review.md).
PENALTY = {
    "bias": 0.3, "odds": 0.05, "around": 0.05, "column": 1.0, "size": 1.0, "place": 1.0, "word": 0.5, "head": 0.3,
    "tail": 0.3, "whole": 0.15, "before": 2.0, "after": 2.0,
}  # fmt: skip
GENERAL = 300.0
#: Steps of the descent at most; it stops where no weight moves by more than the smallest.
STEPS, SMALLEST = 400, 1e-4
#: A block is kept when it holds so many visible characters of a kept label, or mostly such.
ENOUGH_KEPT = 25
#: The corrected documents are held out in so many turns, each document once.
TURNS = 5
#: Fewer documents teach nothing that holds.
ENOUGH = 4
#: The gate falls when F1 is lower by more than this, or more body is lost than this: less than one line of it.
F1_MARGIN, BODY_MARGIN = 0.0015, 0.0005


class TeachError(Exception):
    """Nothing was taught; the message says why."""


class RefusedLessonError(TeachError):
    """What was learned makes held-out documents or the project's own texts worse."""


@dataclass(frozen=True, slots=True)
class TaughtDocument:
    """The labelled blocks of a document."""

    design: Design
    boilerplate: Floats  # 1 or 0 per block
    weights: Floats  # 0: in doubt


@dataclass(frozen=True, slots=True)
class Lessons:
    """A taught model's file, and lines that tell what it is worth."""

    data: bytes
    figures: tuple[str, ...]


Say = Callable[[str], None]


def teach(documents: Sequence[Gold], model: bytes, say: Say, *, gold: Sequence[Gold] = ()) -> Lessons:
    """The model with what the documents taught it. Raises TeachError, ModelError.

    gold: more labelled documents, which teach too, and are never held out.
    """
    documents = [document for document in documents if _labelled(document)]
    if len(documents) < ENOUGH:
        raise TeachError(f"{len(documents)} corrected documents are too few to teach from; correct {ENOUGH} or more")
    say(f"{len(documents)} corrected documents of {len({document.source for document in documents})} sources")
    base = parse(model, "the model")
    taught, more = lessons(base, documents), lessons(base, gold)
    figures = _held_out_in_turns(documents, base, taught, more)
    say("teaching from all of them")
    layer, own = learn([*taught, *more]), gate()
    before, after = (total(scored(replace(base, taught=own_layer), own)) for own_layer in (None, layer))
    figures += _held_to(f"the project's own {len(own)} labelled texts", before, after, worse=_worse(before, after))
    file = opened(model, "the model")
    about = {"documents": len(documents), "weights": len(layer.keys)}
    arrays = {name: array for name, array in file.arrays.items() if not name.startswith(TAUGHT)}
    return Lessons(packed({**file.header, "taught": about}, {**arrays, **layer.arrays()}), tuple(figures))


def _held_out_in_turns(
    documents: Sequence[Gold],
    base: Model,
    taught: Sequence[TaughtDocument | None],
    more: Sequence[TaughtDocument | None],
) -> list[str]:
    """The figures on all corrected documents, each judged by a layer that has not seen it.

    One turn would be a few documents, whose figures say little. Raises RefusedLessonError when more lines are wrong.
    """
    order = sorted(range(len(documents)), key=lambda at: zlib.crc32(documents[at].id.encode("utf-8", "replace")))
    before, after = list[Scored](), list[Scored]()
    for turn in range(TURNS):
        held = order[turn::TURNS]
        if not held:
            continue
        seen = [lesson for at, lesson in enumerate(taught) if at not in held]
        layer, own = learn([*seen, *more]), [documents[at] for at in held]
        before += scored(replace(base, taught=None), own)
        after += scored(replace(base, taught=layer), own)
    sums = total(before), total(after)
    more_wrong = wrong_lines(sums[1]) > wrong_lines(sums[0])
    name = f"{len(documents)} corrected documents, each held out once"
    return _held_to(name, *sums, worse=more_wrong or _worse(*sums))


def _held_to(name: str, before: Tally, after: Tally, *, worse: bool) -> list[str]:
    """The figures before and after. Raises RefusedLessonError when these are worse."""
    lines = _compared(name, before, after)
    if worse:
        raise RefusedLessonError("; ".join((f"nothing is taught: {name} get worse", *map(str.strip, lines))))
    return lines


def _labelled(document: Gold) -> bool:
    return any(not _doubtful(document, start, end) for start, end, _ in document.spans)


def _doubtful(document: Gold, start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in document.doubt)


def gate() -> list[Gold]:
    """The project's own labelled texts, as they come with this version."""
    with resources.as_file(resources.files("cleaner") / "data" / "gate" / "gold.jsonl.gz") as path:
        return list(read_gold(path))


# Learning -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Listener:
    """In the place of a layer: changes nothing, and keeps what the model made of the document's blocks."""

    probabilities: Floats | None = None
    blocks: Sequence[Block] = ()
    source: str = ""

    def adjusted(self, probabilities: Floats, blocks: Sequence[Block], source: str) -> Floats:
        self.probabilities, self.blocks, self.source = probabilities, blocks, source
        return probabilities


def lessons(model: Model, documents: Iterable[Gold]) -> list[TaughtDocument | None]:
    """What documents teach: the blocks as cleaning sees them, with the model's opinion of them and the label.

    None for a document that the model does not see.
    """
    seen: list[TaughtDocument | None] = []
    listener = _Listener()
    cleaner = Cleaner(model=replace(model, taught=listener))
    for document in documents:
        cleaned = cleaner.clean_document(Document(document.id, document.text, source=document.source or None))
        if listener.probabilities is None:
            seen.append(None)
            continue
        offsets = OffsetMap(cleaned.repairs)
        known = [_label(document, *offsets.to_source(block.start, block.end)) for block in listener.blocks]
        features = design_of(listener.probabilities, listener.blocks, listener.source)
        gone, sure = (np.array(column) for column in zip(*known, strict=True))
        seen.append(TaughtDocument(features, gone, sure))
        listener.probabilities = None
    return seen


def _label(document: Gold, start: int, end: int) -> tuple[float, float]:
    """Whether a stretch is boilerplate, kept where there is prose in it; and 0 where that is in doubt, else 1."""
    kept = gone = doubtful = 0
    for first, last, label in document.spans:
        size = len("".join(document.text[max(first, start) : min(last, end)].split()))
        kept, gone = kept + size * (label in KEPT), gone + size * (label not in KEPT)
        doubtful += size * (size > 0 and _doubtful(document, first, last))
    is_kept = kept >= ENOUGH_KEPT or kept >= gone
    return float(not is_kept), float(kept + gone > 0 and 2 * doubtful < kept + gone)


def learn(given: Sequence[TaughtDocument | None]) -> Taught:
    """The layer that fits the lessons and is drawn to zero: scaled descent with the steps of Barzilai and Borwein."""
    seen = [lesson for lesson in given if lesson is not None]
    if not seen:
        return Taught(np.zeros(0, np.uint64), np.zeros(0))
    counts = [len(lesson.boilerplate) for lesson in seen]
    first = np.cumsum([0, *counts[:-1]])
    block = np.concatenate([lesson.design.block + at for lesson, at in zip(seen, first, strict=True)])
    keys, column = np.unique(np.concatenate([lesson.design.keys for lesson in seen]), return_inverse=True)
    values = np.concatenate([lesson.design.values for lesson in seen])
    penalty = np.zeros(len(keys))
    penalty[column] = _penalties()[np.concatenate([lesson.design.kinds for lesson in seen])]
    odds = np.concatenate([lesson.design.odds for lesson in seen])
    target = np.concatenate([lesson.boilerplate for lesson in seen])
    sure = np.concatenate([lesson.weights for lesson in seen])
    scale = 1 / (penalty + 0.25 * np.bincount(column, values**2 * sure[block], len(keys)))
    weights, step = np.zeros(len(keys)), 0.1
    before: tuple[Floats, Floats] | None = None
    for _ in range(STEPS):
        moved = odds + np.bincount(block, values * weights[column], len(odds))
        error = sure * (1 / (1 + np.exp(-moved)) - target)
        gradient = np.bincount(column, values * error[block], len(keys)) + penalty * weights
        if before is not None:
            walked, turned = weights - before[0], gradient - before[1]
            bend = float((turned * walked).sum())
            if bend <= 0 or not float(np.abs(walked).max()) > SMALLEST:
                break
            step = float((walked**2 / scale).sum()) / bend
        before = weights, gradient
        weights = weights - step * scale * gradient
    told = np.abs(weights) > SMALLEST
    return Taught(keys[told], weights[told])


def _penalties() -> Floats:
    """The penalty of each kind: in general, then for a source alone."""
    own = np.array([PENALTY[name] for name in KINDS])
    return np.concatenate((GENERAL * own, own))


# What it is worth ---------------------------------------------------------------------------------


def scored(model: Model, documents: Sequence[Gold]) -> list[Scored]:
    """How a model does on labelled documents, each told its source."""
    return evaluate(Cleaner(model=model), documents)


def _worse(before: Tally, after: Tally) -> bool:
    lower = before.line_scores.f1 - after.line_scores.f1 > F1_MARGIN
    return lower or after.body_lost - before.body_lost > BODY_MARGIN


def wrong_lines(tally: Tally) -> int:
    """Lines that went and should have stayed, and the other way round."""
    counts = tally.counts
    return counts["lost lines"] + counts["boilerplate lines"] - counts["hit lines"]


def _compared(name: str, before: Tally, after: Tally) -> list[str]:
    """The figures before and after, as lines of text."""
    lines = [f"{name}: {wrong_lines(before)} lines wrong before, {wrong_lines(after)} after"]
    for when, tally in (("before", before), ("after", after)):
        precision, recall, f1 = tally.line_scores
        shown = f"lines P {precision:.3f} R {recall:.3f} F1 {f1:.3f}"
        lines.append(f"  {when:<7} {shown}, body lost {tally.body_lost:.2%}")
    return lines
