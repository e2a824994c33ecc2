"""Which source a document is from: the field given, else its URL's site, else the file of its row, else its folder."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

from cleaner.document import Document

#: Names of one site for different readers: its first name, the one for telephones, the copies for search engines.
SAME_SITE = ("www.", "m.", "amp.")
#: Characters of a source's name; a longer one is no name, and is cut, with a piece of its digest.
LONGEST = 256


def document_source(document: Document, *, folder: str = "") -> str:
    """The source of a document as it was read: what counting and cleaning both go by.

    `folder` is the name of the input folder (`readers.input_folder`), the source of what lies right in it.
    """
    return source_of({**document.metadata, "source": document.source, "url": document.url}, folder=folder)


def source_of(metadata: Mapping[str, object], *, folder: str = "") -> str:
    """The name of the source by a document's metadata (`source`, `url`, `path`, `row`); "" when nothing tells.

    >>> source_of({"url": "https://www.example.org/news/1"})
    'example.org'
    """
    name = str(metadata.get("source") or "").strip() or _site(metadata.get("url")) or _place(metadata, folder)
    name = name.encode("utf-8", "replace").decode()  # no output holds lone surrogates
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 20]}… {sha256(name.encode()).hexdigest()[:16]}"


def _site(url: object) -> str:
    if not url:
        return ""
    try:
        host = (urlsplit(str(url or "")).hostname or "").rstrip(".")
    except ValueError:  # "http://[broken"
        return ""
    for prefix in SAME_SITE:
        if host.startswith(prefix) and "." in host[len(prefix) :]:
            host = host[len(prefix) :]
    return host


def _place(metadata: Mapping[str, object], folder: str) -> str:
    path = str(metadata.get("path") or "")
    if metadata.get("row") is not None:  # a file of rows is a collection by itself
        return path
    return path.rpartition("/")[0] or folder
