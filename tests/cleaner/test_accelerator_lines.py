"""What the accelerator reads of lines is what Python and NumPy read: lines, measurements, cues, and the classes it makes."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from dataclasses import dataclass, field, replace
from itertools import cycle, pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.any_texts import anything, needed, prose

from cleaner import accelerator
from cleaner.document import Block
from cleaner.heuristics import block_stats, cue_matcher
from cleaner.heuristics.cues import Cue, CueTable, Kind, Protected, Voice, fold
from cleaner.labels import Label
from cleaner.segmentation import line_breaks, text

breaks = st.text(st.sampled_from("ab. \t\n\r\v\f\x1c\x1e\x85\u2028\u2029\u00a0\u3000"), max_size=30)


@needed
@given(breaks | anything)
@example("a\r\nb\r\rc \x85 d")
@example(" a \x1c\x1d b\n\n")
def test_lines_are_the_same(content: str) -> None:
    assert text.find_lines(content) == text._find_lines(content)


sentence = st.sampled_from(["It is clear.", "Read also: more", "“So he said.”", "e.g. U.S.A", "Ça va !", "Über!"])


@needed
@given(
    st.lists(st.lists(sentence, max_size=4).map("".join) | st.just("word " * 300) | breaks, max_size=6).map("\n".join)
)
@example("It is clear.Read also: more\nNo.no\n" + "So it is. " * 200)
def test_blocks_are_the_same(content: str) -> None:
    lines, lost = text._find_lines(content), line_breaks.shipped()
    for flat in (False, True):
        cut = text._cut(content, lines, [None] * len(lines), flat=flat, lost=lost)
        assert text._blocks(content, lines, flat=flat, lost=lost) == cut


@needed
@given(st.lists(prose | anything, min_size=1, max_size=5).map(" ".join), st.data())
@example("One two. Three", None)
def test_sums_for_line_breaks_are_the_same(content: str, data: st.DataObject | None) -> None:
    cuts = data.draw(st.sets(st.integers(0, len(content)))) if data else {9}
    borders = sorted({0, len(content)} | cuts)
    gaps = line_breaks._find_gaps(content, list(pairwise(borders)))
    model = line_breaks.shipped()
    if gaps is not None:
        assert model._sums(gaps).tolist() == model._sums_in_numpy(gaps).tolist()


marked = st.text(st.sampled_from("aA1２²٣ .:：!?…。”»)]」“\"'‹•–12)続きを読む"), min_size=1, max_size=40)


@needed
@given(marked | anything.filter(bool))
@example("12) x")
@example("1234. x")
@example("1.")
@example("続" * 300)
def test_measurements_are_the_same(content: str) -> None:
    block = Block(0, len(content), content, 0, 1)
    one, other = block_stats.measure(block), block_stats._measure(block)
    assert type(one) is type(other)
    assert [*map(repr, one)] == [*map(repr, other)]


CUES = ["read more", "readmore", "©", "we", "our", "said", "advertisement", "続きを読む", "к", "e\u0301", "3 min", "a"]


TABLE = CueTable(
    cues=(
        *(Cue(phrase, Label.RELATED, kind, "test") for phrase, kind in zip(CUES, cycle(Kind), strict=False)),
        Cue("read more", Label.RELATED, Kind.GLUED, "test"),
        Cue("our", Label.DONATION, Kind.ANY, "test", source="x.org"),
    ),
    voice=((Voice.WE, "we"), (Voice.OUTLET, "our"), (Voice.ASK, "read"), (Voice.SAID, "said")),
    protect=(Protected("min read"), Protected("said", source="x.org")),
)


stuck = st.lists(st.sampled_from([*CUES, "Read More", "READ", "French", "İ", " ", " ", "x", "9", "\ud800", "…"])).map(
    "".join
)


@needed
@given(st.lists(stuck | anything, max_size=8), st.data(), st.sampled_from([None, "x.org"]))
def test_cues_found_are_the_same(texts: list[str], data: st.DataObject, source: str | None) -> None:
    starts = np.cumsum([0, *(len(text) + 1 for text in texts)]).tolist()
    parts = [Block(start, start + len(text), text, 0, 1) for start, text in zip(starts, texts, strict=False)]
    original = "\n".join(texts)
    searched = cue_matcher._Text(fold(original), original, parts, source)
    matcher = cue_matcher.Matcher(TABLE)
    flags = st.lists(st.booleans(), min_size=len(parts), max_size=len(parts))
    for candidates in (None, data.draw(flags)):
        assert matcher._find_at_once(searched, candidates) == matcher._find(searched, candidates)


@accelerator.quick
@dataclass(frozen=True, slots=True)
class Sample:
    first: int
    second: str = "two"
    third: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plain:
    first: int
    second: str = "two"
    third: dict[str, int] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ((1,), {}), ((1, "b"), {}), ((1, "b", {"c": 3}), {}), ((), {"first": 1}), ((1,), {"third": {}, "second": "x"}),
        ((), {}), ((1, 2, 3, 4), {}), ((1,), {"first": 2}), ((1,), {"fourth": 4}), ((), {"second": "x"}),
    ],
)  # fmt: skip
def test_a_quick_class_is_made_as_a_plain_one(args: tuple, named: dict) -> None:
    assert made_or_refused(Sample, args, named) == made_or_refused(Plain, args, named)


def made_or_refused(kind: type, args: tuple, named: dict) -> object:
    try:
        made = kind(*args, **named)
    except TypeError as error:
        return str(error).partition(".")[2]
    return made.first, made.second, made.third


def test_a_quick_class_behaves_as_a_dataclass() -> None:
    block = Block(1, 2, "x", 3, newlines_before=4)
    assert pickle.loads(pickle.dumps(block)) == copy.copy(block) == block == replace(block, start=1)
    assert str(inspect.signature(Block)).startswith("(start: 'int', end: 'int', text: 'str'")
    assert hash(block) == hash(replace(block)) == hash(accelerator.replace(block))
    assert accelerator.replace(block, text="y", start=0) == replace(block, text="y", start=0) == Block(0, 2, "y", 3, 4)
    with pytest.raises(TypeError):
        accelerator.replace(block, other=1)
    with pytest.raises(TypeError):
        accelerator.replace(3, start=1)
    with pytest.raises(AttributeError):
        block.start = 3  # type: ignore[misc]
    with pytest.raises((TypeError, AttributeError)):
        Block.__init__(3, 1, 2, "x", 3, 4)  # type: ignore[misc]


@pytest.mark.parametrize("pure", ["1", ""])
def test_pure_python_gives_the_same_document(pure: str) -> None:
    program = (
        "from cleaner import clean; r = clean('Read more\\n' + 'The council met on Tuesday. ' * 9); print(r.spans)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env={"CLEANCOPY_PURE": pure, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    from cleaner import clean

    assert done.stdout.strip() == str(clean("Read more\n" + "The council met on Tuesday. " * 9).spans)
