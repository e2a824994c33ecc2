"""Corrections without a browser: a document by its id or place, its lines by what they say.

Refuses a name or a line that meets nothing, or several things, and says which are near (ReviewError); then nothing is
kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from cleaner.corrections.format import Correction, Scope
from cleaner.review import queries
from cleaner.review.desk import Desk, Said
from cleaner.review.index import ReviewError
from cleaner.review.view import ReviewedArticle, Stretch, article_at, policy_of, stretches
from cleaner.writers.words import number, shorten

#: Characters of a line, and so many names or lines, that a message shows.
SHOWN, NAMED = 60, 5
#: Letters that two lines must have in common to be called near.
PIECE = 4
_ROW = re.compile(r":(\d+)$")


@dataclass(frozen=True, slots=True)
class Added:
    """A correction that was kept, and whether it says what the run, or an earlier correction, had said already."""

    row: Correction
    is_so: bool


def add_corrections(
    out: Path, index: Path, corrections: Path, name: str, lines: Sequence[str], said: tuple[str, Scope], who: str
) -> list[Added]:
    """Keeps what a person says of the lines of one document, in that order; all or nothing.

    said: a label, or keep, or remove; and where it holds. Raises ReviewError, CorrectionError, OSError.
    """
    verdict, scope = said
    desk = Desk(corrections, policy_of(out), lambda: datetime.now(UTC))
    with closing(queries.opened(index)) as database:
        article = article_at(out, _document(database.execute, name, out), desk.policy)
    shown = stretches(article, desk.state().corrections, desk.policy)
    places = [place for line in lines for place in _places(article, shown, line)]
    rows: list[Correction] = []
    for part in (False, True):
        if spans := tuple((start, end) for start, end, inside in places if inside is part):
            rows += desk.say(article, shown, Said(spans, verdict, scope, part), who)
    return [Added(row, _is_so(row, shown)) for row in rows]


def _is_so(row: Correction, shown: Sequence[Stretch]) -> bool:
    """Whether all of a corrected stretch had this label before."""
    return all(stretch.label is row.label for stretch in shown if stretch.start < row.end and row.start < stretch.end)


def _document(execute: Any, name: str, out: Path) -> Mapping[str, object]:
    """The document of that id or place: file#row, or file:row as messages write it. Raises ReviewError."""
    sql = "select * from document where digest != '' and (id = ? or place in (?, ?)) order by n"
    rows = execute(sql, (name, name, _ROW.sub(r"#\1", name)))
    named = rows.fetchall()
    if len(named) == 1:
        return named[0]  # type: ignore[no-any-return]
    if named:
        places = ", ".join(row["place"] for row in named[:NAMED])
        raise ReviewError(f"{number(len(named))} documents are called {name!r}; name one by its place: {places}")
    known = [
        text for row in execute("select id, place from document limit 20000") for text in (row["id"], row["place"])
    ]
    near = _nearest(name, known, cutoff=0.6)
    hint = f"; did you mean {near!r}?" if near else f"; `cleancopy archive ls {out}` lists them"
    raise ReviewError(f"{out} has no document {name!r}{hint}")


def _places(article: ReviewedArticle, shown: Sequence[Stretch], line: str) -> Iterator[tuple[int, int, bool]]:
    """Where a document says this: whole lines, else the one place within a line. Raises ReviewError."""
    wanted = " ".join(line.split())
    if not wanted:
        raise ReviewError("an empty line meets nothing; give the words of a line")
    whole = [stretch for stretch in shown if " ".join(stretch.text.split()) == wanted]
    if whole:
        yield from ((stretch.start, stretch.end, False) for stretch in whole)
        return
    words = re.compile(r"\s+".join(map(re.escape, wanted.split())))
    inside = [(stretch, match) for stretch in shown for match in words.finditer(stretch.text)]
    if len(inside) == 1:
        stretch, match = inside[0]
        yield stretch.start + match.start(), stretch.start + match.end(), True
        return
    if inside:
        raise ReviewError(f"{_quoted(wanted)} stands {len(inside)} times in {article.id}; give more of the line")
    known = [" ".join(stretch.text.split()) for stretch in shown]
    near = _nearest(wanted, known, cutoff=0.5)
    hint = f"; the nearest is {_quoted(near)}" if near else "; `cleancopy archive diff` shows its lines"
    raise ReviewError(f"no line of {article.id} says {_quoted(wanted)}{hint}")


def _nearest(wanted: str, known: Sequence[str], *, cutoff: float) -> str:
    """What resembles this most: as a whole, by the last part of a path, else by the pieces that both hold."""
    if near := get_close_matches(wanted, known, n=1, cutoff=cutoff):
        return near[0]
    by_end = {text.rpartition("/")[2]: text for text in reversed(known)}
    if near := get_close_matches(wanted.rpartition("/")[2], by_end, n=1, cutoff=cutoff):
        return by_end[near[0]]
    pieces = _pieces(wanted)
    held = max(known, key=lambda text: len(pieces & _pieces(text)), default="")
    return held if pieces & _pieces(held) else ""


def _pieces(text: str) -> set[str]:
    folded = text.casefold()
    return {folded[at : at + PIECE] for at in range(len(folded) - PIECE + 1)}


def _quoted(line: str) -> str:
    return f"“{shorten(line, SHOWN)}”"
