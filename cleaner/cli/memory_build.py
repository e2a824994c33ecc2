"""`cleancopy memory build`: counts what the sources of articles repeat, and writes a memory file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from cleaner.batch.run_memory import PartialCountsWriter
from cleaner.batch.summary import KINDS
from cleaner.cli.arguments import OK, SOME_FAILED, read_settings, say, tell
from cleaner.cli.batch import check_inputs
from cleaner.memory.partial_counts import PartialCounts
from cleaner.memory.source_name import document_source
from cleaner.memory.store import Memory, write_memory
from cleaner.readers import Failure, Reading, ReadSettings, Skipped, discover, input_folder, read
from cleaner.storage.scratch import scratch_folder
from cleaner.writers.failure_groups import failure_groups
from cleaner.writers.words import plural


def build(args: argparse.Namespace) -> int:
    """Writes the memory file; the exit code. Raises UsageError, InputError, MemoryFileError, OSError."""
    settings = read_settings(args)
    check_inputs(args.inputs)
    failures: list[Failure] = []
    with TemporaryDirectory(dir=scratch_folder()) as scratch:
        parts: list[PartialCounts] = []
        try:
            parts += map(PartialCounts, _counted_parts(args.inputs, settings, Path(scratch), failures))
            write_memory(args.output, parts, minimum=args.prune)
        finally:
            for part in parts:  # Windows removes no open file
                part.close()
    say_written(args.output)
    for group in failure_groups(failures)[:KINDS]:
        say(group.message)
    return SOME_FAILED if failures else OK


def _counted_parts(
    inputs: Sequence[Path], settings: ReadSettings, scratch: Path, failures: list[Failure]
) -> list[Path]:
    parts, folder = PartialCountsWriter(scratch), input_folder(inputs)
    for reading in _readings(inputs, settings):
        document, original = reading.document, reading.original
        if reading.failure:
            failures.append(reading.failure)
        if document is None:
            continue
        try:
            parts.count(document, document_source(document, folder=folder))
        except Exception as error:  # noqa: BLE001 (as in a batch: one document never stops the others)
            locator, row = (original.locator, original.row) if original else (document.id, None)
            failures.append(Failure(locator, row, f"cannot be counted ({error})", "look at it, or leave it out"))
    return parts.finish()


def _readings(inputs: Sequence[Path], settings: ReadSettings) -> Iterator[Reading]:
    for file in discover(inputs):
        if isinstance(file, Failure):
            yield Reading(None, None, file)
        elif not isinstance(file, Skipped):
            yield from (reading for reading in read(file, settings) if isinstance(reading, Reading))


def say_written(path: Path) -> None:
    """Says what a memory file holds."""
    memory = Memory.open(path)
    facts = memory.facts()
    articles = sum(source.documents for source in facts)
    tell(f"{path}: {plural(articles, 'article')} of {plural(len(facts), 'source')}; digest {memory.digest[:16]}")
    memory.close()
