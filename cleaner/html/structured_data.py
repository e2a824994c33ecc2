"""What a page states about itself in its head and in structured data: JSON-LD, OpenGraph, links, figures.

Reads schema.org articles wherever they stand (lists, @graph, mainEntity). Broken JSON is left out; nothing here
raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from cleaner.html.authors import MAX_AUTHORS, author_names
from cleaner.html.dates import iso_date
from cleaner.html.json_text import json_of, plain_text, string, values_in
from cleaner.html.page_facts import Facts, Has, facts_of
from cleaner.phrases import phrases

#: A schema.org type whose name ends so is an article: NewsArticle, BlogPosting, ReportageNewsArticle, LiveBlogPosting …
_ARTICLE_ENDS = ("Article", "BlogPosting", "Report", "Posting", "Review", "Recipe")
MAX_FIGURES = 40
#: Where the address of a picture stands, lazily loaded ones after a data: address in `src`.
_SOURCES = ("src", "data-src", "data-lazy-src", "data-original")

#: Between the pictures of a srcset; a comma inside an address has no white space behind it.
_CANDIDATES = re.compile(r",\s+")
#: Elements whose classes say that they hold an author's name.
_NAMED_CLASSES = (
    '[class*="byline"] .fn, [class*="author"] .fn, '
    '[class*="author" i][class*="name" i], [class*="byline" i][class*="name" i]'
)
_META = {
    "og:url": "canonical",
    "og:locale": "language",
    "content-language": "language",
    "og:title": "title",
    "og:site_name": "site",
    "og:description": "description",
    "description": "description",
    "article:published_time": "date",
    "article:published": "date",
    "datepublished": "date",
    "dc.date": "date",
    "dc.date.issued": "date",
    "dcterms.created": "date",
    "date": "date",
    "dc.date.accepted": "date",
    "citation_publication_date": "date",
    "sailthru.date": "date",
    "article:modified_time": "modified",
    "og:updated_time": "modified",
    "datemodified": "modified",
    "last-modified": "modified",
    "citation_author": "authors",
    "sailthru.author": "authors",
    "pubdate": "date",
    "publish-date": "date",
    "parsely-pub-date": "date",
    "author": "authors",
    "article:author": "authors",
    "article:author_name": "authors",
    "parsely-author": "authors",
    "dc.creator": "authors",
    "dcterms.creator": "authors",
    "article:section": "section",
    "articlesection": "section",
    "parsely-section": "section",
    "section": "section",
    "og:image": "image",
    "twitter:title": "title",
}


@dataclass(frozen=True, slots=True)
class Stated:
    """What the page states: the article's text, if it does, and metadata under our names."""

    text: str = ""  # schema.org articleBody, tags taken out
    metadata: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""  # the address that its addresses are seen from, where it gives one


def stated(tree: LexborHTMLParser) -> Stated:
    """What a parsed page states about itself."""
    facts: dict[str, Any] = {}
    dates: dict[str, Any] = {}
    text = ""
    page = facts_of(tree)
    scripts = tree.css('script[type*="ld+json"]') if page.has & Has.DATA else ()
    things = [thing for node in scripts for thing in _things(json_of(node))]
    known = {thing["@id"]: thing for thing in things if isinstance(thing.get("@id"), str)}
    for thing in filter(_is_article, things):
        text = max(text, plain_text(string(thing.get("articleBody"))), key=len)
        for name, value in _article_facts(thing, known):
            _state(facts, name, value)
    for name, value in _page_dates(things):
        dates.setdefault(name, value)
    told = (*_frame_facts(tree, page), *_meta_facts(page), *_microdata(tree, page.has), ("title", _title(tree)))
    for name, value in told:
        _state(facts, name, value)
    for name, value in dates.items():  # what a page says of itself comes after what it says of its article
        _state(facts, name, value)
    if page.has & Has.FIGURE and (images := list(_figures(tree))):
        facts["images"] = images
    base = tree.css_first("base[href]") if page.has & Has.BASE else None
    return Stated(text, facts, (base.attributes.get("href") or "").strip() if base else "")


def _state(facts: dict[str, Any], name: str, value: object) -> None:
    """The first that states something says it; what else is given as title is kept beside it."""
    if value and name == "title":
        facts.setdefault("titles", []).append(value)
    if value and name not in facts:
        facts[name] = value


def merged(own: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, object]:
    """The page's metadata from what it states, and where it is silent from what others read of it."""
    both = {**others, **own}
    shown, read = both.pop("shown-authors", ()), author_names(others.get("authors", ()))
    read = shown if set(shown) & set(read) else read  # trafilatura takes the job title's parts for names, too
    said = (own.get("authors", ()), read, shown)
    if names := next((names for names in said if names), ()):
        both["authors"] = list(names)
    else:
        both.pop("authors", None)
    return both


def resolved(facts: Mapping[str, Any], base: str, url: str | None) -> dict[str, object]:
    """The facts with their addresses made absolute, as far as the page's own is known; base: what it gives for that."""
    here = _joined(url or "", base)
    here = here if here.startswith(("http://", "https://")) else url or ""
    absolute = dict(facts)
    for name in ("canonical", "image"):
        if isinstance(absolute.get(name), str):
            absolute[name] = _joined(here, absolute[name])
    if "images" in absolute:
        absolute["images"] = [{**image, "src": _joined(here, image["src"])} for image in absolute["images"]]
    return absolute


def _joined(base: str, address: str) -> str:
    """The address seen from the base; as it is, when one of the two is none."""
    try:
        joined = urljoin(base, address) if base and address else address
    except ValueError:
        return address
    return joined if joined.startswith(("http://", "https://")) or not base else address


#: English names of languages that pages put in the place of their codes.
_LANGUAGES = dict(line.split() for line in phrases("names of languages"))


def language_code(value: str) -> str:
    """The two or three letters of a language from a tag or an English name; empty for anything else.

    >>> language_code("en-GB"), language_code("English"), language_code("de_DE"), language_code("x y")
    ('en', 'en', 'de', '')
    """
    first = re.split("[-_,; ]", value.strip().lower())[0]
    return _LANGUAGES.get(first, first if re.fullmatch("[a-z]{2,3}", first) else "")


def _is_organisation(author: object) -> bool:
    """Is an author an outlet or an agency, and no person?"""
    kind = author.get("@type") if isinstance(author, dict) else None
    return any(isinstance(name, str) and name.endswith("Organization") for name in _list(kind))


def _things(value: object) -> Iterator[dict[str, Any]]:
    for item in values_in(value):
        if isinstance(item, dict) and "@type" in item:
            yield item


def _is_article(thing: Mapping[str, object]) -> bool:
    kinds = thing["@type"]
    return any(isinstance(kind, str) and kind.endswith(_ARTICLE_ENDS) for kind in _list(kinds))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _name(value: object) -> str:
    return string(value.get("name") if isinstance(value, dict) else value).strip()


def _meant(value: object, known: Mapping[str, Mapping[str, object]]) -> object:
    """What stands for a reference into the page's graph; other values as they are."""
    reference = value.get("@id") if isinstance(value, dict) and "name" not in value else None
    return known.get(reference, value) if isinstance(reference, str) else value


def _article_facts(thing: Mapping[str, object], known: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, Any]]:
    yield "title", plain_text(string(thing.get("headline")))
    people = [_meant(author, known) for author in _list(thing.get("author"))]
    yield "authors", author_names([_name(author) for author in people if not _is_organisation(author)])
    yield "date", iso_date(thing.get("datePublished"))
    yield "modified", iso_date(thing.get("dateModified"))
    sections = [plain_text(string(section)) for section in _list(thing.get("articleSection"))]
    yield "section", next((section for section in sections if section), "")
    yield "language", language_code(_name(thing.get("inLanguage")))
    yield "site", _name(_meant(thing.get("publisher"), known))
    yield "description", plain_text(string(thing.get("description")))


def _page_dates(things: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The dates of things that are pages, not articles."""
    for thing in things:
        if any(isinstance(kind, str) and kind.endswith("Page") for kind in _list(thing["@type"])):
            for name, key in (("date", "datePublished"), ("modified", "dateModified")):
                if value := iso_date(thing.get(key)):
                    yield name, value


def _meta_facts(page: Facts) -> Iterator[tuple[str, Any]]:
    for *names, content in page.metas:
        name = _META.get(next((name for name in names if name), "").strip().lower())
        if not name:
            continue
        value = " ".join((content or "").split())
        if name in ("date", "modified"):
            yield name, iso_date(value)
        elif name == "language":
            yield name, language_code(value)
        elif name == "authors":
            yield name, author_names([value])
        elif name in ("title", "description"):
            yield name, " ".join(plain_text(value).split())  # some write markup there
        else:
            yield name, value


def _frame_facts(tree: LexborHTMLParser, page: Facts) -> Iterator[tuple[str, Any]]:
    for rel, href in page.links:
        if rel is not None and href is not None and "canonical" in rel.lower().split():
            yield "canonical", href.strip()
    html = tree.css_first("html")
    yield "language", language_code((html.attributes.get("lang") or "") if html else "")


def _title(tree: LexborHTMLParser) -> str:
    title = tree.css_first("title")
    return " ".join(title.text().split()) if title else ""


def _microdata(tree: LexborHTMLParser, has: Has) -> Iterator[tuple[str, Any]]:
    """Date and authors that elements of the page bear as properties."""
    for node in tree.css('time[itemprop="datePublished"], time[pubdate]') if has & Has.TIME else ():
        value = (node.attributes.get("datetime") or "").strip()
        yield "date", iso_date(value)
    named = tree.css('[itemprop="author"] [itemprop="name"]') if has & Has.ITEM_AUTHOR else []
    if not named and has & (Has.ITEM_AUTHOR | Has.AUTHOR_LINK):
        named = tree.css('[itemprop="author"], a[rel~="author"]')
    names = (" ".join(node.text().split()) for node in named[:MAX_AUTHORS])
    yield "authors", author_names(names)
    classes = tree.css(_NAMED_CLASSES)[:1] if has & Has.AUTHOR_CLASS else ()
    shown = (" ".join(node.text(separator=" ").split()) for node in classes)
    yield "shown-authors", author_names(shown)


def _figures(tree: LexborHTMLParser) -> Iterator[dict[str, str]]:
    """Pictures that have a caption: `src` and `caption`."""
    for figure in tree.css("figure, .wp-caption")[:MAX_FIGURES]:
        image, caption = figure.css_first("img, amp-img"), figure.css_first("figcaption, .wp-caption-text")
        if image is None or caption is None:
            continue
        words, source = " ".join(caption.text(separator=" ").split()), _picture(image.attributes)
        if words and source is not None:
            yield {"src": source, "caption": words}


def _picture(attributes: Mapping[str, str | None]) -> str | None:
    """Where a picture is from; empty for one that stands in the page itself, None for one from nowhere."""
    given = [value.strip() for key in _SOURCES if (value := attributes.get(key))]
    for key in ("srcset", "data-srcset"):
        given += [part.split()[0] for part in _CANDIDATES.split(attributes.get(key) or "") if part.strip()]
    real = [address for address in given if not address.startswith("data:")]
    return real[0] if real else "" if given else None
