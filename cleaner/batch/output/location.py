"""Where a run lives: in a folder, or in an object store of which this process holds a copy of what it needs itself.

Both are written as a folder `out`. Of rows and segments, which only workers need, the copy of a store holds empty
files: their names say what is done.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.checking.originals import COPIES_FOLDER
from archive.segments.durable import drafted_path, write_atomically
from cleaner.batch.output import folder as output_folder
from cleaner.batch.output.folder import FILES, FOLDERS, MEMORY
from cleaner.batch.progress import PROGRESS
from cleaner.batch.shards.files import WORK, ShardFiles
from cleaner.batch.shards.readings import RunContext
from cleaner.batch.shards.remote import RemoteContext, carry_out
from cleaner.engines import ShardFunction
from cleaner.memory.store import Memory
from cleaner.storage import store_lock
from cleaner.storage.object_store import PathOrUrl, Store
from cleaner.storage.scratch import scratch_folder, sweep

#: A memory file that the run was given, where workers find it.
GIVEN = f"{WORK}/given.sqlite"
#: A phase as workers carry it out: the function, and what all its tasks have in common.
Phase = tuple[ShardFunction, object]


@dataclass(slots=True)
class RunLocation:
    """A folder that all workers see. Methods raise OSError."""

    out: Path  # the folder that this process reads and writes

    @property
    def locks(self) -> Path | None:
        """A folder where workers hold locks that say that they live; None where there can be none."""
        return self.out / WORK

    def hold(self) -> AbstractContextManager[None]:
        """Keeps other runs out. Raises BatchError when one is there."""
        return output_folder.locked(self.out)

    def clear(self) -> None:
        """Removes an earlier run, and nothing else. Raises BatchError when it is none of ours."""
        output_folder.clear(self.out)

    def write(self, files: Mapping[str, bytes], *, sync: bool = True) -> None:
        """Writes files whole or not at all. sync: they survive a power cut."""
        for name, content in files.items():
            write_atomically(self.out / name, [content], sync=sync, sweep=False)  # a run sweeps at its beginning

    @contextmanager
    def drafted(self, name: str) -> Iterator[Path]:
        """A path to write a file to, which takes its place when the block ends well, and else vanishes."""
        with drafted_path(self.out / name, sweep=False) as draft:
            yield draft

    @contextmanager
    def phase(self, function: ShardFunction, context: RunContext) -> Iterator[Phase]:
        """A phase as workers carry it out; what they wrote is to be found in `out` afterwards."""
        yield function, context

    def discard(self, files: ShardFiles) -> None:
        """Removes what there is of a shard."""
        files.discard()

    def clear_work(self) -> None:
        """Removes what is needed only until a run is complete."""
        output_folder.clear_work(self.out)


@dataclass(slots=True)
class StoreLocation(RunLocation):
    """A prefix of an object store; `run` names this attempt, and no other. Methods raise StoreError too."""

    store: Store
    run: str
    _lock: store_lock.StoreLock | None = None
    _given: str = ""  # digest of the memory that is saved as GIVEN

    @property
    def locks(self) -> Path | None:
        """None: a worker that outlives its run looks for the lock in the store."""
        return None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """See `RunLocation`; `out` is there while it is held."""
        with (
            store_lock.StoreLock(self.store, self.run) as self._lock,
            TemporaryDirectory(dir=scratch_folder(), ignore_cleanup_errors=True) as out,
        ):
            self.out = Path(out)
            (self.out / WORK).mkdir()
            for name in FILES:
                with suppress(FileNotFoundError):
                    self.store.fetch([name], self.out)
            if self.store.holds("text"):
                (self.out / "text").mkdir()
            self._gather()
            try:
                yield
            finally:
                sweep()  # workers of this machine are gone by now

    def clear(self) -> None:
        """See `RunLocation`."""
        names = [name for folder in FOLDERS for name in self.store.names(folder)]
        ours = output_folder.cleared(self.out, names, shown=self.store.url)
        self.store.remove([*ours, *FILES])
        self._remove_work()
        output_folder.clear(self.out, shown=self.store.url)

    def write(self, files: Mapping[str, bytes], *, sync: bool = True) -> None:
        """See `RunLocation`. Raises StoreError when another run has taken this place."""
        RunLocation.write(self, files, sync=False)
        self._send(*files)

    @contextmanager
    def drafted(self, name: str) -> Iterator[Path]:
        """See `RunLocation`."""
        with RunLocation.drafted(self, name) as draft:
            yield draft
        self._send(name)

    def _send(self, *names: str) -> None:
        if self._lock:
            self._lock.check()
        self.store.send(self.out, names)

    @contextmanager
    def phase(self, function: ShardFunction, context: RunContext) -> Iterator[Phase]:
        """See `RunLocation`."""
        memory = context.cleaner.memory
        bare = replace(context, cleaner=context.cleaner.with_memory(None))
        remote = RemoteContext(self.store, self.run, function, bare)
        if isinstance(memory, Memory):
            remote = replace(remote, memory=self._name_of(memory), digest=memory.digest)
        yield carry_out, remote
        self._gather()

    def _name_of(self, memory: Memory) -> str:
        """Where workers find a memory: the run's own, or a given one, which is sent once."""
        if memory.path == self.out / MEMORY:
            return MEMORY
        if self._given != memory.digest:
            shutil.copyfile(memory.path, self.out / GIVEN)
            self._send(GIVEN)
            self._given = memory.digest
        return GIVEN

    def _gather(self) -> None:
        """Makes what workers wrote to be found in `out`."""
        for folder in ("documents", "warc", COPIES_FOLDER):
            for name in self.store.names(folder):
                (self.out / name).parent.mkdir(parents=True, exist_ok=True)
                (self.out / name).touch()
        work = self.store.names(WORK)
        wanted = [name for name in work if name != store_lock.LOCK and not (self.out / name).exists()]
        self.store.fetch(wanted, self.out)

    def discard(self, files: ShardFiles) -> None:
        """See `RunLocation`."""
        paths = [files.notes, files.rows]  # the notes first: without them it is not done
        for segment in (files.segment, files.copies):
            part = 0
            while segment(part).exists():
                paths.append(segment(part))
                part += 1
        self.store.remove([path.relative_to(self.out).as_posix() for path in paths])
        files.discard()

    def clear_work(self) -> None:
        """See `RunLocation`."""
        output_folder.clear_work(self.out)
        self._remove_work()

    def _remove_work(self) -> None:
        self.store.remove([name for name in self.store.names(WORK) if name != store_lock.LOCK])


def location_of(out: PathOrUrl, run: str) -> RunLocation:
    """Where a run with this OUT lives; `run`: a name for this attempt that no other one has."""
    return RunLocation(out) if isinstance(out, Path) else StoreLocation(Path(), Store(out), run)


@contextmanager
def looked_at(out: PathOrUrl) -> Iterator[tuple[Path, bool]]:
    """What says how far a run is, as a folder, and whether a process works on it. Raises OSError, StoreError."""
    if isinstance(out, Path):
        yield out, output_folder.is_held(out)
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
        yield folder, store_lock.is_held(store)
