"""What kind of document a text is, where it is no plain report: its short lines are the article then.

A poem, a live ticker, questions and answers, a transcript, a recipe, a numbered list, instructions. Told by the shape
of its lines, in any language that has such signs, instructions by their title too; in doubt it is none of these.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from cleaner.phrases import one_of
from cleaner.segmentation.stops import ends_sentence


class DocumentKind(StrEnum):
    """Kinds of document that are cleaned more mildly."""

    TICKER = "ticker"
    TRANSCRIPT = "transcript"
    QUESTIONS = "questions"
    RECIPE = "recipe"
    POEM = "poem"
    LIST = "list"
    HOW_TO = "how-to"


#: At least so many lines of a document must have the kind's sign, and this share of them.
SIGNS, SHARE = 4, 0.15
#: Speakers of a transcript: so many of them speak more than once.
SPEAKERS = 2
#: A poem has at least so many lines of at most this length; this share of them is so short, this share breaks off
#: inside a sentence, and at most this share ends one.
POEM_LINES, VERSE, VERSES, BROKEN, ENDED = 6, 70, 0.75, 0.2, 0.45

#: A time of day, or a minute of a match.
TIME = re.compile(
    r"(?:\[|\()?\d{1,2}[:.h]\d{2}(?:\s?(?:Uhr|[ap]\.?m\.?|GMT|CET|h))?(?:\]|\))?(?=\s|$|[:–—-])"
    r"|\d{1,3}(?:\+\d{1,2})?['’′](?:\+\d{1,2})?(?=\s|$|[:–—-])"
)
SPEAKER = re.compile(r"([^\W\d_][\w .'’-]{0,30}):\s+\S")
AMOUNT = re.compile(r"[-•*]?\s*(?:\d+(?:[.,/]\d+)?|[½¼¾⅓⅔])\s?" + one_of("amounts") + r"\b")
#: A speaker's name and the colon behind it have at most so many characters.
NAME = 32
#: How the title of instructions begins; so many lines, and this share, are sentences of at most this length.
TITLE = re.compile(one_of("how to"), re.IGNORECASE)
STEPS, STEP_SHARE, STEP = 4, 0.3, 80
NUMBERED = re.compile(r"(\d{1,2})[.)]\s+\S")


def kind_of(lines: Sequence[str]) -> DocumentKind | None:
    """The kind of a document by its lines, None for a plain report."""
    needed = max(SIGNS, SHARE * len(lines))
    signed = [line for line in lines if not line[:1].isalpha()]  # times, amounts and numbers begin with no letter
    enough = len(signed) >= needed
    if enough and sum(TIME.match(line) is not None for line in signed) >= needed:
        return DocumentKind.TICKER
    if _is_transcript(lines, needed):
        return DocumentKind.TRANSCRIPT
    if enough and sum(AMOUNT.match(line) is not None for line in signed) >= needed:
        return DocumentKind.RECIPE
    asked = [
        index for index, line in enumerate(lines[:-1]) if line.endswith("?") and not lines[index + 1].endswith("?")
    ]
    if len(asked) >= needed:
        return DocumentKind.QUESTIONS
    if enough and _numbers(signed) >= needed:
        return DocumentKind.LIST
    if _is_how_to(lines):
        return DocumentKind.HOW_TO
    return DocumentKind.POEM if _is_poem(lines) else None


def _is_transcript(lines: Sequence[str], needed: float) -> bool:
    speeches = [match[1] for line in lines if ":" in line[:NAME] and (match := SPEAKER.match(line))]
    if len(speeches) < needed:
        return False
    again = [count for count in Counter(speeches).values() if count > 1]
    return len(again) >= SPEAKERS and sum(again) >= needed


def _numbers(lines: Sequence[str]) -> int:
    """How far lines that begin with 1., 2., 3. … count."""
    count = 0
    for line in lines:
        if (match := NUMBERED.match(line)) and int(match[1]) == count + 1:
            count += 1
    return count


def _is_how_to(lines: Sequence[str]) -> bool:
    """Do short sentences stand below a title that says how something is done: "Open the console. Click Save."?"""
    if not lines or not TITLE.match(lines[0]):
        return False
    steps = sum(len(line) <= STEP and ends_sentence(line) for line in lines[1:])
    return steps >= max(STEPS, STEP_SHARE * len(lines))


def _is_poem(lines: Sequence[str]) -> bool:
    verses = [line for line in lines if len(line) <= VERSE]
    if len(verses) < max(POEM_LINES, VERSES * len(lines)):
        return False
    broken = sum(line.endswith((",", ";", "—", "–")) for line in verses)
    ended = sum(ends_sentence(line, broken_off=True) for line in verses)
    return broken >= BROKEN * len(verses) and ended <= ENDED * len(verses)
