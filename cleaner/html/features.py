"""What the page model reads of a page's lines: hashed words of the elements around them, and measurements.

Hashes tell which classes, ids, roles and tags stand around a line and how near, and how a short line reads.
Measurements tell its shape, how text and links are spread over the elements around it, how it stands to the
main container, to the title and to what others say the article is. NumPy only; knows no labels.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleaner.html.page import MAX_ANCESTORS, Element, Layout, Line
from cleaner.html.records import article_columns, record_columns

Floats = NDArray[Any]  # float32
Ints = NDArray[Any]  # int64

#: Buckets of the hashes, as a power of two.
BITS = 20
#: Which features these are; a model trained on others is refused. Raise it with any change of their meaning.
PAGE_FEATURES = 3

#: A line this long, in visible characters, with few links, is prose.
PROSE, PROSE_LINKS = 80, 0.4
#: The main container is the deepest element with this share of the page's prose.
MAIN_SHARE = 0.7
#: Ancestors whose text and links are measured: the nearest blocks around a line.
NEAR = 4
#: Lines of so many words are looked for elsewhere on the page: copies of the article, teasers, pull quotes.
ECHOING = 8
#: Lines of so many words are hashed word by word and as a whole, longer ones by their edges.
WORDWISE = 10

_WORD = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
_NAME = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+")
_IDEOGRAPH = re.compile("[\u3040-\u9fff]")
_DIGIT, _DIGITS = re.compile(r"\d"), re.compile(r"\d+")
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr output q s samp small span "
    "strike strong sub sup time tt u var wbr".split()
)
_TAGS = (
    "p li h1 h2 h3 h4 h5 h6 blockquote figcaption figure table tr td pre code article main section aside nav header "
    "footer form button label dl dt dd ul ol a time span div details summary address q cite strong em font center"
).split()
_TAG = {tag: number for number, tag in enumerate(_TAGS)}
_FINAL = ".!?。！？…:："
_CLOSERS = "\"'”’»)]“"


@dataclass(frozen=True, slots=True)
class PageFeatures:
    """A page as the model reads it."""

    places: Ints  # buckets of the surroundings that occur, row after row
    place_starts: Ints  # row → its first bucket
    rows: Ints  # line → row of its surroundings
    said: Ints  # buckets of what lines say, line after line
    said_starts: Ints  # line → its first bucket; every line has one
    dense: Floats  # line × measurements


def page_features(layout: Layout) -> PageFeatures:
    """The features of a page with at least one line."""
    lines, elements = layout.lines, layout.elements
    words = [_WORD.findall(line.text.lower()) for line in lines]
    shape = _shape(lines, words)
    chains = _chains(lines, elements)
    sums = _sums(lines, elements, shape)
    prose = max(1.0, float(shape.prose.sum()))
    columns = [
        *shape.columns(),
        *_spread(lines, elements, chains, shape, sums),
        *_tags(lines, elements),
        *_repeats(lines, elements, chains, shape),
        *record_columns(lines, elements, sums, prose),
        *article_columns(lines, elements, sums, prose),
        *_echoes(words),
        *_title(words, str(layout.metadata.get("title", "")), shape),
        *_shares(words, layout),
    ]
    dense = np.empty((len(columns), len(lines)), np.float32)  # filled by column: that way round it is contiguous
    for number, column in enumerate(columns):
        dense[number] = column
    return PageFeatures(*_places(layout), *_said(words), dense.T)


# Hashes


def _name_words(names: str) -> tuple[int, ...]:
    """Hashes of the words and the whole names in a class or id attribute; digits do not count."""
    found: dict[int, None] = {}
    for name in names.split()[:12]:
        found.update(_one_name(name[:60]))
    return tuple(found)


@lru_cache(maxsize=1 << 15)  # by name and not by attribute: sites share more names than combinations of them
def _one_name(name: str) -> dict[int, None]:
    parts = [part.lower() for part in _NAME.findall(name)]
    if len(parts) != 1:
        parts.append("".join(parts))
    return {zlib.crc32(part.encode()): None for part in parts if len(part) > 1}


@lru_cache(maxsize=1 << 14)
def _own(tag: str, names: str, role: str, told: str) -> tuple[int, ...]:
    """Base hashes of one element: its tag, its names, tag with each name, role, property."""
    tag_hash = zlib.crc32(b"<" + tag.encode("utf-8", "replace"))
    found = [tag_hash]
    for name in _name_words(names):
        found += (name, name * 31 + tag_hash & 0xFFFFFFFF)
    if role:
        found.append(zlib.crc32(b"role:" + role.encode("utf-8", "replace")))
    found += [name * 17 + 5 & 0xFFFFFFFF for name in _name_words(told)]
    return tuple(found)


#: Distance from the line → group: itself, one, two, three around it, farther, far.
_GROUP = (0, 1, 2, 3, 4, 4, 5, 5, 5) + (6,) * MAX_ANCESTORS
_ANYWHERE = 7


def _places(layout: Layout) -> tuple[Ints, Ints, Ints]:
    """Hashes of the surroundings that occur, row after row; each row's start; line → row.

    Lines whose elements are alike and stand in the same element share a row.
    """
    elements = layout.elements
    rows: dict[tuple[object, ...], int] = {}
    ancestors: list[int] = []
    groups: list[int] = []
    sizes: list[int] = []
    of_line: list[int] = []
    for line in layout.lines:
        element = elements[line.element]
        key = (element.parent, element.tag, element.names, element.role, element.property)
        row = rows.get(key)
        if row is None:
            row = rows[key] = len(rows)
            around = layout.around(line.element)
            ancestors += around
            groups += _GROUP[: len(around)]
            sizes.append(len(around))
        of_line.append(row)
    used = sorted(set(ancestors))
    own = [_own(each.tag, each.names, each.role, each.property) for each in map(elements.__getitem__, used)]
    counts = np.array([len(each) for each in own])
    flat = np.array([value for each in own for value in each], np.uint64)
    at = np.searchsorted(used, ancestors)
    lengths = counts[at]
    starts = (np.cumsum(counts) - counts)[at]
    ends = np.cumsum(lengths)
    index = np.arange(int(ends[-1])) + np.repeat(starts - (ends - lengths), lengths)
    bases = flat[index] * np.uint64(8)
    near = _mixed(bases + np.repeat(np.array(groups, np.uint64), lengths))
    anywhere = _mixed(bases + np.uint64(_ANYWHERE))
    bounds = np.concatenate(([0], np.cumsum(sizes)))
    row_starts = np.concatenate(([0], ends))[bounds[:-1]]
    return np.stack((near, anywhere), axis=1).ravel(), 2 * row_starts, np.array(of_line)


def _mixed(values: NDArray[Any]) -> Ints:
    mixed = (values ^ (values >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(64 - BITS)).astype(np.int64)


def _said(words: Sequence[Sequence[str]]) -> tuple[Ints, Ints]:
    """Hashes of what the lines say, line after line, and each line's start; every line has some."""
    keys: list[str] = []
    starts: list[int] = []
    for each in words:
        starts.append(len(keys))
        said = [*each[:WORDWISE], *each[-1:]]
        if not "".join(said).isalpha():
            said = [_DIGITS.sub("0", word) for word in said]
        keys += ("^" + " ".join(said[:1]), "^" + " ".join(said[:2]), "^" + " ".join(said[:3]), "$" + "".join(said[-1:]))
        if len(each) <= WORDWISE:
            keys.append("=" + " ".join(said[:-1]))
            keys += said[:-1]
    values = np.array([zlib.crc32(key.encode("utf-8", "replace")) for key in keys], np.uint64)
    return _mixed(values), np.array(starts)


# Measurements


@dataclass(frozen=True, slots=True)
class _Shape:
    """Per line: visible characters, words, link density, whether it is prose, how it begins and ends …"""

    sizes: Floats
    counts: Floats
    links: Floats
    prose: Floats  # size where the line is prose, else 0
    flags: Sequence[Floats]

    def columns(self) -> Iterable[Floats]:
        total, prose = max(1.0, float(self.sizes.sum())), max(1.0, float(self.prose.sum()))
        count = len(self.sizes)
        index = np.arange(count, dtype=np.float32)
        before = np.cumsum(self.prose) - self.prose
        is_prose = self.prose > 0
        yield np.log1p(self.sizes)
        yield np.log1p(self.counts)
        yield self.links
        yield self.links == 1
        yield is_prose
        yield from self.flags
        yield index / count
        yield np.log1p(index)
        yield np.log1p(count - 1 - index)
        yield np.full(count, np.log1p(count))
        yield np.full(count, np.log(total))
        yield np.full(count, np.log(prose))
        yield np.full(count, prose / total)
        yield before / prose
        yield (prose - before - self.prose) / prose
        yield before == 0
        yield before + self.prose >= prose
        yield self.sizes / max(1.0, float(self.sizes.max()))
        since, until = _distances(is_prose, index)
        yield np.log1p(since)
        yield np.log1p(until)
        for reach in (2, 5, 12):
            yield np.log1p(_window(self.prose, reach))
            yield _window(self.links * self.sizes, reach) / np.maximum(1, _window(self.sizes, reach))


def _window(values: Floats, reach: int) -> Floats:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    index = np.arange(len(values))
    return sums[np.minimum(index + reach + 1, len(values))] - sums[np.maximum(index - reach, 0)]


def _distances(flags: NDArray[Any], index: Floats) -> tuple[Floats, Floats]:
    """Lines since the last flagged one, and until the next one; 60 at most."""
    count = len(flags)
    before = index - np.maximum.accumulate(np.where(flags, index, -60))
    after = np.minimum.accumulate(np.where(flags, index, count + 60)[::-1])[::-1] - index
    return np.minimum(before, 60), np.minimum(after, 60)


def _shape(lines: Sequence[Line], words: Sequence[Sequence[str]]) -> _Shape:
    texts = [line.text for line in lines]
    sizes = np.array([sum(map(len, said)) for said in words], np.float32)
    lengths = np.array([len(text) for text in texts], np.float32)
    counts = np.array([len(said) for said in words], np.float32)
    links = np.array([line.link_density for line in lines], np.float32)
    stripped = [text.rstrip(_CLOSERS)[-1:] for text in texts]
    flags = [
        np.array([end in _FINAL and end != "" for end in stripped], np.float32),
        np.array([end in ":：" and end != "" for end in stripped], np.float32),
        np.array([text[:1].isupper() for text in texts], np.float32),
        np.array([text.isupper() for text in texts], np.float32),
        np.array([len(_DIGIT.findall(text, 0, 200)) for text in texts]) / np.maximum(1, np.minimum(lengths, 200)),
        np.array([text[:1] in "\"'„“«»‘" for text in texts], np.float32),
        np.log1p(np.array([text.count(",") + text.count("，") + text.count("、") for text in texts])),
        np.array([text.count("|") + text.count("•") + text.count("·") for text in texts]) > 0,
        np.array(["@" in text or "©" in text or "http" in text for text in texts], np.float32),
        sizes / np.maximum(1, counts) / 5,
        1 - sizes / np.maximum(1, lengths),
    ]
    wide = np.where([_IDEOGRAPH.search(text, 0, 40) is not None for text in texts], 3.0, 1.0)
    prose = np.where((lengths * wide >= PROSE) & (links < PROSE_LINKS), lengths, 0).astype(np.float32)
    return _Shape(sizes, counts, links, prose, flags)


def _chains(lines: Sequence[Line], elements: Sequence[Element]) -> list[tuple[int, ...]]:
    """Per line the nearest elements around it that are no inline ones, from the inside out; NEAR + 1 of them."""
    chains: list[tuple[int, ...]] = []  # per element: those before it are around it
    for index, element in enumerate(elements):
        above = chains[element.parent] if element.parent >= 0 else ()
        chains.append(above if element.tag in _INLINE else (index, *above[:NEAR]))
    return [chains[line.element] or (0,) for line in lines]


def _spread(
    lines: Sequence[Line], elements: Sequence[Element], chains: Sequence[tuple[int, ...]], shape: _Shape, sums: Floats
) -> Iterable[Floats]:
    """How prose, text and links are spread over the elements around each line, and the main container."""
    total = max(1.0, float(shape.prose.sum()))
    near = np.array([chain + chain[-1:] * (NEAR + 1 - len(chain)) for chain in chains])
    for distance in range(NEAR + 1):
        here = sums[near[:, distance]]
        yield here[:, 0] / total
        yield here[:, 0] / np.maximum(1, here[:, 1] * 1.2)
        yield here[:, 2] / np.maximum(1, here[:, 1])
        yield np.log1p(here[:, 3])
        yield np.log1p(here[:, 1])
    main = _main(sums[:, 0].tolist(), elements, total)
    meeting = _meetings(elements, main)
    levels = np.array([meeting[line.element] for line in lines])
    depths = np.array([elements[line.element].depth for line in lines])
    main_depth = elements[main].depth if elements else 0
    yield levels == 0  # inside
    yield np.minimum(levels, 12)
    yield np.where(levels == 0, np.minimum(depths - main_depth, 15), -1)
    yield np.minimum(depths, 40) / 10
    inside = levels == 0
    yield np.cumsum(inside) == 0  # above the main container
    yield np.cumsum(inside[::-1])[::-1] == 0  # below it
    yield np.full(len(lines), sums[main, 0] / max(1.0, sums[main, 1]))
    yield np.full(len(lines), sums[main, 2] / max(1.0, sums[main, 1]))


def _sums(lines: Sequence[Line], elements: Sequence[Element], shape: _Shape) -> Floats:
    """Per element what it holds with all inside it: prose, text, linked text, lines."""
    holder = np.array([line.element for line in lines])
    count = len(elements)
    held = (shape.prose, shape.sizes, shape.sizes * shape.links, None)
    own = np.stack([np.bincount(holder, each, count) for each in held], axis=1)
    last = list(range(count))  # elements come in reading order, so those inside one follow it without a gap
    for index in range(count - 1, 0, -1):
        above = elements[index].parent
        if above >= 0 and last[above] < last[index]:
            last[above] = last[index]
    before = np.concatenate((np.zeros((1, 4)), np.cumsum(own, axis=0)))
    return before[np.array(last) + 1] - before[:-1]


def _main(prose: Sequence[float], elements: Sequence[Element], total: float) -> int:
    """The deepest element with MAIN_SHARE of the prose; elements come after those around them."""
    best = 0
    for index, held in enumerate(prose):
        if held >= MAIN_SHARE * total and (elements[index].parent == best or index == 0):
            best = index
    return best


def _meetings(elements: Sequence[Element], main: int) -> list[int]:
    """Per element how many levels above the main container it joins the way to it; 0: inside."""
    above: dict[int, int] = {}
    at, level = main, 0
    while at >= 0:
        above[at] = level
        at, level = elements[at].parent, level + 1
    levels: list[int] = []
    for index, element in enumerate(elements):
        levels.append(above[index] if index in above else levels[element.parent] if element.parent >= 0 else level)
    return levels


def _tags(lines: Sequence[Line], elements: Sequence[Element]) -> Iterable[Floats]:
    """Which telling tags are around a line; hidden; inside articleBody."""
    count = len(_TAGS)
    of_element = np.zeros((len(elements), count + 3), np.float32)
    own = np.zeros((len(lines), count), np.float32)
    for index, element in enumerate(elements):
        if element.parent >= 0:
            of_element[index] = of_element[element.parent]
        tag = _TAG.get(element.tag)
        if tag is not None:
            of_element[index, tag] = 1
        if element.hidden:
            of_element[index, count] = 1
        if "articleBody" in element.property:
            of_element[index, count + 1] = 1
    bodies = of_element[:, count + 1].any()
    of_element[:, count + 2] = bodies
    for row, line in enumerate(lines):
        tag = _TAG.get(elements[line.element].tag)
        if tag is not None:
            own[row, tag] = 1
    around = of_element[[line.element for line in lines]]
    yield from around.T
    yield from own.T


def _repeats(
    lines: Sequence[Line], elements: Sequence[Element], chains: Sequence[tuple[int, ...]], shape: _Shape
) -> Iterable[Floats]:
    """Lines set alike (tags and classes of the two nearest blocks): how many, how long, how much of the prose."""
    kinds: dict[Any, int] = {}
    kind: dict[int, int] = {}
    for index in {index for chain in chains for index in chain[:2]}:
        kind[index] = kinds.setdefault(elements[index][0::2], len(kinds))  # tag, names, property, depth
    number: dict[Any, int] = {}
    keys = [(kind[chain[0]], kind[chain[1]] if len(chain) > 1 else -1) for chain in chains]
    group = np.array([number.setdefault(key, len(number)) for key in keys])
    count = np.bincount(group).astype(np.float64)
    prose = np.bincount(group, shape.prose)
    sizes = np.bincount(group, shape.sizes)
    total = max(1.0, float(shape.prose.sum()))
    yield np.log1p(count)[group]
    yield (prose / total)[group]
    yield np.log1p(sizes / count)[group]
    yield (np.bincount(group, shape.prose > 0) / count)[group]
    yield (np.bincount(group, shape.sizes * shape.links) / np.maximum(1, sizes))[group]
    best = int(prose.argmax())
    yield group == best
    texts = Counter(line.text for line in lines)
    seen: Counter[str] = Counter()
    earlier = []
    for line in lines:
        earlier.append(seen[line.text] > 0)
        seen[line.text] += 1
    yield np.log1p(np.array([texts[line.text] - 1 for line in lines]))
    yield np.array(earlier, np.float32)


def _echoes(words: Sequence[Sequence[str]]) -> Iterable[Floats]:
    """How much of a longer line, by runs of three words, stands in lines before it, and in lines after it."""
    runs = [list(zip(said, said[1:], said[2:], strict=False)) if len(said) >= ECHOING else () for said in words]
    last = {run: index for index, each in enumerate(runs) for run in each}
    seen: set[tuple[str, ...]] = set()
    before, after = np.zeros((2, len(words)), np.float32)
    for index, each in enumerate(runs):
        if each:
            before[index] = len(seen.intersection(each)) / len(each)
            after[index] = sum(last[run] > index for run in each) / len(each)
            seen.update(each)
    yield before
    yield after


def _title(words: Sequence[Sequence[str]], title: str, shape: _Shape) -> Iterable[Floats]:
    """How much a line says what the title says, and how it stands to the line that does so most."""
    wanted = frozenset(_WORD.findall(title.lower()))
    count = len(words)
    index = np.arange(count, dtype=np.float32)
    if not wanted:
        yield from np.zeros((5, count), np.float32)
        return
    shared = np.array([len(wanted.intersection(said)) for said in words], np.float32)
    precision = shared / np.maximum(1, shape.counts)
    both = 2 * shared / np.maximum(1, shape.counts + len(wanted))
    first = int(np.argmax(both >= 0.8 * both.max())) if both.max() > 0.4 else -1
    yield precision
    yield both
    yield both > 0.7
    yield np.where(first < 0, 0, np.sign(index - first))
    yield np.where(first < 0, 0, np.log1p(np.abs(index - first)))


def _shares(words: Sequence[Sequence[str]], layout: Layout) -> Iterable[Floats]:
    """How much of a line is in the text that structured data give, and in another extractor's."""
    for text in (layout.stated, layout.opinion):
        share = np.array(_shares_in(text, words), np.float32) if text else np.zeros(len(words), np.float32)
        yield np.full(len(words), float(bool(text)), np.float32)
        yield share
        yield (share >= 0.5).astype(np.float32)


def shares_in(text: str, lines: Sequence[str]) -> list[float]:
    """How much of each line is in a text that someone else takes for the article, from 0 to 1."""
    return _shares_in(text, [_WORD.findall(line.lower()) for line in lines])


def _shares_in(text: str, words: Sequence[Sequence[str]]) -> list[float]:
    given = _WORD.findall(text.lower())
    runs: set[tuple[str, ...]] = set(zip(given, given[1:], given[2:], strict=False))
    whole = {tuple(_WORD.findall(line.lower())) for line in text.splitlines()}
    return [_share(said, runs, whole) for said in words]


def _share(words: Sequence[str], runs: set[tuple[str, ...]], whole: set[tuple[str, ...]]) -> float:
    """The share of a line's runs of three words among the given; a short line must be one there as well."""
    if len(words) < 4:
        return float(bool(words) and tuple(words) in whole)
    count = len(words) - 2
    return sum(run in runs for run in zip(words, words[1:], words[2:], strict=False)) / count
