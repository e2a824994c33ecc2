"""What the page model reads of a page's lines: hashed words of the elements around them, and measurements.

Hashes tell which classes, ids, roles and tags stand around a line and how near, and how a short line reads.
Measurements tell its shape, how text and links are spread over the elements around it, how it stands to the
main container, to the title and to what others say the article is. NumPy only; knows no labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cleaner import accelerator
from cleaner.html.page import RECORD_TAGS, Element, Layout, Line
from cleaner.html.page_places import mixed, place_hashes
from cleaner.html.page_shape import Column, LineShapes, Logged, line_shapes, signs_in_c
from cleaner.html.page_words import PageWords, page_words, title_words
from cleaner.html.records import article_columns, record_columns
from cleaner.model.quantised import logarithm
from cleaner.segmentation.tokens import Floats, Ints

#: Which features these are; a model trained on others is refused. Raise it with any change of their meaning.
PAGE_FEATURES = 3

#: The main container is the deepest element with this share of the page's prose.
MAIN_SHARE = 0.7
#: Ancestors whose text and links are measured: the nearest blocks around a line.
NEAR = 4

_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr output q s samp small span "
    "strike strong sub sup time tt u var wbr".split()
)
_FLAGS = {128: _INLINE, 256: RECORD_TAGS, 512: ("article",), 1024: ("time",), 2048: ("h1",)}
_TAGS = (
    "p li h1 h2 h3 h4 h5 h6 blockquote figcaption figure table tr td pre code article main section aside nav header "
    "footer form button label dl dt dd ul ol a time span div details summary address q cite strong em font center"
).split()
_TAG_BIT = {tag: 1 << number for number, tag in enumerate(_TAGS)}
#: So many measurements are taken of a line.
MEASUREMENTS = 203
#: What a tag is, for the accelerator, as native/page_layout.h has it: its number among the telling ones from 1 on, and
#: flags.
_KINDS = {
    tag: (_TAGS.index(tag) + 1 if tag in _TAG_BIT else 0) + sum(flag for flag, tags in _FLAGS.items() if tag in tags)
    for tag in {*_TAGS, *_INLINE, *RECORD_TAGS}
}


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
    words, wanted = _words(layout)
    dense = (_measured if accelerator.compiled is None else _measured_in_c)(layout, words, wanted)
    return PageFeatures(*place_hashes(layout), mixed(words.said), words.said_starts, dense.T)


def _measured_in_c(layout: Layout, words: PageWords, wanted: int) -> Floats:
    """As `_measured`."""
    assert accelerator.compiled is not None
    memory = accelerator.compiled.page_measures(*_arguments(layout, words, wanted))
    return np.frombuffer(memory, np.float32).reshape(MEASUREMENTS, -1)


def measure_arguments(layout: Layout) -> tuple[object, ...]:
    """What the accelerator needs for the measurements of a page."""
    return _arguments(layout, *_words(layout))


def _words(layout: Layout) -> tuple[PageWords, int]:
    """What the lines say, and how many different words the title has."""
    others = [text for text in (layout.stated, layout.opinion) if text]
    title = str(layout.metadata.get("title", ""))
    return page_words([line.text for line in layout.lines], title, others), len(title_words(title))


def _arguments(layout: Layout, words: PageWords, wanted: int) -> tuple[object, ...]:
    signs = signs_in_c([line.text for line in layout.lines])
    return (
        list(layout.lines), list(layout.elements), _KINDS, len(_TAGS), MEASUREMENTS, words.memory, signs, wanted,
        "articleBody", bool(layout.stated), bool(layout.opinion),
    )  # fmt: skip


def _measured(layout: Layout, words: PageWords, wanted: int) -> Floats:
    """Measurement × line: the reference that the accelerator is held to. wanted: different words of the title."""
    lines, elements = layout.lines, layout.elements
    shape = line_shapes(lines, words)
    chains = _chains(lines, elements)
    sums = _sums(lines, elements, shape)
    prose = max(1.0, float(shape.prose.sum()))
    columns = [
        *shape.columns(),
        *_spread(lines, elements, chains, shape, sums),
        _tags(lines, elements),
        *_repeats(lines, elements, chains, shape),
        *record_columns(layout, sums, prose),
        *article_columns(lines, elements, sums, prose),
        words.before,
        words.after,
        *_title(words, wanted, shape),
        *_shares(words, layout),
    ]
    return _stacked(columns, len(lines))


def _stacked(columns: Sequence[Column], count: int) -> Floats:
    """Columns, some of them several at once, one below the other, those to be logged all in one go."""
    given = [column.values if isinstance(column, Logged) else column for column in columns]
    sizes = [column.size // count for column in given]
    dense = np.empty((sum(sizes), count), np.float32)
    logs: list[int] = []
    at = 0
    for column, values, size in zip(columns, given, sizes, strict=True):
        if isinstance(column, Logged):
            logs.append(at)
        else:
            dense[at : at + size] = values
        at += size
    logged = [column.values for column in columns if isinstance(column, Logged)]
    dense[logs] = logarithm(1 + np.array(logged, np.float64))
    return dense


def _chains(lines: Sequence[Line], elements: Sequence[Element]) -> list[tuple[int, ...]]:
    """Per line the nearest elements around it that are no inline ones, from the inside out; NEAR + 1 of them."""
    chains: list[tuple[int, ...]] = []  # per element: those before it are around it
    for index, element in enumerate(elements):
        above = chains[element.parent] if element.parent >= 0 else ()
        chains.append(above if element.tag in _INLINE else (index, *above[:NEAR]))
    return [chains[line.element] or (0,) for line in lines]


def _spread(
    lines: Sequence[Line],
    elements: Sequence[Element],
    chains: Sequence[tuple[int, ...]],
    shape: LineShapes,
    sums: Floats,
) -> Iterable[Column]:
    """How prose, text and links are spread over the elements around each line, and the main container."""
    total = max(1.0, float(shape.prose.sum()))
    near = np.array([chain + chain[-1:] * (NEAR + 1 - len(chain)) for chain in chains])
    prose, text, linked, held = sums[near.T].transpose(2, 0, 1)  # each distance × line
    columns = prose / total, prose / np.maximum(1, text * 1.2), linked / np.maximum(1, text)
    for distance in range(NEAR + 1):
        yield from (column[distance] for column in columns)
        yield Logged(held[distance])
        yield Logged(text[distance])
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


def _sums(lines: Sequence[Line], elements: Sequence[Element], shape: LineShapes) -> Floats:
    """Per element what it holds with all inside it: prose, text, linked text, lines."""
    holder = np.array([line.element for line in lines])
    count = len(elements)
    held = (shape.prose, shape.sizes, shape.sizes * shape.links, None)
    own = np.stack([np.bincount(holder, column, count) for column in held], axis=1)
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


def _tags(lines: Sequence[Line], elements: Sequence[Element]) -> Floats:
    """Rows of columns: which telling tags are around a line; hidden; inside articleBody; then the line's own tag."""
    count = len(_TAGS)
    hidden, body = 1 << count, 2 << count
    around: list[int] = []  # per element a bit for each column
    any_body = False
    for element in elements:
        bits = _TAG_BIT.get(element.tag, 0) | (around[element.parent] if element.parent >= 0 else 0)
        if element.hidden:
            bits |= hidden
        if "articleBody" in element.property:
            bits, any_body = bits | body, True
        around.append(bits)
    bodies = 4 << count if any_body else 0
    here = [around[line.element] | bodies for line in lines]
    own = [_TAG_BIT.get(elements[line.element].tag, 0) for line in lines]
    return np.concatenate((_bits(here, count + 3), _bits(own, count)))


def _bits(rows: Sequence[int], count: int) -> Floats:
    """Bit × row."""
    as_bytes = np.array(rows, "<u8").view(np.uint8).reshape(-1, 8)
    return np.unpackbits(as_bytes, axis=1, bitorder="little")[:, :count].T


def _repeats(
    lines: Sequence[Line], elements: Sequence[Element], chains: Sequence[tuple[int, ...]], shape: LineShapes
) -> Iterable[Column]:
    """Lines set alike (tags and classes of the two nearest blocks): how many, how long, how much of the prose."""
    kinds: dict[object, int] = {}
    kind: dict[int, int] = {}
    for index in {index for chain in chains for index in chain[:2]}:
        kind[index] = kinds.setdefault(elements[index][0::2], len(kinds))  # tag, names, property, depth
    number: dict[object, int] = {}
    keys = [(kind[chain[0]], kind[chain[1]] if len(chain) > 1 else -1) for chain in chains]
    group = np.array([number.setdefault(key, len(number)) for key in keys])
    count = np.bincount(group).astype(np.float64)
    prose = np.bincount(group, shape.prose)
    sizes = np.bincount(group, shape.sizes)
    total = max(1.0, float(shape.prose.sum()))
    yield Logged(count[group])
    yield (prose / total)[group]
    yield Logged((sizes / count)[group])
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
    yield Logged(np.array([texts[line.text] - 1 for line in lines]))
    yield np.array(earlier, np.float32)


def _title(words: PageWords, wanted: int, shape: LineShapes) -> Iterable[Column]:
    """How much a line says what the title says, and how it stands to the line that does so most."""
    count = len(words.counts)
    index = np.arange(count, dtype=np.float32)
    if not wanted:
        yield np.zeros((5, count), np.float32)
        return
    shared = words.in_title.astype(np.float32)
    precision = shared / np.maximum(1, shape.counts)
    both = 2 * shared / np.maximum(1, shape.counts + wanted)
    first = int(np.argmax(both >= 0.8 * both.max())) if both.max() > 0.4 else -1
    yield precision
    yield both
    yield both > 0.7
    yield np.where(first < 0, 0, np.sign(index - first))
    yield Logged(np.where(first < 0, 0, np.abs(index - first)))


def _shares(words: PageWords, layout: Layout) -> Iterable[Floats]:
    """How much of a line is in the text that structured data give, and in another extractor's."""
    shares = iter(words.shares)
    for text in (layout.stated, layout.opinion):
        share = next(shares) if text else np.zeros(len(words.counts), np.float32)
        yield np.full(len(words.counts), float(bool(text)), np.float32)
        yield share
        yield (share >= 0.5).astype(np.float32)
