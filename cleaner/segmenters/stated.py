"""What a page states about itself in its head and in structured data: JSON-LD, OpenGraph, links, figures.

Reads schema.org articles wherever they stand (lists, @graph, mainEntity) and, for pages that show no text of
their own, the longest prose in their JSON. Broken JSON is left out; nothing here raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

#: A schema.org type whose name ends so is an article: NewsArticle, BlogPosting, ReportageNewsArticle, LiveBlogPosting …
_ARTICLE_ENDS = ("Article", "BlogPosting", "Report", "Posting", "Review", "Recipe")
#: Scripts larger than this are application state of megabytes, not worth their time.
MAX_JSON = 2_000_000
#: Values nested deeper, or more of them, are not looked at.
MAX_VALUES = 50_000
#: Strings of an application's JSON this long, with sentences, are prose.
JSON_PROSE = 120
MAX_FIGURES = 40

_TAG = re.compile(r"<[^>]{0,2000}>")
_BLOCK_END = re.compile(r"<\s*(?:br|/p|/div|/h[1-6]|/li|/blockquote)[^>]{0,50}>", re.IGNORECASE)
_COMMENT_SIGNS = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|/\*.{0,20}\*/)|(?:-->|//\]\]>)\s*$")
_META = {
    "og:title": "title",
    "og:site_name": "site",
    "og:description": "description",
    "description": "description",
    "article:published_time": "date",
    "datepublished": "date",
    "dc.date": "date",
    "author": "authors",
    "article:author": "authors",
    "article:section": "section",
    "og:image": "image",
    "twitter:title": "title",
}


@dataclass(frozen=True, slots=True)
class Stated:
    """What the page states: the article's text, if it does, and metadata under our names."""

    text: str = ""  # schema.org articleBody, tags taken out
    metadata: Mapping[str, Any] = field(default_factory=dict)


def stated(tree: LexborHTMLParser) -> Stated:
    """What a parsed page states about itself."""
    facts: dict[str, Any] = {}
    text = ""
    for node in tree.css('script[type*="ld+json"]'):
        for thing in _things(_json(node)):
            if _is_article(thing):
                text = max(text, plain_text(_string(thing.get("articleBody"))), key=len)
                for name, value in _article_facts(thing):
                    facts.setdefault(name, value)
    for name, value in (*_meta_facts(tree), *_link_facts(tree)):
        facts.setdefault(name, value)
    if images := list(_figures(tree)):
        facts["images"] = images
    return Stated(text, {name: value for name, value in facts.items() if value})


def json_prose(tree: LexborHTMLParser) -> str:
    """The longest prose in a page's JSON or its templates of markup: for pages that show nothing themselves."""
    best = stated(tree).text
    for node in tree.css('script[type*="template"]'):
        markup = node.text() or ""
        best = max(best, plain_text(markup) if len(markup) <= MAX_JSON else "", key=len)
    for node in tree.css('script[type*="json"], script#__NEXT_DATA__'):
        strings: list[str] = []
        for value in _values(_json(node)):
            if isinstance(value, str) and len(value) >= JSON_PROSE and ". " in value and "{" not in value[:200]:
                strings.append(plain_text(value))
        found = "\n".join(dict.fromkeys(strings))
        best = max(best, found, key=len)
    return best


def plain_text(markup: str) -> str:
    """The text of a string that may hold markup, a paragraph a line.

    >>> plain_text("<p>One &amp; two</p><p>three</p>")
    'One & two\\nthree'
    """
    if "<" in markup:
        markup = _TAG.sub(" ", _BLOCK_END.sub("\n", markup))
    lines = (" ".join(line.split()) for line in unescape(markup).splitlines())
    return "\n".join(line for line in lines if line)


def _json(node: LexborNode) -> Any:
    text = node.text() or ""
    if len(text) > MAX_JSON:
        return None
    try:
        return json.loads(_COMMENT_SIGNS.sub("", text.strip()).strip().rstrip(";"), strict=False)
    except (ValueError, RecursionError):
        return None


def _values(value: Any) -> Iterator[Any]:
    """All values in JSON, a value before what it holds, in order; MAX_VALUES at most."""
    stack = [value]
    for _ in range(MAX_VALUES):
        if not stack:
            return
        here = stack.pop()
        yield here
        if isinstance(here, dict):
            stack.extend(reversed(list(here.values())))
        elif isinstance(here, list):
            stack.extend(reversed(here))


def _things(value: Any) -> Iterator[dict[str, Any]]:
    for each in _values(value):
        if isinstance(each, dict) and "@type" in each:
            yield each


def _is_article(thing: Mapping[str, Any]) -> bool:
    kinds = thing["@type"]
    return any(isinstance(kind, str) and kind.endswith(_ARTICLE_ENDS) for kind in _list(kinds))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _name(value: Any) -> str:
    return _string(value.get("name") if isinstance(value, dict) else value).strip()


def _article_facts(thing: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "title", plain_text(_string(thing.get("headline")))
    names = [_name(author) for author in _list(thing.get("author"))]
    yield "authors", [name for name in dict.fromkeys(names) if name and not name.startswith("http")]
    yield "date", _string(thing.get("datePublished"))[:10]
    sections = [plain_text(_string(each)) for each in _list(thing.get("articleSection"))]
    yield "section", next((each for each in sections if each), "")
    yield "language", _string(thing.get("inLanguage")).split("-")[0].lower()
    yield "site", _name(thing.get("publisher"))
    yield "description", plain_text(_string(thing.get("description")))


def _meta_facts(tree: LexborHTMLParser) -> Iterator[tuple[str, Any]]:
    for node in tree.css("meta"):
        attributes = node.attributes
        key = (attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or "").lower()
        name, value = _META.get(key), " ".join((attributes.get("content") or "").split())
        if name == "date":
            yield name, value[:10] if re.match(r"\d{4}-\d\d-\d\d", value) else ""
        elif name == "authors":
            yield name, [] if value.startswith("http") or not value else [value]
        elif name:
            yield name, value


def _link_facts(tree: LexborHTMLParser) -> Iterator[tuple[str, Any]]:
    link = tree.css_first('link[rel="canonical"]')
    yield "canonical", (link.attributes.get("href") or "").strip() if link else ""
    html = tree.css_first("html")
    yield "language", ((html.attributes.get("lang") or "") if html else "").split("-")[0].strip().lower()[:3]
    title = tree.css_first("title")
    yield "title", " ".join(title.text().split()) if title else ""


def _figures(tree: LexborHTMLParser) -> Iterator[dict[str, str]]:
    """Pictures that have a caption: `src` and `caption`."""
    for figure in tree.css("figure")[:MAX_FIGURES]:
        image, caption = figure.css_first("img"), figure.css_first("figcaption")
        if image is None or caption is None:
            continue
        attributes = image.attributes
        source = next((attributes[key] for key in ("src", "data-src", "data-lazy-src") if attributes.get(key)), "")
        words = " ".join(caption.text(separator=" ").split())
        if words and source:
            yield {"src": source if not source.startswith("data:") else "", "caption": words}
