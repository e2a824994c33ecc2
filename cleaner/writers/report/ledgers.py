"""What the archive's ledgers know of the documents that the report shows: their removed and kept stretches.

A segment that breaks off gives what stands before the break; a ledger that cannot be read is as if there were none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from archive.checking.ledger import LEDGER_ERRORS, load_ledger
from archive.segments.reader import Record, metadata_fields, records
from archive.warc.fields import unescape
from cleaner.ledger import Kept, Removed, unchecked
from cleaner.shapes import Maybe, is_count, misfit
from cleaner.shapes import Row as RowOf
from cleaner.writers.report.run_data import SPAN, Row, RowPosition, shards


@dataclass(frozen=True, slots=True)
class ArchivedDocument:
    """What the archive knows of one document: removed spans with text, kept pieces, the white space between them."""

    removed: tuple[Removed, ...]
    kept: tuple[Kept, ...]
    gaps: tuple[tuple[int, str], ...] = ()  # start, text


_SHAPE = {
    "removed": [SPAN],
    "kept": [RowOf((is_count, is_count, str, is_count, is_count))],
    "gaps": Maybe(([RowOf((is_count, str))], None)),
}


def read_ledgers(out: Path, wanted: Sequence[tuple[RowPosition, Row]]) -> dict[int, ArchivedDocument]:
    """The archive's ledgers of the chosen rows, by ordinal; a document the archive does not hold is left out.

    A ledger belongs to a row when the id and the removed spans agree: ids may repeat in one run.
    """
    keys = {(str(row.get("id")), _spans_key(row.get("spans") or ())): position.ordinal for position, row in wanted}
    documents: dict[int, ArchivedDocument] = {}
    for segment in _segments(out, {position.shard for position, _ in wanted}):
        for identifier, archived in _ledgers(segment, {identifier for identifier, _ in keys}):
            ordinal = keys.get((identifier, _spans_key(archived.removed)))
            if ordinal is not None:
                documents.setdefault(ordinal, archived)
        if len(documents) == len(keys):
            break
    return documents


def _spans_key(spans: Iterable[Mapping[str, object]]) -> str:
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
    for record in records(segment):
        if not isinstance(record, Record) or record.type != "metadata":
            continue
        fields = metadata_fields(record)
        if not isinstance(fields, dict) or "ledger" not in fields:
            continue
        identifier = unescape(fields.get("document-id", ""))
        if identifier in identifiers and (archived := _archived(fields["ledger"])):
            yield identifier, archived


def _archived(line: str) -> ArchivedDocument | None:
    try:
        ledger = load_ledger(line)
    except LEDGER_ERRORS:
        return None
    if misfit(ledger, _SHAPE):
        return None
    parts = unchecked(ledger)
    gaps = tuple((start, text) for start, text in parts.get("gaps") or ())
    return ArchivedDocument(tuple(parts["removed"]), tuple(map(Kept._make, parts["kept"])), gaps)
