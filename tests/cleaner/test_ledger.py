"""Kept + removed + repaired + white space rebuild the source, whatever the text."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import Cleaner, clean
from cleaner.decoding.content_kind import content_kind
from cleaner.ledger import LedgerError, ledger, rebuild
from cleaner.pipeline import OnSuspect
from cleaner.settings import NO_TEXT

LINES = st.sampled_from(
    [
        "Read more", "ADVERTISEMENT", "Sign up for our newsletter", "Dear readers,", "Donate now", "© 2025 Harbour Post",
        "By Ada Quill", "The mayor said on Tuesday that the ferry will run again from May, after two years of repairs.",
        "Read moreThe ferry will run again from May, the council decided in the night.", "", "  ", "\u200b", "¤90 euro",
        "The cafÃ© on the quay has closed, its owner said.", "Photo: Ada Quill / Reuters", "0:00 / 3:12", "Подписаться",
        "続きを読む", "{{ ad }}", "\ufeff", "it\x92s \x80 5 for all of us who eat there, said the cook of the place.",
    ]
)  # fmt: skip
BREAKS = st.sampled_from(["\n", "\n\n", "\r\n", "\r\n\r\n", " ", "\u2028", "\r", "\x0b", "\n \n\n"])
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.tuples(LINES, BREAKS), max_size=25).map(lambda rows: "".join(line + end for line, end in rows)),
).filter(lambda text: content_kind(text) not in NO_TEXT)  # `clean` refuses what holds a program


def rebuilt(cleaned) -> str:
    written = json.loads(json.dumps(ledger(cleaned, media_type="text/plain", decoding={})))
    return rebuild(cleaned.text, written)


@settings(max_examples=300)
@given(TEXTS)
def test_the_ledger_rebuilds_the_source(text):
    assert rebuilt(clean(text)) == text


@settings(max_examples=60)
@given(TEXTS, st.sampled_from(list(OnSuspect)))
def test_also_when_suspect_documents_are_kept_or_dropped(text, on_suspect):
    assert rebuilt(Cleaner(on_suspect=on_suspect).clean(text)) == text


@settings(max_examples=100)
@given(TEXTS)
def test_spans_and_pieces_are_ordered_disjoint_and_visible(text):
    cleaned = clean(text)
    places = sorted([(s.start, s.end) for s in cleaned.spans] + [(p.start, p.end) for p in cleaned.pieces])
    assert all(start < end for start, end in places)
    assert all(a[1] <= b[0] for a, b in pairwise(places))
    assert list(cleaned.spans) == sorted(cleaned.spans, key=lambda span: span.start)
    covered = bytearray(len(text))
    for start, end in places:
        covered[start:end] = b"\x01" * (end - start)
    for repair in cleaned.repairs:  # one that became white space belongs to no piece
        covered[repair.start : repair.end] = b"\x01" * (repair.end - repair.start)
    left_over = "".join(char for char, inside in zip(text, covered, strict=True) if not inside)
    assert left_over.isspace() or not left_over


@settings(max_examples=100)
@given(TEXTS)
def test_cleaning_is_deterministic(text):
    assert clean(text) == clean(text)


def test_a_ledger_that_leaves_a_hole_is_refused():
    cleaned = clean("One line of text.\n\nAnother line of text.")
    written = ledger(cleaned, media_type="text/plain", decoding={})
    written["gaps"] = []
    with pytest.raises(LedgerError, match="hole"):
        rebuild(cleaned.text, written)


def crafted(count: int, **changes: object) -> dict:
    """A ledger of so many kept pieces, each with a repair inside, of a source of "aXc" each."""
    written = {
        "kept": [[3 * n, 3 * n + 3, "body", 3 * n, 3 * n + 3] for n in range(count)],
        "removed": [],
        "gaps": [],
        "repairs": [[3 * n + 1, 3 * n + 2, "X", "b", "mojibake", ""] for n in range(count)],
    }
    return {**written, **changes}


def test_rebuilding_takes_time_in_proportion() -> None:
    """20,000 pieces with as many repairs: each with each would be 400 million steps."""
    assert rebuild("abc" * 20_000, crafted(20_000)) == "aXc" * 20_000


@pytest.mark.parametrize(
    "changes",
    [
        {"kept": [[0, 3, "body", 0, 3]] * 20_000},  # pieces over one another
        {"kept": [[3 * n, 3 * n + 3, "body", 0, 3] for n in range(20_000)]},  # the clean text told again and again
        {"kept": [[0, 3, "body", 0, 10**9]]},
        {"kept": [[0, 3, "body", -3, 0]]},
        {"repairs": [[0, 3, "X", "b", "mojibake", ""], [1, 2, "X", "b", "mojibake", ""]]},
        {"gaps": [[0, "x"]] * 20_000},
        {"removed": [{"start": 10**9, "end": 10**9 + 1, "text": "x"}]},
    ],
)
def test_parts_that_cannot_be_are_refused(changes: dict) -> None:
    with pytest.raises(LedgerError):
        rebuild("abc", crafted(1, **changes))
