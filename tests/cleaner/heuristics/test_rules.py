"""Each rule just inside and just outside its boundary: what evidence it gives, and where it gives none.

The cue table is the test's own, and numbers stand here as numbers: a constant that moves fails a row (benchmarks/mutation.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cleaner.document import Block, Evidence, Rendering
from cleaner.heuristics import patterns
from cleaner.heuristics.annotate import Labelling, find_evidence
from cleaner.heuristics.block_stats import _measure as in_python
from cleaner.heuristics.block_stats import measure
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import parse_table

MATCHER = Matcher(
    parse_table(
        {
            "related": {
                "opener": ["most read"], "start": ["also read"],
                "glued": ["read on", "get more news from the harbour", "get more news from harbour"],
            },
            "newsletter": {
                "whole": ["get our letter"], "any": ["weekly letter"], "weak": ["inbox"], "end": ["by email"],
            },
            "navigation": {"whole": ["menu", "search", "home"]},
            "donation": {"whole": ["give now"]},
            "credit": {"any": ["wire copy"]},
            "protect": {"phrases": ["the inbox murders"]},
            "voice": {
                "salutation": ["dear readers"], "we": ["we"], "you": ["you"], "outlet": ["our reporting"],
                "ask": ["donate"], "money": ["a month"], "thanks": ["thank you"], "said": ["said"],
            },
        },
        "the test's",
    )
)  # fmt: skip
PROSE = "The council agreed on Monday to repair the old bridge before the winter storms arrive and close it to lorries."


def filled(length: int, begin: str = "", end: str = "") -> str:
    """A line of this length without a sentence's end, of words that are no cues."""
    middle = ("bridges and ferries " * 30)[: length - len(begin) - len(end) - bool(begin) - bool(end)]
    if middle.endswith(" "):
        middle = middle[:-1] + "x"
    return " ".join(part for part in (begin, middle, end) if part)


def labelled(lines: list[str], title: str = "", marks: frozenset[str] = frozenset()) -> Labelling:
    blocks, at = [], 0
    for number, line in enumerate(lines):
        blocks.append(Block(at, at + len(line), line, number, 1, marks=marks))
        at += len(line) + 1
    text = "\n".join(lines)
    return find_evidence(Rendering(text, tuple(blocks), text, (), {}, False), MATCHER, title=title)


def given(lines: list[str], at: int, reason: str, title: str = "") -> list[Evidence]:
    """The evidence of this reason for one line."""
    return [evidence for evidence in labelled(lines, title).evidence[at] if reason in evidence.reason]


def test_a_filled_line_is_as_long_as_asked() -> None:
    for length in (60, 61, 90, 91, 140, 240, 241):
        assert len(filled(length)) == len(filled(length, "Also read")) == len(filled(length, end="by email")) == length


@pytest.mark.parametrize(
    ("reason", "begin", "end", "weights"),
    [
        ("begins with “also read”", "Also read", "", (4.2, 3.6, 3.6, 1.2)),
        ("ends with “by email”", "", "by email", (3.8, 2.8, 2.8, 0.8)),
        ("says “weekly letter”", "One weekly letter", "", (4.0, 2.9, 2.9, 0.7)),
        ("mentions “inbox”", "One inbox", "", (1.4, 0.9, 0.9, 0.2)),
        ("opens a box with “most read”", "Most read", "", (4.2, 3.6, 3.6, 1.0)),
    ],
)
def test_a_cue_weighs_by_its_kind_and_the_length_of_its_line(
    reason: str, begin: str, end: str, weights: tuple[float, ...]
) -> None:
    for length, weight in zip((90, 91, 240, 241), weights, strict=True):
        assert [evidence.weight for evidence in given([filled(length, begin, end)], 0, reason)] == [weight]


@dataclass(frozen=True)
class Row:
    """Evidence of one reason: its weight for a line where the rule just holds, and lines where it just does not."""

    reason: str
    weight: float
    inside: tuple[list[str], int]
    outside: tuple[list[str], int] | None = None
    title: str = ""


def words(count: int, begin: str, end: str = "") -> str:
    """A line of so many words."""
    return " ".join([*begin.split(), *["sea"] * (count - len(begin.split()))]) + end


CRUMBS = [
    f"Bridge {name}" for name in "one two three four five six seven eight nine ten plus more here there last".split()
]
LETTER = "Dear readers,"
ASKS = "Please donate what seems right for the harbour this winter and for the long year to come."
SPEAKS = "All winter we have mended the lamps of the harbour and carried coal to the houses of the old."
TEASERS = [filled(length) for length in (61, 70, 80, 90, 100)]
APPEAL = "If we may ask one thing of you, donate five crowns"

ROWS = {
    "whole cue": Row("is “get our letter”", 5.0, (["» Get our letter"], 0), (["Get our letter today"], 0)),
    "protected": Row("protected phrase", 20.0, (["She read The Inbox Murders"], 0), (["She read the inbox"], 0)),
    "prompt of 22 words": Row("begins with “also read”", 6.5, ([words(22, "Also read:")], 0)),
    "no prompt of 23 words": Row("begins with “also read”", 4.2, ([words(23, "Also read: a")[:90]], 0)),
    "prompt with an arrow": Row("begins with “also read”", 6.5, (["Also read » the bridge"], 0)),
    "prompt with a bracket": Row("begins with “also read”", 6.5, (["Also read > the bridge"], 0)),
    "prompt with a wide colon": Row("begins with “also read”", 6.5, (["Also read： the bridge"], 0)),
    "cue in a quotation": Row("says “weekly letter”", 0.87, ([f"“One weekly letter {filled(90)}” he said"], 0)),
    "cue behind a quotation": Row("says “weekly letter”", 2.9, ([f"“One {filled(90)}” weekly letter he said"], 0)),
    "a second cue of a label": Row("ends with “by email”", 1.9, (["A weekly letter by email"], 0)),
    "the only cue of a label": Row("ends with “by email”", 3.8, (["A letter by email"], 0)),
    "a sentence of 13 words": Row("reads as prose", 1.2, ([words(13, "One weekly letter", ".")], 0), ([words(12, "One weekly letter", ".")], 0)),
    "a verb of reporting": Row("reads as prose", 1.2, (["It was one weekly letter that the mayor said"], 0), (["One weekly letter that the mayor said"], 0)),
    "quoted prose": Row("reads as prose", 2.4, (["“It was one weekly letter of mine"], 0), (["“It was one weekly letter"], 0)),
    "long prose": Row("reads as prose", 1.1, ([filled(220, "One weekly letter")], 0), ([filled(219, "One weekly letter")], 0)),
    "a shape": Row("has the shape of", 4.2, (["Photo: Ida Berg"], 0), (["Photo of the bridge"], 0)),
    "program text": Row("looks like program text", 1.0, (["if (a) { b(); } else { c(); }"], 0), (["if a; then the bridge is open"], 0)),
    "leaked program text": Row("looks like program text", 10.0, (["function(a) { window.b(); } jQuery(c);"], 0)),
    "nothing visible": Row("only invisible", 6.0, (["\u200b\u200b"], 0), (["a\u200b"], 0)),
    "the given title": Row("is the given title", 8.0, (["Menu", "The bridge  OPENS"], 1), (["Menu", "The bridge opens soon"], 1), "The bridge opens"),
    "a headline": Row("first line without", 2.6, (["The harbour bridge reopens", PROSE], 0), (["The harbour bridge reopens.", PROSE], 0)),
    "a headline of three words": Row("first line without", 2.6, (["Harbour bridge reopens", PROSE], 0), (["Harbourfront bridge", PROSE], 0)),
    "a headline of 15 letters": Row("first line without", 2.6, (["The bridge open", PROSE], 0), (["The bridge ope", PROSE], 0)),
    "a headline in a text without prose": Row("first line without", 2.6, (["The harbour bridge reopens", PROSE], 0), (["The harbour bridge reopens", "Soon"], 0)),
    "a desk line": Row("a desk line above", 4.0, (["Press release", PROSE], 0), ([PROSE, "Press release"], 1)),
    "a date line": Row("a date above", 3.8, (["The bridge opens", "12 March 2024", PROSE], 1), (["The bridge opens", PROSE, "12 March 2024"], 2)),
    "a date line of 12 words": Row("a date above", 3.8, ([words(12, "12 March 2024"), PROSE], 0), ([words(13, "12 March 2024"), PROSE], 0)),
    "a byline": Row("“by” and a name", 4.0, ([*CRUMBS[:3], "By Ida Berg"], 3), ([*CRUMBS[:4], "By Ida Berg"], 4)),
    "a byline of eight names": Row("“by” and a name", 4.0, (["By A B C D E F G H"], 0), (["By A B C D E F G H I"], 0)),
    "an author below": Row("a name and what", 4.4, ([PROSE, "Ida Berg covers the coast"], 1), (["Ida Berg covers the coast", PROSE], 0)),
    "a credit below": Row("below the story", 4.0, ([PROSE, "Wire copy from Oslo"], 1), (["Wire copy from Oslo", PROSE], 0)),
    "a letter of three voices": Row("in a letter", 12.0, ([LETTER, ASKS, f"We hope. {ASKS}"], 0), ([LETTER, ASKS, ASKS], 0)),
    "a letter that asks twice": Row("in a letter", 12.0, ([LETTER, ASKS, f"We hope. {ASKS}"], 1), ([LETTER, f"We hope. {ASKS}", "Yours"], 1)),
    "a letter of which half asks": Row("in a letter", 12.0, ([LETTER, ASKS, SPEAKS, ASKS, SPEAKS], 1), ([LETTER, ASKS, SPEAKS, ASKS, SPEAKS, SPEAKS], 1)),
    "a letter that mostly asks": Row("in a letter", 12.0, ([LETTER, ASKS, SPEAKS, ASKS], 1)),
    "a letter of 24 lines": Row("in a letter", 12.0, ([LETTER, f"We hope. {ASKS}", *[ASKS] * 23], 23), ([LETTER, f"We hope. {ASKS}", *[ASKS] * 23], 24)),
    "a salutation of 90 letters": Row("in a letter", 12.0, ([filled(90, LETTER), ASKS, f"We hope. {ASKS}"], 0), ([filled(91, LETTER), ASKS, f"We hope. {ASKS}"], 0)),
    "an appeal of four voices": Row("asks for support in prose", 12.0, ([PROSE, f"{APPEAL} a month"], 1), ([PROSE, APPEAL], 1)),
    "an appeal that is reported": Row("asks for support in prose", 12.0, ([PROSE, f"{APPEAL} a month"], 1), ([PROSE, f"{APPEAL} a month, he said"], 1)),
    "a banner of eight words": Row("a short line that asks", 6.0, ([words(8, "Donate", "!"), PROSE], 0), ([words(9, "Donate", "!"), PROSE], 0)),
    "a banner that shouts": Row("a short line that asks", 6.0, (["Donate today!", PROSE], 0), (["Donate today", PROSE], 0)),
    "a banner beside an appeal": Row("a short line that asks", 6.0, (["Donate today", "Give now", PROSE], 0), (["Donate today", "Menu", PROSE], 0)),
    "a banner that heads an appeal": Row("heads an appeal", 12.0, (["Donate today", "Give now"], 0), (["Donate today", "Give now", "Menu"], 0)),
    "a box of 14 lines": Row("in a related box", 3.9, (["Most read", *CRUMBS[:15]], 14), (["Most read", *CRUMBS[:15]], 15)),
    "a short line of a box": Row("in a related box", 3.9, (["Most read", filled(24), "Bridge one", PROSE], 1)),
    "a longer line of a box": Row("in a related box", 3.0, (["Most read", filled(25), "Bridge one", PROSE], 1)),
    "a teaser of 140 letters": Row("in a related box", 3.9, (["Most read", filled(140)], 1), (["Most read", filled(141)], 1)),
    "a subhead behind a box": Row("in a related box", 3.9, (["Most read", "Bridge one", "Bridge two", PROSE], 1), (["Most read", "Bridge one", "Bridge two", PROSE], 2)),
    "a crumb of the tail": Row("below the last prose", 3.7, ([PROSE, "Get our letter", filled(60)], 2)),
    "a longer line of the tail": Row("below the last prose", 1.8, ([PROSE, "Get our letter", filled(61)], 2), ([PROSE, "Get our letter", filled(141)], 2)),
    "no tail above prose": Row("below the last prose", 3.7, ([PROSE, "Get our letter", "Bridge one"], 2), (["Get our letter", "Bridge one", PROSE], 1)),
    "a trail of six": Row("in a trail of 6 ", 3.4, ([PROSE, "Get our letter", *TEASERS], 3), ([PROSE, "Get our letter", *TEASERS[:-1]], 3)),
    "no trail of five": Row("in a trail", 3.4, ([PROSE, "Get our letter", *TEASERS], 3), ([PROSE, "Get our letter", *TEASERS[:-1]], 3)),
    "a teaser of the trail": Row("in a trail", 3.4, ([PROSE, "Get our letter", *TEASERS, filled(140)], 7), ([PROSE, "Get our letter", *TEASERS, filled(141)], 7)),
    "between two at the top": Row("above the prose", 3.7, (["Menu", "Bridge one", "Search", PROSE], 1), (["Menu", "Bridge one", "Bridge two", PROSE], 1)),
    "a run of crumbs": Row("among 4 short lines in a row, 2 of which are no article", 3.7, (["Menu", "Search", "Bridge one", "Bridge two", PROSE], 3), (["Menu", "Search", *CRUMBS[:3], PROSE], 4)),
    "a run of lines of 40 letters": Row("among 3 short lines in a row", 3.7, (["Menu", "Search", filled(40, "•"), PROSE], 2), (["Menu", "Search", filled(41, "•"), PROSE], 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_inside_and_outside(name: str) -> None:
    row = ROWS[name]
    assert [evidence.weight for evidence in given(*row.inside, row.reason, row.title)] == [pytest.approx(row.weight)]
    if row.outside is not None:
        assert given(*row.outside, row.reason, row.title) == []


def test_what_a_page_says_of_a_block() -> None:
    (evidences,) = labelled(["Bridge one"], marks=frozenset({"tag:nav"})).evidence
    assert [(evidence.label, evidence.reason) for evidence in evidences] == [("navigation", "HTML says: tag:nav")]
    assert labelled(["Bridge one"], marks=frozenset({"unknown"})).evidence[0] == []


@pytest.mark.parametrize(
    ("line", "cut"),
    [
        ("The bridge is open.Read on", "Read on"),
        ("The bridge is open. Read on", "Read on"),
        ("The bridge is open to read on", None),
        ("Get more news from the harbour The bridge is open.", "Get more news from the harbour"),  # five spaces
        ("Get more news from harbour The bridge is open.", None),  # four
        ("GET MORE NEWS FROM HARBOUR The bridge is open.", "GET MORE NEWS FROM HARBOUR"),
        ("Get more news from the harbour.", "Get more news from the harbour."),  # all of a line
        ("Get more news from harbour.", None),
    ],
)
def test_what_is_stuck_to_prose(line: str, cut: str | None) -> None:
    cuts = [(line[start:end], evidence.weight) for start, end, evidence in labelled([line]).cuts[0]]
    assert cuts == ([] if cut is None else [(cut, 4.4)])


@pytest.mark.parametrize(
    ("text", "prose", "crumb"),
    [
        (filled(220), True, False),
        (filled(219), False, False),
        (filled(99) + ".", True, False),
        (filled(98) + ".", False, False),
        (filled(60), False, True),
        (filled(61), False, False),
        (filled(20) + ".", False, False),
        ("桥" * 88, True, False),  # an ideograph counts as 2.5 letters
        ("桥" * 87, False, False),
        ("桥" * 24, False, True),
        ("桥" * 25, False, False),
    ],
)
def test_prose_and_crumbs(text: str, prose: bool, crumb: bool) -> None:
    measures = measure(Block(0, len(text), text, 0, 0))
    assert (measures.prose, measures.crumb) == (prose, crumb)


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("1. The bridge", True),
        ("123) The bridge", True),
        ("1234. The bridge", False),
        ("1.5 metres", False),
        ("• The", True),
    ],
)
def test_list_items(text: str, listed: bool) -> None:
    block = Block(0, len(text), text, 0, 0)
    assert (measure(block).listed, in_python(block).listed) == (listed, listed)


def test_json_without_a_semicolon_anywhere_is_code_where_the_model_has_no_doubt() -> None:
    leaked = '{"@context":"https://schema.example","@type":"NewsArticle","headline":"Ferry runs again"}'
    text = f"{PROSE}\n{leaked}"
    blocks = tuple(
        Block(at, at + len(line), line, number, 1)
        for number, (at, line) in enumerate(((0, PROSE), (len(PROSE) + 1, leaked)))
    )
    rendering = Rendering(text, blocks, text, (), {}, False)
    for doubts in (None, [-9.0, -9.0]):
        evidence = find_evidence(rendering, MATCHER, doubts=doubts).evidence[1]
        assert "markup" in {piece.label for piece in evidence}


@pytest.mark.parametrize(
    ("line", "speaks"),
    [
        ("We cover the harbour.", True),
        ("Dear readers,", True),
        ("The council covers the harbour.", False),
        ("“We cover the harbour,” she said.", False),
    ],
)
def test_who_speaks_to_the_reader(line: str, speaks: bool) -> None:
    assert (0 in labelled([line]).speaking) is speaks


@pytest.mark.parametrize(
    "source",
    [
        "Smith v. Jones", "Smith v Jones", "Smith, v. Jones", "12 U.S. 45", "12 U. S. 45", "3 F.3d 9", "3 F. 2d 9", "4 F. Supp 2",
        "7 S. Ct. 8", "§ 5", "§§5", "[1932] AC 562", "[2001] UKHL 4", "C-131/12", "T-9/08", "Art. 5", "Artikel 5", "Rn. 12",
        "Urteil v. 3", "Urt. vom 3",
    ],
)  # fmt: skip
def test_what_names_a_case_or_a_law_is_told(source: str) -> None:
    assert patterns.CITATION.search(source)
    assert patterns.cites(f"See also: {source}")


def test_a_prompt_cites_nothing() -> None:
    assert not patterns.cites("See also: The ferry runs again from May")
