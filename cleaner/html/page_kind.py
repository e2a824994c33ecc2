"""Pages that are no article, or tell it another way: lists of teasers, walls of consent, stories told in captions.

What such a page is, one line alone does not show: here its lines are seen together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from cleaner.document import Decision
from cleaner.html.page import Element, Layout, Line
from cleaner.html.records import record_groups
from cleaner.labels import Action, Label, Policy

#: So many boxes alike are a list of teasers, when this share of them holds a linked headline and little text.
TEASERS, MOST = 4, 0.75
#: A teaser's headline has at least so many characters in links; all of it has no more than this.
HEADLINE, TEASER = 15, 400
#: A page with less prose outside its teasers is a list of them.
ARTICLE = 250
#: A line of prose.
PROSE = 80
#: With less text than this there may be no article beside what asks for consent or money.
LITTLE_TEXT = 400
#: A line of prose whose probability of boilerplate is below this is one of an article.
SURELY_BODY = 0.2
#: A story in captions has so many of them, of so many characters, and so many times as much text as the rest.
CAPTIONS, CAPTION, TIMES = 3, 50, 2.0

_BOXES = frozenset("article div li section".split())


def teaser_lines(layout: Layout) -> tuple[frozenset[int], bool]:
    """The lines of a page that stand in lists of teasers, and whether next to nothing else is on the page."""
    lines, elements = layout.lines, layout.elements
    groups = record_groups(elements)
    boxes: dict[int, list[int]] = defaultdict(list)  # record → its lines
    for number, line in enumerate(lines):
        for element in layout.around(line.element):
            if groups[element] is not None and elements[element].tag in _BOXES:
                boxes[element].append(number)
    found: set[int] = set()
    for members in {members[0]: members for group in groups if group is not None for members in (group[0],)}.values():
        held = [boxes[member] for member in members if boxes.get(member)]
        telling = [box for box in held if _is_teaser([lines[number] for number in box], elements)]
        if len(telling) >= TEASERS and len(telling) >= MOST * len(held):
            found.update(number for box in held for number in box)
    rest = sum(len(line.text) for number, line in enumerate(lines) if number not in found and _is_prose(line))
    return frozenset(found), bool(found) and rest < ARTICLE


def _is_teaser(lines: Sequence[Line], elements: Sequence[Element]) -> bool:
    """A linked headline, then little text or none."""
    linked = [line for line in lines if line.link_density >= 0.9 and len(line.text) >= HEADLINE]
    size = sum(len(line.text) for line in lines)
    first = next((number for number, line in enumerate(lines) if line in linked), len(lines))
    return bool(linked) and size <= TEASER and first <= 2


def _is_prose(line: Line) -> bool:
    return len(line.text) >= PROSE and line.link_density < 0.5


def seen_together(decisions: Sequence[Decision], policy: Policy) -> tuple[Decision, ...]:
    """The decisions on the lines near the article, changed where together they say that the page is another kind."""
    kept = [each for each in decisions if each.action is Action.KEEP and each.label is not Label.HEADLINE]
    size = sum(each.end - each.start for each in kept)
    captions = [each for each in decisions if each.label is Label.CAPTION and each.end - each.start >= CAPTION]
    if len(captions) >= CAPTIONS and sum(each.end - each.start for each in captions) >= TIMES * max(1, size):
        return _relabelled(decisions, captions, Label.BODY, policy, "most of the page's text stands in captions")
    asks = sum(each.end - each.start for each in decisions if each.label in (Label.LEGAL, Label.SUBSCRIPTION))
    prose = any(each.end - each.start >= PROSE and each.score < SURELY_BODY for each in kept)
    if kept and not prose and size < LITTLE_TEXT and asks >= size:
        return _relabelled(decisions, kept, Label.SUBSCRIPTION, policy, "on a page that only asks for consent or money")
    return tuple(decisions)


def _relabelled(
    decisions: Sequence[Decision], chosen: Sequence[Decision], label: Label, policy: Policy, reason: str
) -> tuple[Decision, ...]:
    starts = {each.start for each in chosen}
    return tuple(
        replace(each, label=label, action=policy.action(label), reasons=(*each.reasons, reason))
        if each.start in starts
        else each
        for each in decisions
    )
