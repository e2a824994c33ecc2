"""The command `cleancopy report`: a web page that shows what a run removed and why."""

from __future__ import annotations

import argparse
from pathlib import Path

from cleaner.cli.arguments import OK, positive


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `report`."""
    parser.add_argument("run", type=Path, metavar="OUT", help="the folder of a finished run")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.html")
    parser.add_argument("--sample", type=positive, default=40, metavar="N", help="documents shown (default: 40)")


def run(args: argparse.Namespace) -> int:
    """Writes the page; the exit code. Raises ReportError, OSError."""
    from cleaner.writers.report.page import write_report

    write_report(args.run, args.output, sample=args.sample)
    print(args.output)
    return OK
