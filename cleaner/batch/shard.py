"""One shard of a run: its rows, its clean texts, its counts and index lines, its segment of the archive.

Each part is written under another name first. The segment gets its own last: a shard is done when its sealed
segment is in place. When anything breaks, nothing of the shard stays.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from archive.checking.originals import COPIES_FOLDER
from archive.export.cdxj import line_of
from archive.segments.durable import write_atomically
from archive.segments.records import ArticleError, RunInfo
from archive.segments.writer import OPEN_SUFFIX, Placed, Segment, SegmentWriter, segment_name
from cleaner.batch.counts import Accounts
from cleaner.document import CleanedDocument, Status
from cleaner.readers import Failure, Original, Reading
from cleaner.readers.readings import place
from cleaner.writers.rows import document_row, encode, failed_row
from cleaner.writers.text import remove_text, write_text
from cleaner.writers.warc import article_of, copy_of, failed_article

PREFIX, COPIES_PREFIX = "cleancopy", "cleancopy-originals"
#: Where a run keeps what it needs until it is complete: the plan, the shards' counts and index lines, locks.
WORK = ".work"
#: What a file system says to a name it cannot take.
NAME_REFUSED = frozenset({errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.EILSEQ})

Outcome = CleanedDocument | Failure


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parts of a shard lie."""

    out: Path
    clock: datetime
    number: int

    @property
    def rows(self) -> Path:
        """The rows, in input order."""
        return self.out / "documents" / f"{self.number:05d}.jsonl"

    @property
    def notes(self) -> Path:
        """Counts and index lines, until the run is complete."""
        return self.out / WORK / f"{self.number:05d}.notes"

    def segment(self, part: int) -> Path:
        """One part of the shard's segment."""
        return self.out / "warc" / segment_name(PREFIX, self.clock, shard=self.number, part=part)

    def copies(self, part: int) -> Path:
        """One part of the shard's segment of copied originals, where there is one."""
        return self.out / COPIES_FOLDER / segment_name(COPIES_PREFIX, self.clock, shard=self.number, part=part)

    def discard(self) -> None:
        """Removes all but clean texts, drafts too."""
        for path in (self.rows, self.notes):
            path.unlink(missing_ok=True)
            _draft(path).unlink(missing_ok=True)
            path.with_name(f"{path.name}.tmp").unlink(missing_ok=True)
        for segment in (self.segment, self.copies):
            part, found = 0, True
            while found:
                path = segment(part)
                draft = _draft(path)
                found = path.exists() or draft.exists()
                path.unlink(missing_ok=True)
                draft.unlink(missing_ok=True)
                part += 1


def finished(places: Places) -> Accounts | None:
    """The counts of a shard that is done; None when it has to be done (again)."""
    try:
        with places.notes.open("rb") as file:
            head = json.loads(file.readline())
    except (OSError, ValueError):
        return None
    if places.rows.exists() and all(places.segment(part).exists() for part in range(head["parts"])):
        return Accounts.from_values(head["accounts"])
    return None


def index_lines(places: Places) -> Iterator[str]:
    """The index lines of a shard that is done. Raises OSError."""
    with places.notes.open(encoding="utf-8", newline="\n") as file:
        next(file)
        yield from file


class ShardWriter:
    """Context manager; the folders `documents`, `warc`, `text` and `.work` of OUT exist."""

    def __init__(self, places: Places, *, run: RunInfo, with_removed: bool, copy_originals: bool = False) -> None:
        self._copies: SegmentWriter | None = None  # made when the first record is copied
        self._copy_originals = copy_originals
        copied = Segment(COPIES_PREFIX, places.clock, places.number)
        self._make_copies = partial(SegmentWriter, places.out / COPIES_FOLDER, copied, run)
        self.accounts = Accounts()
        self._places, self._with_removed = places, with_removed
        self._draft = _draft(places.rows)
        self._segment = SegmentWriter(places.out / "warc", Segment(PREFIX, places.clock, places.number), run)
        self._rows: BinaryIO | None = None
        self._lines: list[str] = []
        self._texts: list[Path] = []

    def __enter__(self) -> Self:
        self._rows = self._draft.open("wb")
        try:
            self._segment.__enter__()
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._copies:
                self._copies.__exit__(kind, error, trace)
            if kind is None:
                self._close_rows()
                self._write_notes()
        except BaseException as failed:  # a full disk: then the segment must not get its name
            self._segment.__exit__(type(failed), failed, failed.__traceback__)
            self._discard()
            raise
        try:
            self._segment.__exit__(kind, error, trace)
        finally:
            if kind is not None or not self._segment.paths:
                self._discard()

    def write(self, reading: Reading, outcome: Outcome, text_name: str) -> Outcome:
        """Writes records, clean text and row of one input; its outcome (failed if not stored).

        `text_name`: where its clean text goes; empty: nowhere.
        """
        outcome = self._write_text(reading, outcome, text_name)
        placed: Sequence[Placed] = ()
        try:
            placed = self._store(reading.original, outcome)
        except ArticleError as error:
            outcome = Failure(reading_path(reading, outcome), None, str(error), "mend the field it names")
        path = reading_path(reading, outcome)
        if isinstance(outcome, Failure):
            identity = reading.document.id if reading.document else place(outcome.locator, outcome.row)
            row = failed_row(identity, outcome.message, extra=reading.extra, path=path)
        else:
            row = document_row(outcome, extra=reading.extra, with_removed=self._with_removed, path=path)
        assert self._rows is not None, "write inside the with block"
        self._rows.write(encode(row))
        self._lines += [line for each in placed if (line := line_of(each))]
        self.accounts.count(outcome)
        return outcome

    def _write_text(self, reading: Reading, outcome: Outcome, name: str) -> Outcome:
        """Writes the clean text of a file; a name that the file system refuses fails this document alone."""
        if not name:
            return outcome
        folder = self._places.out / "text"
        try:
            if isinstance(outcome, Failure) or outcome.status is Status.EMPTY:
                remove_text(folder, name)  # of an attempt that broke off
            else:
                self._texts.append(write_text(folder, name, outcome.text))
        except OSError as error:
            if error.errno not in NAME_REFUSED:
                raise
            locator = reading_path(reading, outcome)
            return Failure(locator, None, f"its text cannot be written ({error.strerror})", "rename the file")
        return outcome

    def _store(self, original: Original | None, outcome: Outcome) -> Sequence[Placed]:
        if original is None:
            return ()
        copied = self._copy(original)
        if isinstance(outcome, Failure):
            return self._segment.write(failed_article(original, outcome, self._places.clock, copied=copied))
        return self._segment.write(article_of(original, outcome, self._places.clock, copied=copied))

    def _copy(self, original: Original) -> Placed | None:
        """Copies the record of a WARC file that holds the original, when that is wanted and there is one."""
        record = copy_of(original) if self._copy_originals else None
        if record is None:
            return None
        if self._copies is None:
            self._copies = self._make_copies().__enter__()
        return self._copies.copy(record)

    def _close_rows(self) -> None:
        assert self._rows is not None, "the with block was entered"
        self._rows.flush()
        os.fsync(self._rows.fileno())
        self._rows.close()
        self._draft.replace(self._places.rows)

    def _write_notes(self) -> None:
        head: dict[str, Any] = {"parts": self._segment.parts, "accounts": self.accounts.to_values()}
        lines = (line.encode() for line in self._lines)
        write_atomically(self._places.notes, [json.dumps(head).encode() + b"\n", *lines])

    def _discard(self) -> None:
        if self._rows is not None:
            self._rows.close()
        for path in (self._draft, self._places.rows, self._places.notes, *self._texts):
            path.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    return path.with_name(path.name + OPEN_SUFFIX)


def reading_path(reading: Reading, outcome: Outcome) -> str:
    """The relative path of the file an input came from."""
    if reading.original is not None:
        return reading.original.locator
    return outcome.locator if isinstance(outcome, Failure) else outcome.id
