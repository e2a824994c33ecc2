"""The compiled measurements and scores of a page's lines are those of the code in NumPy, bit by bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.any_texts import needed
from support.markup import PAGES, markup

from cleaner import accelerator
from cleaner.html import features, model
from cleaner.html.page import Layout
from cleaner.html.page_words import page_words, title_words
from cleaner.html.segment import shown_lines

pytestmark = needed

titles = st.sampled_from(["", "One two three", "A title: of two"])
prose = st.lists(
    st.sampled_from(["One two three. ", "word ", "A longer sentence with its own end. ", "42, "]), max_size=40
)


def layout_of(html: str, title: str = "", stated: str = "", opinion: str | None = None) -> Layout:
    shown = shown_lines(html)
    return Layout(shown.lines, shown.elements, {"title": title}, stated, opinion)


def assert_same(layout: Layout) -> None:
    title = str(layout.metadata["title"])
    others = [text for text in (layout.stated, layout.opinion) if text]
    words = page_words([line.text for line in layout.lines], title, others)
    asked = layout, words, len(title_words(title))
    fast, slow = features._measured_in_c(*asked), features._measured(*asked)
    assert np.array_equal(fast.view(np.int32), slow.view(np.int32))
    page_model = model.shipped()
    assert page_model.outside(layout) == page_model.odds(features.page_features(layout)).tolist()


@given(st.lists(st.tuples(markup, prose.map("".join)), min_size=1, max_size=4), titles, st.booleans(), st.booleans())
def test_any_markup_is_measured_alike(
    parts: list[tuple[str, str]], title: str, is_stated: bool, has_opinion: bool
) -> None:
    html = "".join(f"{tags}<p>{text}</p>" for tags, text in parts)
    layout = layout_of(html, title, "One two three." if is_stated else "", parts[0][1] if has_opinion else None)
    if layout.lines:
        assert_same(layout)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name)
def test_fixtures_are_measured_alike(path: Any) -> None:
    assert_same(layout_of(path.read_text(encoding="utf-8"), "The bridge opens again"))


def test_depth_beyond_what_counts_is_measured_alike() -> None:
    assert_same(layout_of("<div class=a>" * 90 + "Some text." + "</div><p>More</p>" * 40))


def test_lists_of_boxes_alike_are_measured_alike() -> None:
    box = "<li class='teaser big'><a href=x>A linked headline of one</a><time>1 May</time><p>Word.</p></li>"
    assert_same(
        layout_of(f"<ul>{box * 4}</ul><ul>{box * 2}</ul><article><h1>One</h1><p>{'Long prose. ' * 30}</article>" * 2)
    )


def test_an_element_within_a_later_one_is_refused() -> None:
    layout = layout_of("<div><p>One</p></div>")
    turned = [layout.elements[-1]._replace(parent=5), *layout.elements[1:]]
    with pytest.raises(ValueError, match="stands in none before it"):
        model.shipped().outside(replace(layout, elements=turned))


@pytest.mark.parametrize(
    ("place", "given"),
    [
        (2, {"p": 127}),  # a telling tag beyond those that are measured
        (5, bytearray(4 * 8 + 8 + 2 * 4 + 3)),  # words that end within a number
    ],
)
def test_arguments_that_do_not_fit_are_refused(place: int, given: Any) -> None:
    assert accelerator.compiled is not None
    arguments = list(model.measure_arguments(layout_of("<div><p>One</p></div>")))
    accelerator.compiled.page_measures(*arguments)
    arguments[place] = given
    with pytest.raises(ValueError, match=r"telling tags|words and shapes"):
        accelerator.compiled.page_measures(*arguments)


def test_deep_inline_elements_are_measured_alike() -> None:
    assert_same(layout_of("<section>" + "<b>word<br>" * 300))
