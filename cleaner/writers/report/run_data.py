"""Reads a finished run's folder for the report: run.json, a sample of the documents, their ledgers.

Rows are streamed and never held; only where the chosen ones stand is remembered. The choice depends
on the rows alone, so the same run gives the same report. Refuses a folder that is no run.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]
from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]

from cleaner.document import Status
from cleaner.labels import Label
from cleaner.memory.source_name import source_of

Row = Mapping[str, Any]

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


@dataclass(frozen=True, slots=True)
class ArchivedDocument:
    """What the archive knows of one document: removed spans with text, kept pieces, the white space between them."""

    removed: tuple[Row, ...]
    kept: tuple[tuple[int, int, str, int, int], ...]  # start, end, label, start and end in the clean text
    gaps: tuple[tuple[int, str], ...] = ()  # start, text


@dataclass(frozen=True, slots=True)
class Survey:
    """What one reading of all rows gives: positions by bucket (each short), repairs, what is too long to show."""

    positions: dict[str, list[RowPosition]] = field(default_factory=dict)
    repairs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    repair_kinds: Counter[str] = field(default_factory=Counter)
    evidence: dict[tuple[str, str, str], str] = field(default_factory=dict)
    sizes: Counter[str] = field(default_factory=Counter)  # "rows", "long"


def read_run(out: Path) -> dict[str, Any]:
    """run.json of a finished run. Raises ReportError for a folder that is no run, or a run of another layout."""
    file = out / "run.json"
    advice = "give the folder that 'cleancopy clean IN -o OUT' wrote, after it has finished"
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReportError(f"{out} holds no finished run: run.json is missing; {advice}") from None
    except OSError as error:
        raise ReportError(f"{file} cannot be read ({error.strerror or error}); {advice}") from error
    except ValueError as error:
        raise ReportError(f"{file} is no JSON ({error}); {advice}") from error
    if not isinstance(run, dict) or not isinstance(run.get("counts"), dict):
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
    """Each row of a shard with its offset and its bytes. Raises ReportError for a line that is no row."""
    with shard.open("rb") as lines:
        offset = 0
        for count, line in enumerate(lines, 1):
            yield offset, line, _row(line, f"{shard}, line {count}")
            offset += len(line)


def _row(line: bytes, where: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ReportError(f"{where} is no JSON ({error}); clean again into this folder") from error
    if not isinstance(row, dict):
        raise ReportError(f"{where} is no row; clean again into this folder")
    return row


def row_at(position: RowPosition) -> Row:
    """The row that stands there."""
    with position.shard.open("rb") as lines:
        lines.seek(position.offset)
        return _row(lines.readline(), f"{position.shard}, offset {position.offset}")


def survey(out: Path, limit: int) -> Survey:
    """Reads every row once; keeps at most `limit` positions for each status, label and source that counts."""
    found = Survey()
    numbered = enumerate((shard, entry) for shard in shards(out) for entry in rows(shard))
    for ordinal, (shard, (offset, line, row)) in numbered:
        found.sizes["rows"] += 1
        _count_repairs(found, row.get("repairs") or ())
        status = str(row.get("status"))
        if status == Status.FAILED:
            continue  # failures have a table of their own
        if len(line) > SHOWN_ROW:
            found.sizes["long"] += 1
            continue
        rank = _rank(row, ordinal)
        position = RowPosition(rank, ordinal, shard, offset, status, row_source(row), _buckets(row))
        _remember(found.positions, position, limit)
    return found


def _rank(row: Row, ordinal: int) -> tuple[bool, str]:
    key = f"{row.get('id')}\n{ordinal}".encode("utf-8", "surrogatepass")
    return len(row.get("text") or "") not in READABLE, hashlib.blake2b(key, digest_size=8).hexdigest()


def row_source(row: Row) -> str:
    """The source a row is counted under, or nothing."""
    return source_of({"path": row.get("path") or "", **(row.get("metadata") or {})})


def _buckets(row: Row) -> tuple[str, ...]:
    labels = sorted({str(span.get("label")) for span in row.get("spans") or ()} & set(Label))
    return (*labels, *(["repaired"] if row.get("repairs") else []), *([] if labels else ["untouched"]))


def _remember(positions: dict[str, list[RowPosition]], position: RowPosition, limit: int) -> None:
    keys = [position.status] if position.status in (Status.SUSPECT, Status.EMPTY) else list(position.buckets)
    for key in (*keys, "any"):
        bucket = positions.setdefault(key, [])
        insort(bucket, position, key=lambda position: position.rank)
        del bucket[limit * (4 if key == "any" else 1) :]


def _count_repairs(found: Survey, repairs: Iterable[Row]) -> None:
    for repair in repairs:
        kind = str(repair.get("kind"))
        found.repair_kinds[kind] += 1
        key = (kind, str(repair.get("before"))[:REPAIR_TEXT], str(repair.get("after"))[:REPAIR_TEXT])
        if key in found.repairs or len(found.repairs) < REPAIRS_KEPT:
            found.repairs[key] += 1
            found.evidence.setdefault(key, str(repair.get("evidence") or "")[:200])


def choose(found: Survey, sample: int) -> list[RowPosition]:
    """The documents to show: suspect and empty ones first (half at most), then one per label in turn, then any.

    Within a label the source seen least is preferred, so one big site does not fill the sample.
    """
    chosen: dict[int, RowPosition] = {}
    sources: Counter[str] = Counter()
    for statuses, room in (((Status.SUSPECT, Status.EMPTY), (sample + 1) // 2), (_label_turns(found), sample)):
        _take_turns([list(found.positions.get(key, ())) for key in statuses], room, chosen, sources=sources)
    _take_turns(
        [[p for p in found.positions.get("any", ()) if p.status == Status.CLEAN]], sample, chosen, sources=sources
    )
    _take_turns([list(found.positions.get("any", ()))], sample, chosen, sources=sources)
    order = {Status.SUSPECT: 0, Status.EMPTY: 1}
    return sorted(chosen.values(), key=lambda position: order.get(position.status, 2))  # type: ignore[call-overload]


def _label_turns(found: Survey) -> list[str]:
    return [key for key in (*Label, "repaired", "untouched") if key in found.positions]


def _take_turns(
    buckets: list[list[RowPosition]], room: int, chosen: dict[int, RowPosition], *, sources: Counter[str]
) -> None:
    while len(chosen) < room and any(buckets):
        for bucket in buckets:
            bucket[:] = [position for position in bucket if position.ordinal not in chosen]
            if bucket and len(chosen) < room:
                best = min(bucket, key=lambda position: (sources[position.source], position.rank))
                chosen[best.ordinal] = best
                sources[best.source] += 1


def read_ledgers(out: Path, wanted: Sequence[tuple[RowPosition, Row]]) -> dict[int, ArchivedDocument]:
    """The archive's ledgers of the chosen rows, by ordinal; a document the archive does not hold is left out.

    A ledger belongs to a row when the id and the removed spans agree: ids may repeat in one run.
    """
    keys = {(str(row.get("id")), _spans_key(row.get("spans") or ())): position.ordinal for position, row in wanted}
    found: dict[int, ArchivedDocument] = {}
    for segment in _segments(out, {position.shard for position, _ in wanted}):
        for identifier, ledger in _ledgers(segment, {identifier for identifier, _ in keys}):
            ordinal = keys.get((identifier, _spans_key(ledger.removed)))
            if ordinal is not None:
                found.setdefault(ordinal, ledger)
        if len(found) == len(keys):
            break
    return found


def _spans_key(spans: Iterable[Row]) -> str:
    key = "|".join(f"{span.get('start')},{span.get('end')},{span.get('label')}" for span in spans)
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _segments(out: Path, chosen: set[Path]) -> list[Path]:
    """The segment files to search: those of the chosen shards when files and shards pair up, else all."""
    segments = sorted((out / "warc").glob("*.warc.gz"))
    groups: dict[str, list[Path]] = {}
    for segment in segments:
        groups.setdefault(re.sub(r"-\d+\.warc\.gz$", "", segment.name), []).append(segment)
    ordered = shards(out)
    if len(groups) != len(ordered):
        return segments
    pairs = zip(ordered, groups.values(), strict=True)
    return list(chain.from_iterable(group for shard, group in pairs if shard in chosen))


def _ledgers(segment: Path, identifiers: set[str]) -> Iterator[tuple[str, ArchivedDocument]]:
    """Ledgers of the documents asked for; a segment that breaks off gives those before the break."""
    with segment.open("rb") as stream:
        try:
            for record in ArchiveIterator(stream):
                if record.rec_type == "metadata":
                    fields = _warc_fields(record.content_stream().read())
                    identifier = unquote(fields.get("document-id", ""), errors="surrogateescape")
                    if identifier in identifiers and "ledger" in fields:
                        yield identifier, _ledger(fields["ledger"])
        except (ArchiveLoadFailed, zlib.error, EOFError):
            return


def _warc_fields(content: bytes) -> dict[str, str]:
    """Names and values as written; the archive percent-encodes what would break a line, so those are to be unquoted."""
    lines = (line.partition(":") for line in content.decode("utf-8", "replace").split("\n"))
    return {name.strip().lower(): value.strip() for name, colon, value in lines if colon}


def _ledger(line: str) -> ArchivedDocument:
    try:
        ledger = json.loads(line)
        kept = tuple((int(a), int(b), str(label), int(c), int(d)) for a, b, label, c, d in ledger["kept"])
        gaps = tuple((int(start), str(text)) for start, text in ledger.get("gaps") or ())
        return ArchivedDocument(tuple(ledger["removed"]), kept, gaps)
    except (ValueError, KeyError, TypeError):
        return ArchivedDocument((), ())
