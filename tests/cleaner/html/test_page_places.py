"""What the accelerator reads of a page besides measurements: places of lines, blocks, facts of the head, long tags."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser
from support.any_texts import needed
from support.markup import PAGES, markup

from cleaner import accelerator
from cleaner.html import class_hints, limits, page_facts, segment, threads
from cleaner.html.page import Layout, Line
from cleaner.html.page_facts import Has
from cleaner.html.shown_dates import has_year

pytestmark = needed

marked = st.lists(
    st.sampled_from(
        (
            "<div class='newsletter signup'>", "<article class=related>", "<article id=share>", "</article>", "</div>",
            "<section role=navigation>", "<div role=dialog>", "<p>A word or two.</p>", "<h1>Head</h1>", "<main>",
            "<p itemprop=articleBody>Said.</p>", "<div hidden>", "<li class='a comment'>One", "<p class=comment>Two",
        )
    ),
    max_size=30,
).map("".join)  # fmt: skip


def assert_places_alike(html: str) -> None:
    shown = segment.shown_lines(html)
    layout = Layout(shown.lines, shown.elements)
    paths, marks = class_hints._places(layout)
    assert class_hints._places_in_c(layout) == (paths, marks)
    assert accelerator.compiled is not None
    blocks = accelerator.compiled.page_blocks(segment.Block, list(layout.lines), paths, marks)
    assert blocks == segment._made_blocks(layout.lines, paths, marks)


@given(marked | markup)
@example("<article><article class=share><p>x</article><article><p>y</article><article class=newsletter>z</article>")
@example("".join(f"<t{number}-{'x' * number}>" for number in range(80)) + "<p>Said")
@example("<section>" * 90 + "<p>Deep" + "<nav>" * 50 + "deeper")
def test_lines_have_the_same_places(html: str) -> None:
    assert_places_alike(html)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name)
def test_fixtures_have_the_same_places(path: Any) -> None:
    assert_places_alike(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("places", [class_hints._places, class_hints._places_in_c])
def test_long_tags_around_many_lines_take_little_memory(places: Any) -> None:
    shown = segment.shown_lines("".join(f"<t{number}-{'x' * 3000}>" for number in range(40)) + "<p>Said.</p>" * 3000)
    layout = Layout(shown.lines, shown.elements)
    tracemalloc.start()
    try:
        paths, _ = places(layout)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert max(map(len, paths)) < 40 * (class_hints.LONGEST_TAG + 1)
    assert peak < 4e6


def test_blocks_of_lines_with_white_space_around_them_are_the_same() -> None:
    lines = [Line(" a\u00a0", 0, 0.0), Line("\u2003", 0, 0.5, 2), Line("b", 0, 1.0, 2), Line("", 0, 0.0)]
    paths, marks = ["p"] * 4, [("tag:p",)] * 4
    assert accelerator.compiled is not None
    assert accelerator.compiled.page_blocks(segment.Block, lines, paths, marks) == segment._made_blocks(
        lines, paths, marks
    )


head = st.lists(
    st.sampled_from(
        (
            "<meta name=author content='Ada Holm'>", "<meta property=og:title>", "<meta NAME='' itemprop=x content>",
            "<link rel=canonical href=/a>", "<link rel>", "<link href=b rel='x Canonical'>", "<base href=/c>", "<time>",
            "<body>", "<p class='ByLine'>", "<b itemprop='Author x'>", "<a rel=author>", "<svg><meta name=q>", "<p>",
            "<script type='application/LD+json'>{}</script>", "<figure>", "<i class=wp-caption>", "</p>", "text",
        )
    ),
    max_size=20,
).map("".join)  # fmt: skip
SELECTORS = {
    Has.DATA: 'script[type*="ld+json"]',
    Has.TIME: "time",
    Has.ITEM_AUTHOR: '[itemprop="author"]',
    Has.AUTHOR_LINK: '[rel~="author"]',
    Has.AUTHOR_CLASS: '[class*="author" i], [class*="byline" i]',
    Has.FIGURE: "figure, .wp-caption",
    Has.BASE: "base",
}


@given(head)
@example("<b>" * 3000 + "<time>")
def test_the_head_says_the_same(html: str) -> None:
    tree = LexborHTMLParser(html)
    fast, slow = page_facts.facts_of(tree), page_facts.facts_by_selectors(tree)
    assert (fast.metas, fast.links) == (slow.metas, slow.links)
    for flag, selector in SELECTORS.items():
        assert fast.has & flag or not tree.css(selector), selector


@given(st.text(st.sampled_from("<>a/\u00e9\u4e2d"), max_size=30), st.integers(0, 5))
def test_long_tags_are_found_alike(text: str, start: int) -> None:
    long = text.replace("/", "x" * limits.LONG_TAG)
    match = limits._LONG_TAG.search(long, start)
    assert limits.long_tag(long, start) == (match.start() if match else -1)


@pytest.mark.parametrize("size", [limits.LONG_TAG, limits.LONG_TAG + 1])
def test_a_tag_is_long_from_its_limit_on(size: int) -> None:
    assert (limits.long_tag("<" + "a" * (size - 1), 0) == 0) == (size > limits.LONG_TAG)


@pytest.mark.parametrize(
    "text",
    ["", "a", "\u00e9\u4e2d", "\ud7ff\ue000", "\U0001f600", chr(0xD800), chr(0xDFFF), "\U0001f600" + chr(0xDC00)],
)
def test_halves_of_pairs_are_found(text: str) -> None:
    try:
        text.encode()
        halved = False
    except UnicodeEncodeError:
        halved = True
    assert segment.has_surrogates(text) == halved


@given(st.lists(st.text(st.sampled_from("1920a \u0661\u00e9\u4e2d"), max_size=8), max_size=5))
@example(["", "1999", "x 20\u0661\u0662", "19", "2 0"])
def test_digits_and_years_are_found_alike(texts: list[str]) -> None:
    slow = bytes(threads.YEAR if has_year(text) else threads._DIGIT.search(text) is not None for text in texts)
    assert threads.date_signs(texts) == slow


def test_deep_inline_elements_have_the_same_places() -> None:
    assert_places_alike("<nav>" + "<b class=share>x<br>" * 300)
