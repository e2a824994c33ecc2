"""The engine for a Ray cluster: Ray Data places workers and shards, and does again what a node took with it.

Each of its actors is the parent of one process of the local engine, so that time limits and deaths of documents are
what they are on one machine. Needs Ray (the extra `ray`); importing this module without it raises ImportError.
"""

from __future__ import annotations

import logging
import math
import os
import pickle
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from queue import Empty, SimpleQueue
from typing import Any, Self

import ray
import ray.data
import ray.exceptions

from cleaner.engines import COUNTERS, EngineError, ShardFunction, Task, Watch, WorkerPool
from cleaner.engines.local import HANDED_ON, MOST_DEATHS, POLL, LocalEngine

#: What a shard goes through Ray Data as: a block of one row. With more shards than this a block holds several, since
#: Ray keeps books of every block in the memory of one process.
MOST_BLOCKS = 20_000
#: Shards that an actor is given at a time: the next one is there when one is done, and no more wait in the wrong place.
IN_FLIGHT = 2
#: Seconds between two messages of a worker about how far it is; a thousand workers then send a thousand a second.
TELL_EVERY = 1.0
#: Seconds that the driver waits for figures before it looks for results again.
PATIENCE = 5.0
LOCAL = "local"
_LOGGER = logging.getLogger("ray.data")


class RayEngine:
    """Runs phases on a Ray cluster; see `engines.Engine`.

    `address`: "local" starts Ray on this machine, for as long as the run lasts; "auto" finds the cluster that this
    machine belongs to; else that of a cluster. Connects when it is entered; raises EngineError when none answers.
    """

    def __init__(self, pool: WorkerPool, address: str) -> None:
        self._pool, self._address = pool, address
        self._ours, self._level = False, logging.NOTSET
        self._watchman: Any = None

    def __enter__(self) -> Self:
        if self._address.startswith("ray://"):
            raise EngineError(
                f"{self._address}: Ray Data does not run through Ray Client; run this on a node of the cluster "
                "with --ray-address auto, or by `ray job submit`"
            )
        self._ours = not ray.is_initialized()
        self._level = _LOGGER.level
        _LOGGER.setLevel(logging.ERROR)
        if self._ours:
            _connect(self._address, self._pool.workers)
        if not self._pool.workers:
            self._pool = replace(self._pool, workers=max(1, int(ray.cluster_resources().get("CPU", 1))))
        forever = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1}  # what it forgets does no harm
        self._watchman = ray.remote(**forever)(Watchman).remote()
        return self

    def __exit__(self, *_: object) -> None:
        """All actors of a job end with its driver's connection; where Ray was there before us, with their watchman."""
        if self._watchman is None:
            return
        _LOGGER.setLevel(logging.CRITICAL)  # it would report every actor that ends with us
        if self._ours:
            ray.shutdown()
        else:
            ray.kill(self._watchman)
        _LOGGER.setLevel(self._level)
        self._watchman = None

    def run(
        self, function: ShardFunction, context: Any, tasks: Iterable[Task], watch: Watch
    ) -> Iterator[tuple[Task, Any]]:
        """See `engines.Engine.run`."""
        rows = [{"task": pickle.dumps(task)} for task in tasks]
        if rows:
            results = self._results(rows, pickle.dumps((function, context)))
            yield from _watched(results, lambda: watch(self._sums()))

    def _results(self, rows: Sequence[Mapping[str, bytes]], phase: bytes) -> SimpleQueue[Any]:
        """A queue that a thread fills with results, then with None or the error that ended it all."""
        workers = max(1, min(self._pool.workers, len(rows)))
        actors = ray.data.ActorPoolStrategy(
            min_size=1, initial_size=_at_once(workers), max_size=workers, max_tasks_in_flight_per_actor=IN_FLIGHT
        )
        results = ray.data.from_items(list(rows), override_num_blocks=min(len(rows), MOST_BLOCKS)).map_batches(
            Supervisor,
            fn_constructor_args=(phase, self._pool, self._watchman),
            batch_size=1,
            compute=actors,
            num_cpus=1,
        )
        queue: SimpleQueue[Any] = SimpleQueue()
        threading.Thread(target=_collect, args=(results, queue), daemon=True).start()
        return queue

    def _sums(self) -> Sequence[int]:
        try:
            sums: Sequence[int] = ray.get(self._watchman.sums.remote(), timeout=PATIENCE)
        except ray.exceptions.RayError:  # it is being started, or again: no figures for a while
            return [0] * COUNTERS
        return sums


class Watchman:
    """An actor that knows how far every worker is, and how often each shard was begun."""

    def __init__(self) -> None:
        self._counters: dict[str, Sequence[int]] = {}
        self._begun: Counter[tuple[str, int]] = Counter()

    def begin(self, phase: str, number: int) -> int:
        """How many times a worker has begun with this shard, this time included."""
        self._begun[phase, number] += 1
        return self._begun[phase, number]

    def end(self, phase: str, number: int, worker: str) -> None:
        """A shard is done, or has failed for good."""
        self._begun.pop((phase, number), None)
        self._counters.pop(worker, None)

    def show(self, worker: str, counters: Sequence[int]) -> None:
        """A worker is as far as this with its shard."""
        self._counters[worker] = counters

    def sums(self) -> list[int]:
        """The sums of the counters of all workers."""
        return [sum(counts) for counts in zip(*self._counters.values(), strict=True)] or [0] * COUNTERS


class Supervisor:
    """What Ray Data makes an actor of: it hands shards to a process of its own, and tells the watchman.

    A batch is one shard. What ends the run comes back as a result, because Ray would wrap it in errors of its own.
    """

    def __init__(self, phase: bytes, pool: WorkerPool, watchman: Any) -> None:
        self._phase, self._watchman = phase, watchman
        self.digest = blake2b(phase).hexdigest()
        self._name = f"{socket.gethostname()}-{os.getpid()}"
        timeout = pool.timeout or math.inf  # even without a limit a process of its own: documents may kill it
        self._engine = LocalEngine(replace(pool, workers=1, timeout=timeout, name=f"{self._name}-"))
        self._told = 0.0

    def __call__(self, batch: Mapping[str, Sequence[bytes]]) -> dict[str, list[bytes]]:
        """The results of the shards of a batch."""
        return {"result": [pickle.dumps(self._done(pickle.loads(task))) for task in batch["task"]]}

    def _done(self, task: Task) -> tuple[Task, object]:
        begun = ray.get(self._watchman.begin.remote(self.digest, task.number))
        if begun > MOST_DEATHS:
            return task, EngineError(
                f"the workers of shard {task.number} keep dying with their Ray actors; look in Ray's logs for what "
                "ends them, such as too little memory on a node, then run the same command again"
            )
        try:
            [(_, result)] = self._engine.run_pickled(self._phase, iter([task]), self._show)
        except HANDED_ON as error:
            result = error
        ray.get(self._watchman.end.remote(self.digest, task.number, self._name))
        return task, result

    def _show(self, counters: Sequence[int]) -> None:
        if time.monotonic() - self._told > TELL_EVERY:
            self._told = time.monotonic()
            self._watchman.show.remote(self._name, counters)


def _connect(address: str, workers: int) -> None:
    """Joins the cluster. Raises EngineError."""
    try:
        if address == LOCAL:
            ray.init(address=LOCAL, num_cpus=workers or None, include_dashboard=False, logging_level=logging.ERROR)
        else:
            _knock(address)
            ray.init(address=address, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        raise EngineError(
            f"no Ray cluster answers at {address} ({error}); start one with `ray start --head`, "
            "name it with --ray-address, or give --ray-address local"
        ) from error
    ray.data.DataContext.get_current().enable_progress_bars = False


def _knock(address: str) -> None:
    """Raises OSError when nobody listens at `host:port`; Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()


def _at_once(workers: int) -> int:
    """How many actors to begin with: as many as are wanted and have a core now; more begin when cores are free."""
    return max(1, min(workers, int(ray.available_resources().get("CPU", 1))))


def _collect(results: Any, queue: SimpleQueue[Any]) -> None:
    ended: BaseException | None = EngineError("Ray ended by an error that is not its own; see above, and its logs")
    try:
        for batch in results.iter_batches(batch_size=None, prefetch_batches=0):
            for result in batch["result"]:
                queue.put(result)
        ended = None
    except (ray.exceptions.RayError, OSError) as error:
        ended = EngineError(f"Ray gave up: {error}; run the same command again: it goes on from there")
    finally:
        queue.put(ended)


def _watched(results: SimpleQueue[Any], watch: Any) -> Iterator[tuple[Task, object]]:
    """The results as they come; figures in between. Raises what a function raised."""
    watched = time.monotonic()
    while True:
        with suppress(Empty):
            answer = results.get(timeout=POLL)
            if answer is None:
                return
            if isinstance(answer, BaseException):
                raise answer
            task, result = pickle.loads(answer)
            if isinstance(result, BaseException):
                raise result
            yield task, result
        if time.monotonic() - watched > POLL:
            watch()
            watched = time.monotonic()
