"""One document as a page shows it: its stretches in order, with what the run decided and what persons said since.

Read from the archive at the place that the index names. Offsets are code points of the source text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from archive.checking.ledger import LEDGER_ERRORS, load_ledger
from archive.segments.records import MAX_BLOCK
from archive.warc.fields import FieldsError, load_fields
from archive.warc.records import Capture, captures, wanted
from cleaner.batch.output.folder import read_report
from cleaner.corrections.apply import Corrections
from cleaner.corrections.format import Seen
from cleaner.decision.corrected import is_corrected, overrule
from cleaner.document import Decision, Rendering
from cleaner.labels import Action, Label, Policy
from cleaner.ledger import Ledger, checked, rebuild
from cleaner.review.index import ReviewError

RECORDS = 3  # of one article at most


@dataclass(frozen=True, slots=True)
class ReviewedArticle:
    """A document of the run: its source text and what the run decided, in order."""

    document: str  # digest
    id: str
    source: str
    lang: str
    url: str
    text: str
    decisions: tuple[Decision, ...]

    def seen(self) -> Seen:
        """The row that corrections of it refer to."""
        spans = tuple((decision.start, decision.end, decision.label) for decision in self.decisions)
        return Seen(self.document, self.id, self.text, spans, self.lang, self.source, self.url)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a page shows of one stretch."""

    start: int
    end: int
    text: str
    label: Label
    removed: bool
    score: float | None  # None: the archive does not tell
    reasons: tuple[str, ...]
    corrected: bool
    breaks: int  # line breaks before it: 0 same line, 1 next, 2 after a blank one


def policy_of(out: Path) -> Policy:
    """The policy of the run."""
    return Policy.of(((read_report(out) or {}).get("configuration") or {}).get("policy"))


def article_at(out: Path, row: Mapping[str, Any], policy: Policy) -> ReviewedArticle:
    """The document of a row of the index. Raises ReviewError when the archive does not hold it any more."""
    where = f"{out / 'warc' / row['segment']}, offset {row['offset']}"
    try:
        clean, written = _records(out / "warc" / row["segment"], row["offset"])
        parts = checked(written)
        text = rebuild(clean if clean is not None else parts.get("clean-text", ""), parts)
        decisions = tuple(sorted(_decisions(parts, policy), key=lambda decision: decision.start))
    except (OSError, FieldsError, *LEDGER_ERRORS) as error:
        raise ReviewError(f"{where}: cannot be read ({error}); `cleancopy archive verify` tells") from error
    given = parts.get("given") or {}
    return ReviewedArticle(
        parts["source-text-digest"], row["id"], parts.get("source") or "", row["lang"],
        str(given.get("url", "")), text, decisions,
    )  # fmt: skip


def _records(segment: Path, offset: int) -> tuple[str | None, Mapping[str, object]]:
    """Clean text and ledger of the article whose first record stands there."""
    clean: str | None = None
    with FileIO(segment, "rb") as file:
        file.seek(offset)
        captured = captures(cast(BinaryIO, file), wanted, max_block=MAX_BLOCK, start=offset, check=False)
        for number, record in enumerate(captured):
            if not isinstance(record, Capture):
                break
            kind = record.headers.get("warc-type")
            if kind == "conversion":
                clean = record.block.decode("utf-8", "replace")
            if kind == "metadata" or number == RECORDS - 1:
                return clean, load_ledger(dict(load_fields(record.block)).get("ledger"))
    raise ReviewError(f"{segment}, offset {offset}: no article stands there; `cleancopy archive verify` tells")


def _decisions(written: Ledger, policy: Policy) -> list[Decision]:
    decisions = []
    for start, end, name, _, _ in written["kept"]:
        decisions.append(Decision(start, end, Label(name), Action.KEEP, 0.0))
    for span in written["removed"]:
        label, action = Label(span["label"]), Action(span["action"])
        decisions.append(Decision(span["start"], span["end"], label, action, span["score"], tuple(span["reasons"])))
    return decisions


def stretches(article: ReviewedArticle, corrections: Corrections, policy: Policy) -> list[Stretch]:
    """What a page shows, with the corrections in force."""
    rendering = Rendering(article.text, (), article.text)
    before = {(decision.start, decision.end): decision for decision in article.decisions}
    shown: list[Stretch] = []
    position = 0
    for decision in overrule(corrections, rendering, article.decisions, policy, article.source):
        run = before.get((decision.start, decision.end))
        gap = article.text[position : decision.start]
        corrected = is_corrected(decision)
        removed = decision.action is not Action.KEEP
        text = article.text[decision.start : decision.end]
        score = None if corrected or not removed else decision.score
        reasons = (*decision.reasons, *_was(run, corrected=corrected))
        place = (decision.start, decision.end, text)
        shown.append(Stretch(*place, decision.label, removed, score, reasons, corrected, min(2, _breaks(gap))))
        position = decision.end
    return shown


def _was(run: Decision | None, *, corrected: bool) -> Sequence[str]:
    if run is None or not corrected:
        return ()
    return (f"the run said {run.label}" + (f": {'; '.join(run.reasons)}" if run.reasons else ""),)


def _breaks(gap: str) -> int:
    return max(gap.count("\n"), len(gap.splitlines()) - 1)
