"""Which charset bytes are in when no label tells it, and what is said of them besides themselves.

The guess is chardetng's, the detector of Firefox; within a family of charsets that differ in a few letters the
spelling of the page's likely languages decides. Decodes nothing for good: that is `decode`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from chardetng_py import EncodingDetector
from resiliparse.parse.lang import detect_fast

from cleaner.decoding.charset_labels import HEAD_BYTES, declared_in_html, python_codec

#: The detector reads this much of what stands around bytes beyond ASCII: so much before and behind each.
SAMPLE_BYTES, AROUND = 1 << 20, 60
#: Spelling is looked at in the first of it.
SPELLING_BYTES = 1 << 15
#: A reading spells a language when no larger share of its letters beyond ASCII are others than the language's.
FOREIGN_SHARE = 0.05
#: So many letters of text tell its language; fewer are left to what the page says of itself.
TELLING_LETTERS = 50
#: A declared charset gives no words when more than this share of the words with letters beyond ASCII, of those with
#: WORD_LETTERS letters or more, are of no script's making; at least ODD_WORDS of them.
ODD_SHARE, ODD_WORDS, WORD_LETTERS = 0.6, 5, 4
_LANG = re.compile(rb"<html\b[^>]{0,500}?\s(?:xml:)?lang\s*=\s*[\"']?\s*([A-Za-z]{2,3})\b", re.IGNORECASE)
_ADDRESS = re.compile(
    rb"<link\b(?=[^>]{0,300}\brel\s*=\s*[\"']?canonical)[^>]{0,300}?\bhref\s*=\s*[\"']?(https?://[^\s\"'>]{4,300})",
    re.IGNORECASE,
)
#: Bytes beyond ASCII with less than 2 × AROUND others between: windows around two of these never share a character.
_NOT_ASCII = re.compile(rb"[\x80-\xff](?:[\x00-\x7f]{0,120}+[\x80-\xff])*+")
_TAG = re.compile(rb"<[^>]{0,300}>?")
_NO_WORD = re.compile(rb"[^A-Za-z'\x80-\xff-]+")

_LATIN = ("cp1252", "cp1250", "iso8859-2", "cp1254", "cp1257", "iso8859-13", "iso8859-4", "iso8859-10", "iso8859-15",
          "iso8859-16", "iso8859-3", "cp1258", "iso8859-14")  # fmt: skip
_GREEK = ("cp1253", "iso8859-7")
_CYRILLIC = ("cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "mac-cyrillic")
_CENTRAL, _WESTERN, _TURKISH, _BALTIC = ("cp1250", "iso8859-2"), ("cp1252",), ("cp1254",), ("cp1257", "iso8859-4")

#: Languages whose charsets differ from their neighbours' in a few letters: the letters beyond ASCII, and the charsets.
_SPELLING: dict[str, tuple[str, tuple[str, ...]]] = {
    "bs": ("čćđšž", _CENTRAL), "cs": ("áčďéěíňóřšťúůýž", _CENTRAL), "hr": ("čćđšž", _CENTRAL),
    "hu": ("áéíóöőúüű", _CENTRAL), "pl": ("ąćęłńóśźż", _CENTRAL), "ro": ("ăâîșțşţ", _CENTRAL),
    "sk": ("áäčďéíĺľňóôŕšťúýž", _CENTRAL), "sl": ("čšž", _CENTRAL), "sr": ("čćđšž", _CENTRAL),
    "tr": ("çğıİöşüâîû", _TURKISH), "lt": ("ąčęėįšųūž", _BALTIC), "lv": ("āčēģīķļņšūž", _BALTIC),
    "en": ("áàâäåæçèéêëíïîñóôöøœšúûüž", _WESTERN), "et": ("äõöüšž", (*_WESTERN, *_BALTIC)),
    "ca": ("àçèéíïòóúü·", _WESTERN), "da": ("åæøé", _WESTERN),
    "de": ("äöüß", _WESTERN), "es": ("áéíñóúüªº", _WESTERN), "fi": ("äöå", _WESTERN),
    "fr": ("àâæçèéêëîïôùûüœ", _WESTERN), "gl": ("áéíñóúü", _WESTERN), "is": ("áæéðíóöúýþ", _WESTERN),
    "it": ("àèéìíîòóùúªº", _WESTERN), "nb": ("åæøéòô", _WESTERN), "nl": ("áèéëïóöü", _WESTERN),
    "no": ("åæøéòô", _WESTERN), "pt": ("àáâãçéêíóôõúüªº", _WESTERN), "sq": ("çë", _WESTERN), "sv": ("åäöé", _WESTERN),
    "el": ("άέήίόύώαβγδεζηθικλμνξοπρσςτυφχψωϊϋΐΰ", _GREEK),
}  # fmt: skip
#: Languages by the end of a host's name, where that is not the language's own code.
_LANGUAGES = {
    "al": "sq", "ar": "es", "at": "de", "ba": "bs hr sr", "be": "nl fr de", "br": "pt", "cat": "ca", "ch": "de fr it",
    "cl": "es", "co": "es", "cy": "el tr", "cz": "cs", "dk": "da", "ee": "et", "gr": "el", "li": "de", "lu": "fr de",
    "md": "ro", "me": "sr", "mx": "es", "pe": "es", "rs": "sr", "se": "sv", "si": "sl", "ve": "es",
    "is": "is", "sr": "", "ca": "", "sl": "", "sv": "", "et": "", "da": "", "gl": "", "nb": "",
}  # fmt: skip

_LETTER = re.compile(r"[^\W\d_A-Za-z\u00b2\u00b3\u00b9\u00bc-\u00be]")
#: Text without accents: the detector takes a few signs of windows-1252 for Š, Ť, Thai or box drawings.
_ONLY_SIGNS = re.compile(
    rb"(?:[\x00-\x7f]|["
    + re.escape("©®™«»‹›„“”‘’‚–—…·•§°€×\xa0\xad".encode("cp1252"))
    + rb"]|\xa3(?=[ \xa0]?\d))*+",  # and £ before a number, which elsewhere is Ł
)
#: Signs that no word holds, control characters of the range that windows charsets use for letters, undecodable bytes.
_ODD_SIGN = re.compile(
    r"[\x80-\x9f\ufffd¤]|(?<=[α-ω])Ά|(?<=[^\W\d_])[^\w\s'’‘`´/.,:;!?()–—“”„\"…«»·&#*-](?=[^\W\d_])|[²³¹¼½¾](?=[^\W\d_])"
)
_WORD = re.compile(rf"[^\W\d_]{{{WORD_LETTERS},}}")


@dataclass(frozen=True, slots=True)
class Hints:
    """What is said of some bytes besides themselves."""

    header: str | None = None  # charset in an HTTP or MIME header, as it is written there
    meta: str | None = None  # charset that a page declares itself
    languages: tuple[str, ...] = ()  # ISO 639-1, likeliest first: of the page, then of its host


NO_HINTS = Hints()


def page_hints(payload: bytes, *, header: str | None = None, url: str | None = None) -> Hints:
    """The hints of an HTML page: its declared charset, its language, that of the country its host is named for.

    Without `url` the page's canonical address is taken.
    """
    head = payload[:HEAD_BYTES]
    lang = _LANG.search(head)
    address = None if url else _ADDRESS.search(head)
    host = url or (address.group(1).decode("ascii", "ignore") if address else "")
    languages = [lang.group(1).decode("ascii").lower()] if lang else []
    return Hints(header, declared_in_html(payload), tuple(dict.fromkeys((*languages, *languages_of(host)))))


def languages_of(url: str) -> tuple[str, ...]:
    """The languages of the country that a URL's host is named for.

    >>> languages_of("https://hirek.example.hu/a"), languages_of("https://example.com")
    (('hu',), ())
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ()
    end = host.rpartition(".")[2]
    return tuple(_LANGUAGES.get(end, end if end in _SPELLING else "").split())


def guess(payload: bytes, languages: Iterable[str] = ()) -> str:
    """The likeliest charset of bytes that are no UTF-8, as a Python codec.

    Measured by benchmarks/decoding.py: see docs/html.md.
    """
    sample = _neighbourhoods(payload)
    if _ONLY_SIGNS.fullmatch(sample):
        return "cp1252"
    detector = EncodingDetector()
    detector.feed(sample, last=len(sample) < SAMPLE_BYTES)
    guessed = python_codec(detector.guess(tld=None, allow_utf8=False)) or "cp1252"
    family = next((script for script in (_LATIN, _GREEK) if guessed in script), ())
    return _by_spelling(sample[:SPELLING_BYTES], guessed, family, list(languages)) if family else guessed


def _by_spelling(sample: bytes, guessed: str, family: tuple[str, ...], languages: list[str]) -> str:
    """The charset of the family in which the words spell a likely language; the one found when none is better."""
    words = _words(sample)
    read = {guessed: words.decode(guessed, "replace")}
    hinted = (lang for lang in languages if lang != "en")  # which templates say of pages in any language
    languages = [lang for lang in (*hinted, *_told_by_text(sample, guessed)) if lang in _SPELLING]
    best, best_score = guessed, max((_spelled(read[guessed], lang) for lang in languages), default=0)
    for lang in dict.fromkeys(languages):
        for charset in _SPELLING[lang][1]:
            if charset in family and charset not in read:
                read[charset] = words.decode(charset, "replace")
            if charset in family and (score := _spelled(read[charset], lang)) > best_score:
                best, best_score = charset, score
    return best


def _neighbourhoods(payload: bytes) -> bytes:
    """What stands around bytes beyond ASCII; scripts and markup without any are passed over quickly."""
    parts: list[bytes] = []
    left = SAMPLE_BYTES
    for place in _NOT_ASCII.finditer(payload):
        parts.append(payload[max(0, place.start() - AROUND) : place.end() + AROUND][:left])
        left -= len(parts[-1])
        if left <= 0:
            break
    return b"\n".join(parts)[:SAMPLE_BYTES]


def _words(sample: bytes) -> bytes:
    return b" ".join(word for word in _NO_WORD.split(sample) if not word.isascii())


def _told_by_text(sample: bytes, charset: str) -> list[str]:
    """The language of the text, where there is enough: wrong accents hardly mislead the identifier."""
    text = _TAG.sub(b" ", sample).decode(charset, "replace")
    return [detect_fast(text)[0]] if sum(map(str.isalpha, text)) >= TELLING_LETTERS else []


def _spelled(text: str, lang: str) -> int:
    """How many letters beyond ASCII are the language's own; 0 when too many others are among them."""
    own = _SPELLING[lang][0]
    letters = _LETTER.findall(text)
    good = sum(letter in own or letter.lower() in own for letter in letters)
    odd = len(letters) - good + len(_ODD_SIGN.findall(text))
    return good - odd if odd <= FOREIGN_SHARE * (good + odd) else 0


def gives_no_words(payload: bytes, charset: str) -> bool:
    """Whether the words of bytes read so are no words of any script: `Ïðèâåò`, or letters of two alphabets in one.

    Only of charsets of one byte a letter; the words of Japanese and Chinese are none that could be told.
    """
    latin = charset in _LATIN
    if not latin and charset not in (*_GREEK, *_CYRILLIC):
        return False
    text = _words(_neighbourhoods(payload)[:SPELLING_BYTES]).decode(charset, "replace")
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    odd = sum(map(_mostly_beyond_ascii if latin else _mixed, words))
    return odd >= ODD_WORDS and odd > ODD_SHARE * len(words)


def _mostly_beyond_ascii(word: str) -> bool:
    return sum(not letter.isascii() for letter in word) > 0.6 * len(word)


def _mixed(word: str) -> bool:
    plain = sum(letter.isascii() for letter in word)
    return 0 < plain < len(word)
