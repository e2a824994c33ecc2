"""A run goes on where it broke off, with its own clock and its own settings, and does again only what is damaged."""

import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from support.killed_runs import CLOCK, Stop, clean_words, command, files, run, stop_after

from archive.checking.verify import verify
from cleaner import Cleaner, Policy
from cleaner.batch.output.folder import locked
from cleaner.batch.plan import make_plan
from cleaner.batch.run import BatchError
from cleaner.batch.shards.readings import RunContext, shard_readings
from cleaner.engines import EngineError, Heartbeat, Task
from cleaner.readers import ReadSettings
from cleaner.writers.warc import CHECKS


def test_a_run_goes_on_with_its_own_clock_also_when_the_systems_went_back(folder, whole, tmp_path):
    out = tmp_path / "out"
    for documents in (6, 18, 27):
        with pytest.raises(Stop):
            run(folder, out, progress=stop_after(documents), max_bytes=100_000)
        assert json.loads((out / "run.json").read_text())["complete"] is False
    run(folder, out, clock=CLOCK - timedelta(days=400), max_bytes=100_000)
    assert files(out) == whole


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shard_size": 5}, "another configuration (shard-size)"),
        ({"with_removed": True}, "another configuration (with-removed)"),
        ({"cleaner": Cleaner(policy=Policy.of({"credit": "strip"}))}, "another configuration (policy)"),
        ({"clock": CLOCK - timedelta(1), "pinned": True}, "another clock"),
    ],
)
def test_another_run_is_refused(folder, tmp_path, change, message):
    out = tmp_path / "out"
    with pytest.raises(Stop):
        run(folder, out, progress=stop_after(6))
    before = files(out)
    with pytest.raises(BatchError) as caught:
        run(folder, out, **change)
    assert message in str(caught.value)
    assert "--fresh" in str(caught.value)
    assert files(out) == before


def test_another_version_of_a_library_is_named_with_both(folder, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(Stop):
        run(folder, out, progress=stop_after(6))
    report = json.loads((out / "run.json").read_text())
    now, lxml = report["versions"].pop("deflate"), report["versions"]["lxml"]
    report["versions"]["lxml"] = "1.0"
    (out / "run.json").write_text(json.dumps(report))
    with pytest.raises(BatchError) as caught:
        run(folder, out)
    assert f"libraries (deflate none (zlib) → {now}, lxml 1.0 → {lxml})" in str(caught.value)


def test_changed_inputs_are_refused_and_named(folder, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(Stop):
        run(folder, out, progress=stop_after(6))
    (folder / "4.txt").write_text("something else")
    with pytest.raises(BatchError, match=r"the first is 4\.txt.*--fresh"):
        run(folder, out)


def test_inputs_that_change_or_vanish_during_the_run_are_failures(folder, tmp_path):
    def meddle(progress):
        if progress.phase != "planning":
            (folder / "rows.jsonl").write_text("")
            (folder / "sub/page.html").unlink(missing_ok=True)

    counts = run(folder, tmp_path / "out", progress=meddle)
    assert {failure.what.partition(";")[0] for failure in counts.failures} == {
        "has changed since the run began",
        "is not there",
    }
    assert list(verify(sorted((tmp_path / "out/warc").iterdir()), CHECKS)) == []


def test_of_two_runs_on_the_same_output_the_second_is_refused(folder, whole, tmp_path):
    out = tmp_path / "out"
    with locked(out):
        process = command(*clean_words(folder, out))
        _, err = process.communicate()
    assert process.returncode == 2
    assert "another run is writing" in err
    run(folder, out, max_bytes=100_000)
    assert files(out) == whole


def damage(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


@pytest.mark.parametrize(
    "spoil", [damage, lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:-50])]
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_damaged_shard_is_named_and_resume_does_only_that_again(folder, whole, tmp_path, spoil, workers):
    out = tmp_path / "out"
    run(folder, out, max_bytes=100_000)
    segments = sorted((out / "warc").iterdir())
    spoil(segments[3])
    assert any(verify(segments[:3] + segments[4:], CHECKS)) is False
    times = [path.stat().st_mtime_ns for path in segments if path.exists()]
    run(folder, out, max_bytes=100_000, check=True, workers=workers)
    assert files(out) == whole
    again = [path.stat().st_mtime_ns for path in segments]
    assert len(set(again) - set(times)) == 1


def test_resume_of_a_run_that_broke_off_with_a_damaged_shard(folder, whole, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(Stop):
        run(folder, out, progress=stop_after(18), max_bytes=100_000)
    damage(sorted((out / "warc").iterdir())[1])
    run(folder, out, check=True, max_bytes=100_000)
    assert files(out) == whole


def status(out):
    process = command("status", out, "--json")
    text, err = process.communicate()
    return json.loads(text) if process.returncode == 0 else err


def test_status_while_a_run_works_after_it_broke_off_and_when_it_is_complete(folder, tmp_path):
    out = tmp_path / "out"
    seen = []

    def look(progress):
        if progress.phase == "cleaning" and progress.documents >= 14:
            seen.append(status(out))
            raise Stop

    with pytest.raises(Stop):
        run(folder, out, progress=look)
    assert seen[0]["state"] == "running"
    assert seen[0]["total"] == 41
    assert status(out)["state"] == "broken off"
    run(folder, out)
    assert {"state": "complete", "documents": 41, "failed": 1}.items() <= status(out).items()
    assert "no run" in status(tmp_path)


def test_a_complete_run_says_so_and_is_left_as_it_is(folder, tmp_path):
    for said in ("", "this run, complete; nothing was done"):
        process = command(*clean_words(folder, tmp_path / "out", "--workers", "1"))
        out, err = process.communicate()
        assert process.returncode == 1
        assert said in err
        assert "41 documents" in out


def test_a_worker_with_other_libraries_ends_the_run(folder, tmp_path):
    path = tmp_path / "plan"
    shard = next(iter(make_plan([folder], tmp_path / "out", path, size=4).shards()))
    context = RunContext(tmp_path / "out", path, CLOCK, ReadSettings(100_000), False, Cleaner())
    context = replace(context, versions={**context.versions, "ftfy": "5.0"})
    with pytest.raises(EngineError, match=r"ftfy .* instead of 5\.0"):
        next(shard_readings(context, Task(0, shard), Heartbeat(), Counter()))
