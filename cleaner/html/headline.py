"""Which line of a page is its headline: the page's own title beside its outlet's name, or a line that is named for it.

Many pages set their headline in a `div` or a `p`. Then the title that the page states tells which line it is: that
which says all of it, or all but the outlet's name. A line in a list, a link or a frame of the page is none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from cleaner.html.page import Element, Line
from cleaner.segmentation.stops import ends_sentence

#: A headline within a title is so wide at least, an ideograph counting twice; any headline has at most so many
#: characters.
MIN_TITLE, MAX_TITLE = 12, 300
#: Of more titles that a page states, such as those of all articles it lists, so many first and last ones are tried.
MOST_TITLES = 20
#: What stands between a title and an outlet's name.
SEPARATORS = ("|", "-", "–", "—", "·", "•", "»", "«", "/", ":")
#: Where a line is no heading, white space tells a stroke between two parts from one inside a word.
_BETWEEN = re.compile(r"\s+[-–—/·•]\s+|\s*[|｜_»«]\s*|\s*::?\s+|\s+::?\s*")
#: Below a headline that is no heading stands so long a line, or a sentence, within so many.
PROSE, PROSE_WITHIN = 40, 8
#: A line of which so much is a link leads elsewhere.
LINKED = 0.5
#: Elements whose lines are no headline.
_ASIDE = frozenset("aside blockquote figcaption figure footer form li nav table".split())
_HEADINGS = frozenset(("h1", "h2", "h3"))
#: Elements around a line that may be named for it.
_AROUND = 3
#: Names of the element that holds the headline; a page's, a site's or a list's title is not the article's.
_NAMED = re.compile(r"(?:^|[\s_-])(?:article|entry|post|story|news)?(?:head-?line|title)(?:\s|$)", re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_ANOTHER = re.compile(
    r"site|blog|page-?t|section|widget|related|teaser|sub-?(?:title|head)|list|nav|menu|logo|brand|comment|card|box|"
    r"sidebar|caption|image|author|modal|dialog",
    re.IGNORECASE,
)


def shown_title(stated: Sequence[str], site: str, lines: Sequence[Line], elements: Sequence[Element]) -> str:
    """The line that shows one of the stated titles, else one that is named for it, else the first stated; or nothing.

    site: the outlet's name or its host, where one is known; a page may state that as its title, too.
    """
    outlet = _squeezed(site)
    titles = [title for title in _some(stated) if not outlet or _squeezed(title) != outlet]
    plain = [_plain(title) for title in titles]
    headless = True
    for line in lines:
        if elements[line.element].tag == "h1":
            headless = False
            head = line.text.casefold()
            if len(line.text) <= MAX_TITLE and (not outlet or _squeezed(head) != outlet):
                if any(title == head or _is_beside_outlet(head, title) for title in plain):
                    return line.text
    above = [line for line in _above_prose(lines, elements) if not outlet or not _names_outlet(line.text, outlet)]
    shown = [line for line in above if _says_any(_plain(line.text), plain, outlet)]
    if not shown and headless:
        ranks = (_NAMED_SURELY,) if titles else (_NAMED_SURELY, _NAMED_BY_CLASS)
        shown = [line for line in above if _rank(line, elements) in ranks]
    if shown:
        return min(shown, key=lambda line: _rank(line, elements)).text
    return titles[0] if titles else ""


def _some(titles: Sequence[str]) -> list[str]:
    """The different titles, as far as they are tried."""
    different = list(dict.fromkeys(titles))
    return different if len(different) <= 2 * MOST_TITLES else different[:MOST_TITLES] + different[-MOST_TITLES:]


def _above_prose(lines: Sequence[Line], elements: Sequence[Element]) -> list[Line]:
    """The lines that may be a headline: no links, outside lists and frames, with prose not far below."""
    outside = _outside(elements)
    above: list[Line] = []
    prose = len(lines) + PROSE_WITHIN  # the next line of prose below
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number]
        if line.link_density >= LINKED or outside[line.element]:
            continue
        if prose - number <= PROSE_WITHIN and len(line.text) <= MAX_TITLE:
            above.append(line)
        if len(line.text) >= PROSE or (" " in line.text and ends_sentence(line.text)):
            prose = number
    return above[::-1]


def _outside(elements: Sequence[Element]) -> list[bool]:
    """Per element whether it is, or stands in, one whose lines are no headline."""
    outside: list[bool] = []
    for element in elements:
        outside.append((element.parent >= 0 and outside[element.parent]) or element.tag in _ASIDE or element.hidden)
    return outside


_HEADING, _NAMED_SURELY, _NAMED_BY_CLASS, _UNNAMED = range(4)


def _rank(line: Line, elements: Sequence[Element]) -> int:
    """How plainly the elements around a line say that it is a headline; less is plainer."""
    if elements[line.element].tag in _HEADINGS:
        return _HEADING
    index, by_class = line.element, False
    for _ in range(_AROUND):
        if index < 0:
            break
        element = elements[index]
        if "headline" in element.property.casefold().split():
            return _NAMED_SURELY
        by_class = by_class or (_NAMED.search(element.names) is not None and _ANOTHER.search(element.names) is None)
        index = element.parent
    return _NAMED_BY_CLASS if by_class else _UNNAMED


def _says_any(line: str, titles: Sequence[str], outlet: str) -> bool:
    return any(_says(line, title, outlet) for title in titles) and _width(line) >= MIN_TITLE


def _says(line: str, title: str, outlet: str) -> bool:
    """Does a line say a title, or all of it but the outlet's name, which is the shorter part where it is not known?"""
    if line == title:
        return True
    if title.startswith(line):
        rest = title.removeprefix(line)
        apart = _BETWEEN.match(rest)
    elif title.endswith(line):
        rest = title.removesuffix(line)
        apart = next((gap for gap in _BETWEEN.finditer(rest) if gap.end() == len(rest)), None)
    else:
        return False
    others = [part for part in _BETWEEN.split(rest) if part]
    known = bool(outlet) and _squeezed(rest) == outlet
    return apart is not None and (known or all(len(part) < len(line) for part in others))


def _is_beside_outlet(head: str, title: str) -> bool:
    """Does a title say a headline, then an outlet's name, or the other way round?"""
    if len(head) < MIN_TITLE or head not in title:
        return False
    rest = title.removeprefix(head) if title.startswith(head) else title.removesuffix(head)[::-1]
    return len(rest) < len(title) and rest.lstrip()[:1] in SEPARATORS


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _names_outlet(text: str, outlet: str) -> bool:
    """Is a text the outlet's name, squeezed? Most are none by their first letter, which no address has to give."""
    if "." not in text and next((char for char in text.casefold() if char.isalnum()), "") != outlet[0]:
        return False
    return _squeezed(text) == outlet


def _squeezed(name: str) -> str:
    """Letters and digits alone, as in an address, without the address's end."""
    name = name.casefold().strip()
    if _HOST.fullmatch(name):
        name = name.removeprefix("www.").split(".")[0]
    return "".join(char for char in name if char.isalnum())


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
