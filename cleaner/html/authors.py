"""Authors' names out of what pages write in their place: without "by", job titles, addresses, prompts, outlets.

Names are only cut and left out here, never made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cleaner.language import calendar_words
from cleaner.phrases import one_of

#: More names, or longer ones, are a list of something else.
MAX_AUTHORS, MAX_NAME = 20, 60

_BY = re.compile("^" + one_of("before authors") + r"\s*:?\s+", re.IGNORECASE)
_SEPARATORS = re.compile(r"\s*(?:;|\||•|·|\n|、|，|/|,|\s" + one_of("between authors") + r"\s)\s*")
#: What a person does, or what the outlet calls those who write: no part of a name.
_ROLE = re.compile(r"\b" + one_of("roles") + r"\b", re.IGNORECASE)
#: What of an outlet a person reports on, before the word for the role.
_FIELD = re.compile(r"(?:\s+" + one_of("fields of roles") + ")+$", re.IGNORECASE)
#: A prompt behind a name.
_TAIL = re.compile(r"\s+" + one_of("behind authors") + r"\b.*$|\s*\(.*$|\s+@\w.*$", re.IGNORECASE)
#: What stands behind a name and is none.
_DEGREE = re.compile(
    r"(?:M\.?A|Ph\.?\s?D|M\.?D|R\.?N|MBA|M\.?Sc|B\.?Sc|J\.?D|Esq|LL\.?M|DVM|DDS|RD|RDN|CFP|CPA|PT|DPT)\.?"
)
_PROMPT = re.compile(
    r"@|https?:|www\.|\be-?mail\b|\bfollow\b|\bsee all\b|\bmore from\b|\bview\b|\bread\b|\bclick\b|\bupdated\b|"
    r"\bpublished\b|\bposted\b|\bshare\b|\bcomments?\b|\bname\b|"
    r"\brequired\b|\berforderlich\b|\bobligatoire\b|\d{2,}",
    re.IGNORECASE,
)
#: A lower-case letter before a capital: two fields that lost the space between them; not "McDonald", "DeVito".
_GLUED = re.compile(r"(?<=[a-zà-ÿ]{2})(?=[A-ZÀ-Þ][a-zà-ÿ])")
_WORD = re.compile(r"[^\W\d_]+")


def author_names(written: Iterable[str]) -> list[str]:
    """The names in what stands in the authors' place, in order, each once.

    >>> author_names(["By Clara IdeSenior Reporter", "Senior Reporter", "Ada Holm and Jan Brand"])
    ['Clara Ide', 'Ada Holm', 'Jan Brand']
    """
    by_key: dict[str, str] = {}
    for text in written:
        for part in _SEPARATORS.split(" ".join(text.split())):
            name = _name(part)
            if name:
                by_key.setdefault(name.casefold(), name)
    names = list(by_key.values())[:MAX_AUTHORS]
    return [name for name in names if not any(_is_part(name, other) for other in names)]


def _is_part(name: str, other: str) -> bool:
    return name != other and f" {name} " in f" {other} "


def _cut(tail: re.Pattern[str], part: str) -> str:
    """The part without what is no name at its end, where a name of two words is left."""
    before = tail.sub("", part).strip(" ,-–—:(|")
    return before if len(_WORD.findall(before)) >= 2 else part


def _without_date(part: str) -> str:
    """The part without a month or a weekday behind a name of two words."""
    words = part.split()
    while len(words) > 2 and words[-1].strip(",.").casefold() in calendar_words():
        words.pop()
    return " ".join(words).rstrip(",")


def _name(part: str) -> str:
    part = _BY.sub("", part.strip(" \t,.-–—:()[]\"'"))
    parts = _GLUED.split(part)
    if len(parts) > 1 and _ROLE.search(parts[-1]):
        part = "".join(parts[:-1]).strip()
    part = _cut(_TAIL, part)
    part = _without_date(part)
    role = _ROLE.search(part)
    if role:
        before = _cut(_FIELD, part[: role.start()].strip(" ,-–—:("))
        part = before if len(_WORD.findall(before)) >= 2 else ""
    words = _WORD.findall(part)
    if (
        not words
        or _DEGREE.fullmatch(part)
        or len(part) > MAX_NAME
        or _PROMPT.search(part)
        or (part == part.lower() and part.isascii())
    ):
        return ""
    return part
