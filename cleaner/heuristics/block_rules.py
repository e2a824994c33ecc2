"""The rules: small functions, in order, that look at a document and give evidence for labels.

First those that see one block (cues, patterns), then those that see its neighbours (boxes, letters,
tails). A rule yields (block index, Evidence) and decides nothing. Phrases live in the cue tables;
here stand only the shapes that no phrase can name. Patterns run on short blocks only and hold no
nested repetition, so that no line can make them slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from cleaner.document import Block, Evidence
from cleaner.heuristics import patterns
from cleaner.heuristics.appeals import appeals, asks, banner, letters
from cleaner.heuristics.author import author_again, bio_below
from cleaner.heuristics.context import MIDDLING, SHORT, Context, Findings
from cleaner.heuristics.cue_matcher import Hit, letters_around, stands_as
from cleaner.heuristics.cues import Kind, Voice
from cleaner.heuristics.glued import reason_of
from cleaner.heuristics.signs import HEAD
from cleaner.labels import KEPT, Label

#: Weight of a cue by kind, in a short, a middling and a long block (log-odds; from the precision of cues on train).
CUE_WEIGHTS: dict[Kind, tuple[float, float, float]] = {
    Kind.WHOLE: (5.0, 5.0, 5.0),
    Kind.START: (4.2, 3.6, 1.2),
    Kind.END: (3.8, 2.8, 0.8),
    Kind.ANY: (4.0, 2.9, 0.7),
    Kind.WEAK: (1.4, 0.9, 0.2),
    Kind.OPENER: (4.2, 3.6, 1.0),
    Kind.GLUED: (0.0, 0.0, 0.0),
}
#: Cues that count only where they stand as their kind says; those that may open a prompt.
STANDING, OPENING = frozenset({Kind.WHOLE, Kind.START, Kind.END, Kind.OPENER}), (Kind.START, Kind.OPENER, Kind.GLUED)
#: How the reasons begin that a page's own elements give.
HTML_SAYS = "HTML says"
#: A cue that opens a block of at most so many words, with a colon behind it ("Read also: …"), is a prompt.
PROMPT_WORDS, PROMPT_WEIGHT = 22, 6.5
PROMPT_SIGNS = (":", "：", "»", ">")
#: A cue inside a quotation of prose keeps this share of its weight.
QUOTED_CUE = 0.3
#: So does one of these labels in a sentence with a verb of reporting: "We use cookies to judge an oven, says …".
REPORTED = frozenset((Label.LEGAL,))
#: With a verb of reporting a sentence of more words than this speaks of a notice: "By continuing to browse, the ruling
#: says, nobody consents to anything."
REPORT_WORDS = 8
#: A sentence of more words than this is more than a prompt.
SENTENCE_WORDS = 12
#: Cues beyond the first for the same label add less: phrases of a box come together.
REPEATED_CUE = 0.5
#: A box ends after this many blocks, and at prose that says nothing of its own for the box.
BOX_BLOCKS = 14
#: A byline stands among the first blocks, above the prose or just below the first paragraph.
BYLINE_BLOCKS = 4
#: At least so many lines of at most this length make a trail of teasers.
TRAIL_BLOCKS, TEASER = 6, 140


Rule = Callable[[Context], Iterable[tuple[int, Evidence]]]


def gather(context: Context, rules: Sequence[Rule] = ()) -> list[list[Evidence]]:
    """Runs every rule (default: RULES) in order; the evidence per block."""
    context.evidence = [[] for _ in context.blocks]
    for rule in rules or RULES:
        for index, evidence in list(rule(context)):
            context.evidence[index].append(evidence)
    return context.evidence


# Rules that see one block ------------------------------------------------------------------------


def cues(context: Context) -> Findings:
    """What the cue tables say, by how a cue stands in its block and how long the block is."""
    for index in context.heard:
        if (hits := context.hits[index]) is None:
            continue
        if hits.protected:
            yield index, Evidence(Label.BODY, 20.0, hits.protected)
        for hit, weight in _strongest(context, index, hits.cues) if hits.cues else ():
            yield index, Evidence(hit.cue.label, weight, reason_of(hit), _is_opening_word(hit))


def _is_opening_word(hit: Hit) -> bool:
    """Is it a cue of a single word that counts at a block's beginning: "Loading", "Loading took an hour."?"""
    return hit.cue.kind in (Kind.START, Kind.OPENER) and " " not in hit.cue.phrase


def _strongest(context: Context, index: int, hits: Sequence[Hit]) -> Iterable[tuple[Hit, float]]:
    """Of cues of one label that lie in each other only the strongest; each further one of a label adds less."""
    weighed = [(hit, weight) for hit in hits if (weight := _cue_weight(context, index, hit))]
    return weighed if len(weighed) < 2 else _strongest_of(weighed)


def _strongest_of(weighed: list[tuple[Hit, float]]) -> Iterator[tuple[Hit, float]]:
    weighed.sort(key=lambda pair: (-pair[1], pair[0].start, pair[0].start - pair[0].end))
    taken: dict[Label, list[Hit]] = {}
    for hit, weight in weighed:
        others = taken.setdefault(hit.cue.label, [])
        if not any(hit.start < other.end and other.start < hit.end for other in others):
            yield hit, weight * REPEATED_CUE ** len(others)
            others.append(hit)


def _cue_weight(context: Context, index: int, hit: Hit) -> float:
    block, kind, measures = context.blocks[index], hit.cue.kind, context.measures[index]
    if kind in STANDING and not stands_as(kind, context.folded, hit.start, hit.end, block):
        return 0.0
    if hit.cue.label is Label.RELATED and patterns.cites(block.text):
        return 0.0
    size = 0 if measures.length <= SHORT else 1 if measures.length <= MIDDLING else 2
    weight = CUE_WEIGHTS[kind][size] * hit.cue.factor
    if measures.words <= PROMPT_WORDS and kind in OPENING and _is_prompt(context, block, hit):
        weight = max(weight, PROMPT_WEIGHT)
    quoted = (size or measures.quoted) and _in_quotation(block.text, hit.start - block.start, hit.end - block.start)
    return weight * QUOTED_CUE if quoted or (hit.cue.label in REPORTED and _is_reported(context, index)) else weight


def _is_reported(context: Context, index: int) -> bool:
    """Is the block a sentence with a verb of reporting? The news speak of cookies and copyrights too."""
    hits, measures = context.hits[index], context.measures[index]
    long = measures.words > REPORT_WORDS and measures.ends_sentence
    return long and hits is not None and bool(hits.voices.get(Voice.SAID))


def _is_prompt(context: Context, block: Block, hit: Hit) -> bool:
    """Does a cue that may open a prompt open the block with a colon behind it, or an arrow?"""
    if letters_around(context.folded, hit.start, hit.end, block)[0]:
        return False
    following = context.folded[hit.end : hit.end + 2].lstrip(" ")
    return hit.cue.phrase.endswith(PROMPT_SIGNS) or following.startswith(PROMPT_SIGNS)


def _in_quotation(text: str, start: int, end: int) -> bool:
    """Is a quotation open at `start` that closes after `end`? What is quoted, the outlet does not say."""
    if not text.isascii():
        opened = max(text.rfind(mark, 0, start) for mark in "“„«»")
        closed = max(text.rfind(mark, 0, start) for mark in "”»«")
        if opened > closed or (opened == closed >= 0):
            return any(text.find(mark, end) >= 0 for mark in "”“»«")
    return text.count('"', 0, start) % 2 == 1 and '"' in text[end:]


def prose(context: Context) -> Findings:
    """Prose speaks for itself: length, sentences, quotations and verbs of reporting."""
    for index in context.told():
        measures, weight = context.measures[index], 0.0
        if measures.prose:
            weight += min(2.5, measures.length / 200)
        hits = context.hits[index]
        if hits and measures.words > 8 and (said := hits.voices.get(Voice.SAID)):
            weight += min(2.0, said * 1.2)
        if measures.quoted and measures.words > 6:
            weight += 2.4
        elif measures.ends_sentence and measures.words > SENTENCE_WORDS:
            weight += 1.2
        if weight:
            yield index, Evidence(Label.BODY, weight, "reads as prose")


def shapes(context: Context) -> Findings:
    """The patterns of patterns.py: credits, dates, counts, player times, addresses, code."""
    for index, signs in context.signs().items():
        block, measures = context.blocks[index], context.measures[index]
        for pattern in signs.patterns:
            if pattern.name == "breadcrumbs" and block.path.endswith("/tr"):
                continue  # the bars between the cells of a row
            if measures.length <= pattern.longest and pattern.matches(block.text):
                yield index, Evidence(pattern.label, pattern.weight, f"has the shape of: {pattern.name}")


def code(context: Context) -> Findings:
    """Leaked program text: braces, semicolons and brackets in numbers no prose has; lines of invisible characters."""
    asked = [index for index, signs in context.signs().items() if signs.coded or signs.unseen]
    for index in (*asked, *_further_code(context)):
        text = context.blocks[index].text
        if not text.isprintable() and not any(char.isprintable() and not char.isspace() for char in text[:HEAD]):
            yield index, Evidence(Label.MARKUP, 6.0, "holds only invisible characters")
        elif ("{" in text or "</" in text or ";" in text) and (
            share := patterns.code_share(text)
        ) > patterns.CODE_SHARE:
            leaked = patterns.LEAKED.search(text[: patterns.CODE_SAMPLE]) is not None
            weight = 10.0 if leaked else 1.0  # an article about programs shows programs
            yield index, Evidence(Label.MARKUP, weight, f"looks like program text ({share:.0%} of its characters)")


def _further_code(context: Context) -> Sequence[int]:
    """The blocks that are not in question, and may be program text all the same."""
    folded = context.folded
    if "{" not in folded or (";" not in folded and '":' not in folded):  # nearly always
        return ()
    asked, texts = frozenset(context.open), enumerate(block.text for block in context.blocks)
    return [index for index, text in texts if index not in asked and "{" in text and (";" in text or '":' in text)]


# Rules that see the neighbours -------------------------------------------------------------------


def headline(context: Context) -> Findings:
    """The title as given, or the first short line without an end that stands above the prose."""
    folded_title = " ".join(context.title.lower().split())
    if folded_title:
        for index, block in enumerate(context.blocks[:12]):
            if len(block.text) < 400 and " ".join(block.text.lower().split()) == folded_title:
                yield index, Evidence(Label.HEADLINE, 8.0, "is the given title")
                return
    first = context.shape.first_prose
    if context.flat or not 0 < first <= 8:
        return
    for index in range(first):
        measures = context.measures[index]
        if context.boilerplate(index, 2.0) or context.lead(index)[1] >= 2.0 or asks(context, index):
            continue
        if patterns.DESK.fullmatch(context.blocks[index].text):
            continue
        plain = not (measures.ends_sentence or measures.colon or measures.listed)
        if plain and 2 < measures.words <= 30 and measures.length >= 15:
            if context.blocks[index].text[-1] not in ",;":
                yield index, Evidence(Label.HEADLINE, 2.6, "first line without a sentence's end, above the prose")
            return


def top_byline(context: Context) -> Findings:
    """Short lines with a date or a name between the headline and the prose; a desk line above both."""
    first = context.shape.first_prose
    for index in range(max(0, first) if first >= 0 else 0):
        measures = context.measures[index]
        if measures.length <= 80 and patterns.DESK.fullmatch(context.blocks[index].text):
            yield index, Evidence(Label.BYLINE, 4.0, "a desk line above the prose")
        if measures.length <= 80 and measures.digits >= 3 and measures.words <= 12 and not measures.ends_sentence:
            if patterns.DATE.search(context.blocks[index].text):
                yield index, Evidence(Label.BYLINE, 3.8, "a date above the prose")


def byline(context: Context) -> Findings:
    """ "By" and a name, as a line of its own above the prose or close to the headline."""
    top = max(context.shape.first_prose, BYLINE_BLOCKS)
    for index, block in enumerate(context.blocks[:top]):
        if context.measures[index].length <= 80 and (match := patterns.BY.match(block.text)):
            words = block.text[match.end() :].replace(",", " ").split()
            names = [word for word in words if word not in patterns.BETWEEN_NAMES]
            if 1 <= len(names) <= 8 and all(not name[0].islower() for name in names) and names[0][0].isupper():
                yield index, Evidence(Label.BYLINE, 4.0, "“by” and a name, above the prose")


def credit_below(context: Context) -> Findings:
    """What names an agency or a contributor stands below the story; above it, it is a byline or a caption."""
    for index in context.told():
        given = context.evidence[index]
        if context.shape.prose_before[index] and any(piece.label is Label.CREDIT for piece in given):
            yield index, Evidence(Label.CREDIT, 4.0, "below the story")


def boxes(context: Context) -> Findings:
    """A box is decided as a unit: the short blocks after its opener share its label, up to plain prose."""
    stop = 0
    for opener in context.heard:
        label = _opened(context, opener) if opener >= stop else None
        if label is None:
            continue
        index = opener + 1
        stop = _box_end(context, index, label)
        for inside in range(index, stop):
            own, strength = context.lead(inside)
            if own in KEPT or strength < 3.4 or own is label:
                yield inside, Evidence(label, _box_weight(context, inside), f"in a {label} box")


def _opened(context: Context, index: int) -> Label | None:
    hits = context.hits[index]
    label = context.boilerplate(index)
    if hits is None or label is None or context.measures[index].length > MIDDLING:
        return None
    return label if any(hit.cue.kind is Kind.OPENER and hit.cue.label is label for hit in hits.cues) else None


def _box_end(context: Context, index: int, label: Label) -> int:
    start = index
    while index < len(context.blocks) and index - start < BOX_BLOCKS:
        measures = context.measures[index]
        own = context.boilerplate(index, 2.0)
        teaser = label is Label.RELATED and measures.length <= 140 and not measures.ends_sentence
        if not (own or measures.crumb or teaser):
            break
        if own is None and context.next_is_prose(index) and not context.boilerplate(index, 1.0):
            break  # a lone short line above prose is a subhead of the article
        index += 1
    return index


def _box_weight(context: Context, index: int) -> float:
    return 3.9 if context.shape.prose_after[index] == 0 or context.measures[index].length <= CRUMB_SURE else 3.0


CRUMB_SURE = 24


def tail(context: Context) -> Findings:
    """Below the last prose, crumbs next to boilerplate are boilerplate of the same kind."""
    last = context.shape.last_prose
    if last < 0:
        return
    index, label = last + 1, None
    while index < len(context.blocks):
        own = context.boilerplate(index)
        if own is not None:
            label = own
        elif label is not None and context.measures[index].length <= 140 and not _kept_line(context, index):
            kind = label if label is not Label.CAPTION else Label.NAVIGATION
            weight = 3.7 if context.measures[index].crumb else 1.8
            yield index, Evidence(kind, weight, f"a short line after {label} below the last prose")
        index += 1


def trail(context: Context) -> Findings:
    """A trail of teasers and links below the last prose, recognised by its length: articles end in prose."""
    last = context.shape.last_prose
    stop = len(context.blocks)
    short = [
        index
        for index in range(last + 1, stop)
        if context.measures[index].length <= TEASER and not context.measures[index].ends_sentence
    ]
    if last < 0 or len(short) < TRAIL_BLOCKS or len(short) * 3 < (stop - last - 1) * 2:
        return
    if not any(context.boilerplate(index) for index in short):
        return
    for index in short:
        if context.boilerplate(index, 2.9) is None and not _kept_line(context, index):
            yield index, Evidence(Label.RELATED, 3.4, f"in a trail of {len(short)} short lines below the last prose")


def _kept_line(context: Context, index: int) -> bool:
    label, strength = context.lead(index)
    return (label in KEPT and label is not Label.BODY and strength > 0) or context.measures[index].quoted


def head(context: Context) -> Findings:
    """Above the first prose, short lines between two pieces of boilerplate are of the same kind."""
    first = context.shape.first_prose
    for index in range(1, max(0, first)):
        if context.evidence[index] or not context.measures[index].crumb:
            continue
        before = context.boilerplate(index - 1)
        after = context.boilerplate(index + 1) if index + 1 < len(context.blocks) else None
        if before and after:
            yield index, Evidence(before, 3.7, f"between {before} and {after} above the prose")


def runs(context: Context) -> Findings:
    """Many crumbs in a row, some of them boilerplate for sure: the run is."""
    if len(context.told()) < 2:
        return
    index = 0
    while index < len(context.blocks):
        stop = index
        while (
            stop < len(context.blocks)
            and context.measures[stop].length <= 40
            and not context.measures[stop].ends_sentence
        ):
            stop += 1
        labels = [label for inside in range(index, stop) if (label := context.boilerplate(inside))]
        if stop - index >= 3 and len(labels) >= 2 and 2 * len(labels) >= stop - index:
            for inside in range(index, stop):
                if context.boilerplate(inside) is None and not _kept_line(context, inside):
                    reason = f"among {stop - index} short lines in a row, {len(labels)} of which are no article"
                    yield inside, Evidence(labels[0], 3.7, reason)
        index = stop + 1


def outside_main(context: Context) -> Findings:
    """HTML: what the page itself tells (html/segment.py gives the marks)."""
    for index, block in enumerate(context.blocks):
        for mark in block.marks:
            if (known := patterns.MARKS.get(mark)) is not None:
                yield index, Evidence(known[0], known[1], f"{HTML_SAYS}: {mark}")


#: A rule sees the evidence of the rules above it.
RULES: tuple[Rule, ...] = (
    cues, shapes, code, outside_main, prose,
    headline, top_byline, byline, bio_below, author_again, credit_below,
    letters, appeals, banner, boxes, tail, trail, head, runs,
)  # fmt: skip


#: What a user's own cues set off: nothing beyond their block and the box they open.
ASKED_RULES: tuple[Rule, ...] = (cues, boxes)
