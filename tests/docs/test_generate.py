"""What docs/generate.py calls stale, and what the gallery and the pictures must be."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support.cases import ROOT

DOCS = ROOT / "docs"
LARGEST = 150 * 1024

SAME = [
    (
        "| − | **caption** | 0.94 | Ada. |",
        "| − | **caption** | 0.95 | Ada. |",
        True,
    ),  # another processor rounds otherwise
    ("| − | **caption** | 0.94 | Ada. |", "| − | **caption** | 0.90 | Ada. |", False),
    ("| − | **caption** | 0.94 | Ada. |", "| − | **bio** | 0.94 | Ada. |", False),
    ("score 0.94", "score 0.94 0.02", False),
    ("version 0.10.1", "version 0.10.2", False),
]


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(DOCS))
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    return import_module("generate")


@pytest.mark.parametrize(("written", "text", "same"), SAME)
def test_only_rounded_scores_may_differ(generate: Any, written: str, text: str, same: bool) -> None:
    assert generate.same(written, text) is same


def test_a_stale_and_a_superfluous_page_are_named(
    generate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery" / "gone.md").touch()
    (tmp_path / "a.md").write_text("old", "utf-8")
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    monkeypatch.setattr(generate, "generated", lambda: {"a.md": "new"})
    assert generate.main() == 1
    assert "a.md, gallery/gone.md" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generate.main() == 0
    assert (tmp_path / "a.md").read_text("utf-8") == "new"
    assert not (tmp_path / "gallery" / "gone.md").exists()


def test_the_gallery_shows_twenty_documents_of_many_languages() -> None:
    index = (DOCS / "gallery" / "index.md").read_text("utf-8")
    rows = re.findall(r"^\| \[[^\]]+\]\(([\w-]+\.md)\) \| (\w+) \|", index, re.M)
    assert len(rows) == 20
    assert len({language for _, language in rows}) >= 7
    assert all((DOCS / "gallery" / name).exists() for name, _ in rows)


@pytest.mark.parametrize("picture", sorted((DOCS / "pictures").iterdir()), ids=lambda path: path.name)
def test_pictures_are_small(picture: Path) -> None:
    assert picture.stat().st_size < LARGEST


def test_the_picture_is_svg_with_a_title_for_both_colour_schemes() -> None:
    text = (DOCS / "pictures" / "before-after.svg").read_text("utf-8")
    root = ElementTree.fromstring(text)
    assert root[0].tag.endswith("title")
    assert "prefers-color-scheme: dark" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
