"""Inputs and outputs in object stores: the same readings and the same bytes as from folders; kills, leases, changes."""

import gzip
import io
import json
import os
import random
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import s3
from support.inputs import ARTICLE, STORY, documents_of_all_kinds
from support.killed_runs import Stop, stop_after

from archive.checking.verify import verify
from cleaner import Cleaner
from cleaner.batch.output.status import status_values
from cleaner.batch.run import BatchError, BatchSettings, run_batch
from cleaner.readers import InputError, Skipped, discover, input_folder, read
from cleaner.storage import object_store as stores
from cleaner.storage import store_lock as leases
from cleaner.storage.object_store import RemoteFile, Store, StoreError, path_or_url
from cleaner.storage.store_lock import LOCK, StoreLock
from cleaner.writers.warc import CHECKS

pytestmark = pytest.mark.integration
CLOCK = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)
FIXTURES = Path(__file__).parents[3] / "fixtures"


@pytest.fixture(scope="module", autouse=True)
def server():
    with s3.serving():
        yield


@pytest.fixture
def bucket():
    name = f"bucket-{uuid4().hex[:12]}"
    s3.filesystem().mkdir(name)
    return f"s3://{name}"


@pytest.fixture
def folder(tmp_path, bucket):
    """Documents of all kinds in a folder and, with the same times, in the bucket; ids that come twice, broken rows."""
    inside = tmp_path / "in"
    documents_of_all_kinds(inside, files=5, rows=11, ids=7)
    s3.upload(inside, f"{bucket}/in")
    return inside


def run(inputs, out, progress=lambda _: None, **settings):
    return run_batch([inputs], Cleaner(), BatchSettings(out, CLOCK, **{"shard_size": 4, **settings}), progress)


def command(*words):
    return subprocess.Popen([sys.executable, "-m", "cleaner", *map(str, words)], stderr=subprocess.PIPE, text=True)


def clean_words(inputs, out):
    return "clean", inputs, "-o", out, "--shard-size", "4", "--now", "2026-05-03T10:22:00Z", "--workers", "2", "-q"


def files(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def without_run(outputs):
    """Without what tells the times and tags of inputs, which are a store's own."""
    return {name: data for name, data in outputs.items() if name not in ("run.json", "inputs.jsonl")}


@pytest.fixture
def whole(folder, tmp_path):
    """The outputs of a local run that do not depend on where its inputs lie."""
    run(folder, tmp_path / "whole")
    return without_run(files(tmp_path / "whole"))


def test_the_same_bytes_from_store_to_store_as_from_folder_to_folder(whole, bucket):
    process = command(*clean_words(f"{bucket}/in/", f"{bucket}/out/"))
    _, err = process.communicate()
    assert process.returncode == 1, err  # some documents fail
    outputs = s3.contents(f"{bucket}/out")
    assert without_run(outputs) == whole
    assert json.loads(outputs["run.json"])["complete"] is True
    assert {"state": "complete", "documents": 24}.items() <= status_values(f"{bucket}/out").items()


def test_from_store_to_folder_and_from_folder_to_store(folder, whole, bucket, tmp_path):
    run(f"{bucket}/in", tmp_path / "out")
    assert without_run(files(tmp_path / "out")) == whole
    run(folder, f"{bucket}/out2", workers=2)
    assert without_run(s3.contents(f"{bucket}/out2")) == whole


def test_kills_at_random_moments(whole, bucket):
    out, chance = f"{bucket}/out", random.Random(7)
    for _ in range(4):
        process = command(*clean_words(f"{bucket}/in", out))
        time.sleep(chance.uniform(1.5, 6))
        process.kill()
        process.communicate()
    run(f"{bucket}/in", out)
    assert without_run(s3.contents(out)) == whole


def test_a_run_goes_on_and_does_again_what_is_missing_or_damaged(whole, bucket):
    out = f"{bucket}/out"
    with pytest.raises(Stop):
        run(f"{bucket}/in", out, stop_after(14))
    assert status_values(out)["state"] == "broken off"
    done = sorted(name for name in s3.contents(out) if name.startswith("warc/"))
    assert len(done) >= 3
    s3.filesystem().rm_file(f"{out}/{done[0]}")
    s3.filesystem().pipe_file(f"{out}/{done[1]}", b"damaged")
    run(f"{bucket}/in", out, check=True)
    assert without_run(s3.contents(out)) == whole
    s3.filesystem().pipe_file(f"{out}/{done[2]}", b"damaged when all was done")
    run(f"{bucket}/in", out, check=True)
    assert without_run(s3.contents(out)) == whole


def test_another_run_is_refused_and_fresh_replaces_it(folder, bucket, tmp_path):
    out = f"{bucket}/out"
    with pytest.raises(Stop):
        run(f"{bucket}/in", out, stop_after(6))
    with pytest.raises(BatchError, match=rf"{out} already holds a run with another configuration.*--fresh"):
        run(f"{bucket}/in", out, shard_size=5)
    s3.filesystem().pipe_file(f"{bucket}/in/4.txt", ARTICLE.encode())
    with pytest.raises(BatchError, match=r"the first is 4\.txt.*--fresh"):
        run(f"{bucket}/in", out)
    run(f"{bucket}/in", out, fresh=True, shard_size=5)
    shutil.rmtree(folder)
    s3.filesystem().get(f"{bucket}/in", str(folder), recursive=True)
    assert sorted(s3.contents(out)) == sorted({**files_of_run(folder, tmp_path / "o", shard_size=5)})
    s3.filesystem().pipe_file(f"{bucket}/theirs/documents/thesis.doc", b"mine")
    with pytest.raises(BatchError, match="choose another folder"):
        run(f"{bucket}/in", f"{bucket}/theirs", fresh=True)
    assert s3.contents(f"{bucket}/theirs") == {"documents/thesis.doc": b"mine"}


def files_of_run(inputs, out, **settings):
    run(inputs, out, **settings)
    return files(out)


def test_inputs_that_change_or_vanish_during_the_run_are_failures(folder, bucket):
    def meddle(_):
        s3.filesystem().pipe_file(f"{bucket}/in/rows.jsonl", b"x" * (folder / "rows.jsonl").stat().st_size)
        s3.filesystem().rm_file(f"{bucket}/in/sub/page.html")

    counts = run(f"{bucket}/in", f"{bucket}/out", meddle)
    assert {failure.what.partition(";")[0] for failure in counts.failures} == {
        "has changed since the run began",
        "is not there",
    }


def test_of_two_runs_the_second_is_refused_and_a_dead_one_is_followed(folder, whole, bucket, tmp_path, monkeypatch):
    out = f"{bucket}/out"
    with StoreLock(Store(out), "first"):
        process = command(*clean_words(f"{bucket}/in", out))
        _, err = process.communicate()
        assert process.returncode == 2
        assert "another run is writing" in err
    Store(out).write(LOCK, b'{"run": "of another machine"}')
    with pytest.raises(BatchError, match=r"died \d seconds ago"):
        run(f"{bucket}/in", out)
    monkeypatch.setattr(leases, "STALE", -1.0)
    run(f"{bucket}/in", out)
    assert without_run(s3.contents(out)) == whole


def test_a_run_that_was_taken_for_dead_stops_and_marks_nothing(folder, bucket):
    out = f"{bucket}/out"

    def take_over(progress):
        if progress.phase == "cleaning":
            Store(out).write(LOCK, b'{"run": "another"}')

    with pytest.raises(BatchError, match="another run has taken over"):
        run(f"{bucket}/in", out, take_over)
    left = s3.contents(out)
    assert sum(name.endswith(".notes") for name in left) <= 1
    assert left[LOCK] == b'{"run": "another"}'


def test_a_store_that_does_not_answer_ends_the_run_and_blames_no_document(folder, bucket, tmp_path):
    def deny(progress):
        if progress.phase == "cleaning":
            os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1"
            s3.forget()

    before = os.environ["AWS_ENDPOINT_URL"]
    try:
        with pytest.raises(BatchError, match="refuses or does not answer"):
            run(f"{bucket}/in", tmp_path / "out", deny)
    finally:
        os.environ["AWS_ENDPOINT_URL"] = before
        s3.forget()
    assert run(f"{bucket}/in", tmp_path / "out").status["failed"] == 1
    assert list(verify(sorted((tmp_path / "out/warc").iterdir()), CHECKS)) == []


@pytest.mark.parametrize(
    ("inputs", "out", "message"),
    [
        (["s3://b/in", "in"], "s3://b/out", "is a path and others are URLs"),
        (["s3://b/in", "memory://b/in"], "s3://b/out", "different stores"),
        (["s3://b/in"], "s3://b/in/out", "lies in the input"),
        (["s3://b/in/deep"], "s3://b/in", "lies in the output"),
        (["nowhere://b/in"], "out", "not a store that fsspec knows"),
    ],
)
def test_inputs_that_cannot_be_used(inputs, out, message):
    files = [path_or_url(given) for given in inputs]
    with pytest.raises((InputError, BatchError), match=message):
        run_batch(files, Cleaner(), BatchSettings(path_or_url(out), CLOCK), lambda _: None)


def test_a_missing_library_is_named(monkeypatch):
    stores._filesystem.cache_clear()
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(StoreError, match=r"cleancopy\[remote\]"):
        list(discover(["s3://bucket/in"]))
    monkeypatch.undo()


def in_memory(folder):
    """A copy of a folder in fsspec's store in memory; its URL."""
    import fsspec

    root = f"/{uuid4().hex}/{folder.name}"
    for path in folder.rglob("*"):
        if path.is_file():
            fsspec.filesystem("memory").pipe_file(f"{root}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    return f"memory:/{root}"


def seen(entry):
    return type(entry).__name__, entry.locator, getattr(entry, "kind", ""), getattr(entry, "reason", "")


@pytest.mark.parametrize(
    "inputs",
    [["."], ["north"], ["north", "south"], ["south/rows.jsonl"], ["south/notes.docx"], ["*/*.html", "a-first.txt"],
     ["north/deep", "a-first.txt"]],
)  # fmt: skip
def test_what_is_found_is_what_is_found_in_a_folder(inputs, tmp_path):
    mixed = tmp_path / "mixed"
    shutil.copytree(FIXTURES / "folders/mixed", mixed)
    (mixed / ".secret/deep").mkdir(parents=True)
    for name in ("a.txt", "deep/b.txt"):
        (mixed / ".secret" / name).write_text(STORY)
    url = in_memory(mixed)
    here, remote = [mixed / name for name in inputs], [url if name == "." else f"{url}/{name}" for name in inputs]
    assert list(map(seen, discover(remote))) == list(map(seen, discover(here)))
    assert input_folder(remote) == input_folder(here)


def test_what_is_not_there_is_a_failure(tmp_path):
    url = in_memory(FIXTURES / "folders/mixed")
    for name, what in (("none", "is not there"), ("*.none", "matches no object")):
        assert [failure.what for failure in discover([f"{url}/{name}"])] == [what]


def test_names_that_would_leave_the_folder_are_failures(bucket):
    names = ["a//b.txt", "../c.txt", "./d.txt", "e/../f.txt"]
    for name in ("good.txt", *names):
        s3.filesystem().pipe_file(f"{bucket}/in/{name}", STORY.encode())
    reasons = {entry.locator: getattr(entry, "what", "") for entry in discover([f"{bucket}/in"])}
    assert reasons == {"good.txt": "", **dict.fromkeys(names, "has a name that is not a relative path")}


@pytest.mark.parametrize("name", ["crawls", "encodings", "folders/mixed"])
def test_readings_are_those_of_files(name, tmp_path):
    inside = tmp_path / "in"
    shutil.copytree(FIXTURES / name, inside)
    (inside / "rows.jsonl.gz").write_bytes(gzip.compress(json.dumps({"text": STORY}).encode()))
    tables = pytest.importorskip("pyarrow.parquet")
    tables.write_table(
        pytest.importorskip("pyarrow").table({"id": ["a", "b"], "text": [STORY, STORY]}), inside / "t.parquet"
    )

    def readings(start):
        for file in discover([start]):
            for reading in [file] if isinstance(file, Skipped) else read(file):
                if isinstance(reading, Skipped):
                    yield reading
                else:
                    yield reading.document, reading.failure, reading.original and reading.original.payload

    assert list(readings(in_memory(inside))) == list(readings(inside))


@given(st.binary(max_size=400), st.lists(st.tuples(st.integers(0, 450), st.integers(0, 450)), max_size=8))
def test_a_stream_of_ranges_reads_what_the_object_holds(data, reads):
    import fsspec

    fsspec.filesystem("memory").pipe_file("/ranges/object", data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "FETCHED", 16)
        stream, plain = RemoteFile("memory://ranges/object").open(), io.BytesIO(data)
        for place_, count in reads:
            assert stream.seek(place_) == plain.seek(place_)
            assert stream.read(count) == plain.read(count)
        stream.seek(0)
        assert stream.readlines() == data.splitlines(keepends=True) if b"\r" not in data else True
