"""What earlier runs into an OUT have cleaned: their inputs, and of each document a digest of what was read.

An update (`--update`) leaves alone what is as it was. A document is known by its URL, or by its file, and by its id,
where it was given one: so a new crawl of the same site costs what is new there.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import numpy as np

from archive.checking.safe_names import safe_parts
from cleaner import json_bytes
from cleaner.batch.row_files import read_rows
from cleaner.readers import Failure, Original, Reading
from cleaner.readers.readings import place

#: One document: what names it, what was read of it, the record of the archive that its last version ends with (zero:
#: none, it failed), the row of that version (shard, line from 1), and the characters of its source.
DOCUMENT = np.dtype(
    [("high", "<u8"), ("low", "<u8"), ("content", "V16"), ("group", "V16"), ("shard", "<u4"), ("line", "<u4"),
     ("characters", "<u8")]
)  # fmt: skip
Documents = np.ndarray[tuple[int], np.dtype[np.void]]
_KEYS = ["high", "low"]
#: The file in OUT that holds these rows, sorted.
KNOWN = "known.npy"
#: At the end of a line of the list of inputs: it is not there any more.
GONE = "gone"
#: Of the inputs that are not there any more so many are named.
MOST_VANISHED = 1_000


@dataclass(frozen=True, slots=True)
class KnownInput:
    """An input as an earlier run saw it."""

    facts: tuple[int, int, str]  # size, time and tag
    text: str  # of its clean text; empty for the documents of a container
    gone: bool = False  # it was not there any more when an update last looked


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
        for named, failure, size, modified, tag, text, *more in listed:
            if text:
                safe_parts(text)
            known = KnownInput((size, modified, tag), text, gone=GONE in more)
            earlier.known.setdefault((named or failure)[0], known)
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
        """The inputs that are not there any more, in order; those that an earlier update has named are left out."""
        return [name for name in self.missing if not self.known[name].gone]

    @property
    def missing(self) -> list[str]:
        """All inputs that are not there, in order."""
        return sorted(self.known.keys() - self.seen)

    @property
    def returned(self) -> bool:
        """Whether an input that had vanished is there again."""
        return any(self.known[name].gone for name in self.seen & self.known.keys())


def document_key(reading: Reading) -> tuple[int, int]:
    """What names a document, as 128 bits: its URL or its file, and its id where that does not only tell its place."""
    document, original, failure = reading.document, reading.original, reading.failure
    whose = original or failure
    named = place(whose.locator, whose.row) if whose else ""
    if document is None and failure and reading.given_id is not None:
        named = f"{failure.locator}\n{reading.given_id}"
    elif document is not None and original is not None and original.row is not None:
        own = "" if document.id == named else document.id
        if document.url:
            named = f"{document.url}\n{'' if original.reference else own}"  # a record's id is that of one capture
        elif own:
            named = f"{original.locator}\n{own}"
    return _key(named)


def _key(named: str) -> tuple[int, int]:
    digest = blake2b(named.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def content_digest(reading: Reading, original: Original) -> bytes:
    """A digest of all that was read of a document: its bytes, or its whole row."""
    if reading.row is not None:
        return blake2b(json_bytes.ordered(reading.row), digest_size=16).digest()
    return blake2b(original.payload, digest_size=16).digest()


class DocumentList:
    """The documents that a shard writes, for `write`."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, bytes, bytes, int, int, int]] = []

    def add(self, reading: Reading, record_id: str, place: tuple[int, int], characters: int) -> None:
        """One document that was written. record_id: of the last record of its group, `urn:uuid:…`; "" where nothing
        of it could be stored. place: shard and line of its row. characters: of its source."""
        content = group = bytes(16)
        if record_id and reading.original:
            group, content = UUID(record_id.rpartition(":")[2]).bytes, content_digest(reading, reading.original)
        self._rows.append((*document_key(reading), content, group, *place, characters))

    def write(self, file: BinaryIO) -> None:
        """Writes them in their order."""
        np.save(file, np.array(self._rows, DOCUMENT))


class KnownDocuments:
    """The documents of earlier runs, read where they are asked."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, RowFileError for a file that no run of ours wrote."""
        self._rows: Any = read_rows(path, DOCUMENT, mapped=True)
        self._high = np.array(self._rows["high"])

    def find(self, reading: Reading) -> Earlier | None:
        """The version of a document that is known, or the failure where its row stands now; None for a new one."""
        original = reading.original
        row = self._row(document_key(reading))
        if row is None:
            if original is None or original.row is None:
                return None
            row = self._row(_key(place(original.locator, original.row)))
            if row is None or any(bytes(row["group"])):
                return None
        group = bytes(row["group"])
        same = original is not None and bytes(row["content"]) == content_digest(reading, original)
        record = UUID(bytes=group).urn if any(group) else ""
        return Earlier(same and bool(record), record, f"{int(row['shard']):05d}.jsonl:{int(row['line'])}")

    def outdated(self, failures: Iterable[Failure], again: Collection[str]) -> Documents:
        """Of the failures of earlier runs those of inputs that were read again, with nothing stored of them.

        Whatever is still wrong there has failed anew. again: the locators of these inputs.
        """
        places = {_key(place(failure.locator, failure.row)) for failure in failures if failure.locator in again}
        rows = [row for key in sorted(places) if (row := self._row(key)) is not None and not any(bytes(row["group"]))]
        return np.array(rows, DOCUMENT)

    def _row(self, key: tuple[int, int]) -> Any:
        high, low = key
        at = int(np.searchsorted(self._high, np.uint64(high)))
        while at < len(self._high) and int(self._high[at]) == high:
            if int(self._rows[at]["low"]) == low:
                return self._rows[at]
            at += 1
        return None


@dataclass(frozen=True, slots=True)
class Earlier:
    """The version of a document that an earlier run wrote."""

    unchanged: bool
    record: str  # that its group in the archive ends with; "" where it has none
    row: str  # where it stands in `documents/`: file and line


def replaced_documents(earlier: Path, shards: Iterable[Path], outdated: Documents) -> Documents:
    """The documents of earlier runs of which these shards hold another version, in the order of their rows.

    outdated: those that are gone besides. Raises OSError, RowFileError.
    """
    rows = read_rows(earlier, DOCUMENT)
    new = np.concatenate([outdated, *(read_rows(path, DOCUMENT) for path in shards)])
    replaced = np.array(rows[np.isin(rows[_KEYS], np.unique(new[_KEYS]))])
    return replaced[np.lexsort((replaced["line"], replaced["shard"]))]


def merged_documents(earlier: Path | None, shards: Iterable[Path], outdated: Documents | None = None) -> Documents:
    """All documents, each once with its last version, sorted: those of earlier runs, then of shards in their order.

    outdated: those of earlier runs that are gone. Raises OSError, RowFileError.
    """
    before = read_rows(earlier, DOCUMENT) if earlier else np.zeros(0, DOCUMENT)
    if outdated is not None:
        before = before[~np.isin(before[_KEYS], outdated[_KEYS])]
    rows = np.concatenate([before, *(read_rows(path, DOCUMENT) for path in shards)])
    order = np.lexsort((np.arange(len(rows)), rows["low"], rows["high"]))
    rows = rows[order]
    last = np.ones(len(rows), bool)
    last[:-1] = (rows["high"][1:] != rows["high"][:-1]) | (rows["low"][1:] != rows["low"][:-1])
    return rows[last]


def merged_inputs(earlier: Path, planned: Iterable[bytes], gone: Collection[str]) -> Iterator[bytes]:
    """The list of inputs after an update: those of earlier runs that were not read again, then those that were.

    gone: the inputs that are not there any more, which the list says.
    """
    lines = list(planned)
    again = {_locator(line) for line in lines}
    with earlier.open("rb") as file:
        for line in file:
            if (locator := _locator(line)) not in again:
                yield _marked(line, gone=locator in gone)
    yield from lines


def _marked(line: bytes, *, gone: bool) -> bytes:
    values = [value for value in json.loads(line) if value != GONE]
    return (json.dumps([*values, GONE] if gone else values, separators=(",", ":")) + "\n").encode()


def _locator(line: bytes) -> str:
    named, failure, *_ = json.loads(line)
    return str((named or failure)[0])
