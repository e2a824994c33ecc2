"""A clean text that is no longer what the run wrote is named, by `archive verify` and by the command said again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cleaner.batch.output.texts import changed_texts, was_touched
from cleaner.cli.main import main


@pytest.fixture
def run(tmp_path: Path) -> list[str]:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.txt").write_text(f"Council {name} met on Monday.\n\nIt will meet again, said the mayor.\n")
    words = ["clean", str(folder), "-o", str(tmp_path / "out"), "--workers", "1", "--model", "none"]
    assert main(words) == 0
    return words


def test_an_untouched_run_says_nothing(run: list[str], tmp_path: Path, capsys):
    capsys.readouterr()
    assert main(run) == 0
    assert main(["archive", "verify", str(tmp_path / "out")]) == 0
    assert "clean text" not in capsys.readouterr().err
    assert changed_texts(tmp_path / "out") == []
    assert not was_touched(tmp_path / "out")


def test_what_was_changed_or_removed_is_named_and_comes_back(run: list[str], tmp_path: Path, capsys):
    texts = tmp_path / "out" / "text"
    before = (texts / "b.txt").read_bytes()
    (texts / "a.txt").unlink()
    (texts / "b.txt").write_bytes(before + b"Mine.\n")
    later = (tmp_path / "out" / "run.json").stat().st_mtime + 5
    os.utime(texts / "b.txt", (later, later))
    told = "2 clean texts are not as the run wrote them"
    capsys.readouterr()
    for words in (run, ["archive", "verify", str(tmp_path / "out")]):
        assert main(words) == 0
        err = " ".join(capsys.readouterr().err.split())
        assert told in err
        assert "a.txt (gone), b.txt (changed)" in err
    assert main(["archive", "show", str(tmp_path / "out"), "b.txt", "--clean"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == before.decode().rstrip("\n")


def test_of_an_updated_run_the_last_text_counts(run: list[str], tmp_path: Path):
    (tmp_path / "in" / "a.txt").write_text("Council a met on Tuesday.\n\nIt will meet again, said the mayor.\n")
    (tmp_path / "in" / "b.txt").write_text("")
    assert main([*run, "--update"]) == 0
    assert changed_texts(tmp_path / "out") == []


def test_a_list_that_cannot_be_read_tells_nothing(run: list[str], tmp_path: Path):
    (tmp_path / "out" / "text" / "a.txt").unlink()
    (tmp_path / "out" / "inputs.jsonl").write_text("no\n")
    assert changed_texts(tmp_path / "out") == []
    assert not was_touched(tmp_path / "out")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="of POSIX systems")
def test_what_is_no_file_is_not_read(run: list[str], tmp_path: Path):
    text = tmp_path / "out" / "text" / "a.txt"
    text.unlink()
    os.mkfifo(text)
    assert changed_texts(tmp_path / "out") == ["a.txt (no file)"]
