"""The decisions on a page: where its blocks stand, what they say, what else it holds. Loaded with the first page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from cleaner.decision.block_on_page import ASKING
from cleaner.decision.judge import LEANING
from cleaner.decision.second_look import AGAIN, DEFAULT, under
from cleaner.decision.title import ABOVE_HEADLINE
from cleaner.decision.whole_page import seen_together, with_the_only_thing
from cleaner.document import Block, Decision, Document, Rendering
from cleaner.heuristics.patterns import MARKS, is_row
from cleaner.html import outside
from cleaner.html.model import PageModel
from cleaner.html.outside import cost_of, probability_of
from cleaner.html.page import Extractor
from cleaner.html.page_words import shares_in
from cleaner.html.structures import Structures, structures
from cleaner.html.trafilatura import main_text
from cleaner.labels import KEPT, Action, Label, Policy
from cleaner.language import identify
from cleaner.model.steps import Steps

Decisions = tuple[Decision, ...]
#: Judges blocks by their words: document with its title, rendering, language, the page model's log-odds per block.
Judge = Callable[[Document, Rendering, str, tuple[float, ...]], Steps[Decisions]]

#: A row of a table goes from these log-odds on.
ROW_ODDS = 1.5

#: What asks the reader, of what else stays, on a page that is an appeal itself.
ASKING_PAGE = 0.8

_FAR_REASON = "stands far from the article on the page (page model)"
_WITHIN = {Label.RELATED: "a list of teasers or another article", Label.COMMENT: "a thread of comments"}


def decide_page(
    document: Document,
    rendering: Rendering,
    *,
    extractor: Extractor,
    page_model: PageModel | None,
    policy: Policy,
    judge: Judge,
) -> Steps[tuple[Decisions, Decisions, str]]:
    """The decisions on a page that has a layout, those on its blocks near the article, and its language.

    Which label a line gets hangs on no policy: what is kept of the lines around it is what the default policy keeps.
    """

    def judged_by_default(titled: Document, part: Rendering, lang: str, odds: tuple[float, ...]) -> Steps[Decisions]:
        return under(DEFAULT, (yield from judge(titled, part, lang, odds)))

    decisions, judged, lang = yield from _decide(document, rendering, extractor, page_model, judged_by_default)
    return under(policy, decisions), under(policy, judged), lang


def _decide(
    document: Document, rendering: Rendering, extractor: Extractor, page_model: PageModel | None, judge: Judge
) -> Steps[tuple[Decisions, Decisions, str]]:
    """The same under the default policy."""
    layout = rendering.layout
    assert layout is not None
    title = document.title or str(rendering.metadata.get("title", ""))
    hint = str(rendering.metadata.get("language", ""))
    second = None if extractor is Extractor.FAST else partial(_second_opinion, document, rendering)
    odds = page_model.outside(layout) if page_model else []
    within = structures(layout, title)
    odds = outside.settled(rendering.blocks, odds, title, second, within)
    if extractor is Extractor.FAST:
        decisions = decide_by_page(rendering, odds, title, DEFAULT)
        completed = with_the_only_thing(rendering.blocks, decisions, DEFAULT)
        if completed != decisions:
            return completed, completed, identify(rendering.text, document.lang, hint=hint)
        judged = tuple(decision for decision, place in zip(decisions, odds, strict=True) if place < outside.FAR)
        text = "\n".join(rendering.text[decision.start : decision.end] for decision in judged)
        return decisions, judged, identify(text or rendering.text, document.lang, hint=hint)
    part = outside.near(rendering, odds)
    lang = identify(part.rendering.text or rendering.text, document.lang, hint=hint)
    if not document.title and outside.headline_of(rendering.blocks, odds, title) < 0:
        untold = _untold_title(part, (yield from judge(document, part.rendering, lang, ())))
        title = part.rendering.blocks[untold].text if untold >= 0 else title
        part = replace(part, odds=tuple(outside.with_headline(part.odds, untold)))
    judged = yield from judge(replace(document, title=title), part.rendering, lang, part.odds)
    judged = yield from _without_appeals(document, part, judged, lang, judge)
    judged = seen_together(part, layout, judged, DEFAULT)
    decisions = widen(rendering, part, judged, odds, DEFAULT, within)
    completed = with_the_only_thing(rendering.blocks, decisions, DEFAULT)
    return completed, completed if within.nothing_else or completed != decisions else judged, lang


def _without_appeals(
    document: Document, part: outside.Near, judged: Decisions, lang: str, judge: Judge
) -> Steps[Decisions]:
    """The decisions near the article, with appeals gone that would go from the text that is left: both are one text.

    Other appeals are read with it, since they stand in one letter. Asked only where a sentence that stays leans to an
    appeal, on few pages. Other labels are not taken from there: of what would go as they half is in the gold texts.
    """
    leaning = {decision.start for decision in judged if any(reason.startswith(LEANING) for reason in decision.reasons)}
    if not leaning:
        return judged
    read = [decision for decision in judged if decision.action is Action.KEEP or decision.label in ASKING]
    rest = _as_text(part.rendering, read)
    as_text = yield from judge(document, rest, lang, ())
    extents = {(decision.start, decision.end): decision for decision in as_text}
    gone = {
        decision.start: second
        for decision, block in zip(read, rest.blocks, strict=True)
        if decision.start in leaning and (second := extents.get((block.start, block.end))) and second.label in ASKING
    }
    asking = sum(line.end - line.start for line in read if line.label in ASKING or line.start in gone)
    if asking > ASKING_PAGE * (sum(line.end - line.start for line in read) - asking):
        return judged  # the page is an appeal
    return tuple(
        replace(second, start=decision.start, end=decision.end, reasons=(*second.reasons, AGAIN))
        if (second := gone.get(decision.start))
        else decision
        for decision in judged
    )


def _as_text(rendering: Rendering, read: Sequence[Decision]) -> Rendering:
    """A text whose paragraphs are what decisions are on."""
    blocks: list[Block] = []
    here = 0
    for number, decision in enumerate(read):
        said = rendering.text[decision.start : decision.end]
        blocks.append(Block(here, here + len(said), said, number, 2 * min(number, 1)))
        here += len(said) + 2
    return replace(rendering, text="\n\n".join(block.text for block in blocks), blocks=tuple(blocks))


def _untold_title(part: outside.Near, as_text: Sequence[Decision]) -> int:
    """The block near the article that is its title by the rules for texts, where the page tells of none; or -1.

    as_text: the decisions on these blocks, read as a text. A block that stands outside is none.
    """
    above = 0
    starts = {block.start: index for index, block in enumerate(part.rendering.blocks)}
    for decision in as_text:
        index = starts.get(decision.start, -1)
        if decision.label not in KEPT or index < 0 or part.odds[index] >= 0:
            continue
        if decision.label is Label.HEADLINE:
            return index if decision.end == part.rendering.blocks[index].end else -1
        above += 1
        if above > ABOVE_HEADLINE:
            break
    return -1


def _second_opinion(document: Document, rendering: Rendering) -> list[float]:
    """How much of each block trafilatura takes for the article; nothing when it finds none."""
    known = rendering.layout.opinion if rendering.layout is not None else None
    text = main_text(document.text, document.url) if known is None else known
    return shares_in(text, [block.text for block in rendering.blocks]) if text else []


def widen(
    rendering: Rendering,
    part: outside.Near,
    decisions: Sequence[Decision],
    odds: Sequence[float],
    policy: Policy,
    within: Structures = outside.NOTHING,
) -> Decisions:
    """Decisions on all blocks of a page, from those on the near ones and the log-odds of the far ones."""
    widened: list[Decision] = []
    at = 0
    inside = dict(zip(part.blocks, part.rendering.blocks, strict=True))
    for index, block in enumerate(rendering.blocks):
        if index not in inside:
            widened.append(_unread(block, odds[index], policy, within.kinds.get(index)))
            continue
        shift = block.start - inside[index].start
        while at < len(decisions) and decisions[at].start < inside[index].end:
            decision = decisions[at]
            widened.append(replace(decision, start=decision.start + shift, end=decision.end + shift))
            at += 1
    return tuple(widened)


def decide_by_page(rendering: Rendering, odds: Sequence[float], title: str, policy: Policy) -> Decisions:
    """Decisions by the page alone: the page model's odds, labels by marks, the headline by its place and title."""
    headline = outside.headline_of(rendering.blocks, odds, title)
    decisions: list[Decision] = []
    for index, (block, block_odds) in enumerate(zip(rendering.blocks, odds, strict=True)):
        if index == headline:
            label = Label.HEADLINE
        elif block_odds >= cost_of(block):
            decisions.append(_far(block, block_odds, policy, "stands outside the article on the page (page model)"))
            continue
        else:
            label = Label.BODY
        decisions.append(Decision(block.start, block.end, label, policy.action(label), probability_of(block_odds)))
    return tuple(decisions)


def _unread(block: Block, odds: float, policy: Policy, kind: Label | None) -> Decision:
    """The decision on a block that was not read as text; kind: what it stands in, by structure."""
    if is_row(block) and odds < ROW_ODDS:
        return Decision(block.start, block.end, Label.BODY, policy.action(Label.BODY), probability_of(odds))
    reason = _FAR_REASON if odds >= outside.FAR else "a row of a table outside the article (page model)"
    if kind is not None:
        reason = f"stands in {_WITHIN[kind]} (structure of the page)"
        return Decision(block.start, block.end, kind, policy.action(kind), probability_of(odds), (reason,))
    return _far(block, odds, policy, reason)


def _far(block: Block, odds: float, policy: Policy, reason: str = _FAR_REASON) -> Decision:
    label, mark = _label(block)
    reasons = (f"HTML says: {mark}", reason) if mark else (reason,)
    return Decision(block.start, block.end, label, policy.action(label), probability_of(odds), reasons)


def _label(block: Block) -> tuple[Label, str]:
    """What kind of boilerplate a block is: by its marks, or for a copyright sign."""
    label, mark = _label_by(block.marks)
    if "©" in block.text and label is not Label.CAPTION:  # in a caption it is the picture's
        return Label.LEGAL, "a copyright sign"
    return label, mark


@lru_cache(maxsize=1 << 12)  # lines of a list, and pages of a site, bear the same marks
def _label_by(marks: tuple[str, ...]) -> tuple[Label, str]:
    """What marks say, and the one that says it: the strongest that says more than that it is no article."""
    told = [(mark, *MARKS[mark]) for mark in marks if mark in MARKS and MARKS[mark][0] not in KEPT]
    mark, label, _ = max(
        told, key=lambda hint: (hint[1] is not Label.NAVIGATION, hint[2]), default=("", Label.NAVIGATION, 0.0)
    )
    return label, mark
