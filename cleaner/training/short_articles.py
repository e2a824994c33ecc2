"""More documents from labelled ones: a few lines of an article among boxes of its language, and articles cleaned.

The boxes are runs of boilerplate lines of other documents of the same fold of sites, put where they stood there: above
the article, inside it, below it; or boxes of our own writing. A cleaned article has none: what stays after cleaning is
the article, and stays when it is cleaned again.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

from cleaner.labels import KEPT, Label
from cleaner.training.corpus import FOLDS, fold_of, site
from cleaner.training.evaluation import Gold
from cleaner.training.labelled_lines import Line, Made, box_lines, broken, is_kept, joined, kept_lines, lines_of

#: Short articles made of a labelled document and of one written for training, on average; of so many documents with
#: boilerplate the cleaned article is learned.
SHORT_TIMES, OWN_TIMES, CLEANED_SHARE = 0.7, 2.0, 0.5
#: What a short article counts beside a document as it was found; a cleaned one.
SHORT_WEIGHT, CLEANED_WEIGHT = 0.6, 0.5
#: Most lines of the article in a short one; most lines of a run of boilerplate, inside the article, above it.
LINES, RUN, RUN_INSIDE, RUN_ABOVE = 8, 8, 3, 5
#: How often boxes stand inside a short article, above it, below it, and twice below it.
INSIDE, ABOVE, BELOW, TWICE_BELOW = 0.35, 0.45, 0.7, 0.3
#: A run is this often one of our own boxes, where there are both.
OWN_BOX = 0.4

#: (Fold, language, place) → runs of boilerplate lines; places are "above", "inside" and "below".
Runs = Mapping[tuple[int, str, str], Sequence[Sequence[Line]]]
#: (Fold, language) → boxes of our own writing.
Boxes = Mapping[tuple[int, str], Sequence[Sequence[Line]]]


def short_and_cleaned(documents: Sequence[Gold], texts: Sequence[Gold], boxes: Sequence[Gold]) -> Iterator[Made]:
    """More documents from labelled ones and from those written for training; the same for the same input."""
    chance = random.Random(23)
    runs, own = runs_of([*documents, *texts]), boxes_by_language(boxes)
    for golds, times in ((documents, SHORT_TIMES), (texts, OWN_TIMES)):
        for gold in golds:
            for number in range(int(times + chance.random())):
                short = short_article(gold, runs, own, chance, f"short{number}")
                if short is not None:
                    yield Made(short, SHORT_WEIGHT)
            if chance.random() < CLEANED_SHARE and (cleaned := cleaned_article(gold)):
                yield Made(cleaned, CLEANED_WEIGHT)


def cleaned_article(gold: Gold) -> Gold | None:
    """The document without its boilerplate; None where it has none, or nothing else."""
    kept = kept_lines(gold)
    if not kept or all(map(is_kept, lines_of(gold))):
        return None
    return joined(gold, kept, "\n\n" if 2 * gold.text.count("\n\n") > gold.text.count("\n") else "\n", "cleaned")


def short_article(gold: Gold, runs: Runs, boxes: Boxes, chance: random.Random, suffix: str) -> Gold | None:
    """A few lines of the article with boxes inside, above and below; None where there is nothing to put there."""
    kept = kept_lines(gold)
    if not kept:
        return None
    count = chance.randint(1, min(LINES, len(kept)))
    first = chance.choice((0, 0, chance.randint(0, len(kept) - count)))
    lines, size = kept[first : first + count], count

    def box(place: str) -> list[Line]:
        return _box(gold, place, runs, boxes, chance)

    if len(lines) > 1 and chance.random() < INSIDE:
        at = chance.randint(1, len(lines) - 1)
        lines[at:at] = box("inside")[:RUN_INSIDE]
    if chance.random() < ABOVE:
        at = int(lines[0][0][1] is Label.HEADLINE and chance.random() < 0.75)
        lines[at:at] = box("above")[:RUN_ABOVE]
    if len(lines) == size or chance.random() < BELOW:
        lines += box("below")
        if chance.random() < TWICE_BELOW:
            lines += box("below")
    return joined(gold, lines, chance.choice(("\n", "\n", "\n\n")), suffix) if len(lines) > size else None


def _box(gold: Gold, place: str, runs: Runs, boxes: Boxes, chance: random.Random) -> list[Line]:
    fold = fold_of(site(gold.source), FOLDS)
    run, own = runs.get((fold, gold.lang, place)), boxes.get((fold, gold.lang))
    if own and (not run or chance.random() < OWN_BOX):
        return broken(chance.choice(own), chance)
    return _stretch(chance.choice(run), chance) if run else []


def _stretch(run: Sequence[Line], chance: random.Random) -> list[Line]:
    """Some lines of a run, mostly its first or its last; a short run mostly whole."""
    if len(run) <= 2 and chance.random() < 0.8:
        return list(run)
    count = chance.randint(1, min(len(run), RUN))
    first = chance.choice((0, chance.randint(0, len(run) - count), len(run) - count))
    return list(run[first : first + count])


def runs_of(documents: Sequence[Gold]) -> Runs:
    """The runs of boilerplate lines of documents, none of them in doubt."""
    runs: dict[tuple[int, str, str], list[Sequence[Line]]] = {}
    for gold in documents:
        fold = fold_of(site(gold.source), FOLDS)
        for place, run in _runs(lines_of(gold)):
            runs.setdefault((fold, gold.lang, place), []).append(run)
    return runs


def _runs(lines: Sequence[Line]) -> Iterator[tuple[str, Sequence[Line]]]:
    """(Place, lines) of each run of lines that hold nothing kept and nothing in doubt."""
    prose = [at for at, line in enumerate(lines) if is_kept(line) and line[0][1] in (Label.BODY, Label.STANDFIRST)]
    first = 0
    while prose and first < len(lines):
        last = first
        while last < len(lines) and _is_gone(lines[last]):
            last += 1
        if last > first:
            yield "above" if first < prose[0] else "below" if first > prose[-1] else "inside", lines[first:last]
        first = last + 1


def _is_gone(line: Line) -> bool:
    return not any(doubtful or label in KEPT for _, label, doubtful in line)


def boxes_by_language(boxes: Sequence[Gold]) -> Boxes:
    """The boxes by fold and language."""
    by_language: dict[tuple[int, str], list[Sequence[Line]]] = {}
    for box in boxes:
        by_language.setdefault((fold_of(site(box.source), FOLDS), box.lang), []).append(box_lines(box))
    return by_language
