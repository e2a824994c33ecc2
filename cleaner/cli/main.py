"""The command `cleancopy`: finds the command that is meant, loads it alone, and turns its errors into messages.

Exit codes: 0 all well, 1 some documents failed or problems were found, 2 wrong use, 3 `teach` refuses, 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import NoReturn

from cleaner.cli.arguments import INTERRUPTED, OK, SOME_FAILED, WRONG_USE, nearest, say

__all__ = ["INTERRUPTED", "OK", "SOME_FAILED", "WRONG_USE", "build_parser", "main"]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its name, what it does, the module with its `run(args)`, and the function that adds its arguments."""

    name: str
    help: str
    module: str
    add: str = "add_arguments"


#: To add a command: a module and a line here.
COMMANDS = (
    Command("clean", "clean articles: files and folders, or standard input", "cleaner.cli.clean"),
    Command("explain", "every line of an article with label, score and reasons", "cleaner.cli.explain"),
    Command("train", "learn a model from labelled documents", "cleaner.cli.train"),
    Command("teach", "adapt the model to what persons corrected", "cleaner.cli.teach"),
    Command("evaluate", "score the cleaner on labelled documents", "cleaner.cli.evaluate"),
    Command("report", "a web page that shows what went and why", "cleaner.cli.report"),
    Command("status", "how far a run is, while it works and afterwards", "cleaner.cli.status"),
    Command("memory", "what sources repeat: count it, look at it, merge counts", "cleaner.cli.memory"),
    Command("review", "look at a run in the browser, and correct it by a click", "cleaner.cli.review", "add_review"),
    Command("corrections", "what persons decided: add, show, merge, check", "cleaner.cli.review", "add_corrections"),
    Command("archive", "look into, verify, restore or repair a WARC archive", "cleaner.cli.archive"),
)
#: Errors whose message is for the user, by the module and the name of their class; looked up where they were loaded.
USER_ERRORS = (
    ("cleaner.cli.arguments", "UsageError"),
    ("cleaner.labels", "PolicyError"),
    ("cleaner.heuristics.cues", "CueError"),
    ("cleaner.readers.folders", "InputError"),
    ("cleaner.batch.output.folder", "BatchError"),
    ("cleaner.writers.report.page", "ReportError"),
    ("cleaner.training.evaluation", "GoldError"),
    ("cleaner.training.blocks", "TrainingError"),
    ("cleaner.training.teach", "TeachError"),
    ("cleaner.model_file", "ModelError"),
    ("cleaner.memory.store", "MemoryFileError"),
    ("cleaner.storage.object_store", "StoreError"),
    ("cleaner.corrections.format", "CorrectionError"),
    ("cleaner.review.index", "ReviewError"),
    ("cleaner.readers.rows", "RowError"),
    ("cleaner.readers.packing", "PackingError"),
)

EXAMPLES = """examples:
  cleancopy clean articles/ -o out        a folder: clean texts, rows, archive, counts
  cleancopy clean < article.txt           one text: clean text on standard output
  cleancopy clean --format jsonl < in.jsonl > out.jsonl
  cleancopy explain article.txt           every line with label, score and reasons
  cleancopy report out -o report.html     what went and why, as a web page
  cleancopy memory build articles/ -o site.memory   what each site says in every article
  cleancopy archive verify out            is every character still there?

exit codes: 0 all well (suspect and empty documents too), 1 some failed or problems were found, 2 wrong use,
            3 teach refuses what it learned
"""


class _Parser(argparse.ArgumentParser):
    """A parser that names the nearest word it knows when it is given one that it does not."""

    def known(self) -> list[str]:
        """Its options, and the commands or actions it has."""
        actions = self._actions
        commands = (action.choices for action in actions if isinstance(action, argparse._SubParsersAction))
        return [*self._option_string_actions, *(name for choices in commands for name in choices)]

    def error(self, message: str) -> NoReturn:
        """Ends the program for wrong use; without the usage, which is longer than a screen and hides the message."""
        from archive.terminal import folded, one_line

        said = folded(f"{self.prog}: {one_line(message)}", sys.stderr)
        self.exit(WRONG_USE, f"{said}\n{self.prog} --help says what it takes\n")

    def unknown(self, words: Sequence[str]) -> NoReturn:
        """Ends the program for words that are no arguments here."""
        self.error(f"there is no {' '.join(words)}{nearest(words, self.known())}")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            listed = ", ".join(map(str, action.choices))
            near = nearest([str(value)], list(map(str, action.choices)))
            raise argparse.ArgumentError(action, f"invalid choice: {value!r} (choose from {listed}){near}")


class _Version(argparse.Action):
    """Prints the version, which takes a look at the installed packages: only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        from cleaner.accelerator import described

        print(f"cleancopy {version('cleancopy')} ({described()})")
        parser.exit()


def build_parser(only: str | None = None) -> _Parser:
    """The command line; of a single command when `only` names one: the others have no arguments then."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="cleancopy",
        description="Takes the outlet's talk about itself out of articles, explains and archives every removal.",
        epilog=EXAMPLES,
        formatter_class=raw,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        added = commands.add_parser(command.name, help=command.help, formatter_class=argparse.HelpFormatter)
        if only in (None, command.name):
            getattr(import_module(command.module), command.add)(added)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code; what goes wrong by its use is said on standard error."""
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:  # closed by the caller
        return WRONG_USE
    _utf8_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    args = _parsed(words)
    warnings.showwarning = lambda message, *_, **__: _say(args, "warning", str(message))
    try:
        module = next(command.module for command in COMMANDS if command.name == args.command)
        code: int = import_module(module).run(args)
        return code
    except BrokenPipeError:  # the reader of our output has left: nothing more to say
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt as error:
        _say(args, "interrupted", str(error) or "interrupted")
        return INTERRUPTED
    except _user_errors() as error:
        _say(args, "error", str(error))
        return WRONG_USE
    except OSError as error:
        _say(args, "error", f"{error.filename or 'standard input or output'}: {error.strerror or error}")
        return SOME_FAILED


def _parsed(words: list[str]) -> argparse.Namespace:
    """The arguments in some words. Ends the program, with a message, for words that it does not know."""
    named = next((word for word in words if not word.startswith("-")), "")
    parser = build_parser(only=named)
    args, others = parser.parse_known_args(words)
    if others:
        _parser_of(parser, words).unknown(others)
    return args


def _parser_of(parser: _Parser, words: Sequence[str]) -> _Parser:
    """The parser of the command, or of its action, that some words name."""
    for word in words:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction) and word in action.choices:
                parser = action.choices[word]
    return parser


def _user_errors() -> tuple[type[Exception], ...]:
    return tuple(getattr(sys.modules[module], name) for module, name in USER_ERRORS if module in sys.modules)


def _say(args: argparse.Namespace, event: str, message: str) -> None:
    if getattr(args, "log", None) == "json":
        import json

        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(json.dumps({"time": now, "event": event, "message": message}), file=sys.stderr, flush=True)
    else:
        say(message)


def _utf8_streams() -> None:
    """Text in and out is UTF-8 whatever the system's locale; what it cannot hold is escaped, never an exception."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
