"""Containers → readings. To add one: a file with a function Found → Readings, and a line in READERS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cleaner.readers import folders as folder
from cleaner.readers.files import read_html, read_stream, read_text
from cleaner.readers.folders import InputError, find
from cleaner.readers.jsonl import read_rows
from cleaner.readers.jsonl_ranges import cut_rows, read_range, read_rows_file
from cleaner.readers.mhtml import read_mhtml
from cleaner.readers.objects import find_remote, remote_folder
from cleaner.readers.parquet import read_parquet
from cleaner.readers.readings import DEFAULT_MAX_BYTES, Failure, Found, Original, Range, Reading, Skipped
from cleaner.readers.warc import cut_warc, read_warc, read_warc_file, read_warc_range
from cleaner.storage.object_store import PathOrUrl, is_remote

__all__ = [
    "DEFAULT_MAX_BYTES",
    "DIVIDED",
    "READERS",
    "Divided",
    "Failure",
    "Found",
    "InputError",
    "Original",
    "Range",
    "Reading",
    "Skipped",
    "discover",
    "input_folder",
    "read",
    "read_rows",
    "read_stream",
    "read_warc",
]


class Reader(Protocol):
    """Reads what was found: one reading for each article in it, and what it holds besides, by reason."""

    def __call__(self, found: Found, *, max_bytes: int) -> Iterator[Reading | Skipped]: ...


#: ARC files are not read, but named, with what to do.
WARC_KINDS = (".warc", ".warc.gz", ".warc.zst", ".warc.wet", ".warc.wet.gz", ".arc", ".arc.gz")
READERS: Mapping[str, Reader] = {  # by suffix, in lower case
    ".txt": read_text,
    ".text": read_text,
    ".md": read_text,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".jsonl": read_rows_file,
    ".ndjson": read_rows_file,
    ".jsonl.gz": read_rows_file,
    ".ndjson.gz": read_rows_file,
    ".jsonl.zst": read_rows_file,
    ".ndjson.zst": read_rows_file,
    ".parquet": read_parquet,
    ".mhtml": read_mhtml,
    ".mht": read_mhtml,
    **dict.fromkeys(WARC_KINDS, read_warc_file),
}


class Cutter(Protocol):
    """Cuts what was found into ranges: the first of at most `room` documents, the others of `size`; raises nothing.

    `max_bytes` as for reading, since what is longer may end elsewhere.
    """

    def __call__(self, found: Found, *, room: int, size: int, max_bytes: int) -> Iterator[Range]: ...


class RangeReader(Protocol):
    """Reads one of those ranges; has gone the way to its first document when it returns."""

    def __call__(self, found: Found, part: Range, *, max_bytes: int) -> Iterator[Reading | Skipped]: ...


@dataclass(frozen=True, slots=True)
class Divided:
    """How a container of many documents is shared out among shards."""

    cut: Cutter
    read: RangeReader


#: By suffix; what is missing here is read as a whole, in one shard.
DIVIDED: Mapping[str, Divided] = {
    **dict.fromkeys(
        (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz", ".jsonl.zst", ".ndjson.zst"), Divided(cut_rows, read_range)
    ),
    **dict.fromkeys(WARC_KINDS, Divided(cut_warc, read_warc_range)),
}


def discover(inputs: Sequence[PathOrUrl], *, exclude: PathOrUrl | None = None) -> Iterator[Found | Skipped | Failure]:
    """Everything in files, folders, globs and URLs, sorted by locator; the same on every system.

    `exclude` is the folder for the output. Raises InputError at once when it lies in an input folder or is one,
    stores.StoreError when a store does not answer.
    """
    kinds = frozenset(READERS)
    if any(map(is_remote, inputs)):
        return find_remote(inputs, exclude=exclude, kinds=kinds)
    return find(inputs, exclude=None if isinstance(exclude, str) else exclude, kinds=kinds)


def input_folder(inputs: Sequence[PathOrUrl]) -> str:
    """The name of the folder that the locators of these inputs are relative to; "" where there is none.

    Raises InputError, stores.StoreError.
    """
    return remote_folder(inputs) if any(map(is_remote, inputs)) else folder.input_folder(inputs)


def read(found: Found, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Iterator[Reading | Skipped]:
    """The readings of what was found: one for a file, one a row or record for a container. Bad input becomes a Failure.

    What a container holds besides articles, such as a WARC's requests, is Skipped with its reason.
    """
    return READERS[found.kind](found, max_bytes=max_bytes)
