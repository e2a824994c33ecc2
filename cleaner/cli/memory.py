"""The command `cleancopy memory …`: build, show, merge.

Results go to stdout, messages to stderr. Exit codes: 0 all well, 1 some documents failed, 2 wrong use or a bad file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cleaner.batch.run_memory import PartialCountsWriter
from cleaner.html.segment import HtmlError
from cleaner.memory.partial_counts import PartialCounts
from cleaner.memory.postings import WITNESSES
from cleaner.memory.source_name import document_source
from cleaner.memory.store import Memory, Recurring, SourceFacts, write_memory
from cleaner.readers import DEFAULT_MAX_BYTES, Failure, Reading, ReadSettings, Skipped, discover, input_folder, read

OK, SOME_FAILED = 0, 1
#: Most failures that are named; a folder of broken files would bury the result.
FAILURES_SHOWN = 10
#: Most sources that are listed, and characters of a block that a line shows; `--json` gives all.
SOURCES_SHOWN, TEXT_SHOWN = 20, 100


def add_commands(subparsers: Any) -> None:
    """Adds `memory` and its commands to an argparse parser."""
    parser = subparsers.add_parser("memory", help="what sources repeat: count it, look at it, merge counts")
    commands = parser.add_subparsers(dest="memory_command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:])
        return added

    building = command("build", "count what the sources of articles repeat, and write a memory file")
    building.add_argument("inputs", nargs="+", type=Path, metavar="IN", help="files, folders, globs")
    building.add_argument(
        "--max-bytes", type=_positive, default=DEFAULT_MAX_BYTES, metavar="N",
        help="longer documents fail (default: 16 MB)",
    )  # fmt: skip
    showing = command("show", "list the sources of a memory file and the blocks that they repeat most")
    showing.add_argument("file", type=Path, metavar="FILE")
    showing.add_argument("--source", metavar="NAME", help="only this source")
    showing.add_argument("--top", type=_positive, default=20, metavar="N", help="blocks shown (default: 20)")
    showing.add_argument("--json", action="store_true", help="JSON instead of lines")
    merging = command("merge", "merge memory files into one; the order does not matter")
    merging.add_argument("files", nargs="+", type=Path, metavar="FILE")
    for writing in (building, merging):
        writing.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the memory file")
        writing.add_argument(
            "--prune", type=_minimum, default=1, metavar="N",
            help="leave out what fewer articles of a source hold (smaller; see docs/memory.md before you merge such)",
        )  # fmt: skip


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return int(text)


def _minimum(text: str) -> int:
    if _positive(text) > WITNESSES:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to {WITNESSES}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Carries a parsed command out and returns its exit code.

    Raises MemoryFileError, readers.InputError.
    """
    return _COMMANDS[args.memory_command](args)


def _build(args: argparse.Namespace) -> int:
    failures: list[Failure] = []
    with TemporaryDirectory() as scratch:
        parts: list[PartialCounts] = []
        try:
            parts += map(PartialCounts, _counted_parts(args, Path(scratch), failures))
            write_memory(args.output, parts, minimum=args.prune)
        finally:
            for part in parts:  # Windows removes no open file
                part.close()
    _say_written(args.output)
    for failure in failures[:FAILURES_SHOWN]:
        print(f"cleancopy: {failure.message}", file=sys.stderr)
    if (more := len(failures) - FAILURES_SHOWN) > 0:
        print(f"cleancopy: {more} more failures", file=sys.stderr)
    return SOME_FAILED if failures else OK


def _counted_parts(args: argparse.Namespace, scratch: Path, failures: list[Failure]) -> list[Path]:
    parts, folder = PartialCountsWriter(scratch), input_folder(args.inputs)
    for reading in _readings(args.inputs, args.max_bytes):
        document, original = reading.document, reading.original
        if reading.failure:
            failures.append(reading.failure)
        if document is None:
            continue
        try:
            parts.count(document, document_source(document, folder=folder))
        except HtmlError as error:
            locator, row = (original.locator, original.row) if original else (document.id, None)
            failures.append(Failure(locator, row, str(error), "look at the file, or leave it out"))
    return parts.finish()


def _readings(inputs: Sequence[Path], max_bytes: int) -> Iterator[Reading]:
    for found in discover(inputs):
        if isinstance(found, Failure):
            yield Reading(None, None, found)
        elif not isinstance(found, Skipped):
            yield from (each for each in read(found, ReadSettings(max_bytes)) if isinstance(each, Reading))


def _merge(args: argparse.Namespace) -> int:
    files = [Memory.open(path) for path in args.files]
    try:
        write_memory(args.output, files, minimum=args.prune)
    finally:
        for file in files:
            file.close()
    _say_written(args.output)
    return OK


def _say_written(path: Path) -> None:
    memory = Memory.open(path)
    facts = memory.facts()
    articles = sum(each.documents for each in facts)
    print(f"{path}: {_counted(articles, 'article')} of {_counted(len(facts), 'source')}; digest {memory.digest[:16]}")
    memory.close()


def _show(args: argparse.Namespace) -> int:
    memory = Memory.open(args.file)
    facts = [each for each in memory.facts() if args.source in (None, each.name)]
    blocks = memory.recurring(args.source, limit=args.top)
    memory.close()
    if args.source is not None and not facts:
        print(f"cleancopy: {args.file}: holds no source {args.source!r}", file=sys.stderr)
        return SOME_FAILED
    if args.json:
        values = {
            "digest": memory.digest,
            "pruned": memory.pruned,
            "sources": [{"name": each.name, "documents": each.documents, "copies": each.copies} for each in facts],
            "blocks": [asdict(block) for block in blocks],
        }
        print(json.dumps(values, ensure_ascii=False, indent=1))
    else:
        print("\n".join(_lines(memory, facts, blocks)))
    return OK


def _lines(memory: Memory, facts: list[SourceFacts], blocks: list[Recurring]) -> Iterator[str]:
    yield f"digest {memory.digest}"
    if memory.pruned > 1:
        yield f"pruned: what fewer than {memory.pruned} articles hold was left out"
    yield ""
    yield "articles  copies  source"
    for each in sorted(facts, key=lambda each: (-each.documents, each.name))[:SOURCES_SHOWN]:
        yield f"{each.documents:8,}  {each.copies:6,}  {_name(each.name)}"
    if len(facts) > SOURCES_SHOWN:
        yield f"{'…':>8}  {'…':>6}  {len(facts) - SOURCES_SHOWN:,} more"
    yield ""
    yield "    held  share  block" if len(facts) == 1 else "    held  share  source: block"
    for block in blocks:
        text = block.text if len(block.text) <= TEXT_SHOWN else block.text[: TEXT_SHOWN - 1] + "…"
        shown = " ".join(text.split()) if len(facts) == 1 else f"{_name(block.source)}: {' '.join(text.split())}"
        yield f"{block.documents:8,}  {block.share:5.0%}  {shown}"


def _name(source: str) -> str:
    return source or "(no source)"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {"build": _build, "show": _show, "merge": _merge}
