"""The memory of a run: what its sources repeat, counted before anything is cleaned, kept beside the results.

Documents are cut into blocks as cleaning would, and counted into parts on disk, so that memory stays bounded. A run
judges by its own counts and by the memory file that it was given, as far as that knows the run's sources. The given
file is never changed during a run; `extend` adds the counts to it at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cleaner.batch.output.folder import MEMORY
from cleaner.document import Document
from cleaner.media_types import block_texts
from cleaner.memory.partial_counts import Countable, PartialCounts, UnitCounter, Witnesses, by_source
from cleaner.memory.postings import DocumentEntries, Entries, document_entries
from cleaner.memory.source_name import document_source
from cleaner.memory.store import Memory, MemoryFileError, write_memory
from cleaner.pipeline import Cleaner
from cleaner.segmentation.tokens import tokenise

#: A counter is written to disk when it holds so many entries, those of 2,700 articles: it and the writing take some
#: 150 MB.
FULL = 1 << 20


@dataclass(frozen=True, slots=True)
class CountableUnits:
    """What counting needs of one document: its units, and the texts of its blocks to show them by."""

    entries: DocumentEntries
    texts: list[str]


def countable_units(document: Document) -> CountableUnits | None:
    """The units of a document as cleaning would cut it into blocks; None when it has none. Raises HtmlError."""
    texts, glued = block_texts(document)
    return CountableUnits(document_entries(tokenise(texts), np.array(glued)), texts) if texts else None


def count(document: Document, source: str, counter: UnitCounter) -> None:
    """Counts one document as an article of a source (`source_name.document_source`). Raises HtmlError."""
    if countable := countable_units(document):
        counter.add(source, countable.entries, countable.texts)


class PartialCountsWriter:
    """Counts documents into parts in a folder; `name` keeps apart what several workers write there."""

    def __init__(self, folder: Path, name: str = "part", *, full: int = FULL) -> None:
        self._folder, self._name, self._full = folder, name, full
        self._counter, self._paths = UnitCounter(), list[Path]()

    def count(self, document: Document, source: str) -> None:
        """Counts one document. Raises HtmlError, OSError."""
        self.add(countable_units(document), source)

    def add(self, countable: CountableUnits | None, source: str) -> None:
        """Counts a document by its units. Raises OSError."""
        if countable:
            self._counter.add(source, countable.entries, countable.texts)
            if self._counter.size >= self._full:
                self._write()

    def finish(self) -> list[Path]:
        """Writes what is left; all parts."""
        if self._counter.size:
            self._write()
        return self._paths

    def _write(self) -> None:
        path = self._folder / f"{self._name}-{len(self._paths):05d}"
        self._counter.write(path)
        self._paths.append(path)
        self._counter = UnitCounter()


#: What stands in one article only says nothing of the others; without it the snapshot is a tenth of the size.
RECURS = 2


def snapshot(path: Path) -> Memory | None:
    """The memory that a run has counted already; None when there is none, or it is damaged."""
    try:
        return Memory.open(path)
    except MemoryFileError:
        return None


def given_file(cleaner: Cleaner) -> Memory | None:
    """The memory file that a cleaner was given."""
    return cleaner.memory if isinstance(cleaner.memory, Memory) else None


def remember(
    parts: Sequence[PartialCounts], given: Memory | None, path: Path, *, earlier: Memory | None = None
) -> None:
    """Merges the parts of a run with what is known of its sources into a file. Raises MemoryFileError.

    earlier: of the run that this one extends; all of it is kept.
    """
    known: list[Countable] = [*parts, *([earlier] if earlier else [])]
    if given is not None:
        known.append(_OnlySources(given, frozenset(name for name, _ in by_source(parts))))
    write_memory(path, known, minimum=RECURS)


def extend(path: Path, parts: Sequence[PartialCounts]) -> None:
    """Adds the parts of a run to a memory file, or makes it from them. Raises MemoryFileError."""
    if not path.exists():
        write_memory(path, parts)
        return
    earlier = Memory.open(path)
    write_memory(path, [earlier, *parts], minimum=earlier.pruned)
    earlier.close()


def counted(documents: Iterable[Document], folder: str, scratch: Path, given: Memory | None) -> Memory:
    """The memory of documents that are counted here and now, in a scratch folder: for a dry run."""
    parts = PartialCountsWriter(scratch)
    for document in documents:
        try:
            countable = countable_units(document)
        except Exception:  # noqa: BLE001 (cleaning says what is wrong with it)
            continue
        parts.add(countable, document_source(document, folder=folder))
    remember([PartialCounts(path) for path in parts.finish()], given, scratch / MEMORY)
    return Memory.open(scratch / MEMORY)


class _OnlySources:
    """Of a memory file only some sources."""

    def __init__(self, memory: Memory, names: frozenset[str]) -> None:
        self._memory, self._names = memory, names

    def sources(self) -> Sequence[str]:
        """Names of the sources in it, sorted."""
        return [name for name in self._memory.sources() if name in self._names]

    def size(self, source: str) -> int:
        """About how many entries a source has."""
        return self._memory.size(source)

    def witnesses(self, source: str) -> Witnesses:
        """The documents of a source."""
        return self._memory.witnesses(source)

    def entries(self, source: str, low: int, high: int) -> Entries:
        """The entries of a source in a range of keys."""
        return self._memory.entries(source, low, high)

    def text(self, number: int) -> str:
        """A sample text."""
        return self._memory.text(number)
