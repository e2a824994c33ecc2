"""The command `cleancopy teach`: the shipped model, and what corrections taught it, as a model of your own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from archive.segments.durable import write_atomically
from cleaner.cli.arguments import say, tell
from cleaner.corrections.format import read
from cleaner.corrections.merge import merged
from cleaner.model.network import shipped_bytes
from cleaner.model_file import read as read_model
from cleaner.storage.object_store import file_at
from cleaner.training.corrected import corrected
from cleaner.training.evaluation import Gold, read_gold
from cleaner.training.teach import RefusedLessonError, teach

#: Exit codes: the second where what was learned would make things worse, so that nothing is written.
OK, REFUSED = 0, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `teach` to its parser."""
    parser.description = (
        "Adapts the shipped model to what persons corrected: a small layer over it, never a training anew. Prints how "
        "documents that were held out, and the project's own labelled texts, do before and after; refuses when these "
        "get worse, with exit code 3 (docs/review.md). Needs 4 corrected documents, and better 30. Use the result with "
        "--model."
    )
    parser.add_argument(
        "--corrections", nargs="+", required=True, metavar="FILE", help="corrections.jsonl, files or URLs"
    )
    parser.add_argument(
        "--gold", type=Path, nargs="+", default=[], metavar="FILE", help="labelled documents that teach too (JSONL)"
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="the model to start from (default: the shipped one)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="MODEL", help="the model's file")


def run(args: argparse.Namespace) -> int:
    """Carries out `cleancopy teach`. Raises TeachError, CorrectionError, GoldError, ModelError, OSError."""
    rows = merged(read(file_at(name)) for name in args.corrections)
    documents = [Gold(*known) for known in corrected(rows)]
    gold = [document for path in args.gold for document in read_gold(path)]
    model = read_model(args.model) if args.model else shipped_bytes()
    try:
        lessons = teach(documents, model, lambda line: tell(line, to=sys.stderr), gold=gold)
    except RefusedLessonError as error:
        say(str(error))
        return REFUSED
    write_atomically(args.output, [lessons.data])
    tell("\n".join(lessons.figures))
    print(f"{args.output}: {len(lessons.data):,} bytes; use it with --model {args.output}")
    return OK
