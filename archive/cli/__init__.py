"""The command `cleancopy archive …`: list, show, compare, verify, restore, repair, index.

Results go to stdout, messages to stderr. Exit codes: 0 all well, 1 problems were found, 2 wrong use.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.checking.ledger import Checks
from archive.checking.restore import HOPELESS
from archive.checking.signatures import SigningError
from archive.cli.check import run_repair, run_restore, run_sign, run_stamp, run_verify
from archive.cli.give import run_crate, run_export, run_index
from archive.cli.look import run_diff, run_history, run_ls, run_show
from archive.cli.output import PROBLEMS, WELL, WRONG_USE, note
from archive.segments.folder import INDEX_NAME, NoSegmentsError, find_segments

HELP = """\
IN is the output folder of a run (its warc/*.warc.gz are read) or a single segment.
NAME is an article's relative path (path#row for a row), its address, a record id, or segment:offset.
exit codes: 0 all well, 1 problems were found (each is listed), 2 wrong use
"""
HELP_VERIFY = """\
A clean text in OUT/text that is no longer what the run wrote is told in a note: the archive holds what it
was, so it is no problem of the archive and does not change the exit code.
"""


def add_arguments(parser: argparse.ArgumentParser, checks: Checks) -> None:
    """Adds the commands of `archive` to its parser; `args.run(args)` then carries one out."""
    raw = argparse.RawDescriptionHelpFormatter
    parser.epilog, parser.formatter_class = HELP, raw
    commands = parser.add_subparsers(dest="archive_command", required=True, metavar="COMMAND")
    for name, (text, arguments, _) in _COMMANDS.items():
        command: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", epilog=HELP, formatter_class=raw
        )
        command.add_argument("archive_in", metavar="IN", type=Path, help="a run's output folder, or a segment")
        command.set_defaults(run=lambda args: run(args, checks))
        arguments(command)


def _no_arguments(_: argparse.ArgumentParser) -> None:
    pass


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON row each")


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="which article (see below)")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--original", dest="part", action="store_const", const="original", help="the original bytes")
    part.add_argument("--clean", dest="part", action="store_const", const="clean", help="the clean text")
    part.add_argument("--ledger", dest="part", action="store_const", const="ledger", help="the ledger as JSON")
    part.add_argument("--headers", dest="part", action="store_const", const="headers", help="the records' headers")


def _history_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="which article (see below)")


def _diff_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="articles to compare (default: all)")
    parser.add_argument("--why", action="store_true", help="with the score and the reasons")


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = HELP + HELP_VERIFY
    _sources_argument(parser)
    parser.add_argument(
        "--no-renderings", action="store_true", help="do not parse HTML originals again to compare their renderings"
    )
    parser.add_argument("--key", type=Path, metavar="FILE", help="public Ed25519 key in PEM: was this signed with it?")
    parser.add_argument(
        "--tsa", type=Path, metavar="FILE",
        help="certificates in PEM, a root among them: does the answer beside the signature (.tsr) prove its hour?",
    )  # fmt: skip


def _sign_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="openssl genpkey -algorithm ed25519")


def _restore_arguments(parser: argparse.ArgumentParser) -> None:
    _sources_argument(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to")
    parser.add_argument("--decoded", action="store_true", help="the text rebuilt from kept and removed parts instead")
    parser.add_argument(
        "--at", type=_moment, metavar="DATE",
        help="as it was then, of articles in several versions (default: the newest)",
    )  # fmt: skip


def _repair_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to; must not be IN")


def _crate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: IN/ro-crate-metadata.json")
    parser.add_argument("--title", metavar="NAME", help="default: the name of IN")
    parser.add_argument("--license", metavar="URL", help="under which terms it may be used")
    parser.add_argument("--author", metavar="NAME", help="who made it")


def _index_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"default: IN/{INDEX_NAME}; - for stdout")


def _moment(text: str) -> datetime:
    """A day, to its end, or a time in ISO 8601; UTC where no zone is given."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; give one such as 2026-11-30") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment + timedelta(days=1, seconds=-1) if len(text) == len("2026-11-30") else moment


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group(required=True)
    for name, what in (
        ("wet", ".warc.wet.gz in the layout of Common Crawl"),
        ("jsonl", ".jsonl.gz, a row for each text"),
        ("parquet", ".parquet, the same columns (needs pyarrow: the extra `parquet`)"),
        ("warc10", "the segments as WARC/1.0, for tools that know no 1.1; labels cannot be chosen anew"),
        ("wacz", ".wacz: originals and clean texts for replayweb.page and other players, with texts to search"),
    ):
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=what)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to")
    parser.add_argument(
        "--at", type=_moment, metavar="DATE",
        help="the texts as they were then, of articles in several versions (default: the newest; WACZ: all)",
    )  # fmt: skip
    parser.add_argument("--title", metavar="NAME", help="WACZ: its title and file name (default: the name of IN)")
    again = "{} this label, as if the corpus had been cleaned so (may be repeated)"
    parser.add_argument("--keep", action="append", default=[], metavar="LABEL", help=again.format("keep"))
    parser.add_argument("--strip", action="append", default=[], metavar="LABEL", help=again.format("take out"))
    parser.add_argument("--policy", type=Path, metavar="FILE", help='TOML file of lines such as caption = "keep"')
    parser.add_argument(
        "--corrections", action="append", default=[], metavar="FILE",
        help="what persons decided otherwise (docs/review.md), as if the corpus had been cleaned so (may be repeated)",
    )  # fmt: skip
    parser.add_argument(
        "--language-last",
        action="store_true",
        help="WET: the language behind the length, for readers that count lines of the older layout, such as CCNet's",
    )


def _sources_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sources",
        type=Path,
        action="append",
        metavar="DIR",
        help="folder of the WARC files that were cleaned, which the archive refers to (may be repeated)",
    )


def run(args: argparse.Namespace, checks: Checks) -> int:
    """Carries a parsed command out and returns its exit code; errors of use and of files become messages."""
    try:
        segments = find_segments(args.archive_in)
        _, _, carry_out = _COMMANDS[args.archive_command]
        return carry_out(args, segments, checks)
    except (NoSegmentsError, SigningError) as error:
        note(str(error))
        return WRONG_USE
    except BrokenPipeError:  # the reader of our output has seen enough, as `head` does
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WELL
    except OSError as error:
        note(f"{_place_of(error, args)}: {error.strerror or error}")
        return PROBLEMS


def _place_of(error: OSError, args: argparse.Namespace) -> Path | str:
    """Where an error is: a full disk names no file, and is that of what is written."""
    place: Path | str = error.filename or args.archive_in
    if error.errno in HOPELESS and not error.filename:
        place = getattr(args, "output", None) or place
    return place


Run = Callable[[argparse.Namespace, list[Path], Checks], int]
#: The commands: what is said of each, its arguments, what carries it out.
_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None], Run]] = {
    "ls": ("list the stored articles", _list_arguments, run_ls),
    "show": ("show one article: where it came from, its clean text, its ledger", _show_arguments, run_show),
    "history": (
        "list the versions of an article, in the runs that updated each other", _history_arguments, run_history,
    ),
    "diff": ("show what was removed, marked with its label, beside what was kept", _diff_arguments, run_diff),
    "verify": (
        "check digests, seals, gzip members, headers, and that every source can be rebuilt", _verify_arguments,
        run_verify,
    ),
    "sign": ("sign the seals of a run, with a private Ed25519 key in PEM", _sign_arguments, run_sign),
    "stamp": ("write the request for a trusted timestamp (RFC 3161) of a run's signature", _no_arguments, run_stamp),
    "restore": (
        "write the originals back, byte for byte; of rows, feeds and tables the text of each row, not the file",
        _restore_arguments, run_restore,
    ),
    "repair": ("save the whole articles of damaged segments into new files", _repair_arguments, run_repair),
    "export": (
        "write the clean texts for other programs: WET, JSON rows or Parquet", _export_arguments, run_export,
    ),
    "crate": ("describe a run for research archives: RO-Crate metadata", _crate_arguments, run_crate),
    "index": ("write the CDXJ index that replay tools read", _index_arguments, run_index),
}  # fmt: skip
