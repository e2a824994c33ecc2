"""The commands `cleancopy review` and `cleancopy corrections show|merge|check`: persons look, correct, and are heard.

The pages need more than the cleaner does: pip install 'cleancopy[review]'.
"""

from __future__ import annotations

import argparse
import getpass
import sys
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from archive.segments.durable import write_atomically
from cleaner.corrections.check import described, findings
from cleaner.corrections.format import Row, Seen, encode, in_force, read, reviewers
from cleaner.corrections.merge import merged
from cleaner.review.index import ReviewError, index_of
from cleaner.storage.object_store import file_at

OK, PROBLEMS = 0, 1
CORRECTIONS = "corrections.jsonl"


def add_review(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `review`."""
    parser.description = (
        "Opens a page over a finished run, on this machine alone: what went and why, line by line. What you correct is "
        "kept in OUT/corrections.jsonl, which `cleancopy clean --corrections` obeys (docs/review.md)."
    )
    parser.add_argument("run", type=Path, metavar="OUT", help="the folder of a finished run")
    parser.add_argument("--corrections", type=Path, metavar="FILE", help=f"where to keep them (OUT/{CORRECTIONS})")
    parser.add_argument("--as", dest="who", metavar="NAME", help="who you are (default: your name on this machine)")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="on 127.0.0.1 (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def add_corrections(parser: argparse.ArgumentParser) -> None:
    """Adds the commands of `corrections`."""
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
    """Carries out one of the commands. Raises ReviewError, CorrectionError, StoreError, OSError."""
    return COMMANDS[args.command](args)


def _review(args: argparse.Namespace) -> int:
    try:
        from cleaner.review.server import listening, make_review, serve
    except ImportError as error:
        raise ReviewError(f"the pages need more than is here ({error}); pip install 'cleancopy[review]'") from error
    index = index_of(args.run, lambda line: print(line, file=sys.stderr))
    corrections = args.corrections or args.run / CORRECTIONS
    if corrections.exists():
        read(corrections)  # what cannot be read is said now, not at the first click
    if not 0 <= args.port < 1 << 16:
        raise ReviewError(f"{args.port} is no port; give a number up to 65535, or none")
    bound = listening(args.port)
    review = make_review(args.run, index, corrections, port=bound.getsockname()[1], who=args.who or _user())
    address = review.guard.invite()
    print(f"review at {address}\nthe address opens one browser, once; corrections go to {corrections}; Ctrl-C ends")
    sys.stdout.flush()
    if not args.no_browser:
        webbrowser.open(address)
    with suppress(KeyboardInterrupt):
        serve(review, bound)
    return OK


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "someone"


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
COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"review": _review, "corrections": _corrections}
