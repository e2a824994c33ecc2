"""Many inputs into one folder: shards of rows and segments, clean texts, an index, and the accounts.

One bad input never stops a batch and never vanishes: it becomes a failed row. Refuses an OUT that
already holds a run, and stops with a message when the disk does not take more (BatchError).
"""

from __future__ import annotations

import errno
import json
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

from archive.durable import write_atomically
from archive.index import write_index
from archive.records import warc_date
from archive.sources import COPIES_FOLDER
from archive.writer import SegmentError
from cleaner.accounts import Accounts
from cleaner.pipeline import VERSION, Cleaner
from cleaner.readers import DEFAULT_MAX_BYTES, Failure, Reading, Skipped, discover, read
from cleaner.segmenters.html import HtmlError
from cleaner.shards import Outcome, ShardWriter, reading_path
from cleaner.writers.archive import run_info
from cleaner.writers.text import TextNames

#: Documents per shard: a segment of some 4 MB, a few seconds of work to lose.
SHARD_SIZE = 1000
#: Everything that a run writes into OUT; nothing else there is ever touched.
FOLDERS = ("text", "documents", "warc", COPIES_FOLDER)
FILES = ("index.cdxj", "run.json")
SCHEMA = 1
#: What the output depends on besides our own version; recorded, since another version may decide otherwise.
LIBRARIES = ("ahocorasick-rs", "beautifulsoup4", "charset-normalizer", "ftfy", "lxml", "resiliparse", "trafilatura")

Progress = Callable[[Accounts], None]


class BatchError(Exception):
    """The run cannot begin or go on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """Where a run writes and how; `clock` is read once, by the caller, so that a run can be repeated to the byte."""

    out: Path
    clock: datetime  # aware
    shard_size: int = SHARD_SIZE  # documents
    max_bytes: int = DEFAULT_MAX_BYTES  # per document
    with_removed: bool = False  # rows carry the removed text
    copy_originals: bool = False  # records of WARC inputs into segments of their own
    fresh: bool = False  # remove the outputs of an earlier run first


def run_batch(inputs: Sequence[Path], cleaner: Cleaner, settings: BatchSettings, progress: Progress) -> Accounts:
    """Cleans all inputs into `settings.out`; calls `progress` after every input.

    Raises BatchError when OUT is not free or cannot be written, readers.InputError for inputs that cannot be used.
    """
    accounts = Accounts()
    try:
        readings = _readings(inputs, settings.out, settings.max_bytes, accounts)
        first = next(readings, None)  # inputs that cannot be used are refused before OUT is touched
        _claim(settings)
        shards = _shards(_chain(first, readings) if first else iter(()), settings.shard_size)
        count = _run(shards, cleaner, settings, accounts, progress)
        report = _report(cleaner, settings, accounts, count)
        write_atomically(settings.out / "run.json", [(json.dumps(report, ensure_ascii=True, indent=1) + "\n").encode()])
    except OSError as error:
        raise BatchError(_broken_off(settings.out, error)) from error
    except SegmentError as error:
        raise BatchError(str(error)) from error
    return accounts


def dry_run(inputs: Sequence[Path], cleaner: Cleaner, max_bytes: int, progress: Progress) -> Accounts:
    """Cleans and counts all inputs, and writes nothing. Raises readers.InputError."""
    accounts = Accounts()
    seen: set[str] = set()
    for reading in _readings(inputs, None, max_bytes, accounts):
        accounts.count(outcome_of(reading, cleaner, seen))
        progress(accounts)
    return accounts


def _run(
    shards: Iterator[Iterator[Reading]],
    cleaner: Cleaner,
    settings: BatchSettings,
    accounts: Accounts,
    progress: Progress,
) -> int:
    run = run_info(VERSION, cleaner.fingerprint())
    names, seen = TextNames(), set[str]()
    lines: list[str] = []
    count = 0
    for number, shard in enumerate(shards):
        shard_writer = ShardWriter(
            settings.out,
            settings.clock,
            number=number,
            run=run,
            with_removed=settings.with_removed,
            copy_originals=settings.copy_originals,
        )
        with shard_writer as writer:
            for reading in shard:
                outcome, index_lines = writer.write(reading, outcome_of(reading, cleaner, seen), names)
                lines += index_lines
                accounts.count(outcome)
                progress(accounts)
        count = number + 1
    write_index(settings.out / "index.cdxj", lines)
    return count


def outcome_of(reading: Reading, cleaner: Cleaner, seen: set[str]) -> Outcome:
    """The cleaned document of a reading, or why there is none; an id that was there before is a failure."""
    document = reading.document
    if document is None:
        return reading.failure or Failure(reading_path(reading, _NOTHING), None, _NOTHING.what, _NOTHING.do)
    if document.id in seen:
        original = reading.original
        locator, row = (original.locator, original.row) if original else (document.id, None)
        return Failure(locator, row, f"its id {document.id!r} was there before", "give every row an id of its own")
    seen.add(document.id)
    try:
        return cleaner.clean_document(document)
    except HtmlError as error:
        original = reading.original
        locator, row = (original.locator, original.row) if original else (document.id, None)
        return Failure(locator, row, str(error), "look at the file, or leave it out")


_NOTHING = Failure("input", None, "gave no document", "look at it")


def _readings(inputs: Sequence[Path], exclude: Path | None, max_bytes: int, accounts: Accounts) -> Iterator[Reading]:
    for found in discover(inputs, exclude=exclude):
        if isinstance(found, Skipped):
            accounts.skipped[found.reason] += 1
        elif isinstance(found, Failure):
            yield Reading(None, None, found)
        else:
            for each in read(found, max_bytes=max_bytes):
                if isinstance(each, Skipped):
                    accounts.skipped[each.reason] += 1
                else:
                    yield each


def _shards(readings: Iterator[Reading], size: int) -> Iterator[Iterator[Reading]]:
    """Runs of `size` readings, none of them empty."""
    for first in readings:
        yield _chain(first, islice(readings, size - 1))


def _chain(first: Reading, rest: Iterable[Reading]) -> Iterator[Reading]:
    yield first
    yield from rest


def _claim(settings: BatchSettings) -> None:
    out = settings.out
    taken = [name for name in (*FOLDERS, *FILES) if (out / name).exists()]
    if taken and not settings.fresh:
        raise BatchError(
            f"{out} already holds {', '.join(taken)}; choose another folder, or give --fresh to replace that run"
        )
    if taken and not _is_run(out):
        raise BatchError(f"{out} holds {', '.join(taken)}, and no run.json of ours; choose another folder")
    for name in taken:
        if name in FOLDERS:
            shutil.rmtree(out / name)
        else:
            (out / name).unlink()
    for name in FOLDERS:
        if name != COPIES_FOLDER or settings.copy_originals:
            (out / name).mkdir(parents=True)
    write_atomically(out / "run.json", [json.dumps({"cleancopy": VERSION, "complete": False}).encode() + b"\n"])


def _is_run(out: Path) -> bool:
    """Did we make this folder? Only then is anything in it removed."""
    try:
        return "cleancopy" in json.loads((out / "run.json").read_bytes())
    except (OSError, ValueError, TypeError):
        return False


def _report(cleaner: Cleaner, settings: BatchSettings, accounts: Accounts, shards: int) -> dict[str, Any]:
    """The contents of run.json."""
    return {
        "schema": SCHEMA,
        "cleancopy": VERSION,
        "complete": True,
        "clock": warc_date(settings.clock),
        "configuration": {
            **cleaner.configuration(),
            "shard-size": settings.shard_size,
            "max-bytes": settings.max_bytes,
            "with-removed": settings.with_removed,
        },
        "digest": cleaner.fingerprint(),
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in LIBRARIES}},
        "shards": shards,
        "counts": accounts.as_dict(),
        "failures": [
            {"path": each.locator, "row": each.row, "what": each.what, "do": each.do} for each in accounts.failures
        ],
    }


def _broken_off(out: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{out}: the disk is full; free some space and run again with --fresh (complete shards so far are whole)"
    return f"{out}: cannot be written ({error.strerror or error}); mend that and run again with --fresh"
