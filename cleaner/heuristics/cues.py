"""Language data: cue tables and word lists, loaded from data/languages/<code>/; nothing else opens it.

A language is a folder with cues.toml (format: docs/cues.md). `und` holds what is the same in every
language. Refuses a table with an unknown label, an unknown kind or an unknown section, naming the file.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TypeVar

from cleaner import accelerator
from cleaner.labels import Label

Member = TypeVar("Member", bound=StrEnum)

#: What holds in every language: agencies, URLs, brands, crumbs that are spelt alike.
UNDETERMINED = "und"
#: Languages that share a table.
SAME_TABLE = {
    "nb": "no", "nn": "no", "iw": "he", "yue": "zh", "ms": "id", "hr": "sr", "bs": "sr", "sh": "sr", "fil": "tl",
}  # fmt: skip


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
class Protected:
    """A phrase; a block that holds it is never removed."""

    phrase: str
    source: str | None = None  # only in documents of this source


@dataclass(frozen=True, slots=True)
class CueTable:
    """The contents of one cues.toml."""

    cues: tuple[Cue, ...] = ()
    voice: tuple[tuple[Voice, str], ...] = ()
    protect: tuple[Protected, ...] = ()

    def __add__(self, other: CueTable) -> CueTable:
        return CueTable(self.cues + other.cues, self.voice + other.voice, self.protect + other.protect)


def fold(text: str) -> str:
    """Lower case with straight quotes and plain spaces; the same length as `text`, so offsets carry over."""
    if accelerator.compiled is not None and (folded := accelerator.compiled.fold(text)) is not None:
        return folded  # type: ignore[no-any-return]
    return _fold(text)


def _fold(text: str) -> str:
    """The reference that the accelerator is held to."""
    lowered = text.lower()
    if len(lowered) != len(text):  # 'İ' and a few more grow when lowered
        lowered = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    if not lowered.isascii():
        lowered = lowered.replace("’", "'").replace("\u00a0", " ").replace("\u202f", " ").replace("‘", "'")
    return lowered


def parse_table(table: Mapping[str, object], origin: str) -> CueTable:
    """One cue table from its TOML contents. Raises CueError naming `origin` and the entry for all it does not know."""
    cues: list[Cue] = []
    voice: list[tuple[Voice, str]] = []
    protect: list[Protected] = []
    for name, section in table.items():
        where = f"{origin} [{name}]"
        if name == "about":
            continue
        elif name == "voice":
            for key, phrases in _section(section, where).items():
                speaker = _member(Voice, key, where)
                voice += ((speaker, phrase) for phrase in _phrases(phrases, f"{where} {key}"))
        elif name == "protect":
            protect += _protected(section, where, source=None)
        elif name == "months":
            _names(section, where)
        elif name == "source":
            for source, sections in _section(section, where).items():
                for inner, part in _section(sections, f"{where} {source}").items():
                    inside = f'{origin} [source."{source}".{inner}]'
                    if inner == "protect":
                        protect += _protected(part, inside, source=source)
                    else:
                        cues += _cues(inner, part, inside, origin=origin, source=source)
        else:
            cues += _cues(name, section, where, origin=origin, source=None)
    return CueTable(tuple(cues), tuple(voice), tuple(protect))


def _cues(name: str, section: object, where: str, *, origin: str, source: str | None) -> Iterable[Cue]:
    label = _member(Label, name, where)
    for key, phrases in _section(section, where).items():
        kind = _member(Kind, key, where)
        for phrase in _phrases(phrases, f"{where} {key}"):
            yield Cue(phrase, label, kind, origin, source)


def _protected(section: object, where: str, *, source: str | None) -> Iterable[Protected]:
    for key, phrases in _section(section, where).items():
        if key != "phrases":
            raise CueError(f"{where}: unknown key {key!r}; known is phrases")
        yield from (Protected(phrase, source) for phrase in _phrases(phrases, f"{where} {key}"))


def _names(section: object, where: str) -> None:
    for key, phrases in _section(section, where).items():
        if key != "names":
            raise CueError(f"{where}: unknown key {key!r}; known is names")
        list(_phrases(phrases, f"{where} {key}"))


def _section(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise CueError(f"{where}: must be a table of lists, not {_type_name(value)}; docs/cues.md shows one")
    return value


def _phrases(value: object, where: str) -> Iterable[str]:
    if not isinstance(value, list | tuple):
        raise CueError(f'{where}: must be a list of phrases, such as ["read more"], not {_type_name(value)}')
    return [_phrase(phrase, where) for phrase in value]


def _type_name(value: object) -> str:
    return f"{type(value).__name__} {str(value)[:40]!r}"


def _phrase(value: object, where: str) -> str:
    folded = " ".join(fold(value).split()) if isinstance(value, str) else ""
    if not folded:
        raise CueError(f"{where}: {value!r} is not a phrase; give a string that is not blank")
    return folded


def _member(kind: type[Member], value: str, where: str) -> Member:
    try:
        return kind(value)
    except ValueError:
        raise CueError(f"{where}: unknown {kind.__name__.lower()} {value!r}; known are {', '.join(kind)}") from None


def user_table(table: Mapping[str, object], origin: str) -> CueTable:
    """A user's own cue table from its contents: its cues outweigh what the model thinks. Raises CueError."""
    if "months" in table:
        raise CueError(f"{origin} [months]: cannot be part of a table of yours; names of months are known")
    parsed = parse_table(table, origin)
    return replace(parsed, cues=tuple(replace(cue, factor=USER_FACTOR) for cue in parsed.cues))


def read_cues(path: Path) -> CueTable:
    """A user's own cue table (`--cues FILE`). Raises CueError when it cannot be read or used, with the line."""
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:  # not TOML, too deep, a number of thousands of digits
        why = error.strerror if isinstance(error, OSError) else error
        raise CueError(f"{path}: cannot be read as a cue table ({why}); the format is in docs/cues.md") from error
    try:
        return user_table(table, path.name)
    except CueError as error:
        line = _line_of(text, str(error).removeprefix(path.name))
        raise CueError(f"{path}{f', line {line}' if line else ''}:{str(error).removeprefix(path.name)}") from None


def _line_of(text: str, message: str) -> int:
    """The line that an error of `parse_table` is about: that of its key, else of its section; 0 for none found."""
    named = re.match(r" \[(?P<section>[^\n]*?)\](?: (?P<key>[^:\n]+))?:(?: unknown \w+ '(?P<unknown>[^']*)')?", message)
    if named is None:
        return 0
    section, key = named["section"], named["key"] or named["unknown"] or "\0"
    section_line = key_line = 0
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.startswith("["):
            inside = bare.strip("[] ").replace("'", '"') == section
            section_line = section_line or (number if inside else 0)
        elif not section_line and re.match(rf"{re.escape(section)}\s*=", bare):
            return number
        elif section_line and inside and re.match(rf"{re.escape(key)}\s*=", bare):
            key_line = key_line or number
    return key_line or section_line


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
    text = file.read_text(encoding="utf-8")
    return parse_table(plain_table(text) or tomllib.loads(text), code)


#: A comment, a section, a list of strings: what the shipped tables are written in.
_PLAIN = re.compile(
    r"""\s*(?:\#[^\n]*
    | \[(?P<section>[a-z]+)\]
    | (?P<key>[a-z_]+)[ ]=[ ]\[(?P<list>(?:\s*"[^"\\\n]*(?:\\"[^"\\\n]*)*"(?:,|(?=\s*\])))*)\s*\]
    )[ ]*(?:\n|$)\n*""",
    re.VERBOSE,
)


def plain_table(text: str) -> dict[str, dict[str, list[str]]] | None:
    """TOML that is written as the shipped tables are, in a sixth of the time that TOML at large takes; else None."""
    table: dict[str, dict[str, list[str]]] = {}
    section, at = "", 0
    while at < len(text):
        match = _PLAIN.match(text, at)
        if match is None or (match["key"] and (not section or match["key"] in table[section])):
            return None
        if match["section"]:
            section = match["section"]
            if section in table:
                return None
            table[section] = {}
        elif match["key"]:
            table[section][match["key"]] = json.loads(f"[{match['list'].rstrip().removesuffix(',')}]")
        at = match.end()
    return table


def tables_for(code: str | None) -> CueTable:
    """What is tried on a document of this language: its own table, English (crumbs are English everywhere), `und`."""
    codes = dict.fromkeys([SAME_TABLE.get(code or "", code), "en", UNDETERMINED])
    total = CueTable()
    for code in codes:
        if code in available():
            total += load(code)
    return total
