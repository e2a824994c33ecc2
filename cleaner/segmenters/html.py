"""An HTML page into blocks: one line of the rendering each, as a browser would break them.

The rendering is the source text of a page: hidden parts, scripts and styles are not in it. Each block
carries its tag path, its marks and its link density; what trafilatura leaves out is marked `outside-main`.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag
from bs4.exceptions import ParserRejectedMarkup

from cleaner.document import Block, Document, Rendering
from cleaner.metadata import page_facts
from cleaner.segmenters.main_part import MainPart
from cleaner.segmenters.marks import Place, place_of

#: What a browser sets on lines of its own; buttons too, since rows of them are crumbs and not words of one line.
BLOCK_TAGS = frozenset(
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup html legend li listing main menu nav ol p plaintext "
    "pre search section summary table tbody tfoot thead title tr ul xmp".split()
)
CELL_TAGS = frozenset(("td", "th"))
HEADINGS = ("h2", "h3", "h4", "h5", "h6")
BREAK_TAGS = frozenset(("br", "hr"))
PRE_TAGS = frozenset(("pre", "listing", "plaintext", "xmp"))
#: Never shown, or no text: JSON-LD and meta tags reach the metadata another way.
SKIPPED_TAGS = frozenset(
    "audio canvas datalist embed head iframe math noembed noframes noscript object option rp script select style svg "
    "template textarea video".split()
)
CELL_SEPARATOR = " | "
OUTSIDE_MAIN = "outside-main"
#: A class mark on more than this share of the main text tells about the page, not about the lines that bear it.
MAX_MARK_SHARE = 0.5

_HIDING_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SPACE = re.compile("[ \t\n\r\f\v\u2028\u2029]+")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,500}\?>")
_SURROGATES = re.compile("[\ud800-\udfff]")


class HtmlError(ValueError):
    """The page cannot be parsed at all; the message says what the parser found."""


@dataclass(frozen=True, slots=True)
class _Text:
    """A piece of visible text, where it stands, and whether a link holds it."""

    text: str
    parent: Tag
    linked: bool
    pre: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the rendering."""

    text: str
    place: Place
    link_density: float


@dataclass(slots=True)
class _State:
    """Where the walk over the tree is: mutable, local to one walk."""

    links: int = 0
    pres: int = 0
    data_rows: set[int] = field(default_factory=set)  # ids of table rows whose cells share a line


def segment_html(document: Document) -> Rendering:
    """The blocks of a page in reading order, with its metadata; a page without text has none.

    `source_text` is the rendering, since offsets into markup would help nobody. Raises HtmlError when the
    markup cannot be parsed.
    """
    html = _mended(document)
    lines = list(_lines(_parse(html)))
    facts = page_facts(html, document.url)
    text = "\n".join(line.text for line in lines)
    return Rendering(
        text, _blocks(lines, MainPart(facts.main, facts.metadata.get("title", ""))), text, (), facts.metadata
    )


def page_texts(document: Document) -> list[str]:
    """The texts of the blocks of a page, without its metadata and marks. Raises HtmlError."""
    return [line.text.strip() for line in _lines(_parse(_mended(document)))]


def _mended(document: Document) -> str:
    return _XML_DECLARATION.sub("", _SURROGATES.sub("\ufffd", document.text))


def _parse(html: str) -> BeautifulSoup:
    try:
        with warnings.catch_warnings():  # "looks like a file name", "looks like XML": it is the page we were given
            warnings.simplefilter("ignore")
            return BeautifulSoup(html, "lxml")
    except (ParserRejectedMarkup, AssertionError) as error:
        raise HtmlError(f"the page cannot be parsed as HTML ({error}); mend its markup or leave it out") from error


def _blocks(lines: list[_Line], main: MainPart) -> tuple[Block, ...]:
    wide, inside = _page_wide(lines, main), _inside(lines, main)
    blocks: list[Block] = []
    here = 0
    for number, line in enumerate(lines):
        bare = line.text.strip()
        start = here + len(line.text) - len(line.text.lstrip())
        marks = tuple(mark for mark in line.place.marks if mark not in wide)
        if not inside[number]:
            marks = (*marks, OUTSIDE_MAIN)
        blocks.append(
            Block(start, start + len(bare), bare, number, min(number, 1), line.place.path, marks, line.link_density)
        )
        here += len(line.text) + 1
    return tuple(blocks)


def _inside(lines: list[_Line], main: MainPart) -> list[bool]:
    """Which lines are in the main part; with a section goes its heading, which extractors lose at times."""
    inside = [main.holds(line.text) for line in lines]
    for number in range(len(lines) - 2, -1, -1):
        if inside[number + 1] and lines[number].place.path.endswith(HEADINGS):
            inside[number] = True
    return inside


def _page_wide(lines: list[_Line], main: MainPart) -> frozenset[str]:
    """Class marks that most of the main text bears, such as `class:newsletter` in a newsletter's own issue."""
    sizes: Counter[str] = Counter()
    total = 0
    for line in lines:
        if main.holds(line.text):
            total += len(line.text)
            sizes.update(dict.fromkeys(line.place.marks, len(line.text)))
    return frozenset(m for m, size in sizes.items() if m.startswith("class:") and size > MAX_MARK_SHARE * total)


def _lines(soup: BeautifulSoup) -> Iterator[_Line]:
    """The lines that are not blank."""
    places: dict[int, Place] = {}
    pieces: list[_Text] = []
    for event in _events(soup):
        if event is not None:
            pieces.append(event)
        elif pieces:
            if line := _line(pieces, places):
                yield line
            pieces = []


def _line(pieces: list[_Text], places: dict[int, Place]) -> _Line | None:
    text = "".join(piece.text if piece.pre else _SPACE.sub(" ", piece.text) for piece in pieces)
    if not any(piece.pre for piece in pieces):
        text = _SPACE.sub(" ", text).strip()
    text = text.rstrip()
    if not text.strip():
        return None
    seen = [piece for piece in pieces if piece.text.strip()]
    holder = _holder(seen)
    place = places.get(id(holder)) or places.setdefault(id(holder), place_of(holder))
    linked = sum(_visible(piece.text) for piece in seen if piece.linked)
    return _Line(text, place, linked / sum(_visible(piece.text) for piece in seen))


def _holder(pieces: list[_Text]) -> Tag:
    """The element that a line belongs to: the inline one that holds all of it, else the nearest block."""
    first = pieces[0].parent
    if row := next((piece.parent for piece in pieces if piece.parent.name == "tr"), None):  # it holds the separators
        return row
    if all(piece.parent is first for piece in pieces):
        return first
    while first.name not in BLOCK_TAGS and first.name not in CELL_TAGS and first.parent is not None:
        first = first.parent
    return first


def _visible(text: str) -> int:
    return sum(map(len, text.split()))


def _events(soup: BeautifulSoup) -> Iterator[_Text | None]:
    """Texts and, as None, line breaks in reading order; with a stack, since pages nest deeper than Python calls."""
    state = _State()
    stack: list[tuple[PageElement, bool]] = [(soup, False)]
    while stack:
        node, leaving = stack.pop()
        if isinstance(node, Tag):
            if leaving:
                yield from _leave(node, state)
            elif node.name in BREAK_TAGS:
                yield None
            elif not _is_hidden(node):
                yield from _enter(node, state)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node.contents))
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString) and node.parent:
            yield from _texts(str(node), node.parent, state)
    yield None


def _enter(tag: Tag, state: _State) -> Iterator[_Text | None]:
    if tag.name in CELL_TAGS and id(tag.parent) in state.data_rows:
        if tag.parent and tag.find_previous_sibling(CELL_TAGS):
            yield _Text(CELL_SEPARATOR, tag.parent, False, False)
    elif tag.name in BLOCK_TAGS or tag.name in CELL_TAGS:
        yield None
    state.links += _is_link(tag)
    state.pres += tag.name in PRE_TAGS
    if tag.name == "tr" and tag.find(BLOCK_TAGS) is None and tag.find(BREAK_TAGS) is None:
        state.data_rows.add(id(tag))


def _leave(tag: Tag, state: _State) -> Iterator[None]:
    state.links -= _is_link(tag)
    state.pres -= tag.name in PRE_TAGS
    if tag.name in BLOCK_TAGS or (tag.name in CELL_TAGS and id(tag.parent) not in state.data_rows):
        yield None


def _is_link(tag: Tag) -> bool:
    return tag.name == "a" and tag.has_attr("href")


def _texts(text: str, parent: Tag, state: _State) -> Iterator[_Text | None]:
    """One piece, or in preformatted text one a line."""
    for number, piece in enumerate(text.splitlines() if state.pres else [text]):
        if number:
            yield None
        yield _Text(piece, parent, state.links > 0, state.pres > 0)
    if state.pres and text.endswith("\n"):
        yield None


def _is_hidden(tag: Tag) -> bool:
    if tag.name in SKIPPED_TAGS or tag.has_attr("hidden"):
        return True
    if tag.name == "dialog" and not tag.has_attr("open"):
        return True
    style = tag.get("style")
    return isinstance(style, str) and _HIDING_STYLE.search(style) is not None
