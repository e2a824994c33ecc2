"""Many inputs into one folder: planned, cut into shards, cleaned by workers, resumed where a run broke off.

One bad input never stops a batch and never vanishes: it becomes a failed row. Refuses an OUT that holds another
run, and stops with a message when the disk does not take more (BatchError); what is done by then stays done.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from archive.export.cdxj import write_index
from cleaner.batch.begin import SHARD_SIZE, BatchSettings, BegunRun, begin, told
from cleaner.batch.counts import SKIPPED, RunCounts
from cleaner.batch.dry_run import dry_run
from cleaner.batch.earlier import KNOWN, merged_documents
from cleaner.batch.output.folder import INPUTS, MEMORY, BatchError, encoded_report, read_report
from cleaner.batch.output.location import RunLocation, location_of
from cleaner.batch.plan import Plan, listed_inputs
from cleaner.batch.progress import PROGRESS, RunProgress, ShowProgress
from cleaner.batch.run_memory import extend, given_file, remember, snapshot
from cleaner.batch.shards.duplicate_ids import identify_shard, repeated_ids
from cleaner.batch.shards.files import WORK, finished, index_lines
from cleaner.batch.shards.readings import RunContext
from cleaner.batch.shards.tasks import clean_shard, count_shard, counted_parts, is_damaged
from cleaner.batch.update import (
    UPDATE,
    UPDATED_MEMORY,
    UPDATES,
    begin_update,
    close_update,
    publish_inputs,
    updated_run,
)
from cleaner.engines import Engine, ShardFunction, Task, WorkerPool
from cleaner.engines.select import make_engine
from cleaner.memory.store import Memory
from cleaner.pipeline import Cleaner
from cleaner.readers import discover
from cleaner.storage.object_store import PathOrUrl

__all__ = ["SHARD_SIZE", "BatchError", "BatchSettings", "dry_run", "run_batch"]

#: Seconds between two notes of how far a run is, for `cleancopy status`.
NOTE_EVERY = 2.0


def run_batch(inputs: Sequence[PathOrUrl], cleaner: Cleaner, settings: BatchSettings, show: ShowProgress) -> RunCounts:
    """Cleans all inputs into `settings.out`, or what an earlier run left undone; a complete run is left as it is.

    The bytes written depend on inputs, configuration and clock alone, not on the workers. `show` is called often.
    Raises BatchError when OUT is not free or cannot be written, readers.InputError for inputs that cannot be used.
    With workers or a time limit processes are spawned: a script that calls this needs `if __name__ == "__main__"`.
    """
    with told(settings):
        discover(inputs, exclude=settings.out)  # inputs that cannot be used are refused before OUT is touched
        location = location_of(settings.out, settings.attempt)
        with location.hold():
            pool = WorkerPool(settings.workers, settings.timeout, location.locks)
            with make_engine(settings.engine, pool) as engine:
                return _Run(_begun(inputs, cleaner, settings, location, show), engine, show).complete()


def _begun(
    inputs: Sequence[PathOrUrl], cleaner: Cleaner, settings: BatchSettings, location: RunLocation, show: ShowProgress
) -> BegunRun:
    """The run that begins or goes on: an update, where one is asked for and OUT holds what it can begin with."""
    earlier = None if settings.fresh else read_report(location.out)
    if earlier and earlier["complete"]:
        publish_inputs(location.out)
    if not settings.update:
        if earlier and UPDATE in earlier:
            raise BatchError(f"{settings.out} holds an update that was broken off; give --update to go on with it")
        if earlier and UPDATES in earlier and earlier["complete"] and isinstance(settings.out, Path):
            return updated_run(inputs, cleaner, settings, location, show, earlier=earlier)
        return begin(inputs, cleaner, settings, location, show)
    if not isinstance(settings.out, Path):
        raise BatchError(f"{settings.out}: --update needs a folder; update a copy, and send what is new there")
    if earlier is None or not (earlier["complete"] or UPDATE in earlier):
        return begin(inputs, cleaner, settings, location, show)
    return begin_update(inputs, cleaner, settings, location, show, earlier=earlier)


class _Run:
    """One run while it is carried out: phases over the shards, and how far they are."""

    def __init__(self, begun: BegunRun, engine: Engine, show: ShowProgress) -> None:
        self._begun = begun
        self._context, self._plan, self._report = begun.context, begun.plan, begun.report
        self._settings, self._location = begun.settings, begun.location
        self._engine, self._show = engine, show
        self._progress = RunProgress(total=begun.plan.documents)
        self._noted = 0.0

    def complete(self) -> RunCounts:
        """Carries out all phases, closes the run, and gives its counts."""
        was_complete = self._report["complete"]
        damaged = self._damaged() if self._settings.check else frozenset()
        if was_complete and not damaged:
            self._location.clear_work()
            return RunCounts.from_report(self._report)
        if self._plan.shared:
            for _ in self._phase("reading ids", identify_shard, self._tasks()):
                pass
            self._location.write(repeated_ids(self._context, self._plan))
        if self._settings.count:
            self._remember()
        todo = self._only(damaged) if was_complete else self._undone()
        for counts in self._phase("cleaning", clean_shard, todo):
            self._progress.add(counts)
        if was_complete:
            self._location.clear_work()
            return RunCounts.from_report(self._report)
        return close(replace(self._begun, context=self._context))

    def _remember(self) -> None:
        """The first of two passes: counts what sources repeat, unless an earlier attempt has."""
        memory = snapshot(self._context.out / _memory_of(self._begun))
        if memory is None:
            for documents in self._phase("counting", count_shard, self._tasks()):
                self._progress.count(documents)
            memory = merge_counts(replace(self._begun, context=self._context))
        self._context = replace(self._context, cleaner=self._context.cleaner.with_memory(memory))

    def _phase(self, name: str, function: ShardFunction, tasks: Iterator[Task]) -> Iterator[Any]:
        """The results of a function over shards; shards that were in work when it broke off leave nothing behind."""
        self._progress.begin(name)
        in_work: set[int] = set()
        try:
            with self._location.phase(function, self._context) as (carried_out, context):
                for task, result in self._engine.run(carried_out, context, _noting(tasks, in_work), self._watch):
                    in_work.discard(task.number)
                    yield result
        except BaseException:
            self._engine.__exit__()
            if function is clean_shard:
                for number in in_work:
                    if not finished(self._context.files(number)):
                        self._context.files(number).discard()
            raise

    def _tasks(self) -> Iterator[Task]:
        return (Task(shard.number, shard) for shard in self._plan.shards())

    def _only(self, numbers: frozenset[int]) -> Iterator[Task]:
        return (task for task in self._tasks() if task.number in numbers)

    def _undone(self) -> Iterator[Task]:
        """The shards that are still to be done; what the others counted is told on the way."""
        for task in self._tasks():
            if counts := finished(self._context.files(task.number)):
                self._progress.add(counts)
                self._progress.resumed += counts.documents
            else:
                yield task

    def _damaged(self) -> frozenset[int]:
        """Shards of an earlier run that do not hold what they held when they were sealed; their files are removed."""
        complete = self._report["complete"]
        tasks = (task for task in self._tasks() if complete or finished(self._context.files(task.number)))
        damaged = frozenset(number for number in self._phase("verifying", is_damaged, tasks) if number is not None)
        for number in damaged:
            self._location.discard(self._context.files(number))
        return damaged

    def _watch(self, counters: Sequence[int]) -> None:
        self._progress.show_live(counters)
        self._show(self._progress)
        now = time.monotonic()
        if now - self._noted > NOTE_EVERY:
            self._noted = now
            values = json.dumps(self._progress.to_values()).encode()
            self._location.write({f"{WORK}/{PROGRESS}": values}, sync=False)


def merge_counts(begun: BegunRun) -> Memory:
    """The memory of a run, from what was counted in all its shards.

    Raises OSError, PartialCountsError, MemoryFileError.
    """
    context, name = begun.context, _memory_of(begun)
    parts = counted_parts(context, begun.plan)
    earlier = snapshot(context.out / MEMORY) if name != MEMORY else None
    with begun.location.drafted(name) as draft:
        remember(parts, given_file(context.cleaner), draft, earlier=earlier)
    for part in parts:
        part.close()
    if earlier:
        earlier.close()
    return Memory.open(context.out / name)


def _memory_of(begun: BegunRun) -> str:
    """Where in OUT the memory of a run stands: that of an update takes its place at the end."""
    return UPDATED_MEMORY if UPDATE in begun.report else MEMORY


def close(begun: BegunRun) -> RunCounts:
    """Adds the shards up, in their order, and writes index and run.json; the run's cleaner has its memory by now.

    Raises BatchError, OSError, PartialCountsError, MemoryFileError.
    """
    context, plan, location = begun.context, begun.plan, begun.location
    counts = _summed(begun)
    if begun.settings.update_memory:
        _extend_memory(begun.settings.update_memory, context, plan)
    if UPDATE in begun.report:
        return close_update(begun, counts)
    shards = (context.files(shard.number) for shard in plan.shards())
    with location.drafted("index.cdxj") as draft:
        write_index(draft, chain.from_iterable(map(index_lines, shards)), folder=context.out / WORK)
    with location.drafted(INPUTS) as draft, draft.open("wb") as file:
        file.writelines(listed_inputs(plan.path))
    with location.drafted(KNOWN) as draft, draft.open("wb") as file:
        documents = (context.files(shard.number).documents for shard in plan.shards())
        np.save(file, merged_documents(None, documents))
    decided = {
        "memory": memory.digest if (memory := context.cleaner.memory) else None,
        "digest": context.cleaner.fingerprint(),
    }
    report = {**begun.report, **decided, "complete": True, **counts.for_report()}
    location.write({"run.json": encoded_report(report)})
    location.clear_work()
    return counts


def _summed(begun: BegunRun) -> RunCounts:
    counts = RunCounts(skipped=begun.plan.skipped)
    counts.named[SKIPPED] = begun.plan.skipped_names
    for shard in begun.plan.shards():
        done = finished(begun.context.files(shard.number))
        if done is None:
            out = begun.settings.out
            raise BatchError(f"shard {shard.number} is still to be cleaned, or has vanished from {out}; do that again")
        counts.merge(done)
    return counts


def _extend_memory(path: Path, context: RunContext, plan: Plan) -> None:
    parts = counted_parts(context, plan)
    extend(path, parts)
    for part in parts:
        part.close()  # Windows removes no open file


def _noting(tasks: Iterator[Task], numbers: set[int]) -> Iterator[Task]:
    for task in tasks:
        numbers.add(task.number)
        yield task
