"""Scores and pages per second on HTML: cleancopy (page, fast, trafilatura) beside other extractors, in one run.

    python benchmarks/html_extractors.py PAGES.jsonl[.gz|.xz] [--split dev] [--every 1] [--rounds 1] [--models DIR]
        [--minutes N] [--tools NAME …]

Rows: {id, html, url?, domain?, bench?, split?, body?, with?, without?}. Every tool sees every page once a round, in
turn, so that a machine that slows down slows all: read speeds as ratios. --models DIR holds page0.model … page4.model,
or some of them, each trained without the domains of its fold (training.corpus.fold_of): then only pages of these folds
are read, and cleancopy, too, sees only pages of domains it has not learned; text0.model … there stand in for the
shipped model of text. --minutes N: pages in an order that their ids give by a checksum, until the time is over.
"""

from __future__ import annotations

import argparse
import logging
import math
import random
import re
import sys
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from cleaner import Cleaner
from cleaner.html.model import load as load_page_model
from cleaner.html.page import Extractor
from cleaner.model.network import load
from cleaner.training.corpus import FOLDS, fold_of, read_rows
from cleaner.training.pages import linked_host

Page = dict[str, Any]
Tool = Callable[[Page], str]

WORD = re.compile(r"\w+")
#: Sets of a few pages each, which are also shown together.
SMALL = ("msv", "crawl", "waddle")
#: Samples of a bootstrap.
SAMPLES = 400
INVISIBLE = re.compile("[\u00ad\u200b-\u200d\ufeff]")


def main() -> None:
    """Scores every tool that is installed on the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+")
    parser.add_argument("--split")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth page")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--models", type=Path, metavar="DIR")
    parser.add_argument("--minutes", type=float, help="no further page after so many minutes")
    parser.add_argument("--tools", nargs="+", metavar="NAME", help="only these, as the table names them")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    threadpool_limits(1, user_api="blas")
    rows = [row for path in args.pages for row in read_rows(path) if args.split in (None, row.get("split"))]
    if args.models:
        rows = [row for row in rows if (args.models / f"page{fold(row)}.model").exists()]
    pages = list(islice(rows, 0, None, args.every))
    if args.minutes:
        pages.sort(key=lambda page: zlib.crc32(page["id"].encode()))
    tools = {name: tool for name, tool in available(args.models) if args.tools is None or name in args.tools}
    for tool in tools.values():
        tool(pages[0])  # load models and tables outside the clock
    bodies: dict[str, dict[str, str]] = {name: {} for name in tools}
    seconds: Counter[str] = Counter()
    end = time.monotonic() + 60 * args.minutes if args.minutes else math.inf
    done: dict[str, Page] = {}
    for _ in range(args.rounds):
        for page in pages:
            if time.monotonic() >= end:
                break
            done[page["id"]] = page
            for name, tool in tools.items():
                start = time.process_time_ns()
                bodies[name][page["id"]] = tool(page)
                seconds[name] += time.process_time_ns() - start
    pages = list(done.values())
    print(f"{len(pages)} pages, {args.rounds} rounds, Python {sys.version.split()[0]}")
    report(pages, bodies, {name: args.rounds * len(pages) / spent * 1e9 for name, spent in seconds.items()})


def available(models: Path | None) -> Iterator[tuple[str, Tool]]:
    """The tools that are installed, by name."""
    for mode in Extractor:
        yield f"cleancopy {mode.value}", ours(mode, models)
    from trafilatura import bare_extraction

    def trafilatura(page: Page, **options: Any) -> str:
        url = page.get("url")
        extracted = bare_extraction(page["html"], url=url, include_comments=False, with_metadata=True, **options)
        return (extracted.text or "") if extracted else ""

    yield "trafilatura", trafilatura
    yield "trafilatura precision", lambda page: trafilatura(page, favor_precision=True)
    from resiliparse.extract.html2text import extract_plain_text

    yield "resiliparse", lambda page: extract_plain_text(page["html"], main_content=True, alt_texts=False)
    try:
        from lxml.html import fromstring
        from readability import Document
    except ImportError as error:
        print(f"left out: readability-lxml ({error}); pip install readability-lxml")
        return
    yield "readability-lxml", lambda page: str(fromstring(Document(page["html"]).summary()).text_content())


def ours(mode: Extractor, models: Path | None) -> Tool:
    """cleancopy with the shipped models, or for each page with those of its fold."""
    if models is None:
        shipped = Cleaner(extractor=mode)
        return lambda page: shipped.clean(html=page["html"], url=page.get("url")).body
    cleaners: dict[int, Cleaner] = {}
    for number in range(FOLDS):
        text, page_model = models / f"text{number}.model", models / f"page{number}.model"
        if page_model.exists():
            cleaners[number] = Cleaner(
                model=load(text) if text.exists() else "shipped", page_model=load_page_model(page_model), extractor=mode
            )
    return lambda page: cleaners[fold(page)].clean(html=page["html"], url=page.get("url")).body


def fold(page: Page) -> int:
    """The fold of a page's domain; where it has none, of the host that its links name most often."""
    return fold_of(page["domain"] or linked_host(page["html"]) or page["id"])


def report(pages: list[Page], bodies: dict[str, dict[str, str]], speeds: dict[str, float]) -> None:
    """One row per tool; columns per bench."""
    benches: dict[str, list[Page]] = defaultdict(list)
    for page in pages:
        benches[page.get("bench") or page["id"].split(":")[0]].append(page)
    if small := [page for bench in list(benches) if bench.startswith(SMALL) for page in benches[bench]]:
        benches["2005–2017 and other languages"] = small
    names = [f"{bench} ({len(group)})" for bench, group in sorted(benches.items())]
    print("| tool | " + " | ".join(names) + " | pages/s | × trafilatura |")
    print("|---" * (len(names) + 3) + "|")
    for tool, tool_bodies in bodies.items():
        cells = [score(group, tool_bodies) for _, group in sorted(benches.items())]
        ratio = speeds[tool] / speeds["trafilatura"] if "trafilatura" in speeds else math.nan
        print(f"| {tool} | " + " | ".join(cells) + f" | {speeds[tool]:.1f} | {ratio:.2f} |")


def score(pages: list[Page], bodies: dict[str, str]) -> str:
    """The score of a bench with its 95 % bootstrap interval over pages.

    Shingle F1 (article-extraction benchmark) and word F1 (WCXB), or F1 over segments (trafilatura).
    """
    if not all(page.get("body") for page in pages):
        return f"segments {interval(segments, [segment_counts(page, bodies[page['id']]) for page in pages])}"
    pairs = [(squash(page["body"]), squash(bodies[page["id"]])) for page in pages]
    shingles = [(*shared(runs(gold), runs(text)), float(bool(runs(text)))) for gold, text in pairs]
    by_page = [f1(*shared(*map(words, pair))) for pair in pairs]
    return f"shingle {interval(shingle_score, shingles)}, word {interval(mean, by_page)}"


def interval(total: Callable[[list[Any]], float], by_page: list[Any]) -> str:
    """What `total` makes of the values of pages, and of 400 samples of them the 2.5th and the 97.5th percentile."""
    chance = random.Random(1)
    drawn = sorted(total(chance.choices(by_page, k=len(by_page))) for _ in range(SAMPLES))
    low, high = drawn[SAMPLES // 40], drawn[-1 - SAMPLES // 40]
    return f"{total(by_page):.3f} [{low:.3f}, {high:.3f}]"


def shingle_score(shares: list[tuple[float, float, float]]) -> float:
    """F1 of mean precision, over pages of which something was kept, and mean recall."""
    return f1(mean([share[0] for share in shares if share[2]]), mean([share[1] for share in shares]))


def shared(gold: Counter[Any], text: Counter[Any]) -> tuple[float, float]:
    """Precision and recall of one bag against another."""
    both = sum((gold & text).values())
    return both / max(1, sum(text.values())), both / max(1, sum(gold.values()))


def runs(text: str) -> Counter[Any]:
    """The runs of four words of a text, with their number."""
    words = WORD.findall(text)
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))) if words else Counter()


def words(text: str) -> Counter[Any]:
    """The words of a text, with their number."""
    return Counter(word.lower() for word in WORD.findall(text))


def segment_counts(page: Page, body: str) -> tuple[int, int, int]:
    """Of a page's segments: wanted ones found, wanted ones missed, unwanted ones found."""
    text = squash(body)
    wanted = [squash(passage) in text for passage in page.get("with") or ()]
    unwanted = [squash(passage) in text for passage in page.get("without") or ()]
    return sum(wanted), len(wanted) - sum(wanted), sum(unwanted)


def segments(by_page: list[tuple[int, int, int]]) -> float:
    """F1 of segments over all pages: `with` found, `without` not."""
    hit, missed, wrong = (sum(counts[at] for counts in by_page) for at in range(3))
    return f1(hit / max(1, hit + wrong), hit / max(1, hit + missed))


def squash(text: str) -> str:
    """A text with one space for white space, and without what nobody sees."""
    return " ".join(INVISIBLE.sub("", text or "").split())


def mean(values: list[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values) / max(1, len(values))


def f1(precision: float, recall: float) -> float:
    """The harmonic mean of precision and recall."""
    return 2 * precision * recall / max(1e-9, precision + recall)


if __name__ == "__main__":
    main()
