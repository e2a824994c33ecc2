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

import pytest
from support import shard_functions
from support.inputs import ARTICLE
from support.killed_runs import CLOCK, POSIX, clean_words, command, files, rows, run

from archive.checking.verify import verify
from cleaner import Cleaner
from cleaner.batch import begin
from cleaner.batch.plan import make_plan
from cleaner.batch.run import BatchError
from cleaner.batch.shards import duplicate_ids
from cleaner.batch.shards.readings import RunContext, shard_readings
from cleaner.engines import Heartbeat, Task
from cleaner.readers import ReadSettings
from cleaner.writers.warc import CHECKS


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


def test_six_kills_at_random_moments(folder, whole, tmp_path):
    kill_at_random(folder, whole, tmp_path, 6)


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


def test_a_file_that_cannot_even_be_read_is_a_failure_unread(folder, tmp_path):
    path = tmp_path / "plan"
    shard = next(iter(make_plan([folder], tmp_path / "out", path, size=4).shards()))
    context = RunContext(tmp_path / "out", path, CLOCK, ReadSettings(100_000), False, Cleaner())
    task = Task(0, shard).excusing(2, "timeout").excusing(2, "timeout")
    (folder / "2.txt").unlink()
    failures = [read.reading.failure for read in shard_readings(context, task, Heartbeat(), Counter())]
    assert [failure and failure.what for failure in failures] == [None, None, "timeout", None]
