"""Updates that break off, are killed or meet what they cannot go on with."""

import os
import random
import shutil
import subprocess
import sys
import time

import pytest
from support.killed_runs import Stop, stop_after
from support.updates import STORY, change, check, files, report, run, write

from cleaner.batch import update
from cleaner.batch.output import location
from cleaner.batch.run import BatchError


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("documents", [0, 1, 3])
def test_an_update_that_broke_off_goes_on(inside, tmp_path, workers, documents):
    run(inside, tmp_path / "whole")
    run(inside, tmp_path / "out")
    change(inside)
    run(inside, tmp_path / "whole", 1)
    with pytest.raises(Stop):
        run(inside, tmp_path / "out", 1, stop_after(documents), workers=workers)
    assert not report(tmp_path / "out")["complete"]
    with pytest.raises(BatchError, match="--update to go on"):
        run(inside, tmp_path / "out", 1, update=False)
    run(inside, tmp_path / "out", 1)
    check(tmp_path / "out")
    assert files(tmp_path / "out", ".") == files(tmp_path / "whole", ".")


@pytest.mark.parametrize("broken_at", [".work/known.npy", "run.json", "publish_inputs"])
def test_an_update_that_broke_off_at_its_end_goes_on(inside, tmp_path, monkeypatch, broken_at):
    def broken(out):
        raise Stop

    for name in ("whole", "out"):
        run(inside, tmp_path / name)
    change(inside)
    run(inside, tmp_path / "whole", 1)
    drafted, write_files = location.RunLocation.drafted, location.RunLocation.write

    def broken_draft(self, name):
        if name == broken_at:
            raise Stop
        return drafted(self, name)

    def broken_write(self, files, *, sync=True):
        if broken_at in files and b'"complete": true' in files[broken_at]:
            raise Stop
        return write_files(self, files, sync=sync)

    monkeypatch.setattr(location.RunLocation, "drafted", broken_draft)
    monkeypatch.setattr(location.RunLocation, "write", broken_write)
    if broken_at == "publish_inputs":
        monkeypatch.setattr(update, "publish_inputs", lambda out: broken(out) if "updates" in report(out) else None)
    with pytest.raises(Stop):
        run(inside, tmp_path / "out", 1)
    monkeypatch.undo()
    run(inside, tmp_path / "out", 1)
    check(tmp_path / "out")
    for folder in ("documents", "warc", "text"):
        assert files(tmp_path / "out", folder) == files(tmp_path / "whole", folder)
    assert report(tmp_path / "out")["counts"] == report(tmp_path / "whole")["counts"]
    assert (tmp_path / "out/index.cdxj").read_bytes() == (tmp_path / "whole/index.cdxj").read_bytes()


def test_other_settings_in_the_middle_of_an_update_are_refused(inside, tmp_path):
    def stop(progress):
        if progress.phase == "cleaning":
            raise Stop

    out = tmp_path / "out"
    run(inside, out)
    change(inside)
    with pytest.raises(Stop):
        run(inside, out, 1, stop)
    with pytest.raises(BatchError, match="with-removed"):
        run(inside, out, 1, with_removed=True)
    write(inside / "f.txt", STORY)
    with pytest.raises(BatchError, match="other inputs"):
        run(inside, out, 1)


def test_an_out_without_a_list_of_inputs_says_what_to_do(inside, tmp_path):
    run(inside, tmp_path / "out")
    (tmp_path / "out/inputs.jsonl").unlink()
    with pytest.raises(BatchError, match="--fresh to clean all again"):
        run(inside, tmp_path / "out", 1)


@pytest.mark.nightly
@pytest.mark.skipif(os.name == "nt", reason="processes are killed as POSIX does")
def test_updates_that_are_killed_at_random_moments_end_as_if_nothing_had_happened(inside, tmp_path):
    def command(out):
        words = [
            "clean",
            inside,
            "-o",
            out,
            "--update",
            "--shard-size",
            "3",
            "--workers",
            "2",
            "--now",
            "2026-06-02",
            "-q",
        ]
        return subprocess.Popen([sys.executable, "-m", "cleaner", *map(str, words)])

    for name in ("whole", "begun"):
        run(inside, tmp_path / name)
    change(inside)
    began = time.monotonic()
    assert command(tmp_path / "whole").wait() == 0
    chance, took, kills = random.Random(20261130), time.monotonic() - began, 0
    while kills < 100:
        shutil.copytree(tmp_path / "begun", tmp_path / "out")
        while not report(tmp_path / "out").get("updates"):
            with command(tmp_path / "out") as process:
                try:
                    process.wait(chance.random() * 1.5 * took)
                except subprocess.TimeoutExpired:
                    process.kill()
                    kills += 1
        assert command(tmp_path / "out").wait() == 0
        check(tmp_path / "out")
        assert files(tmp_path / "out", ".") == files(tmp_path / "whole", ".")
        shutil.rmtree(tmp_path / "out")
