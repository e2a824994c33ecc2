"""How a document ended: clean, empty or suspect. When much of it goes, that is reported, not undone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cleaner.decision.corrected import is_corrected
from cleaner.document import Decision, Status
from cleaner.labels import Action, Label
from cleaner.segmentation.stops import ends_sentence

#: More than this share of a document's characters removed: look at it.
SUSPECT_SHARE = 0.6
#: The same for prose: blocks of such a length that end a sentence, where at least so many characters of them go.
PROSE_LENGTH, PROSE_SHARE, PROSE_GONE = 120, 0.35, 1500

#: Labels of short lines. A block of so many characters that goes as one of these went for a weak reason: no block of
#: the documents held out from the model that went so had more than a thousand.
SHORT_BY_NATURE, TOO_LONG = frozenset({Label.CAPTION, Label.BYLINE, Label.SOCIAL}), 1500


def status_of(decisions: Sequence[Decision], text: str = "") -> tuple[Status, str]:
    """How the document ended, and why; `text` is what the decisions' offsets refer to, for the share of its prose.

    What a person removed makes nothing suspect: somebody has looked at it.
    """
    keep = Action.KEEP
    stays = [decision for decision in decisions if decision.action is keep]
    kept = sum([decision.end - decision.start for decision in stays])
    if not kept or not _shows(stays, text):
        return Status.EMPTY, "nothing but boilerplate" if len(stays) < len(decisions) else "no text"
    went = [decision for decision in decisions if decision.action is not keep and not is_corrected(decision)]
    gone = sum([decision.end - decision.start for decision in went])
    if gone > SUSPECT_SHARE * (kept + gone):
        return Status.SUSPECT, f"{gone / (kept + gone):.0%} of the text was removed"
    for decision in went:
        size = decision.end - decision.start
        if decision.label in SHORT_BY_NATURE and size >= TOO_LONG:
            return Status.SUSPECT, f"{size:,} characters in one piece were removed as {decision.label}"
    if gone < PROSE_GONE:
        return Status.CLEAN, ""
    lost = _prose(went, text)
    total = lost + _prose(stays, text)
    if lost >= PROSE_GONE and lost > PROSE_SHARE * total:
        return Status.SUSPECT, f"{lost:,} characters that look like prose were removed, {lost / total:.0%} of all"
    return Status.CLEAN, ""


#: What shows nothing on a page or a screen: white space, control characters, marks of direction and of joining.
_INVISIBLE = r"\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff"
_VISIBLE = re.compile(f"[^{_INVISIBLE}]")


def _shows(stays: Sequence[Decision], text: str) -> bool:
    """Whether anything that is kept can be seen; without the text what is kept is taken to be seen."""
    return not text or any(_VISIBLE.search(text, decision.start, decision.end) for decision in stays)


def _prose(decisions: Sequence[Decision], text: str) -> int:
    """The characters of such decisions that are prose."""
    return sum(
        decision.end - decision.start
        for decision in decisions
        if decision.end - decision.start >= PROSE_LENGTH and _is_prose(text[decision.start : decision.end].rstrip())
    )


def _is_prose(text: str) -> bool:
    return len(text) >= PROSE_LENGTH and ends_sentence(text)
