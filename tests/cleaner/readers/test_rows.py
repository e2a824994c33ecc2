"""Rows: what is read of a line, and that a broken one names its line and the rest goes on."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.readings import TEXT

from cleaner import Cleaner
from cleaner.decoding.decode import decode_as
from cleaner.readers import (
    InputFile,
    Reading,
    ReadSettings,
    discover,
    read,
    read_rows,
)


def rows(*lines: str | bytes, max_bytes: int = 1000) -> list[Reading]:
    data = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    return list(read_rows(io.BytesIO(data), name="in.jsonl", settings=ReadSettings(max_bytes)))


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
