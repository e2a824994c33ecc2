"""One document as HTML: the article in reading order, removals marked in position and explained.

Where the archive's ledger is at hand every removal stands where it stood; else the clean text comes
first and the removals follow. What is too long is shortened, and the text says so where it happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from cleaner.document import Status
from cleaner.labels import Action, Label
from cleaner.writers.report.html_text import cell, escape, number, percent, plural
from cleaner.writers.report.run_data import ArchivedDocument, Row, row_source

#: A sign beside each status, so that colour never carries it alone.
SIGNS = {Status.CLEAN: "✓", Status.SUSPECT: "▲", Status.EMPTY: "○", Status.FAILED: "✕"}
#: Longer documents start folded: about two screens of a desk, five of a phone.
_FOLDED = 3_500
_REASONS = 3  # reasons shown for a removal
_BOX = 8  # lines of a box before the rest is folded
_REPAIRS = 12  # repairs listed under a document


#: Characters that end a line of the source.
LINE_ENDS = frozenset("\n\r\v\f\x85\u2028\u2029")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a document is shown."""

    passage: int  # characters of one passage
    run: int  # kept paragraphs in a row before the middle ones are left out
    paragraphs: int  # paragraphs of a document
    inline: int  # passages of a paragraph
    reason: int  # characters of one reason


#: Tried in this order until a document fits its share of the report.
LIMITS = (
    Limits(passage=3_000, run=9, paragraphs=200, inline=200, reason=160),
    Limits(passage=1_000, run=5, paragraphs=80, inline=60, reason=160),
    Limits(passage=300, run=3, paragraphs=30, inline=20, reason=100),
    Limits(passage=80, run=2, paragraphs=8, inline=6, reason=30),
)


@dataclass(frozen=True, slots=True)
class Fix:
    """A repair's position in a kept passage: what stands at `start:end` of its text was `before`."""

    start: int
    end: int
    before: str
    title: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the source: kept (its repaired text) or removed (its text as it was)."""

    start: int
    end: int
    text: str
    label: str
    action: str
    score: float = 0.0
    reasons: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether it is in the clean text."""
        return self.action == Action.KEEP


Paragraph = list[Passage]


def article(row: Row, ledger: ArchivedDocument | None, *, number_in_report: int, size: int) -> str:
    """The document as an `article` element of at most `size` bytes; empty text when it cannot be made that small."""
    for limits in LIMITS:
        drawn = _article(row, ledger, limits, number_in_report)
        if len(drawn.encode()) <= size:
            return drawn
    return ""


def _article(row: Row, ledger: ArchivedDocument | None, limits: Limits, number_in_report: int) -> str:
    status = Status(row["status"]) if row.get("status") in set(Status) else Status.CLEAN
    labels = " ".join(sorted({known(span.get("label")) for span in row.get("spans") or ()}))
    removed, kept = removed_characters(row), len(row.get("text") or "")
    opened = " open" if removed + kept <= _FOLDED else ""
    drawn = "".join(_drawn(paragraphs(row, ledger), limits))
    return (
        f'<article class="doc" id="d{number_in_report}" data-status="{status}" data-labels="{labels}">'
        f"<details{opened}>{_summary(row, status, removed, kept)}"
        f'<div class="text">{_notices(row, ledger)}{drawn}</div>{_repairs(row)}'
        "</details></article>"
    )


def known(label: object) -> str:
    """The label's name when it is one of ours, else "other": safe as a class."""
    return str(label) if label in set(Label) else "other"


def removed_characters(row: Row) -> int:
    """Characters of the source that left the text."""
    return sum(int(span["end"]) - int(span["start"]) for span in row.get("spans") or ())


def chip(label: str, words: str = "") -> str:
    """A label's name in its colour, with further words."""
    return f'<span class="chip l-{known(label)}">{escape(label)}{escape(words)}</span>'


def _summary(row: Row, status: Status, removed: int, kept: int) -> str:
    metadata = row.get("metadata") or {}
    title = cell(row.get("title")) or "<i>no headline</i>"
    names = dict.fromkeys(cell(name, 120) for name in (row.get("path"), row.get("id"), row_source(row)))
    facts = [*names, cell(metadata.get("lang"), 12)]
    facts.append(f"{percent(removed, removed + kept)} of {number(removed + kept)} characters removed")
    told = " · ".join(f"<bdi>{fact}</bdi>" for fact in facts if fact)
    spans = row.get("spans") or ()
    counts = {name: sum(span.get("label") == name for span in spans) for name in Label}
    chips = "".join(chip(name, f" {number(count)}") for name, count in counts.items() if count)
    return (
        f'<summary><span class="state s-{status}"><b aria-hidden="true">{SIGNS[status]}</b> {status}</span>'
        f'<h3 dir="auto">{title}</h3>'
        f'<span class="facts">{told}</span>' + (f'<span class="chips">{chips}</span>' if chips else "") + "</summary>"
    )


def _notices(row: Row, ledger: ArchivedDocument | None) -> str:
    notices = []
    why = cell((row.get("metadata") or {}).get("why"))
    if row.get("status") == Status.SUSPECT:
        notices.append(f"Suspect: {why or 'most of it was removed'}. Look whether that is right.")
    if row.get("status") == Status.EMPTY:
        notices.append(f"Empty: {why or 'no article was found'}.")
    if row.get("spans") and ledger is None:
        notices.append("The archive has no ledger of this document, so its removals are listed after the clean text.")
    if not row.get("spans") and row.get("text"):
        notices.append("Nothing was removed.")
    return "".join(f'<p class="notice">{notice}</p>' for notice in notices)


def paragraphs(row: Row, ledger: ArchivedDocument | None) -> list[Paragraph]:
    """The document's passages in the order of the source, cut where the reader saw a line end."""
    text = str(row.get("text") or "")
    if ledger is None or any(end > len(text) for *_, end in ledger.kept):
        return _listed(row, text)
    passages = sorted((*_kept(ledger, text, row.get("repairs") or ()), *_removed(ledger.removed)), key=_position)
    found: list[Paragraph] = []
    if not passages:
        return found
    for passage, together in zip(passages, _together(passages, dict(ledger.gaps)), strict=True):
        if together and found:
            found[-1].append(passage)
        else:
            found.append([passage])
    return found


def _position(passage: Passage) -> tuple[int, int]:
    return passage.start, passage.end


def _listed(row: Row, text: str) -> list[Paragraph]:
    lines = [[Passage(0, 0, line, Label.BODY, Action.KEEP)] for line in text.split("\n") if line.strip()]
    return [*lines, *([passage] for passage in _removed(row.get("spans") or ()))]


def _removed(spans: Sequence[Row]) -> Iterator[Passage]:
    for span in spans:
        start, end = int(span["start"]), int(span["end"])
        text = span.get("text")
        shown = f"[{plural(end - start, 'character')} at {number(start)}]" if text is None else str(text)
        reasons = tuple(str(reason) for reason in span.get("reasons") or ())
        score = float(span.get("score") or 0)
        yield Passage(start, end, shown, str(span.get("label")), str(span.get("action")), score, reasons)


def _kept(ledger: ArchivedDocument, text: str, repairs: Sequence[Row]) -> Iterator[Passage]:
    for start, end, label, clean_start, clean_end in ledger.kept:
        inside = [repair for repair in repairs if start <= int(repair["start"]) and int(repair["end"]) <= end]
        kept = text[clean_start:clean_end]
        fixes = tuple(_fixes(kept, start, inside))
        yield Passage(start, end, kept, label, Action.KEEP, fixes=fixes)


def _fixes(text: str, start: int, repairs: Sequence[Row]) -> Iterator[Fix]:
    """Where the repairs stand in the kept text; one that is not found there is only listed below the document."""
    shift = -start
    for repair in repairs:
        before, after = str(repair["before"]), str(repair["after"])
        at = int(repair["start"]) + shift
        shift += len(after) - len(before)
        if text[at : at + len(after)] == after and at >= 0:
            yield Fix(at, at + len(after), before, f"{repair.get('kind')}: {repair.get('evidence')}")


def _together(passages: Sequence[Passage], gaps: Mapping[int, str]) -> Iterator[bool]:
    """For each passage, whether it stands on the line of the one before it: glued, or white space without a line end.

    A ledger that lacks the white space gives every passage a line of its own, glued ones excepted.
    """
    yield False
    for before, passage in pairwise(passages):
        gap = gaps.get(before.end, "\n") if before.end < passage.start else ""
        yield not LINE_ENDS.intersection(gap)


def _drawn(found: list[Paragraph], limits: Limits) -> Iterator[str]:
    """The paragraphs as HTML; when there are too many, the first and the last of them."""
    if len(found) <= limits.paragraphs:
        yield from _grouped(found, limits)
        return
    half = limits.paragraphs // 2
    middle = found[half:-half]
    removals = sum(not passage.kept for paragraph in middle for passage in paragraph)
    yield from _grouped(found[:half], limits)
    yield _left_out(f"{plural(len(middle), 'paragraph')} with {plural(removals, 'removal')}")
    yield from _grouped(found[-half:], limits)


def _grouped(found: list[Paragraph], limits: Limits) -> Iterator[str]:
    """Runs of removed lines with one label become a box; long runs of kept paragraphs lose their middle."""
    for key, group in groupby(found, key=_kind):
        members = list(group)
        if key == _KEPT and len(members) > limits.run:
            first, last = (limits.run + 1) // 2, limits.run // 2
            middle = members[first : len(members) - last]
            size = sum(len(passage.text) for paragraph in middle for passage in paragraph)
            yield from (_paragraph(paragraph, limits) for paragraph in members[:first])
            yield _left_out(f"{plural(len(middle), 'paragraph')} of the article ({plural(size, 'character')}), kept")
            yield from (_paragraph(paragraph, limits) for paragraph in members[len(members) - last :])
        elif key in (_KEPT, _MIXED):
            yield from (_paragraph(paragraph, limits) for paragraph in members)
        else:
            yield _box([paragraph[0] for paragraph in members], limits)


_KEPT, _MIXED = ("", "kept"), ("", "mixed")


def _kind(paragraph: Paragraph) -> tuple[str, str]:
    """What a run of paragraphs has in common: the label and action of lone removals, else kept or mixed."""
    if all(passage.kept for passage in paragraph):
        return _KEPT
    return (paragraph[0].label, paragraph[0].action) if len(paragraph) == 1 else _MIXED


def _left_out(what: str) -> str:
    return f'<p class="left-out">{what}; not shown here</p>'


def _box(passages: list[Passage], limits: Limits) -> str:
    """Removed lines that stand together under one label: each with its text, score and reasons."""
    first = passages[0]
    words = f"{_went(first)}, {plural(len(passages), 'line')}" if len(passages) > 1 else _went(first)
    lines = [_line(passage, limits, said=before) for before, passage in _with_earlier(passages)]
    shown, more = lines, ""
    if len(lines) > _BOX:
        shown, rest = lines[: _BOX - 2], lines[_BOX - 2 :]
        more = f"<details><summary>{number(len(rest))} more lines of this box</summary>{''.join(rest)}</details>"
    return f'<div class="cut l-{known(first.label)}">{chip(first.label, words)}{"".join(shown)}{more}</div>'


def _with_earlier(passages: list[Passage]) -> Iterator[tuple[tuple[str, ...] | None, Passage]]:
    """Each passage with the reasons of the one before it: what was just said is not said again."""
    yield from zip((None, *(passage.reasons for passage in passages[:-1])), passages, strict=True)


def _line(passage: Passage, limits: Limits, *, said: tuple[str, ...] | None) -> str:
    reasons = "same reasons" if passage.reasons == said and passage.reasons else _reasons(passage, limits)
    shown = _shown(passage, limits)
    why = f'<small class="why"><b>{passage.score:.2f}</b> {reasons}</small>'
    return f'<div class="line"><p dir="auto"><del>{shown}</del></p>{why}</div>'


def _went(passage: Passage) -> str:
    return " · kept as metadata" if passage.action == Action.META else " · removed"


def _reasons(passage: Passage, limits: Limits) -> str:
    more = len(passage.reasons) - _REASONS
    shown = [cell(reason, limits.reason) for reason in passage.reasons[:_REASONS]]
    return "; ".join([*shown, *([f"{plural(more, 'further reason')}"] if more > 0 else [])]) or "no reason given"


def _paragraph(paragraph: Paragraph, limits: Limits) -> str:
    """A line of the article; what was cut out of it is marked in position and explained below it."""
    shown = paragraph[: limits.inline]
    drawn = _separated(shown, limits)
    if hidden := len(paragraph) - len(shown):
        drawn += f' <span class="left-out">{plural(hidden, "further passage")} of this line not shown here</span>'
    why = "".join(
        f'<small class="why">{chip(passage.label, _went(passage))}'
        f" <b>{passage.score:.2f}</b> {_reasons(passage, limits)}</small>"
        for passage in shown
        if not passage.kept
    )
    label = paragraph[0].label if paragraph[0].kept else Label.BODY
    special = f'<small class="why"><span class="chip kept">{escape(label)} · kept</span></small>'
    aside = (special if label != Label.BODY else "") + why
    aside = f'<div class="aside">{aside}</div>' if aside else ""
    return f'<div class="line"><p dir="auto" class="kept k-{known(label)}">{drawn}</p>{aside}</div>'


def _separated(passages: list[Passage], limits: Limits) -> str:
    """The passages on one line, with a space where the source had white space."""
    drawn = ""
    for before, passage in zip((None, *passages[:-1]), passages, strict=True):
        space = " " if before and before.end < passage.start else ""
        text = _shown(passage, limits)
        inside = text if passage.kept else f'<del class="cut l-{known(passage.label)}"><bdi>{text}</bdi></del>'
        drawn += space + inside
    return drawn


def _shown(passage: Passage, limits: Limits) -> str:
    """The passage's text, repairs marked; a long one loses its middle, and says so."""
    text, limit = passage.text, limits.passage
    if len(text) <= limit:
        return _marked(passage, 0, len(text))
    head, tail = limit * 3 // 4, len(text) - limit // 4
    note = f' <span class="left-out">{number(tail - head)} characters not shown here</span> '
    return _marked(passage, 0, head) + note + _marked(passage, tail, len(text))


def _marked(passage: Passage, start: int, end: int) -> str:
    drawn, done = "", start
    for fix in passage.fixes:
        if done <= fix.start and fix.end <= end:
            drawn += escape(passage.text[done : fix.start])
            after = f"<ins>{escape(passage.text[fix.start : fix.end])}</ins>" if fix.end > fix.start else ""
            drawn += f'<span class="fix" title="{cell(fix.title)}"><del>{cell(fix.before, 80)}</del>{after}</span>'
            done = fix.end
    return drawn + escape(passage.text[done:end])


def _repairs(row: Row) -> str:
    """What was repaired in this document: before, after, kind and evidence."""
    repairs = row.get("repairs") or ()
    if not repairs:
        return ""
    listed = "".join(
        f"<li><del>{cell(repair.get('before'), 60)}</del> → <ins>{cell(repair.get('after'), 60) or 'nothing'}</ins>"
        f" <b>{cell(repair.get('kind'), 30)}</b> {cell(repair.get('evidence'), 160)}</li>"
        for repair in repairs[:_REPAIRS]
    )
    more = len(repairs) - _REPAIRS
    listed += f"<li>{plural(more, 'further repair')}</li>" if more > 0 else ""
    return f'<div class="repairs"><h4>Repaired</h4><ul>{listed}</ul></div>'
