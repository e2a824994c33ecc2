"""A folder in, everything out: outputs, counts, faults, determinism. Tables of bad input."""

import errno
import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import cleaner.batch.shards.writer
from archive.checking.restore import restore
from archive.checking.verify import verify
from cleaner import Cleaner
from cleaner.batch import counts as counts_module
from cleaner.batch.run import BatchError, BatchSettings, dry_run, run_batch
from cleaner.document import Block
from cleaner.heuristics.cue_matcher import MOST_HITS, Matcher
from cleaner.heuristics.cues import tables_for
from cleaner.readers import InputError, ReadSettings
from cleaner.writers.report.page import write_report
from cleaner.writers.warc import CHECKS

CLOCK = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)
STORY = (
    "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening.\n"
)
APPEAL = (
    "Dear readers,\nWe need your help.\nPlease donate today.\nThank you for your support.\nOnce\nMonthly\nDonate now\n"
)


def run(inputs, out, **settings):
    return run_batch(
        [Path(given) for given in inputs], Cleaner(), BatchSettings(out, CLOCK, **settings), lambda _: None
    )


def rows(out):
    return [json.loads(line) for path in sorted((out / "documents").glob("*.jsonl")) for line in path.open("rb")]


def files(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def segments(out):
    return sorted((out / "warc").glob("*.warc.gz"))


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "in"
    (inside / "sub").mkdir(parents=True)
    (inside / "a.txt").write_text(STORY * 3 + "\nRead more", encoding="utf-8")
    (inside / "sub" / "b.html").write_text(f"<html><body><article><h1>Ferry</h1><p>{STORY}</p></article></body></html>")
    (inside / "c.jsonl").write_text(
        json.dumps({"id": "one", "text": STORY * 2 + "ADVERTISEMENT", "color": "red", "status": "theirs"})
        + "\nnot json\n"
        + json.dumps({"id": "one", "text": "a second with the same id"}) + "\n"
    )  # fmt: skip
    for path in inside.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return inside


def test_outputs_of_a_mixed_folder(folder, tmp_path):
    out = tmp_path / "out"
    counts = run([folder], out)
    assert dict(counts.status) == {"clean": 4, "failed": 1}
    assert sorted(files(out)) == [
        "documents/00000.jsonl", "index.cdxj", "inputs.jsonl", "known.npy", "memory.sqlite", "run.json", "text/a.txt", "text/sub/b.html.txt",
        "warc/cleancopy-20260503102200-00000-00.warc.gz",
    ]  # fmt: skip
    assert (out / "text/a.txt").read_text(encoding="utf-8") == STORY * 3
    report = json.loads((out / "run.json").read_text())
    assert report["counts"]["documents"] == 5
    assert report["clock"] == "2026-05-03T10:22:00Z"
    assert [(failure["path"], failure["row"]) for failure in report["failures"]] == [("c.jsonl", 2)]
    assert list(verify(segments(out), CHECKS)) == []


def test_rows_keep_order_pass_unknown_fields_and_move_colliding_ones(folder, tmp_path):
    run([folder], tmp_path / "out")
    all_rows = rows(tmp_path / "out")
    assert [(row["path"], row["status"]) for row in all_rows] == [
        ("a.txt", "clean"), ("c.jsonl", "clean"), ("c.jsonl", "failed"), ("c.jsonl", "clean"), ("sub/b.html", "clean"),
    ]  # fmt: skip
    assert all_rows[1]["color"] == "red"
    assert all_rows[1]["input"] == {"status": "theirs"}
    assert all_rows[1]["spans"][0]["label"] == "advert"
    assert (all_rows[1]["id"], all_rows[3]["id"]) == ("one", "one#3")
    assert all_rows[3]["metadata"]["repeated-id"] == "one"


def test_two_runs_are_the_same_to_the_byte(folder, tmp_path):
    for name in ("one", "two"):
        run([folder], tmp_path / name, shard_size=2)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_shards_hold_a_fixed_number_of_inputs_in_order(folder, tmp_path):
    out = tmp_path / "out"
    run([folder], out, shard_size=2)
    counts = [len(path.read_bytes().splitlines()) for path in sorted((out / "documents").glob("*.jsonl"))]
    assert counts == [2, 2, 1]
    assert len(segments(out)) == 3


def test_originals_come_back_byte_for_byte(folder, tmp_path):
    run([folder], tmp_path / "out")
    list(restore(segments(tmp_path / "out"), tmp_path / "back", CHECKS, decoded=False))
    for name in ("a.txt", "sub/b.html"):
        assert (tmp_path / "back" / name).read_bytes() == (folder / name).read_bytes()
    assert (tmp_path / "back/c.jsonl/one.txt").read_text(encoding="utf-8") == STORY * 2 + "ADVERTISEMENT"


BAD = {
    "empty.txt": (b"", "empty"),
    "blank.txt": (b" \n\t\r\n", "empty"),
    "breaks.txt": (b"\n" * 1_000_000, "empty"),
    "appeal.txt": (APPEAL.encode(), "empty"),
    "binary.txt": (bytes(range(256)) * 40, "failed"),
    "image.txt": (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "failed"),
    "nul.txt": (STORY.encode().replace(b"harbours", b"har\0bours"), "clean"),
    "bom.txt": (b"\xef\xbb\xbf" + STORY.encode(), "clean"),
    "utf16.txt": (STORY.encode("utf-16"), "clean"),
    "long.txt": (b"word " * 60_000, "failed"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_told_apart_and_the_batch_goes_on(name, tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    payload, status = BAD[name]
    (inside / name).write_bytes(payload)
    (inside / "zz.txt").write_text(STORY)
    counts = run([inside], tmp_path / "out", max_bytes=1_000_001 if name == "breaks.txt" else 200_000)
    first, last = rows(tmp_path / "out")
    assert (first["status"], last["status"]) == (status, "clean")
    assert list(verify(segments(tmp_path / "out"), CHECKS)) == []
    for failure in counts.failures:
        assert failure.locator == name
        assert failure.what
        assert failure.do


def test_of_very_many_failures_the_first_are_named_and_all_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(counts_module, "MOST_FAILURES", 4)
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "rows.jsonl").write_text("{broken\n" * 11 + json.dumps({"id": "a", "text": STORY}) + "\n")
    counts = run([inside], tmp_path / "out", shard_size=3)
    assert (counts.failed, [failure.row for failure in counts.failures]) == (11, [1, 2, 3, 4])
    report = json.loads((tmp_path / "out/run.json").read_bytes())
    assert (report["counts"]["status"]["failed"], len(report["failures"])) == (11, 4)
    assert sum(row["status"] == "failed" for row in rows(tmp_path / "out")) == 11


def test_a_file_that_vanishes_is_a_failure(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    for name in ("a.txt", "b.txt"):
        (inside / name).write_text(STORY)

    def vanish(_):
        (inside / "b.txt").unlink(missing_ok=True)

    counts = run_batch([inside], Cleaner(), BatchSettings(tmp_path / "out", CLOCK), vanish)
    assert dict(counts.status) == {"clean": 1, "failed": 1}
    assert "not there" in counts.failures[0].what


def test_an_output_folder_inside_the_input_is_refused(folder):
    with pytest.raises(InputError):
        run([folder], folder / "out")
    assert not (folder / "out").exists()


def test_an_output_folder_with_a_run_is_refused_and_fresh_replaces_it(folder, tmp_path):
    out = tmp_path / "out"
    run([folder], out)
    (out / "mine.txt").write_text("not ours")
    before = files(out)
    assert run([folder], out).documents == 5  # complete: nothing is done
    assert files(out) == before
    (folder / "new.txt").write_text(STORY)
    with pytest.raises(BatchError, match=r"other inputs.*--fresh"):
        run([folder], out)
    (folder / "new.txt").unlink()
    (folder / "a.txt").unlink()
    run([folder], out, fresh=True)
    assert not (out / "text/a.txt").exists()
    assert (out / "mine.txt").read_text() == "not ours"


def test_a_full_disk_stops_with_advice_and_leaves_nothing_half_written(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cleaner.batch.shards.writer, "write_text", full)
    with pytest.raises(BatchError, match="disk is full"):
        run([folder], tmp_path / "out")
    assert [name for name in files(tmp_path / "out") if name.endswith((".open", ".tmp", ".jsonl", ".gz"))] == []


def test_a_full_disk_at_the_close_of_the_rows(folder, tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("archive.segments.durable.os.fsync", full)
    with pytest.raises(BatchError, match="disk is full"):
        run([folder], tmp_path / "out")
    assert [name for name in files(tmp_path / "out") if name.endswith((".open", ".tmp", ".jsonl", ".gz"))] == []


def test_names_that_would_be_the_same_file_get_numbers(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "a.md").write_text(STORY)
    (inside / "a.md.txt").write_text(STORY)
    run([inside], tmp_path / "out")
    assert sorted(name for name in files(tmp_path / "out") if name.startswith("text")) == [
        "text/a.md.2.txt", "text/a.md.txt",
    ]  # fmt: skip


def test_a_dry_run_counts_and_writes_nothing(folder, tmp_path):
    counts = dry_run([folder], Cleaner(), ReadSettings(1_000_000), lambda _: None)
    assert counts.documents == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_gzipped_rows_and_skipped_kinds(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "rows.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": STORY}).encode()))
    (inside / "picture.png").write_bytes(b"\x89PNG")
    (inside / ".hidden").write_text("x")
    counts = run([inside], tmp_path / "out")
    assert counts.documents == 1
    assert counts.skipped.total() == 2
    assert rows(tmp_path / "out")[0]["id"] == "rows.jsonl.gz:1"


def test_fresh_touches_no_folder_that_no_run_made(tmp_path):
    (tmp_path / "a.txt").write_text(STORY)
    (tmp_path / "home/documents").mkdir(parents=True)
    (tmp_path / "home/documents/thesis.doc").write_text("mine")
    with pytest.raises(BatchError, match="choose another folder"):
        run([tmp_path / "a.txt"], tmp_path / "home", fresh=True)
    assert (tmp_path / "home/documents/thesis.doc").read_text() == "mine"


def test_names_that_clash_with_folders_or_are_too_long(tmp_path):
    inside = tmp_path / "in"
    (inside / "a.md.txt").mkdir(parents=True)
    (inside / "a.md").write_text(STORY)
    (inside / "a.md.txt/b.txt").write_text(STORY)
    (inside / ("n" * 250 + ".txt")).write_text(STORY)
    counts = run([inside], tmp_path / "out")
    assert dict(counts.status) == {"clean": 3}
    texts = sorted(name for name in files(tmp_path / "out") if name.startswith("text/"))
    assert texts[:2] == ["text/a.md.txt", "text/a.md~2/b.txt"]
    assert len(texts) == 3


def test_texts_of_a_shard_that_broke_off_go_with_it(folder, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cleaner.batch.shards.writer.ShardWriter, "_write_notes", full)
    with pytest.raises(BatchError):
        run([folder], tmp_path / "out")
    assert sorted(name for name in files(tmp_path / "out") if not name.startswith(".work")) == [
        "memory.sqlite",
        "run.json",
    ]
    assert json.loads((tmp_path / "out/run.json").read_text())["complete"] is False
    monkeypatch.undo()
    run([folder], tmp_path / "out")
    assert json.loads((tmp_path / "out/run.json").read_text())["complete"] is True


def test_a_report_of_an_empty_document(tmp_path):
    (tmp_path / "e.txt").write_text("")
    run([tmp_path / "e.txt"], tmp_path / "out")
    write_report(tmp_path / "out", tmp_path / "report.html")
    assert "e.txt" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_one_cue_repeated_is_kept_only_so_often():
    text = "© " * 5000
    hits = Matcher(tables_for("en")).find(text, [Block(0, len(text), text, 0, 0)], text)
    assert len(hits[0].cues) == MOST_HITS
