"""The signs that end a sentence, and what may stand behind them: the one definition for all rooms."""

from __future__ import annotations

#: Full stops, exclamation and question marks of the scripts that cue tables and documents are written in.
STOPS = ".!?。！？؟।"
#: Ends a sentence, and as often a line that is broken off: who counts it as an end says so.
ELLIPSIS = "…"
#: Quotation marks and brackets that may close behind a stop; French sets a space before them.
CLOSERS = "\"'”’»)]」』）“ \u00a0\u202f"
_QUOTES = '”"»」』'


def ends_sentence(text: str, *, broken_off: bool = False) -> bool:
    """Does a text end like a sentence, whatever closes it? broken_off: also with an ellipsis.

    >>> ends_sentence("« Rien ne change ! »"), ends_sentence("Go on …"), ends_sentence("Go on …", broken_off=True)
    (True, False, True)
    """
    last = text.rstrip(CLOSERS)[-1:]
    return last != "" and (last in STOPS or (broken_off and last == ELLIPSIS))


def may_end_sentence(text: str) -> bool:
    """Is its last sign a stop, an ellipsis, or a quotation mark that may close a sentence?"""
    return text[-1:] != "" and text[-1] in STOPS + ELLIPSIS + _QUOTES
