"""Mojibake, damaged currency signs, C1 controls, soft hyphens: each repair a logged, reversible edit.

One linear scan finds suspicious places; only the line around one, or a window of a long line, is
given to ftfy's encoding fix. Words glued together are no repair: the labeller cuts them. Never
refuses a text, lone surrogates included.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate

from cleaner import accelerator
from cleaner.document import Repair
from cleaner.phrases import phrases

MOJIBAKE = "mojibake"
CURRENCY = "currency"
CONTROL = "control"
HYPHEN = "hyphen"

#: Where a word may be broken, and a space of no width inside a word of Latin letters: words that no search finds.
_BREAK_HINTS = re.compile(
    "(?<=[^\\W\\d_])(?:\u00ad+|(?<=[a-z\u00df-\u024f])\u200b(?=[a-z\u00df-\u024f]))(?=[^\\W\\d_])"
)

#: ftfy sees at most this much at once, so that its time stays linear: 99.6 % of article lines are shorter.
WINDOW = 1200

#: What a UTF-8 continuation byte becomes in the one-byte charsets of the web.
_CONTINUATION = (
    "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"  # windows-1252
    "ˇ˘ŁĄŞŻ˛łąşĽ˝ľżŚŤŹśťź"  # windows-1250
    "ЂЃѓЉЊЌЋЏђљњќћџЎўЈҐЁЄЇІіґё№єјЅѕї"  # windows-1251
    "΄΅ΆΈΉΊΌΎΏ―"  # windows-1253
)
#: What a UTF-8 lead byte becomes: two-byte sequences, then three- and four-byte ones.
_LEAD_2 = "Â-ßĂĹĽĆÄĚĐŃŇŐŘŮŰŢĀĪĒČÉŹĖĢĶĪĻŠŅŌŲŁŚŪŻŽĞİŞВ-ЯΒ-Ω"
_LEAD_3 = "à-ïðăĺćčęěďđāīēéźėģķļğв-пβ-ο"

#: One linear scan: what it does not see is not repaired, what it sees ftfy judges. It begins with one class of rare
#: characters, those that come second in a damaged sequence: six times faster on clean text than the lead bytes first.
_SUSPECT = re.compile(
    f"[{_CONTINUATION}ÂÃÄ√≈├┬Γ]"
    "(?:"
    "(?<=[\x80-\x9f])"
    f"|(?<=[{_LEAD_2}][{_CONTINUATION}])"
    f"|(?<=[{_LEAD_3}][{_CONTINUATION}])[{_CONTINUATION} ]"
    "|(?<=[ÂÃ])(?=[ \xa0])"
    "|(?<=[√≈├┬Γ])(?=[^\x00-\x7f])"  # Mac Roman, code page 437
    "|(?<=‚Ä)"
    ")"
)
#: Each match holds a character of the third class, or one of the second behind one of the first.
_SUSPECT_PAIR = (f"[{_LEAD_2}{_LEAD_3}‚]", f"[{_CONTINUATION}Ä]", "[\x80-\x9fÂÃ√≈├┬Γ]")
_LINE_BREAKS = re.compile("[\n\r\v\f\u2028\u2029]")
_CUT = re.compile("[\x00-\x7f](?=[\x00-\x7f])")
#: ASCII that no encoding fix touches: with it the text before and after can be laid side by side.
_ANCHORS = re.compile("[\x21-\x3e\x40-\x7e]+")

_CURRENCY_SIGN = re.compile(r"¤(?=[ \u00a0\u202f]?\d)|(?<=\d)¤|(?<=\d[ \u00a0\u202f])¤")
#: A text that speaks of euros, or of those who pay in them. U+00A4 is the euro sign's place in ISO-8859-15.
_EURO = re.compile("|".join(phrases("euro")))

_C1 = {
    code: char
    for code in range(0x80, 0xA0)
    if (char := bytes([code]).decode("cp1252", errors="ignore"))  # five places are empty there
}


def repair(text: str) -> tuple[str, tuple[Repair, ...]]:
    """The repaired text and the edits that lead to it, sorted and disjoint, in offsets of `text`.

    A text without damage comes back as the same object, after one scan.

    >>> repair("The cafÃ© costs ¤3 (EUR).")[0]
    'The café costs €3 (EUR).'
    """
    if text.isascii():
        return text, ()
    doubtful = accelerator.compiled is None or accelerator.compiled.damaged(text, _parts())
    windows = _windows(text) if doubtful else ()
    repairs = [edit for start, end in windows for edit in _encoding_repairs(text, start, end)]
    if "\u00ad" in text or "\u200b" in text:
        repairs = sorted([*repairs, *_hyphen_repairs(text, repairs)], key=lambda edit: edit.start)
    if "¤" in text:
        repairs = sorted([*repairs, *_currency_repairs(text, repairs)], key=lambda edit: edit.start)
    return (apply(text, repairs), tuple(repairs)) if repairs else (text, ())


def apply(source: str, repairs: Sequence[Repair]) -> str:
    """The source with its repairs made. Raises ValueError for repairs that do not fit this source."""
    parts: list[str] = []
    done = 0
    for edit in repairs:
        if edit.start < done or source[edit.start : edit.end] != edit.before:
            raise ValueError(f"repair at {edit.start} does not fit the text; was it made for another version?")
        parts += (source[done : edit.start], edit.after)
        done = edit.end
    return "".join((*parts, source[done:]))


class OffsetMap:
    """Offsets of a repaired text ↔ offsets of its source; without repairs the identity.

    An offset inside a repair counts as the repair's start, in both directions: so neighbouring
    stretches stay neighbours.
    """

    __slots__ = ("_made", "_repairs", "_starts")

    def __init__(self, repairs: Sequence[Repair] = ()) -> None:
        self._repairs = repairs
        if not repairs:
            return  # nothing below is asked then
        shifts = accumulate((len(edit.after) - len(edit.before) for edit in repairs), initial=0)
        self._starts = [edit.start for edit in repairs]
        self._made = [start + shift for start, shift in zip(self._starts, shifts, strict=False)]

    def to_source(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` of the repaired text stands in the source."""
        return (self._source(start), self._source(end)) if self._repairs else (start, end)

    def to_repaired(self, start: int, end: int) -> tuple[int, int]:
        """Where `source[start:end]` stands in the repaired text."""
        return (self._repaired(start), self._repaired(end)) if self._repairs else (start, end)

    def _source(self, offset: int) -> int:
        index = bisect_right(self._made, offset) - 1
        if index < 0 or offset == 0:  # what is taken away before the first character belongs to that
            return offset
        edit, made = self._repairs[index], self._made[index]
        return edit.start if offset < made + len(edit.after) else edit.end + offset - made - len(edit.after)

    def _repaired(self, offset: int) -> int:
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return offset
        edit, made = self._repairs[index], self._made[index]
        return made if offset < edit.end else made + len(edit.after) + offset - edit.end


@cache
def _parts() -> bytes:
    """Code point up to 2**16 → a bit for each class of `_SUSPECT_PAIR` that holds it: for the accelerator."""
    parts = bytearray(1 << 16)
    for bit, signs in enumerate(_SUSPECT_PAIR):
        for char in re.findall(signs, "".join(map(chr, range(0x80, 0x3000)))):
            parts[ord(char)] |= 1 << bit
    return bytes(parts)


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """The stretches that ftfy is asked about: the line around a suspicious place, cut to WINDOW."""
    done = 0
    while hit := _SUSPECT.search(text, done):
        floor = max(done, hit.start() - WINDOW // 2)
        start = _line_start(text, floor, hit.start())
        end = _window_end(text, hit.end(), start + WINDOW)
        yield start, end
        done = end


def _line_start(text: str, floor: int, offset: int) -> int:
    before = [text.rfind(char, floor, offset) for char in "\n\r\v\f\u2028\u2029"]
    return max(floor, max(before) + 1)


def _window_end(text: str, offset: int, limit: int) -> int:
    """The line's end, or for a long line the last place up to `limit` where no sequence can be cut in two."""
    if line_break := _LINE_BREAKS.search(text, offset, limit):
        return line_break.start()
    if limit >= len(text):
        return len(text)
    cut = max((match.end() for match in _CUT.finditer(text, offset, limit)), default=limit)
    return max(cut, offset)


def _encoding_repairs(text: str, start: int, end: int) -> Iterator[Repair]:
    import ftfy  # takes a tenth of a second to load, and most texts do without

    before = text[start:end]
    after, plan = ftfy.fix_encoding_and_explain(before)
    if after == before:
        return
    steps = "ftfy: " + ", ".join(" ".join(step) for step in plan or ())
    for offset, old, new in _differences(before, after):
        kind, evidence = (
            (CONTROL, "C1 control read as windows-1252") if old.translate(_C1) == new else (MOJIBAKE, steps)
        )
        yield Repair(start + offset, start + offset + len(old), old, new, kind, evidence)


def _differences(before: str, after: str) -> Iterator[tuple[int, str, str]]:
    """The changed stretches with their offset in `before`: gaps between anchors, or all when these do not match."""
    if _ANCHORS.findall(before) != _ANCHORS.findall(after):
        yield from _narrowed(0, before, after)
        return
    news = _ANCHORS.split(after)
    old_start = 0
    for new, match in zip(news, [*_ANCHORS.finditer(before), None], strict=True):
        old = before[old_start : match.start() if match else len(before)]
        if old != new:
            yield from _narrowed(old_start, old, new)
        old_start = match.end() if match else 0


def _narrowed(offset: int, old: str, new: str) -> Iterator[tuple[int, str, str]]:
    """The same change without what is equal at its ends, cut into words where the lengths tell how."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    widths = [len(char.encode("utf-8", errors="surrogatepass")) for char in new]
    if len(old) == len(new):  # one character for one, as of a charset of single bytes
        widths = [1] * len(new)
    pieces = _words(old, new, widths) if sum(widths) == len(old) else [(0, old, new)]
    return ((offset + head + at, was, now) for at, was, now in pieces if was != now)


def _words(old: str, new: str, widths: list[int]) -> list[tuple[int, str, str]]:
    """The words of a change; `widths` holds how many characters of `old` each of `new` came from."""
    pieces: list[tuple[int, str, str]] = []
    here = begin = first = 0
    for i, width in enumerate(widths):
        if i > first and _is_boundary(new[i - 1], new[i]):
            pieces.append((begin, old[begin:here], new[first:i]))
            begin, first = here, i
        here += width
    pieces.append((begin, old[begin:], new[first:]))
    return pieces


def _is_boundary(left: str, right: str) -> bool:
    """Where the labeller may cut: at a word's edge, or between words that are glued together."""
    return not (left.isalnum() and right.isalnum()) or (left.islower() and right.isupper())


def _currency_repairs(text: str, taken: Sequence[Repair]) -> Iterator[Repair]:
    signs = [match.start() for match in _CURRENCY_SIGN.finditer(text)]
    witness = _EURO.search(text) if signs else None
    if witness is None:
        return
    covered = {offset for edit in taken for offset in range(edit.start, edit.end)}
    for start in signs:
        if start not in covered:
            yield Repair(start, start + 1, "¤", "€", CURRENCY, f"the text has {witness.group()!r}")


def _hyphen_repairs(text: str, taken: Sequence[Repair]) -> Iterator[Repair]:
    covered = {offset for edit in taken for offset in range(edit.start, edit.end)}
    for match in _BREAK_HINTS.finditer(text):
        if match.start() not in covered:
            name = "soft hyphen" if match.group()[0] == "\u00ad" else "space of no width"
            yield Repair(match.start(), match.end(), match.group(), "", HYPHEN, f"{name} inside a word")
