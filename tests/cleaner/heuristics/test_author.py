"""Lines that name the author again: which name counts, and where the line must stand."""

from __future__ import annotations

import pytest
from support.cases import annotated

from cleaner import clean

PROSE = (
    "The harbour council of Sandrift voted on Monday to repair the two old cranes before the winter, the mayor said.",
    "Residents had asked for it since the storm of last March, when one of the cranes lost its arm and fell into the basin.",
    "The work begins in May and will cost the town 40,000 pounds, a third less than the architects had feared.",
)


def reasons_of(line: str, *, top: str = "By Anna Ferrow", below: bool = True) -> str:
    """What the rules say of the line, below the story or above its middle."""
    story = [PROSE[0], line, *PROSE[1:], *PROSE[1:]] if not below else [*PROSE, line]
    text, _ = annotated([f"body| {words}" for words in ("Sandrift repairs its cranes", top, *story)])
    spans = clean(text, lang="en").spans
    return " ".join(reason for span in spans if line in text[span.start : span.end] for reason in span.reasons)


@pytest.mark.parametrize(
    ("line", "top"),
    [
        ("Anna Ferrow is a poet and journalist.", "By Anna Ferrow"),
        ("— Anna Ferrow, a writer, lives in Gullwick with two dogs.", "By Anna Ferrow"),
        ("Anna Ferrow teaches chemistry and writes on Sundays.", "Anna Ferrow"),
    ],
)
def test_author_with_a_trade_is_a_bio(line: str, top: str) -> None:
    assert "names the author again, Anna Ferrow, and a trade" in reasons_of(line, top=top)


@pytest.mark.parametrize(
    "line",
    [
        "Ben Ostrow is a poet and journalist.",  # another name
        "Anna Ferrowby is a poet and journalist.",  # a longer name
        "Anna Ferrow has two dogs and a cat.",  # no trade
        "The poet Anna Ferrow is a journalist.",  # the name does not open the line
    ],
)
def test_what_names_no_author_and_trade_is_none(line: str) -> None:
    assert "names the author again" not in reasons_of(line)


def test_only_the_lower_half_tells_of_the_author() -> None:
    line = "Anna Ferrow is a poet and journalist."
    assert "names the author again" in reasons_of(line)
    assert "names the author again" not in reasons_of(line, below=False)
