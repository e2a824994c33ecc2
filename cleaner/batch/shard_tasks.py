"""What a run does with each of its shards, phase by phase: functions that any engine can carry out.

`identify_shard` notes the ids of files that are shared out among shards, `repeated_ids` finds those that were there
before, `count_shard` counts what sources repeat, `clean_shard` cleans. The output of each depends on the inputs,
the configuration and the clock alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from archive.checking.verify import verify
from archive.segments.durable import write_atomically
from archive.segments.problems import Problem
from archive.segments.writer import SegmentError
from cleaner.batch.counts import Accounts
from cleaner.batch.memory_count import Parts
from cleaner.batch.plan import Piece, Plan, Shard, read_piece, read_pieces
from cleaner.batch.shard import WORK, Outcome, Places, ShardWriter, finished, reading_path
from cleaner.document import CleanedDocument
from cleaner.engines import EngineError, Pulse, Task
from cleaner.html.segment import HtmlError
from cleaner.labels import Label
from cleaner.memory.partial_counts import Part
from cleaner.memory.source_name import document_source
from cleaner.pipeline import VERSION, Cleaner
from cleaner.readers import Failure, Reading, Skipped
from cleaner.storage.object_store import WAITING
from cleaner.versions import other_versions, versions
from cleaner.writers.warc import STORED, run_info

#: What a worker counts while it works on a shard (see engines.Pulse); characters removed by label come after these.
DOCUMENTS, CHARACTERS, FAILED = range(3)
LABELS = {label.value: number for number, label in enumerate(Label, start=3)}
#: A digest of an id and the row it stands in. 16 bytes: no two ids of a billion rows are taken for one.
IDS = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<u8")])
#: The kind of work file that says that a shard is counted, and names its parts.
COUNTED = "counted"
#: Ids compared at a time, at 24 bytes each.
IDS_AT_ONCE = 4_000_000
_LOOK = "look at it, or leave it out"
_NOTHING = Failure("input", None, "gave no document", "look at it")


@dataclass(frozen=True, slots=True)
class Context:
    """What all shards of a run have in common; picklable."""

    out: Path
    plan: Path
    clock: datetime
    max_bytes: int
    with_removed: bool
    cleaner: Cleaner
    copy_originals: bool = False
    folder: str = ""  # name of the input folder: the source of what lies right in it
    roots: tuple[Path, ...] = ()  # folders of the inputs
    versions: Mapping[str, str] = field(default_factory=versions)  # that every worker must have

    def places(self, number: int) -> Places:
        """Where the parts of a shard lie."""
        return Places(self.out, self.clock, number)

    def work(self, number: int, kind: str) -> Path:
        """A file for the work on a shard that is removed at the end of the run."""
        return self.out / WORK / f"{number:05d}.{kind}"


@dataclass(frozen=True, slots=True)
class ShardReading:
    """One input of a shard."""

    ordinal: int  # its place in the shard, from 0
    piece: Piece
    reading: Reading


def shard_readings(context: Context, task: Task, pulse: Pulse, skipped: Counter[str]) -> Iterator[ShardReading]:
    """All inputs of a shard in order; reading each counts as work on it. What a container holds besides is counted.

    A file that cannot even be read without ending the worker (named twice by the engine) is a failure unread.
    Raises EngineError where the output would be another one, for want of the inputs' folder or the same libraries.
    """
    if other := other_versions(context.versions):
        raise EngineError(f"a worker has not what the run began with ({other}); install the same everywhere")
    for root in context.roots:
        if not root.exists():
            raise EngineError(f"{root} is not there; every worker must see the inputs, to the end of the run")
    WAITING.set(pulse.away)
    ordinal = 0
    named = Counter(document for document, _ in task.excused)
    for piece in read_pieces(context.plan, task.work):
        if piece.found and not piece.part and named[ordinal] > 1:
            failure = Failure(piece.found.locator, None, dict(task.excused)[ordinal], _LOOK)
            readings: Iterator[Reading | Skipped] = iter([Reading(None, None, failure)])
        else:
            readings = read_piece(piece, max_bytes=context.max_bytes)
        while True:
            pulse.begin(ordinal)
            reading = next(readings, None)
            if reading is None:
                break
            if isinstance(reading, Skipped):
                skipped[reading.reason] += 1
                continue
            yield ShardReading(ordinal, piece, reading)
            pulse.rest()
            ordinal += 1
        pulse.rest()


def clean_shard(context: Context, task: Task, pulse: Pulse) -> Accounts:
    """Cleans the documents of a shard into its rows, texts, notes and segment; its counts.

    A shard that is done already is left as it is. Raises OSError and EngineError when it cannot be written.
    """
    shard: Shard = task.work
    places = context.places(shard.number)
    if accounts := finished(places):
        return accounts
    places.discard()
    ids = _Ids(_repeated(context, shard.number))
    excused = dict(task.excused)
    writer = ShardWriter(
        places,
        run=run_info(VERSION, context.cleaner.fingerprint()),
        with_removed=context.with_removed,
        copy_originals=context.copy_originals,
    )
    try:
        with writer:
            for each in shard_readings(context, task, pulse, writer.accounts.skipped):
                outcome = _outcome(each, context, ids, excused)
                pulse.pause()
                _show(pulse, writer.write(each.reading, outcome, each.piece.text))
    except SegmentError as error:
        raise EngineError(str(error)) from error
    return writer.accounts


def count_shard(context: Context, task: Task, pulse: Pulse) -> int:
    """Counts what the sources of a shard's documents repeat, into parts in the work folder; how many inputs it has.

    What cannot be counted is left out: cleaning says what is wrong with it.
    """
    shard: Shard = task.work
    done = context.work(task.number, COUNTED)
    if done.exists():
        return shard.documents
    excused = dict(task.excused)
    parts = Parts(done.parent, f"{task.number:05d}")
    for each in shard_readings(context, task, pulse, Counter()):
        document = each.reading.document
        if document and context.cleaner.asks_memory(document) and each.ordinal not in excused:
            with suppress(HtmlError):
                parts.count(document, document_source(document, folder=context.folder))
        pulse.add(DOCUMENTS, 1)
    names = "".join(f"{path.name}\n" for path in parts.finish())
    write_atomically(done, [names.encode()])
    return shard.documents


def counted_parts(context: Context, plan: Plan) -> list[Part]:
    """The parts of all shards that were counted. Raises OSError, PartError."""
    work = context.out / WORK
    names = (context.work(shard.number, COUNTED).read_text(encoding="utf-8").split() for shard in plan.shards())
    return [Part(work / name) for each in names for name in each]


def _outcome(each: ShardReading, context: Context, ids: _Ids, excused: Mapping[int, str]) -> Outcome:
    if ids.is_repeated(each):
        return seen_before(each.reading)
    if each.ordinal in excused and each.reading.document:
        return _failure(each.reading, excused[each.ordinal], _LOOK)
    return outcome_of(each.reading, context.cleaner, context.folder)


def outcome_of(reading: Reading, cleaner: Cleaner, folder: str = "") -> Outcome:
    """The cleaned document of a reading, or why there is none. folder: the source of documents that tell none."""
    if reading.document is None:
        return reading.failure or Failure(reading_path(reading, _NOTHING), None, _NOTHING.what, _NOTHING.do)
    try:
        return cleaner.clean_document(reading.document, source=document_source(reading.document, folder=folder))
    except HtmlError as error:
        return _failure(reading, str(error), "look at the file, or leave it out")


def seen_before(reading: Reading) -> Failure:
    """The failure of a row whose id an earlier row of its file has."""
    document_id = reading.document.id if reading.document else ""
    return _failure(reading, f"its id {document_id!r} was there before", "give every row an id of its own")


def is_damaged(context: Context, task: Task, pulse: Pulse) -> int | None:
    """The number of a shard whose files are not what was sealed, None for one that is whole."""
    places = context.places(task.number)
    paths = [places.segment(0)]
    while places.segment(len(paths)).exists():
        paths.append(places.segment(len(paths)))
    try:
        damaged = any(isinstance(each, Problem) for each in verify(paths, STORED)) or not places.rows.exists()
    except OSError:  # a segment is missing
        damaged = True
    return task.number if damaged else None


def identify_shard(context: Context, task: Task, pulse: Pulse) -> None:
    """Notes the ids of the rows whose file other shards read as well, one sorted file for each piece."""
    shard: Shard = task.work
    for number, piece in enumerate(read_pieces(context.plan, shard)):
        target = context.work(shard.number, f"{number}.ids")
        if not piece.shared or target.exists():
            continue
        found = []
        for ordinal, reading in enumerate(read_piece(piece, max_bytes=context.max_bytes)):
            pulse.begin(ordinal)
            if isinstance(reading, Reading) and reading.document and reading.original:
                found.append((*_digest(reading.document.id), reading.original.row or 0))
        pulse.rest()
        draft = target.with_suffix(".tmp")
        with draft.open("wb") as file:
            np.save(file, np.sort(np.array(found, IDS), order=("high", "low", "row")))
        draft.replace(target)


def repeated_ids(context: Context, plan: Plan) -> None:
    """Finds, file by file, the rows whose id an earlier row has, and leaves each shard a list of its own."""
    rows: dict[int, list[tuple[str, int]]] = {}
    for locator, parts in _shared_files(context, plan):
        for row in _repeats([path for _, _, path in parts]):
            at = bisect_right(parts, row, key=lambda part: part[1]) - 1
            rows.setdefault(parts[at][0], []).append((locator, row))
    for number, found in rows.items():
        lines = "".join(f"{row} {locator}\n" for locator, row in found)
        context.work(number, "repeated").write_text(lines, encoding="utf-8")


def _shared_files(context: Context, plan: Plan) -> Iterator[tuple[str, list[tuple[int, int, Path]]]]:
    """Each file that is shared out: its locator; per part the shard, the first row, the ids."""
    locator, parts = "", list[tuple[int, int, Path]]()
    for shard in plan.shards():
        for number, piece in enumerate(read_pieces(plan.path, shard)):
            if not piece.shared or not piece.found or not piece.part:
                continue
            if piece.found.locator != locator and parts:
                yield locator, parts
                parts = []
            locator = piece.found.locator
            parts.append((shard.number, piece.part.first, context.work(shard.number, f"{number}.ids")))
    if parts:
        yield locator, parts


def _repeats(parts: list[Path]) -> Iterator[int]:
    """The rows whose id is that of an earlier row; only a share of the ids is in memory at a time."""
    shares = sum(path.stat().st_size for path in parts) // (IDS_AT_ONCE * IDS.itemsize) + 1
    for share in range(shares):
        first, last = ((1 << 64) * each // shares for each in (share, share + 1))
        ids = np.concatenate([_between(path, first, last) for path in parts])
        ids.sort(order=("high", "low", "row"))
        same = (ids["high"][1:] == ids["high"][:-1]) & (ids["low"][1:] == ids["low"][:-1])
        yield from ids["row"][1:][same].tolist()


def _between(path: Path, first: int, last: int) -> Any:
    """The ids of a sorted file from one digest to another; the file is closed again, since there may be thousands."""
    ids = np.load(path, mmap_mode="r")
    low, high = (len(ids) if end >> 64 else int(ids["high"].searchsorted(np.uint64(end))) for end in (first, last))
    return np.array(ids[low:high])


def _digest(document_id: str) -> tuple[int, int]:
    digest = blake2b(document_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def _repeated(context: Context, number: int) -> frozenset[tuple[str, int]]:
    try:
        lines = context.work(number, "repeated").read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return frozenset()
    pairs = (line.split(" ", 1) for line in lines if line)
    return frozenset((locator, int(row)) for row, locator in pairs)


class _Ids:
    """Ids are unique within a file of rows; of two equal ones the first counts."""

    def __init__(self, repeated: frozenset[tuple[str, int]]) -> None:
        self._repeated = repeated
        self._piece: Piece | None = None
        self._seen: set[str] = set()

    def is_repeated(self, each: ShardReading) -> bool:
        """Whether an earlier row of the file has the id of this one."""
        document, original, piece = each.reading.document, each.reading.original, each.piece
        if document is None or original is None or original.row is None:
            return False
        if piece.shared:
            return (original.locator, original.row) in self._repeated
        if piece is not self._piece:
            self._piece, self._seen = piece, set()
        size = len(self._seen)
        self._seen.add(document.id)
        return len(self._seen) == size


def _failure(reading: Reading, what: str, do: str) -> Failure:
    original = reading.original
    locator, row = (original.locator, original.row) if original else (reading_path(reading, _NOTHING), None)
    return Failure(locator, row, what, do)


def _show(pulse: Pulse, outcome: Outcome) -> None:
    """Counts an outcome where the engine can see it."""
    pulse.add(DOCUMENTS, 1)
    if not isinstance(outcome, CleanedDocument):
        pulse.add(FAILED, 1)
        return
    pulse.add(CHARACTERS, len(outcome.source_text))
    for span in outcome.spans:
        pulse.add(LABELS[span.label.value], span.end - span.start)
