"""The commands `cleancopy corrections show|merge|check`: what persons decided, and where they differ."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from archive.segments.durable import write_atomically
from cleaner.corrections.check import described, findings
from cleaner.corrections.format import Row, Seen, encode, in_force, read, reviewers
from cleaner.corrections.merge import merged
from cleaner.storage.object_store import file_at

OK, PROBLEMS = 0, 1


def add_commands(commands: Any) -> None:
    """Adds the commands to the parser's list."""
    _add_corrections(commands.add_parser("corrections", help="what persons decided: show, merge, check"))


def _add_corrections(parser: argparse.ArgumentParser) -> None:
    parser.description = "Reads files of corrections (docs/review.md); several files count as one."
    actions = parser.add_subparsers(dest="corrections_command", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="what is in force, one line each")
    show.add_argument("--json", action="store_true", help="rows instead of lines")
    merge = actions.add_parser("merge", help="several files as one, each row once")
    merge.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the merged file")
    check = actions.add_parser("check", help="conflicts between persons, and texts that do not fit; exit code 1 if any")
    for action in (show, merge, check):
        action.add_argument("files", nargs="+", metavar="FILE", help="corrections.jsonl, a file or URL")


def run(args: argparse.Namespace) -> int:
    """Carries out one of the commands. Raises CorrectionError, StoreError, OSError."""
    return COMMANDS[args.command](args)


def _corrections(args: argparse.Namespace) -> int:
    rows = merged(read(file_at(name)) for name in args.files)
    return _ACTIONS[args.corrections_command](args, rows)


def _show(args: argparse.Namespace, rows: list[Row]) -> int:
    if args.json:
        print("".join(encode(row).decode("utf-8", "replace") for row in in_force(rows)), end="")
        return OK
    for line in described(rows):
        print(_printable(line))
    seen = sum(isinstance(row, Seen) for row in rows)
    print(f"{len(in_force(rows))} corrections in force, {seen} documents, {len(reviewers(rows))} reviewed as a whole")
    return OK


def _merge(args: argparse.Namespace, rows: list[Row]) -> int:
    write_atomically(args.output, [encode(row) for row in rows])
    print(f"{args.output}: {len(rows)} rows, {len(in_force(rows))} corrections in force")
    return OK


def _check(args: argparse.Namespace, rows: list[Row]) -> int:
    lines = list(findings(rows))
    for line in lines:
        print(_printable(line))
    print(f"{len(rows)} rows, {len(lines)} findings")
    return PROBLEMS if lines else OK


def _printable(line: str) -> str:
    """Without control characters: texts of strangers must not steer a terminal."""
    return "".join(char if char.isprintable() else " " for char in line)


_ACTIONS: Mapping[str, Callable[[argparse.Namespace, list[Row]], int]] = {
    "show": _show,
    "merge": _merge,
    "check": _check,
}
COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"corrections": _corrections}
