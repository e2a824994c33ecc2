"""What a run does with each of its shards, phase by phase: functions that any engine can carry out.

`count_shard` counts what sources repeat, `clean_shard` cleans, `is_damaged` verifies. The output of each depends on
the inputs, the configuration and the clock alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.checking.verify import verify
from archive.segments.durable import write_atomically
from archive.segments.problems import Problem
from archive.segments.writer import SegmentError
from cleaner.batch.counts import RunCounts
from cleaner.batch.earlier import Earlier, KnownDocuments
from cleaner.batch.plan import Plan, PlanError, Shard
from cleaner.batch.row_files import RowFileError
from cleaner.batch.run_memory import CountableUnits, PartialCountsWriter, countable_units
from cleaner.batch.shards.duplicate_ids import IdCheck
from cleaner.batch.shards.files import WORK, finished
from cleaner.batch.shards.outcome import LOOK, Outcome, failure_of, outcomes_of, told, with_own_id
from cleaner.batch.shards.readings import RunContext, ShardReading, is_row, shard_readings
from cleaner.batch.shards.writer import ShardWriter
from cleaner.document import CleanedDocument, Document
from cleaner.engines import EngineError, Heartbeat, Task
from cleaner.labels import Label
from cleaner.memory.partial_counts import PartialCounts, PartialCountsError
from cleaner.memory.source_name import document_source
from cleaner.model.steps import groups_of
from cleaner.readers import Failure, Reading
from cleaner.time_limit import OverTimeError
from cleaner.versions import versions
from cleaner.writers.pages import PageFormat, pages_of
from cleaner.writers.warc import STORED, run_info

#: What a worker counts while it works on a shard (see engines.Heartbeat); characters removed by label come after these.
DOCUMENTS, CHARACTERS, FAILED = range(3)
LABELS = {label.value: number for number, label in enumerate(Label, start=3)}
#: Why a document of a changed file is not cleaned again.
UNCHANGED = "unchanged since the run before"
#: The kind of work file that says that a shard is counted, and names its parts.
COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class _Work:
    """An input that is to be cleaned."""

    shard_reading: ShardReading
    is_repeated: bool  # another one has its id
    earlier: Earlier | None  # the version of it that an update replaces


def clean_shard(context: RunContext, task: Task, heartbeat: Heartbeat) -> RunCounts:
    """Cleans the documents of a shard into its rows, texts, notes and segment; its counts.

    A shard that is done already is left as it is. Raises OSError and EngineError when it cannot be written.
    """
    shard: Shard = task.work
    files = context.files(shard.number)
    if counts := finished(files):
        return counts
    files.discard()
    ids = IdCheck(context, shard.number)
    known = KnownDocuments(context.known) if context.known else None
    writer = ShardWriter(
        files,
        run=run_info(versions()["cleancopy"], context.cleaner.fingerprint()),
        with_removed=context.with_removed,
        copy_originals=context.copy_originals,
    )

    def todo() -> Iterator[_Work]:
        for shard_reading in shard_readings(context, task, heartbeat, writer.counts.skipped):
            earlier = known.find(shard_reading.reading) if known else None
            if earlier and earlier.unchanged:
                writer.counts.skipped[UNCHANGED] += 1
            else:
                yield _Work(shard_reading, ids.is_repeated(shard_reading), earlier)

    try:
        with writer:
            for group in groups_of(todo(), _size_of):
                outcomes = _outcomes(group, context, excused=dict(task.excused), heartbeat=heartbeat)
                for work, outcome in zip(group, outcomes, strict=True):
                    reading = work.shard_reading.reading
                    heartbeat.begin(work.shard_reading.ordinal)
                    outcome, pages = _with_pages(reading, outcome, context, heartbeat)
                    heartbeat.pause()
                    name = "" if is_row(reading) else work.shard_reading.shard_input.text
                    _show(heartbeat, writer.write(reading, outcome, name, pages=pages, earlier=work.earlier))
                    if work is not group[-1]:  # after the last one `shard_readings` rests
                        heartbeat.rest()
    except (SegmentError, PlanError, RowFileError) as error:
        raise EngineError(str(error)) from error
    return writer.counts


def count_shard(context: RunContext, task: Task, heartbeat: Heartbeat) -> int:
    """Counts what the sources of a shard's documents repeat, into parts in the work folder; how many inputs it has.

    What cannot be counted is left out: cleaning says what is wrong with it.
    """
    shard: Shard = task.work
    done = context.work(task.number, COUNTED)
    if done.exists():
        return shard.documents
    excused = dict(task.excused)
    parts = PartialCountsWriter(done.parent, f"{task.number:05d}")
    for shard_reading in shard_readings(context, task, heartbeat, Counter()):
        document = shard_reading.reading.document
        if document and context.cleaner.asks_memory(document) and shard_reading.ordinal not in excused:
            parts.add(_countable(document, heartbeat), document_source(document, folder=context.folder))
        heartbeat.add(DOCUMENTS, 1)
    names = "".join(f"{path.name}\n" for path in parts.finish())
    write_atomically(done, [names.encode()], sweep=False)
    return shard.documents


def _countable(document: Document, heartbeat: Heartbeat) -> CountableUnits | None:
    """The units of a document; None for one that cannot be counted: cleaning says what is wrong with it."""
    try:
        with heartbeat.limited():
            return countable_units(document)
    except (Exception, OverTimeError):  # noqa: BLE001 (one document never stops a run)
        return None


def counted_parts(context: RunContext, plan: Plan) -> list[PartialCounts]:
    """The parts of all shards that were counted. Raises OSError, PartialCountsError."""
    work = context.out / WORK
    names = (_listed(context.work(shard.number, COUNTED)) for shard in plan.shards())
    return [PartialCounts(work / name) for of_shard in names for name in of_shard]


def _listed(path: Path) -> list[str]:
    names = path.read_bytes().decode("utf-8", "replace").split()
    if any("/" in name or "\\" in name or "\0" in name for name in names):
        raise PartialCountsError(f"{path} names files elsewhere; remove it and count again")
    return names


def is_damaged(context: RunContext, task: Task, heartbeat: Heartbeat) -> int | None:
    """The number of a shard whose files are not what was sealed, None for one that is whole."""
    files = context.files(task.number)
    paths = [files.segment(0)]
    while files.segment(len(paths)).exists():
        paths.append(files.segment(len(paths)))
    return None if is_whole(paths, files.rows) else task.number


def is_whole(segments: Sequence[Path], rows: Path) -> bool:
    """Whether the segments of a shard are as they were sealed, and its rows are there."""
    try:
        problems = (result for result in verify(segments, STORED) if isinstance(result, Problem))
        return next(problems, None) is None and rows.exists()
    except OSError:  # a segment is missing
        return False


def _size_of(work: _Work) -> int:
    document = work.shard_reading.reading.document
    return len(document.text) if document else 0


def _outcomes(
    group: Sequence[_Work], context: RunContext, *, excused: Mapping[int, str], heartbeat: Heartbeat
) -> list[Outcome]:
    """The outcomes of a group; documents that ended a worker before are failures without another look."""
    outcomes: dict[int, Outcome] = {}
    rest: list[tuple[int, Reading]] = []
    for work in group:
        ordinal, reading = work.shard_reading.ordinal, work.shard_reading.reading
        reading = with_own_id(reading) if work.is_repeated else reading
        if ordinal in excused and reading.document:
            outcomes[ordinal] = failure_of(reading, excused[ordinal], LOOK)
        else:
            rest.append((ordinal, reading))
    budget = heartbeat.budget()

    @contextmanager
    def guard(number: int) -> Iterator[None]:
        heartbeat.begin(rest[number][0])
        try:
            with budget.limited(number):
                yield
        finally:
            heartbeat.pause()

    cleaned = outcomes_of([reading for _, reading in rest], context.cleaner, context.folder, guard)
    for (ordinal, reading), outcome in zip(rest, cleaned, strict=True):
        if isinstance(outcome, OverTimeError):
            outcomes[ordinal] = failure_of(reading, heartbeat.over_time, LOOK)
        else:
            outcomes[ordinal] = outcome
    return [outcomes[work.shard_reading.ordinal] for work in group]


def _with_pages(
    reading: Reading, outcome: Outcome, context: RunContext, heartbeat: Heartbeat
) -> tuple[Outcome, Mapping[PageFormat, str]]:
    """The article as pages, as far as they are wanted; an article of which none can be made fails."""
    if isinstance(outcome, Failure) or not context.pages or not outcome.text:
        return outcome, {}
    try:
        with heartbeat.limited():
            return outcome, pages_of(outcome, context.pages)
    except OverTimeError:
        return failure_of(reading, heartbeat.over_time, LOOK), {}
    except Exception as error:  # noqa: BLE001 (one document never stops a run)
        return failure_of(reading, f"no page can be made of it ({told(error)})", "please report it"), {}


def _show(heartbeat: Heartbeat, outcome: Outcome) -> None:
    """Counts an outcome where the engine can see it."""
    heartbeat.add(DOCUMENTS, 1)
    if not isinstance(outcome, CleanedDocument):
        heartbeat.add(FAILED, 1)
        return
    heartbeat.add(CHARACTERS, len(outcome.source_text))
    for span in outcome.spans:
        heartbeat.add(LABELS[span.label.value], span.end - span.start)
