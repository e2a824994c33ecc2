"""Every archive command: what it prints, where, and its exit code."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from warc_samples import CHECKS, SEGMENT, article, command, few, write_segment

from archive import cli


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A run's output folder."""
    (tmp_path / "OUT" / "warc").mkdir(parents=True)
    write_segment(tmp_path / "OUT" / "warc", few())
    return tmp_path / "OUT"


def test_ls(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ls", out) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == len(few())
    assert "news/a.txt" in printed.out
    assert "7 articles in 1 segment" in printed.err
    assert command("ls", out, "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["path"] for row in rows] == [one.locator for one in few()]
    assert [row["status"] for row in rows][-2:] == ["empty", "failed"]


def test_a_segment_that_the_index_names_is_missed(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = write_segment(out / "warc", few(), replace(SEGMENT, shard=1))
    assert command("index", out) == 0
    assert command("verify", out) == 0
    content = gone.read_bytes()
    gone.unlink()
    capsys.readouterr()
    assert command("verify", out) == 1
    printed = capsys.readouterr()
    assert f"index.cdxj: the segment {gone.name} that it names is missing; bring the file back" in printed.out
    gone.with_name(f"{gone.name}.open").write_bytes(content)  # still being written: it is there
    command("verify", out)
    assert "is missing" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["news/a.txt", "https://www.example.org/News/a?b=2&a=1"])
def test_show(out: Path, capfdbinary: pytest.CaptureFixture[bytes], name: str) -> None:
    assert command("show", out, name, "--original") == 0
    assert capfdbinary.readouterr().out == few()[0].payload
    assert command("show", out, name, "--clean") == 0
    assert capfdbinary.readouterr().out.decode() == few()[0].clean_text
    assert command("show", out, name, "--ledger") == 0
    assert json.loads(capfdbinary.readouterr().out) == few()[0].ledger
    assert command("show", out, name, "--headers") == 0
    assert capfdbinary.readouterr().out.count(b"WARC/1.1") == 3
    assert command("show", out, name) == 0
    assert b"source-digest" in capfdbinary.readouterr().out


def test_every_name_of_an_article_finds_it(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command("ls", out, "--json")
    row = json.loads(capsys.readouterr().out.splitlines()[2])
    for name in ("rows.jsonl#0", "rows.jsonl/a.txt", row["id"], f"<{row['id']}>", f"{row['segment']}:{row['offset']}"):
        assert command("show", out, name, "--clean") == 0
        assert capsys.readouterr().out == few()[2].clean_text
    assert command("show", out, "no-such") == 1
    assert "archive ls" in capsys.readouterr().err


def test_diff(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("diff", out, "news/a.txt", "rows.jsonl#0", "--why") == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines
        == [
            "=== news/a.txt  https://www.example.org/News/a?b=2&a=1",
            "- donation     Give now!   [0.90 cue]",
            "  body         The bridge is open.",
            lines[3],
            "- donation     Row one. ",
            "  body         …Row.",
        ]
        or lines[4] == "- donation     Row one.    [0.90 cue]"
    )
    assert command("diff", out) == 1  # one document failed, and says so
    assert "news/broken.bin: the document could not be read" in capsys.readouterr().err
    assert command("diff", out, "no-such") == 1


def test_colour_only_on_a_terminal(
    out: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command("diff", out, "news/a.txt")
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    command("diff", out, "news/a.txt")
    assert "\x1b[31m- donation" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    command("diff", out, "news/a.txt")
    assert "\x1b" not in capsys.readouterr().out


def test_text_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_segment(tmp_path, [article(source="a\x1b]0;owned\x07b\n", cut=0)])
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    command("show", path, "news/a.txt", "--clean")
    assert "\x1b" not in capsys.readouterr().out


def test_verify(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("verify", out) == 0
    assert "no problems in 1 segment" in capsys.readouterr().err
    (path,) = (out / "warc").iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    assert command("verify", out) == 1
    printed = capsys.readouterr()
    assert f"{path.name} at " in printed.out
    assert "archive repair" in printed.out
    assert command("verify", path) == 1


def test_restore(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("restore", out, "-o", tmp_path / "back") == 0
    assert re.search(r"7 files restored to \S+; 2 of them the article of a row, without its", capsys.readouterr().err)
    assert (tmp_path / "back" / "news" / "a.txt").read_bytes() == few()[0].payload
    assert command("restore", out, "-o", tmp_path / "text", "--decoded") == 0
    assert "6 files restored" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "writing"),
    [(["restore"], "archive.checking.restore.draft_in"), (["export", "--warc10"], "archive.segments.durable.os.fsync")],
)
def test_a_full_disk_is_that_of_what_is_written(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str],
    writing: str,
) -> None:  # fmt: skip
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writing, full)
    checks = replace(CHECKS, retelling=lambda *_: None)
    assert command(words[0], out, *words[1:], "-o", tmp_path / "full", checks=checks) == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'full'}: {os.strerror(errno.ENOSPC)}")


def test_repair(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("repair", out, "-o", tmp_path / "fixed") == 0
    assert "whole, nothing to repair" in capsys.readouterr().out
    (path,) = (out / "warc").iterdir()
    path.write_bytes(path.read_bytes()[:2000])
    assert command("repair", out, "-o", tmp_path / "fixed") == 1
    assert "lost" in capsys.readouterr().out
    assert command("verify", tmp_path / "fixed") == 0
    assert command("ls", tmp_path / "fixed") == 0
    assert "was repaired; lost: " in capsys.readouterr().err
    assert command("repair", out, "-o", out / "warc") == 1
    assert "exists" in capsys.readouterr().err


def test_index(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("index", out) == 0
    lines = (out / "index.cdxj").read_text().splitlines(keepends=True)
    assert lines == sorted(lines)
    capsys.readouterr()
    assert command("index", out, "-o", "-") == 0
    assert capsys.readouterr().out == "".join(lines)
    (path,) = (out / "warc").iterdir()
    assert command("index", path) == 0
    assert capsys.readouterr().out == "".join(lines)


def test_verify_says_that_changed_texts_are_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command("verify", "--help")
    assert "does not change the exit code" in capsys.readouterr().out


def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ls", tmp_path / "nothing") == 2
    assert "is not there" in capsys.readouterr().err
    assert command("verify", tmp_path) == 2
    assert "holds no segments" in capsys.readouterr().err
    for words in (["archive"], ["archive", "restore", "x"], ["archive", "show", "x"]):
        with pytest.raises(SystemExit) as stop:
            command(*words[1:])
        assert stop.value.code == 2


@pytest.mark.parametrize("name", sorted(cli._COMMANDS))
def test_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        command(name, "--help")
    assert stop.value.code == 0
    assert "exit codes" in capsys.readouterr().out


def test_no_command_loads_what_only_some_need() -> None:
    code = (
        "import sys, cleaner.cli.archive; print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'cryptography', 'numpy', 'pyarrow', 'rfc3161_client'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
