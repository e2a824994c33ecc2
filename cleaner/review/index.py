"""The index beside a run: SQLite with what a list needs of each document, its words, and the lines that sources repeat.

Made once from the archive, in OUT/review; made anew when the run is another one. Holds no text twice: the page of a
document reads its record in the archive. Refuses a folder without a finished run (ReviewError).
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filelock import FileLock

from archive.checking.ledger import LEDGER_ERRORS, load_ledger
from archive.checking.versions import newest
from archive.segments.durable import drafted_path, remove_drafts
from archive.view import Entry, entries
from cleaner.batch.output.folder import read_report
from cleaner.document import Status
from cleaner.ledger import Removed, as_stored, checked, rebuild, unchecked
from cleaner.memory.fingerprints import units_of
from cleaner.segmentation.tokens import tokenise
from cleaner.writers.words import first_line

FOLDER, NAME = "review", "index.sqlite"
#: Raised with every change of the tables or of the order.
SCHEMA = 3
#: Characters of the first line of a text without a title.
TITLE = 90
#: A line is listed when so many documents of its source hold it.
REPEATED = 2
#: What makes a document worth a look: that most of it went or nothing stayed, an unsure removal, a line in many. There
#: is nothing to look at in one that came without text.
SUSPECT, EMPTY, FAILED, FREQUENT, TEXTLESS = 2.0, 1.0, 0.5, 0.1, -1.0
#: Documents between two commits and two messages.
STEP = 2_000
#: Choices that a filter offers, most frequent first.
CHOICES = 300
SHOWN = 400  # characters of a repeated line in the list

TABLES = """
create table meta(name text primary key, value text);
create table document(
  n integer primary key, digest text, id text, place text, source text, lang text, status text, title text, why text,
  segment text, offset integer, share real, doubt real, removed integer, interest real);
create table label(document integer, label text, primary key(label, document)) without rowid;
create temp table stretch(source, key integer, document integer, start integer, end integer, label, gone, text);
create virtual table words using fts5(title, text, removed, content='', tokenize='unicode61 remove_diacritics 2');
"""
FINISH = f"""
create table line(
  n integer primary key, source text, key integer, label text, gone integer, kept integer, documents integer,
  document integer, start integer, end integer, text text);
insert into line(source, key, label, gone, kept, documents, document, start, end, text)
  select source, key, label, sum(gone), sum(1 - gone), count(distinct document), min(document), start, end, text
  from stretch group by source, key having count(distinct document) >= {REPEATED};
create index line_key on line(source, key);
create table line_in(line integer, document integer, primary key(line, document)) without rowid;
insert or ignore into line_in select line.n, stretch.document from stretch join line using(source, key);
drop table stretch;
create index line_in_document on line_in(document, line);
update document set interest = interest + {FREQUENT} * ifnull((
  select max(log) from (select ln(max(line.documents)) as log from line_in join line on line.n = line_in.line
                        where line_in.document = document.n)), 0);
create index by_interest on document(interest desc, n);
create index by_digest on document(digest);
create index by_source on document(source, interest desc);
create index by_status on document(status, interest desc);
create index by_lang on document(lang, interest desc);
create index by_documents on line(documents desc, n);
create index line_source on line(source, documents desc);
"""


Say = Callable[[str], None]


class ReviewError(Exception):
    """There is nothing to review, or it cannot be shown; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What is put into the index for one document."""

    digest: str
    id: str
    place: str  # the file it came from, with `#row` of a row
    source: str
    lang: str
    status: str
    title: str
    why: str
    segment: str
    offset: int
    text: str
    spans: tuple[Removed, ...]  # removed ones
    kept: tuple[tuple[int, int, str], ...]


def index_of(out: Path, say: Say = lambda _: None) -> Path:
    """The index of a run, made where there is none for this run. Raises ReviewError."""
    report = read_report(out)
    if report is None or not report.get("complete"):
        raise ReviewError(f"{out} holds no finished run; give the OUT of a `cleancopy clean -o OUT` that has finished")
    path, wanted = out / FOLDER / NAME, _identity(report)
    if path.parent.is_symlink():
        raise ReviewError(f"{path.parent} is a link, and the index is written in OUT alone; put a folder in its place")
    if path.exists() and _identity_in(path) == wanted:
        return path
    try:
        path.parent.mkdir(exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not path.exists() or _identity_in(path) != wanted:  # another server may have made it meanwhile
                remove_drafts(path)
                with drafted_path(path) as draft, closing(sqlite3.connect(draft, isolation_level=None)) as database:
                    build(database, documents_in(out), wanted, say, cleaned=int(report["counts"]["documents"]))
    except (OSError, sqlite3.Error) as error:
        raise ReviewError(f"{path.parent}: the index cannot be written ({error}); mend that, then try again") from error
    return path


def _identity(report: Mapping[str, object]) -> str:
    """What tells runs apart."""
    parts = [SCHEMA, report.get("digest"), report.get("inputs"), report.get("clock")]
    return json.dumps(parts)


def _identity_in(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            if _schema(database) != _ours():
                return ""
            row = database.execute("select value from meta where name = 'run'").fetchone()
            return str(row[0]) if row else ""
    except sqlite3.Error:
        return ""


def _schema(database: sqlite3.Connection) -> set[tuple[str, ...]]:
    """Tables, views, triggers and indexes, but for those that SQLite keeps itself."""
    rows = database.execute("select type, name, sql from sqlite_master")
    return {tuple(map(str, row)) for row in rows if not str(row[1]).startswith("sqlite_")}


@cache
def _ours() -> set[tuple[str, ...]]:
    """What an index of ours has; another one may run its author's SQL when it is asked, and is made anew."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        build(database, [], "", lambda _: None)
        return _schema(database)


def documents_in(out: Path) -> Iterator[Indexed]:
    """The documents of a run's archive in order, each in its last version; what cannot be read is left out."""
    segments = sorted((out / "warc").glob("*.warc.gz"))
    current = newest(segments) if "updates" in (read_report(out) or {}) else None
    for entry in entries(segments):
        if not isinstance(entry, Entry) or (current is not None and entry.group.metadata.id not in current):
            continue
        if (document := _indexed(entry)) is not None:
            yield document


def _indexed(entry: Entry) -> Indexed | None:
    fields, first = entry.fields, entry.group.records[0]
    conversion = entry.group.conversion
    try:
        ledger = unchecked(load_ledger(fields.get("ledger")))
        clean = conversion.block.decode("utf-8", "replace") if conversion else ledger.get("clean-text", "")
        failed = "source-text-digest" not in ledger
        if not failed:
            checked(ledger)
        title = "" if failed else as_stored(clean, ledger).title or first_line(clean, TITLE)
        return Indexed(
            digest=str(ledger.get("source-text-digest", "")), id=fields.get("document-id") or entry.locator,
            place=entry.locator,
            source=str(ledger.get("source") or ""), lang=fields.get("language", "und"), status=str(ledger["status"]),
            title=title, why=str(ledger.get("why", "")), segment=first.file, offset=first.offset,
            text="" if failed else rebuild(clean, ledger), spans=() if failed else tuple(ledger["removed"]),
            kept=() if failed else tuple((start, end, label) for start, end, label, _, _ in ledger["kept"]),
        )  # fmt: skip
    except LEDGER_ERRORS:
        return None


def build(
    database: sqlite3.Connection, documents: Iterable[Indexed], identity: str, say: Say, *, cleaned: int = 0
) -> None:
    """Fills an empty database; cleaned: documents that the run counts. Raises sqlite3.Error."""
    database.executescript("pragma journal_mode=off; pragma synchronous=off;" + TABLES)
    facets: dict[str, Counter[str]] = {name: Counter() for name in ("source", "lang", "status", "label")}
    number = 0
    database.execute("begin")
    for number, document in enumerate(documents, 1):
        labels = _insert(database, number, document)
        facets["label"].update(labels)
        for name in ("source", "lang", "status"):
            facets[name][getattr(document, name)] += 1
        if number % STEP == 0:
            database.execute("commit")
            database.execute("begin")
            say(f"{number:,} documents indexed")
    database.execute("commit")
    say("counting what sources repeat")
    database.executescript(FINISH)
    choices = {name: counts.most_common(CHOICES) for name, counts in facets.items()}
    rows = {
        "documents": str(number),
        "unread": str(max(0, cleaned - number)),
        "facets": json.dumps(choices),
        "run": identity,
    }
    database.executemany("insert into meta values(?, ?)", rows.items())
    database.execute("analyze")


def _insert(database: sqlite3.Connection, number: int, document: Indexed) -> set[str]:
    """Puts a document into all tables; gives the labels of what was removed."""
    removed = sum(span["end"] - span["start"] for span in document.spans)
    kept = sum(end - start for start, end, _ in document.kept)
    doubt = max((1 - abs(2 * span["score"] - 1) for span in document.spans), default=0.0)
    empty = EMPTY if document.text.strip() else TEXTLESS
    interest = doubt + {Status.SUSPECT: SUSPECT, Status.EMPTY: empty, Status.FAILED: FAILED}.get(document.status, 0.0)  # type: ignore[call-overload]
    names = (document.id, document.place, document.source, document.lang, document.status)
    values = (
        number, document.digest, *map(_storable, names),
        _storable(document.title), _storable(document.why), document.segment, document.offset,
        removed / max(1, removed + kept), doubt, len(document.spans), interest,
    )  # fmt: skip
    database.execute(f"insert into document values({','.join('?' * len(values))})", values)
    labels = {str(span["label"]) for span in document.spans}
    database.executemany("insert into label values(?, ?)", ((number, label) for label in labels))
    gone = "\n".join(document.text[span["start"] : span["end"]] for span in document.spans)
    words = tuple(map(_storable, (document.title, document.text, gone)))
    database.execute("insert into words(rowid, title, text, removed) values(?, ?, ?, ?)", (number, *words))
    database.executemany("insert into stretch values(?, ?, ?, ?, ?, ?, ?, ?)", _stretches(number, document))
    return labels


def _stretches(number: int, document: Indexed) -> Iterator[tuple[object, ...]]:
    """The document's lines by what the memory would know them by."""
    stretches = [(start, end, label, 0) for start, end, label in document.kept]
    stretches += [(span["start"], span["end"], span["label"], 1) for span in document.spans]
    if not stretches:
        return
    units = units_of(tokenise([document.text[start:end] for start, end, _, _ in stretches]))
    keys = units.keys[: units.blocks].view("int64").tolist()
    for key, block in zip(keys, units.block[: units.blocks].tolist(), strict=True):
        start, end, label, gone = stretches[block]
        text = _storable(document.text[start:end][:SHOWN])
        yield _storable(document.source), key, number, start, end, label, gone, text


def _storable(text: str) -> str:
    """SQLite holds no lone surrogates."""
    return text.encode("utf-8", "replace").decode()
