"""Files and streams: what is read of one, and that a bad one has a name and stops nothing."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from support.readings import TEXT, failures, fill, read_one

from cleaner.decoding.decode import decode_as
from cleaner.readers import (
    READERS,
    InputFile,
    read,
    read_stream,
)


def test_text_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode() + b"\r\n")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    reading = read_one(path)
    assert reading.failure is None
    assert reading.document
    assert reading.original
    assert (reading.document.id, reading.document.text) == ("a.txt", TEXT + "\r\n")
    assert (reading.document.media_type, reading.document.source) == ("text/plain", None)
    assert reading.document.metadata == {"path": "a.txt"}
    assert (reading.original.payload, reading.original.modified) == (path.read_bytes(), 1_000_000_000)
    assert reading.original.charset == "utf-8"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b" \n\t\n", " \n\t\n"),
        (b"a\x00b", "a\0b"),
        (b"\n" * 1000, "\n" * 1000),
        (TEXT.encode("utf-16"), TEXT),
        (TEXT.encode("cp1252"), TEXT),
        (b"a\r\nb\rc", "a\r\nb\rc"),
    ],
)
def test_odd_text_is_read(tmp_path: Path, content: bytes, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    reading = read_one(path)
    assert reading.document
    assert reading.original
    assert reading.document.text == text
    assert decode_as(reading.original.payload, reading.original.decoding) == text


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"%PDF-1.4 ...", "PDF"), (bytes(500), "binary"), (b"x" * 1001, "larger than 1,000 bytes")],
)
def test_what_is_no_article_is_a_failure(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    reading = read_one(path)
    assert reading.document is None
    assert reading.failure
    assert what in reading.failure.message
    assert reading.failure.message.startswith("a.txt: ")
    kept = reading.original.payload if reading.original else None
    assert kept == (content if len(content) <= 1000 else None)  # what was read can be archived


def test_html_file_with_a_declared_charset(tmp_path: Path) -> None:
    path = tmp_path / "a.HTM"
    path.write_bytes('<meta charset="koi8-r"><p>Мост открыт'.encode("koi8-r"))
    reading = read_one(path)
    assert reading.document
    assert reading.original
    assert reading.document.media_type == "text/html"
    assert reading.document.text.endswith("Мост открыт")
    assert reading.original.decoding["evidence"] == "meta"


@pytest.mark.parametrize("kind", sorted(READERS))
def test_file_that_vanished(tmp_path: Path, kind: str) -> None:
    (reading,) = read(InputFile(tmp_path / "gone", "gone", kind))
    assert reading.failure
    assert "is not there" in reading.failure.what


@pytest.mark.parametrize("kind", sorted(READERS))
def test_folder_in_place_of_a_file(tmp_path: Path, kind: str) -> None:
    (reading,) = read(InputFile(tmp_path, "folder", kind))
    assert reading.failure
    assert "folder" in reading.failure.what


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who is root may read everything")
def test_file_and_folder_that_may_not_be_read(tmp_path: Path) -> None:
    fill(tmp_path, ["a.txt", "b/c.txt"])
    (tmp_path / "a.txt").chmod(0)
    (tmp_path / "b").chmod(0)
    reading = read_one(tmp_path / "a.txt")
    assert reading.failure
    assert "permissions" in reading.failure.do
    assert "may not be read" in failures(tmp_path)["b"]
    (tmp_path / "b").chmod(0o700)


def test_stream() -> None:
    reading = read_stream(io.BytesIO(TEXT.encode()), name="stdin")
    assert reading.document
    assert (reading.document.id, reading.document.text) == ("stdin", TEXT)
    too_long = read_stream(io.BytesIO(b"x" * 11), name="stdin", max_bytes=10)
    assert too_long.failure
    assert too_long.original is None
