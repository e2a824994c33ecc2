"""Counting in parts: what some documents hold, written to one file, read back by source and range of keys.

PartialCountsWriter of any cut of the documents merge to the same memory. A part is an intermediate of one run on one
machine: it carries a version, is read through a memory map, and refuses to be read when damaged (PartialCountsError).
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from cleaner.memory.fingerprints import SKETCH
from cleaner.memory.near_duplicates import filled
from cleaner.memory.postings import ENTRY, DocumentEntries, Entries, merged
from cleaner.segmentation.tokens import Hashes, Ints

MAGIC = b"CLEANMEM"
VERSION = 1
#: One document that was counted.
WITNESS = np.dtype([("witness", "<u8"), ("sketch", "<u8", (SKETCH,))])
Witnesses = np.ndarray[tuple[int], np.dtype[np.void]]
#: So much of a block's text is kept to show it by, in characters.
SAMPLE_LENGTH = 160
#: PartialCountsWriter that are open at once: systems allow a process 256 files and more.
MOST_OPEN = 64


class PartialCountsError(ValueError):
    """The file is no part of a count, or is damaged; the message names it."""


class Countable(Protocol):
    """What can be merged: a part, or a memory file."""

    def sources(self) -> Sequence[str]:
        """Names of the sources in it, sorted."""

    def size(self, source: str) -> int:
        """About how many entries a source has, for planning."""

    def witnesses(self, source: str) -> Witnesses:
        """Array of WITNESS of a source, sorted by witness, each once."""

    def entries(self, source: str, low: int, high: int) -> Entries:
        """Entries of a source with low <= key < high, sorted by key and witness."""

    def text(self, number: int) -> str:
        """The sample text that an entry's field `text` names."""


class UnitCounter:
    """Counts documents of any sources; not shared between processes: each has its own, and parts are merged."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entries]] = defaultdict(list)
        self._witnesses: dict[str, dict[int, tuple[Hashes, int]]] = defaultdict(dict)
        self._texts: list[bytes] = [b""]  # 0: no text
        self.size = 0  # entries, of 32 bytes each

    def add(self, source: str, counted: DocumentEntries, texts: Sequence[str]) -> None:
        """Counts one document; `texts` are its blocks' texts, for showing.

        Copies may differ in what no unit knows, such as numbers: of their texts the smallest is kept, so that
        their order does not matter.
        """
        entries = counted.entries
        if not len(entries):
            return
        named = np.flatnonzero(counted.block >= 0)
        samples = _samples([texts[number] for number in counted.block[named].tolist()])
        if counted.witness in self._witnesses[source]:
            first = self._witnesses[source][counted.witness][1]
            mine = self._texts[first : first + len(samples)]
            self._texts[first : first + len(samples)] = map(min, mine, samples)
            return
        self._witnesses[source][counted.witness] = counted.sketch, len(self._texts)
        entries["text"][named] = np.arange(len(self._texts), len(self._texts) + len(samples))
        self._texts += samples
        self._entries[source].append(entries)
        self.size += len(entries)

    def write(self, path: Path) -> None:
        """Writes all that was counted, as one part."""
        names = sorted(self._entries)
        sizes = np.fromiter(map(len, self._texts), np.int64, len(self._texts)) + 1
        offsets = np.cumsum(sizes) - sizes
        tables = [merged(self._entries[name]) for name in names]
        for table in tables:
            table["text"] = offsets[table["text"].astype(np.int64)]
        witnesses = [_witness_table(self._witnesses[name]) for name in names]
        head = {
            "version": VERSION,
            "sources": names,
            "entries": [len(table) for table in tables],
            "witnesses": [len(table) for table in witnesses],
            "texts": int(sizes.sum()),
        }
        header = json.dumps(head).encode()
        header += b" " * (-len(header) % 8)
        with path.open("wb") as file:
            file.write(MAGIC + len(header).to_bytes(8, "little") + header)
            for table in (*tables, *witnesses):
                file.write(table.tobytes())
            file.write(b"\0".join(self._texts) + b"\0")


def _samples(texts: Sequence[str]) -> list[bytes]:
    """What is kept of texts to show them by; encoded at once."""
    samples = "\0".join([text[:SAMPLE_LENGTH] for text in texts])
    if samples.count("\0") >= len(texts) > 0:
        samples = "\0".join([text[:SAMPLE_LENGTH].replace("\0", " ") for text in texts])
    return samples.encode("utf-8", "replace").split(b"\0") if texts else []


def _witness_table(documents: dict[int, tuple[Hashes, int]]) -> Witnesses:
    table = np.zeros(len(documents), WITNESS)
    for row, witness in enumerate(sorted(documents)):
        table["witness"][row] = witness
        table["sketch"][row] = filled(documents[witness][0])
    return table


class PartialCounts:
    """A part on disk, read where it is asked. Raises PartialCountsError for what `UnitCounter.write` did not write.

    A run of millions of documents has thousands of parts: of each only names and offsets are held, and few are open.
    """

    def __init__(self, path: Path) -> None:
        facts = path.stat()
        self._file = path, (facts.st_ino, facts.st_mtime_ns, facts.st_size)
        try:
            data = _mapped(*self._file)
        except ValueError as error:
            raise PartialCountsError(f"{path}: no part of a count ({error}); remove it and count again") from error
        if bytes(data[:8]) != MAGIC:
            raise PartialCountsError(f"{path}: no part of a count; remove it and count again")
        size = int.from_bytes(bytes(data[8:16]), "little")
        try:
            head = json.loads(bytes(data[16 : 16 + size]))
            if head["version"] != VERSION:
                raise ValueError(f"version {head['version']} instead of {VERSION}")
            self._names: list[str] = [sys.intern(name) for name in head["sources"]]
            self._entries = _bounds(16 + size, head["entries"], ENTRY, len(self._names))
            self._witnesses = _bounds(int(self._entries[-1]), head["witnesses"], WITNESS, len(self._names))
            if len(data) != self._witnesses[-1] + head["texts"]:
                raise ValueError("its length is not what it says")
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise PartialCountsError(
                f"{path}: a damaged part of a count ({error}); remove it and count again"
            ) from error

    def close(self) -> None:
        """Lets go of the files, which Windows does not remove before; asked again, they are opened again."""
        _mapped.cache_clear()

    def sources(self) -> Sequence[str]:
        """Names of the sources in it, sorted."""
        return self._names

    def size(self, source: str) -> int:
        """How many entries a source has."""
        first, last = self._range(self._entries, source)
        return (last - first) // ENTRY.itemsize

    def witnesses(self, source: str) -> Witnesses:
        """Array of WITNESS of a source, sorted by witness."""
        first, last = self._range(self._witnesses, source)
        table: Witnesses = _mapped(*self._file)[first:last].view(WITNESS)
        return table

    def entries(self, source: str, low: int, high: int) -> Entries:
        """Entries of a source with low <= key < high, sorted by key and witness."""
        begin, end = self._range(self._entries, source)
        table = _mapped(*self._file)[begin:end].view(ENTRY)
        keys = table["key"]  # searched where they lie: NumPy's own search would read all of them first
        first = 0 if low <= 0 else bisect_left(keys, np.uint64(low))
        last = len(keys) if high >= 1 << 64 else bisect_left(keys, np.uint64(high))
        return np.array(table[first:last])

    def text(self, number: int) -> str:
        """The sample text that an entry's field `text` names."""
        first = int(self._witnesses[-1]) + number
        sample = bytes(_mapped(*self._file)[first : first + 4 * SAMPLE_LENGTH + 1])
        return sample.partition(b"\0")[0].decode("utf-8", "replace")

    def _range(self, bounds: Ints, source: str) -> tuple[int, int]:
        """Where the table of a source begins and ends in the file; both are the same when there is none."""
        at = bisect_left(self._names, source)
        known = at < len(self._names) and self._names[at] == source
        return int(bounds[at]), int(bounds[at + known])


@lru_cache(maxsize=MOST_OPEN)
def _mapped(path: Path, _: tuple[int, int, int]) -> Any:
    """The bytes of a file, read where they are asked; the numbers tell it from a later one. Raises ValueError."""
    return np.memmap(path, np.uint8, "r")


def _bounds(first: int, rows: list[int], dtype: Any, count: int) -> Ints:
    """Where each source's table begins in the file, and where the last one ends."""
    if len(rows) != count or any(number < 0 for number in rows):
        raise ValueError("its tables are not what it says")
    return np.cumsum([first, *(number * dtype.itemsize for number in rows)], dtype=np.int64)


def by_source(parts: Sequence[Countable]) -> Iterator[tuple[str, list[Countable]]]:
    """All sources of some parts, sorted, each with the parts that know it."""
    holders: dict[str, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        for name in part.sources():
            holders[name].append(number)
    for name in sorted(holders):
        yield name, [parts[number] for number in holders[name]]
