"""Fits the weights of cleaner/decision/page_odds.py with the present model of text, and says how well they decide.

    python benchmarks/page_odds.py PAGES.jsonl.xz ... --gold GOLD.jsonl.gz ... --models DIR [--every 3] [--text FILE]

PAGES, GOLD: as for `cleancopy train --pages --gold`. --models DIR holds page0.model … page4.model, each trained
without the domains of its fold (training.corpus.fold_of); pages of folds that have none are left out. Without --models
the shipped page model reads pages that it has learned, and its own weight comes out too high. --text: another model of
text; its weight comes out too high as far as it has learned from these pages. Into each page go an appeal and a true
sentence of our own writing (fixtures/training/own), between paragraphs of the article. Every half of the sites is
judged by weights fitted on the other half; the weights printed last are of both. Needs scikit-learn.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import islice
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from cleaner import Cleaner, Document
from cleaner.decision.block_on_page import block_evidence
from cleaner.decision.page_odds import (
    HEARD,
    MOST_CONTAINER,
    TYPICAL_LENGTH,
    WEIGHTS,
    BlockEvidence,
    placed_odds,
    unheard_odds,
    with_evidence,
)
from cleaner.decision.scores import page_margins, removal_costs
from cleaner.heuristics.annotate import find_evidence
from cleaner.heuristics.patterns import reads_like_a_crumb
from cleaner.html import outside as pages
from cleaner.html.model import load as load_page_model
from cleaner.html.segment import segment_html
from cleaner.html.structures import structures
from cleaner.language import identify
from cleaner.model.network import load
from cleaner.segmentation.tokens import Floats
from cleaner.training.corpus import FOLDS, fold_of
from cleaner.training.pages import Page, _known, read_labelled, read_pages

OWN = Path(__file__).parent.parent / "fixtures" / "training" / "own"
#: Labels of our own lines that ask for something, and how long such a line may be.
APPEALS, LONGEST = ("donation", "newsletter", "subscription", "related", "social", "advert"), 200
#: What an appeal or a sentence of our own counts, beside a line of mean weight.
OWN_WEIGHT = 1.0
NAMES = tuple(WEIGHTS)


@dataclass(frozen=True, slots=True)
class Row:
    """One block near an article: what is known of it, and whether it should go."""

    half: int
    kind: str  # "page", "appeal", "true"
    place: float
    margin: float
    length: int
    evidence: BlockEvidence
    outside: bool
    weight: float

    def values(self) -> list[float]:
        """What each weight is multiplied with, in the order of NAMES."""
        said = {
            "bias": 1.0,
            "outside": max(self.place, 0),
            "inside": min(self.place, 0),
            "text for": max(self.margin, 0),
            "text against": min(self.margin, 0),
            "container": min(self.evidence.container, MOST_CONTAINER),
            "prose": self.evidence.prose,
            "length": float(np.log1p(self.length / TYPICAL_LENGTH)),
            "crumb": float(self.evidence.crumb),
        }
        return [said[name] for name in NAMES]


def main() -> None:
    """Fits the weights on each half and on both, and prints the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path, nargs="+")
    parser.add_argument("--gold", type=Path, nargs="*", default=[])
    parser.add_argument("--models", type=Path, metavar="DIR")
    parser.add_argument("--text", type=Path, metavar="FILE")
    parser.add_argument("--every", type=int, default=3, metavar="N", help="only every Nth page")
    args = parser.parse_args()
    threadpool_limits(1, user_api="blas")
    text = load(args.text) if args.text else "shipped"
    cleaners = {
        fold: Cleaner(model=text, page_model=load_page_model(path) if path else "shipped")
        for fold in range(FOLDS)
        if (path := args.models / f"page{fold}.model" if args.models else None) is None or path.exists()
    }
    gold = read_labelled(args.gold)
    judged = (page for path in args.pages for page in read_pages(path) if fold_of(page.domain) in cleaners)
    rows: list[Row] = []
    for page in islice(judged, 0, None, args.every):
        rows += rows_of(cleaners[fold_of(page.domain)], page, gold)
    print(f"{len(rows)} blocks, {sum(row.kind != 'page' for row in rows)} of our own")
    report("as shipped", rows, [decided(row, WEIGHTS) for row in rows])
    halves = {half: fit([row for row in rows if row.half != half]) for half in (0, 1)}
    report("fitted on the other half", rows, [decided(row, halves[row.half]) for row in rows])
    print(json.dumps(fit(rows), indent=4))


def own_lines(lang: str) -> tuple[list[str], list[str]]:
    """Appeals and true sentences of our own in a language."""
    appeals, sentences = [], []
    for line in (OWN / "boxes.jsonl").open(encoding="utf-8"):
        box = json.loads(line)
        if (
            box["lang"] == lang
            and box["label"] in APPEALS
            and len(box["lines"]) == 1
            and len(box["lines"][0]) < LONGEST
        ):
            appeals.append(box["lines"][0].format(outlet="Skarholm Post", amount="5", currency="€", month="May"))
    for line in (OWN / "negatives.jsonl").open(encoding="utf-8"):
        document = json.loads(line)
        if document["lang"] == lang:
            sentences += [text for label, text in document["lines"] if label == "body" and 30 < len(text) < LONGEST]
    return appeals, sentences


def with_own(page: Page, lang: str) -> tuple[Page, dict[str, str]]:
    """The page with an appeal and a true sentence after two of its middle paragraphs, and which text is what."""
    number = zlib.crc32(page.id.encode())
    ends = [at for at in range(len(page.html)) if page.html.startswith("</p>", at)]
    own: dict[str, str] = {}
    html = page.html
    if len(ends) < 6:
        return page, own
    for kind, lines, at in zip(
        ("true", "appeal"), reversed(own_lines(lang)), (2 * len(ends) // 3, len(ends) // 3), strict=True
    ):
        if lines:
            text = lines[number % len(lines)]
            own[" ".join(text.split())] = kind
            html = f"{html[: ends[at] + 4]}<p>{escape(text)}</p>{html[ends[at] + 4 :]}"
    return replace(page, html=html), own


def rows_of(cleaner: Cleaner, page: Page, gold: dict[str, object]) -> Iterator[Row]:
    """The blocks of a page that are read as text, with all that the judge hears of them."""
    half = zlib.crc32(page.domain.encode()) // FOLDS % 2
    lang = identify(page.body or page.html[:5000], None)
    page, own = with_own(page, lang)
    document = Document(page.id, page.html, "text/html", url=page.url)
    rendering = segment_html(document)
    if rendering.layout is None or not rendering.blocks or cleaner.page_model is None or cleaner.model is None:
        return
    outside, weights = _known(rendering.blocks, page, gold.get(page.id))  # type: ignore[arg-type]
    title = str(rendering.metadata.get("title", ""))
    odds = cleaner.page_model.outside(rendering.layout)
    odds = pages.settled(rendering.blocks, odds, title, None, structures(rendering.layout, title))
    part = pages.near(rendering, odds)
    blocks = part.rendering.blocks
    if not blocks:
        return
    lang = identify(part.rendering.text, None)
    first = cleaner.model.read(blocks, None)
    heard = find_evidence(part.rendering, cleaner._matcher(lang), doubts=first.doubts, title=title, source=None)
    probabilities = cleaner.model.score(first, heard.evidence, blocks, None, "")
    costs = removal_costs([block.text for block in blocks], lang, None)
    margins = page_margins(probabilities, costs, [reads_like_a_crumb(block) for block in blocks])
    for at, block in enumerate(blocks):
        kind = own.get(" ".join(block.text.split()), "page")
        weight = float(weights[part.blocks[at]]) if kind == "page" else OWN_WEIGHT
        gone = kind == "appeal" if kind != "page" else bool(outside[part.blocks[at]])
        if weight > 0 and odds[part.blocks[at]] > pages.HEADLINE_ODDS:
            evidence = block_evidence(block, heard.evidence[at])
            yield Row(half, kind, part.odds[at], float(margins[at]), len(block.text), evidence, gone, weight)


def decided(row: Row, weights: dict[str, float]) -> bool:
    """Would the judge with these weights take the block out?"""
    before = dict(WEIGHTS)
    try:
        WEIGHTS.update(weights)
        odds = float(placed_odds(np.array([row.place]), np.array([row.margin]), np.array([row.length]))[0])
        if row.evidence.heard < HEARD:
            odds = unheard_odds(row.place, row.margin, row.length, row.evidence)
        return with_evidence(odds, row.evidence, row.place, row.margin) > 0
    finally:
        WEIGHTS.update(before)


def fit(rows: Sequence[Row]) -> dict[str, float]:
    """Weights by logistic regression; that of headings on headings alone."""
    plain = [row for row in rows if not row.evidence.crumb]
    fitted = regression(plain, [name for name in NAMES if name != "crumb"], np.zeros(len(plain)))
    heads = [row for row in rows if row.evidence.crumb]
    known = np.array(
        [sum(fitted.get(name, 0.0) * value for name, value in zip(NAMES, row.values(), strict=True)) for row in heads]
    )
    crumb = (
        regression(heads, ["crumb"], known) if len({row.outside for row in heads}) == 2 else {"crumb": WEIGHTS["crumb"]}
    )
    return {name: round({**fitted, **crumb}[name], 2) for name in NAMES}


def regression(rows: Sequence[Row], names: Sequence[str], known: Floats) -> dict[str, float]:
    """Weights of the named values, beside log-odds that are known."""
    columns = [NAMES.index(name) for name in names]
    values = np.array([row.values() for row in rows])[:, columns]
    targets, sizes = np.array([row.outside for row in rows]), np.array([row.weight for row in rows])
    if not known.any():
        model = LogisticRegression(C=10.0, fit_intercept=False, max_iter=500).fit(values, targets, sample_weight=sizes)
        return dict(zip(names, map(float, model.coef_[0]), strict=True))
    steps = np.linspace(-4, 4, 161)  # one weight: the likeliest of a grid
    odds = known[:, None] + values @ steps[None, :]
    likely = -(sizes[:, None] * np.logaddexp(0, np.where(targets[:, None], -odds, odds))).sum(axis=0)
    return {names[0]: float(steps[int(likely.argmax())])}


def report(name: str, rows: Sequence[Row], gone: Sequence[bool]) -> None:
    """Share of the weight wrongly decided, of appeals that go, of true sentences lost."""
    wrong = sum(row.weight for row, away in zip(rows, gone, strict=True) if row.kind == "page" and away != row.outside)
    total = sum(row.weight for row in rows if row.kind == "page")
    shares = {
        kind: [away for row, away in zip(rows, gone, strict=True) if row.kind == kind] for kind in ("appeal", "true")
    }
    said = ", ".join(f"{kind}s gone {sum(flags)} of {len(flags)}" for kind, flags in shares.items())
    print(f"{name}: {wrong / max(1e-9, total):.2%} of the weight wrongly decided; {said}")


if __name__ == "__main__":
    main()
