"""Writes the CDXJ index that replay tools read: one line for each original and each clean text.

Lines can be made while writing (`line_of` what the writer placed) or from segments that are there.
Memory is bounded: full batches of lines are sorted and set aside in files, then merged.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

from archive.durable import write_atomically
from archive.problems import Problem
from archive.reader import Record, records
from archive.records import sha1_base32
from archive.surt import surt
from archive.writer import OPEN_SUFFIX, Placed

INDEXED = frozenset({"resource", "conversion"})
BATCH = 200_000  # lines held in memory: about 100 MB, at 490 bytes each


def line_of(placed: Placed) -> str | None:
    """The index line of a record, or None for one that an index does not list.

    Keys and fields are those of cdxj-indexer; digests, too: of what has no payload digest, the block's.
    """
    if placed.type not in INDEXED:
        return None
    about = {
        "url": placed.target_uri,
        "mime": placed.media_type,
        "digest": placed.digest,
        "length": str(placed.length),
        "offset": str(placed.offset),
        "filename": placed.segment,
    }
    stamp = placed.date.translate(_NO_PUNCTUATION)[:14]
    return f"{_surt(placed.target_uri)} {stamp} {json.dumps(about)}\n"


#: An original and its clean text have the same address, and follow each other.
_surt = lru_cache(maxsize=8)(surt)
_NO_PUNCTUATION = {ord(c): None for c in "-:TZ"}


def index_lines(path: Path) -> Iterator[str | Problem]:
    """The lines of one segment in its order, and the problems met on the way."""
    for record in records(path):
        if isinstance(record, Problem):
            yield record
        elif line := line_of(_placed(record)):
            yield line


def _placed(record: Record) -> Placed:
    return Placed(
        segment=record.file.removesuffix(OPEN_SUFFIX),
        offset=record.offset,
        length=record.length,
        type=record.type,
        id=record.id,
        date=record.get("WARC-Date") or "",
        target_uri=record.get("WARC-Target-URI") or "",
        media_type=(record.get("Content-Type") or "").partition(";")[0].strip(),
        digest=record.get("WARC-Payload-Digest") or sha1_base32(record.block),
    )


def write_index(target: Path, lines: Iterable[str], *, folder: Path | None = None) -> int:
    """Sorts the lines by their bytes and writes them, replacing an older index in one step; returns their number.

    What does not fit into memory is set aside in `folder` (default: the system's for temporary files).
    Raises OSError; then the older index is still there.
    """
    count = 0

    def counted(merged: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal count
        for line in merged:
            count += 1
            yield line

    with ExitStack() as stack:
        aside = stack.enter_context(TemporaryDirectory(dir=folder))
        write_atomically(target, counted(heapq.merge(*_runs(lines, aside, stack))))
    return count


def _runs(lines: Iterable[str], folder: str, stack: ExitStack) -> list[Iterable[bytes]]:
    """Sorted runs: those set aside as open files, the last one in memory."""
    runs: list[Iterable[bytes]] = []
    batch: list[bytes] = []
    for line in lines:
        batch.append(line.encode("utf-8"))
        if len(batch) >= BATCH:
            file: IO[bytes] = stack.enter_context(TemporaryFile(dir=folder))  # noqa: SIM115 (the stack closes it)
            file.writelines(sorted(batch))
            file.seek(0)
            runs.append(file)
            batch = []
    return [*runs, sorted(batch)]
