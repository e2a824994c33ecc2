"""What an element's surroundings in a page tell about its text: tag path and marks.

A mark is an evidence word: `tag:figcaption`, `class:newsletter`, `role:navigation`. Class names are
read as words, several of them for one meaning; what a class says it has not ("no-sidebar") is no mark.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from cleaner import accelerator
from cleaner.html.page import MAX_ANCESTORS, Layout

#: Class names are read on the element and this many around it; farther out they speak of the whole page.
CLASS_ANCESTORS = 6

#: Tags that say nothing in a path.
_PLAIN_TAGS = frozenset(("html", "body", "div", "span"))
_TELLING_TAGS = frozenset(
    "address aside blockquote button caption figcaption figure footer form h1 h2 h3 h4 h5 h6 header label li nav pre "
    "summary table time".split()
)
#: What lies over the page: of 4,700 such lines on 1,382 pages none is of an article, of 1,860 in modal and popup boxes
#: on a third of them none.
DIALOGS = frozenset(("role:dialog", "role:alertdialog", "class:cookie", "class:modal"))
_TELLING_ROLES = frozenset(
    "alert alertdialog banner complementary contentinfo dialog form navigation note search toolbar".split()
)
#: So many `article` elements side by side are teasers: the names around them speak of their text.
TEASERS = 3
#: No more of a tag is in a path: names of custom elements may be as long as a page.
LONGEST_TAG = 64
#: Class names beyond these elements describe the article as a whole.
_CONTAINERS = frozenset(("article", "main", "body", "html"))

#: What a tag is, for the accelerator, as native/page_places.c has it.
_KINDS = {
    tag: (tag in _PLAIN_TAGS) + 2 * (tag in _CONTAINERS) + 4 * (tag == "article") for tag in _PLAIN_TAGS | _CONTAINERS
}
#: The path of what stands in nothing that says anything.
_NO_PATH = "div"

#: Mark → the words of class names and ids that stand for it.
_CLASS_WORDS = {
    "advert": "ad ads adslot adunit advert adverts advertisement advertising dfp promoted sponsor sponsored",
    "author": "author authors",
    "bio": "bio biography aboutauthor authorbio",
    "byline": "byline bylines dateline pubdate timestamp",
    "caption": "caption captions figcaption imagecaption photocaption photocredit",
    "comment": "comment comments disqus respond commentlist",
    "cookie": "borlabs ccpa cky cmplz consent cookie cookiebanner cookiebot cookieconsent cookies didomi dsgvo gdpr "
    "iubenda klaro onetrust qccmp termly truste usercentrics",
    "donation": "donate donation donations contribute fundraising fundraiser membership",
    "modal": "modal modals popup popups lightbox",
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
_JOINED = frozenset(
    "about author comment fig follow image mailing more most photo pub qc read share sign skip tag".split()
)
#: A class name with one of these words tells what the page has or has not, not what the element is.
_STATES = frozenset("has no not is with without enable enabled disable disabled open closed hide show hidden".split())

_NAME = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+")


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Where in a page a line stands."""

    path: str  # tags from the outside in, without those that say nothing: "article/section/p"
    marks: tuple[str, ...]  # without duplicates, from the inside out


def line_places(layout: Layout) -> tuple[list[str], list[tuple[str, ...]]]:
    """Per line of a page its tag path and its marks."""
    return _places(layout) if accelerator.compiled is None else _places_in_c(layout)


def _places_in_c(layout: Layout) -> tuple[list[str], list[tuple[str, ...]]]:
    assert accelerator.compiled is not None
    places: tuple[list[str], list[tuple[str, ...]]] = accelerator.compiled.page_places(
        list(layout.lines), list(layout.elements), _KINDS, "articleBody", _tag_marks, _names_marks, _NO_PATH
    )
    return places


def _places(layout: Layout) -> tuple[list[str], list[tuple[str, ...]]]:
    """The reference that the accelerator is held to."""
    marks = Marks(layout)
    places = [marks.place(line.element) for line in layout.lines]
    return [place.path for place in places], [place.marks for place in places]


class Marks:
    """The places of a page's elements, each worked out once, from that of the element around it."""

    __slots__ = ("_elements", "_outer", "_places", "_teasers")

    def __init__(self, layout: Layout) -> None:
        self._elements = layout.elements
        articles = Counter(element.parent for element in layout.elements if element.tag == "article")
        self._teasers = frozenset(parent for parent, count in articles.items() if count >= TEASERS)
        self._outer: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {-1: ((), ())}
        self._places: dict[tuple[object, ...], LinePlace] = {}

    def place(self, element: int) -> LinePlace:
        """The tag path and the marks of an element, from it and what is around it."""
        own = self._elements[element]
        key = (own.parent, own.tag, own.names, own.role, own.hidden, own.property)
        place = self._places.get(key)
        if place is None:
            path, marks = self._path_and_marks(element)
            marks = (*marks, *self._class_marks(element))
            place = self._places[key] = LinePlace("/".join(path) or _NO_PATH, tuple(dict.fromkeys(marks)))
        return place

    def _path_and_marks(self, element: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Tags from the outside in and marks of tags from the inside out, MAX_ANCESTORS of each."""
        chain: list[int] = []
        while element not in self._outer:
            chain.append(element)
            element = self._elements[element].parent
        for ancestor in reversed(chain):
            own = self._elements[ancestor]
            path, marks = self._outer[own.parent]
            if own.tag not in _PLAIN_TAGS:
                path = (*path, own.tag[:LONGEST_TAG])[-MAX_ANCESTORS:]
            if mine := _tag_marks(own.tag, own.role, own.hidden, "articleBody" in own.property):
                marks = (*mine, *marks)[:MAX_ANCESTORS]
            self._outer[ancestor] = (path, marks)
        return self._outer[chain[0] if chain else element]

    def _class_marks(self, element: int) -> list[str]:
        marks: list[str] = []
        for _ in range(CLASS_ANCESTORS + 1):
            own = self._elements[element]
            if own.tag in _CONTAINERS and not (own.tag == "article" and own.parent in self._teasers):
                break
            if own.names:
                marks += _names_marks(own.names)
            element = own.parent
            if element < 0:
                break
        return marks


@lru_cache(maxsize=1 << 12)
def _tag_marks(tag: str, role: str, hidden: bool, is_body: bool) -> tuple[str, ...]:
    told = {
        f"tag:{tag}": tag in _TELLING_TAGS,
        f"role:{role}": role in _TELLING_ROLES,
        "hidden": hidden,
        "article-body": is_body,
    }
    return tuple(mark for mark, is_told in told.items() if is_told)


@lru_cache(maxsize=1 << 14)
def _names_marks(names: str) -> tuple[str, ...]:
    return tuple(mark for name in names.split() for mark in class_marks(name))


@lru_cache(maxsize=1 << 15)
def class_marks(name: str) -> tuple[str, ...]:
    """The marks that one class name or id gives.

    >>> class_marks("c-newsletterSignup"), class_marks("has-newsletter")
    (('class:newsletter', 'class:newsletter'), ())
    """
    words = [word.lower() for word in _NAME.findall(name[:200])]
    if not _STATES.isdisjoint(words):
        return ()
    pairs = [a + b for a, b in pairwise(words) if a in _JOINED]
    return tuple([_MARK_OF[word] for word in (*words, *pairs) if word in _MARK_OF])
