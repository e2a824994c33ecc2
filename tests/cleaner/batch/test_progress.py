"""What is said of a run on its way, on a terminal and elsewhere."""

import json

import pytest

from cleaner import clean
from cleaner.batch import progress as module
from cleaner.batch.counts import RunCounts
from cleaner.batch.output import status
from cleaner.batch.progress import Bar, Log, RunProgress, duration, figures_of, line_of
from cleaner.batch.shards.tasks import CHARACTERS, DOCUMENTS, FAILED, LABELS

STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."


@pytest.fixture
def progress():
    counts = RunCounts()
    counts.count(clean(f"{STORY}\n\nRead more"))
    progress = RunProgress(total=10)
    progress.add(counts)
    return progress


def test_what_is_done_and_what_is_in_work_are_summed(progress):
    counters = [0] * 40
    counters[DOCUMENTS], counters[CHARACTERS], counters[FAILED], counters[LABELS["advert"]] = 3, 1000, 1, 100
    progress.show_live(counters)
    assert (progress.documents, progress.failed) == (4, 1)
    assert list(progress.removed) == ["advert", "related"]
    assert progress.removed["advert"] == 100 / (1000 + len(STORY) + 11)
    progress.add(RunCounts())  # the shard is done: what was counted there comes with its counts
    assert progress.documents == 1


@pytest.mark.parametrize(("as_json", "quiet"), [(False, False), (True, False), (False, True)])
def test_a_line_every_so_often_where_there_is_no_terminal(progress, capsys, monkeypatch, as_json, quiet):
    with Bar(quiet=quiet, log=Log(as_json=as_json)) as bar:
        bar.show(progress)
        monkeypatch.setattr(module, "LINE_EVERY", -1.0)
        bar.show(progress)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == (0 if quiet else 1)
    if as_json:
        message = json.loads(lines[0])
        assert (message["event"], message["documents"], message["total"]) == ("progress", 1, 10)


def test_the_line_tells_time_left_and_shares(progress):
    progress.began -= 2
    assert "1 of 10 documents" in line_of(progress)
    assert "0:00:18 left" in line_of(progress)
    assert "related" in line_of(progress)
    progress.resumed = 1  # nothing is known of this attempt's rate
    assert "left" not in line_of(progress)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00:00"), (59.6, "0:01:00"), (360_000, "100:00:00")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_a_phase_that_only_reads_counts_and_the_next_begins_anew() -> None:
    progress = RunProgress(total=5)
    progress.count(3)
    assert progress.documents == 3
    progress.begin("cleaning")
    assert (progress.documents, progress.total) == (0, 5)


def test_a_table_whose_rows_are_not_counted_yet_has_no_total_until_it_was_read_once():
    progress = RunProgress(total=1)
    progress.begin("counting")
    progress.count(693)
    assert line_of(progress).startswith("counting: 693 documents, ")
    assert figures_of(progress, 200).startswith("693, 0 failed")
    assert progress.to_values()["total"] == 0
    progress.begin("cleaning")
    progress.count(7)
    assert line_of(progress).startswith("cleaning: 7 of 693 documents, ")
    assert figures_of(progress, 200).startswith("7/693, ")


@pytest.mark.parametrize(("total", "line"), [(0, "7 documents, 0 failed"), (9, "7 of 9 documents, 0 failed")])
def test_status_tells_the_total_where_it_is_known(tmp_path, monkeypatch, total, line):
    values = {
        "state": "running", "shards": 1, "shards_done": 0, "phase": "cleaning", "documents": 7, "total": total,
        "failed": 0, "rate": 1.0, "removed": {"donation": 0.0459},
    }  # fmt: skip
    monkeypatch.setattr(status, "status_values", lambda out: values)
    lines = status.status_lines(tmp_path)
    assert lines[1:] == [
        line,
        "cleaning: 1 documents a second" + (", 0:00:02 left" if total else ""),
        "removed: donation 4.6 %",
    ]
