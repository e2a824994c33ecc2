"""Finds every cue of a table in a document in one pass (Aho-Corasick), and assigns it to its block.

A cue counts only as its kind says (whole block, start, end, anywhere …) and at word boundaries;
scripts without spaces need none. The pass is linear in the text, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol

from ahocorasick_rs import AhoCorasick

from cleaner import accelerator
from cleaner.document import Block
from cleaner.heuristics.cues import Cue, CueTable, Kind, Protected, Voice

#: What a phrase stands for: a cue, a voice, or what is never removed.
Meaning = Cue | Voice | Protected


class Hit(NamedTuple):
    """A cue found in a block, in offsets of the rendering."""

    cue: Cue
    start: int
    end: int


@accelerator.quick
@dataclass(slots=True)
class Hits:
    """What one block holds."""

    cues: list[Hit] = field(default_factory=list)
    voices: dict[Voice, int] = field(default_factory=dict)
    protected: str = ""


SURROGATE = re.compile("[\ud800-\udfff]")
#: Cues kept of a block: more say nothing new, and a line of one cue repeated must not take time by its square.
MOST_HITS = 60
#: Voices by which an appeal gives itself away even where it reads like the article.
APPEALING = frozenset({Voice.SALUTATION, Voice.ASK, Voice.OUTLET, Voice.THANKS})
#: With so many different ones in a block, it and its neighbours up to this distance are searched for all cues.
APPEAL_VOICES, APPEAL_REACH = 2, 3


#: What a block has that holds a phrase of somebody's that is never removed.
PROTECTED = "protected phrase"
#: What a phrase stands for, as the accelerator is told (phrases.h): a cue that counts anywhere, one that may be glued
#: to a word, one that says nothing behind a letter of its block, one that says nothing before one; a voice; protection.
_ANYWHERE, _GLUED, _BEGINS, _ENDS, _VOICE, _PROTECTED = range(6)
_ROLES = {
    Kind.ANY: _ANYWHERE, Kind.WEAK: _ANYWHERE, Kind.OPENER: _ANYWHERE, Kind.GLUED: _GLUED,
    Kind.START: _BEGINS, Kind.WHOLE: _BEGINS, Kind.END: _ENDS,
}  # fmt: skip


class _Finder(Protocol):
    """The accelerator's `Phrases`."""

    def find(
        self,
        hits_of_block: list[Hits | None],
        folded: str,
        original: str,
        blocks: Sequence[Block],
        wanted: bytes | None,
        source: str | None,
        /,
    ) -> int:
        """Records what the wanted blocks hold (None: all); the most different voices of an appeal in one of them."""


class _Table:
    """Phrases, and what each stands for."""

    def __init__(self, meanings: Mapping[str, list[Meaning]]) -> None:
        self._phrases = sorted(meanings, key=len)
        self.meanings = [meanings[phrase] for phrase in self._phrases]

    @cached_property
    def automaton(self) -> AhoCorasick:
        """The phrases compiled for Python."""
        return AhoCorasick(self._phrases)

    @cached_property
    def compiled(self) -> _Finder:
        """The phrases as the accelerator has them."""
        assert accelerator.compiled is not None
        meanings = [tuple(map(_told, phrase_meanings)) for phrase_meanings in self.meanings]
        finder: _Finder = accelerator.compiled.Phrases(self._phrases, meanings, Hit, Hits, PROTECTED, MOST_HITS)
        return finder


def _told(meaning: Meaning) -> tuple[int, Meaning, str | None]:
    """What a phrase stands for, as the accelerator is told: role, meaning, the only source where it counts."""
    if isinstance(meaning, Cue):
        return _ROLES[meaning.kind], meaning, meaning.source
    return (_PROTECTED, meaning, meaning.source) if isinstance(meaning, Protected) else (_VOICE, meaning, None)


class Matcher:
    """A compiled cue table; build once per language and use for many documents."""

    __slots__ = ("_all", "_light")

    def __init__(self, table: CueTable) -> None:
        meanings: dict[str, list[Meaning]] = {}
        for cue in dict.fromkeys(table.cues):
            meanings.setdefault(cue.phrase, []).append(cue)
        for voice, phrase in dict.fromkeys(table.voice):
            meanings.setdefault(phrase, []).append(voice)
        for protected in dict.fromkeys(table.protect):
            meanings.setdefault(protected.phrase, []).append(protected)
        light = {
            phrase: light_meanings
            for phrase, phrase_meanings in meanings.items()
            if (light_meanings := [meaning for meaning in phrase_meanings if _is_light(meaning)])
        }
        self._all, self._light = _Table(meanings), _Table(light)

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

        Blocks that are no candidates (default: all are) are searched only for cues that may be glued to prose and
        for the voices of an appeal; where these are heard, for everything.
        """
        text = _Text(folded, original, blocks, source)
        return (self._find if accelerator.compiled is None else self._find_at_once)(text, candidates)

    def _find_at_once(self, text: _Text, candidates: Sequence[bool] | None) -> list[Hits | None]:
        """The accelerator's way: as `_find`, one call for each table."""
        hits_of_block: list[Hits | None] = [None] * len(text.blocks)
        given = text.folded, text.original, text.blocks
        wanted = None
        if candidates is not None:
            others = bytes(not candidate for candidate in candidates)
            most_voices = self._light.compiled.find(hits_of_block, *given, others, text.source)
            flags = candidates if most_voices < APPEAL_VOICES else _widened(candidates, hits_of_block)
            for index in range(len(flags)) if flags is not candidates else ():
                if flags[index]:
                    hits_of_block[index] = None
            wanted = bytes(flags)
        self._all.compiled.find(hits_of_block, *given, wanted, text.source)
        return hits_of_block

    def _find(self, text: _Text, candidates: Sequence[bool] | None) -> list[Hits | None]:
        """The reference that the accelerator is held to."""
        hits_of_block: list[Hits | None] = [None] * len(text.blocks)
        if candidates is None:
            _search(self._all, text, hits_of_block, range(len(text.blocks)))
            return hits_of_block
        for run in _runs(candidates, wanted=False):
            _search(self._light, text, hits_of_block, run)
        for run in _runs(_widened(candidates, hits_of_block), wanted=True):
            for index in run:
                hits_of_block[index] = None
            _search(self._all, text, hits_of_block, run)
        return hits_of_block


@accelerator.quick
@dataclass(frozen=True, slots=True)
class _Text:
    folded: str
    original: str
    blocks: Sequence[Block]
    source: str | None


def _search(table: _Table, text: _Text, hits_of_block: list[Hits | None], run: range) -> None:
    """Looks for a table's phrases in a run of neighbouring blocks."""
    if not run:
        return
    folded, blocks, index, counted = text.folded, text.blocks, run.start, 0
    block = blocks[index]
    begin = block.start
    matches = _matches(table.automaton, folded[begin : blocks[run.stop - 1].end])
    for pattern, start, end in matches:
        start, end = start + begin, end + begin
        while block.end <= start:
            index, counted = index + 1, 0
            block = blocks[index]
        if start < block.start or end > block.end:
            continue
        left, right = _free_left(folded, start, block.start), _free_right(folded, end, block.end)
        if not (left and right) and not _camel(text.original, start, end, left, right):
            continue
        hits = hits_of_block[index]
        if hits is None:
            hits = hits_of_block[index] = Hits()
        for meaning in table.meanings[pattern]:
            if isinstance(meaning, Cue):
                counted += _record_cue(hits, meaning, (start, end), text, block, free=left and right, counted=counted)
            elif left and right:
                _record(hits, meaning, text.source)


def _record_cue(
    hits: Hits, cue: Cue, place: tuple[int, int], text: _Text, block: Block, *, free: bool, counted: int
) -> bool:
    """Is it one more cue of those that are counted in a block? What cannot stand as its kind says is not kept."""
    if not (free or cue.kind is Kind.GLUED) or cue.source not in (None, text.source) or counted >= MOST_HITS:
        return False
    start, end = place
    stands = _ROLES[cue.kind]
    unheard = (stands == _BEGINS and _any_letter(text.folded, block.start, start)) or (
        stands == _ENDS and _any_letter(text.folded, end, block.end)
    )
    if not unheard:
        hits.cues.append(Hit(cue, start, end))
    return True


def _record(hits: Hits, meaning: Voice | Protected, source: str | None) -> None:
    if isinstance(meaning, Voice):
        hits.voices[meaning] = hits.voices.get(meaning, 0) + 1
    elif meaning.source in (None, source):
        hits.protected = PROTECTED


def _is_light(meaning: Meaning) -> bool:
    return meaning in APPEALING or (isinstance(meaning, Cue) and meaning.kind is Kind.GLUED)


def _widened(candidates: Sequence[bool], hits_of_block: Sequence[Hits | None]) -> list[bool]:
    """The candidates, and the blocks in and around which an appeal may be heard."""
    wide = list(candidates)
    for index, hits in enumerate(hits_of_block):
        if hits is not None and len(hits.voices) >= APPEAL_VOICES:
            for near in range(max(0, index - APPEAL_REACH), min(len(wide), index + APPEAL_REACH + 1)):
                wide[near] = True
    return wide


def _runs(flags: Sequence[bool], *, wanted: bool) -> Iterator[range]:
    """Runs of neighbouring blocks whose flag is as wanted."""
    first = 0
    for index in range(len(flags) + 1):
        if index == len(flags) or flags[index] is not wanted:
            if index > first:
                yield range(first, index)
            first = index + 1


def _matches(automaton: AhoCorasick, text: str) -> list[tuple[int, int, int]]:
    """All matches (pattern, start, end) by their start."""
    return sorted(matches_of(automaton, text), key=_by_start)


def matches_of(automaton: AhoCorasick, text: str) -> list[tuple[int, int, int]]:
    """All matches (pattern, start, end), by their end; lone surrogates, which UTF-8 cannot hold, match nothing."""
    try:
        return automaton.find_matches_as_indexes(text, overlapping=True)
    except UnicodeEncodeError:
        return automaton.find_matches_as_indexes(SURROGATE.sub("\ufffd", text), overlapping=True)


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


def stands_as(kind: Kind, text: str, start: int, end: int, block: Block) -> bool:
    """Does a cue of this kind stand where it must: as the whole block, at its start, at its end?"""
    if kind is not Kind.END and _any_letter(text, block.start, start):
        return False
    return kind not in (Kind.WHOLE, Kind.END) or not _any_letter(text, end, block.end)


def letters_around(text: str, start: int, end: int, block: Block) -> tuple[bool, bool]:
    """Does the block hold a letter before `start`, and one after `end`?"""
    return _any_letter(text, block.start, start), _any_letter(text, end, block.end)


def _any_letter(text: str, start: int, end: int) -> bool:
    if start >= end:
        return False
    if text[start].isalpha() or (start + 1 < end and text[start + 1].isalpha()):
        return True  # nearly always
    return any(map(str.isalpha, text[start:end]))
