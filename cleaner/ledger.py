"""The ledger of a document: what went, what stayed, and all that rebuilds the source from the clean text.

`ledger` writes it as JSON values, `rebuild` reads it: kept pieces with their repairs undone, removed
spans and the white space between them, in source order. Refuses a ledger whose parts do not meet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from cleaner.document import CleanedDocument

SCHEMA = 1


class LedgerError(ValueError):
    """The ledger does not rebuild a source: its parts overlap, leave a hole, or do not fit the clean text."""


def ledger(cleaned: CleanedDocument, *, media_type: str, decoding: Mapping[str, Any]) -> dict[str, Any]:
    """The ledger as JSON values; offsets are code points of the source text."""
    source = cleaned.source_text
    covered = sorted(
        [(p.start, p.end) for p in cleaned.pieces] + [(s.start, s.end) for s in cleaned.spans] + [(len(source),) * 2]
    )
    gaps, position = [], 0
    for start, end in covered:
        if start > position:
            gaps.append([position, source[position:start]])
        position = max(position, end)
    return {
        "schema": SCHEMA,
        "media_type": media_type,
        "rendering": media_type != "text/plain",  # the source text is then what a page shows
        "decoding": dict(decoding),
        "source-text-digest": digest(source),
        "given": dict(cleaned.given),
        "status": cleaned.status.value,
        "kept": [[p.start, p.end, p.label.value, p.clean_start, p.clean_end] for p in cleaned.pieces],
        "removed": [
            {
                "start": s.start,
                "end": s.end,
                "label": s.label.value,
                "action": s.action.value,
                "score": s.score,
                "reasons": list(s.reasons),
                "text": source[s.start : s.end],
            }
            for s in cleaned.spans
        ],
        "gaps": gaps,
        "repairs": [[r.start, r.end, r.before, r.after, r.kind, r.evidence] for r in cleaned.repairs],
    }


def rebuild(clean_text: str | None, written: Mapping[str, Any]) -> str:
    """The source text from the clean text and the ledger. Raises LedgerError when they do not fit."""
    clean = clean_text or ""
    repairs = [(r[0], r[1], r[2], r[3]) for r in written["repairs"]]
    parts = [(start, start + len(text), text) for start, text in written["gaps"]]
    parts += [(span["start"], span["end"], span["text"]) for span in written["removed"]]
    for start, end, _, clean_start, clean_end in written["kept"]:
        inside = [r for r in repairs if start <= r[0] and r[1] <= end] if repairs else []
        parts.append((start, end, _unrepaired(clean[clean_start:clean_end], start, end, inside)))
    parts.sort(key=lambda part: part[:2])
    position = 0
    for start, end, text in parts:
        if start != position or len(text) != end - start:
            raise LedgerError(f"the ledger leaves a hole or an overlap at code point {min(start, position)}")
        position = end
    return "".join(text for _, _, text in parts)


def _unrepaired(text: str, start: int, end: int, repairs: list[tuple[int, int, str, str]]) -> str:
    out, at, source_at = [], 0, start
    for first, last, before, after in repairs:
        step = first - source_at
        out += [text[at : at + step], before]
        at, source_at = at + step + len(after), last
    out.append(text[at:])
    return "".join(out)


def digest(text: str) -> str:
    """sha256 of a text in UTF-8, lower-case hex; lone surrogates as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
