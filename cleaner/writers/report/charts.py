"""Small inline SVG plots: bars that keep their text size at any width.

Positions are percentages and pixels, without a viewBox, so a phone shows the same type as a desk.
Every plot is an image with a spoken summary, and says its numbers in words; colour only helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cleaner.writers.report.html_text import escape, percent, plural, shorten

_ROW = 44  # pixels per bar: a line of text, the bar, the second bar, air
_TEXT = 14  # baseline of a row's text
_NAME = 34  # characters of a name that fit beside its value on a phone 360 pixels wide
_LEAST = 0.4  # percent: a bar for something is never invisible


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a plot: what it is called, how long it is, what is written beside it."""

    name: str
    value: float
    caption: str  # the value in words
    second: float | None = None  # another measure, drawn as a thinner bar below
    css: str = ""  # class that gives the colour


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a whole, for `stacked`."""

    name: str
    count: int
    css: str


def bars(heading: str, rows: Sequence[Bar], *, top: float | None = None) -> str:
    """A horizontal bar plot as an `svg` element; `top` fixes the length of the full width, such as 1 for shares."""
    first = top or max((bar.value for bar in rows), default=0)
    second = max((bar.second or 0 for bar in rows), default=0)
    spoken = f"{heading}: " + "; ".join(f"{bar.name}, {bar.caption}" for bar in rows)
    drawn = "".join(_bar(bar, index * _ROW, first, second) for index, bar in enumerate(rows))
    return (
        f'<svg class="plot" role="img" aria-label="{escape(spoken)}" width="100%" height="{len(rows) * _ROW}">'
        f"{drawn}</svg>"
    )


def _bar(bar: Bar, y: int, first: float, second: float) -> str:
    name = escape(shorten(bar.name, _NAME))
    drawn = [
        f'<g class="{bar.css}"><title>{escape(bar.name)}: {escape(bar.caption)}</title>',
        f'<text x="0" y="{y + _TEXT}" class="name">{name}</text>',
        f'<text x="100%" y="{y + _TEXT}" class="value" text-anchor="end">{escape(bar.caption)}</text>',
        f'<rect x="0" y="{y + 20}" width="100%" height="7" rx="2" class="track"/>',
        f'<rect x="0" y="{y + 20}" width="{_width(bar.value, first)}" height="7" rx="2" class="bar"/>',
    ]
    if bar.second is not None:
        drawn.append(f'<rect x="0" y="{y + 29}" width="{_width(bar.second, second)}" height="3" rx="1" class="thin"/>')
    return "".join(drawn) + "</g>"


def _width(value: float, top: float) -> str:
    if not value or not top:
        return "0"
    return f"{min(100.0, max(_LEAST, 100 * value / top)):.2f}%"


def stacked(heading: str, parts: Sequence[Share]) -> str:
    """One bar cut into its parts, 28 pixels high; the caller writes the legend beside it."""
    whole = sum(part.count for part in parts)
    spoken = f"{heading}: " + "; ".join(f"{part.name}, {percent(part.count, whole)}" for part in parts)
    drawn, done = [], 0
    for part in parts:
        x, width = (100 * done / whole, 100 * part.count / whole) if whole else (0.0, 0.0)
        title = f"{escape(part.name)}: {plural(part.count, 'document')}"
        drawn.append(
            f'<rect class="{part.css}" x="{x:.3f}%" y="0" width="{width:.3f}%" height="28">'
            f"<title>{title}</title></rect>"
        )
        done += part.count
    return (
        f'<svg class="plot whole" role="img" aria-label="{escape(spoken)}" width="100%" height="28">'
        f"{''.join(drawn)}</svg>"
    )
