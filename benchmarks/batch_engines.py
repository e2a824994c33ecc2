"""The Ray engine beside the local one, on this machine: seconds for the same documents, and whether the bytes agree.

    python benchmarks/batch_engines.py ARTICLES.jsonl[.gz] [--documents 10000] [--rounds 3] [--workers 2]

The engines take turns. What starting takes (a run of one document: processes, Ray itself, a pool of actors for each
phase) is measured by itself and taken off. Needs the extra `ray`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from batch_throughput import prepare, same_files

ENGINES = {"local": (), "ray": ("--engine", "ray", "--ray-address", "local")}


def main() -> None:
    """Runs the same batch with both engines and compares time and bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, help="JSONL rows with a text field, plain or gzipped")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        prepare(args.articles, base / "in", args.documents, as_files=False)
        (base / "none").mkdir()
        (base / "none/one.jsonl").write_text('{"text": "Reuters contributed to this report."}\n')
        took: dict[str, list[float]] = {name: [] for name in ENGINES}
        starts: dict[str, list[float]] = {name: [] for name in ENGINES}
        for _ in range(args.rounds):
            for name in ENGINES:
                starts[name].append(timed(base / "none", base / "nothing", name, args.workers))
                took[name].append(timed(base / "in", base / name, name, args.workers))
        for name in ENGINES:
            start, seconds = statistics.median(starts[name]), statistics.median(took[name])
            same = "the same" if same_files(base / "local", base / name) else "DIFFERENT"
            print(f"{name:6s}{args.documents / (seconds - start):6.0f} documents/s with {args.workers} workers;"
                  f" starting takes {start:.1f} s; outputs are {same}")  # fmt: skip


def timed(inputs: Path, out: Path, engine: str, workers: int) -> float:
    """Seconds of the wall clock for a run."""
    shutil.rmtree(out, ignore_errors=True)
    words = ["clean", str(inputs), "-o", str(out), "--workers", str(workers), "-q"]
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "cleaner", *words, *ENGINES[engine]],
        env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600"}, check=True, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
