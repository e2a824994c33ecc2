"""What the pages ask of the index: a list of documents under filters, neighbours, repeated lines.

Words of a search are looked for as they are; whatever signs they hold, no search is an error.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

PAGE = 50  # rows of a list
_WORD = re.compile(r"\w+")
#: Rows that a search looks through, so that a word of every document costs no more than a rare one.
SEARCHED = 20_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; empty: not at all."""

    source: str = ""
    label: str = ""
    status: str = ""
    lang: str = ""
    words: str = ""
    line: str = ""  # number of a repeated line

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filters:
        """From the query of an address; what is not a filter is left out."""
        return cls(**{name.name: given[name.name] for name in fields(cls) if given.get(name.name)})

    def query(self) -> dict[str, str]:
        """The filters that are set."""
        return {name.name: getattr(self, name.name) for name in fields(self) if getattr(self, name.name)}


Row = Mapping[str, Any]


def opened(path: Path) -> sqlite3.Connection:
    """The index, to be read only, from any thread. Raises sqlite3.Error."""
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    database.row_factory = sqlite3.Row
    return database


def meta(database: sqlite3.Connection, name: str) -> Any:
    """A fact about the whole index."""
    row = database.execute("select value from meta where name = ?", (name,)).fetchone()
    return json.loads(row["value"])


def _where(filters: Filters) -> tuple[str, list[object]]:
    conditions, values = ["1"], []
    for name in ("source", "status", "lang"):
        if value := getattr(filters, name):
            conditions.append(f"document.{name} = ?")
            values.append(value)
    if filters.label:
        conditions.append("n in (select document from label where label = ?)")
        values.append(filters.label)
    if filters.line.isdecimal() and len(filters.line) < 18:
        conditions.append("n in (select document from line_in where line = ?)")
        values.append(int(filters.line))
    if words := _WORD.findall(filters.words):
        conditions.append(f"n in (select rowid from words where words match ? limit {SEARCHED})")
        values.append(" ".join(f'"{word}"' for word in words[:-1]) + f' "{words[-1]}"*')
    return " and ".join(conditions), values


def documents(database: sqlite3.Connection, filters: Filters, start: int = 0) -> Sequence[Row]:
    """A page of the list, most worth a look first, and one row more where there are more."""
    where, values = _where(filters)
    sql = f"select * from document where {where} order by interest desc, n limit ? offset ?"
    return database.execute(sql, (*values, PAGE + 1, start)).fetchall()


def count(database: sqlite3.Connection, filters: Filters) -> int:
    """How many documents the filters leave."""
    if not filters.query():
        return int(meta(database, "documents"))
    where, values = _where(filters)
    return int(database.execute(f"select count(*) from document where {where}", values).fetchone()[0])


def document(database: sqlite3.Connection, number: int) -> Row | None:
    """One document's row."""
    return database.execute("select * from document where n = ?", (number,)).fetchone()  # type: ignore[no-any-return]


def beside(database: sqlite3.Connection, row: Row, filters: Filters, *, back: bool = False) -> int | None:
    """The number of the next document of the list, or of the one before."""
    where, values = _where(filters)
    less, more, order, by_number = ("<", ">", "asc", "desc") if back else (">", "<", "desc", "asc")
    sql = (
        f"select n from document where {where} and (interest {more} ? or (interest = ? and n {less} ?))"
        f" order by interest {order}, n {by_number} limit 1"
    )
    neighbour = database.execute(sql, (*values, row["interest"], row["interest"], row["n"])).fetchone()
    return None if neighbour is None else int(neighbour["n"])


def lines(database: sqlite3.Connection, source: str, words: str, start: int = 0) -> Sequence[Row]:
    """A page of repeated lines, in most documents first, and one more where there are more."""
    conditions, values = ["1"], list[object]()
    if source:
        conditions.append("source = ?")
        values.append(source)
    if words.strip():
        conditions.append("instr(lower(text), lower(?))")
        values.append(words.strip())
    sql = f"select * from line where {' and '.join(conditions)} order by documents desc, n limit ? offset ?"
    return database.execute(sql, (*values, PAGE + 1, start)).fetchall()


def line(database: sqlite3.Connection, number: int) -> Row | None:
    """One repeated line."""
    return database.execute("select * from line where n = ?", (number,)).fetchone()  # type: ignore[no-any-return]
