"""Which shapes a block may have, and whether it may be code, by its characters: before expressions are tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple, Protocol

from cleaner import accelerator
from cleaner.heuristics.patterns import PATTERNS, STOPS, Pattern, candidates

#: Whether anything can be seen of a block is asked of so many characters.
HEAD = 64
_CODED, _UNSEEN = 1, 2


class _Finder(Protocol):
    """The accelerator's `Signs`."""

    def find(self, texts: list[str]) -> list[tuple[int, int, int]]:
        """Of the texts that may be something: number, a bit for each pattern, `_CODED` and `_UNSEEN`."""


class Signs(NamedTuple):
    """What a block may be."""

    patterns: tuple[Pattern, ...]
    coded: bool  # it holds a brace, a semicolon or the end of an element
    unseen: bool  # its head holds only what cannot be seen


def signs_of(texts: Sequence[str]) -> dict[int, Signs]:
    """Of the texts that may be one of these, by their number, what they may be."""
    if accelerator.compiled is None:
        return dict(_signs_of(texts))
    return {
        number: Signs(_with(shapes), bool(looks & _CODED), bool(looks & _UNSEEN))
        for number, shapes, looks in _compiled().find(list(texts))
    }


def _signs_of(texts: Sequence[str]) -> Iterator[tuple[int, Signs]]:
    """The reference that the accelerator is held to."""
    for number, text in enumerate(texts):
        shapes, coded = candidates(text), "{" in text or ";" in text or "</" in text
        unseen = _is_unseen(text[:HEAD])
        if shapes or coded or unseen:
            yield number, Signs(shapes, coded, unseen)


def _is_unseen(head: str) -> bool:
    if head.isprintable() and not head.isspace():  # nearly always
        return False
    return not any(char.isprintable() and not char.isspace() for char in head)


@cache
def _compiled() -> _Finder:
    assert accelerator.compiled is not None
    rows = tuple(
        (pattern.longest, pattern.needs, pattern.ends, pattern.is_open, pattern.words, pattern.counts)
        for pattern in PATTERNS
    )
    finder: _Finder = accelerator.compiled.Signs(rows, "".join(STOPS))
    return finder


@lru_cache(maxsize=4096)
def _with(bits: int) -> tuple[Pattern, ...]:
    return tuple(pattern for number, pattern in enumerate(PATTERNS) if bits >> number & 1)
