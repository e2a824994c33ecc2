"""Scores of a cleaner on labelled documents: lines and characters, per label, language and source, with intervals.

A labelled document is a row `{id, text, spans: [[start, end, label]], doubt: [[start, end]], lang?, source?}`; spans
cover every line in order. A labelled line counts as removed when at least half of its visible characters are;
doubtful ones are left out. Intervals come from resampling documents. Refuses rows that lack these fields.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from cleaner.corrections.format import is_row, read
from cleaner.decoding.mojibake import OffsetMap
from cleaner.document import CleanedDocument, Document
from cleaner.labels import KEPT, Label
from cleaner.pipeline import Cleaner
from cleaner.readers.jsonl import LONGEST_ROW, json_objects
from cleaner.readers.packing import PackingError
from cleaner.readers.rows import RowError
from cleaner.segmentation.stops import ends_sentence
from cleaner.training.corrected import corrected

#: A true sentence of at most so many visible characters, on a line of its own, is what is lost most easily.
SHORT_SENTENCE = 60
#: Resamplings of the documents for an interval; its ends are the 2.5th and 97.5th percentile.
RESAMPLES, SEED = 300, 1


class GoldError(ValueError):
    """A file of labelled documents cannot be used; the message names the file, the row and what is missing."""


@dataclass(frozen=True, slots=True)
class Gold:
    """One labelled document."""

    id: str
    text: str
    spans: tuple[tuple[int, int, Label], ...]
    doubt: tuple[tuple[int, int], ...]
    lang: str
    source: str
    split: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A labelled line that went wrong: kept text removed, or boilerplate left."""

    label: Label
    predicted: Label
    text: str


class LineScores(NamedTuple):
    """Of removed lines."""

    precision: float
    recall: float
    f1: float


@dataclass(slots=True)
class Tally:
    """Counts of one document, or of many added up."""

    counts: Counter[str] = field(default_factory=Counter)
    confusion: Counter[tuple[Label, Label]] = field(default_factory=Counter)  # (labelled, predicted), removed lines
    calibration: Counter[tuple[int, bool]] = field(default_factory=Counter)  # (tenth of the score, boilerplate?)

    def add(self, other: Tally) -> None:
        """Adds the counts of another tally."""
        self.counts.update(other.counts)
        self.confusion.update(other.confusion)
        self.calibration.update(other.calibration)

    @property
    def line_scores(self) -> LineScores:
        """How well the right lines were removed."""
        hit, lost, all_ = (self.counts[name] for name in ("hit lines", "lost lines", "boilerplate lines"))
        precision, recall = hit / max(1, hit + lost), hit / max(1, all_)
        return LineScores(precision, recall, 2 * precision * recall / max(1e-9, precision + recall))

    @property
    def body_lost(self) -> float:
        """Share of the kept labels' visible characters that was removed."""
        return self.counts["lost characters"] / max(1, self.counts["kept characters"])

    @property
    def lines_lost(self) -> float:
        """Share of the kept labels' lines that were removed."""
        return self.counts["lost lines"] / max(1, self.counts["kept lines"])

    @property
    def short_lost(self) -> float:
        """Share of short true sentences, each a line of its own, that were removed."""
        return self.counts["short sentences lost"] / max(1, self.counts["short sentences"])

    @property
    def sentences_lost(self) -> float:
        """Share of the longer true sentences that were removed."""
        return self.counts["sentences lost"] / max(1, self.counts["sentences"])

    @property
    def calibration_error(self) -> float:
        """How far the share that is boilerplate lies outside the tenth of the score, on average over lines."""
        wrong, count = 0.0, 0
        for tenth in range(10):
            boilerplate, kept = self.calibration[tenth, True], self.calibration[tenth, False]
            share = boilerplate / max(1, boilerplate + kept)
            wrong += max(0.0, tenth / 10 - share, share - (tenth + 1) / 10) * (boilerplate + kept)
            count += boilerplate + kept
        return wrong / max(1, count)

    @property
    def typed(self) -> float:
        """Share of rightly removed lines whose label is right too."""
        return self.counts["typed lines"] / max(1, self.counts["hit lines"])


@dataclass(frozen=True, slots=True)
class Scored:
    """One document with its tally and mistakes."""

    gold: Gold
    tally: Tally
    mistakes: tuple[Mistake, ...]


def read_gold(path: Path) -> Iterator[Gold]:
    """The labelled documents of a JSONL file (also gzipped), or of corrections. Raises GoldError or CorrectionError."""
    if _holds_corrections(path):
        yield from (Gold(*known) for known in corrected(read(path)))
        return
    try:
        for number, row in json_objects(path, max_bytes=LONGEST_ROW):
            yield _gold(row, f"{path}:{number}")
    except (OSError, RowError, PackingError) as error:
        raise GoldError(f"{path}: cannot be read as labelled documents ({error})") from error


def _holds_corrections(path: Path) -> bool:
    """Whether the first row is one of corrections.jsonl."""
    try:
        with path.open("rb") as rows:
            return is_row(rows.readline())
    except OSError:
        return False


def _gold(row: Mapping[str, Any], where: str) -> Gold:
    if lacking := [name for name in ("id", "text", "spans") if name not in row]:
        raise GoldError(f"{where}: is not a labelled document (it has no {' and no '.join(map(repr, lacking))})")
    if not isinstance(row["text"], str):
        raise GoldError(f"{where}: is not a labelled document (its 'text' is not a text)")
    try:
        spans = tuple((int(start), int(end), Label(label)) for start, end, label in row["spans"])
        doubt = tuple((int(start), int(end)) for start, end in row.get("doubt", ()))
        return Gold(
            str(row["id"]),
            row["text"],
            spans,
            doubt,
            row.get("lang") or "und",
            row.get("source") or "",
            row.get("split") or "",
        )
    except (ValueError, TypeError) as error:
        what = "a span is [start, end, label], a doubt [start, end]"
        raise GoldError(f"{where}: is not a labelled document ({what}; {error})") from error


def score(gold: Gold, cleaned: CleanedDocument) -> Scored:
    """The tally of one cleaned document against its labels."""
    removed = bytearray(len(gold.text))
    for span in cleaned.spans:
        removed[span.start : span.end] = b"\x01" * (span.end - span.start)
    tally, mistakes = Tally(), []
    counts = tally.counts
    for start, end, label in gold.spans:
        visible = [at for at in range(start, end) if not gold.text[at].isspace()]
        if not visible or any(first <= start and end <= last for first, last in gold.doubt):
            continue
        gone = sum(removed[at] for at in visible)
        is_gone = 2 * gone >= len(visible)
        predicted = _label_at(cleaned, start, end) if is_gone else Label.BODY
        counts[f"all {label}"] += 1
        counts[f"gone {label}"] += is_gone
        score = _score_at(cleaned, start, end)
        tally.calibration[min(9, int(10 * score)), label not in KEPT] += 1
        if label in KEPT:
            counts.update({"kept characters": len(visible), "lost characters": gone, "lost lines": int(is_gone)})
            counts["kept lines"] += 1
            if ends_sentence(gold.text[start:end]):
                short = "short " * (len(visible) <= SHORT_SENTENCE)
                counts.update({f"{short}sentences": 1, f"{short}sentences lost": int(is_gone)})
        else:
            right = int(predicted is label)
            counts.update({"boilerplate lines": 1, "hit lines": int(is_gone), "typed lines": right})
            counts[f"typed {label}"] += right
            if is_gone:
                tally.confusion[label, predicted] += 1
        if is_gone == (label in KEPT):
            mistakes.append(Mistake(label, predicted, gold.text[start:end]))
    counts["documents"] = 1
    counts["perfect"] = int(not mistakes)
    return Scored(gold, tally, tuple(mistakes))


def _score_at(cleaned: CleanedDocument, start: int, end: int) -> float:
    """The score of the decision that covers a stretch's middle: how sure the cleaner was of boilerplate."""
    middle, _ = OffsetMap(cleaned.repairs).to_repaired((start + end) // 2, end)
    index = bisect_right(cleaned.decisions, middle, key=lambda decision: decision.start) - 1
    return cleaned.decisions[index].score if index >= 0 else 0.0


def _label_at(cleaned: CleanedDocument, start: int, end: int) -> Label:
    """The label of the span that covers most of a stretch."""
    covered: Counter[Label] = Counter()
    for span in cleaned.spans:
        if (overlap := min(end, span.end) - max(start, span.start)) > 0:
            covered[span.label] += overlap
    return covered.most_common(1)[0][0] if covered else Label.BODY


def evaluate(cleaner: Cleaner, documents: Iterable[Gold]) -> list[Scored]:
    """Cleans and scores every document, without telling the cleaner anything but the text and its source."""
    return [
        score(gold, cleaner.clean_document(Document("", gold.text, source=gold.source or None))) for gold in documents
    ]


def total(scored: Iterable[Scored]) -> Tally:
    """All tallies added up."""
    tally = Tally()
    for score in scored:
        tally.add(score.tally)
    return tally


def interval(scored: Sequence[Scored], figure: Callable[[Tally], float]) -> tuple[float, float]:
    """The 95 % interval of a figure, by resampling documents with replacement."""
    chance = random.Random(SEED)
    values = sorted(figure(total(chance.choices(scored, k=len(scored)))) for _ in range(RESAMPLES))
    return values[int(0.025 * RESAMPLES)], values[int(0.975 * RESAMPLES)]


def report_lines(scored: Sequence[Scored], *, by: str = "label", worst: int = 5) -> Iterator[str]:
    """The scores as lines of text: total, per label, by language or source, confusion, the worst documents."""
    if not scored:
        yield "no documents"
        return
    tally = total(scored)
    low, high = interval(scored, lambda score: score.line_scores.f1)
    lost_low, lost_high = interval(scored, lambda score: score.body_lost)
    yield _row("all", tally)
    yield f"95 % interval: line F1 {low:.3f} to {high:.3f}, body lost {lost_low:.2%} to {lost_high:.2%}"
    yield from _lost_rows(tally)
    yield ""
    yield from _label_rows(tally)
    if by in ("lang", "source"):
        yield ""
        groups: dict[str, list[Scored]] = {}
        for score in scored:
            groups.setdefault(getattr(score.gold, by) or "(none)", []).append(score)
        for name in sorted(groups, key=lambda key: (-len(groups[key]), key)):
            yield _row(name, total(groups[name]))
    yield ""
    yield "removed under another label (labelled → predicted):"
    wrong = Counter({pair: count for pair, count in tally.confusion.items() if pair[0] is not pair[1]})
    for (label, predicted), count in wrong.most_common(12):
        yield f"  {label:<13}→ {predicted:<13}{count:6d}"
    yield from _worst_rows(scored, worst)


def _row(name: str, tally: Tally) -> str:
    precision, recall, f1 = tally.line_scores
    return (
        f"{name[:24]:<24} docs {tally.counts['documents']:5d}  lines P {precision:.3f} R {recall:.3f} F1 {f1:.3f}  "
        f"lost: characters {tally.body_lost:.2%} lines {tally.lines_lost:.2%}  label right {tally.typed:.3f}"
    )


def _lost_rows(tally: Tally) -> Iterator[str]:
    counts = tally.counts
    lost, kept = counts["lost lines"], counts["kept lines"]
    yield f"kept lines lost: {lost} of {kept} ({tally.lines_lost:.2%})"
    lost, kept = counts["short sentences lost"], counts["short sentences"]
    others = f"{counts['sentences lost']} of {counts['sentences']}"
    yield f"true sentences lost: {lost} of {kept} short ones ({tally.short_lost:.2%}), {others} others"
    yield "score → share that is boilerplate: " + ", ".join(
        f"{tenth / 10:.1f} {tally.calibration[tenth, True] / both:.3f} of {both}"
        for tenth in range(10)
        if (both := tally.calibration[tenth, True] + tally.calibration[tenth, False])
    )


def _label_rows(tally: Tally) -> Iterator[str]:
    counts = tally.counts
    for label in Label:
        lines, gone = counts[f"all {label}"], counts[f"gone {label}"]
        if lines and label in KEPT:
            yield f"  {label:<13}{lines:6d} lines, lost {gone}"
        elif lines:
            right = counts[f"typed {label}"] / max(1, gone)
            yield f"  {label:<13}{lines:6d} lines, removed {gone / lines:.3f}, label right {right:.3f}"


def _worst_rows(scored: Sequence[Scored], worst: int) -> Iterator[str]:
    ranked = sorted(
        scored, key=lambda score: (-score.tally.counts["lost characters"], -len(score.mistakes), score.gold.id)
    )
    for score in ranked[:worst]:
        if score.mistakes:
            yield ""
            lost = score.tally.counts["lost characters"]
            yield f"{score.gold.id} ({score.gold.lang}): {lost} characters lost"
            for mistake in score.mistakes[:8]:
                verb = f"lost as {mistake.predicted}" if mistake.label in KEPT else "left"
                yield f"  {mistake.label}, {verb}: {' '.join(mistake.text.split())[:90]}"


def as_values(scored: Sequence[Scored]) -> Mapping[str, object]:
    """The main figures as JSON values, for model cards and gates."""
    tally = total(scored)
    precision, recall, f1 = tally.line_scores
    return {
        "documents": tally.counts["documents"],
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(f1, 4),
        "body-lost": round(tally.body_lost, 5),
        "lines-lost": round(tally.lines_lost, 5),
        "short-sentences-lost": round(tally.short_lost, 5),
        "sentences-lost": round(tally.sentences_lost, 5),
        "calibration-error": round(tally.calibration_error, 5),
        "label-right": round(tally.typed, 4),
        "recall-by-label": {
            label.value: round(tally.counts[f"gone {label}"] / tally.counts[f"all {label}"], 4)
            for label in Label
            if label not in KEPT and tally.counts[f"all {label}"]
        },
    }
