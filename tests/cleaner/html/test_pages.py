"""The pages in fixtures/pages: the rendering line by line, what is kept and what goes, titles, in every mode.

An expected line with a third value "known failure" must still fail; the labels of what goes hold for most lines.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from make_page import lines_of
from support.cases import ROOT

from cleaner import CleanedDocument, Cleaner, Label
from cleaner.html.page import Extractor
from cleaner.labels import KEPT
from cleaner.ledger import ledger, rebuild

PAGES = sorted((ROOT / "fixtures" / "pages").iterdir())
NAMES = [page.name for page in PAGES]
#: Floors below what is measured: lines rightly kept or removed in fast mode; right labels among the lines that go.
FAST_RIGHT, TYPED_RIGHT = 0.90, 0.70


@lru_cache(maxsize=4)
def cleaner(extractor: Extractor) -> Cleaner:
    return Cleaner(extractor=extractor)


@lru_cache(maxsize=64)
def cleaned(page: Path, extractor: Extractor) -> CleanedDocument:
    return cleaner(extractor).clean(html=(page / "page.html").read_text("utf-8"))


def expected(page: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((page / "expected.json").read_text("utf-8"))
    return values


def judged(page: Path, extractor: Extractor) -> list[tuple[str, str, str, bool]]:
    """Per line its text, the expected label, the one given, and whether it is a known failure."""
    lines = lines_of(cleaned(page, extractor))
    return [(want[1], want[0], got[0], len(want) > 2) for want, got in zip(expected(page)["lines"], lines, strict=True)]


def is_kept(label: str) -> bool:
    return Label(label) in KEPT


def test_there_are_enough_pages() -> None:
    assert len(PAGES) >= 15
    assert len({expected(page)["lang"] for page in PAGES}) >= 8


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_rendering(page: Path) -> None:
    rendered = cleaned(page, Extractor.FAST).rendering_text.split("\n")
    assert [line.strip() for line in rendered if line] == [line[1] for line in expected(page)["lines"]]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_kept_and_removed(page: Path) -> None:
    lines = judged(page, Extractor.PAGE)
    wrong = {text for text, want, got, _ in lines if is_kept(want) != is_kept(got)}
    assert wrong == {text for text, _, _, known in lines if known}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_title(page: Path) -> None:
    assert cleaned(page, Extractor.PAGE).title == expected(page)["title"]
    assert cleaned(page, Extractor.FAST).title == expected(page)["title"]


def test_fast_mode_is_mostly_right() -> None:
    lines = [line for page in PAGES for line in judged(page, Extractor.FAST)]
    assert sum(is_kept(want) == is_kept(got) for _, want, got, _ in lines) / len(lines) >= FAST_RIGHT


def test_labels_of_what_goes() -> None:
    lines = [line for page in PAGES for line in judged(page, Extractor.PAGE)]
    gone = [(want, got) for _, want, got, _ in lines if not is_kept(want) and not is_kept(got)]
    assert sum(want == got for want, got in gone) / len(gone) >= TYPED_RIGHT


@pytest.mark.parametrize("extractor", list(Extractor))
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_rendering_is_rebuilt(page: Path, extractor: Extractor) -> None:
    document = cleaned(page, extractor)
    assert rebuild(document.text, ledger(document, media_type="text/html", decoding={})) == document.source_text


def test_same_rendering_in_every_mode() -> None:
    for page in PAGES:
        assert len({cleaned(page, extractor).source_text for extractor in Extractor}) == 1


def test_metadata() -> None:
    page = cleaned(ROOT / "fixtures" / "pages" / "en-harbour-news", Extractor.PAGE).metadata
    assert page["authors"] == ["Tessa Quill"]
    assert (page["date"], page["section"], page["site"]) == ("2025-04-02", "Coast", "The Ellery Chronicle")
    assert page["canonical"] == "https://chronicle.example/news/night-ferry"
    caption = "The Saint Brannoc enters the harbour on Tuesday. Photo: Ada Holm"
    assert page["images"] == [{"src": "/img/ferry.jpg", "caption": caption}]
    graph = cleaned(ROOT / "fixtures" / "pages" / "en-spans-and-graph", Extractor.FAST).metadata
    assert graph["authors"] == ["Hollis Brand", "May Orrin"]
    assert graph["date"] == "2025-01-20"
