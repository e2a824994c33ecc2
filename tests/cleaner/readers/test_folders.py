"""What is found in folders: order, names, links, globs; what is skipped or cannot be read has a name."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.readings import TEXT, failures, fill, read_one

from cleaner.readers import (
    InputError,
    InputFile,
    Skipped,
    discover,
    read,
)


def link(path: Path, target: str | Path, *, folder: bool = False) -> None:
    try:
        path.symlink_to(target, target_is_directory=folder)
    except OSError:  # Windows without the privilege
        pytest.skip("symbolic links cannot be made here")


def locators(folder: Path, *, only: type = InputFile) -> list[str]:
    return [entry.locator for entry in discover([folder]) if isinstance(entry, only)]


def skipped(folder: Path) -> dict[str, str]:
    return {entry.locator: entry.reason for entry in discover([folder]) if isinstance(entry, Skipped)}


def test_order_is_that_of_the_locators_on_every_system(tmp_path: Path) -> None:
    names = ["a.txt", "a/b.txt", "a/c/d.html", "a-x.txt", "a-x/é.md", "B.TXT", "b.jsonl", "z/a.ndjson", "z.JSONL.GZ"]
    fill(tmp_path, names)
    assert locators(tmp_path) == sorted(names)


@given(st.sets(st.text("ab-/.A", min_size=1, max_size=6), max_size=8))
def test_order_property(tmp_path_factory: pytest.TempPathFactory, stems: set[str]) -> None:
    folder = tmp_path_factory.mktemp("order")
    for stem in stems:
        parts = [part for part in stem.split("/") if part.strip(".")]
        if parts and not (folder / "/".join(parts)).exists():
            fill(folder, ["/".join(f"{part}_" for part in parts) + ".txt"])
    listed = locators(folder)
    assert listed == sorted(listed)


def test_what_an_earlier_run_wrote_is_no_input_unless_it_is_named(tmp_path: Path) -> None:
    for name in (
        "in/a.txt",
        "in/out/text/a.txt",
        "in/out/run.json",
        "in/out/documents/00000.jsonl",
        "in/out/warc/a.warc",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert skipped(tmp_path / "in") == {"out/": "folder of an earlier run"}
    assert "text/a.txt" in {file.locator for file in discover([tmp_path / "in/out"]) if isinstance(file, InputFile)}
    (tmp_path / "in/out/run.json").unlink()
    assert skipped(tmp_path / "in") == {}


def test_hidden_and_unknown_are_skipped_with_a_reason(tmp_path: Path) -> None:
    fill(tmp_path, ["a.txt", ".b.txt", ".git/c.txt", "d.PNG", "f.css"])
    (tmp_path / "program").write_bytes(b"\x7fELF" + bytes(range(256)))
    (tmp_path / "e.gz").write_bytes(gzip.compress(bytes(1000), mtime=0))
    assert locators(tmp_path) == ["a.txt"]
    assert skipped(tmp_path) == {
        ".b.txt": "hidden",
        ".git": "hidden",
        "d.PNG": "unknown kind .png",
        "e.gz": "unknown kind .gz",
        "f.css": "unknown kind .css",
        "program": "no suffix, and its bytes are not text",
    }


def test_links_lead_neither_out_nor_round_in_circles(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    fill(tmp_path, ["out.txt", "in/a/real.txt"])
    link(inside / "a" / "loop", "..", folder=True)
    link(inside / "out.txt", "../out.txt")
    link(inside / "same.txt", "a/real.txt")
    link(inside / "nowhere.txt", "gone.txt")
    link(inside / "self.txt", "self.txt")
    assert locators(inside) == ["a/real.txt", "same.txt"]
    assert skipped(inside) == {"a/loop": "link to a folder", "out.txt": "link out of the folder"}
    assert set(failures(inside)) == {"nowhere.txt", "self.txt"}


def test_folder_named_by_a_link_is_read(tmp_path: Path) -> None:
    fill(tmp_path, ["real/a.txt"])
    link(tmp_path / "alias", "real", folder=True)
    assert locators(tmp_path / "alias") == ["a.txt"]


def test_locators_of_several_inputs_start_at_the_folder_around_them(tmp_path: Path) -> None:
    fill(tmp_path, ["x/a.txt", "y/a.txt", "y/b.txt", "c.txt"])
    several = discover([tmp_path / "y", tmp_path / "c.txt", tmp_path / "x" / "a.txt", tmp_path / "y" / "b.txt"])
    assert [file.locator for file in several] == ["c.txt", "x/a.txt", "y/a.txt", "y/b.txt"]


def test_globs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, ["a.txt", "b/c.txt", "b/d.html", "b/.e.txt", "f.png", "[x].txt"])
    monkeypatch.chdir(tmp_path)
    assert [file.locator for file in discover(["**/*.txt"])] == ["[x].txt", "a.txt", "b/c.txt"]
    assert [file.locator for file in discover(["b/*"])] == ["c.txt", "d.html"]
    assert [file.locator for file in discover(["[x].txt"])] == ["[x].txt"]  # a name before a pattern
    assert list(discover(["*.png"])) == [Skipped("f.png", "unknown kind .png")]
    assert "matches no file" in failures("*.docx")["*.docx"]


def test_only_file_named_is_read_whatever_its_suffix(tmp_path: Path) -> None:
    fill(tmp_path, ["article", "notes.log"])
    assert read_one(tmp_path / "notes.log").document is not None
    kinds = [type(file) for file in discover([tmp_path / "article", tmp_path / "notes.log"])]
    assert kinds == [InputFile, Skipped]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("article", TEXT.encode(), ".txt"),
        ("2024.05.03", TEXT.encode(), ".txt"),
        ("index.html?id=3", b"<!DOCTYPE html><title>x</title><p>y</p>", ".html"),
        ("a.php", b"<!DOCTYPE html><title>x</title><p>y</p>", ".html"),
        ("b.php", b"<?php echo 1; ?>", None),
        ("rows", b'{"text": "a"}\n{"text": "b"}\n', ".jsonl"),
        ("rows.gz", gzip.compress(b'{"text": "a"}\n{"text": "b"}\n', mtime=0), ".jsonl.gz"),
        ("list", b'[{"text": "a"}]', ".json"),
        ("table", b"id,text\n1,a\n2,b\n", ".csv"),
        ("feed", b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>', ".xml"),
        ("crawl", b"WARC/1.0\r\nWARC-Type: warcinfo\r\n", ".warc"),
        ("crawl.gz", gzip.compress(b"WARC/1.0\r\nWARC-Type: warcinfo\r\n", mtime=0), ".warc.gz"),
        (
            "saved",
            b"From: <Saved by Blink>\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n",
            ".mhtml",
        ),
        ("script", b"#!/bin/sh\necho\n", None),
        ("photo", b"\xff\xd8\xff\xe0" + bytes(90), None),
        ("empty", b"", ".txt"),
    ],
)
def test_files_without_a_telling_suffix_are_known_by_their_bytes(
    tmp_path: Path, name: str, content: bytes, kind: str | None
) -> None:
    (tmp_path / name).write_bytes(content)
    (only,) = discover([tmp_path])
    assert (only.kind if isinstance(only, InputFile) else None) == kind


def test_output_inside_the_input_is_refused_at_once(tmp_path: Path) -> None:
    fill(tmp_path, ["in/a.txt", "out/text/a.txt"])
    source, output = tmp_path / "in", tmp_path / "out"
    for exclude in (source / "out", source / "deep" / "out", source):
        with pytest.raises(InputError, match="choose"):
            discover([source], exclude=exclude)
    with pytest.raises(InputError, match="choose another output"):
        discover([output / "text"], exclude=output)
    assert len(list(discover([source], exclude=output))) == 1


def test_no_inputs() -> None:
    assert list(discover([])) == []


@pytest.mark.parametrize("name", ["gone.txt", "gone/", "a\0b"])
def test_what_is_not_there_is_a_failure(tmp_path: Path, name: str) -> None:
    (message,) = failures(str(tmp_path / name)).values()
    assert "; " in message
    assert str(tmp_path) not in message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert skipped(tmp_path) == {"pipe.txt": "neither file nor folder"}
    assert "pipe" in failures(tmp_path / "pipe.txt")["pipe.txt"]
    for kind in (".txt", ".jsonl"):
        (reading,) = read(InputFile(tmp_path / "pipe.txt", "pipe.txt", kind))
        assert reading.failure
        assert "not a file" in reading.failure.what


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow only Unicode names")
def test_name_that_is_no_unicode_is_a_failure(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xff.txt")).write_text("x")
    ((locator, message),) = failures(tmp_path).items()
    assert locator.encode("utf-8")
    assert "rename it" in message
