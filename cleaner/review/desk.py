"""What persons do at the page: say, withdraw, mark as reviewed; every act is a durable row before it is answered.

The file of corrections is the only state. It is read on as it grows, so that several servers and several persons work
on one run. Refuses what is not a stretch of the document, and unknown labels (ReviewError).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cleaner.corrections.apply import Corrections
from cleaner.corrections.format import (
    Correction,
    CorrectionError,
    Review,
    Row,
    Scope,
    documents,
    in_force,
    reviewers,
    rows_in,
    withdrawal,
)
from cleaner.corrections.store import append, stamp
from cleaner.labels import KEPT, Action, Label, Policy
from cleaner.review.index import ReviewError
from cleaner.review.view import ReviewedArticle, Stretch

#: Lines of one box at most, and characters of a name.
BOX, NAME = 500, 80
KEEP, REMOVE = "keep", "remove"


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of some stretches of a document."""

    spans: tuple[tuple[int, int], ...]
    verdict: str  # a label, or keep, or remove
    scope: Scope = Scope.TEXT
    part: bool = False  # words, not whole lines


@dataclass(frozen=True, slots=True)
class State:
    """All that has been said so far."""

    rows: tuple[Row, ...]
    corrections: Corrections
    reviewed: frozenset[str]  # documents looked at as a whole, by anyone
    corrected: frozenset[str]
    seen: frozenset[str]  # documents whose row is there


@dataclass(slots=True)
class Desk:
    """One file of corrections and a clock."""

    path: Path
    policy: Policy
    clock: Callable[[], datetime]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _rows: list[Row] = field(default_factory=list)
    _read: int = 0  # bytes
    _state: State | None = None

    def state(self) -> State:
        """What has been said so far, by whomever. Raises CorrectionError."""
        with self._lock:
            if self._read_on() or self._state is None:
                self._state = _state(tuple(self._rows))
            return self._state

    def _read_on(self) -> bool:
        """Reads rows that were added since; whether there were any."""
        try:
            with self.path.open("rb") as stream:
                size = stream.seek(0, 2)
                if size < self._read:  # another file
                    self._read, self._rows = 0, []
                stream.seek(self._read)
                data = stream.read()
        except FileNotFoundError:
            changed, self._read, self._rows = bool(self._rows), 0, []
            return changed
        except OSError as error:
            raise CorrectionError(f"{self.path}: cannot be read ({error.strerror or error})") from error
        whole = data[: data.rfind(b"\n") + 1]
        self._rows += rows_in(whole, str(self.path))
        self._read += len(whole)
        return bool(whole)

    def say(self, article: ReviewedArticle, shown: Sequence[Stretch], said: Said, who: str) -> list[Correction]:
        """Keeps what a person says. Raises ReviewError, OSError: then nothing was kept."""
        if not said.spans or len(said.spans) > BOX:
            raise ReviewError(f"between 1 and {BOX} lines can be corrected at once")
        if said.scope is Scope.SOURCE and not article.source:
            raise ReviewError("this article has no source; say it for this text, or everywhere")
        when, box = stamp(self.clock()), uuid.uuid4().hex if len(said.spans) > 1 else ""
        rows = []
        for start, end in said.spans:
            text = article.text[max(0, start) : end]
            if not 0 <= start < end <= len(article.text) or not text.strip():
                raise ReviewError(f"{start} to {end} is not a stretch of this document")
            label = label_for(said.verdict, shown, (start, end), self.policy)
            place = (article.document, start, end, text)
            more = {"source": article.source, "part": said.part, "box": box}
            rows.append(Correction(*place, label, said.scope, who, when, **more))  # type: ignore[arg-type]
        self._append(article, rows)
        return rows

    def review(self, article: ReviewedArticle, who: str, *, done: bool) -> None:
        """Keeps that a person has looked at the whole document. Raises OSError."""
        self._append(article, [Review(article.document, who, stamp(self.clock()), done)])

    def undo(self, who: str, document: str = "") -> list[Correction]:
        """Withdraws what this person said last (of a document): one line, words, or box. Raises OSError."""
        own = in_force(row for row in self.state().rows if isinstance(row, Correction) and row.who == who)
        own = [row for row in own if not document or row.document == document]
        if not own:
            return []
        last = max(own, key=lambda row: row.when)
        rows = [row for row in own if (row.when, row.box) == (last.when, last.box)]
        append(self.path, [withdrawal(row, stamp(self.clock())) for row in rows])
        return rows

    def _append(self, article: ReviewedArticle, rows: Sequence[Row]) -> None:
        known = article.document in self.state().seen
        append(self.path, rows if known else [article.seen(), *rows])


def _state(rows: tuple[Row, ...]) -> State:
    corrected = frozenset(row.document for row in in_force(rows))
    return State(rows, Corrections.of(rows), frozenset(reviewers(rows)), corrected, frozenset(documents(rows)))


def label_for(verdict: str, shown: Sequence[Stretch], span: tuple[int, int], policy: Policy) -> Label:
    """The label that a verdict means at a place. Raises ReviewError for one that is none.

    Keep: the label that it has if that is kept, else body. Remove: the label that it has if that goes, else that of
    the nearest stretch that goes, of two the one before: boxes stand together.
    """
    if verdict not in (KEEP, REMOVE):
        try:
            return Label(verdict)
        except ValueError:
            raise ReviewError(f"{verdict!r} is not a label; labels are {', '.join(Label)}") from None
    start, end = span
    here = [stretch.label for stretch in shown if stretch.start < end and start < stretch.end]
    if verdict == KEEP:
        return next((label for label in here if policy.action(label) is Action.KEEP and label in KEPT), Label.BODY)
    gone = [stretch for stretch in shown if policy.action(stretch.label) is not Action.KEEP]
    nearest = min(gone, key=lambda s: (max(s.start - end, start - s.end, 0), s.start), default=None)
    if nearest is not None:
        return Label(nearest.label)
    return next(
        (label for label in (Label.NAVIGATION, *Label) if policy.action(label) is not Action.KEEP), Label.MARKUP
    )
