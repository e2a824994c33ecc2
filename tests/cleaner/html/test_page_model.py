"""The page model: features that never change, files that are refused, gold texts found on pages, training that learns."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cases import ROOT

from cleaner.document import Document
from cleaner.html.features import page_features
from cleaner.html.model import ODDS_CLIP, parse, shipped
from cleaner.html.page import Element, Extractor, Layout, Line
from cleaner.html.segment import segment_html
from cleaner.labels import KEPT, Label
from cleaner.training.evaluation import Gold
from cleaner.training.page_alignment import article_shares, labels_of_lines

PAGES = sorted((ROOT / "fixtures" / "pages").iterdir())


def layout_of(page: Path) -> Layout:
    layout = segment_html(Document("x", (page / "page.html").read_text("utf-8"), "text/html"), Extractor.FAST).layout
    assert layout is not None
    return layout


def test_same_page_same_odds() -> None:
    layout = layout_of(PAGES[0])
    odds = shipped().outside(layout)
    assert odds == shipped().outside(layout)
    assert len(odds) == len(layout.lines)
    assert all(abs(value) <= ODDS_CLIP for value in odds)


def test_no_lines_no_odds() -> None:
    assert shipped().outside(Layout((), ())) == []


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=30), st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0])),
        min_size=1,
        max_size=12,
    ),
    st.text(max_size=20),
    st.text(max_size=40) | st.none(),
)
def test_any_page_has_finite_features(rows: list[tuple[str, int, float]], title: str, opinion: str | None) -> None:
    elements = [
        Element("html", -1, "", "", "", False, 0),
        Element("div", 0, "article-body x1", "main", "articleBody", False, 1),
        Element("p", 1, "", "", "", True, 2),
        Element("a", 2, "\ud800", "", "", False, 3),
    ]
    lines = [Line(text, element, density) for text, element, density in rows]
    features = page_features(Layout(lines, elements, {"title": title}, "", opinion))
    assert features.dense.shape[0] == len(features.rows) == len(features.said_starts) == len(lines)
    assert np.isfinite(features.dense).all()
    assert len(shipped().outside(Layout(lines, elements, {"title": title}, "", opinion))) == len(lines)


BODY = "The bridge over the old harbour reopened on Monday morning.\nA new part\nCars may cross from Thursday on, the mayor said."
LINES = [
    ("Home", 0),
    ("The bridge over the old harbour reopened on Monday morning.", 1),
    ("Share", 0),
    ("A new part", 1),
    ("Cars may cross from Thursday on, the mayor said.", 1),
    ("the mayor said", 0),
]


def test_gold_text_on_a_page() -> None:
    shares = article_shares([text for text, _ in LINES], BODY)
    assert [int(share > 0.5) for share in shares] == [wanted for _, wanted in LINES]


def test_no_gold_text_no_article() -> None:
    assert article_shares(["One line of several words", ""], "") == [0.0, 0.0]


def test_labels_of_lines() -> None:
    spans = ((0, 5, Label.HEADLINE), (6, 15, Label.BODY), (16, 22, Label.RELATED))
    gold = Gold("x", "Title\nSome text\nTeaser", spans, ((16, 22),), "en", "a.example")
    labels = labels_of_lines(["Menu", "Title", "Some text", "Teaser"], gold)
    assert labels == [(None, False), (Label.HEADLINE, False), (Label.BODY, False), (Label.RELATED, True)]
    assert labels_of_lines(["Menu", "Title"], gold) is None


def test_what_passages_and_extracts_tell_of_lines() -> None:
    pytest.importorskip("sklearn")
    from cleaner.training.pages import Page, example

    texts = ["Menu", "The first paragraph.", "The second paragraph.", "Imprint", "Imprint"]
    html = "".join(f"<p>{text}</p>" for text in texts)

    def known(page: Page, gold: Gold | None) -> str:
        learned = example(page, gold, opinions=False)
        assert learned is not None
        signs = {0: "+", 1: "-"}
        return "".join(
            signs[out] if sure else "?" for out, sure in zip(learned.outside, learned.weights > 0, strict=True)
        )

    extract = Gold("x", texts[1], ((0, 20, Label.BODY),), (), "en", "a.example")
    page = Page("x", "a.example", html, None, None)
    assert known(page, None) == "?????"
    assert known(page, extract) == "-+---"
    passages = replace(page, wanted=("first",), unwanted=("Menu", "Imprint"))
    assert known(passages, None) == "-+???"  # of a passage that two lines hold nothing is known
    assert known(passages, extract) == "-+---"
    assert known(replace(page, wanted=("second",)), extract) == "?++??"  # the extract is not the whole article


def test_training_learns_the_pages_it_has_seen() -> None:
    pytest.importorskip("sklearn")
    from cleaner.training.pages import SETTINGS, Page, example, odds, train_pages

    examples = []
    for number, page in enumerate(PAGES):
        lines = json.loads((page / "expected.json").read_text("utf-8"))["lines"]
        body = "\n".join(line[1] for line in lines if Label(line[0]) in KEPT and line[0] != "headline")
        html = (page / "page.html").read_text("utf-8")
        learned = example(Page(page.name, f"site{number}.example", html, None, body), None, opinions=False)
        assert learned is not None
        examples.append(learned)
    said: list[str] = []
    quick = replace(SETTINGS, width=16, epochs=150)
    data, figures = train_pages(examples, said.append, quick, cross_validate=False)
    again, _ = train_pages(examples, said.append, quick, cross_validate=False)
    assert data == again
    assert figures == []
    assert said
    model = parse(data, "the trained model")
    right = [((odds(model, learned) > 0) == (learned.outside == 1)).mean() for learned in examples]
    assert np.mean(right) > 0.85


def test_training_keeps_the_models_of_its_folds() -> None:
    pytest.importorskip("sklearn")
    from cleaner.training.corpus import FOLDS
    from cleaner.training.pages import SETTINGS, Page, example, train_pages

    html = (PAGES[0] / "page.html").read_text("utf-8")
    pages = [Page(f"p{number}", f"site{number}.example", html, None, html) for number in range(3 * FOLDS)]
    examples = [learned for page in pages if (learned := example(page, None, opinions=False)) is not None]
    kept: dict[int, bytes] = {}
    data, figures = train_pages(examples, print, replace(SETTINGS, width=8, epochs=1), keep=kept.__setitem__)
    assert sorted(kept) == list(range(FOLDS))
    assert len(set(kept.values()) | {data}) > 1
    assert all(parse(model, "a fold's model") for model in kept.values())
    assert figures
