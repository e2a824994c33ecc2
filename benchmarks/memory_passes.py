"""What the first of a batch's two passes costs: counting against cleaning, the same articles, one core, CPU time.

    python benchmarks/memory_passes.py ARTICLES.jsonl [--limit N]

Counting is reading, cutting, tokenising, counting, merging and writing the pruned memory; cleaning is all that a batch
does with a document then, with that memory: reading, labelling, archive, rows. Prints the two, their ratio, and
cleaning without memory.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cleaner import Cleaner
from cleaner.batch.run import BatchSettings, run_batch
from cleaner.batch.run_memory import PartialCountsWriter, remember
from cleaner.memory.partial_counts import PartialCounts
from cleaner.memory.source_name import document_source
from cleaner.memory.store import Memory
from cleaner.readers import Reading, discover, read


def timed(work: Callable[[], object]) -> float:
    """Seconds of CPU that some work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def count(articles: Path, folder: Path) -> None:
    """Counts what articles repeat into a folder."""
    parts = PartialCountsWriter(folder)
    for file in discover([articles]):
        for reading in read(file):
            if isinstance(reading, Reading) and reading.document:
                parts.count(reading.document, document_source(reading.document))
    remember([PartialCounts(path) for path in parts.finish()], None, folder)


def main() -> None:
    """Times counting and cleaning with a memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles", type=Path)
    parser.add_argument("--limit", type=int, default=2000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        chosen = folder / "chosen.jsonl"
        with args.articles.open(encoding="utf-8") as rows, chosen.open("w", encoding="utf-8") as target:
            for number, row in enumerate(rows):
                if number < args.limit:
                    target.write(row)
        first = timed(lambda: count(chosen, folder))
        cleaner = Cleaner()
        cleaner.clean("Warm up.")

        def clean(name: str, cleaner: Cleaner) -> float:
            settings = BatchSettings(folder / name, datetime.now(UTC).replace(microsecond=0), count=False)
            return timed(lambda: run_batch([chosen], cleaner, settings, lambda _: None))

        second = clean("with", cleaner.with_memory(Memory.open(folder / "memory.sqlite")))
        without = clean("without", cleaner)
    ms = 1000 / args.limit
    print(f"counting {first * ms:.2f} ms an article, cleaning with memory {second * ms:.2f} ms: {first / second:.2f}")
    print(f"cleaning without memory {without * ms:.2f} ms; both passes cost {(first + second) / without:.2f} of it")


if __name__ == "__main__":
    main()
