"""Containers → readings. To add one: a file with a function InputFile → Readings, and a line in READERS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from cleaner.readers import folders as folder
from cleaner.readers.counted_ranges import CountedRanges
from cleaner.readers.delimited import read_delimited
from cleaner.readers.files import read_html, read_marked_text, read_stream, read_text
from cleaner.readers.folders import InputError, find
from cleaner.readers.guard import failure_of, guarded
from cleaner.readers.json_rows import read_json
from cleaner.readers.jsonl import read_rows
from cleaner.readers.jsonl_ranges import cut_rows, read_range, read_rows_file
from cleaner.readers.mhtml import read_mhtml
from cleaner.readers.objects import find_remote, remote_folder
from cleaner.readers.packing import PACKINGS
from cleaner.readers.parquet import read_parquet
from cleaner.readers.readings import (
    DEFAULT_MAX_BYTES,
    DEFAULTS,
    Failure,
    FieldNames,
    InputFile,
    Original,
    Range,
    Reading,
    ReadSettings,
    Skipped,
)
from cleaner.readers.warc import cut_warc, read_warc, read_warc_file, read_warc_range
from cleaner.readers.xml import read_xml
from cleaner.storage.object_store import PathOrUrl, is_remote

__all__ = [
    "DEFAULT_MAX_BYTES",
    "DIVIDED",
    "READERS",
    "Divided",
    "Failure",
    "FieldNames",
    "InputError",
    "InputFile",
    "Original",
    "Range",
    "ReadSettings",
    "Reading",
    "Skipped",
    "discover",
    "input_folder",
    "read",
    "read_part",
    "read_rows",
    "read_stream",
    "read_warc",
    "told_source",
]


class Reader(Protocol):
    """Reads what was found: one reading for each article in it, and what it holds besides, by reason.

    Whatever it raises, at once or on the way, is made a failure by `read`.
    """

    def __call__(self, file: InputFile, settings: ReadSettings) -> Iterator[Reading | Skipped]: ...


#: ARC files are not read, but named, with what to do.
WARC_KINDS = (".warc", ".warc.gz", ".warc.zst", ".warc.wet", ".warc.wet.gz", ".arc", ".arc.gz")
_PACKABLE: Mapping[str, Reader] = {  # by suffix, in lower case; each also packed
    ".txt": read_text,
    ".text": read_text,
    ".md": read_marked_text,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".mhtml": read_mhtml,
    ".mht": read_mhtml,
    ".jsonl": read_rows_file,
    ".ndjson": read_rows_file,
    ".json": read_json,
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".xml": read_xml,
    ".rss": read_xml,
    ".atom": read_xml,
    ".nitf": read_xml,
}
READERS: Mapping[str, Reader] = {
    **{kind + packing: reader for kind, reader in _PACKABLE.items() for packing in ("", *PACKINGS)},
    ".parquet": read_parquet,
    **dict.fromkeys(WARC_KINDS, read_warc_file),
}


class Cutter(Protocol):
    """Cuts what was found into ranges: the first of at most `room` documents, the others of `size`; raises nothing.

    `settings` as for reading, since what is longer may end elsewhere.
    """

    def __call__(self, file: InputFile, *, room: int, size: int, settings: ReadSettings) -> Iterator[Range]: ...


class RangeReader(Protocol):
    """Reads one of those ranges; has gone the way to its first document when it returns."""

    def __call__(self, file: InputFile, part: Range, settings: ReadSettings) -> Iterator[Reading | Skipped]: ...


@dataclass(frozen=True, slots=True)
class Divided:
    """How a container of many documents is shared out among shards."""

    cut: Cutter
    read: RangeReader


def _counted(read_whole: Reader) -> Divided:
    ranges = CountedRanges(read_whole)
    return Divided(ranges.cut, ranges.read)


#: By suffix; what is missing here is one document. Each worker parses an XML file as one tree, which takes some 9 % of
#: what cleaning it takes (40 MB, 15,000 entries: 3.4 s, 293 MB).
_COUNTED = (".json", ".csv", ".tsv", ".xml", ".rss", ".atom", ".nitf")
DIVIDED: Mapping[str, Divided] = {
    **{kind + packing: _counted(READERS[kind]) for kind in _COUNTED for packing in ("", *PACKINGS)},
    ".parquet": _counted(read_parquet),
    **{kind + packing: Divided(cut_rows, read_range) for kind in (".jsonl", ".ndjson") for packing in ("", *PACKINGS)},
    **dict.fromkeys(WARC_KINDS, Divided(cut_warc, read_warc_range)),
}


def discover(
    inputs: Sequence[PathOrUrl], *, exclude: PathOrUrl | None = None
) -> Iterator[InputFile | Skipped | Failure]:
    """Everything in files, folders, globs and URLs, sorted by locator; the same on every system.

    `exclude` is the folder for the output. Raises InputError at once when it lies in an input folder or is one,
    object_store.StoreError when a store does not answer.
    """
    kinds = frozenset(READERS)
    if any(map(is_remote, inputs)):
        return find_remote(inputs, exclude=exclude, kinds=kinds)
    return find(inputs, exclude=None if isinstance(exclude, str) else exclude, kinds=kinds)


def input_folder(inputs: Sequence[PathOrUrl]) -> str:
    """The name of the folder that the locators of these inputs are relative to; "" where there is none.

    Raises InputError, object_store.StoreError.
    """
    return remote_folder(inputs) if any(map(is_remote, inputs)) else folder.input_folder(inputs)


def read(file: InputFile, settings: ReadSettings = DEFAULTS) -> Iterator[Reading | Skipped]:
    """The readings of what was found: one for a file, one a row or record for a container. Bad input becomes a Failure.

    What a container holds besides articles, such as a WARC's requests, is Skipped with its reason.
    Raises StoreError only.
    """
    return told_source(_guarded(partial(READERS[file.kind], file, settings), file), settings)


def read_part(file: InputFile, part: Range, settings: ReadSettings) -> Iterator[Reading | Skipped]:
    """The readings of a range that the kind's cutter gave; the way to it is gone when this returns."""
    readings = _guarded(partial(DIVIDED[file.kind].read, file, part, settings), file, part.first)
    return told_source(readings, settings)


def _guarded(
    start: Callable[[], Iterator[Reading | Skipped]], file: InputFile, first: int | None = None
) -> Iterator[Reading | Skipped]:
    try:
        return guarded(start(), file.locator, first)
    except Exception as error:  # noqa: BLE001 (as in `guarded`, for what is raised before the first reading)
        return iter([Reading(None, None, failure_of(error, file.locator, first))])


def told_source(readings: Iterator[Reading | Skipped], settings: ReadSettings) -> Iterator[Reading | Skipped]:
    """The readings, their documents with the source of the settings where they tell none themselves."""
    return readings if not settings.source else (_with_source(reading, settings.source) for reading in readings)


def _with_source(reading: Reading | Skipped, source: str) -> Reading | Skipped:
    document = reading.document if isinstance(reading, Reading) else None
    if not isinstance(reading, Reading) or document is None or document.source or document.url:
        return reading
    return replace(reading, document=replace(document, source=source))
