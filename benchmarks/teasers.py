"""Marked teasers of other articles ("Read also: <title>") put into articles of our own: how many go whole.

    python benchmarks/teasers.py [--each] [--lang CODE …]

For every language in PROMPTS: the headline of one of our articles behind a prompt, after the first paragraph, in the
middle and at the end of another one; as a line of its own, stuck to the end of a paragraph's line without a space,
and both in a text without line breaks. A teaser went whole when all of it is gone; what else of the article went with
it, and does not go from the article by itself, is counted in characters.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from cleaner import Cleaner  # noqa: E402
from cleaner.document import CleanedDocument  # noqa: E402

TEXTS = ROOT / "fixtures" / "training" / "own" / "docs.jsonl"
FORMS = ("line", "glued line", "flat", "flat glued")
#: What outlets write in front of the title of another article.
PROMPTS: dict[str, tuple[str, ...]] = {
    "ar": ("اقرأ أيضا:", "اقرأ أيضاً:"), "cs": ("Čtěte také:", "Přečtěte si také:"), "da": ("Læs også:",),
    "de": ("Lesen Sie auch:", "Mehr zum Thema:"), "el": ("Διαβάστε επίσης:", "Διαβάστε ακόμα:"),
    "en": ("READ MORE:", "Read also:", "RELATED:"), "es": ("Lea también:", "Te puede interesar:"),
    "fi": ("Lue myös:",), "fr": ("Lire aussi :", "À lire aussi :"), "he": ("קראו גם:",),
    "hi": ("यह भी पढ़ें:", "ये भी पढ़ें:"),
    "hu": ("Olvassa el ezt is:",), "id": ("Baca juga:", "Simak juga:"), "it": ("Leggi anche:", "LEGGI ANCHE:"),
    "ja": ("関連記事：", "あわせて読みたい："),
    "ko": ("관련기사:", "▶관련기사:"), "nl": ("Lees ook:", "Zie ook:"), "no": ("Les også:",),
    "pl": ("Czytaj także:", "Przeczytaj też:"), "pt": ("Leia também:", "Veja também:"),
    "ro": ("Citește și:",),
    "ru": ("Читайте также:", "Смотрите также:"), "sv": ("Läs också:", "Läs även:"),
    "th": ("อ่านเพิ่มเติม:",),
    "tr": ("İlgili haber:", "Ayrıca okuyun:"), "uk": ("Читайте також:",), "vi": ("Xem thêm:", "Đọc thêm:"),
    "zh": ("相关阅读：", "延伸阅读："),
}  # fmt: skip
#: Scripts that say more in a character.
COMPACT = frozenset({"ja", "zh", "ko", "th"})


def main() -> None:
    """Prints how many teasers go whole, by place and language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", action="store_true", help="every teaser that did not go whole")
    parser.add_argument("--lang", nargs="*", help="only these languages")
    args = parser.parse_args()
    cleaner = Cleaner()
    whole: Counter[tuple[str, str]] = Counter()
    asked: Counter[tuple[str, str]] = Counter()
    lost: Counter[str] = Counter()
    for lang, form, paragraphs, place, teaser in settings(args.lang):
        text, start, end = laid(paragraphs, place, teaser, form)
        plain = joined(paragraphs, form)
        cleaned = cleaner.clean(text, lang=lang)
        left = stays(cleaned, start, end)
        gone = removed(cleaned) - (size(teaser) - left) - removed(cleaner.clean(plain, lang=lang))
        asked[form, lang] += 1
        whole[form, lang] += left == 0
        lost[form] += max(0, gone)
        if args.each and (left or gone > 2):
            print(f"{lang} {form} {place}: {left} of {size(teaser)} left, {gone} more gone: {teaser}")
    for form in FORMS:
        here = {lang: f"{whole[form, lang]}/{asked[form, lang]}" for name, lang in asked if name == form}
        print(
            f"{form}: {sum(whole[form, lang] for lang in here)} of {sum(asked[form, lang] for lang in here)} whole, "
            f"{lost[form]} other characters gone; {' '.join(f'{lang} {part}' for lang, part in here.items())}"
        )
    print(f"all: {whole.total()} of {asked.total()} whole, {lost.total()} other characters gone")


def settings(only: list[str] | None) -> Iterator[tuple[str, str, list[str], int, str]]:
    """Language, form, the article's lines, before which of them, and the teaser."""
    texts: dict[str, list[list[tuple[str, str]]]] = {}
    for line in TEXTS.read_text("utf-8").splitlines():
        row = json.loads(line)
        texts.setdefault(row["lang"], []).append(row["lines"])
    for lang, prompts in PROMPTS.items():
        if only and lang not in only:
            continue
        articles = [
            [text for label, text in lines if label in ("headline", "body")]
            for lines in texts[lang]
            if sum(label == "body" and len(text) >= (30 if lang in COMPACT else 80) for label, text in lines) >= 3
        ]
        titles = [text for lines in texts[lang] for label, text in lines if label == "headline"]
        for number, form in enumerate(FORMS):
            for turn in range(3):
                lines = articles[(number + turn) % len(articles)]
                title = next(title for title in titles[::-1][turn + number :] if title not in lines)
                place = (2, len(lines) // 2 + 1, len(lines))[turn]
                yield lang, form, lines, place, f"{prompts[turn % len(prompts)]} {title}"


def joined(paragraphs: list[str], form: str) -> str:
    """Paragraphs as a text of a form."""
    return " ".join(paragraphs) if form.startswith("flat") else "\n".join(paragraphs)


def laid(paragraphs: list[str], place: int, teaser: str, form: str) -> tuple[str, int, int]:
    """The article with the teaser in it, and where the teaser begins and ends."""
    gap = joined(["", ""], form)
    before = joined(paragraphs[:place], form) + ("" if "glued" in form else gap)
    after = joined(paragraphs[place:], form)
    text = before + teaser + (gap + after if after else "")
    return text, len(before), len(before) + len(teaser)


def stays(cleaned: CleanedDocument, start: int, end: int) -> int:
    """Visible characters of a stretch that are kept."""
    text = cleaned.source_text
    gone = sum(
        size(text[max(start, span.start) : min(end, span.end)])
        for span in cleaned.spans
        if span.start < end and start < span.end
    )
    return size(text[start:end]) - gone


def removed(cleaned: CleanedDocument) -> int:
    """How many characters went, white space apart."""
    return sum(size(cleaned.source_text[span.start : span.end]) for span in cleaned.spans)


def size(text: str) -> int:
    """How many characters a text has, white space apart."""
    return sum(not char.isspace() for char in text)


if __name__ == "__main__":
    main()
