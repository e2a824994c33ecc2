"""An HTML page as lines and elements: one walk over lexbor's tree, in time linear in the markup.

Lines break where a browser breaks them, inline neighbours get the space it shows, cells of a table row
share a line. Hidden and noscript text is among the lines, in elements that say so, but for what is hidden
inside a sentence; scripts and styles are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.html.formulas import formula_text
from cleaner.html.hidden import LONG_INLINE, is_hidden, is_invisible, is_panel, is_unseen_inline, opens_panel
from cleaner.html.limits import bounded
from cleaner.html.native_tree import flags_of, walker
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
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
#: What stands in these is one of several: no blank line between them.
_MEMBERS = frozenset("br button dd dt li option summary tbody td tfoot th thead tr".split())
_ITEMS, _WHOLES = frozenset(("li", "dd", "dt")), frozenset(("article", "section", "blockquote", *HEADINGS))
#: A row whose cells break lines is a row of data when it holds so few characters, breaks and no headings.
ROW_CHARACTERS, ROW_BREAKS = 300, 8
#: Never shown, or no text: JSON-LD and meta tags reach the metadata another way.
SKIPPED_TAGS = frozenset(
    "audio canvas datalist embed head iframe noembed noframes object rp script select style svg "
    "template textarea video -comment !doctype -doctype -document".split()
)
CELL_SEPARATOR = " | "
_SPACE = re.compile("[ \t\n\r\f\v\u2028\u2029]+")


@dataclass(slots=True)
class Frame:
    """An open element during the walk."""

    node: LexborNode
    tag: str
    parent: Frame | None
    depth: int
    index: int = -1  # in the list of elements, once it has text
    linked: bool = False
    pre: bool = False
    attributes: Mapping[str, str | None] | None = None  # once they were read
    heading: bool = False  # a heading, or inside one
    apart: bool = False  # an inline element whose text stands in lines of its own
    member: bool = False  # in an item of a list: no blank lines in it


@dataclass(slots=True)
class _Row:
    """A table row being walked: where its cells begin, and whether anything in it breaks lines."""

    frame: Frame
    cells: list[int] = field(default_factory=list)
    plain: bool = True
    layout: bool = False  # holds headings or rows: no row of data


#: A piece of text and the element it stands in; without either a line break.
Piece = tuple[str, Frame | None]
_BREAK: Piece = ("", None)


@dataclass(slots=True)
class Walk:
    """The walk over one tree: mutable, local to one page."""

    elements: list[Element] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    pieces_of: dict[int, Sequence[Piece]] | None = None  # id of a line → its pieces, for those who ask
    _pieces: list[Piece] = field(default_factory=list)
    _rows: list[_Row] = field(default_factory=list)
    _gap: int = 1  # line breaks before the next line

    def run(self, root: LexborNode) -> None:
        """Fills elements and lines; a stack, since pages nest deeper than Python calls."""
        frame = Frame(root, root.tag or "", None, 0)
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
                self._break(tag)
            elif tag == "math":
                self._text(formula_text(node), frame)
            elif tag not in SKIPPED_TAGS:
                child = node.first_child
                if child is not None:
                    inner = _frame(node, tag, frame)
                    if inner is not None:
                        frame = inner
                        self._enter(frame)
                        node = child
                        continue
                elif tag in BLOCK_TAGS and not (tag == "button" and frame.heading):
                    self._break(tag)
                elif tag in CELL_TAGS:
                    self._cell(Frame(node, tag, frame, frame.depth + 1))
            node = node.next
        self._flush()

    def _enter(self, frame: Frame) -> None:
        tag = frame.tag
        if tag == "tr":
            self._break(tag)
            if self._rows:
                self._rows[-1].layout = True
            self._rows.append(_Row(frame))
        elif tag in CELL_TAGS:
            self._cell(frame)
        elif tag in BLOCK_TAGS or frame.apart:
            self._break("li" if frame.member else tag)
            if tag in HEADINGS and self._rows:
                self._rows[-1].layout = True
        if tag in PRE_TAGS:
            frame.pre = True

    def _leave(self, frame: Frame) -> None:
        tag = frame.tag
        if tag == "tr" and self._rows and self._rows[-1].frame is frame:
            self._end_row(self._rows.pop())
            self._break(tag)
        elif tag in BLOCK_TAGS or frame.apart or (tag in CELL_TAGS and not self._rows):
            self._break("li" if frame.member else tag)

    def _break(self, tag: str) -> None:
        if self._rows:
            row = self._rows[-1]
            if row.cells:  # not for the row's own beginning
                row.plain = False
            self._pieces.append(_BREAK)
            return
        if self._pieces:
            self._flush()
        if tag not in _MEMBERS:
            self._gap = 2

    def _cell(self, frame: Frame) -> None:
        if self._rows:
            self._rows[-1].cells.append(len(self._pieces))
            self._pieces.append(("", frame))  # becomes a break or a separator
        else:
            self._flush()

    def _end_row(self, row: _Row) -> None:
        """Cells of a row share a line, but where they break lines as only a page's layout does."""
        joined = row.plain or self._is_data(row)
        if joined and not row.plain:
            last = self._pieces[row.cells[0] :]
            self._pieces[row.cells[0] :] = [(" ", row.frame) if piece is _BREAK else piece for piece in last]
        for number, at in enumerate(row.cells):
            if not joined:
                self._pieces[at] = _BREAK
            elif number:
                self._pieces[at] = (CELL_SEPARATOR, row.frame)
        if not self._rows:
            self._flush()

    def _is_data(self, row: _Row) -> bool:
        """Is a row whose cells break lines one of data: several short cells, a few breaks?"""
        if row.layout or len(row.cells) < 2:
            return False
        bounds = [*row.cells, len(self._pieces)]
        cells = [self._pieces[start:end] for start, end in pairwise(bounds)]
        sizes = [sum(visible(text) for text, _ in cell) for cell in cells]
        breaks = sum(_inner_breaks(cell) for cell in cells)
        filled = sum(size > 0 for size in sizes)
        return filled >= 2 and sum(sizes) <= ROW_CHARACTERS and breaks <= ROW_BREAKS

    def _text(self, text: str, frame: Frame) -> None:
        if frame.pre:
            for number, part in enumerate(text.splitlines()):
                if number:
                    self._break("br")
                if part:
                    self._pieces.append((part, frame))
            if text.endswith("\n"):
                self._break("br")
        elif self._pieces or not text.isspace():
            self._pieces.append((text, frame))

    def _flush(self) -> None:
        if not self._pieces:
            return
        run: list[Piece] = []
        for piece in self._pieces:
            if piece is not _BREAK:
                run.append(piece)
            elif run:
                self._line(run)
                run = []
        if run:
            self._line(run)
        self._pieces = []

    def _line(self, pieces: list[Piece]) -> None:
        first = pieces[0][1]
        if len(pieces) == 1 and first is not None and not first.pre:  # most lines
            text = _SPACE.sub(" ", pieces[0][0]).strip()
            if text:
                self._add(Line(text, self._element(first), float(first.linked), self._gap), pieces)
            return
        if any(frame is not None and frame.pre for _, frame in pieces):
            text = "".join([t if frame and frame.pre else _SPACE.sub(" ", t) for t, frame in pieces]).rstrip()
            bare = text.strip()
        else:
            text = bare = _SPACE.sub(" ", "".join([t for t, _ in pieces])).strip()
        if not bare:
            return
        seen = [(t, frame) for t, frame in pieces if frame is not None and not (t.isspace() or not t)]
        linked = sum([visible(t) for t, frame in seen if frame.linked])
        density = linked / sum([visible(t) for t, _ in seen]) if linked else 0.0
        holder = self._element(_holder([frame for _, frame in seen]))
        self._add(Line(text, holder, density, self._gap), pieces)

    def _add(self, line: Line, pieces: Sequence[Piece]) -> None:
        self.lines.append(line)
        self._gap = 1
        if self.pieces_of is not None:
            self.pieces_of[id(line)] = pieces

    def _element(self, frame: Frame) -> int:
        """The index of a frame's element; those around it come first."""
        chain: list[Frame] = []
        at: Frame | None = frame
        while at is not None and at.index < 0:
            chain.append(at)
            at = at.parent
        index = at.index if at else -1
        for element in reversed(chain):
            self.elements.append(_element_of(element, index))
            index = element.index = len(self.elements) - 1
        return index


@dataclass(frozen=True, slots=True)
class Walked:
    """A page after the walk."""

    walk: Walk
    tree: LexborHTMLParser  # the parsed page, for those who read more from it
    cut: Sequence[str] = ()  # what was cut from the markup so that it parses in linear time


def walk(html: str, *, with_pieces: bool = False) -> Walked:
    """The lines and elements of a page. with_pieces: keep which text of a line stood in which element."""
    limited = bounded(html)
    tree = LexborHTMLParser(limited.html)
    root = tree.root
    native = None if with_pieces else _native()
    seen = native(root) if native is not None and root is not None else None
    walked = Walk(*seen) if seen is not None else Walk(pieces_of={} if with_pieces else None)
    if root is not None and seen is None:
        walked.run(root)
    return Walked(walked, tree, limited.cut)


#: Flags of tags, as native/tree.h has them.
_FLAGS: Mapping[int, frozenset[str]] = {
    1: BLOCK_TAGS, 2: CELL_TAGS, 4: BREAK_TAGS, 8: PRE_TAGS, 16: HEADINGS, 32: _MEMBERS, 64: _ITEMS, 128: _WHOLES,
    256: SKIPPED_TAGS,
}  # fmt: skip
#: A page with a bit of everything, on which the compiled walk must give what that in Python gives.
_SAMPLE = (
    "<body><h1 class=sr-only>One &amp; two</h1><p>A <b>b</b>&nbsp;c <a href=x>d</a><span hidden>e</span><br>f"
    "<table><tr><td>g<td class='n  m' id=o>h<p>i</table><pre> j\n  k</pre><ul><li>l<li>é中😀</ul>"
    "<div role=' R ' style='display: NONE'>m</div><button aria-expanded=false>n</button><div hidden itemprop=o>p</div>"
)


@lru_cache(maxsize=1)
def _native() -> Callable[[LexborNode], tuple[list[Element], list[Line]] | None] | None:
    """The compiled walk, if there is one that does what Walk does."""
    tree = LexborHTMLParser(_SAMPLE)
    slow, root = Walk(), tree.root
    if root is None:
        return None
    slow.run(root)
    walking = (flags_of(_FLAGS), CELL_SEPARATOR, ROW_CHARACTERS, ROW_BREAKS)
    return walker(walking, lambda fast: fast(root) == (slow.elements, slow.lines))


def _frame(node: LexborNode, tag: str, parent: Frame) -> Frame | None:
    """The frame of an element with content; None where it is not to be seen in the middle of a line."""
    attributes = node.attributes
    frame = Frame(node, tag, parent, parent.depth + 1, -1, parent.linked, parent.pre, attributes, parent.heading)
    if tag == "button":
        frame.tag = _button(node, attributes, parent)
    elif tag == "a":
        frame.linked = parent.linked or "href" in attributes
    elif tag in HEADINGS or tag == "dt":
        frame.heading = True
    frame.member = tag in _ITEMS or (parent.member and tag not in _WHOLES)
    if attributes and frame.tag not in BLOCK_TAGS and tag not in CELL_TAGS and is_unseen_inline(node, tag, attributes):
        if is_hidden(tag, attributes) and len(node.text() or "") >= LONG_INLINE:
            frame.apart = True
        else:
            return None
    return frame


def _button(node: LexborNode, attributes: Mapping[str, str | None], parent: Frame) -> str:
    """What a button is read as: inside a heading as its words, around one or above a panel as a heading's box."""
    if parent.heading:
        return "span"
    if (child := node.first_child) is not None and child.tag in HEADINGS:
        return "div"
    return "summary" if opens_panel(node, attributes) else "button"


def _inner_breaks(cell: Sequence[Piece]) -> int:
    """Line breaks between pieces of text of one cell."""
    breaks, pending, seen = 0, False, False
    for piece in cell:
        if piece is _BREAK:
            pending = seen
        elif piece[0] and not piece[0].isspace():
            breaks += pending
            pending, seen = False, True
    return breaks


def _element_of(frame: Frame, parent: int) -> Element:
    attributes = frame.node.attributes if frame.attributes is None else frame.attributes
    if not attributes:
        return Element(frame.tag, parent, "", "", "", frame.tag in ("noscript", "dialog"), frame.depth)
    get = attributes.get
    hidden = is_hidden(frame.tag, attributes)
    names = f"{get('class') or ''} {get('id') or ''}".strip()[:500]
    told = f"{get('itemprop') or ''} {get('data-testid') or ''} {get('data-component') or ''}".strip()[:200]
    role = (get("role") or "").strip().lower()[:40]
    panel = hidden and frame.tag != "noscript" and is_panel(frame.node, attributes)
    return Element(
        frame.tag, parent, names, role, told, hidden, frame.depth, panel, hidden and is_invisible(attributes)
    )


def _holder(frames: list[Frame]) -> Frame:
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


def visible(text: str) -> int:
    """How many characters of a text are no white space."""
    return sum(map(len, text.split()))
