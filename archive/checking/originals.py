"""Originals that an archive refers to instead of holding them: records of other WARC files, found and read again.

What is not at hand is told apart from what was changed. Refuses nothing: both come out as values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import BinaryIO, cast

from archive.segments.records import MAX_BLOCK
from archive.terminal import one_line
from archive.warc.fields import unescape, whole_number
from archive.warc.http import PayloadError, http_body, http_head
from archive.warc.records import Capture, Damage, Passed, captures, wanted

#: Beside a run's `warc/`: the records that `--copy-originals` stored.
COPIES_FOLDER = "originals"
_RECORD_ID = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-;=?-~]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Missing:
    """A source file that is not at hand: nothing is wrong with the archive, but its originals cannot be had."""

    file: str
    articles: int

    def __str__(self) -> str:
        counted = "1 article" if self.articles == 1 else f"{self.articles} articles"
        what = f"missing, so the originals of {counted} are not at hand; give its folder with --sources"
        return one_line(f"{self.file}: {what}")


class ChangedError(ValueError):
    """The source file is there, and the record is not the one that was cleaned; the message says in which respect."""


@dataclass(slots=True)
class Sources:
    """Folders in which source files are looked for; keeps one file open, since archives refer to records in order."""

    folders: tuple[Path, ...] = ()
    missing: dict[str, int] = field(default_factory=dict)  # file → articles that refer to it
    _path: Path | None = None
    _file: BinaryIO | None = None
    _member: int = -1
    _records: Iterator[Capture | Passed | Damage] | None = None

    def payload(self, fields: Mapping[str, str], segment_folder: Path) -> bytes | None:
        """The original that metadata fields refer to; None when its file is not at hand, which is counted.

        Raises ChangedError for a record that is another one or cannot be read, OSError of the file.
        """
        path, offset, inside = self._find(fields, segment_folder)
        if path is None:
            name = unescape(fields.get("source-path", ""))
            self.missing[name] = self.missing.get(name, 0) + 1
            return None
        record_id = unescape(fields.get("source-record-id", ""))
        record = self._read(path, offset, inside)
        if record is None or record.id != record_id:
            raise ChangedError(
                f"{path.name} holds no record {record_id} at {offset}: it is another file, or was changed"
            )
        return _payload(record)

    def missing_files(self) -> list[Missing]:
        """The files that were not at hand, in the order of their names."""
        return [Missing(name, count) for name, count in sorted(self.missing.items())]

    def _find(self, fields: Mapping[str, str], segment_folder: Path) -> tuple[Path | None, int, int]:
        if copy := fields.get("source-copy"):
            path = segment_folder.parent / COPIES_FOLDER / Path(unescape(copy)).name
            if path.is_file():
                return path, _number(fields, "source-copy-offset"), 0
        name = unescape(fields.get("source-path", ""))
        parts = [part for part in name.split("/") if part not in ("", ".", "..")]
        for folder in self.folders:
            for path in (folder.joinpath(*parts), folder / parts[-1] if parts else folder, folder):
                if path.is_file() and (path is not folder or (parts and folder.name == parts[-1])):
                    return path, _number(fields, "source-offset"), _number(fields, "source-inside")
        return None, 0, 0

    def _read(self, path: Path, offset: int, inside: int) -> Capture | None:
        """The record at a place; goes on where it stood when the place lies ahead in the same member."""
        if path != self._path:
            self.close()
            self._path, self._file = path, cast(BinaryIO, FileIO(path, "rb"))
        if offset != self._member or not inside or self._records is None:
            assert self._file is not None, "opened above"
            self._file.seek(offset)
            self._member = offset
            self._records = captures(self._file, wanted, max_block=MAX_BLOCK, start=offset)
        for record in self._records:
            if record.place.offset != offset or record.place.inside >= inside:
                return record if isinstance(record, Capture) and record.place.inside == inside else None
        return None

    def close(self) -> None:
        """Closes the file that is open."""
        if self._file is not None:
            self._file.close()
        self._path = self._file = self._records = None


def usable_id(record_id: str) -> bool:
    """Whether a record can be referred to by this id (WARC 1.1, 5.2: a URI)."""
    return _RECORD_ID.fullmatch(record_id) is not None


def _payload(record: Capture) -> bytes:
    if record.headers.get("warc-type", "").lower() != "response":
        return record.block
    head = http_head(record.block)
    try:
        return http_body(record.block, head, MAX_BLOCK) if head else record.block
    except PayloadError as error:
        raise ChangedError(f"the body of {record.id} {error.what}") from None


def _number(fields: Mapping[str, str], name: str) -> int:
    return whole_number(fields.get(name, "0")) or 0
