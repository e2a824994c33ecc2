"""The files of fixtures/encodings/: which text comes out, and which evidence decided."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from support.cases import ROOT

from cleaner.decoding.decode import UndecodableError, decode
from cleaner.decoding.mojibake import repair

FOLDER = ROOT / "fixtures" / "encodings"
ROWS = tomllib.loads((FOLDER / "sources.toml").read_text("utf-8"))["file"]
TEXTS = [pytest.param(row, id=row["name"]) for row in ROWS if "text" in row]
REFUSED = [pytest.param(row, id=row["name"]) for row in ROWS if "refused" in row]


@pytest.mark.parametrize("row", TEXTS)
def test_text_and_evidence(row: dict[str, Any]) -> None:
    decoded = decode((FOLDER / row["name"]).read_bytes())
    assert decoded.text == row["text"]
    assert decoded.evidence.value == row["evidence"]
    assert decoded.replacements == row["text"].count("\ufffd")


@pytest.mark.parametrize("row", [row for row in TEXTS if "repaired" in row.values[0]])
def test_repaired(row: dict[str, Any]) -> None:
    assert repair(row["text"])[0] == row["repaired"]


@pytest.mark.parametrize("row", REFUSED)
def test_refused(row: dict[str, Any]) -> None:
    with pytest.raises(UndecodableError, match=row["refused"]):
        decode((FOLDER / row["name"]).read_bytes())
