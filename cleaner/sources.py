"""Which source a document is from: the field given, else its URL's host, else its folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cleaner.document import Document


def source_of(metadata: Mapping[str, Any]) -> str:
    """The name of the source by a document's metadata (`source`, `url`, `path`); "" when nothing tells.

    >>> source_of({"url": "https://www.example.org/news/1"})
    'example.org'
    """
    if source := metadata.get("source"):
        return str(source)
    if host := _host(metadata.get("url")):
        return host
    return str(metadata.get("path", "")).rpartition("/")[0]


def source_of_document(document: Document) -> str:
    """The name of a document's source, the same when it is counted and when it is cleaned."""
    return source_of({**document.metadata, "source": document.source, "url": document.url})


def _host(url: Any) -> str:
    try:
        return (urlsplit(str(url or "")).hostname or "").removeprefix("www.")
    except ValueError:  # "http://[broken"
        return ""
