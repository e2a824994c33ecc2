"""The plan of a run: its inputs in order, cut into shards of a fixed number of documents, in a file.

It follows from the inputs alone, so that a resume makes the same one, or notices what has changed since. Only
where each shard begins is held in memory. Refuses nothing: what cannot be read is planned as its failure.
"""

from __future__ import annotations

import json
import stat
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from cleaner.readers import DEFAULT_MAX_BYTES, DIVIDED, Failure, Found, Range, Reading, Skipped, discover, read
from cleaner.writers.text import TextNames

_CHANGED = "has changed since the run began", "let it be until the run is over, then run again with --fresh"


@dataclass(frozen=True, slots=True)
class Piece:
    """What a shard reads in one go: a file, a range of a container, or an input that failed already."""

    found: Found | None
    failure: Failure | None = None
    size: int = -1  # bytes; -1: it could not be looked at
    modified: int = 0  # nanoseconds
    text: str = ""  # relative path of its clean text; empty for the documents of a container
    part: Range | None = None
    shared: bool = False  # other shards read other ranges of the same file

    @property
    def documents(self) -> int:
        """How many it holds, as far as the plan can know: blank lines of rows count."""
        return self.part.documents if self.part else 1


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of a plan: where its pieces stand in the plan's file."""

    number: int
    offset: int
    pieces: int
    documents: int


@dataclass(slots=True)
class Plan:
    """All shards of a run; `digest` tells whether two plans are of the same inputs."""

    path: Path
    digest: str = ""
    documents: int = 0
    shared: bool = False  # whether any file is read by several shards
    skipped: Counter[str] = field(default_factory=Counter)
    _offsets: array[int] = field(default_factory=lambda: array("q"))
    _pieces: array[int] = field(default_factory=lambda: array("q"))
    _documents: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self._offsets)

    def shards(self) -> Iterator[Shard]:
        """The shards in order."""
        return map(Shard, range(len(self)), self._offsets, self._pieces, self._documents)

    def add(self, offset: int, pieces: Sequence[Piece]) -> None:
        """One more shard."""
        documents = sum(piece.documents for piece in pieces)
        self._offsets.append(offset)
        self._pieces.append(len(pieces))
        self._documents.append(documents)
        self.documents += documents


def make_plan(inputs: Sequence[Path], out: Path, path: Path, *, size: int, max_bytes: int = DEFAULT_MAX_BYTES) -> Plan:
    """Writes the plan of these inputs to `path`: shards of `size` documents.

    max_bytes: of a document, as for reading. Raises readers.InputError, and OSError when it cannot be written.
    """
    plan, digest, shard = Plan(path), sha256(), list[Piece]()
    with path.open("wb") as file:
        offset, filled = 0, 0
        for piece in _pieces(inputs, out, plan, size=size, max_bytes=max_bytes):
            line = (json.dumps(_values(piece), separators=(",", ":")) + "\n").encode()
            file.write(line)
            digest.update(_identity(line))
            plan.shared |= piece.shared
            shard.append(piece)
            filled += piece.documents
            if filled >= size:
                plan.add(offset, shard)
                offset, filled = file.tell(), 0
                shard.clear()
        if shard:
            plan.add(offset, shard)
    digest.update(json.dumps(sorted(plan.skipped.items())).encode())
    plan.digest = digest.hexdigest()
    return plan


def read_pieces(path: Path, shard: Shard) -> Iterator[Piece]:
    """The pieces of a shard. Raises OSError."""
    with path.open("rb") as file:
        file.seek(shard.offset)
        for _ in range(shard.pieces):
            yield _piece(json.loads(file.readline()))


def read_piece(piece: Piece, *, max_bytes: int) -> Iterator[Reading | Skipped]:
    """The readings of a piece; one failure when its file is another than the plan saw."""
    found = piece.found
    if found is None:
        return iter([Reading(None, None, piece.failure)])
    facts = _facts(found.path)
    if facts and piece.size >= 0 and facts != (piece.size, piece.modified):
        return iter([Reading(None, None, Failure(found.locator, piece.part.first if piece.part else None, *_CHANGED))])
    if piece.part:
        return DIVIDED[found.kind].read(found, piece.part, max_bytes=max_bytes)
    return read(found, max_bytes=max_bytes)


def first_difference(old: Path, new: Path) -> str:
    """The locator of the first input that two plans do not share; "" when there is none. Raises OSError."""
    with old.open("rb") as before, new.open("rb") as after:
        for line in before:
            other = after.readline()
            if _identity(line) != _identity(other):
                return min(_locator(each) for each in (line, other) if each)
        rest = after.readline()
    return _locator(rest) if rest else ""


def _pieces(inputs: Sequence[Path], out: Path, plan: Plan, *, size: int, max_bytes: int) -> Iterator[Piece]:
    """The pieces of all inputs; none goes beyond the end of a shard."""
    names, filled = TextNames(), 0
    for found in discover(inputs, exclude=out):
        if isinstance(found, Skipped):
            plan.skipped[found.reason] += 1
            continue
        if isinstance(found, Failure):
            parts: Iterator[Piece] = iter([Piece(None, found)])
        elif found.kind in DIVIDED:
            parts = _cut(found, size - filled, size, max_bytes=max_bytes)
        else:
            parts = iter([Piece(found, None, *(_facts(found.path) or (-1, 0)), text=names.name(found.locator))])
        for piece in parts:
            yield piece
            filled = (filled + piece.documents) % size if filled + piece.documents <= size else 0


def _cut(found: Found, room: int, size: int, *, max_bytes: int) -> Iterator[Piece]:
    facts = _facts(found.path)
    if facts is None:
        yield Piece(found)
        return
    ranges = DIVIDED[found.kind].cut(found, room=room, size=size, max_bytes=max_bytes)
    first, second = next(ranges, None), next(ranges, None)
    for part in chain((each for each in (first, second) if each), ranges):
        yield Piece(found, None, *facts, part=part, shared=second is not None)


def _facts(path: Path) -> tuple[int, int] | None:
    """Size and time of a file; None when it is none."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return None
    return (facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else None


def _values(piece: Piece) -> list[Any]:
    """A line of the plan's file; the path last, since it says nothing of the input itself."""
    found, failure, part = piece.found, piece.failure, piece.part
    return [
        found and [found.locator, found.kind],
        failure and [failure.locator, failure.row, failure.what, failure.do],
        piece.size,
        piece.modified,
        piece.text,
        part and [part.first, part.documents, part.start, part.last],
        piece.shared,
        str(found.path) if found else "",
    ]


def _piece(values: list[Any]) -> Piece:
    named, failed, size, modified, text, part, shared, path = values
    return Piece(
        Found(Path(path), *named) if named else None,
        Failure(*failed) if failed else None,
        size,
        modified,
        text,
        Range(*part) if part else None,
        shared,
    )


def _identity(line: bytes) -> bytes:
    """A line without the path: the same inputs may lie elsewhere the next time."""
    return line.rpartition(b',"')[0]


def _locator(line: bytes) -> str:
    named, failed, *_ = json.loads(line)
    return str((named or failed)[0])
