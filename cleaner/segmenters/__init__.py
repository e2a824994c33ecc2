"""Media types → blocks. To add one: a file with a function Document → Rendering, and a line in SEGMENTERS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cleaner.document import Document, Rendering
from cleaner.segmenters.html import segment_html
from cleaner.segmenters.text import segment_text

SEGMENTERS: Mapping[str, Callable[[Document], Rendering]] = {
    "text/plain": segment_text,
    "text/html": segment_html,
}
