"""Text from anywhere as text that a page can show: what would reorder or hide what a reader sees is written out.

A hostile document cannot forge the report. Direction marks that scripts need (ZWJ, ZWNJ, LRM, RLM) stay. Escaping for
HTML is the templates'.
"""

from __future__ import annotations

from markupsafe import Markup

from cleaner.writers.words import share, shorten

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


def visible(value: object) -> object:
    """What a template puts out: text with control characters made visible; markup and all else as it is."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return visible_text(value)


def visible_text(text: str) -> str:
    """The text with control characters made visible, and only one kind of line end."""
    return text.replace("\r\n", "\n").translate(_VISIBLE)


def cell(value: object, limit: int = 200) -> str:
    """Any value of a row or of run.json as short text; None is empty."""
    return "" if value is None else shorten(str(value), limit)


def wide_share(part: float, whole: float) -> str:
    """A share that no line break parts from its sign: 12.3 %."""
    return share(part, whole).replace(" ", "\u00a0")
