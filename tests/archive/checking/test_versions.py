"""Runs that update one another: every version is found, the newest comes back, old segments stay as they are."""

from __future__ import annotations

import gzip
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warc_samples import CHECKS, CLOCK, RUN, article, command

from archive import Article, Problem, Segment, SegmentWriter, verify
from archive.checking.ledger import Told
from archive.checking.versions import Version, newest, versions
from archive.segments.folder import find_segments

#: Checks that tell texts as they are stored.
TELLING = replace(CHECKS, retelling=lambda *_: lambda text, _: Told("", text or "", "clean" if text else "empty"))
ADDRESS = "https://www.example.org/a"


def write_run(folder: Path, days: int, articles: list[Article]) -> None:
    """A run's segments, so many days after the first."""
    (folder / "warc").mkdir(parents=True, exist_ok=True)
    with SegmentWriter(folder / "warc", Segment("sample", CLOCK + timedelta(days=days), days), RUN) as writer:
        for one in articles:
            writer.write(one)


def stored(path: str, text: str, days: int, **more: object) -> Article:
    return article(path, text, 0, cleaned=CLOCK + timedelta(days=days), **more)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Three runs: a.txt changes twice, b.txt never, the page of an address moves to another file, one row changes."""
    folder = tmp_path / "OUT"
    write_run(
        folder,
        0,
        [
            stored("a.txt", "One.", 0),
            stored("b.txt", "Always.", 0),
            stored("page-1.html", "Old page.", 0, target_uri=ADDRESS),
            stored("rows.jsonl", "Row.", 0, row=0, fields={"document-id": "r", "restore-name": "rows.jsonl/r.txt"}),
        ],
    )
    a, _, page, row = _ids(folder)
    write_run(
        folder,
        31,
        [
            stored("a.txt", "Two.", 31, previous=a),
            stored("page-2.html", "New page.", 31, target_uri=ADDRESS, previous=page),
            stored("rows.jsonl", "New row.", 31, row=7, previous=row,
                   fields={"document-id": "r", "restore-name": "rows.jsonl/r.txt"}),
        ],
    )  # fmt: skip
    write_run(folder, 61, [stored("a.txt", "Three.", 61, previous=_ids(folder)[4])])
    return folder


def _ids(folder: Path) -> list[str]:
    return [version.id for version in versions(find_segments(folder)) if isinstance(version, Version)]


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_all_of_it_is_sound(out: Path) -> None:
    assert not list(verify(find_segments(out), CHECKS, whole=True))


def test_the_newest_versions_come_back(out: Path, tmp_path: Path) -> None:
    assert command("restore", out, "-o", tmp_path / "back") == 0
    now = {"a.txt": "Three.", "b.txt": "Always.", "page-2.html": "New page.", "rows.jsonl/r.txt": "New row."}
    assert texts(tmp_path / "back") == now


@pytest.mark.parametrize(
    ("at", "a", "page"),
    [
        ("2026-03-04", "One.", "page-1.html"),
        ("2026-04-03", "One.", "page-1.html"),
        ("2026-04-04", "Two.", "page-2.html"),
        ("2026-04-04T05:06:06Z", "One.", "page-1.html"),
        ("2026-04-04T06:06:07+01:00", "Two.", "page-2.html"),
        ("2030-01-01", "Three.", "page-2.html"),
    ],
)
def test_the_versions_of_a_day_come_back(out: Path, tmp_path: Path, at: str, a: str, page: str) -> None:
    assert command("restore", out, "-o", tmp_path / "back", "--at", at) == 0
    restored = texts(tmp_path / "back")
    assert restored["a.txt"] == a
    assert {name for name in restored if name.startswith("page")} == {page}


def test_before_the_first_run_there_was_nothing(out: Path) -> None:
    assert newest(find_segments(out), datetime(2026, 1, 1, tzinfo=UTC)) == frozenset()


@pytest.mark.parametrize(("name", "count"), [("a.txt", 3), ("b.txt", 1), (ADDRESS, 2), ("rows.jsonl#0", 2)])
def test_history(out: Path, capsys: pytest.CaptureFixture[str], name: str, count: int) -> None:
    assert command("history", out, name) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == count
    assert lines == sorted(lines)
    assert all("changed" in line for line in lines[1:])


def test_no_such_article(out: Path) -> None:
    assert command("history", out, "no-such") == 1


def test_a_version_that_is_lost_is_noticed(out: Path) -> None:
    first, *later = find_segments(out)
    first.unlink()
    assert not list(verify(later, CHECKS))  # they may be a part of the archive
    problems = [problem for problem in verify(later, CHECKS, whole=True) if isinstance(problem, Problem)]
    assert len(problems) == 3
    assert all("its version before" in problem.what for problem in problems)


def test_no_date(out: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        command("restore", out, "-o", tmp_path / "back", "--at", "yesterday")
    assert stop.value.code == 2


def rows_of(out: Path, to: Path, *more: str) -> list[str]:
    assert command("export", str(out), "--jsonl", "-o", str(to), *more, checks=TELLING) == 0
    return sorted(json.loads(line)["text"] for path in to.iterdir() for line in gzip.open(path))


def test_exports_tell_the_newest_version_or_that_of_a_day(out: Path, tmp_path: Path) -> None:
    assert rows_of(out, tmp_path / "now") == ["Always.", "New page.", "New row.", "Three."]
    then = (CLOCK + timedelta(days=31)).date().isoformat()
    assert rows_of(out, tmp_path / "then", "--at", then) == ["Always.", "New page.", "New row.", "Two."]
    first = CLOCK.date().isoformat()
    assert rows_of(out, tmp_path / "first", "--at", first) == ["Always.", "Old page.", "One.", "Row."]


def test_a_listing_counts_earlier_versions(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("ls", out) == 0
    assert "8 articles in 3 segments, 4 of them in an earlier version" in capsys.readouterr().err


def test_a_wacz_tells_all_versions_or_those_of_a_day(out: Path, tmp_path: Path) -> None:
    for name, more, count in (("all", (), 8), ("then", ("--at", CLOCK.date().isoformat()), 4)):
        assert command("export", str(out), "--wacz", "-o", str(tmp_path / name), *more, checks=TELLING) == 0
        with zipfile.ZipFile(tmp_path / name / "OUT.wacz") as file:
            pages = file.read("pages/pages.jsonl").decode().splitlines()[1:]
            assert sum("(clean text)" in page for page in pages) == count


def test_segments_as_they_are_have_all_versions(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("export", str(out), "--warc10", "-o", str(tmp_path / "old"), "--at", "2026-01-01")
    assert command(*words, checks=TELLING) == 2
    assert "all versions" in capsys.readouterr().err
