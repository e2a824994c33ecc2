"""White space at the beginning of kept lines that means something: code, verse, preformatted text.

A lone indented line is a paragraph's habit, and so is a whole text set in by some program; neither is kept.
Tabs before a row are its blank cells, beside a line with as many tabs: without them the cells would change columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cleaner.document import Rendering

#: At least two columns at a line's beginning.
_INDENT = re.compile(r"(?:\t|  )[ \t]*(?=\S)")
#: Indented lines of code and verse are shorter than this; they stand in groups of at least so many.
LONGEST_LINE, GROUP = 100, 2
#: Where a larger share of the lines is indented, all of the text is set in.
MOST = 0.6


def indented_lines(rendering: Rendering) -> dict[int, int]:
    """Where a line's text begins → where its indentation does, for lines that keep it.

    Offsets are those of `rendering.text`. Lines of a page keep it wherever the page shows it.
    """
    if rendering.wrapped or rendering.flat or ("\n  " not in rendering.text and "\n\t" not in rendering.text):
        return {}
    groups: list[list[tuple[int, int]]] = [[]]
    here = lines = indented = 0
    for line in rendering.text.split("\n"):
        match = _INDENT.match(line)
        if match and (rendering.layout is not None or len(line) < LONGEST_LINE):
            groups[-1].append((here + match.end(), here))
            indented += 1
        elif groups[-1]:
            groups.append([])
        lines += bool(line.strip())
        here += len(line) + 1
    if rendering.layout is None:
        groups = _telling(groups) if indented <= MOST * lines else []
    kept = {start: begin for group in groups for start, begin in group}
    return kept if rendering.layout is not None else kept | dict(_blank_cells(rendering.text))


def _blank_cells(text: str) -> Iterator[tuple[int, int]]:
    """Of the rows that begin with blank cells: where their text begins → where the tabs before it do."""
    if "\n\t" not in text and not text.startswith("\t"):
        return
    lines, here = text.split("\n"), 0
    for number, line in enumerate(lines):
        if line.startswith("\t") and (bare := line.lstrip("\t")).strip() and len(line) < LONGEST_LINE:
            beside = [*lines[max(0, number - 1) : number], *lines[number + 1 : number + 2]]
            if any("\t" in other.strip() and other.count("\t") == line.count("\t") for other in beside):
                yield here + len(line) - len(bare.lstrip()), here
        here += len(line) + 1


def _telling(groups: Sequence[list[tuple[int, int]]]) -> list[list[tuple[int, int]]]:
    return [group for group in groups if len(group) >= GROUP]
