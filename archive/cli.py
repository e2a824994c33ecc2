"""The command `cleancopy archive …`: list, show, compare, verify, restore, repair, index.

Results go to stdout, messages to stderr. Exit codes: 0 all well, 1 problems were found, 2 wrong use.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive.checking.ledger import Checks, LedgerError
from archive.checking.originals import Missing, Sources
from archive.checking.repair import RepairError, repair
from archive.checking.restore import restore
from archive.checking.seal_check import Repacked
from archive.checking.verify import Unchecked, verify
from archive.export.cdxj import index_lines, write_index
from archive.export.tables import export_jsonl, export_parquet
from archive.export.texts import ExportError
from archive.export.wet import export_wet
from archive.segments.folder import INDEX_NAME, WARC_FOLDER, NoSegmentsError, find_segments
from archive.segments.problems import Problem
from archive.terminal import many_lines, one_line, writable
from archive.view import DiffLine, Entry, clean_text, diff, entries, find, ledger_of

WELL, PROBLEMS, WRONG_USE = 0, 1, 2
COLOURS = {"strip": "\x1b[31m", "meta": "\x1b[33m", "repair": "\x1b[36m"}
SIGNS = {"keep": " ", "strip": "-", "meta": ">", "repair": "~"}
PLAIN = "\x1b[0m"

HELP = """\
IN is the output folder of a run (its warc/*.warc.gz are read) or a single segment.
NAME is an article's relative path (path#row for a row), its address, a record id, or segment:offset.
exit codes: 0 all well, 1 problems were found (each is listed), 2 wrong use
"""


def add_commands(subparsers: Any, checks: Checks) -> None:
    """Adds `archive` and its commands to an argparse parser; `args.run(args)` then carries one out."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "archive", help="look into, verify, restore or repair a WARC archive", epilog=HELP, formatter_class=raw
    )
    commands = parser.add_subparsers(dest="archive_command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", epilog=HELP, formatter_class=raw
        )
        added.add_argument("archive_in", metavar="IN", type=Path, help="a run's output folder, or a segment")
        added.set_defaults(run=lambda args: run(args, checks))
        return added

    command("ls", "list the stored articles").add_argument("--json", action="store_true", help="one JSON row each")
    _show_arguments(command("show", "show one article: where it came from, its clean text, its ledger"))
    comparing = command("diff", "show what was removed, marked with its label, beside what was kept")
    comparing.add_argument("names", metavar="NAME", nargs="*", help="articles to compare (default: all)")
    comparing.add_argument("--why", action="store_true", help="with the score and the reasons")
    verifying = command("verify", "check digests, seals, gzip members, headers, and that every source can be rebuilt")
    _sources_argument(verifying)
    verifying.add_argument(
        "--no-renderings", action="store_true", help="do not parse HTML originals again to compare their renderings"
    )
    restoring = command("restore", "write the original files back, byte for byte")
    _sources_argument(restoring)
    restoring.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to")
    restoring.add_argument(
        "--decoded", action="store_true", help="the text rebuilt from kept and removed parts instead"
    )
    repairing = command("repair", "save the whole articles of damaged segments into new files")
    repairing.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to; must not be IN")
    _export_arguments(command("export", "write the clean texts for other programs: WET, JSON rows or Parquet"))
    indexing = command("index", "write the CDXJ index that replay tools read")
    indexing.add_argument("-o", "--output", type=Path, metavar="FILE", help=f"default: IN/{INDEX_NAME}; - for stdout")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    form = parser.add_mutually_exclusive_group(required=True)
    for name, what in (
        ("wet", ".warc.wet.gz in the layout of Common Crawl"),
        ("jsonl", ".jsonl.gz, a row for each text"),
        ("parquet", ".parquet, the same columns (needs pyarrow: the extra `parquet`)"),
    ):
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name, help=what)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to")
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


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="which article (see below)")
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--original", dest="part", action="store_const", const="original", help="the original bytes")
    part.add_argument("--clean", dest="part", action="store_const", const="clean", help="the clean text")
    part.add_argument("--ledger", dest="part", action="store_const", const="ledger", help="the ledger as JSON")
    part.add_argument("--headers", dest="part", action="store_const", const="headers", help="the records' headers")


def run(args: argparse.Namespace, checks: Checks) -> int:
    """Carries a parsed command out and returns its exit code; errors of use and of files become messages."""
    try:
        segments = find_segments(args.archive_in)
        return _COMMANDS[args.archive_command](args, segments, checks)
    except NoSegmentsError as error:
        _note(str(error))
        return WRONG_USE
    except BrokenPipeError:  # the reader of our output has seen enough, as `head` does
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WELL
    except OSError as error:
        _note(f"{error.filename or args.archive_in}: {error.strerror or error}")
        return PROBLEMS


def _ls(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    code, count = WELL, 0
    for entry in entries(segments):
        if isinstance(entry, Entry):
            row = entry.row()
            count += 1
            _say(json.dumps(row) if args.json else _listed(row))
        elif isinstance(entry, Problem):
            code = _report(entry)
        else:
            _note(f"{entry.file} was repaired; lost: {entry.what}")
    _note(f"{_counted(count, 'article')} in {_counted(len(segments), 'segment')}")
    return code


def _listed(row: dict[str, Any]) -> str:
    clean = "-" if row["clean_bytes"] is None else row["clean_bytes"]
    original = "-" if row["original_bytes"] is None else row["original_bytes"]
    return one_line(f"{row['status']:<8}{original:>9} {clean:>9}  {row['captured']}  {row['path']}  {row['uri']}")


def _show(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    shown: list[bool] = []
    for entry in find(segments, args.name):
        try:
            _PARTS[args.part](entry)
            shown.append(True)
        except NothingToShow as error:
            _note(f"{entry.locator}: {error}")
            shown.append(False)
        except LedgerError as error:
            _note(f"{entry.locator}: {error}")
            shown.append(False)
    if not shown:
        return _not_found(args.name, args.archive_in)
    return WELL if all(shown) else PROBLEMS


class NothingToShow(Exception):  # noqa: N818 - nothing is wrong with the archive
    """What was asked for is not in the archive; the message says where it is, or why there is none."""


def _show_all(entry: Entry) -> None:
    for name, value in entry.row().items():
        _say(one_line(f"{name + ':':<16}{value}"))
    for name, value in entry.fields.items():
        if name != "ledger":
            _say(one_line(f"{name + ':':<16} {value}"))
    _say("")
    _say(clean_text(entry) or "(no clean text)")


def _show_original(entry: Entry) -> None:
    if not entry.group.resource:
        source = entry.fields.get("source-path", "")
        raise NothingToShow(f"its original lies in {source}; `cleancopy archive restore --sources DIR` writes it")
    _say_bytes(entry.group.resource.block)


def _show_clean(entry: Entry) -> None:
    if not entry.group.conversion:
        raise NothingToShow("it has no clean text: it was empty or failed")
    _say_bytes(entry.group.conversion.block)


def _show_ledger(entry: Entry) -> None:
    _say(json.dumps(ledger_of(entry), indent=2, ensure_ascii=False))


def _show_headers(entry: Entry) -> None:
    for record in entry.group.records:
        _say(record.head.decode("utf-8", "replace").replace("\r\n", "\n"), end="")


_PARTS: dict[str | None, Callable[[Entry], None]] = {
    None: _show_all,
    "original": _show_original,
    "clean": _show_clean,
    "ledger": _show_ledger,
    "headers": _show_headers,
}


def _diff(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    code = WELL
    for entry in _chosen(args.names, segments):
        if isinstance(entry, str):
            code = _not_found(entry, args.archive_in)
            continue
        _say(one_line(f"=== {entry.locator}  {entry.uri}"))
        try:
            for line in diff(entry, checks):
                _say(_marked(line, why=args.why), colour=COLOURS.get(line.action, ""))
        except LedgerError as error:
            code = PROBLEMS
            _note(f"{entry.locator}: {error}")
    return code


def _chosen(names: list[str], segments: list[Path]) -> Iterator[Entry | str]:
    """The named articles, or a name that none has; all when none is named."""
    if not names:
        yield from (entry for entry in entries(segments) if isinstance(entry, Entry))
    for name in names:
        found = False
        for entry in find(segments, name):
            found = True
            yield entry
        if not found:
            yield name


def _marked(line: DiffLine, *, why: bool) -> str:
    text = ("…" if line.joined else "") + line.text
    reason = f"   [{line.why}]" if why and line.why else ""
    return one_line(f"{SIGNS.get(line.action, '-')} {line.label:<13}{text}{reason}")


def _verify(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    count = missing = 0
    checks = replace(checks, render=None) if args.no_renderings else checks
    for problem in verify(segments, checks, Sources(tuple(args.sources or ()))):
        if isinstance(problem, Unchecked | Repacked):
            _note(str(problem))
            continue
        missing += isinstance(problem, Missing)
        count += isinstance(problem, Problem) or bool(args.sources)
        _say(str(problem))
    if missing:
        _note(f"{_counted(missing, 'source file')} missing: what the archive itself holds was checked all the same")
    _note(f"{_counted(count, 'problem')} in {_counted(len(segments), 'segment')}")
    return PROBLEMS if count else WELL


def _restore(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    code, count = WELL, 0
    for outcome in restore(
        segments, args.output, checks, decoded=args.decoded, sources=Sources(tuple(args.sources or ()))
    ):
        if isinstance(outcome, Problem):
            code = _report(outcome)
        elif isinstance(outcome, Missing):
            code = PROBLEMS if args.sources else code
            _note(str(outcome))
        elif outcome.skipped:
            _note(f"{outcome.name}: not written, {outcome.skipped}")
        else:
            count += 1
    _note(f"{_counted(count, 'file')} restored to {args.output}")
    return code


def _repair(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    args.output.mkdir(parents=True, exist_ok=True)
    code = WELL
    for path in segments:
        try:
            done = repair(path, args.output)
        except RepairError as error:
            code = PROBLEMS
            _note(str(error))
            continue
        if done.path is None:
            _say(f"{path.name}: whole, nothing to repair")
            continue
        _say(f"{path.name}: {_counted(done.articles, 'article')} saved to {done.path}")
        for lost in done.lost:
            code = PROBLEMS
            _say(f"{path.name}: lost {lost}")
    return code


def _index(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    problems: list[Problem] = []
    lines = _lines(segments, problems)
    target = args.output or _default_index(args.archive_in)
    if target is None or str(target) == "-":
        for line in sorted(lines):
            _say(line, end="")
    else:
        _note(f"{_counted(write_index(target, lines), 'line')} written to {target}")
    for problem in problems:
        _report(problem)
    return PROBLEMS if problems else WELL


def _lines(segments: Iterable[Path], problems: list[Problem]) -> Iterator[str]:
    for path in segments:
        for line in index_lines(path):
            if isinstance(line, Problem):
                problems.append(line)
            else:
                yield line


def _default_index(given: Path) -> Path | None:
    return given / INDEX_NAME if (given / WARC_FOLDER).is_dir() else None


def _export(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    if checks.retelling is None:
        _note("no cleaner is at hand to tell the texts")
        return WRONG_USE
    told = checks.retelling(args.keep, args.strip, args.policy, args.corrections)
    code, count, empty = WELL, 0, 0
    for path in segments:
        try:
            if args.form == "wet":
                counts = export_wet(path, args.output, told, language_last=args.language_last)
            else:
                counts = (export_jsonl if args.form == "jsonl" else export_parquet)(path, args.output, told)
        except ExportError as error:
            _note(str(error))
            return WRONG_USE
        for problem in counts.problems:
            code = _report(problem)
        count, empty = count + counts.texts, empty + counts.empty
    _note(f"{_counted(count, 'text')} exported to {args.output}" + (f", {empty} without text" if empty else ""))
    return code


_COMMANDS: dict[str, Callable[[argparse.Namespace, list[Path], Checks], int]] = {
    "ls": _ls,
    "show": _show,
    "diff": _diff,
    "verify": _verify,
    "restore": _restore,
    "repair": _repair,
    "index": _index,
    "export": _export,
}


def _not_found(name: str, where: Path) -> int:
    _note(f"no article {name!r} in {where}; `cleancopy archive ls {where}` lists them")
    return PROBLEMS


def _report(problem: Problem) -> int:
    _note(str(problem))
    return PROBLEMS


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _say(text: str, *, end: str = "\n", colour: str = "") -> None:
    """To stdout, without what could steer a terminal, also into files that are looked at later; there in no colour."""
    text = many_lines(text)
    if colour and sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        text = f"{colour}{text}{PLAIN}"
    print(writable(text, sys.stdout.encoding), end=end)


def _say_bytes(data: bytes) -> None:
    """To stdout as they are, so that they can be piped; on a terminal as text."""
    if sys.stdout.isatty():
        _say(data.decode("utf-8", "replace"))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _note(text: str) -> None:
    """To stderr."""
    print(writable(one_line(text), sys.stderr.encoding), file=sys.stderr)
