"""Words and phrases of languages that the code looks for besides cues: the lists of `data/languages/phrases.txt`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources


def phrases(name: str) -> tuple[str, ...]:
    """The entries of a list, each as it is written in a regular expression. Raises KeyError where there is none."""
    return _lists()[name]


def one_of(name: str) -> str:
    """The expression that matches one entry of a list, the first that fits.

    >>> one_of("of")
    '(?:/|of|von|de|sur|di|van|z|из)'
    """
    return f"(?:{'|'.join(phrases(name))})"


@cache
def _lists() -> Mapping[str, tuple[str, ...]]:
    file = resources.files("cleaner") / "data" / "languages" / "phrases.txt"
    lists: dict[str, list[str]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            entries = lists.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            entries.append(line)
    return {name: tuple(entries) for name, entries in lists.items()}
