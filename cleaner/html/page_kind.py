"""What only the decisions of a page together show: a wall of consent, a story told in captions, text said twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cleaner.document import Decision
from cleaner.labels import Action, Label, Policy

#: A line that stands on the page before is a copy from so many characters on.
REPEATED = 60
#: A line of prose.
PROSE = 80
#: With less text than this there may be no article beside what asks for consent or money.
LITTLE_TEXT = 400
#: A line of prose whose probability of boilerplate is below this is one of an article.
SURELY_BODY = 0.2
#: A story in captions has so many that go, of so many characters, and in them at least this share of what else stays.
CAPTIONS, CAPTION, TOLD = 2, 50, 0.5


def seen_together(text: str, decisions: Sequence[Decision], policy: Policy) -> tuple[Decision, ...]:
    """The decisions on the lines near the article (`text`), changed where together they say more."""
    decisions = _said_once(text, decisions, policy)
    kept = [
        decision for decision in decisions if decision.action is Action.KEEP and decision.label is not Label.HEADLINE
    ]
    size = sum(decision.end - decision.start for decision in kept)
    captions = [
        decision
        for decision in decisions
        if decision.label is Label.CAPTION and decision.end - decision.start >= CAPTION
    ]
    told = sum(decision.end - decision.start for decision in captions)
    if len(captions) >= CAPTIONS and size < LITTLE_TEXT and told >= TOLD * size:
        return _relabelled(decisions, captions, Label.BODY, policy, "most of the page's text stands in captions")
    asks = sum(
        decision.end - decision.start for decision in decisions if decision.label in (Label.LEGAL, Label.SUBSCRIPTION)
    )
    prose = any(decision.end - decision.start >= PROSE and decision.score < SURELY_BODY for decision in kept)
    if kept and not prose and size < LITTLE_TEXT and asks >= size:
        return _relabelled(decisions, kept, Label.SUBSCRIPTION, policy, "on a page that only asks for consent or money")
    return tuple(decisions)


def _said_once(text: str, decisions: Sequence[Decision], policy: Policy) -> tuple[Decision, ...]:
    """The decisions with kept lines that repeat longer ones above, and short ones in a row with such, removed."""
    kept = [decision for decision in decisions if decision.action is Action.KEEP]
    words = [" ".join(text[decision.start : decision.end].split()) for decision in kept]
    first: dict[str, int] = {}
    copies: dict[int, int] = {}  # place among the kept lines → that of the line it repeats
    for number, line in enumerate(words):
        if line in first:
            copies[number] = first[line]
        else:
            first[line] = number
    gone = {number for number in copies if len(words[number]) >= REPEATED}
    for number in sorted(copies):  # short lines of a copy follow its longer ones, and are followed by them
        before, after = copies.get(number - 1), copies.get(number + 1)
        if (number - 1 in gone and before == copies[number] - 1) or (
            number + 1 in gone and after == copies[number] + 1
        ):
            gone.add(number)
    if not gone:
        return tuple(decisions)
    chosen = [kept[number] for number in sorted(gone)]
    return _relabelled(decisions, chosen, Label.NAVIGATION, policy, "stands on the page before")


def _relabelled(
    decisions: Sequence[Decision], chosen: Sequence[Decision], label: Label, policy: Policy, reason: str
) -> tuple[Decision, ...]:
    starts = {decision.start for decision in chosen}
    return tuple(
        replace(decision, label=label, action=policy.action(label), reasons=(*decision.reasons, reason))
        if decision.start in starts
        else decision
        for decision in decisions
    )
