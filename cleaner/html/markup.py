"""A page in whatever form a program holds it → its markup as text."""

from __future__ import annotations

from bs4.element import PageElement
from lxml import etree, html

from cleaner.decoding.charset_guess import page_hints
from cleaner.decoding.decode import decode


def markup_of(page: object) -> str:
    """The markup of a page given as str, bytes, a BeautifulSoup object or tag, or an lxml element or tree.

    Bytes are decoded as those of a file are: by byte order mark, declared charset, then by what fits. Raises TypeError
    for anything else, and UndecodableError for bytes that are no text.

    >>> markup_of(b"<p>Caf\\xe9"), markup_of(html.fromstring("<p>One</p>"))
    ('<p>Café', '<p>One</p>')
    """
    if isinstance(page, str) and not isinstance(page, PageElement):
        return page
    if isinstance(page, bytes | bytearray | memoryview):
        payload = bytes(page)
        return decode(payload, page_hints(payload)).text
    if isinstance(page, PageElement):
        return str(page)
    if isinstance(page, etree._Element | etree._ElementTree):
        return str(html.tostring(page, encoding="unicode"))
    raise TypeError(
        f"html is of type {type(page).__name__}; give a str, bytes, a BeautifulSoup object or an lxml element"
    )
