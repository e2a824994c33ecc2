"""Plain text into blocks: lines, hard-wrapped paragraphs, or the sentences of flat text.

Units do not depend on how a text was wrapped: lines broken at a fixed width are joined to the
paragraph they were; a text without line breaks, and a line too long to be one paragraph, is cut
into sentences, and where line breaks are likely to have stood (`breaks`). Offsets are kept; white space
belongs to no block. Never refuses a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from cleaner import accelerator
from cleaner.decoding.mojibake import repair
from cleaner.document import MOST_BLOCKS, Block, Document, Rendering
from cleaner.phrases import phrases
from cleaner.segmentation.line_breaks import Breaks, shipped

#: A line: from its first visible character to the next line break of any kind (Unicode UAX 14, class BK, CR, LF, NL).
LINE = re.compile(r"\S[^\n\r\v\f\x85\u2028\u2029]*")
#: A text with fewer line breaks than this is flat: corpora hold such articles as one line each.
FLAT_BREAKS = 3
#: A longer line is cut into sentences: 99.6 % of the lines of the labelled articles are shorter.
LONG_LINE = 1200
#: In a flat text of two or three lines those up to this length are lines of their own, and not cut further.
OWN_LINE = 400
#: Between two sentences: final punctuation, closing quotes, then white space (none in Chinese and Japanese).
SENTENCE_END = re.compile(r"(?:[.!?…؟।][\"'”’»)\]]*\s+|[。！？][”」』）]*)(?=\S)")
#: A stop behind two letters, and the next sentence's first two right behind it: a line break was lost there.
GLUED_SENTENCE = re.compile(r"[.!?…](?<=[^\W\d_A-Z]{2}[.!?…])[\"”»]?(?=[^\W\d_a-z][^\W\d_A-Z])")
#: What stands before a full stop without ending a sentence; single letters too. Lower case.
ABBREVIATIONS = frozenset(phrases("abbreviations"))
#: Words of their own too: abbreviations before a number only ("no. 4", "art. 12").
BEFORE_NUMBER = frozenset({"no", "art"})
#: Words of German before an ordinal, which has a stop: "am 4. Mai", "die 2. Liga". Lower case.
BEFORE_ORDINAL = frozenset(phrases("before ordinals"))
GERMAN_MONTHS = phrases("german months")
#: A quotation longer than this is cut into its sentences; one that is never closed would hold the rest of the text.
LONGEST_SPEECH = 600
#: A wrapped text has at least this many lines, none wider than this.
WRAP_MIN_LINES, WRAP_MAX_WIDTH = 6, 110
#: In it at least this share of the lines runs up to the width, and goes on in lower case.
WRAP_FULL_SHARE, WRAP_LOWER_SHARE = 0.5, 0.3

Stretch = tuple[int, int, int]  # start, end, line breaks before


def segment_text(document: Document, *, repaired: bool = True, breaks: Breaks | None = None) -> Rendering:
    """Blocks of a plain text, with its repairs applied first (unless `repaired` is false).

    breaks: what finds lost line breaks, when not the model that comes with this version.

    >>> [block.text for block in segment_text(Document("x", "One.\\n\\nTwo.")).blocks]
    ['One.', 'Two.']
    """
    text, repairs = repair(document.text) if repaired else (document.text, ())
    lines = find_lines(text)
    flat = sum(breaks for _, _, breaks in lines) < FLAT_BREAKS
    width = wrap_width(text, lines)
    joined = join_wrapped(text, lines, width) if width else lines
    blocks = _blocks(text, joined, flat=flat, lost=breaks or shipped())
    rendering = Rendering(text, tuple(blocks), document.text, repairs, {}, flat, wrapped=width > 0)
    return bounded(rendering) if len(blocks) > MOST_BLOCKS else rendering


def bounded(rendering: Rendering) -> Rendering:
    """A rendering with MOST_BLOCKS blocks at most, which tells where the last of them ends; read as a text then."""
    if len(rendering.blocks) <= MOST_BLOCKS:
        return rendering
    blocks = rendering.blocks[:MOST_BLOCKS]
    return replace(rendering, blocks=blocks, judged=blocks[-1].end, layout=None)


def find_lines(text: str) -> list[Stretch]:
    """Every line that is not blank: start, end without trailing white space, line breaks before it."""
    if accelerator.compiled is not None and (lines := accelerator.compiled.lines(text)) is not None:
        return lines
    return _find_lines(text)


def _find_lines(text: str) -> list[Stretch]:
    """The reference that the accelerator is held to."""
    lines: list[Stretch] = []
    before = 0
    for match in LINE.finditer(text):
        start = match.start()
        end = start + len(match.group().rstrip())
        gap = start - before
        breaks = 1 if gap == 1 else _breaks(text[before:start])
        lines.append((start, end, breaks if lines else 0))
        before = end
    return lines


def _breaks(gap: str) -> int:
    return gap.count("\n") or len(gap.splitlines()) - (not gap.endswith(("\r", "\x85", "\u2028", "\u2029")))


def _blocks(text: str, lines: list[Stretch], *, flat: bool, lost: Breaks) -> list[Block]:
    """The blocks in their order; of more than MOST_BLOCKS only some."""
    lines = lines[: MOST_BLOCKS + 1]  # each is a block at least
    if flat or accelerator.compiled is None:
        return _cut(text, lines, [None] * len(lines), flat=flat, lost=lost)
    whole: list[Block | None] = accelerator.compiled.blocks(Block, text, lines, LONG_LINE)
    return _cut(text, lines, whole, flat=flat, lost=lost) if None in whole else whole  # type: ignore[return-value]


def _cut(text: str, lines: list[Stretch], whole: Sequence[Block | None], *, flat: bool, lost: Breaks) -> list[Block]:
    """The same; `whole`: for each line the block that it is, None where it may be several."""
    blocks: list[Block] = []
    for line, ((start, end, breaks), own) in enumerate(zip(lines, whole, strict=True)):
        if len(blocks) > MOST_BLOCKS:
            break
        if own is not None:
            blocks.append(own)
            continue
        if flat or end - start > LONG_LINE:
            stretches = sentences(text, start, end)
            if len(lines) == 1 or end - start > OWN_LINE:
                stretches = lost.cut(text, stretches)
        else:
            stretches = unglued(text, start, end)
        for first, last in stretches:
            blocks.append(Block(first, last, text[first:last], line, breaks if first == start else 0))
    return blocks


def unglued(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """`text[start:end]` cut where a sentence begins right behind another's stop: "… clear.Read also: …"."""
    cuts = [match.end() for match in GLUED_SENTENCE.finditer(text, start, end) if text[match.end()].isupper()]
    return list(pairwise((start, *cuts, end)))


def sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The sentences of `text[start:end]`; abbreviations, initials and lower-case sequels do not end one."""
    places: list[tuple[int, int]] = []
    first = start
    for match in SENTENCE_END.finditer(text, start, end):
        if _goes_on(text, first, match.start(), match.end()) or _in_speech(text, first, match.end()):
            continue
        places.append((first, match.start() + len(match.group().rstrip())))
        first = match.end()
    places.append((first, end))
    return places


def _goes_on(text: str, first: int, stop: int, after: int) -> bool:
    """Does the sentence that begins at `first` go on behind the stop, with what begins at `after`?"""
    following = text[after]
    if following.islower():
        return True
    if text[stop] != ".":
        return False
    before = text[max(first, stop - 24) : stop].split()
    bare = before[-1].lstrip("(\"'“„«").lower() if before else ""
    if bare in BEFORE_NUMBER:
        return following.isdigit()
    if bare.isdigit() and len(bare) <= 2:  # a list's number, an ordinal, or a sentence's last word: "… won 12 to 4."
        return len(before) < 2 or before[-2].lower() in BEFORE_ORDINAL or text.startswith(GERMAN_MONTHS, after)
    return bare in ABBREVIATIONS or (len(bare) == 1 and bare.isalpha())


def _in_speech(text: str, first: int, stop: int) -> bool:
    """Is a quotation open that is not too long to be one? Its sentences belong together: somebody speaks."""
    if stop - first > LONGEST_SPEECH:
        return False
    low = text.find("„", first, stop) >= 0  # „…“ as in German; else “…” or «…»
    opened = text.count("„" if low else "“", first, stop) + text.count("«", first, stop)
    closed = text.count("”", first, stop) + text.count("»", first, stop) + (text.count("“", first, stop) if low else 0)
    return opened > closed


def wrap_width(text: str, lines: list[Stretch]) -> int:
    """The width at which a text was hard-wrapped, or 0 when it was not."""
    if len(lines) < WRAP_MIN_LINES or max(end - start for start, end, _ in lines) > WRAP_MAX_WIDTH:
        return 0
    width = sorted(end - start for start, end, _ in lines)[int(0.95 * (len(lines) - 1))]
    inner = [(a, b) for a, b in pairwise(lines) if b[2] == 1]
    if len(inner) < WRAP_MIN_LINES // 2 or width < 40:
        return 0
    full = sum(_is_full(text, a, b, width) for a, b in inner)
    lower = sum(text[b[0]].islower() for _, b in inner)
    cased = any(text[start].islower() or text[start].isupper() for start, _, _ in lines)
    enough = full >= WRAP_FULL_SHARE * len(inner)
    return width if enough and cased and lower >= WRAP_LOWER_SHARE * len(inner) else 0


def _is_full(text: str, line: Stretch, after: Stretch, width: int) -> bool:
    first_word = text[after[0] : after[1]].split(None, 1)[0]
    return (line[1] - line[0]) + 1 + len(first_word) > width - 2


def join_wrapped(text: str, lines: list[Stretch], width: int) -> list[Stretch]:
    """Lines joined where the break is the wrapping's: the next word would not have fitted."""
    joined: list[Stretch] = []
    last: Stretch | None = None
    for line in lines:
        if last and line[2] == 1 and _is_full(text, last, line, width):
            joined[-1] = (joined[-1][0], line[1], joined[-1][2])
        else:
            joined.append(line)
        last = line
    return joined


def cut_block(block: Block, cuts: Iterable[int]) -> Iterator[Block]:
    """A block cut at offsets in its text, without the white space at the edges."""
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < len(block.text)}), len(block.text)]
    for first, last in pairwise(edges):
        text = block.text[first:last]
        lead = len(text) - len(text.lstrip())
        start, bare = block.start + first + lead, text.strip()
        if bare:
            gap = block.newlines_before if first == 0 else 0
            yield replace(block, start=start, end=start + len(bare), text=bare, newlines_before=gap)


def glued(blocks: Sequence[Block]) -> list[bool]:
    """Which blocks share a line with others."""
    joined = [index > 0 and block.newlines_before == 0 for index, block in enumerate(blocks)]
    return [here or after for here, after in zip(joined, [*joined[1:], False], strict=False)]
