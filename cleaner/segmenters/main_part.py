"""Whether a line is in a page's main part, by the text that an extractor chose.

Lines are compared by runs of words, since the extractor joins, cuts and normalises text in its own way.
"""

from __future__ import annotations

import re

#: Words in a run. Three tell an article's sentence from a teaser on the same matter.
RUN = 3
#: At least this share of a line's runs must be in the main text: links and footnotes inside a line go missing.
MIN_SHARE = 0.5

#: Words; in scripts without spaces between them, single characters.
_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")


class MainPart:
    """The main text of a page, ready to be asked about lines; an empty one holds every line."""

    __slots__ = ("_lines", "_runs")

    def __init__(self, text: str, title: str = "") -> None:
        lines = [tuple(_words(line)) for line in text.splitlines()]
        self._lines = frozenset(line for line in lines if line)
        if self._lines:  # extractors keep the title apart
            self._lines |= {tuple(_words(title))}
        self._runs = _runs([word for line in lines for word in line])

    def holds(self, line: str) -> bool:
        """Whether a line is in the main part; a line of few words must be one there as well."""
        words = _words(line)
        if not self._lines or not words or tuple(words) in self._lines:
            return True
        runs = _runs(words)
        return bool(runs) and len(words) > RUN and len(runs & self._runs) >= MIN_SHARE * len(runs)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _runs(words: list[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(zip(*(words[i:] for i in range(RUN)), strict=False))
