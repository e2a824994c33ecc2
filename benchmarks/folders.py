"""Labelled documents of sources with many articles: cleaned by themselves, and with the memory of their source.

    python benchmarks/folders.py --articles articles.jsonl.gz --gold gold.jsonl.gz [FILE …] [--folds DIR] [--json]

Counts the articles of every source that has at least N (default 16) and labelled documents, and scores the documents
twice. Control: the sources in whose labelled documents at most 3 % of the lines are boilerplate; there a memory has
nothing to find. Mixed: the same documents, as if a folder of one article of each source were the source of all.
With the models that `cleancopy train --keep-folds DIR` writes, no document is judged by a model that has learned its
site (the trees that weigh the memory have); without, most are, so compare the rows, not the level.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from cleaner import Cleaner  # noqa: E402
from cleaner.labels import KEPT, Label  # noqa: E402
from cleaner.memory.store import Memory  # noqa: E402
from cleaner.model.network import load, shipped  # noqa: E402
from cleaner.training.corpus import FOLDS, fold_of, site  # noqa: E402
from cleaner.training.evaluation import Gold, evaluate, read_gold, total  # noqa: E402

#: Of a source so many articles are counted.
MOST = 300
#: The name under which one article of each source is counted.
MIXED = "mixed"
#: A source with at most this share of boilerplate lines is a control.
CONTROL = 0.03


def main() -> None:
    """Prints the scores of the documents without memory and with it, by kind of source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=Path, required=True, help="rows with text and source")
    parser.add_argument("--gold", type=Path, nargs="+", required=True, help="labelled documents of such sources")
    parser.add_argument("--folds", type=Path, help="folder of models that lack one part of the sites each")
    parser.add_argument("--least", type=int, default=16, help="articles that a source must have")
    parser.add_argument("--json", action="store_true", help="the figures alone, as JSON")
    args = parser.parse_args()
    golds = [gold for path in args.gold for gold in read_gold(path)]
    texts = articles(args.articles, {gold.source for gold in golds}, args.least)
    golds = [gold for gold in golds if gold.source in texts]
    control = controls(golds)
    kinds = {
        "others": [gold for gold in golds if gold.source not in control],
        "control": [gold for gold in golds if gold.source in control],
    }
    mixed = [(gold, replace(gold, source=MIXED)) for gold in golds]
    with tempfile.TemporaryDirectory() as folder:
        memory = counted({**texts, MIXED: [of_source[0] for of_source in texts.values()]}, Path(folder))
        figures = {}
        for name, cleaners in (
            ("without memory", models(args.folds, None)),
            ("with memory", models(args.folds, memory)),
        ):
            for kind, documents in kinds.items():
                figures[f"{name}, {kind}"] = scored(cleaners, [(gold, gold) for gold in documents])
            figures[f"{name}, mixed"] = scored(cleaners, mixed)
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


def models(folds: Path | None, memory: Memory | None) -> list[Cleaner]:
    """The cleaner of each fold of sites: with the shipped model, or with the one that lacks the fold."""
    if folds is None:
        return [Cleaner(memory=memory)] * FOLDS
    lacking = [replace(load(folds / f"fold{number}.model"), trees=shipped().trees) for number in range(FOLDS)]
    return [Cleaner(model=model, memory=memory) for model in lacking]


def scored(cleaners: list[Cleaner], golds: list[tuple[Gold, Gold]]) -> dict[str, Any]:
    """The scores of documents: each as labelled, whose site tells the fold, and as it is given to be cleaned."""
    results = [
        score
        for number, cleaner in enumerate(cleaners)
        for score in evaluate(cleaner, [given for gold, given in golds if fold_of(site(gold.source), FOLDS) == number])
    ]
    counts = total(results).counts
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
