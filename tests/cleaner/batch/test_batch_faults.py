"""What may happen to a run: kills, full disks, changed inputs, two at once, damage. The outputs are the same after all."""

import errno
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support import shard_functions
from support.inputs import ARTICLE, documents_of_all_kinds

from archive.checking.verify import verify
from cleaner import Cleaner, Policy
from cleaner.batch import begin
from cleaner.batch.output.folder import locked
from cleaner.batch.plan import make_plan
from cleaner.batch.run import BatchError, BatchSettings, run_batch
from cleaner.batch.shards import duplicate_ids
from cleaner.batch.shards.readings import RunContext, shard_readings
from cleaner.engines import EngineError, Heartbeat, Task
from cleaner.readers import ReadSettings
from cleaner.writers.warc import CHECKS

CLOCK = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)
POSIX = pytest.mark.skipif(os.name == "nt", reason="of POSIX systems")


def run(inputs, out, cleaner=None, progress=lambda _: None, **settings):
    settings = {"shard_size": 4, **settings}
    return run_batch(
        [inputs], cleaner or Cleaner(), BatchSettings(out, settings.pop("clock", CLOCK), **settings), progress
    )


def files(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def rows(out):
    return [json.loads(line) for path in sorted((out / "documents").glob("*.jsonl")) for line in path.open("rb")]


def command(*words, **options):
    words = [sys.executable, "-m", "cleaner", *map(str, words)]
    if os.name == "posix":  # a parent that ignores SIGINT, as a shell's background job does, hands that down
        options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def clean_words(folder, out, *more):
    return (
        "clean",
        folder,
        "-o",
        out,
        "--shard-size",
        "4",
        "--now",
        "2026-05-03T10:22:00Z",
        "--max-bytes",
        "100000",
        *more,
    )


@pytest.fixture
def folder(tmp_path):
    """Thirty-odd documents of all kinds; ids that come twice, broken rows, empty files."""
    inside = tmp_path / "in"
    documents_of_all_kinds(inside, files=9, rows=20, ids=13)
    for path in inside.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return inside


@pytest.fixture
def whole(folder, tmp_path):
    """The outputs of a run that nothing happened to."""
    run(folder, tmp_path / "whole", max_bytes=100_000)
    return files(tmp_path / "whole")


@pytest.mark.parametrize("workers", [2, 5])
def test_the_same_bytes_with_any_number_of_workers(folder, whole, tmp_path, workers):
    run(folder, tmp_path / "out", workers=workers, max_bytes=100_000)
    assert files(tmp_path / "out") == whole


def test_ids_are_unique_within_a_file_however_it_is_cut(folder, tmp_path):
    named = []
    for size in (1, 4, 100):
        run(folder, tmp_path / str(size), shard_size=size)
        named.append([(row["path"], row["id"]) for row in rows(tmp_path / str(size))])
    assert named[0] == named[1] == named[2]
    assert len(set(named[0])) == len(named[0])
    assert sum("#" in str(document_id) for _, document_id in named[0]) == 7


@pytest.mark.parametrize("at_once", [1, 3, 7])
def test_ids_are_compared_in_slices(folder, tmp_path, monkeypatch, at_once):
    expected = [row["status"] for row in rows_of_run(folder, tmp_path / "one")]
    monkeypatch.setattr(duplicate_ids, "IDS_AT_ONCE", at_once)
    assert [row["status"] for row in rows_of_run(folder, tmp_path / "two")] == expected


def rows_of_run(folder, out):
    run(folder, out, Cleaner(model=None))
    return rows(out)


def kill_at_random(folder, whole, tmp_path, times):
    """Kills runs at random moments and lets them go on, until so many were killed; checks all that completes."""
    chance, kills, begun = random.Random(20261121), 0, time.monotonic()
    out = tmp_path / "out"
    with command(*clean_words(folder, tmp_path / "timed", "--workers", "2")) as process:
        assert process.wait() == 1
    took = time.monotonic() - begun
    while kills < times:
        process = command(*clean_words(folder, out, "--workers", str(chance.choice((1, 2, 3)))))
        try:
            process.wait(timeout=chance.uniform(0.4, 1.0) * took)
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        _, err = process.communicate()
        if process.returncode == 1:
            assert files(out) == whole
            shutil.rmtree(out)
        else:
            assert process.returncode in (-9, 1) or os.name == "nt", err
    with command(*clean_words(folder, out, "--workers", "2")) as process:
        assert process.wait() == 1
    assert files(out) == whole
    assert list(verify(sorted((out / "warc").iterdir()), CHECKS)) == []


def test_twenty_kills_at_random_moments(folder, whole, tmp_path):
    kill_at_random(folder, whole, tmp_path, 20)


@pytest.mark.nightly
def test_two_hundred_kills_at_random_moments(folder, whole, tmp_path):
    kill_at_random(folder, whole, tmp_path, 200)


@POSIX
def test_more_shards_than_a_process_may_open_files(tmp_path):
    """A file of a million rows has a thousand shards; systems allow 256 open files, or 1,024."""
    (tmp_path / "in").mkdir()
    lines = (json.dumps({"id": number, "text": f"{number}. {ARTICLE}"}) + "\n" for number in range(150))
    (tmp_path / "in/rows.jsonl").write_text("".join(lines))
    words = (sys.executable, "-m", "cleaner", "clean", tmp_path / "in", "-o", tmp_path / "out", "--shard-size", "1")
    done = subprocess.run(
        ["sh", "-c", 'ulimit -n 100; exec "$@" --workers 1 -q', "sh", *map(str, words)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(rows(tmp_path / "out")) == 150


@POSIX
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("which", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_a_run_cleanly_and_says_how_to_go_on(folder, tmp_path, which, early):
    out = tmp_path / "out"
    (folder / "zz.txt").write_text("a " * 40_000)  # gives us time
    process = command(*clean_words(folder, out, "--workers", "2", "--shard-size", "1"), start_new_session=True)
    while not list(out.glob("run.json" if early else ".work/*.notes")):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.2 if early else 0)
    os.killpg(process.pid, getattr(signal, which))  # as a terminal does: to all processes of the command
    _, err = process.communicate()
    assert process.returncode == 130
    assert re.search(r"\d+ of 42 shards are done; the same command goes on", err)
    assert "Traceback" not in err
    assert not list(out.rglob("*.open"))


def test_workers_that_are_killed_from_outside(folder, whole, tmp_path):
    killed = []

    def kill(progress):
        for worker in multiprocessing.active_children()[:1]:
            if progress.documents > 4 * len(killed) and len(killed) < 3 and worker.pid not in killed:
                killed.append(worker.pid)
                worker.kill()

    run(folder, tmp_path / "out", progress=kill, workers=2, max_bytes=100_000)
    assert killed
    assert files(tmp_path / "out") == whole


def test_documents_that_hang_or_kill_their_worker_fail_and_the_others_are_cleaned(folder, tmp_path):
    (folder / "3.txt").write_text("HANG")
    (folder / "7.txt").write_text("DIE")
    counts = run(folder, tmp_path / "out", shard_functions.Misbehaving(), workers=2, timeout=2)
    failed = {
        row["path"]: row["why"] for row in rows(tmp_path / "out") if row["path"].endswith(".txt") and "why" in row
    }
    assert sorted(failed) == ["3.txt", "7.txt"]
    assert "timeout: took more than 2 seconds" in failed["3.txt"]
    assert "died twice" in failed["7.txt"]
    assert counts.documents == 41
    assert list(verify(sorted((tmp_path / "out/warc").iterdir()), CHECKS)) == []


@POSIX
def test_a_disk_that_takes_no_more_stops_the_run_and_it_goes_on_later(folder, whole, tmp_path):
    import resource

    out = tmp_path / "out"

    def small_files():  # what a full disk does to a write, for this process and its workers
        resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000))

    process = command(*clean_words(folder, out, "--workers", "2"), preexec_fn=small_files)
    _, err = process.communicate()
    assert process.returncode == 2
    assert "run the same command again" in err
    assert "Traceback" not in err
    run(folder, out, max_bytes=100_000)
    assert files(out) == whole


@pytest.mark.parametrize("made", [(), ("text",), ("text", "documents", "warc")])
def test_a_disk_that_is_full_before_anything_is_there(folder, whole, tmp_path, monkeypatch, made):
    def make(location, *_):
        for name in made:
            (location.out / name).mkdir()
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(begin, "make_folders", make)
        with pytest.raises(BatchError, match="run the same command again"):
            run(folder, tmp_path / "out", max_bytes=100_000)
    run(folder, tmp_path / "out", max_bytes=100_000)
    assert files(tmp_path / "out") == whole


def test_an_output_that_cannot_be_written(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BatchError, match="cannot be written"):
        run(folder, tmp_path / "file" / "out")


class Stop(Exception):  # noqa: N818 (nothing went wrong)
    pass


def stop_after(documents):
    def progress(progress):
        if progress.phase == "cleaning" and progress.documents >= documents:
            raise Stop

    return progress


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
    assert {failure.what for failure in counts.failures} == {"has changed since the run began", "is not there"}
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
        if progress.phase == "cleaning" and progress.documents == 14:
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


def test_a_file_that_cannot_even_be_read_is_a_failure_unread(folder, tmp_path):
    path = tmp_path / "plan"
    shard = next(iter(make_plan([folder], tmp_path / "out", path, size=4).shards()))
    context = RunContext(tmp_path / "out", path, CLOCK, ReadSettings(100_000), False, Cleaner())
    task = Task(0, shard).excusing(2, "timeout").excusing(2, "timeout")
    (folder / "2.txt").unlink()
    failures = [read.reading.failure for read in shard_readings(context, task, Heartbeat(), Counter())]
    assert [failure and failure.what for failure in failures] == [None, None, "timeout", None]
