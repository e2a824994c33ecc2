"""Ids that stand twice in a file of rows: of two equal ones the first counts, also when other shards read the rest.

`identify_shard` notes the ids of files that are shared out among shards, `repeated_ids` compares them, a share at a
time; `IdCheck` tells while a shard is cleaned.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from archive.segments.durable import drafted
from cleaner.batch.plan import Plan, Shard, ShardInput, read_input, shard_inputs
from cleaner.batch.row_files import read_rows
from cleaner.batch.shards.files import WORK
from cleaner.batch.shards.readings import RunContext, ShardReading
from cleaner.engines import Heartbeat, Task
from cleaner.readers import Reading

#: A digest of an id and the row it stands in. 16 bytes: no two ids of a billion rows are taken for one.
IDS = np.dtype([("high", "<u8"), ("low", "<u8"), ("row", "<u8")])
#: Ids compared at a time, at 24 bytes each.
IDS_AT_ONCE = 4_000_000
#: The kind of work file that lists the rows of a shard whose id stands in an earlier row.
REPEATED = "repeated"


def identify_shard(context: RunContext, task: Task, heartbeat: Heartbeat) -> None:
    """Notes the ids of the rows whose file other shards read as well, one sorted file for each input."""
    shard: Shard = task.work
    for number, shard_input in enumerate(shard_inputs(context.plan, shard)):
        target = context.work(shard.number, f"{number}.ids")
        if not shard_input.shared or target.exists():
            continue
        digests = []
        for ordinal, reading in enumerate(read_input(shard_input, context.reading)):
            heartbeat.begin(ordinal)
            if isinstance(reading, Reading) and reading.document and reading.original:
                digests.append((*_digest(reading.document.id), reading.original.row or 0))
        heartbeat.rest()
        with drafted(target, sync=False, sweep=False) as file:
            np.save(file, np.sort(np.array(digests, IDS), order=("high", "low", "row")))


def repeated_ids(context: RunContext, plan: Plan) -> dict[str, bytes]:
    """Finds, file by file, the rows whose id an earlier row has: for each shard a file in OUT that lists its own."""
    rows: dict[int, list[str]] = {}
    for locator, parts in _shared_files(context, plan):
        for row in _repeats([part.ids for part in parts]):
            part = parts[bisect_right(parts, row, key=lambda part: part.first_row) - 1]
            rows.setdefault(part.shard, []).append(f"{row} {locator}\n")
    return {f"{WORK}/{number:05d}.{REPEATED}": "".join(lines).encode() for number, lines in rows.items()}


@dataclass(frozen=True, slots=True)
class _FilePart:
    """What one shard reads of a file that is shared out."""

    shard: int
    first_row: int
    ids: Path


def _shared_files(context: RunContext, plan: Plan) -> Iterator[tuple[str, list[_FilePart]]]:
    """Each file that is shared out: its locator and its parts, in order."""
    locator, parts = "", list[_FilePart]()
    for shard in plan.shards():
        for number, shard_input in enumerate(shard_inputs(plan.path, shard)):
            if not shard_input.shared or not shard_input.part:
                continue
            if shard_input.locator != locator and parts:
                yield locator, parts
                parts = []
            locator = shard_input.locator
            ids = context.work(shard.number, f"{number}.ids")
            parts.append(_FilePart(shard.number, shard_input.part.first, ids))
    if parts:
        yield locator, parts


def _repeats(parts: list[Path]) -> Iterator[int]:
    """The rows whose id is that of an earlier row; only a share of the ids is in memory at a time."""
    shares = sum(path.stat().st_size for path in parts) // (IDS_AT_ONCE * IDS.itemsize) + 1
    for share in range(shares):
        first, last = ((1 << 64) * edge // shares for edge in (share, share + 1))
        ids = np.concatenate([_between(path, first, last) for path in parts])
        ids.sort(order=("high", "low", "row"))
        same = (ids["high"][1:] == ids["high"][:-1]) & (ids["low"][1:] == ids["low"][:-1])
        yield from ids["row"][1:][same].tolist()


def _between(path: Path, first: int, last: int) -> Any:
    """The ids of a sorted file from one digest to another; the file is closed again, since there may be thousands."""
    ids = read_rows(path, IDS, mapped=True)
    low, high = (len(ids) if end >> 64 else int(ids["high"].searchsorted(np.uint64(end))) for end in (first, last))
    return np.array(ids[low:high])


def _digest(document_id: str) -> tuple[int, int]:
    digest = blake2b(document_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


class IdCheck:
    """Tells for the rows of a shard, in order, whether an earlier row of their file has their id."""

    def __init__(self, context: RunContext, number: int) -> None:
        self._repeated = _listed(context.work(number, REPEATED))
        self._shard_input: ShardInput | None = None
        self._seen: set[str] = set()

    def is_repeated(self, shard_reading: ShardReading) -> bool:
        """Whether an earlier row of the file has the id of this one."""
        document, original = shard_reading.reading.document, shard_reading.reading.original
        if document is None or original is None or original.row is None:
            return False
        if shard_reading.shard_input.shared:
            return (original.locator, original.row) in self._repeated
        if shard_reading.shard_input is not self._shard_input:
            self._shard_input, self._seen = shard_reading.shard_input, set()
        size = len(self._seen)
        self._seen.add(document.id)
        return len(self._seen) == size


def _listed(path: Path) -> frozenset[tuple[str, int]]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except FileNotFoundError:
        return frozenset()
    pairs = (line.partition(" ") for line in lines if line)
    return frozenset((locator, int(row)) for row, _, locator in pairs if row.isdecimal() and len(row) < 20)
