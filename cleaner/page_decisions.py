"""The decisions on a page: where its blocks stand, what they say, what else it holds. Loaded with the first page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from cleaner.document import Decision, Document, Rendering
from cleaner.html import decision as pages
from cleaner.html.model import PageModel
from cleaner.html.page import Extractor
from cleaner.html.page_kind import seen_together, with_the_only_thing
from cleaner.html.page_words import shares_in
from cleaner.html.structures import structures
from cleaner.html.trafilatura import page_facts
from cleaner.labels import KEPT, Label, Policy
from cleaner.language import identify
from cleaner.second_look import DEFAULT, under
from cleaner.title import ABOVE_HEADLINE

#: Judges blocks by their words: document with its title, rendering, language, the page model's log-odds per block.
Judge = Callable[[Document, Rendering, str, tuple[float, ...]], tuple[Decision, ...]]


def decide_page(
    document: Document,
    rendering: Rendering,
    *,
    extractor: Extractor,
    page_model: PageModel | None,
    policy: Policy,
    judge: Judge,
) -> tuple[tuple[Decision, ...], tuple[Decision, ...], str]:
    """The decisions on a page that has a layout, those on its blocks near the article, and its language.

    Which label a line gets hangs on no policy: what is kept of the lines around it is what the default policy keeps.
    """

    def judged_by_default(*given: Any) -> tuple[Decision, ...]:
        return under(DEFAULT, judge(*given))

    decisions, judged, lang = _decide(document, rendering, extractor, page_model, judged_by_default)
    return under(policy, decisions), under(policy, judged), lang


def _decide(
    document: Document, rendering: Rendering, extractor: Extractor, page_model: PageModel | None, judge: Judge
) -> tuple[tuple[Decision, ...], tuple[Decision, ...], str]:
    """The same under the default policy."""
    layout = rendering.layout
    assert layout is not None
    title = document.title or str(rendering.metadata.get("title", ""))
    hint = str(rendering.metadata.get("language", ""))
    second = None if extractor is Extractor.FAST else partial(_second_opinion, document, rendering)
    odds = page_model.outside(layout) if page_model else []
    within = structures(layout, title)
    odds = pages.settled(rendering.blocks, odds, title, second, within)
    if extractor is Extractor.FAST:
        decisions = pages.decide_by_page(rendering, odds, title, DEFAULT)
        completed = with_the_only_thing(rendering.blocks, decisions, DEFAULT)
        if completed != decisions:
            return completed, completed, identify(rendering.text, document.lang, hint=hint)
        judged = tuple(decision for decision, place in zip(decisions, odds, strict=True) if place < pages.FAR)
        text = "\n".join(rendering.text[decision.start : decision.end] for decision in judged)
        return decisions, judged, identify(text or rendering.text, document.lang, hint=hint)
    part = pages.near(rendering, odds)
    lang = identify(part.rendering.text or rendering.text, document.lang, hint=hint)
    if not document.title and pages.headline_of(rendering.blocks, odds, title) < 0:
        untold = _untold_title(part, judge(document, part.rendering, lang, ()))
        title = part.rendering.blocks[untold].text if untold >= 0 else title
        part = replace(part, odds=tuple(pages.with_headline(part.odds, untold)))
    judged = judge(replace(document, title=title), part.rendering, lang, part.odds)
    judged = seen_together(part, layout, judged, DEFAULT)
    decisions = pages.widen(rendering, part, judged, odds, DEFAULT, within)
    completed = with_the_only_thing(rendering.blocks, decisions, DEFAULT)
    return completed, completed if within.nothing_else or completed != decisions else judged, lang


def _untold_title(part: pages.Near, as_text: Sequence[Decision]) -> int:
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
    text = page_facts(document.text, document.url).main if known is None else known
    return shares_in(text, [block.text for block in rendering.blocks]) if text else []
