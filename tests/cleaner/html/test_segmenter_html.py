"""HTML → blocks: lines as a browser breaks them, marks, the main part, and pages that break parsers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from cleaner.document import Block, Document, Rendering
from cleaner.html.class_hints import class_marks
from cleaner.html.limits import MAX_ATTRIBUTES, MAX_DEPTH, MAX_OPTIONS, bounded
from cleaner.html.page import MAX_ANCESTORS
from cleaner.html.segment import segment_html
from cleaner.html.structured_data import stated
from cleaner.media_types import block_texts

PARAGRAPHS = [
    "The harbour bridge reopened on Monday after two years of work that had cut the old town in half.",
    "Hundreds of people walked across in the morning, many of them with children and some with dogs.",
    "The mayor said the town had waited long enough, and thanked the builders for their patience.",
    "Cars may cross from Thursday, when the last of the new lamps are to be put up along the railing.",
]
PAGE = f"""<!DOCTYPE html><html lang="en"><head><title>Harbour bridge reopens - The Coast</title>
<meta property="og:site_name" content="The Coast"><meta name="author" content="Jane Roe">
<meta property="article:published_time" content="2024-05-03T10:22:00Z">
<meta property="og:title" content="Harbour bridge reopens"></head><body>
<nav class="menu"><ul><li><a href="/">Home</a></li><li><a href="/n">News from the coast</a></li></ul></nav>
<article><h1>Harbour bridge reopens</h1><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>
<figure><img src="a.jpg"><figcaption>The bridge at dusk. © Port Authority</figcaption></figure>
<div class="c-newsletterSignup" role="form"><p>Get the morning letter</p><button>Sign up</button></div>
<p>{PARAGRAPHS[2]} <a href="/x">A link</a></p><p>{PARAGRAPHS[3]}</p></article>
<footer id="site-footer"><p>All rights reserved by The Coast Publishing Company Limited.</p></footer></body></html>"""


def segment(html: str) -> Rendering:
    return segment_html(Document("x", html, "text/html"))


def block_of(rendering: Rendering, start: str) -> Block:
    return next(block for block in rendering.blocks if block.text.startswith(start))


RENDERED = {
    "inline siblings": ("<p>one <b>two</b>three<i> four </i>\n five", "one twothree four five"),
    "white space": ("<p>  a\n\tb </p>  <p>c", "a b\n\nc"),
    "no-break space stays": ("<p>5\u00a0km", "5\u00a0km"),
    "breaks": ("a<br>b<br/><br>c<hr>d", "a\nb\nc\n\nd"),
    "lists": ("<ul><li>a<li>b<ol><li>c</ol></ul>", "a\nb\nc"),
    "paragraphs in lists": ("<ul><li><p>a</p></li><li><div>b</div></li></ul>c", "a\nb\n\nc"),
    "definition lists": ("<dl><dt>a<dd>b</dl>", "a\nb"),
    "data table": ("<table><tr><th>a<th>b<tr><td>1<td><b>2</b></table>", "a | b\n1 | 2"),
    "layout table": ("<table><tr><td><h2>a</h2><p>b</p><td>c</table>", "a\nb\nc"),
    "long cells": (
        f"<table><tr><td><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p><td>{PARAGRAPHS[2]}<td>{PARAGRAPHS[3]}</table>",
        "\n".join(PARAGRAPHS),
    ),
    "cells of paragraphs and lists": (
        "<table><tr><td>a<td>b<p>c</p><tr><td>d<td><ul><li>e<li>f</ul></table>",
        "a | b c\nd | e f",
    ),
    "one cell": ("<table><tr><td>a<br>b</table>", "a\nb"),
    "break in a cell": ("<table><tr><td>a<br>b<td>c</table>", "a b | c"),
    "heading that is a button": ("<h3><button>a</button></h3><button><h3>b</h3></button>", "a\n\nb"),
    "hidden inside a sentence": (
        "a<span hidden> b</span><i style='display:none'>c</i>, <b aria-hidden=true>d</b>f<u> <i class='sr-only'>e</i></u>",
        "a, f",
    ),
    "copy that is shown": (
        "<p><span class=visually-hidden>The</span><span aria-hidden=true>T</span>he town",
        "The town",
    ),
    "hidden from screen readers alone": ("<h2><span aria-hidden=true>a</span></h2>", "a"),
    "formula": ("a <math><msup><mi>v</mi><mn>2</mn></msup><annotation>v^{2}</annotation></math> b", "a v^2 b"),
    "fraction": ("<math><mfrac><mn>1</mn><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></mfrac></math>", "1/(a+b)"),
    "formula in words": ("a<math alttext=' x + y'></math>", "ax + y"),
    "formula of its source": ("<math><semantics><mrow></mrow><annotation>\\pi</annotation></semantics></math>", "\\pi"),
    "invisible": (
        f"a<div style='visibility: hidden'><p>{PARAGRAPHS[0]} {PARAGRAPHS[1]} {PARAGRAPHS[2]}</p></div>"
        + PARAGRAPHS[3] * 4,
        f"a\n\n{PARAGRAPHS[3] * 4}",
    ),
    "text around blocks": ("a<div>b</div>c", "a\n\nb\n\nc"),
    "preformatted": ("<pre>a\n  b\n\nc</pre>d", "a\n  b\nc\n\nd"),
    "buttons": ("<button>Once</button><button>Monthly</button>", "Once\nMonthly"),
    "quote": ("<blockquote>a<p>b</blockquote>", "a\n\nb"),
    "caption": ("<figure><img alt=no><figcaption>c</figcaption></figure>", "c"),
    "scripts and styles": ("a<script>b</script><style>c</style><template>d</template><noscript>e</noscript>", "a"),
    "comments": ("a<!-- b --><![CDATA[c]]>d", "ad"),
    "hidden": ('a<p hidden>b</p><p style="Display : none">c</p><dialog>d</dialog>', "a"),
    "head": ("<title>a</title><p>b", "b"),
    "entities": ("<p>&eacute;&amp;&#8364;&nbsp;x", "é&€\u00a0x"),
    "forms": ("<form><label>a <input value=b></label><select><option>c</select><textarea>d</textarea></form>", "a"),
    "separators of lines in text": ("<p>a\u2028b\u2029c\x0bd", "a b c d"),
}


@pytest.mark.parametrize("name", RENDERED)
def test_rendering(name: str) -> None:
    html, expected = RENDERED[name]
    assert segment(html).text == expected


def test_page() -> None:
    rendering = segment(PAGE)
    assert rendering.source_text == rendering.text
    assert [block.text for block in rendering.blocks] == [line for line in rendering.text.split("\n") if line]
    assert rendering.metadata["title"] == "Harbour bridge reopens"
    assert rendering.metadata["authors"] == ["Jane Roe"]
    assert rendering.metadata["site"] == "The Coast"
    assert rendering.metadata["date"] == "2024-05-03"


def test_marks_and_paths() -> None:
    rendering = segment(PAGE)
    body = block_of(rendering, PARAGRAPHS[0])
    assert (body.path, body.marks) == ("article/p", ())
    caption = block_of(rendering, "The bridge at dusk")
    assert caption.path == "article/figure/figcaption"
    assert "tag:figcaption" in caption.marks
    assert {"class:newsletter", "role:form"} <= set(block_of(rendering, "Get the").marks)
    assert {"tag:nav", "class:navigation"} <= set(block_of(rendering, "News from").marks)
    assert {"tag:footer"} <= set(block_of(rendering, "All rights").marks)


def test_link_density() -> None:
    rendering = segment(PAGE)
    assert block_of(rendering, "Home").link_density == 1
    assert 0 < block_of(rendering, PARAGRAPHS[2]).link_density < 0.2
    assert segment("<a name=x>a</a>").blocks[0].link_density == 0


def test_row_of_a_table_belongs_to_the_row() -> None:
    assert segment(RENDERED["data table"][0]).blocks[0].path == "table/tbody/tr"


@pytest.mark.parametrize(
    ("name", "marks"),
    [
        ("newsletter", ["class:newsletter"]),
        ("c-newsletterSignup__box", ["class:newsletter", "class:newsletter"]),
        ("wp-caption-text", ["class:caption"]),
        ("READ_MORE", ["class:related"]),
        ("mostRead", ["class:related"]),
        ("has-newsletter", []),
        ("comments-open", []),
        ("shadow", []),
        ("header", []),
        ("", []),
        ("—", []),
    ],
)
def test_class_names(name: str, marks: list[str]) -> None:
    assert list(class_marks(name)) == marks


BROKEN = {
    "empty": ("", ""),
    "white space": (" \n ", ""),
    "text": ("just text", "just text"),
    "frameset": ("<frameset><frame src=a><noframes><p>x</p></noframes></frameset>", "x"),
    "xml declaration": ('<?xml version="1.0" encoding="utf-16"?><html><body><p>été</p></body></html>', "été"),
    "wrong charset declared": ("<meta charset=koi8-r><p>Мост — été", "Мост — été"),
    "nothing closed": ("<div><p>a<b>b<ul><li>c", "ab\n\nc"),
    "closed only": ("</div></p>a</b>", "a"),
    "angle brackets": ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    "marked section": ("<![if IE]>x<![endif]>", "x"),
    "doctype cut": ("<!DOCTYPE", ""),
    "lone surrogate": ("<p>a\ud800b", "a\ufffdb"),
    "two bodies": ("<body>a</body><body>b</body>", "ab"),
    "looks like a file name": ("page.html", "page.html"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.filterwarnings("error")
def test_broken_pages(name: str) -> None:
    html, expected = BROKEN[name]
    assert segment(html).text == expected


def test_nesting_deeper_than_python_calls() -> None:
    rendering = segment("<div>" * 20_000 + "deep" + "</div>" * 20_000 + "<p>after")
    assert rendering.text == "deep\n\nafter"
    assert rendering.metadata["markup-cut"] == [f"tags nested deeper than {MAX_DEPTH}"]
    deep = segment("<blockquote>" * 5000 + "deep").blocks[0]
    assert deep.path.count("/") < MAX_ANCESTORS


def test_page_too_large_for_the_extractor() -> None:
    rendering = segment("<p>" * 60_000 + "a")
    assert (rendering.text, rendering.metadata) == ("a", {})


TAGS = st.sampled_from(
    "<p> </p> <div> </div> <b> <br> <table> <tr> <td> </table> <pre> </pre> <a+href=x> </a> <li> <ul> <h2> <button> "
    "<script> </script> <nav> <article> </article> <figcaption> <!-- --> <td+id=share> &amp; &#0; <hr> <select>".split()
).map(lambda tag: tag.replace("+", " "))


@settings(max_examples=60)
@given(st.lists(TAGS | st.text(max_size=8), max_size=25))
def test_blocks_are_lines_of_the_rendering(parts: list[str]) -> None:
    rendering = segment("".join(parts))
    page = Document("page", "".join(parts), "text/html")
    assert block_texts(page)[0] == [block.text for block in rendering.blocks]  # what is counted is what is cleaned
    if rendering.layout is None:  # no markup at all: cut like a text
        return
    end = 0
    for block in rendering.blocks:
        assert rendering.text[block.start : block.end] == block.text == block.text.strip() != ""
        assert rendering.text[end : block.start].strip() == ""
        assert "\n" not in block.text
        assert 0 <= block.link_density <= 1
        end = block.end
    assert len(rendering.blocks) == len([line for line in rendering.text.split("\n") if line])
    assert rendering.text.encode("utf-8") is not None


def test_same_page_same_rendering() -> None:
    assert segment(PAGE) == segment(PAGE)


HIDDEN = f'<div style="display:none"><p>{PARAGRAPHS[0]} {PARAGRAPHS[1]}</p><p>{PARAGRAPHS[2]}</p></div>'


def test_hidden_prose_is_shown_and_marked() -> None:
    rendering = segment(f"<p>{PARAGRAPHS[3]}</p>{HIDDEN}<p hidden>Menu</p><noscript>{HIDDEN}</noscript>")
    assert [block.text[:4] for block in rendering.blocks] == ["Cars", "The ", "The "]
    assert ["hidden" in block.marks for block in rendering.blocks] == [False, True, True]


def test_article_after_a_tag_left_open_in_noscript_is_shown() -> None:
    inside = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    rendering = segment(f"<noscript><div></noscript><main>{inside}</main>")
    assert [block.text for block in rendering.blocks] == PARAGRAPHS
    assert all("hidden" not in block.marks for block in rendering.blocks)


def test_mark_of_the_whole_article_is_none() -> None:
    inside = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    rendering = segment(f'<div class="newsletter-issue">{inside}</div><div class="share-bar">Share</div>')
    assert all("class:newsletter" not in block.marks for block in rendering.blocks)
    assert "class:share" in rendering.blocks[-1].marks


BOUNDED = {
    "deep": ("<div>" * 20_000 + "x", f"tags nested deeper than {MAX_DEPTH}", "x"),
    "options": (
        "<select>" + "<option>y" * 20_000 + "</select><p>x",
        f"tags of options beyond the first {MAX_OPTIONS}",
        "x",
    ),
    "attributes": (
        f"<p {' '.join(f'a{at}=1' for at in range(20_000))}>x",
        f"attributes beyond {MAX_ATTRIBUTES} of an element",
        "x",
    ),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_markup_is_bounded_before_the_parser(name: str) -> None:
    html, said, text = BOUNDED[name]
    limited = bounded(html)
    assert limited.cut == (said,)
    assert len(limited.html) < len(html)
    assert text in segment(html).text
    assert bounded(limited.html).cut == ()


@pytest.mark.parametrize(
    "html",
    [
        PAGE,
        "<div>" * MAX_DEPTH + "x",
        "<select>" + "<option>x</option>" * MAX_OPTIONS,
        f"<p {' '.join(f'a{at}=1' for at in range(MAX_ATTRIBUTES))}>x",
        f"<p data-state='{'{}=' * 20_000}' class=x>y</p>",
    ],
)
def test_markup_within_the_limits_is_left_alone(html: str) -> None:
    assert bounded(html).html == html


JSON_PAGES = {
    "articleBody": (
        '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "articleBody": "%s"}]}</script>x',
        "json",
    ),
    "application state": ('<script id="__NEXT_DATA__" type="application/json">{"a": [{"b": "%s"}]}</script>x', "json"),
    "broken": ('<script type="application/ld+json">{"@type": "NewsArticle", "articleBody": "%s"</script>x', ""),
    "escaped twice": (
        '<script type="application/ld+json">{"@type": "NewsArticle", "articleBody": "&lt;p&gt;%s&lt;/p&gt;"}</script>x',
        "json",
    ),
    "template": ('<script type="text/template"><div><p>%s</p></div></script>x', "template"),
}


@pytest.mark.parametrize("name", JSON_PAGES)
def test_text_in_json(name: str) -> None:
    html, where = JSON_PAGES[name]
    rendering = segment(html % " ".join(PARAGRAPHS))
    assert (" ".join(PARAGRAPHS) in rendering.text) is bool(where)


def test_short_neighbours_of_prose_in_json() -> None:
    blocks = [
        {"type": "paragraph", "text": text} for text in (PARAGRAPHS[0] * 2, "What the mayor says", *PARAGRAPHS[1:])
    ]
    state = {"menu": [{"text": "Home"}, {"text": "Sport"}], "props": {"page": {"url": "/a", "body": blocks}}}
    html = f'<div id=__next></div><script id=__NEXT_DATA__ type="application/json">{json.dumps(state)}</script>'
    assert [block.text for block in segment(html).blocks] == [block["text"] for block in blocks]


def test_damage_is_repaired_as_in_texts() -> None:
    rendering = segment("<p>Das CafÃ© an der Fuß\u00adgänger\u00adbrücke kostet ¤3.<p>Preise in EUR.")
    assert rendering.text == "Das Café an der Fußgängerbrücke kostet €3.\n\nPreise in EUR."
    assert rendering.source_text.count("\u00ad") == 2
    assert {repair.kind for repair in rendering.repairs} == {"mojibake", "hyphen", "currency"}
    assert [block.text for block in rendering.blocks] == rendering.text.split("\n\n")


ANSWER = "<div{state}><p>Two euros for adults, one euro for pupils.</p></div>"
ACCORDIONS = {
    "hidden": "<h3><button>{q}</button></h3>" + ANSWER.format(state=" hidden"),
    "style": "<h3>{q}</h3>" + ANSWER.format(state=" style='display:none'"),
    "heading in a box": "<div class=q><h3>{q}</h3></div>" + ANSWER.format(state=" hidden"),
    "definitions": "<dl><dt>{q}</dt><dd hidden>Two euros for adults, one euro for pupils.</dd></dl>",
    "buttons": "<button aria-expanded=false>{q}</button>" + ANSWER.format(state=" hidden"),
    "details": "<details><summary>{q}</summary>Two euros for adults, one euro for pupils.</details>",
}


@pytest.mark.parametrize("name", ACCORDIONS)
def test_answers_that_a_click_opens(name: str) -> None:
    html = "".join(ACCORDIONS[name].format(q=question) for question in ("What does it cost?", "And for pupils?"))
    rendering = segment(html)
    answer = "Two euros for adults, one euro for pupils."
    assert [block.text for block in rendering.blocks] == ["What does it cost?", answer, "And for pupils?", answer]
    assert all({"hidden", "tag:button"}.isdisjoint(block.marks) for block in rendering.blocks)


@pytest.mark.parametrize(
    "html",
    [
        "<h3>a</h3><div hidden><p>Only one panel is hidden here, not a list.</p></div>",
        "<button aria-expanded=false>a</button><ul hidden><li>Link<li>Link</ul>" * 3,
        "<h4>a</h4><div hidden><a href=x>Linked words are no answer.</a></div>" * 3,
    ],
)
def test_menus_and_single_hidden_notes_stay_hidden(html: str) -> None:
    assert set(segment(html).text.split()) == {"a"}


def test_structured_data() -> None:
    graph = {
        "@graph": [
            {"@type": "WebSite", "name": "The Coast"},
            {"@type": ["NewsArticle"], "headline": "A &amp; B", "author": {"name": "Jane Roe"}, "datePublished": "2024-05-03T10"},
        ]
    }  # fmt: skip
    tree = LexborHTMLParser(f'<script type="application/ld+json">{json.dumps(graph)}</script>')
    facts = stated(tree).metadata
    assert (facts["title"], facts["authors"], facts["date"]) == ("A & B", ["Jane Roe"], "2024-05-03")
