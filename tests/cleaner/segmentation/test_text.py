"""Text into blocks, just inside and just outside each boundary; numbers stand here as numbers (benchmarks/mutation.py)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cleaner.document import Document
from cleaner.segmentation.text import _find_lines as in_python
from cleaner.segmentation.text import find_lines as lines_of
from cleaner.segmentation.text import segment_text, sentences, wrap_width


class Halves:
    """In place of the model of line breaks: cuts each sentence before its last word."""

    def cut(self, text: str, sentences: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        halves = []
        for start, end in sentences:
            at = text.rindex(" ", start, end)
            halves += [(start, at), (at + 1, end)]
        return halves


def blocks(text: str) -> list[str]:
    return [block.text for block in segment_text(Document("x", text), breaks=Halves()).blocks]  # type: ignore[arg-type]


def line(length: int, end: str = ".") -> str:
    """Words without a capital or a stop, then an end."""
    text = ("The " + "bridge and ferry " * 200)[: length - len(end)]
    return (text[:-1] + "x" if text.endswith(" ") else text) + end


TWO = "It rained. We left."


def test_a_text_of_three_breaks_has_lines() -> None:
    assert blocks("\n".join([TWO] * 4)) == [TWO] * 4
    assert blocks("\n".join([TWO] * 3)) == ["It rained.", "We left."] * 3  # flat: sentences
    assert blocks(TWO) == ["It", "rained.", "We", "left."]  # and on one line lost breaks too


@pytest.mark.parametrize(("length", "count"), [(1200, 1), (1201, 4)])
def test_a_long_line_is_cut(length: int, count: int) -> None:
    long = line(600) + " " + line(length - 601)
    assert len(blocks("\n".join([long, TWO, TWO, TWO]))) - 3 == count


@pytest.mark.parametrize(("length", "count"), [(400, 1), (401, 2)])
def test_a_line_of_a_flat_text_that_is_cut_further(length: int, count: int) -> None:
    assert len(blocks("\n".join([line(length), "Yes!"]))) - 1 == count


@pytest.mark.parametrize(("length", "count"), [(600, 1), (601, 2)])
def test_a_speech_is_one_sentence_up_to_its_length(length: int, count: int) -> None:
    text = "“" + line(length - 2) + " " + "We left.”"
    assert len(sentences(text, 0, len(text))) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("It rained. We left.", 2),
        ("It rained! We left? Yes… No。我们走了。", 5),
        ("It rained. we left.", 1),
        ("Mr. Berg left.", 1),
        ("J. Berg left.", 1),
        ("Am 12. Mai war es trocken.", 1),
        ("Berlin, 12. Mai. Es war trocken.", 2),
        ("Er spielt in der 2. Liga. Wir nicht.", 2),
        ("The vote ended 12 to 4. Sign up now.", 2),
        ("Tickets cost 15. The doors open at 7. Come early.", 3),
        ("4. Sign up for the list.", 1),
        ("They moved in. The mayor left.", 2),
        ("She said no. The mayor left. See No. 4 and art. 12 of it.", 3),
        ("It was modern art. The mayor left.", 2),
        ("It was in 2012. May was dry.", 2),
        ("He said „It rained. We left.“ And went.", 1),
        ("He said «It rained. We left.» And went.", 2),
        ("The ”end” came. We left.", 2),
    ],
)
def test_sentences(text: str, count: int) -> None:
    assert len(sentences(text, 0, len(text))) == count


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("It was clear.Read also this", "It was clear."),
        ("It was clear.”Read also this", "It was clear.”"),
        ("It was clear.read also this", "It was clear.read also this"),
        ("The U.S.Army left", "The U.S.Army left"),
    ],
)
def test_a_sentence_right_behind_another_is_a_block(text: str, first: str) -> None:
    assert blocks("\n".join([text, TWO, TWO, TWO]))[0] == first


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029"])
def test_every_line_break(end: str) -> None:
    for lines in (lines_of, in_python):
        assert [(start, breaks) for start, _, breaks in lines(f"a{end}b")] == [(0, 0), (len(end) + 1, 1)]


# Hard-wrapped text -------------------------------------------------------------------------------


def wrapped(count: int, width: int, begin: str = "the") -> list[str]:
    """Lines of one width, each of which goes on in lower case."""
    return [(begin + " bridge and the ferry" * 10)[: width - 1] + "x" for _ in range(count)]


def width(lines: Sequence[str]) -> int:
    text = "\n".join(lines)
    return wrap_width(text, lines_of(text))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (wrapped(6, 70), 70),
        (wrapped(5, 70), 0),  # too few
        (wrapped(6, 110), 110),
        (wrapped(6, 111), 0),  # too wide
        (wrapped(6, 40), 40),
        (wrapped(6, 39), 0),  # too narrow
        ([*wrapped(3, 70), *["the sea"] * 3, *wrapped(3, 70)], 70),  # 5 of 8 lines run up to the width
        ([*wrapped(2, 70), *["the sea"] * 4, *wrapped(3, 70)], 70),  # 4 of 8
        ([*wrapped(2, 70), *["the sea"] * 5, *wrapped(2, 70)], 0),  # 3 of 8
        ([*wrapped(4, 70), *wrapped(7, 70, "The")], 70),  # 3 of 10 go on in lower case
        ([*wrapped(3, 70), *wrapped(8, 70, "The")], 0),  # 2 of 10
        (["桥" * 70] * 8, 0),  # no case
    ],
)
def test_the_width_of_a_wrapped_text(lines: list[str], expected: int) -> None:
    assert width(lines) == expected
