"""`archive index`, `export`: the archive for other programs."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from archive.checking.ledger import Checks
from archive.checking.versions import chosen
from archive.cli.output import PROBLEMS, WELL, WRONG_USE, counted, note, report, say
from archive.export.cdxj import index_lines, write_index
from archive.export.relabelled import export_relabelled
from archive.export.ro_crate import NAME, Terms, ro_crate
from archive.export.tables import export_jsonl, export_parquet
from archive.export.texts import Counts, ExportError, Retell
from archive.export.wacz import about_run, export_wacz
from archive.export.wet import export_wet
from archive.segments.durable import write_atomically
from archive.segments.folder import INDEX_NAME, WARC_FOLDER
from archive.segments.problems import Problem
from archive.segments.writer import SUFFIX


def run_index(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Writes the index of replay tools."""
    problems: list[Problem] = []
    lines = _lines(segments, problems)
    target = args.output or _default_index(args.archive_in)
    if target is None or str(target) == "-":
        for line in sorted(lines):
            say(line, end="")
    else:
        note(f"{counted(write_index(target, lines), 'line')} written to {target}")
    for problem in problems:
        report(problem)
    return PROBLEMS if problems else WELL


def _lines(segments: Iterable[Path], problems: list[Problem]) -> Iterator[str]:
    for path in segments:
        for line in index_lines(path):
            if isinstance(line, Problem):
                problems.append(line)
            else:
                yield line


def _default_index(given: Path) -> Path | None:
    return given / INDEX_NAME if (given / WARC_FOLDER).is_dir() else None


def run_export(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Writes clean texts in another form."""
    if checks.retelling is None:
        note("no cleaner is at hand to tell the texts")
        return WRONG_USE
    if args.at and args.form == "warc10":
        note("--warc10 copies segments as they are, with all versions; --at goes with the other forms")
        return WRONG_USE
    told = checks.retelling(args.keep, args.strip, args.policy, args.corrections)
    code, count, empty = WELL, 0, 0
    try:
        for counts in _exports(args, segments, told):
            for problem in counts.problems:
                code = report(problem)
            count, empty = count + counts.texts, empty + counts.empty
    except ExportError as error:
        note(str(error))
        return WRONG_USE
    note(f"{counted(count, 'text')} exported to {args.output}" + (f", {empty} without text" if empty else ""))
    return code


def _exports(args: argparse.Namespace, segments: list[Path], told: Retell) -> Iterator[Counts]:
    """What each export wrote: one for each segment, or for all of them."""
    among = chosen(segments, args.at) if args.at or args.form != "wacz" else None
    if args.form == "wacz":
        title = args.title or args.archive_in.resolve().name.removesuffix(SUFFIX)
        yield export_wacz(segments, args.output, told, about_run(segments, title), among)
        return
    for segment in segments:
        if args.form == "warc10":
            yield export_relabelled(segment, args.output)
        elif args.form == "wet":
            yield export_wet(segment, args.output, told, among, language_last=args.language_last)
        else:
            yield (export_jsonl if args.form == "jsonl" else export_parquet)(segment, args.output, told, among)


def run_crate(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Writes RO-Crate metadata beside the archive."""
    root = args.archive_in if args.archive_in.is_dir() else args.archive_in.parent
    terms = Terms(args.title or root.resolve().name, args.license, args.author)
    target = args.output or root / NAME
    write_atomically(target, (ro_crate(segments, root, terms),))
    note(f"metadata of {counted(len(segments), 'segment')} written to {target}")
    return WELL
