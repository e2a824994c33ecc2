"""Passages that a text's own marks set off as code, output or a table, whatever words stand in them.

Fenced code (``` or ~~~), set-in lines that open with the prompt of a console, tables with Markdown's line of dashes
below their head. "Loading..." and "Login" are crumbs elsewhere; here they are what the article shows. Decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cleaner.document import Block

_FENCE = re.compile(r"(`{3,}|~{3,})[^`~]{0,40}")
_PROMPT = re.compile(r"(?:\$|>>>|(?:PS )?[A-Z]:\\[^>]{0,80}>|In \[\d+\]:) ?\S")
_DASHES = re.compile(r"\|?(?: *:?-{2,}:? *\|)+(?: *:?-{2,}:? *)?")
_SET_IN = re.compile(r"(?:\t| {2})[ \t]*")
#: One of these stands in a text that has such a passage.
_SIGNS = ("```", "~~~", "-|", "- |", "$ ", ">>>", ":\\", "In [")


def find_code(text: str, blocks: Sequence[Block]) -> Iterator[range]:
    """The blocks of each passage of code or output, its fences among them. blocks: those of the text, as they stand."""
    if not any(sign in text for sign in _SIGNS):
        return
    opened, fence = -1, ""
    for index, block in enumerate(blocks):
        match = _FENCE.fullmatch(block.text)
        if match and opened < 0:
            opened, fence = index, match[1]
        elif match and block.text.startswith(fence) and not block.text.strip(fence[0]):
            yield range(opened, index + 1)
            opened = -1
    last = 0
    for index, block in enumerate(blocks):
        begins = index >= last and (block.newlines_before > 0 or not index)
        if begins and _PROMPT.match(block.text) and _is_set_in(text, block):
            last = index + 1
            while last < len(blocks) and blocks[last].newlines_before == 1 and _is_set_in(text, blocks[last]):
                last += 1
            yield range(index, last)


def find_marked_tables(text: str, blocks: Sequence[Block]) -> Iterator[range]:
    """The blocks of each table with a line of dashes below its head, and a row below that."""
    if "-|" not in text and "- |" not in text:
        return
    last = 0
    for index in range(1, len(blocks) - 1):
        dashes = blocks[index].text
        if index < last or dashes[0] not in "|:-" or _DASHES.fullmatch(dashes) is None:
            continue
        last = index + 1
        while last < len(blocks) and blocks[last].newlines_before == 1 and _is_row(blocks[last].text, dashes):
            last += 1
        if last > index + 1 and _is_row(blocks[index - 1].text, dashes):
            yield range(index - 1, last)


def _is_row(text: str, dashes: str) -> bool:
    return text.replace("\\|", "").count("|") == dashes.count("|")


def _is_set_in(text: str, block: Block) -> bool:
    return _SET_IN.fullmatch(text[text.rfind("\n", 0, block.start) + 1 : block.start]) is not None
