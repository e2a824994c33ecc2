"""The decisions on a page: where its blocks stand, what they say, what else it holds. Loaded with the first page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from cleaner.document import Decision, Document, Rendering
from cleaner.html import decision as pages
from cleaner.html.model import PageModel
from cleaner.html.page import Extractor
from cleaner.html.page_kind import seen_together, with_the_only_thing
from cleaner.html.page_words import shares_in
from cleaner.html.structures import structures
from cleaner.html.trafilatura import page_facts
from cleaner.labels import Policy
from cleaner.language import identify

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
    """The decisions on a page that has a layout, those on its blocks near the article, and its language."""
    layout = rendering.layout
    assert layout is not None
    title = document.title or str(rendering.metadata.get("title", ""))
    hint = str(rendering.metadata.get("language", ""))
    second = None if extractor is Extractor.FAST else partial(_second_opinion, document, rendering)
    odds = page_model.outside(layout) if page_model else []
    within = structures(layout, title)
    odds = pages.settled(rendering.blocks, odds, title, second, within)
    if extractor is Extractor.FAST:
        decisions = pages.decide_by_page(rendering, odds, title, policy)
        completed = with_the_only_thing(rendering.blocks, decisions, policy)
        if completed != decisions:
            return completed, completed, identify(rendering.text, document.lang, hint=hint)
        judged = tuple(decision for decision, place in zip(decisions, odds, strict=True) if place < pages.FAR)
        text = "\n".join(rendering.text[decision.start : decision.end] for decision in judged)
        return decisions, judged, identify(text or rendering.text, document.lang, hint=hint)
    part = pages.near(rendering, odds)
    lang = identify(part.rendering.text or rendering.text, document.lang, hint=hint)
    judged = judge(replace(document, title=title), part.rendering, lang, part.odds)
    judged = seen_together(part, layout, judged, policy)
    decisions = pages.widen(rendering, part, judged, odds, policy, within)
    completed = with_the_only_thing(rendering.blocks, decisions, policy)
    return completed, completed if within.nothing_else or completed != decisions else judged, lang


def _second_opinion(document: Document, rendering: Rendering) -> list[float]:
    """How much of each block trafilatura takes for the article; nothing when it finds none."""
    known = rendering.layout.opinion if rendering.layout is not None else None
    text = page_facts(document.text, document.url).main if known is None else known
    return shares_in(text, [block.text for block in rendering.blocks]) if text else []
