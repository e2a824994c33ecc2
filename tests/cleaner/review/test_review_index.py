"""The index that the review makes of a run, the list of documents, and how the server begins."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import rmtree

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")
pytest.importorskip("jinja2")

from support.review_run import make_run

from cleaner.cli.main import main
from cleaner.review.index import ReviewError, index_of
from cleaner.review.server import listening

pytestmark = pytest.mark.integration


def test_a_folder_that_is_no_run(tmp_path: Path):
    with pytest.raises(ReviewError, match="holds no finished run"):
        index_of(tmp_path)


def test_the_index_is_made_once_for_a_run_and_again_for_another(tmp_path: Path):
    out = make_run(tmp_path)
    path = index_of(out)
    made = path.stat().st_mtime_ns
    assert index_of(out).stat().st_mtime_ns == made
    make_run(tmp_path, "--fresh", "--keep", "related")
    assert index_of(out).stat().st_mtime_ns != made


CRAFTED = {
    "a view in the place of a table": "alter table document rename to real; create view document as select * from real",
    "a trigger": "create trigger t after insert on meta begin select 1; end",
    "another column": "alter table document add column more text",
    "a table more": "create table more(n integer)",
    "a table less": "drop table line_in",
}


@pytest.mark.parametrize("sql", CRAFTED.values(), ids=CRAFTED)
def test_an_index_with_other_tables_is_not_asked_but_made_anew(tmp_path: Path, sql: str):
    path = index_of(make_run(tmp_path))
    whole = path.read_bytes()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(sql)
    assert path.read_bytes() != whole
    assert index_of(tmp_path / "out") == path
    assert path.read_bytes() == whole


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_in_out_are_not_written_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out, elsewhere = make_run(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "index.sqlite").write_text("mine")
    (out / "corrections.jsonl").symlink_to(elsewhere / "index.sqlite")
    assert main(["review", str(out), "--no-browser"]) == 2
    assert "is a link" in capsys.readouterr().err
    rmtree(out / "review")
    (out / "review").symlink_to(elsewhere)
    with pytest.raises(ReviewError, match="is a link"):
        index_of(out)
    assert (elsewhere / "index.sqlite").read_text() == "mine"


def test_a_browser_that_comes_before_the_server_answers_waits():
    with listening(0) as bound, socket.create_connection(bound.getsockname(), timeout=60) as early:
        bound.settimeout(60)
        accepted, peer = bound.accept()
        accepted.close()
        assert peer == early.getsockname()


def test_a_port_that_is_taken_is_said_so():
    with listening(0) as bound, pytest.raises(ReviewError, match="cannot be used"):
        listening(bound.getsockname()[1])
