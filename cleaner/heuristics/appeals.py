"""Rules that find appeals written as prose, by who speaks to whom: letters, paragraphs, banners that ask for money.

Cues alone cannot: a letter reads like an article. What gives it away is the voices in it (`languages.Voice`):
salutation, "we", the reader addressed, asking, amounts, thanks, and nobody who is quoted.
"""

from __future__ import annotations

from cleaner.document import Evidence
from cleaner.heuristics.block_stats import CRUMB_LENGTH
from cleaner.heuristics.context import SHORT, Context, Findings
from cleaner.heuristics.cues import Voice
from cleaner.labels import Label

#: A banner has at most so many words.
BANNER_WORDS, BANNER_WEIGHT = 8, 6.0
#: A letter that asks for money: this many different voices in it, the asking or the money among them.
LETTER_VOICES, LETTER_BLOCKS = 3, 24
ASKING = {Voice.ASK, Voice.MONEY, Voice.OUTLET, Voice.THANKS}
#: So many of its longer blocks, and this share of them, ask, name amounts, praise the outlet's work or thank.
LETTER_ASKING, LETTER_ASKING_SHARE = 2, 0.5
LETTER_WEIGHT = 12.0
#: What an outlet asks for is its own, or money: in the block that asks, or in one right beside it. A column says
#: "Support your neighbour." and thanks its readers.
OWN = {Voice.WE, Voice.OUTLET, Voice.MONEY}
#: Who speaks so may belong to a letter next to it.
SPEAKING = frozenset({Voice.WE, Voice.YOU, Voice.OUTLET, Voice.ASK, Voice.SALUTATION, Voice.THANKS})
#: A paragraph that appeals without a letter around it: so many different voices.
APPEAL_VOICES = 4


def letters(context: Context) -> Findings:
    """A letter that asks for money, written as prose: decided as a unit from its salutation to its buttons."""
    stop = 0
    for index in context.heard:
        if index < stop or not _opens_letter(context, index):
            continue
        stop, voices = _letter_end(context, index)
        if _asks(context, index, stop, voices):
            reason = f"in a letter that asks for support ({', '.join(sorted(voices))})"
            for inside in range(index, stop):
                yield inside, Evidence(Label.DONATION, LETTER_WEIGHT, reason)


def appeals(context: Context) -> Findings:
    """An appeal in one paragraph of prose below the story, without salutation: many voices, and nobody is quoted."""
    for index in context.heard:
        hits = context.hits[index]
        if hits is None or context.shape.prose_after[index] > 1 or not context.shape.prose_before[index]:
            continue
        voices = set(hits.voices)
        asking = bool(voices & {Voice.ASK, Voice.MONEY}) and Voice.SAID not in voices
        if asking and len(voices) >= APPEAL_VOICES and not context.measures[index].quoted:
            reason = f"asks for support in prose ({', '.join(sorted(voices))})"
            yield index, Evidence(Label.DONATION, LETTER_WEIGHT, reason)


def speaking(context: Context) -> frozenset[int]:
    """The blocks in which somebody speaks to the reader, or of the outlet, and nobody is quoted."""
    return frozenset(
        index
        for index, hits in enumerate(context.hits)
        if hits is not None and SPEAKING.intersection(hits.voices) and not _reported(context, index)
    )


def asks(context: Context, index: int) -> bool:
    """Is it a short line that asks for something, in nobody's quotation?"""
    hits, measures = context.hits[index], context.measures[index]
    if hits is None or Voice.ASK not in hits.voices or Voice.SAID in hits.voices:
        return False
    return measures.words <= BANNER_WORDS and not measures.quoted


def banner(context: Context) -> Findings:
    """A short line that asks, at the very top or below the prose, with "!" or beside an appeal: "Support the Post!"."""
    asking = [
        index
        for index in context.heard
        if (index == 0 or context.shape.prose_after[index] == 0) and asks(context, index)
    ]
    appeals = [context.boilerplate(index) is Label.DONATION for index in range(len(context.blocks))] if asking else []
    everywhere, others = sum(appeals), len(appeals) - 1
    for index in asking:
        beside = everywhere - appeals[index]
        if others and beside == others:
            yield index, Evidence(Label.DONATION, LETTER_WEIGHT, "heads an appeal, and there is nothing else")
        elif context.blocks[index].text.endswith("!") or beside:
            yield index, Evidence(Label.DONATION, BANNER_WEIGHT, "a short line that asks for support")


def _asks(context: Context, start: int, stop: int, voices: set[Voice]) -> bool:
    """Enough voices, and asking that runs through the letter: an editor's letter to the reader only mentions it."""
    if len(voices) < LETTER_VOICES or not voices & {Voice.ASK, Voice.MONEY} or stop - start < 2:
        return False
    prose = [index for index in range(start, stop) if not context.measures[index].crumb]
    asking = sum(bool((hits := context.hits[index]) and ASKING & set(hits.voices)) for index in prose)
    if asking < max(LETTER_ASKING, len(prose) * LETTER_ASKING_SHARE):
        return False
    voiced = [set(hits.voices) if (hits := context.hits[index]) else set() for index in range(start, stop)]
    return any(
        voices & {Voice.ASK, Voice.MONEY} and any(OWN & beside for beside in voiced[max(0, place - 1) : place + 2])
        for place, voices in enumerate(voiced)
    )


def _opens_letter(context: Context, index: int) -> bool:
    hits = context.hits[index]
    measures = context.measures[index]
    if hits is None or measures.quoted:
        return False
    if Voice.SALUTATION in hits.voices and measures.length <= SHORT:
        return True
    return context.boilerplate(index) is Label.DONATION and not _reported(context, index)


def _reported(context: Context, index: int) -> bool:
    hits = context.hits[index]
    return context.measures[index].quoted or bool(hits and hits.voices.get(Voice.SAID))


def _letter_end(context: Context, start: int) -> tuple[int, set[Voice]]:
    """Where the letter ends, and the voices heard in it; two blocks in a row without any end it."""
    voices: set[Voice] = set()
    stop, silent = start, 0
    for index in range(start, min(len(context.blocks), start + LETTER_BLOCKS)):
        hits = context.hits[index]
        heard = set(hits.voices) - {Voice.SAID} if hits else set()
        speaks = bool(heard & {Voice.WE, Voice.OUTLET, Voice.ASK, Voice.THANKS, Voice.SALUTATION, Voice.MONEY})
        label = context.boilerplate(index)
        if (speaks and not _reported_story(context, index)) or label is Label.DONATION:
            voices |= heard
            stop, silent = index + 1, 0
        elif (
            _short_of_letter(context, index)
            and label in (None, Label.NAVIGATION, Label.SUBSCRIPTION)
            and not context.next_is_prose(index)
        ):
            stop, silent = (index + 1, 0) if silent == 0 else (stop, silent)
        else:
            silent += 1
            if silent >= 2 or label is not None:
                break
    return stop, voices


def _short_of_letter(context: Context, index: int) -> bool:
    """A crumb, or below the last prose also a short sentence: "Remind me next week."."""
    measures = context.measures[index]
    return measures.crumb or (measures.length <= CRUMB_LENGTH and context.shape.prose_after[index] == 0)


def _reported_story(context: Context, index: int) -> bool:
    """Prose in which others speak: reporting, even when it says "we" inside its quotations."""
    hits = context.hits[index]
    return bool(hits and hits.voices.get(Voice.SAID)) and not (hits and {Voice.YOU, Voice.OUTLET} & set(hits.voices))
