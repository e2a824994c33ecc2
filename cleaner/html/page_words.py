"""What a page's lines say, for the page model: words, checksums of how lines begin and end, what stands twice.

The accelerator, where it is built, gives the same columns.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaner.accelerator import compiled
from cleaner.segmentation.tokens import Floats, Hashes, Ints

#: Lines of so many words are looked for elsewhere on the page: copies of the article, teasers, pull quotes.
ECHOING = 8
#: Lines of so many words are hashed word by word and as a whole, longer ones by their edges.
WORDWISE = 10
#: A line of fewer words is in another text when it is a line there as well.
SHORT = 4

_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of a page's lines, line by line."""

    counts: Ints
    sizes: Ints  # characters in words
    said: Hashes  # uint64 checksums of what lines say, line after line
    said_starts: Ints  # line → its first checksum; every line has one
    in_title: Ints  # distinct words that the title has, too
    before: Floats  # share of a longer line's runs of three words that stand in lines before it
    after: Floats  # the same for lines after it
    shares: Sequence[Floats]  # for each other text how much of a line is in it
    memory: memoryview | None = None  # all of that as the accelerator gave it


def page_words(texts: Sequence[str], title: str = "", others: Sequence[str] = ()) -> PageWords:
    """What lines with these texts say. others: texts that somebody takes for the article."""
    return _page_words(texts, title, others) if compiled is None else _compiled(texts, title, others)


def title_words(title: str) -> frozenset[str]:
    """The words of a title."""
    return frozenset(_WORD.findall(title.lower()))


def shares_in(text: str, lines: Sequence[str]) -> list[float]:
    """How much of each line is in a text that someone else takes for the article, from 0 to 1."""
    shares: list[float] = page_words(lines, "", [text]).shares[0].tolist()
    return shares


def _compiled(texts: Sequence[str], title: str, others: Sequence[str]) -> PageWords:
    assert compiled is not None
    given = [[line.lower() for line in text.splitlines()] for text in others]
    memory = memoryview(compiled.page_words([text.lower() for text in texts], [title.lower()], *given))
    count = len(texts)
    wide, narrow = 4 * 8 * count, 4 * count * (2 + len(others))
    numbers = np.frombuffer(memory[:wide], np.int64).reshape(4, count)
    said = np.frombuffer(memory[wide : len(memory) - narrow], np.uint64)
    floats = np.frombuffer(memory[len(memory) - narrow :], np.float32).reshape(2 + len(others), count)
    before, after, *shares = floats
    return PageWords(numbers[0], numbers[1], said, numbers[2], numbers[3], before, after, shares, memory)


def _page_words(texts: Sequence[str], title: str, others: Sequence[str]) -> PageWords:
    words = [_WORD.findall(text.lower()) for text in texts]
    wanted = title_words(title)
    said, starts = _said(words)
    before, after = _echoes(words)
    return PageWords(
        np.array([len(line) for line in words], np.int64),
        np.array([sum(map(len, line)) for line in words], np.int64),
        said,
        starts,
        np.array([len(wanted.intersection(line)) for line in words], np.int64),
        before,
        after,
        [_shares(text, words) for text in others],
    )


def _said(words: Sequence[Sequence[str]]) -> tuple[Hashes, Ints]:
    """Checksums of what the lines say, line after line, and each line's start."""
    keys: list[str] = []
    starts: list[int] = []
    for block_words in words:
        starts.append(len(keys))
        said = [*block_words[:WORDWISE], *block_words[-1:]]
        if not "".join(said).isalpha():
            said = [_DIGITS.sub("0", word) for word in said]
        keys += ("^" + " ".join(said[:1]), "^" + " ".join(said[:2]), "^" + " ".join(said[:3]), "$" + "".join(said[-1:]))
        if len(block_words) <= WORDWISE:
            keys.append("=" + " ".join(said[:-1]))
            keys += said[:-1]
    values = np.array([zlib.crc32(key.encode("utf-8", "replace")) for key in keys], np.uint64)
    return values, np.array(starts, np.int64)


def _echoes(words: Sequence[Sequence[str]]) -> tuple[Floats, Floats]:
    """How much of a longer line, by runs of three words, stands in lines before it, and in lines after it."""
    runs = [list(zip(said, said[1:], said[2:], strict=False)) if len(said) >= ECHOING else () for said in words]
    last = {run: index for index, block_runs in enumerate(runs) for run in block_runs}
    seen: set[tuple[str, ...]] = set()
    before, after = np.zeros((2, len(words)), np.float32)
    for index, block_runs in enumerate(runs):
        if block_runs:
            before[index] = len(seen.intersection(block_runs)) / len(block_runs)
            after[index] = sum(last[run] > index for run in block_runs) / len(block_runs)
            seen.update(block_runs)
    return before, after


def _shares(text: str, words: Sequence[Sequence[str]]) -> Floats:
    given = _WORD.findall(text.lower())
    runs: set[tuple[str, ...]] = set(zip(given, given[1:], given[2:], strict=False))
    whole = {tuple(_WORD.findall(line.lower())) for line in text.splitlines()}
    return np.array([_share(said, runs, whole) for said in words], np.float32)


def _share(words: Sequence[str], runs: set[tuple[str, ...]], whole: set[tuple[str, ...]]) -> float:
    """The share of a line's runs of three words among the given; a short line must be one there as well."""
    if len(words) < SHORT:
        return float(bool(words) and tuple(words) in whole)
    return sum(run in runs for run in zip(words, words[1:], words[2:], strict=False)) / (len(words) - 2)
