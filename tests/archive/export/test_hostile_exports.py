"""Exports of crafted segments: nothing raises, nothing of a value gets into a line of its own, the texts come out."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from make_warc import base, sealed
from support.growth import exponent
from warc_samples import CHECKS

from archive import Problem, verify
from archive.checking.ledger import Told
from archive.checking.versions import newest
from archive.export.cdxj import index_lines, write_index
from archive.export.relabelled import export_relabelled
from archive.export.ro_crate import Terms, ro_crate
from archive.export.surt import LONGEST, surt
from archive.export.tables import export_jsonl, export_parquet
from archive.export.texts import Counts
from archive.export.wacz import about_run, export_wacz
from archive.export.wet import export_wet
from archive.segments.records import Draft
from archive.warc.digests import sha1_base32
from archive.warc.records import Capture, captures, wanted

INFO, METADATA = 0, 3
INJECTED = "2026-01-01T00:00:00Z%0D%0AWARC-Type: response%0D%0AX: "
FIELDS = {
    "a date with more headers": ("capture-date", INJECTED),
    "a date with half a surrogate": ("capture-date", "%ED%A0%80"),
    "a day that is none": ("capture-date", "2026-02-30T00:00:00Z"),
    "an id with more headers": ("source-record-id", f"urn:x:{INJECTED}"),
    "an id that is none": ("source-record-id", "%uD800"),
    "a language with more headers": ("language", f"en{INJECTED}"),
    "a row of many digits": ("source-row", "9" * 5_000),
    "a row of other digits": ("source-row", "²"),
    "a row beyond 64 bits": ("source-row", "9" * 20),
    "an id of a document": ("document-id", "%uD800%0D%0A"),
    "a place beyond files": ("source-offset", "9" * 5_000),
}
INFO_FIELDS = {
    "software with half a surrogate": b"software: %uD800/1\r\n",
    "software with more lines": b"software: a%0D%0AisPartOf: b\r\n",
    "no fields at all": b"\xff\xfe",
}
HEADERS = {
    "no such date": (INFO, b"WARC-Date: ", b"WARC-Date: 0000-"),
    "a date before ZIP": (INFO, b"WARC-Date: 2026", b"WARC-Date: 1970"),
    "a date behind ZIP": (INFO, b"WARC-Date: 2026", b"WARC-Date: 9999"),
    "a date of words": (METADATA, b"WARC-Date: ", b"WARC-Date: never "),
    "an address with blanks": (1, b"WARC-Target-URI: ", b"WARC-Target-URI: a b "),
    "an address in no charset": (1, b"WARC-Target-URI: ", b"WARC-Target-URI: \xff\xfe"),
    "an id of letters": (2, b"WARC-Record-ID: <", b"WARC-Record-ID: <\xc3\xa4 "),
}


def told(clean_text: str | None, written: Mapping[str, Any]) -> Told:
    return Told("half a \ud800 pair", clean_text or "", "clean" if clean_text else "empty")


def crafted(folder: Path, index: int, header: tuple[bytes, bytes], block: bytes | None = None) -> Path:
    """A segment with one record changed, and all digests and the seal made to fit."""
    path = folder / "crafted.warc.gz"
    drafts = base(path.name)
    draft = drafts[index]
    assert header[0] in draft.header
    drafts[index] = _fitted(replace(draft, header=draft.header.replace(*header, 1)), block)
    path.write_bytes(sealed(drafts))
    return path


def _fitted(draft: Draft, block: bytes | None) -> Draft:
    if block is None:
        return draft
    header = draft.header.replace(sha1_base32(draft.block).encode(), sha1_base32(block).encode())
    length = (f"Content-Length: {len(draft.block)}".encode(), f"Content-Length: {len(block)}".encode())
    return replace(draft, header=header.replace(*length), block=block)


def export_all(path: Path, out: Path) -> dict[str, bytes]:
    """What each export makes of it."""
    made: list[Counts] = [
        export_wet(path, out, told), export_jsonl(path, out, told), export_relabelled(path, out / "old"),
        export_wacz([path], out, told, about_run([path], "sample")),
    ]  # fmt: skip
    assert sum(counts.texts for counts in made) >= 3
    write_index(out / "index.cdxj", (line for line in index_lines(path) if isinstance(line, str)))
    (out / "crate.json").write_bytes(ro_crate([path], path.parent, Terms("sample")))
    list(verify([path], CHECKS))
    return {file.name: file.read_bytes() for file in out.iterdir() if file.is_file()}


def check(files: Mapping[str, bytes]) -> None:
    """Each form is what its readers expect."""
    wet = list(captures(io.BytesIO(files["crafted.warc.wet.gz"]), wanted, max_block=1 << 20))
    assert [record.headers["warc-type"] for record in wet if isinstance(record, Capture)] == ["warcinfo", "conversion"]
    names = [name for record in wet if isinstance(record, Capture) for name, _ in record.fields]
    assert "X" not in names
    assert len(names) == 7 + 10
    (row,) = gzip.decompress(files["crafted.jsonl.gz"]).splitlines()
    assert json.loads(row)["text"]
    for line in files["index.cdxj"].decode("ascii").splitlines():
        _, stamp, about = line.split(" ", 2)
        assert stamp.isdigit() or not stamp
        json.loads(about)
    with zipfile.ZipFile(io.BytesIO(files["sample.wacz"])) as package:
        assert len([json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()]) >= 2
    json.loads(files["crate.json"])


@pytest.mark.parametrize("name", FIELDS)
def test_a_crafted_field_costs_a_line(name: str, tmp_path: Path) -> None:
    field, value = FIELDS[name]
    lines = [line for line in base("crafted.warc.gz")[METADATA].block.split(b"\r\n") if line]
    lines = [line for line in lines if not line.startswith(f"{field}:".encode())] + [f"{field}: {value}".encode()]
    path = crafted(tmp_path, METADATA, (b"", b""), b"\r\n".join([*lines, b""]))
    check(export_all(path, tmp_path / "out"))


@pytest.mark.parametrize("name", INFO_FIELDS)
def test_a_crafted_warcinfo(name: str, tmp_path: Path) -> None:
    check(export_all(crafted(tmp_path, INFO, (b"", b""), INFO_FIELDS[name]), tmp_path / "out"))


@pytest.mark.parametrize("name", HEADERS)
def test_a_crafted_header(name: str, tmp_path: Path) -> None:
    index, *change = HEADERS[name]
    check(export_all(crafted(tmp_path, index, (change[0], change[1])), tmp_path / "out"))


def test_what_is_malformed_is_listed(tmp_path: Path) -> None:
    lines = base("crafted.warc.gz")[METADATA].block.replace(b"capture-date: ", b"capture-date: never ")
    counts = export_jsonl(crafted(tmp_path, METADATA, (b"", b""), lines), tmp_path / "out", told)
    assert ["capture-date is malformed" in problem.what for problem in counts.problems] == [True]
    assert counts.texts == 1


def test_a_table_holds_no_half_pairs(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = crafted(tmp_path, METADATA, (b"", b""))
    export_parquet(path, tmp_path / "out", told)
    (title,) = parquet.read_table(tmp_path / "out" / "crafted.parquet").column("title").to_pylist()
    assert title == "half a ? pair"


def test_work_for_escapes_in_escapes_grows_with_their_number() -> None:
    assert surt("http://e.org/%" + "25" * 500_000).startswith("http://e.org/%2525")
    assert exponent(lambda count: surt("http://e.org/%" + "25" * count), 500, LONGEST // 3) < 1.15


def test_a_version_that_names_itself_hides_nothing(tmp_path: Path) -> None:
    own = base("crafted.warc.gz")[METADATA]
    for previous, what in ((own.id, "lead back to itself"), ("urn:uuid:none", "in none of these segments")):
        path = crafted(tmp_path, METADATA, (b"", b""), own.block + f"previous-record-id: {previous}\r\n".encode())
        assert own.id in newest([path])
        assert [what in str(problem) for problem in verify([path], CHECKS, whole=True) if isinstance(problem, Problem)][
            -1:
        ] == [True]
