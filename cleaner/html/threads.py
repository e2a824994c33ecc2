"""Threads of readers' comments that neither tags nor names tell: a name, a date, some text, and again.

Read from the lines in order, so that it makes no difference whether each comment has a box of its own. Names before
dates: a chronicle or a list of concerts begins with the date, a live ticker has few authors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cleaner import accelerator
from cleaner.html.page import Layout, Line
from cleaner.html.shown_dates import date_in_line, has_year
from cleaner.language import calendar_words
from cleaner.phrases import one_of, phrases

#: So many comments are a thread; so many of them are by different persons.
COMMENTS, PERSONS = 3, 0.6
#: A comment has at most so many lines, and a line of at least so many characters.
LONGEST, SAID = 16, 12
#: A line with a date or a time has at most so many characters, a name so many and so many words.
STAMP, NAME, NAME_WORDS = 80, 40, 4
#: What `date_signs` says of a text with a year.
YEAR = 2
#: What stands between the cells of a row.
CELLS = " | "
#: A thread stands below so much prose of the article.
ARTICLE, PROSE = 250, 80

_AGO = re.compile("|".join(phrases("ago")), re.IGNORECASE)
#: A date or a time ago has a digit, or one of these.
_DIGIT, _NUMBERLESS = re.compile(r"\d"), phrases("ago without a number")
_AGO_WORDS = phrases("ago, in a word")
_HEADING = re.compile(r"\b" + one_of("comments") + r"\b|" + "|".join(phrases("comments without spaces")), re.IGNORECASE)
_HEADING_SIZE = 60
_BEFORE_DATES = frozenset(phrases("before dates"))
_AROUND = " ·•|-–—,:("
_SAYS = re.compile(r"(?<!\s)\s+" + one_of("says") + r"\b.*")


class _Comment(NamedTuple):
    start: int  # the line with the name
    stamp: int  # the line with the date, the same or the next but one at most
    name: str
    said: bool = False  # its text stands in the same line, behind the cell with the name


def threads(layout: Layout) -> Iterator[int]:
    """The lines of threads, with the heading above them."""
    lines = layout.lines
    thread: list[_Comment] = []
    for comment in [*_comments(layout), None]:
        if thread and (comment is None or not _follows(lines, thread[-1], comment)):
            if _is_thread(lines, thread):
                yield from _lines_of(layout, thread)
            thread = []
        if comment is not None:
            thread.append(comment)


def _comments(layout: Layout) -> list[_Comment]:
    comments: list[_Comment] = []
    cells = [line.text.partition(CELLS) for line in layout.lines]
    heads = [head if len(head) <= STAMP else "" for head, _, _ in cells]
    folded_heads = [head.casefold() for head in heads]
    page = "\n".join(folded_heads)
    numberless, ago = ([word for word in words if word in page] for words in (_NUMBERLESS, _AGO_WORDS))
    signs = date_signs(heads)
    for number, (head, cell, said) in enumerate(cells):
        sign, folded = signs[number], folded_heads[number]
        if not sign and not any(word in folded for word in numberless):
            continue
        is_ago = any(word in folded for word in ago)
        if not (is_ago or sign == YEAR) or not (rest := _stamped(head, is_ago=is_ago)) or _heads(layout, number):
            continue
        if cell and _is_name(rest) and len(said) >= SAID:
            comments.append(_Comment(number, number, _bare(rest), True))
            continue
        for at in (number, number - 1, number - 2):
            name = rest if at == number else layout.lines[at].text if at >= 0 else ""
            if (not comments or at > comments[-1].stamp) and not _heads(layout, at) and _is_name(name):
                comments.append(_Comment(at, number, _bare(name)))
                break
    return comments


def _heads(layout: Layout, number: int) -> bool:
    return layout.elements[layout.lines[number].element].tag in ("h1", "h2", "h3")


def date_signs(texts: list[str]) -> bytes:
    """Per text 0 where it has no digit, YEAR where it has a year, else 1."""
    if accelerator.compiled is not None:
        signs: bytes = accelerator.compiled.date_signs(texts)
        return signs
    return bytes(YEAR if has_year(text) else _DIGIT.search(text) is not None for text in texts)


def _stamped(text: str, *, is_ago: bool) -> str:
    """What stands in a line before its date or its "2 hours ago"; nothing where the line has neither.

    is_ago: whether it has a word that may stand in the latter.
    """
    if is_ago and (match := _AGO.search(text)):
        return text[: match.start()].strip(_AROUND) or " "
    if not date_in_line(text):
        return ""
    digits = re.search(r"\d", text)
    words = (text[: digits.start()] if digits else text).rstrip(_AROUND).split()
    while words and _is_of_date(words[-1].strip(_AROUND)):
        words.pop()
    return " ".join(words).strip(_AROUND) or " "


def _is_of_date(word: str) -> bool:
    """Is it a month, a weekday, or what introduces a date?"""
    return word.casefold().rstrip(".") in calendar_words() | _BEFORE_DATES or not word


def _is_name(text: str) -> bool:
    text = _bare(text)
    return 2 <= len(text) <= NAME and len(text.split()) <= NAME_WORDS and not re.search(r"[!?…;]$", text)


def _bare(name: str) -> str:
    return _SAYS.sub("", name).strip(_AROUND).casefold()


def _follows(lines: Sequence[Line], before: _Comment, after: _Comment) -> bool:
    said = lines[before.stamp + 1 : after.start]
    return len(said) <= LONGEST and (before.said or any(len(line.text) >= SAID for line in said))


def _is_thread(lines: Sequence[Line], thread: Sequence[_Comment]) -> bool:
    if len(thread) < COMMENTS or len({comment.name for comment in thread}) < PERSONS * len(thread):
        return False
    above = lines[: thread[0].start]
    return sum(len(line.text) for line in above if len(line.text) >= PROSE and line.link_density < 0.5) >= ARTICLE


def _lines_of(layout: Layout, thread: Sequence[_Comment]) -> Iterator[int]:
    """The lines of a thread; its last comment goes on as long as the element around all of them, or as the longest."""
    lines, start = layout.lines, thread[0].start
    if start and len(lines[start - 1].text) <= _HEADING_SIZE and _HEADING.search(lines[start - 1].text):
        yield start - 1
    longest = max(after.start - before.start for before, after in pairwise(thread))
    shared = set.intersection(*(set(layout.around(lines[comment.start].element)) for comment in thread))
    around = max(shared, default=-1)
    stop = thread[-1].stamp + 1
    while stop < len(lines) and stop < thread[-1].start + longest and around in layout.around(lines[stop].element):
        if layout.elements[lines[stop].element].tag in ("h1", "h2", "h3"):
            break
        stop += 1
    yield from range(start, stop)
