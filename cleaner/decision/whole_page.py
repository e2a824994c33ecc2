"""What only the decisions of a page together show: a wall of consent, a story told in captions, text said twice."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from cleaner.decision.second_look import DEFAULT, under
from cleaner.document import Block, Decision
from cleaner.heuristics.patterns import HEADING_MARKS
from cleaner.html.copies import copies
from cleaner.html.outside import HALF, Near
from cleaner.html.page import Layout
from cleaner.html.short_lines import broken_verses, ticker
from cleaner.labels import KEPT, Action, Label, Policy
from cleaner.segmentation.stops import ends_sentence

#: A line of prose.
PROSE = 80
#: A page with at most so many characters says next to nothing: what neither rule nor element speaks against stays.
SHORT = 200
#: How reasons end that are a model's alone.
BY_MODEL = ("(model)", "(page model)")
#: What the model calls so is no article, however short the page is.
ASKS = KEPT | {Label.DONATION, Label.LEGAL, Label.MARKUP, Label.NEWSLETTER, Label.SUBSCRIPTION}
#: With less text than this there may be no article beside what asks for consent or money; that has at least this share
#: of what else stays, none of which the model is sure of.
LITTLE_TEXT, ASKING = 400, 0.5
#: But not below this probability where nothing stays and nothing else asks: then it is for want of a better name.
SURELY_ASKS = 0.65
#: A line of prose, or a sentence, whose probability of boilerplate is below this is one of an article.
SURELY_BODY = 0.2
#: A paragraph that stands on a page so many times is said again and again.
OFTEN = 3
#: What stands below a picture, however it reads.
FIGURE = "tag:figcaption"
#: How a question ends.
_QUESTION_MARKS = ("?", "？", "؟")
#: A letter of so many characters, of these mean log-odds by its place, may be the page's own text.
LETTER, INSIDE = 600, -1.0
#: A story in captions has so many that go, of so many characters, and in them at least this share of what else stays;
#: more of them than there are sentences beside them that the model is sure of: a short article may have two pictures.
CAPTIONS, CAPTION, TOLD = 2, 50, 0.5


def seen_together(part: Near, layout: Layout, decisions: Sequence[Decision], policy: Policy) -> tuple[Decision, ...]:
    """The decisions on the lines near the article (`part`), changed where together they say more."""
    text = part.rendering.text
    times, entries = ticker(text, decisions)
    verses = list(broken_verses(text, decisions))
    decisions = _relabelled(decisions, times, Label.BYLINE, policy, "the time of a ticker's entry")
    decisions = _relabelled(decisions, entries, Label.BODY, policy, "an entry of a ticker")
    decisions = _relabelled(decisions, verses, Label.BODY, policy, "a verse whose sentence goes on")
    asked = list(_answered(part, decisions))
    decisions = _relabelled(decisions, asked, Label.BODY, policy, "a question whose answer stays")
    again = list(_again_and_again(part, decisions))
    decisions = _relabelled(decisions, again, Label.BODY, policy, "most of the page says this again and again")
    return _as_a_whole(part, _said_once(part, layout, decisions, policy), policy)


def _as_a_whole(part: Near, decisions: Sequence[Decision], policy: Policy) -> tuple[Decision, ...]:
    """The decisions, changed where most of a page's text is a story in captions, a letter or requests."""
    text = part.rendering.text
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
    figures = {block.start for block in part.rendering.blocks if FIGURE in block.marks}
    sure = [decision for decision in kept if _is_surely_told(text, decision)]
    sentences = sum(decision.start not in figures for decision in sure)
    if len(captions) >= max(CAPTIONS, sentences + 1) and size < LITTLE_TEXT and told >= TOLD * size:
        return _relabelled(decisions, captions, Label.BODY, policy, "most of the page's text stands in captions")
    letter = [decision for decision in decisions if decision.label is Label.DONATION]
    if _is_the_page(part, letter, size):
        return _relabelled(decisions, letter, Label.BODY, policy, "most of what the page has to say")
    asks = sum(
        decision.end - decision.start for decision in decisions if decision.label in (Label.LEGAL, Label.SUBSCRIPTION)
    )
    if kept and not sure and size < LITTLE_TEXT and asks >= ASKING * size:
        return _relabelled(decisions, kept, Label.SUBSCRIPTION, policy, "on a page that only asks for consent or money")
    return tuple(decisions)


def _answered(part: Near, decisions: Sequence[Decision]) -> Iterator[Decision]:
    """Headings that go and ask what a sentence that stays right below them, in the same element, answers."""
    blocks = {block.start: block for block in part.rendering.blocks}
    for heading, answer in pairwise(decisions):
        if heading.action is Action.KEEP or answer.action is not Action.KEEP:
            continue
        asking, told = blocks.get(heading.start), blocks.get(answer.start)
        if asking is None or told is None or not asking.text.endswith(_QUESTION_MARKS) or not ends_sentence(told.text):
            continue
        element, _, _ = told.path.rpartition("/")
        if not HEADING_MARKS.isdisjoint(asking.marks) and asking.path.rpartition("/")[0] == element:
            yield heading


def _again_and_again(part: Near, decisions: Sequence[Decision]) -> Iterator[Decision]:
    """Paragraphs that only the model takes out, on a page most of which are they, where its article stands.

    To the model what is said again is a site's own talk; but here there is nothing else.
    """
    text, starts = part.rendering.text, [block.start for block in part.rendering.blocks]
    texts = [text[decision.start : decision.end] for decision in decisions]
    counts = Counter(said for said in texts if len(said) >= PROSE)
    often = {said for said, count in counts.items() if count >= OFTEN}
    if 2 * sum(len(said) * counts[said] for said in often) < sum(map(len, texts)):
        return
    for decision, said in zip(decisions, texts, strict=True):
        place = part.odds[bisect_right(starts, decision.start) - 1]
        by_model = all(reason.endswith(BY_MODEL) for reason in decision.reasons)
        if said in often and decision.action is not Action.KEEP and by_model and place < INSIDE:
            yield decision


def _is_surely_told(text: str, line: Decision) -> bool:
    """Is a kept line, by the model, of an article: prose, or a sentence however short? A lead behind a wall is both."""
    prose = line.end - line.start >= PROSE or ends_sentence(text[line.start : line.end])
    return prose and line.score < SURELY_BODY


def _is_the_page(part: Near, letter: Sequence[Decision], kept: int) -> bool:
    """Is a letter that asks for money what the page is about: more than the rest, and where its article stands?"""
    size = sum(decision.end - decision.start for decision in letter)
    if size < max(LETTER, kept):
        return False
    starts = [block.start for block in part.rendering.blocks]
    odds = (
        part.odds[bisect_right(starts, decision.start) - 1] * (decision.end - decision.start) for decision in letter
    )
    return sum(odds) < INSIDE * size


def with_the_only_thing(blocks: Sequence[Block], decisions: Sequence[Decision], policy: Policy) -> tuple[Decision, ...]:
    """The decisions, those on what is short and all that is said set to body: only the model speaks against it.

    Labels by rules and marks stand: a page may hold nothing but a request for consent. What is said hangs on no policy.
    Asked of pages, and of texts of which nothing would stay.
    """
    size = sum(decision.end - decision.start for decision in decisions)
    if size > max(SHORT, LITTLE_TEXT):  # nearly all pages
        return under(policy, decisions)
    decisions = under(DEFAULT, decisions)
    starts = [block.start for block in blocks]
    kept = any(decision.action is Action.KEEP and decision.label is not Label.HEADLINE for decision in decisions)
    lone = not kept and not any(
        decision.label in ASKS - KEPT and decision.score >= SURELY_ASKS for decision in decisions
    )
    if size > (SHORT if kept else LITTLE_TEXT):
        return under(policy, decisions)
    chosen = [
        decision
        for decision in decisions
        if decision.action is not Action.KEEP
        and (decision.label not in ASKS or (lone and decision.score < SURELY_ASKS))
        and blocks[bisect_right(starts, decision.start) - 1].link_density < HALF
        and all(reason.endswith(BY_MODEL) for reason in decision.reasons)
    ]
    return under(policy, _relabelled(decisions, chosen, Label.BODY, policy, "stays: all that is said"))


def _said_once(part: Near, layout: Layout, decisions: Sequence[Decision], policy: Policy) -> Sequence[Decision]:
    """The decisions with kept lines that stand in copies removed."""
    kept = [decision for decision in decisions if decision.action is Action.KEEP]
    starts = [block.start for block in part.rendering.blocks]
    numbers = [part.blocks[bisect_right(starts, decision.start) - 1] for decision in kept]
    texts = [" ".join(part.rendering.text[decision.start : decision.end].split()) for decision in kept]
    chosen = [kept[place] for place in sorted(copies(layout, numbers, texts))]
    if not chosen:
        return decisions
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
