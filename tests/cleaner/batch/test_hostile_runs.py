"""OUT from a stranger, or from a failing disk: refused with a message; nothing outside it is written or removed."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.batch.earlier import KNOWN
from cleaner.batch.output.folder import INPUTS, read_report
from cleaner.batch.run import BatchError, BatchSettings, run_batch
from cleaner.cli.main import main
from cleaner.shapes import Each, Maybe, Row, is_count, is_flat, is_number, misfit
from cleaner.writers.text import remove_text, write_text

ROOT = Path(__file__).resolve().parents[3]
CLOCK = datetime(2026, 5, 3, tzinfo=UTC)
LINKS = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
SHIM = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="faults are injected by a compiled shim on Linux"
)


@pytest.fixture
def run(tmp_path):
    """A finished run: the folder of its inputs, and OUT."""
    (tmp_path / "in").mkdir()
    for name in "ab":
        (tmp_path / f"in/{name}.txt").write_text(f"{name}: The ferry runs again.\n\nRead more\n")
    clean(tmp_path)
    return tmp_path


def clean(folder, **settings):
    return run_batch([folder / "in"], Cleaner(), BatchSettings(folder / "out", CLOCK, **settings), lambda _: None)


def changed(out, change):
    report = json.loads((out / "run.json").read_bytes())
    change(report)
    (out / "run.json").write_text(json.dumps(report))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda report: report.update(complete="yes"), "complete"),
        (lambda report: report.update(shards=-1), "shards"),
        (lambda report: report.update(shards=True), "shards"),
        (lambda report: report.update(clock=7), "clock"),
        (lambda report: report.update(configuration=[]), "configuration"),
        (lambda report: report.pop("counts"), "counts"),
        (lambda report: report["counts"]["status"].update(clean="two"), "counts.status.clean"),
        (lambda report: report["counts"].update(sources={"a": {}}), "counts.sources.a.documents"),
        (lambda report: report.update(failures=[{"path": "a"}]), "failures[0].row"),
        (lambda report: report.update(suspect=[1]), "suspect[0]"),
        (lambda report: report.update(update={"clock": 1}), "update.clock"),
        (lambda report: report.update({"least-certain": [{"score": float("nan")}]}), "least-certain[0].document"),
    ],
)
def test_a_crafted_run_json_is_refused_by_name(run, change, named, capsys):
    changed(run / "out", change)
    with pytest.raises(BatchError, match="not as a run writes it") as refused:
        read_report(run / "out")
    assert f"({named})" in str(refused.value)
    with_pages = (
        [["review", str(run / "out"), "--no-browser"]] if find_spec("starlette") and find_spec("uvicorn") else []
    )
    for words in (["status", str(run / "out")], *with_pages):
        assert main(words) == 2
        assert named in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="of POSIX systems")
def test_a_pipe_in_the_place_of_run_json_is_none_and_waits_for_nobody(run):
    (run / "out/run.json").unlink()
    os.mkfifo(run / "out/run.json")
    assert read_report(run / "out") is None
    with pytest.raises(BatchError, match="no run of ours"):
        clean(run)


@LINKS
@pytest.mark.parametrize("name", ["text", "warc", "documents", ".work"])
@pytest.mark.parametrize("settings", [{"fresh": True}, {"update": True}, {}])
def test_a_folder_that_is_a_link_is_refused(run, name, settings):
    elsewhere = run / "elsewhere"
    elsewhere.mkdir()
    for victim in ("a.txt", "README", "00000.jsonl"):
        (elsewhere / victim).write_text("mine")
    shutil.rmtree(run / "out" / name, ignore_errors=True)
    (run / "out" / name).symlink_to(elsewhere)
    (run / "in/c.txt").write_text("new")
    with pytest.raises(BatchError, match="is a link"):
        clean(run, **settings)
    assert {path.read_text() for path in elsewhere.iterdir()} == {"mine"}


@LINKS
def test_a_link_below_is_neither_followed_nor_emptied(run):
    elsewhere = run / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b.txt").write_text("mine")
    (run / "in/sub").mkdir()
    (run / "in/sub/b.txt").write_text("The council met on Monday and heard of the new bridge.")
    (run / "out/text/sub").symlink_to(elsewhere)
    counts = clean(run, update=True)
    assert [failure.locator for failure in counts.failures] == ["sub/b.txt"]
    clean(run, fresh=True)
    assert (elsewhere / "b.txt").read_text() == "mine"
    assert [path.name for path in elsewhere.iterdir()] == ["b.txt"]


@LINKS
def test_texts_are_written_and_removed_through_no_link(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.txt").write_text("mine")
    (tmp_path / "out/text").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"text|irector"):
        write_text(tmp_path / "out", "text/a.txt", "x")
    remove_text(tmp_path / "out", "text/a.txt")
    assert (tmp_path / "elsewhere/a.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["../../victim.txt", "/tmp/victim.txt", "a/../../../victim.txt"])
def test_a_list_of_inputs_that_leads_out_is_refused(run, name):
    lines = [json.loads(line) for line in (run / "out" / INPUTS).open()]
    lines[0][5] = name
    (run / "out" / INPUTS).write_text("".join(json.dumps(line) + "\n" for line in lines))
    (run / "in/a.txt").write_text("changed")
    with pytest.raises(BatchError, match="outside its folder"):
        clean(run, update=True)


@pytest.mark.parametrize(
    "content", [b"", b"[]\n", b'[null,null,1,1,"","",null,false]\n', b"[" * 9000, b"\xff\n", b'{"a":1}\n']
)
def test_a_list_of_inputs_that_is_none_is_refused(run, content):
    (run / "out" / INPUTS).write_bytes(content)
    if content:
        with pytest.raises(BatchError, match=r"not as a run writes it|names something that is not an input"):
            clean(run, update=True)
    clean(run, fresh=True)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x01\x00\x04\x00{[(\n", b"PK\x03\x04", b"\x80\x04."])
def test_a_list_of_documents_that_is_none_is_refused(run, content):
    (run / "out" / KNOWN).write_bytes(content)
    (run / "in/a.txt").write_text("changed")
    with pytest.raises(BatchError, match="not as a run writes it"):
        clean(run, update=True)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
SHAPE = {"a": [Row((is_count, (str, None)))], "b": Maybe(Each(is_number)), "c": Maybe((bool, {"a": str}))}


@given(VALUES)
def test_whatever_the_value_a_shape_gives_a_name(value):
    """And what fits can be read as the shape says."""
    if misfit(value, SHAPE):
        return
    assert all(number >= 0 and (text is None or text + "") is not False for number, text in value["a"])
    assert all(float(number) < 1e19 for number in value.get("b", {}).values())


def test_shapes():
    assert misfit({"a": [[1, "x"], [0, None]]}, SHAPE) == ""
    assert misfit({"a": [[1, "x"], [0]]}, SHAPE) == "a[1]"
    assert misfit({"a": [], "b": {"x": float("inf")}}, SHAPE) == "b.x"
    assert misfit({"a": [[True, None]]}, SHAPE) == "a[0][0]"
    assert misfit([], SHAPE) == "it"
    assert is_flat([[1]], 2)
    assert not is_flat([[[1]]], 2)


def script(name, *words):
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / name, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_changed_files_of_a_run_end_no_command():
    pytest.importorskip("starlette")  # the pages of a review
    script("hostile_runs.py", "--count", "60", "--seed", "20261130")


@pytest.mark.nightly
def test_many_changed_files_of_a_run_end_no_command():
    pytest.importorskip("starlette")
    script("hostile_runs.py", "--count", "4000")


@SHIM
@pytest.mark.parametrize("command", ["clean", "clean --update"])
def test_a_full_disk_or_a_crash_at_some_writes(command):
    script("disk_faults.py", "--only", command, "--modes", "full,kill", "--every", "40")


@SHIM
@pytest.mark.nightly
def test_a_full_disk_and_a_crash_at_every_write():
    script("disk_faults.py")


@pytest.mark.skipif(os.name == "nt", reason="forks")
@pytest.mark.nightly
def test_two_thousand_kills():
    script("kills.py", "--count", "2000")
