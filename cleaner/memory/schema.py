"""The memory file's tables, its version, and the settings it was counted with.

A file is SQLite, so that any tool can look into it: the view `recurring` shows what a source repeats. Keys and
fingerprints are 64 bits without sign: SQLite holds them with the first bit turned, which keeps their order.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache

import numpy as np

from cleaner.language import calendar_words
from cleaner.memory.fingerprints import FARTHEST, HEAD, RUN, SKETCH, TAIL, WINDOW, units_of
from cleaner.memory.postings import ENTRY, MOST_DOCUMENTS, WITNESSES, Entries
from cleaner.segmentation.tokens import Hashes, Ints, tokenise

FORMAT = "cleancopy memory"
VERSION = 3
SQLITE_MAGIC = b"SQLite format 3\0"

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    documents INTEGER NOT NULL,  -- distinct articles: near-copies are one
    copies INTEGER NOT NULL,     -- near-copies beside them
    entries INTEGER NOT NULL     -- witnesses of its units, all in all
);
CREATE TABLE document (          -- one row for each text that was counted
    source INTEGER NOT NULL REFERENCES source,
    witness INTEGER NOT NULL,    -- its fingerprint
    article INTEGER NOT NULL,    -- the smallest fingerprint among its near-copies
    sketch BLOB NOT NULL,
    PRIMARY KEY (source, witness)
) WITHOUT ROWID;
CREATE TABLE unit (
    source INTEGER NOT NULL REFERENCES source,
    key INTEGER NOT NULL,        -- hash of its words
    documents INTEGER NOT NULL,  -- distinct articles that hold it
    sample INTEGER REFERENCES sample,  -- for whole blocks
    witnesses BLOB NOT NULL,     -- for each: witness, before, after (hashes of its neighbours), place, from_end
    PRIMARY KEY (source, key)
) WITHOUT ROWID;
CREATE TABLE sample (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE VIEW recurring AS
    SELECT source.name AS source, unit.documents AS documents, source.documents AS "of", sample.text AS text
    FROM unit JOIN sample ON sample.id = unit.sample JOIN source ON source.id = unit.source
    WHERE unit.documents > 1
    ORDER BY unit.documents DESC, source.name, sample.text;
"""

#: One witness of a unit as the file holds it: an entry without its key and text.
ROW = np.dtype([(name, ENTRY[name]) for name in ("witness", "before", "after", "place", "from_end")])
_FIRST_BIT = np.uint64(1 << 63)
#: A text whose units tell whether two versions count alike.
_PROBE = (
    "Slideshow (4 Images)",
    "Published on 3 May 2025 at 10:22, “updated” later by one of our editors.",
    "日本語の本文",
)


def signed(hashes: Hashes) -> Ints:
    """64 bits without sign as SQLite's integers; the order stays."""
    return (hashes ^ _FIRST_BIT).view(np.int64)


def unsigned(numbers: Ints) -> Hashes:
    """Back from `signed`."""
    return numbers.view(np.uint64) ^ _FIRST_BIT


def rows_of(entries: Entries) -> Entries:
    """Entries as the file holds them, without keys and texts."""
    rows = np.zeros(len(entries), ROW)
    for name in ROW.names or ():
        rows[name] = entries[name]
    return rows


@cache
def settings() -> dict[str, str]:
    """All that decides how documents are counted: memories of other settings hold other keys."""
    values = {"run": RUN, "window": WINDOW, "head": HEAD, "tail": TAIL, "farthest": FARTHEST, "sketch": SKETCH}
    calendar = hashlib.sha256(json.dumps(sorted(calendar_words())).encode()).hexdigest()
    probe = hashlib.sha256(units_of(tokenise(_PROBE)).keys.astype("<u8").tobytes()).hexdigest()
    settings = {name: str(value) for name, value in values.items()}
    limits = {"witnesses": str(WITNESSES), "documents": str(MOST_DOCUMENTS)}
    return settings | limits | {"calendar": calendar[:16], "probe": probe[:16]}
