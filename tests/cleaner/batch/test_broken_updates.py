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
from cleaner.cli.main import main


def test_an_updated_run_said_again_without_update_is_complete(inside, tmp_path, capsys):
    words = ["clean", str(inside), "-o", str(tmp_path / "out"), "--workers", "1", "--timeout", "0"]
    assert main(words) == 0
    change(inside)
    assert main([*words, "--update"]) == 0
    before = files(tmp_path / "out", ".")
    for more in ([], ["--resume"]):
        capsys.readouterr()
        assert main([*words, *more]) == 0
        assert "holds this run, complete; nothing was done" in " ".join(capsys.readouterr().err.split())
        assert files(tmp_path / "out", ".") == before
    write(inside / "a.txt", f"a, mended: {STORY}", 1_700_000_900)
    for other, first in ((inside / "a.txt", "a.txt"), (inside / "c.txt", "a.txt")):
        assert main(words) == 2
        assert f"(the first is {first})" in " ".join(capsys.readouterr().err.split())
        other.unlink()
    assert main([*words, "--shard-size", "5"]) == 2
    assert "another configuration (shard-size)" in " ".join(capsys.readouterr().err.split())
    assert files(tmp_path / "out", ".") == before


@pytest.mark.parametrize("shard", [0, 3])
def test_a_damaged_shard_of_an_updated_run_is_named_with_the_way_out(inside, tmp_path, shard):
    out = tmp_path / "out"
    run(inside, out)
    change(inside)
    run(inside, out, 1)
    run(inside, out, 1, update=False, check=True)
    segment = sorted((out / "warc").iterdir())[shard]
    segment.write_bytes(segment.read_bytes()[:-50])
    with pytest.raises(BatchError, match=rf"shard {shard:05d}\), and .*archive repair.*--fresh"):
        run(inside, out, 1, update=False, check=True)
    (out / "documents" / "00001.jsonl").unlink()
    with pytest.raises(BatchError, match=r"shard 00001"):
        run(inside, out, 1, update=False, check=True)


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
