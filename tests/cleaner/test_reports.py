"""Pages and texts of our own made after public reports on other programs: what must stay, what must go, what is known.

fixtures/reports/cases.json: `keep` and `drop` are passages, white space aside; `metadata` values are exact.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import pytest
from support.cases import ROOT

from cleaner import Action, CleanedDocument, Cleaner
from cleaner.html.markup import markup_of

REPORTS = ROOT / "fixtures" / "reports"
CASES: list[dict[str, Any]] = json.loads((REPORTS / "cases.json").read_text("utf-8"))
#: Cases that fail today, and why.
KNOWN = {
    "51b chinese-text": "a line that says who is responsible for the page is taken for the article's credit",
}


@lru_cache(maxsize=1)
def cleaner() -> Cleaner:
    return Cleaner()


def cleaned(name: str) -> CleanedDocument:
    payload = (REPORTS / "files" / name).read_bytes()
    return cleaner().clean(html=payload) if name.endswith(".html") else cleaner().clean(payload.decode("utf-8"))


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case["name"], marks=[pytest.mark.xfail(reason=KNOWN[case["name"]])] if case["name"] in KNOWN else [])
        for case in CASES
    ],
)  # fmt: skip
def test_report(case: dict[str, Any]) -> None:
    result = cleaned(case["file"])
    kept = plain(
        " ".join(
            result.rendering_text[decision.start : decision.end]
            for decision in result.decisions
            if decision.action is Action.KEEP
        )
    )
    assert [passage for passage in case["keep"] if plain(passage) not in kept] == []
    assert [passage for passage in case["drop"] if plain(passage) in kept] == []
    known = {"title": result.title, **result.metadata}
    assert {name: known.get(name) for name in case["metadata"]} == case["metadata"]


NO_ARTICLES = ["05-section-index", "50-consent-wall-only", "fresh-js-wall", "fresh-login-wall", "fresh-consent-de"]
NO_ARTICLES += ["fresh-index-list", "fresh-consent", "fresh-index"]


@pytest.mark.parametrize("name", NO_ARTICLES)
def test_pages_without_an_article_are_not_called_clean(name: str) -> None:
    assert cleaned(f"{name}.html").status.value in ("empty", "suspect")


def test_every_file_has_a_case() -> None:
    assert {case["file"] for case in CASES} == {path.name for path in (REPORTS / "files").iterdir()}
    assert all(markup_of((REPORTS / "files" / case["file"]).read_bytes()) for case in CASES)
