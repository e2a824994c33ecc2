"""The phases of a run whose OUT is an object store: each shard in a scratch folder, its files sent when it is done.

What says that a shard is done is sent last, after a look whether the run still holds OUT. A shard that is done twice
(a lost worker that was none) gives the same bytes under the same names, so that no harm is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from cleaner.batch.plan import Shard, shard_inputs
from cleaner.batch.shards.duplicate_ids import identify_shard
from cleaner.batch.shards.files import WORK, finished, page_name
from cleaner.batch.shards.readings import RunContext
from cleaner.batch.shards.tasks import COUNTED, clean_shard, count_shard, is_damaged
from cleaner.engines import Heartbeat, ShardFunction, Task
from cleaner.memory.store import Memory
from cleaner.storage.object_store import Store
from cleaner.storage.scratch import scratch_folder
from cleaner.storage.store_lock import require
from cleaner.writers.pages import PageFormat

#: Kinds of files that say that a shard is done.
MARKS = (".notes", f".{COUNTED}")


@dataclass(frozen=True, slots=True)
class RemoteContext:
    """What all shards have in common; picklable."""

    store: Store  # OUT
    run: str  # that holds it
    function: ShardFunction
    context: RunContext  # its paths are replaced, its cleaner has no memory
    memory: str = ""  # name of the memory's object in the store
    digest: str = ""  # of that memory


def carry_out(context: RemoteContext, task: Task, heartbeat: Heartbeat) -> object:
    """A phase on one shard. Raises StoreError, and what the phase raises."""
    remote, shard = context, task.work
    with TemporaryDirectory(dir=scratch_folder(), ignore_cleanup_errors=True) as folder:
        here = _context(remote, Path(folder), shard)
        task = replace(task, work=replace(shard, offset=0))
        _FETCH[remote.function](remote, here, task)
        before = set(_names(here.out))
        result = remote.function(here, task, heartbeat)
        new = [name for name in _names(here.out) if name not in before]
        if new and remote.function is clean_shard:
            _remove_old_texts(remote, here, task.work)
        _send(remote, here, new)
        return result


def _context(remote: RemoteContext, folder: Path, shard: Shard) -> RunContext:
    """The context of a worker: its own folders, the lines of the plan that are the shard's, the memory."""
    out, plan, cleaner = folder / "out", folder / "plan", remote.context.cleaner
    for name in ("text", *PageFormat, "documents", "warc", "originals", WORK):
        (out / name).mkdir(parents=True)
    plan.write_bytes(remote.store.read(f"{WORK}/plan", shard.offset, shard.offset + shard.size))
    if remote.memory:
        cleaner = cleaner.with_memory(_memory(remote.store, remote.memory, remote.digest))
    return replace(remote.context, out=out, plan=plan, cleaner=cleaner)


@lru_cache(maxsize=1)
def _memory(store: Store, name: str, digest: str) -> Memory:
    """The memory of the run, fetched once by each process."""
    store.fetch([name], scratch_folder())
    return Memory.open(scratch_folder() / name, digest=digest)


def _fetch_for_cleaning(remote: RemoteContext, context: RunContext, task: Task) -> None:
    """The repeated ids; the notes, where the shard is done already, and empty files for what else is there."""
    files, store = context.files(task.number), remote.store
    for path in (context.work(task.number, "repeated"), files.notes):
        with suppress(FileNotFoundError):
            store.fetch([_name(context, path)], context.out)
    paths = [files.rows] if files.notes.exists() else []
    while paths and store.holds(_name(context, paths[-1])):
        paths[-1].touch()
        paths.append(files.segment(len(paths) - 1))
    if finished(files) is None:
        files.discard()


def _fetch_for_counting(remote: RemoteContext, context: RunContext, task: Task) -> None:
    """The mark of a shard that is counted already."""
    with suppress(FileNotFoundError):
        remote.store.fetch([_name(context, context.work(task.number, COUNTED))], context.out)


def _fetch_for_ids(remote: RemoteContext, context: RunContext, task: Task) -> None:
    """Empty files for the lists of ids that are there already."""
    for number, shard_input in enumerate(shard_inputs(context.plan, task.work)):
        path = context.work(task.number, f"{number}.ids")
        if shard_input.shared and remote.store.holds(_name(context, path)):
            path.touch()


def _fetch_for_verifying(remote: RemoteContext, context: RunContext, task: Task) -> None:
    """The rows and all segments, as far as they are there."""
    files = context.files(task.number)
    with suppress(FileNotFoundError):
        remote.store.fetch([_name(context, files.rows)], context.out)
    for segment in (files.segment, files.copies):
        part = 0
        with suppress(FileNotFoundError):
            while True:
                remote.store.fetch([_name(context, segment(part))], context.out)
                part += 1


_FETCH = {
    clean_shard: _fetch_for_cleaning,
    count_shard: _fetch_for_counting,
    identify_shard: _fetch_for_ids,
    is_damaged: _fetch_for_verifying,
}


def _send(remote: RemoteContext, context: RunContext, names: list[str]) -> None:
    marks = [name for name in names if name.endswith(MARKS) and name.startswith(WORK)]
    remote.store.send(context.out, [name for name in names if name not in marks])
    if marks:
        require(remote.store, remote.run)
        remote.store.send(context.out, marks)


def _remove_old_texts(remote: RemoteContext, context: RunContext, shard: Shard) -> None:
    """Clean texts that an attempt which broke off has sent, of documents that have none now."""
    texts = [shard_input.text for shard_input in shard_inputs(context.plan, shard) if shard_input.text]
    names = [name for text in texts for name in (f"text/{text}", *(page_name(text, page) for page in context.pages))]
    remote.store.remove([name for name in names if not (context.out / name).exists()])


def _names(out: Path) -> Iterator[str]:
    return (path.relative_to(out).as_posix() for path in sorted(out.rglob("*")) if path.is_file())


def _name(context: RunContext, path: Path) -> str:
    return PurePosixPath(path.relative_to(context.out)).as_posix()
