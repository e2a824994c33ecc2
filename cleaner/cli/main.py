"""The command `cleancopy`: parses words, calls the library, prints.

Exit codes: 0 all well, 1 some documents failed or problems were found, 2 wrong use.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from threadpoolctl import threadpool_limits

from archive import cli as archive_cli
from cleaner.accelerator import described
from cleaner.batch.output.status import status_lines, status_values
from cleaner.batch.progress import Log
from cleaner.batch.run import SHARD_SIZE, BatchError
from cleaner.batch.shards.outcome import failed_id, unique_outcome
from cleaner.cli import memory as memory_cli
from cleaner.cli import review as review_cli
from cleaner.cli import teach as teach_cli
from cleaner.cli import train as train_cli
from cleaner.cli.batch import InterruptedRunError, UsageError, clean_batch
from cleaner.corrections.apply import read_corrections
from cleaner.document import CleanedDocument
from cleaner.engines.select import EngineName
from cleaner.heuristics.cues import CueError, CueTable, read_cues
from cleaner.html.model import PageModel
from cleaner.html.model import load as load_page_model
from cleaner.html.model import shipped as shipped_page_model
from cleaner.html.page import Extractor
from cleaner.labels import SPECS, Policy, PolicyError, read_policy
from cleaner.memory.store import Memory, MemoryFileError
from cleaner.model.model_file import ModelError
from cleaner.model.network import load, shipped
from cleaner.pipeline import VERSION, Cleaner, OnSuspect
from cleaner.readers import (
    DEFAULT_MAX_BYTES,
    Failure,
    InputError,
    Reading,
    ReadSettings,
    Skipped,
    discover,
    read,
    read_rows,
    read_stream,
    read_warc,
)
from cleaner.storage.object_store import StoreError, path_or_url
from cleaner.training.blocks import TrainingError
from cleaner.training.evaluation import GoldError, as_values, evaluate, read_gold, report_lines
from cleaner.training.teach import TeachError
from cleaner.writers.explain import explain_lines, explain_values
from cleaner.writers.pages import PageFormat, pages_of
from cleaner.writers.report.page import ReportError, write_report
from cleaner.writers.rows import document_row, encode, failed_row
from cleaner.writers.warc import CHECKS

OK, SOME_FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130
#: Seconds for one document. Of 1,957 articles the longest took 0.04; a megabyte of lines of one letter takes 29.
TIMEOUT = 60

EXAMPLES = """examples:
  cleancopy clean articles/ -o out        a folder: clean texts, rows, archive, counts
  cleancopy clean < article.txt           one text: clean text on standard output
  cleancopy clean --format jsonl < in.jsonl > out.jsonl
  cleancopy explain article.txt           every line with label, score and reasons
  cleancopy report out -o report.html     what went and why, as a web page
  cleancopy memory build articles/ -o site.memory   what each site says in every article
  cleancopy archive verify out            is every character still there?

exit codes: 0 all well (suspect and empty documents too), 1 some failed or problems were found, 2 wrong use
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; docs/cli.md is generated from it."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="cleancopy",
        description="Takes the outlet's talk about itself out of articles, explains and archives every removal.",
        epilog=EXAMPLES,
        formatter_class=raw,
    )
    parser.add_argument("--version", action="version", version=f"cleancopy {VERSION} ({described()})")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_clean(commands.add_parser("clean", help="clean articles: files and folders, or standard input"))
    _add_explain(commands.add_parser("explain", help="every line of an article with label, score and reasons"))
    train_cli.add_arguments(commands.add_parser("train", help="learn a model from labelled documents"), _positive)
    teach_cli.add_arguments(commands.add_parser("teach", help="adapt the model to what persons corrected"))
    _add_evaluate(commands.add_parser("evaluate", help="score the cleaner on labelled documents"))
    _add_report(commands.add_parser("report", help="a web page that shows what went and why"))
    _add_status(commands.add_parser("status", help="how far a run is, while it works and afterwards"))
    memory_cli.add_commands(commands)
    review_cli.add_commands(commands)
    archive_cli.add_commands(commands, CHECKS)
    return parser


def _add_clean(parser: argparse.ArgumentParser) -> None:
    labels = ", ".join(spec.label for spec in SPECS)
    parser.description = f"Cleans articles. Labels: {labels}."
    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="IN",
        help="files, folders, globs, s3://…; none: standard input to standard output",
    )
    parser.add_argument(
        "-o", "--output", type=path_or_url, metavar="OUT", help="folder or URL of the results (with IN)"
    )
    parser.add_argument(
        "--format", choices=("text", "html", "jsonl", "warc", "markdown"), default="text",
        help="of standard input (default: text); with IN, html or markdown: the same as --to",
    )  # fmt: skip
    parser.add_argument(
        "--to", action="append", default=[], choices=[page.value for page in PageFormat], metavar="html|markdown",
        help="the articles as pages too: in OUT/html/ or OUT/markdown/, in fields of rows, or on standard output",
    )  # fmt: skip
    parser.add_argument("--with-removed", action="store_true", help="rows carry the text of what was removed")
    parser.add_argument(
        "--copy-originals",
        action="store_true",
        help="store the records of WARC inputs, which the archive otherwise only refers to, in OUT/originals",
    )
    parser.add_argument("--dry-run", action="store_true", help="clean and count, write nothing")
    earlier = parser.add_mutually_exclusive_group()
    earlier.add_argument("--fresh", action="store_true", help="replace the outputs of an earlier run in OUT")
    earlier.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in OUT (done by itself), after verifying its shards: damaged ones are done again",
    )
    earlier.add_argument(
        "--update", action="store_true",
        help="OUT holds a complete run: clean what is new or has changed since, and leave the rest as it is",
    )  # fmt: skip
    parser.add_argument("--workers", type=_positive, metavar="N", help="processes (default: one for each core)")
    parser.add_argument(
        "--engine", choices=[each.value for each in EngineName], default=EngineName.LOCAL.value,
        help="who hands out the shards: this machine (default), or a Ray cluster (docs/cluster.md)",
    )  # fmt: skip
    parser.add_argument(
        "--ray-address", metavar="ADDRESS",
        help="of the cluster; auto: the one this machine belongs to (default); local: Ray on this machine alone",
    )  # fmt: skip
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=TIMEOUT,
        metavar="SECONDS",
        help=f"a document that takes longer fails; 0: no limit (default: {TIMEOUT})",
    )
    parser.add_argument(
        "--shard-size",
        type=_positive,
        default=SHARD_SIZE,
        metavar="N",
        help=f"documents per shard (default: {SHARD_SIZE})",
    )
    parser.add_argument(
        "--now", type=_moment, metavar="TIME", help="the run's clock, ISO 8601 (default: SOURCE_DATE_EPOCH, else now)"
    )
    parser.add_argument(
        "--log", choices=("text", "json"), default="text", help="messages on standard error; json: one object a line"
    )
    parser.add_argument(
        "--no-memory", action="store_true", help="do not count first what sources repeat (a batch does by itself)"
    )
    parser.add_argument(
        "--update-memory", action="store_true", help="add what was counted to the file of --memory, after the run"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary")
    _add_cleaning(parser)


def _add_cleaning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="LABEL",
        help="keep this label in the clean text (may be repeated)",
    )
    parser.add_argument(
        "--strip", action="append", default=[], metavar="LABEL", help="take this label out (may be repeated)"
    )
    parser.add_argument("--policy", type=Path, metavar="FILE", help='TOML file of lines such as caption = "keep"')
    parser.add_argument("--cues", type=Path, metavar="FILE", help="your own cue table (docs/cues.md)")
    parser.add_argument("--model", metavar="FILE", help='a model of your own; "none": the rules alone')
    parser.add_argument("--page-model", metavar="FILE", help='the same for HTML; "none": pages are read as texts')
    parser.add_argument(
        "--extractor",
        choices=[each.value for each in Extractor],
        default=Extractor.PAGE.value,
        help="HTML: page (default), fast (the page model alone), or trafilatura as a second opinion (docs/html.md)",
    )
    parser.add_argument(
        "--fast", dest="extractor", action="store_const", const=Extractor.FAST.value, help="HTML: --extractor fast"
    )
    parser.add_argument(
        "--on-suspect",
        choices=[each.value for each in OnSuspect],
        default="clean",
        help="when most of a document goes: clean it all the same (default), keep it whole, or drop it",
    )
    parser.add_argument(
        "--corrections", action="append", default=[], metavar="FILE",
        help="what persons decided otherwise, a file or URL (cleancopy review; may be repeated)",
    )  # fmt: skip
    parser.add_argument("--memory", type=Path, metavar="FILE", help="what sources repeat (cleancopy memory build)")
    parser.add_argument("--source", metavar="NAME", help="the source of articles that do not tell theirs")
    parser.add_argument(
        "--max-bytes",
        type=_positive,
        default=DEFAULT_MAX_BYTES,
        metavar="N",
        help="longer documents fail (default: 16 MB)",
    )


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="an article; - for standard input")
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")
    _add_cleaning(parser)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.description = "Scores the cleaner on labelled documents; the format of the rows is in docs/training.md."
    parser.add_argument("gold", nargs="+", type=Path, metavar="GOLD", help="JSONL of labelled documents, plain or .gz")
    parser.add_argument("--split", metavar="NAME", help="only rows whose field `split` says so")
    parser.add_argument("--by", choices=("label", "lang", "source"), default="label", help="also a line for each")
    parser.add_argument("--worst", type=int, default=5, metavar="N", help="worst documents shown (default: 5)")
    parser.add_argument("--json", action="store_true", help="the main figures as JSON")
    _add_cleaning(parser)


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="OUT", help="the folder of a finished run")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.html")
    parser.add_argument("--sample", type=_positive, default=40, metavar="N", help="documents shown (default: 40)")


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=path_or_url, metavar="OUT", help="the folder or URL of a run")
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-05-03T10:22:00Z") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code; what goes wrong by its use is said on standard error."""
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:  # closed by the caller
        return WRONG_USE
    _utf8_streams()
    threadpool_limits(1, user_api="blas")  # a document's matrices are small: more threads only wait for each other
    args = build_parser().parse_args(argv)
    try:
        return _run(args)
    except (
        UsageError,
        PolicyError,
        CueError,
        InputError,
        BatchError,
        ReportError,
        GoldError,
        ModelError,
        MemoryFileError,
        TrainingError,
        TeachError,
        StoreError,
        *review_cli.ERRORS,
    ) as error:
        _log(args).say("error", str(error))
        return WRONG_USE
    except BrokenPipeError:  # the reader of our output has left: nothing more to say
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except (KeyboardInterrupt, InterruptedRunError) as error:
        _log(args).say("interrupted", str(error) or "interrupted")
        return INTERRUPTED
    except OSError as error:
        _log(args).say("error", f"{error.filename or 'standard input or output'}: {error.strerror or error}")
        return SOME_FAILED


def _log(args: argparse.Namespace) -> Log:
    return Log(as_json=getattr(args, "log", None) == "json")


def _run(args: argparse.Namespace) -> int:
    if args.command == "archive":
        return archive_cli.run(args, CHECKS)
    if args.command == "memory":
        return memory_cli.run(args)
    if args.command == "report":
        write_report(args.run, args.output, sample=args.sample)
        print(args.output)
        return OK
    if args.command in review_cli.COMMANDS:
        return review_cli.run(args)
    if args.command == "train":
        return train_cli.run(args)
    if args.command == "teach":
        return teach_cli.run(args)
    if args.command == "status":
        print(json.dumps(status_values(args.run)) if args.json else "\n".join(status_lines(args.run)))
        return OK
    cleaner = _cleaner(args)
    if args.command == "evaluate":
        return _evaluate(args, cleaner)
    if args.command == "explain":
        return _explain(args, cleaner)
    if args.inputs:
        return clean_batch(args, cleaner)
    return _clean_stream(args, cleaner)


def _cleaner(args: argparse.Namespace) -> Cleaner:
    policy = Policy.of(read_policy(args.policy) if args.policy else None, keep=args.keep, strip=args.strip)
    cues = read_cues(args.cues) if args.cues else CueTable()
    model = shipped() if args.model is None else None if args.model == "none" else load(Path(args.model))
    return Cleaner(
        policy=policy, cues=cues, on_suspect=OnSuspect(args.on_suspect), model=model, memory=_memory(args),
        page_model=_page_model(args.page_model), extractor=Extractor(args.extractor),
        corrections=read_corrections(args.corrections) if args.corrections else None,
    )  # fmt: skip


def _page_model(given: str | None) -> PageModel | None:
    return shipped_page_model() if given is None else None if given == "none" else load_page_model(Path(given))


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
    return Memory.open(args.memory)


def _clean_stream(args: argparse.Namespace, cleaner: Cleaner) -> int:
    if args.output:
        raise UsageError("-o OUT goes with files or folders; standard input is cleaned to standard output")
    if args.format == "markdown":
        raise UsageError("Markdown is no format of inputs; give --to markdown to get it")
    if args.format in ("jsonl", "warc"):
        return _clean_rows(args, cleaner, sys.stdin.buffer, sys.stdout.buffer)
    media_type = "text/html" if args.format == "html" else "text/plain"
    reading = read_stream(sys.stdin.buffer, name="stdin", media_type=media_type, max_bytes=args.max_bytes)
    outcome = unique_outcome(reading, cleaner, set(), args.source or "")
    if isinstance(outcome, Failure):
        print(f"cleancopy: {outcome.message}", file=sys.stderr)
        return SOME_FAILED
    sys.stdout.buffer.write(_printed(outcome, args.to).encode("utf-8", "replace") if outcome.text else b"")
    sys.stdout.buffer.flush()
    if outcome.status != "clean" and not args.quiet:
        print(f"cleancopy: {outcome.status}: {outcome.metadata.get('why', '')}", file=sys.stderr)
    return OK


def _printed(cleaned: CleanedDocument, to: Sequence[str]) -> str:
    """What standard output gets: the clean text, or the pages that are asked for."""
    return "".join(pages_of(cleaned, list(map(PageFormat, to))).values()) if to else cleaned.text + "\n"


def _clean_rows(args: argparse.Namespace, cleaner: Cleaner, source: BinaryIO, target: BinaryIO) -> int:
    """One row out for each row or article in, in order, each as soon as it is cleaned."""
    failed = False
    seen: set[str] = set()
    skipped: Counter[str] = Counter()
    reader: Callable[..., Iterator[Reading | Skipped]] = read_warc if args.format == "warc" else read_rows
    for reading in reader(source, name="stdin", settings=ReadSettings(args.max_bytes)):
        if isinstance(reading, Skipped):
            skipped[reading.reason] += 1
            continue
        outcome = unique_outcome(reading, cleaner, seen, args.source or "")
        target.write(
            encode(_row(reading, outcome, with_removed=args.with_removed, pages=list(map(PageFormat, args.to))))
        )
        target.flush()
        if isinstance(outcome, Failure):
            failed = True
            print(f"cleancopy: {outcome.message}", file=sys.stderr)
    if skipped and not args.quiet:
        counted = ", ".join(f"{count} {reason}" for reason, count in sorted(skipped.items()))
        print(f"cleancopy: skipped: {counted}", file=sys.stderr)
    return SOME_FAILED if failed else OK


def _row(
    reading: Reading, outcome: CleanedDocument | Failure, *, with_removed: bool, pages: Sequence[PageFormat]
) -> dict[str, object]:
    if isinstance(outcome, CleanedDocument):
        row = document_row(outcome, extra=reading.extra, with_removed=with_removed, pages=pages_of(outcome, pages))
        return row | {"id": reading.id_in_rows(outcome.id)}
    return failed_row(failed_id(reading, outcome), outcome.message, extra=reading.fields_of_failed)


def _evaluate(args: argparse.Namespace, cleaner: Cleaner) -> int:
    documents = (gold for path in args.gold for gold in read_gold(path))
    scored = evaluate(cleaner, (gold for gold in documents if args.split in (None, gold.split)))
    if args.json:
        print(json.dumps(as_values(scored)))
    else:
        print("\n".join(report_lines(scored, by=args.by, worst=args.worst)))
    return OK


def _explain(args: argparse.Namespace, cleaner: Cleaner) -> int:
    failed = False
    for reading in _explained(args):
        outcome = unique_outcome(reading, cleaner, set(), args.source or "")
        if isinstance(outcome, Failure):
            failed = True
            print(f"cleancopy: {outcome.message}", file=sys.stderr)
        elif args.json:
            print(json.dumps(explain_values(outcome), ensure_ascii=False))
        else:
            colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
            width = min(os.get_terminal_size().columns, 120) if sys.stdout.isatty() else 100
            print("\n".join(explain_lines(outcome, width=width, colour=colour)))
    return SOME_FAILED if failed else OK


def _explained(args: argparse.Namespace) -> Sequence[Reading]:
    if str(args.file) == "-":
        return [read_stream(sys.stdin.buffer, name="stdin", max_bytes=args.max_bytes)]
    readings: list[Reading] = []
    for found in discover([args.file]):
        if isinstance(found, Failure):
            readings.append(Reading(None, None, found))
        elif not isinstance(found, Skipped):
            readings += (each for each in read(found, ReadSettings(args.max_bytes)) if isinstance(each, Reading))
    return readings


def _utf8_streams() -> None:
    """Text in and out is UTF-8 whatever the system's locale; what it cannot hold is escaped, never an exception."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
