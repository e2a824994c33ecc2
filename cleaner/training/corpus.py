"""Labelled documents → examples to learn from: blocks with features, a label, a weight; and more made from them.

Reads labelled documents (`evaluation.Gold`), lines labelled one by one, and documents with automatic
labels (kept or boilerplate, noisy). Splits are by site, never by document: `site` names it.
"""

from __future__ import annotations

import random
import re
import tomllib
import zlib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from cleaner.decoding.mojibake import OffsetMap
from cleaner.document import Block, Document, Rendering
from cleaner.labels import KEPT, Label
from cleaner.model.features import Features
from cleaner.model.network import COLUMN, features_of
from cleaner.readers.jsonl import LONGEST_ROW, json_objects
from cleaner.readers.packing import PackingError
from cleaner.readers.rows import RowError
from cleaner.segmentation.line_breaks import Breaks
from cleaner.segmentation.text import FLAT_BREAKS, segment_text
from cleaner.segmentation.tokens import Ints
from cleaner.training.evaluation import Gold, GoldError

#: Blocks without a letter or digit say little; they count this much.
INVISIBLE_WEIGHT = 0.2
#: A block is kept when it holds at least this many visible characters of a kept label, or mostly such.
ENOUGH_KEPT = 25
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


def fold_of(name: str, folds: int) -> int:
    """The fold of a site: a checksum of its name, so that it never changes."""
    return zlib.crc32(name.encode()) % folds


#: Fold → the model of lost line breaks that has seen none of its sites; none: the shipped one.
FoldBreaks = Mapping[int, Breaks]


def example(gold: Gold, breaks: FoldBreaks | None = None) -> Example | None:
    """The example of a labelled document, in the blocks that cleaning would see; None when it has no block."""
    found = breaks[fold_of(site(gold.source), FOLDS)] if breaks else None
    rendering = segment_text(Document(gold.id, gold.text), breaks=found)
    if not rendering.blocks:
        return None
    offsets = OffsetMap(rendering.repairs)
    labels, weights = [], []
    for block in rendering.blocks:
        start, end = offsets.to_source(block.start, block.end)
        label, doubtful = _label(gold, start, end)
        labels.append(COLUMN[label])
        weights.append(0.0 if doubtful else 1.0 if _WORD.search(block.text) else INVISIBLE_WEIGHT)
    columns = np.array(labels)
    return Example(
        gold.id, site(gold.source), gold.lang, rendering, features_of(rendering.blocks), columns,
        (columns >= len(KEPT)).astype(np.int64), np.array(weights), gold.spans, gold.doubt,
    )  # fmt: skip


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
    """The rows of a JSONL file, plain or gzipped. Raises GoldError."""
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
        found = _from_lines(str(row["id"]), row["domain"], texts, lambda _: -1)
        known = np.array([int(line["y"] == "B") for line in lines])
        yield replace(found, boilerplate=known)


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


def read_templates(path: Path) -> list[Gold]:
    """Appeals of our own writing with slots, filled in: each a short labelled document. Raises GoldError."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["template"]
    except (OSError, ValueError, KeyError) as error:
        raise GoldError(f"{path}: cannot be read as templates ({error})") from error
    chance = random.Random(1)
    return [_filled(row, number, chance) for number, row in enumerate(rows)]


OUTLETS = (
    "The Harbour Post",
    "Wald und Wiese",
    "L’Écho du Val",
    "El Faro",
    "Kurier Miejski",
    "Northern Ledger",
    "Вестник",
)
SLOTS = {
    "amount": ("3", "5", "10", "25", "100"),
    "currency": ("€", "$", "£", "EUR", "kr"),
    "month": ("May", "10", "2025"),
}


def _filled(row: dict[str, Any], number: int, chance: random.Random) -> Gold:
    slots = {name: chance.choice(values) for name, values in {**SLOTS, "outlet": OUTLETS}.items()}
    text, spans = "", []
    for line in row["lines"]:
        filled = line.format(**slots)
        spans.append((len(text), len(text) + len(filled), Label(row["label"])))
        text += filled + "\n"
    return Gold(f"template:{number}", text, tuple(spans), (), row["lang"], f"template{number}.test")


#: Of so many documents a stretch of a few lines is learned too, so many get an appeal spliced in, and so many are
#: learned without their line breaks as well.
WINDOW_SHARE, SPLICE_SHARE, FLAT_SHARE = 0.7, 0.4, 0.6
_LINE_BREAK = re.compile(r"\s*\n\s*")


def made_from(documents: Sequence[Gold], templates: Sequence[Gold]) -> Iterator[Gold]:
    """More documents from labelled ones: short stretches, some with an appeal spliced in, some without line breaks."""
    chance = random.Random(7)
    by_lang: dict[str, list[Gold]] = {}
    for template in templates:
        by_lang.setdefault(template.lang, []).append(template)
    for gold in documents:
        if len(gold.spans) >= 4 and chance.random() < WINDOW_SHARE:
            size = chance.randint(2, min(14, len(gold.spans) - 1))
            first = chance.randint(0, len(gold.spans) - size)
            yield _window(gold, first, first + size)
        fold = fold_of(site(gold.source), FOLDS)  # of its own fold: the scores it is learned with must not know it
        fitting = [each for each in by_lang.get(gold.lang, []) if fold_of(site(each.source), FOLDS) == fold]
        if fitting and chance.random() < SPLICE_SHARE:
            yield _spliced(gold, chance.choice(fitting), chance)
        if chance.random() < FLAT_SHARE and gold.text.count("\n") >= FLAT_BREAKS:
            yield flattened(gold)


def flattened(gold: Gold) -> Gold:
    """The document as one line, as corpora hold articles: a space in the place of each line break."""
    gaps = [match.span() for match in _LINE_BREAK.finditer(gold.text)]
    starts = [start for start, _ in gaps]
    shorter = list(accumulate((end - start - 1 for start, end in gaps), initial=0))

    def moved(offset: int) -> int:
        before = bisect_left(starts, offset)
        if before and offset < gaps[before - 1][1]:  # inside a gap
            return starts[before - 1] + 1 - shorter[before - 1]
        return offset - shorter[before]

    return replace(
        gold, id=f"{gold.id}#flat", text=_LINE_BREAK.sub(" ", gold.text),
        spans=tuple((moved(start), moved(end), label) for start, end, label in gold.spans),
        doubt=tuple((moved(start), moved(end)) for start, end in gold.doubt),
    )  # fmt: skip


def _window(gold: Gold, first: int, last: int) -> Gold:
    start, end = gold.spans[first][0], gold.spans[last - 1][1]
    spans = tuple((a - start, b - start, label) for a, b, label in gold.spans[first:last])
    doubt = tuple((a - start, b - start) for a, b in gold.doubt if start <= a and b <= end)
    return replace(gold, id=f"{gold.id}#part", text=gold.text[start:end], spans=spans, doubt=doubt)


def _spliced(gold: Gold, template: Gold, chance: random.Random) -> Gold:
    """The appeal before a line's start, mostly near the end."""
    starts = [start for start, _, _ in gold.spans if start == 0 or gold.text[start - 1] == "\n"] or [0]
    at = starts[-1 - int(len(starts) * chance.random() ** 3)] if chance.random() < 0.7 else len(gold.text)
    gap = "\n\n" if "\n\n" in gold.text else "\n"
    piece = template.text.rstrip("\n").replace("\n", gap)
    lead = "" if at == 0 or gold.text[at - 1] == "\n" else gap
    inserted = lead + piece + gap
    shift = len(inserted)
    spans = [(a, b, label) for a, b, label in gold.spans if b <= at]
    start = at + len(lead)
    for line in piece.split(gap):
        spans.append((start, start + len(line), template.spans[0][2]))
        start += len(line) + len(gap)
    spans += [(a + shift, b + shift, label) for a, b, label in gold.spans if a >= at]
    doubt = tuple((a + shift * (a >= at), b + shift * (a >= at)) for a, b in gold.doubt)
    return replace(
        gold, id=f"{gold.id}#appeal", text=gold.text[:at] + inserted + gold.text[at:], spans=tuple(spans), doubt=doubt
    )


def examples(documents: Iterable[Gold], breaks: FoldBreaks | None = None) -> list[Example]:
    """The examples of labelled documents that have a block."""
    return [found for gold in documents if (found := example(gold, breaks)) is not None]
