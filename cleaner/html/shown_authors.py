"""The authors that a page shows its readers, for pages that state none to programs.

Looked for in links to authors' pages, in elements named for authors' names, in lines that open with "by" near the
headline, then in elements named for authors alone: of those only names of two words count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from selectolax.lexbor import LexborHTMLParser

from cleaner.html.authors import author_names
from cleaner.html.near_headline import line_of
from cleaner.phrases import one_of

#: So many elements of a kind are looked at.
MAX_NAMED = 30
_LINKS = '[rel~="author"], a[href*="/author/"], a[href*="/authors/"]'
_NAMES = '[class*="author" i][class*="name" i], [class*="byline" i][class*="name" i], [class*="author" i] .fn'
_BYLINES = '[class*="byline" i], [class*="author" i] a, a[class*="author" i], :is(span, div, p)[class*="author" i]'
_BY = re.compile("^" + one_of("before shown authors") + r"\b\s*:?\s+(.{3,60})$", re.IGNORECASE)
_AFTER_NAMES = re.compile(r"\s[|•·–—-]\s|\d")


def shown_authors(tree: LexborHTMLParser, near: Sequence[str]) -> list[str]:
    """The names of a page's authors, or none. near: the lines around its headline."""
    return next((names for names in _told(tree, near) if names), [])


def _told(tree: LexborHTMLParser, near: Sequence[str]) -> Iterator[list[str]]:
    for selector in (_LINKS, _NAMES):
        yield from (author_names([line_of(node)]) for node in tree.css(selector)[:MAX_NAMED])
    for line in near:
        if opening := _BY.match(line):
            yield author_names([_AFTER_NAMES.split(opening[1])[0]])
    for node in tree.css(_BYLINES)[:MAX_NAMED]:
        yield [name for name in author_names([line_of(node)]) if " " in name and "*" not in name]
