"""What stands behind the bound on blocks: it is not judged, stays as it is, and the document says so."""

from __future__ import annotations

from dataclasses import replace

from cleaner.document import MOST_BLOCKS, CleanedDocument, Decision, Rendering, Status
from cleaner.labels import Label, Policy


def unjudged(rendering: Rendering, policy: Policy) -> tuple[Decision, ...]:
    """The decision on what is in no block for want of room: it stays."""
    text, start = rendering.text, rendering.judged
    if start is None or not text[start:].strip():
        return ()
    reason = f"not judged: {MOST_BLOCKS:,} lines stand before it"
    return (Decision(start, len(text), Label.BODY, policy.action(Label.BODY), 0.0, (reason,)),)


def with_what_is_unjudged(cleaned: CleanedDocument, rendering: Rendering) -> CleanedDocument:
    """Says of a document that not all of it was judged; then somebody should look at it."""
    if rendering.judged is None:
        return cleaned
    left = len(rendering.text) - rendering.judged
    why = f"of {len(rendering.text):,} characters {left:,} were not judged: more than {MOST_BLOCKS:,} lines"
    return replace(cleaned, status=Status.SUSPECT, metadata={**cleaned.metadata, "why": why, "unjudged": left})
