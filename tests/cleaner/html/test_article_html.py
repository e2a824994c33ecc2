"""The cleaned article as HTML: what of the page's elements stays, that all removed text is cut, that text agrees."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import CleanedDocument, Cleaner, clean

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted((ROOT / "fixtures" / "pages").iterdir())
PROSE = "The ferry between the mill stairs and the tannery sails every ten minutes, from six in the morning until nine."
CLEANER = Cleaner(page_model=None, model=None)  # rules alone: what stays does not hang on a model


def article(inside: str) -> str:
    html = CLEANER.clean(html=f"<article><h1>Ferry</h1><p>{PROSE}</p>{inside}<p>{PROSE}</p></article>").html()
    start, end = f"<article><h1>Ferry</h1><p>{PROSE}</p>", f"<p>{PROSE}</p></article>"
    assert html.startswith(start)
    assert html.endswith(end)
    return html[len(start) : -len(end)]


SHAPES = {
    "headings": ("<h2>Who pays</h2>", "<h2>Who pays</h2>"),
    "h1 in the text": ("<h1>Who pays</h1>", "<h2>Who pays</h2>"),
    "inline": (f"<p>{PROSE} <b>x</b>, <i>y</i><span>z</span></p>", f"<p>{PROSE} <strong>x</strong>, <em>y</em>z</p>"),
    "link": (f'<p>{PROSE} <a href="/a?b=1&amp;c" onclick=x>more</a></p>', f'<p>{PROSE} <a href="/a?b=1&amp;c">more</a></p>'),
    "script link": (f"<p>{PROSE} <a href='javascript:x()'>more</a></p>", f"<p>{PROSE} more</p>"),
    "list": ("<ul><li>one boat<ol><li>two men</ol><li><p>tea</p></ul>", "<ul><li>one boat<ol><li>two men</li></ol></li><li><p>tea</p></li></ul>"),
    "table": (
        "<table><tr><th>Boat<th><th>Price<tr><td>Ida<td>old<td>two<br>crowns</table>",
        "<table><tr><th>Boat</th><td></td><th>Price</th></tr><tr><td>Ida</td><td>old</td><td>two crowns</td></tr></table>",
    ),
    "quote": (f"<blockquote><p>{PROSE}</p><p>{PROSE}</p></blockquote>", f"<blockquote><p>{PROSE}</p><p>{PROSE}</p></blockquote>"),
    "code": ("<pre><code>def f(x):\n    return x</code></pre>", "<pre><code>def f(x):\n    return x</code></pre>"),
    "loose text": (f"<div>{PROSE}</div>", f"<p>{PROSE}</p>"),
    "lines": (f"<p>{PROSE}<br>{PROSE}</p>", f"<p>{PROSE}<br/>{PROSE}</p>"),
    "caption goes": ("<figure><img src=a><figcaption>The ferry. Photo: Ada Holm</figcaption></figure>", ""),
    "script": ("<script>x()</script><p>a &lt; b &amp; c</p>", "<p>a &lt; b &amp; c</p>"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    given, expected = SHAPES[name]
    assert article(given) == expected


def words(text: str) -> str:
    return re.sub(r"[\s|]+", "", text)


def text_of(cleaned: CleanedDocument) -> str:
    return BeautifulSoup(cleaned.html(), "html.parser").get_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_same_text(page: Path) -> None:
    cleaned = clean(html=(page / "page.html").read_text("utf-8"))
    assert words(text_of(cleaned)) == words(cleaned.text)


def test_text_becomes_paragraphs() -> None:
    cleaned = clean(f"Ferry sails\n\n{PROSE}\nSign up for our free newsletter\n{PROSE} a < b.\n", title="Ferry sails")
    assert cleaned.html() == f"<article><h1>Ferry sails</h1><p>{PROSE}</p><p>{PROSE} a &lt; b.</p></article>"


def test_nothing_kept() -> None:
    assert clean(html="").html() == clean("").html() == "<article></article>"


PLAIN = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=8)
TAGS = st.sampled_from(
    "<p> </p> <div> <b> <br> <table> <tr> <td> </table> <pre> </pre> <a+href=x> </a> <li> <ul> </ul> <h2> <h1> <blockquote> "
    "<dl> <dt> <dd> <code> CafÃ© fuß\u00adweg | <span+hidden> </span>".split()
).map(lambda tag: tag.replace("+", " "))


@settings(max_examples=80)
@given(st.lists(TAGS | PLAIN | st.just(PROSE), max_size=25))
def test_same_text_whatever_the_markup(parts: list[str]) -> None:
    cleaned = CLEANER.clean(html="".join(parts))
    assert words(text_of(cleaned)) == words(cleaned.text)
