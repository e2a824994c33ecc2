"""The driver's share of a batch's CPU time: how many workers it can feed, measured with two.

    python benchmarks/driver_share.py ARTICLES.jsonl[.gz] [--documents 600] [--shard-size 50] [--sources 10]

Two runs with two workers, of the documents and of twice as many: what the second takes more is the work for a document,
without starting and ending. The driver plans, hands out shards, merges the counts of each source, and sums up; a driver
that takes a 64th of its workers' time is the bottleneck at 64. Merging takes as long for a source of one article as for
one of hundreds, so it matters among how many sources the articles are divided.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from batch_throughput import CLOCK, prepare

from cleaner import Cleaner
from cleaner.batch.run import BatchSettings, run_batch

WORKERS = 2


def main() -> None:
    """Prints the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--documents", type=int, default=600)
    parser.add_argument("--shard-size", type=int, default=50)
    parser.add_argument("--sources", type=int, default=10)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        less, more = (shares(base / str(times), args, times * args.documents) for times in (1, 2))
    spent = Counter({who: (more[who] - less[who]) / args.documents * 1e6 for who in more})
    for who, taken in spent.items():
        print(f"{who:10s}{taken:8.0f} µs of CPU a document")
    print(f"the driver can feed {spent['workers'] / max(1.0, spent['driver']):,.0f} workers")


def shares(base: Path, args: argparse.Namespace, documents: int) -> dict[str, float]:
    """CPU seconds of the driver and of its workers."""
    base.mkdir()
    prepare(args.articles, base / "in", documents, as_files=False)
    rows = [json.loads(line) for line in (base / "in/articles.jsonl").read_text(encoding="utf-8").splitlines()]
    with (base / "in/articles.jsonl").open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows):
            file.write(json.dumps({**row, "source": f"source {number % args.sources}"}) + "\n")
    settings = BatchSettings(base / "out", CLOCK, shard_size=args.shard_size)
    cleaner, before = Cleaner(), os.times()
    run_batch([base / "in"], cleaner, replace(settings, workers=WORKERS), lambda _: None)
    after = os.times()
    return {
        "driver": after.user + after.system - before.user - before.system,
        "workers": after.children_user + after.children_system - before.children_user - before.children_system,
    }


if __name__ == "__main__":
    main()
