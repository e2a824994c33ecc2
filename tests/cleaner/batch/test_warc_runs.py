"""WARC files through the command line: references instead of copies, source files that are missing or changed, exports."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from make_crawls import FOLDER, MAX_BYTES, SENTENCE, good, http, members, record
from warcio.archiveiterator import ArchiveIterator

from archive.export.language_codes import THREE
from cleaner.cli.main import main

NOW = ["--now", "2026-06-01T12:00:00Z", "-q"]
CAPTION = "The ferry at the quay. © Port Authority"
PAGE = (
    f"<!DOCTYPE html><html><body><h1>Ferry sails empty</h1><p>{SENTENCE}</p>"
    f"<figure><figcaption>{CAPTION}</figcaption></figure><p>{SENTENCE} So it went on all summer.</p></body></html>"
)


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    """A folder with one crawl: two pages, one without text, a picture."""
    folder = tmp_path / "crawls"
    folder.mkdir()
    pages = [record(name, http(PAGE.encode())) for name in "ab"]
    nothing = record("c", http(b"<html><body></body></html>"))
    picture = record("d", http(b"\x89PNG", "image/png"))
    (folder / "one.warc.gz").write_bytes(members(*pages, nothing, picture))
    return folder


def lines(out: str) -> list[str]:
    return out.splitlines()


def run(*words: object) -> int:
    return main([str(word) for word in words])


def records_of(folder: Path) -> list[tuple[str, dict[str, str], bytes]]:
    records = []
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, no_record_parse=True, check_digests="raise"):
                records.append((record.rec_type, dict(record.rec_headers.headers), record.raw_stream.read()))
    return records


def test_records_are_referred_to(crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run("clean", crawl, "-o", out, *NOW) == 0
    stored = records_of(out / "warc")
    assert [kind for kind, _, _ in stored] == [
        "warcinfo", "conversion", "metadata", "conversion", "metadata", "metadata", "metadata"
    ]  # fmt: skip
    assert stored[1][1]["WARC-Refers-To"] == "<urn:x-ferry:a>"
    assert stored[1][1]["WARC-Target-URI"] == "https://ferry.example/a"
    assert b"source-record-id: urn:x-ferry:a\r\n" in stored[2][2]
    assert json.loads((out / "run.json").read_text())["counts"]["skipped"] == {"WARC record of type image/*": 1}
    assert not (out / "originals").exists()


def test_a_missing_source_is_no_damage(crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    run("clean", crawl, "-o", out, *NOW)
    assert run("archive", "verify", out) == 0
    assert lines(capsys.readouterr().out) == [
        "one.warc.gz: missing, so the originals of 3 articles are not at hand; give its folder with --sources"
    ]
    assert run("archive", "verify", out, "--sources", tmp_path / "nowhere") == 1
    capsys.readouterr()
    assert run("archive", "verify", out, "--sources", crawl) == 0
    assert capsys.readouterr().out == ""
    assert run("archive", "restore", out, "-o", tmp_path / "back") == 1
    assert lines(capsys.readouterr().err) == [
        "one.warc.gz: missing, so the originals of 3 articles are not at hand; give its folder with --sources",
        f"no files restored to {tmp_path / 'back'}",
    ]
    assert run("archive", "restore", out, "-o", tmp_path / "back", "--sources", crawl) == 0
    assert [path.read_bytes() for path in (tmp_path / "back").rglob("*.html")].count(PAGE.encode()) == 2


def changed(data: bytes) -> bytes:
    return members(*(record(name, http(PAGE.replace("empty", "laden").encode())) for name in "ab"))


def moved(data: bytes) -> bytes:
    return members(good("q")) + data


@pytest.mark.parametrize("change", [changed, moved, lambda data: data[:100]])
def test_a_changed_source_is_told(
    change: Callable[[bytes], bytes], crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    run("clean", crawl, "-o", out, *NOW)
    source = crawl / "one.warc.gz"
    source.write_bytes(change(source.read_bytes()))
    assert run("archive", "verify", out, "--sources", crawl) == 1
    told = capsys.readouterr().out
    assert "one.warc.gz" in told or "source file" in told
    assert "missing" not in told
    assert "damaged" not in told


def test_copies_stand_in_their_own_segment(crawl: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    run("clean", crawl, "-o", out, "--copy-originals", *NOW)
    shutil.rmtree(crawl)
    assert [kind for kind, _, _ in records_of(out / "originals")] == [
        "warcinfo",
        "response",
        "response",
        "response",
        "metadata",
    ]
    assert run("archive", "verify", out) == 0
    assert capsys.readouterr().out == ""
    run("archive", "restore", out, "-o", tmp_path / "back")
    assert PAGE.encode() in [path.read_bytes() for path in (tmp_path / "back").rglob("*.html")]


def test_copies_are_in_a_wacz_file(crawl: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("clean", crawl, "-o", out, "--copy-originals", *NOW)
    assert run("archive", "export", out, "--wacz", "-o", tmp_path / "wacz") == 0
    with zipfile.ZipFile(tmp_path / "wacz/out.wacz") as file:
        copies = [name for name in file.namelist() if name.startswith("archive/cleancopy-originals-")]
        assert len(copies) == 1
        assert file.read(copies[0]) == next((out / "originals").iterdir()).read_bytes()
        lines = gzip.decompress(file.read("indexes/index.cdx.gz")).decode().splitlines()
        assert sum('"status": "200"' in line for line in lines) == 3


@pytest.mark.parametrize(
    "name", ["one-member.warc.gz", "members-across-records.warc.gz", "plain.warc", "zstd.warc.zst"]
)
def test_sources_of_every_layout_are_found_again(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("clean", FOLDER / name, "-o", tmp_path / "out", *NOW)
    assert run("archive", "verify", tmp_path / "out", "--sources", FOLDER) == 0
    assert capsys.readouterr().out == ""


def test_runs_are_repeated_to_the_byte(crawl: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("clean", crawl, "-o", tmp_path / name, "--copy-originals", *NOW)
    for folder in ("warc", "originals", "documents"):
        first, second = (sorted((tmp_path / name / folder).iterdir()) for name in ("one", "two"))
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_our_own_segment_is_read_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A run's archive as input: its originals, not its clean texts beside them."""
    (tmp_path / "a.txt").write_text(f"{SENTENCE}\n{SENTENCE}\nShare on Facebook\n")
    run("clean", tmp_path / "a.txt", "-o", tmp_path / "out", *NOW)
    run("clean", tmp_path / "out" / "warc", "-o", tmp_path / "again", *NOW)
    counts = json.loads((tmp_path / "again" / "run.json").read_text())["counts"]
    assert counts["documents"] == 1
    assert counts["skipped"]["WARC conversion of a record that was read"] == 1


def test_a_pipe(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    data = (FOLDER / "member-torn.warc.gz").read_bytes()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert run("clean", "--format", "warc") == 1
    out, err = capsysbinary.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["status"] for row in rows] == ["clean", "failed", "clean"]
    assert rows[0]["metadata"]["record-id"] == "urn:x-ferry:a"
    assert b"stdin:2: " in err


# exports


def exported(out: Path, folder: Path, *words: str) -> Path:
    assert run("archive", "export", out, *words, "-o", folder) == 0
    (path,) = folder.iterdir()
    return path


@pytest.fixture
def stored(crawl: Path, tmp_path: Path) -> Path:
    (crawl / "page.html").write_text(PAGE)
    (crawl / "news.jsonl").write_text(
        json.dumps({"id": "r", "text": f"{SENTENCE}\n\n{SENTENCE}", "title": "Given"}) + "\n"
    )
    run("clean", crawl, "-o", tmp_path / "stored", *NOW)
    return tmp_path / "stored"


FIELDS = [
    "WARC-Type", "WARC-Target-URI", "WARC-Date", "WARC-Record-ID", "WARC-Refers-To", "WARC-Block-Digest",
    "WARC-Identified-Content-Language", "Content-Type", "Content-Length", "WARC-Identified-Payload-Type",
]  # fmt: skip


def test_wet_has_the_fields_of_common_crawl(stored: Path, tmp_path: Path) -> None:
    path = exported(stored, tmp_path / "wet", "--wet")
    assert path.name == "cleancopy-20260601120000-00000-00.warc.wet.gz"
    assert gzip.decompress(path.read_bytes()).startswith(b"WARC/1.0\r\nWARC-Type: warcinfo\r\n")
    first, *texts = records_of(tmp_path / "wet")
    assert first[0] == "warcinfo"
    assert [list(headers) for _, headers, _ in texts] == [FIELDS] * 4
    urls = [headers["WARC-Target-URI"] for _, headers, _ in texts]
    assert urls[1:3] == ["https://ferry.example/a", "https://ferry.example/b"]
    assert texts[1][1]["WARC-Refers-To"] == "<urn:x-ferry:a>"
    assert texts[1][1]["WARC-Date"] == "2026-05-03T10:22:00Z"
    assert texts[1][1]["WARC-Identified-Content-Language"] == "eng"
    assert CAPTION.encode() not in texts[1][2]


def by_lines(path: Path, length_line: int) -> list[tuple[str, str, str, int, list[str]]]:
    """Reads as CCNet is known to: stripped lines, a record up to the next line `WARC/1.0`, fields by their place.

    Address, date, digest, length, lines of text without blank ones; a record whose length is no number is passed over.
    """
    conversions: list[tuple[str, str, str, int, list[str]]] = []
    records: list[list[str]] = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip() == "WARC/1.0":
                records.append([])
            records[-1].append(line.strip())
    for whole in records:
        head, text = whole[: whole.index("")], [line for line in whole[whole.index("") :] if line]
        values = [field.split()[1] for field in head[1:]]
        if values[0] == "conversion" and text and values[length_line - 1].isdigit():
            conversions.append((values[1], values[2], values[5], int(values[length_line - 1]), text))
    return conversions


def test_wet_is_readable_by_position(stored: Path, tmp_path: Path) -> None:
    path = exported(stored, tmp_path / "new", "--wet")
    old_path = exported(stored, tmp_path / "old", "--wet", "--language-last")
    new, old = by_lines(path, 9), by_lines(old_path, 8)
    assert new == old
    assert by_lines(path, 8) == by_lines(old_path, 9) == []  # one or the other: a reader takes one place for the length
    rows = exported(stored, tmp_path / "rows", "--jsonl")
    told = [json.loads(line) for line in gzip.decompress(rows.read_bytes()).splitlines()]
    assert [row["text"].split() for row in told] == [" ".join(text).split() for *_, text in new]
    assert [len(row["text"].encode()) for row in told] == [length for _, _, _, length, _ in new]
    assert [row["capture-date"] for row in told] == [date for _, date, *_ in new]
    assert all(digest.startswith("sha1:") for _, _, digest, _, _ in new)
    assert [url for url, *_ in new][1:3] == ["https://ferry.example/a", "https://ferry.example/b"]


def test_wet_of_odd_addresses_and_texts(tmp_path: Path) -> None:
    """Lines are what such readers go by: no address holds a space, no field is empty, whatever the input was called."""
    folder = tmp_path / "in"
    (folder / "a b ü").mkdir(parents=True)
    (folder / "a b ü" / "c\u2028d #1.txt").write_text(f"{SENTENCE}\n\n\n\n{SENTENCE}\r\n", "utf-8")
    rows = [
        {"id": "1 2", "text": SENTENCE, "url": "https://x.example/a b\u00a0c\td"},
        {"id": "é", "text": "Το πλοίο έφυγε την αυγή με σαράντα επιβάτες και γύρισε άδειο το βράδυ."},
    ]
    (folder / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert run("clean", folder, "-o", tmp_path / "out", *NOW) == 0
    path = exported(tmp_path / "out", tmp_path / "wet", "--wet", "--language-last")
    records = by_lines(path, 8)
    assert len(records) == 3
    assert all(":" in url for url, *_ in records)
    assert [kind for kind, _, _ in records_of(path.parent)] == ["warcinfo", *["conversion"] * 3]


def test_captions_kept_without_cleaning_again(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported(stored, tmp_path / "rows", "--jsonl", "--keep", "caption")
    assert "4 texts exported" in capsys.readouterr().err
    rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    assert [row["id"] for row in rows] == ["r", "urn:x-ferry:a", "urn:x-ferry:b", "page.html"]
    run("clean", tmp_path / "crawls", "-o", tmp_path / "kept", "--keep", "caption", *NOW)
    cleaned = [json.loads(line) for line in (tmp_path / "kept" / "documents" / "00000.jsonl").read_text().splitlines()]
    wanted = {row["id"]: (row["title"], row["body"]) for row in cleaned if row["text"]}
    assert {row["id"]: (row["title"], row["body"]) for row in rows} == wanted
    assert CAPTION in rows[1]["text"]
    wet = records_of(exported(stored, tmp_path / "wet", "--wet", "--keep", "caption").parent)
    kept = {headers["WARC-Record-ID"] for kind, headers, _ in records_of(stored / "warc") if kind == "conversion"}
    assert wet[2][1]["WARC-Record-ID"] not in kept  # another text, another id
    assert wet[1][1]["WARC-Record-ID"] in kept


def test_parquet_holds_the_rows(stored: Path, tmp_path: Path) -> None:
    tables = pytest.importorskip("pyarrow.parquet")
    table = tables.read_table(exported(stored, tmp_path / "table", "--parquet"))
    path = exported(stored, tmp_path / "rows", "--jsonl")
    assert table.to_pylist() == [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_exports_write_over_nothing(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exported(stored, tmp_path / "rows", "--jsonl")
    assert run("archive", "export", stored, "--jsonl", "-o", tmp_path / "rows") == 2
    assert "exists" in capsys.readouterr().err
    assert run("archive", "export", stored, "--jsonl", "-o", tmp_path / "x", "--keep", "captoin") == 2


def test_damage_is_told_and_the_rest_exported(stored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (segment,) = (stored / "warc").iterdir()
    data = bytearray(segment.read_bytes())
    at = -1
    for _ in range(5):  # warcinfo, a row's three records, the clean text of the first page
        at = data.index(b"\x1f\x8b\x08", at + 1)
    data[at + 40 : at + 60] = bytes(20)
    segment.write_bytes(bytes(data))
    assert run("archive", "export", stored, "--jsonl", "-o", tmp_path / "rows") == 1
    assert "damaged" in capsys.readouterr().err
    assert len(gzip.decompress(next((tmp_path / "rows").iterdir()).read_bytes()).splitlines()) == 3


@pytest.mark.integration
@pytest.mark.parametrize("words", [("--wet",), ("--wet", "--language-last"), ("--wet", "--keep", "caption")])
def test_datatrove_reads_the_wet_files(stored: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    for needed in ("cchardet", "magic"):
        pytest.importorskip(needed, reason=f"datatrove's WarcReader needs {needed}")
    readers = pytest.importorskip("datatrove.pipeline.readers")
    path = exported(stored, tmp_path / "wet", *words)
    rows = gzip.decompress(
        exported(stored, tmp_path / "rows", "--jsonl", *words[1:][-2:] * (len(words) == 3)).read_bytes()
    )
    documents = list(readers.WarcReader(str(path.parent), glob_pattern=path.name, compression="gzip").run())
    assert [document.text for document in documents] == [json.loads(line)["text"] for line in rows.splitlines()]


def test_fastwarc_finds_every_record_sound(stored: Path, tmp_path: Path) -> None:
    warc = pytest.importorskip("fastwarc.warc")
    path = exported(stored, tmp_path / "wet", "--wet")
    with path.open("rb") as file:
        assert sum(1 for _ in warc.ArchiveIterator(file, verify_digests=True)) == 5


def test_codes_of_languages() -> None:
    assert len(THREE) > 180
    assert all(len(two) == 2 and len(three) == 3 for two, three in THREE.items())


def test_many_workers_and_shards_write_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "crawls"
    folder.mkdir()
    for name in ("whole.warc.gz", "garbage-between.warc.gz", "plain-record-torn.warc", "one-member.warc.gz"):
        shutil.copy(FOLDER / name, folder)
    for workers in (1, 2):
        words = ("--shard-size", 2, "--workers", workers, "--copy-originals", *NOW)
        assert run("clean", folder, "-o", tmp_path / str(workers), *words) == 1
    for name in ("warc", "originals", "documents"):
        first, second = (sorted((tmp_path / out / name).iterdir()) for out in "12")
        assert [path.name for path in first] == [path.name for path in second]
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len(list((tmp_path / "1" / "warc").iterdir())) > 3
    capsys.readouterr()
    assert run("archive", "verify", tmp_path / "1", "--sources", folder) == 0
    assert capsys.readouterr().out == ""


def test_the_size_limit_holds_for_records(tmp_path: Path) -> None:
    """One of them holds a WARC, so that it ends elsewhere under another limit; the pages around it are read."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    shutil.copy(FOLDER / "plain-too-long-warc.warc", folder / "a.warc")
    shutil.copy(FOLDER / "too-long.warc.gz", folder / "b.warc.gz")
    shutil.copy(FOLDER / "too-long-resource.warc.gz", folder / "c.warc.gz")
    shutil.copy(FOLDER / "too-long-picture.warc.gz", folder / "d.warc.gz")
    words = ("--no-memory", "--fast", "--workers", 1, "--max-bytes", MAX_BYTES, "--shard-size", 2, *NOW)
    assert run("clean", folder, "-o", out, *words) == 1
    report = json.loads((out / "run.json").read_text())
    whats = [(failure["path"], failure["what"].partition(" (at")[0]) for failure in report["failures"]]
    assert whats == [
        ("a.warc", "its Content-Length does not lead to its end"),
        ("a.warc", "no WARC record begins here"),
        ("b.warc.gz", "is larger than 20,000 bytes"),
        ("c.warc.gz", "is larger than 20,000 bytes"),
    ]
    assert report["counts"]["status"] == {"clean": 11, "failed": 4}
    assert report["counts"]["skipped"] == {"WARC record of type image/*": 1}
