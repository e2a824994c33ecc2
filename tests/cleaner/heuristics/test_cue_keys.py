"""Every key that docs/cues.md shows does something: with the table of the page a text is cleaned otherwise than without."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from support.cases import ROOT

from cleaner import Cleaner
from cleaner.document import Document
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import CueTable, user_table
from cleaner.heuristics.cues import fold as folded
from cleaner.segmentation.text import segment_text

PAGE = (ROOT / "docs/cues.md").read_text("utf-8")
BLOCK = re.search(r"^```toml\n(.*?)^```$", PAGE, re.M | re.S)
TABLE: dict[str, Any] = tomllib.loads(BLOCK[1]) if BLOCK else {}
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."


def keys() -> list[tuple[str, ...]]:
    """The path of every list of phrases in the page's table."""
    paths: list[tuple[str, ...]] = []

    def walk(value: Any, path: tuple[str, ...]) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, (*path, name))
        else:
            paths.append(path)

    walk(TABLE, ())
    return paths


def alone(path: tuple[str, ...], phrase: str) -> CueTable:
    value: Any = [phrase]
    for name in reversed(path):
        value = {name: value}
    return user_table(value, "own")


def hits(path: tuple[str, ...], text: str, source: str | None) -> Any:
    """What a matcher of the one phrase finds in a text."""
    rendering = segment_text(Document("x", text))
    matcher = Matcher(alone(path, "qwertz tide tables"))
    (match,) = matcher.find(folded(rendering.text), rendering.blocks, rendering.text, source=source)
    return match and (match.cues or match.voices or match.protected)


@pytest.mark.parametrize("path", keys(), ids=".".join)
def test_every_key_is_heard(path: tuple[str, ...]) -> None:
    source = path[1] if path[0] == "source" else None
    assert hits(path, "Qwertz tide tables", source)
    assert not hits(path, "Something else", source)
    if source:
        assert not hits(path, "Qwertz tide tables", "other.example")


@pytest.mark.parametrize("kind", ["whole", "start", "end", "any", "opener"])
def test_a_users_cue_takes_a_line_out(kind: str) -> None:
    line = "Qwertz tide tables"
    text = f"{STORY}\n\n{line}\n\n{STORY}"
    cleaned = Cleaner(cues=alone(("newsletter", kind), "qwertz tide tables")).clean(text)
    assert line not in cleaned.text
    assert line in Cleaner(model=None).clean(text).text


def test_a_protected_phrase_keeps_its_line_everywhere_or_at_one_source() -> None:
    text = f"{STORY}\n\nSign up for our newsletter today\n\n{STORY}"
    everywhere = Cleaner(cues={"protect": {"phrases": ["newsletter today"]}})
    at_one = Cleaner(cues={"source": {"a.example": {"protect": {"phrases": ["newsletter today"]}}}})
    assert "newsletter" in everywhere.clean(text).text
    assert "newsletter" in at_one.clean(text, source="a.example").text
    assert "newsletter" not in at_one.clean(text, source="b.example").text


def test_the_pages_table_is_one() -> None:
    assert user_table(TABLE, "docs/cues.md").cues
    assert len(keys()) >= 17
