"""What is said of a run on its way, on a terminal and elsewhere."""

import json

import pytest

from cleaner import clean
from cleaner.batch import progress
from cleaner.batch.counts import Accounts
from cleaner.batch.progress import Bar, Log, duration, line_of
from cleaner.batch.shard_tasks import CHARACTERS, DOCUMENTS, FAILED, LABELS
from cleaner.batch.tally import Tally

STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."


@pytest.fixture
def tally():
    accounts = Accounts()
    accounts.count(clean(f"{STORY}\n\nRead more"))
    tally = Tally(total=10)
    tally.add(accounts)
    return tally


def test_what_is_done_and_what_is_in_work_are_summed(tally):
    counters = [0] * 40
    counters[DOCUMENTS], counters[CHARACTERS], counters[FAILED], counters[LABELS["advert"]] = 3, 1000, 1, 100
    tally.show_live(counters)
    assert (tally.documents, tally.failed) == (4, 1)
    assert list(tally.removed) == ["advert", "related"]
    assert tally.removed["advert"] == 100 / (1000 + len(STORY) + 11)
    tally.add(Accounts())  # the shard is done: what was counted there comes with its accounts
    assert tally.documents == 1


@pytest.mark.parametrize(("as_json", "quiet"), [(False, False), (True, False), (False, True)])
def test_a_line_every_so_often_where_there_is_no_terminal(tally, capsys, monkeypatch, as_json, quiet):
    with Bar(quiet=quiet, log=Log(as_json=as_json)) as bar:
        bar.show(tally)
        monkeypatch.setattr(progress, "LINE_EVERY", -1.0)
        bar.show(tally)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == (0 if quiet else 1)
    if as_json:
        message = json.loads(lines[0])
        assert (message["event"], message["documents"], message["total"]) == ("progress", 1, 10)


def test_the_line_tells_time_left_and_shares(tally):
    tally.began -= 2
    assert "1 of 10 documents" in line_of(tally)
    assert "0:00:18 left" in line_of(tally)
    assert "related" in line_of(tally)
    tally.resumed = 1  # nothing is known of this attempt's rate
    assert "left" not in line_of(tally)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00:00"), (59.6, "0:01:00"), (360_000, "100:00:00")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_a_phase_that_only_reads_counts_and_the_next_begins_anew() -> None:
    tally = Tally(total=5)
    tally.count(3)
    assert tally.documents == 3
    tally.restart()
    assert (tally.documents, tally.total) == (0, 5)
