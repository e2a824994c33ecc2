"""The article of a page that shows nothing itself: the prose in its JSON, or in its templates of markup.

Where some strings under one key of a list are prose, all under that key are the text: its short paragraphs and
subheads too. Broken JSON is left out; nothing here raises.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.html.script_state import states
from cleaner.segmentation.stops import ends_sentence

#: Scripts larger than this are application state of megabytes, not worth their time.
MAX_JSON = 2_000_000
#: Values nested deeper, or more of them, are not looked at.
MAX_VALUES = 50_000
#: Strings of an application's JSON this long, with sentences, are prose.
JSON_PROSE = 120
#: The list of a text is the innermost that holds this share of the prose under one key.
LIST_SHARE = 0.7
#: So many times markup may have been escaped on its way into JSON.
MOST_ESCAPES = 3
#: Lists up from a string among which that one is sought.
LEVELS = 12

SURROGATES = re.compile("[\ud800-\udfff]")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_ESCAPED_TAG = re.compile(r"&(?:amp;)*lt;\s*/?\s*[a-zA-Z][^&]{0,40}")
_BLOCK_END = re.compile(r"<\s*(?:br|/p|/div|/h[1-6]|/li|/blockquote)[^>]{0,50}>", re.IGNORECASE)
_COMMENT_SIGNS = re.compile(r"^\s*(?:<!--|//<!\[CDATA\[|/\*.{0,20}\*/)|(?:-->|//\]\]>)\s*$")
#: A string that names something for the program: an address, an identifier, a colour, a number.
_NO_WORDS = re.compile(r"^(?:https?:|/|#|data:|\.)\S*$|^[\w.:/-]*[\d_/][\w.:/-]*$|^[a-z]+(?:[A-Z][a-z]+)+$")


class _Said(NamedTuple):
    """A string of JSON: the key it stands under, the lists around it from the inside out."""

    key: str
    text: str
    around: tuple[int, ...]
    prose: bool


def json_prose(tree: LexborHTMLParser, articles: str) -> str:
    """The longest prose in a page's JSON or its templates. articles: what its articleBody says."""
    best = articles
    for node in tree.css('script[type*="template"]'):
        markup = node.text() or ""
        best = max(best, plain_text(markup) if len(markup) <= MAX_JSON else "", key=len)
    for node in tree.css('script[type*="json"]:not([type*="ld+json"]), script#__NEXT_DATA__'):
        best = max(best, _text_in(json_of(node)), key=len)
    for value in states(tree):
        best = max(best, _text_in(value), key=len)
    return best


def _text_in(value: object) -> str:
    """The prose in a JSON value, a paragraph a line: all strings of the list and key that hold most of it."""
    strings = list(_strings(value))
    sizes: Counter[tuple[str, int]] = Counter()
    keys: Counter[str] = Counter()
    for said in strings:
        if said.prose:
            keys[said.key] += len(said.text)
            sizes.update({(said.key, number): len(said.text) for number in said.around})
    if not keys:
        return ""
    key, total = keys.most_common(1)[0]
    holding = [container for (name, container), size in sizes.items() if name == key and size >= LIST_SHARE * total]
    innermost = max(holding, default=0)  # containers are numbered as they open
    chosen = [
        plain_text(said.text)
        for said in strings
        if said.key == key and (innermost in said.around or said.prose) and not _NO_WORDS.match(said.text)
    ]
    return "\n".join(dict.fromkeys(text for text in chosen if text))


def _strings(value: object) -> Iterator[_Said]:
    """The strings in a JSON value in order; items of a list count under the list's key."""
    stack: list[tuple[str, Any, tuple[int, ...]]] = [("", value, ())]
    opened = 0
    for _ in range(MAX_VALUES):
        if not stack:
            return
        key, here, around = stack.pop()
        if isinstance(here, str):
            text = string(here)
            yield _Said(key, text, around, _is_prose(text))
        elif isinstance(here, dict | list):
            inside = around
            if isinstance(here, list):
                opened += 1
                inside = (opened, *around[: LEVELS - 1])
            items = here.items() if isinstance(here, dict) else ((key, item) for item in here)
            stack.extend(reversed([(name, item, inside) for name, item in items]))


def plain_text(markup: str) -> str:
    """The text of a string that may hold markup, a paragraph a line.

    >>> plain_text("<p>One &amp; two</p><p>three</p>")
    'One & two\\nthree'
    """
    for _ in range(MOST_ESCAPES):
        if not _ESCAPED_TAG.search(markup):
            break
        markup = unescape(markup)
    if "<" in markup:
        markup = _TAG.sub(" ", _BLOCK_END.sub("\n", markup))
    lines = (" ".join(line.split()) for line in unescape(markup).splitlines())
    return "\n".join(line for line in lines if line)


def _is_prose(text: str) -> bool:
    if len(text) < JSON_PROSE or "{" in text[:200]:
        return False
    bare = plain_text(text) if "&" in text or "<" in text else text
    return len(bare) >= JSON_PROSE and (". " in bare or ends_sentence(bare, broken_off=True))


def json_of(node: LexborNode) -> Any:
    """The JSON of a script element; None for one too large or broken."""
    text = node.text() or ""
    if len(text) > MAX_JSON:
        return None
    try:
        return json.loads(_COMMENT_SIGNS.sub("", text.strip()).strip().rstrip(";"), strict=False)
    except (ValueError, RecursionError):
        return None


def values_in(value: object) -> Iterator[object]:
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


def string(value: object) -> str:
    """A string of JSON, which can escape half a surrogate pair; no output could hold it."""
    return SURROGATES.sub("\ufffd", value) if isinstance(value, str) else ""
