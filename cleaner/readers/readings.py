"""The nouns of reading: what was found, what was read, what was skipped, what failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cleaner.decoding.charset_labels import web_label
from cleaner.document import Document
from cleaner.storage.object_store import RemoteFile

#: `--max-bytes`: no article is longer; a file of this size is a dump of something else.
DEFAULT_MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FieldNames:
    """How the fields of a row are called that reading takes for its own; all others pass through."""

    text: str = "text"
    html: str = "html"
    id: str = "id"
    url: str = "url"
    lang: str = "lang"
    source: str = "source"
    title: str = "title"
    date: str = "date"


OUR_NAMES = FieldNames()


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How inputs are read; the same for all inputs of a run."""

    max_bytes: int = DEFAULT_MAX_BYTES  # of one document
    fields: FieldNames = OUR_NAMES
    source: str = ""  # of documents that tell none, neither by a field nor by a URL
    seconds: float | None = None  # for the reading of one row or record; None: as long as it takes


DEFAULTS = ReadSettings()


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file or object to read."""

    path: Path | RemoteFile
    locator: str  # relative POSIX path, the same on every system
    kind: str  # key of readers.READERS


@dataclass(frozen=True, slots=True)
class Range:
    """A run of documents within a container that holds many."""

    first: int  # number of the first, from 1; for rows that of its line
    documents: int  # blank lines do not count
    start: int  # byte offset of the first; 0 where it can only be found by reading what is before
    last: bool = False  # nothing comes after: read to the end


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that lies in an input folder and is no input, by rule."""

    locator: str
    reason: str  # few different ones, so that they can be counted


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that gave no document: what happened, and what to do about it."""

    locator: str
    row: int | None  # line number in a file of rows, from 1
    what: str
    do: str

    @property
    def message(self) -> str:
        """One line for people, with the place."""
        return f"{place(self.locator, self.row)}: {self.what}; {self.do}"


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A record of a WARC file that holds an article's bytes, so that they need not be stored again."""

    file: str  # locator
    offset: int  # of the record's gzip member; of the record itself in a file that is not compressed
    inside: int  # offset of the record in the unpacked member
    record_id: str  # without angle brackets; may be empty
    digest: str  # of block or payload as the record names it; may be empty
    head: bytes = b""  # the record as it stands there
    block: bytes = b""


@dataclass(frozen=True, slots=True)
class Original:
    """The bytes of an article as they came, and how they were read: what the archive keeps."""

    locator: str
    row: int | None
    payload: bytes
    media_type: str
    decoding: Mapping[str, Any] = field(default_factory=dict)  # facts for decode.decode_as; empty: not decoded
    modified: float | None = None  # the file's modification time, seconds since 1970
    reference: SourceRecord | None = None  # where the bytes lie, if in a WARC file
    packing: str = ""  # suffix of the compression that the file had; the payload is unpacked

    @property
    def charset(self) -> str | None:
        """The charset that decided, by the name browsers have for it; None for bytes that could not be decoded."""
        charset = self.decoding.get("charset")
        return web_label(charset) if charset else None


@dataclass(frozen=True, slots=True)
class Reading:
    """One input read: a document, or the reason why there is none; never both."""

    original: Original | None
    document: Document | None
    failure: Failure | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)  # fields of a row that are not ours; of a failed one, all
    row: Mapping[str, Any] | None = None  # all fields of a row as it was parsed, but for an id that is `given_id`
    given_id: str | int | None = None  # the id that a row gives, as it gives it

    @property
    def fields_of_failed(self) -> Mapping[str, object]:
        """What the row of a failed input keeps: all fields that it had, the article with them."""
        return self.extra if self.row is None else self.row

    def id_in_rows(self, document_id: str) -> str | int:
        """The id as the output tells it: a number stays one, unless the document had to get another id."""
        return self.given_id if self.given_id is not None and str(self.given_id) == document_id else document_id


def place(locator: str, row: int | None) -> str:
    """`name`, or `name:row` for a row: what names an input in messages and in ids made for rows without one."""
    return locator if row is None else f"{locator}:{row}"
