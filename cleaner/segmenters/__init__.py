"""Media types → blocks. To add one: a file with a function Document → Rendering, and a line in SEGMENTERS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cleaner.document import Block, Document, Rendering
from cleaner.segmenters.html import page_texts, segment_html
from cleaner.segmenters.text import segment_text

SEGMENTERS: Mapping[str, Callable[[Document], Rendering]] = {
    "text/plain": segment_text,
    "text/html": segment_html,
}


def block_texts(document: Document) -> tuple[list[str], list[bool]]:
    """The texts of a document's blocks as cleaning cuts them, and which of them share a line with others.

    A page's main part, costly to find, is not sought. Raises segmenters.html.HtmlError for a page that cannot be
    parsed.
    """
    if document.media_type == "text/html":
        texts = page_texts(document)
        return texts, [False] * len(texts)
    blocks = SEGMENTERS[document.media_type](document).blocks
    return [block.text for block in blocks], glued(blocks)


def glued(blocks: Sequence[Block]) -> list[bool]:
    """Which blocks share a line with others."""
    joined = [index > 0 and block.newlines_before == 0 for index, block in enumerate(blocks)]
    return [here or after for here, after in zip(joined, [*joined[1:], False], strict=False)]
