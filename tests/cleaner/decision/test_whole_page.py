"""Just inside and just outside what a page must show as a whole before its decisions change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cleaner.decision.whole_page import seen_together, with_the_only_thing
from cleaner.document import Block, Decision, Document
from cleaner.html.outside import near
from cleaner.html.page import Extractor
from cleaner.html.segment import segment_html
from cleaner.labels import Label, Policy

POLICY = Policy()
BODY, CAPTION, DONATION, NAVIGATION, SUBSCRIPTION = (
    Label.BODY, Label.CAPTION, Label.DONATION, Label.NAVIGATION, Label.SUBSCRIPTION,
)  # fmt: skip
Line = tuple[Label, int]


def decision(start: int, end: int, label: Label, score: float = 0.5, reason: str = "words (model)") -> Decision:
    return Decision(start, end, label, POLICY.action(label), score, (reason,))


def labels_of_page(lines: list[Line], *, score: float = 0.5, odds: float = -2.0, sign: str = ".") -> list[Label]:
    """What becomes of the lines of a page, each with a label and a length; score of those that stay, odds of all."""
    texts = [(f"{number}" + "abcd " * length)[: length - 1] + sign for number, (_, length) in enumerate(lines)]
    html = "".join(f"<p>{text}</p>" for text in texts)
    rendering = segment_html(Document("x", html, "text/html"), Extractor.PAGE)
    assert rendering.layout is not None
    assert [block.text for block in rendering.blocks] == texts
    part = near(rendering, [odds] * len(lines))
    decisions = [
        decision(block.start, block.end, label, score if label is BODY else 0.9)
        for block, (label, _) in zip(part.rendering.blocks, lines, strict=True)
    ]
    return [changed.label for changed in seen_together(part, rendering.layout, decisions, POLICY)]


@pytest.mark.parametrize(
    ("captions", "kept", "told"),
    [
        ((50, 50), 200, True),
        ((50, 49), 10, False),  # one caption tells no story
        ((50, 50), 201, False),  # less than half of what else stays
        ((300, 300), 399, True),
        ((300, 300), 400, False),  # there is an article
    ],
)
def test_a_story_told_in_captions(captions: tuple[int, ...], kept: int, told: bool) -> None:
    lines = [(BODY, kept), *((CAPTION, length) for length in captions)]
    assert labels_of_page(lines) == [BODY, *([BODY if told else CAPTION] * len(captions))]


@pytest.mark.parametrize(
    ("letter", "kept", "odds", "is_page"),
    [
        (600, 590, -1.1, True),
        (599, 590, -1.1, False),
        (650, 651, -1.1, False),  # more stays beside it
        (600, 590, -0.9, False),  # it stands outside
    ],
)
def test_a_letter_that_is_what_the_page_says(letter: int, kept: int, odds: float, is_page: bool) -> None:
    labels = labels_of_page([(BODY, kept), (DONATION, letter)], odds=odds)
    assert labels == [BODY, BODY if is_page else DONATION]


@pytest.mark.parametrize(
    ("kept", "asks", "score", "sign", "goes"),
    [
        (78, 39, 0.1, ",", True),
        (78, 38, 0.1, ",", False),  # it asks for less than half of what it says
        (79, 79, 0.19, ".", False),  # a sentence, however short
        (20, 300, 0.19, ".", False),
        (20, 300, 0.2, ".", True),  # which the model is not sure of
        (80, 90, 0.19, ",", False),  # a line of prose
        (80, 90, 0.2, ",", True),
        (399, 399, 0.5, ".", True),
        (400, 400, 0.5, ".", False),
    ],
)
def test_a_page_that_only_asks(kept: int, asks: int, score: float, sign: str, goes: bool) -> None:
    labels = labels_of_page([(BODY, kept), (SUBSCRIPTION, asks)], score=score, sign=sign)
    assert labels == [SUBSCRIPTION if goes else BODY, SUBSCRIPTION]


@pytest.mark.parametrize(
    ("kept", "gone", "label", "links", "reason", "stays"),
    [  # the score of all is .65
        (0, 400, NAVIGATION, 0.0, "words (model)", True),
        (0, 401, NAVIGATION, 0.0, "words (model)", False),
        (10, 190, NAVIGATION, 0.0, "far (page model)", True),
        (10, 191, NAVIGATION, 0.0, "far (page model)", False),
        (0, 100, DONATION, 0.0, "words (model)", False),
        (0, 100, NAVIGATION, 0.49, "words (model)", True),
        (0, 100, NAVIGATION, 0.5, "words (model)", False),
        (0, 100, NAVIGATION, 0.0, "a cue", False),
    ],
)
def test_all_that_a_page_says(kept: int, gone: int, label: Label, links: float, reason: str, stays: bool) -> None:
    sizes = [size for size in (kept, gone) if size]
    blocks = [Block(0, size, "x" * size, number, 1) for number, size in enumerate(sizes)]
    if kept:
        blocks[1] = replace(blocks[1], start=kept + 1, end=kept + 1 + gone)
    blocks[-1] = replace(blocks[-1], link_density=links)
    decisions = [decision(blocks[-1].start, blocks[-1].end, label, 0.65, reason)]
    if kept:
        decisions.insert(0, decision(0, kept, BODY))
    changed = with_the_only_thing(blocks, decisions, POLICY)
    assert changed[-1].label is (BODY if stays else label)


@pytest.mark.parametrize(("score", "stays"), [(0.649, True), (0.65, False)])
def test_a_lone_line_that_is_called_an_appeal_for_want_of_a_better_name_stays(score: float, stays: bool) -> None:
    lone = decision(0, 26, Label.LEGAL, score)
    blocks = [Block(0, 26, "x" * 26, 0, 0), Block(27, 53, "y" * 26, 1, 1)]
    (changed,) = with_the_only_thing(blocks[:1], [lone], POLICY)
    assert changed.label is (BODY if stays else Label.LEGAL)
    beside, _ = with_the_only_thing(blocks, [lone, decision(27, 53, BODY)], POLICY)
    assert beside.label is Label.LEGAL


@pytest.mark.parametrize(("sentences", "score", "told"), [(1, 0.1, True), (2, 0.1, False), (2, 0.3, True)])
def test_captions_beside_as_many_sentences_are_no_story(sentences: int, score: float, told: bool) -> None:
    labels = labels_of_page([*[(BODY, 40)] * sentences, (CAPTION, 60), (CAPTION, 60)], score=score)
    assert labels[-2:] == [BODY if told else CAPTION] * 2


@pytest.mark.parametrize(
    ("length", "times", "other", "odds", "stays"),
    [
        (80, 3, 240, -1.1, True),
        (79, 3, 0, -1.1, False),  # no line of prose
        (80, 2, 0, -1.1, False),  # said twice: a synopsis
        (80, 3, 241, -1.1, False),  # there is more than that
        (80, 3, 240, -1.0, False),  # it stands outside
    ],
)
def test_a_page_of_one_paragraph_again_and_again(length: int, times: int, other: int, odds: float, stays: bool) -> None:
    texts = [*["x" * length] * times, *(["y" * other] if other else [])]
    rendering = segment_html(Document("x", "".join(f"<p>{text}</p>" for text in texts), "text/html"), Extractor.PAGE)
    assert rendering.layout is not None
    part = near(rendering, [odds] * len(texts))
    for reason, kept in (("words (model)", stays), ("a cue", False)):
        decisions = [
            decision(block.start, block.end, NAVIGATION if block.text[0] == "x" else BODY, 0.7, reason)
            for block in part.rendering.blocks
        ]
        changed = seen_together(part, rendering.layout, decisions, POLICY)[:times]
        assert [line.label for line in changed] == [BODY if kept else NAVIGATION] * times
