"""One shard of a run: its rows, its clean texts, its counts and index lines, its segment of the archive.

Each part is written under another name first. The segment gets its own last: a shard is done when its sealed
segment is in place. When anything breaks, nothing of the shard stays.
"""

from __future__ import annotations

import errno
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from archive.checking.originals import COPIES_FOLDER
from archive.export.cdxj import line_of
from archive.segments.durable import drafted, write_atomically
from archive.segments.records import ArticleError, RunInfo
from archive.segments.writer import Placed, Segment, SegmentWriter
from cleaner.batch.counts import RunCounts
from cleaner.batch.earlier import DocumentList, Earlier
from cleaner.batch.shards.files import COPIES_PREFIX, PREFIX, ShardFiles, page_name
from cleaner.batch.shards.outcome import Outcome, failed_id, reading_path
from cleaner.document import Status
from cleaner.readers import Failure, Original, Reading
from cleaner.writers.pages import PageFormat
from cleaner.writers.rows import REPLACES, document_row, encode, failed_row
from cleaner.writers.text import remove_text, write_text
from cleaner.writers.warc import article_of, copy_of, failed_article, followed

#: What a file system says to a name it cannot take.
NAME_REFUSED = frozenset(
    (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.EINVAL, errno.EILSEQ, errno.ELOOP)
)
NO_PAGES: Mapping[PageFormat, str] = {}


class ShardWriter:
    """Context manager; the folders `documents`, `warc`, `text` and `.work` of OUT exist."""

    def __init__(self, files: ShardFiles, *, run: RunInfo, with_removed: bool, copy_originals: bool = False) -> None:
        self.counts = RunCounts()
        self._files, self._run, self._with_removed, self._copy_originals = files, run, with_removed, copy_originals
        self._segment = SegmentWriter(files.out / "warc", Segment(PREFIX, files.clock, files.number), run)
        self._copies: SegmentWriter | None = None  # made when the first record is copied
        self._rows: BinaryIO | None = None
        self._documents = DocumentList()
        self._index_lines: list[str] = []
        self._lines = 0  # rows written
        self._texts: list[Path] = []
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:  # closed from the last to the first: the segment gets its name when all else has
            stack.push(self._discard_unless_whole)
            stack.enter_context(self._segment)
            stack.push(self._write_notes)
            self._rows = stack.enter_context(drafted(self._files.rows, sweep=False))
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def write(
        self,
        reading: Reading,
        outcome: Outcome,
        text_name: str,
        *,
        pages: Mapping[PageFormat, str] = NO_PAGES,
        earlier: Earlier | None = None,
    ) -> Outcome:
        """Writes records, clean text, pages and row of one input; its outcome (failed if not stored).

        `text_name`: where its clean text goes; empty: nowhere, and pages stand in its row. earlier: the version of it
        that is replaced.
        """
        outcome = self._write_text(reading, outcome, text_name, pages)
        placed: Sequence[Placed] = ()
        try:
            placed = self._store(reading.original, outcome, earlier.record if earlier else "")
        except ArticleError as error:
            outcome = Failure(reading_path(reading, outcome), None, str(error), "mend the field it names")
        path = reading_path(reading, outcome)
        if isinstance(outcome, Failure):
            row = failed_row(failed_id(reading, outcome), outcome.message, extra=reading.fields_of_failed, path=path)
        else:
            told = {} if text_name else pages
            row = document_row(outcome, extra=reading.extra, with_removed=self._with_removed, path=path, pages=told)
            row["id"] = reading.id_in_rows(outcome.id)
        if earlier:
            row[REPLACES] = earlier.row
        assert self._rows is not None, "write inside the with block"
        self._rows.write(encode(row))
        self._lines += 1
        characters = 0 if isinstance(outcome, Failure) else len(outcome.source_text)
        record, here = placed[-1].id if placed else "", (self._files.number, self._lines)
        self._documents.add(reading, record, here, characters)
        self._index_lines += [line for record in placed if (line := line_of(record))]
        self.counts.count(outcome)
        return outcome

    def _write_text(self, reading: Reading, outcome: Outcome, name: str, pages: Mapping[PageFormat, str]) -> Outcome:
        """Writes the clean text of a file, and its pages; a name that is refused fails this document alone."""
        if not name:
            return outcome
        out, names = self._files.out, {page: page_name(name, page) for page in PageFormat}
        try:
            if isinstance(outcome, Failure) or outcome.status is Status.EMPTY:
                for old in (f"text/{name}", *names.values()):
                    remove_text(out, old)  # of an attempt that broke off
            else:
                self._texts.append(write_text(out, f"text/{name}", outcome.text + "\n"))
                self._texts += [write_text(out, names[page], text) for page, text in pages.items()]
        except OSError as error:
            if error.errno not in NAME_REFUSED:
                raise
            locator = reading_path(reading, outcome)
            return Failure(locator, None, f"its text cannot be written ({error.strerror})", "rename the file")
        return outcome

    def _store(self, original: Original | None, outcome: Outcome, previous: str) -> Sequence[Placed]:
        if original is None:
            return ()
        copied = self._copy(original)
        if isinstance(outcome, Failure):
            article = failed_article(original, outcome, self._files.clock, copied=copied)
        else:
            article = article_of(original, outcome, self._files.clock, copied=copied)
        return self._segment.write(followed(article, previous) if previous else article)

    def _copy(self, original: Original) -> Placed | None:
        """Copies the record of a WARC file that holds the original, when that is wanted and there is one."""
        record = copy_of(original) if self._copy_originals else None
        if record is None:
            return None
        if self._copies is None:
            segment = Segment(COPIES_PREFIX, self._files.clock, self._files.number)
            copies = SegmentWriter(self._files.out / COPIES_FOLDER, segment, self._run)
            self._copies = self._open.enter_context(copies)
        return self._copies.copy(record)

    def _write_notes(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            with drafted(self._files.documents, sync=False, sweep=False) as file:
                self._documents.write(file)
            head = {"parts": self._segment.parts, "counts": self.counts.to_values()}
            lines = (line.encode() for line in self._index_lines)
            write_atomically(self._files.notes, [json.dumps(head).encode() + b"\n", *lines], sweep=False)

    def _discard_unless_whole(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None or not self._segment.paths:
            for path in (self._files.rows, self._files.notes, self._files.documents, *self._texts):
                path.unlink(missing_ok=True)
