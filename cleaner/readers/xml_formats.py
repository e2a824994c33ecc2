"""XML as corpora and feeds hold articles: which elements are articles, what they say, and their bodies as HTML.

RSS 1.0 and 2.0, Atom, NITF, NewsML-G2, TEI, JATS, and files whose elements are called article, doc, story and so on.
Bodies that hold HTML are given as they are; those in words of their own format are put into the words of HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bs4 import CData, Tag
from bs4.element import NavigableString, PreformattedString


@dataclass(frozen=True, slots=True)
class XmlArticle:
    """One article of an XML file; empty strings where the file tells nothing."""

    content: str
    is_html: bool
    id: str = ""
    title: str = ""
    url: str = ""
    date: str = ""
    lang: str = ""
    authors: tuple[str, ...] = ()


#: Words of NITF, TEI, JATS and DocBook, and those of HTML that say the same.
AS_HTML = {
    **dict.fromkeys(("p", "para", "simpara", "ab", "lead", "sp", "verse-group", "lg", "abstract-p", "byline"), "p"),
    **dict.fromkeys(("hl1", "headline", "article-title"), "h1"),
    **dict.fromkeys(("head", "hl2", "title", "subhead", "h2"), "h2"),
    **dict.fromkeys("h1 h3 h4 ul ol li dl dt dd table thead tbody tr td th".split(), ""),
    **dict.fromkeys(("list", "itemizedlist", "orderedlist"), "ul"),
    **dict.fromkeys(("item", "list-item", "listitem"), "li"),
    **dict.fromkeys(("bq", "quote", "cit", "disp-quote", "blockquote"), "blockquote"),
    **dict.fromkeys(("row",), "tr"),
    **dict.fromkeys(("cell", "entry"), "td"),
    **dict.fromkeys(("figure", "fig", "media", "mediaobject", "fig-group"), "figure"),
    **dict.fromkeys(("caption", "media-caption", "figDesc", "figcaption", "media-producer"), "figcaption"),
    **dict.fromkeys(("lb", "br", "l", "verse-line"), "br"),
    **dict.fromkeys(("pre", "code", "programlisting"), "pre"),
    **dict.fromkeys(("sec", "div", "section", "block", "body", "sect1", "sect2"), "div"),
    "a": "a",
}  # fmt: skip
#: Elements whose text is no part of the article's.
UNSHOWN = frozenset(
    "teiHeader ref-list xref-list tex-math metadata docdata script style media-reference media-metadata back".split()
)
#: What a file without a format of its own calls its articles, their texts, titles, addresses, dates, and authors.
ARTICLES = ("article", "doc", "document", "story", "newsitem", "item", "entry", "post", "text")
TEXTS = ("text", "body", "content", "fulltext", "maintext", "articleBody")
TITLES, URLS = ("title", "headline", "head"), ("url", "link", "uri")
DATES, AUTHORS = ("date", "pubdate", "published", "pubDate"), ("author", "byline", "creator")

_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]{0,20}(?:\s[^<>]*)?/?>")


def articles_in(root: Tag) -> Iterator[XmlArticle] | None:
    """The articles under a root element; None for XML of another kind."""
    name = local(root)
    reader = _READERS.get(name)
    if name in ("article", "articles") and _first(root, "front", "article-meta"):
        reader = _jats
    if reader is None and name not in _NO_ARTICLES:
        reader = _plain
    articles = reader(root) if reader else iter(())
    first = next(articles, None)
    return None if first is None else _chained(first, articles)


def local(tag: Tag) -> str:
    """The name of an element without its prefix."""
    return tag.name.rpartition(":")[2]


def _chained(first: XmlArticle, rest: Iterator[XmlArticle]) -> Iterator[XmlArticle]:
    yield first
    yield from rest


# Feeds ------------------------------------------------------------------------------------------


def _rss(root: Tag) -> Iterator[XmlArticle]:
    lang = _text(_first(root, "language"))
    for item in _all(root, "item"):
        body = _text(_child(item, "encoded")) or _text(_child(item, "description"))
        link = _text(_child(item, "link")) or str(item.get("rdf:about") or "")
        guid = _text(_child(item, "guid", "identifier"))
        yield XmlArticle(
            body, _is_html(body), id=guid or link, title=_plain_title(_text(_child(item, "title"))),
            url=link or (guid if guid.startswith(("http://", "https://")) else ""),
            date=_text(_child(item, "pubDate", "date", "published")), lang=_text(_child(item, "language")) or lang,
            authors=_texts(item, ("creator", "author")),
        )  # fmt: skip


def _atom(root: Tag) -> Iterator[XmlArticle]:
    lang = str(root.get("xml:lang") or "")
    entries = [root] if local(root) == "entry" else _all(root, "entry")
    for entry in entries:
        told = [tag for tag in (_child(entry, "content"), _child(entry, "summary")) if tag is not None]
        content = next((tag for tag in told if tag.get_text().strip()), None)
        body, is_html = _atom_text(content)
        links = [tag for tag in _children(entry, "link") if str(tag.get("rel") or "alternate") == "alternate"]
        yield XmlArticle(
            body, is_html, id=_text(_child(entry, "id")), title=_plain_title(_text(_child(entry, "title"))),
            url=str(links[0].get("href") or "") if links else "",
            date=_text(_child(entry, "published")) or _text(_child(entry, "updated")),
            lang=str(entry.get("xml:lang") or (content.get("xml:lang") if content else "") or lang),
            authors=tuple(_text(_child(tag, "name")) for tag in _children(entry, "author")),
        )  # fmt: skip


def _atom_text(content: Tag | None) -> tuple[str, bool]:
    if content is None:
        return "", False
    if str(content.get("type") or "text") in ("xhtml", "application/xhtml+xml"):
        return as_html(content), True
    text = content.get_text().strip()
    return text, str(content.get("type") or "") in ("html", "text/html") or _is_html(text)


# Agencies and archives ----------------------------------------------------------------------------


def _nitf(root: Tag) -> Iterator[XmlArticle]:
    for nitf in [root] if local(root) == "nitf" else _all(root, "nitf"):
        headline = _first(nitf, "hl1") or _first(nitf, "body.head", "hedline") or _first(nitf, "title")
        body = _first(nitf, "body.content") or _first(nitf, "body") or nitf
        byline = _first(nitf, "byline")
        ids = [str(tag.get("id-string") or "") for tag in _all(nitf, "doc-id")]
        dates = [str(tag.get("norm") or "") for tag in _all(nitf, "date.issue")]
        urls = [str(tag.get("ex-ref") or "") for tag in _all(nitf, "pubdata")]
        yield _with_headline(
            headline, [_first(nitf, "hl2"), byline], [body], id=_one(ids), date=_one(dates), url=_one(urls),
            lang=_lang(nitf), authors=_by(byline),
        )  # fmt: skip


def _by(byline: Tag | None) -> tuple[str, ...]:
    persons = tuple(_text(person) for person in _all(byline, "person")) if byline else ()
    told = _text(byline)
    return persons or ((told.removeprefix("By ").removeprefix("by "),) if told else ())


def _newsml(root: Tag) -> Iterator[XmlArticle]:
    for item in [root] if local(root) == "newsItem" else _all(root, "newsItem"):
        contents = _all(item, "inlineXML", "inlineData")
        known = {"id": str(item.get("guid") or ""), "lang": _lang(item)}
        meta = _child(item, "contentMeta")
        known["date"] = _text(_first(meta or item, "contentCreated")) or _text(_first(item, "versionCreated"))
        authors = tuple(_text(_first(tag, "name")) or _text(tag) for tag in _all(meta or item, "creator", "by")[:3])
        for content in contents[:1]:
            nitf = _first(content, "nitf")
            if nitf is not None:
                inner = next(_nitf(nitf))
                kept = {name: value or getattr(inner, name) for name, value in known.items()}
                yield XmlArticle(
                    inner.content, True, title=inner.title, url=inner.url, authors=inner.authors or authors, **kept
                )
                continue
            headline = _first(meta, "headline") if meta else None
            text = content.get_text().strip()
            is_page = local(content) == "inlineXML" or _is_html(text)
            body = as_html(content) if local(content) == "inlineXML" else text
            yield XmlArticle(body, is_page, title=_text(headline), authors=authors, **known)


def _tei(root: Tag) -> Iterator[XmlArticle]:
    for tei in [root] if local(root) in ("TEI", "TEI.2") else _all(root, "TEI", "TEI.2"):
        head = _first(tei, "teiHeader") or tei
        text = _child(tei, "text") or tei
        body = _first(text, "body") or text
        published = _first(head, "publicationStmt") or head
        urls = [_text(tag) for tag in _all(head, "idno") if str(tag.get("type") or "").upper() in ("URL", "URI")]
        dates = [str(tag.get("when") or "") or _text(tag) for tag in _all(published, "date")]
        title = _first(head, "titleStmt", "title")
        yield _with_headline(
            None if _child(body, "head") else title, [], [body], title=_text(title),
            id=str(tei.get("xml:id") or ""), url=_one(urls), date=_one(dates), lang=_lang(tei) or _lang(text),
            authors=_texts(_first(head, "titleStmt") or head, ("author",)),
        )  # fmt: skip


def _jats(root: Tag) -> Iterator[XmlArticle]:
    for article in [root] if local(root) == "article" else _children(root, "article"):
        meta = _first(article, "front", "article-meta") or article
        title = _first(meta, "title-group", "article-title") or _first(meta, "article-title")
        dates = ["-".join(_text(_child(tag, part)).zfill(2) for part in ("year", "month", "day") if _child(tag, part))
                 for tag in _all(meta, "pub-date")]  # fmt: skip
        names = [_first(tag, "name") for tag in _all(meta, "contrib")]
        authors = tuple(" ".join(filter(None, (_text(_child(name, "given-names")), _text(_child(name, "surname")))))
                        for name in names if name)  # fmt: skip
        doi = [_text(tag) for tag in _all(meta, "article-id") if tag.get("pub-id-type") == "doi"]
        body = [tag for tag in (_first(meta, "abstract"), _child(article, "body")) if tag is not None]
        yield _with_headline(
            title, [], body, id=_one(doi), url=f"https://doi.org/{doi[0]}" if doi else "", date=_one(dates),
            lang=_lang(article), authors=authors,
        )  # fmt: skip


def _plain(root: Tag) -> Iterator[XmlArticle]:
    """Articles in a file without a format of its own; each holds paragraphs, or text that is long enough to be one."""
    name = next((name for name in ARTICLES if local(root) == name or _first(root, name)), None)
    if name is None:
        return
    articles = [root] if local(root) == name else _all(root, name)
    for article in articles:
        if any(isinstance(parent, Tag) and local(parent) == name for parent in article.parents):
            continue  # part of another one
        body = next((tag for text in TEXTS if (tag := _child(article, text))), None) or article
        title = next((tag for word in TITLES if (tag := _child(article, word))), None)
        if not (_first(body, "p") or _first(body, "para") or len(body.get_text().strip()) >= 80 or body is not article):
            continue
        known = {"url": _field(article, URLS), "date": _field(article, DATES), "id": _field(article, ("id",))}
        inside = body.get_text().strip()
        if not body.find(True):
            is_html = _is_html(inside)
            yield XmlArticle(inside, is_html, title=_text(title) or str(article.get("title") or ""),
                             lang=_lang(article), authors=_texts(article, AUTHORS), **known)  # fmt: skip
        else:
            headline = title.extract() if title is not None and body is article else title
            yield _with_headline(
                headline, [], [body], title=_text(title) or str(article.get("title") or ""),
                lang=_lang(article), authors=_texts(article, AUTHORS), **known,
            )  # fmt: skip


_READERS: dict[str, Callable[[Tag], Iterator[XmlArticle]]] = {
    "rss": _rss, "RDF": _rss, "channel": _rss, "feed": _atom, "nitf": _nitf,
    "TEI": _tei, "TEI.2": _tei, "teiCorpus": _tei, "pmc-articleset": _jats,
    "newsItem": _newsml, "newsMessage": _newsml, "packageItem": _newsml, "itemSet": _newsml,
}  # fmt: skip
#: Roots of files that lie beside articles and hold none.
_NO_ARTICLES = frozenset("urlset sitemapindex opml svg project plist configuration manifest Configuration html".split())


def _with_headline(
    headline: Tag | None, lines: Iterable[Tag | None], body: Iterable[Tag], *, title: str = "", **known: object
) -> XmlArticle:
    """An article whose headline and opening lines stand before its body, as on a page."""
    told = _text(headline)
    parts = [f"<h1>{html.escape(told, quote=False)}</h1>"] if told else []
    parts += [f"<p>{html.escape(_text(line), quote=False)}</p>" for line in lines if _text(line)]
    parts += [as_html(tag) for tag in body]
    return XmlArticle("\n".join(parts), True, title=told or title, **known)  # type: ignore[arg-type]


# Elements -----------------------------------------------------------------------------------------


def as_html(tag: Tag) -> str:
    """The contents of an element as HTML: its blocks in the words of HTML, what is inside a line as plain text."""
    return "".join(_html_of(tag)).strip()


def _html_of(tag: Tag) -> Iterator[str]:
    mixed = any(isinstance(node, NavigableString) and _shown(node) and node.strip() for node in tag.children)
    for node in tag.children:
        if isinstance(node, Tag):
            yield from _element_as_html(node, inline=mixed)
        elif isinstance(node, NavigableString) and _shown(node):
            yield html.escape(str(node), quote=False)


def _element_as_html(tag: Tag, *, inline: bool) -> Iterator[str]:
    name = local(tag)
    if name in UNSHOWN:
        return
    word = AS_HTML.get(name)
    if word is None and inline:
        yield from _html_of(tag)
        return
    word = (word or name) if word is not None else "div"
    if word == "br":
        yield from (*_html_of(tag), "<br>")
    elif word == "figcaption":
        yield f"<figcaption>{html.escape(_text(tag), quote=False)}</figcaption>\n"
    elif word == "a":
        yield f'<a href="{html.escape(str(tag.get("href") or ""))}">'
        yield from (*_html_of(tag), "</a>")
    else:
        yield from (f"<{word}>", *_html_of(tag), f"</{word}>\n")


def _shown(node: NavigableString) -> bool:
    return isinstance(node, CData) or not isinstance(node, PreformattedString)


def _all(tag: Tag, *names: str) -> list[Tag]:
    return [child for child in tag.find_all(True) if local(child) in names]


def _first(tag: Tag | None, *path: str) -> Tag | None:
    """The first element of a name under another; of several names each under the one before."""
    for name in path:
        if tag is None:
            return None
        tag = next((child for child in tag.find_all(True) if local(child) == name), None)
    return tag


def _children(tag: Tag, *names: str) -> list[Tag]:
    return [node for node in tag.children if isinstance(node, Tag) and local(node) in names]


def _child(tag: Tag | None, *names: str) -> Tag | None:
    return next(iter(_children(tag, *names)), None) if tag is not None else None


def _text(tag: Tag | None) -> str:
    return " ".join(tag.get_text(" " if tag.find(("p", "br", "hl1", "hl2")) else "").split()) if tag is not None else ""


def _texts(tag: Tag, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for child in _children(tag, *names) if (text := _text(child))))


def _field(tag: Tag, names: tuple[str, ...]) -> str:
    """What a child element or an attribute of one of these names says."""
    for name in names:
        if value := _text(_child(tag, name)) or str(tag.get(name) or tag.get(f"xml:{name}") or ""):
            return value
    return ""


def _lang(tag: Tag) -> str:
    language = _first(tag, "language")
    return str(tag.get("xml:lang") or tag.get("lang") or (language.get("tag") if language else "") or "")


def _one(values: Iterable[str]) -> str:
    return next(filter(None, values), "")


def _is_html(text: str) -> bool:
    return bool(_TAG.search(text))


def _plain_title(text: str) -> str:
    """A feed's title, which may hold escaped HTML."""
    return " ".join(html.unescape(_TAG.sub("", text)).split()) if "<" in text or "&" in text else text
