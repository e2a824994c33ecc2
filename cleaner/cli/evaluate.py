"""The command `cleancopy evaluate`: scores the cleaner on labelled documents."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from cleaner.cli.arguments import OK, add_cleaning, cleaner_of, positive, tell


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `evaluate`."""
    parser.description = "Scores the cleaner on labelled documents; the format of the rows is in docs/training.md."
    parser.add_argument("gold", nargs="+", type=Path, metavar="GOLD", help="JSONL of labelled documents, plain or .gz")
    parser.add_argument("--split", metavar="NAME", help="only rows whose field `split` says so")
    parser.add_argument("--by", choices=("label", "lang", "source"), default="label", help="also a line for each")
    parser.add_argument("--worst", type=positive, default=5, metavar="N", help="worst documents shown (default: 5)")
    parser.add_argument("--json", action="store_true", help="the main figures as JSON")
    add_cleaning(parser)


def run(args: argparse.Namespace) -> int:
    """Prints the scores; the exit code. Raises the errors for the user of `main.USER_ERRORS`."""
    from cleaner.training.evaluation import as_values, evaluate, read_gold, report_lines

    cleaner = cleaner_of(args)
    documents = (gold for path in args.gold for gold in read_gold(path))
    scored = evaluate(cleaner, (gold for gold in documents if args.split in (None, gold.split)))
    tell(json.dumps(as_values(scored)) if args.json else "\n".join(report_lines(scored, by=args.by, worst=args.worst)))
    return OK
