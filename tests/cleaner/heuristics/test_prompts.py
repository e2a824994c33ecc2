"""Prompts to read something else: where they begin, where the titles behind them end, and what is none."""

from __future__ import annotations

from importlib import resources

import pytest
from support.growth import Copied

from cleaner.document import Block, Document, Rendering
from cleaner.heuristics.cues import available
from cleaner.heuristics.prompts import cut_prompts, find_prompts, prompt_phrases
from cleaner.segmentation.text import segment_text

PARAGRAPH = "The bridge opens again on Sunday, the council said."
NEXT = "The council has paid four million crowns for the work, and people had to take another road of eight miles."


def cut(text: str) -> list[str]:
    return [block.text for block in cut_prompts(segment_text(Document("", text))).blocks]


@pytest.mark.parametrize(
    ("line", "teaser"),
    [
        (f"{PARAGRAPH}Read also: The goat that ran", "Read also: The goat that ran"),
        (f"{PARAGRAPH} READ MORE: The goat that ran", "READ MORE: The goat that ran"),
        (f"{PARAGRAPH} (Read also: The goat that ran)", "(Read also: The goat that ran)"),
        (f"{PARAGRAPH} ▶ Read also: The goat that ran", "▶ Read also: The goat that ran"),
        ("Harga sudah jelasBaca juga: Perahu Tua", "Baca juga: Perahu Tua"),
        ("彼は話した。【関連記事】灯台を買った郵便配達員", "【関連記事】灯台を買った郵便配達員"),
        ("그는 말했다.[관련기사] 등대를 산 우체부", "[관련기사] 등대를 산 우체부"),
        ("Ça va, dit-il.Lire aussi : Le facteur", "Lire aussi : Le facteur"),
        (f"{PARAGRAPH} Read also: The goat ran.", "Read also: The goat ran."),  # a title with a stop
        (f"{PARAGRAPH} Read also: {'a' * 118}.", f"Read also: {'a' * 118}."),
    ],
)
def test_a_teaser_becomes_a_block_of_its_own(line: str, teaser: str) -> None:
    text = f"A headline\n{line}\n{NEXT}\n{NEXT}\n{NEXT}"
    assert cut(text)[1:3] == [line.removesuffix(teaser).rstrip(), teaser]


@pytest.mark.parametrize(
    "line",
    [
        "He has one rule: read also: what is on the back.",  # in lower case, inside a sentence
        "The sign said related:",
        "What he calls Related: an old word.",  # one word, not behind a stop
        "Bread and more: The goat that ran",
        "A list (of things) and [notes] in brackets",
        f"{PARAGRAPH}Wait: The goat that ran",
    ],
)
def test_other_colons_and_brackets_cut_nothing(line: str) -> None:
    text = f"A headline\n{line}\n{NEXT}\n{NEXT}\n{NEXT}"
    plain = segment_text(Document("", text))
    assert cut_prompts(plain) is plain


def test_in_a_flat_text_the_title_ends_where_a_line_is_likely_to_have_begun() -> None:
    blocks = cut(f"{PARAGRAPH} Read also: The postman who bought a lighthouse {NEXT} {NEXT}")
    assert "Read also: The postman who bought a lighthouse" in blocks
    assert NEXT in blocks


def test_offsets_stay_those_of_the_text() -> None:
    rendering = cut_prompts(segment_text(Document("", f"{PARAGRAPH}Read also: The goat {NEXT} {PARAGRAPH}")))
    assert all(rendering.text[block.start : block.end] == block.text for block in rendering.blocks)
    assert "".join(block.text for block in rendering.blocks).replace(" ", "") == rendering.text.replace(" ", "")


def test_a_line_of_prompts_is_cut_at_some_of_them_only() -> None:
    text = "A headline\n" + f"{PARAGRAPH}Read also: X of the harbour " * (300) + f"\n{NEXT}\n{NEXT}\n{NEXT}"
    teasers = [block for block in cut(text) if block.startswith("Read also: ")]
    assert len(teasers) == 100


def test_prompts_are_found_behind_any_number_of_other_colons() -> None:
    clocks = " ".join(f"At {hour}:15 the ferry left." for hour in range(300))
    assert "Read also: The goat that ran" in cut(f"{clocks}Read also: The goat that ran\n{NEXT}\n{NEXT}")


def test_phrases_are_folded_and_of_one_language_a_line() -> None:
    file = resources.files("cleaner") / "data" / "languages" / "prompts.txt"
    codes = [line.partition(":")[0] for line in file.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert codes == sorted(set(codes))
    assert set(codes) <= available()
    assert {"läs också", "baca juga", "相关阅读"} <= prompt_phrases()


def test_prompts_in_lower_case_are_refused_by_what_stands_right_before_them() -> None:
    text = Copied("a word, read also: " * 2_000)
    assert list(find_prompts(text)) == []
    assert text.copied < 10 * len(text)


def test_a_prompt_behind_many_spaces_stands_free() -> None:
    assert list(find_prompts(f"A word{' ' * 500}read also: Ferry runs again")) == [(506, 516, 0)]


def test_a_title_in_a_line_without_stops_is_sought_with_few_copies_of_it() -> None:
    lead, line = "อ่านเพิ่มเติม: ", "ข่าว" * 250
    text = Copied(lead + line * 2_000)
    starts = [0, *range(len(lead) + len(line), len(text), len(line))]
    ends = [*starts[1:], len(text)]
    blocks = tuple(
        Block(start, end, text[start:end], 0, int(not start)) for start, end in zip(starts, ends, strict=True)
    )
    assert cut_prompts(Rendering(text, blocks, text)).text == text
    assert text.copied < 5 * len(text)


class Halving:
    """In place of the model of line breaks: a line has begun in the middle of any sentence; notes how sure it must be."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def likeliest(self, text: str, start: int, end: int, sure: float) -> int:
        self.asked.append(sure)
        return (start + end) // 2


@pytest.mark.parametrize(
    ("title", "sure"),
    [
        ("a" * 78 + "?", -2.5),  # 80 letters with the space before it
        ("a" * 78 + ".", -3.0),
        ("a" * 79 + "?", -9.0),
        ("a" * 79 + ".", -9.0),
        ("灯" * 25 + "。", -2.5),
        ("灯" * 39 + "。", -9.0),  # an ideograph says what three letters say
    ],
)
def test_a_short_sentence_is_cut_only_where_a_break_is_likely(title: str, sure: float) -> None:
    breaks = Halving()
    cut_prompts(segment_text(Document("", f"{PARAGRAPH} Read also: {title} {NEXT} {NEXT}")), breaks)  # type: ignore[arg-type]
    assert breaks.asked == [sure]


@pytest.mark.parametrize(
    ("before", "title", "whole"),
    [
        (f"{PARAGRAPH} ", 120, True),  # inside a line
        (f"{PARAGRAPH} ", 121, False),
        ("", 250, True),  # a line of its own
        ("", 251, False),
    ],
)
def test_how_long_a_line_may_be_that_is_a_title(before: str, title: int, whole: bool) -> None:
    teaser = f"Read also: {'a' * (title - 2)}."
    rendering = segment_text(Document("", f"A headline\n{before}{teaser}\n{NEXT}\n{NEXT}\n{NEXT}"))
    cut = [block.text for block in cut_prompts(rendering, Halving()).blocks]  # type: ignore[arg-type]
    assert (teaser in cut) is whole


@pytest.mark.parametrize(("length", "whole"), [(14, True), (15, True), (16, False), (17, False)])
def test_a_title_of_less_than_eight_characters_is_not_cut_off(length: int, whole: bool) -> None:
    title = "a" * (length - 2) + "?"  # its half is cut off
    blocks = cut_prompts(segment_text(Document("", f"{PARAGRAPH} Read also: {title} {NEXT} {NEXT}")), Halving()).blocks  # type: ignore[arg-type]
    assert (f"Read also: {title}" in [block.text for block in blocks]) is whole


@pytest.mark.parametrize(("spaces", "count"), [(63, 0), (64, 1)])
def test_behind_how_many_spaces_a_prompt_stands_free(spaces: int, count: int) -> None:
    assert len(list(find_prompts(f"A word{' ' * spaces}read also: Ferry runs again"))) == count


@pytest.mark.parametrize(
    ("behind", "count"),
    [
        ("“Weather” was all she said.", 0),
        (f"“{'a' * 100}” was all she said.", 0),
        (f"“{'a' * 101}” was all she said.", 1),
        ("“Weather” Was all she said.", 1),
        ("“Weather”", 1),
    ],
)
def test_words_of_somebody_about_a_quotation_are_no_prompt(behind: str, count: int) -> None:
    assert len(list(find_prompts(f"{PARAGRAPH} Read also: {behind}"))) == count
