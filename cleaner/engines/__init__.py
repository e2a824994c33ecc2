"""Engines carry out a function over the shards of a run, each engine in its own place, all with the same results.

A phase of a run is a picklable function `function(context, task, heartbeat) -> result`. An engine knows nothing of
cleaning: it hands out tasks, watches over the documents in work, and gives the results as they come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self

from cleaner.time_limit import TimeBudget, limited

#: Counters that a worker shows while it works on a task; what each means is the function's to say.
COUNTERS = 40


def over_time(seconds: float) -> str:
    """What is said of a document that took longer than this."""
    return f"timeout: took more than {seconds:g} seconds"


class EngineError(Exception):
    """The work cannot go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Task:
    """The work on one shard."""

    number: int
    work: Any = None  # picklable
    excused: tuple[tuple[int, str], ...] = ()  # documents (place in the shard, from 0) not to be worked on, and why

    def excusing(self, document: int, why: str) -> Task:
        """The same work without that document; one that is named twice is not to be read either."""
        return replace(self, excused=(*self.excused, (document, why)))


class Heartbeat:
    """How a function tells which document it works on, and what it has counted so far.

    `cells` may be memory shared with a process that watches: cell 0 holds the document's place in the shard plus
    one (0: none, so that no time limit runs), cell 1 how many were begun, the others the counters.
    """

    __slots__ = ("_after", "_limit", "cells")

    def __init__(
        self, cells: Any = None, after: Callable[[], None] = lambda: None, *, limit: float | None = None
    ) -> None:
        """limit: seconds for one document, which `limited` keeps."""
        self.cells = [0] * (COUNTERS + 2) if cells is None else cells
        self._after, self._limit = after, limit

    def begin(self, document: int) -> None:
        """Work on this document of the shard begins."""
        self.cells[1] += 1
        self.cells[0] = document + 1

    def limited(self) -> AbstractContextManager[None]:
        """What happens inside, on one document, raises OverTimeError when it takes longer than the run allows."""
        return limited(self._limit)

    def budget(self) -> TimeBudget:
        """The same limit for each of several documents whose work takes turns."""
        return TimeBudget(self._limit)

    @property
    def over_time(self) -> str:
        """What is said of a document that took longer."""
        return over_time(self._limit or 0)

    def pause(self) -> None:
        """What follows, such as writing, is not the document's fault: no time limit."""
        self.cells[0] = 0

    @contextmanager
    def away(self) -> Iterator[None]:
        """What happens inside, such as waiting for a store, takes none of the document's time."""
        document, self.cells[0] = self.cells[0], 0
        try:
            yield
        finally:
            self.cells[0] = document

    def rest(self) -> None:
        """Work on the document is over."""
        self.cells[0] = 0
        self._after()

    def add(self, counter: int, count: int) -> None:
        """Adds to one of the counters."""
        self.cells[counter + 2] += count

    def clear(self) -> None:
        """All counters to zero: what they said is in a result now."""
        self.cells[:] = [0] * len(self.cells)


class ShardFunction(Protocol):
    """One phase of the work on a shard; picklable, so a function of a module."""

    def __call__(self, context: Any, task: Task, heartbeat: Heartbeat) -> object:
        """The result for a task; raises OSError and EngineError for what ends the run."""
        ...


@dataclass(frozen=True, slots=True)
class WorkerPool:
    """Who does the work: one worker without a time limit works in this very process."""

    workers: int = 1  # 0: as many as a cluster has cores
    timeout: float | None = None  # seconds for one document
    locks: Path | None = None  # folder for one lock for each worker process, held as long as it lives
    name: str = ""  # begins the names of these locks, where there are other crews


Watch = Callable[[Sequence[int]], None]


class Engine(Protocol):
    """A context manager; leaving it ends all work."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def run(
        self, function: ShardFunction, context: Any, tasks: Iterable[Task], watch: Watch
    ) -> Iterator[tuple[Task, Any]]:
        """Results with their tasks, as they come; `watch` gets the sums of the counters of all work in progress.

        Raises what the function raises (OSError and errors of its own), and EngineError.
        """
        ...
