"""Many inputs into one folder: planned, cut into shards, cleaned by workers, resumed where a run broke off.

One bad input never stops a batch and never vanishes: it becomes a failed row. Refuses an OUT that holds another
run, and stops with a message when the disk does not take more (BatchError); what is done by then stays done.
"""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from archive.checking.originals import COPIES_FOLDER
from archive.export.cdxj import write_index
from archive.segments.durable import write_atomically
from archive.segments.records import warc_date
from cleaner.batch.counts import Accounts
from cleaner.batch.location import Home, home_of
from cleaner.batch.output_folder import (
    FOLDERS,
    MEMORY,
    SCHEMA,
    BatchError,
    difference,
    parsed_clock,
    read_report,
    taken,
    write_report,
)
from cleaner.batch.plan import Plan, first_difference, load_plan, make_plan
from cleaner.batch.run_memory import counted, extend, remember, snapshot
from cleaner.batch.shard import WORK, Outcome, finished, index_lines
from cleaner.batch.shard_tasks import (
    Context,
    clean_shard,
    count_shard,
    counted_parts,
    identify_shard,
    is_damaged,
    outcome_of,
    repeated_ids,
    seen_before,
)
from cleaner.batch.tally import PROGRESS, Progress, Tally
from cleaner.engines import Crew, Engine, EngineError, ShardFunction, Task
from cleaner.engines.select import THIS_MACHINE, EngineName, Machinery, make_engine
from cleaner.memory.partial_counts import PartError
from cleaner.memory.store import Memory, MemoryFileError
from cleaner.pipeline import VERSION, Cleaner
from cleaner.readers import DEFAULT_MAX_BYTES, Failure, Reading, Skipped, discover, input_folder, read
from cleaner.storage.object_store import Place, RemoteFile, StoreError
from cleaner.versions import versions

__all__ = ["SHARD_SIZE", "BatchError", "BatchSettings", "dry_run", "run_batch"]

#: Documents per shard: a segment of some 4 MB, a few seconds of work to lose.
SHARD_SIZE = 1000
#: Seconds between two notes of how far a run is, for `cleancopy status`.
NOTE_EVERY = 2.0


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """Where a run writes and how; `clock` is read once, by the caller, so that a run can be repeated to the byte."""

    out: Place
    clock: datetime  # aware; a run that goes on keeps the one it began with
    pinned: bool = False  # the clock was given, not read: an earlier run with another one is another run
    shard_size: int = SHARD_SIZE  # documents
    max_bytes: int = DEFAULT_MAX_BYTES  # per document
    with_removed: bool = False  # rows carry the removed text
    copy_originals: bool = False  # records of WARC inputs into segments of their own
    fresh: bool = False  # remove the outputs of an earlier run first
    check: bool = False  # verify the shards of an earlier run, and do the damaged ones again
    machinery: Machinery = THIS_MACHINE  # which engine
    workers: int = 1
    timeout: float | None = None  # seconds per document; with one worker and none all is done in this process
    count: bool = True  # count first what sources repeat, beside what the cleaner's memory knows already
    attempt: str = field(default_factory=lambda: uuid4().hex)  # names this run towards others; no output holds it
    update_memory: Path | None = None  # a memory file that gets what was counted, at the end; made if it is not there


def run_batch(inputs: Sequence[Place], cleaner: Cleaner, settings: BatchSettings, progress: Progress) -> Accounts:
    """Cleans all inputs into `settings.out`, or what an earlier run left undone; a complete run is left as it is.

    The bytes written depend on inputs, configuration and clock alone, not on the workers. `progress` is called often.
    Raises BatchError when OUT is not free or cannot be written, readers.InputError for inputs that cannot be used.
    With workers or a time limit processes are spawned: a script that calls this needs `if __name__ == "__main__"`.
    """
    with told(settings):
        discover(inputs, exclude=settings.out)  # inputs that cannot be used are refused before OUT is touched
        home = home_of(settings.out, settings.attempt)
        crew = Crew(settings.workers, settings.timeout, home.locks)
        with home.hold(), make_engine(settings.machinery, crew) as engine:
            return _Run(begin(inputs, cleaner, settings, home), engine, progress).complete()


@contextmanager
def told(settings: BatchSettings) -> Iterator[None]:
    """What ends a run is a BatchError that says how to go on."""
    try:
        yield
    except OSError as error:
        raise BatchError(_broken_off(settings, error)) from error
    except (EngineError, StoreError, PartError) as error:
        raise BatchError(str(error)) from error
    except MemoryFileError as error:
        raise BatchError(f"{error}; {_THEN}") from error


def dry_run(
    inputs: Sequence[Place], cleaner: Cleaner, max_bytes: int, progress: Progress, *, count: bool = True
) -> Accounts:
    """Cleans and counts all inputs, and writes nothing. Raises readers.InputError, MemoryFileError."""
    accounts, tally, folder = Accounts(), Tally(), input_folder(inputs)
    with TemporaryDirectory() as scratch:
        if count:
            readings = (reading for _, reading in _readings(inputs, max_bytes) if isinstance(reading, Reading))
            documents = (each.document for each in readings if each.document and cleaner.asks_memory(each.document))
            cleaner = cleaner.with_memory(counted(documents, folder, Path(scratch), _given(cleaner)))
        seen: set[str] = set()
        container: Path | RemoteFile | None = None
        for path, reading in _readings(inputs, max_bytes):
            if isinstance(reading, Skipped):
                accounts.skipped[reading.reason] += 1
                continue
            if path != container:  # ids are unique within a file
                container, seen = path, set()
            accounts.count(unique_outcome(reading, cleaner, seen, folder))
            tally.show(accounts)
            progress(tally)
        if (memory := _given(cleaner)) and count:
            memory.close()  # Windows removes no open file
    return accounts


def _readings(inputs: Sequence[Place], max_bytes: int) -> Iterator[tuple[Path | RemoteFile | None, Reading | Skipped]]:
    """Every reading with the file that it is from."""
    for found in discover(inputs):
        if isinstance(found, Skipped):
            yield None, found
        elif isinstance(found, Failure):
            yield None, Reading(None, None, found)
        else:
            for reading in read(found, max_bytes=max_bytes):
                yield found.path, reading


def _given(cleaner: Cleaner) -> Memory | None:
    """The memory file that a cleaner was given."""
    return cleaner.memory if isinstance(cleaner.memory, Memory) else None


def unique_outcome(reading: Reading, cleaner: Cleaner, seen: set[str], folder: str = "") -> Outcome:
    """The cleaned document of a reading, or why there is none; an id that was there before is a failure."""
    if reading.document is not None:
        if reading.document.id in seen:
            return seen_before(reading)
        seen.add(reading.document.id)
    return outcome_of(reading, cleaner, folder)


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that may begin or go on: its context, its plan, what its run.json says now."""

    context: Context
    plan: Plan
    report: dict[str, Any]
    settings: BatchSettings
    home: Home


def begin(inputs: Sequence[Place], cleaner: Cleaner, settings: BatchSettings, home: Home) -> Begun:
    """Makes sure that OUT holds this run or none, plans it, and says so in run.json. Raises BatchError, OSError.

    OUT is held by the caller (`home.hold`).
    """
    out = home.out
    if settings.fresh:
        home.clear()
    earlier = read_report(out)
    if earlier is None and (names := taken(out)):
        raise BatchError(f"{settings.out} holds {', '.join(names)}, and no run of ours; choose another folder")
    wanted = _head(cleaner, settings)
    clock = _clock_of(earlier, wanted, settings) if earlier else settings.clock
    draft, path = out / WORK / "plan.new", out / WORK / "plan"
    plan = make_plan(inputs, settings.out, draft, size=settings.shard_size, max_bytes=settings.max_bytes)
    if earlier and earlier.get("inputs") != plan.digest:
        raise BatchError(_other_run(settings.out, _other_inputs(path, plan)))
    draft.replace(path)
    plan.path = path
    home.save(f"{WORK}/plan")
    for name in FOLDERS:
        if name != COPIES_FOLDER or settings.copy_originals:
            (out / name).mkdir(parents=True, exist_ok=True)
    if earlier is None:
        wanted |= {"inputs": plan.digest, "shards": len(plan)}
        write_report(out, wanted)
        home.save("run.json")
    return Begun(_context(cleaner, settings, plan, clock, home), plan, earlier or wanted, settings, home)


def going_on(cleaner: Cleaner, settings: BatchSettings, home: Home) -> Begun | None:
    """The run that `begin` began, as another process sees it; None when it is complete. Raises BatchError, OSError."""
    report, path = read_report(home.out), home.out / WORK / "plan"
    if report is None or not (report["complete"] or path.exists()):
        raise BatchError(f"{settings.out} holds no run that has begun; plan it first")
    clock = _clock_of(report, _head(cleaner, settings), settings)
    if report["complete"]:
        return None
    plan = load_plan(path)
    return Begun(_context(cleaner, settings, plan, clock, home), plan, report, settings, home)


def _context(cleaner: Cleaner, settings: BatchSettings, plan: Plan, clock: datetime, home: Home) -> Context:
    return Context(
        home.out, plan.path, clock, settings.max_bytes, settings.with_removed, cleaner, settings.copy_originals,
        plan.folder, plan.roots, versions(),
    )  # fmt: skip


def _clock_of(earlier: dict[str, Any], wanted: dict[str, Any], settings: BatchSettings) -> datetime:
    """The clock of an earlier run that this one goes on with. Raises BatchError when it is another run."""
    if why := difference(earlier, wanted):
        raise BatchError(_other_run(settings.out, why))
    clock = parsed_clock(earlier)
    if settings.pinned and warc_date(clock) != warc_date(settings.clock):
        raise BatchError(_other_run(settings.out, f"another clock ({warc_date(clock)})"))
    return clock


def _other_inputs(path: Path, plan: Plan) -> str:
    """Says so, with the name of the first one as long as there is a plan to compare with; removes the new plan."""
    try:
        named = first_difference(path, plan.path)
    except OSError:  # the run is complete
        named = ""
    plan.path.unlink()
    return "other inputs, or they have changed since" + (f" (the first is {named})" if named else "")


def _other_run(out: Place, why: str) -> str:
    return f"{out} already holds a run with {why}; choose another folder, or give --fresh to replace that run"


class _Run:
    """One run while it is carried out: phases over the shards, and how far they are."""

    def __init__(self, begun: Begun, engine: Engine, progress: Progress) -> None:
        self._begun = begun
        self._context, self._plan, self._report = begun.context, begun.plan, begun.report
        self._settings, self._home = begun.settings, begun.home
        self._engine, self._progress = engine, progress
        self._tally = Tally(total=begun.plan.documents)
        self._noted = 0.0

    def complete(self) -> Accounts:
        """Carries out all phases, closes the run, and gives its counts."""
        was_complete = self._report["complete"]
        damaged = self._damaged() if self._settings.check else frozenset()
        if was_complete and not damaged:
            self._home.clear_work()
            return Accounts.from_report(self._report)
        if self._plan.shared:
            for _ in self._phase("reading ids", identify_shard, self._tasks()):
                pass
            repeated_ids(self._context, self._plan)
            self._home.save(f"{WORK}/*.repeated")
        if self._settings.count:
            self._remember()
        todo = self._only(damaged) if was_complete else self._undone()
        for accounts in self._phase("cleaning", clean_shard, todo):
            self._tally.add(accounts)
        if was_complete:
            self._home.clear_work()
            return Accounts.from_report(self._report)
        return close(replace(self._begun, context=self._context))

    def _remember(self) -> None:
        """The first of two passes: counts what sources repeat, unless an earlier attempt has."""
        memory = snapshot(self._context.out)
        if memory is None:
            for documents in self._phase("counting", count_shard, self._tasks()):
                self._tally.count(documents)
            memory = merge_counts(self._context, self._plan)
            self._home.save(MEMORY)
            self._tally.restart()
        self._context = replace(self._context, cleaner=self._context.cleaner.with_memory(memory))

    def _phase(self, name: str, function: ShardFunction, tasks: Iterator[Task]) -> Iterator[Any]:
        """The results of a function over shards; shards that were in work when it broke off leave nothing behind."""
        self._tally.phase = name
        in_work: set[int] = set()
        try:
            remade, context = self._home.phase(function, self._context)
            for task, result in self._engine.run(remade, context, _noting(tasks, in_work), self._watch):
                in_work.discard(task.number)
                yield result
            self._home.gather()
        except BaseException:
            self._engine.__exit__()
            if function is clean_shard:
                for number in in_work:
                    if not finished(self._context.places(number)):
                        self._context.places(number).discard()
            raise

    def _tasks(self) -> Iterator[Task]:
        return (Task(shard.number, shard) for shard in self._plan.shards())

    def _only(self, numbers: frozenset[int]) -> Iterator[Task]:
        return (task for task in self._tasks() if task.number in numbers)

    def _undone(self) -> Iterator[Task]:
        """The shards that are still to be done; what the others counted is told on the way."""
        for task in self._tasks():
            if accounts := finished(self._context.places(task.number)):
                self._tally.add(accounts)
                self._tally.resumed += accounts.documents
            else:
                yield task

    def _damaged(self) -> frozenset[int]:
        """Shards of an earlier run that do not hold what they held when they were sealed; their files are removed."""
        complete = self._report["complete"]
        tasks = (task for task in self._tasks() if complete or finished(self._context.places(task.number)))
        found = frozenset(number for number in self._phase("verifying", is_damaged, tasks) if number is not None)
        for number in found:
            self._home.discard(self._context.places(number))
        return found

    def _watch(self, counters: Sequence[int]) -> None:
        self._tally.show_live(counters)
        self._progress(self._tally)
        self._home.check()
        now = time.monotonic()
        if now - self._noted > NOTE_EVERY:
            self._noted = now
            write_atomically(
                self._context.out / WORK / PROGRESS, [json.dumps(self._tally.to_values()).encode()], sync=False
            )
            self._home.save(f"{WORK}/{PROGRESS}")


def merge_counts(context: Context, plan: Plan) -> Memory:
    """The memory of a run, from what was counted in all its shards. Raises OSError, PartError, MemoryFileError."""
    parts = counted_parts(context, plan)
    memory = remember(parts, _given(context.cleaner), context.out)
    for part in parts:
        part.close()
    return memory


def close(begun: Begun) -> Accounts:
    """Adds the shards up, in their order, and writes index and run.json; the run's cleaner has its memory by now.

    Raises BatchError, OSError, PartError, MemoryFileError.
    """
    context, plan, out = begun.context, begun.plan, begun.context.out
    accounts = Accounts(skipped=plan.skipped)
    for shard in plan.shards():
        done = finished(context.places(shard.number))
        if done is None:
            at = begun.settings.out
            raise BatchError(f"shard {shard.number} is still to be cleaned, or has vanished from {at}; do that again")
        accounts.merge(done)
    places = map(context.places, range(len(plan)))
    write_index(out / "index.cdxj", chain.from_iterable(map(index_lines, places)), folder=out / WORK)
    if begun.settings.update_memory:
        parts = counted_parts(context, plan)
        extend(begun.settings.update_memory, parts)
        for part in parts:
            part.close()  # Windows removes no open file
    decided = {"memory": memory.digest if (memory := context.cleaner.memory) else None}
    decided["digest"] = context.cleaner.fingerprint()
    write_report(out, {**begun.report, **decided, "complete": True, **_results(accounts)})
    begun.home.save("index.cdxj", "run.json")
    begun.home.clear_work()
    return accounts


def _noting(tasks: Iterator[Task], numbers: set[int]) -> Iterator[Task]:
    for task in tasks:
        numbers.add(task.number)
        yield task


def _head(cleaner: Cleaner, settings: BatchSettings) -> dict[str, Any]:
    """What run.json says from the start: all that decides the output besides the inputs."""
    return {
        "schema": SCHEMA,
        "cleancopy": VERSION,
        "complete": False,
        "clock": warc_date(settings.clock),
        "configuration": {
            **cleaner.configuration(),
            "shard-size": settings.shard_size,
            "max-bytes": settings.max_bytes,
            "with-removed": settings.with_removed,
            "copy-originals": settings.copy_originals,
            "counting": settings.count,
        },
        "digest": cleaner.fingerprint(),
        "versions": dict(versions()),
    }


def _results(accounts: Accounts) -> dict[str, Any]:
    """What run.json says at the end."""
    failures = [{"path": each.locator, "row": each.row, "what": each.what, "do": each.do} for each in accounts.failures]
    return {"counts": accounts.as_dict(), "failures": failures}


_THEN = "then run the same command again: it goes on from there"


def _broken_off(settings: BatchSettings, error: OSError) -> str:
    out = settings.out
    if error.errno == errno.ENOENT and settings.machinery.name is not EngineName.LOCAL:
        return f"{out}: a worker does not see it ({error}); give a folder that all nodes share, or a URL, {_THEN}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{out}: the disk is full; free some space, {_THEN}"
    return f"{out}: cannot be written ({error.strerror or error}); mend that, {_THEN}"
