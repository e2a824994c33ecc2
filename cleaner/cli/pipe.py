"""`cleancopy clean` without files: standard input to standard output, a text or page at once, rows one by one.

What is plainly rows, a feed or records is read as such, and it is said, unless --format says otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO

from cleaner.batch.shards.outcome import LOOK, Outcome, failed_id, failure_of, unique_outcome
from cleaner.cli.arguments import OK, SOME_FAILED, read_settings, say
from cleaner.decoding.content_kind import HEAD
from cleaner.document import CleanedDocument, Status
from cleaner.pipeline import Cleaner
from cleaner.readers import Failure, Reading, ReadSettings, Skipped, read_rows, read_stream, read_warc, told_source
from cleaner.readers.delimited import joined, read_table
from cleaner.readers.json_rows import read_json_stream
from cleaner.readers.kinds import kind_by_bytes
from cleaner.readers.readings import place
from cleaner.readers.xml import read_xml_stream
from cleaner.time_limit import OverTimeError, limited
from cleaner.writers.failure_groups import NAMED, kind_of
from cleaner.writers.pages import PageFormat, pages_of
from cleaner.writers.rows import document_row, encode, failed_row
from cleaner.writers.words import plural

#: The reader of a stream by its format.
READERS: dict[str, Any] = {
    "jsonl": read_rows, "json": read_json_stream, "csv": read_table, "tsv": partial(read_table, delimiter="\t"),
    "xml": read_xml_stream, "warc": read_warc,
}  # fmt: skip
NAME = "stdin"


def clean_stream(args: argparse.Namespace, cleaner: Cleaner) -> int:
    """Cleans standard input; the exit code. Raises UsageError."""
    settings = read_settings(args)
    if sys.stdin.isatty() and not args.quiet:
        end = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D on a line of its own"
        say(f"reading an article from the terminal; end it with {end}, or give files: cleancopy clean IN -o OUT")
    stream: BinaryIO = sys.stdin.buffer
    told = args.format
    if told is None and not sys.stdin.isatty():
        told, stream = _told_by_bytes(stream)
    if told in READERS:
        if args.format is None and not args.quiet:
            say(f"this is {told} and was read as such, one row for each article; --format {told} says so")
        readings = READERS[told](stream, name=NAME, settings=settings)
        return _clean_rows(args, cleaner, settings, readings, sys.stdout.buffer)
    media_type = "text/html" if args.format == "html" else "text/plain"
    reading = read_stream(
        stream, name=NAME, media_type=media_type, max_bytes=args.max_bytes, as_told=args.format == "text"
    )
    (reading,) = told_source(iter([reading]), settings)  # type: ignore[assignment]
    outcome = _outcome(reading, cleaner, set(), settings)
    if isinstance(outcome, Failure):
        say(outcome.message)
        return SOME_FAILED
    sys.stdout.buffer.write(_printed(outcome, args.to).encode("utf-8", "replace") if outcome.text else b"")
    sys.stdout.buffer.flush()
    if not args.quiet:
        _remark(outcome)
    return OK


def _told_by_bytes(stream: BinaryIO) -> tuple[str | None, BinaryIO]:
    """The format of a stream of many articles, by how it begins; None for a text or page. And the stream, unread."""
    head = stream.read(4 * HEAD)
    kind = kind_by_bytes(head, {f".{name}" for name in READERS})
    return (kind or "").removeprefix(".") or None, joined(head, stream)


def _printed(cleaned: CleanedDocument, to: Sequence[str]) -> str:
    """What standard output gets: the clean text, or the pages that are asked for."""
    return "".join(pages_of(cleaned, list(map(PageFormat, to))).values()) if to else cleaned.text + "\n"


def _remark(cleaned: CleanedDocument) -> None:
    if "read-as" in cleaned.metadata:
        say("this is an HTML page and was read as one; --format html says so, --format text reads it as text")
    if cleaned.status is not Status.CLEAN:
        say(f"{cleaned.status}: {cleaned.metadata.get('why', '')}")


class _Failures:
    """Says the first failures of a kind as they come, and at the end how many more there were."""

    def __init__(self) -> None:
        self.first: dict[tuple[str, str], Failure] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def tell(self, failure: Failure) -> None:
        kind = kind_of(failure)
        self.first.setdefault(kind, failure)
        self._counts[kind] += 1
        if self._counts[kind] <= NAMED:
            say(failure.message)

    def tell_the_rest(self) -> None:
        for kind, failure in self.first.items():
            if (more := self._counts[kind] - NAMED) > 0:
                say(f"{plural(more, 'more row')} like {place(failure.locator, failure.row)}: {failure.what}")


def _clean_rows(
    args: argparse.Namespace,
    cleaner: Cleaner,
    settings: ReadSettings,
    readings: Iterator[Reading | Skipped],
    target: BinaryIO,
) -> int:
    """One row out for each row or article in, in order, each as soon as it is cleaned."""
    repeated = 0
    failures = _Failures()
    pages = list(map(PageFormat, args.to))
    seen: set[str] = set()
    skipped: Counter[str] = Counter()
    for reading in told_source(readings, settings):
        if isinstance(reading, Skipped):
            skipped[reading.reason] += 1
            continue
        outcome = _outcome(reading, cleaner, seen, settings)
        try:
            line = encode(_row(reading, outcome, with_removed=args.with_removed, pages=pages))
        except MemoryError:
            outcome = failure_of(reading, "its row takes more memory than there is", LOOK)
            line = encode(failed_row(failed_id(reading, outcome), outcome.message))
        target.write(line)
        target.flush()
        if isinstance(outcome, Failure):
            failures.tell(outcome)
        else:
            repeated += "repeated-id" in outcome.metadata
    failures.tell_the_rest()
    if skipped and not args.quiet:
        say("skipped: " + ", ".join(f"{count:,} {reason}" for reason, count in sorted(skipped.items())))
    if repeated and not args.quiet:
        say(f"{plural(repeated, 'row')} had the id of an earlier one and got the number of the row behind it")
    return SOME_FAILED if failures.first else OK


def _outcome(reading: Reading, cleaner: Cleaner, seen: set[str], settings: ReadSettings) -> Outcome:
    try:
        with limited(settings.seconds):
            return unique_outcome(reading, cleaner, seen)
    except OverTimeError:
        return failure_of(reading, f"takes longer than {settings.seconds:g} seconds", LOOK)


def _row(reading: Reading, outcome: Outcome, *, with_removed: bool, pages: Sequence[PageFormat]) -> dict[str, object]:
    if isinstance(outcome, CleanedDocument):
        row = document_row(outcome, extra=reading.extra, with_removed=with_removed, pages=pages_of(outcome, pages))
        return row | {"id": reading.id_in_rows(outcome.id)}
    return failed_row(failed_id(reading, outcome), outcome.message, extra=reading.fields_of_failed)
