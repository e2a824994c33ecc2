"""Captions, dates, credits, comments and related articles left in the body, by the containers that name themselves.

    python benchmarks/typed_containers.py PAGES.jsonl[.gz|.xz] … [--models DIR] [--every 1] [--fast]

A line's type is told by its element: `figcaption`, `time`, or the words of class names and ids around it; only lines
that the gold text leaves out count. Each page is cleaned as it is, and with all that names taken out (classes, ids,
roles, telling tags), where only words and structure are left to tell. --models: as in html_extractors.py, pages of the
folds that models were made for.
"""

from __future__ import annotations

import argparse
import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from html_extractors import Page, fold
from threadpoolctl import threadpool_limits

from cleaner import Action, Cleaner, Document
from cleaner.html.model import load as load_page_model
from cleaner.html.page import Extractor
from cleaner.html.segment import segment_html
from cleaner.html.shown_dates import date_in_line
from cleaner.training.corpus import read_rows
from cleaner.training.page_alignment import article_shares
from cleaner.training.pages import FOLDS

#: Type → the marks (class_hints) and tags of its containers.
CONTAINERS = {
    "caption": frozenset(("tag:figcaption", "tag:caption", "class:caption")),
    "date or credit": frozenset(("tag:time", "class:byline", "class:author")),
    "comment": frozenset(("class:comment",)),
    "related": frozenset(("class:related",)),
}
#: A line of which the gold text holds less than this share is left out of it.
OUTSIDE = 0.5
SHORTEST, DATE_LINE = 3, 60
NAMES = re.compile(
    r"""\s(?:class|id|role|itemprop|data-[\w-]+|aria-[\w-]+)\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+)""", re.IGNORECASE
)
TELLING_TAGS = re.compile(r"<(/?)(?:figcaption|figure|aside|time|address|footer|header|nav|cite)\b", re.IGNORECASE)


def main() -> None:
    """Prints which share of each kind of container stays in the body."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+")
    parser.add_argument("--models", type=Path, metavar="DIR")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth page")
    parser.add_argument("--fast", action="store_true", help="in fast mode")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="prints every Nth line that stays")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    threadpool_limits(1, user_api="blas")
    cleaners = dict(cleaners_of(args.models, Extractor.FAST if args.fast else Extractor.PAGE))
    rows = (page for path in args.pages for page in read_rows(path) if page.get("body") and fold(page) in cleaners)
    counts: Counter[tuple[str, str, bool]] = Counter()
    seen = 0
    for page in islice(rows, 0, None, args.every):
        types = typed(page)
        seen += 1
        for form, html in forms(page["html"]) if types else ():
            for line, kind, stays in judged(cleaners[fold(page)], page, html, types):
                counts[form, kind, stays] += 1
                if stays and args.show and sum(counts.values()) % args.show == 0:
                    print(f"{page['id']} {form} {kind}: {line[:120]}")
    print(f"{seen} pages\n| | {' | '.join(CONTAINERS)} |\n|---" + "|---" * len(CONTAINERS) + "|")
    for form in ("as they are", "names taken out"):
        cells = []
        for kind in CONTAINERS:
            left, gone = counts[form, kind, True], counts[form, kind, False]
            cells.append(f"{left / max(1, left + gone):.3f} of {left + gone}")
        print(f"| {form} | {' | '.join(cells)} |")


def cleaners_of(models: Path | None, extractor: Extractor) -> Iterator[tuple[int, Cleaner]]:
    """A cleaner per fold: the shipped one for all, or those of the models that there are."""
    shipped = Cleaner(extractor=extractor) if models is None else None
    for number in range(FOLDS):
        if shipped is not None:
            yield number, shipped
        elif models is not None and (path := models / f"page{number}.model").exists():
            yield number, Cleaner(page_model=load_page_model(path), extractor=extractor)


def forms(html: str) -> Iterator[tuple[str, str]]:
    """The page as it is, and without what names its parts."""
    yield "as they are", html
    yield "names taken out", TELLING_TAGS.sub(r"<\1div", NAMES.sub("", html))


def typed(page: Page) -> dict[str, str]:
    """The lines of a page that stand in a container of a type, and not in its gold text."""
    blocks = segment_html(Document(page["id"], page["html"], "text/html", url=page.get("url"))).blocks
    shares = article_shares([block.text for block in blocks], page["body"])
    kinds: dict[str, str] = {}
    for block, share in zip(blocks, shares, strict=True):
        if share >= OUTSIDE or len(block.text) < SHORTEST:
            continue
        marks = frozenset(block.marks)
        kind = next((kind for kind, told in CONTAINERS.items() if not told.isdisjoint(marks)), None)
        if kind is None and len(block.text) <= DATE_LINE and date_in_line(block.text):
            kind = "date or credit"
        if kind is not None:
            kinds[block.text] = kind
    return kinds


def judged(cleaner: Cleaner, page: Page, html: str, types: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    """Per line of a type, as it is found in the page: the line, its type, and whether it stays."""
    cleaned = cleaner.clean(html=html, url=page.get("url"))
    kept = [
        cleaned.rendering_text[decision.start : decision.end].strip()
        for decision in cleaned.decisions
        if decision.action is Action.KEEP
    ]
    said = {line.strip() for line in cleaned.rendering_text.split("\n")}
    staying = frozenset(kept)
    for line, kind in types.items():
        if line in said:
            yield line, kind, line in staying


if __name__ == "__main__":
    main()
