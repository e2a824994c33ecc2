"""The plan of a run: its inputs in order, cut into shards of a fixed number of documents, in a file.

It follows from the inputs alone, so that a resume makes the same one, or notices what has changed since. Only
where each shard begins is held in memory. Refuses nothing: what cannot be read is planned as its failure.
"""

from __future__ import annotations

import json
import os
import stat
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from archive.segments.durable import write_atomically
from cleaner.readers import (
    DEFAULT_MAX_BYTES,
    DIVIDED,
    Failure,
    Found,
    Range,
    Reading,
    Skipped,
    discover,
    input_folder,
    read,
)
from cleaner.storage.object_store import Facts, Place, RemoteFile, file_at
from cleaner.writers.text import TextNames

_CHANGED = "has changed since the run began", "let it be until the run is over, then run again with --fresh"


@dataclass(frozen=True, slots=True)
class Piece:
    """What a shard reads in one go: a file, a range of a container, or an input that failed already."""

    found: Found | None
    failure: Failure | None = None
    size: int = -1  # bytes; -1: it could not be looked at
    modified: int = 0  # nanoseconds
    tag: str = ""  # of an object's content
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
    size: int  # bytes that they take there
    pieces: int
    documents: int


@dataclass(slots=True)
class Plan:
    """All shards of a run; `digest` tells whether two plans are of the same inputs."""

    path: Path
    digest: str = ""
    documents: int = 0
    folder: str = ""  # name of the input folder
    roots: tuple[Path, ...] = ()  # the folders on this machine's file systems that inputs lie in; not those of globs
    shared: bool = False  # whether any file is read by several shards
    skipped: Counter[str] = field(default_factory=Counter)
    _offsets: array[int] = field(default_factory=lambda: array("q"))
    _sizes: array[int] = field(default_factory=lambda: array("q"))
    _pieces: array[int] = field(default_factory=lambda: array("q"))
    _documents: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self._offsets)

    def shards(self) -> Iterator[Shard]:
        """The shards in order."""
        return map(Shard, range(len(self)), self._offsets, self._sizes, self._pieces, self._documents)

    def add(self, offset: int, end: int, pieces: Sequence[Piece]) -> None:
        """One more shard, in these bytes of the plan's file."""
        documents = sum(piece.documents for piece in pieces)
        self._offsets.append(offset)
        self._sizes.append(end - offset)
        self._pieces.append(len(pieces))
        self._documents.append(documents)
        self.documents += documents


def make_plan(
    inputs: Sequence[Place], out: Place, path: Path, *, size: int, max_bytes: int = DEFAULT_MAX_BYTES
) -> Plan:
    """Writes the plan of these inputs to `path`: shards of `size` documents.

    max_bytes: of a document, as for reading. Raises readers.InputError, and OSError when it cannot be written.
    """
    plan, digest, shard = Plan(path, folder=input_folder(inputs), roots=_roots(inputs)), sha256(), list[Piece]()
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
                plan.add(offset, file.tell(), shard)
                offset, filled = file.tell(), 0
                shard.clear()
        if shard:
            plan.add(offset, file.tell(), shard)
    digest.update(json.dumps(sorted(plan.skipped.items())).encode())
    plan.digest = digest.hexdigest()
    return plan


def _roots(inputs: Sequence[Place]) -> tuple[Path, ...]:
    paths = [Path(os.path.abspath(each)) for each in inputs if isinstance(each, Path)]  # noqa: PTH100 (links stay)
    return tuple(path if path.is_dir() else path.parent for path in paths if path.exists())


def save_shards(plan: Plan) -> None:
    """Writes beside the plan's file where its shards begin, for processes that did not make it. Raises OSError."""
    head = {
        "digest": plan.digest, "documents": plan.documents, "folder": plan.folder, "shared": plan.shared,
        "skipped": dict(plan.skipped), "roots": list(map(str, plan.roots)),
    }  # fmt: skip
    shards = ([shard.offset, shard.size, shard.pieces, shard.documents] for shard in plan.shards())
    write_atomically(_beside(plan.path), (json.dumps(each).encode() + b"\n" for each in chain([head], shards)))


def load_plan(path: Path) -> Plan:
    """The plan that another process made and saved. Raises OSError."""
    with _beside(path).open("rb") as file:
        head = json.loads(file.readline())
        skipped, roots = Counter(head.pop("skipped")), tuple(map(Path, head.pop("roots")))
        columns = [array("q", column) for column in zip(*map(json.loads, file), strict=True)] or [array("q")] * 4
    offsets, sizes, pieces, documents = columns
    return Plan(
        path, **head, skipped=skipped, roots=roots, _offsets=offsets, _sizes=sizes, _pieces=pieces, _documents=documents
    )


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.shards")


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
    if facts and piece.size >= 0 and facts != (piece.size, piece.modified, piece.tag):
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


def _pieces(inputs: Sequence[Place], out: Place, plan: Plan, *, size: int, max_bytes: int) -> Iterator[Piece]:
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
            parts = iter([Piece(found, None, *(_facts(found.path) or (-1, 0, "")), text=names.name(found.locator))])
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


def _facts(path: Path | RemoteFile) -> tuple[int, int, str] | None:
    """Size and time of a file, and the tag of an object; None when it is none."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    return facts.st_size, facts.st_mtime_ns, facts.tag if isinstance(facts, Facts) else ""


def _values(piece: Piece) -> list[Any]:
    """A line of the plan's file; the path last, since it says nothing of the input itself."""
    found, failure, part = piece.found, piece.failure, piece.part
    return [
        found and [found.locator, found.kind],
        failure and [failure.locator, failure.row, failure.what, failure.do],
        piece.size,
        piece.modified,
        piece.tag,
        piece.text,
        part and [part.first, part.documents, part.start, part.last],
        piece.shared,
        str(found.path) if found else "",
    ]


def _piece(values: list[Any]) -> Piece:
    named, failed, size, modified, tag, text, part, shared, path = values
    return Piece(
        Found(file_at(path), *named) if named else None,
        Failure(*failed) if failed else None,
        size,
        modified,
        tag,
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
