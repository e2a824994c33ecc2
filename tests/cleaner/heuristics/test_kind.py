"""Kinds of document are told by the shape of their lines; a plain report is none of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.heuristics.kind import DocumentKind, kind_of

REPORT = [
    "Ferry returns to Gullwick",
    "The ferry came back on Monday, a month after its engine failed off the northern pier.",
    "“We were glad to see it,” said the harbour master. “It had been a long month.”",
    "Who pays for the repairs?",
    "The council has not said. A vote is due in May.",
]
KINDS = {
    DocumentKind.TICKER: ["Live: storm over the coast", *(f"{hour}:15 The wind reaches {hour}0 knots off Gullwick." for hour in range(10, 16))],
    DocumentKind.TRANSCRIPT: ["A talk with two pilots", *("Mara: It was dark.", "Odd: It was very dark.") * 3],
    DocumentKind.QUESTIONS: ["A talk with the harbour master", *("When did the engine fail?", "In March, off the pier.") * 4],
    DocumentKind.RECIPE: ["Bean soup", "300 g white beans", "2 EL Öl", "1 l water", "½ tsp salt", "Soak the beans for a night."],
    DocumentKind.POEM: [
        "The pier at night", "A lamp goes out along the quay,", "the gulls have nothing more to say,",
        "and water, where the ferry lay,", "keeps folding, folding, folding", "the harbour in its sleeve of grey;",
        "who waits there will be waiting yet.",
    ],
    DocumentKind.HOW_TO: ["How to add a tenant", "Open the console.", "Sign in.", "Click Save.", "Share the link with your team."],
    DocumentKind.LIST: ["Five walks near Gullwick", *(f"{number}. The path to cove {number}" for number in range(1, 6))],
}  # fmt: skip
STEPS = ["Open the console.", "Sign in.", "Click Save.", "Share the link with your team."]
MENU = ["Home", "News", "Sport", "Weather", "Culture", "Opinion", "Log in", "Subscribe", "About us", "Contact"]


@pytest.mark.parametrize("kind", KINDS)
def test_kind(kind: DocumentKind) -> None:
    assert kind_of(KINDS[kind]) is kind


def test_minutes_of_a_match_are_times_of_a_ticker() -> None:
    lines = [
        "Gullwick Town 2-1 Marram Rovers",
        "Gullwick Town",
        "90+3' Full time.",
        "78' Goal!",
        "65’ Tanner on for Reed.",
        "12' Goal!",
    ]
    assert kind_of(lines) is DocumentKind.TICKER
    assert kind_of([*lines[:2], "78'er wine.", "The 65' boat.", "12 goals.", "90 men."]) is None


@pytest.mark.parametrize("lines", [REPORT, MENU, [], ["One line."], REPORT * 2])
def test_a_report_or_a_menu_is_none(lines: list[str]) -> None:
    assert kind_of(lines) is None


PLAIN = "The road is wide."
TIMED = "9:15 The ferry sails."


def poem(broken: int, ended: int, other: int, *, length: int = 30, prose: int = 0) -> list[str]:
    """So many verses that break off, that end a sentence, and others; and lines of prose."""
    ends = [","] * broken + ["."] * ended + ["s"] * other
    return ["w" * (length - 1) + end for end in ends] + ["w" * 99 + "."] * prose


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([TIMED] * 4 + [PLAIN] * 4, DocumentKind.TICKER),
        ([TIMED] * 3 + [PLAIN] * 4, None),
        ([TIMED] * 6 + [PLAIN] * 34, DocumentKind.TICKER),
        ([TIMED] * 5 + [PLAIN] * 35, None),
        (["Mara: It was dark."] * 3 + ["Joon: It was late."] * 2, DocumentKind.TRANSCRIPT),
        (["Mara: It was dark."] * 4 + [PLAIN] * 4, None),  # one speaker
        ([f"{'M' * 31}: It was dark."] * 3 + ["Joon: It was late."] * 2, DocumentKind.TRANSCRIPT),
        ([f"{'M' * 32}: It was dark."] * 3 + ["Joon: It was late."] * 2, None),
        (poem(2, 0, 4), DocumentKind.POEM),
        (poem(2, 0, 3), None),  # five verses
        (poem(2, 0, 4, length=70), DocumentKind.POEM),
        (poem(2, 0, 4, length=71), None),
        (poem(2, 0, 7, prose=3), DocumentKind.POEM),
        (poem(2, 0, 6, prose=3), None),
        (poem(2, 0, 8), DocumentKind.POEM),
        (poem(1, 0, 9), None),
        (poem(4, 9, 7), DocumentKind.POEM),
        (poem(4, 10, 6), None),
    ],
)
def test_just_inside_and_outside_a_kind(lines: list[str], kind: DocumentKind | None) -> None:
    assert kind_of(lines) is kind


@given(st.lists(st.text(max_size=30), max_size=30))
def test_any_lines_have_a_kind_or_none(lines: list[str]) -> None:
    assert kind_of(lines) in {*DocumentKind, None}


@pytest.mark.parametrize(
    "title",
    [
        "How to add a tenant",
        "So kündigen Sie Ihr Abo richtig",
        "Comment résilier un abonnement",
        "Cómo darse de baja",
        "解約の方法",
        "如何取消订阅",
    ],
)
def test_titles_of_instructions(title: str) -> None:
    assert kind_of([title, *STEPS]) is DocumentKind.HOW_TO


def test_how_long_and_how_many_the_steps_of_instructions_are() -> None:
    lines = ["How to add a tenant", *(step[:-1] + " " * (79 - len(step[:-1])) + "." for step in STEPS), *["Aside"] * 8]
    assert kind_of(lines) is DocumentKind.HOW_TO
    assert kind_of([*lines, "Aside"]) is None


@pytest.mark.parametrize(
    "lines",
    [
        ["Adding a tenant", *STEPS],  # no such title
        ["The council asks", "How to add a tenant", *STEPS],  # further down
        ["How to add a tenant", *STEPS[:3]],
        ["How to add a tenant", *(step.rstrip(".") for step in STEPS)],  # a menu
        ["How to add a tenant", *(step[:-1] + " " * 80 + "." for step in STEPS)],
        ["How to add a tenant", *STEPS, *["A line of the report that ends in no stop"] * 9],
    ],
)
def test_no_instructions(lines: list[str]) -> None:
    assert kind_of(lines) is None
