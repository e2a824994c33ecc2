"""OUT: which run it holds, whether another process writes it, and whether a run can go on there.

`run.json` is there from the start: clock, configuration, digest of the inputs, `complete`. The lock is one of the
operating system, so it dies with its process. Refuses what is not a run of ours, and a run of something else. What a
run did not write is never removed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from archive.checking.originals import COPIES_FOLDER
from archive.segments.durable import is_draft, remove_drafts
from cleaner.batch.earlier import KNOWN
from cleaner.batch.plan import PlanError, text_names
from cleaner.batch.shards.files import WORK, page_name
from cleaner.versions import changed_versions
from cleaner.writers.pages import PageFormat
from cleaner.writers.run_shape import report_misfit

#: Everything that a run writes into OUT; nothing else there is ever touched.
FOLDERS = ("text", *PageFormat, "documents", "warc", COPIES_FOLDER)
MEMORY = "memory.sqlite"
#: The inputs of a run and where their clean texts went, kept for the next run in the same OUT.
INPUTS = "inputs.jsonl"
FILES = ("index.cdxj", MEMORY, INPUTS, KNOWN, "run.json")
SCHEMA = 1
#: Bytes of a run.json: 10,000 failures and as many sources with the longest names and messages are a tenth of it.
MOST_REPORT = 1 << 28
#: In `text`, when no input is a file of its own.
ABOUT_TEXTS = "README"
#: Names that a run gives to files in its folders, but for the texts, whose names are listed.
_OURS = re.compile(r"documents/\d{5,}\.jsonl|(warc|originals)/cleancopy-[\w-]+\.warc\.gz(\.open)?|text/README")
#: Seconds to wait for the workers of a run whose main process was killed; they end as soon as they notice.
WORKERS_END = 30.0
LOCK = "lock"


class BatchError(Exception):
    """The run cannot begin or go on; the message says why and what to do."""


def refuse_links(out: Path) -> None:
    """Raises BatchError for an OUT whose folders lead elsewhere: a run writes, and removes, in OUT alone."""
    for name in (*FOLDERS, WORK):
        if (out / name).is_symlink():
            raise BatchError(f"{out / name} is a link, and a run writes into OUT alone; put a folder in its place")


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Holds OUT for this process. Raises BatchError when another one has it, OSError when it cannot be written."""
    work, was_there = out / WORK, out.exists()
    refuse_links(out)
    work.mkdir(parents=True, exist_ok=True)
    try:
        lock = _acquired(work / LOCK)
    except Timeout:
        raise BatchError(f"another run is writing {out}; wait for it, or choose another folder") from None
    try:
        _wait_for_workers(out, work)
        yield
    finally:
        with suppress(OSError):  # holds more than locks when the run is to go on
            if not any(path.name != LOCK for path in work.iterdir()):
                (work / LOCK).unlink(missing_ok=True)  # while it is held: who waits for it notices that it is gone
                work.rmdir()
        lock.release()
        with suppress(OSError):  # on Windows, where no open file is removed
            if not any(path.name != LOCK for path in work.iterdir()):
                (work / LOCK).unlink(missing_ok=True)
                work.rmdir()
        if not was_there:
            with suppress(OSError):  # nothing was written at all
                out.rmdir()


def _acquired(path: Path) -> FileLock:
    """The lock at this path, held. Raises Timeout when another process has it.

    A holder that ends removes the file: then what was locked may be a file without a name, which keeps nobody out.
    A second lock on the same path tells, since it must not be had.
    """
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock, probe = FileLock(path), FileLock(path)
        lock.acquire(timeout=0)
        try:
            probe.acquire(timeout=0)
        except Timeout:
            return lock
        probe.release()
        lock.release()


def is_held(out: Path) -> bool:
    """Whether a process works on OUT right now. Raises OSError."""
    path = out / WORK / LOCK
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _wait_for_workers(out: Path, work: Path) -> None:
    for path in work.glob("worker-*.lock"):
        lock = FileLock(path)
        try:
            lock.acquire(timeout=WORKERS_END)
        except Timeout:
            raise BatchError(f"workers of an earlier run still write {out}; end them, then try again") from None
        lock.release()
        path.unlink(missing_ok=True)


def read_report(out: Path) -> dict[str, Any] | None:
    """run.json of a run of ours, complete or not; None when there is none. Raises BatchError for a damaged one."""
    path = out / "run.json"
    try:
        if not path.is_file() or path.stat().st_size > MOST_REPORT:  # a pipe would never end
            return None
        report = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(report, dict) or "cleancopy" not in report:
        return None
    if reason := report_misfit(report):
        raise BatchError(f"{path} is not as a run writes it ({reason}); choose another folder")
    return report


def encoded_report(report: Mapping[str, object]) -> bytes:
    """run.json as it is written."""
    return (json.dumps(report, ensure_ascii=True, indent=1) + "\n").encode()


def taken(out: Path) -> list[str]:
    """Names in OUT that a run would write."""
    return [name for name in (*FOLDERS, *FILES) if (out / name).exists()]


def strangers(out: Path) -> list[str]:
    """Names of what lies in OUT and is no run's; hidden files, which systems leave everywhere, do not count."""
    known = {*FOLDERS, *FILES}
    return sorted(path.name for path in out.iterdir() if path.name not in known and not path.name.startswith("."))


def cleared(out: Path, names: Iterable[str], *, shown: str = "") -> list[str]:
    """Of the names of files in OUT's folders those that the earlier run there wrote.

    shown: what OUT is called, if otherwise. Raises BatchError when OUT holds no run of ours.
    """
    if (occupied := taken(out)) and read_report(out) is None:
        raise BatchError(f"{shown or out} holds {', '.join(occupied)}, and no run.json of ours; choose another folder")
    ours = set(_listed_texts(out))
    return [name for name in names if name in ours or _OURS.fullmatch(name) or is_draft(name.rpartition("/")[2])]


def _listed_texts(out: Path) -> Iterator[str]:
    """The files of one input each that the run in OUT wrote, by the list of its inputs."""
    for path in (out / INPUTS, out / WORK / "plan"):
        with suppress(FileNotFoundError, PlanError):  # of a damaged one the names before
            for name in text_names(path):
                yield f"text/{name}"
                yield from (page_name(name, page) for page in PageFormat)


def clear(out: Path, *, shown: str = "") -> None:
    """Removes an earlier run's outputs, and nothing else.

    Raises BatchError when they are not ours, OSError when they stay. `shown`: what OUT is called, if otherwise.
    """
    names = (path.relative_to(out).as_posix() for folder in FOLDERS for path in _files_below(out / folder))
    for name in cleared(out, names, shown=shown):
        (out / name).unlink(missing_ok=True)
    for folder in FOLDERS:
        _remove_empty(out / folder)
    for name in FILES:
        (out / name).unlink(missing_ok=True)
    clear_work(out)


def sweep_drafts(out: Path) -> None:
    """Removes what a killed process left half-written; nobody else may be writing. Raises OSError."""
    for folder in (*FOLDERS, WORK):
        for path in _files_below(out / folder):
            if is_draft(path.name):
                path.unlink(missing_ok=True)
    for name in FILES:  # what else lies in OUT may be written by another command
        remove_drafts(out / name)


def _files_below(folder: Path) -> list[Path]:
    """All files and links, through no link."""
    paths = []
    for root, folders, files in os.walk(folder):
        paths += [Path(root, name) for name in files]
        paths += [path for name in folders if (path := Path(root, name)).is_symlink()]
    return paths


def _remove_empty(folder: Path) -> None:
    """Removes a folder and those in it, as far as they hold nothing."""
    for path in (*(Path(root) for root, _, _ in os.walk(folder, topdown=False)), folder):
        with suppress(OSError):
            path.rmdir()


def clear_work(out: Path) -> None:
    """Removes what is needed only until a run is complete; the lock goes when it is given back."""
    with suppress(FileNotFoundError):
        for path in (out / WORK).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()


def difference(report: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """What an earlier run has otherwise than this one would; "" when it can go on."""
    if report.get("cleancopy") != wanted["cleancopy"]:
        return f"version {report.get('cleancopy')} of cleancopy"
    before, now = report.get("configuration"), wanted["configuration"]
    if not isinstance(before, dict):
        return "a run that cannot go on"
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    if names:
        return f"another configuration ({', '.join(names)})"
    if report.get("versions") != wanted["versions"]:
        what = changed_versions(report.get("versions") or {}, wanted["versions"])
        return f"other versions of Python or of libraries ({what})"
    return ""


def parsed_clock(report: Mapping[str, Any]) -> datetime:
    """The clock of a run. Raises BatchError."""
    try:
        return datetime.fromisoformat(report["clock"])
    except (KeyError, ValueError, TypeError):
        raise BatchError("run.json has no clock; give --fresh to begin again") from None
