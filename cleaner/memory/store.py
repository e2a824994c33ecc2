"""The memory file: written from parts and other memory files, opened for reading, source by source.

The same documents give the same content, and its digest, however they were cut into parts. A file that is damaged,
foreign, or counted with other settings is refused (MemoryFileError), never half used. Nothing is ever changed in
place: a new file takes the old one's name when it is complete.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np

from archive.segments.durable import drafted_path
from cleaner.memory import merge as union
from cleaner.memory.file_check import (
    FILE_DIGEST,
    UNSTAMPED,
    ChangedBytesError,
    ForeignSchemaError,
    check_bytes,
    open_database,
    stamp,
)
from cleaner.memory.fingerprints import SKETCH
from cleaner.memory.lookup import SourceMemory, source_from
from cleaner.memory.partial_counts import WITNESS, Countable, Witnesses, by_source
from cleaner.memory.postings import ENTRY, WITNESSES, Entries
from cleaner.memory.schema import FORMAT, ROW, SQLITE_MAGIC, TABLES, VERSION, rows_of, settings, signed, unsigned
from cleaner.segmentation.tokens import Ints

#: Only what so many articles hold recurs.
RECURS = 2
#: Names and values of `meta` are digests, versions and settings.
LONGEST_META = 200
#: So many entries of sources are kept ready to be asked, some 60 MB; the source in use always is.
READY = 1 << 20


class MemoryFileError(Exception):
    """The memory file cannot be used or written; the message names it and says what to do."""


def write_memory(path: Path, parts: Sequence[Countable], *, minimum: int = 1) -> str:
    """Merges parts and memory files into one memory file and returns the digest of its content.

    `minimum`, from 1 to WITNESSES: units that fewer articles hold are left out, after the merge; such a file
    counts too few when merged again (docs/memory.md says by how much). Raises MemoryFileError, ValueError.
    """
    if not 1 <= minimum <= WITNESSES:
        raise ValueError(f"minimum {minimum} is not from 1 to {WITNESSES}")
    try:
        with drafted_path(path) as draft:
            with closing(_only_ours(draft)) as database:
                digest = _fill(database, parts, minimum)
            stamp(draft)
            for part in parts:
                if isinstance(part, Memory) and part.path == path:
                    part.close()  # Windows replaces no open file
    except (OSError, sqlite3.Error) as error:
        raise MemoryFileError(f"{path}: cannot be written ({error}); check the folder and the disk") from error
    return digest


def _only_ours(draft: Path) -> sqlite3.Connection:
    """A database that nobody else opens: SQLite's locks would meet the draft's own where they are the same (NFS)."""
    return sqlite3.connect(f"{draft.absolute().as_uri()}?nolock=1", uri=True, isolation_level=None)


def _fill(database: sqlite3.Connection, parts: Sequence[Countable], minimum: int) -> str:
    database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + TABLES)
    database.execute("BEGIN")
    written = _MemoryWriter(database, minimum)
    for name, holders in by_source(parts):
        written.add(holders, name)
    pruned = max([minimum, *(part.pruned for part in parts if isinstance(part, Memory))])
    meta = {"format": FORMAT, "version": str(VERSION), **settings(), "pruned": str(pruned), "digest": written.digest()}
    meta |= {FILE_DIGEST: UNSTAMPED}
    database.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
    database.execute("COMMIT")
    return meta["digest"]


class _MemoryWriter:
    """Writes source after source, and digests what it writes: sources, documents, units and their texts."""

    def __init__(self, database: sqlite3.Connection, minimum: int) -> None:
        self._database, self._minimum = database, minimum
        self._hashes = hashlib.sha256(repr(sorted(settings().items())).encode()), hashlib.sha256(), hashlib.sha256()
        self._sources = self._samples = 0

    def add(self, parts: Sequence[Countable], name: str) -> None:
        self._sources += 1
        documents = union.documents_of(parts, name)
        table, article = documents
        self._hashes[0].update(repr((name, len(table))).encode() + table.tobytes())
        entries = 0
        if len(table) >= self._minimum:  # in fewer documents no unit stands often enough
            for keys in union.slices(parts, name, table["witness"]):
                units = union.merged_units(parts, name, keys, documents=documents, minimum=self._minimum)
                entries += self._units(units)
        self._hashes[0].update(entries.to_bytes(8, "little"))
        distinct = len(np.unique(article))
        self._database.execute(
            "INSERT INTO source VALUES (?, ?, ?, ?, ?)",
            (self._sources, name, distinct, len(table) - distinct, entries),
        )
        rows = zip(signed(table["witness"]).tolist(), signed(article).tolist(), table["sketch"], strict=True)
        self._database.executemany(
            "INSERT INTO document VALUES (?, ?, ?, ?)", ((self._sources, w, a, s.tobytes()) for w, a, s in rows)
        )

    def _units(self, units: union.MergedUnits) -> int:
        """Writes units; how many entries they have."""
        keys, rows = units.keys, rows_of(units.entries).tobytes()
        bounds = (units.starts * ROW.itemsize).tolist()
        samples = np.cumsum([bool(text) for text in units.texts], dtype=np.int64) + self._samples
        named = [number if text else None for number, text in zip(samples.tolist(), units.texts, strict=True)]
        texts = [text for text in units.texts if text]
        self._database.executemany(
            "INSERT INTO unit VALUES (?, ?, ?, ?, ?)",
            zip(
                [self._sources] * len(keys), signed(keys).tolist(), np.rint(units.held).astype(np.int64).tolist(),
                named, (rows[start:end] for start, end in pairwise(bounds)), strict=True,
            ),
        )  # fmt: skip
        self._database.executemany("INSERT INTO sample VALUES (?, ?)", enumerate(texts, self._samples + 1))
        self._samples += len(texts)
        self._hashes[1].update(units.entries["key"].tobytes())
        self._hashes[1].update(rows)
        self._hashes[2].update("".join(f"{text}\0" for text in units.texts).encode())
        return len(units.entries)

    def digest(self) -> str:
        return hashlib.sha256(b"".join(part.digest() for part in self._hashes)).hexdigest()


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """A source in a memory file, as it is listed."""

    id: int
    name: str
    documents: int  # distinct articles
    copies: int  # near-copies beside them
    entries: int


@dataclass(frozen=True, slots=True)
class Recurring:
    """A block that a source repeats."""

    source: str
    documents: int  # articles that hold it
    share: float  # of the source's articles
    text: str  # as one of them has it


class Memory:
    """A memory file, opened for reading; can be sent to other processes, which open it again.

    Is itself Countable, so that memory files merge. Raises MemoryFileError, also while it is read.
    """

    def __init__(self, path: Path, *, digest: str | None = None, checked: bool = False) -> None:
        """`digest`: refuses a file of other content. `checked`: its bytes were compared by the process that sent it."""
        self.path, self.digest = path, digest or ""
        self._database: sqlite3.Connection | None = None
        self._ready: OrderedDict[str, SourceMemory] = OrderedDict()
        self._size = 0  # of those, in entries
        _refuse_foreign(path)
        meta = dict(self._rows("SELECT name, value FROM meta"))
        _refuse_other(path, meta)
        if not checked:
            self._check_bytes()
        self.digest, self.pruned = str(meta["digest"]), int(meta["pruned"])
        rows = self._rows("SELECT id, name, documents, copies, entries FROM source ORDER BY id")
        room = path.stat().st_size
        self._facts = {facts.name: facts for facts in (self._source_facts(row, room) for row in rows)}

    def _check_bytes(self) -> None:
        try:
            check_bytes(self.path)
        except ChangedBytesError as error:
            raise self._damaged(str(error)) from error
        except OSError as error:
            raise MemoryFileError(f"{self.path}: cannot be read ({error}); check the disk") from error

    def _source_facts(self, row: tuple[Any, ...], room: int) -> SourceFacts:
        """A source as its row tells it; room: bytes of the file, in which all that is counted must have a place."""
        number, name, *counts = row
        if not isinstance(name, str) or not all(isinstance(value, int) and value >= 0 for value in (number, *counts)):
            raise self._damaged("a source with values of other types")
        facts = SourceFacts(*row)
        if facts.entries * ROW.itemsize > room or (facts.documents + facts.copies) * SKETCH * 8 > room:
            raise self._damaged("a source that has more than the file can hold")
        return facts

    @classmethod
    def open(cls, path: Path | str, *, digest: str | None = None) -> Self:
        """The memory in a file."""
        return cls(Path(path), digest=digest)

    def __reduce__(self) -> tuple[object, ...]:
        return _reopened, (self.path, self.digest)

    def close(self) -> None:
        """Closes the file; it is opened again when it is asked again."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def facts(self) -> list[SourceFacts]:
        """What is known of each source, by name."""
        return [self._facts[name] for name in self.sources()]

    def source(self, name: str) -> SourceMemory | None:
        """The memory of one source, ready to be asked; None when it holds nothing of it.

        Units that one article alone holds are left on disk: ten times less to read, and pruning at 2 changes nothing.
        """
        if name in self._ready:
            self._ready.move_to_end(name)
            return self._ready[name]
        if name not in self._facts:
            return None
        witnesses = self.witnesses(name)
        entries = self._entries(name, (0, 1 << 64), least=RECURS)
        source = source_from(entries, witnesses["witness"], witnesses["sketch"])
        self._ready[name] = source
        self._size += _size(source)
        while len(self._ready) > 1 and self._size > READY:
            self._size -= _size(self._ready.popitem(last=False)[1])
        return source

    def recurring(self, source: str | None = None, *, limit: int) -> list[Recurring]:
        """The blocks that most articles hold, of one source or of all; none that stands in one article only."""
        chosen = "" if source is None else "AND source.name = ?"
        rows = self._rows(
            "SELECT source.name, unit.documents, source.documents, sample.text FROM unit "
            "JOIN sample ON sample.id = unit.sample JOIN source ON source.id = unit.source "
            f"WHERE unit.documents > 1 {chosen} "
            "ORDER BY unit.documents DESC, source.name, sample.text, unit.key LIMIT ?",
            *([] if source is None else [source]), limit,
        )  # fmt: skip
        with self._refusing():
            return [
                Recurring(name, count, min(1.0, count / documents), str(text)) for name, count, documents, text in rows
            ]

    def sources(self) -> Sequence[str]:
        """Names of the sources in it, sorted."""
        return sorted(self._facts)

    def size(self, source: str) -> int:
        """How many entries a source has."""
        return self._facts[source].entries if source in self._facts else 0

    def witnesses(self, source: str) -> Witnesses:
        """Array of WITNESS of a source, sorted by witness."""
        query = "SELECT witness, sketch FROM document WHERE source = ? ORDER BY witness"
        rows = list(self._rows(query, self._number(source)))
        table = np.zeros(len(rows), WITNESS)
        with self._refusing():
            table["witness"] = unsigned(np.array([witness for witness, _ in rows], np.int64))
            table["sketch"] = _joined([sketch for _, sketch in rows], np.dtype("<u8")).reshape(-1, SKETCH)
        return table

    def entries(self, source: str, low: int, high: int) -> Entries:
        """Entries of a source with low <= key < high, sorted by key and witness."""
        return self._entries(source, (low, high), least=0)

    def _entries(self, source: str, keys: tuple[int, int], *, least: int) -> Entries:
        query = (
            "SELECT key, sample, witnesses FROM unit "
            "WHERE source = ? AND key BETWEEN ? AND ? AND documents >= ? ORDER BY key"
        )
        first, last = keys[0] - (1 << 63), keys[1] - 1 - (1 << 63)
        rows = list(self._rows(query, self._number(source), first, last, least))
        with self._refusing():
            held = _joined([row for _, _, row in rows], ROW)
            entries = np.zeros(len(held), ENTRY)
            for name in ROW.names or ():
                entries[name] = held[name]
            sizes = np.fromiter((len(row) // ROW.itemsize for _, _, row in rows), np.int64, len(rows))
            entries["key"] = np.repeat(unsigned(np.array([key for key, _, _ in rows], np.int64)), sizes)
            starts: Ints = np.cumsum(sizes) - sizes
            entries["text"][starts] = [sample or 0 for _, sample, _ in rows]
        return entries

    def text(self, number: int) -> str:
        """The sample text that an entry's field `text` names."""
        row = next(self._rows("SELECT text FROM sample WHERE id = ?", number), None)
        if row is None:
            raise self._damaged(f"it has no sample {number}")
        return str(row[0])

    def _number(self, source: str) -> int:
        return self._facts[source].id if source in self._facts else 0

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, TypeError, IndexError, ArithmeticError) as error:
            raise self._damaged(str(error)) from error

    def _rows(self, query: str, *values: int | str) -> Iterator[Any]:
        try:
            self._database = self._database or self._opened()
            yield from self._database.execute(query, values)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self._damaged(str(error)) from error

    def _opened(self) -> sqlite3.Connection:
        try:
            database = open_database(_address(self.path))
        except ForeignSchemaError as error:
            raise self._damaged(str(error)) from error
        row = database.execute("SELECT value FROM meta WHERE name = 'digest'").fetchone()
        if self.digest and row != (self.digest,):
            database.close()
            raise MemoryFileError(f"{self.path}: was replaced meanwhile; run again")
        return database

    def _damaged(self, why: str) -> MemoryFileError:
        return MemoryFileError(f"{self.path}: a damaged memory file ({why}); fetch it again, or build it again")


def _size(source: SourceMemory) -> int:
    """How much room a source takes, in entries; its sketches count too."""
    return len(source.rows) + source.sketches.nbytes // ENTRY.itemsize


def _joined(blobs: list[bytes], dtype: np.dtype[Any]) -> Any:
    if any(not blob or len(blob) % dtype.itemsize for blob in blobs):
        raise ValueError("rows of an odd length")
    return np.frombuffer(b"".join(blobs), dtype)


def _reopened(path: Path, digest: str) -> Memory:
    return Memory(path, digest=digest, checked=True)


def _address(path: Path) -> str:
    """SQLite's address of a file that is only read and that nobody changes: no locks, no files beside it."""
    address = path.absolute().as_uri()
    if not address.startswith("file:///"):  # a Windows share
        address = address.replace("file://", "file:////", 1)
    return f"{address}?mode=ro&immutable=1"


def _refuse_foreign(path: Path) -> None:
    try:
        with path.open("rb") as file:
            head = file.read(len(SQLITE_MAGIC))
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        raise MemoryFileError(f"{path}: {what}; `cleancopy memory build` makes one") from error
    if head != SQLITE_MAGIC:
        raise MemoryFileError(f"{path}: no memory file; `cleancopy memory build` makes one")


def _refuse_other(path: Path, meta: dict[Any, Any]) -> None:
    if not all(isinstance(text, str) and len(text) <= LONGEST_META for pair in meta.items() for text in pair):
        raise MemoryFileError(f"{path}: a damaged memory file (meta of other types); fetch it again, or build it again")
    if meta.get("format") != FORMAT:
        raise MemoryFileError(f"{path}: an SQLite file, but no memory; `cleancopy memory build` makes one")
    version = meta.get("version", "")
    if version != str(VERSION):
        raise MemoryFileError(
            f"{path}: has version {version}, this program knows {VERSION}; update cleancopy, or build the file again"
        )
    if other := sorted(name for name, value in settings().items() if meta.get(name) != value):
        raise MemoryFileError(
            f"{path}: was counted with other settings ({', '.join(other)}); build it again with this version"
        )
    if not meta.get("pruned", "").isdecimal() or not meta.get("digest"):
        raise MemoryFileError(f"{path}: a damaged memory file (no digest); fetch it again, or build it again")
