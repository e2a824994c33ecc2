"""A folder of inputs that changes from month to month, and runs over it."""

import json
import os
from datetime import UTC, datetime, timedelta

from archive.checking.verify import verify
from archive.segments.problems import Problem
from archive.segments.reader import articles
from cleaner import Cleaner
from cleaner.batch.run import BatchSettings, run_batch
from cleaner.writers.warc import CHECKS

CLOCK = datetime(2026, 5, 3, 12, tzinfo=UTC)


STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."


def run(inside, out, month=0, show=lambda _: None, **settings):
    settings = {"update": True, "shard_size": 3, **settings}
    return run_batch([inside], Cleaner(), BatchSettings(out, CLOCK + timedelta(days=30 * month), **settings), show)


def write(path, text, time=1_700_000_000):
    path.write_text(text, encoding="utf-8")
    os.utime(path, (time, time))


def row(identity, text, **more):
    return json.dumps({"id": identity, "text": text, **more}) + "\n"


def files(out, *folders):
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for folder in folders
        for path in sorted((out / folder).rglob("*"))
        if path.is_file()
    }


def rows(out):
    return [json.loads(line) for path in sorted((out / "documents").iterdir()) for line in path.open("rb")]


def report(out):
    return json.loads((out / "run.json").read_bytes())


def groups(out):
    stored = [group for path in sorted((out / "warc").iterdir()) for group in articles(path)]
    assert not [group for group in stored if isinstance(group, Problem)]
    return stored


def check(out):
    """The archive is whole, its index is that of its segments, and the run is complete."""
    segments = sorted((out / "warc").iterdir())
    assert list(verify(segments, CHECKS)) == []
    index = (out / "index.cdxj").read_text().splitlines()
    assert index == sorted(set(index))
    assert report(out)["complete"]
    assert not (out / ".work").exists()
    assert report(out)["counts"]["documents"] == len(current(out))


def current(out):
    """The rows that no other one replaces."""
    placed = {
        f"{path.name}:{number}": json.loads(line)
        for path in sorted((out / "documents").iterdir())
        for number, line in enumerate(path.open("rb"), 1)
    }
    for row in list(placed.values()):
        if "replaces" in row:
            del placed[row["replaces"]]
    return list(placed.values())


def change(inside):
    """b changes, d vanishes, e is new; of the rows 1 changes, 2 vanishes, 9 is new; c is only touched."""
    write(inside / "b.txt", f"b, mended: {STORY}", 1_700_000_900)
    write(inside / "c.txt", f"c: {STORY}\n\nRead more", 1_700_000_900)
    (inside / "d.txt").unlink()
    write(inside / "e.txt", f"e: {STORY}")
    changed = [row("0", f"0: {STORY}"), row("1", f"1, mended: {STORY}"), row("3", f"3: {STORY}")]
    write(inside / "rows.jsonl", "".join([*changed, row("4", f"4: {STORY}"), row("9", f"9: {STORY}")]), 1_700_000_900)
