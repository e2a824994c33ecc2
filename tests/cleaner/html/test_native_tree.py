"""The compiled walk over a page's tree gives what the walk in Python gives, and so do the words of its lines."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser
from support.any_texts import needed
from support.markup import PAGES, markup

from cleaner.html import dom, native_tree, page_words


def walked(html: str) -> tuple[Any, Any]:
    tree = LexborHTMLParser(html)
    native = dom._native()
    assert native is not None
    assert tree.root is not None
    slow = dom.Walk()
    slow.run(tree.root)
    fast = native(tree.root)
    return fast, (slow.elements, slow.lines)


@needed
@given(markup)
@example("<div hidden>" + "a" * 300 + "</div><span hidden>" + "b" * 300 + "</span>c")
@example("<button>a</button><h2><button aria-expanded=true>b</button></h2><div hidden>c.</div>")
@example("<p>a<span aria-hidden=true>b</span><span class=sr-only>c</span>")
@example("<div class=s hidden>a</div><div class=s>b</div><div role=region hidden>c</div>")
@example("<table><tr><td>a<p>b<td>c<tr><td><table><tr><td>d<td></table></table>")
@example("<pre>a\n  b\r\n<b>c</b>\n</pre><ul><li><p>d<p>e</ul>")
@example("<b>" * 600 + "deep")
def test_the_walks_are_the_same(html: str) -> None:
    fast, slow = walked(html)
    if fast is None:  # formulas are read in Python alone
        assert "<math" in html
        return
    assert fast == slow
    assert [tuple(map(type, step)) for step in fast[0]] == [tuple(map(type, step)) for step in slow[0]]
    assert [tuple(map(type, step)) for step in fast[1]] == [tuple(map(type, step)) for step in slow[1]]


@needed
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_walks_are_the_same_on_pages(page: Path) -> None:
    html = page.read_text(encoding="utf-8", errors="replace")
    fast, slow = walked(html)
    assert fast == slow or (fast is None and "<math" in html)


@needed
def test_a_library_without_the_functions_leaves_python_to_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleaner.html.native_tree.FUNCTIONS", ("lxb_no_such_function",))
    native_tree.functions.cache_clear()
    dom._native.cache_clear()
    try:
        assert dom._native() is None
        assert dom.walk("<p>One</p>").walk.lines[0].text == "One"
    finally:
        native_tree.functions.cache_clear()
        dom._native.cache_clear()


said = st.lists(
    st.lists(
        st.sampled_from(["one", "Two", "3", "٣٤", "x1", "読む", "ไทย", "ΣΑΣ", "İ", "a_b", "ß", "😀", "don't"]),
        max_size=14,
    ).map(" ".join)
    | st.text(max_size=30),
    min_size=1,
    max_size=8,
)


@needed
@given(said, st.text(max_size=20), st.lists(said.map("\n".join), max_size=2))
@example(["one two three four five six seven eight nine"] * 3, "two TWO one", ["one two\nthree", ""])
@example([""], "", [])
@example(["\ud800 x 12\u00b2"], "\ud800", ["\x1c a\x85b"])
def test_the_words_are_the_same(lines: list[str], title: str, others: list[str]) -> None:
    fast, slow = page_words._compiled(lines, title, others), page_words._page_words(lines, title, others)
    for field in fields(page_words.PageWords)[:-1]:  # the last one is the memory of all others
        mine, theirs = (np.array(getattr(words, field.name)) for words in (fast, slow))
        assert mine.dtype == theirs.dtype or not mine.size, field.name
        assert mine.tobytes() == theirs.tobytes(), field.name
