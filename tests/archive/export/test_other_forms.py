"""Segments relabelled for old readers, and metadata for research archives."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from warc_samples import CHECKS, SEGMENT, command, few, write_segment
from warcio.archiveiterator import ArchiveIterator

from archive import Problem, verify
from archive.export.relabelled import export_relabelled
from archive.export.texts import ExportError
from archive.segments.reader import Record, records


def test_relabelled_records_are_the_same_but_for_the_version(tmp_path: Path) -> None:
    path = write_segment(tmp_path, few())
    counts = export_relabelled(path, tmp_path / "old")
    before, after = list(records(path)), list(records(tmp_path / "old" / path.name))
    assert counts.texts == 5
    assert not counts.problems
    assert len(before) == len(after)
    for one, other in zip(before[:-1], after[:-1], strict=True):
        assert isinstance(one, Record)
        assert isinstance(other, Record)
        assert other.head == one.head.replace(b"WARC/1.1", b"WARC/1.0", 1)
        assert other.block == one.block
    problems = [
        str(problem.what) for problem in verify([tmp_path / "old" / path.name], CHECKS) if isinstance(problem, Problem)
    ]
    assert problems == ["is WARC/1.0, as `cleancopy archive export --warc10` writes it for other programs"]
    with pytest.raises(ExportError, match="exists"):
        export_relabelled(path, tmp_path / "old")


def test_warcio_reads_them_as_1_0(tmp_path: Path) -> None:
    path = write_segment(tmp_path, few())
    export_relabelled(path, tmp_path / "old")
    with (tmp_path / "old" / path.name).open("rb") as file:
        versions = [record.rec_headers.protocol for record in ArchiveIterator(io.BytesIO(file.read()))]
    assert set(versions) == {"WARC/1.0"}


def test_the_crate_names_each_file_and_run(tmp_path: Path) -> None:
    folder = tmp_path / "OUT" / "warc"
    folder.mkdir(parents=True)
    paths = [write_segment(folder, few(), replace(SEGMENT, shard=shard)) for shard in range(2)]
    terms = ("--license", "https://creativecommons.org/licenses/by/4.0/", "--author", "A. Archivist")
    assert command("crate", tmp_path / "OUT", *terms) == 0
    graph = json.loads((tmp_path / "OUT" / "ro-crate-metadata.json").read_text())["@graph"]
    by_id = {entity["@id"]: entity for entity in graph}
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    root = by_id["./"]
    assert root["license"]["@id"] in terms
    assert by_id[root["author"]["@id"]]["name"] == "A. Archivist"
    assert [part["@id"] for part in root["hasPart"]] == [f"warc/{path.name}" for path in paths]
    for path in paths:
        assert by_id[f"warc/{path.name}"]["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert by_id["#program-1"]["name"] == "cleancopy"
    assert by_id[by_id["#run-1"]["instrument"]["@id"]]["softwareVersion"] == "0.1.0"
    assert root["description"].startswith("14 articles")
