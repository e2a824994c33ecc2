"""Titles, authors and dates of pages against those given with them: precision and recall, beside trafilatura.

    python benchmarks/page_metadata.py PAGES.jsonl[.gz|.xz] [--every 1]

Rows: {id, html, url?, title?, authors?, date?}. A title is right when it says the same words; authors are counted one
by one, a name is right when it says the same words; a date is right when it is the same day. Where none is given,
nothing is counted. Titles: ours is that of the result, the headline that the page shows, or what it states.
"""

from __future__ import annotations

import argparse
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from html_extractors import Page

from cleaner import Cleaner
from cleaner.html.page import Extractor
from cleaner.training.corpus import read_rows

Facts = dict[str, Any]
KINDS = ("title", "authors", "date")
_WORD = re.compile(r"\w+")


def main() -> None:
    """Prints precision and recall of titles, authors and dates, ours and trafilatura's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth page")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    tools: dict[str, Callable[[Page], Facts]] = {"cleancopy": ours(), "trafilatura": theirs()}
    counts: Counter[tuple[str, str, str]] = Counter()
    rows = (page for path in args.pages for page in read_rows(path) if any(page.get(kind) for kind in KINDS))
    seen = 0
    for page in islice(rows, 0, None, args.every):
        seen += 1
        for tool, find in tools.items():
            facts = find(page)
            for kind in KINDS:
                given, read_facts = said(kind, page.get(kind)), said(kind, facts.get(kind))
                if given:
                    counts[tool, kind, "hit"] += len(given & read_facts)
                    counts[tool, kind, "found"] += len(read_facts)
                    counts[tool, kind, "given"] += len(given)
    print(f"{seen} pages; precision / recall\n| | {' | '.join(KINDS)} |\n|---|---|---|---|")
    for tool in tools:
        cells = []
        for kind in KINDS:
            hit, read_facts, given = (counts[tool, kind, what] for what in ("hit", "found", "given"))
            cells.append(f"{hit / max(1, read_facts):.3f} / {hit / max(1, given):.3f} of {given}")
        print(f"| {tool} | {' | '.join(cells)} |")


def ours() -> Callable[[Page], Facts]:
    """What cleancopy says of a page."""
    cleaner = Cleaner(extractor=Extractor.FAST)  # metadata are the same in every mode

    def facts(page: Page) -> Facts:
        cleaned = cleaner.clean(html=page["html"], url=page.get("url"))
        return {**cleaned.metadata, "title": cleaned.title or cleaned.metadata.get("title")}

    return facts


def theirs() -> Callable[[Page], Facts]:
    """What trafilatura says of a page."""
    from trafilatura.metadata import extract_metadata

    def facts(page: Page) -> Facts:
        read_facts = extract_metadata(page["html"], default_url=page.get("url"))
        author = read_facts.author if read_facts else None
        return {
            "title": read_facts.title if read_facts else None,
            "date": read_facts.date if read_facts else None,
            "authors": author.split("; ") if author else (),
        }

    return facts


def said(kind: str, value: Any) -> set[str]:
    """What a fact says, so that it can be compared."""
    if not value:
        return set()
    if kind == "date":
        return {str(value)[:10]}
    texts: Iterable[str] = [value] if isinstance(value, str) else value
    return {" ".join(_WORD.findall(text.casefold())) for text in texts} - {""}


if __name__ == "__main__":
    main()
