"""What is wrong with corrections that can be read: conflicts of persons, texts that do not fit, scopes without use.

Gives findings, changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cleaner.corrections.format import Correction, Row, Scope, documents, in_force

SHOWN = 60  # characters of a line in a message


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two or more persons' last words on one target that differ; the last of `said` is in force."""

    said: tuple[Correction, ...]


def conflicts(rows: Sequence[Row]) -> list[Conflict]:
    """Where persons differ, in the order of what is in force."""
    by_person: dict[str, list[Row]] = {}
    for row in rows:
        if isinstance(row, Correction):
            by_person.setdefault(row.who, []).append(row)
    said: dict[tuple[str, ...], list[Correction]] = {}
    for own in by_person.values():
        for row in in_force(own):
            said.setdefault(row.target, []).append(row)
    problems = []
    for decided in in_force(rows):
        others = [row for row in said[decided.target] if row.label is not decided.label]
        if others:
            problems.append(Conflict((*sorted(others, key=lambda row: (row.when, row.who)), decided)))
    return problems


def findings(rows: Sequence[Row]) -> Iterator[str]:
    """Everything that a person should look at, each as one line of text."""
    seen = documents(rows)
    for document in seen.values():
        if hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest() != document.document:
            yield f"document {document.id}: its text has another digest than its row says"
    for row in in_force(rows):
        text = seen[row.document].text if row.document in seen else None
        if row.scope is Scope.SOURCE and not row.source:
            yield f"{_named(row)}: holds for a source, but names none; it is never used"
        if text is not None and text[row.start : row.end] != row.text:
            yield f"{_named(row)}: the document holds something else at {row.start} to {row.end}"
    yield from (conflict_line(conflict) for conflict in conflicts(rows))


def conflict_line(conflict: Conflict) -> str:
    """A conflict in words."""
    *others, decided = conflict.said
    said = ", ".join(f"{row.who} says {row.label}" for row in others)
    return f"{_named(decided)}: {said}, {decided.who} says {decided.label}, which counts"


def _named(row: Correction) -> str:
    text = " ".join(row.text.split())
    shown = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    where = {
        Scope.TEXT: f"document {row.document[:12]}",
        Scope.SOURCE: row.source or "?",
        Scope.EVERYWHERE: "everywhere",
    }
    return f"{where[row.scope]}, “{shown}”"


def described(rows: Iterable[Row]) -> Iterator[str]:
    """What is in force, one line each."""
    for row in in_force(rows):
        author = f"{row.who} (model)" if row.model else row.who
        yield f"{row.when[:16]}  {author:<16} {row.label.value:<13} {row.scope.value:<10} {_named(row)}"
