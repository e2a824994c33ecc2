"""The shape of a page's lines: how long, how linked, how they begin and end, where on the page they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cleaner import accelerator
from cleaner.html.page import Line
from cleaner.html.page_words import PageWords
from cleaner.segmentation.tokens import Flags, Floats

#: A line this long, in visible characters, with few links, is prose.
PROSE, PROSE_LINKS = 80, 0.4

_IDEOGRAPH = re.compile("[\u3040-\u9fff]")
_DIGIT = re.compile(r"\d")
#: Not those of `segmentation/stops.py`: the page model has learned by these; a training may change them.
_FINAL = ".!?。！？…:："
_CLOSERS = "\"'”’»)]“"
_QUOTES = "\"'„“«»‘"


class Logged(NamedTuple):
    """A column of which the model reads log(1 + value), by a rule that gives the same bits on every machine."""

    values: Floats


Column = Floats | Logged


@dataclass(frozen=True, slots=True)
class LineShapes:
    """Per line: visible characters, words, link density, whether it is prose, how it begins and ends …"""

    sizes: Floats
    counts: Floats
    links: Floats
    prose: Floats  # size where the line is prose, else 0
    flags: Sequence[Column]

    def columns(self) -> Iterable[Column]:
        """The measurements of shape, a column each."""
        total, prose = max(1.0, float(self.sizes.sum())), max(1.0, float(self.prose.sum()))
        count = len(self.sizes)
        index = np.arange(count, dtype=np.float32)
        before = np.cumsum(self.prose) - self.prose
        is_prose = self.prose > 0
        yield Logged(self.sizes)
        yield Logged(self.counts)
        yield self.links
        yield self.links == 1
        yield is_prose
        yield from self.flags
        yield index / count
        yield Logged(index)
        yield Logged(count - 1 - index)
        yield Logged(np.full(count, count))
        yield Logged(np.full(count, total - 1))
        yield Logged(np.full(count, prose - 1))
        yield np.full(count, prose / total)
        yield before / prose
        yield (prose - before - self.prose) / prose
        yield before == 0
        yield before + self.prose >= prose
        yield self.sizes / max(1.0, float(self.sizes.max()))
        since, until = _distances(is_prose, index)
        yield Logged(since)
        yield Logged(until)
        for reach in (2, 5, 12):
            yield Logged(_window(self.prose, reach))
            yield _window(self.links * self.sizes, reach) / np.maximum(1, _window(self.sizes, reach))


def _window(values: Floats, reach: int) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    index = np.arange(len(values))
    return sums[np.minimum(index + reach + 1, len(values))] - sums[np.maximum(index - reach, 0)]


def _distances(flags: Flags, index: Floats) -> tuple[Floats, Floats]:
    """Lines since the last flagged one, and until the next one; 60 at most."""
    count = len(flags)
    before = index - np.maximum.accumulate(np.where(flags, index, -60))
    after = np.minimum.accumulate(np.where(flags, index, count + 60)[::-1])[::-1] - index
    return np.minimum(before, 60), np.minimum(after, 60)


def line_shapes(lines: Sequence[Line], words: PageWords) -> LineShapes:
    """The shapes of lines that say these words."""
    texts = [line.text for line in lines]
    sizes, counts = words.sizes.astype(np.float32), words.counts.astype(np.float32)
    lengths = np.array([len(text) for text in texts], np.float32)
    links = np.array([line.link_density for line in lines], np.float32)
    seen = _signs(texts)
    flags: list[Column] = [
        *(seen[name].astype(np.float32) for name in ("final", "colon", "capital", "shouted")),
        seen["digits"] / np.maximum(1, np.minimum(lengths, 200)),
        seen["quoted"].astype(np.float32),
        Logged(seen["commas"]),
        seen["bars"] > 0,
        seen["signs"].astype(np.float32),
        sizes / np.maximum(1, counts) / 5,
        1 - sizes / np.maximum(1, lengths),
    ]
    wide = np.where(seen["ideographs"] > 0, 3.0, 1.0)
    prose = np.where((lengths * wide >= PROSE) & (links < PROSE_LINKS), lengths, 0).astype(np.float32)
    return LineShapes(sizes, counts, links, prose, flags)


#: What is asked of a line's characters.
_COLUMNS = ("final", "colon", "capital", "shouted", "digits", "quoted", "commas", "bars", "signs", "ideographs")


def _signs(texts: list[str]) -> dict[str, Flags]:
    """Column → per line how often, or whether, as whole numbers."""
    memory = signs_in_c(texts)
    if memory is None:
        return _signs_in_python(texts)
    return dict(zip(_COLUMNS, np.frombuffer(memory, np.int64).reshape(len(_COLUMNS), -1), strict=True))


def signs_in_c(texts: list[str]) -> bytearray | None:
    """All columns as the accelerator gives them; None without it."""
    if accelerator.compiled is None:
        return None
    memory: bytearray = accelerator.compiled.line_shapes(texts, _FINAL, _CLOSERS, _QUOTES)
    return memory


def _signs_in_python(texts: list[str]) -> dict[str, Flags]:
    """The reference that the accelerator is held to."""
    ends = [text.rstrip(_CLOSERS)[-1:] for text in texts]
    columns = (
        [end in _FINAL and end != "" for end in ends],
        [end in ":：" and end != "" for end in ends],
        [text[:1].isupper() for text in texts],
        [text.isupper() for text in texts],
        [len(_DIGIT.findall(text, 0, 200)) for text in texts],
        [text[:1] in _QUOTES for text in texts],
        [text.count(",") + text.count("，") + text.count("、") for text in texts],
        [text.count("|") + text.count("•") + text.count("·") for text in texts],
        ["@" in text or "©" in text or "http" in text for text in texts],
        [_IDEOGRAPH.search(text, 0, 40) is not None for text in texts],
    )
    return {name: np.array(column, np.int64) for name, column in zip(_COLUMNS, columns, strict=True)}
