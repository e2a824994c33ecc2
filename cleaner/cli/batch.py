"""The command `cleancopy clean IN … -o OUT`: settings from words, signals, the summary, messages.

Exit codes are those of `cleaner.cli.main`.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cleaner.batch.counts import RunCounts
from cleaner.batch.output.folder import read_report
from cleaner.batch.output.status import status_values
from cleaner.batch.progress import Bar, Log
from cleaner.batch.run import BatchError, BatchSettings, dry_run, run_batch
from cleaner.engines.select import THIS_MACHINE, EngineChoice, EngineName
from cleaner.pipeline import Cleaner
from cleaner.readers import ReadSettings
from cleaner.storage.object_store import PathOrUrl, StoreError, path_or_url

OK, SOME_FAILED = 0, 1
#: Most failures that are named on the terminal; run.json names all.
FAILURES_SHOWN = 10


class UsageError(Exception):
    """The command line cannot be carried out; the message says what to give instead."""


def clean_batch(args: argparse.Namespace, cleaner: Cleaner) -> int:
    """Carries out `clean IN … -o OUT`, prints what came of it, and returns the exit code.

    Raises UsageError, BatchError, readers.InputError and InterruptedRunError, whose messages are for the user.
    """
    log = Log(as_json=args.log == "json")
    inputs = [path_or_url(each) for each in args.inputs]
    with Bar(quiet=args.quiet, log=log) as bar:
        if args.dry_run:
            counts = dry_run(inputs, cleaner, ReadSettings(args.max_bytes), bar.show, count=not args.no_memory)
        elif args.output is None:
            raise UsageError("give a folder for the results with -o OUT (or --dry-run to write nothing)")
        else:
            counts = _run_batch(args, inputs, cleaner, bar=bar, log=log)
    if not args.quiet:
        _print_summary(counts, None if args.dry_run else args.output)
    shown = len(counts.failures) if log.as_json else FAILURES_SHOWN
    for failure in counts.failures[:shown]:
        log.say("failure", failure.message, path=failure.locator, row=failure.row)
    if (more := counts.failed - min(shown, len(counts.failures))) > 0:
        log.say("failures", f"{more:,} more failures{'' if args.dry_run else '; see run.json'}")
    return SOME_FAILED if counts.failed else OK


def _run_batch(
    args: argparse.Namespace, inputs: Sequence[PathOrUrl], cleaner: Cleaner, *, bar: Bar, log: Log
) -> RunCounts:
    pinned = args.now is not None or bool(os.environ.get("SOURCE_DATE_EPOCH"))
    settings = BatchSettings(
        out=args.output, clock=_clock(args.now), pinned=pinned, shard_size=args.shard_size, max_bytes=args.max_bytes,
        with_removed=args.with_removed, copy_originals=args.copy_originals, fresh=args.fresh, check=args.resume,
        engine=_engine_choice(args), workers=_workers(args),
        timeout=args.timeout or None, count=not args.no_memory,
        update_memory=args.memory if args.update_memory else None,
    )  # fmt: skip
    here = isinstance(args.output, Path)
    if here and not args.quiet and not args.fresh and (read_report(args.output) or {}).get("complete"):
        log.say("complete", f"{args.output} holds a complete run; --fresh would clean again")
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        return run_batch(inputs, cleaner, settings, bar.show)
    except KeyboardInterrupt:
        raise InterruptedRunError(_interrupted(args.output)) from None
    finally:
        signal.signal(signal.SIGTERM, before)


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


def cores() -> int:
    """The cores this process may use, not those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class InterruptedRunError(Exception):
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
            raise UsageError(f"SOURCE_DATE_EPOCH={epoch!r} is no number of seconds since 1970") from None
    return datetime.now(UTC).replace(microsecond=0)


def _print_summary(counts: RunCounts, out: PathOrUrl | None) -> None:
    status = ", ".join(f"{count} {name}" for name, count in sorted(counts.status.items()))
    print(f"{counts.documents} documents: {status or 'none'}")
    if counts.characters:
        removed = counts.removed.total()
        print(f"{removed:,} of {counts.characters:,} characters removed ({removed / counts.characters:.1%})")
    for label, count in sorted(counts.removed.items(), key=lambda pair: (-pair[1], pair[0])):
        spans = counts.spans[label]
        print(f"  {label:<13}{spans:>8,} {'stretch ' if spans == 1 else 'stretches'}{count:>11,} characters")
    if repairs := counts.repairs:
        print("repairs: " + ", ".join(f"{count} {kind}" for kind, count in sorted(repairs.items())))
    if skipped := counts.skipped:
        print("skipped: " + ", ".join(f"{count} {reason}" for reason, count in sorted(skipped.items())))
    if out is not None:
        print(f"results in {out}: text/ (clean), documents/ (rows with reasons), warc/ (archive), run.json")
        if isinstance(out, Path):
            print(f"next: cleancopy report {out} -o report.html")
