"""Corrections in force, and where they hold: at their place in a text, or where a source says the line again.

A line is known again by the memory's normalisation: digits, dates, quotes, case and spacing count for nothing, and a
long line that changed a little is a near copy. What they do to decisions `cleaner.decision.corrected` says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from cleaner.corrections.format import Correction, Row, Scope, digest, in_force, read
from cleaner.decoding.mojibake import OffsetMap
from cleaner.document import Decision, Rendering
from cleaner.memory.fingerprints import RUN, words_of
from cleaner.segmentation.tokens import Ints, Tokens, points_of, tokenise

#: A line of so many words is a near copy of another one when runs of words common to both cover this share of each.
NEAR_WORDS, NEAR_SHARE = 10, 0.8
WORD = 8  # bytes of a word's hash
_LEAD, _TAIL = re.compile(r"\W+"), re.compile(r"\W+$")


@dataclass(frozen=True, slots=True)
class KnownLine:
    """A correction that holds for a line wherever it stands; `words` are its hashes, normalised."""

    row: Correction
    words: bytes
    runs: frozenset[bytes] = frozenset()  # of a line that is long enough to have near copies


@lru_cache(maxsize=1 << 16)  # a review makes all of them anew with every click
def known_line(row: Correction) -> KnownLine:
    """The pattern of a correction's text."""
    words = words_of(tokenise([row.text]))[1].tobytes()
    near = not row.part and len(words) >= NEAR_WORDS * WORD
    return KnownLine(row, words, frozenset(_runs(words)) if near else frozenset())


@dataclass(frozen=True, slots=True)
class Corrections:
    """What is in force, by where it holds."""

    by_document: Mapping[str, tuple[Correction, ...]]
    by_source: Mapping[str, tuple[KnownLine, ...]]
    everywhere: tuple[KnownLine, ...]
    digest: str = field(compare=True)

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Corrections:
        """From all rows of one or more files."""
        rows = in_force(rows)
        by_document: dict[str, list[Correction]] = {}
        by_source: dict[str, list[KnownLine]] = {}
        everywhere: list[KnownLine] = []
        for row in rows:
            if row.scope is Scope.TEXT:
                by_document.setdefault(row.document, []).append(row)
            elif row.scope is Scope.EVERYWHERE:
                everywhere.append(known_line(row))
            elif row.source:
                by_source.setdefault(row.source, []).append(known_line(row))
        return cls(
            {name: tuple(corrections) for name, corrections in by_document.items()},
            {name: tuple(corrections) for name, corrections in by_source.items()},
            tuple(everywhere),
            digest(rows),
        )

    @property
    def count(self) -> int:
        """How many are in force."""
        return sum(map(len, (*self.by_document.values(), *self.by_source.values(), self.everywhere)))

    def placed(self, rendering: Rendering, lines: Sequence[Decision], source: str) -> list[tuple[int, int, Correction]]:
        """Where persons have said what the text is: start, end, correction; offsets are those of the rendering.

        lines: what may be known again, such as its decisions; in order, disjoint.
        """
        patterns = (*self.everywhere, *self.by_source.get(source, ()))
        placed = list(_recognised(rendering.text, lines, patterns)) if patterns else []
        if self.by_document:
            text = rendering.source_text
            own = self.by_document.get(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), ())
            offsets = OffsetMap(rendering.repairs)
            placed += [(*offsets.to_repaired(row.start, row.end), row) for row in own if row.end <= len(text)]
        return placed


def read_corrections(files: Iterable[str]) -> Corrections:
    """What is in force of files or objects together. Raises CorrectionError, StoreError."""
    from cleaner.storage.object_store import file_at  # loads what the network needs

    return Corrections.of(row for name in files for row in read(file_at(name)))


# Lines known again --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """A document's normalised words; units are its decisions."""

    text: str
    units: Sequence[Decision]
    tokens: Tokens
    at: Ints  # word → token
    owner: Ints  # word → unit
    words: bytes

    def bounds(self, first: int, last: int) -> bool:
        """Whether these words are whole units."""
        owner = self.owner
        begins = first == 0 or owner[first - 1] != owner[first]
        ends = last == len(owner) - 1 or owner[last + 1] != owner[last]
        return bool(begins and ends)

    def place(self, first: int, last: int) -> tuple[int, int]:
        """Where the words stand in the text: begin of the first, end of the last."""
        return self._offset(first, end=False), self._offset(last, end=True)

    def _offset(self, word: int, *, end: bool) -> int:
        tokens, token, unit = self.tokens, int(self.at[word]), self.units[int(self.owner[word])]
        units = int(tokens.begins[token] - tokens.block_starts[self.owner[word]]) + end * int(tokens.lengths[token])
        content = self.text[unit.start : unit.end]
        if content.isascii():
            return unit.start + units
        return unit.start + int(points_of(content, np.array(units)))


def _recognised(
    text: str, decisions: Sequence[Decision], patterns: Sequence[KnownLine]
) -> Iterator[tuple[int, int, Correction]]:
    if not decisions:
        return
    tokens = tokenise([text[decision.start : decision.end] for decision in decisions])
    at, words = words_of(tokens)
    document = _Words(text, decisions, tokens, at, tokens.block[at], words.tobytes())
    for pattern in patterns:
        if not pattern.words:
            yield from _wordless(document, pattern.row)
            continue
        places = list(_exact(document, pattern))
        yield from places
        if pattern.runs:
            yield from _near(document, pattern, {start for start, _, _ in places})


def _wordless(document: _Words, row: Correction) -> Iterator[tuple[int, int, Correction]]:
    """Lines of signs alone are known by the signs."""
    for unit in document.units:
        if document.text[unit.start : unit.end].strip() == row.text.strip():
            yield unit.start, unit.end, row


def _exact(document: _Words, pattern: KnownLine) -> Iterator[tuple[int, int, Correction]]:
    position = document.words.find(pattern.words)
    while position >= 0:
        first = position // WORD
        last = first + len(pattern.words) // WORD - 1
        if position % WORD == 0 and (pattern.row.part or document.bounds(first, last)):
            if pattern.row.part:
                yield (*_with_signs(document, pattern.row.text, document.place(first, last)), pattern.row)
            else:
                start, end = document.units[document.owner[first]].start, document.units[document.owner[last]].end
                yield start, end, pattern.row
            position += len(pattern.words) - 1
        position = document.words.find(pattern.words, position + 1)


def _with_signs(document: _Words, corrected: str, place: tuple[int, int]) -> tuple[int, int]:
    """The place with the signs around the words that were corrected, where they stand here too."""
    start, end = place
    head, tail = (match.group().strip() if match else "" for match in (_LEAD.match(corrected), _TAIL.search(corrected)))
    if head and document.text[:start].endswith(head):
        start -= len(head)
    if tail and document.text.startswith(tail, end):
        end += len(tail)
    return start, end


def _near(document: _Words, pattern: KnownLine, known: set[int]) -> Iterator[tuple[int, int, Correction]]:
    """Single units that say the same but for a few words."""
    borders = np.flatnonzero(np.diff(document.owner, prepend=-1, append=-1))
    for first, last in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        unit = document.units[document.owner[first]]
        if unit.start in known or last - first < NEAR_WORDS:
            continue
        words = document.words[first * WORD : last * WORD]
        runs = _runs(words)
        common = pattern.runs.intersection(runs)
        if common and min(_covered(words, common), _covered(pattern.words, common)) >= NEAR_SHARE:
            yield unit.start, unit.end, pattern.row


def _runs(words: bytes) -> list[bytes]:
    return [words[at : at + RUN * WORD] for at in range(0, len(words) - RUN * WORD + 1, WORD)]


def _covered(words: bytes, common: Collection[bytes]) -> float:
    """The share of words that lie in some of the runs."""
    count = len(words) // WORD
    covered = bytearray(count)
    for at, run in enumerate(_runs(words)):
        if run in common:
            covered[at : at + RUN] = b"\x01" * RUN
    return sum(covered) / count
