"""What a reader of a page does not see: by attributes, by classes for screen readers, by copies of shown text.

Inline text that is hidden is left out, since it would stand in the middle of a sentence. Hidden panels that belong
to a heading or a button above them (answers, slides, tabs) are what a click shows: they count as shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from selectolax.lexbor import LexborNode

Attributes = Mapping[str, str | None]

#: Hidden inline text of at least so many characters is what a script shows later ("read on"), not a note.
LONG_INLINE = 200
#: So many neighbours are looked at, on either side.
NEIGHBOURS = 8
#: Elements that open what stands below them.
OPENERS = frozenset(("h2", "h3", "h4", "h5", "h6", "dt", "button", "summary", "label"))

_HIDING_STYLE = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_INVISIBLE_STYLE = re.compile(r"visibility\s*:\s*hidden", re.IGNORECASE)
_FOR_SCREEN_READERS = re.compile(
    r"(?:^|[\s_-])(?:sr[-_]?only|visually[-_]?hidden|screen[-_]?reader(?:[-_]?(?:text|only))?|a11y[-_]?hidden|"
    r"assistive[-_]?text|hidden[-_]?visually|off[-_]?screen)(?:$|[\s_-])",
    re.IGNORECASE,
)
_FOCUSABLE = re.compile(r"focusable", re.IGNORECASE)


def is_hidden(tag: str, attributes: Attributes) -> bool:
    """Does a browser show neither the element nor what it holds, by its own attributes?"""
    return (
        tag == "noscript"
        or "hidden" in attributes
        or (tag == "dialog" and "open" not in attributes)
        or (bool(style := attributes.get("style")) and hides(style or ""))
        or is_invisible(attributes)
        or (tag != "h1" and for_screen_readers(attributes))  # a hidden h1 is the page's headline
    )


def is_invisible(attributes: Attributes) -> bool:
    """Is the element laid out but not drawn? Nothing shows it later: it makes room, or measures text."""
    style = attributes.get("style")
    return bool(style) and undraws(style or "")


def for_screen_readers(attributes: Attributes) -> bool:
    """Do the classes say that only screen readers see the element?"""
    names = attributes.get("class")
    return bool(names) and names_for_readers(names or "")


@lru_cache(maxsize=1 << 12)
def hides(style: str) -> bool:
    """Does a style say that nothing is shown?"""
    return _HIDING_STYLE.search(style) is not None


@lru_cache(maxsize=1 << 12)
def undraws(style: str) -> bool:
    """Does a style say that room is left, and nothing drawn?"""
    return _INVISIBLE_STYLE.search(style) is not None


@lru_cache(maxsize=1 << 12)
def names_for_readers(names: str) -> bool:
    """Do class names say that only screen readers see an element?"""
    return _FOR_SCREEN_READERS.search(names) is not None and not _FOCUSABLE.search(names)


def is_unseen_inline(node: LexborNode, tag: str, attributes: Attributes) -> bool:
    """Is an inline element with these attributes to be left out?"""
    if not attributes:
        return False
    if is_hidden(tag, attributes):
        return True
    return attributes.get("aria-hidden") == "true" and _is_copy(node)


def _is_copy(node: LexborNode) -> bool:
    """Does other text stand beside an element that screen readers are not told?

    Not where the text beside it is for screen readers only: then the element is the copy that is shown.
    """
    texts = False
    for other in _neighbours(node):
        tag = other.tag or ""
        if tag == "-text":
            texts = texts or not (other.text_content or "").isspace()
        elif not tag.startswith("-") and other.first_child is not None:
            attributes = other.attributes
            if for_screen_readers(attributes):
                return False
            texts = texts or attributes.get("aria-hidden") != "true"
    return texts


def _neighbours(node: LexborNode) -> Iterator[LexborNode]:
    for step in ("prev", "next"):
        other = getattr(node, step)
        for _ in range(NEIGHBOURS):
            if other is None:
                break
            yield other
            other = getattr(other, step)


def is_panel(node: LexborNode, attributes: Attributes) -> bool:
    """Is a hidden element one that a click shows: below its heading or button, or a slide beside others like it?"""
    if (attributes.get("role") or "") in ("tabpanel", "region"):
        return True
    before = _element(node, "prev")
    if before is None:
        return _is_slide(node, attributes)
    return _opens(before) or _is_slide(node, attributes)


def _opens(node: LexborNode) -> bool:
    """Is the element a heading or a button, or one that holds nothing else first?"""
    inside: LexborNode | None = node
    for _ in range(3):
        if inside is None:
            return False
        if (inside.tag or "") in OPENERS or "aria-expanded" in inside.attributes:
            return True
        inside = _first_element(inside)
    return False


def _is_slide(node: LexborNode, attributes: Attributes) -> bool:
    names = (attributes.get("class") or "").split()[:1]
    if not names:
        return False
    for step in ("prev", "next"):
        other = _element(node, step)
        if other is not None and other.tag == node.tag and (other.attributes.get("class") or "").split()[:1] == names:
            return True
    return False


def _element(node: LexborNode, step: str) -> LexborNode | None:
    other = getattr(node, step)
    for _ in range(NEIGHBOURS):
        if other is None or not (other.tag or "-").startswith("-"):
            break
        other = getattr(other, step)
    return other if other is not None and not (other.tag or "-").startswith("-") else None


def _first_element(node: LexborNode) -> LexborNode | None:
    child = node.first_child
    for _ in range(NEIGHBOURS):
        if child is None or not (child.tag or "-").startswith("-"):
            return child
        if child.tag == "-text" and not (child.text_content or "").isspace():
            return None
        child = child.next
    return None


def opens_panel(node: LexborNode, attributes: Attributes) -> bool:
    """Does a button open a hidden element that stands right after it?"""
    if "aria-expanded" not in attributes and "aria-controls" not in attributes:
        return False
    after = _element(node, "next")
    return after is not None and after.first_child is not None and is_hidden(after.tag or "", after.attributes)
