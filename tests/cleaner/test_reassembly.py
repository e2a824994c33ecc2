"""An export under another policy tells what cleaning with that policy would have told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.document import CleanedDocument, Document, Status
from cleaner.labels import Label, Policy, PolicyError
from cleaner.ledger import as_stored, ledger, retell, retelling
from cleaner.pipeline import Cleaner

SEEDS = Path(__file__).parents[2] / "fixtures" / "seed_sources"
TEXTS = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
PAGES = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.html"))]
RULES = Cleaner(model=None)

#: Lines that get different labels, some of which are only a part of a line.
LINES = (
    "Council opens the bridge again",
    "By Jane Roe",
    "The council met on Monday and opened the bridge, which had been closed for nineteen months, the mayor said.",
    "“We waited for a long time,” said a ferry owner who had come to see it, and walked over it twice that morning.",
    "The bridge at dusk. © Port Authority",
    "Read more: how the bridge was built",
    "Subscribe to our newsletter and get the best stories in your inbox every morning",
    "Support us. Give today. Every gift counts, dear readers.",
    "Reuters contributed to this report.",
    "Correction: an earlier version named the wrong street.",
    "It costs ¤90 billion, it â€œsaidâ€\x9d, and nobody will pay it back in our time, as far as anyone knows.",
    "The mayor left early on Tuesday. ADVERTISEMENT",
    "Share on Facebook",
    "",
)


def through(document: Document, first: Policy, second: Policy, cleaner: Cleaner) -> tuple[CleanedDocument, str, str]:
    """Cleaned with the second policy; told under it from what the first one stored; status of that."""
    settings = {"model": cleaner.model, "title_in_text": cleaner.title_in_text}
    stored = Cleaner(policy=first, **settings).clean_document(document)
    wanted = Cleaner(policy=second, **settings).clean_document(document)
    written = json.loads(json.dumps(ledger(stored, media_type=document.media_type, decoding={})))
    if stored.status is Status.EMPTY:
        written["clean-text"] = stored.text
    told = retell(None if stored.status is Status.EMPTY else stored.text, written, second)
    return wanted, "\n\n".join(part for part in (told.title, told.body) if part), told.status.value


def policies() -> st.SearchStrategy[Policy]:
    others = [label.value for label in Label if label is not Label.BODY]
    return st.dictionaries(st.sampled_from(others), st.sampled_from(("keep", "strip", "meta"))).map(Policy.of)


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(LINES), max_size=14),
    st.sampled_from(("\n", "\n\n", "\r\n")),
    st.sampled_from((None, "Bridge open", LINES[0])),
    policies(),
    policies(),
)
def test_another_policy_tells_what_cleaning_would_have(
    lines: list[str], ending: str, title: str | None, first: Policy, second: Policy
) -> None:
    wanted, told, status = through(Document("x", ending.join(lines), title=title), first, second, RULES)
    assert told == wanted.text
    assert status == wanted.status.value


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("second", [{"caption": "keep"}, {"credit": "strip"}, {"byline": "keep", "related": "keep"}])
def test_seeds_with_the_model(text: str, second: dict[str, str]) -> None:
    cleaner = Cleaner()
    wanted, told, _ = through(Document("x", text), Policy(), Policy.of(second), cleaner)
    assert told == wanted.text


@pytest.mark.parametrize("html", PAGES)
def test_a_page(html: str) -> None:
    wanted, told, _ = through(Document("x", html, "text/html"), Policy(), Policy.of({"caption": "keep"}), Cleaner())
    assert told == wanted.text


@pytest.mark.parametrize("in_text", [False, True])
def test_a_given_title_stays_out_or_in(in_text: bool) -> None:
    text = "The council met on Monday and opened the bridge over the river.\n\nShare on Facebook\n"
    document = Document("x", text, title="Bridge open")
    rules = Cleaner(model=None, title_in_text=in_text)
    wanted, told, _ = through(document, Policy(), Policy.of({"social": "keep"}), rules)
    assert told == wanted.text
    assert told.startswith("Bridge open\n\n") is in_text


@pytest.mark.parametrize("in_text", [False, True])
def test_a_given_title_comes_back_when_the_headline_goes(in_text: bool) -> None:
    text = "Council opens the bridge again\n\nThe council met on Monday and opened the bridge over the river.\n"
    document = Document("x", text, title="Bridge open", lang="en")
    rules = Cleaner(model=None, title_in_text=in_text)
    wanted, told, _ = through(document, Policy(), Policy.of({"headline": "strip"}), rules)
    assert told == wanted.text
    assert told.startswith("Bridge open\n\n") is in_text
    assert wanted.given == {"title": "Bridge open", "lang": "en"}


def test_a_ledger_of_before_given_was_stored() -> None:
    cleaned = RULES.clean(TEXTS[0])
    written = {k: v for k, v in ledger(cleaned, media_type="text/plain", decoding={}).items() if k != "given"}
    told = retell(cleaned.text, written, Policy())
    assert (told.title, told.body) == (cleaned.title, cleaned.body)


def test_without_a_policy_as_stored() -> None:
    cleaned = RULES.clean(TEXTS[0])
    written = ledger(cleaned, media_type="text/plain", decoding={})
    told = as_stored(cleaned.text, written)
    assert (told.title, told.body) == (cleaned.title, cleaned.body)
    assert retelling(None, (), ()) is as_stored


def test_unknown_label_is_refused() -> None:
    with pytest.raises(PolicyError, match="unknown label"):
        retelling(None, ("captoin",), ())
