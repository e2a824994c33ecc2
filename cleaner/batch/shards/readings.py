"""What is read for a shard: its inputs in order, each with its place, and what all shards of a run have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cleaner.batch.plan import ShardInput, read_input, shard_inputs
from cleaner.batch.shards.files import WORK, ShardFiles
from cleaner.batch.shards.outcome import LOOK
from cleaner.engines import EngineError, Heartbeat, Task
from cleaner.pipeline import Cleaner
from cleaner.readers import Failure, Reading, ReadSettings, Skipped
from cleaner.storage.object_store import WAITING
from cleaner.versions import other_versions, versions
from cleaner.writers.pages import PageFormat


@dataclass(frozen=True, slots=True)
class RunContext:
    """What all shards of a run have in common; picklable."""

    out: Path
    plan: Path
    clock: datetime
    reading: ReadSettings
    with_removed: bool
    cleaner: Cleaner
    copy_originals: bool = False
    pages: tuple[PageFormat, ...] = ()  # written beside the clean texts
    folder: str = ""  # name of the input folder: the source of what lies right in it
    roots: tuple[Path, ...] = ()  # folders of the inputs
    known: Path | None = None  # an update: the documents of earlier runs
    versions: Mapping[str, str] = field(default_factory=versions)  # that every worker must have

    def files(self, number: int) -> ShardFiles:
        """Where the parts of a shard lie."""
        return ShardFiles(self.out, self.clock, number)

    def work(self, number: int, kind: str) -> Path:
        """A file for the work on a shard that is removed at the end of the run."""
        return self.out / WORK / f"{number:05d}.{kind}"


@dataclass(frozen=True, slots=True)
class ShardReading:
    """One input of a shard."""

    ordinal: int  # its place in the shard, from 0
    shard_input: ShardInput
    reading: Reading


def shard_readings(
    context: RunContext, task: Task, heartbeat: Heartbeat, skipped: Counter[str]
) -> Iterator[ShardReading]:
    """All inputs of a shard in order; reading each counts as work on it. What a container holds besides is counted.

    What cannot even be read without ending the worker (named twice by the engine) is a failure unread, and with it
    what comes after it in the same container. Raises EngineError where the output would be another one, for want of
    the inputs' folder or the same libraries.
    """
    _require_the_same(context)
    WAITING.set(heartbeat.away)
    ordinal = 0
    named = Counter(document for document, _ in task.excused)
    for shard_input in shard_inputs(context.plan, task.work):
        readings: Iterator[Reading | Skipped] = read_input(shard_input, context.reading)
        first = ordinal
        while True:
            heartbeat.begin(ordinal)
            if named[ordinal] > 1 and ordinal - first < shard_input.documents:
                readings = iter([_unread(shard_input, dict(task.excused)[ordinal])])
                named[ordinal] = 0
            reading = next(readings, None)
            if reading is None:
                break
            if isinstance(reading, Skipped):
                skipped[reading.reason] += 1
                continue
            yield ShardReading(ordinal, shard_input, reading)
            heartbeat.rest()
            ordinal += 1
        heartbeat.rest()


def _unread(shard_input: ShardInput, why: str) -> Reading:
    rest = "; what comes after it there is not read either" if shard_input.part else ""
    return Reading(None, None, Failure(shard_input.locator, None, f"{why}{rest}", LOOK))


def _require_the_same(context: RunContext) -> None:
    """Raises EngineError where this process has other libraries than the run, or does not see the inputs."""
    if other := other_versions(context.versions):
        raise EngineError(f"a worker has not what the run began with ({other}); install the same everywhere")
    for root in context.roots:
        if not root.exists():
            raise EngineError(f"{root} is not there; every worker must see the inputs, to the end of the run")


def is_row(reading: Reading) -> bool:
    """Whether a reading is one of many in its file: its clean text stands in the rows alone."""
    original, failure = reading.original, reading.failure
    return (original is not None and original.row is not None) or (failure is not None and failure.row is not None)
