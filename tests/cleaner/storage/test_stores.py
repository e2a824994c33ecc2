"""ShardFiles and scratch folders: what needs no store."""

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cleaner.engines import Heartbeat
from cleaner.storage import scratch
from cleaner.storage.object_store import ObjectFacts, facts_of, is_remote, path_or_url


@pytest.mark.parametrize(
    ("text", "is_url"),
    [
        ("s3://bucket/in/", True),
        ("memory://in", True),
        ("in/s3", False),
        ("C:\\in", False),
        ("C://in", False),
        ("in", False),
    ],
)
def test_what_a_word_names(text, is_url):
    assert is_remote(path_or_url(text)) == is_url
    assert is_url or path_or_url(text) == Path(text)


def test_a_file_url_is_a_path():
    assert path_or_url(Path("/data/my in").as_uri()) == Path("/data/my in")


NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "info",
    [
        {"LastModified": NOON, "ETag": '"abc"'},
        {"mtime": NOON.timestamp(), "etag": "abc"},
        {"updated": "2026-05-03T12:00:00.000Z", "etag": "abc"},
        {"created": NOON.replace(tzinfo=None), "md5Hash": "abc"},
    ],
)
def test_facts_are_the_same_whatever_the_store_calls_them(info):
    assert facts_of({**info, "size": 7}) == ObjectFacts(7, NOON.timestamp(), "abc")


def test_scratch_folders_of_killed_processes_are_swept_and_those_of_living_ones_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scratch.scratch_folder.cache_clear()
    ours = scratch.scratch_folder()
    words = "from cleaner.storage.scratch import scratch_folder; print(scratch_folder(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    ) as process:
        theirs = Path(process.stdout.readline().strip())
        scratch.sweep()
        assert theirs.is_dir()
        process.kill()
        process.wait()
        scratch.sweep()
    assert not theirs.exists()
    assert ours.is_dir()
    scratch.scratch_folder.cache_clear()


def environment(folder):
    return {**os.environ, "TMPDIR": str(folder), "TEMP": str(folder), "TMP": str(folder)}


def test_what_is_waited_for_takes_none_of_a_documents_time():
    heartbeat = Heartbeat()
    heartbeat.begin(7)
    with heartbeat.away():
        assert heartbeat.cells[0] == 0
    assert heartbeat.cells[0] == 8
