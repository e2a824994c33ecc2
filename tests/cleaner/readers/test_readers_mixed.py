"""Folders of many kinds: saved pages, tables, packed rows beside files; and libraries that are not there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from support.mhtml_files import mhtml

from cleaner.pipeline import Cleaner
from cleaner.readers import Reading, Skipped, discover, packing, parquet, read
from cleaner.readers.readings import InputFile

TEXT = "The bridge over the river Größe opened on Monday, and traffic went over it at once."
HTML = f"<html><head><title>Bridge</title></head><body><h1>Bridge opens</h1><p>{TEXT}</p></body></html>"
ROWS = [{"id": "a", "text": TEXT}, {"id": "b", "html": HTML, "url": "https://news.example/b"}, {"id": "c"}]


def read_file(path: Path, kind: str) -> list[Reading]:
    return [reading for reading in read(InputFile(path, path.name, kind)) if isinstance(reading, Reading)]


@pytest.mark.parametrize(
    ("encoding", "charset"), [("quoted-printable", "utf-8"), ("base64", "windows-1252"), ("8bit", "utf-8")]
)
def test_a_saved_page(tmp_path: Path, encoding: str, charset: str) -> None:
    path = tmp_path / "saved.mhtml"
    path.write_bytes(mhtml(HTML.encode(charset), encoding, charset))
    (reading,) = read_file(path, ".mhtml")
    assert reading.document
    assert reading.document.text.strip() == HTML
    assert reading.document.url == "https://news.example/saved"
    assert reading.document.metadata["capture-date"] == "2026-05-03T10:22:00+00:00"
    assert reading.original
    assert reading.original.payload == path.read_bytes()


@pytest.mark.parametrize("data", [b"", b"no mail at all", mhtml(b"x").replace(b"text/html;", b"text/css;")])
def test_a_saved_page_without_a_page(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "saved.mht"
    path.write_bytes(data)
    (reading,) = read_file(path, ".mht")
    assert reading.failure
    assert "no HTML part" in reading.failure.what


def test_packed_rows(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    lines = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    for name, data in (
        ("r.jsonl", lines),
        ("r.jsonl.gz", gzip.compress(lines)),
        ("r.jsonl.zst", zstandard.compress(lines)),
    ):
        (tmp_path / name).write_bytes(data)
        readings = read_file(tmp_path / name, name[1:])
        assert [reading.document.id if reading.document else None for reading in readings] == ["a", "b", None], name
    (tmp_path / "cut.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfdgarbage")
    (cut,) = read_file(tmp_path / "cut.jsonl.zst", ".jsonl.zst")
    assert cut.failure
    assert "zstd data is broken" in cut.failure.what


def test_a_table(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from datetime import date

    import pyarrow.parquet as tables

    rows = [
        {"text": None, "html": None, "url": None, **row, "date": date(2026, 5, 3), "score": float("nan"), "raw": b"x"}
        for row in ROWS
    ]
    tables.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "t.parquet")
    readings = read_file(tmp_path / "t.parquet", ".parquet")
    assert [reading.document.id if reading.document else None for reading in readings] == ["a", "b", "c"]
    first, second, third = readings
    assert first.document
    assert (first.document.text, first.document.date, first.extra) == (TEXT, "2026-05-03", {"html": None})
    assert second.document
    assert (second.document.media_type, second.document.url) == ("text/html", "https://news.example/b")
    assert third.document
    assert third.document.text == ""  # null
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:-40])
    (cut,) = read_file(tmp_path / "cut.parquet", ".parquet")
    assert cut.failure
    assert "not a whole Parquet file" in cut.failure.what


def test_a_table_without_a_column_for_the_article_is_one_failure_that_names_the_likely_one(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as tables

    rows = [{"key": n, "content": TEXT, "score": None if n else 1.0} for n in range(3)]
    tables.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("key,content\n1,a\n2,b\n", encoding="utf-8")
    for name, columns in (("t.parquet", "'key', 'content', 'score'"), ("t.csv", "'key', 'content'")):
        (reading,) = read_file(tmp_path / name, f".{name[2:]}")
        assert reading.failure
        assert reading.failure.what == f"has neither a column 'text' nor 'html'; its columns are {columns}"
        assert reading.failure.do == "say which column is the article, as with --text-field content"


def test_missing_libraries_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "pyarrow", None)
    monkeypatch.setattr(packing, "zstandard", None)
    for name, extra in (("t.parquet", "cleancopy[parquet]"), ("r.jsonl.zst", "cleancopy[zstd]")):
        (tmp_path / name).write_bytes(b"PAR1")
        (reading,) = read_file(tmp_path / name, name[1:])
        assert reading.failure
        assert extra in reading.failure.do


def test_a_mixed_folder_names_what_it_does_not_know(tmp_path: Path) -> None:
    for name in ("a.txt", "b.html", "c.htm", "d.mhtml", "e.jsonl", "f.warc", "g.docx", "h.pdf", "i.PDF"):
        (tmp_path / name).write_bytes(b"")
    entries = list(discover([tmp_path]))
    assert [entry.kind for entry in entries if isinstance(entry, InputFile)] == [
        ".txt", ".html", ".htm", ".mhtml", ".jsonl", ".warc"
    ]  # fmt: skip
    assert [entry.reason for entry in entries if isinstance(entry, Skipped)] == [
        "unknown kind .docx", "unknown kind .pdf", "unknown kind .pdf"
    ]  # fmt: skip


def test_html_in_a_row_cleans_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_text(HTML, encoding="utf-8")
    (tmp_path / "r.jsonl").write_text(json.dumps({"id": "p", "html": HTML}) + "\n")
    cleaner = Cleaner()
    results = []
    for name in ("p.html", "r.jsonl"):
        (reading,) = read_file(tmp_path / name, "." + name.rpartition(".")[2])
        assert reading.document
        cleaned = cleaner.clean_document(reading.document)
        results.append((cleaned.title, cleaned.body, cleaned.spans, cleaned.source_text))
    assert results[0] == results[1]
