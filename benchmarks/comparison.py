"""What each tool removes of articles as text: cleancopy beside trafilatura, jusText, datatrove's C4 filter and others.

    python benchmarks/comparison.py [GOLD.jsonl[.gz] …] [--every N] [--split NAME] [--model FILE] [--json FILE]

Rows: {id, text, spans: [[start, end, label]], doubt?} or {id, lang, lines: [[label, text]], flat?}; default: the
labelled set of the project's own writing. Each tool gets the text and nothing else; extractors of pages get its lines
as paragraphs of HTML. A line counts as removed unless it is in what the tool gives back, whole or by half of its
word triples. The tools: pip install trafilatura jusText 'datatrove[processing]' ftfy clean-text resiliparse newspaper4k
readability-lxml. Those that are not installed are left out, and said so.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from cleaner import Cleaner, Label
from cleaner.labels import KEPT
from cleaner.model.network import load
from cleaner.training.corpus import read_rows

OWN = Path(__file__).resolve().parents[1] / "fixtures" / "training" / "gold.jsonl"
#: A word, or one character of a script without spaces between words.
WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
KINDS = ("donation", "newsletter", "subscription", "related", "social", "caption", "navigation", "legal")
RESAMPLES = 1000
#: UTF-8 once read as Windows-1252: a tool that repairs gives back "café".
BROKEN = "The cafÃ© at the harbour opened on Monday after nine years of repairs, said its owner in a letter.\n" * 4
#: A line of fewer word triples must follow the line before: a word or two stand in many places.
SHORT = 3

Tool = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Article:
    """A text and its lines: label, words; lines that the reader doubted are left out."""

    id: str
    text: str
    lines: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(slots=True)
class Score:
    """Counts of one document or of many."""

    right: int = 0  # removed lines that the reader removes too
    removed: int = 0
    due: int = 0  # lines that the reader removes
    kept: int = 0  # characters of words that the reader keeps
    lost: int = 0  # … and that are gone
    emptied: int = 0  # documents of which nothing came back, though the reader keeps something
    by_kind: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def __iadd__(self, other: Score) -> Score:
        for name in ("right", "removed", "due", "kept", "lost", "emptied"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.by_kind += other.by_kind
        return self

    @property
    def f1(self) -> float:
        """F1 over boilerplate lines."""
        return 2 * self.right / max(1, self.removed + self.due)


def main() -> None:
    """Scores the cleaner beside other extractors on the same documents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path, nargs="*", default=[OWN])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth document")
    parser.add_argument("--split", help="only rows of this split")
    parser.add_argument("--model", type=Path, help="of cleancopy, instead of the one that ships")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)
    threadpool_limits(1, user_api="blas")
    rows = [row for path in args.gold for row in read_rows(path) if args.split in (None, row.get("split"))]
    articles = [as_article(row) for row in islice(rows, 0, None, args.every)]
    digest = sha256("\0".join(article.id + article.text for article in articles).encode("utf-8", "replace")).hexdigest()
    lines = sum(len(article.lines) for article in articles)
    print(f"{len(articles):,} documents, {lines:,} lines, sha256 {digest[:12]}, Python {sys.version.split()[0]}\n")
    heads = ("tool", "precision", "recall", "F1", "body lost", "headlines kept", "emptied", *KINDS)
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    figures, repairing = {}, []
    for name, tool in available(args.model):
        scores = [score(article, tool) for article in articles]
        figures[name] = report(name, scores)
        repairing += [name] if "café" in tool(BROKEN) else []
    print(f"\nmojibake repaired by: {', '.join(repairing)}")
    if args.json:
        args.json.write_text(json.dumps({"digest": digest, "documents": len(articles), "tools": figures}, indent=1))


def as_article(row: dict[str, Any]) -> Article:
    """A labelled row as an article: its text, and its lines with their labels."""
    if "lines" in row:
        text = (" " if row.get("flat") else "\n").join(line for _, line in row["lines"])
        lines = row["lines"]
    else:
        text, doubt = row["text"], {tuple(stretch) for stretch in row.get("doubt", ())}
        spans = [span for span in row["spans"] if (span[0], span[1]) not in doubt]
        lines = [(label, text[start:end]) for start, end, label in spans]
    return Article(row["id"], text, tuple((label, words(line)) for label, line in lines if words(line)))


def words(text: str) -> tuple[str, ...]:
    """The words of a text, lower case."""
    return tuple(WORD.findall(text.casefold()))


def score(article: Article, tool: Tool) -> Score:
    """How a tool did on one document; a tool that fails gives nothing back."""
    try:
        given = words(tool(article.text))
    except Exception:  # noqa: BLE001  other people's programs; what they lose by it is counted
        given = ()
    joined, triples = f" {' '.join(given)} ", set(zip(given, given[1:], given[2:], strict=False))
    result, position = Score(), 0
    for label, line in article.lines:
        wanted = f" {' '.join(line)} "
        place = joined.find(wanted, position, position + len(wanted) if len(line) < SHORT + 2 else None)
        if place >= 0:
            position = place + len(wanted) - 1
        whole = place >= 0 or joined.startswith(wanted)  # a title comes first, wherever it stood
        count(result, label, line, 1.0 if whole else share(line, triples))
    result.emptied = int(not given and result.kept > 0)
    return result


def share(line: tuple[str, ...], triples: set[tuple[str, ...]]) -> float:
    """How much of a line that does not follow the one before is there: its word triples; 0 for a short one."""
    own = list(zip(line, line[1:], line[2:], strict=False))
    return sum(triple in triples for triple in own) / len(own) if len(own) >= SHORT else 0.0


def count(result: Score, label: str, line: tuple[str, ...], present: float) -> None:
    """Adds a line to a score: its label, its words, the share of them that a tool left."""
    removed, keep, length = present < 0.5, Label(label) in KEPT, sum(map(len, line))
    result.removed += removed
    if keep:
        result.kept += length
        result.lost += round((1 - present) * length)
    else:
        result.due += 1
        result.right += removed
    result.by_kind[label, removed] += 1


def report(name: str, scores: list[Score]) -> dict[str, float]:
    """Prints a tool's scores, and gives them."""
    total = summed(scores)
    draw = random.Random(0)
    samples = sorted(summed(draw.choices(scores, k=len(scores))).f1 for _ in range(RESAMPLES))
    low, high = samples[RESAMPLES // 40], samples[-RESAMPLES // 40]
    figures = {
        "precision": total.right / max(1, total.removed), "recall": total.right / max(1, total.due), "f1": total.f1,
        "f1-low": low, "f1-high": high, "body-lost": total.lost / max(1, total.kept), "emptied": float(total.emptied),
    }  # fmt: skip
    kinds = {kind: rate(total, kind, True) for kind in KINDS}
    cells = [f"{figures['precision']:.2f}", f"{figures['recall']:.2f}", f"**{total.f1:.2f}** [{low:.2f}, {high:.2f}]"]
    cells += [f"{figures['body-lost']:.1%}", f"{rate(total, 'headline', False):.2f}", f"{total.emptied}"]
    cells += [f"{share:.2f}" for share in kinds.values()]
    print(f"| {name} | {' | '.join(cells)} |", flush=True)
    return figures | {f"recall {kind}": share for kind, share in kinds.items()}


def rate(total: Score, kind: str, removed: bool) -> float:
    """The share of the lines of a kind that went, or that stayed."""
    return total.by_kind[kind, removed] / max(1, total.by_kind[kind, True] + total.by_kind[kind, False])


def summed(scores: list[Score]) -> Score:
    """The scores of several documents as one."""
    total = Score()
    for score in scores:
        total += score
    return total


# The tools --------------------------------------------------------------------------------------


def available(model: Path | None) -> Iterator[tuple[str, Tool]]:
    """The tools that are installed, by name and version."""
    cleaner = Cleaner(model=load(model)) if model else Cleaner()
    yield f"cleancopy {version('cleancopy')}", lambda text: cleaner.clean(text).text
    for distribution, make in TOOLS.items():
        try:
            yield f"{distribution} {version(distribution)}", make()
        except (ImportError, PackageNotFoundError) as error:
            print(f"left out: {distribution} ({error})", file=sys.stderr)


def as_html(text: str) -> str:
    """A text as the page that tools for pages want."""
    paragraphs = "".join(f"<p>{escape(line)}</p>\n" for line in text.splitlines() if line.strip())
    return f"<html><head><title></title></head><body><article>\n{paragraphs}</article></body></html>"


def make_trafilatura() -> Tool:
    """trafilatura, on the text as a page."""
    from trafilatura import extract

    return lambda text: extract(as_html(text)) or ""


def make_justext() -> Tool:
    """jusText with the little words of all its languages."""
    import justext

    every = frozenset().union(*map(justext.get_stoplist, justext.get_stoplists()))

    def run(text: str) -> str:
        return "\n".join(p.text for p in justext.justext(as_html(text), every) if not p.is_boilerplate)

    return run


def make_datatrove() -> Tool:
    """datatrove's filter of lines after C4."""
    from datatrove.data import Document
    from datatrove.pipeline.filters import C4QualityFilter

    quality = C4QualityFilter()

    def run(text: str) -> str:
        document = Document(text=text, id="")
        verdict = quality.filter(document)
        return document.text if verdict is True else ""

    return run


def make_ftfy() -> Tool:
    """ftfy, which mends and removes nothing: a floor."""
    from ftfy import fix_text

    return fix_text


def make_clean_text() -> Tool:
    """clean-text without its changes of letters."""
    from cleantext import clean

    return lambda text: str(clean(text, to_ascii=False, lower=False))


def make_resiliparse() -> Tool:
    """resiliparse's main content of the text as a page."""
    from resiliparse.extract.html2text import extract_plain_text

    return lambda text: extract_plain_text(as_html(text), main_content=True)


def make_newspaper() -> Tool:
    """newspaper4k, on the text as a page."""
    import newspaper

    def run(text: str) -> str:
        article = newspaper.Article("https://example.org/a", fetch_images=False)
        article.download(input_html=as_html(text))
        article.parse()
        return str(article.text)

    return run


def make_readability() -> Tool:
    """readability-lxml, on the text as a page."""
    from lxml.html import fromstring
    from readability import Document

    return lambda text: str(fromstring(Document(as_html(text)).summary()).text_content())


TOOLS: dict[str, Callable[[], Tool]] = {
    "trafilatura": make_trafilatura,
    "jusText": make_justext,
    "datatrove": make_datatrove,
    "resiliparse": make_resiliparse,
    "newspaper4k": make_newspaper,
    "readability-lxml": make_readability,
    "ftfy": make_ftfy,
    "clean-text": make_clean_text,
}


if __name__ == "__main__":
    main()
