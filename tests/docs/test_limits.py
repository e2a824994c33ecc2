"""What docs/limits.md says about bounds and about what is not read is true."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cases import ROOT

from cleaner import clean
from cleaner.cli.clean import TIMEOUT
from cleaner.cli.main import main
from cleaner.decision.status import SUSPECT_SHARE
from cleaner.memory.lookup import ENOUGH
from cleaner.readers import DEFAULT_MAX_BYTES

PAGE = (ROOT / "docs" / "limits.md").read_text("utf-8")
BOUNDS = (
    f"| a document's size | {DEFAULT_MAX_BYTES >> 20} MB;",
    f"| a document's time in a batch or a pipe | {TIMEOUT} seconds;",
    f"before a document is called suspect | {SUSPECT_SHARE:.0%} |".replace("%", " %"),
    f"its memory needs to say anything | {ENOUGH} |",
)


@pytest.mark.parametrize("bound", BOUNDS)
def test_bounds(bound: str) -> None:
    assert bound in PAGE


@pytest.mark.parametrize("name", ["paper.pdf", "letter.docx", "mail.eml"])
def test_unknown_kinds_are_named_and_counted(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(b"%PDF-1.7\n\x00\x01\x02")
    (tmp_path / "in" / "a.txt").write_text("The council met on Monday.", "utf-8")
    main(["clean", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--workers", "1", "--timeout", "0"])
    said = capsys.readouterr()
    assert f"kind {Path(name).suffix}" in said.out + said.err
    assert len(list((tmp_path / "out" / "text").iterdir())) == 1


def test_near_copies_and_personal_data_stay() -> None:
    text = "Ask Ines Dahl, ines@example.org, or call 555-0134 before noon.\n\n" * 2
    assert clean(text).text.count("555-0134") == 2


def test_languages_with_cues() -> None:
    languages = [path for path in (ROOT / "cleaner" / "data" / "languages").iterdir() if (path / "cues.toml").exists()]
    assert 36 <= len(languages) <= 46, "docs/limits.md says some forty"
