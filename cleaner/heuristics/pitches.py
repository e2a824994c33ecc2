"""Paragraphs cut where a pitch, a button or a credit begins or ends them, so that what stands beside is judged alone.

"The council voted. It will cost four million. Share on Facebook" in one line: its sentences say nothing of sharing. A
sentence with a stop is innocent until its own words speak: a cue, a shape, a voice that asks or addresses the reader.
Only the edges of a paragraph are cut off, and only where each of its sentences is plainly one or the other. Decides
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cleaner.document import Block, Rendering
from cleaner.function_words import is_function_word
from cleaner.heuristics.block_rules import cues, gather, shapes
from cleaner.heuristics.block_stats import measure_all, shape
from cleaner.heuristics.certain import find_certain
from cleaner.heuristics.context import Context
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import Kind, Voice, fold
from cleaner.heuristics.prompts import LEAST, find_prompts
from cleaner.labels import KEPT, Label
from cleaner.segmentation.line_breaks import shipped
from cleaner.segmentation.stops import STOPS, ends_sentence
from cleaner.segmentation.text import LONG_LINE, cut_block, sentences

#: Voices that a report has in quotations only: a sentence with one of them is not innocent.
ADDRESSING = frozenset(Voice) - {Voice.SAID, Voice.MONEY}
#: What credits and dates speak for: behind a single sentence they belong to the caption that it is.
CREDITS = frozenset({Label.CAPTION, Label.CREDIT, Label.BYLINE})
#: What no edge is cut for: sentences about an author, or about a page's terms, follow each other.
_WHOLE = frozenset({Label.BIO, Label.LEGAL})
#: A sentence in front of a pitch that ends so belongs to it: "Fear of missing out? Sign up for …"
_LEADS_ON = "?!？！؟"
#: A pitch beside a sentence is at most so long, in characters; a longer one is a letter, whose sentences go with it.
_LONGEST_EDGE = 120
#: An innocent sentence has at least so many spaces, where words are parted by them: "Free shipping." is none. In a
#: text without line breaks one less: there it is what a teaser without a stop ran into.
_SPACES = 2
#: Cues that may be a button in front of a sentence, without a stop between.
_BUTTONS = frozenset({Kind.WHOLE, Kind.GLUED})
#: A credit or a remark in brackets, in front of a sentence.
_BRACKETED = re.compile(r"[(\[（【][^()\[\]（）【】]{3,80}[)\]）】]")


@dataclass(frozen=True, slots=True)
class Parted:
    """A rendering with paragraphs cut, and per block which one it was part of.

    sentences: of the blocks that are the innocent sentences of one, whether credits stand around them.
    """

    rendering: Rendering
    origins: Sequence[int]
    sentences: Mapping[int, bool]


def cut_pitches(
    rendering: Rendering, asked: Collection[int], matcher: Matcher, source: str | None = None
) -> Parted | None:
    """The rendering with such paragraphs among the blocks `asked` cut; None where none is."""
    blocks: list[Block] = []
    origins: list[int] = []
    innocent: dict[int, bool] = {}
    for index, block in enumerate(rendering.blocks):
        parts = [block]
        if (
            index in asked
            and len(block.text) <= LONG_LINE
            and (edges := _edges(block.text, matcher, source, flat=rendering.flat))
        ):
            first, last, credited = edges
            parts = list(cut_block(block, (first, last)))
            innocent[len(blocks) + (first > 0)] = credited
        blocks += parts
        origins += [index] * len(parts)
    return Parted(replace(rendering, blocks=tuple(blocks)), origins, innocent) if innocent else None


def _edges(text: str, matcher: Matcher, source: str | None, *, flat: bool) -> tuple[int, int, bool] | None:
    """Where a paragraph's innocent sentences begin and end, and whether credits stand around them; or None."""
    if not any(stop in text for stop in STOPS):  # as in most lines that go
        return None
    stretches = list(_pieces(text, matcher, source, flat=flat))
    if len(stretches) == 1:
        return None
    context = _context(text, stretches, matcher, source)
    pieces, labels = context.blocks, _labels(context, text)
    innocent = [not said and _is_innocent(context, index, flat=flat) for index, said in enumerate(labels)]
    if not any(innocent):
        return None
    first, last = innocent.index(True), len(innocent) - innocent[::-1].index(True)
    around = [*labels[:first], *labels[last:]]
    if not around or not all(around) or not all(innocent[first:last]) or any(said & _WHOLE for said in around):
        return None
    start, end = pieces[first].start, pieces[last - 1].end
    credited = any(not CREDITS.isdisjoint(said) for said in around)
    if max(start, len(text) - end) > _LONGEST_EDGE or (credited and last - first == 1):
        return None
    if first and labels[first - 1] == {Label.RELATED} and ends_sentence(pieces[first - 1].text):
        return None  # a teaser's title, and its summary
    return None if end < len(text) and text[end - 1] in _LEADS_ON else (start, end, credited)


def _pieces(text: str, matcher: Matcher, source: str | None, *, flat: bool) -> Iterator[tuple[int, int]]:
    """The sentences of a paragraph; what stands in front of the first without a stop is a piece of its own."""
    start = _button_end(text, matcher, source, flat=flat)
    if start:
        yield 0, start
        start += len(text[start:]) - len(text[start:].lstrip())
    yield from sentences(text, start, len(text))


def _button_end(text: str, matcher: Matcher, source: str | None, *, flat: bool) -> int:
    """Where a credit in brackets, a button or a teaser's title ends, in front of a sentence with a capital; or 0."""
    bracketed = _BRACKETED.match(text)
    ends = [bracketed.end()] if bracketed else []
    (hits,) = matcher.find(fold(text), [Block(0, len(text), text, 0, 0)], text, source=source)
    opening = [hit for hit in hits.cues if hit.start == 0] if hits else []
    for hit in opening:
        if hit.cue.kind in _BUTTONS and hit.cue.label is not Label.RELATED:  # a title follows that
            ends.append(hit.end)
    ends = [end + len(text[end:]) - len(text[end:].lstrip(STOPS)) for end in ends]
    end = max((end for end in ends if _begins_sentence(text[end : end + 3])), default=0)
    if end or not flat:
        return end
    prompted = max([title for start, title, _ in find_prompts(text[:_LONGEST_EDGE]) if start == 0], default=0)
    return _title_end(text, max([prompted, *(hit.end for hit in opening)], default=0))


def _title_end(text: str, start: int) -> int:
    """Where the first sentence, behind `start`, turns into another without a stop between; or 0."""
    stop = next((stop for _, stop in sentences(text, 0, len(text))), 0)
    place = shipped().likeliest(text, start, stop, LEAST) if 0 < start < stop else -1
    if place < 0 or not text[place].isupper():
        return 0
    before, after = text[:place].split()[-1], text[place:stop].split()
    if not before[0].islower() or is_function_word(before):
        return 0  # in a name, or before one
    return len(text[:place].rstrip()) if len(after) > 1 and after[1][0].islower() else 0


def _begins_sentence(text: str) -> bool:
    """Do a space and a capital stand at its beginning?"""
    return text[:1].isspace() and text.lstrip()[:1].isupper()


def _context(text: str, stretches: Sequence[tuple[int, int]], matcher: Matcher, source: str | None) -> Context:
    blocks = [Block(start, end, text[start:end], 0, 0) for start, end in stretches]
    folded = fold(text)
    measures = measure_all(blocks, [True] * len(blocks))
    return Context(
        blocks=blocks, measures=measures, shape=shape(measures), hits=matcher.find(folded, blocks, text, source=source),
        folded=folded, title="", flat=True, open=range(len(blocks)),
    )  # fmt: skip


def _labels(context: Context, text: str) -> list[set[Label]]:
    """What the pieces speak for by themselves, besides the article."""
    evidence = gather(context, (cues, shapes))
    labels = [{said.label for said in given} - KEPT for given in evidence]
    for index, said in find_certain(context.folded, text, context.blocks).items():
        labels[index].add(said.label)
    return labels


def _is_innocent(context: Context, index: int, *, flat: bool) -> bool:
    """Is a piece a sentence of several words that addresses nobody?"""
    text, hits = context.blocks[index].text, context.hits[index]
    spoken = hits is not None and not ADDRESSING.isdisjoint(hits.voices)
    return not spoken and ends_sentence(text) and (text.count(" ") >= _SPACES - flat or text[0] >= "\u0e00")
