"""Indentation of kept lines: code and verse keep it, paragraphs do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.document import Rendering
from cleaner.indentation import indented_lines
from cleaner.ledger import ledger, rebuild

PROSE = "The program decides who may board the ferry and who has to wait, and it has never been wrong so far this year, says the ferryman."
CODE = "    def board(x):\n        if x:\n            return 1"
CLEANER = Cleaner(model=None)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        (CODE, True),
        ("\tdef board(x):\n\t\treturn 1", True),
        ("  Blow, wind,\n     and carry the boat\n  over the water", True),
        ("    a lone line that is set in", False),
        (f"    {PROSE}\n    {PROSE}", False),  # paragraphs
        (" one column\n one column", False),
    ],
)
def test_group_of_lines(lines: str, kept: bool) -> None:
    body = CLEANER.clean(f"{PROSE}\n{PROSE}\n\n{lines}\n\n{PROSE}\n{PROSE}").body
    assert (lines in body) is kept
    assert all(line.strip() in body for line in lines.split("\n"))


@pytest.mark.parametrize(("length", "kept"), [(99, True), (100, False)])
def test_long_lines_are_paragraphs(length: int, kept: bool) -> None:
    lines = [f"    {'x' * (length - 4)}"] * 2
    text = "\n".join([PROSE, PROSE, *lines, PROSE])
    assert bool(indented_lines(Rendering(text, (), text))) is kept


def test_text_that_is_set_in_as_a_whole() -> None:
    text = "\n".join(
        f"   {line}" for line in ("The ferry sails", "at six in the morning", "until nine at night", "and back.")
    )
    assert "\n " not in CLEANER.clean(text).body


@pytest.mark.parametrize(
    ("rows", "kept"),
    [
        ("\tMon\tTue\nEarly\t7:10\t7:20\nLate\t9:10\t9:20", True),
        ("Früh\t7:10\t7:20\nSpät\t\t19:20\n\t12:01\t", True),
        ("早い\t7:10\n\t9:20", True),
        ("Early\t7:10\t7:20\n\tThe ferry sails.", False),  # a paragraph below a table
        ("Early\n\tMon\tTue", False),  # nothing has columns beside it
    ],
)
def test_blank_cells_before_a_row(rows: str, kept: bool) -> None:
    body = CLEANER.clean(f"{PROSE}\n{PROSE}\n\n{rows}\n\n{PROSE}\n{PROSE}").body
    assert (rows.rstrip() in body) is kept


def test_preformatted_text_of_a_page() -> None:
    assert (
        "\nif x:\n    y()\n\n"
        in CLEANER.clean(html=f"<p>{PROSE}</p><pre>if x:\n    y()</pre><p>{PROSE.upper()}</p>").body
    )


@given(st.lists(st.tuples(st.sampled_from(["", " ", "    ", "\t", "        "]), st.sampled_from(["x = 1", PROSE, ""]))))
def test_source_is_rebuilt(lines: list[tuple[str, str]]) -> None:
    cleaned = CLEANER.clean("\n".join(indent + line for indent, line in lines))
    assert rebuild(cleaned.text, ledger(cleaned, media_type="text/plain", decoding={})) == cleaned.source_text
