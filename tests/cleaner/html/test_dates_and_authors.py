"""Dates in any form, authors' names out of what pages write, languages by tag or name, pages in any form."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from cleaner import clean
from cleaner.html.authors import author_names
from cleaner.html.dates import iso_date
from cleaner.html.markup import markup_of
from cleaner.html.structured_data import language_code

DATES: dict[Any, str] = {
    "2024-05-03": "2024-05-03",
    "2024-05-03T23:30:00-08:00": "2024-05-03",
    "2024/5/3 10:00": "2024-05-03",
    "20240503": "2024-05-03",
    "May 3, 2024": "2024-05-03",
    "3 May 2024": "2024-05-03",
    "Fri, 03 May 2024 10:00:00 EDT": "2024-05-03",
    "03.05.2024": "2024-05-03",
    "13/05/2024": "2024-05-13",
    "05/13/2024": "2024-05-13",
    "2024年5月3日 10:00": "2024-05-03",
    1714730400: "2024-05-03",
    1714730400000: "2024-05-03",
    "May 2024": "",
    "yesterday": "",
    "2024-13-45": "",
    "0024-01-01": "",
    "": "",
}


@pytest.mark.parametrize("value", DATES)
def test_date(value: Any) -> None:
    assert iso_date(value) == DATES[value]


@pytest.mark.parametrize("value", [None, True, [], {}, {"@value": "2024-05-03"}])
def test_no_date(value: Any) -> None:
    assert iso_date(value) == ""


@given(st.text(max_size=40) | st.integers() | st.floats(allow_nan=True))
def test_dates_never_raise(value: Any) -> None:
    assert len(iso_date(value)) in (0, 10)


AUTHORS = [
    (["By Clara Ide"], ["Clara Ide"]),
    (["Von Jan Brand und Ada Holm"], ["Jan Brand", "Ada Holm"]),
    (["Clara Ide, Senior Reporter"], ["Clara Ide"]),
    (["Clara IdeSenior Reporter"], ["Clara Ide"]),
    (["Senior Reporter"], []),
    (["Email the author"], []),
    (["https://social.example/ide"], []),
    (["ide@observer.example"], []),
    (["Ronald McDonald"], ["Ronald McDonald"]),
    (["Clara Ide", "CLARA IDE"], ["Clara Ide"]),
    (["岳弘"], ["岳弘"]),
    (["By Clara Ide Email the author"], ["Clara Ide"]),
    (["Clara Ide Political correspondent"], ["Clara Ide"]),
    (["Clara Ide, Coast Correspondent"], ["Clara Ide"]),
    (["Clara Ide (https://ide.example/)"], ["Clara Ide"]),
    (["Clara Ide, PhD"], ["Clara Ide"]),
    (["Clara Ide December"], ["Clara Ide"]),
    (["April May"], ["April May"]),
    (["Zeige alle Beiträge von Clara Ide"], ["Clara Ide"]),
    (["Clara Ide on behalf of the sailors' club"], ["Clara Ide"]),
    (["Name (erforderlich)"], []),
    ([""], []),
]


@pytest.mark.parametrize(("written", "names"), AUTHORS)
def test_authors(written: list[str], names: list[str]) -> None:
    assert author_names(written) == names


@pytest.mark.parametrize(("length", "count"), [(60, 1), (61, 0)])
def test_a_longer_line_is_no_name(length: int, count: int) -> None:
    assert len(author_names([f"Ada {'H' * (length - 4)}"])) == count


@pytest.mark.parametrize(("written", "count"), [(20, 20), (21, 20)])
def test_so_many_names_are_told(written: int, count: int) -> None:
    assert len(author_names(f"Ada Holm{'abcdefghijklmnopqrstuvwxyz'[number]}" for number in range(written))) == count


@given(st.lists(st.text(max_size=60), max_size=5))
def test_names_are_only_cut(written: list[str]) -> None:
    said = " ".join(" ".join(text.split()) for text in written)
    assert all(name in said for name in author_names(written))


@pytest.mark.parametrize(
    ("value", "code"),
    [("en-GB", "en"), ("English", "en"), ("de_DE", "de"), ("Deutsch", "de"), ("", ""), ("klingon", "")],
)
def test_language(value: str, code: str) -> None:
    assert language_code(value) == code


PAGE = "<html><body><h1>Ferry</h1><p>The café at the mill stairs opens at six in the morning, and closes when the last boat has left.</p></body></html>"
FORMS: dict[str, Any] = {
    "str": PAGE,
    "bytes": PAGE.encode(),
    "bytes with a mark": PAGE.encode("utf-16"),
    "bytearray": bytearray(PAGE.encode()),
    "soup": BeautifulSoup(PAGE, "html.parser"),
    "tag": BeautifulSoup(PAGE, "html.parser").body,
    "element": html.fromstring(PAGE),
    "tree": html.fromstring(PAGE).getroottree(),
}


@pytest.mark.parametrize("form", FORMS)
def test_page_in_any_form(form: str) -> None:
    assert clean(html=FORMS[form]).text == clean(html=PAGE).text


def test_page_given_as_text_is_read_as_a_page() -> None:
    assert clean(PAGE).text == clean(html=PAGE).text
    assert clean("<p> opens a paragraph in HTML, and nothing closes it.").body.startswith("<p> opens")


@pytest.mark.parametrize("page", [7, None, ["<p>"], object()])
def test_other_forms_are_refused(page: Any) -> None:
    with pytest.raises(TypeError, match="give a str, bytes, a BeautifulSoup object or an lxml element"):
        markup_of(page)
