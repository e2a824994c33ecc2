"""What becomes the title: a headline that plainly stands above the article, whole; nothing else is moved."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.any_texts import needed

from cleaner import Cleaner, accelerator, assembly
from cleaner.assembly import ABOVE_HEADLINE, assemble
from cleaner.document import Decision, Document, Rendering
from cleaner.labels import Action, Label

TITLE = "The bridge is open"


def title_of(lines: list[tuple[str, Label]], glue: str = "\n") -> tuple[str, str]:
    """Title and body of lines with these labels."""
    text, decisions = "", []
    for line, label in lines:
        text += glue if text else ""
        gone = Action.STRIP if label is Label.CAPTION else Action.KEEP
        decisions.append(Decision(len(text), len(text) + len(line), label, gone, 0.0))
        text += line
    cleaned = assemble(Document("x", text), Rendering(text, (), text), tuple(decisions), "en")
    return cleaned.title, cleaned.body


BODY = [(f"Line {number} of the story.", Label.BODY) for number in range(5)]
HEADLINE = (TITLE, Label.HEADLINE)


@pytest.mark.parametrize("above", [0, ABOVE_HEADLINE])
def test_a_headline_above_the_article_is_the_title(above: int) -> None:
    assert title_of([*BODY[:above], HEADLINE, *BODY])[0] == TITLE


def test_a_headline_further_down_stays_where_it_is() -> None:
    lines = [*BODY[: ABOVE_HEADLINE + 1], HEADLINE, *BODY]
    assert title_of(lines) == ("", "\n".join(line for line, _ in lines))


def test_what_goes_does_not_count() -> None:
    assert title_of([("A photo", Label.CAPTION)] * 6 + [HEADLINE, *BODY])[0] == TITLE


@pytest.mark.parametrize("glue", [" ", "\n"])
def test_a_text_of_few_lines_is_never_reordered(glue: str) -> None:
    lines = [BODY[0], HEADLINE, BODY[1]]
    assert title_of(lines, glue) == ("", glue.join(line for line, _ in lines))


@pytest.mark.parametrize(("glue", "title"), [(" ", ""), ("\n", TITLE)])
def test_in_a_flat_text_a_title_ends_its_line(glue: str, title: str) -> None:
    """Else it may be half of one: “Three” of “Three ships”."""
    assert title_of([HEADLINE, BODY[0]], glue)[0] == title


@pytest.mark.parametrize(
    "desk",
    [
        "FOR IMMEDIATE RELEASE",
        "Press release:",
        "BREAKING NEWS",
        "Pressemitteilung",
        "GULLWICK (AFP) –",
        "Embargoed until 9 May",
    ],
)
def test_a_desk_is_no_title(desk: str) -> None:
    assert title_of([(desk, Label.HEADLINE), HEADLINE, *BODY])[0] == TITLE


@pytest.mark.parametrize(
    "headline", ["Live music returns to Gullwick", "Ferry returns (video)", "Update on the bridge"]
)
def test_a_headline_that_begins_like_a_desk_is_a_title(headline: str) -> None:
    assert title_of([(headline, Label.HEADLINE), *BODY])[0] == headline


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("2025-12-31", "date"),
        ("2025-12-31T23:59:00Z", "date"),
        ("31 December 2025", "date"),
        ("2024-02-29", "date"),
        ("2025-02-29", "given-date"),
        ("2025-13-45", "given-date"),
        ("0000-01-01", "given-date"),
    ],
)
def test_a_date_that_no_calendar_has_is_none(told, name):
    metadata = Cleaner().clean_document(Document("a", "The council met on Monday.", date=told)).metadata
    assert {key: metadata[key] for key in ("date", "given-date") if key in metadata} == {name: told}


pieces = st.tuples(
    st.text(st.sampled_from("aé橋. \n\t\r\x85\u2028,)"), max_size=6), st.sampled_from([*Action]), st.booleans()
)


@needed
@given(st.lists(pieces, max_size=8), st.integers(0, 8))
def test_stretches_and_body_are_the_same_compiled(parts: list[tuple[str, Action, bool]], headline: int) -> None:
    text, decisions = "", []
    for part, action, told in parts:
        if told:
            decisions.append(Decision(len(text), len(text) + len(part), Label.BODY, action, 0.0))
        text += part
    stretches = assembly._stretches(text, tuple(decisions), wrapped=False)
    assert stretches == list(assembly._bare(text, tuple(decisions), wrapped=False))
    above = stretches[headline] if headline < len(stretches) else None
    assert assembly._body(text, stretches, above) == assembly._joined(text, stretches, above)


@needed
@pytest.mark.parametrize("told", [3, -1, 1 << 70])
def test_breaks_that_no_gap_has_are_refused(told: int) -> None:
    assert accelerator.compiled is not None
    decisions = [Decision(at, at + 1, Label.BODY, Action.KEEP, 0.0) for at in (0, 2)]
    stretches = [(decision.start, decision.end, decision) for decision in decisions]
    with pytest.raises((ValueError, OverflowError)):
        accelerator.compiled.body("a\rb", stretches, None, Action.KEEP, "action", "", lambda gap: told)
