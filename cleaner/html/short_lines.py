"""Short lines that only their neighbours explain: a ticker's clock times and entries, verses whose sentence goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from cleaner.document import Decision
from cleaner.labels import Action
from cleaner.segmentation.stops import ends_sentence

#: A line that is a clock time, as above a ticker's entry.
_CLOCK = re.compile(
    r"\W*(?:[01]?\d|2[0-4])(?:[:.]|\s?h\s?)[0-5]\d(?:[:.][0-5]\d)?\s?(?:uhr|h|hrs?|[ap]\.?m\.?|[A-Z]{3,4})?\W*",
    re.IGNORECASE,
)
#: So many clock times make a ticker, when what stands below this share of them stays.
TIMES, TOLD = 3, 0.5
#: A verse has at most so many characters; of the lines up to three above and below it so many are kept verses.
VERSE, REACH, VERSES = 60, 3, 4


def ticker(text: str, decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
    """The clock times of a ticker that go, and entries right below one that only the model would take out.

    decisions: on the lines of the text near the article.
    """
    times = [place for place, decision in enumerate(decisions) if _CLOCK.fullmatch(text, decision.start, decision.end)]
    below = [decisions[place + 1] for place in times if place + 1 < len(decisions)]
    kept = sum(decision.action is Action.KEEP for decision in below)
    if len(times) < TIMES or kept < TOLD * len(times):
        return [], []
    entries = [decision for decision in below if _goes(decision) and _is_sentence(text, decision)]
    return [decisions[place] for place in times if _goes(decisions[place])], [*filter(_by_model, entries)]


def broken_verses(text: str, decisions: Sequence[Decision]) -> Iterator[Decision]:
    """Verses that go although their sentence goes on in the next, which stays, among others that stay."""
    for place, (decision, following) in enumerate(pairwise(decisions)):
        if not _goes(decision) or not _is_verse(decision) or not _is_kept_verse(following):
            continue
        around = (*decisions[max(0, place - REACH) : place], *decisions[place + 1 : place + 1 + REACH])
        if not place or not _is_kept_verse(decisions[place - 1]):
            continue
        goes_on = text[decision.end - 1].isalpha() and text[following.start].islower()
        if goes_on and sum(_is_kept_verse(line) for line in around) >= VERSES:
            yield decision


def _goes(decision: Decision) -> bool:
    return decision.action is not Action.KEEP


def _by_model(decision: Decision) -> bool:
    return all(reason.endswith("(model)") for reason in decision.reasons)


def _is_sentence(text: str, decision: Decision) -> bool:
    return ends_sentence(text[decision.start : decision.end])


def _is_verse(decision: Decision) -> bool:
    return 0 < decision.end - decision.start <= VERSE


def _is_kept_verse(decision: Decision) -> bool:
    return not _goes(decision) and _is_verse(decision)
