"""Where a shard's files lie, and whether it is done: it is when its sealed segment is in place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.checking.originals import COPIES_FOLDER
from archive.segments.durable import remove_drafts
from archive.segments.writer import OPEN_SUFFIX, segment_name
from cleaner.batch.counts import RunCounts
from cleaner.shapes import anything, is_count, misfit
from cleaner.writers.pages import ENDINGS, PageFormat

PREFIX, COPIES_PREFIX = "cleancopy", "cleancopy-originals"
#: Where a run keeps what it needs until it is complete: the plan, the shards' counts and index lines, locks.
WORK = ".work"


@dataclass(frozen=True, slots=True)
class ShardFiles:
    """Where the files of a shard lie."""

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

    @property
    def documents(self) -> Path:
        """What names its documents, until the run is complete."""
        return self.out / WORK / f"{self.number:05d}.known"

    def segment(self, part: int) -> Path:
        """One part of the shard's segment."""
        return self.out / "warc" / segment_name(PREFIX, self.clock, shard=self.number, part=part)

    def copies(self, part: int) -> Path:
        """One part of the shard's segment of copied originals, where there is one."""
        return self.out / COPIES_FOLDER / segment_name(COPIES_PREFIX, self.clock, shard=self.number, part=part)

    def discard(self) -> None:
        """Removes all but clean texts, drafts too."""
        for path in (self.rows, self.notes, self.documents):
            path.unlink(missing_ok=True)
            remove_drafts(path)
        for segment in (self.segment, self.copies):
            part, was_there = 0, True
            while was_there:
                path = segment(part)
                draft = path.with_name(path.name + OPEN_SUFFIX)
                was_there = path.exists() or draft.exists()
                path.unlink(missing_ok=True)
                draft.unlink(missing_ok=True)
                part += 1


def page_name(text_name: str, page: PageFormat) -> str:
    """Where in OUT the page of an input goes, by the name of its clean text: `a.txt` → `html/a.html`."""
    return f"{page}/{text_name.removesuffix('.txt')}{ENDINGS[page]}"


def finished(files: ShardFiles) -> RunCounts | None:
    """The counts of a shard that is done; None when it has to be done (again)."""
    try:
        with files.notes.open("rb") as file:
            head = json.loads(file.readline())
        if misfit(head, {"parts": is_count, "counts": anything}):
            return None
        counts = RunCounts.from_values(head["counts"])
    except (OSError, ValueError, RecursionError):
        return None
    whole = files.rows.exists() and all(files.segment(part).exists() for part in range(head["parts"]))
    return counts if whole else None


def index_lines(files: ShardFiles) -> Iterator[str]:
    """The index lines of a shard that is done. Raises OSError."""
    with files.notes.open(encoding="utf-8", newline="\n") as file:
        next(file)
        yield from file
