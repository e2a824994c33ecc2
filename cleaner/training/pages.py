"""Trains the page model from pages with a gold text, and from documents read line by line that name their page.

Splits are by domain. The network reads linear scores of lines whose domain the linear scorer had not seen.
Every page is learned twice, with and without another extractor's opinion. Needs scikit-learn.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.document import Block, Document
from cleaner.html.features import PageFeatures, page_features
from cleaner.html.model import PageModel, inputs, linear_scores, packed, parse, place_scale, said_scale
from cleaner.html.page import Extractor
from cleaner.html.page_places import BITS
from cleaner.html.segment import segment_html
from cleaner.labels import KEPT, Label
from cleaner.segmentation.tokens import Flags, Floats, Ints
from cleaner.training.blocks import TrainingError
from cleaner.training.corpus import FOLDS, fold_of, read_rows
from cleaner.training.evaluation import Gold, GoldError, read_gold
from cleaner.training.network import Labelled, Settings, train_network
from cleaner.training.page_alignment import article_shares, labels_of_lines
from cleaner.training.page_readings import Readings

Say = Callable[[str], None]

_HOST = re.compile(r"""(?:href|src)\s*=\s*["']?https?://([\w.-]{4,80})""", re.IGNORECASE)

#: A hash gets a weight when at least so many domains hold it: what only one site says, no other will.
MIN_DOMAINS = 2
ALPHA, ROUNDS = 3e-6, 6
#: A page counts as many lines of mean weight at most.
PAGE_WEIGHT = 30.0
#: Lines of which only part is in the gold text say little.
PARTIAL, PARTIAL_WEIGHT = (0.15, 0.85), 0.3
#: Networks of other seeds whose odds are averaged: one of them errs on a page here, another there.
MEMBERS = 2
#: What stands in these is outside, whatever a gold text calls the article: captions, comments, other articles.
OUTSIDE_MARKS = frozenset(("tag:figcaption", "class:caption", "class:comment", "class:related"))
#: A gold text that says otherwise of more than this share of the page's prose means something else by them.
MOST_OUTSIDE = 0.3
SETTINGS = Settings(width=48, dilations=(1, 2, 4, 8), carried=0, epochs=10, drop=0.3, drop_inputs=0.1, kind=0.0)


@dataclass(frozen=True, slots=True)
class Page:
    """A page to learn from."""

    id: str
    domain: str
    html: str
    url: str | None
    body: str | None  # the gold text, paragraphs in lines
    wanted: Sequence[str] = ()  # passages that are in the article
    unwanted: Sequence[str] = ()  # passages that are not


@dataclass(frozen=True, slots=True)
class PageExample:
    """A page's lines with features and what is known of them."""

    id: str
    fold: int
    domain: str
    texts: Sequence[str]
    views: Sequence[PageFeatures]  # without another extractor's opinion, and with it
    outside: Ints  # 1 or 0 per line
    weights: Floats  # all 0: nothing is known


def read_pages(path: Path) -> Iterator[Page]:
    """Pages from JSONL rows `{id, domain, html, url?, body?, with?, without?}`, plain or packed. Raises GoldError."""
    try:
        for row in read_rows(path):
            given = (row.get("url"), row.get("body"), row.get("with") or (), row.get("without") or ())
            domain = row["domain"] or linked_host(row["html"]) or row["id"]
            yield Page(row["id"], domain, row["html"], *given)
    except KeyError as error:
        raise GoldError(f"{path}: cannot be read as pages ({error})") from error


def linked_host(html: str) -> str:
    """The host that a page's addresses name most often: most likely its own; empty when there is none."""
    hosts = Counter(host.lower().removeprefix("www.") for host in _HOST.findall(html))
    return hosts.most_common(1)[0][0] if hosts else ""


def page_examples(pages: Iterable[Path], labelled: Iterable[Path]) -> list[PageExample]:
    """The examples of files of pages, with what documents read line by line say of them. Raises GoldError."""
    paths = list(labelled)
    gold, readings = read_labelled(paths), Readings.of(nameless(paths))
    known = (page for file in pages for page in read_pages(file))
    return [made for page in known if (made := example(page, gold.get(page.id), readings)) is not None]


def read_labelled(paths: Iterable[Path]) -> dict[str, Gold]:
    """Documents read line by line that name their page, by page; of several the longest. Raises GoldError."""
    by_page: dict[str, Gold] = {}
    for path in paths:
        pages = {row["id"]: row["page"] for row in read_rows(path) if "page" in row and "id" in row}
        for gold in read_gold(path):
            page = pages.get(gold.id)
            if page is not None and (page not in by_page or len(gold.text) > len(by_page[page].text)):
                by_page[page] = gold
    return by_page


def nameless(paths: Iterable[Path]) -> Iterator[Gold]:
    """Documents read line by line that do not name their page. Raises GoldError."""
    for path in paths:
        named = {row["id"] for row in read_rows(path) if "page" in row and "id" in row}
        yield from (gold for gold in read_gold(path) if gold.id not in named)


def example(
    page: Page, gold: Gold | None, readings: Readings | None = None, *, opinions: bool = True
) -> PageExample | None:
    """The example of a page, in the lines that cleaning would see; None when it has none."""
    asked = Extractor.TRAFILATURA if opinions else Extractor.PAGE
    rendering = segment_html(Document(page.id, page.html, "text/html", url=page.url), asked)
    layout = rendering.layout
    if layout is None or not layout.lines:
        return None
    views = [page_features(replace(layout, opinion=None))]
    if opinions:
        views.append(page_features(layout))
    texts = [line.text for line in layout.lines]
    if gold is None and readings is not None and (reading := readings.of_page(texts)) is not None:
        outside, weights = _known(rendering.blocks, replace(page, body=None), reading)  # people read better than tools
        if not weights.any():
            outside, weights = _known(rendering.blocks, page, None)
    else:
        outside, weights = _known(rendering.blocks, page, gold)
    return PageExample(page.id, fold_of(page.domain), page.domain, texts, views, outside, weights)


def _known(blocks: Sequence[Block], page: Page, gold: Gold | None) -> tuple[Ints, Floats]:
    """Which lines are outside the article by the gold text, the labels or the passages, and what each line counts."""
    texts = [block.text for block in blocks]
    weights = np.sqrt(np.clip([max(len(text.split()), len(text.encode()) / 12) for text in texts], 1, 200))
    if page.body:
        shares = np.array(article_shares(texts, page.body))
        weights *= np.where((shares > PARTIAL[0]) & (shares < PARTIAL[1]), PARTIAL_WEIGHT, 1)
        outside = (shares < 0.5).astype(np.int64)
        weights *= ~(
            (outside == 0) & np.array(["tag:h1" in block.marks for block in blocks])
        )  # the title, a body or not
        outside |= _outside_by_marks(blocks, outside)
    else:
        inside, beyond = (_holding(texts, passages) for passages in (page.wanted, page.unwanted))
        outside, sure = _read(texts, gold, inside)
        outside[sorted(inside)], outside[sorted(beyond - inside)] = 0, 1
        sure[sorted(inside ^ beyond)] = True
        weights *= sure
    total = max(1.0, float(weights.sum()))
    return outside, (weights * min(len(texts), PAGE_WEIGHT) / total).astype(np.float32)


def _outside_by_marks(blocks: Sequence[Block], outside: Ints) -> Ints:
    """Lines of captions, comments and other articles by their containers, unless they are much of the gold text."""
    marked = np.array([not OUTSIDE_MARKS.isdisjoint(block.marks) for block in blocks])
    sizes = np.array([len(block.text) for block in blocks])
    inside = float((sizes * (outside == 0)).sum())
    if float((sizes * (marked & (outside == 0))).sum()) > MOST_OUTSIDE * inside:
        return np.zeros(len(blocks), np.int64)
    return marked.astype(np.int64)


def _holding(texts: Sequence[str], passages: Sequence[str]) -> set[int]:
    """The lines that hold one of the passages; of a passage that several lines hold none."""
    holders = [[index for index, text in enumerate(texts) if passage in text] for passage in passages if passage]
    return {lines[0] for lines in holders if len(lines) == 1}


def _read(texts: Sequence[str], gold: Gold | None, wanted: set[int]) -> tuple[Ints, Flags]:
    """Which lines are outside by a document read line by line, and of which that is sure.

    Readers saw an extract of the page. What it leaves out is outside, unless it leaves out `wanted` lines, too.
    """
    labels = labels_of_lines(texts, gold) if gold else None
    if labels is None:
        return np.zeros(len(texts), np.int64), np.zeros(len(texts), bool)
    outside = np.array([label is None or label not in KEPT or label is Label.HEADLINE for label, _ in labels])
    left_out = np.array([label is None for label, _ in labels])
    complete = not left_out[sorted(wanted)].any()
    sure = np.array([not doubtful for _, doubtful in labels]) & (complete | ~left_out)
    return outside.astype(np.int64), sure


def train_pages(
    examples: Sequence[PageExample],
    say: Say,
    settings: Settings = SETTINGS,
    *,
    cross_validate: bool = True,
    keep: Callable[[int, bytes], object] | None = None,
) -> tuple[bytes, list[str]]:
    """The page model's file, and cross-validated figures as lines of text. Raises TrainingError.

    keep: is given, per fold, the file of the model that has learned nothing of it.
    """
    known = [page for page in examples if page.weights.any()]
    if len({page.domain for page in known}) < FOLDS:
        raise TrainingError(f"pages of at least {FOLDS} domains are needed, to hold some of them back")
    held_out: dict[str, Floats] = {}
    for fold in range(FOLDS) if cross_validate else ():
        say(f"without fold {fold}")
        data = fit([page for page in known if page.fold != fold], say, settings)
        if keep is not None:
            keep(fold, data)
        model = parse(data, "the trained model")
        held_out.update({page.id: odds(model, page) for page in known if page.fold == fold})
    say("of everything")
    return fit(known, say, settings), figures(known, held_out)


def odds(model: PageModel, page: PageExample, view: int = 0) -> Floats:
    """Per line of an example the model's log-odds that it is outside."""
    return model.odds(page.views[min(view, len(page.views) - 1)])


def fit(known: Sequence[PageExample], say: Say, settings: Settings) -> bytes:
    """The file of a model that has seen these pages only."""
    buckets = _vocabulary(known)
    say(f"{len(known)} pages of {len({page.domain for page in known})} domains, {len(buckets)} hashes")
    matrices = {page.id: _matrix(page.views[0])[:, buckets] for page in known}
    scores: dict[str, Floats] = {}
    for fold in range(FOLDS):
        weights, bias = _linear([page for page in known if page.fold != fold], buckets, matrices)
        for page in known:
            if page.fold == fold:
                scores[page.id] = linear_scores(page.views[0], weights.take, bias)
    dense = np.concatenate([view.dense for page in known for view in page.views])
    spread = dense.std(axis=0)
    scaling = {"mean": dense.mean(axis=0), "scale": np.where(spread > 1e-4, 1 / np.maximum(spread, 1e-4), 0)}
    scaling = {name: array.astype(np.float32) for name, array in scaling.items()}
    labelled = [
        Labelled(
            inputs(scores[page.id], view.dense, scaling),
            np.where(page.outside, len(KEPT), 0),
            page.weights / len(page.views),
        )
        for page in known
        for view in page.views
    ]
    arrays: dict[str, Floats] = {}
    for number in range(MEMBERS):
        member = replace(settings, seed=settings.seed + number)
        network = train_network(labelled, scaling["mean"], scaling["scale"], member)
        trained = {name: array.astype(np.float16) for name, array in network.arrays.items() if name not in scaling}
        trained["out.w"], trained["out.b"] = trained["out.w"][:, -1:], trained["out.b"][-1:]  # only the gate
        arrays.update({f"{number}.{name}": array for name, array in trained.items()})
    weights, bias = _linear(known, buckets, matrices)
    scale = float(np.abs(weights).max()) / 127
    small = np.round(weights[buckets] / scale).astype(np.int8)
    used = small != 0
    header = {
        "bias": bias,
        "scale": scale,
        "dilations": list(settings.dilations),
        "members": MEMBERS,
        "pages": len(known),
    }
    return packed(header, {**scaling, **arrays, "buckets": buckets[used].astype(np.uint32), "weights": small[used]})


def _vocabulary(pages: Iterable[PageExample]) -> Ints:
    """The buckets that enough domains hold, sorted."""
    by_domain: dict[str, list[Ints]] = {}
    for page in pages:
        by_domain.setdefault(page.domain, []).append(
            np.unique(np.concatenate((page.views[0].places, page.views[0].said)))
        )
    counts = np.zeros(1 << BITS, np.int32)
    for parts in by_domain.values():
        counts[np.unique(np.concatenate(parts))] += 1
    return np.flatnonzero(counts >= MIN_DOMAINS)


def _linear(pages: Sequence[PageExample], buckets: Ints, matrices: Mapping[str, object]) -> tuple[Floats, float]:
    """Weights of all buckets (zeros where not in the vocabulary) and the bias, by logistic regression."""
    sparse, linear_model = _libraries()
    matrix = sparse.vstack([matrices[page.id] for page in pages]).tocsr()
    targets = np.concatenate([page.outside for page in pages])
    weights = np.concatenate([page.weights for page in pages])
    use = weights > 0
    model = linear_model.SGDClassifier(
        loss="log_loss", alpha=ALPHA, max_iter=ROUNDS, tol=None, average=True, random_state=1
    )
    model.fit(matrix[use], targets[use], sample_weight=3 * weights[use])
    table = np.zeros(1 << BITS, np.float32)
    table[buckets] = model.coef_[0]
    return table, float(model.intercept_[0])


def _libraries() -> tuple[Any, Any]:
    try:
        from scipy import sparse
        from sklearn import linear_model
    except ImportError as error:
        raise TrainingError(f"{error}; pip install 'cleancopy[train]'") from error
    return sparse, linear_model


def _matrix(features: PageFeatures) -> Any:
    """Line × bucket: what `linear_scores` sums, as a sparse matrix."""
    sparse, _ = _libraries()
    bounds = np.append(features.place_starts, len(features.places))
    values = np.repeat(place_scale(features), np.diff(bounds)).astype(np.float32)
    around = sparse.csr_matrix((values, features.places, bounds), shape=(len(bounds) - 1, 1 << BITS))
    bounds = np.append(features.said_starts, len(features.said))
    values = np.repeat(said_scale(features), np.diff(bounds)).astype(np.float32)
    said = sparse.csr_matrix((values, features.said, bounds), shape=(len(bounds) - 1, 1 << BITS))
    return around[features.rows] + said


def figures(known: Sequence[PageExample], held_out: Mapping[str, Floats]) -> list[str]:
    """Precision, recall and F1 of the article's words, averaged over pages of domains left out."""
    scores = [_word_scores(page, held_out[page.id]) for page in known if page.id in held_out]
    if not scores:
        return []
    precision, recall = (float(np.mean([score[at] for score in scores])) for at in (0, 1))
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return [
        f"cross-validated over domains ({FOLDS} folds, {len(scores)} pages): words P {precision:.4f} R {recall:.4f} "
        f"F1 {f1:.4f} (page model alone)"
    ]


def _word_scores(page: PageExample, outside: Floats) -> tuple[float, float]:
    sizes = np.array([len(text.split()) for text in page.texts], np.float64)
    kept, wanted = outside < 0, page.outside == 0
    hit = float(sizes[kept & wanted].sum())
    return hit / max(1.0, float(sizes[kept].sum())), hit / max(1.0, float(sizes[wanted].sum()))
