"""Reads a finished run's folder for the report: run.json, the list of documents, a sample of them.

Rows are streamed and never held; only where the chosen ones stand is remembered. The choice depends
on the rows alone, so the same run gives the same report. Refuses a folder that is not a run (ReportError).
"""

from __future__ import annotations

import hashlib
import json
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cleaner.document import Status
from cleaner.labels import Label
from cleaner.memory.source_name import source_of
from cleaner.shapes import Maybe, is_count, is_flat, is_number, misfit
from cleaner.writers.rows import REPLACES
from cleaner.writers.words import first_line

Row = Mapping[str, Any]
Entry = TypeVar("Entry", "RowPosition", "Listed")

#: The layout of run.json this module reads.
SCHEMA = 1
#: Bytes of a row that may be shown: longer documents are unreadable in a report, and the sample is held in memory.
SHOWN_ROW = 512_000
#: Clean characters of a document that reads well; others are chosen only when nothing else shows a label.
READABLE = range(400, 12_000)
#: Different repairs counted one by one; all are counted by kind.
REPAIRS_KEPT = 5_000
#: Characters of a repair's text kept for the list.
REPAIR_TEXT = 60
#: Documents of one status in the list that is searched.
LISTED = 1_500
#: Characters of a title, and of a name, in that list.
TITLE, NAME = 90, 120
#: Statuses in the order of the list: what somebody should look at comes first.
ORDER = {Status.SUSPECT: 0, Status.EMPTY: 1, Status.FAILED: 2, Status.CLEAN: 3}


_SCALAR = (str, int, float, bool, None)
_PLACE = {"start": is_count, "end": is_count}
#: What the report reads of a removal, in a row or a ledger.
SPAN = {
    **_PLACE, **dict.fromkeys(("label", "action", "text"), Maybe((str, None))), "score": Maybe((is_number, None)),
    "reasons": Maybe(([_SCALAR], None)),
}  # fmt: skip
_REPAIR = {**_PLACE, "before": str, "after": str, **dict.fromkeys(("kind", "evidence"), Maybe(_SCALAR))}
_METADATA = dict.fromkeys(("lang", "row", "why", "source", "url", "path", "site"), Maybe(_SCALAR))
#: What the report reads of a row; what else a row carries is its user's.
_ROW = {
    **dict.fromkeys(("id", "path", "title", "source", "url"), Maybe(_SCALAR)),
    **dict.fromkeys(("status", "text"), Maybe((str, None))),
    "spans": Maybe(([SPAN], None)), "repairs": Maybe(([_REPAIR], None)), "metadata": Maybe((_METADATA, None)),
}  # fmt: skip
#: Objects in objects of run.json: ours are five deep.
_DEPTH = 16


class ReportError(Exception):
    """No report can be written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class RowPosition:
    """Where a row stands, and what decides whether it is shown."""

    rank: tuple[bool, str]  # readable ones first, then an order that only the id decides
    ordinal: int
    shard: Path
    offset: int
    status: str
    source: str
    buckets: tuple[str, ...]  # the groups it can stand for: its labels, "repaired", "untouched"
    doubt: float = 1.0  # the smallest distance of a removal's score from one half


@dataclass(frozen=True, slots=True)
class Listed:
    """A document in the list that is searched."""

    rank: tuple[bool, str]
    ordinal: int
    name: str
    title: str
    status: str
    source: str
    lang: str
    labels: tuple[str, ...]
    removed: float  # share of its characters


@dataclass(frozen=True, slots=True)
class Survey:
    """What one reading of all rows gives: positions by bucket (each short), repairs, what is too long to show."""

    positions: dict[str, list[RowPosition]] = field(default_factory=dict)
    listed: dict[str, list[Listed]] = field(default_factory=dict)  # by status, LISTED at most
    repairs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    repair_kinds: Counter[str] = field(default_factory=Counter)
    evidence: dict[tuple[str, str, str], str] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)  # by status
    long: Counter[str] = field(default_factory=Counter)


def read_run(out: Path) -> dict[str, object]:
    """run.json of a finished run. Raises ReportError for a folder that is not a run, or a run of another layout."""
    file = out / "run.json"
    advice = "give the folder that 'cleancopy clean IN -o OUT' wrote, after it has finished"
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReportError(f"{out} holds no finished run: run.json is missing; {advice}") from None
    except OSError as error:
        raise ReportError(f"{file} cannot be read ({error.strerror or error}); {advice}") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{file} is not JSON ({error}); {advice}") from error
    if not isinstance(run, dict) or not isinstance(run.get("counts"), dict) or not is_flat(run, _DEPTH):
        raise ReportError(f"{file} is not the summary of a run: it has no counts; {advice}")
    if run.get("schema") != SCHEMA:
        raise ReportError(f"{file} has schema {run.get('schema')!r}, this version reads {SCHEMA}; clean again with it")
    if run["counts"].get("documents") and not shards(out):
        raise ReportError(f"{out} has a run.json but no documents/*.jsonl; clean again into this folder")
    return run


def shards(out: Path) -> list[Path]:
    """The files of rows, in input order."""
    return sorted((out / "documents").glob("*.jsonl"))


def rows(shard: Path) -> Iterator[tuple[int, bytes, Row]]:
    """Each row of a shard with its offset and its bytes. Raises ReportError for a line that is not a row."""
    with shard.open("rb") as lines:
        offset = 0
        for count, line in enumerate(lines, 1):
            yield offset, line, _row(line, f"{shard}, line {count}")
            offset += len(line)


def _row(line: bytes, where: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ReportError(f"{where} is not JSON ({error}); clean again into this folder") from error
    if not isinstance(row, dict) or not _has_parts(row):
        raise ReportError(f"{where} is not a row; clean again into this folder")
    return row


def _has_parts(row: Row) -> bool:
    """Whether its parts are of the types that rows have."""
    return not misfit(row, _ROW)


def row_at(position: RowPosition) -> Row:
    """The row that stands there."""
    with position.shard.open("rb") as lines:
        lines.seek(position.offset)
        return _row(lines.readline(), f"{position.shard}, offset {position.offset}")


def survey(out: Path, limit: int) -> Survey:
    """Reads every row once; keeps at most `limit` positions for each status, label and source that counts.

    Of a document that updates cleaned again only the last version counts.
    """
    seen, replaced = Survey(), _replaced(out)
    numbered = enumerate(
        (shard, entry)
        for shard in shards(out)
        for count, entry in enumerate(rows(shard), 1)
        if f"{shard.name}:{count}" not in replaced
    )
    for ordinal, (shard, (offset, line, row)) in numbered:
        status = str(row.get("status"))
        seen.rows[status] += 1
        _count_repairs(seen, row.get("repairs") or ())
        rank = _rank(row, ordinal)
        _keep(seen.listed.setdefault(status, []), _listed(row, rank, ordinal), LISTED)
        if status == Status.FAILED:
            continue  # there is nothing to show; failures have a table of their own
        if len(line) > SHOWN_ROW:
            seen.long[status] += 1
            continue
        doubt = min((abs(float(span.get("score") or 0) - 0.5) for span in row.get("spans") or ()), default=1.0)
        position = RowPosition(rank, ordinal, shard, offset, status, row_source(row), _buckets(row), doubt)
        _remember(seen.positions, position, limit)
    return seen


def _replaced(out: Path) -> frozenset[str]:
    """The rows, as file and line, of which an update wrote another version."""
    if not read_run(out).get("updates"):
        return frozenset()
    return frozenset(str(row[REPLACES]) for shard in shards(out) for _, _, row in rows(shard) if REPLACES in row)


def _listed(row: Row, rank: tuple[bool, str], ordinal: int) -> Listed:
    metadata, spans = row.get("metadata") or {}, row.get("spans") or ()
    gone = sum(int(span["end"]) - int(span["start"]) for span in spans)
    whole = gone + len(str(row.get("text") or ""))
    labels = sorted({str(span.get("label")) for span in spans} & set(Label))
    identity, place = str(row.get("id") or ""), str(row.get("path") or "")
    if metadata.get("row") is not None:
        place = f"{place}:{metadata['row']}"
    title = str(row.get("title") or "") or first_line(str(row.get("text") or ""), TITLE)
    return Listed(
        rank, ordinal, (identity if identity.startswith(place) else f"{place} {identity}")[:NAME],
        title[:TITLE], str(row.get("status"))[:NAME], row_source(row)[:NAME],
        str(metadata.get("lang") or "")[:12], tuple(labels), round(gone / whole, 3) if whole else 0.0,
    )  # fmt: skip


def _rank(row: Row, ordinal: int) -> tuple[bool, str]:
    key = f"{row.get('id')}\n{ordinal}".encode("utf-8", "surrogatepass")
    return len(str(row.get("text") or "")) not in READABLE, hashlib.blake2b(key, digest_size=8).hexdigest()


def row_source(row: Row) -> str:
    """The source a row is counted under, or nothing."""
    return source_of({"path": row.get("path") or "", **(row.get("metadata") or {})})


def _buckets(row: Row) -> tuple[str, ...]:
    labels = sorted({str(span.get("label")) for span in row.get("spans") or ()} & set(Label))
    return (*labels, *(["repaired"] if row.get("repairs") else []), *([] if labels else ["untouched"]))


def _remember(positions: dict[str, list[RowPosition]], position: RowPosition, limit: int) -> None:
    looked_at = position.status in (Status.SUSPECT, Status.EMPTY)
    for key in (*([position.status] if looked_at else position.buckets), "any"):
        _keep(positions.setdefault(key, []), position, limit * (4 if key == "any" else 1))
    doubtful = positions.setdefault(DOUBTFUL, [])
    if not looked_at:
        insort(doubtful, position, key=lambda position: (position.doubt, position.rank))
        del doubtful[limit:]


#: The bucket of the documents with the least certain removals.
DOUBTFUL = "doubtful"


def _keep(bucket: list[Entry], entry: Entry, most: int) -> None:
    """Puts an entry into a bucket that holds those of the lowest rank."""
    if len(bucket) < most or (bucket and entry.rank < bucket[-1].rank):
        insort(bucket, entry, key=lambda entry: entry.rank)
        del bucket[most:]


def _count_repairs(seen: Survey, repairs: Iterable[Row]) -> None:
    for repair in repairs:
        kind = str(repair.get("kind"))
        seen.repair_kinds[kind] += 1
        key = (kind, str(repair.get("before"))[:REPAIR_TEXT], str(repair.get("after"))[:REPAIR_TEXT])
        if key in seen.repairs or len(seen.repairs) < REPAIRS_KEPT:
            seen.repairs[key] += 1
            seen.evidence.setdefault(key, str(repair.get("evidence") or "")[:200])


def choose(seen: Survey, sample: int) -> list[RowPosition]:
    """The documents to show: suspect and empty ones first (half at most), then the least certain (a tenth), then one
    per label in turn, then any.

    Within a label the source seen least is preferred, so one big site does not fill the sample.
    """
    chosen: dict[int, RowPosition] = {}
    sources: Counter[str] = Counter()
    half, more = (sample + 1) // 2, sample // 10
    for keys, room in (([Status.SUSPECT, Status.EMPTY], half), ([DOUBTFUL], half + more), (_label_turns(seen), sample)):
        if keys == [DOUBTFUL]:
            room = min(room, len(chosen) + more)
        by_rank = [list(seen.positions.get(key, ())) for key in keys]
        _take_turns(by_rank, room, chosen, sources=sources, by_source=keys != [DOUBTFUL])
    clean = [position for position in seen.positions.get("any", ()) if position.status == Status.CLEAN]
    _take_turns([clean], sample, chosen, sources=sources)
    _take_turns([list(seen.positions.get("any", ()))], sample, chosen, sources=sources)
    order = {Status.SUSPECT.value: 0, Status.EMPTY.value: 1}
    return sorted(chosen.values(), key=lambda position: (order.get(position.status, 2), position.doubt, position.rank))


def _label_turns(seen: Survey) -> list[str]:
    return [key for key in (*Label, "repaired", "untouched") if key in seen.positions]


def _take_turns(
    buckets: list[list[RowPosition]],
    room: int,
    chosen: dict[int, RowPosition],
    *,
    sources: Counter[str],
    by_source: bool = True,
) -> None:
    while len(chosen) < room and any(buckets):
        for bucket in buckets:
            bucket[:] = [position for position in bucket if position.ordinal not in chosen]
            if bucket and len(chosen) < room:
                best = min(bucket, key=lambda entry: (sources[entry.source], entry.rank)) if by_source else bucket[0]
                chosen[best.ordinal] = best
                sources[best.source] += 1
