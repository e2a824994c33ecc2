"""A ticker's clock times and last entry, verses whose sentence goes on; and what looks like them."""

from __future__ import annotations

import pytest

from cleaner import Cleaner
from cleaner.document import Decision
from cleaner.html.short_lines import broken_verses, ticker
from cleaner.labels import Action, Label

CLEANER = Cleaner()


def decided(*lines: tuple[str, bool], reason: str = "its shape … (model)") -> tuple[str, list[Decision]]:
    """A text of lines, and decisions: kept, or taken for navigation."""
    decisions: list[Decision] = []
    here = 0
    for line, kept in lines:
        label, action = (Label.BODY, Action.KEEP) if kept else (Label.NAVIGATION, Action.STRIP)
        decisions.append(Decision(here, here + len(line), label, action, 0.5, () if kept else (reason,)))
        here += len(line) + 1
    return "\n".join(line for line, _ in lines), decisions


def said(text: str, decisions: list[Decision]) -> list[str]:
    return [text[decision.start : decision.end] for decision in decisions]


@pytest.mark.parametrize(
    "clock",
    ["+++ 06:12 Uhr +++", "06.12 Uhr", "6:12 p.m.", "18h40", "18 h 40", "14:05 GMT", "9:00", "[07:05:12]", "7.05 –"],
)
def test_clock_times_of_a_ticker(clock: str) -> None:
    entry = ("The gauge stands at six metres.", True)
    text, decisions = decided((clock, False), entry, (clock, False), entry, (clock, False), ("That is all.", False))
    times, entries = ticker(text, decisions)
    assert (said(text, times), said(text, entries)) == ([clock] * 3, ["That is all."])


@pytest.mark.parametrize("line", ["12 May 2024", "31:99", "Chapter 4.12", "99.50 euros", "1:0 for Skarholm"])
def test_what_is_no_clock_time(line: str) -> None:
    text, decisions = decided(*[(line, False), ("The gauge stands at six metres.", True)] * 4)
    assert ticker(text, decisions) == ([], [])


def test_times_of_teasers_go_with_them() -> None:
    text, decisions = decided(*[("12:30", False), ("Bridge closes for a week", False)] * 5, ("Prose.", True))
    assert ticker(text, decisions) == ([], [])
    text, decisions = decided(*[("12:30", False), ("The bridge is shut.", True)] * 2)
    assert ticker(text, decisions) == ([], [])


def test_entry_that_a_rule_has_heard_goes() -> None:
    lines = [("12:30", True), ("The bridge is shut.", True)] * 3 + [("12:50", True), ("Follow us.", False)]
    text, decisions = decided(*lines, reason="is “follow us” (social, en)")
    assert ticker(text, decisions) == ([], [])


POEM = (
    "I do not read the letters,", "I read the stamps alone,", "the ink that leans to leeward,",
    "Share with me", "this well of rain and stone,", "and nobody is thirsty", "who has a wall of his own.",
)  # fmt: skip


def test_verse_whose_sentence_goes_on_stays() -> None:
    text, decisions = decided(*[(line, line != "Share with me") for line in POEM])
    assert said(text, list(broken_verses(text, decisions))) == ["Share with me"]


@pytest.mark.parametrize(
    ("line", "following"), [("Share.", "this well of rain"), ("Share with us", "This well of rain")]
)
def test_line_that_is_whole_is_judged_by_itself(line: str, following: str) -> None:
    lines = [*POEM[:3], line, following, *POEM[5:]]
    text, decisions = decided(*[(verse, verse != line) for verse in lines])
    assert list(broken_verses(text, decisions)) == []


def test_prompt_between_paragraphs_goes() -> None:
    prose = "The council met on Monday and spoke for three hours about the wall, the pool and the price of sand."
    text, decisions = decided(
        (prose, True), (prose, True), ("Share with me", False), (prose.lower(), True), (prose, True)
    )
    assert list(broken_verses(text, decisions)) == []


def test_ticker_of_a_page_without_names() -> None:
    times = [f"+++ {hour:02}:15 Uhr +++" for hour in range(6, 12)]
    entries = ["Der Pegel steigt.", "Die Brücke ist gesperrt.", "In Altau fällt der Strom aus.", "Das Wasser fällt.",
               "Die Bahn fährt wieder.", "Die Wehr rückt ab."]  # fmt: skip
    lines = [line for pair in zip(times, entries, strict=True) for line in pair]
    html = "<title>Liveticker: Die Lauter steigt | Lauterbote</title><div class=x><a href=/>Home</a></div><div class=w>"
    html += "<div class=h>Liveticker: Die Lauter steigt</div>"
    html += "".join(f"<div class=r><div class=t>{line}</div></div>" for line in lines)
    cleaned = CLEANER.clean(html=f"{html}</div>")
    assert cleaned.title == "Liveticker: Die Lauter steigt"
    assert [line for line in entries if line not in cleaned.body] == []
    others = {
        decision.label
        for decision in cleaned.decisions
        if cleaned.rendering_text[decision.start : decision.end] in times
    }
    assert others <= {Label.BYLINE, Label.BODY}
