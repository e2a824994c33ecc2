"""WARC files as input: each case of fixtures/crawls, damage at random places, places that lead back to the records."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_crawls import CASES, FOLDER, MAX_BYTES, SENTENCE, around, good, http, members, page, record, write

from archive.warc import http as payloads
from archive.warc.records import Capture, captures
from cleaner.readers import DIVIDED, Range, Reading, ReadSettings, Skipped, discover, read, read_warc
from cleaner.readers.readings import InputFile


def readings(data: bytes, max_bytes: int = MAX_BYTES) -> Iterator[Reading | Skipped]:
    return read_warc(io.BytesIO(data), name="crawl.warc", settings=ReadSettings(max_bytes))


def documents(data: bytes) -> list[str]:
    """The last parts of the addresses of the documents, which are the names of the records."""
    return [(r.document.url or "?")[-1] for r in readings(data) if isinstance(r, Reading) and r.document]


@pytest.mark.parametrize("name", CASES)
def test_each_case(name: str) -> None:
    case = CASES[name]
    path = FOLDER / (name + case.suffix)
    entries = list(read(InputFile(path, path.name, case.suffix), ReadSettings(MAX_BYTES)))
    read_in = [entry for entry in entries if isinstance(entry, Reading)]
    assert [str(reading.document.url)[-1] for reading in read_in if reading.document] == case.documents.split()
    failures = [reading.failure for reading in read_in if reading.failure]
    assert len(failures) == len(case.failures), failures
    for failure, part in zip(failures, case.failures, strict=True):
        assert part in failure.what
        assert failure.do
    assert tuple(entry.reason for entry in entries if isinstance(entry, Skipped)) == case.skipped
    for reading in read_in:
        if reading.document:
            assert all(text in reading.document.text for text in case.texts)
            assert reading.document.media_type == ("text/html" if "<p>" in reading.document.text else "text/plain")


def test_script_still_makes_these_files(tmp_path: Path) -> None:
    assert {path.name for path in write(tmp_path)} == {path.name for path in FOLDER.iterdir()}
    for path in tmp_path.iterdir():
        assert documents(path.read_bytes()) == documents((FOLDER / path.name).read_bytes()), path.name


def test_folders_find_all_of_them() -> None:
    kinds = {file.kind for file in discover([FOLDER]) if isinstance(file, InputFile)}
    assert kinds == {".warc", ".warc.gz", ".warc.zst", ".warc.wet.gz", ".arc", ".arc.gz"}


@pytest.mark.parametrize("name", ["whole", "plain", "one-member", "members-across-records", "zstd"])
def test_a_place_leads_back_to_the_record(name: str) -> None:
    data = (FOLDER / (name + CASES[name].suffix)).read_bytes()
    first = [r.original for r in readings(data) if isinstance(r, Reading)]
    assert first
    for original in first:
        assert original
        reference = original.reference
        assert reference
        from_here = captures(
            io.BytesIO(data[reference.offset :]), lambda h, b: None, max_block=MAX_BYTES, start=reference.offset
        )
        again = next(capture for capture in from_here if capture.place.inside == reference.inside)
        assert isinstance(again, Capture)
        assert (again.id, again.block, again.place.offset) == (reference.record_id, reference.block, reference.offset)


def test_what_a_document_knows() -> None:
    (reading,) = readings(members(good("a")))
    assert isinstance(reading, Reading)
    assert reading.document
    assert reading.original
    assert reading.document.id == "urn:x-ferry:a"
    assert reading.document.url == "https://ferry.example/a"
    assert reading.document.metadata == {
        "path": "crawl.warc", "row": 1, "offset": 0, "record-id": "urn:x-ferry:a", "capture-date": "2026-05-03T10:22:00Z",
    }  # fmt: skip
    assert reading.original.payload == page("a").encode()
    assert reading.original.modified == 1777803720


@pytest.mark.parametrize(
    ("header", "why"), [("WARC-Truncated: length", "length"), ("WARC-Segment-Number: 1", "segmented")]
)
def test_a_body_that_is_not_whole_is_told(header: str, why: str) -> None:
    """The digest of a payload is then that of the whole one."""
    name, _, value = header.partition(": ")
    more = {name: value, "WARC-Block-Digest": None, "WARC-Payload-Digest": "sha1:" + "A" * 32}
    (reading,) = readings(record("a", http(page("a").encode()), **more))
    assert isinstance(reading, Reading)
    assert reading.document
    assert reading.document.metadata["truncated"] == why


def test_charset_of_the_header_wins_over_the_page() -> None:
    body = page("a", meta='<meta charset="koi8-r">').encode("cp1252")
    (reading,) = readings(record("a", http(body, "text/html; charset=windows-1252")))
    assert isinstance(reading, Reading)
    assert reading.original
    assert reading.original.decoding["charset"] == "cp1252"
    assert reading.original.decoding["evidence"] == "header"


FIVE = [good(name) for name in "abcde"]
LAYOUTS = {"gzip": [gzip.compress(record, mtime=0) for record in FIVE], "plain": FIVE}


@settings(max_examples=200)
@given(st.sampled_from(sorted(LAYOUTS)), st.data())
def test_a_cut_loses_only_what_it_cuts(layout: str, data: st.DataObject) -> None:
    parts = LAYOUTS[layout]
    whole = b"".join(parts)
    at = data.draw(st.integers(0, len(whole)))
    ends = [sum(map(len, parts[: n + 1])) for n in range(5)]
    complete = sum(end <= at for end in ends)
    got = documents(whole[:at])
    assert got[:complete] == list("abcde")[:complete]
    assert len(got) <= complete + (layout == "plain")  # the line ends at its end may be cut off


@settings(max_examples=400)
@given(st.sampled_from(sorted(LAYOUTS)), st.data())
def test_damage_loses_only_the_record_it_stands_in(layout: str, data: st.DataObject) -> None:
    parts = list(LAYOUTS[layout])
    hit = data.draw(st.integers(0, 4))
    start = data.draw(st.integers(0, len(parts[hit]) - 1))
    end = data.draw(st.integers(start, min(len(parts[hit]), start + 300)))
    put = data.draw(st.binary(max_size=40))
    parts[hit] = parts[hit][:start] + put + parts[hit][end:]
    got = documents(b"".join(parts))
    others = [name for name in "abcde" if name != "abcde"[hit]]
    rest = iter(got)  # the damaged record may pass for another one: what it says of itself is damaged too
    assert all(name in rest for name in others)
    assert len(got) <= len(others) + 1


@settings(max_examples=300)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"WARC/1.1\r\n", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"HTTP/1.1 200 OK\r\n"]),
)
def test_any_bytes_are_read(data: bytes, start: bytes) -> None:
    list(readings(start + data))
    list(readings(around(record("m", start + data))))
    assert documents(around(record("m", start + data)))[0] == "a"


def test_a_long_record_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only pieces of a picture of 40 MB are in memory."""
    import tracemalloc

    data = members(good("a"), record("m", http(b"\x89PNG" + bytes(40_000_000), "image/png")), good("z"))
    tracemalloc.start()
    assert documents(data) == ["a", "z"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000


def test_reading_begins_at_any_record() -> None:
    parts = LAYOUTS["gzip"]
    offset = len(parts[0]) + len(parts[1])
    here = Range(3, 0, offset, last=True)
    rest = read_warc(io.BytesIO(b"".join(parts[2:])), name="crawl.warc.gz", part=here)
    first = next(reading for reading in rest if isinstance(reading, Reading))
    assert first.original
    assert first.original.reference
    assert first.original.reference.offset == offset
    assert first.original.row == 3
    assert SENTENCE in (first.document.text if first.document else "")


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("room", "size"), [(1, 1), (2, 2), (1, 3), (9, 9)])
@pytest.mark.parametrize("max_bytes", [1 << 24, MAX_BYTES, 10])
def test_ranges_give_what_the_whole_file_gives(name: str, room: int, size: int, max_bytes: int) -> None:
    path = FOLDER / (name + CASES[name].suffix)
    file = InputFile(path, path.name, CASES[name].suffix)
    divided = DIVIDED[file.kind]
    parts = list(divided.cut(file, room=room, size=size, settings=ReadSettings(max_bytes)))
    assert [part.last for part in parts] == [False] * (len(parts) - 1) + [True]
    together = [reading for part in parts for reading in divided.read(file, part, ReadSettings(max_bytes))]
    assert together == list(read(file, ReadSettings(max_bytes)))
    if name in ("whole", "plain", "zstd") and room == 1:
        assert len(parts) == (3 if size == 1 else 2)


def test_a_library_of_the_same_name_is_not_taken_for_brotli(monkeypatch):
    """The brotlipy that pywb brings is imported as `brotli` too, and cannot unpack within bounds."""
    monkeypatch.setattr(payloads, "brotli", SimpleNamespace(Decompressor=object))
    with pytest.raises(payloads.PayloadError, match="a library is missing"):
        payloads._brotli(b"\x1b\x00\x00", 100)
