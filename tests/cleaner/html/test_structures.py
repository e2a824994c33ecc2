"""One article a page: threads, teasers, other articles, copies, walls and galleries, told by structure."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.growth import exponent

from cleaner import CleanedDocument, Cleaner
from cleaner.document import Document
from cleaner.html.copies import copies
from cleaner.html.page import Layout
from cleaner.html.segment import segment_html
from cleaner.html.structures import COMMENTS, TEASERS, Structures, structures
from cleaner.labels import Label
from cleaner.phrases import phrases

TITLE = "The ferry sails again from the old quay"
PROSE = [
    "The ferry between the mill stairs and the tannery sails again, after a winter in which its boiler lay in pieces on the quay.",
    "Nobody had counted on the frost that split the pump in January, and the spare parts had to be cast in a foundry inland.",
    "The council paid for the fuel of the first month, the passengers put together the rest in a tin box at the ticket hut.",
    "On the first morning eleven people crossed, two of them with bicycles, and the ferryman rang the bell at both landings.",
]
OTHER = [
    "The tannery is to become a hostel for hikers, with forty beds under the beams where the hides used to dry for weeks.",
    "Its new owner, a carpenter from Corve, wants to keep the vats in the cellar and show them to guests on rainy days.",
    "The town has given him three years, and a loan that he need not pay back before the first guest has slept there.",
]
CLEANER = Cleaner()


def paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def page(inside: str) -> str:
    return f"<html><head><title>{TITLE}</title></head><body><main>{inside}</main></body></html>"


def structures_of(html: str) -> Structures:
    layout = segment_html(Document("x", html, "text/html")).layout
    assert layout is not None
    return structures(layout, TITLE)


def cleaned(html: str) -> CleanedDocument:
    return CLEANER.clean(html=html)


ARTICLE = f"<article><h1>{TITLE}</h1>{paragraphs(PROSE)}</article>"
REMARKS = [
    "I crossed on it as a child, with my grandmother and a goose, and I will take my own children there in June.",
    "Eleven people on a weekday is no reason to burn that much coal, whatever the council says about it.",
    "Does anyone know whether they still take bicycles on the last boat in the evening, or only in the morning?",
    "My uncle cast the old pump. He says that the new one will not last three winters either, and he knows.",
]


def thread(count: int, prompt: str = "Reply") -> str:
    boxes = [
        f"<div class=q7><b>Jon {'ABCD'[number]}.</b><i>{number + 2} hours ago</i><p>{REMARKS[number]}</p><a href=#>{prompt}</a></div>"
        for number in range(count)
    ]
    return f"<div class=q6>{''.join(boxes)}</div>"


def teasers(count: int, text: str = "A short line about it.") -> str:
    boxes = [
        f"<div class=z><h3><a href=/{n}>Another story, number {n} of them</a></h3><p>{text}</p></div>"
        for n in range(count)
    ]
    return f"<div>{''.join(boxes)}</div>"


@pytest.mark.parametrize(("count", "is_thread"), [(COMMENTS - 1, False), (COMMENTS, True), (COMMENTS + 1, True)])
def test_thread_without_telling_names(count: int, is_thread: bool) -> None:
    html = page(ARTICLE + thread(count))
    assert (Label.COMMENT in structures_of(html).kinds.values()) is is_thread
    if is_thread:
        body = cleaned(html).body
        assert all(text in body for text in PROSE)
        assert not any(text in body for text in REMARKS)


@pytest.mark.parametrize("prompt", ["Antworten", "Répondre", "返信", "Reply to this comment", "Odpowiedz"])
def test_prompts_of_a_thread(prompt: str) -> None:
    assert Label.COMMENT in structures_of(page(ARTICLE + thread(3, prompt))).kinds.values()


@pytest.mark.parametrize("prompt", ["", "12:30"])
def test_names_dates_and_texts_by_turns_are_a_thread(prompt: str) -> None:
    assert Label.COMMENT in structures_of(page(ARTICLE + thread(3, prompt))).kinds.values()


def by_turns(rows: list[tuple[str, str]], form: str) -> str:
    return (
        "<div>"
        + "".join(form.format(name, date, text) for (name, date), text in zip(rows, REMARKS, strict=False))
        + "</div>"
    )


BOX = "<li><b>{0}</b><p>{1}</p><p>{2}</p></li>"
STAMPS = ["3 June 2024 at 11:02", "03.06.2024, 11:40 Uhr", "vor 3 Stunden", "il y a 2 jours"]


@pytest.mark.parametrize("form", [
    BOX, "<dt>{0}, {1}</dt><dd>{2}</dd>", "<p><b>{0}</b> {1}</p><p>{2}</p>", "<div><p>{0}<br>{1}</p><div>{2}</div></div>",
    "<p>{0} says:<br>{1}</p><p>{2}</p>",
])  # fmt: skip
def test_forms_of_threads(form: str) -> None:
    html = page(
        ARTICLE
        + "<h4>4 Comments</h4>"
        + by_turns(list(zip(["Jo Barr", "mill_cat", "A. N. Other", "Ide"], STAMPS, strict=True)), form)
    )
    body = cleaned(html).body
    assert [text for text in PROSE if text not in body] == []
    assert [text for text in [*REMARKS, "Comments", "mill_cat"] if text in body] == []


@pytest.mark.parametrize("rows", [
    [("3 June 2024", "Royal Hall"), ("5 June 2024", "Old Tannery"), ("9 June 2024", "Mill Stairs"), ("10 June 2024", "Corve")],
    [("11:02", "Jon A."), ("11:40", "Jon A."), ("12:15", "Jon A."), ("12:30", "Jon A.")],
    [("Jon A.", "3 June 2024, 11:02"), ("Jon A.", "3 June 2024, 11:40"), ("Jon A.", "3 June 2024, 12:15")],
    [("Jo Barr", "3 June 2024"), ("mill_cat", "3 June 2024")],
    [("Founded", "1868"), ("Burnt down", "1902"), ("Rebuilt", "1911"), ("Closed", "1970")],
])  # fmt: skip
def test_what_only_looks_like_a_thread(rows: list[tuple[str, str]]) -> None:
    assert structures_of(page(ARTICLE + by_turns(rows, BOX))).kinds == {}


def test_a_thread_stands_below_an_article() -> None:
    rows = [("Jo Barr", STAMPS[0]), ("mill_cat", STAMPS[1]), ("Ide", STAMPS[2])]
    assert structures_of(page(f"<h1>{TITLE}</h1>" + by_turns(rows, BOX))).kinds == {}


@pytest.mark.parametrize(("count", "listed"), [(TEASERS - 1, False), (TEASERS, True)])
def test_list_of_teasers(count: int, listed: bool) -> None:
    assert (Label.RELATED in structures_of(page(ARTICLE + teasers(count))).kinds.values()) is listed


def test_list_of_teasers_alone_is_no_article() -> None:
    assert structures_of(page(teasers(6))).nothing_else
    assert cleaned(page(f"<h1>Stories</h1>{teasers(6)}")).status.value in ("empty", "suspect")
    assert not structures_of(page(ARTICLE + teasers(6))).nothing_else


@pytest.mark.parametrize(
    "heading", ["More from the coast", "Read next", "Weitere Meldungen", "À lire aussi", "関連記事"]
)
def test_long_excerpts_below_a_telling_line_are_teasers(heading: str) -> None:
    html = page(f"{ARTICLE}<div><h2>{heading}</h2>{teasers(3, ' '.join(OTHER))}</div>")
    assert Label.RELATED in structures_of(html).kinds.values()
    body = cleaned(html).body
    assert [text for text in PROSE if text not in body] == []
    assert [text for text in [*OTHER, heading] if text in body] == []


@pytest.mark.parametrize("heading", ["The ferries", "What more can be done", "Our ten favourites"])
def test_other_headings_tell_nothing(heading: str) -> None:
    html = page(f"{ARTICLE}<div><h2>{heading}</h2>{teasers(3, ' '.join(OTHER))}</div>")
    assert Label.RELATED not in structures_of(html).kinds.values()


def test_long_sections_with_linked_headings_are_no_teasers() -> None:
    assert structures_of(page(ARTICLE + teasers(6, " ".join(PROSE)))).kinds == {}


SCROLLED = {
    "articles": f"{ARTICLE}<article><h1>The tannery becomes a hostel</h1>{paragraphs(OTHER)}</article>",
    "boxes": f"<div><h1>{TITLE}</h1>{paragraphs(PROSE)}</div><div><h1>The tannery becomes a hostel</h1>{paragraphs(OTHER)}</div>",
    "second headings": f"<article><h2>{TITLE}</h2>{paragraphs(PROSE)}</article>"
    f"<article><h2>The tannery becomes a hostel</h2>{paragraphs(OTHER)}</article>",
}


@pytest.mark.parametrize("name", SCROLLED)
def test_next_articles_go(name: str) -> None:
    body = cleaned(page(SCROLLED[name])).body
    assert [text for text in PROSE if text not in body] == []
    assert [text for text in OTHER if text in body] == []


@pytest.mark.parametrize(
    "inside",
    [
        f"<article><h1>{TITLE}</h1>{paragraphs(PROSE)}<h1>The tannery</h1>{paragraphs(OTHER)}</article>",  # sections
        f"<h1>{TITLE}</h1><section>{paragraphs(PROSE)}</section><section><h2>The tannery</h2>{paragraphs(OTHER)}</section>",
        f"<article><h2>Diary of a ferryman</h2>{paragraphs(PROSE)}</article><article><h2>Hostel</h2>{paragraphs(OTHER)}</article>",
    ],
)
def test_sections_are_no_other_articles(inside: str) -> None:
    assert Label.RELATED not in structures_of(page(inside)).kinds.values()


COPIES = {
    "three renderings": ARTICLE * 3,
    "print copy": f"{ARTICLE}<div class=print><h2>{TITLE}</h2>{paragraphs(PROSE)}</div>",
    "synopsis": f"<article><h1>{TITLE}</h1><p class=lead>{PROSE[0]}</p>{paragraphs(PROSE)}</article>",
    "hidden": f"{ARTICLE}<div>{''.join(f'<p style=display:none>{text}</p>' for text in PROSE)}</div>",
    "hidden one by one": f"<h1>{TITLE}</h1>"
    + "".join(f"<p>{text}</p><div hidden><p>{text}</p><p>{text}</p></div>" for text in PROSE),
    "below headings": f"<h1>{TITLE}</h1>"
    + "".join(f"<p>{text}</p><h2>Part</h2><p hidden>{text}</p>" for text in PROSE),
    "invisible": f"<div style='visibility:hidden'>{paragraphs(PROSE)}</div>{ARTICLE}",
}


@pytest.mark.parametrize("name", COPIES)
def test_text_comes_once(name: str) -> None:
    body = cleaned(page(COPIES[name])).body
    assert [body.count(text) for text in PROSE] == [1] * len(PROSE)


FUND = [
    "Our strike fund pays those who have been out for more than a week, and it is empty by the end of this month.",
    "We ask all members and friends of the ferry to donate what they can, ten euros or a day's wage, to keep it going.",
    "Your donation goes to the eleven families of the crew; we publish every payment on the door of the ticket hut.",
    "You can give in cash at the hut, by card at the baker's, or by a standing order of five euros per month.",
    "Thank you for your support. Without our readers and passengers the ferry would not have sailed last spring.",
    "Please donate today: we need 4,000 euros until Friday, and each contribution of yours counts for the crew.",
]


def test_an_appeal_that_is_the_page_stays() -> None:
    body = cleaned(
        f"<html><head><title>Strike fund</title></head><body><main><h1>Strike fund</h1>{paragraphs(FUND)}</main></body></html>"
    ).body
    assert len([text for text in FUND if text in body]) >= 4
    beside = cleaned(page(f"<article><h1>{TITLE}</h1>{paragraphs(PROSE * 3 + FUND[1:])}</article>"))
    assert not any("most of what the page has to say" in decision.reasons for decision in beside.decisions)
    assert len([text for text in FUND[1:] if text in beside.body]) <= 3


FILLER = "The words of this paragraph stand here only to fill the page with something that reads like prose."
REPEATED = {
    "the same paragraph": f"<h1>{TITLE}</h1>{paragraphs([FILLER] * 12)}",
    "two by turns": f"<h1>{TITLE}</h1>{paragraphs([FILLER, PROSE[0]] * 4)}",
    "in boxes": f"<h1>{TITLE}</h1>" + "".join(f"<div><p>{FILLER}</p></div>" for _ in range(6)),
    "cells": f"{ARTICLE}<table>{f'<tr><td>Mon</td><td>{FILLER}</td></tr>' * 5}</table>",
    "a long refrain": f"<h1>{TITLE}</h1>"
    + "".join(f"<p>{verse}</p><p>{FILLER}<br>{FILLER} Oh.<br>{FILLER} Ah.</p>" for verse in PROSE),
}  # fmt: skip


@pytest.mark.parametrize("name", REPEATED)
def test_what_repeats_itself_is_no_copy(name: str) -> None:
    body = cleaned(page(REPEATED[name])).body
    assert body.count(FILLER) == REPEATED[name].count(FILLER)


def test_short_answers_stay() -> None:
    asked = [
        f"Does the ferry sail in {month}, when the river runs high below the mill?"
        for month in ("May", "June", "July", "August")
    ]
    body = cleaned(
        page(f"<h1>{TITLE}</h1>{paragraphs(PROSE)}" + "".join(f"<h3>{text}</h3><p>Yes, it does.</p>" for text in asked))
    ).body
    assert body.count("Yes, it does.") == 4


def test_refrain_stays() -> None:
    song = [
        "Row the boat home",
        "Over the dark water",
        "Row the boat home",
        "Under the old bridge",
        "Row the boat home",
    ]
    body = cleaned(
        page(f"<article><h1>{TITLE}</h1>{paragraphs(PROSE)}<p>{'<br>'.join(song)}</p>{paragraphs(OTHER)}</article>")
    ).body
    assert body.count("Row the boat home") == 3


@pytest.mark.parametrize("form", ["<div><p>{0}. {1}</p></div>", "<p>{1}</p>"])
def test_work_for_lines_that_are_said_twice_grows_with_their_number(form: str) -> None:
    assert exponent(copied(form), 300, 2_400) < 1.15


def copied(form: str) -> Callable[[int], object]:
    """Looks for lines said twice on a page of so many lines."""
    layouts = {count: layout_of(form, count) for count in (300, 2_400)}
    return lambda count: copies(
        layouts[count], range(len(layouts[count].lines)), [line.text for line in layouts[count].lines]
    )


def layout_of(form: str, count: int) -> Layout:
    html = page("".join(form.format(number // 2, FILLER) for number in range(count)))
    layout = segment_html(Document("", html, "text/html")).layout
    assert layout is not None
    return layout


@pytest.mark.parametrize("expression", phrases("ago"))
def test_each_time_ago_holds_one_of_its_words(expression: str) -> None:
    """Where a line holds none of them, the expressions are not tried."""
    assert any(word in expression for word in phrases("ago, in a word"))
