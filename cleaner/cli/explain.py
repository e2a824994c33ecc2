"""The command `cleancopy explain`: every line of an article with its label, score and reasons."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archive.terminal import as_json, one_line
from cleaner.cli.arguments import OK, SOME_FAILED, add_cleaning, add_reading, cleaner_of, read_settings, say

if TYPE_CHECKING:
    from cleaner.readers import Reading, ReadSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `explain`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a file of articles, a folder, or - for standard input")
    parser.add_argument("--json", action="store_true", help="JSON instead of lines, one object a document")
    add_cleaning(parser)
    add_reading(parser)


def run(args: argparse.Namespace) -> int:
    """Prints the explanations; the exit code. Raises the errors for the user of `main.USER_ERRORS`."""
    from cleaner.batch.shards.outcome import unique_outcome
    from cleaner.readers import Failure, input_folder
    from cleaner.writers.explain import explain_lines, explain_values

    settings, cleaner = read_settings(args), cleaner_of(args)
    failed = False
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    width = min(os.get_terminal_size().columns, 120) if sys.stdout.isatty() else 100
    seen: set[str] = set()
    folder = "" if str(args.file) == "-" else input_folder([args.file])  # the source of loose files, as in a batch
    for reading, alone in _readings(args, settings):
        outcome = unique_outcome(reading, cleaner, seen, folder)
        if isinstance(outcome, Failure):
            failed = True
            say(outcome.message)
        elif args.json:
            print(as_json({"id": reading.id_in_rows(outcome.id), **explain_values(outcome)}))
        else:
            if not alone:
                print(f"── {one_line(outcome.id)} ".ljust(width, "─"))
            print("\n".join(explain_lines(outcome, width=width, colour=colour)))
            if not alone:
                print()
    return SOME_FAILED if failed else OK


def _readings(args: argparse.Namespace, settings: ReadSettings) -> Iterator[tuple[Reading, bool]]:
    """What is to be explained, and whether it is the only document."""
    from cleaner.cli.batch import check_inputs
    from cleaner.readers import Failure, Reading, Skipped, discover, read, read_stream, told_source

    if str(args.file) == "-":
        reading = read_stream(sys.stdin.buffer, name="stdin", max_bytes=args.max_bytes)
        yield from ((told, True) for told in told_source(iter([reading]), settings) if isinstance(told, Reading))
        return
    check_inputs([str(args.file)])
    for file in discover([args.file]):
        if isinstance(file, Failure):
            yield Reading(None, None, file), True
        elif isinstance(file, Skipped):
            say(f"{file.locator}: skipped: {file.reason}")
        else:
            for told in read(file, settings):
                if isinstance(told, Reading):
                    row = told.original is not None and told.original.row is not None
                    yield told, args.file.is_file() and not row
