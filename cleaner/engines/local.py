"""The engine for one machine: processes that are started once and given one shard at a time.

The parent watches from outside, so that a document that hangs, also inside a C function that never gives the
interpreter back, ends with its process: the shard is done again without it. A process that the system kills costs
its shard one more try; a document at which it died twice is left out and named. Workers end with their parent.
"""

from __future__ import annotations

import gc
import math
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import Any, Self

from filelock import FileLock
from threadpoolctl import threadpool_limits

from cleaner.engines import EngineError, Heartbeat, ShardFunction, Task, Watch, WorkerPool, over_time
from cleaner.storage.object_store import StoreError

#: Seconds between two looks at the workers; also how exactly a time limit is kept.
POLL = 0.2
#: Seconds beyond the time limit until the parent ends a worker that does not do it itself: one in a C function.
GRACE = 1.0
#: Deaths of a shard's workers at different documents before the machine is held to be at fault.
MOST_DEATHS = 5
#: Errors of a function that end the run: the parent raises them. Any other is a document's fault and ends the process.
HANDED_ON = (OSError, EngineError, StoreError)


class LocalEngine:
    """Runs phases on this machine; see `engines.Engine`."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def run(
        self, function: ShardFunction, context: Any, tasks: Iterable[Task], watch: Watch
    ) -> Iterator[tuple[Task, Any]]:
        """See `engines.Engine.run`."""
        if self._pool.workers == 1 and self._pool.timeout is None:
            return _run_here(function, context, tasks, watch)
        return self.run_pickled(pickle.dumps((function, context)), iter(tasks), watch)

    def run_pickled(self, phase: bytes, tasks: Iterator[Task], watch: Watch) -> Iterator[tuple[Task, object]]:
        """The same with function and context as the workers get them, which need not be unpacked here."""
        again, waiting = deque[Task](), deque[Task]()
        deaths: dict[int, list[int]] = {}
        while True:
            while (again or _has_more(waiting, tasks)) and (worker := self._free()):
                worker.give(phase, again.popleft() if again else waiting.popleft())
            busy = [worker for worker in self._workers if worker.task]
            if not busy:
                return
            connection.wait([sign for worker in busy for sign in (worker.pipe, worker.process.sentinel)], POLL)
            for worker in busy:
                task = worker.task
                assert task is not None, "it is busy"
                if answer := worker.answer():
                    deaths.pop(task.number, None)
                    if isinstance(answer[0], BaseException):
                        raise answer[0]
                    yield task, answer[0]
                elif not worker.alive:
                    if not worker.began and (worker.process.exitcode or 0) >= 0:  # it was not ended from outside
                        raise EngineError(_CANNOT_BEGIN.format(_death(worker)))
                    again.append(_after_death(task, worker, deaths.setdefault(task.number, [])))
                    self._replace(worker)
                elif self._pool.timeout and worker.seconds > self._pool.timeout + GRACE:
                    again.append(_after_timeout(task, worker, self._pool.timeout))
                    self._replace(worker)
            watch([sum(counts) for counts in zip(*(worker.cells[2:] for worker in self._workers), strict=True)])

    def _free(self) -> _Worker | None:
        """A worker without a task, a new one as long as there may be more; None when all are busy.

        The first one has to be at work before there is a second: what keeps it from beginning is then said once.
        """
        if free := next((worker for worker in self._workers if not worker.task), None):
            return free
        if len(self._workers) >= self._pool.workers or (self._workers and not any(w.began for w in self._workers)):
            return None
        with _deaf_to_interrupts():
            worker = _Worker.start(len(self._workers), self._pool)
            self._workers.append(worker)
        return worker

    def _replace(self, worker: _Worker) -> None:
        worker.kill()
        with _deaf_to_interrupts():
            self._workers[worker.slot] = _Worker.start(worker.slot, self._pool)


def _run_here(
    function: ShardFunction, context: Any, tasks: Iterable[Task], watch: Watch
) -> Iterator[tuple[Task, object]]:
    heartbeat = Heartbeat(after=lambda: watch(heartbeat.cells[2:]))
    for task in tasks:
        result = function(context, task, heartbeat)
        heartbeat.clear()
        yield task, result


def _after_timeout(task: Task, worker: _Worker, timeout: float) -> Task:
    """The task once more, without the document that hung; with all of them if that was over at the last moment."""
    hung = worker.seen
    worker.kill()
    if worker.look() != hung:
        return task
    return _excused(task, hung[0] - 1, over_time(timeout))


def _has_more(waiting: deque[Task], tasks: Iterator[Task]) -> bool:
    """Whether a task waits; the next one is fetched only when it can be given out."""
    if not waiting and (task := next(tasks, None)) is not None:
        waiting.append(task)
    return bool(waiting)


_CANNOT_BEGIN = (
    "a worker process cannot begin ({}; what it printed stands above). In a script of yours, the call belongs under "
    '`if __name__ == "__main__":`, in a file; --workers 1 --timeout 0 works without further processes'
)


def _death(worker: _Worker) -> str:
    code = worker.process.exitcode
    return f"signal {-code}" if code and code < 0 else f"exit code {code}"


def _after_death(task: Task, worker: _Worker, deaths: list[int]) -> Task:
    """The task once more; without the document in work when a worker died at it before."""
    document, said = worker.document, _death(worker)
    blamed = document >= 0 and document in deaths
    deaths.append(document)
    if blamed:
        return _excused(task, document, f"its worker died twice ({said}), perhaps for want of memory")
    if len(deaths) > MOST_DEATHS:
        raise EngineError(
            f"the workers of shard {task.number} keep dying ({said}); look for what ends them, "
            "such as too little memory, then run the same command again"
        )
    return task


def _excused(task: Task, document: int, why: str) -> Task:
    if sum(document == excused for excused, _ in task.excused) > 1:
        raise EngineError(
            f"document {document + 1} of shard {task.number} ends its worker even unread ({why}); "
            "leave it out, then run again with --fresh"
        )
    return task.excusing(document, why)


@dataclass(slots=True)
class _Worker:
    """A worker process as the parent sees it."""

    slot: int
    process: BaseProcess
    pipe: connection.Connection
    cells: Any  # shared with the process
    ready: Any  # also: not 0 once it works
    task: Task | None = None
    _phase: bytes = b""
    seen: tuple[int, int] = (0, 0)  # when it was last looked at: the document in work plus one, how many were begun
    _since: float = field(default_factory=time.monotonic)

    @classmethod
    def start(cls, slot: int, pool: WorkerPool) -> _Worker:
        """A new process. Spawned, never forked: the same on all systems, and nothing is inherited by chance."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        cells, ready = context.RawArray("q", len(Heartbeat().cells)), context.RawValue("b", 0)
        lock = None if pool.locks is None else str(pool.locks / f"worker-{pool.name}{slot}.lock")
        process = context.Process(target=_work, args=(theirs, cells, ready, lock, pool.timeout), daemon=True)
        process.start()
        theirs.close()
        return cls(slot, process, ours, cells, ready)

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    @property
    def document(self) -> int:
        """The document in work, -1 for none."""
        return int(self.cells[0]) - 1

    @property
    def seconds(self) -> float:
        """How long the document has been seen in work, by the parent's own steady clock."""
        now, seen = time.monotonic(), self.look()
        if seen != self.seen or seen[0] == 0:
            self.seen, self._since = seen, now
        return now - self._since

    def look(self) -> tuple[int, int]:
        """The document in work plus one, and how many were begun."""
        return int(self.cells[0]), int(self.cells[1])

    @property
    def began(self) -> bool:
        """Whether it has unpacked what it is to do, so that it can work."""
        return bool(self.ready.value)

    def give(self, phase: bytes, task: Task) -> None:
        """Sends a task, and the phase it belongs to when that is a new one."""
        with suppress(OSError):  # it has died meanwhile, which is noticed soon
            self.pipe.send((phase if phase != self._phase else None, task))
        self._phase, self.task = phase, task

    def answer(self) -> tuple[Any] | None:
        """The result of the task or the error it ended with, if there is one."""
        try:
            if not self.pipe.poll():
                return None
            answer = self.pipe.recv()
        except (EOFError, OSError):
            return None
        self.task = None
        return (answer,)

    def kill(self) -> None:
        """Ends the process, whatever it does; may be called again."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """A process started inside never sees Ctrl-C, not even while it imports; ours comes afterwards (not on Windows).

    Whoever starts one also notes it inside: an interrupt must not leave a process that nobody ends.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # the first process that is spawned starts it, and it then lets signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: connection.Connection, cells: Any, ready: Any, lock: str | None, timeout: float | None) -> None:
    """The life of a worker process: tasks in, results out, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    tasks: SimpleQueue[tuple[bytes | None, Task]] = SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, tasks), daemon=True).start()
    held = FileLock(lock) if lock else None  # tells a later run that we still write
    if held:
        held.acquire()
    threadpool_limits(1, user_api="blas")  # a document's matrices are small: more threads only wait for each other
    limit = None if timeout == math.inf else timeout
    heartbeat, function, context = Heartbeat(cells, limit=limit), None, None
    while True:
        phase, task = tasks.get()
        if phase is not None:
            function, context = pickle.loads(phase)
            gc.freeze()  # models and tables are never garbage: the collector need not look at them for each document
        ready.value = 1
        heartbeat.clear()
        try:
            result = function(context, task, heartbeat)  # type: ignore[misc]
        except HANDED_ON as error:
            result = error
        heartbeat.clear()
        try:
            pipe.send(result)
        except OSError:
            _leave()


def _receive(pipe: connection.Connection, tasks: SimpleQueue[tuple[bytes | None, Task]]) -> None:
    """Passes on what the parent sends; when it is gone, so are we, whatever is in work."""
    while True:
        try:
            tasks.put(pipe.recv())
        except (EOFError, OSError):
            _leave()


def _leave() -> None:
    sys.stderr.flush()
    os._exit(1)
