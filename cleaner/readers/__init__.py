"""Containers → readings. To add one: a file with a function Found → Readings, and a line in READERS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from cleaner.readers.file import read_html, read_stream, read_text
from cleaner.readers.folder import InputError, find, input_folder
from cleaner.readers.jsonl import read_rows, read_rows_file
from cleaner.readers.values import DEFAULT_MAX_BYTES, Failure, Found, Original, Reading, Skipped

__all__ = [
    "DEFAULT_MAX_BYTES",
    "READERS",
    "Failure",
    "Found",
    "InputError",
    "Original",
    "Reading",
    "Skipped",
    "discover",
    "input_folder",
    "read",
    "read_rows",
    "read_stream",
]


class Reader(Protocol):
    """Reads what was found: one reading for each article in it."""

    def __call__(self, found: Found, *, max_bytes: int) -> Iterator[Reading]: ...


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
}


def discover(inputs: Sequence[Path | str], *, exclude: Path | None = None) -> Iterator[Found | Skipped | Failure]:
    """Everything in files, folders and globs, sorted by locator; the same on every system.

    `exclude` is the folder for the output. Raises InputError at once when it lies in an input folder or is one.
    """
    return find(inputs, exclude=exclude, kinds=frozenset(READERS))


def read(found: Found, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Iterator[Reading]:
    """The readings of what was found: one for a file, one a row for a file of rows. Bad input becomes a Failure."""
    return READERS[found.kind](found, max_bytes=max_bytes)
