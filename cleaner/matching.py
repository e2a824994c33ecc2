"""Finds every cue of a table in a document in one pass (Aho-Corasick), and assigns it to its block.

A cue counts only as its kind says (whole block, start, end, anywhere …) and at word boundaries;
scripts without spaces need none. The pass is linear in the text, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from cleaner.document import Block
from cleaner.languages import Cue, CueTable, Kind, Voice

#: What a phrase stands for: a cue, a voice, or None for what is never removed.
Meaning = Cue | Voice | None


class Hit(NamedTuple):
    """A cue found in a block, in offsets of the rendering."""

    cue: Cue
    start: int
    end: int


@dataclass(slots=True)
class Hits:
    """What one block holds."""

    cues: list[Hit] = field(default_factory=list)
    voices: dict[Voice, int] = field(default_factory=dict)
    protected: str = ""


class Matcher:
    """A compiled cue table; build once per language and use for many documents."""

    __slots__ = ("_all", "_glued", "_glued_meanings", "_meanings")

    def __init__(self, table: CueTable) -> None:
        meanings: dict[str, list[Meaning]] = {}
        for cue in dict.fromkeys(table.cues):
            meanings.setdefault(cue.phrase, []).append(cue)
        for voice, phrase in dict.fromkeys(table.voice):
            meanings.setdefault(phrase, []).append(voice)
        for phrase in table.protect:
            meanings.setdefault(phrase, []).append(None)
        glued = {phrase: found for phrase, found in meanings.items() if any(map(_is_glued, found))}
        self._meanings, self._glued_meanings = list(meanings.values()), list(glued.values())
        self._all, self._glued = AhoCorasick(list(meanings)), AhoCorasick(list(glued))

    def find(
        self,
        folded: str,
        blocks: Sequence[Block],
        original: str,
        *,
        source: str | None = None,
        candidates: Sequence[bool] | None = None,
    ) -> list[Hits | None]:
        """Per block what was found in it, None for nothing. `folded` and `original` have the same offsets.

        In blocks that are no candidates (default: all are) only cues that may be glued to prose are looked for.
        """
        found: list[Hits | None] = [None] * len(blocks)
        for first, last, full in _runs(blocks, candidates):
            begin, stop = blocks[first].start, blocks[last - 1].end
            automaton, meanings = (self._all, self._meanings) if full else (self._glued, self._glued_meanings)
            matches = automaton.find_matches_as_indexes(folded[begin:stop], overlapping=True)
            matches.sort(key=_by_start)
            index, block = first, blocks[first]
            for pattern, start, end in matches:
                start, end = start + begin, end + begin
                while block.end <= start:
                    index += 1
                    block = blocks[index]
                if start < block.start or end > block.end:
                    continue
                left, right = _free_left(folded, start, block.start), _free_right(folded, end, block.end)
                if not (left and right) and not _camel(original, start, end, left, right):
                    continue
                hits = found[index]
                if hits is None:
                    hits = found[index] = Hits()
                for meaning in meanings[pattern]:
                    self._record(hits, meaning, (start, end), free=left and right, source=source)
        return found

    def _record(self, hits: Hits, meaning: Meaning, at: tuple[int, int], *, free: bool, source: str | None) -> None:
        if isinstance(meaning, Cue):
            if (free or meaning.kind is Kind.GLUED) and meaning.source in (None, source):
                hits.cues.append(Hit(meaning, *at))
        elif not free:
            return
        elif meaning is None:
            hits.protected = hits.protected or "protected phrase"
        else:
            hits.voices[meaning] = hits.voices.get(meaning, 0) + 1


def _is_glued(meaning: Meaning) -> bool:
    return isinstance(meaning, Cue) and meaning.kind is Kind.GLUED


def _runs(blocks: Sequence[Block], candidates: Sequence[bool] | None) -> Iterator[tuple[int, int, bool]]:
    """Runs of neighbouring blocks that are all candidates, or all not: first, one past the last, which."""
    if candidates is None:
        candidates = [True] * len(blocks)
    first = 0
    for last in range(1, len(blocks) + 1):
        if last == len(blocks) or candidates[last] != candidates[first]:
            yield first, last, candidates[first]
            first = last


def _by_start(match: tuple[int, int, int]) -> int:
    return match[1]


def _spaceless(char: str) -> bool:
    return (
        "\u0e00" <= char <= "\u0eff" or "\u1000" <= char <= "\u109f" or "\u1780" <= char <= "\u17ff" or char >= "\u2e80"
    )


def _free_left(text: str, start: int, floor: int) -> bool:
    if start == floor:
        return True
    before, first = text[start - 1], text[start]
    return not (before.isalnum() and first.isalnum()) or _spaceless(first)


def _free_right(text: str, end: int, ceiling: int) -> bool:
    if end == ceiling:
        return True
    last, after = text[end - 1], text[end]
    return not (last.isalnum() and after.isalnum()) or _spaceless(last)


def _camel(original: str, start: int, end: int, left: bool, right: bool) -> bool:
    """Stuck to prose, yet told apart by its capitals: "Read moreFrench", "contentADVERTISEMENT"."""
    left = left or (original[start].isupper() and not original[start - 1].isupper())
    right = (
        right
        or (original[end].isupper() and not original[end - 1].isupper())
        or (original[end].isupper() and original[end + 1 : end + 2].islower())
    )
    return left and right


def letters_around(text: str, start: int, end: int, block: Block) -> tuple[bool, bool]:
    """Does the block hold a letter before `start`, and one after `end`?"""
    return _any_letter(text, block.start, start), _any_letter(text, end, block.end)


def _any_letter(text: str, start: int, end: int) -> bool:
    return any(char.isalpha() for char in text[start:end])
