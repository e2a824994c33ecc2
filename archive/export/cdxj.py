"""Writes the CDXJ index that replay tools read: one line for each original and each clean text.

Lines can be made while writing (`line_of` what the writer placed) or from segments that are there.
Memory is bounded: full batches of lines are sorted and set aside in files, then merged.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from archive.export.surt import surt
from archive.segments.durable import write_atomically
from archive.segments.problems import Problem
from archive.segments.reader import Record, records
from archive.segments.writer import OPEN_SUFFIX, Placed
from archive.warc.digests import sha1_base32
from archive.warc.http import http_head

RECOMPRESS = "run `warcio recompress` on the segment, and index what that writes"
INDEXED = frozenset({"resource", "conversion"})
BATCH = 200_000  # lines held in memory: about 100 MB, at 490 bytes each
MERGED = 64  # sorted files open at once: systems allow a process 256 and more


def line_of(placed: Placed) -> str | None:
    """The index line of a record, or None for one that an index does not list.

    Keys and fields are those of cdxj-indexer; digests, too: of what has no payload digest, the block's.
    """
    return _line(placed, {}) if placed.type in INDEXED else None


def _line(placed: Placed, status: dict[str, str]) -> str:
    about = {
        "url": placed.target_uri,
        "mime": placed.media_type,
        **status,
        "digest": placed.digest,
        "length": str(placed.length),
        "offset": str(placed.offset),
        "filename": placed.segment,
    }
    stamp = _NO_DIGITS.sub("", placed.date)[:14]
    return f"{_surt(placed.target_uri)} {stamp} {json.dumps(about)}\n"


#: An original and its clean text have the same address, and follow each other.
_surt = lru_cache(maxsize=8)(surt)
_NO_DIGITS = re.compile(r"\D+", re.ASCII)


def index_lines(path: Path) -> Iterator[str | Problem]:
    """The lines of one segment in its order, and the problems met on the way."""
    for record in records(path):
        if isinstance(record, Problem):
            yield record
        elif not record.length and record.type in INDEXED:
            yield record.problem("it stands in no gzip member of its own, so an index cannot point to it", RECOMPRESS)
        elif record.type in INDEXED:
            yield index_line(record)


def index_line(record: Record) -> str:
    """The index line of a record; of a response with its status and the type that HTTP names."""
    placed = _placed(record)
    head = http_head(record.block) if record.type == "response" else None
    media_type = head.headers.get("content-type", "").partition(";")[0].strip() if head else placed.media_type
    return _line(replace(placed, media_type=media_type), {"status": str(head.status)} if head else {})


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
        aside = Path(stack.enter_context(TemporaryDirectory(dir=folder)))
        write_atomically(target, counted(sorted_lines(lines, stack, aside)))
    return count


def sorted_lines(lines: Iterable[str], stack: ExitStack, aside: Path) -> Iterator[bytes]:
    """All lines in the order of their bytes; what does not fit into memory is set aside in a folder.

    The files opened there are closed with the stack.
    """
    paths, last = _runs(lines, aside)
    while len(paths) > MERGED:
        paths = [_merged(paths[at : at + MERGED], aside) for at in range(0, len(paths), MERGED)]
    files = [stack.enter_context(path.open("rb")) for path in paths]
    return heapq.merge(*files, last)


def _runs(lines: Iterable[str], folder: Path) -> tuple[list[Path], list[bytes]]:
    """Sorted runs: files, and the last one in memory."""
    paths: list[Path] = []
    batch: list[bytes] = []
    for line in lines:
        batch.append(line.encode("utf-8"))
        if len(batch) >= BATCH:
            paths.append(_aside(sorted(batch), folder))
            batch = []
    return paths, sorted(batch)


def _merged(paths: Sequence[Path], folder: Path) -> Path:
    """One sorted file instead of some, which are removed."""
    with ExitStack() as stack:
        merged = _aside(heapq.merge(*(stack.enter_context(path.open("rb")) for path in paths)), folder)
    for path in paths:
        path.unlink()
    return merged


def _aside(lines: Iterable[bytes], folder: Path) -> Path:
    with NamedTemporaryFile(dir=folder, delete=False) as file:
        file.writelines(lines)
    return Path(file.name)
