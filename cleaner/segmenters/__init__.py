"""Media types → blocks. To add one: a file with a function Document → Rendering, and a line in SEGMENTERS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cleaner.document import Document, Rendering
from cleaner.layout import Extractor
from cleaner.segmenters.html import segment_html
from cleaner.segmenters.text import segment_text

#: The extractor tells who else is asked about a page; other media types do without.
SEGMENTERS: Mapping[str, Callable[[Document, Extractor], Rendering]] = {
    "text/plain": lambda document, _: segment_text(document),
    "text/html": segment_html,
}
