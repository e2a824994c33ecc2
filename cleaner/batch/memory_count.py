"""Documents → counts: each is cut into blocks as cleaning would, and its units go into a counter.

Many documents become parts on disk, so that memory stays bounded however many there are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cleaner.document import Document
from cleaner.media_types import block_texts
from cleaner.memory.fingerprints import units_of
from cleaner.memory.partial_counts import Counter
from cleaner.segmentation.tokens import tokenise

#: A counter is written to disk when it holds so many entries, those of 2,700 articles: it and the writing take some
#: 150 MB.
FULL = 1 << 20


def count(document: Document, source: str, counter: Counter) -> None:
    """Counts one document as an article of a source (`sources.document_source`).

    Raises segmenters.html.HtmlError for a page that cannot be parsed.
    """
    texts, glued = block_texts(document)
    if texts:
        counter.add(source, units_of(tokenise(texts), np.array(glued)), texts)


class Parts:
    """Counts documents into parts in a folder; `name` keeps apart what several workers write there."""

    def __init__(self, folder: Path, name: str = "part", *, full: int = FULL) -> None:
        self._folder, self._name, self._full = folder, name, full
        self._counter, self._paths = Counter(), list[Path]()

    def count(self, document: Document, source: str) -> None:
        """Counts one document. Raises segmenters.html.HtmlError, OSError."""
        count(document, source, self._counter)
        if self._counter.size >= self._full:
            self._write()

    def finish(self) -> list[Path]:
        """Writes what is left; all parts."""
        if self._counter.size:
            self._write()
        return self._paths

    def _write(self) -> None:
        path = self._folder / f"{self._name}-{len(self._paths):05d}"
        self._counter.write(path)
        self._paths.append(path)
        self._counter = Counter()
