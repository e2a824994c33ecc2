"""A run into an OUT that holds a complete one (`--update`): what is new or has changed is cleaned, into new shards.

What is as it was gets nothing, a changed document a new group of records that names the one before, and inputs that
are not there any more are named. No segment and no row that is there is touched; index and counts are over all; the
memory of the sources is extended.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from archive.checking.ledger import LEDGER_ERRORS, load_ledger
from archive.checking.safe_names import UnsafeNameError
from archive.export.cdxj import write_index
from archive.segments.reader import Record, metadata_fields, records
from cleaner.batch.begin import (
    BatchSettings,
    BegunRun,
    clock_of,
    context_of,
    head_of,
    make_folders,
    other_run,
    planned,
)
from cleaner.batch.counts import RunCounts
from cleaner.batch.earlier import (
    KNOWN,
    MOST_VANISHED,
    Documents,
    EarlierInputs,
    KnownDocuments,
    merged_documents,
    merged_inputs,
    replaced_documents,
)
from cleaner.batch.output.folder import INPUTS, MEMORY, BatchError, encoded_report, sweep_drafts
from cleaner.batch.output.location import RunLocation
from cleaner.batch.plan import listed_inputs, listed_values, shard_inputs
from cleaner.batch.progress import ShowProgress
from cleaner.batch.shards.files import PREFIX, WORK, index_lines
from cleaner.batch.shards.tasks import UNCHANGED, is_whole
from cleaner.ledger import Removed, unchecked
from cleaner.pipeline import Cleaner
from cleaner.storage.object_store import PathOrUrl

#: In run.json while an update is under way: what it is, as the head of a run tells it.
UPDATE, UPDATES = "update", "updates"
#: The memory of an update, its lists of inputs and of documents, until it is complete.
UPDATED_MEMORY, UPDATED_INPUTS, UPDATED_KNOWN = f"{WORK}/{MEMORY}", f"{WORK}/{INPUTS}", f"{WORK}/{KNOWN}"
#: The names of the inputs that are not there.
MISSING = f"{WORK}/missing.json"
#: The segment that a line of the index leads to.
_SEGMENT = re.compile(r"cleancopy-\d{14}-(\d{5,})-\d+\.warc")


def begin_update(
    inputs: Sequence[PathOrUrl],
    cleaner: Cleaner,
    settings: BatchSettings,
    location: RunLocation,
    show: ShowProgress,
    *,
    earlier: dict[str, Any],
) -> BegunRun:
    """Plans what is new or has changed since the runs that OUT holds, and says so in run.json.

    earlier: run.json. When nothing is new, it stays as it is. Raises BatchError, OSError.
    """
    head, under_way = head_of(cleaner, settings), earlier.get(UPDATE)
    clock = clock_of(under_way, head, settings) if under_way else settings.clock
    sweep_drafts(location.out)
    before = _read_inputs(location.out / INPUTS, settings)
    KnownDocuments(location.out / KNOWN)  # a damaged one is named now, not by a worker
    plan = planned(inputs, settings, location, show, before=before, first=int(earlier["shards"]))
    if under_way and under_way.get("inputs") != plan.digest:
        raise BatchError(other_run(settings.out, "other inputs, or they have changed since"))
    report = earlier
    if not under_way and (len(plan) or before.vanished or before.returned):
        report = {**earlier, "complete": False, UPDATE: {**head, "inputs": plan.digest, **_told(before)}}
        location.write({"run.json": encoded_report(report)})
    make_folders(location, plan, settings)
    location.write({MISSING: json.dumps(before.missing).encode()})
    context = context_of(cleaner, settings, plan, clock, location, known=location.out / KNOWN)
    return BegunRun(context, plan, report, settings, location)


def updated_run(
    inputs: Sequence[PathOrUrl],
    cleaner: Cleaner,
    settings: BatchSettings,
    location: RunLocation,
    show: ShowProgress,
    *,
    earlier: dict[str, Any],
) -> BegunRun:
    """The complete run in OUT, which has had updates, as one with nothing to do; earlier: run.json.

    Raises BatchError where it is another run, and where a shard is damaged that is to be looked at: its own list of
    inputs is not kept, nor the memory that it was cleaned with.
    """
    clock = clock_of(earlier, head_of(cleaner, settings), settings)
    before = _read_inputs(location.out / INPUTS, settings)
    plan = planned(inputs, settings, location, show, before=before, first=int(earlier["shards"]))
    if len(plan) or before.vanished or before.returned:
        planned_first = (shard_inputs(plan.path, shard) for shard in plan.shards())
        other = (shard_input.locator for shard_input in chain.from_iterable(planned_first))
        first = next(chain(other, before.vanished), "")
        location.clear_work()
        told = f" (the first is {first})" if first else ""
        raise BatchError(other_run(settings.out, f"other inputs, or they have changed since{told}"))
    context = context_of(cleaner, settings, plan, clock, location)
    if settings.check and (names := _damaged_shards(location.out, int(earlier["shards"]))):
        location.clear_work()
        raise BatchError(
            f"{settings.out} is damaged ({', '.join(names)}), and what was updated cannot be done again in parts: "
            "`cleancopy archive repair` saves the whole articles, --fresh cleans all again"
        )
    return BegunRun(context, plan, earlier, settings, location)


def _damaged_shards(out: Path, count: int) -> list[str]:
    """The shards of all runs in OUT, by their rows' names, whose files are not what was sealed."""
    damaged = []
    for number in range(count):
        rows = out / "documents" / f"{number:05d}.jsonl"
        segments = sorted((out / "warc").glob(f"{PREFIX}-*-{number:05d}-*.warc.gz"))
        if not segments or not is_whole(segments, rows):
            damaged.append(f"shard {number:05d}")
    return damaged


def _read_inputs(path: Path, settings: BatchSettings) -> EarlierInputs:
    again = "an older version wrote it; choose another folder, or give --fresh to clean all again"
    try:
        KnownDocuments(path.with_name(KNOWN))
        return EarlierInputs.of(listed_values(path))
    except UnsafeNameError as error:
        raise BatchError(f"{path} names a text outside its folder ({error}); choose another folder") from None
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise BatchError(f"{settings.out} has no {name}, so that nobody knows what was read: {again}") from None


def _told(before: EarlierInputs) -> dict[str, Any]:
    vanished = before.vanished
    return {
        "new": before.new,
        "changed": before.changed,
        "unchanged": before.unchanged,
        "vanished": len(vanished),
        "vanished-names": vanished[:MOST_VANISHED],
    }


def close_update(begun: BegunRun, counts: RunCounts) -> RunCounts:
    """Adds what was cleaned to index, lists and counts of OUT; gives the counts of the update alone.

    counts: of its shards. May be done again after it was broken off. Raises OSError.
    """
    context, plan, location, out = begun.context, begun.plan, begun.location, begun.context.out
    shards = [context.files(shard.number) for shard in plan.shards()]
    outdated = _outdated(begun)
    lines = chain(_earlier_lines(out / "index.cdxj", plan.first), chain.from_iterable(map(index_lines, shards)))
    with location.drafted("index.cdxj") as draft:
        write_index(draft, lines, folder=out / WORK)
    with location.drafted(UPDATED_KNOWN) as draft, draft.open("wb") as file:
        np.save(file, merged_documents(out / KNOWN, (files.documents for files in shards), outdated))
    if (out / UPDATED_MEMORY).exists():
        (out / UPDATED_MEMORY).replace(out / MEMORY)
    missing = frozenset(json.loads((out / MISSING).read_bytes()))
    with location.drafted(UPDATED_INPUTS) as draft, draft.open("wb") as file:
        file.writelines(merged_inputs(out / INPUTS, listed_inputs(plan.path), missing))
    replaced = list(replaced_rows(out, [files.documents for files in shards], outdated))
    location.write({"run.json": encoded_report(_closed(begun, counts, replaced, missing))})
    publish_inputs(out)
    location.clear_work()
    return counts


def publish_inputs(out: Path) -> None:
    """Gives the lists of inputs and documents their places: after the update is complete, since until then its plan
    and its counts follow from the old ones. Done again at the next beginning, if it was broken off."""
    for updated, name in ((UPDATED_INPUTS, INPUTS), (UPDATED_KNOWN, KNOWN)):
        if (out / updated).exists():
            (out / updated).replace(out / name)


def _outdated(begun: BegunRun) -> Documents:
    """Failures of earlier runs that are no more, since this one has read their files."""
    again = {str(named[0]) for named, *_ in listed_values(begun.plan.path) if isinstance(named, list)}
    failures = RunCounts.from_report(begun.report).failures if again else []
    return KnownDocuments(begun.context.out / KNOWN).outdated(failures, again)


def replaced_rows(out: Path, shards: Sequence[Path], outdated: Documents) -> Iterator[tuple[dict[str, object], int]]:
    """The rows of earlier runs that these shards replace, or that are outdated, their spans with the text that was
    removed (as far as the archive can be read), and the characters of their sources. Raises OSError, BatchError."""
    of_shard = groupby(replaced_documents(out / KNOWN, shards, outdated), key=lambda document: int(document["shard"]))
    for shard, documents in of_shard:
        wanted = {int(document["line"]): document for document in documents}
        removed = _removed_texts(out, shard, {_record_id(document) for document in wanted.values()})
        with (out / "documents" / f"{shard:05d}.jsonl").open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if (document := wanted.get(number)) is not None:
                    row = _row_in(line, f"{lines.name}, line {number}")
                    spans = removed.get(_record_id(document))
                    yield row | ({"spans": spans} if spans else {}), int(document["characters"])


def _row_in(line: bytes, place: str) -> dict[str, object]:
    try:
        row: dict[str, Any] = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BatchError(f"{place} is not as a run writes it; give --fresh to clean all again") from error
    return row


def _removed_texts(out: Path, shard: int, groups: Collection[str]) -> dict[str, list[Removed]]:
    """The removed spans of some documents of a shard, by the last record of their group: rows do not hold the text.

    A document that the archive does not give is left out.
    """
    spans: dict[str, list[Removed]] = {}
    segments = sorted((out / "warc").glob(f"cleancopy-*-{shard:05d}-*.warc.gz"))
    for record in chain.from_iterable(map(records, segments)):
        if len(spans) == len(groups):
            break
        if isinstance(record, Record) and record.type == "metadata" and record.id in groups:
            fields = metadata_fields(record)
            with suppress(*LEDGER_ERRORS):
                removed = unchecked(load_ledger(fields["ledger"]))["removed"] if isinstance(fields, dict) else []
                spans[record.id] = list(removed)
    return spans


def _record_id(document: Any) -> str:
    """The last record of a known document's group."""
    return UUID(bytes=bytes(document["group"])).urn


def _closed(
    begun: BegunRun, counts: RunCounts, replaced: Sequence[tuple[dict[str, Any], int]], missing: Collection[str]
) -> dict[str, object]:
    """run.json over all runs, each document as its last version; what decides is told as the last run had it.

    Inputs that failed and are not there any more do not count.
    """
    report, update = dict(begun.report), dict(begun.report[UPDATE])
    del report[UPDATE]
    again = counts.skipped.pop(UNCHANGED, 0)
    total = RunCounts.from_report(report)
    try:
        for row, characters in replaced:
            total.take_out(row, characters)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BatchError(f"a row in {begun.context.out}/documents is not as a run writes it; give --fresh") from error
    total.forget_failures(missing)
    told_before = total.failed
    total.merge(counts)
    memory = begun.context.cleaner.memory
    of_update = {name: update.pop(name) for name in ("new", "changed", "unchanged", "vanished", "vanished-names")}
    told = {
        "clock": update["clock"],
        "documents": counts.documents,
        "documents-unchanged": again,
        "documents-replaced": len(replaced),
        "failed": counts.failed,
        "failed-before": told_before,
        "digest": update["digest"],
        **of_update,
    }
    return {
        **report,
        **update,
        "memory": memory.digest if memory else None,
        "digest": begun.context.cleaner.fingerprint(),
        "shards": begun.plan.first + len(begun.plan),
        "complete": True,
        **total.for_report(),
        UPDATES: [*report.get(UPDATES, []), told],
    }


def _earlier_lines(path: Path, first: int) -> Iterator[str]:
    """The lines of an index that lead to segments of shards before this one. Raises BatchError for other bytes."""
    with path.open("rb") as lines:
        for data in lines:
            try:
                line = data.decode("utf-8")
            except UnicodeDecodeError:
                out = path.parent
                message = f"{path} is damaged; write it anew with `cleancopy archive index {out}`, then do this again"
                raise BatchError(message) from None
            segment = _SEGMENT.search(line)
            if segment is None or int(segment[1]) < first:
                yield line


def update_lines(report: Mapping[str, Any]) -> Iterator[str]:
    """What the last update of an OUT found, for people; nothing where there was none."""
    for told in report.get(UPDATES, [])[-1:]:
        words = ", ".join(f"{told[name]:,} {name}" for name in ("new", "changed", "unchanged", "vanished"))
        yield f"inputs: {words}"
        if replaced := told.get("documents-replaced"):
            yield f"documents that replace an earlier version: {replaced:,}"
        if again := told["documents-unchanged"]:
            yield f"documents of changed inputs that are as they were: {again:,}"
        if names := told["vanished-names"][:3]:
            more = f" and {told['vanished'] - len(names):,} more" if told["vanished"] > len(names) else ""
            yield f"vanished: {', '.join(names)}{more}; what was stored of them stays"
