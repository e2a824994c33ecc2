"""The table of docs/speed.md: cleancopy beside other tools on the same texts and pages, CPU time, in one run.

    python benchmarks/speed.py --articles ARTICLES.jsonl[.gz] --pages PAGES.jsonl[.gz|.xz] [--rounds 3]

Each tool has a process of its own and sees every document once a round, the tools in turn, so that a machine that slows
down slows all; of each the fastest round counts. What is not installed is left out, and said so. `--parts` tells
instead where the time of a text goes, by samples of the stack at each millisecond of CPU time.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import lzma
import os
import platform
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

Row = dict[str, Any]
Run = Callable[[Any], object]  # takes a row, or all of them
#: Every so manieth row is read, so that all sources take part.
STEP = 13
#: A core hour in dollars, as clouds sell what they have left.
CORE_HOUR = 0.04


def main() -> None:
    """Prints the tables, or serves as one tool's process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path)
    parser.add_argument("--pages", type=Path)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--page-count", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--serve", metavar="TOOL", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args.articles or args.pages, args.documents)
        return
    print(surroundings())
    if args.parts:
        parts(args.articles, args.documents, args.rounds)
        return
    if args.articles:
        compare(TEXT_TOOLS, args.articles, args.documents, args.rounds, beside="ftfy")
    if args.pages:
        compare(PAGE_TOOLS, args.pages, args.page_count, args.rounds, beside="trafilatura")


def surroundings() -> str:
    """Date, machine and its load, and what runs."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.machine()}, {os.cpu_count()} cores, load {load} before; "
        f"Python {platform.python_version()}"
    )


# Tools -------------------------------------------------------------------------------------------


def cleancopy(**settings: Any) -> Run:
    """Our own cleaner, of texts or of pages."""
    from cleaner import Cleaner

    cleaner = Cleaner(**settings)
    return lambda row: cleaner.clean(**{name: row[name] for name in ("text", "html") if name in row})


def clean_many() -> Callable[[list[Row]], object]:
    """The same for texts in one call."""
    from cleaner import Cleaner

    cleaner = Cleaner()
    return lambda rows: list(cleaner.clean_many(row["text"] for row in rows))


def ftfy() -> Run:
    """ftfy, of texts."""
    from ftfy import fix_text

    return lambda row: fix_text(row["text"])


def justext() -> Run:
    """jusText, of pages."""
    from justext import get_stoplist
    from justext import justext as run

    stops = get_stoplist("English")
    return lambda row: run("".join(f"<p>{line}</p>" for line in row["text"].splitlines() if line.strip()), stops)


def datatrove(name: str) -> Run:
    """A filter of datatrove, of texts."""
    from datatrove.data import Document
    from datatrove.pipeline import filters

    chosen = getattr(filters, name)()
    return lambda row: chosen.filter(Document(text=row["text"], id="0"))


def trafilatura(**options: Any) -> Run:
    """trafilatura, of pages."""
    from trafilatura import bare_extraction

    return lambda row: bare_extraction(row["html"], url=row.get("url"), include_comments=False, **options)


def resiliparse() -> Run:
    """resiliparse, of pages."""
    from resiliparse.extract.html2text import extract_plain_text

    return lambda row: extract_plain_text(row["html"], main_content=True, alt_texts=False)


def readability() -> Run:
    """readability-lxml, of pages."""
    from readability import Document

    return lambda row: Document(row["html"]).summary()


#: Name → the packages whose versions are told, what makes it, environment.
Tools = dict[str, tuple[str, Callable[[], Run], dict[str, str]]]
PURE = {"CLEANCOPY_PURE": "1"}
TEXT_TOOLS: Tools = {
    "cleancopy, compiled": ("cleancopy", cleancopy, {}),
    "cleancopy, pure Python and NumPy": ("cleancopy", cleancopy, PURE),
    "cleancopy, clean_many, compiled": ("cleancopy", clean_many, {}),
    "cleancopy, clean_many, pure": ("cleancopy", clean_many, PURE),
    "ftfy": ("ftfy", ftfy, {}),
    "jusText": ("justext", justext, {}),
    "datatrove, C4 filter": ("datatrove", lambda: datatrove("C4QualityFilter"), {}),
    "datatrove, Gopher filter": ("datatrove", lambda: datatrove("GopherQualityFilter"), {}),
}
PAGE_TOOLS: Tools = {
    "cleancopy, page": ("cleancopy", cleancopy, {}),
    "cleancopy, fast": ("cleancopy", lambda: cleancopy(extractor="fast"), {}),
    "cleancopy, page, pure": ("cleancopy", cleancopy, PURE),
    "trafilatura": ("trafilatura", lambda: trafilatura(with_metadata=True), {}),
    "trafilatura, no metadata": ("trafilatura", lambda: trafilatura(with_metadata=False), {}),
    "resiliparse": ("resiliparse", resiliparse, {}),
    "readability-lxml": ("readability-lxml", readability, {}),
}


# Processes ---------------------------------------------------------------------------------------


def compare(tools: Tools, path: Path, count: int, rounds: int, *, beside: str) -> None:
    """Starts every tool, lets them work in turns, and prints a table of rates."""
    processes: dict[str, subprocess.Popen[str]] = {}
    for name, (package, _, environment) in tools.items():
        process = start(name, path, count, environment)
        told = process.stdout.readline().strip() if process.stdout else ""
        if told == "ready":
            processes[name] = process
        else:
            print(f"left out: {name} ({told or 'it did not start'}); pip install {package}")
    seconds: dict[str, list[float]] = {name: [] for name in processes}
    for _ in range(rounds):
        for name, process in processes.items():
            seconds[name].append(asked(process))
    for process in processes.values():
        process.communicate()
    best = {name: min(times) / count for name, times in seconds.items()}
    print(f"\n{count} documents, the best of {rounds} rounds\n")
    print(f"| tool | µs a document | documents for a second of CPU | × {beside} |\n|---|---|---|---|")
    for name, taken in best.items():
        print(
            f"| {name} {known(tools[name][0])} | {taken * 1e6:,.0f} | {1 / taken:,.0f} | {best[beside] / taken:.2f} |"
        )
    for name in best:
        if name.startswith("cleancopy"):
            hours = best[name] * 1e9 / 3600
            print(f"{name}: a billion such documents take {hours:,.0f} core hours, {hours * CORE_HOUR:,.0f} dollars")


def start(name: str, path: Path, count: int, environment: dict[str, str]) -> subprocess.Popen[str]:
    """A process that waits to run a tool once more over its rows."""
    option = "--articles" if name in TEXT_TOOLS else "--pages"
    words = [sys.executable, __file__, "--serve", name, option, str(path), "--documents", str(count)]
    known = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **environment}
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=known)


def asked(process: subprocess.Popen[str]) -> float:
    """Seconds of CPU of one more run of such a process."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the tool's process has no pipes")
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def known(package: str) -> str:
    """The version of a package, or that it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def serve(name: str, path: Path, count: int) -> None:
    """One tool: says "ready", or why not; then for each line of input a round, and the CPU seconds that it took."""
    logging.disable(logging.CRITICAL)
    rows = list(islice(read(path), 0, STEP * count, STEP))
    try:
        run = {**TEXT_TOOLS, **PAGE_TOOLS}[name][1]()
        given: list[Any] = [rows] if "clean_many" in name else rows  # what a call takes
        for value in given[:20]:
            run(value)  # load models and tables outside the clock
    except ImportError as error:
        print(error, flush=True)
        return
    print("ready", flush=True)
    for _ in sys.stdin:
        begin = time.process_time()
        for value in given:
            run(value)
        print(time.process_time() - begin, flush=True)


def read(path: Path) -> Iterator[Row]:
    """The rows of a file of JSON lines, also packed."""
    opener: Any = {".gz": gzip.open, ".xz": lzma.open}.get(path.suffix, open)
    with opener(path, "rt", encoding="utf-8") as rows:
        yield from map(json.loads, rows)


# Where the time goes -----------------------------------------------------------------------------

#: The innermost function on the stack whose file and name begin so → part of the work.
PARTS = {
    "decoding/mojibake": "repairs",
    "decoding/content_kind": "what kind of input it is",
    "segmentation/tokens": "tokens and features",
    "model/features": "tokens and features",
    "segmentation/": "lines, sentences, blocks",
    "model/encoder.py:find": "rows of vectors and topics",
    "model/topics": "rows of vectors and topics",
    "model/encoder": "sentence encoder",
    "model/telling_words": "words that speak for a decision",
    "model/network.py:opinion": "networks",
    "model/network": "linear scores",
    "heuristics/kind": "language, kind of document",
    "language": "language, kind of document",
    "heuristics/cue": "cues found",
    "heuristics/": "rules",
    "decision/second_look": "second look, by itself",
    "decision/status": "assembling",
    "decision": "decisions",
    "assembly": "assembling",
    "indentation": "assembling",
    "": "all else",
}


def parts(path: Path, count: int, rounds: int) -> None:
    """Prints microseconds of CPU a document for each part of the work on a text."""
    rows = list(islice(read(path), 0, STEP * count, STEP))
    run = cleancopy()
    for row in rows:
        run(row)
    seen: Counter[str] = Counter()

    def sample(_: int, frame: FrameType | None) -> None:
        while frame is not None:
            code = frame.f_code
            place = f"{code.co_filename.partition('/cleaner/')[2]}:{code.co_name}"
            if part := next((part for start, part in PARTS.items() if start and place.startswith(start)), ""):
                seen[part] += 1
                return
            frame = frame.f_back
        seen["all else"] += 1

    signal.signal(signal.SIGPROF, sample)
    begin = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
    for _ in range(rounds):
        for row in rows:
            run(row)
    signal.setitimer(signal.ITIMER_PROF, 0)
    microseconds = (time.process_time() - begin) / rounds / len(rows) * 1e6
    print(f"\n{microseconds:,.0f} µs a document\n\n| part | µs a document |\n|---|---|")
    for part in dict.fromkeys(PARTS.values()):
        print(f"| {part} | {seen[part] / sum(seen.values()) * microseconds:,.0f} |")


if __name__ == "__main__":
    main()
