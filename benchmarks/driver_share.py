"""The driver's share of a batch's CPU time: how many workers it can feed, measured with two.

    python benchmarks/driver_share.py ARTICLES.jsonl[.gz] [--documents 600] [--shard-size 50]

Two runs with two workers, of the documents and of twice as many: what the second takes more is the work for a document,
without starting and ending. The driver's own CPU time stands beside that of its workers, and of the merging of counts,
which a worker does while the others wait. A driver that takes a 64th of its workers' time is the bottleneck at 64.
"""

from __future__ import annotations

import argparse
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
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        less, more = (
            shares(base / str(times), args.articles, times * args.documents, args.shard_size) for times in (1, 2)
        )
    spent = Counter({who: (more[who] - less[who]) / args.documents * 1e6 for who in more})
    for who, taken in spent.items():
        print(f"{who:10s}{taken:8.0f} µs of CPU a document")
    print(f"the driver can feed {spent['workers'] / max(1.0, spent['driver']):,.0f} workers")


def shares(base: Path, articles: Path, documents: int, shard_size: int) -> dict[str, float]:
    """CPU seconds of the driver and of its workers."""
    base.mkdir()
    prepare(articles, base / "in", documents, as_files=False)
    settings = BatchSettings(base / "out", CLOCK, shard_size=shard_size)
    cleaner, before = Cleaner(), os.times()
    run_batch([base / "in"], cleaner, replace(settings, workers=WORKERS), lambda _: None)
    after = os.times()
    return {
        "driver": after.user + after.system - before.user - before.system,
        "workers": after.children_user + after.children_system - before.children_user - before.children_system,
    }


if __name__ == "__main__":
    main()
