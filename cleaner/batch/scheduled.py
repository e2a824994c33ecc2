"""A run in stages, for schedulers that start every task in a process of its own, on any machine that sees OUT.

Each stage is done by one task or shared out among many, and begins when the one before is done; what that left in OUT
is all it needs. Any task may be killed and started again, also while the old one still dies: a shard is locked by
whoever works on it. The bytes are those of `cleancopy clean`. Refuses to go on beside such a run in the same OUT.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cleaner.batch.begin import BatchSettings, BegunRun, begin, going_on, told
from cleaner.batch.counts import RunCounts
from cleaner.batch.output.folder import LOCK, MEMORY, BatchError, read_report
from cleaner.batch.output.location import RunLocation
from cleaner.batch.plan import save_shards
from cleaner.batch.run import close, merge_counts
from cleaner.batch.run_memory import snapshot
from cleaner.batch.shards.duplicate_ids import identify_shard, repeated_ids
from cleaner.batch.shards.files import WORK
from cleaner.batch.shards.readings import RunContext
from cleaner.batch.shards.tasks import clean_shard, count_shard
from cleaner.engines import EngineError, Heartbeat, ShardFunction, Task, WorkerPool
from cleaner.engines.local import LocalEngine
from cleaner.pipeline import Cleaner
from cleaner.readers import discover

#: Seconds that a task waits for an earlier attempt at its shard to die, or for a glance at the run's own lock.
PATIENCE = 30.0


class Stage(StrEnum):
    """The stages, in order."""

    PLAN = "plan"
    READ = "read"  # notes ids, counts what sources repeat
    MERGE = "merge"
    CLEAN = "clean"
    FINISH = "finish"


#: Stages that many tasks share; the others are one task.
SHARED = frozenset({Stage.READ, Stage.CLEAN})


@dataclass(frozen=True, slots=True)
class StagedRun:
    """What is to be cleaned and how; the same for all stages. Picklable.

    `settings.workers` and `timeout` are those of one task.
    """

    inputs: tuple[Path, ...]
    settings: BatchSettings
    cleaner: Cleaner


def carry_out(run: StagedRun, stage: Stage, rank: int = 0, tasks: int = 1) -> Counter[str]:
    """Does a stage, or task `rank` of it: shards rank, rank + tasks, …; gives counts of what these hold.

    What is done already is not done again, and a complete run is left as it is; a stage of one task is task 0's.
    Raises BatchError, and readers.InputError for inputs that cannot be used.
    """
    if rank and stage not in SHARED:
        return Counter()
    if stage is Stage.PLAN:
        return _plan(run)
    location = _location(run)
    with told(run.settings):
        begun = going_on(run.cleaner, run.settings, location)
        if begun is None:
            return Counter()
        if stage is Stage.READ:
            return _read(begun, rank, tasks)
        if stage is Stage.CLEAN:
            return _clean(begun, rank, tasks)
        with location.hold():
            return _merge(begun) if stage is Stage.MERGE else _finish(begun)


def _location(run: StagedRun) -> RunLocation:
    """The run's OUT. Raises BatchError for one in an object store, where there are no locks that tasks could hold."""
    if not isinstance(run.settings.out, Path):
        raise BatchError(f"{run.settings.out}: a run in stages needs a folder that all tasks see; copy it there after")
    return RunLocation(run.settings.out)


def _plan(run: StagedRun) -> Counter[str]:
    if run.settings.update:
        raise BatchError("a run in stages does not update an earlier one; `cleancopy clean --update` does")
    if run.settings.check:
        raise BatchError("a run in stages does not verify earlier shards; `cleancopy clean --resume` does")
    location = _location(run)
    with told(run.settings):
        discover(run.inputs, exclude=location.out)  # inputs that cannot be used are refused before OUT is touched
        with location.hold():
            begun = begin(run.inputs, run.cleaner, run.settings, location, lambda _: None)
            if begun.report["complete"]:
                location.clear_work()
            else:
                save_shards(begun.plan)
    return Counter(shards=len(begun.plan), inputs=begun.plan.documents)


def _read(begun: BegunRun, rank: int, tasks: int) -> Counter[str]:
    phases: list[ShardFunction] = [identify_shard] if begun.plan.shared else []
    if begun.settings.count and snapshot(begun.context.out / MEMORY) is None:
        phases.append(count_shard)
    results = list(_results(phases, begun, rank, tasks))
    return Counter(inputs=sum(documents for documents in results if documents))


def _merge(begun: BegunRun) -> Counter[str]:
    try:
        if begun.plan.shared:
            begun.location.write(repeated_ids(begun.context, begun.plan))
        if begun.settings.count and snapshot(begun.context.out / MEMORY) is None:
            merge_counts(begun)
    except FileNotFoundError as error:
        raise BatchError(f"not all shards are read yet ({error.filename} is missing); do that stage again") from error
    return Counter()


def _clean(begun: BegunRun, rank: int, tasks: int) -> Counter[str]:
    counts = RunCounts()
    for of_shard in _results([clean_shard], _with_memory(begun), rank, tasks):
        counts.merge(of_shard)
    return _counts(counts)


def _finish(begun: BegunRun) -> Counter[str]:
    return _counts(close(_with_memory(begun)))


def _with_memory(begun: BegunRun) -> BegunRun:
    """The run with the memory that it counted. Raises BatchError when it has not."""
    if not begun.settings.count:
        return begun
    memory = snapshot(begun.context.out / MEMORY)
    if memory is None:
        raise BatchError(f"{begun.context.out} has no memory yet: the stages before cleaning are to be done first")
    cleaner = begun.context.cleaner.with_memory(memory)
    return replace(begun, context=replace(begun.context, cleaner=cleaner))


def _results(phases: Sequence[ShardFunction], begun: BegunRun, rank: int, tasks: int) -> Iterator[Any]:
    """What functions give for the shards of a task, one function after the other."""
    with LocalEngine(WorkerPool(begun.settings.workers, begun.settings.timeout)) as engine:
        for function in phases:
            mine = (Task(shard.number, shard) for shard in islice(begun.plan.shards(), rank, None, tasks))
            for _, result in engine.run(_Alone(function, begun.report), begun.context, mine, lambda _: None):
                yield result


@dataclass(frozen=True, slots=True)
class _Alone:
    """A phase that has its shard for itself: waits until an earlier attempt at it has died, however that was begun."""

    function: ShardFunction
    report: dict[str, object]  # run.json as it is until the run is complete

    def __call__(self, context: RunContext, task: Task, heartbeat: Heartbeat) -> object:
        """The result of the phase. Raises EngineError when the run is not this one any more."""
        self._check(context)  # before anything is written there
        name = f"worker-shard-{task.number:05d}.lock"  # one that `locked` waits for
        with _held(context.out / WORK / name):
            with _held(context.out / WORK / LOCK):
                pass  # nobody plans, merges, finishes or cleans it all just now, nor can begin to
            self._check(context)
            return self.function(context, task, heartbeat)

    def _check(self, context: RunContext) -> None:
        if read_report(context.out) != self.report:
            raise EngineError(f"the run in {context.out} was completed or replaced meanwhile")


@contextmanager
def _held(path: Path) -> Iterator[None]:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout as error:
        raise EngineError(f"another run is writing {path.parent.parent}; wait for it, then try again") from error
    try:
        yield
    finally:
        lock.release()


def _counts(counts: RunCounts) -> Counter[str]:
    removed = {f"removed_{label}": count for label, count in sorted(counts.removed.items())}
    return Counter({"documents": counts.documents, **counts.status, "characters": counts.characters, **removed})
