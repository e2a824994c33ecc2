"""OUT: which run it holds, whether another process writes it, and whether a run can go on there.

`run.json` is there from the start: clock, configuration, digest of the inputs, `complete`. The lock is one of the
operating system, so it dies with its process. Refuses what is no run of ours, and a run of something else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from archive.checking.originals import COPIES_FOLDER
from archive.segments.durable import write_atomically
from cleaner.batch.shard import WORK

#: Everything that a run writes into OUT; nothing else there is ever touched.
FOLDERS = ("text", "documents", "warc", COPIES_FOLDER)
MEMORY = "memory.sqlite"
FILES = ("index.cdxj", MEMORY, "run.json")
SCHEMA = 1
#: Seconds to wait for the workers of a run whose main process was killed; they end as soon as they notice.
WORKERS_END = 30.0
LOCK = "lock"


class BatchError(Exception):
    """The run cannot begin or go on; the message says why and what to do."""


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Holds OUT for this process. Raises BatchError when another one has it, OSError when it cannot be written."""
    work, was_there = out / WORK, out.exists()
    work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(work / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BatchError(f"another run is writing {out}; wait for it, or choose another folder") from None
    try:
        _wait_for_workers(out, work)
        yield
    finally:
        lock.release()
        with suppress(OSError):  # holds more than locks when the run is to go on
            if not any(path.name != LOCK for path in work.iterdir()):
                (work / LOCK).unlink(missing_ok=True)
                work.rmdir()
        if not was_there:
            with suppress(OSError):  # nothing was written at all
                out.rmdir()


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
    """run.json of a run of ours, complete or not; None when there is none."""
    try:
        report = json.loads((out / "run.json").read_bytes())
    except (OSError, ValueError):
        return None
    return report if isinstance(report, dict) and "cleancopy" in report else None


def write_report(out: Path, report: Mapping[str, Any]) -> None:
    """Replaces run.json. Raises OSError."""
    write_atomically(out / "run.json", [(json.dumps(report, ensure_ascii=True, indent=1) + "\n").encode()])


def taken(out: Path) -> list[str]:
    """Names in OUT that a run would write."""
    return [name for name in (*FOLDERS, *FILES) if (out / name).exists()]


def clear(out: Path, *, shown: str = "") -> None:
    """Removes an earlier run's outputs. Raises BatchError when they are not ours, OSError when they stay.

    `shown`: what OUT is called, if otherwise.
    """
    if (names := taken(out)) and read_report(out) is None:
        raise BatchError(f"{shown or out} holds {', '.join(names)}, and no run.json of ours; choose another folder")
    for name in FOLDERS:
        if (out / name).exists():
            shutil.rmtree(out / name)
    for name in FILES:
        (out / name).unlink(missing_ok=True)
    clear_work(out)


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
        return "other versions of Python or of libraries"
    return ""


def parsed_clock(report: Mapping[str, Any]) -> datetime:
    """The clock of a run. Raises BatchError."""
    try:
        return datetime.fromisoformat(report["clock"])
    except (KeyError, ValueError, TypeError):
        raise BatchError("run.json has no clock; give --fresh to begin again") from None
