"""No input stops a run: whatever a reader raises, at once or on the way, is that input's failure and nothing else's."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.growth import exponent

import cleaner.readers as readers
from cleaner.readers import READERS, InputFile, Reading, ReadSettings, Skipped, packing, read
from cleaner.readers.readings import DEFAULTS
from cleaner.readers.rows import RowError
from cleaner.storage.object_store import StoreError

ERRORS = [
    ValueError("odd"), TypeError("odd"), KeyError("odd"), RecursionError(), MemoryError(), OverflowError("odd"),
    AttributeError("odd"), ZeroDivisionError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "odd"), AssertionError(),
    OSError(5, "Input/output error"), EOFError(), RuntimeError("x" * 10_000), RowError("odd"), StopIteration(),
]  # fmt: skip


def raising(error: Exception, after: int) -> Any:
    """A reader that gives so many readings and then raises."""

    def reader(file: InputFile, settings: ReadSettings) -> Iterator[Reading | Skipped]:
        for number in range(after):
            yield Skipped(file.locator, str(number))
        raise error

    return reader


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("after", [0, 2])
def test_what_a_reader_raises_is_the_failure_of_its_input(
    error: Exception, after: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(readers, "READERS", {**READERS, ".txt": raising(error, after)})
    *before, last = read(InputFile(tmp_path / "a.txt", "a.txt", ".txt"))
    assert len(before) == after
    assert isinstance(last, Reading)
    assert last.failure
    assert (last.document, last.failure.locator) == (None, "a.txt")
    assert last.failure.what
    assert len(last.failure.message) < 500


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_reader_that_raises_when_it_is_called(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def reader(file: InputFile, settings: ReadSettings) -> Iterator[Reading | Skipped]:
        raise error

    monkeypatch.setattr(readers, "READERS", {**READERS, ".txt": reader})
    (only,) = read(InputFile(tmp_path / "a.txt", "a.txt", ".txt"))
    assert isinstance(only, Reading)
    assert only.failure


def test_a_store_that_does_not_answer_is_no_inputs_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(readers, "READERS", {".txt": raising(StoreError("away"), 0)})
    with pytest.raises(StoreError):
        list(read(InputFile(tmp_path / "a.txt", "a.txt", ".txt")))


CONTAINERS = {
    ".jsonl": b'{"text": "a"}\n{"text": "odd"}\n{"text": "c"}\n',
    ".json": b'[{"text": "a"}, {"text": "odd"}, {"text": "c"}]',
    ".csv": b"id,text\n1,a\n2,odd\n3,c\n",
    ".tsv": b"id\ttext\n1\ta\n2\todd\n3\tc\n",
}


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize(
    "error", [TypeError("odd"), MemoryError(), RecursionError()], ids=lambda error: type(error).__name__
)
def test_one_row_that_raises_leaves_the_others(
    kind: str, error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from cleaner.readers import delimited, json_rows, jsonl
    from cleaner.readers.rows import row_reading

    def row(values: Any, *rest: Any, **named: Any) -> Reading:
        if values.get("text") == "odd":
            raise error
        return row_reading(values, *rest, **named)

    for module in (delimited, json_rows, jsonl):
        monkeypatch.setattr(module, "row_reading", row)
    (tmp_path / "in").write_bytes(CONTAINERS[kind])
    first, second, third = read(InputFile(tmp_path / "in", "in", kind))
    assert isinstance(first, Reading)
    assert isinstance(second, Reading)
    assert isinstance(third, Reading)
    assert first.document
    assert third.document
    assert second.failure
    assert second.failure.row == 2


PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
LINES = b"".join(
    json.dumps({"text": f"line {number} {number * 7919 % 10007}"}).encode() + b"\n" for number in range(5000)
)


def packed(suffix: str, data: bytes) -> bytes:
    if suffix == ".zst":
        zstandard = pytest.importorskip("zstandard")
        frames = [data[start : start + 20_000] for start in range(0, len(data), 20_000)]
        return b"".join(zstandard.compress(frame) for frame in frames)
    return PACK[suffix](data)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("share", [0.3, 0.999])
def test_a_cut_file_is_called_cut_in_every_packing(suffix: str, share: float, tmp_path: Path) -> None:
    whole = packed(suffix, LINES)
    path = tmp_path / "in"
    path.write_bytes(whole)
    assert len(list(read(InputFile(path, "in", ".jsonl" + suffix)))) == 5000
    path.write_bytes(whole[: int(len(whole) * share)])
    *before, last = read(InputFile(path, "in", ".jsonl" + suffix))
    assert isinstance(last, Reading)
    assert last.failure
    assert "is cut off" in last.failure.what
    assert last.failure.do == f"{'what stands before was read; ' if before else ''}fetch the file again"
    (one,) = read(InputFile(path, "in", ".txt" + suffix))
    assert isinstance(one, Reading)
    assert one.failure
    assert one.failure.do == "fetch the file again"  # of one article nothing is read


ROWS_IN_A_TEXT = {
    '{"id": 1, "text": "One."}\n': ("JSON", "json"),
    '{"id": 1, "text": "One."}\n{"id": 2, "text": "Two."}\n': ("JSON lines", "jsonl"),
    "id,title,text\n1,Light,Out.\n2,Ferry,Every hour.\n": ("a table (CSV)", "csv"),
}


@pytest.mark.parametrize("text", ROWS_IN_A_TEXT)
def test_rows_in_a_text_are_told_what_is_possible_for_a_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text(text)
    (reading,) = read(InputFile(tmp_path / "in.txt", "in.txt", ".txt"))
    assert isinstance(reading, Reading)
    assert reading.failure
    kind, name = ROWS_IN_A_TEXT[text]
    assert reading.failure.what == f"holds {kind}, not an article"
    assert reading.failure.do == f"name the file .{name}, or give it to standard input with --format {name}"


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_broken_packing_is_named(suffix: str, tmp_path: Path) -> None:
    whole = bytearray(packed(suffix, LINES))
    whole[len(whole) // 2 : len(whole) // 2 + 40] = bytes(40)
    (tmp_path / "in").write_bytes(whole)
    *_, last = read(InputFile(tmp_path / "in", "in", ".jsonl" + suffix))
    assert isinstance(last, Reading)
    assert last.failure
    assert "data is broken" in last.failure.what or "is cut off" in last.failure.what


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_what_unpacks_to_hundreds_of_times_its_size_is_refused(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "FREE", 1 << 20)
    stream = packing.unpacked(io.BytesIO(PACK[suffix](b"\n" * (8 << 20))), suffix)
    with pytest.raises(packing.PackingError, match="400 times its size"):
        stream.read()


def test_a_table_whose_column_would_unpack_to_hundreds_of_times_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(packing, "FREE", 1 << 20)
    for name, text in (("bomb", "x" * (8 << 20)), ("good", "The ferry runs again from May.")):
        parquet.write_table(pyarrow.table({"text": [text]}), tmp_path / name, compression="zstd")
    bomb, good = (list(read(InputFile(tmp_path / name, name, ".parquet"))) for name in ("bomb", "good"))
    assert [reading.failure.what for reading in bomb if isinstance(reading, Reading) and reading.failure] == [
        "unpacks to more than 400 times its size"
    ]
    assert all(isinstance(reading, Reading) and reading.document for reading in good)


@pytest.mark.parametrize(
    ("again", "what"), [([], "has neither a column 'text'"), (["c7"], "has the column 'c7' twice")]
)
def test_work_for_a_table_of_very_many_columns_grows_with_their_number(
    tmp_path: Path, again: list[str], what: str
) -> None:
    def refused(count: int) -> None:
        (tmp_path / "a.csv").write_text(",".join([*(f"c{number}" for number in range(count)), *again]) + "\n")
        (reading,) = read(InputFile(tmp_path / "a.csv", "a.csv", ".csv"))
        assert isinstance(reading, Reading)
        assert reading.failure
        assert reading.failure.what.startswith(what)

    assert exponent(refused, 1_000, 8_000) < 1.15


def test_blank_lines_are_no_documents(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"\n" * 100_000 + b'{"text": "a"}\n' + b" \t\r\n" * 1000 + b'{"text": "b"}')
    file = InputFile(tmp_path / "in", "in", ".jsonl")
    ranges = list(readers.DIVIDED[".jsonl"].cut(file, room=1, size=1, settings=DEFAULTS))
    assert [part.documents for part in ranges] == [1, 1]
    texts = [reading.document.text for part in ranges for reading in readers.read_part(file, part, DEFAULTS)
             if isinstance(reading, Reading) and reading.document]  # fmt: skip
    assert texts == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("a.json", b'[{"text": "a"}, {"text": "b"}]', ["a", "b"]),
        ("a.json", b'{"text": "a"}', ["a"]),
        ("a.json", b'{"x": {"text": "a"}, "y": {"text": "b"}}', ["a", "b"]),
        ("a.json", b'{"meta": 1, "articles": [{"text": "a"}]}', ["a"]),
        ("a.json", b'\xef\xbb\xbf[{"text": "a"}]', ["a"]),
        ("a.json", '[{"text": "é"}]'.encode("utf-16"), ["é"]),
        ("a.json", b'{"text": "a"}\n{"text": "b"}\n', ["a", "b"]),
        ("a.json", b'[{"text": "a"}, 3, {"text": "b"}]', ["a", "is not an object", "b"]),
        ("a.json", b'[{"text": "a"}, {"text": "b"', ["a", "cut off"]),
        ("a.json", b'[{"text": "a"} {"text": ]' + b" " * 50, ["a", "is not JSON"]),
        ("a.json", b'{"a": 1}', ["holds no rows"]),
        ("a.json", b"", ["is not JSON"]),
        ("a.jsonl", b'{"text": "a"}\n{"text": "b', ["a", "is cut off: the file ends within this line"]),
        ("a.jsonl", b'{"text": "a"}\n{"text":', ["a", "is cut off: the file ends within this line"]),
        ("a.jsonl", b'{"text": "a"}\n{"text": "b\n', ["a", "is not JSON"]),
        ("a.jsonl", b'{"text": "a"}\n{\'text\': "b"}', ["a", "is not JSON"]),
        ("a.csv", b"id,text\n1,a\n", ["a"]),
        ("a.csv", b"id;text\n1;a,b\n", ["a,b"]),
        ("a.csv", b'id,text\n1,"a\nb"\n\n2,c\n', ["a\nb", "c"]),
        ("a.csv", "id,text\n1,Déjà vu était là\n".encode("cp1252"), ["Déjà vu était là"]),
        ("a.csv", b"\xef\xbb\xbfid,text\r\n1,a\r\n", ["a"]),
        ("a.csv", b"id,text\n1\n2,b\n", ["has 1 values", "b"]),
        ("a.csv", b'id,text\n1,"a" x\n2,b\n', ["is not a row", "b"]),
        ("a.csv", b"id,content\n1,a\n", ["--text-field"]),
        ("a.csv", b"id,id,text\n1,2,a\n", ["twice"]),
        ("a.csv", b"", ["no header"]),
        ("a.tsv", b"id\ttext\n1\ta, b\n", ["a, b"]),
    ],
)
def test_tables_and_json(tmp_path: Path, name: str, content: bytes, texts: list[str]) -> None:
    (tmp_path / name).write_bytes(content)
    readings = list(read(InputFile(tmp_path / name, name, Path(name).suffix)))
    assert len(readings) == len(texts)
    for reading, text in zip(readings, texts, strict=True):
        assert isinstance(reading, Reading)
        if reading.document:
            assert reading.document.text == text
        else:
            assert reading.failure
            assert text in reading.failure.message


def test_odd_values_of_a_table_fail_their_row_alone(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as tables

    columns = {
        "text": pa.array(["a", "b"]),
        "when": pa.array([1, 2**62], pa.timestamp("ns")),
        "day": pa.array([1, 10_000_000], pa.date32()),
        "words": pa.Array.from_buffers(
            pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xff")]
        ),
    }
    tables.write_table(pa.table(columns), tmp_path / "t.parquet")
    readings = list(read(InputFile(tmp_path / "t.parquet", "t.parquet", ".parquet")))
    assert [r.document.text if isinstance(r, Reading) and r.document else None for r in readings] == ["a", "b"]


def test_runs_of_blank_lines_are_passed_over_at_once_and_counted() -> None:
    class Counted(io.BufferedReader):
        lines = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            Counted.lines += 1
            return super().readline(size)

    data = b"\n" * 300_000 + b'{"text": "a"}\n' + b" \r\n" * 100_000 + b'  {"text": 3}'
    first, second = readers.read_rows(Counted(io.BytesIO(data), 1 << 16), name="in")
    assert first.original
    assert second.failure
    assert (first.original.row, second.failure.row) == (300_001, 400_002)
    assert Counted.lines < 20
