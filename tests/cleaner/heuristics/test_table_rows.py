"""Rows of tables are told by the columns they make with their neighbours; lists of headlines and counts make none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.document import Block
from cleaner.heuristics.rows import find_tables

LEAGUE = ["Team\tP\tW\tPts", "Hartley\t9\t7\t22", "Saxby\t9\t6\t20", "Orrin\t9\t1\t3"]
BLANKS = [line.replace("\t", " ") for line in LEAGUE]
PRICES = ["Bread 1.20", "Milk 0.95", "Eggs 2.40"]
RANKED = ["1 Moss, Saxby 77", "2 Hale, Orrin 75", "3 Osei, Hartley 75"]


def blocks(*lines: str, breaks: int = 1) -> list[Block]:
    return [Block(0, len(text), text, line, breaks if line else 0) for line, text in enumerate(lines)]


def tables(*lines: str, breaks: int = 1) -> list[list[str]]:
    return [[lines[index] for index in table] for table in find_tables(blocks(*lines, breaks=breaks))]


@pytest.mark.parametrize(
    "rows",
    [
        LEAGUE,
        LEAGUE[:3],
        [line.replace("\t", "   ") for line in LEAGUE],
        [line.replace("\t", " | ") for line in LEAGUE],
        ["P\tW\tPts", *LEAGUE[1:]],  # no word stands above the names
        BLANKS,
        PRICES,
        ["Item Price", *PRICES],
        RANKED,
        ["Steuer\t19 %", "Zins\t4,9 %", "Rente\t–", "Rabatt\t12 %"],
        ["Name | Time", "A. Roe | 12:01", "B. Roe | 12:04"],
        ["Nombre\tHora", "A. Ruiz\t12:01", "B. Ruiz\t12:04"],
        ["名前\t時間", "佐藤\t12:01", "鈴木\t12:04"],
        ["Monday\tclosed", "Tuesday\t10–17", "Wednesday\t10–20", "Thursday\t10–17"],
        ["Pão\tR$ 1,20", "Leite\tR$ 0,95", "Ovos\tR$ 2,40"],
        ["パン\t120円", "牛乳\t95円", "卵\t240円"],
        ["Saxby\t8:05", "Orrin\t9:05", "Hartley\t10:05"],
        ["8:05\tSaxby\t3", "9:05\tOrrin\t1", "10:05\tHartley\t2"],
    ],
)
def test_tables(rows: list[str]) -> None:
    assert tables(*rows) == [rows]
    assert tables("Above it stands a sentence.", *rows, "Below it stands another.") == [rows]


@pytest.mark.parametrize(
    "lines",
    [
        LEAGUE[:2],  # one row and a head
        LEAGUE[1:3],  # two rows and none
        ["Council votes to paint the bridge\t2026-11-30", "Baker wins a prize\t2026-11-29", "Choir looks for basses\t2026-11-28"],
        ["Council votes to paint it 30.11.2026 10:15", "Baker wins a prize 29.11.2026 9:40", "Choir sings 28.11.2026 9:11"],
        ["The Briefing, May 3, 2012", "The Briefing, May 4, 2012", "The Briefing, May 5, 2012"],
        ["Council votes to paint the old bridge\t12", "Baker of Wexley wins a prize again\t9", "Choir looks for nine basses\t4"],
        ["Latest | Hour", "Council votes to paint the old bridge again | 12:01", "Baker | 12:04"],
        ["Section\tPosts", "Politics\t(12)", "Sport\t(9)"],
        ["Home | News", "Sport | Culture", "Weather | 12"],
        ["1\tCouncil votes to paint the bridge", "2\tBaker wins a prize", "3\tChoir looks for basses"],
        ["Politics (12)", "Sport (9)", "Culture (4)"],
        ["Politics\t(12)", "Sport\t(9)", "Culture\t(4)"],
        ["Sport 12", "Politics 9", "Culture 4"],
        ["1 Sport 12", "1 Politics 9", "1 Culture 4"],  # no places
        ["3 Sport 12", "2 Politics 9", "1 Culture 4"],
        ["Home | News | Sport", "Home | News | Culture", "Home | News | Weather"],
        ["1 2 3", "4 5 6", "7 8 9"],  # pages of a gallery
        ["Office (803) 898-2500", "Fraud (888) 364-3224", "Members (888) 549-0820"],
        ["He paid 4.20", "They met in 1.50", "Nobody ate 2.10 and then they all went home again at night, which was late for them."],
        ["Bread 1.20", "Milk 0.95 1.05", "Eggs 2.40"],  # other cells
        ["Bread\t1.20", "Milk 0.95", "Eggs\t2.40"],
    ],
)  # fmt: skip
def test_no_tables(lines: list[str]) -> None:
    assert tables(*lines) == []


def test_what_stands_above_a_table_and_is_no_head() -> None:
    for line in ("What it costs now", "It costs."):
        assert tables(line, *PRICES) == [PRICES]
    assert tables("Team Pts", *LEAGUE[1:]) == [LEAGUE[1:]]
    assert tables("Team\tPts", *LEAGUE[1:]) == [LEAGUE[1:]]


def test_sentences_of_one_line_are_no_rows() -> None:
    assert tables(*PRICES, breaks=0) == []


@pytest.mark.parametrize(("letters", "count"), [(57, 1), (58, 0)])  # with "a ." before them 60 letters
def test_words_of_a_cell(letters: int, count: int) -> None:
    word = "a" * letters
    assert len(tables(f"{word} aa\t1\t2", "b\t3\t4", "c\t5\t6")) == count
    assert len(tables(f"{word} aa\t1.20", "b\t3.40", "c\t5.60")) == count


@pytest.mark.parametrize(("letters", "count"), [(30, 1), (31, 0)])
def test_words_beside_a_count(letters: int, count: int) -> None:
    assert len(tables("a" * letters + "\t1", "b\t3", "c\t5")) == count
    assert len(tables("1 " + "a" * (letters - 2) + " 7", "2 b 3", "3 c 5")) == count


@pytest.mark.parametrize(("length", "count"), [(160, 1), (161, 0)])
def test_length_of_a_row(length: int, count: int) -> None:
    row = "a" + "\t12345" * 26
    rows = [row + "\t" + "7" * (length - len(row) - 1), row + "\t7", row + "\t7"]
    assert len(tables(*rows)) == count


def test_most_cells_of_a_column_are_figures() -> None:
    rows = ["a\t1\tx", "b\t2\tx", "c\t3\tx", "d\tshut\tx", "e\tshut\tx"]
    assert tables(*rows[:4]) == [rows[:4]]
    assert tables(*rows) == []


@given(st.lists(st.text("a1.\t |(%–€ ", min_size=1).map(str.strip).filter(bool), max_size=8))
def test_tables_are_in_order_and_within(lines: list[str]) -> None:
    runs = list(find_tables(blocks(*lines)))
    assert all(0 <= table.start < table.stop <= len(lines) for table in runs)
    assert all(one.stop <= other.start for one, other in pairwise(runs))
