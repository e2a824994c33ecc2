"""How many documents in old charsets are decoded to the character, and at what cost.

    python benchmarks/decoding.py GOLD.jsonl[.gz] [--per-language 60] [--detector cleancopy]

Rows: {text, lang}. Every text is encoded in the charsets of its language and decoded again without a declaration:
as a text; as a page behind 80 KB of scripts, with and without `lang`; one line of it alone, as a text and as a page
with `lang`. --detector: another one alone, for comparison.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from chardetng_py import EncodingDetector
from resiliparse.parse.encoding import detect_encoding

from cleaner.decoding.charset_guess import NO_HINTS, page_hints
from cleaner.decoding.charset_labels import python_codec
from cleaner.decoding.decode import UndecodableError, decode
from cleaner.training.corpus import read_rows

CENTRAL = ("iso8859-2", "cp1250")
CHARSETS = {
    "pl": CENTRAL, "cs": CENTRAL, "hu": CENTRAL, "ro": CENTRAL, "ru": ("cp1251", "koi8-r"), "uk": ("cp1251", "koi8-u"),
    "be": ("cp1251",), "bg": ("cp1251",), "el": ("cp1253", "iso8859-7"), "tr": ("cp1254",), "ar": ("cp1256",),
    "fa": ("cp1256",), "ur": ("cp1256",), "he": ("cp1255",), "lt": ("cp1257",), "lv": ("cp1257",),
    "ja": ("cp932", "euc_jp"), "ko": ("cp949",), "zh": ("gb18030", "big5hkscs"), "th": ("cp874",),
    **dict.fromkeys("en de es fr pt it ca da sv nl no fi id sq".split(), ("cp1252",)),
}  # fmt: skip
SCRIPT = "<script>" + "if (window.top) { document.body.className += ' top'; }\n" * 1500 + "</script>"
#: A text of which more than this share cannot be written in the charset would never have been in it.
FOREIGN = 0.02

Detector = Callable[[bytes, bool], str]


def main() -> None:
    """Prints the share decoded rightly, and the time, by charset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--per-language", type=int, default=60)
    parser.add_argument("--detector", choices=sorted(DETECTORS), default="cleancopy")
    args = parser.parse_args()
    total, right, wrong, seconds = Counter[str](), Counter[str](), Counter[tuple[str, str, str]](), 0.0
    for lang, charset, form, payload in cases(args.gold, args.per_language):
        begin = time.process_time()
        try:
            text = DETECTORS[args.detector](payload, form.startswith("page"))
        except UndecodableError:
            text = ""
        seconds += time.process_time() - begin
        total[form] += 1
        if text == payload.decode(charset):
            right[form] += 1
        else:
            wrong[form, lang, charset] += 1
    for form in total:
        print(f"| {form} | {total[form]} | {right[form] / total[form]:.4f} |")
    print(f"{total.total() / seconds:.0f} documents a second; wrong:")
    for (form, lang, charset), count in sorted(wrong.items()):
        print(f"  {form}: {lang} in {charset}: {count}")


def cases(gold: Path, per_language: int) -> Iterator[tuple[str, str, str, bytes]]:
    """Language, charset, form, payload."""
    seen: Counter[str] = Counter()
    for row in read_rows(gold):
        lang = row["lang"]
        if row["text"].isascii() or lang not in CHARSETS or seen[lang] >= per_language:
            continue
        seen[lang] += 1
        for charset in CHARSETS[lang]:
            payload = row["text"].encode(charset, "ignore")
            text = payload.decode(charset)
            if payload.isascii() or len(row["text"]) - len(text) > FOREIGN * len(row["text"]):
                continue
            yield lang, charset, "text", payload
            yield lang, charset, "page", page(text, SCRIPT).encode(charset)
            yield lang, charset, "page with lang", page(text, SCRIPT, lang).encode(charset)
            lines = [line for line in text.split("\n") if 20 <= len(line) <= 200 and not line.isascii()]
            if lines:
                line = lines[len(lines) // 2]
                yield lang, charset, "line", line.encode(charset)
                yield lang, charset, "page of a line with lang", page(line, "", lang).encode(charset)


def page(text: str, head: str, lang: str = "") -> str:
    """A page around a text: `head` may declare its charset."""
    body = "".join(f"<p>{escape(line)}</p>\n" for line in text.split("\n") if line)
    return f"<!DOCTYPE html><html{f' lang={lang}' if lang else ''}><head>{head}</head><body>\n{body}</body></html>"


def _named(payload: bytes, label: str | None) -> str:
    return payload.decode(python_codec(label or "") or "cp1252", "replace")


def _with_chardetng(payload: bytes, is_page: bool) -> str:
    detector = EncodingDetector()
    detector.feed(payload, last=True)
    return _named(payload, detector.guess(tld=None, allow_utf8=False))


def _with_charset_normalizer(payload: bytes, is_page: bool) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(payload[: 1 << 16]).best()
    return payload.decode(best.encoding, "replace") if best else ""


DETECTORS: dict[str, Detector] = {
    "cleancopy": lambda payload, is_page: decode(payload, page_hints(payload) if is_page else NO_HINTS).text,
    "chardetng": _with_chardetng,
    "resiliparse": lambda payload, is_page: _named(payload, detect_encoding(payload, html5_compatible=False)),
    "charset-normalizer": _with_charset_normalizer,
}


if __name__ == "__main__":
    main()
