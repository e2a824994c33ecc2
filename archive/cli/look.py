"""`archive ls`, `show`, `diff`: what an archive holds."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from archive.checking.ledger import Checks, LedgerError
from archive.checking.versions import chosen, history
from archive.cli.output import PROBLEMS, WELL, counted, not_found, note, report, say, say_bytes
from archive.segments.problems import Problem
from archive.terminal import as_json, one_line
from archive.view import DiffLine, Entry, clean_text, diff, entries, find, ledger_of

COLOURS = {"strip": "\x1b[31m", "meta": "\x1b[33m", "repair": "\x1b[36m"}
SIGNS = {"keep": " ", "strip": "-", "meta": ">", "repair": "~"}


def run_ls(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Lists the articles."""
    code, count, earlier = WELL, 0, 0
    newest = chosen(segments)
    for entry in entries(segments):
        if isinstance(entry, Entry):
            row = entry.row()
            count += 1
            earlier += newest is not None and entry.group.metadata.id not in newest
            say(json.dumps(row) if args.json else _listed(row))
        elif isinstance(entry, Problem):
            code = report(entry)
        else:
            note(f"{entry.file} was repaired; lost: {entry.what}")
    versions = f", {earlier} of them in an earlier version (`archive history` lists these)" if earlier else ""
    note(f"{counted(count, 'article')} in {counted(len(segments), 'segment')}{versions}")
    return code


def _listed(row: dict[str, object]) -> str:
    clean = "-" if row["clean_bytes"] is None else row["clean_bytes"]
    original = "-" if row["original_bytes"] is None else row["original_bytes"]
    return one_line(f"{row['status']:<8}{original:>9} {clean:>9}  {row['captured']}  {row['path']}  {row['uri']}")


def run_show(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Shows one article, or a part of it."""
    shown: list[bool] = []
    for entry in find(segments, args.name):
        try:
            _PARTS[args.part](entry)
            shown.append(True)
        except NothingToShow as error:
            note(f"{entry.locator}: {error}")
            shown.append(False)
        except LedgerError as error:
            note(f"{entry.locator}: {error}")
            shown.append(False)
    if not shown:
        return not_found(args.name, args.archive_in)
    return WELL if all(shown) else PROBLEMS


class NothingToShow(Exception):  # noqa: N818 - nothing is wrong with the archive
    """What was asked for is not in the archive; the message says where it is, or why there is none."""


def _show_all(entry: Entry) -> None:
    for name, value in entry.row().items():
        say(one_line(f"{name + ':':<16}{value}"))
    for name, value in entry.fields.items():
        if name != "ledger":
            say(one_line(f"{name + ':':<16} {value}"))
    say("")
    say(clean_text(entry) or "(no clean text)")


def _show_original(entry: Entry) -> None:
    if not entry.group.resource:
        source = entry.fields.get("source-path", "")
        raise NothingToShow(f"its original lies in {source}; `cleancopy archive restore --sources DIR` writes it")
    say_bytes(entry.group.resource.block)


def _show_clean(entry: Entry) -> None:
    if not entry.group.conversion:
        raise NothingToShow("it has no clean text: it was empty or failed")
    say_bytes(entry.group.conversion.block)


def _show_ledger(entry: Entry) -> None:
    say(as_json(ledger_of(entry), indent=2))


def _show_headers(entry: Entry) -> None:
    for record in entry.group.records:
        say(record.head.decode("utf-8", "replace").replace("\r\n", "\n"), end="")


_PARTS: dict[str | None, Callable[[Entry], None]] = {
    None: _show_all,
    "original": _show_original,
    "clean": _show_clean,
    "ledger": _show_ledger,
    "headers": _show_headers,
}


def run_diff(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Shows what was removed and what was kept."""
    code = WELL
    for entry in _chosen(args.names, segments):
        if isinstance(entry, str):
            code = not_found(entry, args.archive_in)
            continue
        say(one_line(f"=== {entry.locator}  {entry.uri}"))
        try:
            for line in diff(entry, checks):
                say(_marked(line, why=args.why), colour=COLOURS.get(line.action, ""))
        except LedgerError as error:
            code = PROBLEMS
            note(f"{entry.locator}: {error}")
    return code


def _chosen(names: list[str], segments: list[Path]) -> Iterator[Entry | str]:
    """The named articles, or a name that none has; all when none is named."""
    if not names:
        yield from (entry for entry in entries(segments) if isinstance(entry, Entry))
    for name in names:
        any_record = False
        for entry in find(segments, name):
            any_record = True
            yield entry
        if not any_record:
            yield name


def _marked(line: DiffLine, *, why: bool) -> str:
    text = ("…" if line.joined else "") + line.text
    reason = f"   [{line.why}]" if why and line.why else ""
    return one_line(f"{SIGNS.get(line.action, '-')} {line.label:<13}{text}{reason}")


def run_history(args: argparse.Namespace, segments: list[Path], checks: Checks) -> int:
    """Lists the versions of an article, the oldest first."""
    changes = history(segments, [entry.group.metadata.id for entry in find(segments, args.name)])
    if not changes:
        return not_found(args.name, args.archive_in)
    digests = {version.id: version.digest for version in changes}
    for version in changes:
        before = digests.get(version.previous)
        changed = "first" if before is None else "same" if before == version.digest else "changed"
        place = f"{version.file}:{version.offset}"
        say(one_line(f"{version.cleaned}  captured {version.captured}  {version.status:<8}{changed:<9}{place}"))
    note(f"{counted(len(changes), 'version')} of {args.name}")
    return WELL
