"""The commands `cleancopy review` and `cleancopy corrections add|show|merge|check`: persons look and correct.

The pages need more than the cleaner does: pip install 'cleancopy[review]'.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from archive.segments.durable import write_atomically
from archive.terminal import one_line
from cleaner.cli.arguments import say, tell
from cleaner.corrections.check import described, findings
from cleaner.corrections.format import Row, Seen, encode, in_force, read, reviewers
from cleaner.corrections.merge import merged
from cleaner.review.index import ReviewError, index_of
from cleaner.storage.object_store import file_at
from cleaner.training.agreement import agreement, disputed, gold_rows
from cleaner.writers.words import number, plural

OK, PROBLEMS = 0, 1
CORRECTIONS = "corrections.jsonl"


def add_review(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `review`."""
    parser.description = (
        "Opens a page over a finished run, on this machine alone: what went and why, line by line. What you correct is "
        "kept in OUT/corrections.jsonl, which `cleancopy clean --corrections` obeys (docs/review.md)."
    )
    parser.add_argument("run", type=Path, metavar="OUT", help="the folder of a finished run; or the word export")
    parser.add_argument(
        "files", nargs="*", metavar="FILE",
        help="with export: corrections, of which labelled rows, disputed lines and agreement are written to -o",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="with export: where to")
    parser.add_argument("--corrections", type=Path, metavar="FILE", help=f"where to keep them (OUT/{CORRECTIONS})")
    parser.add_argument("--as", dest="who", metavar="NAME", help="who you are (default: your name on this machine)")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="on 127.0.0.1 (default: any free one)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    ask = parser.add_argument_group("a second reader (nothing is sent without --ask)")
    ask.add_argument(
        "--ask", metavar="URL", help="an OpenAI-compatible address, such as http://127.0.0.1:8080/v1: a model is asked "
        "about the doubtful blocks, and its answers are shown as its corrections; its key: CLEANCOPY_ASK_KEY",
    )  # fmt: skip
    ask.add_argument("--ask-model", default="local", metavar="NAME", help="which model (default: local)")
    ask.add_argument("--ask-limit", type=int, default=200, metavar="N", help="questions at most (default: 200)")


def add_corrections(parser: argparse.ArgumentParser) -> None:
    """Adds the commands of `corrections`."""
    parser.description = "Reads files of corrections (docs/review.md); several files count as one."
    actions = parser.add_subparsers(dest="corrections_command", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="what is in force, one line each")
    show.add_argument("--json", action="store_true", help="rows instead of lines")
    merge = actions.add_parser("merge", help="several files as one, each row once")
    merge.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the merged file")
    _add_add(actions.add_parser("add", help="correct lines of a document of a finished run, without a browser"))
    check = actions.add_parser("check", help="conflicts between persons, and texts that do not fit; exit code 1 if any")
    for action in (show, merge, check):
        action.add_argument("files", nargs="+", metavar="FILE", help="corrections.jsonl, a file or URL")


def _add_add(parser: argparse.ArgumentParser) -> None:
    """The arguments of `corrections add`."""
    parser.add_argument("run", type=Path, metavar="OUT", help="the folder of a finished run")
    parser.add_argument("document", metavar="DOCUMENT", help="its id, or its place: a file, file#row")
    parser.add_argument("lines", nargs="+", metavar="LINE", help="a line as it stands in the document, or words of it")
    verdict = parser.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--keep", dest="verdict", action="store_const", const="keep", help="it is of the article")
    verdict.add_argument("--remove", dest="verdict", action="store_const", const="remove", help="it is not")
    verdict.add_argument("--label", dest="verdict", metavar="LABEL", help="what it is (docs/labels.md)")
    parser.add_argument(
        "--scope", choices=("text", "source", "everywhere"), default="text",
        help="where that holds: in this text (default), wherever its source says the line, or everywhere",
    )  # fmt: skip
    parser.add_argument("--corrections", type=Path, metavar="FILE", help=f"where to keep it (OUT/{CORRECTIONS})")
    parser.add_argument("--as", dest="who", metavar="NAME", help="who you are (default: your name on this machine)")


def run(args: argparse.Namespace) -> int:
    """Carries out one of the commands. Raises ReviewError, CorrectionError, StoreError, OSError."""
    return COMMANDS[args.command](args)


def _review(args: argparse.Namespace) -> int:
    if str(args.run) == "export":
        return _export(args)
    if args.files or args.output:
        raise ReviewError("FILE and -o go with `cleancopy review export`")
    try:
        from cleaner.review.server import listening, make_review, serve
    except ImportError as error:
        raise ReviewError(f"the pages need more than is here ({error}); pip install 'cleancopy[review]'") from error
    index = index_of(args.run, lambda line: tell(line, to=sys.stderr))
    corrections = _corrections_of(args)
    if args.ask:
        _ask(args, index, corrections)
    if not 0 <= args.port < 1 << 16:
        raise ReviewError(f"{args.port} is not a port; give a number up to 65535, or none")
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


def _ask(args: argparse.Namespace, index: Path, corrections: Path) -> None:
    """Asks the model that was named; what goes wrong there is said, and the pages open all the same."""
    from cleaner.review.ask import Asker, AskError, Asking
    from cleaner.review.server import articles

    key = os.environ.get("CLEANCOPY_ASK_KEY", "")
    try:
        reader = Asker(Asking(args.ask, args.ask_model, args.ask_limit, key), index.parent)
        tell(f"{args.ask_model}: {reader.read(articles(args.run, index), corrections).line()}", to=sys.stderr)
    except AskError as error:
        say(str(error))


def _export(args: argparse.Namespace) -> int:
    if not args.files or not args.output:
        raise ReviewError("give files of corrections and a folder: cleancopy review export FILE … -o DIR")
    rows = merged(read(file_at(name)) for name in args.files)
    args.output.mkdir(parents=True, exist_ok=True)
    lines = list(agreement(rows)) or ["no two persons judged the same lines"]
    gold = list(gold_rows(rows))
    for name, content in (
        ("gold.jsonl", "".join(gold)), ("disputed.csv", disputed(rows)), ("agreement.txt", "\n".join(lines) + "\n"),
    ):  # fmt: skip
        write_atomically(args.output / name, [content.encode("utf-8", "replace")])
    tell("\n".join((f"{args.output}: {len(gold)} labelled documents, disputed.csv, agreement.txt", *lines)))
    return OK


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name
        return "someone"


def _add(args: argparse.Namespace) -> int:
    from cleaner.corrections.format import Scope
    from cleaner.review.add import add_corrections

    index = index_of(args.run, lambda line: tell(line, to=sys.stderr))
    file = _corrections_of(args)
    said = (args.verdict, Scope(args.scope))
    added = add_corrections(args.run, index, file, args.document, args.lines, said, args.who or _user())
    for correction in added:
        already = " (which it was already)" if correction.is_so else ""
        tell(one_line(f"{correction.row.label}: {correction.row.text}{already}"))
    tell(f"{plural(len(added), 'correction')} in {file}; `cleancopy clean … --corrections {file}` obeys")
    return OK


def _corrections_of(args: argparse.Namespace) -> Path:
    """The file that corrections of a run go to. Raises ReviewError, CorrectionError."""
    corrections: Path = args.corrections or args.run / CORRECTIONS
    if args.corrections is None and corrections.is_symlink():
        raise ReviewError(f"{corrections} is a link; name the file that it leads to with --corrections")
    if corrections.exists():
        read(corrections)  # what cannot be read is said now, not at the first click
    return corrections


def _corrections(args: argparse.Namespace) -> int:
    if args.corrections_command == "add":
        return _add(args)
    rows = merged(read(file_at(name)) for name in args.files)
    return _ACTIONS[args.corrections_command](args, rows)


def _show(args: argparse.Namespace, rows: list[Row]) -> int:
    if args.json:
        print("".join(encode(row).decode("utf-8", "replace") for row in in_force(rows)), end="")
        return OK
    for line in described(rows):
        tell(one_line(line))
    seen = sum(isinstance(row, Seen) for row in rows)
    counted = f"{plural(len(in_force(rows)), 'correction')} in force, {plural(seen, 'document')}"
    print(f"{counted}, {number(len(reviewers(rows)))} reviewed as a whole")
    return OK


def _merge(args: argparse.Namespace, rows: list[Row]) -> int:
    write_atomically(args.output, [encode(row) for row in rows])
    print(f"{args.output}: {plural(len(rows), 'row')}, {plural(len(in_force(rows)), 'correction')} in force")
    return OK


def _check(args: argparse.Namespace, rows: list[Row]) -> int:
    lines = list(findings(rows))
    for line in lines:
        tell(one_line(line))
    print(f"{plural(len(rows), 'row')}, {plural(len(lines), 'finding')}")
    return PROBLEMS if lines else OK


_ACTIONS: Mapping[str, Callable[[argparse.Namespace, list[Row]], int]] = {
    "show": _show,
    "merge": _merge,
    "check": _check,
}
COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {"review": _review, "corrections": _corrections}
