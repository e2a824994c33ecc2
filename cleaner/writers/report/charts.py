"""Small inline SVG plots: bars that keep their text size at any width, and lead to what they count.

Positions are percentages and pixels, without a viewBox, so a phone shows the same type as a desk.
Every plot is an image with a spoken summary, and says its numbers in words; colour only helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from cleaner.writers.report.visible import visible_text, wide_share
from cleaner.writers.words import plural, shorten

_ROW = 44  # pixels per bar: a line of text, the bar, the second bar, air
_TEXT = 14  # baseline of a row's text
_NAME = 34  # characters of a name that fit beside its value on a phone 360 pixels wide
_LEAST = 0.4  # percent: a bar for something is never invisible


@dataclass(frozen=True, slots=True)
class PlotRow:
    """One row of a plot: what it is called, how long it is, what is written beside it."""

    name: str
    value: float
    caption: str  # the value in words
    second: float | None = None  # another measure, drawn as a thinner bar below
    css: str = ""  # class that gives the colour
    filter: str = ""  # such as "label": the bar leads to the documents for which this has the bar's name


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a whole, for `stacked`."""

    name: str
    count: int
    css: str


def bars(heading: str, rows: Sequence[PlotRow], *, top: float | None = None) -> Markup:
    """A horizontal bar plot as an `svg` element; `top` fixes the length of the full width, such as 1 for shares."""
    first = top or max((bar.value for bar in rows), default=0)
    second = max((bar.second or 0 for bar in rows), default=0)
    spoken = f"{heading}: " + "; ".join(f"{bar.name}, {bar.caption}" for bar in rows)
    drawn = Markup().join(_bar(bar, index * _ROW, first, second) for index, bar in enumerate(rows))
    return Markup('<svg class="plot" role="group" aria-label="{}" width="100%" height="{}">{}</svg>').format(
        visible_text(spoken), len(rows) * _ROW, drawn
    )


def _bar(bar: PlotRow, y: int, first: float, second: float) -> Markup:
    name, caption = visible_text(bar.name), visible_text(bar.caption)
    drawn = Markup(
        '<title>{name}: {caption}</title><text x="0" y="{text}" class="name">{shown}</text>'
        '<text x="100%" y="{text}" class="value" text-anchor="end">{caption}</text>'
        '<rect x="0" y="{thick}" width="100%" height="7" rx="2" class="track"/>'
        '<rect x="0" y="{thick}" width="{width}" height="7" rx="2" class="bar"/>'
    ).format(
        name=name, caption=caption, shown=shorten(name, _NAME), text=y + _TEXT, thick=y + 20,
        width=_width(bar.value, first),
    )  # fmt: skip
    if bar.second is not None:
        thin = Markup('<rect x="0" y="{}" width="{}" height="3" rx="1" class="thin"/>')
        drawn += thin.format(y + 29, _width(bar.second, second))
    if bar.filter:
        drawn = Markup('<a href="#documents" data-filter="{}" data-value="{}">{}</a>').format(bar.filter, name, drawn)
    return Markup('<g class="{}">{}</g>').format(bar.css, drawn)


def _width(value: float, top: float) -> str:
    if not value or not top:
        return "0"
    return f"{min(100.0, max(_LEAST, 100 * value / top)):.2f}%"


def stacked(heading: str, parts: Sequence[Share]) -> Markup:
    """One bar cut into its parts, 28 pixels high; the caller writes the legend beside it."""
    whole = sum(part.count for part in parts)
    spoken = f"{heading}: " + "; ".join(f"{part.name}, {wide_share(part.count, whole)}" for part in parts)
    drawn, done = Markup(), 0
    for part in parts:
        x, width = (100 * done / whole, 100 * part.count / whole) if whole else (0.0, 0.0)
        drawn += Markup(
            '<rect class="{}" x="{:.3f}%" y="0" width="{:.3f}%" height="28"><title>{}: {}</title></rect>'
        ).format(part.css, x, width, part.name, plural(part.count, "document"))
        done += part.count
    return Markup('<svg class="plot whole" role="img" aria-label="{}" width="100%" height="28">{}</svg>').format(
        escape(spoken), drawn
    )
