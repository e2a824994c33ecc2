"""A run that may begin or go on: OUT holds this run or none, its inputs are planned, run.json says what it is.

Refuses an OUT that holds another run (BatchError), and says what differs.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from archive.checking.originals import COPIES_FOLDER
from archive.segments.records import warc_date
from cleaner.batch.earlier import EarlierInputs
from cleaner.batch.output.folder import (
    ABOUT_TEXTS,
    SCHEMA,
    BatchError,
    difference,
    encoded_report,
    parsed_clock,
    read_report,
    strangers,
    sweep_drafts,
    taken,
)
from cleaner.batch.output.location import RunLocation
from cleaner.batch.plan import Plan, PlanError, first_difference, load_plan, make_plan
from cleaner.batch.progress import RunProgress, ShowProgress
from cleaner.batch.row_files import RowFileError
from cleaner.batch.shards.files import WORK
from cleaner.batch.shards.readings import RunContext
from cleaner.engines import EngineError
from cleaner.engines.select import THIS_MACHINE, EngineChoice, EngineName
from cleaner.memory.partial_counts import PartialCountsError
from cleaner.memory.store import MemoryFileError
from cleaner.pipeline import Cleaner
from cleaner.readers import DEFAULT_MAX_BYTES, FieldNames, ReadSettings
from cleaner.readers.readings import OUR_NAMES
from cleaner.readers.rows import changed_fields
from cleaner.storage.object_store import PathOrUrl, StoreError
from cleaner.versions import versions
from cleaner.writers.pages import PageFormat

#: Documents per shard: a segment of some 4 MB, a few seconds of work to lose.
SHARD_SIZE = 1000
#: The plan of a run, until it is complete.
PLAN = f"{WORK}/plan"
#: Bytes below which a disk is called full: less than a shard takes.
FULL_DISK = 8 << 20
_THEN = "then run the same command again: it goes on from there"
_NO_TEXTS = (
    "No input was a file of its own, so there are no clean texts here: those of rows stand in documents/*.jsonl,\n"
    "one row for each input, in the field `text`. `cleancopy archive export --text` writes them all.\n"
)


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """Where a run writes and how; `clock` is read once, by the caller, so that a run can be repeated to the byte."""

    out: PathOrUrl
    clock: datetime  # aware; a run that goes on keeps the one it began with
    pinned: bool = False  # the clock was given, not read: an earlier run with another one is another run
    shard_size: int = SHARD_SIZE  # documents
    max_bytes: int = DEFAULT_MAX_BYTES  # per document
    fields: FieldNames = OUR_NAMES  # how the fields of rows are called
    source: str = ""  # of documents that tell none
    with_removed: bool = False  # rows carry the removed text
    copy_originals: bool = False  # records of WARC inputs into segments of their own
    pages: tuple[PageFormat, ...] = ()  # the articles as pages, beside the clean texts
    update: bool = False  # a complete run in OUT gets what is new or has changed
    fresh: bool = False  # remove the outputs of an earlier run first
    check: bool = False  # verify the shards of an earlier run, and do the damaged ones again
    engine: EngineChoice = THIS_MACHINE
    workers: int = 1
    timeout: float | None = None  # seconds per document; with one worker and none all is done in this process
    count: bool = True  # count first what sources repeat, beside what the cleaner's memory knows already
    attempt: str = field(default_factory=lambda: uuid4().hex)  # names this run towards others; no output holds it
    update_memory: Path | None = None  # a memory file that gets what was counted, at the end; made if it is not there

    @property
    def reading(self) -> ReadSettings:
        """How the inputs are read."""
        return ReadSettings(self.max_bytes, self.fields, self.source, self.timeout)


@dataclass(frozen=True, slots=True)
class BegunRun:
    """A run that may begin or go on: its context, its plan, what its run.json says now."""

    context: RunContext
    plan: Plan
    report: dict[str, Any]
    settings: BatchSettings
    location: RunLocation


def begin(
    inputs: Sequence[PathOrUrl], cleaner: Cleaner, settings: BatchSettings, location: RunLocation, show: ShowProgress
) -> BegunRun:
    """Makes sure that OUT holds this run or none, plans it, and says so in run.json. Raises BatchError, OSError.

    OUT is held by the caller (`location.hold`). show: is told how many inputs are planned.
    """
    if settings.fresh:
        location.clear()
    earlier = read_report(location.out)
    if earlier is None and not settings.fresh and (names := taken(location.out)):
        raise BatchError(f"{settings.out} holds {', '.join(names)}, and no run of ours; choose another folder")
    if earlier is None and not settings.fresh and (names := strangers(location.out)):
        listed = f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''}"
        raise BatchError(
            f"{settings.out} is not empty ({listed}) and holds no run of ours; choose a new folder, or give --fresh "
            "to write there beside what it holds"
        )
    report = earlier or head_of(cleaner, settings)
    clock = clock_of(report, head_of(cleaner, settings), settings)
    sweep_drafts(location.out)
    plan = planned(inputs, settings, location, show, check=None if earlier is None else earlier.get("inputs"))
    if earlier is None:  # first of all, so that whatever breaks off later is known as a run of ours
        report |= {"inputs": plan.digest, "shards": len(plan)}
        location.write({"run.json": encoded_report(report)})
    make_folders(location, plan, settings)
    return BegunRun(context_of(cleaner, settings, plan, clock, location), plan, report, settings, location)


def planned(
    inputs: Sequence[PathOrUrl],
    settings: BatchSettings,
    location: RunLocation,
    show: ShowProgress,
    *,
    check: str | None = None,
    before: EarlierInputs | None = None,
    first: int = 0,
) -> Plan:
    """The plan, in its place; before, first: see `make_plan`. Raises BatchError when its digest is not `check`."""
    progress = RunProgress(phase="planning")

    def count(documents: int) -> None:
        progress.count(documents)
        show(progress)

    with location.drafted(PLAN) as draft:
        plan = make_plan(
            inputs, settings.out, draft, size=settings.shard_size, reading=settings.reading, planned=count,
            earlier=before, first=first,
        )  # fmt: skip
        if check not in (None, plan.digest):
            raise BatchError(other_run(settings.out, _other_inputs(location.out / PLAN, draft)))
    plan.path = location.out / PLAN
    return plan


def make_folders(location: RunLocation, plan: Plan, settings: BatchSettings) -> None:
    """The folders of OUT, and in `text` a note where nothing goes there."""
    names = [
        "text",
        *(settings.pages if plan.texts else ()),
        "documents",
        "warc",
        *([COPIES_FOLDER] if settings.copy_originals else []),
    ]
    for name in names:
        (location.out / name).mkdir(parents=True, exist_ok=True)
    if len(plan) and not plan.first and not plan.texts:
        location.write({f"text/{ABOUT_TEXTS}": _NO_TEXTS.encode()})


def going_on(cleaner: Cleaner, settings: BatchSettings, location: RunLocation) -> BegunRun | None:
    """The run that `begin` began, as another process sees it; None when it is complete. Raises BatchError, OSError."""
    report, path = read_report(location.out), location.out / PLAN
    if report is None or not (report["complete"] or path.exists()):
        raise BatchError(f"{settings.out} holds no run that has begun; plan it first")
    clock = clock_of(report, head_of(cleaner, settings), settings)
    if report["complete"]:
        return None
    plan = load_plan(path)
    return BegunRun(context_of(cleaner, settings, plan, clock, location), plan, report, settings, location)


def context_of(
    cleaner: Cleaner,
    settings: BatchSettings,
    plan: Plan,
    clock: datetime,
    location: RunLocation,
    *,
    known: Path | None = None,
) -> RunContext:
    """What all shards of a run have in common; known: for an update, the documents of earlier runs."""
    return RunContext(
        location.out, plan.path, clock, settings.reading, settings.with_removed, cleaner, settings.copy_originals,
        settings.pages, plan.folder, plan.roots, known, versions(),
    )  # fmt: skip


def clock_of(earlier: Mapping[str, object], wanted: Mapping[str, object], settings: BatchSettings) -> datetime:
    """The clock of an earlier run that this one goes on with. Raises BatchError when it is another run."""
    if why := difference(earlier, wanted):
        raise BatchError(other_run(settings.out, why))
    clock = parsed_clock(earlier)
    if settings.pinned and warc_date(clock) != warc_date(settings.clock):
        raise BatchError(other_run(settings.out, f"another clock ({warc_date(clock)})"))
    return clock


def _other_inputs(old: Path, new: Path) -> str:
    """Says so, with the name of the first one as long as there is a plan to compare with."""
    try:
        named = first_difference(old, new)
    except (OSError, PlanError):  # the run is complete, or somebody changed it
        named = ""
    return "other inputs, or they have changed since" + (f" (the first is {named})" if named else "")


def other_run(out: PathOrUrl, why: str) -> str:
    """Says that OUT holds a run that is not this one."""
    return (
        f"{out} already holds a run with {why}; choose another folder, give --update to add what is new to a complete "
        "run, or --fresh to replace it"
    )


def head_of(cleaner: Cleaner, settings: BatchSettings) -> dict[str, Any]:
    """What run.json says from the start: all that decides the output besides the inputs."""
    return {
        "schema": SCHEMA,
        "cleancopy": versions()["cleancopy"],
        "complete": False,
        "clock": warc_date(settings.clock),
        "configuration": {
            **cleaner.configuration(),
            "shard-size": settings.shard_size,
            "max-bytes": settings.max_bytes,
            "fields": changed_fields(settings.fields),
            "source": settings.source,
            "with-removed": settings.with_removed,
            "copy-originals": settings.copy_originals,
            "counting": settings.count,
            "pages": sorted(settings.pages),
        },
        "digest": cleaner.fingerprint(),
        "versions": dict(versions()),
    }


@contextmanager
def told(settings: BatchSettings) -> Iterator[None]:
    """What ends a run is a BatchError that says how to go on."""
    try:
        yield
    except OSError as error:
        raise BatchError(_broken_off(settings, error)) from error
    except (EngineError, StoreError, PartialCountsError, PlanError, RowFileError) as error:
        raise BatchError(str(error)) from error
    except MemoryFileError as error:
        raise BatchError(f"{error}; {_THEN}") from error


def _broken_off(settings: BatchSettings, error: OSError) -> str:
    out = settings.out
    if error.errno == errno.ENOENT and settings.engine.name is not EngineName.LOCAL:
        return f"{out}: a worker does not see it ({error}); give a folder that all nodes share, or a URL, {_THEN}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{_full_disk(out)}; free some space there, {_THEN}"
    return f"{out}: cannot be written ({error.strerror or error}); mend that, {_THEN}"


def _full_disk(out: PathOrUrl) -> str:
    """Which disk is full: that of OUT, or that of temporary files."""
    places = [*([out] if isinstance(out, Path) else []), Path(tempfile.gettempdir())]
    for place in places:
        free = shutil.disk_usage(place).free if place.exists() else FULL_DISK
        if free < FULL_DISK:
            return f"{place}: the disk is full ({free:,} bytes are free)"
    return f"{out}: the disk is full, or what you may use of it"
