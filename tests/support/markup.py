"""Pages of the fixtures, and markup of any kind for property tests."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

PAGES = sorted((Path(__file__).parents[2] / "fixtures" / "pages").glob("*/page.html"))

TAGS = (
    "p div span a b br hr h1 h2 ul li dl dt dd table tr td th thead caption pre blockquote section article button summary "
    "details dialog noscript script style svg math label figure figcaption option select form nav font x-box"
).split()
ATTRIBUTES = (
    'hidden; style="display:none"; style="DISPLAY : NONE"; style="visibility:hidden"; style="color:red"; '
    'class="sr-only"; class="Screen-Reader-Text focusable"; class="a b"; class=" \u00e9 x\u2003y"; id=i; aria-hidden=true; '
    "aria-expanded=false; aria-controls=x; role=' TabPanel '; role=region; role=İ; open; href=x; itemprop=articleBody; "
    "data-testid=t; data-component=c; class; style; data-x=1"
).split("; ")
WORDS = [
    "One",
    "two three",
    " ",
    "\n",
    "\u00a0",
    "\u2028",
    "  a\n b\t",
    "é",
    "中文",
    "😀",
    "&amp;",
    "&lt;",
    "|",
    "\u200b",
    "",
]

texts = st.sampled_from(WORDS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
opening = st.builds(
    lambda tag, given: f"<{' '.join([tag, *given])}>",
    st.sampled_from(TAGS),
    st.lists(st.sampled_from(ATTRIBUTES), max_size=2, unique=True),
)
closing = st.sampled_from(TAGS).map(lambda tag: f"</{tag}>")
markup = st.lists(texts | opening | closing, max_size=40).map("".join)
