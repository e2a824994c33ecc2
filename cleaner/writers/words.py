"""Counts, shares and names as people read them, the same everywhere: 1 document, 12,345 documents, 12.3 %."""

from __future__ import annotations

#: Characters that are searched for a first line.
FIRST = 2_000


def number(value: int) -> str:
    """An integer with thousands separated.

    >>> number(12345)
    '12,345'
    """
    return f"{value:,}"


def plural(count: int, noun: str) -> str:
    """The count with its noun.

    >>> plural(1, "document"), plural(1000, "document")
    ('1 document', '1,000 documents')
    """
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")


def share(part: float, whole: float) -> str:
    """The share with one decimal; of nothing it is 0 %, and what is less than all is never 100.0 %.

    >>> share(1, 8), share(1, 1), share(9999, 10000)
    ('12.5 %', '100 %', '99.9 %')
    """
    percent = 100 * part / whole if whole else 0.0
    return f"{min(percent, 99.9):.1f} %" if percent % 100 else f"{percent:.0f} %"


def duration(seconds: float) -> str:
    """Hours, minutes, seconds.

    >>> duration(3725)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters and an ellipsis: for cells of a table and names, not for articles.

    >>> shorten("abcdef", 3)
    'abc…'
    """
    return text if len(text) <= limit else f"{text[:limit].rstrip()}…"


def first_line(text: str, limit: int) -> str:
    """The first line of a text that says something, shortened: what names a text that has no title.

    >>> first_line("\\n The council met on Monday.\\nIt rained.", 15)
    'The council met…'
    """
    lines = (line.strip() for line in text[:FIRST].splitlines())
    return shorten(next((line for line in lines if line), ""), limit)
