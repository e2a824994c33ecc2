"""Text from anywhere as HTML text: escaped, shortened visibly, numbers for people.

Invisible characters that could reorder or hide what a reader sees are written out, so a hostile
document cannot forge the report. Direction marks that scripts need (ZWJ, ZWNJ, LRM, RLM) stay.
"""

from __future__ import annotations

#: Bidirectional embeddings, overrides and isolates, BOM, interlinear marks: harmless written out, misleading raw.
_REORDERING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, *range(0xFFF9, 0xFFFC))
_SURROGATES = range(0xD800, 0xE000)
_C0_KEPT = frozenset(b"\t\n\r")


def _table() -> dict[int, str]:
    table = {code: chr(0x2400 + code) for code in range(0x20) if code not in _C0_KEPT}
    table |= {code: f"⟨U+{code:04X}⟩" for code in (*range(0x80, 0xA0), *_REORDERING)}
    table |= dict.fromkeys(_SURROGATES, "\ufffd")
    return table | {0x7F: "\u2421", ord("\r"): "\n"}


_VISIBLE = _table()
_ESCAPED = _VISIBLE | {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("'"): "&#39;"}


def escape(text: str) -> str:
    """The text for HTML, in content and in quoted attributes alike; control characters become visible."""
    return text.replace("\r\n", "\n").translate(_ESCAPED)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters and an ellipsis: for table cells, not for articles.

    >>> shorten("abcdef", 3)
    'abc…'
    """
    return text if len(text) <= limit else f"{text[:limit].rstrip()}…"


def cell(value: object, limit: int = 200) -> str:
    """Any value of a row or of run.json as short escaped text; None is empty."""
    return "" if value is None else escape(shorten(str(value), limit))


def number(value: int) -> str:
    """An integer with thousands separated: 12,345."""
    return f"{value:,}"


def percent(part: float, whole: float) -> str:
    """The share with one decimal: 12.3 %; of nothing it is 0 %."""
    share = 100 * part / whole if whole else 0.0
    return f"{share:.1f}\u00a0%" if share % 100 else f"{share:.0f}\u00a0%"


def plural(count: int, noun: str) -> str:
    """The count with its noun: 1 span, 2 spans, 1,000 spans."""
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")
