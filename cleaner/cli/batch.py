"""The command `cleancopy clean IN … -o OUT`: settings from words, signals, the summary, messages.

Exit codes are those of `cleaner.cli.main`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.terminal import folded
from cleaner.batch.begin import SHARD_SIZE
from cleaner.batch.counts import RunCounts
from cleaner.batch.output.folder import ABOUT_TEXTS, read_report
from cleaner.batch.output.status import status_values
from cleaner.batch.output.texts import changed_line, changed_texts, was_touched
from cleaner.batch.progress import Bar, Log
from cleaner.batch.run import BatchError, BatchSettings, dry_run, run_batch
from cleaner.batch.summary import corrections_line, failure_lines, summary_lines
from cleaner.batch.update import UPDATES, update_lines
from cleaner.cli.arguments import OK, SOME_FAILED, UsageError, read_settings, tell
from cleaner.engines.cores import cores
from cleaner.engines.select import THIS_MACHINE, EngineChoice, EngineName
from cleaner.pipeline import Cleaner
from cleaner.readers.folders import missing_inputs
from cleaner.storage.object_store import PathOrUrl, StoreError, path_or_url
from cleaner.writers.pages import PageFormat
from cleaner.writers.words import plural


def clean_batch(args: argparse.Namespace, cleaner: Cleaner) -> int:
    """Carries out `clean IN … -o OUT`, prints what came of it, and returns the exit code.

    Raises UsageError, BatchError, readers.InputError and InterruptedRunError, whose messages are for the user.
    """
    log = Log(as_json=args.log == "json")
    inputs = [path_or_url(given) for given in args.inputs]
    before = _report(args)
    with Bar(quiet=args.quiet, log=log) as bar:
        if args.dry_run:
            counts = dry_run(inputs, cleaner, read_settings(args), bar.show, count=not args.no_memory)
        elif args.output is None:
            raise UsageError("give a folder for the results with -o OUT (or --dry-run to write nothing)")
        else:
            counts = _run_batch(args, inputs, cleaner, bar=bar, log=log)
    untouched = bool(before.get("complete")) and _report(args) == before
    if not args.quiet:
        if untouched:
            log.say("complete", f"{args.output} holds this run, complete; nothing was done{_UNTOUCHED[args.update]}")
            _say_changed_texts(args.output, log)
        _print_summary(counts, None if args.dry_run else args.output)
        if cleaner.corrections:
            told = None if untouched and args.update else counts
            line = corrections_line(cleaner.corrections, told, updated=bool(args.update and before))
            tell(folded(line, sys.stdout))
    _say_failures(counts, log)
    return SOME_FAILED if counts.failed or _still_failed(args, log) else OK


def _say_changed_texts(out: PathOrUrl, log: Log) -> None:
    if isinstance(out, Path) and was_touched(out) and (changed := changed_texts(out)):
        log.say("texts", changed_line(out, changed))


#: How one goes on from a complete run, by whether --update was given.
_UNTOUCHED = {
    False: " (--update adds what is new, --fresh cleans again)",
    True: ": no input is new or has changed (--fresh cleans all again)",
}


def _report(args: argparse.Namespace) -> dict[str, Any]:
    """run.json of the OUT that is named; nothing where there is none that the run goes on with."""
    here = isinstance(args.output, Path) and not (args.dry_run or args.fresh)
    return (read_report(args.output) or {}) if here else {}


def _still_failed(args: argparse.Namespace, log: Log) -> bool:
    """Whether inputs failed in the runs before an update, and are as they were; says so."""
    told = (read_report(args.output) or {}).get(UPDATES, []) if args.update and isinstance(args.output, Path) else []
    count = told[-1].get("failed-before", 0) if told else 0
    if count:
        log.say("failed-before", f"{plural(count, 'input')} failed in an earlier run; run.json names {_them(count)}")
    return bool(count)


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def check_inputs(words: Sequence[str | Path]) -> None:
    """Raises UsageError for an input that names nothing, before anything is made for it."""
    places = [path_or_url(word) if isinstance(word, str) else word for word in words]
    if gone := missing_inputs([place for place in places if isinstance(place, Path)]):
        raise UsageError(f"{', '.join(gone[:3])}: no such file or folder; check the name")


def _say_failures(counts: RunCounts, log: Log) -> None:
    """For programs every failure that is kept, for people a line for each kind."""
    if not log.as_json:
        for line in failure_lines(counts):
            log.say("failure", line)
        return
    for failure in counts.failures:
        log.say("failure", failure.message, path=failure.locator, row=failure.row)
    if more := counts.failed - len(counts.failures):
        log.say("failures", f"{more:,} more failures; the rows name them")


def _run_batch(
    args: argparse.Namespace, inputs: Sequence[PathOrUrl], cleaner: Cleaner, *, bar: Bar, log: Log
) -> RunCounts:
    reading = read_settings(args)
    pinned = args.now is not None or bool(os.environ.get("SOURCE_DATE_EPOCH"))
    settings = BatchSettings(
        out=args.output, clock=_clock(args.now), pinned=pinned, shard_size=args.shard_size or SHARD_SIZE,
        max_bytes=reading.max_bytes, fields=reading.fields, source=reading.source,
        with_removed=args.with_removed, copy_originals=args.copy_originals, pages=_pages(args),
        fresh=args.fresh, check=args.resume, update=args.update,
        engine=_engine_choice(args), workers=_workers(args),
        timeout=args.timeout or None, count=not args.no_memory,
        update_memory=args.memory if args.update_memory else None,
    )  # fmt: skip
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return run_batch(inputs, cleaner, settings, bar.show)
    except KeyboardInterrupt:
        raise InterruptedRunError(_interrupted(args.output)) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _pages(args: argparse.Namespace) -> tuple[PageFormat, ...]:
    """The formats asked for with --to, or with --format, which says nothing else of files and folders."""
    given = {*args.to, *({args.format} - {None})}
    if other := given - set(PageFormat):
        raise UsageError(f"--format {other.pop()} is for standard input; files tell theirs by their names")
    return tuple(PageFormat(page) for page in sorted(given))


def _engine_choice(args: argparse.Namespace) -> EngineChoice:
    name = EngineName(args.engine)
    if args.ray_address and name is not EngineName.RAY:
        raise UsageError("--ray-address goes with --engine ray")
    return EngineChoice(name, args.ray_address or THIS_MACHINE.address)


def _workers(args: argparse.Namespace) -> int:
    """As many as was said, else one for each core: of this machine, or of the cluster (0)."""
    if args.workers is None and args.engine == EngineName.LOCAL:
        return cores()
    return args.workers or 0


class InterruptedRunError(KeyboardInterrupt):
    """A run was ended from outside; the message says how to go on."""


def _interrupted(out: PathOrUrl) -> str:
    try:
        state = status_values(out)
    except (BatchError, StoreError, OSError):  # it was still being planned
        return "interrupted; the same command begins again"
    done = f"{state['shards_done']} of {state['shards']} shards are done"
    return f"interrupted, {done}; the same command goes on where it stopped"


def _interrupt(*_: object) -> None:
    """SIGTERM ends a run as Ctrl-C does."""
    raise KeyboardInterrupt


def _clock(now: datetime | None) -> datetime:
    """The run's clock: `--now`, else SOURCE_DATE_EPOCH, else the system's; whole seconds."""
    if now is not None:
        return now
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        try:
            return datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError):
            raise UsageError(f"SOURCE_DATE_EPOCH={epoch!r} is not a number of seconds since 1970") from None
    return datetime.now(UTC).replace(microsecond=0)


def _print_summary(counts: RunCounts, out: PathOrUrl | None) -> None:
    report = read_report(out) if isinstance(out, Path) else None
    tell("\n".join(folded(line, sys.stdout) for line in (*summary_lines(counts), *update_lines(report or {}))))
    if out is not None:
        has_texts = not (isinstance(out, Path) and (out / "text" / ABOUT_TEXTS).exists())
        texts = "text/ (clean), " if has_texts else ""
        print(folded(f"results in {out}: {texts}documents/ (rows with reasons), warc/ (archive), run.json", sys.stdout))
        if isinstance(out, Path):
            print(f"next: cleancopy report {out} -o report.html")
