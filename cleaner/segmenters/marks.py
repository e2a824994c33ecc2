"""What an element's surroundings in a page tell about its text: tag path and marks.

A mark is an evidence word: `tag:figcaption`, `class:newsletter`, `role:navigation`. Class names are
read as words, several of them for one meaning; what a class says it has not ("no-sidebar") is no mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bs4.element import Tag

#: How far up an element's surroundings are looked at: pages nest some 15 deep, broken ones 100,000.
MAX_ANCESTORS = 40
#: Class names are read on the element and this many around it; farther out they speak of the whole page.
CLASS_ANCESTORS = 6

#: Tags that say nothing in a path.
_PLAIN_TAGS = frozenset(("html", "body", "div", "span", "[document]"))
_TELLING_TAGS = frozenset(
    "address aside blockquote button caption figcaption figure footer form h1 h2 h3 h4 h5 h6 header label li nav pre "
    "summary table time".split()
)
_TELLING_ROLES = frozenset(
    "alert alertdialog banner complementary contentinfo dialog form navigation note search toolbar".split()
)
#: Class names beyond these elements describe the article as a whole.
_CONTAINERS = frozenset(("article", "main", "body", "html"))

#: Mark → the words of class names and ids that stand for it.
_CLASS_WORDS = {
    "advert": "ad ads adslot adunit advert adverts advertisement advertising dfp promoted sponsor sponsored",
    "author": "author authors",
    "bio": "bio biography aboutauthor authorbio",
    "byline": "byline bylines dateline pubdate timestamp",
    "caption": "caption captions figcaption imagecaption photocaption photocredit",
    "comment": "comment comments disqus respond commentlist",
    "cookie": "cookie cookies consent gdpr onetrust",
    "donation": "donate donation donations contribute fundraising fundraiser membership",
    "navigation": "breadcrumb breadcrumbs menu navbar pagination sitemap skiplink tags taglist toc",
    "newsletter": "newsletter newsletters signup mailinglist mailchimp",
    "paywall": "paywall subscribe subscription piano metered regwall",
    "related": "related readmore recirc recirculation recommended recommendations morefrom mostread popular trending "
    "outbrain taboola",
    "share": "share sharing sharebar sharebuttons addthis sharethis sharedaddy",
    "social": "social followus facebook twitter instagram whatsapp telegram",
}
_MARK_OF = {word: f"class:{mark}" for mark, words in _CLASS_WORDS.items() for word in words.split()}
#: Two words that are one above: "read-more", "most-read".
_JOINED = re.compile(r"(?:about|author|comment|fig|follow|image|mailing|more|most|photo|pub|read|share|sign|skip|tag)$")
#: A class name with one of these words tells what the page has or has not, not what the element is.
_STATES = frozenset("has no not is with without enable enabled disable disabled open closed hide show hidden".split())

_NAME = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a page a line stands."""

    path: str  # tags from the outside in, without those that say nothing: "article/section/p"
    marks: tuple[str, ...]  # without duplicates, from the inside out


def place_of(element: Tag) -> Place:
    """The tag path and the marks of an element, from it and what is around it."""
    around = list(_around(element))
    path = "/".join(tag.name for tag in reversed(around) if tag.name not in _PLAIN_TAGS)
    marks = [mark for tag in around for mark in _tag_marks(tag)]
    marks += [mark for tag in _near(around) for mark in _class_marks(tag)]
    return Place(path or "div", tuple(dict.fromkeys(marks)))


def _around(element: Tag) -> Iterator[Tag]:
    tag: Tag | None = element
    for _ in range(MAX_ANCESTORS):
        if tag is None:
            return
        yield tag
        tag = tag.parent


def _near(around: list[Tag]) -> Iterator[Tag]:
    for tag in around[: CLASS_ANCESTORS + 1]:
        if tag.name in _CONTAINERS:
            return
        yield tag


def _tag_marks(tag: Tag) -> Iterator[str]:
    if tag.name in _TELLING_TAGS:
        yield f"tag:{tag.name}"
    role = tag.get("role")
    if isinstance(role, str) and role.strip().lower() in _TELLING_ROLES:
        yield f"role:{role.strip().lower()}"


def _class_marks(tag: Tag) -> Iterator[str]:
    for attribute in ("class", "id"):
        value = tag.get(attribute) or ()
        for name in value.split() if isinstance(value, str) else value:
            yield from class_marks(str(name))


def class_marks(name: str) -> list[str]:
    """The marks that one class name or id gives.

    >>> class_marks("c-newsletterSignup"), class_marks("has-newsletter")
    (['class:newsletter', 'class:newsletter'], [])
    """
    words = [word.lower() for word in _NAME.findall(name[:200])]
    if not _STATES.isdisjoint(words):
        return []
    pairs = [a + b for a, b in pairwise(words) if _JOINED.match(a)]
    return [_MARK_OF[word] for word in (*words, *pairs) if word in _MARK_OF]
