"""The command `cleancopy clean`: its options, and whether files are cleaned (batch) or standard input (pipe)."""

from __future__ import annotations

import argparse
import shlex

from cleaner.cli.arguments import UsageError, add_cleaning, add_reading, cleaner_of, moment, nearest, positive, seconds
from cleaner.labels import Label

#: Seconds for one document. Of 1,957 articles the longest took 0.04; a megabyte of lines of one letter takes 29.
TIMEOUT = 60
#: `batch.begin.SHARD_SIZE`; a test holds the two together.
SHARD_SIZE = 1000
#: Of standard input.
FORMATS = ("text", "html", "jsonl", "json", "csv", "tsv", "xml", "warc")
#: `writers.pages.PageFormat`; a test holds the two together.
PAGES = ("html", "markdown")
#: Options that only a batch has: name, default.
BATCH_ONLY = (
    ("workers", None), ("engine", "local"), ("ray_address", None), ("shard_size", None), ("fresh", False),
    ("resume", False), ("dry_run", False), ("copy_originals", False), ("now", None), ("no_memory", False),
    ("update", False),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of `clean`."""
    parser.description = f"Cleans articles. Labels: {', '.join(Label)}."
    parser.add_argument(
        "inputs", nargs="*", metavar="IN",
        help="files, folders, globs, s3://… (docs/inputs.md); none: standard input to standard output",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=_place, metavar="OUT", help="folder or URL of the results (with IN)")
    parser.add_argument(
        "--format", type=_format, metavar="FORMAT",
        help=f"of standard input: {', '.join(FORMATS)} (default: told by its first bytes); with IN, html or markdown: "
        "the same as --to",
    )  # fmt: skip
    parser.add_argument(
        "--to", action="append", default=[], choices=PAGES, metavar="html|markdown",
        help="the articles as pages too: in OUT/html/ or OUT/markdown/, in fields of rows, or on standard output",
    )  # fmt: skip
    parser.add_argument("--with-removed", action="store_true", help="rows carry the text of what was removed")
    parser.add_argument(
        "--title-in-text", action="store_true", help="a title that is given, not found, stands before the clean text"
    )
    parser.add_argument(
        "--timeout", type=seconds, default=TIMEOUT, metavar="SECONDS",
        help=f"a document that takes longer fails; 0: no limit (default: {TIMEOUT})",
    )  # fmt: skip
    parser.add_argument(
        "--log", choices=("text", "json"), default="text", help="messages on standard error; json: one object a line"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress, no summary")
    _add_batch(parser.add_argument_group("files and folders"))
    add_cleaning(parser)
    add_reading(parser)


def _add_batch(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument(
        "--copy-originals", action="store_true",
        help="store the records of WARC inputs, which the archive otherwise only refers to, in OUT/originals",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="clean and count, write nothing")
    parser.add_argument("--fresh", action="store_true", help="replace the outputs of an earlier run in OUT")
    parser.add_argument(
        "--resume", action="store_true",
        help="go on with the run in OUT (done by itself), after verifying its shards: damaged ones are done again",
    )  # fmt: skip
    parser.add_argument(
        "--update", action="store_true",
        help="OUT holds a complete run: clean what is new or has changed since, and leave the rest as it is",
    )  # fmt: skip
    parser.add_argument("--workers", type=positive, metavar="N", help="processes (default: one for each core)")
    parser.add_argument(
        "--engine", choices=("local", "ray"), default="local",
        help="who hands out the shards: this machine (default), or a Ray cluster (docs/cluster.md)",
    )  # fmt: skip
    parser.add_argument(
        "--ray-address", metavar="ADDRESS",
        help="of the cluster; auto: the one this machine belongs to (default); local: Ray on this machine alone",
    )  # fmt: skip
    parser.add_argument("--shard-size", type=positive, metavar="N", help=f"documents per shard (default: {SHARD_SIZE})")
    parser.add_argument(
        "--now", type=moment, metavar="TIME", help="the run's clock, ISO 8601 (default: SOURCE_DATE_EPOCH, else now)"
    )
    parser.add_argument(
        "--no-memory", action="store_true", help="do not count first what sources repeat (a batch does by itself)"
    )
    parser.add_argument(
        "--update-memory", action="store_true", help="add what was counted to the file of --memory, after the run"
    )


def run(args: argparse.Namespace) -> int:
    """Cleans files and folders, or standard input. Raises the errors for the user of `main.USER_ERRORS`."""
    if args.fresh + args.resume + args.update > 1:
        raise UsageError("--fresh, --resume and --update contradict one another; give one of them")
    if args.inputs:
        _check_batch(args)
        from cleaner.cli.batch import clean_batch

        return clean_batch(args, cleaner_of(args))
    _check_pipe(args)
    from cleaner.cli.pipe import clean_stream

    return clean_stream(args, cleaner_of(args))


def _check_batch(args: argparse.Namespace) -> None:
    from cleaner.cli.batch import check_inputs

    if args.format not in (None, *PAGES):
        raise UsageError("--format is of standard input; files are known by their suffix, or by their bytes")
    if args.output is None and not args.dry_run:
        shown = shlex.join(map(str, args.inputs[:1]))
        raise UsageError(
            "give a folder for the results with -o OUT (or --dry-run to write nothing); "
            f"to see one text cleaned: cleancopy clean < {shown}"
        )
    check_inputs(args.inputs)


def _check_pipe(args: argparse.Namespace) -> None:
    if args.output:
        raise UsageError("-o OUT goes with files or folders; standard input is cleaned to standard output")
    if args.format == "markdown":
        raise UsageError("Markdown is not a format of inputs; give --to markdown to get it")
    for name, default in BATCH_ONLY:
        if getattr(args, name) != default:
            option = f"--{name.replace('_', '-')}"
            raise UsageError(f"{option} goes with files or folders; standard input is cleaned by this process alone")


def _format(text: str) -> str:
    if text not in (*FORMATS, *PAGES):
        known = f"{', '.join(FORMATS)}; with files also {' and '.join(PAGES)}, as with --to"
        raise argparse.ArgumentTypeError(
            f"{text!r} is no format of standard input (choose from {known}){nearest([text], (*FORMATS, *PAGES))}"
        )
    return text


def _place(text: str) -> object:
    from cleaner.storage.object_store import path_or_url

    return path_or_url(text)
