"""Whether a memory file may be asked: its schema is ours, its bytes are those that were written.

A file may come from a stranger or from a failing disk. Its schema is compared before anything is asked, since a view
in the place of a table would run its author's SQL; its bytes have a digest in themselves, written where 64 zeros stood.
"""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from hashlib import sha256
from pathlib import Path

from cleaner.memory.schema import TABLES

#: The name in `meta` of the digest of the file's bytes, and what stands in its place while they are digested.
FILE_DIGEST, UNSTAMPED = "file-digest", "sha256:" + "0" * 64
_STAMP = re.compile(rb"file-digestsha256:([0-9a-f]{64})")
_LENGTH = 64
PIECE = 1 << 20
#: Steps of SQLite's machine until it is asked whether to go on, and how often: reading a schema takes some hundred.
STEPS, MOST = 10_000, 1_000


class ForeignSchemaError(ValueError):
    """The tables are not those of a memory file; the message says which."""


class ChangedBytesError(ValueError):
    """The file's bytes are not those that were written."""


def open_database(address: str) -> sqlite3.Connection:
    """The database, read-only by its address, its tables compared. Raises ForeignSchemaError, sqlite3.Error."""
    database = sqlite3.connect(address, uri=True, check_same_thread=False)
    try:
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA cell_size_check = ON")
        if sys.version_info >= (3, 12):
            database.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        left = iter(range(MOST))
        database.set_progress_handler(lambda: int(next(left, None) is None), STEPS)
        _compare(_schema(database))
        database.set_progress_handler(None, 0)
    except BaseException:
        database.close()
        raise
    return database


def _compare(stamps: dict[str, tuple[str, str]]) -> None:
    """All of ours must be there; a file of another version may have other tables, but `meta` is the same in each."""
    ours = _ours()
    if stamps.get("meta") != ours["meta"]:
        raise ForeignSchemaError("it has no table meta like ours")
    if wrong := sorted(name for name in stamps.keys() | ours.keys() if stamps.get(name) != ours.get(name)):
        raise ForeignSchemaError(f"other tables than ours: {', '.join(wrong)[:100]!r}")


@cache
def _ours() -> dict[str, tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(TABLES)
        return _schema(database)


def _schema(database: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    rows = database.execute("SELECT name, type, sql FROM sqlite_master")
    return {
        str(name): (str(kind), str(sql)) for name, kind, sql in rows if not str(name).startswith("sqlite_autoindex")
    }


def stamp(path: Path) -> None:
    """Writes the digest of a closed file into it, where UNSTAMPED stands. Raises OSError."""
    place, digest = _digest(path)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(digest.encode())


def check_bytes(path: Path) -> None:
    """Raises ChangedBytesError for a file whose bytes are not those that were stamped, OSError."""
    place, digest = _digest(path)
    with path.open("rb") as file:
        file.seek(place)
        if file.read(_LENGTH) != digest.encode():
            raise ChangedBytesError("its bytes are not those that were written")


def _digest(path: Path) -> tuple[int, str]:
    """Where the digest stands, and what it must be: that of the file with zeros in its place."""
    places = list(_places(path))
    if len(places) != 1:
        raise ChangedBytesError("it names no digest of its bytes")
    digest, position = sha256(), 0
    with path.open("rb") as file:
        while data := file.read(PIECE):
            start, end = places[0] - position, places[0] - position + _LENGTH
            if start < len(data) and end > 0:
                first, last = max(start, 0), min(end, len(data))
                data = data[:first] + b"0" * (last - first) + data[last:]
            digest.update(data)
            position += len(data)
    return places[0], digest.hexdigest()


def _places(path: Path) -> Iterator[int]:
    """Where digests stand in the file."""
    position, before = 0, b""
    with path.open("rb") as file:
        while data := file.read(PIECE):
            window = before + data
            for match in _STAMP.finditer(window):
                yield position - len(before) + match.start(1)
            before = window[-_LENGTH - 20 :] if not _STAMP.search(window[-_LENGTH - 20 :]) else b""
            position += len(data)
