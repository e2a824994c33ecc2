"""Where a run lives: in a folder, or in an object store of which this process holds a copy of what it needs itself.

Both are written as a folder `out`; `save` and `gather` carry what a store has to get and what its workers put there.
Of rows and segments, which only workers need, the copy holds empty files: their names say what is done.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from archive.checking.originals import COPIES_FOLDER
from cleaner.batch import output_folder as run_folder
from cleaner.batch.output_folder import FILES, FOLDERS, MEMORY
from cleaner.batch.remote_tasks import RemoteContext, carry_out
from cleaner.batch.shard import WORK, Places
from cleaner.batch.shard_tasks import Context
from cleaner.batch.tally import PROGRESS
from cleaner.engines import ShardFunction
from cleaner.memory.store import Memory
from cleaner.storage import store_lock as leases
from cleaner.storage.object_store import Place, Store
from cleaner.storage.scratch import scratch_folder, sweep

#: A memory file that the run was given, where workers find it.
GIVEN = f"{WORK}/given.sqlite"


class Home(Protocol):
    """Where a run lives. Methods raise OSError, or StoreError for a store."""

    @property
    def out(self) -> Path:
        """The folder that this process reads and writes."""
        ...

    @property
    def locks(self) -> Path | None:
        """A folder where workers hold locks that say that they live."""
        ...

    def hold(self) -> AbstractContextManager[None]:
        """Keeps other runs out. Raises BatchError when one is there."""
        ...

    def clear(self) -> None:
        """Removes an earlier run. Raises BatchError when it is none of ours."""
        ...

    def save(self, *patterns: str) -> None:
        """Files that were written in `out` are to be kept."""
        ...

    def gather(self) -> None:
        """What workers wrote is to be found in `out`."""
        ...

    def discard(self, places: Places) -> None:
        """Removes what there is of a shard."""
        ...

    def phase(self, function: ShardFunction, context: Context) -> tuple[ShardFunction, Any]:
        """A phase as workers carry it out."""
        ...

    def check(self) -> None:
        """Raises StoreError when another run has taken this place."""
        ...

    def clear_work(self) -> None:
        """Removes what is needed only until a run is complete."""
        ...


@dataclass(frozen=True, slots=True)
class LocalHome:
    """A folder that all workers see."""

    out: Path

    @property
    def locks(self) -> Path | None:
        """See `Home`."""
        return self.out / WORK

    def hold(self) -> AbstractContextManager[None]:
        return run_folder.locked(self.out)

    def clear(self) -> None:
        run_folder.clear(self.out)

    def save(self, *patterns: str) -> None:
        pass

    def gather(self) -> None:
        pass

    def discard(self, places: Places) -> None:
        places.discard()

    def phase(self, function: ShardFunction, context: Context) -> tuple[ShardFunction, Any]:
        return function, context

    def check(self) -> None:
        pass

    def clear_work(self) -> None:
        run_folder.clear_work(self.out)


@dataclass(slots=True)
class RemoteHome:
    """A prefix of an object store; `run` names this attempt, and no other."""

    store: Store
    run: str
    out: Path = Path()  # while it is held
    locks: Path | None = None  # a worker that outlives its run looks for the lease
    _lease: leases.Lease | None = None
    _given: str = ""  # digest of the memory that is saved as GIVEN

    @contextmanager
    def hold(self) -> Iterator[None]:
        """See `Home`."""
        with (
            leases.Lease(self.store, self.run) as self._lease,
            TemporaryDirectory(dir=scratch_folder(), ignore_cleanup_errors=True) as out,
        ):
            self.out = Path(out)
            (self.out / WORK).mkdir()
            for name in FILES:
                with suppress(FileNotFoundError):
                    self.store.fetch([name], self.out)
            if self.store.holds("text"):
                (self.out / "text").mkdir()
            self.gather()
            try:
                yield
            finally:
                sweep()  # workers of this machine are gone by now

    def clear(self) -> None:
        run_folder.clear(self.out, shown=self.store.url)
        names = [name for folder in FOLDERS for name in self.store.names(folder)]
        self.store.remove([*names, *FILES])
        self._remove_work()

    def save(self, *patterns: str) -> None:
        names = [path.relative_to(self.out).as_posix() for each in patterns for path in sorted(self.out.glob(each))]
        self.store.send(self.out, names)

    def gather(self) -> None:
        for folder in ("documents", "warc", COPIES_FOLDER):
            for name in self.store.names(folder):
                (self.out / name).parent.mkdir(parents=True, exist_ok=True)
                (self.out / name).touch()
        work = self.store.names(WORK)
        self.store.fetch([name for name in work if name != leases.LOCK and not (self.out / name).exists()], self.out)

    def discard(self, places: Places) -> None:
        paths = [places.notes, places.rows]  # the notes first: without them it is not done
        for segment in (places.segment, places.copies):
            part = 0
            while segment(part).exists():
                paths.append(segment(part))
                part += 1
        self.store.remove([path.relative_to(self.out).as_posix() for path in paths])
        places.discard()

    def phase(self, function: ShardFunction, context: Context) -> tuple[ShardFunction, Any]:
        memory = context.cleaner.memory
        bare = replace(context, cleaner=context.cleaner.with_memory(None))
        remote = RemoteContext(self.store, self.run, function, bare)
        if not isinstance(memory, Memory):
            return carry_out, remote
        name = MEMORY if memory.path == self.out / MEMORY else GIVEN
        if name == GIVEN and self._given != memory.digest:
            shutil.copyfile(memory.path, self.out / GIVEN)
            self.save(GIVEN)
            self._given = memory.digest
        return carry_out, replace(remote, memory=name, digest=memory.digest)

    def check(self) -> None:
        if self._lease:
            self._lease.check()

    def clear_work(self) -> None:
        run_folder.clear_work(self.out)
        self._remove_work()

    def _remove_work(self) -> None:
        self.store.remove([name for name in self.store.names(WORK) if name != leases.LOCK])


def home_of(out: Place, run: str) -> Home:
    """Where a run with this OUT lives; `run`: a name for this attempt that no other one has."""
    return LocalHome(out) if isinstance(out, Path) else RemoteHome(Store(out), run)


@contextmanager
def looked_at(out: Place) -> Iterator[tuple[Path, bool]]:
    """What says how far a run is, as a folder, and whether a process works on it. Raises OSError, StoreError."""
    if isinstance(out, Path):
        yield out, run_folder.is_held(out)
        return
    store = Store(out)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / WORK).mkdir()
        for name in ("run.json", f"{WORK}/{PROGRESS}"):
            with suppress(FileNotFoundError):
                store.fetch([name], folder)
        for name in store.names(WORK):
            if name.endswith(".notes"):
                (folder / name).touch()
        yield folder, leases.is_held(store)
