"""Decisions → the cleaned document: title, body, spans, pieces, in offsets of the source text.

Blocks keep their order and at most one blank line between them. Text is never rewritten here
beyond the logged repairs; what is kept and what is removed together cover the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from cleaner import accelerator
from cleaner.decision.status import status_of
from cleaner.decision.title import ABOVE_HEADLINE, is_desk
from cleaner.decoding.mojibake import OffsetMap
from cleaner.document import CleanedDocument, Decision, Document, Piece, Rendering, Span, join_text
from cleaner.indentation import indented_lines
from cleaner.labels import Action, Label
from cleaner.segmentation.text import FLAT_BREAKS

LINE_BREAK = re.compile(r"\s*[\n\r\v\f\x85\u2028\u2029]\s*")
#: As many, found in a tenth of the time where only their number or their end is asked for.
_FROM_BREAK = re.compile(r"[\n\r\v\f\x85\u2028\u2029]\s*")
#: The same for a text that has no others, in a fifth of the time: a search for one character.
_FROM_NEWLINE, _OTHER_BREAKS = re.compile(r"\n\s*"), "\r\v\f\x85\u2028\u2029"

#: How ISO 8601 begins a day.
_DAY = re.compile(r"\s*(\d{4})-(\d\d)-(\d\d)(?!\d)")
#: Signs that stand right behind a word.
CLOSING = ".,;:!?…)]»”"

Stretch = tuple[int, int, Decision]


def assemble(
    document: Document,
    rendering: Rendering,
    decisions: tuple[Decision, ...],
    lang: str,
    *,
    judged: Sequence[Decision] | None = None,
    title_in_text: bool = False,
) -> CleanedDocument:
    """The cleaned document; the headline above what is kept becomes the title, else the title as given.

    judged: the decisions that its status goes by, when not all; a page's menus do not make it suspect.
    title_in_text: a title that is only given stands in front of the text; else it is in the metadata alone.
    """
    stretches = _indented(rendering, _stretches(rendering.text, decisions, wrapped=rendering.wrapped))
    headline = _headline(rendering, stretches)
    lines = list(_lines_of(rendering.text, *headline[:2])) if headline else []
    given = " ".join((document.title or "").split())
    title = " ".join(rendering.text[start:end] for start, end in lines) if headline else given
    title_stands = headline is not None or title_in_text
    body, places = _body(rendering.text, stretches, headline)
    shift = len(join_text(title if title_stands else "", body)) - len(body)
    offsets, moved = OffsetMap(rendering.repairs), bool(rendering.repairs)
    spans: list[Span] = []
    pieces: list[Piece] = []
    keep = Action.KEEP  # Python 3.11 takes its time to look up a member of an enumeration
    for stretch in stretches:
        start, end, decision = stretch
        first, last = offsets.to_source(start, end) if moved else (start, end)
        if decision.action is not keep:
            spans.append(Span(first, last, decision.label, decision.action, decision.score, decision.reasons))
        elif stretch is headline:
            pieces += _title_pieces(lines, offsets)
        else:
            place = places[start] + shift
            pieces.append(Piece(first, last, decision.label, place, place + end - start))
    status, why = status_of(decisions, rendering.text) if judged is None else status_of(judged)
    metadata = _metadata(document, rendering, stretches, lang)
    if given and not (headline and title == given):
        metadata["given-title"] = given
    if why:
        metadata["why"] = why
    return CleanedDocument(
        id=document.id, title=title, body=body, status=status, spans=tuple(spans), pieces=tuple(pieces),
        repairs=rendering.repairs, source_text=rendering.source_text, decisions=decisions,
        rendering_text=rendering.text, metadata=metadata, given=_given(document),
        markup=document.text if rendering.layout is not None else "", title_in_text=title_stands,
        given_title_in_text=title_in_text,
    )  # fmt: skip


def _indented(rendering: Rendering, stretches: list[Stretch]) -> list[Stretch]:
    """The stretches, kept ones with the indentation that means something."""
    indents = indented_lines(rendering)
    if not indents:
        return stretches
    return [
        (indents.get(start, start), end, decision) if decision.action is Action.KEEP else (start, end, decision)
        for start, end, decision in stretches
    ]


def _lines_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines of a headline: a title is one line, however it was wrapped."""
    for match in LINE_BREAK.finditer(text, start, end):
        yield start, match.start()
        start = match.end()
    yield start, end


def _title_pieces(lines: Sequence[tuple[int, int]], offsets: OffsetMap) -> Iterator[Piece]:
    place = 0
    for start, end in lines:
        yield Piece(*offsets.to_source(start, end), Label.HEADLINE, place, place + end - start)
        place += end - start + 1  # a space stands for the line break


def _headline(rendering: Rendering, stretches: Sequence[Stretch]) -> Stretch | None:
    """The kept headline, where it is whole and plainly stands above the article; nothing else is ever moved.

    Asks the text alone, so that a ledger tells the same.
    """
    text, above = rendering.text, 0
    headline = Label.HEADLINE
    if all(decision.label is not headline for _, _, decision in stretches):
        return None
    from_break = _FROM_BREAK if any(char in text for char in _OTHER_BREAKS) else _FROM_NEWLINE
    flat = len(list(islice(from_break.finditer(text), FLAT_BREAKS))) < FLAT_BREAKS
    for stretch in stretches:
        start, end, decision = stretch
        if decision.action is not Action.KEEP:
            continue
        if above > (0 if flat else ABOVE_HEADLINE):
            return None
        if decision.label is headline and not is_desk(text[start:end]):
            following = LINE_BREAK.match(text, end)
            return stretch if not flat or following or not text[end:].strip() else None
        above += 1 + len(from_break.findall(text, start, end))
    return None


def _given(document: Document) -> dict[str, str]:
    given = {
        "title": document.title, "lang": document.lang, "source": document.source, "url": document.url,
        "date": document.date,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value}


def _stretches(text: str, decisions: tuple[Decision, ...], *, wrapped: bool) -> list[Stretch]:
    """The decisions without white space around them, kept ones cut at line breaks."""
    if wrapped or accelerator.compiled is None:
        return list(_bare(text, decisions, wrapped=wrapped))
    stretches: list[Stretch] = accelerator.compiled.stretches(text, decisions, "start", "end")
    return stretches


def _bare(text: str, decisions: tuple[Decision, ...], *, wrapped: bool) -> Iterator[Stretch]:
    """The reference that the accelerator is held to."""
    keep, headline = Action.KEEP, Label.HEADLINE
    for decision in decisions:
        start, end = decision.start, decision.end
        if wrapped and decision.action is keep and decision.label is not headline:
            for match in LINE_BREAK.finditer(text, start, end):
                if match.start() > start:
                    yield start, match.start(), decision
                start = match.end()
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end:
            yield start, end, decision


def _body(text: str, stretches: list[Stretch], headline: Stretch | None) -> tuple[str, dict[int, int]]:
    """The body, and where in it each kept stretch begins (by its start in the rendering)."""
    if accelerator.compiled is None:
        return _joined(text, stretches, headline)
    body: tuple[str, dict[int, int]] = accelerator.compiled.body(
        text, stretches, headline, Action.KEEP, "action", CLOSING, _breaks
    )
    return body


def _joined(text: str, stretches: list[Stretch], headline: Stretch | None) -> tuple[str, dict[int, int]]:
    """The reference that the accelerator is held to."""
    parts: list[str] = []
    places: dict[int, int] = {}
    length, breaks, before, removed, keep = 0, 0, 0, False, Action.KEEP
    for stretch in stretches:
        start, end, decision = stretch
        gap = text[before:start]
        breaks = max(breaks, _breaks(gap))
        before = end
        if decision.action is not keep or stretch is headline:
            removed = True
            continue
        if parts:
            closes = not gap and text[start] in CLOSING  # the end of a sentence from whose middle words went
            separator = "\n" * breaks or (" " if (removed and not closes) or gap else "")
            parts.append(separator)
            length += len(separator)
        places[start] = length
        parts.append(text[start:end])
        length += end - start
        breaks, removed = 0, False
    return "".join(parts), places


def _breaks(gap: str) -> int:
    """Line breaks in a gap, two at most: one blank line."""
    if gap == "\n\n":  # as most are
        return 2
    if len(gap) == 1:
        return int(not gap.isspace() or gap in "\n\r\v\f\x85\u2028\u2029")
    return min(2, max(gap.count("\n"), len(gap[:64].splitlines()) - 1)) if gap else 0


def _is_day(told: str) -> bool:
    """Whether a date that begins as ISO 8601 has it is one of the calendar; in other forms it is taken as given."""
    if match := _DAY.match(told):
        try:
            date(*map(int, match.groups()))
        except ValueError:
            return False
    return True


def _metadata(document: Document, rendering: Rendering, stretches: list[Stretch], lang: str) -> dict[str, object]:
    metadata: dict[str, Any] = {**document.metadata, **rendering.metadata, "lang": lang}
    dated = "date" if _is_day(document.date or "") else "given-date"
    known: Mapping[str, str | None] = {"url": document.url, "source": document.source, dated: document.date}
    metadata.update({name: value for name, value in known.items() if value})
    meta = Action.META
    for start, end, decision in stretches:
        if decision.action is meta:
            metadata.setdefault(decision.label.value, []).append(rendering.text[start:end])
    return metadata
