"""The cleaned article as HTML: headings, lists, tables, quotes, code and links of the page, all that went cut away.

Built anew with BeautifulSoup from what was kept: no attribute but a link's address comes from the page, no
element without kept text, no script. A text becomes paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bs4 import BeautifulSoup, Tag

from cleaner.document import CleanedDocument, Piece, Repair
from cleaner.html.dom import CELL_SEPARATOR, HEADINGS, Frame
from cleaner.html.dom import Piece as Fragment
from cleaner.html.segment import HtmlError, mended, shown_lines
from cleaner.labels import Label

#: Elements of a page that the article keeps, and what they become.
_KEPT = {
    name: name
    for name in "p h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table tr td th blockquote pre code a sub sup q cite".split()
} | {"b": "strong", "strong": "strong", "i": "em", "em": "em", "listing": "pre", "xmp": "pre", "kbd": "code"}
#: In these a line needs no paragraph around it.
_HOLDERS = frozenset((*HEADINGS, "p", "li", "dt", "dd", "td", "th", "pre", "tr"))
#: These stand in no paragraph: it ends where they begin.
_NO_INLINE = frozenset((*HEADINGS, "p", "ul", "ol", "dl", "table", "blockquote", "pre"))
_SAFE = ("http://", "https://", "mailto:", "/", "#", "?", "./", "../")


def article_html(cleaned: CleanedDocument) -> str:
    """An HTML fragment, `<article>` with the title as its h1; empty inside when nothing was kept.

    The text in it is that of `cleaned.text`, but for white space and the separators of table cells.
    """
    soup = BeautifulSoup("", "html.parser")
    article = soup.new_tag("article")
    soup.append(article)
    if cleaned.title:
        heading = soup.new_tag("h1")
        heading.string = cleaned.title
        article.append(heading)
    lines = dict(_page_lines(cleaned))
    builder = _Builder(soup, article)
    for start, end, pieces in _kept_lines(cleaned):
        fragments = lines.get(start)
        if fragments is None:
            builder.paragraph("".join(cleaned.text[piece.clean_start : piece.clean_end] for piece in pieces))
        else:
            builder.line(list(_cut(fragments, cleaned.source_text[start:end], start, pieces, cleaned.repairs)))
    return str(article)


def _kept_lines(cleaned: CleanedDocument) -> Iterator[tuple[int, int, list[Piece]]]:
    """Per line of the source text with kept text beyond the title: its start, its end, the kept pieces."""
    source = cleaned.source_text
    last, held = -1, list[Piece]()
    for piece in cleaned.pieces:
        if piece.label is Label.HEADLINE and piece.clean_start == 0 and cleaned.title:
            continue
        start = source.rfind("\n", 0, piece.start) + 1
        if start != last and held:
            yield last, _line_end(source, last), held
            held = []
        last = start
        held.append(piece)
    if held:
        yield last, _line_end(source, last), held


def _line_end(source: str, start: int) -> int:
    end = source.find("\n", start)
    return len(source) if end < 0 else end


def _page_lines(cleaned: CleanedDocument) -> Iterator[tuple[int, Sequence[Fragment]]]:
    """Where a line of the page's rendering begins, and the text of it in its elements; nothing for a text."""
    if not cleaned.markup:
        return
    try:
        shown = shown_lines(mended(cleaned.markup), with_pieces=True)
    except HtmlError:
        return
    pieces_of = shown.walk.pieces_of or {}
    here = 0
    for number, line in enumerate(shown.lines):
        here += line.breaks if number else 0
        if id(line) in pieces_of:
            yield here, pieces_of[id(line)]
        here += len(line.text)


def _cut(
    fragments: Sequence[Fragment], line: str, start: int, pieces: Sequence[Piece], repairs: Sequence[Repair]
) -> Iterator[tuple[str, Frame]]:
    """The kept text of a line with the elements that it stands in.

    The rendering collapses white space, so places are counted in visible characters.
    """
    keep = [False] * len(line)
    for piece in pieces:
        for at in range(max(0, piece.start - start), min(len(line), piece.end - start)):
            keep[at] = True
    shown = [(at, keep[at]) for at, char in enumerate(line) if not char.isspace()]
    inside = {edit.start - start: edit for edit in repairs if start <= edit.start < start + len(line)}
    number, gone = 0, -1
    for text, frame in fragments:
        if frame is None:
            continue
        said: list[str] = []
        for char in text:
            if char.isspace():
                said.append(char if frame.pre else " ")
                continue
            if number >= len(shown):
                break
            at, kept = shown[number]
            number += 1
            if (kept and at >= gone) or frame.tag == "tr":
                edit = inside.get(at)
                gone = at if edit is None else edit.end - start
                said.append(char if edit is None else edit.after)
        yield "".join(said), frame


class _Builder:
    """Puts kept text into new elements, one for each element of the page that the article keeps."""

    def __init__(self, soup: BeautifulSoup, article: Tag) -> None:
        self._soup = soup
        self._article = article
        self._open: list[tuple[object, Tag]] = []  # the page's element (its id), ours

    def paragraph(self, text: str) -> None:
        """A paragraph of its own."""
        self._open = []
        new = self._soup.new_tag("p")
        new.string = text
        self._article.append(new)

    def line(self, parts: Sequence[tuple[str, Frame]]) -> None:
        """One line of the page."""
        parts = _trimmed([part for part in parts if part[0]])
        if not parts:
            return
        chains = [_chain(frame) for _, frame in parts]
        outer = _shared([_blocks(chain) for chain, part in zip(chains, parts, strict=True) if part[1].tag != "tr"])
        if any(_separates(part) for part in parts):
            outer = outer[: max((at for at, step in enumerate(outer) if step[1] == "tr"), default=-1) + 1]
        self._close_to(outer)
        if not any(name in _HOLDERS for _, name, _ in outer):
            outer = [*outer, (object(), "p", None)]
        elif self._article.contents and self._continues(outer):
            self._break(outer)
        cells = 0
        for part, chain in zip(parts, chains, strict=True):
            if _separates(part):
                cells += 1
                row = self._row(outer)
                while len(row.find_all(["td", "th"], recursive=False)) < cells:
                    row.append(self._soup.new_tag("td"))
            elif part[1].tag == "tr":
                self._inner().append(" ")
            else:
                self._write(part[0], [*outer, *[step for step in chain if step not in outer]])

    def _row(self, outer: Sequence[_Step]) -> Tag:
        """Our row for the line that is being written."""
        self._open_to(outer)
        del self._open[len(outer) :]
        return self._inner()

    def _continues(self, outer: Sequence[_Step]) -> bool:
        """Has the innermost of the elements text already, in which a line of verse or code goes on?"""
        return len(self._open) >= len(outer) > 0 and outer[-1][1] != "tr"

    def _break(self, outer: Sequence[_Step]) -> None:
        tag = self._open[len(outer) - 1][1]
        if any(own.name == "pre" for _, own in self._open):
            tag.append("\n")
        elif tag.contents:
            tag.append(self._soup.new_tag("br"))

    def _close_to(self, steps: Sequence[_Step]) -> None:
        same = 0
        for (key, _), (wanted, _, _) in zip(self._open, steps, strict=False):
            if key != wanted:
                break
            same += 1
        del self._open[same:]

    def _write(self, text: str, steps: Sequence[_Step]) -> None:
        self._open_to(steps)
        self._inner().append(text)

    def _open_to(self, steps: Sequence[_Step]) -> None:
        self._close_to(steps)
        for key, name, address in steps[len(self._open) :]:
            new = self._soup.new_tag(name)
            if address:
                new["href"] = address
            self._inner().append(new)
            self._open.append((key, new))

    def _inner(self) -> Tag:
        return self._open[-1][1] if self._open else self._article


_Step = tuple[object, str, str | None]  # the page's element, what it becomes, a link's address


def _chain(frame: Frame | None) -> list[_Step]:
    """What of the elements around a text the article keeps, from the outside in."""
    steps: list[_Step] = []
    while frame is not None:
        name = _KEPT.get(frame.tag)
        if name == "a":
            address = ((frame.attributes or {}).get("href") or "").strip()
            safe = address.lower().startswith(_SAFE) or (address and ":" not in address.split("/")[0])
            name = name if safe else None
            if name:
                steps.append((id(frame), name, address))
        elif name:
            steps.append((id(frame), name, None))
        frame = frame.parent
    steps.reverse()
    return _well_nested(steps)


def _well_nested(steps: Sequence[_Step]) -> list[_Step]:
    """Without rows outside of tables, items outside of lists, blocks inside of paragraphs, and doubled elements."""
    kept: list[_Step] = []
    for step in steps:
        names = [name for _, name, _ in kept]
        parents = {"li": ("ul", "ol"), "tr": ("table",), "td": ("tr",), "th": ("tr",), "dt": ("dl",), "dd": ("dl",)}
        needs = parents.get(step[1])
        if needs and not any(name in needs for name in names):
            continue
        if step[1] in _NO_INLINE and any(name in ("p", *HEADINGS, "pre", "a", "strong", "em") for name in names):
            continue
        if step[1] == "h1":
            step = (step[0], "h2", step[2])  # the title is the article's only h1
        if names and names[-1] == step[1] and step[1] in ("a", "strong", "em", "p", "code", "pre"):
            continue
        kept.append(step)
    return kept


def _blocks(chain: Sequence[_Step]) -> list[_Step]:
    """The elements of a chain up to the one that holds the line."""
    if any(name == "pre" for _, name, _ in chain):
        return list(chain)
    for number, (_, name, _) in enumerate(chain):
        if name in HEADINGS or name == "p":
            return list(chain[: number + 1])
    last = max((number for number, (_, name, _) in enumerate(chain) if name in _HOLDERS | _NO_INLINE), default=-1)
    return list(chain[: last + 1])


def _shared(chains: Sequence[Sequence[_Step]]) -> list[_Step]:
    """What chains of elements begin with, all of them."""
    shared = list(chains[0]) if chains else []
    for chain in chains[1:]:
        same = 0
        while same < min(len(shared), len(chain)) and shared[same] == chain[same]:
            same += 1
        del shared[same:]
    return shared


def _separates(part: tuple[str, Frame]) -> bool:
    """Is this what the rendering puts between the cells of a row?"""
    return part[1].tag == "tr" and CELL_SEPARATOR.strip() in part[0]


def _trimmed(parts: Sequence[tuple[str, Frame]]) -> list[tuple[str, Frame]]:
    """The parts with single spaces between words, none at the line's ends; code as it is."""
    frames: list[tuple[str, Frame]] = []
    open_space = True
    for text, frame in parts:
        if not frame.pre:
            lead = text[:1] == " " and not open_space
            text = (" " if lead else "") + " ".join(text.split()) + (" " if text.strip() and text[-1:] == " " else "")
            if not text:
                continue
            open_space = text[-1:] == " "
        frames.append((text, frame))
    if frames and not frames[-1][1].pre:
        frames[-1] = (frames[-1][0].rstrip(), frames[-1][1])
    return [part for part in frames if part[0]]
