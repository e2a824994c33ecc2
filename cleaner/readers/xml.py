"""XML files that hold articles: feeds, agencies' formats, corpora (xml_formats), read with BeautifulSoup over lxml.

Nothing is fetched and no entity that a file declares is expanded: HTML's by name are read as their characters, others
stay as they are written. A file that breaks off is read up to its last whole entry, and the break is named.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from html.entities import html5
from typing import Any, BinaryIO

from bs4 import BeautifulSoup
from lxml import etree

from cleaner.decoding.charset_guess import Hints
from cleaner.decoding.decode import decode
from cleaner.document import Document
from cleaner.readers.files import opened_file, read_bounded, too_large
from cleaner.readers.guard import guarded
from cleaner.readers.readings import Failure, InputFile, Original, Reading, ReadSettings, Skipped, place
from cleaner.readers.rows import facts_of_row
from cleaner.readers.xml_formats import XmlArticle, articles_in

#: A file of articles may be so many times longer than one of them: it is parsed whole.
WHOLE_FILE = 4
#: Elements that hold one of a file's many articles.
ENTRIES = ("item", "entry", "newsItem", "article", "doc", "document", "story", "newsitem", "TEI", "nitf")
#: Ends of entries that are tried, from the last one before a break.
TRIES = 3

_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")
_DECLARED_CHARSET = re.compile(rb"""<\?xml[^>]{0,100}encoding\s*=\s*["']([\w.:-]{1,40})["']""")
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]{0,1000}(?:\[[^\]]{0,100000}\]\s*)?>", re.IGNORECASE)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9._-]{0,40});")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
#: Characters that XML 1.0 does not have.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_xml(file: InputFile, settings: ReadSettings) -> Iterator[Reading | Skipped]:
    """The articles in an XML file; a file of another kind, such as a sitemap, is skipped."""
    opened = opened_file(file)
    if isinstance(opened, Reading):
        return iter([opened])
    return read_xml_stream(opened.stream, name=file.locator, settings=settings, modified=opened.modified)


def read_xml_stream(
    stream: BinaryIO, *, name: str, settings: ReadSettings, modified: float | None = None
) -> Iterator[Reading | Skipped]:
    """The articles in a stream of XML; closes it."""
    return guarded(_read(stream, name, settings, modified), name)


def _read(stream: BinaryIO, name: str, settings: ReadSettings, modified: float | None) -> Iterator[Reading | Skipped]:
    with stream:
        payload = read_bounded(stream, WHOLE_FILE * settings.max_bytes)
    if len(payload) > WHOLE_FILE * settings.max_bytes:
        yield Reading(None, None, too_large(name, None, WHOLE_FILE * settings.max_bytes))
        return
    text = _plain_xml(payload)
    broken = _what_is_broken(text)
    if broken:
        text = _whole_entries(text, broken.place)
    root = _soup(text).find(True) if text else None
    articles = articles_in(root) if root is not None else None
    if articles is None and not broken:
        yield Skipped(name, "XML that holds no articles")
        return
    original, number = Original(name, None, b"", "text/html", facts_of_row(0), modified), 0
    for number, article in enumerate(articles or (), start=1):
        yield _reading(article, replace(original, row=number), settings)
    if broken:
        do = "the entries before were read; fetch the file again" if number else "fetch it again, or mend it"
        yield Reading(None, None, Failure(name, number + 1 if number else None, broken.what, do))


def _reading(article: XmlArticle, original: Original, settings: ReadSettings) -> Reading:
    """An entry's document. One without text is a document all the same: its status says that it is empty."""
    if len(article.content) > settings.max_bytes:
        return Reading(None, None, too_large(original.locator, original.row, settings.max_bytes))
    media_type = "text/html" if article.is_html else "text/plain"
    metadata: dict[str, object] = {"path": original.locator, "row": original.row}
    if authors := [name for name in article.authors if name]:
        metadata["authors"] = authors
    document = Document(
        article.id or place(original.locator, original.row), article.content, media_type,
        url=article.url if article.url.lower().startswith(("http://", "https://")) else None,
        lang=article.lang or None, title=article.title or None, date=_date(article.date) or None, metadata=metadata,
    )  # fmt: skip
    return Reading(replace(original, payload=article.content.encode("utf-8"), media_type=media_type), document)


def _date(told: str) -> str:
    """A date in the form of ISO 8601, whatever form the format has; one that is in none stays as it is."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(told)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
        return moment.date().isoformat() if len(told) <= len("2026-11-02") else moment.isoformat()
    return told


def _plain_xml(payload: bytes) -> str:
    """The text of a file without declaration, document type, and references that a parser would have to look up.

    Raises UndecodableError.
    """
    declared = _DECLARED_CHARSET.search(payload[:400])
    text = decode(payload, Hints(header=declared[1].decode("ascii") if declared else None)).text
    text = _DECLARATION.sub("", text, count=1)
    head = text[:200_000]
    text = _DOCTYPE.sub("", head, count=1) + text[200_000:]
    return _ENTITY.sub(_entity, _NO_XML.sub("\ufffd", text))


def _entity(match: re.Match[str]) -> str:
    name = match[1]
    if name in _XML_ENTITIES:
        return match[0]
    character = html5.get(f"{name};")
    return html.escape(character) if character else f"&amp;{name};"


@dataclass(frozen=True, slots=True)
class _Break:
    """Where a text stops being XML (in characters, or a little further on), what to say, and whether it ends there."""

    place: int
    what: str
    cut: bool


def _what_is_broken(text: str) -> _Break | None:
    """Where a text stops being XML, and why; None for one that is XML to its end."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        begin = 0
        for _ in range(line - 1):
            begin = text.find("\n", begin) + 1
        place, end = begin + max(0, column - 1), len(text.rstrip())
        if 0 < end <= place:
            return _Break(place, "is cut off: its XML ends too early", cut=True)
        words = (error.msg or "no reason known").partition(", line ")[0]
        return _Break(place, f"is broken XML at line {line or 1} ({words})", cut=False)
    return None


def _whole_entries(text: str, place: int) -> str:
    """The text up to the end of the last whole entry before this place; "" where there is none."""
    before = text[:place]
    for _ in range(TRIES):  # libxml2 counts the columns of a line in bytes or in characters
        ends = [before.rfind(f"</{name}>") + len(name) + 3 for name in ENTRIES if f"</{name}>" in before]
        before = before[: max(ends)] if ends else ""
        broken = _what_is_broken(before) if before else None
        if broken is None or broken.cut:
            return before
        before = before[:-1]
    return ""


def _soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(text.encode("utf-8"), "xml", from_encoding="utf-8", parser=_parser)


def _parser(*, target: Any, recover: bool, huge_tree: bool, encoding: str | None) -> etree.XMLParser:
    """What BeautifulSoup parses with: no network, no entities, no DTD, libxml2's own limits of depth and size."""
    return etree.XMLParser(
        target=target, recover=recover, huge_tree=False, encoding=encoding, resolve_entities=False, no_network=True,
        load_dtd=False, strip_cdata=False,
    )  # fmt: skip
