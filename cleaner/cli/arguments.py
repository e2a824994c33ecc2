"""What all commands share: exit codes, checks of arguments, messages, the options of cleaning and what comes of them.

Nothing here loads a model before one is asked for.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from cleaner.html.model import PageModel
    from cleaner.memory.store import Memory
    from cleaner.pipeline import Cleaner
    from cleaner.readers import ReadSettings

OK, SOME_FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
#: `readers.DEFAULT_MAX_BYTES`; a test holds the two together.
MAX_BYTES = 16 * 1024 * 1024
#: The fields of a row that can have another name.
FIELDS = ("text", "html", "id", "url", "lang", "source", "title", "date")
#: `html.page.Extractor`, `pipeline.OnSuspect`; a test holds them together.
EXTRACTORS, ON_SUSPECT = ("page", "fast", "trafilatura"), ("clean", "keep", "drop")


class UsageError(Exception):
    """The command line cannot be carried out; the message says what to give instead."""


def say(message: str) -> None:
    """One message on standard error, whatever the names in it hold."""
    from archive.terminal import folded, one_line

    print(folded(f"cleancopy: {one_line(message)}", sys.stderr), file=sys.stderr)


def tell(text: str, *, to: TextIO | None = None) -> None:
    """Lines on standard output, or `to` another stream, without what could steer a terminal."""
    from archive.terminal import many_lines

    print(many_lines(text), file=to, flush=to is not None)


def nearest(words: Sequence[str], known: Sequence[str]) -> str:
    """`; did you mean …?` for the words that resemble a known one, else nothing."""
    matches = [get_close_matches(word.partition("=")[0], known, n=1, cutoff=0.7) for word in words]
    names = list(dict.fromkeys(name for near in matches for name in near))
    return f"; did you mean {' and '.join(names)}?" if names else ""


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """A number of seconds, 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return number


def moment(text: str) -> datetime:
    """A time as ISO 8601 writes it, in UTC and whole seconds."""
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-05-03T10:22:00Z") from None


def add_reading(parser: argparse.ArgumentParser) -> None:
    """The options that say how inputs are read."""
    parser.add_argument(
        "--max-bytes", type=positive, default=MAX_BYTES, metavar="N", help="longer documents fail (default: 16 MB)"
    )
    parser.add_argument("--source", metavar="NAME", help="the source of documents that name none, nor a URL")
    group = parser.add_argument_group("fields of rows", "what your rows and tables call the fields that are read")
    for field in FIELDS:
        group.add_argument(f"--{field}-field", metavar="NAME", help=f"instead of {field!r}")


def read_settings(args: argparse.Namespace) -> ReadSettings:
    """How inputs are read, by the options of `add_reading`. Raises UsageError."""
    from cleaner.readers import ReadSettings
    from cleaner.readers.rows import field_names

    try:
        names = field_names(**{field: getattr(args, f"{field}_field") for field in FIELDS})
    except ValueError as error:
        raise UsageError(str(error)) from None
    return ReadSettings(args.max_bytes, names, args.source or "", getattr(args, "timeout", None) or None)


def add_cleaning(parser: argparse.ArgumentParser) -> None:
    """The options that say how documents are cleaned."""
    for word, text in (("keep", "keep this label in the clean text"), ("strip", "take this label out")):
        parser.add_argument(f"--{word}", action="append", default=[], metavar="LABEL", help=f"{text} (may be repeated)")
    parser.add_argument("--policy", type=Path, metavar="FILE", help='TOML file of lines such as caption = "keep"')
    parser.add_argument("--cues", type=Path, metavar="FILE", help="your own cue table (docs/cues.md)")
    parser.add_argument("--model", metavar="FILE", help='a model of your own; "none": the rules alone')
    parser.add_argument("--page-model", metavar="FILE", help='the same for HTML; "none": pages are read as texts')
    parser.add_argument(
        "--extractor", choices=EXTRACTORS, default="page",
        help="HTML: page (default), fast (the page model alone), or trafilatura as a second opinion (docs/html.md)",
    )  # fmt: skip
    parser.add_argument("--fast", dest="extractor", action="store_const", const="fast", help="HTML: --extractor fast")
    parser.add_argument(
        "--on-suspect", choices=ON_SUSPECT, default="clean",
        help="when most of a document goes: clean it all the same (default), keep it whole, or drop it",
    )  # fmt: skip
    parser.add_argument("--memory", type=Path, metavar="FILE", help="what sources repeat (cleancopy memory build)")
    parser.add_argument(
        "--corrections", action="append", default=[], metavar="FILE",
        help="what persons decided (docs/review.md); files or URLs, may be repeated",
    )  # fmt: skip


def cleaner_of(args: argparse.Namespace) -> Cleaner:
    """The cleaner that the options of `add_cleaning` describe.

    Raises UsageError, PolicyError, CueError, ModelError, MemoryFileError, CorrectionError.
    """
    from cleaner.labels import Policy, read_policy

    policy = Policy.of(read_policy(args.policy) if args.policy else None, keep=args.keep, strip=args.strip)
    from cleaner.corrections.apply import read_corrections
    from cleaner.heuristics.cues import CueTable, read_cues
    from cleaner.html.page import Extractor
    from cleaner.model.network import load, shipped
    from cleaner.pipeline import Cleaner, OnSuspect

    cues = read_cues(args.cues) if args.cues else CueTable()
    model = shipped() if args.model is None else None if args.model == "none" else load(Path(args.model))
    cleaner = Cleaner(
        policy=policy, cues=cues, on_suspect=OnSuspect(args.on_suspect), model=model, memory=_memory(args),
        page_model=_page_model(args.page_model), extractor=Extractor(args.extractor),
        corrections=read_corrections(args.corrections) if args.corrections else None,
        title_in_text=getattr(args, "title_in_text", False),
    )  # fmt: skip
    one_blas_thread()
    return cleaner


def one_blas_thread() -> None:
    """From now on BLAS works in one thread: a document's matrices are small, more threads only wait."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


def _page_model(given: str | None) -> PageModel | None:
    from cleaner.html.model import load, shipped

    return shipped() if given is None else None if given == "none" else load(Path(given))


def _memory(args: argparse.Namespace) -> Memory | None:
    """The memory file that is named. Raises UsageError, MemoryFileError."""
    updated, ignored = getattr(args, "update_memory", False), getattr(args, "no_memory", False)
    if updated and (args.memory is None or ignored):
        raise UsageError("--update-memory needs --memory FILE: the file to extend, or to begin")
    if updated and not args.inputs:
        raise UsageError("--update-memory goes with files or folders; use `cleancopy memory build` for others")
    if args.memory is None or (updated and not args.memory.exists()):
        return None
    if ignored:
        raise UsageError("--no-memory and --memory contradict each other")
    from cleaner.memory.store import Memory

    return Memory.open(args.memory)
