"""Rows of tables in a text: lines one below the other whose cells make columns, figures under figures.

Told by structure, in any language, never by words: cells stand between tabs, bars or runs of blanks, or the lines end
in the same number of figures. A league table, prices, results, a timetable. Headlines with their days or counts are
none. Decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cleaner.document import Block
from cleaner.segmentation.stops import ends_sentence

#: A row has at most so many characters, a cell of words at most so many.
LONGEST, LONGEST_CELL = 160, 60
#: Beside a single figure that is no amount: a headline may stand with its hour, or with the number of its readers.
SHORT_CELL = 30
#: A table has at least so many rows with figures, and this share of its rows.
LEAST, SHARE = 3, 0.66
#: Below a head with a word for each cell, between tabs or bars, this many rows are enough.
BELOW_HEAD = 2
#: What stands between cells; nothing may stand in a cell between two tabs.
_BETWEEN = re.compile(r" *\t *|[ \u00a0\u3000]{2,}| \| ")
_BARE = r"[+−–±<>~≈*-]*(?:[^\W\d_]{0,2}[€$£¥₹]\s?)?\d[\d.,:'’%°−–+/hx×-]*\s?(?:[€$£¥₹%‰]|[^\W\d_]{1,2}\.?)?[*]?"
_FIGURE = re.compile(rf"{_BARE}|\({_BARE}\)|\[{_BARE}\]|[-–—−]")
#: What figures end with.
_ENDS = "0123456789)]%€$£¥₹"
#: Days, years and numbers of telephones are no figures: headlines and addresses stand beside them.
_NO_FIGURE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}|\d{1,2}\.\d{1,2}\.|(?:19|20)\d\d|\d{3,}-\d{3,}")
#: A fraction, money, a share. Behind a blank a lone figure is an amount, or anything may be counted there.
_AMOUNT = re.compile(r"\d[.,]\d{1,2}(?![\d.,])|[€$£¥₹%‰]|^[-–—−]$")


class _Row(NamedTuple):
    """The cells of a line; parted: by other signs than a single blank."""

    cells: tuple[str, ...]
    parted: bool


def find_tables(blocks: Sequence[Block]) -> Iterator[range]:
    """The blocks of each table, its head among them."""
    rows = {
        index: row
        for index, block in enumerate(blocks)
        if len(text := block.text) <= LONGEST
        and (text[-1] in _ENDS or "\t" in text or "  " in text or " | " in text)
        and (row := _row(blocks, index))
    }
    first = -1
    for index in rows if len(rows) >= LEAST else ():
        if index < first:
            continue
        first, last = index, index + 1
        while last in rows and _alike(rows[first], rows[last]):
            last += 1
        if last - first >= LEAST and _is_table([rows[inside] for inside in range(first, last)]):
            headed = first > 0 and _heads(blocks[first - 1].text, rows[first])
            yield range(first - headed, last)
        first = last


def _row(blocks: Sequence[Block], index: int) -> _Row | None:
    """A line as a row, when it may be one: cells between signs, or words and then figures."""
    text = blocks[index].text
    shared = index > 0 and not blocks[index].newlines_before
    if shared or (index + 1 < len(blocks) and not blocks[index + 1].newlines_before):
        return None
    if "\t" in text or "  " in text or " | " in text:
        cells = tuple(_BETWEEN.split(text))
        return _Row(cells, parted=True) if len(cells) > 1 else None
    words = text.split(" ")
    count = 0
    while count < len(words) - 1 and _is_figure(words[-1 - count]):
        count += 1
    return _Row((" ".join(words[:-count]), *words[-count:]), parted=False) if count else None


def _alike(row: _Row, other: _Row) -> bool:
    return row.parted is other.parted and len(row.cells) == len(other.cells)


def _is_figure(cell: str) -> bool:
    return _FIGURE.fullmatch(cell) is not None and _NO_FIGURE.fullmatch(cell) is None


def _is_table(rows: Sequence[_Row]) -> bool:
    """Do columns of figures stand behind words in lines that have the same cells?"""
    columns = list(zip(*(row.cells for row in rows), strict=True))
    figures = [column for column in columns[1:] if _holds_figures(column)]
    words = [cell for column in columns if not _holds_figures(column) for cell in column]
    longest = max(map(len, words), default=0)
    if _is_headed(rows):
        return True
    if not figures or not longest or longest > LONGEST_CELL:
        return False
    if len(figures) > 1 or all(map(_AMOUNT.search, filter(_is_figure, figures[0]))):
        return True
    counted = figures[0][-1].startswith("(")
    return longest <= SHORT_CELL and (rows[0].parted or _is_ranked(columns[0])) and not counted


def _is_headed(rows: Sequence[_Row]) -> bool:
    """Two rows, whose last cells are figures behind short words, below a head with a short word for each cell."""
    head, *below = rows
    short = max(len(cell) for row in rows for cell in row.cells) <= SHORT_CELL
    if len(below) != BELOW_HEAD or not head.parted or not short or not all(head.cells):
        return False
    return not any(map(_is_figure, head.cells)) and all(
        _is_figure(row.cells[-1]) and not _is_figure(row.cells[0]) and not row.cells[-1].startswith("(")
        for row in below
    )


def _holds_figures(column: Sequence[str]) -> bool:
    """Are nearly all of its cells figures? The head is none, and a shop may be closed on a Monday."""
    count = sum(map(_is_figure, column))
    return count >= LEAST and count >= SHARE * sum(map(bool, column))


def _is_ranked(names: Sequence[str]) -> bool:
    """Do names stand behind the numbers of their places: 1 Moss, 2 Hale, 3 Osei?"""
    places = [name.partition(" ")[0].rstrip(".)") for name in names]
    numbers = [int(place) for place in places if place.isdecimal()]
    return len(numbers) == len(names) and numbers == sorted(numbers) and numbers[0] < numbers[-1]


def _heads(text: str, row: _Row) -> bool:
    """Is a line the head of a table with such rows: a word for each cell, or none above the names?"""
    if len(text) > LONGEST or ends_sentence(text):
        return False
    words = _BETWEEN.split(text) if row.parted else text.split()
    lacking = len(row.cells) - len(words)
    return len(words) > 1 and (lacking == 0 or lacking == row.parted) and not any(map(_is_figure, words))
