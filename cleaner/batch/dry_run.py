"""What a run would do: all inputs are cleaned and counted, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from cleaner.batch.counts import RunCounts
from cleaner.batch.progress import RunProgress, ShowProgress
from cleaner.batch.run_memory import counted, given_file
from cleaner.batch.shards.outcome import unique_outcome
from cleaner.document import Document
from cleaner.pipeline import Cleaner
from cleaner.readers import Failure, Reading, ReadSettings, Skipped, discover, input_folder, read
from cleaner.storage.object_store import PathOrUrl, RemoteFile
from cleaner.storage.scratch import scratch_folder


def dry_run(
    inputs: Sequence[PathOrUrl], cleaner: Cleaner, settings: ReadSettings, show: ShowProgress, *, count: bool = True
) -> RunCounts:
    """Cleans and counts all inputs, and writes nothing. Raises readers.InputError, MemoryFileError."""
    counts, progress, folder = RunCounts(), RunProgress(), input_folder(inputs)
    with TemporaryDirectory(dir=scratch_folder()) as scratch:
        if count:
            progress.begin("counting")
            documents = _asked(inputs, cleaner, settings, progress, show)
            cleaner = cleaner.with_memory(counted(documents, folder, Path(scratch), given_file(cleaner)))
            progress.begin("cleaning")
        seen: set[str] = set()
        container: Path | RemoteFile | None = None
        for path, reading in _readings(inputs, settings):
            if isinstance(reading, Skipped):
                counts.skipped[reading.reason] += 1
                continue
            if path != container:  # ids are unique within a file
                container, seen = path, set()
            counts.count(unique_outcome(reading, cleaner, seen, folder))
            progress.show(counts)
            show(progress)
        if (memory := given_file(cleaner)) and count:
            memory.close()  # Windows removes no open file
    return counts


def _asked(
    inputs: Sequence[PathOrUrl], cleaner: Cleaner, settings: ReadSettings, progress: RunProgress, show: ShowProgress
) -> Iterator[Document]:
    """The documents about which the memory is asked."""
    for _, reading in _readings(inputs, settings):
        if isinstance(reading, Reading) and reading.document and cleaner.asks_memory(reading.document):
            yield reading.document
        progress.count(1)
        show(progress)


def _readings(
    inputs: Sequence[PathOrUrl], settings: ReadSettings
) -> Iterator[tuple[Path | RemoteFile | None, Reading | Skipped]]:
    """Every reading with the file that it is from."""
    for file in discover(inputs):
        if isinstance(file, Skipped):
            yield None, file
        elif isinstance(file, Failure):
            yield None, Reading(None, None, file)
        else:
            for reading in read(file, settings):
                yield file.path, reading
