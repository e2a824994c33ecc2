"""The nouns of cleaning: document, block, evidence, decision, span, repair, cleaned document.

All are values: frozen, slotted, without behaviour beyond simple derived text. Offsets are code
points; those of blocks refer to the text being labelled (`Rendering.text`, repairs applied), those
of spans, pieces and repairs to the source text (`CleanedDocument.source_text`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING

from cleaner.accelerator import quick
from cleaner.labels import Action, Label

if TYPE_CHECKING:
    from cleaner.html.page import Layout


class Status(StrEnum):
    """How a document ended."""

    CLEAN = "clean"
    EMPTY = "empty"  # nothing stays: it was all boilerplate, or there was no text
    SUSPECT = "suspect"  # most of it was removed: look at it
    FAILED = "failed"  # could not be read or cleaned


@quick
@dataclass(frozen=True, slots=True)
class Document:
    """One article as it came: decoded text or HTML, and what is known about it."""

    id: str
    text: str  # the decoded source: plain text, or the HTML itself
    media_type: str = "text/plain"  # key of segmenters.SEGMENTERS
    url: str | None = None
    lang: str | None = None
    source: str | None = None
    title: str | None = None
    date: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True)
class Repair:
    """One logged edit: `source_text[start:end] == before` was read as `after`."""

    start: int
    end: int
    before: str
    after: str
    kind: str  # mojibake | currency | control | hyphen
    evidence: str  # why: ftfy's plan, or what in the text decided


@quick
@dataclass(frozen=True, slots=True)
class Block:
    """One unit to label: a line, a hard-wrapped paragraph, a sentence of flat text, an HTML block."""

    start: int
    end: int
    text: str  # rendering.text[start:end]
    line: int  # ordinal of the line it starts on (blank lines not counted)
    newlines_before: int  # line breaks between the block before and this one; 0: same line
    path: str = ""  # HTML: tag path such as "article/p"
    marks: tuple[str, ...] = ()  # HTML: evidence words, such as "class:newsletter", "tag:figcaption", "outside-main"
    link_density: float = 0.0  # HTML: share of the block's characters inside links


#: Blocks of one document at most; what comes after them is kept as it is, and told. Each takes some kB while it is
#: judged, and is compared with all others: 16,384 take seconds. "War and Peace" has some 11,000 paragraphs.
MOST_BLOCKS = 16_384


@quick
@dataclass(frozen=True, slots=True)
class Rendering:
    """A document cut into blocks: what the labeller reads."""

    text: str  # blocks' offsets refer to this; source text with repairs applied
    blocks: tuple[Block, ...]
    source_text: str  # spans refer to this: the text as given, or an HTML page's rendering
    repairs: tuple[Repair, ...] = ()
    metadata: Mapping[str, object] = field(default_factory=dict)
    flat: bool = False  # sentences are the units
    wrapped: bool = False  # a block may hold line breaks
    layout: Layout | None = None  # HTML: where its lines stand in the page
    judged: int | None = None  # the text from here on is in no block, since there would be too many; None: all is


@quick
@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for a label: weight in log-odds, positive speaks for it; for Label.BODY it speaks for keeping."""

    label: Label
    weight: float
    reason: str
    opens: bool = False  # a cue of one word that only stands first: a sentence may begin with it


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """The judgement on one stretch of the rendering: a whole block, or the part of it glued to prose."""

    start: int
    end: int
    label: Label
    action: Action
    score: float  # 0..1: how sure that this is not the article (kept blocks: how sure it is boilerplate)
    reasons: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the source text that is in neither title nor body, and why."""

    start: int
    end: int
    label: Label
    action: Action
    score: float
    reasons: tuple[str, ...]


@quick
@dataclass(frozen=True, slots=True)
class Piece:
    """A kept stretch: `source_text[start:end]`, repaired, is `text[clean_start:clean_end]`."""

    start: int
    end: int
    label: Label
    clean_start: int
    clean_end: int


#: Characters of the text that a document's `repr` shows.
SHOWN = 60


@dataclass(frozen=True, slots=True)
class RemovedText:
    """A removed stretch as a person looks at it."""

    text: str
    label: Label
    action: Action
    score: float
    reasons: tuple[str, ...]


@quick
@dataclass(frozen=True, slots=True, repr=False)
class CleanedDocument:
    """The result: clean title and body, and all that is needed to rebuild and explain the source."""

    id: str
    title: str
    body: str
    status: Status
    spans: tuple[Span, ...]  # sorted, disjoint
    pieces: tuple[Piece, ...]  # sorted, disjoint; spans, pieces and white space cover the source
    repairs: tuple[Repair, ...]
    source_text: str
    decisions: tuple[Decision, ...] = ()  # every block with label, score, reasons, in rendering offsets
    rendering_text: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)  # what came with the text and took part in judging it
    source: str = ""  # the name of the source whose memory and corrections were asked; "": none
    markup: str = field(default="", repr=False)  # HTML: the page that the source text renders
    title_in_text: bool = True  # the title stands in the text; a title that was only given does not
    given_title_in_text: bool = False  # a given title was to stand in front of a text without a headline

    @property
    def text(self) -> str:
        """Title (where it stands in the text), blank line, body: what the conversion record holds."""
        return join_text(self.title if self.title_in_text else "", self.body)

    def removed(self) -> tuple[RemovedText, ...]:
        """What is in neither title nor body, in order: each stretch with its label, action and reasons."""
        return tuple(
            RemovedText(self.source_text[span.start : span.end], span.label, span.action, span.score, span.reasons)
            for span in self.spans
        )

    def to_dict(self) -> dict[str, object]:
        """The document as JSON values, as the rows of `cleancopy clean --format jsonl` have it."""
        values: dict[str, object] = import_module("cleaner.writers.rows").document_row(self)
        return values

    def __repr__(self) -> str:
        named = f"{self.id!r}, " if self.id else ""
        text = self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]}…"
        removed = sum(span.end - span.start for span in self.spans)
        return (
            f"<CleanedDocument {named}{self.status.value}, {removed:,} of {len(self.source_text):,} removed: {text!r}>"
        )

    def html(self) -> str:
        """The article as an HTML fragment: `<article>` with title, headings, lists, tables, quotes, links and code."""
        html: str = import_module("cleaner.html.article_html").article_html(self)  # parsers load only for who asks
        return html


def join_text(title: str, body: str) -> str:
    """Title, blank line, body; only one of them when the other is empty."""
    return f"{title}\n\n{body}" if title and body else title or body
