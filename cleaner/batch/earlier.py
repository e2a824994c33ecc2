"""What earlier runs into an OUT have cleaned: their inputs, and of each document a digest of what was read.

An update (`--update`) leaves alone what is as it was. A document is known by its URL, or by its file, and by its id,
where it was given one: so a new crawl of the same site costs what is new there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import numpy as np

from archive.checking.safe_names import safe_parts
from cleaner.batch.row_files import read_rows
from cleaner.readers import Original, Reading
from cleaner.readers.readings import place

#: One document: what names it, what was read of it, and the record of the archive that its last version ends with.
DOCUMENT = np.dtype([("high", "<u8"), ("low", "<u8"), ("content", "V16"), ("group", "V16")])
Documents = np.ndarray[tuple[int], np.dtype[np.void]]
#: The file in OUT that holds these rows, sorted.
KNOWN = "known.npy"
#: Of the inputs that are not there any more so many are named.
MOST_VANISHED = 1_000


@dataclass(frozen=True, slots=True)
class KnownInput:
    """An input as an earlier run saw it."""

    facts: tuple[int, int, str]  # size, time and tag
    text: str  # of its clean text; empty for the documents of a container


@dataclass(slots=True)
class EarlierInputs:
    """The inputs that earlier runs into OUT have read, and what has become of them."""

    known: dict[str, KnownInput] = field(default_factory=dict)  # by locator
    seen: set[str] = field(default_factory=set)
    unchanged: int = 0
    changed: int = 0
    new: int = 0
    _taken: set[str] = field(default_factory=set)  # names of clean texts, case-folded

    @classmethod
    def of(cls, listed: Iterable[Sequence[Any]]) -> EarlierInputs:
        """From the values of the list that a run leaves behind (`plan.listed_values`).

        Raises safe_names.UnsafeNameError where a clean text would lie outside its folder.
        """
        earlier = cls()
        for named, failure, size, modified, tag, text, *_ in listed:
            if text:
                safe_parts(text)
            earlier.known.setdefault((named or failure)[0], KnownInput((size, modified, tag), text))
        return earlier

    def is_unchanged(self, locator: str, facts: tuple[int, int, str] | None) -> bool:
        """Whether an input is as it was; counts it, as one that is there."""
        known = self.known.get(locator)
        self.seen.add(locator)
        same = known is not None and facts is not None and known.facts == facts
        self.unchanged += same
        self.changed += known is not None and not same
        self.new += known is None
        return same

    def text_name(self, locator: str, name: str) -> str:
        """Where the clean text of an input goes: where it went, else to this name, or one like it that is free."""
        known = self.known.get(locator)
        if known and known.text:
            return known.text
        if not self._taken:
            self._taken = {known.text.casefold() for known in self.known.values()}
        number, free = 1, name
        while free.casefold() in self._taken:
            number += 1
            free = f"{name.removesuffix('.txt')}.{number}.txt"
        return free

    @property
    def vanished(self) -> list[str]:
        """The inputs that are not there any more, in order."""
        return sorted(self.known.keys() - self.seen)


def document_key(reading: Reading, original: Original) -> tuple[int, int]:
    """What names a document, as 128 bits: its URL or its file, and its id where that does not only tell its place."""
    document, named = reading.document, place(original.locator, original.row)
    if document is not None and original.row is not None:
        own = "" if document.id == named else document.id
        if document.url:
            named = f"{document.url}\n{'' if original.reference else own}"  # a record's id is that of one capture
        elif own:
            named = f"{original.locator}\n{own}"
    digest = blake2b(named.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def content_digest(reading: Reading, original: Original) -> bytes:
    """A digest of all that was read of a document: its bytes, or its whole row."""
    if reading.row is not None:
        row = json.dumps(reading.row, sort_keys=True, default=str).encode("utf-8", "surrogatepass")
        return blake2b(row, digest_size=16).digest()
    return blake2b(original.payload, digest_size=16).digest()


class DocumentList:
    """The documents that a shard writes, for `write`."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, bytes, bytes]] = []

    def add(self, reading: Reading, record_id: str) -> None:
        """One document that was written. record_id: of the last record of its group, `urn:uuid:…`."""
        if original := reading.original:
            group = UUID(record_id.rpartition(":")[2]).bytes
            self._rows.append((*document_key(reading, original), content_digest(reading, original), group))

    def write(self, file: BinaryIO) -> None:
        """Writes them in their order."""
        np.save(file, np.array(self._rows, DOCUMENT))


class KnownDocuments:
    """The documents of earlier runs, read where they are asked."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, RowFileError for a file that is none of ours."""
        self._rows: Any = read_rows(path, DOCUMENT, mapped=True)
        self._high = np.array(self._rows["high"])

    def find(self, reading: Reading) -> tuple[bool, str]:
        """Whether a document is as it was when it was read before; and the record that version ends with, or ""."""
        original = reading.original
        if original is None:
            return False, ""
        high, low = document_key(reading, original)
        at = int(np.searchsorted(self._high, np.uint64(high)))
        while at < len(self._high) and int(self._high[at]) == high:
            row = self._rows[at]
            if int(row["low"]) == low:
                same = bytes(row["content"]) == content_digest(reading, original)
                return same, UUID(bytes=bytes(row["group"])).urn
            at += 1
        return False, ""


def merged_documents(earlier: Path | None, shards: Iterable[Path]) -> Documents:
    """All documents, each once with its last version, sorted: those of earlier runs, then of shards in their order.

    Raises OSError, RowFileError.
    """
    paths = [*([earlier] if earlier else []), *shards]
    rows = np.concatenate([np.zeros(0, DOCUMENT), *(read_rows(path, DOCUMENT) for path in paths)])
    order = np.lexsort((np.arange(len(rows)), rows["low"], rows["high"]))
    rows = rows[order]
    last = np.ones(len(rows), bool)
    last[:-1] = (rows["high"][1:] != rows["high"][:-1]) | (rows["low"][1:] != rows["low"][:-1])
    return rows[last]


def merged_inputs(earlier: Path | None, planned: Sequence[bytes] | Iterable[bytes]) -> Iterator[bytes]:
    """The list of inputs after an update: those of earlier runs that were not read again, then those that were."""
    lines = list(planned)
    again = {_locator(line) for line in lines}
    if earlier:
        with earlier.open("rb") as file:
            yield from (line for line in file if _locator(line) not in again)
    yield from lines


def _locator(line: bytes) -> str:
    named, failure, *_ = json.loads(line)
    return str((named or failure)[0])
