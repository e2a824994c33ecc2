"""More documents from labelled ones, changed as scraping changes them.

Short stretches; texts without their line breaks; boxes anywhere, several and broken ones; true sentences moved behind
and between boxes; teasers of other articles; prompts glued to prose. What is put into a document comes from its own
fold of sites, so that the scores it is learned with have not seen it.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate

from cleaner.labels import KEPT, Label
from cleaner.segmentation.stops import may_end_sentence
from cleaner.segmentation.text import FLAT_BREAKS, sentences
from cleaner.training.corpus import FOLDS, fold_of, site
from cleaner.training.evaluation import Gold
from cleaner.training.labelled_lines import Line, Made, box_lines, broken, joined, lines_of

#: Of so many documents a stretch of a few lines is learned too, so many are learned with boxes and true sentences put
#: in, so many without their line breaks, and so many with both.
WINDOW_SHARE, SCRAPED_SHARE, FLAT_SHARE, SCRAPED_FLAT_SHARE = 0.6, 0.75, 0.5, 0.35
#: Of so many a few lines of the article are learned with a box or two around them, so many of these lines at most.
SHORT_SHARE, SHORT_LINES = 0.35, 4
#: Of so many boxes the place is above everything.
TOP_SHARE = 0.12
#: What a document with boxes put in counts beside one as it was found; a short one.
SCRAPED_WEIGHT, SHORT_WEIGHT = 0.3, 0.6
#: Shortest and longest true sentence that is moved, headline that is made a teaser, in characters.
SENTENCE, TEASER = (12, 140), (26, 160)
#: How a prompt before a teaser looks: "Read also: …".
PROMPT = re.compile(r"^([^\n:»>]{3,34}[:»>])\s")
_LINE_BREAK = re.compile(r"\s*\n\s*")


@dataclass(slots=True)
class Pool:
    """What may be put into the documents of one fold, by language."""

    boxes: dict[str, list[list[Line]]] = field(default_factory=dict)
    titles: dict[str, list[str]] = field(default_factory=dict)
    prompts: dict[str, list[str]] = field(default_factory=dict)


def made_from(documents: Sequence[Gold], boxes: Sequence[Gold]) -> Iterator[Made]:
    """More documents from labelled ones; the same for the same documents and boxes."""
    chance = random.Random(7)
    pools = _pools(documents, boxes)
    for gold in documents:
        if len(gold.spans) >= 4 and chance.random() < WINDOW_SHARE:
            size = chance.randint(2, min(14, len(gold.spans) - 1))
            first = chance.randint(0, len(gold.spans) - size)
            yield Made(_window(gold, first, first + size))
        if chance.random() < FLAT_SHARE and gold.text.count("\n") >= FLAT_BREAKS:
            yield Made(flattened(gold))
        if chance.random() < SCRAPED_SHARE:
            made = scraped(gold, pools[fold_of(site(gold.source), FOLDS)], chance)
            if made is not None:
                yield Made(made, SCRAPED_WEIGHT)
                if chance.random() < SCRAPED_FLAT_SHARE and made.text.count("\n") >= FLAT_BREAKS:
                    yield Made(flattened(made), SCRAPED_WEIGHT)
        if chance.random() < SHORT_SHARE:
            made = short(gold, pools[fold_of(site(gold.source), FOLDS)], chance)
            if made is not None:
                yield Made(made, SHORT_WEIGHT)


def flattened(gold: Gold) -> Gold:
    """The document as one line, as corpora hold articles: a space in the place of each line break."""
    gaps = [match.span() for match in _LINE_BREAK.finditer(gold.text)]
    starts = [start for start, _ in gaps]
    shorter = list(accumulate((end - start - 1 for start, end in gaps), initial=0))

    def moved(offset: int) -> int:
        before = bisect_left(starts, offset)
        if before and offset < gaps[before - 1][1]:  # inside a gap
            return starts[before - 1] + 1 - shorter[before - 1]
        return offset - shorter[before]

    return replace(
        gold, id=f"{gold.id}#flat", text=_LINE_BREAK.sub(" ", gold.text),
        spans=tuple((moved(start), moved(end), label) for start, end, label in gold.spans),
        doubt=tuple((moved(start), moved(end)) for start, end in gold.doubt),
    )  # fmt: skip


def _window(gold: Gold, first: int, last: int) -> Gold:
    start, end = gold.spans[first][0], gold.spans[last - 1][1]
    spans = tuple((a - start, b - start, label) for a, b, label in gold.spans[first:last])
    doubt = tuple((a - start, b - start) for a, b in gold.doubt if start <= a and b <= end)
    return replace(gold, id=f"{gold.id}#part", text=gold.text[start:end], spans=spans, doubt=doubt)


def _pools(documents: Sequence[Gold], boxes: Sequence[Gold]) -> list[Pool]:
    pools = [Pool() for _ in range(FOLDS)]
    for box in boxes:
        pools[fold_of(site(box.source), FOLDS)].boxes.setdefault(box.lang, []).append(box_lines(box))
    for gold in documents:
        pool = pools[fold_of(site(gold.source), FOLDS)]
        for start, end, label in gold.spans:
            text = gold.text[start:end].strip()
            if label is Label.HEADLINE and TEASER[0] <= len(text) < TEASER[1]:
                pool.titles.setdefault(gold.lang, []).append(text)
            elif label is Label.RELATED and (prompt := PROMPT.match(text)):
                pool.prompts.setdefault(gold.lang, []).append(prompt[1])
    return pools


def scraped(gold: Gold, pool: Pool, chance: random.Random) -> Gold | None:
    """The document with boxes, true sentences between them, teasers, and glued prompts; None for very short ones."""
    lines = lines_of(gold)
    if len(lines) < 4:
        return None
    for _ in range(chance.choice((1, 1, 2, 2, 3))):
        kind = chance.random()
        if kind < 0.62:
            _put_boxes(lines, pool, gold.lang, chance)
        elif kind < 0.74:
            _move_sentence(lines, chance)
        elif kind < 0.9:
            _put_teasers(lines, pool, gold.lang, chance)
        else:
            _glue_prompt(lines, pool, gold.lang, chance)
    return joined(gold, lines, "\n\n" if chance.random() < 0.3 else "\n", "scraped")


def short(gold: Gold, pool: Pool, chance: random.Random) -> Gold | None:
    """A few lines of the article with a box above, below, or both; None where no box is of its language."""
    boxes = pool.boxes.get(gold.lang)
    kept = [line for line in lines_of(gold) if all(label in KEPT for _, label, _ in line)]
    if not boxes or not kept:
        return None
    count = chance.randint(1, min(SHORT_LINES, len(kept)))
    first = chance.choice((0, chance.randint(0, len(kept) - count)))
    lines = kept[first : first + count]
    where = chance.random()
    above = broken(chance.choice(boxes), chance) if where < 0.25 else []
    below = broken(chance.choice(boxes), chance) if where >= 0.15 else []
    return joined(gold, [*above, *lines, *below], chance.choice(("\n", "\n\n")), "short")


def _put_boxes(lines: list[Line], pool: Pool, lang: str, chance: random.Random) -> None:
    """Puts in a box, or two, or two with a true sentence between them; mostly near the end."""
    if lang not in pool.boxes:
        return
    sentence = _taken_sentence(lines, chance) if chance.random() < 0.75 else None
    first = 1 if chance.random() < 0.5 else max(1, len(lines) * 2 // 3)
    at = 0 if chance.random() < TOP_SHARE else chance.randint(min(first, len(lines)), len(lines))
    put = broken(chance.choice(pool.boxes[lang]), chance)
    if at == 0 and chance.random() < 0.6:  # a banner
        put = put[:1]
    if sentence:
        put.append(sentence)
        if chance.random() < 0.7:
            put += broken(chance.choice(pool.boxes[lang]), chance)
        elif gone := _boilerplate(lines):
            at = chance.choice(gone)
    elif chance.random() < 0.2:
        put += broken(chance.choice(pool.boxes[lang]), chance)
    lines[at:at] = put


def _boilerplate(lines: Sequence[Line]) -> list[int]:
    return [index for index, line in enumerate(lines) if line[0][1] not in KEPT]


def _taken_sentence(lines: list[Line], chance: random.Random) -> Line | None:
    """Takes a short last sentence out of a paragraph of body, or a short line of body."""
    places = list(range(len(lines)))
    chance.shuffle(places)
    for place in places[:12]:
        text, label, doubtful = lines[place][0]
        if len(lines[place]) != 1 or label is not Label.BODY or doubtful:
            continue
        stretches = sentences(text, 0, len(text))
        first, last = stretches[-1]
        if not SENTENCE[0] <= last - first <= SENTENCE[1] or not may_end_sentence(text[:last]):
            continue
        if len(stretches) > 1:
            lines[place] = [(text[: stretches[-2][1]], Label.BODY, False)]
        elif len(lines) >= 6:
            del lines[place]
        else:
            continue
        return [(text[first:last], Label.BODY, False)]
    return None


def _move_sentence(lines: list[Line], chance: random.Random) -> None:
    """Moves a true sentence beside boilerplate that is there, else to the end."""
    sentence = _taken_sentence(lines, chance)
    if sentence:
        gone = _boilerplate(lines)
        lines.insert(chance.choice(gone) + chance.choice((0, 1)) if gone else len(lines), sentence)


def _put_teasers(lines: list[Line], pool: Pool, lang: str, chance: random.Random) -> None:
    """Puts in headlines of other articles: one or two anywhere, more near the end."""
    titles, prompts = pool.titles.get(lang, []), pool.prompts.get(lang)
    count = min(chance.choice((1, 1, 2, 3, 4)), len(titles))
    put: list[Line] = []
    for title in chance.sample(titles, count):
        lead = f"{chance.choice(prompts)} " if prompts and chance.random() < 0.25 else ""
        put.append([(lead + title, Label.RELATED, False)])
    near_end = len(lines) - chance.randint(0, min(3, len(lines) - 1))
    at = chance.randint(1, len(lines)) if count < 3 else near_end
    lines[at:at] = put


def _glue_prompt(lines: list[Line], pool: Pool, lang: str, chance: random.Random) -> None:
    """ "… it is clear.Read also: <headline>": a prompt without a space behind a paragraph's stop."""
    titles, prompts = pool.titles.get(lang), pool.prompts.get(lang)
    ends = [
        index
        for index, line in enumerate(lines)
        if line[-1][1] is Label.BODY and len(line[-1][0]) > 60 and may_end_sentence(line[-1][0].rstrip())
    ]
    if ends and titles and prompts:
        prompt = f"{chance.choice(prompts)} {chance.choice(titles)}"
        lines[chance.choice(ends)].append((prompt, Label.RELATED, False))
