"""The memory of a run: what its sources repeat, counted before anything is cleaned, kept beside the results.

A run judges by its own counts and by the memory file that it was given, as far as that knows the run's sources.
The given file is never changed during a run; `extend` adds the counts to it at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cleaner.batch.memory_count import Parts
from cleaner.batch.output_folder import MEMORY
from cleaner.document import Document
from cleaner.html.segment import HtmlError
from cleaner.memory.partial_counts import Countable, Part, Witnesses, by_source
from cleaner.memory.postings import Entries
from cleaner.memory.source_name import document_source
from cleaner.memory.store import Memory, MemoryFileError, write_memory

#: What stands in one article only says nothing of the others; without it the snapshot is a tenth of the size.
RECURS = 2


def snapshot(out: Path) -> Memory | None:
    """The memory that a run has counted already; None when there is none, or it is damaged."""
    try:
        return Memory.open(out / MEMORY)
    except MemoryFileError:
        return None


def remember(parts: Sequence[Part], given: Memory | None, out: Path) -> Memory:
    """Merges the parts of a run with what is known of its sources into OUT. Raises MemoryFileError."""
    known: list[Countable] = [*parts]
    if given is not None:
        known.append(_Of(given, frozenset(name for name, _ in by_source(parts))))
    write_memory(out / MEMORY, known, minimum=RECURS)
    return Memory.open(out / MEMORY)


def extend(path: Path, parts: Sequence[Part]) -> None:
    """Adds the parts of a run to a memory file, or makes it from them. Raises MemoryFileError."""
    if not path.exists():
        write_memory(path, parts)
        return
    earlier = Memory.open(path)
    write_memory(path, [earlier, *parts], minimum=earlier.pruned)
    earlier.close()


def counted(documents: Iterable[Document], folder: str, scratch: Path, given: Memory | None) -> Memory:
    """The memory of documents that are counted here and now, in a scratch folder: for a dry run."""
    parts = Parts(scratch)
    for document in documents:
        try:
            parts.count(document, document_source(document, folder=folder))
        except HtmlError:  # cleaning says what is wrong with it
            continue
    return remember([Part(path) for path in parts.finish()], given, scratch)


class _Of:
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
