"""Media types → blocks. To add one: a file with a function Document → Rendering, and a line in SEGMENTERS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cleaner.document import Document, Rendering
from cleaner.heuristics.prompts import cut_prompts
from cleaner.html.page import Extractor
from cleaner.segmentation.text import glued, segment_text


def _segment_html(document: Document, extractor: Extractor) -> Rendering:
    from cleaner.html.segment import segment_html  # parsers are loaded with the first page

    return segment_html(document, extractor)


#: The extractor tells who else is asked about a page; other media types do without.
SEGMENTERS: Mapping[str, Callable[[Document, Extractor], Rendering]] = {
    "text/plain": lambda document, _: cut_prompts(segment_text(document)),
    "text/html": _segment_html,
}


def unrepaired(document: Document, rendering: Rendering, extractor: Extractor) -> Rendering:
    """A document's blocks once more, in the text as it stands."""
    if rendering.layout is not None:
        from cleaner.html.segment import segment_html

        return segment_html(document, extractor, repaired=False)
    plain = cut_prompts(segment_text(replace(document, text=rendering.source_text), repaired=False))
    return replace(plain, metadata=rendering.metadata)


def block_texts(document: Document) -> tuple[list[str], list[bool]]:
    """The texts of a document's blocks as cleaning cuts them, and which of them share a line with others.

    Of a page its metadata and its article, costly to find, are not sought. Raises segmenters.html.HtmlError for a
    page that cannot be parsed.
    """
    if document.media_type == "text/html":
        from cleaner.html.segment import is_bare, mended, page_texts

        if not is_bare(mended(document.text)):
            texts = page_texts(document)
            return texts, [False] * len(texts)
    blocks = SEGMENTERS[document.media_type](document, Extractor.FAST).blocks
    return [block.text for block in blocks], glued(blocks)
