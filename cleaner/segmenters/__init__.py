"""Media types → blocks. To add one: a file with a function Document → Rendering, and a line in SEGMENTERS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cleaner.document import Document, Rendering
from cleaner.segmenters.html import page_texts, segment_html
from cleaner.segmenters.text import segment_text

SEGMENTERS: Mapping[str, Callable[[Document], Rendering]] = {
    "text/plain": segment_text,
    "text/html": segment_html,
}


def block_texts(document: Document) -> list[str]:
    """The texts of a document's blocks as cleaning cuts them; a page's main part, costly to find, is not sought.

    Raises segmenters.html.HtmlError for a page that cannot be parsed.
    """
    if document.media_type == "text/html":
        return page_texts(document)
    return [block.text for block in SEGMENTERS[document.media_type](document).blocks]
