"""An HTML page into blocks: one line of the rendering each, as a browser would break them.

The rendering is the source text of a page: scripts and styles are not in it; hidden parts only where they
hold prose (what a paywall covers), and JSON prose where a page shows nothing. Each block carries its tag
path, its marks and its link density; the rendering carries the layout that the page model reads.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape
from importlib import metadata as distributions

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from cleaner import accelerator
from cleaner.decoding.mojibake import OffsetMap, repair
from cleaner.document import Block, Document, Rendering, Repair
from cleaner.html.class_hints import DIALOGS, line_places
from cleaner.html.dom import Walk, walk
from cleaner.html.json_text import SURROGATES, json_prose
from cleaner.html.page import Element, Extractor, Layout, Line
from cleaner.html.shown_facts import with_shown
from cleaner.html.structured_data import merged, resolved, stated
from cleaner.html.trafilatura import PageFacts, page_facts
from cleaner.segmentation.text import segment_text

#: Which rendering these rules make of a parsed page; raised with every change that renders any page otherwise, since
#: `archive verify` compares only renderings of the same rules and parser.
RENDERING_RULES = 4
#: A hidden element with this much prose is what a paywall or a script covers; of 499 hidden lines in the gold texts of
#: 889 pages nearly all stood in such, of 6,800 other hidden lines few.
HIDDEN_PROSE, HIDDEN_LINE = 200, 80
#: Answers, slides and tabs that a click opens are shown when so many of them hold a sentence of this length; a tab that
#: is open already counts as one.
MIN_PANELS, PANEL_LINE = 2, 15
#: Not those of `segmentation/stops.py`: other signs would render stored pages otherwise (RENDERING_RULES).
_SENTENCE_END = ".!?…。！？”»\"'):"
#: A page that shows less than this much text in lines of HIDDEN_LINE characters may hold its article in JSON.
BARE_PAGE = 250
#: A mark for boilerplate on more than this share of the prose tells about the page, not about the lines that bear it: a
#: form around all of an ASP.NET page, a class of the newsletter that the page is. Dialogs are what they are, even
#: where the page says little else.
MAX_MARK_SHARE, MAX_DIALOG_SHARE = 0.5, 0.9
#: Never shown to a reader with scripts, who is whom the page was written for.
_UNSEEN = frozenset(("noscript", "dialog"))

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")
#: What begins a tag, a comment or a declaration: without one it is a text, whatever it is called.
_TAG = re.compile(r"<[a-zA-Z/!?]")


class HtmlError(ValueError):
    """The page cannot be parsed at all; the message says what the parser found."""


def segment_html(document: Document, extractor: Extractor = Extractor.PAGE, *, repaired: bool = True) -> Rendering:
    """The blocks of a page in reading order, with its metadata; a page without text has none.

    `source_text` is the rendering, since offsets into markup would help nobody; damaged characters are repaired in it
    as in a text, unless `repaired` is false. extractor: who else is asked. Raises HtmlError when the markup cannot be
    parsed.
    """
    html = mended(document.text)
    shown = shown_lines(html)
    source = _rendered(shown.lines)
    text, repairs = repair(source) if repaired else (source, ())
    lines = _repaired(shown.lines, text, repairs) if repairs else shown.lines
    said = stated(shown.tree)
    facts = page_facts(html, document.url) if extractor is Extractor.TRAFILATURA else PageFacts()
    metadata = with_shown(merged(said.metadata, facts.metadata), shown.tree, lines, shown.elements, document.url)
    if shown.cut:
        metadata["markup-cut"] = list(shown.cut)
    metadata = resolved(metadata, said.base, document.url)
    if is_bare(html):
        return replace(segment_text(replace(document, text=unescape(html)), repaired=repaired), metadata=metadata)
    # the model reads only what is the same for every extractor
    opinion = facts.main if extractor is Extractor.TRAFILATURA else None
    layout = Layout(lines, shown.elements, said.metadata, said.text, opinion)
    return Rendering(text, _blocks(layout), source, repairs, metadata, layout=layout)


def rendering_of(html: str) -> str:
    """The rendering alone: `Rendering.source_text` of a document with this text. Raises HtmlError."""
    html = mended(html)
    return unescape(html) if is_bare(html) else _rendered(shown_lines(html).lines)


def is_bare(html: str) -> bool:
    """Is a page without any markup? To a parser it would be one line, and its line breaks nothing."""
    return not html.isspace() and _TAG.search(html) is None


def _rendered(lines: Sequence[Line]) -> str:
    parts: list[str] = []
    for line in lines:
        parts += ("\n" * line.breaks if parts else "", line.text)
    return "".join(parts)


def _repaired(lines: Sequence[Line], text: str, repairs: Sequence[Repair]) -> list[Line]:
    """The lines as they stand in the repaired rendering; no repair goes across a line's end."""
    offsets = OffsetMap(repairs)
    mended_lines: list[Line] = []
    here = 0
    for line in lines:
        here += line.breaks if mended_lines else 0
        start, end = offsets.to_repaired(here, here + len(line.text))
        mended_lines.append(line._replace(text=text[start:end]))
        here += len(line.text)
    return mended_lines


@lru_cache(maxsize=1)
def renderer() -> Mapping[str, object]:
    """What renderings depend on besides the page: parser, its version, our rules."""
    return {"parser": "selectolax", "version": distributions.version("selectolax"), "rules": RENDERING_RULES}


def page_texts(document: Document) -> list[str]:
    """The texts of the blocks of a page, without its metadata and marks. Raises HtmlError."""
    text, _ = repair(rendering_of(document.text))
    return [line.strip() for line in text.split("\n") if line and not line.isspace()]


def mended(html: str) -> str:
    """The markup without what no parser takes: halves of surrogate pairs, an XML declaration."""
    if has_surrogates(html):
        html = SURROGATES.sub("\ufffd", html)
    declaration = _XML_DECLARATION.match(html, 0, 1000)
    return html[declaration.end() :] if declaration else html


def has_surrogates(html: str) -> bool:
    """Does a text hold half of a surrogate pair?"""
    if accelerator.compiled is not None:
        return bool(accelerator.compiled.has_surrogates(html))
    try:
        html.encode()  # ten times as fast as looking for what cannot be encoded
    except UnicodeEncodeError:
        return True
    return False


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a page becomes blocks."""

    lines: list[Line]
    elements: list[Element]
    tree: LexborHTMLParser
    cut: Sequence[str]
    walk: Walk


def shown_lines(html: str, *, with_pieces: bool = False) -> Shown:
    """What becomes blocks, the elements around it, and the parsed page. Raises HtmlError."""
    try:
        walked = walk(html, with_pieces=with_pieces)
        walk_so_far, tree = walked.walk, walked.tree
        if not walk_so_far.lines and (frames := _noframes(tree)):
            walk_so_far = walk(frames, with_pieces=with_pieces).walk
    except SelectolaxError as error:
        raise HtmlError(f"the page cannot be parsed as HTML ({error}); mend its markup or leave it out") from error
    elements = walk_so_far.elements
    lines = _shown(walk_so_far.lines, elements)
    if _prose(lines) < BARE_PAGE:
        everything = _shown(walk_so_far.lines, elements, frozenset())
        if _prose(everything) - _prose(lines) >= BARE_PAGE:  # a tag left open in <noscript> puts all after it there
            lines = everything
            elements[:] = [
                element._replace(hidden=False) if element.tag in _UNSEEN else element for element in elements
            ]
        else:
            lines += _from_json(json_prose(tree, stated(tree).text), elements, lines)
    return Shown(lines, elements, tree, walked.cut, walk_so_far)


def _noframes(tree: LexborHTMLParser) -> str:
    """The markup for browsers without frames, of a page that consists of frames."""
    return "\n".join(node.text() or "" for node in tree.css("noframes"))


def _prose(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines if len(line.text) >= HIDDEN_LINE)


def _shown(lines: Sequence[Line], elements: list[Element], unseen: frozenset[str] = _UNSEEN) -> list[Line]:
    """The lines that a reader may see: hidden ones where the hidden element holds prose or opens on a click.

    Elements that open on a click are no longer called hidden afterwards.
    """
    if not any(element.hidden for element in elements):
        return list(lines)
    covers = _covers(elements)
    prose: Counter[int] = Counter()
    panels: set[int] = set()
    for line in lines:
        cover = covers[line.element]
        if cover >= 0 and line.link_density < 0.5:
            if len(line.text) >= HIDDEN_LINE:
                prose[cover] += len(line.text)
            if elements[cover].panel and len(line.text) >= PANEL_LINE and line.text.rstrip()[-1:] in _SENTENCE_END:
                panels.add(cover)
    beside = sum(element.role == "tabpanel" and not element.hidden for element in elements)
    if panels and len(panels) + beside < MIN_PANELS:
        panels = set()
    for cover in panels:
        elements[cover] = elements[cover]._replace(hidden=False)

    def seen(cover: int) -> bool:
        if cover < 0 or cover in panels:
            return True
        shut = bool(unseen) and elements[cover].invisible
        return prose[cover] >= HIDDEN_PROSE and elements[cover].tag not in unseen and not shut

    return [line for line in lines if seen(covers[line.element])]


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
    return [Line(text, len(elements) - 1, 0.0, 2) for text in prose.split("\n") if text not in known]


def _blocks(layout: Layout) -> tuple[Block, ...]:
    paths, marks = line_places(layout)
    if wide := _page_wide(layout.lines, marks):
        marks = [tuple(mark for mark in own if mark not in wide) for own in marks]
    if accelerator.compiled is None:
        return _made_blocks(layout.lines, paths, marks)
    made: tuple[Block, ...] = accelerator.compiled.page_blocks(Block, list(layout.lines), paths, marks)
    return made


def _made_blocks(lines: Sequence[Line], paths: Sequence[str], marks: Sequence[tuple[str, ...]]) -> tuple[Block, ...]:
    """The reference that the accelerator is held to."""
    blocks: list[Block] = []
    here = 0
    for number, (line, path, own) in enumerate(zip(lines, paths, marks, strict=True)):
        here += line.breaks if number else 0
        bare = line.text.strip()
        start = here + len(line.text) - len(line.text.lstrip())
        blocks.append(Block(start, start + len(bare), bare, number, min(number, 1), path, own, line.link_density))
        here += len(line.text)
    return tuple(blocks)


def _page_wide(lines: Sequence[Line], marks: Sequence[tuple[str, ...]]) -> frozenset[str]:
    """Marks that most of the prose bears, such as `class:newsletter` in a newsletter's own issue."""
    sizes: Counter[str] = Counter()
    total = 0
    for line, own in zip(lines, marks, strict=True):
        if len(line.text) >= HIDDEN_LINE and line.link_density < 0.5:
            total += len(line.text)
            for mark in own:
                sizes[mark] += len(line.text)
    return frozenset(
        mark
        for mark, size in sizes.items()
        if (mark.startswith("class:") or mark == "tag:form" or mark in DIALOGS)
        and size > total * (MAX_DIALOG_SHARE if mark in DIALOGS else MAX_MARK_SHARE)
    )
