"""What is stuck to the start or the end of prose: cues and shapes of which only the stretch itself is cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cleaner.document import Block, Evidence
from cleaner.heuristics import patterns
from cleaner.heuristics.context import Context
from cleaner.heuristics.cue_matcher import Hit, letters_around
from cleaner.heuristics.cues import Kind
from cleaner.segmentation.stops import may_end_sentence

#: A glued cue with so many spaces is cut off the words after it also where a space stands between.
PHRASE_SPACES = 5
#: A glued cue is cut with this weight.
GLUED_WEIGHT = 4.4
#: How a reason says where a cue stands.
STANDS: dict[Kind, str] = {
    Kind.WHOLE: "is",
    Kind.START: "begins with",
    Kind.END: "ends with",
    Kind.ANY: "says",
    Kind.WEAK: "mentions",
    Kind.OPENER: "opens a box with",
    Kind.GLUED: "is stuck to prose:",
}


def reason_of(hit: Hit) -> str:
    """What a cue that was found says, in words."""
    return f"{STANDS[hit.cue.kind]} “{hit.cue.phrase}” ({hit.cue.label}, {hit.cue.origin})"


def glued(context: Context) -> list[list[tuple[int, int, Evidence]]]:
    """Per block the stretches to cut."""
    cuts = glued_cues(context)
    possible = [pattern for pattern in patterns.GLUED if pattern.needs in context.folded]
    ends = tuple({end for pattern in possible for end in pattern.ends or ("",)})
    ending = [index for index, block in enumerate(context.blocks) if block.text.endswith(ends)] if possible else ()
    for index in ending:
        block = context.blocks[index]
        shapes = [pattern for pattern in possible if _may_end_with(block.text, pattern)]
        if shapes and ((hits := context.hits[index]) is None or not hits.protected):
            cuts[index][:0] = _glued_shapes(block, shapes)
    return cuts


def glued_cues(context: Context) -> list[list[tuple[int, int, Evidence]]]:
    """The cues among them."""
    cuts: list[list[tuple[int, int, Evidence]]] = [[] for _ in context.blocks]
    for index in context.heard:
        block, hits = context.blocks[index], context.hits[index]
        for hit in hits.cues if hits is not None and not hits.protected else ():
            if hit.cue.kind is Kind.GLUED and (at := _stuck(context, block, hit)):
                cuts[index].append((*at, Evidence(hit.cue.label, GLUED_WEIGHT, reason_of(hit))))
    return cuts


def _may_end_with(text: str, shape: patterns.Pattern) -> bool:
    """Has the text the signs without which it has not the shape?"""
    return shape.needs in text and (not shape.ends or text.endswith(shape.ends))


def _glued_shapes(block: Block, shapes: Sequence[patterns.Pattern]) -> Iterator[tuple[int, int, Evidence]]:
    skipped = max(0, len(block.text) - patterns.GLUED_TAIL)
    for pattern in shapes:
        match = pattern.expression.search(block.text, skipped)
        if match and match.start():
            evidence = Evidence(pattern.label, pattern.weight, f"is stuck to prose: {pattern.name}")
            yield block.start + match.start(), block.start + match.end(), evidence


def _stuck(context: Context, block: Block, hit: Hit) -> tuple[int, int] | None:
    """The stretch to cut when the cue is stuck to prose without a space, or stands alone after its end.

    A long one may be all of a block: of blocks that the model does not doubt only such cues are sought.
    """
    before, after = letters_around(context.folded, hit.start, hit.end, block)
    text, first = block.text, hit.start - block.start
    last = hit.end - block.start
    rest = text[last:].lstrip()
    shouted = text[first:last].isupper() and last - first > 3
    phrase = shouted or hit.cue.phrase.count(" ") >= PHRASE_SPACES  # so long a one is no beginning of another sentence
    if phrase and not before and not after:
        return block.start, block.end
    if not before and after and text[first].isupper() and rest[:1].isupper() and (phrase or rest == text[last:]):
        return block.start, hit.end
    if not after and before and text[first].isupper():
        previous = text[first - 1 : first]
        if not previous.isspace() or may_end_sentence(text[:first].rstrip()):
            return hit.start, block.end
    return None
