"""Labelled documents → examples to learn from: blocks with features, a label, a weight.

Reads labelled documents (`evaluation.Gold`), lines labelled one by one, and documents with automatic
labels (kept or boilerplate, noisy). Splits are by site, never by document: `site` names it. What is made from
labelled documents is in `augment`, what is written for training in `own_texts`.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from cleaner.decoding.mojibake import OffsetMap
from cleaner.document import Block, Document, Rendering
from cleaner.heuristics.prompts import cut_prompts
from cleaner.labels import KEPT, Label
from cleaner.model.features import Features
from cleaner.model.network import COLUMN, features_of
from cleaner.readers.jsonl import LONGEST_ROW, json_objects
from cleaner.readers.packing import PackingError
from cleaner.readers.rows import RowError
from cleaner.segmentation.line_breaks import Breaks
from cleaner.segmentation.text import segment_text
from cleaner.segmentation.tokens import Ints
from cleaner.training.evaluation import Gold, GoldError

#: Blocks without a letter or digit say little; they count this much.
INVISIBLE_WEIGHT = 0.2
#: A block is kept when it holds at least this many visible characters of a kept label, or mostly such.
ENOUGH_KEPT = 25
#: A labelled stretch that was cut into more blocks counts no more than so many: a form with all countries of the world.
MOST_PIECES = 8
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Example:
    """One document to learn from; `labels` are columns of the model, -1 where only `boilerplate` is known."""

    id: str
    site: str
    lang: str
    rendering: Rendering
    features: Features
    labels: Ints
    boilerplate: Ints  # 1 or 0 per block
    weights: Ints  # 0: leave out
    spans: tuple[tuple[int, int, Label], ...] = ()
    doubt: tuple[tuple[int, int], ...] = ()


def site(source: str) -> str:
    """The site behind a source's name, so that `www.example.com` and a folder `en_example_flat` fall together.

    >>> site("www.example.co.uk"), site("en_example_flat")
    ('example', 'example')
    """
    name = re.sub(r"^(?:www\.|[a-z]{2}_)", "", source.lower())
    name = re.sub(r"(?:_flat|_int|_seg|_articles?)+$", "", name)
    labels = name.split(".")
    if len(labels) > 1:
        labels.pop()
    if len(labels) > 1 and labels[-1] in SECOND_LEVEL:
        labels.pop()
    return re.sub(r"[^\w]|_", "", labels[-1]) or name


#: Public suffixes of two labels, as in example.co.uk and example.com.br.
SECOND_LEVEL = frozenset({"co", "com", "org", "net", "gov", "ac", "edu", "or", "ne", "go", "gob", "gouv"})


#: Parts that the sites are divided into, each held out once.
FOLDS = 5


def fold_of(name: str, folds: int = FOLDS) -> int:
    """The fold of a site or domain: a checksum of its name, so that it never changes."""
    return zlib.crc32(name.encode()) % folds


#: Fold → the model of lost line breaks that has seen none of its sites; none: the shipped one.
FoldBreaks = Mapping[int, Breaks]


def example(gold: Gold, breaks: FoldBreaks | None = None) -> Example | None:
    """The example of a labelled document, in the blocks that cleaning would see; None when it has no block."""
    own_breaks = breaks[fold_of(site(gold.source), FOLDS)] if breaks else None
    rendering = cut_prompts(segment_text(Document(gold.id, gold.text), breaks=own_breaks), own_breaks)
    if not rendering.blocks:
        return None
    offsets = OffsetMap(rendering.repairs)
    labels, weights, starts = [], [], []
    for block in rendering.blocks:
        start, end = offsets.to_source(block.start, block.end)
        starts.append(start)
        label, doubtful = _label(gold, start, end)
        labels.append(COLUMN[label])
        weights.append(0.0 if doubtful else 1.0 if _WORD.search(block.text) else INVISIBLE_WEIGHT)
    columns = np.array(labels)
    counted = np.array(weights) * np.minimum(1, MOST_PIECES / _pieces(gold, starts))
    return Example(
        gold.id, site(gold.source), gold.lang, rendering, features_of(rendering.blocks), columns,
        (columns >= len(KEPT)).astype(np.int64), counted, gold.spans, gold.doubt,
    )  # fmt: skip


def _pieces(gold: Gold, starts: Sequence[int]) -> Ints:
    """Per start of a block how many blocks its labelled stretch was cut into."""
    firsts = [first for first, _, _ in gold.spans]
    stretches = np.maximum(np.searchsorted(firsts, starts, side="right") - 1, 0)
    pieces: Ints = np.bincount(stretches)[stretches]
    return pieces


def _label(gold: Gold, start: int, end: int) -> tuple[Label, bool]:
    """The label of a stretch: that of most visible characters, but kept where there is prose; and is it in doubt?"""
    counts: Counter[Label] = Counter()
    doubtful = 0
    for first, last, label in gold.spans:
        begin, stop = max(first, start), min(last, end)
        if begin < stop:
            size = len("".join(gold.text[begin:stop].split()))
            counts[label] += size
            doubtful += size * any(a <= first and last <= b for a, b in gold.doubt)
    total = counts.total()
    if not total:
        return Label.BODY, True
    kept = Counter({label: size for label, size in counts.items() if label in KEPT})
    if kept.total() and (kept.total() >= ENOUGH_KEPT or 2 * kept.total() > total):
        return kept.most_common(1)[0][0], 2 * doubtful > total
    gone = counts - kept
    return (gone or counts).most_common(1)[0][0], 2 * doubtful > total


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file, plain or packed. Raises GoldError."""
    try:
        yield from (row for _, row in json_objects(path, max_bytes=LONGEST_ROW))
    except (OSError, RowError, PackingError) as error:
        raise GoldError(f"{path}: cannot be read as JSON lines ({error})") from error


def line_examples(path: Path) -> Iterator[Example]:
    """Lines labelled one by one: rows `{text, label, source, before?, after?, glued?, doubt?}`."""
    for number, row in enumerate(read_rows(path)):
        texts = [(row.get("before") or "", 0.0), (row["text"], 0.0 if row.get("doubt") or row.get("glued") else 1.0)]
        texts.append((row.get("after") or "", 0.0))
        column = COLUMN[Label(row["label"])]
        yield _from_lines(f"{path.name}:{number}", row["source"], texts, lambda _, column=column: column)


def noisy_examples(path: Path) -> Iterator[Example]:
    """Documents with automatic labels: rows `{id, domain, lines: [{t, y: K|B|M, sus?}]}`; M and `sus` are left out."""
    for row in read_rows(path):
        lines = [line for line in row["lines"] if line["t"].strip()]
        if not lines or len(lines) > NOISY_BLOCKS:
            continue
        texts = [(line["t"], 0.0 if line.get("sus") or line["y"] == "M" else 1.0) for line in lines]
        labelled = _from_lines(str(row["id"]), row["domain"], texts, lambda _: -1)
        known = np.array([int(line["y"] == "B") for line in lines])
        yield replace(labelled, boilerplate=known)


#: Longer documents of automatic labels are menus and archives.
NOISY_BLOCKS = 250


def _from_lines(name: str, source: str, texts: Sequence[tuple[str, float]], column: Any) -> Example:
    blocks, weights, start = [], [], 0
    for index, (text, weight) in enumerate(texts):
        if text.strip():
            blocks.append(Block(start, start + len(text), text, index, 1))
            weights.append(weight)
        start += len(text) + 1
    rendering = Rendering("\n".join(text for text, _ in texts), tuple(blocks), "")
    labels = np.array([column(index) for index in range(len(blocks))])
    known = (labels >= len(KEPT)).astype(np.int64)
    return Example(name, site(source), "", rendering, features_of(blocks), labels, known, np.array(weights))


def articles_by_site(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Raw articles of sites: rows `{text, source}` or `{text, url}`. Raises GoldError."""
    texts: dict[str, list[str]] = {}
    for path in paths:
        for row in read_rows(path):
            texts.setdefault(site(str(row.get("source") or urlsplit(row.get("url") or "").hostname)), []).append(
                row["text"]
            )
    return texts


def examples(documents: Iterable[Gold], breaks: FoldBreaks | None = None, weight: float = 1.0) -> list[Example]:
    """The examples of labelled documents that have a block; each counts `weight`."""
    candidates = (example(gold, breaks) for gold in documents)
    return [replace(made, weights=weight * made.weights) for made in candidates if made is not None]
