"""The command `cleancopy memory …`: build, show, merge.

Results go to stdout, messages to stderr. Exit codes: 0 all well, 1 some documents failed, 2 wrong use or a bad file.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from archive.terminal import as_json, one_line, squeezed
from cleaner.cli.arguments import OK, SOME_FAILED, add_reading, positive, say, tell
from cleaner.memory.store import Memory, Recurring, SourceFacts, write_memory
from cleaner.writers.words import shorten

#: Most sources that are listed, and characters of a block that a line shows; `--json` gives all.
SOURCES_SHOWN, TEXT_SHOWN = 20, 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the commands of `memory` to its parser."""
    commands = parser.add_subparsers(dest="memory_command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:])
        return added

    building = command("build", "count what the sources of articles repeat, and write a memory file")
    building.add_argument("inputs", nargs="+", type=Path, metavar="IN", help="files, folders, globs")
    add_reading(building)
    showing = command("show", "list the sources of a memory file and the blocks that they repeat most")
    showing.add_argument("file", type=Path, metavar="FILE")
    showing.add_argument("--source", metavar="NAME", help="only this source")
    showing.add_argument("--top", type=positive, default=20, metavar="N", help="blocks shown (default: 20)")
    showing.add_argument("--json", action="store_true", help="JSON instead of lines")
    merging = command("merge", "merge memory files into one; the order does not matter")
    merging.add_argument("files", nargs="+", type=Path, metavar="FILE")
    for writing in (building, merging):
        writing.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the memory file")
        writing.add_argument(
            "--prune", type=_minimum, default=1, metavar="N",
            help="leave out what fewer articles of a source hold (smaller; see docs/memory.md before you merge such)",
        )  # fmt: skip


def _minimum(text: str) -> int:
    from cleaner.memory.postings import WITNESSES

    if positive(text) > WITNESSES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {WITNESSES}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Carries a parsed command out and returns its exit code.

    Raises MemoryFileError, readers.InputError.
    """
    return _COMMANDS[args.memory_command](args)


def _build(args: argparse.Namespace) -> int:
    from cleaner.cli.memory_build import build

    return build(args)


def _merge(args: argparse.Namespace) -> int:
    from cleaner.cli.memory_build import say_written

    files = [Memory.open(path) for path in args.files]
    try:
        write_memory(args.output, files, minimum=args.prune)
    finally:
        for file in files:
            file.close()
    say_written(args.output)
    return OK


def _show(args: argparse.Namespace) -> int:
    memory = Memory.open(args.file)
    facts = [source for source in memory.facts() if args.source in (None, source.name)]
    blocks = memory.recurring(args.source, limit=args.top)
    memory.close()
    if args.source is not None and not facts:
        say(f"{args.file}: holds no source {args.source!r}")
        return SOME_FAILED
    if args.json:
        values = {
            "digest": memory.digest,
            "pruned": memory.pruned,
            "sources": [
                {"name": source.name, "documents": source.documents, "copies": source.copies} for source in facts
            ],
            "blocks": [asdict(block) for block in blocks],
        }
        tell(as_json(values, indent=1))
    else:
        tell("\n".join(_lines(memory, facts, blocks)))
    return OK


def _lines(memory: Memory, facts: list[SourceFacts], blocks: list[Recurring]) -> Iterator[str]:
    yield f"digest {memory.digest}"
    if memory.pruned > 1:
        yield f"pruned: what fewer than {memory.pruned} articles hold was left out"
    yield ""
    yield "articles  copies  source"
    for source in sorted(facts, key=lambda source: (-source.documents, source.name))[:SOURCES_SHOWN]:
        yield f"{source.documents:8,}  {source.copies:6,}  {_name(source.name)}"
    if len(facts) > SOURCES_SHOWN:
        yield f"{'…':>8}  {'…':>6}  {len(facts) - SOURCES_SHOWN:,} more"
    yield ""
    yield "    held  share  block" if len(facts) == 1 else "    held  share  source: block"
    for block in blocks:
        text = squeezed(shorten(block.text, TEXT_SHOWN - 1))
        shown = text if len(facts) == 1 else f"{_name(block.source)}: {text}"
        yield f"{block.documents:8,}  {block.share:5.0%}  {shown}"


def _name(source: str) -> str:
    return one_line(source) or "(no source)"


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {"build": _build, "show": _show, "merge": _merge}
