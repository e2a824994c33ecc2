"""Language data: cue tables and word lists, loaded from data/languages/<code>/; nothing else opens it.

A language is a folder with cues.toml (format: docs/cues.md). `und` holds what is the same in every
language. Refuses a table with an unknown label, an unknown kind or an unknown section, naming the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from cleaner.labels import Label

Member = TypeVar("Member", bound=StrEnum)

#: What holds in every language: agencies, URLs, brands, crumbs that are spelt alike.
UNDETERMINED = "und"
#: Languages that share a table.
SAME_TABLE = {"nb": "no", "nn": "no", "iw": "he", "yue": "zh"}


#: A user's own cue outweighs what the model thinks of a block.
USER_FACTOR = 4.0


class Kind(StrEnum):
    """How a cue must stand in a block to count. Cues are compared without case."""

    WHOLE = "whole"  # is the whole block (but for punctuation, digits and symbols around it)
    START = "start"  # opens the block
    END = "end"  # closes the block
    ANY = "any"  # anywhere in a block: strong evidence in a short block, weaker in a long one
    WEAK = "weak"  # anywhere: needs company of other evidence
    GLUED = "glued"  # may be stuck to prose at a block's start or end; only the cue itself is cut
    OPENER = "opener"  # opens a box: the short blocks after it share its label


class Voice(StrEnum):
    """Words that tell who speaks to whom: sections under [voice]."""

    SALUTATION = "salutation"  # "dear readers": opens a letter
    WE = "we"  # first person plural
    YOU = "you"  # addressed reader
    OUTLET = "outlet"  # what an outlet calls itself and its work: "our journalism"
    ASK = "ask"  # verbs of asking for money: "donate", "support us"
    MONEY = "money"  # amounts and intervals: "one-time", "per month"
    THANKS = "thanks"  # "thank you for"
    SAID = "said"  # verbs of reporting: they speak for body


class CueError(ValueError):
    """A cue table cannot be used; the message names the file, the entry and what is allowed."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase that speaks for a label when it stands in a block as its kind says."""

    phrase: str  # lower case, straight quotes, single spaces
    label: Label
    kind: Kind
    origin: str  # language code or file name, for the reasons
    source: str | None = None  # only in documents of this source
    factor: float = 1.0  # of its weight


@dataclass(frozen=True, slots=True)
class CueTable:
    """The contents of one cues.toml."""

    cues: tuple[Cue, ...] = ()
    voice: tuple[tuple[Voice, str], ...] = ()
    protect: tuple[str, ...] = ()  # phrases; a block holding one is never removed
    months: tuple[str, ...] = ()

    def __add__(self, other: CueTable) -> CueTable:
        return CueTable(
            self.cues + other.cues, self.voice + other.voice, self.protect + other.protect, self.months + other.months
        )


def fold(text: str) -> str:
    """Lower case with straight quotes and plain spaces; the same length as `text`, so offsets carry over."""
    lowered = text.lower()
    if len(lowered) != len(text):  # 'İ' and a few more grow when lowered
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    if not lowered.isascii():
        lowered = lowered.replace("’", "'").replace("\u00a0", " ").replace("\u202f", " ").replace("‘", "'")
    return lowered


def parse_table(table: Mapping[str, Any], origin: str) -> CueTable:
    """One cue table from its TOML contents. Raises CueError naming `origin` and the entry."""
    cues: list[Cue] = []
    for name, section in table.items():
        if name in ("voice", "protect", "months", "source", "about"):
            continue
        cues += _cues(name, section, origin, source=None)
    for source, sections in table.get("source", {}).items():
        for name, section in sections.items():
            cues += _cues(name, section, origin, source=source)
    voice = tuple(
        (_member(Voice, key, origin), _phrase(phrase, f"{origin} [voice] {key}"))
        for key, phrases in table.get("voice", {}).items()
        for phrase in phrases
    )
    protect = tuple(_phrase(p, f"{origin} [protect]") for p in table.get("protect", {}).get("phrases", ()))
    months = tuple(_phrase(m, f"{origin} [months]") for m in table.get("months", {}).get("names", ()))
    return CueTable(tuple(cues), voice, protect, months)


def _cues(name: str, section: Any, origin: str, *, source: str | None) -> Iterable[Cue]:
    if not isinstance(section, Mapping):
        raise CueError(f"{origin}: [{name}] must be a table of kind = [phrases]")
    label = _member(Label, name, origin)
    for key, phrases in section.items():
        kind = _member(Kind, key, f"{origin} [{name}]")
        if not isinstance(phrases, list):
            raise CueError(f"{origin} [{name}] {key}: must be a list of phrases")
        for phrase in phrases:
            yield Cue(_phrase(phrase, f"{origin} [{name}] {key}"), label, kind, origin, source)


def _phrase(value: Any, where: str) -> str:
    folded = " ".join(fold(value).split()) if isinstance(value, str) else ""
    if not folded:
        raise CueError(f"{where}: {value!r} is not a phrase; give a string that is not blank")
    return folded


def _member(kind: type[Member], value: str, where: str) -> Member:
    try:
        return kind(value)
    except ValueError:
        raise CueError(f"{where}: unknown {kind.__name__.lower()} {value!r}; known are {', '.join(kind)}") from None


def read_cues(path: Path) -> CueTable:
    """A user's own cue table (`--cues FILE`). Raises CueError when it cannot be read or used."""
    try:
        table = parse_table(tomllib.loads(path.read_text(encoding="utf-8")), path.name)
        return replace(table, cues=tuple(replace(cue, factor=USER_FACTOR) for cue in table.cues))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CueError(f"{path}: cannot be read as a cue table ({error}); the format is in docs/cues.md") from error


@cache
def available() -> frozenset[str]:
    """Codes of the languages that have a folder of their own."""
    root = resources.files("cleaner") / "data" / "languages"
    return frozenset(entry.name for entry in root.iterdir() if (entry / "cues.toml").is_file())


@cache
def load(code: str) -> CueTable:
    """The shipped table of one language. Raises CueError for a code that is not available."""
    if code not in available():
        raise CueError(f"no cue table for {code!r}; there are {', '.join(sorted(available()))}")
    file = resources.files("cleaner") / "data" / "languages" / code / "cues.toml"
    return parse_table(tomllib.loads(file.read_text(encoding="utf-8")), code)


def tables_for(code: str | None) -> CueTable:
    """What is tried on a document of this language: its own table, English (crumbs are English everywhere), `und`."""
    codes = dict.fromkeys([SAME_TABLE.get(code or "", code), "en", UNDETERMINED])
    total = CueTable()
    for each in codes:
        if each in available():
            total += load(each)
    return total
