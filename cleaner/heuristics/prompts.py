"""Blocks cut where a prompt to read something else begins, and where the title behind it is likely to end.

"… he said.Read also: Ferry runs again" in one line, "… he said. Read also: Ferry runs again The council …" in a text
without line breaks: the teaser becomes a block of its own, so that it can go whole and the sentences around it can
stay. Only cuts, decides nothing; a prompt is told by its words and the colon, the brackets or the arrow about it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources

from cleaner.document import Block, Rendering
from cleaner.heuristics.block_stats import IDEOGRAPH_WEIGHT
from cleaner.heuristics.cues import fold
from cleaner.segmentation.line_breaks import Breaks, shipped
from cleaner.segmentation.stops import ends_sentence
from cleaner.segmentation.text import cut_block

COLONS = ":："
BRACKETS = {
    "[": "]",
    "【": "】",
    "(": ")",
    "（": "）",
    "［": "］",
    "〔": "〕",
    "<": ">",
    "〈": "〉",
    "《": "》",
    "「": "」",
    "『": "』",
}
#: Arrows that stand before a title.
ARROWS = "▶►☞➤➡▷"
#: Without one of these there is no prompt.
SIGNS = COLONS + "".join(BRACKETS.values()) + ARROWS
#: What may stand before a prompt without a space between.
ENDS = frozenset(".!?…。！？।॥؟۔”\"»’')]】」』）|·•–—*>")
#: What somebody says about the words behind the colon: On the subject: "Weather" was all she said.
_QUOTED = re.compile(r"\s*[\"“„«‘][^\"“”»’]{1,100}[\"“”»’],?\s+(?=[^\W\d_])(?![A-ZÀ-Þ])")
#: At most so many prompts of a line are cut out.
MOST = 100
#: A sentence behind a prompt, longer than so many letters, is a title and the beginning of the next sentence: it is
#: cut where a line break is likeliest. A shorter one may be a title with a stop, and is cut only at these log-odds:
#: few titles have a full stop. (Of 455 titles with a short sentence behind them 339 are cut rightly at -3, 314 at -2.5,
#: 46 and 81 not at all; of titles that do have a stop 36 and 29 % are cut.)
SHORT_SENTENCE, SURE, STOPPED, LEAST = 80, -2.5, -3.0, -9.0
#: So many characters before a prompt are looked at: behind more spaces than these it stands free.
REACH = 64
#: A title has at least and at most so many characters.
TITLE, LONGEST_TITLE = 8, 250
#: What follows a prompt inside a line, up to this length, is its title, even when it ends like a sentence.
LINE_TITLE = 120


@cache
def prompt_phrases() -> frozenset[str]:
    """What stands before the title of another article, without its colon, in all languages: `prompts.txt`."""
    file = resources.files("cleaner") / "data" / "languages" / "prompts.txt"
    lines = file.read_text(encoding="utf-8").splitlines()
    phrases = (phrase for line in lines if not line.startswith("#") for phrase in line.partition(":")[2].split(","))
    return frozenset(fold(" ".join(phrase.split())) for phrase in phrases)


@cache
def _lengths() -> Mapping[str, Sequence[int]]:
    """The last two signs of prompts → the lengths of those that end so, the longest first."""
    lengths: dict[str, set[int]] = {}
    for phrase in prompt_phrases():
        lengths.setdefault(phrase[-2:], set()).add(len(phrase))
    return {tail: sorted(sizes, reverse=True) for tail, sizes in lengths.items()}


def cut_prompts(rendering: Rendering, breaks: Breaks | None = None) -> Rendering:
    """The rendering with such blocks cut. breaks: what finds lost line breaks, when not the shipped model."""
    signs = "".join(sign for sign in SIGNS if sign in rendering.text)
    places = _possible_places(rendering.text, signs)
    if not places:
        return rendering
    cut: list[Block] = []
    blocks, first, at = rendering.blocks, 0, 0
    for index in range(1, len(blocks) + 1):
        if index == len(blocks) or blocks[index].newlines_before:
            line, before = blocks[first:index], at
            at = bisect_left(places, line[-1].end, at)
            cut += _of_one_line(rendering, line, signs, breaks) if at > before else line
            first = index
    return rendering if len(cut) == len(blocks) and cut == list(blocks) else replace(rendering, blocks=tuple(cut))


def _possible_places(text: str, signs: str) -> list[int]:
    """Where these signs stand behind a prompt's words, and where arrows stand: a line without one has no prompt."""
    places: list[int] = []
    for sign in signs:
        at = text.find(sign)
        while at >= 0:
            if sign in ARROWS or _words_before(text, _end_before(text, at)):
                places.append(at)
            at = text.find(sign, at + 1)
    return sorted(places)


def _end_before(text: str, at: int) -> int:
    """Where what stands before a sign ends: a space may stand between."""
    return at - 1 if text[at - 1 : at].isspace() else at


def _words_before(text: str, end: int) -> int:
    """The length of the longest prompt that ends there, without its sign; 0 for none."""
    lengths = _lengths().get(fold(text[max(0, end - 2) : end]))
    if lengths is None:  # nearly always
        return 0
    phrases, head = prompt_phrases(), fold(text[max(0, end - lengths[0]) : end])
    return next((size for size in lengths if size <= len(head) and head[-size:] in phrases), 0)


def _of_one_line(rendering: Rendering, blocks: Sequence[Block], signs: str, breaks: Breaks | None) -> Sequence[Block]:
    """The blocks of one line, cut anew around its prompts; what was cut within a teaser is whole again."""
    text, start, end = rendering.text, blocks[0].start, blocks[-1].end
    teasers: list[tuple[int, int]] = []
    for begin, title, closed in find_prompts(text[start:end], signs):
        if not teasers or begin + start >= teasers[-1][1]:
            ends = [block.end for block in blocks]
            if closed:
                stop = start + closed
            elif not rendering.flat and end - start - title <= (LINE_TITLE if begin else LONGEST_TITLE):
                stop = end  # its line ends with it
            else:
                stop = _title_end(text, start + title, ends, breaks)
            teasers.append((start + begin, stop))
    if not teasers:
        return blocks
    edges = {block.start for block in blocks[1:]}
    edges = {edge for edge in edges if not any(begin < edge < stop for begin, stop in teasers)}
    cuts = edges | {edge for teaser in teasers for edge in teaser}
    return list(cut_block(replace(blocks[0], end=end, text=text[start:end]), [cut - start for cut in cuts]))


def find_prompts(text: str, signs: str = SIGNS) -> Iterator[tuple[int, int, int]]:
    """Of each prompt in a block where it begins, where the title behind it begins, and where that surely ends or 0.

    signs: those of SIGNS that may stand in the text.
    """
    count = 0
    closes = [close for mark, close in BRACKETS.items() if close in signs and mark in text]
    for sign in (*(colon for colon in COLONS if colon in signs), *closes):
        at = text.find(sign)
        while at >= 0 and count < MOST:
            if prompt := _prompt_before(text, at, sign):
                count += 1
                yield prompt
            at = text.find(sign, at + 1)
    for mark in ARROWS if any(mark in signs for mark in ARROWS) else ():
        at = text.find(mark, 1)
        if at > 0 and (text[at - 1].isspace() or text[at - 1] in ENDS):
            yield at, at + 1, 0


def _prompt_before(text: str, at: int, sign: str) -> tuple[int, int, int] | None:
    """The prompt whose colon or closing bracket stands at `at`."""
    end = _end_before(text, at)
    length = _words_before(text, end)
    if not length:
        return None
    start = end - length
    opened = BRACKETS.get(text[start - 1], "") if start else ""
    if sign not in COLONS:
        return (start - 1, at + 1, 0) if opened == sign else None
    if opened:
        return start - 1, at + 1, text.find(opened, at) + 1
    if not _stands_free(text, start, end) or _QUOTED.match(text, at + 1):
        return None
    arrows = text[:start].rstrip()
    return len(arrows.rstrip(ARROWS)) if arrows.endswith(tuple(ARROWS)) else start, at + 1, 0


def _stands_free(text: str, start: int, end: int) -> bool:
    """May a prompt begin here: at the start, behind a sentence's end, in capitals, or of two words and more?"""
    before, phrase = text[max(0, start - REACH) : start].rstrip(), text[start:end]
    if not before or before[-1] in ENDS or before[-1] in ARROWS:
        return True
    first = phrase[0]
    if first.islower():
        return False
    several = " " in phrase or first >= "\u0e00"
    if not text[start - 1].isspace():  # "…jelasBaca juga:"
        glued = text[start - 1].islower() if first.isupper() else first >= "\u0e00"
        return several and glued
    return several or (phrase.isupper() and len(phrase) > 3)


def _title_end(text: str, title: int, ends: Sequence[int], breaks: Breaks | None) -> int:
    """Where the title behind a prompt is likely to end: with its sentence, or inside it, where a line has begun."""
    behind = (end for end in ends if end >= title + TITLE)
    stop = next((end for end in behind if _is_sentence(text[max(title, end - REACH) : end])), ends[-1])
    if not _is_sentence(text[title:stop]):  # Thai has no stops
        return stop if stop - title <= LONGEST_TITLE else next(end for end in ends if end >= title + TITLE)
    letters = (stop - title) * (IDEOGRAPH_WEIGHT if text[title:stop].strip()[:1] >= "\u2e80" else 1)
    sure = LEAST if letters > SHORT_SENTENCE else STOPPED if text[stop - 1] == "." else SURE
    place = (breaks or shipped()).likeliest(text, title, stop, sure)
    return place if place >= title + TITLE else stop


def _is_sentence(text: str) -> bool:
    return ends_sentence(text) or text.endswith(("।", "؟", "۔"))
