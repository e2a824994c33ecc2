"""Documents per second of the text path beside ftfy, jusText, datatrove's C4 and Gopher filters, on the same texts.

    python benchmarks/text_speed.py ARTICLES.jsonl[.gz] [--documents 1000] [--rounds 5]

Every tool sees every text once a round, in turn, so that a machine that slows down slows all of them; the
figures are medians over the rounds, to be read as ratios. Tools that are not installed are left out, and said so.
`--stages` prints instead where the time of cleancopy goes, by cProfile.
"""

from __future__ import annotations

import argparse
import cProfile
import gzip
import json
import platform
import pstats
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from importlib.metadata import distributions, version
from itertools import islice
from pathlib import Path

from threadpoolctl import threadpool_limits

from cleaner.accelerator import described

Tool = Callable[[str], object]


def main() -> None:
    """Prints the speed of every tool, or the stages of ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path, help="JSONL rows with a text field, plain or gzipped")
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stages", action="store_true")
    args = parser.parse_args()
    texts = list(islice(read_texts(args.articles), args.documents))
    size = sum(len(text.encode("utf-8", "replace")) for text in texts) / len(texts)
    print(
        f"{len(texts)} documents of {size:,.0f} bytes on average, {args.rounds} rounds, Python {sys.version.split()[0]}"
    )
    print(surroundings())
    if args.stages:
        profile(texts)
        return
    tools = dict(available())
    threadpool_limits(1, user_api="blas")  # as the command line does; one core is what is compared
    for run in tools.values():
        run(texts[0])  # load models and tables outside the clock
    seconds: dict[str, list[float]] = {name: [] for name in tools}
    for _ in range(args.rounds):
        for name, run in tools.items():
            seconds[name].append(timed(run, texts))
    report(seconds, len(texts))


def surroundings() -> str:
    """Date, machine, which code of ours runs, versions of the others."""
    names = ("numpy", "ftfy", "datatrove", "justext")
    known = [f"{name} {version(name)}" for name in names if name in {dist.name.lower() for dist in distributions()}]
    return f"{date.today()}, {platform.machine()}, {described()}; {', '.join(known)}"


def read_texts(path: Path) -> Iterator[str]:
    """Every 13th article, so that all sources take part."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as rows:
        for row in islice(rows, 0, None, 13):
            yield json.loads(row)["text"]


def available() -> Iterator[tuple[str, Tool]]:
    from cleaner import Cleaner

    cleaner = Cleaner()
    yield "cleancopy", cleaner.clean
    import ftfy

    yield "ftfy.fix_text", ftfy.fix_text
    try:
        from datatrove.data import Document
        from datatrove.pipeline.filters import C4QualityFilter, GopherQualityFilter

        quality, gopher = C4QualityFilter(), GopherQualityFilter()
        gopher.filter(Document(text="a", id="0"))  # asks for a tokenizer, an extra of its own
        yield "datatrove C4QualityFilter", lambda text: quality.filter(Document(text=text, id="0"))
        yield "datatrove GopherQualityFilter", lambda text: gopher.filter(Document(text=text, id="0"))
    except ImportError as error:
        print(f"left out: datatrove's filters ({error}); pip install 'datatrove[processing]'")
    try:
        import justext

        stops = justext.get_stoplist("English")
        yield "jusText", lambda text: justext.justext(as_html(text), stops)
    except ImportError as error:
        print(f"left out: jusText ({error}); pip install 'justext[lxml_html_clean]'")


def as_html(text: str) -> str:
    return "<html><body>" + "".join(f"<p>{line}</p>" for line in text.splitlines() if line.strip()) + "</body></html>"


def timed(run: Tool, texts: list[str]) -> float:
    begin = time.process_time()
    for text in texts:
        run(text)
    return time.process_time() - begin


def report(seconds: dict[str, list[float]], count: int) -> None:
    ours = seconds["cleancopy"]
    for name, times in seconds.items():
        ratio = statistics.median(theirs / our for theirs, our in zip(times, ours, strict=True))
        rate = count / statistics.median(times)
        print(f"{name:30s}{rate:9.0f} documents/s (CPU)   cleancopy is {ratio:6.2f} times as fast")


def profile(texts: list[str]) -> None:
    from cleaner import Cleaner

    cleaner = Cleaner()
    cleaner.clean(texts[0])
    profiler = cProfile.Profile()
    profiler.enable()
    for text in texts:
        cleaner.clean(text)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
