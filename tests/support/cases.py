"""Reads the tables of cases and the sources of the seeds: annotated lines → text and labelled spans.

An annotated line is `label| text`; a stretch glued to it is written ⟦label:text⟧ inside; an empty line is
a blank line of the text. Refuses a line without a label and a label that does not exist.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleaner.labels import KEPT, Label

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "fixtures" / "cases"

#: `label| text`; the space after the bar is part of the notation, further ones belong to the text.
LINE = re.compile(r"(?P<label>[a-z]+)\| ?(?P<text>.*)", re.DOTALL)
GLUED = re.compile(r"⟦(?P<label>[a-z]+):(?P<text>[^⟧]*)⟧")

Spans = list[tuple[int, int, str]]


class NotationError(ValueError):
    """An annotated line cannot be read; the message holds the line."""


@dataclass(frozen=True, slots=True)
class Case:
    """One text with the label of each of its stretches, in code points."""

    name: str
    lang: str
    why: str
    text: str
    spans: tuple[tuple[int, int, str], ...]
    typed: bool = False  # the labels must be right too, not only what stays and what goes


def annotated(lines: Iterable[str], *, newline: str = "\n", flat: bool = False) -> tuple[str, Spans]:
    """Text and spans of annotated lines; `flat` joins them with a space instead of `newline`."""
    texts: list[str] = []
    spans: Spans = []
    glue, position = (" " if flat else newline), 0
    for line in lines:
        if not line.strip():
            if not flat:
                texts.append("")
                position += len(glue)
            continue
        text, own = _line(line)
        spans += [(position + start, position + end, label) for start, end, label in own]
        texts.append(text)
        position += len(text) + len(glue)
    return glue.join(texts), spans


def _line(line: str) -> tuple[str, Spans]:
    match = LINE.fullmatch(line)
    if match is None:
        raise NotationError(f"not an annotated line: {line!r}; write 'label| text'")
    text, last = "", 0
    spans: Spans = []
    for glued in GLUED.finditer(match["text"]):
        text = _add(text, match["text"][last : glued.start()], match["label"], spans)
        text = _add(text, glued["text"], glued["label"], spans)
        last = glued.end()
    text = _add(text, match["text"][last:], match["label"], spans)
    return text, spans


def _add(text: str, more: str, label: str, spans: Spans) -> str:
    """`text` with `more` behind it; the stretch of `more` without its outer white space becomes a span."""
    if label not in list(Label):
        raise NotationError(f"unknown label {label!r} on {more!r}")
    if more.strip():
        start = len(text) + len(more) - len(more.lstrip())
        spans.append((start, len(text) + len(more.rstrip()), label))
    return text + more


def load(table: str) -> list[Case]:
    """The cases of `fixtures/cases/<table>.toml`, in order. Raises NotationError naming the case."""
    return read(CASES / f"{table}.toml")


def read(path: Path) -> list[Case]:
    """The cases of a file, in order. Raises NotationError naming the case."""
    rows = tomllib.loads(path.read_text(encoding="utf-8")).get("case", [])
    return [_case(row) for row in rows]


def _case(row: dict[str, Any]) -> Case:
    # splitlines() would also cut at U+2028 and form feeds, which are part of some cases.
    lines = row["text"].strip("\n").split("\n")
    try:
        text, spans = annotated(lines, newline=row.get("newline", "\n"), flat=row.get("flat", False))
    except NotationError as error:
        raise NotationError(f"case {row['name']!r}: {error}") from error
    return Case(row["name"], row["lang"], row["why"], text, tuple(spans), row.get("typed", False))


def lost(case: Case, removed: Iterable[tuple[int, int]]) -> list[str]:
    """The kept stretches that `removed` takes letters or digits from."""
    gone = covered(removed)
    return [
        case.text[s:e] for s, e, label in case.spans if label in KEPT and not _marks(case.text, s, e).isdisjoint(gone)
    ]


def left(case: Case, removed: Iterable[tuple[int, int]]) -> list[str]:
    """The boilerplate stretches of which `removed` leaves letters or digits standing."""
    gone = covered(removed)
    return [case.text[s:e] for s, e, label in case.spans if label not in KEPT and _marks(case.text, s, e) - gone]


def mistyped(case: Case, spans: Iterable[tuple[int, int, str]]) -> Iterator[str]:
    """The boilerplate stretches that were found under another label, as `label not other: text`."""
    spans = list(spans)
    for start, end, label in case.spans:
        others = {name for s, e, name in spans if s < end and start < e} - {label}
        if label not in KEPT and others:
            yield f"{label} not {'/'.join(sorted(others))}: {case.text[start:end]}"


def covered(stretches: Iterable[tuple[int, int]]) -> set[int]:
    """The offsets inside any of the stretches."""
    return {offset for start, end in stretches for offset in range(start, end)}


def _marks(text: str, start: int, end: int) -> set[int]:
    """Offsets of letters and digits; of everything but white space where a stretch has none of them."""
    marks = {offset for offset in range(start, end) if text[offset].isalnum()}
    return marks or {offset for offset in range(start, end) if not text[offset].isspace()}
