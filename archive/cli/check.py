"""`archive verify`, `restore`, `repair`: what an archive is worth, and getting it back."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from archive.checking.index_check import index_problems
from archive.checking.ledger import Checks
from archive.checking.originals import Missing, Sources
from archive.checking.repair import RepairError, repair
from archive.checking.restore import restore
from archive.checking.seal_check import Repacked
from archive.checking.signatures import sign, signature_path, signature_problems
from archive.checking.timestamps import answer_path, stamp_problems, write_request
from archive.checking.verify import Unchecked, verify
from archive.cli.output import PROBLEMS, WELL, counted, note, report, say
from archive.segments.folder import INDEX_NAME
from archive.segments.problems import Problem
from archive.segments.records import warc_date


def run_verify(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Lists every problem."""
    count = missing = 0
    checks = replace(checks, render=None) if args.no_renderings else checks
    sources = Sources(tuple(args.sources or ()))
    for problem in verify(segments, checks, sources, whole=args.archive_in.is_dir()):
        if isinstance(problem, Unchecked | Repacked):
            note(str(problem))
            continue
        missing += isinstance(problem, Missing)
        count += isinstance(problem, Problem) or bool(args.sources)
        say(str(problem))
    index = args.archive_in / INDEX_NAME
    of_the_whole = index_problems(index, segments) if args.archive_in.is_dir() else ()
    for problem in (*of_the_whole, *_signature_problems(args, segments), *_stamp_problems(args)):
        count += 1
        say(str(problem))
    if missing:
        note(f"{counted(missing, 'source file')} missing: what the archive itself holds was checked all the same")
    note(f"{counted(count, 'problem')} in {counted(len(segments), 'segment')}")
    return PROBLEMS if count else WELL


def run_restore(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Writes originals, or rebuilt texts."""
    code, count, rows, unpacked = WELL, 0, 0, 0
    for outcome in restore(
        segments, args.output, checks, decoded=args.decoded, sources=Sources(tuple(args.sources or ())), at=args.at
    ):
        if isinstance(outcome, Problem):
            code = report(outcome)
        elif isinstance(outcome, Missing):
            code = PROBLEMS
            note(str(outcome))
        elif outcome.skipped:
            note(f"{outcome.name}: not written, {outcome.skipped}")
        else:
            count, rows, unpacked = count + 1, rows + outcome.of_row, unpacked + outcome.unpacked
    whole = f"; {rows:,} of them the article of a row, without its other fields" if rows else ""
    whole += f"; {unpacked:,} of them what files named as compressed ones held, unpacked" if unpacked else ""
    note(f"{counted(count, 'file')} restored to {args.output}{whole}")
    return code


def run_repair(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Saves the whole articles of damaged segments."""
    args.output.mkdir(parents=True, exist_ok=True)
    code = WELL
    for path in segments:
        try:
            done = repair(path, args.output)
        except RepairError as error:
            code = PROBLEMS
            note(str(error))
            continue
        if done.path is None:
            say(f"{path.name}: whole, nothing to repair")
            continue
        say(f"{path.name}: {counted(done.articles, 'article')} saved to {done.path}")
        for lost in done.lost:
            code = PROBLEMS
            say(f"{path.name}: lost {lost}")
    return code


def _signature_problems(args: argparse.Namespace, segments: list[Path]) -> Iterator[Problem]:
    if args.key is not None:
        yield from signature_problems(segments, signature_path(args.archive_in), args.key)


def _stamp_problems(args: argparse.Namespace) -> Iterator[Problem]:
    if args.tsa is not None:
        told: list[datetime] = []
        yield from stamp_problems(signature_path(args.archive_in), args.tsa, told)
        for moment in told:
            note(f"the signature was there by {warc_date(moment)}, as the authority says")


def run_stamp(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Writes the request for a timestamp."""
    signature = signature_path(args.archive_in)
    request, answer = write_request(signature), answer_path(signature)
    note(f"request written to {request}; send it to an authority, and keep its answer as {answer}, such as by")
    kind = "Content-Type: application/timestamp-query"
    note(f"curl -H '{kind}' --data-binary @{request} -o {answer} URL; `archive verify --tsa FILE` compares")
    return WELL


def run_sign(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Signs the seals."""
    target = signature_path(args.archive_in)
    note(f"{counted(sign(segments, target, args.key, datetime.now(UTC)), 'seal')} signed in {target}")
    return WELL
