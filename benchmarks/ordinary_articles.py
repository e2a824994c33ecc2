"""Ordinary articles of our own wording that nothing was learned from: what goes, what stays, short true sentences.

    python benchmarks/ordinary_articles.py [--model FILE] [--each] [--json]

Reads fixtures/held_out/articles.toml and fixtures/held_out/sentences.toml. Prints boilerplate lines gone, kept lines
lost and labels right, per article with --each; of short true sentences put between two of the set's boxes, behind and
inside the set's articles, how many are lost; and how many clean texts change when they are cleaned again. Do not tune
on these texts: a set that was tuned on measures nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.cases import Case, read  # noqa: E402

from cleaner import Cleaner  # noqa: E402
from cleaner.labels import KEPT, Label  # noqa: E402
from cleaner.model.network import load  # noqa: E402
from cleaner.training.evaluation import Gold, evaluate, report_lines, total  # noqa: E402

HELD_OUT = ROOT / "fixtures" / "held_out"
#: Settings of a sentence: so many articles of its language, each with the sentence inside and behind.
ARTICLES = 3

Line = tuple[str, Label]


def main() -> None:
    """Prints the scores of the held-out articles."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="a model's file, instead of the one that is shipped")
    parser.add_argument("--each", action="store_true", help="a row for each article, and its lines that went wrong")
    parser.add_argument("--json", action="store_true", help="the figures alone, as JSON")
    args = parser.parse_args()
    cleaner = Cleaner(model=load(args.model)) if args.model else Cleaner()
    cases = read(HELD_OUT / "articles.toml")
    golds = [as_gold(case) for case in cases]
    scored = evaluate(cleaner, golds)
    counts = total(scored).counts
    lost, asked, gone, boxes = short_sentences(cleaner, cases)
    figures = {
        "articles": len(cases),
        "boilerplate lines gone": counts["hit lines"], "boilerplate lines": counts["boilerplate lines"],
        "kept lines lost": counts["lost lines"], "kept lines": counts["kept lines"],
        "labels right": counts["typed lines"],
        "short sentences lost": lost, "settings": asked, "box lines gone": gone, "box lines": boxes,
        "changed when cleaned twice": sum(changes(cleaner, gold.text) for gold in golds),
    }  # fmt: skip
    if args.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<30}{value:6d}")
    print("\n".join(islice(report_lines(scored, by="lang", worst=len(cases) if args.each else 0), 200)))


def as_gold(case: Case) -> Gold:
    """An article as a labelled document."""
    spans = tuple((start, end, Label(label)) for start, end, label in case.spans)
    return Gold(case.name, case.text, spans, (), case.lang, "")


def changes(cleaner: Cleaner, text: str) -> bool:
    """Does cleaning the clean text again change it?"""
    clean = cleaner.clean(text).text
    return cleaner.clean(clean).text != clean


def short_sentences(cleaner: Cleaner, cases: Sequence[Case]) -> tuple[int, int, int, int]:
    """Sentences lost, settings, lines of the boxes around them that went, such lines."""
    sentences: dict[str, list[str]] = tomllib.loads((HELD_OUT / "sentences.toml").read_text("utf-8"))["sentences"]
    lost = asked = gone = boxes = 0
    for lang, own in sentences.items():
        for lines, sentence in settings([case for case in cases if case.lang == lang], own):
            text = "\n".join(line for line, _ in lines)
            kept = cleaner.clean(text).text.split("\n")
            asked += 1
            lost += sentence not in kept
            around = [line for line, label in lines if label not in KEPT]
            boxes += len(around)
            gone += sum(line not in kept for line in around)
    return lost, asked, gone, boxes


def settings(cases: Sequence[Case], sentences: Sequence[str]) -> Iterator[tuple[list[Line], str]]:
    """Articles with a sentence between two boxes: behind the last line, and in the middle."""
    articles = [[line for line in lines_of(case) if line[1] in KEPT] for case in cases if "\n" in case.text]
    boxes = [box for case in cases for box in boxes_of(case)]
    for number, sentence in enumerate(sentences):
        for turn in range(min(ARTICLES, len(articles))):
            article = articles[(number + turn) % len(articles)]
            before, after = (boxes[(5 * number + turn + step) % len(boxes)] for step in (0, 3))
            middle = (len(article) + 1) // 2
            between: list[Line] = [*before, (sentence, Label.BODY), *after]
            yield [*article, *between], sentence
            yield [*article[:middle], *between, *article[middle:]], sentence


def lines_of(case: Case) -> list[Line]:
    """An article's lines with their labels."""
    return [(case.text[start:end], Label(label)) for start, end, label in case.spans]


def boxes_of(case: Case) -> Iterator[list[Line]]:
    """The runs of one label that are no byline: boxes."""
    box: list[Line] = []
    for line, label in [*lines_of(case), ("", Label.BODY)]:
        if box and label is not box[-1][1]:
            yield box
            box = []
        if label not in KEPT and label is not Label.BYLINE:
            box.append((line, label))


if __name__ == "__main__":
    main()
