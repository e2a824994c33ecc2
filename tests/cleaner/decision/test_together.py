"""Judged together: rows of a table stay, unless it stands in a box or a rule or a user's cue speaks against them."""

from __future__ import annotations

import numpy as np
import pytest

from cleaner import Cleaner
from cleaner.decision.judge import decide
from cleaner.decision.scores import Scores
from cleaner.decision.together import IN_TABLE, rows_that_stay
from cleaner.document import Document, Evidence
from cleaner.heuristics.cues import parse_table
from cleaner.labels import Label, Policy
from cleaner.model.network import COLUMN
from cleaner.segmentation.text import segment_text

BODY, GONE, HEADLINE = Label.BODY, Label.NAVIGATION, Label.HEADLINE
AGAINST = (Evidence(Label.SOCIAL, 3.4, "a rule"),)


def stay(labels: list[Label], table: range, evidence: dict[int, tuple[Evidence, ...]] | None = None) -> list[int]:
    return list(rows_that_stay(labels, [table], [(evidence or {}).get(index, ()) for index in range(len(labels))]))


@pytest.mark.parametrize(
    ("above", "below", "stays"),
    [
        ([BODY], [BODY], True),
        ([HEADLINE], [GONE], True),
        ([GONE], [BODY], True),
        ([GONE], [GONE], False),  # a box's table
        ([GONE], [], False),
        ([], [], True),  # there is nothing else
    ],
)
def test_a_table_stays_beside_what_stays(above: list[Label], below: list[Label], stays: bool) -> None:
    start = len(above)
    labels = [*above, GONE, BODY, GONE, *below]
    assert stay(labels, range(start, start + 3)) == ([start, start + 2] if stays else [])


def test_a_row_that_a_rule_speaks_against_goes_and_two_take_all() -> None:
    labels = [BODY, GONE, GONE, GONE, GONE]
    assert stay(labels, range(1, 5), {2: AGAINST}) == [1, 3, 4]
    assert stay(labels, range(1, 5), {2: AGAINST, 3: AGAINST}) == []
    weak = (Evidence(Label.SOCIAL, 3.3, "a rule"), Evidence(Label.CREDIT, 9.0, "a rule"))
    assert stay(labels, range(1, 5), {2: weak, 3: weak}) == [1, 2, 3, 4]


TEXT = """Hartley lead the league by three points

Hartley lead the league after a week of rain in which four of the nine matches were called off by the referees.

Team\tP\tW\tD\tL\tPts
Hartley\t9\t7\t1\t1\t22
Saxby\t9\t6\t2\t1\t20
Orrin\t9\t1\t0\t8\t3
"""


def test_rows_say_why_they_stay() -> None:
    """Where the model takes them; it leaves those of this text by itself."""
    decisions = Cleaner().clean(TEXT).decisions
    assert [decision.label for decision in decisions if "\t" in TEXT[decision.start : decision.end]] == [BODY] * 4
    blocks = segment_text(Document("", TEXT)).blocks
    texts, nothing = [block.text for block in blocks], [()] * len(blocks)
    shares = np.zeros((len(blocks), len(Label)), np.float32)
    shares[:, COLUMN[BODY]] = [0.05 if "\t" in text else 0.95 for text in texts]
    shares[:, COLUMN[Label.NAVIGATION]] = 1 - shares[:, COLUMN[BODY]]
    tables = [range(2, 6)]
    rows = decide(blocks, nothing, nothing, Policy(), Scores.of(shares, texts), tables=tables)[2:]
    assert [(decision.label, decision.score, decision.reasons) for decision in rows] == [(BODY, 0.05, (IN_TABLE,))] * 4


def test_a_users_cue_takes_a_row() -> None:
    cues = parse_table({"advert": {"start": ["saxby"]}}, "mine.toml")
    body = Cleaner(cues=cues).clean(TEXT).body
    assert "Saxby" not in body
    assert "Orrin" in body
