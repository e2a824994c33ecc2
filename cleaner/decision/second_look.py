"""A second look at what is kept: judged once more, as the text that it is when the rest is gone.

A line that only its neighbours made look like the article goes then, and a headline that stood among menus is seen to
be the title; so cleaning a clean text again changes nothing. What is gone stays gone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from cleaner.accelerator import replace
from cleaner.decoding.mojibake import OffsetMap
from cleaner.document import Block, CleanedDocument, Decision, Document, Rendering
from cleaner.heuristics.prompts import cut_prompts
from cleaner.labels import Action, Policy
from cleaner.model.steps import Steps
from cleaner.segmentation.stops import ends_sentence
from cleaner.segmentation.text import segment_text

#: What is kept, and so looked at again, is what the default policy keeps.
DEFAULT = Policy()
#: So often what is kept is looked at again.
LOOKS = 3
#: Nothing is asked anew of a document whose kept lines are all less doubtful than this score …
DOUBTFUL = 0.3
#: … and whose title is found, or begins with a line longer than this, or one that ends like a sentence.
TITLE_LENGTH = 200
#: What is said of a line that goes at the second look.
AGAIN = "goes when what is left is judged once more"


def look_again(
    rendering: Rendering,
    decisions: Sequence[Decision],
    assemble: Callable[[tuple[Decision, ...]], CleanedDocument],
    judge: Callable[[Rendering], Steps[tuple[Decision, ...]]],
) -> Steps[tuple[tuple[Decision, ...], CleanedDocument | None]]:
    """The decisions on a text, under the default policy, after LOOKS further looks at what is kept, at most.

    And the document as the last look found it: often that of the same decisions.
    """
    before, kept = rendering, None
    decided = under(DEFAULT, decisions)
    for _ in range(LOOKS):
        kept = assemble(decided)
        if not kept.body or not is_doubtful(kept):
            break
        rest = cut_prompts(segment_text(Document("", kept.text)))
        if rest.repairs or same_lines(before.blocks, rest.blocks):
            break
        decided, before = merged(kept, under(DEFAULT, (yield from judge(rest)))), rest
    return decided, kept


def under(policy: Policy, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """The same decisions with the actions of a policy: what is looked at does not hang on a user's own."""
    actions = policy.actions
    return tuple(
        decision if decision.action is (action := actions[decision.label]) else replace(decision, action=action)
        for decision in decisions
    )


def is_doubtful(kept: CleanedDocument) -> bool:
    """Is there a kept line that another look may judge otherwise?"""
    for decision in kept.decisions:
        if decision.score >= DOUBTFUL and decision.action is Action.KEEP:
            return True
    first = kept.body.split("\n", 1)[0]
    return not kept.title and len(first) <= TITLE_LENGTH and not ends_sentence(first)


def same_lines(before: Sequence[Block], after: Sequence[Block]) -> bool:
    """Are they the same lines with the same gaps between them?"""
    return len(before) == len(after) and all(
        first.text == second.text and (not index or first.newlines_before == second.newlines_before)
        for index, (first, second) in enumerate(zip(before, after, strict=True))
    )


def merged(kept: CleanedDocument, again: Sequence[Decision]) -> tuple[Decision, ...]:
    """The decisions on a document, with those on its clean text, `again`, in place of those that kept a stretch."""
    offsets = OffsetMap(kept.repairs)
    places: list[tuple[int, int, int]] = []  # of each kept piece: start and end in the rendering, start in the text
    for piece in kept.pieces:
        start, end = offsets.to_repaired(piece.start, piece.end)
        places.append((start, end, piece.clean_start))
    ends = [decision.end for decision in again]
    decisions: list[Decision] = []
    at = 0
    for decision in kept.decisions:
        inside = []
        while at < len(places) and places[at][0] < decision.end:
            inside.append(places[at])
            at += 1
        decisions += _anew(decision, [part for place in inside for part in _judged(place, again, ends)])
    return tuple(decisions)


def _anew(decision: Decision, judged: Sequence[Decision]) -> list[Decision]:
    """A kept decision by what the second look says of its pieces: as it was, with another label, or gone."""
    if not judged or decision.action is not Action.KEEP:
        return [decision]
    gone = [second for second in judged if second.action is not Action.KEEP]
    size = sum(second.end - second.start for second in judged)
    if 2 * sum(second.end - second.start for second in gone) >= size:  # whole or not at all: half a line says nothing
        return [replace(gone[0], start=decision.start, end=decision.end)]
    if len(judged) > 1:
        return [decision]
    new = judged[0]
    return [Decision(decision.start, decision.end, new.label, new.action, new.score, new.reasons)]


def _judged(place: tuple[int, int, int], again: Sequence[Decision], ends: Sequence[int]) -> Iterator[Decision]:
    """What the second look says of one piece, in offsets of the rendering; `ends` of its decisions, which rise."""
    start, end, at = place
    for index in range(bisect_right(ends, at), len(again)):
        decision = again[index]
        if decision.start >= at + end - start:
            return
        first, last = max(start, decision.start - at + start), min(end, decision.end - at + start)
        if first < last:
            reasons = decision.reasons if decision.action is Action.KEEP else (*decision.reasons, AGAIN)
            yield Decision(first, last, decision.label, decision.action, decision.score, reasons)


def overlaid(
    decisions: tuple[Decision, ...], plain: Sequence[Decision], own: Sequence[Decision]
) -> tuple[Decision, ...]:
    """The decisions with those in place that a user's own cues changed: what differs between `plain` and `own`."""
    if plain is own:
        return decisions
    before = set(plain)
    changed = [decision for decision in own if decision not in before]
    ends = [decision.end for decision in changed]  # they rise: decisions are in order, and disjoint

    def stays(decision: Decision) -> bool:
        at = bisect_right(ends, decision.start)
        return at == len(changed) or changed[at].start >= decision.end

    rest = [decision for decision in decisions if stays(decision)]
    return tuple(sorted([*rest, *changed], key=lambda decision: decision.start))
