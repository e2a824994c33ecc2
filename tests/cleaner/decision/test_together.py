"""Judged together: rows of a table stay, unless it stands in a box or a rule or a user's cue speaks against them."""

from __future__ import annotations

import pytest

from cleaner import Cleaner
from cleaner.decision.together import IN_TABLE, rows_that_stay
from cleaner.document import Evidence
from cleaner.heuristics.cues import parse_table
from cleaner.labels import Label

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
    decisions = Cleaner().clean(TEXT).decisions
    rows = [decision for decision in decisions if "\t" in TEXT[decision.start : decision.end]]
    assert [decision.label for decision in rows] == [BODY] * 4
    spared = [decision for decision in rows if decision.reasons == (IN_TABLE,)]
    assert spared
    assert all(decision.score == 0.05 for decision in spared)


def test_a_users_cue_takes_a_row() -> None:
    cues = parse_table({"advert": {"start": ["saxby"]}}, "mine.toml")
    body = Cleaner(cues=cues).clean(TEXT).body
    assert "Saxby" not in body
    assert "Orrin" in body
