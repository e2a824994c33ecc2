"""Which source a document is from: a table of cases."""

from pathlib import Path

import pytest

from cleaner.document import Document
from cleaner.memory.source_name import document_source, source_of
from cleaner.readers import InputFile, discover, input_folder, read


@pytest.mark.parametrize(
    ("metadata", "source"),
    [
        ({"source": "The Courier", "url": "https://example.org/1", "path": "a/b.txt"}, "The Courier"),
        ({"source": "  ", "url": "https://example.org/1"}, "example.org"),
        ({"source": None, "url": "https://Example.ORG:8080/1"}, "example.org"),
        ({"url": "https://www.example.org/1"}, "example.org"),
        ({"url": "https://m.example.org/1"}, "example.org"),
        ({"url": "https://amp.example.org/1"}, "example.org"),
        ({"url": "https://www.m.example.org/1"}, "example.org"),
        ({"url": "https://www.example.org./1"}, "example.org"),
        ({"url": "https://news.example.org/1"}, "news.example.org"),
        ({"url": "https://m.com/1"}, "m.com"),
        ({"url": "https://www.m.com/1"}, "m.com"),
        ({"url": "https://ample.org/1"}, "ample.org"),
        ({"url": "http://[broken", "path": "a/b.txt"}, "a"),
        ({"url": "file:///tmp/x.html", "path": "a/b.txt"}, "a"),
        ({"url": 7, "path": "a/b.txt"}, "a"),
        ({"path": "a/b/c.txt"}, "a/b"),
        ({"path": "c.txt"}, "courier"),
        ({"path": "rows.jsonl", "row": 3}, "rows.jsonl"),
        ({"path": "a/rows.jsonl.gz", "row": 1}, "a/rows.jsonl.gz"),
        ({"path": "a/rows.jsonl", "row": 1, "url": "https://www.example.org/1"}, "example.org"),
        ({}, "courier"),
        ({"source": "bro\ud800ken"}, "bro?ken"),
    ],
)
def test_source(metadata, source):
    assert source_of(metadata, folder="courier") == source


def test_without_a_folder_nothing_tells():
    assert source_of({"path": "c.txt"}) == source_of({}) == ""


def test_a_document_that_was_given_without_a_file():
    assert document_source(Document("", "x", url="https://www.example.org/1")) == "example.org"
    assert document_source(Document("", "x", source="Courier", url="https://www.example.org/1")) == "Courier"


def sources(*inputs):
    folder = input_folder(inputs)
    files = [file for file in discover(inputs) if isinstance(file, InputFile)]
    return {
        reading.document.id: document_source(reading.document, folder=folder)
        for file in files
        for reading in read(file)
    }


def test_files_of_a_folder(tmp_path: Path):
    site = tmp_path / "courier"
    (site / "sport").mkdir(parents=True)
    (site / "one.txt").write_text("One")
    (site / "sport" / "two.txt").write_text("Two")
    (site / "rows.jsonl").write_text('{"id": 3, "text": "Three"}\n{"id": 4, "text": "Four", "source": "D"}\n')
    expected = {"one.txt": "courier", "sport/two.txt": "sport", "3": "rows.jsonl", "4": "D"}
    assert sources(site) == expected
    assert sources(site / "one.txt") == {"one.txt": "courier"}
    assert sources(site / "*.txt") == {"one.txt": "courier"}
    assert sources(site / "one.txt", site / "sport") == {"one.txt": "courier", "sport/two.txt": "sport"}
