"""An HTML page into blocks: one line of the rendering each, as a browser would break them.

The rendering is the source text of a page: scripts and styles are not in it; hidden parts only where they
hold prose (what a paywall covers), and JSON prose where a page shows nothing. Each block carries its tag
path, its marks and its link density; the rendering carries the layout that the page model reads.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import metadata as distributions
from typing import Any

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from cleaner.document import Block, Document, Rendering
from cleaner.html.class_hints import DIALOGS, Marks, Place
from cleaner.html.dom import walk
from cleaner.html.page import Element, Extractor, Layout, Line
from cleaner.html.structured_data import SURROGATES, json_prose, resolved, stated
from cleaner.html.trafilatura import PageFacts, page_facts

#: Which rendering these rules make of a parsed page; raised with every change that renders any page otherwise, since
#: `archive verify` compares only renderings of the same rules and parser.
RENDERING_RULES = 1
#: A hidden element with this much prose is what a paywall or a script covers; of 499 hidden lines in the gold texts of
#: 889 pages nearly all stood in such, of 6,800 other hidden lines few.
HIDDEN_PROSE, HIDDEN_LINE = 200, 80
#: A page that shows less than this much text in lines of HIDDEN_LINE characters may hold its article in JSON.
BARE_PAGE = 250
#: A mark for boilerplate on more than this share of the prose tells about the page, not about the lines that bear it: a
#: form around all of an ASP.NET page, a class of the newsletter that the page is. Dialogs are what they are, even
#: where the page says little else.
MAX_MARK_SHARE, MAX_DIALOG_SHARE = 0.5, 0.9
#: Never shown to a reader with scripts, who is whom the page was written for.
_UNSEEN = frozenset(("noscript", "dialog"))

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")


class HtmlError(ValueError):
    """The page cannot be parsed at all; the message says what the parser found."""


def segment_html(document: Document, extractor: Extractor = Extractor.PAGE) -> Rendering:
    """The blocks of a page in reading order, with its metadata; a page without text has none.

    `source_text` is the rendering, since offsets into markup would help nobody. extractor: who else is asked.
    Raises HtmlError when the markup cannot be parsed.
    """
    html = _mended(document.text)
    lines, elements, tree = _lines(html)
    said = stated(tree)
    facts = page_facts(html, document.url, extractor) if extractor is not Extractor.FAST else PageFacts()
    metadata = resolved(
        {**said.metadata, **facts.metadata}, tree, document.url
    )  # the model reads only what is the same for every extractor
    opinion = facts.main if extractor is Extractor.TRAFILATURA else None
    layout = Layout(lines, elements, said.metadata, said.text, opinion)
    text = "\n".join(line.text for line in lines)
    return Rendering(text, _blocks(layout), text, (), metadata, layout=layout)


def rendering_of(html: str) -> str:
    """The rendering alone: `Rendering.source_text` of a document with this text. Raises HtmlError."""
    lines, _, _ = _lines(_mended(html))
    return "\n".join(line.text for line in lines)


@lru_cache(maxsize=1)
def renderer() -> Mapping[str, Any]:
    """What renderings depend on besides the page: parser, its version, our rules."""
    return {"parser": "selectolax", "version": distributions.version("selectolax"), "rules": RENDERING_RULES}


def page_texts(document: Document) -> list[str]:
    """The texts of the blocks of a page, without its metadata and marks. Raises HtmlError."""
    lines, _, _ = _lines(_mended(document.text))
    return [line.text.strip() for line in lines]


def _mended(html: str) -> str:
    try:
        html.encode()  # ten times as fast as looking for what cannot be encoded
    except UnicodeEncodeError:
        html = SURROGATES.sub("\ufffd", html)
    declaration = _XML_DECLARATION.match(html, 0, 1000)
    return html[declaration.end() :] if declaration else html


def _lines(html: str) -> tuple[list[Line], list[Element], LexborHTMLParser]:
    """What becomes blocks, the elements around it, and the parsed page. Raises HtmlError."""
    try:
        found, tree = walk(html)
    except SelectolaxError as error:
        raise HtmlError(f"the page cannot be parsed as HTML ({error}); mend its markup or leave it out") from error
    elements = found.elements
    lines = _shown(found.lines, elements)
    if _prose(lines) < BARE_PAGE:
        everything = _shown(found.lines, elements, frozenset())
        if _prose(everything) - _prose(lines) >= BARE_PAGE:  # a tag left open in <noscript> puts all after it there
            lines = everything
            elements[:] = [each._replace(hidden=False) if each.tag in _UNSEEN else each for each in elements]
        else:
            lines += _from_json(json_prose(tree), elements, lines)
    return lines, elements, tree


def _prose(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines if len(line.text) >= HIDDEN_LINE)


def _shown(lines: Sequence[Line], elements: Sequence[Element], unseen: frozenset[str] = _UNSEEN) -> list[Line]:
    """The lines that a reader may see: hidden ones only where the hidden element holds prose."""
    covers = _covers(elements)
    prose: Counter[int] = Counter()
    for line in lines:
        if len(line.text) >= HIDDEN_LINE and line.link_density < 0.5:
            prose[covers[line.element]] += len(line.text)
    return [
        line
        for line in lines
        if (cover := covers[line.element]) < 0 or (prose[cover] >= HIDDEN_PROSE and elements[cover].tag not in unseen)
    ]


def _covers(elements: Sequence[Element]) -> list[int]:
    """Per element the outermost hidden one around it, or -1."""
    covers: list[int] = []
    for index, element in enumerate(elements):
        above = covers[element.parent] if element.parent >= 0 else -1
        covers.append(above if above >= 0 else index if element.hidden else -1)
    return covers


def _from_json(prose: str, elements: list[Element], shown: Sequence[Line]) -> list[Line]:
    """Lines for the prose of a page's JSON, when it is more than what the page shows."""
    if len(prose) < BARE_PAGE:
        return []
    known = {line.text for line in shown}
    elements.append(Element("script", 0 if elements else -1, "", "", "articleBody", False, 1))
    return [Line(text, len(elements) - 1, 0.0) for text in prose.split("\n") if text not in known]


def _blocks(layout: Layout) -> tuple[Block, ...]:
    marks = Marks(layout)
    places = [marks.place(line.element) for line in layout.lines]
    wide = _page_wide(layout.lines, places)
    blocks: list[Block] = []
    here = 0
    for number, (line, place) in enumerate(zip(layout.lines, places, strict=True)):
        bare = line.text.strip()
        start = here + len(line.text) - len(line.text.lstrip())
        telling = tuple(mark for mark in place.marks if mark not in wide) if wide else place.marks
        blocks.append(
            Block(start, start + len(bare), bare, number, min(number, 1), place.path, telling, line.link_density)
        )
        here += len(line.text) + 1
    return tuple(blocks)


def _page_wide(lines: Sequence[Line], places: Sequence[Place]) -> frozenset[str]:
    """Marks that most of the prose bears, such as `class:newsletter` in a newsletter's own issue."""
    sizes: Counter[str] = Counter()
    total = 0
    for line, place in zip(lines, places, strict=True):
        if len(line.text) >= HIDDEN_LINE and line.link_density < 0.5:
            total += len(line.text)
            for mark in place.marks:
                sizes[mark] += len(line.text)
    return frozenset(
        mark
        for mark, size in sizes.items()
        if (mark.startswith("class:") or mark == "tag:form" or mark in DIALOGS)
        and size > total * (MAX_DIALOG_SHARE if mark in DIALOGS else MAX_MARK_SHARE)
    )
