"""Files, folders, rows: what is found, what is read, and that bad input has a name and stops nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.decoding.decode import decode_as
from cleaner.readers import (
    READERS,
    Failure,
    InputError,
    InputFile,
    Reading,
    ReadSettings,
    Skipped,
    discover,
    read,
    read_rows,
    read_stream,
)

TEXT = "Die Brücke ist „gesperrt“ – sagte der Bürgermeister."


def fill(folder: Path, names: list[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


def link(path: Path, target: str | Path, *, folder: bool = False) -> None:
    try:
        path.symlink_to(target, target_is_directory=folder)
    except OSError:  # Windows without the privilege
        pytest.skip("symbolic links cannot be made here")


def locators(folder: Path, *, only: type = InputFile) -> list[str]:
    return [entry.locator for entry in discover([folder]) if isinstance(entry, only)]


def skipped(folder: Path) -> dict[str, str]:
    return {entry.locator: entry.reason for entry in discover([folder]) if isinstance(entry, Skipped)}


def failures(*inputs: Path | str) -> dict[str, str]:
    return {entry.locator: entry.message for entry in discover(inputs) if isinstance(entry, Failure)}


def read_one(path: Path, *, max_bytes: int = 1000) -> Reading:
    (only,) = discover([path])
    assert isinstance(only, InputFile)
    (reading,) = read(only, ReadSettings(max_bytes))
    return reading


def rows(*lines: str | bytes, max_bytes: int = 1000) -> list[Reading]:
    data = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    return list(read_rows(io.BytesIO(data), name="in.jsonl", settings=ReadSettings(max_bytes)))


# Discovery


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


# Files


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


# Rows


def test_row() -> None:
    given_row = {"id": "7", "text": TEXT, "url": "http://example.org/a", "lang": "de", "source": "example.org",
                 "title": "Brücke", "date": "2024-05-03", "tags": ["a"], "score": 0.5}  # fmt: skip
    (reading,) = rows(json.dumps(given_row))
    assert reading.document
    assert reading.original
    document = reading.document
    assert (document.id, document.text, document.url, document.lang) == ("7", TEXT, "http://example.org/a", "de")
    assert (document.source, document.title, document.date) == ("example.org", "Brücke", "2024-05-03")
    assert reading.extra == {"tags": ["a"], "score": 0.5}
    assert reading.row == {name: value for name, value in given_row.items() if name != "id"}
    assert reading.given_id == "7"
    assert (reading.original.locator, reading.original.row, reading.original.payload) == ("in.jsonl", 1, TEXT.encode())
    assert decode_as(reading.original.payload, reading.original.decoding) == TEXT


def test_row_with_html() -> None:
    (reading,) = rows('{"html": "<p>x"}')
    assert reading.document
    assert (reading.document.media_type, reading.document.text) == ("text/html", "<p>x")


def test_row_with_both_is_its_text() -> None:
    (reading,) = rows('{"html": "<p>x", "text": "y"}')
    assert reading.document
    assert (reading.document.media_type, reading.document.text, reading.extra) == (
        "text/plain", "y", {"html": "<p>x"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("identity", "expected"), [('"a"', "a"), ("5", "5"), ('""', "in.jsonl:1"), ("null", "in.jsonl:1")]
)
def test_identity(identity: str, expected: str) -> None:
    (reading,) = rows(f'{{"text": "x", "id": {identity}}}')
    assert reading.document
    assert reading.document.id == expected


def test_field_of_another_type_passes_through() -> None:
    (reading,) = rows('{"text": "x", "date": 1714723200, "url": null}')
    assert reading.document
    assert reading.document.date is None
    assert reading.extra == {"date": 1714723200, "url": None}


BROKEN = {
    "not JSON": ("xx", "not JSON"),
    "cut": ('{"text": "a', "not JSON"),
    "a list": ("[1]", "not an object"),
    "a string": ('"text"', "not an object"),
    "no text": ('{"id": 1}', "neither"),
    "text a number": ('{"text": 3}', "'text' that is not a string"),
    "html a list": ('{"html": []}', "'html' that is not a string"),
    "id a list": ('{"text": "a", "id": []}', "'id'"),
    "id true": ('{"text": "a", "id": true}', "'id'"),
    "key twice": ('{"text": "a", "text": "b"}', "'text' more than once"),
    "not UTF-8": (b'{"text": "caf\xe9"}', "not UTF-8"),
    "nested": ('{"text": ' + "[" * 400_000, "nested too deeply"),
    "long number": ('{"text": "a", "n": ' + "9" * 5000 + "}", "not JSON"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_row_names_its_line_and_the_rest_goes_on(name: str) -> None:
    line, what = BROKEN[name]
    first, broken, last = rows('{"text": "a"}', line, '{"text": "z"}', max_bytes=1_000_000)
    assert first.document
    assert last.document
    assert broken.failure
    assert what in broken.failure.what
    assert broken.failure.message.startswith("in.jsonl:2: ")


def test_line_ends_blank_lines_and_byte_order_mark() -> None:
    readings = rows(b'\xef\xbb\xbf{"text": "a"}\r', b"", b" \r", b'{"text": "b\\u2028"}\r')
    assert [(r.document.text, r.original.row) for r in readings if r.document and r.original] == [
        ("a", 1),
        ("b\u2028", 4),
    ]


def test_utf16_rows_are_one_failure() -> None:
    (reading,) = rows('{"text": "a"}\n{"text": "b"}\n'.encode("utf-16"))
    assert reading.failure
    assert "UTF-16" in reading.failure.what


def test_lone_surrogates_are_replaced_and_recorded() -> None:
    (reading,) = rows(r'{"text": "a\ud800b \ud83d\ude00", "id": "\udfff", "x": {"\ud800": ["\ud801"]}}')
    assert reading.document
    assert reading.original
    assert (reading.document.text, reading.document.id) == ("a\ufffdb 😀", "\ufffd")
    assert reading.extra == {"x": {"\ufffd": ["\ufffd"]}}
    assert reading.original.decoding["surrogates"] == 4
    assert decode_as(reading.original.payload, reading.original.decoding) == reading.document.text


class Endless(io.RawIOBase):
    """A line of 20 MB between two rows, made as it is read; remembers the largest piece asked for."""

    def __init__(self) -> None:
        self.parts = [b'{"text": "a"}\n', *([b"x" * 100_000] * 200), b"\n", b'{"text": "z"}\n']
        self.largest = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        self.largest = max(self.largest, len(buffer))
        if not self.parts:
            return 0
        part = self.parts[0][: len(buffer)]
        rest = self.parts.pop(0)[len(part) :]
        if rest:
            self.parts.insert(0, rest)
        buffer[: len(part)] = part
        return len(part)


def test_long_line_is_passed_over_without_being_held() -> None:
    source = Endless()
    first, long, last = read_rows(io.BufferedReader(source), name="in", settings=ReadSettings(1000))
    assert first.document
    assert last.document
    assert long.failure
    assert long.failure.message.startswith("in:2: is larger than 1,000 bytes")
    assert source.largest < 1 << 21


@pytest.mark.parametrize("size", range(15, 23))
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_lines_around_the_bound(size: int, end: bytes) -> None:
    line = b'{"text": "' + b"x" * (size - 12) + b'"}'
    readings = list(read_rows(io.BytesIO(line + end + b"\n" + line + end), name="in", settings=ReadSettings(18)))
    assert [r.failure is None for r in readings] == [size <= 18] * 2


def test_first_row_comes_before_the_last_is_there() -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream, os.fdopen(writer, "wb", buffering=0) as pen:
        pen.write(b'{"text": "first"}\n')
        readings = read_rows(stream, name="stdin")
        first = next(readings)
        assert first.document
        assert first.document.text == "first"


def test_gzipped_rows(tmp_path: Path) -> None:
    lines = b"".join(b'{"text": "%d%s"}\n' % (i, os.urandom(40).hex().encode()) for i in range(500))
    packed = gzip.compress(lines, mtime=0)
    (tmp_path / "whole.jsonl.gz").write_bytes(packed)
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "no.jsonl.gz").write_bytes(lines)
    whole, cut, no = (
        list(read(InputFile(tmp_path / name, name, ".jsonl.gz")))
        for name in ("whole.jsonl.gz", "cut.jsonl.gz", "no.jsonl.gz")
    )
    assert len(whole) == 500
    assert all(reading.document for reading in whole)
    assert cut[0].document
    assert cut[-1].failure
    assert "is cut off: its gzip data" in cut[-1].failure.what
    assert cut[-1].failure.row == len(cut)
    assert len(no) == 1
    assert no[0].failure


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "text", "html", "url", "x"]),
            st.text(max_size=20) | st.integers() | st.none() | st.lists(st.text(max_size=3)),
        )
        | st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")),
        max_size=6,
    )
)
def test_every_line_that_is_not_blank_gives_one_reading(lines: list[dict[str, object] | bytes]) -> None:
    data = [b"{}", *(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)]
    readings = rows(*data)
    assert len(readings) == sum(bool(line.strip()) for line in data)
    assert all((reading.document is None) == (reading.failure is not None) for reading in readings)


@given(st.text(max_size=50), st.booleans())
def test_row_round_trip(text: str, escaped: bool) -> None:
    (reading,) = rows(json.dumps({"text": text}, ensure_ascii=escaped).encode("utf-8", "surrogatepass"))
    if reading.document and reading.original:
        assert decode_as(reading.original.payload, reading.original.decoding) == reading.document.text
        assert len(reading.document.text) == len(text)


EMPTY = {
    "null": '{"id": 4, "text": null}',
    "null and a column": '{"id": 4, "text": null, "more": 1}',
    "null twice": '{"id": 4, "text": null, "html": null}',
    "blank": '{"id": 4, "text": " "}',
}


@pytest.mark.parametrize("name", EMPTY)
def test_an_article_that_is_null_is_an_empty_document(name: str) -> None:
    (reading,) = rows(EMPTY[name])
    assert reading.document
    assert reading.document.text.strip() == ""
    assert reading.row == {key: value for key, value in json.loads(EMPTY[name]).items() if key != "id"}
    assert Cleaner().clean_document(reading.document).status == "empty"


@pytest.mark.parametrize("header", ["id,text", "id,html", "id,text,html"])
def test_an_empty_cell_is_an_empty_document(tmp_path: Path, header: str) -> None:
    cells = "," * (header.count(",") - 1)
    (tmp_path / "a.csv").write_text(f"{header}\n1,The council met.{cells}\n2,{cells}\n")
    (file,) = discover([tmp_path / "a.csv"])
    first, second = read(file)
    assert (first.document.text, second.document.text) == ("The council met.", "")
    assert second.given_id == "2"
