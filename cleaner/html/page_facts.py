"""What of a page's head is read in one walk over its tree: `meta` and `link` elements, and what the page has at all.

What it has not need not be looked for by selectors. Without the accelerator everything is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntFlag
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from cleaner import accelerator
from cleaner.html.native_tree import functions

#: The attributes of a `meta` element that are read: four that may name it, and what it says; and those of a `link`.
_META = ("property", "name", "itemprop", "http-equiv", "content")
_LINK = ("rel", "href")

Values = tuple[str | None, ...]


class Has(IntFlag):
    """What a page may have, as native/page_markup.c has it."""

    DATA = 1  # scripts of JSON-LD
    TIME = 2  # `time` elements
    ITEM_AUTHOR = 4  # properties "author"
    AUTHOR_LINK = 8  # links that say so
    AUTHOR_CLASS = 16  # classes named for authors or bylines
    FIGURE = 32  # figures, and captions by class
    BASE = 64


class Facts(NamedTuple):
    """What a page has, and the attributes of its `meta` and `link` elements: None where one is not there."""

    has: Has
    metas: Sequence[Values]
    links: Sequence[Values]


_ALL = ~Has(0)


def facts_of(tree: LexborHTMLParser) -> Facts:
    """The facts of a parsed page."""
    root, addresses = tree.root, functions()
    if accelerator.compiled is None or root is None or not addresses:
        return facts_by_selectors(tree)
    has, metas, links = accelerator.compiled.page_facts(root.mem_id, addresses)
    return Facts(has, metas, links)


def facts_by_selectors(tree: LexborHTMLParser) -> Facts:
    """The reference that the accelerator is held to; everything may be there."""
    metas, links = (
        [tuple(_value(node.attributes, name) for name in names) for node in tree.css(tag)]
        for tag, names in (("meta", _META), ("link", _LINK))
    )
    return Facts(_ALL, metas, links)


def _value(attributes: dict[str, str | None], name: str) -> str | None:
    """An attribute's value, empty where it has none; None where the attribute is not there."""
    return (attributes[name] or "") if name in attributes else None
