"""Who the author is, told below the story: lines that open with a name and say what that person is or does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cleaner.document import Evidence
from cleaner.heuristics import patterns
from cleaner.heuristics.context import MIDDLING, Context, Findings
from cleaner.labels import Label
from cleaner.phrases import one_of, phrases

#: Names of authors stand among so many blocks at the top, in lines of at most so many characters.
TOP_BLOCKS, BYLINE_LENGTH = 12, 100
#: No such line is longer.
LONGEST = 700
#: Two to four words with a capital, small words between them.
_NAME = re.compile(
    r"[^\W\d_a-zа-яà-ÿ][\w.’'-]*(?: (?:(?:"
    + "|".join(phrases("between names"))
    + r") ){0,2}[^\W\d_a-zа-яà-ÿ][\w.’'-]*){1,3}"
)
_TRADE = re.compile(r"\b" + one_of("trades") + r"\b")
#: What stands before a name in its line.
_BEFORE = "—–-_*( \u00a0•"


def bio_below(context: Context) -> Findings:
    """ "Jane Roe covers the coast." below the story: who the author is."""
    for index in context.open:
        measures = context.measures[index]
        if not context.shape.prose_before[index] or measures.length > MIDDLING or context.shape.prose_after[index] > 1:
            continue
        if patterns.BIO.match(context.blocks[index].text):
            yield index, Evidence(Label.BIO, 4.4, "a name and what that person does, below the story")


def author_again(context: Context) -> Findings:
    """ "Jane Roe, who lives in Sandrift, is a poet." in the lower half, where Jane Roe stands in the byline."""
    names = tuple(_authors(context))
    blocks = context.blocks
    for index in range(max(1, len(blocks) // 2), len(blocks)) if names else ():
        text = blocks[index].text.lstrip(_BEFORE)
        name = next((name for name in names if text.startswith(name)), None)
        if name is None or len(text) > LONGEST or text[len(name) : len(name) + 1] not in (" ", ",", "."):
            continue
        if _TRADE.search(text, len(name), len(name) + MIDDLING):
            yield index, Evidence(Label.BIO, 6.0, f"names the author again, {name}, and a trade")


def _authors(context: Context) -> Iterator[str]:
    """The names in the byline: in lines that are one, or nothing but a name."""
    for index, block in enumerate(context.blocks[:TOP_BLOCKS]):
        if len(block.text) > BYLINE_LENGTH or context.measures[index].ends_sentence:
            continue
        by = patterns.BY.match(block.text)
        if by or context.lead(index)[0] is Label.BYLINE:
            yield from _NAME.findall(block.text, by.end() if by else 0)
        elif _NAME.fullmatch(block.text) and index:
            yield block.text
