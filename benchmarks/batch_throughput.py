"""Documents per second of a whole batch with one and with two workers, side by side; peak memory; time per stage.

    python benchmarks/batch_throughput.py ARTICLES.jsonl[.gz] [--documents 10000] [--rounds 3] [--workers 1 2]

The runs take turns, so that a machine that slows down slows all of them; the outputs are compared byte by byte.
Rates are of the wall clock, without the seconds that starting takes (a run of one document), which are given beside.
Memory is the highest proportional set size (Linux; what processes share is divided among them) of any worker.
`--stages` cleans in this process instead, and gives the CPU time of each stage.
"""

from __future__ import annotations

import argparse
import filecmp
import gzip
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from archive.segments.records import group_of
from archive.segments.writer import gzip_member
from cleaner import Cleaner
from cleaner.batch.run import BatchSettings, run_batch
from cleaner.batch.run_memory import PartialCountsWriter
from cleaner.memory.partial_counts import PartialCounts
from cleaner.memory.source_name import document_source
from cleaner.memory.store import Memory, write_memory
from cleaner.readers import discover, read
from cleaner.versions import versions
from cleaner.writers.rows import document_row, encode
from cleaner.writers.warc import article_of, run_info

CLOCK = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Times whole runs, or the stages of one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, help="JSONL rows with a text field, plain or gzipped")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--as-files", action="store_true", help="one file for each article instead of rows")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        size = prepare(args.articles, base / "in", args.documents, as_files=args.as_files)
        print(f"{args.documents:,} documents of {size:,.0f} bytes on average; Python {sys.version.split()[0]}")
        if args.stages:
            stages(base, args.rounds)
        else:
            compare(base, args.documents, args.rounds, args.workers)


def prepare(articles: Path, folder: Path, count: int, *, as_files: bool) -> float:
    """Writes the inputs; articles come again, with another id, when there are too few. Their mean size in bytes."""
    folder.mkdir()
    size = 0
    with (folder / "articles.jsonl").open("w", encoding="utf-8") as rows:
        for number, row in enumerate(islice(read_rows(articles), count)):
            size += len(row["text"].encode())
            if as_files:
                (folder / f"{number:07d}.txt").write_text(row["text"], encoding="utf-8")
            else:
                rows.write(json.dumps({**row, "id": f"{number}-{row['id']}"}, ensure_ascii=False) + "\n")
    return size / count


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Every 13th article, then from the start again with the next one, so that all sources take part early."""
    for start in cycle(range(13)):
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as rows:
            yield from map(json.loads, islice(rows, start, None, 13))


def compare(base: Path, documents: int, rounds: int, workers: list[int]) -> None:
    """Prints the rate of each number of workers, and whether all of them wrote the same."""
    (base / "none").mkdir()
    (base / "none/one.txt").write_text("Reuters contributed to this report.")
    start = Took.median([timed(base / "none", base / "empty", 1) for _ in range(3)])
    took: dict[int, list[Took]] = {number: [] for number in workers}
    for _ in range(rounds):
        for number in workers:
            took[number].append(timed(base / "in", base / f"out{number}", number))
    first = workers[0]
    for number, all_took in took.items():
        middle = Took.median(all_took)
        pairs = zip(all_took, took[first], strict=True)
        faster = statistics.median(
            (one.seconds - start.seconds) / (ours.seconds - start.seconds) for ours, one in pairs
        )
        same = "the same" if same_files(base / f"out{first}", base / f"out{number}") else "DIFFERENT"
        print(
            f"{number} workers: {documents / (middle.seconds - start.seconds):6.0f} documents/s, {faster:.2f} x;"
            f" {documents / (middle.cpu - start.cpu):.0f} documents for a second of CPU;"
            f" at most {max(run.memory for run in all_took):.0f} MB in a process; outputs are {same}"
        )
    print(f"starting takes {start.seconds:.2f} s ({start.cpu:.2f} s of CPU)")


@dataclass(frozen=True, slots=True)
class Took:
    """What a command took: seconds of the wall clock and of all its processes' CPU, megabytes of the largest one."""

    seconds: float
    cpu: float
    memory: float

    @staticmethod
    def median(several: list[Took]) -> Took:
        """The median of each figure by itself."""
        return Took(*(statistics.median(getattr(run, name) for run in several) for name in Took.__slots__))


def timed(inputs: Path, out: Path, workers: int) -> Took:
    """What one run of the command took."""
    shutil.rmtree(out, ignore_errors=True)
    words = [sys.executable, "-m", "cleaner", "clean", str(inputs), "-o", str(out), "--workers", str(workers), "-q"]
    begin, before = time.perf_counter(), cpu_of_children()
    with subprocess.Popen(words, env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600"}) as process:
        peaks: dict[int, float] = {}
        done = threading.Event()
        thread = threading.Thread(target=watch, args=(process.pid, peaks, done))
        thread.start()
        process.wait()
        took = Took(time.perf_counter() - begin, cpu_of_children() - before, 0.0)
        done.set()
        thread.join()
    return replace(took, memory=max(peaks.values(), default=0.0))


def cpu_of_children() -> float:
    """Seconds of CPU of all processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def watch(parent: int, peaks: dict[int, float], done: threading.Event) -> None:
    """Looks twice a second at the memory of the command's processes."""
    while not done.wait(0.5):
        for pid in [parent, *children(parent)]:
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            pss = next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
            peaks[pid] = max(peaks.get(pid, 0.0), pss / 1000)


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    try:
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except OSError:
        return []


def same_files(one: Path, other: Path) -> bool:
    """Do two folders hold the same files?"""
    names = [
        sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file()) for folder in (one, other)
    ]
    return names[0] == names[1] and all(filecmp.cmp(one / name, other / name, shallow=False) for name in names[0])


class Stages:
    """The CPU time of each stage: the best of the rounds."""

    def __init__(self) -> None:
        self.best: dict[str, float] = {}

    def time(self, name: str, work: Callable[[], Any]) -> Any:
        """What the work gives, its time taken down."""
        begin = time.process_time()
        results = work()
        self.best[name] = min(self.best.get(name, float("inf")), time.process_time() - begin)
        return results

    def tell(self, count: int) -> None:
        """Prints each stage's share of a whole run of so many documents."""
        best = dict(self.best)
        best["read, decode (twice)"] *= 2
        best["weigh memory"] -= best["label"]
        whole = best.pop("whole run")
        for name, seconds in {**best, "write, all else": whole - sum(best.values())}.items():
            print(f"{name:22s}{seconds / whole:7.1%}{seconds / count * 1e6:9.0f} us a document")
        print(
            f"{'whole run':22s}{1:7.1%}{whole / count * 1e6:9.0f} us a document:"
            f" {count / whole:.0f} for a second of CPU"
        )


def stages(base: Path, rounds: int) -> None:
    """CPU time of each stage by itself, beside a whole run in this process; the best of the rounds."""
    threadpool_limits(1, user_api="blas")
    cleaner = Cleaner()
    run = run_info(versions()["cleancopy"], cleaner.fingerprint())
    cleaner.clean("Reuters contributed to this report.")
    stages, count = Stages(), 0
    for number in range(rounds):
        settings = BatchSettings(base / f"out{number}", CLOCK)
        stages.time("whole run", partial(run_batch, [base / "in"], cleaner, settings, lambda _: None))
        readings = stages.time("read, decode (twice)", partial(_read, list(discover([base / "in"]))))
        (base / f"parts{number}").mkdir()
        paths = stages.time("count", partial(_counted, readings, base / f"parts{number}"))
        memory = stages.time("merge counts", partial(_remembered, paths))
        stages.time("label", partial(_labelled, readings, cleaner))
        done = stages.time("weigh memory", partial(_labelled, readings, cleaner.with_memory(memory)))
        articles = stages.time("ledger", lambda done=done: [article_of(r.original, c, CLOCK) for r, c in done])
        groups = stages.time("records", lambda articles=articles: [group_of(article, run) for article in articles])
        stages.time("compress", lambda groups=groups: [gzip_member(draft) for group in groups for draft in group])
        stages.time("rows", lambda done=done: [encode(document_row(c, extra=r.extra, path="a")) for r, c in done])
        count = len(done)
    stages.tell(count)


def _read(files: list[Any]) -> list[Any]:
    return [reading for file in files for reading in read(file)]


def _counted(readings: list[Any], folder: Path) -> list[Path]:
    parts = PartialCountsWriter(folder)
    for reading in readings:
        parts.count(reading.document, document_source(reading.document, folder="in"))
    return parts.finish()


def _remembered(paths: list[Path]) -> Memory:
    write_memory(paths[0].with_suffix(".sqlite"), [PartialCounts(path) for path in paths], minimum=2)
    return Memory.open(paths[0].with_suffix(".sqlite"))


def _labelled(readings: list[Any], cleaner: Cleaner) -> list[Any]:
    return [(r, cleaner.clean_document(r.document, source=document_source(r.document, folder="in"))) for r in readings]


if __name__ == "__main__":
    main()
