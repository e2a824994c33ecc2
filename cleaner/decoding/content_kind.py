"""What a text is, told by its first lines: prose, a web page, JSON, a table, XML, a program.

For files without a telling name, and for what is given as plain text and is not. In doubt it is prose: an article may
begin with a brace, quote a tag, or list words with commas.
"""

from __future__ import annotations

import csv
import json
import re
from enum import StrEnum
from itertools import islice

#: Characters that are looked at.
HEAD = 16_384
#: Lines of a table that must agree in their number of columns, the header with them.
TABLE_LINES = 3
#: A table's columns tell an article by one of these names.
ARTICLE_COLUMNS = frozenset({"text", "html", "content", "body", "article", "title", "headline", "url", "maintext"})


class ContentKind(StrEnum):
    """What a text holds."""

    PROSE = "plain text"
    HTML = "an HTML page"
    JSON_LINES = "JSON lines"
    JSON = "JSON"
    CSV = "a table (CSV)"
    TSV = "a table (TSV)"
    XML = "XML"
    MHTML = "a page saved as MHTML"
    PROGRAM = "a program"


#: WHATWG MIME Sniffing, 7.1, without tags that prose might begin with by chance.
_HTML_START = re.compile(
    r"(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,4000}?-->\s*)*<(?:!doctype\s+html|html|head|body|title|"
    r"meta|script|div|table|h1|iframe|style|link|section|main|header|nav|p|article\s+(?:class|id)=)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_XML_START = re.compile(
    r"<\?xml\s|<(?:rss|feed|nitf|newsItem|newsMessage|TEI|teiCorpus|rdf:RDF|pmc-articleset|articles?)[\s>]"
)
#: An article of HTML: what stands first in it is of HTML alone, or nothing; in JATS, DocBook and house formats it is a
#: title, a front, a body.
_HTML_ARTICLE = re.compile(
    r"<article(?:\s[^>]{0,400})?>\s*<(?:/article|h[1-6]|p|div|header|figure|section|ul|ol|blockquote|img|a|span|time)[\s>/]",
    re.IGNORECASE,
)
#: What leaks from a page into the text that an extractor makes of it.
_LEAKED = re.compile(r"<(?:script|style|link|meta|iframe)\b", re.IGNORECASE)
_XHTML = re.compile(r"<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
_CLOSING_TAG = re.compile(r"</[a-zA-Z][a-zA-Z0-9]{0,20}\s*>")
_PROGRAM_START = re.compile(r"#![ \t]*/|<\?php\s|<\?=|<%@|\#include\s*[<\"]")
#: How a line of a program ends or begins. Articles with a leaked script have prose beside it.
_CODE_LINE = re.compile(
    r".*(?:[;{}]|\)[;,]?|[\])],|\*/|\):)\s*$|\s*(?:(?:from\s+[\w.]+\s+)?import\s+[\w.{*]|//|/\*|\*\s|#\s|def\s|class\s|return\b)"
)
#: A line of prose that ends with who said it or what party someone is of: "Ann Moor (Reds)"; in programs a word stands
#: before the bracket without a space, or a statement begins the line.
_ASIDE = re.compile(
    r"\s*(?![\s#*/]|(?:if|elif|else|while|for|switch|catch|return|unless|until)\b)[^(){};=]*\s\([^(){};=]*\)\s*$"
)
CODE_LINES, CODE_SHARE = 4, 0.7
_LIST_SIGNS = ("* ", "# ")
_MHTML_START = re.compile(r"(?:[\w-]+:[^\n]*\n(?:[ \t]+[^\n]*\n)*){1,20}", re.ASCII)


def content_kind(text: str) -> ContentKind:
    """What a text is; `text` may be its beginning of HEAD characters or more.

    >>> content_kind("<!DOCTYPE html><title>Bridge</title>").value
    'an HTML page'
    """
    head = text[:HEAD].lstrip("\ufeff \t\r\n\f\v")
    if head.startswith("<") and (kind := _of_markup(head)):
        return kind
    if head[:1] in ("{", "[") and (kind := _of_json(head, whole=len(text) <= HEAD)):
        return kind
    if _PROGRAM_START.match(head) or _is_code(head):
        return ContentKind.PROGRAM
    if _is_mhtml(head):
        return ContentKind.MHTML
    return _of_table(head, whole=len(text) <= HEAD) or ContentKind.PROSE


def is_page(text: str) -> bool:
    """Is what stands under the name of a text a page in HTML? A text that a script has leaked into is none.

    >>> is_page("<article><h1>Bridge</h1></article>"), is_page("<3 is a heart, said the mayor.")
    (True, False)
    """
    head = text[:HEAD].lstrip("\ufeff \t\r\n\f\v")
    return head.startswith("<") and not _LEAKED.match(head) and content_kind(text) is ContentKind.HTML


def _of_markup(head: str) -> ContentKind | None:
    if _PROGRAM_START.match(head):
        return ContentKind.PROGRAM if not _XHTML.search(head) else ContentKind.HTML
    if _HTML_ARTICLE.match(head):
        return ContentKind.HTML
    if _XML_START.match(head):
        return ContentKind.HTML if _XHTML.search(head[:2000]) else ContentKind.XML
    if _HTML_START.match(head):
        return ContentKind.HTML if _XHTML.match(head) or _CLOSING_TAG.search(head) else None
    return None


def _of_json(head: str, *, whole: bool) -> ContentKind | None:
    """JSON whose first value is an object with a key, or a list of such; a list of words is prose's to have."""
    try:
        value, end = json.JSONDecoder().raw_decode(head)
    except (ValueError, RecursionError):
        return ContentKind.JSON if not whole and re.match(r'\{\s*"[^"\n]*"\s*:|\[\s*\{\s*"', head) else None
    if isinstance(value, list):
        return ContentKind.JSON if any(isinstance(element, dict) for element in value) else None
    rest = head[end:].lstrip(" \t\r")
    if not value or (rest and not rest.startswith("\n")):
        return None
    return ContentKind.JSON_LINES if rest.strip().startswith("{") or "\n" not in head[:end] else ContentKind.JSON


def _of_table(head: str, *, whole: bool) -> ContentKind | None:
    """A header that names an article's column, and lines with as many columns as it."""
    first = head.partition("\n")[0]
    for delimiter, kind in (("\t", ContentKind.TSV), (",", ContentKind.CSV), (";", ContentKind.CSV)):
        if delimiter not in first:
            continue
        names = {name.strip(' "\r').lower() for name in first.split(delimiter)}
        if len(names) < 2 or names.isdisjoint(ARTICLE_COLUMNS) or max(map(len, names)) > 40:
            continue
        try:
            rows = list(islice(csv.reader(head.splitlines(keepends=True), delimiter=delimiter), TABLE_LINES))
        except csv.Error:
            continue
        if len(rows) > 1 and len({len(row) for row in (rows if whole else rows[:-1])} | {len(rows[0])}) == 1:
            return kind
    return None


def _is_code(head: str) -> bool:
    lines = [line for line in head.splitlines()[:60] if line.strip()]
    if len(lines) < CODE_LINES:
        return False
    code: list[str] = []
    for number, line in enumerate(lines):
        if _is_code_line(line):
            code.append(line)
        if len(lines) - (number + 1 - len(code)) < CODE_SHARE * len(lines):
            return False  # too many lines are none of a program
    lists = sum(line.lstrip().startswith(_LIST_SIGNS) for line in code)  # comments of code, or a list of prose
    return 2 * lists <= len(code)


#: Signs one of which stands at the end of a line of a program, or at its beginning.
_CODE_ENDS, _CODE_BEGINS = frozenset(";{}),/:"), frozenset("fi/*#dcr")


def _is_code_line(line: str) -> bool:
    if line.rstrip()[-1] not in _CODE_ENDS and line.lstrip()[0] not in _CODE_BEGINS:
        return False  # nine lines of ten, without the expression
    return _CODE_LINE.match(line) is not None and not _ASIDE.match(line)


def _is_mhtml(head: str) -> bool:
    headers = _MHTML_START.match(head)
    return bool(headers and "multipart/related" in headers[0].lower() and "mime-version:" in headers[0].lower())
