"""Writes docs/gallery/: twenty documents of our own writing, each with what the cleaner made of it and why.

`docs/generate.py` writes and checks these pages with the others. Each document has labels by reading; where the
cleaner keeps what the reader removes, or removes what the reader keeps, the page says so.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import bidirectional

from cleaner import Action, CleanedDocument, Cleaner, Label
from cleaner.decoding.decode import decode
from cleaner.document import Decision
from cleaner.labels import KEPT

ROOT = Path(__file__).resolve().parent.parent
OWN = ROOT / "fixtures" / "gallery" / "own.jsonl"

#: Name, what it shows, and where its text is: a seed, a page of fixtures/pages, a row of fixtures/gallery/own.jsonl.
ENTRIES = (
    ("letter", "A report with a donation letter, a caption and a newsletter box", "seeds/01-harbour-letter.en.txt"),
    ("one-line", "The whole article in one line, with broken currency signs", "seeds/02-border-talks.en.txt"),
    ("between-lines", "German, in windows-1252: a link amid the text, a box at its end", "seeds/03-schleuse.de.txt"),
    ("only-an-appeal", "Nothing but an appeal: nothing stays", "seeds/13-only-an-appeal.en.txt"),
    ("hard-wrapped", "Lines wrapped by hand, the appeal among them", "seeds/17-wrapped-letter.en.txt"),
    ("page", "An HTML page with menu, boxes and footer", "fixtures/pages/en-harbour-news"),
    ("paywall", "A German page whose article stands behind a paywall notice", "fixtures/pages/de-paywall-verdeckt"),
    ("page-japanese", "A Japanese page", "fixtures/pages/ja-minato"),
    ("about-donations", "A report about a pledge drive: nothing of it may go", "en1-negatives-0000"),
    ("about-newsletters", "A list of newsletters worth reading: it is the article", "en1-negatives-0007"),
    ("letter-and-captions", "Captions, teasers and an appeal around a report", "en1-docs-0053"),
    ("flat-trade-paper", "A trade paper's article as one line", "en1-docs-0043"),
    ("captions", "Captions that no credit gives away", "focus1-docs-0216"),
    ("comments", "Readers' comments below the report", "focus1-docs-0335"),
    ("portuguese", "An agency's report with an appeal", "multi1-docs-0081"),
    ("turkish", "An interview with captions and a paywall notice", "multi1-docs-0098"),
    ("chinese", "A local report", "multi3-docs-0156"),
    ("arabic", "A portrait, written from right to left", "multi3-docs-0197"),
    ("hindi", "A report from a village", "multi3-docs-0184"),
    ("korean", "A report with an appeal for support", "multi3-docs-0166"),
)  # fmt: skip

HEAD = "<!-- written by docs/generate.py; do not edit -->\n"
INTRO = """\
Twenty documents of our own writing, cleaned as they are, without a hint of their language or source. Each page shows
every line with its label, its score, and the reasons why it goes. A reader labelled the lines too: the last two columns
count the lines on which the reader decided otherwise.

The documents are examples, not a measurement: they were chosen to show kinds of text, and the model that ships may have
learned from some of them. How good the cleaner is on sites that it has not seen stands in the
[model card](../model.md).
"""
MARKS = {Action.KEEP: "", Action.META: "m", Action.STRIP: "−"}
SPECIAL = str.maketrans({char: f"&#{ord(char)};" for char in "|*_`[]~\\<>$#"} | {"&": "&amp;"})
KEPT_WIDTH, GONE_WIDTH = 140, 320


@dataclass(frozen=True, slots=True)
class Article:
    """A document of the gallery: its text or HTML, and its lines with the labels of a reader."""

    text: str
    media: str  # text | html
    lines: tuple[tuple[str, str], ...]  # label, text


@dataclass(frozen=True, slots=True)
class Shown:
    """A document after cleaning, with the lines on which the reader decided otherwise."""

    name: str
    title: str
    file: str
    cleaned: CleanedDocument
    missed: tuple[str, ...]  # kept; the reader would remove them
    lost: tuple[str, ...]  # removed; the reader would keep them


def pages() -> dict[str, str]:
    """Every page of the gallery by its path in docs/."""
    rows = [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]
    own, cleaner = {row["id"]: row for row in rows}, Cleaner()
    shown = [_show(cleaner, entry, own) for entry in ENTRIES]
    return {"gallery/index.md": _index(shown)} | {f"gallery/{document.name}.md": _page(document) for document in shown}


def _show(cleaner: Cleaner, entry: tuple[str, str, str], own: dict[str, Any]) -> Shown:
    name, title, place = entry
    article = _own(own[place]) if place in own else _page_of(place) if "pages/" in place else _seed(place)
    cleaned = cleaner.clean(html=article.text) if article.media == "html" else cleaner.clean(article.text)
    missed, lost = [], []
    for label, text, gone in _judged(article, cleaned):
        if gone == (Label(label) in KEPT):
            (lost if gone else missed).append(text)
    file = f"{OWN.relative_to(ROOT).as_posix()}, {place}" if place in own else place
    return Shown(name, title, file, cleaned, tuple(missed), tuple(lost))


def _own(row: dict[str, Any]) -> Article:
    glue = " " if row.get("flat") else "\n"
    return Article(glue.join(text for _, text in row["lines"]), "text", tuple(map(tuple, row["lines"])))


def _seed(place: str) -> Article:
    path = ROOT / place
    labels = json.loads((ROOT / "fixtures" / "seed_labels" / f"{path.stem}.json").read_text("utf-8"))
    text = decode(path.read_bytes()).text
    return Article(text, "text", tuple((label, text[start:end]) for start, end, label in labels["spans"]))


def _page_of(place: str) -> Article:
    folder = ROOT / place
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    lines = tuple((line[0], line[1]) for line in expected["lines"])
    return Article((folder / "page.html").read_text("utf-8"), "html", lines)


def _judged(article: Article, cleaned: CleanedDocument) -> Iterator[tuple[str, str, bool]]:
    """Per line the reader's label, the text, and whether at least half of its visible characters went."""
    gone = bytearray(len(cleaned.source_text))
    for span in cleaned.spans:
        gone[span.start : span.end] = b"\x01" * (span.end - span.start)
    position = 0
    for label, text in article.lines:
        start = cleaned.source_text.index(text, position)
        position = start + len(text)
        visible = [index for index in range(start, position) if not cleaned.source_text[index].isspace()]
        yield label, text, 2 * sum(gone[index] for index in visible) >= len(visible) > 0


# Markdown ---------------------------------------------------------------------------------------


def _index(shown: list[Shown]) -> str:
    head = "| document | language | status | lines kept | lines removed | what went | missed | lost |\n"
    rows = "".join(map(_row, shown))
    missed, lost = sum(len(document.missed) for document in shown), sum(len(document.lost) for document in shown)
    total = f"| all | | | {_count(shown, True)} | {_count(shown, False)} | | {missed} | {lost} |\n"
    legend = "\n*Missed*: stayed, but the reader would remove it. *Lost*: went, but the reader would keep it.\n"
    return f"# Gallery\n\n{HEAD}\n{INTRO}\n{head}|---|---|---|---|---|---|---|---|\n{rows}{total}{legend}"


def _count(shown: list[Shown], kept: bool) -> int:
    return sum((d.action is Action.KEEP) == kept for document in shown for d in document.cleaned.decisions)


def _row(shown: Shown) -> str:
    cleaned = shown.cleaned
    went = Counter(d.label.value for d in cleaned.decisions if d.action is not Action.KEEP)
    names = ", ".join(f"{label} {count}" if count > 1 else label for label, count in went.most_common())
    cells = (
        f"[{shown.title}]({shown.name}.md)", cleaned.metadata.get("lang", "und"), cleaned.status.value,
        _count([shown], True), _count([shown], False), names, len(shown.missed) or "", len(shown.lost) or "",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |\n"


def _page(shown: Shown) -> str:
    cleaned = shown.cleaned
    facts = f"{cleaned.status.value} · language {cleaned.metadata.get('lang', 'und')} · `{shown.file}`"
    title = f"Title: {_cell(cleaned.title, GONE_WIDTH)}" if cleaned.title else "No title."
    rows = "".join(_line(cleaned, decision) for decision in cleaned.decisions)
    table = f"| | label | score | line | why |\n|---|---|---|---|---|\n{rows}"
    legend = "`−` was removed, `m` went to the metadata, the others stayed. [All documents](index.md)\n"
    parts = [f"# {shown.title}\n\n{HEAD}\n{facts}\n\n{title}\n", table, _repairs(cleaned), _others(shown), legend]
    return "\n".join(part for part in parts if part)


def _line(cleaned: CleanedDocument, decision: Decision) -> str:
    text = cleaned.rendering_text[decision.start : decision.end]
    if not text.strip():
        return ""
    kept = decision.action is Action.KEEP
    why = "" if kept else "<br>".join(_cell(reason, GONE_WIDTH) for reason in decision.reasons)
    label = decision.label.value if kept else f"**{decision.label.value}**"
    line = _cell(text, KEPT_WIDTH if kept else GONE_WIDTH)
    return f"| {MARKS[decision.action]} | {label} | {decision.score:.2f} | {line} | {why} |\n"


def _repairs(cleaned: CleanedDocument) -> str:
    if not cleaned.repairs:
        return ""
    edits = "".join(f"- `{r.before}` → `{r.after}` ({_cell(r.evidence, GONE_WIDTH)})\n" for r in cleaned.repairs)
    return f"Repaired, and logged:\n\n{edits}"


def _others(shown: Shown) -> str:
    parts = []
    for lines, what in ((shown.missed, "removed"), (shown.lost, "kept")):
        if lines:
            names = "".join(f"- {_cell(text, KEPT_WIDTH)}\n" for text in lines)
            parts.append(f"The reader would have **{what}**:\n\n{names}")
    return "\n".join(parts)


def _cell(text: str, width: int) -> str:
    """A text as one line of a table's cell, cut at `width`, isolated from the direction of its neighbours."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    short = line if len(line) <= width else textwrap.shorten(line, width, placeholder=" …")
    short = short if len(short) > width // 2 or len(line) <= width else line[: width - 1] + "…"
    marked = short.translate(SPECIAL)
    return f"<bdi>{marked}</bdi>" if any(bidirectional(char) in ("R", "AL") for char in short) else marked
