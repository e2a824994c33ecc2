"""What a run does at its edges: documents that raise, names that are long, locks, foreign files, what is said."""

import io
import json
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from filelock import FileLock
from support import shard_functions

from cleaner import Cleaner, clean
from cleaner.batch import begin, progress
from cleaner.batch.counts import MOST_NAMED, RunCounts
from cleaner.batch.output import folder as output_folder
from cleaner.batch.progress import Bar, Log, RunProgress, figures_of
from cleaner.batch.run import BatchSettings, dry_run, run_batch
from cleaner.batch.summary import failure_lines, summary_lines
from cleaner.memory.source_name import LONGEST, source_of
from cleaner.readers import Failure, ReadSettings

CLOCK = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."


def run(inside, out, cleaner=None, **settings):
    return run_batch([inside], cleaner or Cleaner(), BatchSettings(out, CLOCK, **settings), lambda _: None)


@pytest.fixture
def inside(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"{name}: {STORY}")
    return folder


FAULTS = {
    "KeyError": r"cannot be cleaned \(KeyError: 'a fault' at support/shard_functions.py:\d+\)",
    "MemoryError": "takes more memory than there is",
    "RecursionError": r"cannot be cleaned \(RecursionError",
    "OSError": r"cannot be cleaned \(OSError",
}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_document_that_raises_fails_alone_with_one_worker_as_with_two(inside, tmp_path, workers):
    for name in FAULTS:
        (inside / f"{name}.txt").write_text(f"RAISE {name}")
    counts = run(inside, tmp_path / "out", shard_functions.Faulty(), workers=workers)
    assert dict(counts.status) == {"clean": 3, "failed": 4}
    for failure in counts.failures:
        assert re.search(FAULTS[failure.locator.removesuffix(".txt")], failure.what)


def test_a_dry_run_survives_too(inside):
    (inside / "d.txt").write_text("RAISE KeyError")
    counts = dry_run([inside], shard_functions.Faulty(), ReadSettings(), lambda _: None)
    assert dict(counts.status) == {"clean": 3, "failed": 1}


def test_a_slow_document_fails_and_its_shard_is_not_done_again(inside, tmp_path):
    (inside / "d.txt").write_text("SLOW")
    counts = run(inside, tmp_path / "out", shard_functions.Faulty(), timeout=5)
    assert dict(counts.status) == {"clean": 3, "failed": 1}
    assert counts.failures[0].what == "timeout: took more than 5 seconds"


def test_names_of_any_length_leave_run_json_small(tmp_path):
    long = "x" * 100_000
    rows = [{"id": f"{long}{number}", "source": f"{long}{number}", "lang": long, "text": STORY} for number in range(3)]
    rows.append({"id": long, "text": 5, "source": long})
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    counts = run(tmp_path / "rows.jsonl", tmp_path / "out")
    assert counts.documents == 4
    assert (tmp_path / "out/run.json").stat().st_size < 20_000
    sources = json.loads((tmp_path / "out/run.json").read_bytes())["counts"]["sources"]
    assert len(sources) == 3  # each still told from the others


def test_a_long_source_is_cut_with_a_piece_of_its_digest():
    names = {source_of({"source": "y" * 300 + str(number)}) for number in range(5)}
    assert len(names) == 5
    assert all(len(name) <= LONGEST for name in names)


def test_of_very_many_sources_the_largest_are_listed_and_the_others_summed(monkeypatch):
    monkeypatch.setattr("cleaner.batch.counts.MOST_SOURCES", 2)
    counts = RunCounts()
    for number in range(5):
        for _ in range(number + 1):
            counts.add(clean(STORY, source=f"s{number}"))
    told = counts.as_dict()
    assert sorted(told["sources"]) == ["s3", "s4"]
    assert told["other-sources"]["sources"] == 3
    assert told["other-sources"]["documents"] == 6


def test_counts_of_parts_add_up_and_come_back(inside):
    whole, parts = RunCounts(), [RunCounts(), RunCounts()]
    for number in range(8):
        outcome = clean(f"{STORY}\n\nRead more\n\nDonate now {number % 3}") if number else Failure("a", 1, "w", "d")
        whole.count(outcome)
        parts[number % 2].count(outcome)
    merged = RunCounts()
    for part in parts:
        merged.merge(RunCounts.from_values(json.loads(json.dumps(part.to_values()))))
    assert merged.for_report() == whole.for_report()
    assert RunCounts.from_report(whole.for_report()).for_report() == whole.for_report()


def test_fresh_leaves_foreign_files_alone(inside, tmp_path):
    out = tmp_path / "out"
    run(inside, out)
    foreign = ["text/mine.txt", "documents/notes.md", "warc/other.warc.gz", "text/sub/deep.txt", "top.txt"]
    for name in foreign:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
    (inside / "c.txt").unlink()
    run(inside, out, fresh=True)
    assert all((out / name).read_text() == "mine" for name in foreign)
    assert sorted(path.name for path in (out / "text").glob("[abc].txt")) == ["a.txt", "b.txt"]


def test_drafts_of_a_killed_run_are_swept_away(inside, tmp_path):
    out = tmp_path / "out"
    run(inside, out)
    report = json.loads((out / "run.json").read_bytes()) | {"complete": False}
    (out / "run.json").write_text(json.dumps(report))
    draft = out / "text" / f".{'0' * 16}-{'0' * 32}.tmp"
    draft.write_text("half")
    run(inside, out)
    assert not draft.exists()


def test_rows_have_no_files_of_clean_text_and_the_folder_says_why(tmp_path):
    (tmp_path / "rows.jsonl").write_text(json.dumps({"text": STORY}) + "\n")
    run(tmp_path / "rows.jsonl", tmp_path / "out")
    assert "in the field `text`" in (tmp_path / "out/text/README").read_text()


def test_a_lock_whose_file_was_removed_while_we_waited_keeps_nobody_out_and_is_not_taken(tmp_path, monkeypatch):
    out = tmp_path / "out"
    acquire, stolen = FileLock.acquire, []

    def acquire_late(lock, timeout=None):
        result = acquire(lock, timeout=timeout)
        if not stolen:  # the holder before us removes the file between our opening and our locking it
            stolen.append(lock)
            (out / ".work/lock").unlink()
        return result

    monkeypatch.setattr(FileLock, "acquire", acquire_late)
    with output_folder.locked(out):
        monkeypatch.undo()
        other = FileLock(out / ".work/lock")
        with pytest.raises(TimeoutError):
            other.acquire(timeout=0)


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr(begin.shutil, "disk_usage", lambda path: usage)
    settings = BatchSettings(tmp_path, CLOCK)
    said = begin._broken_off(settings, OSError(28, "No space left on device"))
    assert said.startswith(f"{tmp_path}: the disk is full (100 bytes are free); free some space there")


def test_another_users_folder_for_temporary_files_is_not_used(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    program = (
        "import tempfile, sys; tempfile.tempdir = sys.argv[1]\n"
        "from cleaner.storage import scratch\n"
        "import os; from pathlib import Path\n"
        "(Path(sys.argv[1]) / f'{scratch.ROOT}-{os.getuid()}').symlink_to(sys.argv[1] + '/elsewhere')\n"
        "scratch.user_folder()"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "is not this user's own; set TMPDIR" in done.stderr


def told(documents=12_345, failed=7):
    shown = RunProgress(total=1_234_567, phase="cleaning")
    shown._done.update({"documents": documents, "failed": failed, "characters": 1000, "-related": 100, "-advert": 50})
    shown.began -= 10
    return shown


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 200])
def test_the_figures_beside_the_bar_always_show_failures_and_fit(columns):
    line = figures_of(told(), columns)
    assert line.startswith("12,345/1,234,567, 7 failed")
    assert len(line) <= max(columns, len("12,345/1,234,567, 7 failed"))
    assert ("removed" in line) == (columns >= 80)


@pytest.mark.parametrize("phase", ["planning", "counting", "reading ids", "cleaning", "verifying"])
def test_the_bar_fits_eighty_columns_in_every_phase(monkeypatch, phase):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(progress, "FIGURES_EVERY", -1.0)
    with Bar(quiet=False, log=Log()) as bar:
        bar._bar.dynamic_ncols, bar._bar.ncols = None, 80
        shown = told()
        shown.phase = phase
        bar.show(shown)
    drawn = [line for line in re.split(r"[\r\n]", terminal.getvalue()) if "failed" in line]
    assert drawn
    assert all(len(line.rstrip()) <= 80 and "7 failed" in line and "/s" in line for line in drawn)


def test_each_phase_has_a_rate_of_its_own():
    shown = told()
    shown.begin("counting")
    assert (shown.documents, shown.phase) == (0, "counting")
    shown.count(50)
    shown.began -= 5
    assert 9 < shown.rate <= 10


def test_the_summary_names_what_to_look_at_and_counts_as_people_read():
    counts = RunCounts()
    counts.count(clean(STORY))
    assert next(summary_lines(counts)) == "1 document: 1 clean"
    for number in range(1_000):
        counts.status["suspect"] += 1
        if number < MOST_NAMED:
            counts.named["suspect"].append(f"{number}\x1b[31m.txt")
    lines = list(summary_lines(counts))
    assert lines[0] == "1,001 documents: 1 clean, 1,000 suspect"
    assert lines[-1] == r"suspect: 0\x1b[31m.txt, 1\x1b[31m.txt, 2\x1b[31m.txt and 997 more; run.json names them"


def test_the_same_failure_ten_times_is_one_line_with_three_names():
    counts = RunCounts()
    for number in range(10):
        counts.fail(Failure("rows.jsonl", number + 1, f"is not JSON (char {number})", "mend it"))
    counts.fail(Failure("x\n.txt", None, "is not there", "look"))
    assert list(failure_lines(counts)) == [
        "10 inputs: is not JSON (char 0); mend it (rows.jsonl:1, rows.jsonl:2, rows.jsonl:3 and 7 more)",
        "x .txt: is not there; look",
    ]


def test_a_folder_of_somebody_elses_things_is_refused_unless_one_says_fresh(inside, tmp_path):
    out = tmp_path / "mine"
    (out / "thesis").mkdir(parents=True)
    (out / "notes.md").write_text("mine")
    with pytest.raises(begin.BatchError, match=r"not empty \(notes\.md, thesis\) and holds no run of ours"):
        run(inside, out)
    assert sorted(path.name for path in out.iterdir()) == ["notes.md", "thesis"]
    assert run(inside, out, fresh=True).documents == 3
    assert (out / "notes.md").read_text() == "mine"


def test_hidden_files_and_what_lies_beside_a_run_of_ours_do_not_matter(inside, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / ".DS_Store").write_text("")
    run(inside, out)
    (out / "report.html").write_text("")
    assert run(inside, out).documents == 3
