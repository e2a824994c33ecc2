"""Labelled documents of sources with many articles: cleaned by themselves, and with the memory of their source.

    python benchmarks/folders.py --articles articles.jsonl.gz --gold gold.jsonl.gz [FILE …] [--least N] [--json]

Counts the articles of every source that has at least N (default 16) and labelled documents, and scores the documents
twice. Control: the sources in whose labelled documents at most 3 % of the lines are boilerplate; there a memory has
nothing to find. The labelled documents are mostly those that the model was trained on: compare the rows, not the level.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from cleaner import Cleaner  # noqa: E402
from cleaner.labels import KEPT, Label  # noqa: E402
from cleaner.memory.store import Memory  # noqa: E402
from cleaner.training.evaluation import Gold, evaluate, read_gold, total  # noqa: E402

#: Of a source so many articles are counted.
MOST = 300
#: A source with at most this share of boilerplate lines is a control.
CONTROL = 0.03


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True, help="rows with text and source")
    parser.add_argument("--gold", type=Path, nargs="+", required=True, help="labelled documents of such sources")
    parser.add_argument("--least", type=int, default=16, help="articles that a source must have")
    parser.add_argument("--json", action="store_true", help="the figures alone, as JSON")
    args = parser.parse_args()
    golds = [gold for path in args.gold for gold in read_gold(path)]
    texts = articles(args.articles, {gold.source for gold in golds}, args.least)
    golds = [gold for gold in golds if gold.source in texts]
    control = controls(golds)
    with tempfile.TemporaryDirectory() as folder:
        memory = counted(texts, Path(folder))
        figures = {
            f"{name}, {kind}": scored(cleaner, [gold for gold in golds if (gold.source in control) is is_control])
            for name, cleaner in (("without memory", Cleaner()), ("with memory", Cleaner(memory=memory)))
            for kind, is_control in (("others", False), ("control", True))
        }
    if args.json:
        print(json.dumps(figures))
        return
    print(f"{len(golds)} documents of {len(texts)} sources, {len(control)} of them control")
    for name, row in figures.items():
        print(f"{name}: " + ", ".join(f"{what} {value}" for what, value in row.items()))


def articles(path: Path, sources: set[str], least: int) -> dict[str, list[str]]:
    """The texts of each of these sources that has enough."""
    by_source: dict[str, list[str]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("source") in sources and len(by_source[row["source"]]) < MOST:
                by_source[row["source"]].append(row["text"])
    return {source: texts for source, texts in by_source.items() if len(texts) >= least}


def controls(golds: list[Gold]) -> set[str]:
    """The sources in whose documents there is next to no boilerplate."""
    gone: dict[str, int] = defaultdict(int)
    size: dict[str, int] = defaultdict(int)
    for gold in golds:
        size[gold.source] += len(gold.text)
        gone[gold.source] += sum(end - start for start, end, label in gold.spans if Label(label) not in KEPT)
    return {source for source in size if gone[source] <= CONTROL * size[source]}


def counted(texts: dict[str, list[str]], folder: Path) -> Memory:
    """The memory of these sources."""
    rows = folder / "articles.jsonl"
    with rows.open("w", encoding="utf-8") as file:
        for source, articles_of_source in texts.items():
            for number, text in enumerate(articles_of_source):
                file.write(json.dumps({"id": f"{source}/{number}", "source": source, "text": text}) + "\n")
    command = [sys.executable, "-m", "cleaner", "memory", "build", str(rows), "-o", str(folder / "memory")]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return Memory.open(folder / "memory")


def scored(cleaner: Cleaner, golds: list[Gold]) -> dict[str, Any]:
    counts = total(evaluate(cleaner, golds)).counts
    hit, lost = counts["hit lines"], counts["lost lines"]
    precision, recall = hit / max(1, hit + lost), hit / max(1, counts["boilerplate lines"])
    return {
        "documents": len(golds),
        "line F1": round(2 * precision * recall / max(1e-9, precision + recall), 4),
        "characters lost": f"{counts['lost characters'] / max(1, counts['kept characters']):.2%}",
        "lines lost": f"{lost / max(1, counts['kept lines']):.2%}",
    }


if __name__ == "__main__":
    main()
