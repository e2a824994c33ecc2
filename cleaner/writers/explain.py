"""The decisions on a document as lines a person reads, or as JSON values: label, score, reasons, text.

Returns values only; colour is the caller's choice, since only a terminal wants it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from archive.terminal import squeezed
from cleaner.document import CleanedDocument, Decision
from cleaner.labels import Action
from cleaner.writers.words import share

#: ANSI colours by action; the label stands in words beside it, so that nothing is told by colour alone.
COLOURS = {Action.KEEP: "", Action.META: "\x1b[36m", Action.STRIP: "\x1b[31m"}
DIM, BOLD, RESET = "\x1b[2m", "\x1b[1m", "\x1b[0m"
MARKS = {Action.KEEP: " ", Action.META: "m", Action.STRIP: "-"}
LABEL_WIDTH = 13


def explain_lines(cleaned: CleanedDocument, *, width: int = 100, colour: bool = False) -> Iterator[str]:
    """Every block in order: `-` stripped, `m` to the metadata, blank kept; label, score, text, then the reasons.

    width: columns to use, at least 60.
    """
    width = max(60, width)
    yield _styled(squeezed(cleaned.title) or "(no title)", BOLD, colour)
    why = f": {cleaned.metadata['why']}" if "why" in cleaned.metadata else ""
    status = f"{cleaned.status}{why} · language {cleaned.metadata.get('lang', 'und')} · {_share(cleaned)} removed"
    yield squeezed(status)
    yield ""
    for decision in cleaned.decisions:
        text = squeezed(cleaned.rendering_text[decision.start : decision.end])
        if text:
            yield from _block(decision, text, width, colour)
    for repair in cleaned.repairs:
        edit = f"{squeezed(repair.before)!r} → {squeezed(repair.after)!r}"
        yield squeezed(f"repair at {repair.start}: {edit} ({repair.evidence})")


def _block(decision: Decision, text: str, width: int, colour: bool) -> Iterator[str]:
    room = width - LABEL_WIDTH - 8
    lead = f"{MARKS[decision.action]} {decision.label.value:<{LABEL_WIDTH}}{decision.score:4.2f} "
    shown = textwrap.shorten(text, 2 * room, placeholder=" …")
    lines = textwrap.wrap(shown, room) or [shown[:room]]
    for number, line in enumerate(lines):
        yield _styled((lead if number == 0 else " " * len(lead)) + line, COLOURS[decision.action], colour)
    for reason in decision.reasons:
        yield _styled(f"{' ' * len(lead)}· {squeezed(reason)}", DIM, colour)


def explain_values(cleaned: CleanedDocument) -> dict[str, object]:
    """The same as JSON values; `start` and `end` are code points of the text with its repairs applied."""
    return {
        "title": cleaned.title,
        "status": cleaned.status.value,
        "metadata": dict(cleaned.metadata),
        "blocks": [
            {
                "start": decision.start,
                "end": decision.end,
                "label": decision.label.value,
                "action": decision.action.value,
                "score": decision.score,
                "reasons": list(decision.reasons),
                "text": cleaned.rendering_text[decision.start : decision.end],
            }
            for decision in cleaned.decisions
        ],
        "repairs": [[r.start, r.end, r.before, r.after, r.kind, r.evidence] for r in cleaned.repairs],
    }


def _share(cleaned: CleanedDocument) -> str:
    """How much went, counted as the summary of a run counts it."""
    gone = sum(span.end - span.start for span in cleaned.spans)
    return share(gone, len(cleaned.source_text)) if cleaned.source_text else "nothing"


def _styled(line: str, style: str, colour: bool) -> str:
    return f"{style}{line}{RESET}" if colour and style else line
