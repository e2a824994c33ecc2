"""An HTML page as lines and elements: one walk over lexbor's tree, in time linear in the markup.

Lines break where a browser breaks them, inline neighbours get the space it shows, cells of a table row
share a line. Hidden and noscript text is among the lines, in elements that say so; scripts and styles are not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.html.page import Element, Line

#: What a browser sets on lines of its own; buttons too, since rows of them are crumbs and not words of one line.
BLOCK_TAGS = frozenset(
    "address article aside blockquote body button caption center dd details dialog dir div dl dt fieldset figcaption "
    "figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup html legend li listing main menu nav noscript ol "
    "option p plaintext pre search section summary table tbody tfoot thead title tr ul xmp".split()
)
CELL_TAGS = frozenset(("td", "th"))
BREAK_TAGS = frozenset(("br", "hr"))
PRE_TAGS = frozenset(("pre", "listing", "plaintext", "xmp"))
#: Never shown, or no text: JSON-LD and meta tags reach the metadata another way.
SKIPPED_TAGS = frozenset(
    "audio canvas datalist embed head iframe math noembed noframes object rp script select style svg "
    "template textarea video -comment !doctype -doctype -document".split()
)
CELL_SEPARATOR = " | "
#: Elements nested deeper than this are read as if their tags were not there: time in the parser grows with the square
#: of the depth (15 s for 100,000). Of 1,383 article pages the deepest nested 88.
MAX_DEPTH = 512
#: With fewer opening brackets no page nests so deep that it takes a second.
SHALLOW_TAGS = 8000

_HIDING_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SPACE = re.compile("[ \t\n\r\f\v\u2028\u2029]+")
_NESTING = re.compile(
    r"<(/?)(?:article|aside|blockquote|center|d[ltd]|details|div|fieldset|figure|footer|form|header|li|main|menu|nav|"
    r"ol|section|span|summary|table|ul|[a-z]+-[a-z-]+)\b[^>]*>",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Frame:
    """An open element during the walk."""

    node: LexborNode
    tag: str
    parent: _Frame | None
    depth: int
    index: int = -1  # in the list of elements, once it has text
    linked: bool = False
    pre: bool = False
    attributes: Mapping[str, str | None] | None = None  # once they were read


@dataclass(slots=True)
class _Row:
    """A table row being walked: where its cells begin, and whether anything in it breaks lines."""

    frame: _Frame
    cells: list[int] = field(default_factory=list)
    plain: bool = True


#: A piece of text and the element it stands in; without either a line break.
_Piece = tuple[str, _Frame | None]
_BREAK: _Piece = ("", None)


@dataclass(slots=True)
class Walk:
    """The walk over one tree: mutable, local to one page."""

    elements: list[Element] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    _pieces: list[_Piece] = field(default_factory=list)
    _rows: list[_Row] = field(default_factory=list)

    def run(self, root: LexborNode) -> None:
        """Fills elements and lines; a stack, since pages nest deeper than Python calls."""
        frame = _Frame(root, root.tag or "", None, 0)
        node = root.first_child
        while True:
            if node is None:
                self._leave(frame)
                node = frame.node.next
                if frame.parent is None:
                    break
                frame = frame.parent
                continue
            tag = node.tag or ""
            if tag == "-text":
                self._text(node.text_content or "", frame)
            elif tag in BREAK_TAGS:
                self._break()
            elif tag not in SKIPPED_TAGS:
                child = node.first_child
                if child is not None:
                    frame = _Frame(node, tag, frame, frame.depth + 1, -1, frame.linked, frame.pre)
                    self._enter(frame)
                    node = child
                    continue
                if tag in BLOCK_TAGS:
                    self._break()
                elif tag in CELL_TAGS:
                    self._cell(_Frame(node, tag, frame, frame.depth + 1))
            node = node.next
        self._flush()

    def _enter(self, frame: _Frame) -> None:
        tag = frame.tag
        if tag == "tr":
            self._break()
            self._rows.append(_Row(frame))
        elif tag in CELL_TAGS:
            self._cell(frame)
        elif tag in BLOCK_TAGS:
            self._break()
        elif tag == "a":
            frame.attributes = frame.node.attributes
            frame.linked = frame.linked or "href" in frame.attributes
        if tag in PRE_TAGS:
            frame.pre = True

    def _leave(self, frame: _Frame) -> None:
        tag = frame.tag
        if tag == "tr" and self._rows and self._rows[-1].frame is frame:
            self._end_row(self._rows.pop())
            self._break()
        elif tag in BLOCK_TAGS or (tag in CELL_TAGS and not self._rows):
            self._break()

    def _break(self) -> None:
        if self._rows:
            row = self._rows[-1]
            if row.cells:  # not for the row's own beginning
                row.plain = False
            self._pieces.append(_BREAK)
        elif self._pieces:
            self._flush()

    def _cell(self, frame: _Frame) -> None:
        if self._rows:
            self._rows[-1].cells.append(len(self._pieces))
            self._pieces.append(("", frame))  # becomes a break or a separator
        else:
            self._flush()

    def _end_row(self, row: _Row) -> None:
        """Cells of a row without line breaks share a line; those of other rows get lines of their own."""
        for number, at in enumerate(row.cells):
            if not row.plain:
                self._pieces[at] = _BREAK
            elif number:
                self._pieces[at] = (CELL_SEPARATOR, row.frame)
        if not self._rows:
            self._flush()

    def _text(self, text: str, frame: _Frame) -> None:
        if frame.pre:
            for number, part in enumerate(text.splitlines()):
                if number:
                    self._break()
                if part:
                    self._pieces.append((part, frame))
            if text.endswith("\n"):
                self._break()
        elif self._pieces or not text.isspace():
            self._pieces.append((text, frame))

    def _flush(self) -> None:
        if not self._pieces:
            return
        run: list[_Piece] = []
        for piece in self._pieces:
            if piece is not _BREAK:
                run.append(piece)
            elif run:
                self._line(run)
                run = []
        if run:
            self._line(run)
        self._pieces = []

    def _line(self, pieces: list[_Piece]) -> None:
        first = pieces[0][1]
        if len(pieces) == 1 and first is not None and not first.pre:  # most lines
            text = _SPACE.sub(" ", pieces[0][0]).strip()
            if text:
                self.lines.append(Line(text, self._element(first), float(first.linked)))
            return
        if any(frame is not None and frame.pre for _, frame in pieces):
            text = "".join([t if frame and frame.pre else _SPACE.sub(" ", t) for t, frame in pieces]).rstrip()
            bare = text.strip()
        else:
            text = bare = _SPACE.sub(" ", "".join([t for t, _ in pieces])).strip()
        if not bare:
            return
        seen = [(t, frame) for t, frame in pieces if frame is not None and not (t.isspace() or not t)]
        linked = sum([_visible(t) for t, frame in seen if frame.linked])
        density = linked / sum([_visible(t) for t, _ in seen]) if linked else 0.0
        self.lines.append(Line(text, self._element(_holder([frame for _, frame in seen])), density))

    def _element(self, frame: _Frame) -> int:
        """The index of a frame's element; those around it come first."""
        chain: list[_Frame] = []
        at: _Frame | None = frame
        while at is not None and at.index < 0:
            chain.append(at)
            at = at.parent
        index = at.index if at else -1
        for each in reversed(chain):
            self.elements.append(_element_of(each, index))
            index = each.index = len(self.elements) - 1
        return index


def walk(html: str) -> tuple[Walk, LexborHTMLParser]:
    """The lines and elements of a page, and the parsed tree for those who read more from it."""
    tree = LexborHTMLParser(shallow(html))
    found = Walk()
    root = tree.root
    if root is not None:
        found.run(root)
    return found, tree


def shallow(html: str) -> str:
    """The markup without the tags of elements nested deeper than MAX_DEPTH; nearly always unchanged."""
    if html.count("<") < SHALLOW_TAGS:
        return html
    depth = 0
    deepest = 0
    cuts: list[tuple[int, int]] = []
    for match in _NESTING.finditer(html):
        if match[1]:
            if depth > MAX_DEPTH:
                cuts.append(match.span())
            depth = max(0, depth - 1)
        else:
            depth += 1
            deepest = max(deepest, depth)
            if depth > MAX_DEPTH:
                cuts.append(match.span())
    if deepest <= MAX_DEPTH:
        return html
    parts, here = [], 0
    for start, end in cuts:
        parts += [html[here:start], "<br>"]
        here = end
    return "".join([*parts, html[here:]])


def _element_of(frame: _Frame, parent: int) -> Element:
    attributes = frame.node.attributes if frame.attributes is None else frame.attributes
    if not attributes:
        return Element(frame.tag, parent, "", "", "", frame.tag in ("noscript", "dialog"), frame.depth)
    get = attributes.get
    style = get("style")
    hidden = (
        frame.tag == "noscript"
        or "hidden" in attributes
        or (frame.tag == "dialog" and "open" not in attributes)
        or (style is not None and _HIDING_STYLE.search(style) is not None)
    )
    names = f"{get('class') or ''} {get('id') or ''}".strip()[:500]
    told = f"{get('itemprop') or ''} {get('data-testid') or ''} {get('data-component') or ''}".strip()[:200]
    return Element(frame.tag, parent, names, (get("role") or "").strip().lower()[:40], told, hidden, frame.depth)


def _holder(frames: list[_Frame]) -> _Frame:
    """The element that a line belongs to: the inline one that holds all of it, else the nearest block."""
    for frame in frames:
        if frame.tag == "tr":  # it holds the separators
            return frame
    first = frames[0]
    if all(frame is first for frame in frames):
        return first
    while first.tag not in BLOCK_TAGS and first.tag not in CELL_TAGS and first.parent is not None:
        first = first.parent
    return first


def _visible(text: str) -> int:
    return sum(map(len, text.split()))
