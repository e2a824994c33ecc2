"""Lost line breaks: where a text on one line is cut, and that whatever is cut rebuilds the text."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.document import Document
from cleaner.segmentation.line_breaks import gaps_of, parse, shipped
from cleaner.segmentation.text import segment_text, sentences
from cleaner.segmentation.tokens import points_of
from cleaner.training.line_breaks import Broken, GapDesign, broken

COUNCIL = "The council of Norrhaven voted on Tuesday evening to keep the old ferry running for another year."
MAYOR = "Mayor Ines Halvorsen said the boats would be repaired before the winter storms arrive in the bay."


def blocks(text):
    return [block.text for block in segment_text(Document("x", text)).blocks]


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        (f"{COUNCIL} Read more {MAYOR}", "Mayor Ines"),
        (f"{COUNCIL} Advertisement {MAYOR}", "Mayor Ines"),
        (f"{COUNCIL} Share on Facebook {MAYOR}", "Mayor Ines"),
        (f"{COUNCIL} Continue reading the main story {MAYOR}", "Mayor Ines"),
        (f"{COUNCIL} Lesen Sie auch: Fähre bleibt im Dienst Der Rat der Stadt hat am Dienstag entschieden.", "Der Rat"),
    ],
)
def test_cut(text, begins):
    assert any(block.startswith(begins) for block in blocks(text))


@pytest.mark.parametrize(
    "text",
    [
        f"{COUNCIL} {MAYOR}",
        "On Monday, President Ana Maria de Souza met Prime Minister John Fitzgerald Black at Downing Street in London. "
        "The talks with the Foreign Secretary, Sir Alan Whitaker, went on until the evening, a spokesman said.",
        "Der Rat der Stadt Norrhaven hat am Dienstag im Großen Saal über die Zukunft der Fähre entschieden. "
        "Bürgermeisterin Ines Halvorsen will die Boote noch vor den Stürmen des Winters in der Werft reparieren lassen.",
        "It cost 300 Euros in 2019, the New York Times and The Guardian reported at the time, and 410 Euros in 2023. "
        "Neither the Ministry of Transport nor the Harbour Authority of Gullwick wanted to say why.",
    ],
)
def test_prose_is_whole_after_cleaning_however_it_was_cut(text):
    """A cut too many costs nothing: what belongs together is kept together."""
    assert Cleaner().clean(text).body == text


TEXTS = st.text(st.sampled_from("aB .!?\u20ac\U0001f600\ud8003,\u3002漢ب\n“"), max_size=60) | st.text(max_size=60)


@given(TEXTS)
def test_pieces_cover_the_sentences_and_nothing_else(text):
    whole = sentences(text, 0, len(text)) if text.strip() else []
    pieces = shipped().cut(text, whole)
    covered = {at for start, end in pieces for at in range(start, end) if not text[at].isspace()}
    assert covered == {at for start, end in whole for at in range(start, end) if not text[at].isspace()}
    assert pieces == sorted(pieces)
    assert all(a[1] <= b[0] for a, b in pairwise(pieces))
    assert all(not text[start].isspace() for start, _ in pieces[1:] if len(whole) == 1)


@given(TEXTS)
def test_gaps_are_where_a_word_begins_after_white_space(text):
    gaps = gaps_of(text, [(0, len(text))] if text else [])
    assert all(text[at - 1].isspace() or text[at - 1] == "\x00" or not text[at - 1].isprintable() for at in gaps.places)


def test_characters_beyond_the_basic_plane_do_not_shift_the_cut():
    plain = blocks(f"Well, well. {COUNCIL} Advertisement {MAYOR}")
    assert len(plain) > 2
    assert blocks(f"Well, \U0001f600\U0001f600. {COUNCIL} Advertisement {MAYOR}")[1:] == plain[1:]


HALVES = "\ud83d\ude00"  # of a pair, each a code point of its own, as a broken decoder leaves them


@pytest.mark.parametrize(
    "text", [f"{HALVES}d.\tRe\U0001f469", f"𝟛{HALVES}\x85\tFollow\t", f"{HALVES}\x85\tقرأ\tة\U0001f600"]
)
def test_halves_of_a_pair_leave_no_block_empty(text):
    assert all(blocks(text))
    Cleaner().clean(text)


@given(st.text("a .\t\ud83d\ude00\U0001f600", max_size=12), st.integers(0, 12))
def test_offsets_in_code_units_are_those_of_the_characters(text, at):
    assert points_of(text, np.array([len(text[:at].encode("utf-16-le", "surrogatepass")) // 2])) == min(at, len(text))


def test_a_line_that_is_no_prose_goes_from_a_text_without_line_breaks():
    text = f"{COUNCIL} {MAYOR} Sign up for our newsletter {COUNCIL.replace('Tuesday', 'Friday')} {MAYOR.replace('bay', 'sound')}"
    cleaned = Cleaner().clean(text)
    assert "newsletter" not in cleaned.body
    assert COUNCIL in cleaned.body
    assert MAYOR in cleaned.body


def test_training_learns_where_lines_begin_and_the_file_gives_the_same_model():
    pytest.importorskip("sklearn", reason="training needs scikit-learn")
    lines = ["Subscribe today", "The ferry ran again on Monday morning after the storm had passed", "Photo Ida Berg"]
    chance = np.random.default_rng(1)
    texts = [Broken(f"{n % 9}.example", [lines[k] for k in chance.permutation(3)] * 2) for n in range(60)]
    design = GapDesign(texts)
    model = parse(design.file(), "test")
    flat = " ".join(lines[k] for k in (1, 0, 2, 1))
    pieces = [flat[start:end] for start, end in model.cut(flat, [(0, len(flat))])]
    assert pieces == [lines[k] for k in (1, 0, 2, 1)]


def test_of_large_sites_and_long_texts_a_part_is_learned():
    texts = [("a.example", "x\ny\nz\nw\n" * 300)] * 150 + [("b.example", "one\ntwo")]
    documents = broken(texts)
    assert len(documents) == 100
    assert {len(document.lines) for document in documents} == {200}
