"""What blocks repeat of each other, whom they name, how they are bracketed."""

from __future__ import annotations

import pytest

from cleaner.model.borders import Borders, one
from cleaner.model.repeats import REPEATS, RepeatCounts, _counted, in_numpy, repeats
from cleaner.segmentation.tokens import tokenise

TOLD = "The mayor Anna Fleet opened the harbour bridge on Monday."
SHOWN = "Anna Fleet (left) opened the harbour bridge"
OTHER = "Ferries wait at the quay (Photo: Jo Reed)"


def counts(*texts: str) -> RepeatCounts:
    return _counted(tokenise(texts), one(len(texts)))


def test_words_side_by_side_are_sought_before_and_behind() -> None:
    counted = counts(TOLD, OTHER, SHOWN)
    assert counted.pairs.tolist() == [9, 7, 6]
    assert counted.pairs_behind.tolist() == [4, 0, 0]  # Anna Fleet; opened the, the harbour, harbour bridge
    assert counted.pairs_before.tolist() == [0, 0, 4]
    assert (counted.run_before[2], counted.run_behind[0]) == (3, 3)
    assert not counted.pairs_in_last.any()
    assert not counted.pairs_in_next.any()


def test_a_neighbour_is_told_from_blocks_further_away() -> None:
    counted = counts(TOLD, SHOWN)
    assert counted.pairs_in_next.tolist() == [4, 0]
    assert counted.pairs_in_last.tolist() == [0, 4]
    assert counted.words_in_last.tolist() == [0, 5]  # Anna, Fleet, opened, harbour, bridge
    assert counted.words.tolist() == [7, 6]  # and mayor, Monday; and left


def test_what_a_block_says_twice_itself_is_no_repetition() -> None:
    counted = counts("The bridge, the bridge, the bridge", "A ferry")
    assert not counted.pairs_before.any()
    assert not counted.pairs_behind.any()


def test_names_in_full_are_two_capitalised_words_side_by_side() -> None:
    counted = counts(TOLD, SHOWN, OTHER)
    assert counted.names.tolist() == [1, 1, 1]
    assert counted.names_before.tolist() == [0, 1, 0]
    assert counted.names_behind.tolist() == [1, 0, 0]
    assert counted.names_once.tolist() == [0, 0, 1]
    assert counted.begins_with_known.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("text", "field", "count"),
    [
        ("Pictured: the ferry", "labelled", 1),
        ("Seen from above here: the ferry", "labelled", 0),  # four words are no label
        ("Pictured:", "labelled", 0),  # nothing behind it
        ("The ferry (Photo: Jo Reed)", "bracket", 6),
        ("The ferry (Photo: Jo Reed).", "bracket", 7),
        ("The ferry (old) leaves", "bracket", 0),
        ("(Jo Reed)", "bracketed", 1),
        ("The ferry (old)", "bracketed", 0),
        ("Jo (left) and Al (right)", "asides", 2),
        ("Jo (far left)", "asides", 0),
        ("The ferry leaves.", "stopped", 1),
        ("“The ferry leaves.”", "stopped", 1),
        ("The ferry leaves,”", "stopped", 0),
        ("", "stopped", 0),
    ],
)
def test_forms(text: str, field: str, count: int) -> None:
    assert getattr(counts(text), field).tolist() == [count]


def test_a_line_without_a_full_stop_is_told_among_lines_that_have_one() -> None:
    shown, share = in_numpy(tokenise([TOLD, TOLD, SHOWN, "Short"]))[:, -2:].T
    assert share.tolist() == pytest.approx([2 / 3] * 4)
    assert shown.tolist() == pytest.approx([0, 0, 2 / 3, 0])


def test_any_blocks_have_all_measurements() -> None:
    assert repeats(tokenise([""])).shape == (1, REPEATS)
    assert repeats(tokenise(["", ".", TOLD])).shape == (3, REPEATS)


def test_what_another_document_says_is_no_repetition() -> None:
    together = in_numpy(tokenise([TOLD, SHOWN, OTHER, TOLD]), Borders.of([2, 2]))
    alone = [in_numpy(tokenise(texts)) for texts in ([TOLD, SHOWN], [OTHER, TOLD])]
    assert together.tolist() == [row for table in alone for row in table.tolist()]
