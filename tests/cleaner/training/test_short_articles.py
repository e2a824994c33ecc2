"""Short articles among boxes, and cleaned articles: what is made of labelled documents keeps their labels and folds."""

from __future__ import annotations

import random

import pytest

from cleaner.labels import KEPT, Label
from cleaner.training.corpus import FOLDS, fold_of, site
from cleaner.training.evaluation import Gold
from cleaner.training.labelled_lines import Made
from cleaner.training.short_articles import (
    CLEANED_SHARE,
    boxes_by_language,
    cleaned_article,
    runs_of,
    short_and_cleaned,
    short_article,
)

Lines = list[tuple[str, Label]]


def gold(lines: Lines, *, name: str = "doc", source: str = "a.test", lang: str = "en", gap: str = "\n") -> Gold:
    text, spans = "", []
    for line, label in lines:
        start = len(text) + len(gap) * bool(text)
        text += gap * bool(text) + line
        spans.append((start, len(text), label))
    return Gold(name, text, tuple(spans), (), lang, source)


def texts_of(document: Gold) -> Lines:
    return [(document.text[start:end], label) for start, end, label in document.spans]


STORY: Lines = [
    ("Home > News", Label.NAVIGATION), ("Bridge closed", Label.HEADLINE), ("The bridge is closed.", Label.BODY),
    ("Photo: A. Roe", Label.CAPTION), ("It opens in May.", Label.BODY), ("Read more", Label.RELATED),
    ("Swans block bypass", Label.RELATED),
]  # fmt: skip
OTHER: Lines = [("Menu", Label.NAVIGATION), ("The lock is full.", Label.BODY), ("Share", Label.SOCIAL)]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (STORY, ["Bridge closed", "The bridge is closed.", "It opens in May."]),
        ([("The bridge is closed.", Label.BODY)], None),
        ([("Read more", Label.RELATED)], None),
    ],
)
def test_a_cleaned_article_has_the_article_only(lines: Lines, kept: list[str] | None) -> None:
    cleaned = cleaned_article(gold(lines))
    assert (cleaned and cleaned.text.split("\n")) == kept


def test_what_is_glued_to_a_line_goes_from_a_cleaned_article() -> None:
    text = "It is clear.Read also: Swans"
    document = Gold("x", text, ((0, 12, Label.BODY), (12, len(text), Label.RELATED)), (), "en", "a.test")
    cleaned = cleaned_article(document)
    assert cleaned is not None
    assert texts_of(cleaned) == [("It is clear.", Label.BODY)]


def test_runs_stand_where_they_stood_and_hold_nothing_of_the_article() -> None:
    runs = runs_of([gold(STORY)])
    fold = fold_of(site("a.test"), FOLDS)
    lines = {place: ["".join(text for text, _, _ in line) for line in run] for (_, _, place), (run,) in runs.items()}
    assert lines == {
        "above": ["Home > News"], "inside": ["Photo: A. Roe"], "below": ["Read more", "Swans block bypass"],
    }  # fmt: skip
    assert {key[:2] for key in runs} == {(fold, "en")}


def test_lines_in_doubt_are_in_no_run() -> None:
    document = gold(STORY)
    start, end, _ = document.spans[-1]
    doubtful = Gold(document.id, document.text, document.spans, ((start, end),), "en", "a.test")
    runs = runs_of([doubtful])
    assert [[line[0][0] for line in run] for (_, _, place), (run,) in runs.items() if place == "below"] == [
        ["Read more"]
    ]


@pytest.mark.parametrize(
    ("source", "lang", "made"), [("a.test", "en", True), ("b.test", "en", False), ("a.test", "de", False)]
)
def test_boxes_come_from_the_same_fold_and_language(source: str, lang: str, made: bool) -> None:
    assert fold_of(site("a.test"), FOLDS) != fold_of(site("b.test"), FOLDS)
    runs = runs_of([gold(OTHER, source=source, lang=lang)])
    short = [short_article(gold(STORY), runs, {}, random.Random(seed), "short") for seed in range(20)]
    assert any(short) == made


def test_a_short_article_has_lines_of_the_article_in_order_among_boxes() -> None:
    document = gold(STORY)
    runs, boxes = runs_of([gold(OTHER)]), boxes_by_language([gold([("Give now", Label.DONATION)], source="c.test")])
    kept = [line for line in texts_of(document) if line[1] in KEPT]
    given = {line for line in [*OTHER, ("Give now", Label.DONATION)] if line[1] not in KEPT}
    for seed in range(60):
        short = short_article(document, runs, boxes, random.Random(seed), "short")
        assert short is not None
        lines = texts_of(short)
        own = [line for line in lines if line[1] in KEPT]
        assert own in [kept[first : first + len(own)] for first in range(len(kept))]
        assert own != lines
        assert {line for line in lines if line[1] not in KEPT} <= given


def test_how_many_are_made() -> None:
    documents = [gold(STORY, name=str(number)) for number in range(400)]
    made = list(short_and_cleaned(documents, [], []))
    assert made == list(short_and_cleaned(documents, [], []))
    assert all(isinstance(article, Made) and 0 < article.weight < 1 for article in made)
    cleaned = sum(article.gold.id.endswith("#cleaned") for article in made)
    assert abs(cleaned - CLEANED_SHARE * 400) < 50
    assert len(made) - cleaned > 150
