"""Which language a short text is in, by its most frequent words: the lists of jusText, for languages that we name.

An n-gram identifier wants a few hundred characters; of a sentence the little words tell more. In doubt it says nothing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

#: Language → its list in jusText. Neighbours without a cue table are there so as not to be taken for one that has one.
LISTS = {
    "af": "Afrikaans", "ar": "Arabic", "bg": "Bulgarian", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "gl": "Galician", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "is": "Icelandic", "it": "Italian",
    "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "no": "Norwegian_Bokmal", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian",
    "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian",
    "vi": "Vietnamese",
}  # fmt: skip
#: The first language must have so many times the weight of the second, and so many words in its list: on 73 sentences
#: of 12 languages (tests/cleaner/test_language.py has others) a smaller lead named more languages wrongly than rightly.
LEAD, LEAST_WORDS = 1.1, 2
#: Scripts that are of one language alone, but for what is written in them without a cue table of ours: most letters of
#: the text are of it, and one of them tells the language from others in that script.
_SCRIPTS = tuple(
    (language, re.compile(f"[{letters}]"), re.compile(f"[{telling or letters}]"))
    for language, letters, telling in (
        ("ja", "\u3041-\u30ff\u4e00-\u9fff", "\u3041-\u30ff"), ("ko", "\uac00-\ud7a3", ""), ("zh", "\u4e00-\u9fff", ""),
        ("th", "\u0e01-\u0e5b", ""), ("el", "\u0370-\u03ff", ""), ("he", "\u05d0-\u05ea", ""),
        ("bn", "\u0980-\u09ff", ""), ("ta", "\u0b80-\u0bff", ""),
        ("ur", "\u0600-\u06ff", "\u0679\u0688\u0691\u06ba\u06d2"),
    )
)  # fmt: skip
_LETTERS = re.compile(r"[^\W\d_]+")
#: Letters with the vowel signs of Devanagari, which `\w` leaves out: most Hindi words would fall to pieces.
_WORD = re.compile("(?:[^\\W\\d_][\u0900-\u0903\u093a-\u094f\u0955-\u0957\u0962\u0963]*)+")


def likely_languages(text: str) -> list[str]:
    """The languages whose words a text has most, the likeliest first; those that nothing sets apart stand together.

    >>> likely_languages("La escuela sigue cerrada hasta nuevo aviso.")
    ['es']
    """
    letters = "".join(_LETTERS.findall(text))
    for language, script, telling in _SCRIPTS:
        if 2 * len(script.findall(letters)) > len(letters) and telling.search(letters):
            return [language]
    weights, words = _weighed(text)
    if not weights:
        return []
    first = max(weights.values())
    near = sorted((name for name in weights if LEAD * weights[name] > first), key=lambda name: (-weights[name], name))
    return [name for name in near if words[name] >= LEAST_WORDS]


def is_function_word(word: str) -> bool:
    """Is a word in lower case one of the most frequent words of some language? No title ends with one.

    >>> is_function_word("from"), is_function_word("quits")
    (True, False)
    """
    return bool(_languages_of(word))


def _weighed(text: str) -> tuple[Counter[str], Counter[str]]:
    """How much the words of a text speak for each language, and how many of them do."""
    weights: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for word in _WORD.findall(text.lower()):
        for language, weight in _languages_of(word):
            weights[language] += weight  # type: ignore[assignment]
            words[language] += 1
    return weights, words


@lru_cache(maxsize=1 << 16)
def _languages_of(word: str) -> tuple[tuple[str, float], ...]:
    """The languages that have a word, with its weight: a word of few languages, of a short list, says most."""
    lists = _lists()
    having = [language for language, words in lists.items() if word in words]
    return tuple(
        (language, math.log(1 + len(lists) / len(having)) / math.log(len(lists[language]))) for language in having
    )


@cache
def _lists() -> Mapping[str, frozenset[str]]:
    """Language → its words. They are not turned round, word → languages: that takes longer than to read them."""
    spec = find_spec("justext")  # the lists alone: its code brings parsers along
    folder = Path(spec.origin or "").parent / "stoplists" if spec else Path()
    return {
        language: frozenset((folder / f"{name}.txt").read_text(encoding="utf-8").lower().split())
        for language, name in LISTS.items()
    }
