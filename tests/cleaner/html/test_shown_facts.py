"""Title, date, authors and outlet of pages that only show them to readers, not to programs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.document import Document
from cleaner.html.segment import segment_html
from cleaner.html.shown_dates import date_in_address, date_in_line, month_named

LINES = {
    "Posted on May 3rd, 2024 by Ada": "2024-05-03",
    "3 May 2024": "2024-05-03",
    "Von Ada Holm, 3. März 2024, 10:15 Uhr": "2024-03-03",
    "Publié le 3 août 2024": "2024-08-03",
    "1er décembre 2023": "2023-12-01",
    "3 de mayo de 2024": "2024-05-03",
    "3 maggio 2024": "2024-05-03",
    "3 maja 2024": "2024-05-03",
    "3 мая 2024 г.": "2024-05-03",
    "3. toukokuuta 2024": "2024-05-03",
    "2024. 5. 3.": "",
    "2024年5月3日 10:00": "2024-05-03",
    "2024년 5월 3일": "2024-05-03",
    "Veröffentlicht am 02.11.2021": "2021-11-02",
    "Updated 2024-05-03T10:00": "2024-05-03",
    "99. 99. 2024": "",
    "May 2024": "",
    "Call 2024-55-11": "",
    "3 bridges 2024": "",
    "31 February 2024, then 1 March 2024": "",
    "": "",
}


@pytest.mark.parametrize("line", LINES)
def test_date_in_line(line: str) -> None:
    assert date_in_line(line) == LINES[line]


def test_month_before_day_where_it_is_so_written() -> None:
    assert (date_in_line("03/05/2024", day_first=False), date_in_line("03/05/2024")) == ("2024-03-05", "2024-05-03")
    assert date_in_line("03.05.2024", day_first=False) == "2024-05-03"


@given(st.text(max_size=80))
def test_dates_never_raise(line: str) -> None:
    assert len(date_in_line(line)) in (0, 10)
    assert len(date_in_address(line)) in (0, 10)
    assert 0 <= month_named(line) <= 12


@pytest.mark.parametrize(
    ("address", "day"),
    [
        ("https://a.example/2024/05/03/x", "2024-05-03"),
        ("https://a.example/x-20240503.html", "2024-05-03"),
        ("https://a.example/2024/13/03/x", ""),
        ("https://a.example/2024/05/031", ""),
        ("", ""),
    ],
)
def test_date_in_address(address: str, day: str) -> None:
    assert date_in_address(address) == day


PROSE = "<p>The light on the skerry went out on Monday night, and nobody knew for nine hours why it had.</p>" * 2
PAGES: list[tuple[str, str, dict[str, Any]]] = [
    ("<title>The light - The Post of Skarholm</title>", "<h1>The light</h1>", {"title": "The light - The Post of Skarholm"}),
    ("<title>The light went out - The Post</title>", "<h1>The light went out</h1>", {"title": "The light went out"}),
    ("<title>The Post | The light went out</title>", "<h1>The light went out</h1>", {"title": "The light went out"}),
    ("<title>The light went outside</title>", "<h1>The light went out</h1>", {"title": "The light went outside"}),
    ('<meta property="og:title" content="A"><title>The light went out</title>', "<h1>The light went out</h1>", {"title": "The light went out"}),
    ("", "<h1>T</h1><p>By Ida Lunde and Per Vik | 3 June 2024</p>", {"authors": ["Ida Lunde", "Per Vik"], "date": "2024-06-03"}),
    ("", '<h1>T</h1><a href="/author/ida">Ida Lunde</a>', {"authors": ["Ida Lunde"]}),
    ("", '<h1>T</h1><span class="author-name">Ida Lunde</span><time datetime="2024-06-03T01:02">x</time>', {"authors": ["Ida Lunde"], "date": "2024-06-03"}),
    ("", '<h1>T</h1><label class="comment-form-author">Name *</label>', {"authors": None}),
    ('<meta name="author" content="Per Vik">', '<h1>T</h1><a rel="author">Ida Lunde</a>', {"authors": ["Per Vik"]}),
    ('<meta name="date" content="2024-06-01">', "<h1>T</h1><p>3 June 2024</p>", {"date": "2024-06-01"}),
    ('<link rel="canonical" href="https://www.post.example/2024/06/03/light">', "<h1>T</h1>", {"date": "2024-06-03", "site": "post.example"}),
    ('<meta name="description" content="&lt;p&gt;Out &amp;amp; on&lt;/p&gt;">', "<h1>T</h1>", {"description": "Out & on"}),
    ('<link rel="canonical" href="http://[">', "<h1>T</h1>", {"site": None, "date": None}),
]  # fmt: skip


@pytest.mark.parametrize(("head", "top", "facts"), PAGES)
def test_shown(head: str, top: str, facts: dict[str, Any]) -> None:
    page = f"<html><head>{head}</head><body>{top}{PROSE}</body></html>"
    metadata = segment_html(Document("a", page, "text/html")).metadata
    assert {name: metadata.get(name) for name in facts} == facts
    assert "titles" not in metadata
