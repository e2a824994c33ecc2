"""One document as the report shows it: in reading order, removals in their place and explained.

Where the archive's ledger is at hand every removal stands where it stood; else the clean text comes first and the
removals follow. What is too long is shortened, and the text says so where it happens. Gives values for a template.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from cleaner.document import Status
from cleaner.labels import Action, Label
from cleaner.writers.report.ledgers import ArchivedDocument
from cleaner.writers.report.run_data import Row, row_source
from cleaner.writers.report.visible import cell, wide_share
from cleaner.writers.words import number, plural

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
    run: int  # kept paragraphs in a row before the middle ones are folded, or left out
    folded: int  # kept paragraphs that may be folded in one place; more are left out
    paragraphs: int  # paragraphs of a document
    inline: int  # passages of a paragraph
    reason: int  # characters of one reason


#: Tried in this order until a document fits its share of the report.
LIMITS = (
    Limits(passage=3_000, run=9, folded=120, paragraphs=200, inline=200, reason=160),
    Limits(passage=1_000, run=5, folded=30, paragraphs=80, inline=60, reason=160),
    Limits(passage=300, run=3, folded=0, paragraphs=30, inline=20, reason=100),
    Limits(passage=80, run=2, folded=0, paragraphs=8, inline=6, reason=30),
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


@dataclass(frozen=True, slots=True)
class Fragment:
    """A stretch of a passage as the page shows it: text as it is, a repair in it, or a note of what is not shown."""

    text: str
    before: str | None = None  # a repair: what stood there before
    title: str = ""  # of a repair
    is_note: bool = False


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage in its line."""

    fragments: tuple[Fragment, ...]
    removed: str = ""  # the label it was removed with
    spaced: bool = False  # white space stands before it


@dataclass(frozen=True, slots=True)
class Why:
    """What is said beside a line: label, what became of it, score and reasons."""

    label: str
    went: str
    score: float | None = None
    reasons: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the article, with what was cut out of it marked in place; or a line of a box."""

    passages: tuple[ShownPassage, ...]
    label: str
    why: tuple[Why, ...] = ()
    hidden: int = 0  # passages of it that are not shown


@dataclass(frozen=True, slots=True)
class Box:
    """Removed lines that stand together under one label."""

    label: str
    words: str
    lines: tuple[ShownLine, ...]
    more: tuple[ShownLine, ...] = ()  # folded


@dataclass(frozen=True, slots=True)
class Folded:
    """Paragraphs that unfold, or, without lines, what is not shown at all."""

    words: str
    lines: tuple[ShownLine, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """One document as the template shows it."""

    number: int  # in the report, from 1
    row: Row
    status: Status
    labels: tuple[str, ...]
    chips: tuple[tuple[str, int], ...]  # label, spans
    facts: tuple[str, ...]
    source: str
    lang: str
    is_open: bool
    notices: tuple[str, ...]
    parts: tuple[ShownLine | Box | Folded, ...]
    repairs: Sequence[Row]
    more_repairs: int

    @property
    def sign(self) -> str:
        """The sign beside its status."""
        return SIGNS[self.status]


def shown_document(row: Row, archived: ArchivedDocument | None, *, position: int, limits: Limits) -> ShownDocument:
    """The values of one document. position: its number in the report."""
    status = Status(row["status"]) if row.get("status") in set(Status) else Status.CLEAN
    spans, metadata, repairs = row.get("spans") or (), row.get("metadata") or {}, row.get("repairs") or ()
    removed, kept = removed_characters(row), len(row.get("text") or "")
    names = [cell(name, 120) for name in (row.get("path"), row.get("id"), row_source(row))]
    facts = [*dict.fromkeys(names), cell(metadata.get("lang"), 12)]
    facts.append(f"{wide_share(removed, removed + kept)} of {number(removed + kept)} characters removed")
    counts = {label.value: sum(span.get("label") == label for span in spans) for label in Label}
    return ShownDocument(
        number=position,
        row=row,
        status=status,
        labels=tuple(sorted({known(span.get("label")) for span in spans})),
        chips=tuple((label, count) for label, count in counts.items() if count),
        facts=tuple(fact for fact in facts if fact),
        source=cell(row_source(row), 120),
        lang=cell(metadata.get("lang"), 12),
        is_open=removed + kept <= _FOLDED,
        notices=tuple(_notices(row, archived)),
        parts=tuple(_parts(paragraphs(row, archived), limits)),
        repairs=repairs[:_REPAIRS],
        more_repairs=max(0, len(repairs) - _REPAIRS),
    )


def known(label: object) -> str:
    """The label's name when it is one of ours, else "other": safe as a class."""
    return str(label) if label in set(Label) else "other"


def removed_characters(row: Row) -> int:
    """Characters of the source that left the text."""
    return sum(int(span["end"]) - int(span["start"]) for span in row.get("spans") or ())


def _notices(row: Row, archived: ArchivedDocument | None) -> Iterator[str]:
    why = cell((row.get("metadata") or {}).get("why"))
    if row.get("status") == Status.SUSPECT:
        yield f"Suspect: {why or 'most of it was removed'}. Look whether that is right."
    if row.get("status") == Status.EMPTY:
        yield f"Empty: {why or 'no article was found'}."
    if row.get("spans") and archived is None:
        yield "The archive has no ledger of this document, so its removals are listed after the clean text."
    if not row.get("spans") and row.get("text"):
        yield "Nothing was removed."


def paragraphs(row: Row, archived: ArchivedDocument | None) -> list[Paragraph]:
    """The document's passages in the order of the source, cut where the reader saw a line end."""
    text = str(row.get("text") or "")
    if archived is None or any(end > len(text) for *_, end in archived.kept):
        return _listed(row, text)
    passages = sorted((*_kept(archived, text, row.get("repairs") or ()), *_removed(archived.removed)), key=_position)
    lines: list[Paragraph] = []
    if not passages:
        return lines
    for passage, together in zip(passages, _together(passages, dict(archived.gaps)), strict=True):
        if together and lines:
            lines[-1].append(passage)
        else:
            lines.append([passage])
    return lines


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


def _kept(archived: ArchivedDocument, text: str, repairs: Sequence[Row]) -> Iterator[Passage]:
    for start, end, label, clean_start, clean_end in archived.kept:
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


def _parts(lines: list[Paragraph], limits: Limits) -> Iterator[ShownLine | Box | Folded]:
    """The paragraphs; when there are too many, the first and the last of them."""
    if len(lines) <= limits.paragraphs:
        yield from _grouped(lines, limits)
        return
    half = limits.paragraphs // 2
    middle = lines[half:-half]
    removals = sum(not passage.kept for paragraph in middle for passage in paragraph)
    yield from _grouped(lines[:half], limits)
    yield Folded(f"{plural(len(middle), 'paragraph')} with {plural(removals, 'removal')}; not shown here")
    yield from _grouped(lines[-half:], limits)


def _grouped(lines: list[Paragraph], limits: Limits) -> Iterator[ShownLine | Box | Folded]:
    """Runs of removed lines with one label become a box; of long runs of kept paragraphs the middle is folded."""
    for key, group in groupby(lines, key=_kind):
        members = list(group)
        if key == _KEPT and len(members) > limits.run:
            first, last = (limits.run + 1) // 2, limits.run // 2
            yield from (_line(paragraph, limits) for paragraph in members[:first])
            yield _folded(members[first : len(members) - last], limits)
            yield from (_line(paragraph, limits) for paragraph in members[len(members) - last :])
        elif key in (_KEPT, _MIXED):
            yield from (_line(paragraph, limits) for paragraph in members)
        else:
            yield _box([paragraph[0] for paragraph in members], limits)


_KEPT, _MIXED = ("", "kept"), ("", "mixed")


def _kind(paragraph: Paragraph) -> tuple[str, str]:
    """What a run of paragraphs has in common: the label and action of lone removals, else kept or mixed."""
    if all(passage.kept for passage in paragraph):
        return _KEPT
    return (paragraph[0].label, paragraph[0].action) if len(paragraph) == 1 else _MIXED


def _folded(lines: list[Paragraph], limits: Limits) -> Folded:
    size = sum(len(passage.text) for paragraph in lines for passage in paragraph)
    words = f"{plural(len(lines), 'paragraph')} of the article ({plural(size, 'character')}), kept"
    if len(lines) > limits.folded:
        return Folded(f"{words}; not shown here")
    return Folded(words, tuple(_line(paragraph, limits) for paragraph in lines))


def _box(passages: list[Passage], limits: Limits) -> Box:
    words = _went(passages[0]) + (f", {plural(len(passages), 'line')}" if len(passages) > 1 else "")
    lines = tuple(_box_line(passage, limits, said=said) for said, passage in _with_earlier(passages))
    shown = len(lines) if len(lines) <= _BOX else _BOX - 2
    return Box(passages[0].label, words, lines[:shown], lines[shown:])


def _with_earlier(passages: list[Passage]) -> Iterator[tuple[tuple[str, ...] | None, Passage]]:
    """Each passage with the reasons of the one before it: what was just said is not said again."""
    yield from zip((None, *(passage.reasons for passage in passages[:-1])), passages, strict=True)


def _box_line(passage: Passage, limits: Limits, *, said: tuple[str, ...] | None) -> ShownLine:
    reasons = "same reasons" if passage.reasons == said and passage.reasons else _reasons(passage, limits)
    shown = ShownPassage(tuple(_fragments(passage, limits)), passage.label)
    return ShownLine((shown,), passage.label, (Why("", "", passage.score, reasons),))


def _went(passage: Passage) -> str:
    return " · kept as metadata" if passage.action == Action.META else " · removed"


def _reasons(passage: Passage, limits: Limits) -> str:
    more = len(passage.reasons) - _REASONS
    shown = [cell(reason, limits.reason) for reason in passage.reasons[:_REASONS]]
    return "; ".join([*shown, *([f"{plural(more, 'further reason')}"] if more > 0 else [])]) or "no reason given"


def _line(paragraph: Paragraph, limits: Limits) -> ShownLine:
    """A line of the article; what was cut out of it is marked in place and explained below it."""
    shown = paragraph[: limits.inline]
    label = known(paragraph[0].label) if paragraph[0].kept else Label.BODY.value
    special = [Why(label, " · kept")] if label != Label.BODY else []
    removed = [passage for passage in shown if not passage.kept]
    why = [Why(gone.label, _went(gone), gone.score, _reasons(gone, limits)) for gone in removed]
    return ShownLine(tuple(_spaced(shown, limits)), label, (*special, *why), len(paragraph) - len(shown))


def _spaced(passages: list[Passage], limits: Limits) -> Iterator[ShownPassage]:
    """The passages on one line, with a space where the source had white space."""
    for before, passage in zip((None, *passages[:-1]), passages, strict=True):
        spaced = before is not None and before.end < passage.start
        yield ShownPassage(tuple(_fragments(passage, limits)), "" if passage.kept else passage.label, spaced)


def _fragments(passage: Passage, limits: Limits) -> Iterator[Fragment]:
    """The passage's text, repairs marked; a long one loses its middle, and says so."""
    text, limit = passage.text, limits.passage
    if len(text) <= limit:
        yield from _marked(passage, 0, len(text))
        return
    head, tail = limit * 3 // 4, len(text) - limit // 4
    yield from _marked(passage, 0, head)
    yield Fragment(f" {number(tail - head)} characters not shown here ", is_note=True)
    yield from _marked(passage, tail, len(text))


def _marked(passage: Passage, start: int, end: int) -> Iterator[Fragment]:
    done = start
    for fix in passage.fixes:
        if done <= fix.start and fix.end <= end:
            yield Fragment(passage.text[done : fix.start])
            yield Fragment(passage.text[fix.start : fix.end], cell(fix.before, 80), cell(fix.title))
            done = fix.end
    yield Fragment(passage.text[done:end])
