"""Runs in this process and as commands, for the tests that break them off."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from cleaner import Cleaner
from cleaner.batch.run import BatchSettings, run_batch

CLOCK = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)


POSIX = pytest.mark.skipif(os.name == "nt", reason="of POSIX systems")


class Stop(Exception):  # noqa: N818 (nothing went wrong)
    """What a test raises from a run's progress to break it off."""


def stop_after(documents):
    """A progress callback that breaks a run off once so many documents are cleaned."""

    def progress(progress):
        if progress.phase == "cleaning" and progress.documents >= documents:
            raise Stop

    return progress


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
