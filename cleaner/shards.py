"""One shard of a run: its rows, its clean texts, its segment of the archive.

Rows and segment get their names together when the shard is complete, the segment last: a shard is
done when its sealed segment is in place. When anything breaks, neither stays.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from archive.index import line_of
from archive.records import ArticleError, RunInfo
from archive.sources import COPIES_FOLDER
from archive.writer import Placed, Segment, SegmentWriter
from cleaner.document import CleanedDocument, Status
from cleaner.readers import Failure, Original, Reading
from cleaner.readers.values import place
from cleaner.writers.archive import article_of, copy_of, failed_article
from cleaner.writers.rows import document_row, encode, failed_row
from cleaner.writers.text import TextNames, write_text

PREFIX, COPIES_PREFIX = "cleancopy", "cleancopy-originals"
#: What a file system says to a name it cannot take.
NAME_REFUSED = frozenset({errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.EILSEQ})

Outcome = CleanedDocument | Failure


class ShardWriter:
    """Context manager; the folders `documents`, `warc` and `text` of `out` exist."""

    def __init__(
        self,
        out: Path,
        clock: datetime,
        *,
        number: int,
        run: RunInfo,
        with_removed: bool,
        copy_originals: bool = False,
    ) -> None:
        self._copies: SegmentWriter | None = None  # made when the first record is copied
        self._copy_originals = copy_originals
        self._make_copies = partial(SegmentWriter, out / COPIES_FOLDER, Segment(COPIES_PREFIX, clock, number), run)
        self._out, self._clock, self._with_removed = out, clock, with_removed
        self._target = out / "documents" / f"{number:05d}.jsonl"
        self._draft = self._target.with_name(f"{self._target.name}.open")
        self._segment = SegmentWriter(out / "warc", Segment(PREFIX, clock, number), run)
        self._rows: BinaryIO | None = None
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
        except BaseException as failed:  # a full disk: then the segment must not get its name
            self._segment.__exit__(type(failed), failed, failed.__traceback__)
            self._discard()
            raise
        try:
            self._segment.__exit__(kind, error, trace)
        finally:
            if kind is not None or not self._segment.paths:
                self._discard()

    def write(self, reading: Reading, outcome: Outcome, names: TextNames) -> tuple[Outcome, list[str]]:
        """Writes records, clean text and row of one input; its outcome (failed if not stored) and index lines."""
        original = reading.original
        outcome = self._write_text(reading, outcome, names)
        placed: Sequence[Placed] = ()
        try:
            placed = self._store(original, outcome)
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
        return outcome, [line for each in placed if (line := line_of(each))]

    def _write_text(self, reading: Reading, outcome: Outcome, names: TextNames) -> Outcome:
        """Writes the clean text of a file; a name that the file system refuses fails this document alone."""
        original = reading.original
        if isinstance(outcome, Failure) or original is None or original.row is not None:
            return outcome
        if outcome.status is Status.EMPTY:
            return outcome
        try:
            self._texts.append(write_text(self._out / "text", names.name(original.locator), outcome.text))
        except OSError as error:
            if error.errno not in NAME_REFUSED:
                raise
            return Failure(original.locator, None, f"its text cannot be written ({error.strerror})", "rename the file")
        return outcome

    def _store(self, original: Original | None, outcome: Outcome) -> Sequence[Placed]:
        if original is None:
            return ()
        copied = self._copy(original)
        if isinstance(outcome, Failure):
            return self._segment.write(failed_article(original, outcome, self._clock, copied=copied))
        return self._segment.write(article_of(original, outcome, self._clock, copied=copied))

    def _copy(self, original: Original) -> Placed | None:
        """Copies the record of a WARC file that holds the original, when that is wanted and there is one."""
        record = copy_of(original) if self._copy_originals else None
        if record is None:
            return None
        if self._copies is None:
            (self._out / COPIES_FOLDER).mkdir(exist_ok=True)
            self._copies = self._make_copies().__enter__()
        return self._copies.copy(record)

    def _close_rows(self) -> None:
        assert self._rows is not None, "the with block was entered"
        self._rows.flush()
        os.fsync(self._rows.fileno())
        self._rows.close()
        self._draft.replace(self._target)

    def _discard(self) -> None:
        if self._rows is not None:
            self._rows.close()
        for path in (self._draft, self._target, *self._texts):
            path.unlink(missing_ok=True)


def reading_path(reading: Reading, outcome: Outcome) -> str:
    """The relative path of the file an input came from."""
    if reading.original is not None:
        return reading.original.locator
    return outcome.locator if isinstance(outcome, Failure) else outcome.id
