"""Forms that no newsroom writes as reporting: such a line goes whatever the network thinks of it.

Sentences that programs of sites put around articles, word for word but for a title and a name ("The post … appeared
first on ….", "Your email address will not be published."), and lines that open with a prompt to read something else
and a colon. They read like prose, and the network may never have seen them; here only whole blocks count. A word of
such a form inside reporting, or in quotation marks, is none. Weighed by nobody: `decision` takes them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Protocol

from ahocorasick_rs import AhoCorasick

from cleaner import accelerator
from cleaner.document import Block, Evidence
from cleaner.heuristics.block_stats import IDEOGRAPH_WEIGHT
from cleaner.heuristics.cue_matcher import SURROGATE
from cleaner.heuristics.cues import fold
from cleaner.heuristics.patterns import cites
from cleaner.heuristics.prompts import ARROWS, BRACKETS, COLONS, LONGEST_TITLE, SHORT_SENTENCE, prompt_phrases
from cleaner.labels import Label
from cleaner.phrases import phrases
from cleaner.segmentation.stops import ends_sentence

#: The weight of such a form, in log-odds.
WEIGHT = 12.0
#: No form is longer, in characters.
LONGEST = 400
#: A prompt's line has at most so many words.
PROMPT_WORDS = 22


@dataclass(frozen=True, slots=True)
class Form:
    """One form: what it is, its label, folded words one of which must be there, and the whole block."""

    name: str
    label: Label
    needles: tuple[str, ...]
    whole: str

    @property
    def expression(self) -> re.Pattern[str]:
        """The whole block as an expression, compiled when it is first asked for: most texts ask for none."""
        return _compiled(self.whole)


_compiled = cache(re.compile)


#: What stands in the table for a title, which begins with a capital, a digit, a quotation mark or a letter of a script
#: without capitals, and for the name of a site.
_STANDS_FOR = {
    "‹title›": r"[^\W_a-zа-яёіїєґα-ωà-öø-ÿ].{2,240}|[\"“„«'‘].{2,240}",
    "‹site›": r"[^,;:!?]{2,80}",
}


def _forms() -> Iterator[Form]:
    """The forms of `data/languages/forms.txt`, whose head says how they are written."""
    file = resources.files("cleaner") / "data" / "languages" / "forms.txt"
    for section in file.read_text(encoding="utf-8").split("\n[")[1:]:
        head, _, lines = section.partition("]\n")
        label, _, name = head.partition(": ")
        entries = lines.split("\n")
        expressions = [entry[2:] for entry in entries if entry.startswith("= ")]
        whole = "|".join(f"(?:{expression})" for expression in expressions)
        for sign, stands_for in _STANDS_FOR.items():
            whole = whole.replace(sign, stands_for)
        needles = tuple(entry for entry in entries if entry and not entry.startswith("= "))
        yield Form(name, Label(label), needles, whole)


FORMS: tuple[Form, ...] = tuple(_forms())
_NEEDLES: Mapping[str, tuple[Form, ...]] = {
    needle: tuple(form for form in FORMS if needle in form.needles) for form in FORMS for needle in form.needles
}
#: Words that make a prompt one to read *something else too*.
_TOO = re.compile("|".join(phrases("too")))
#: No such prompt is longer.
_LONGEST_PROMPT = 40
#: So much of a line is looked at for its colon.
_HEAD = _LONGEST_PROMPT + 8
_AROUND = ARROWS + "".join(BRACKETS) + COLONS + " \u00a0"
_QUOTES = "\"“”„«»‘’'「『"


@cache
def _read_too() -> frozenset[str]:
    """The prompts to read something else too, folded."""
    return frozenset(phrase for phrase in prompt_phrases() if _TOO.search(phrase))


def find_certain(folded: str, text: str, blocks: Sequence[Block]) -> dict[int, Evidence]:
    """Of the blocks that have such a form, by their number, what it is. folded: the whole text, as `fold` gives it."""
    needles = _needles_in(folded)
    certain = _with_forms(needles, folded, text, blocks) if needles else {}
    for index, block in enumerate(blocks):
        head = block.text[:_HEAD]
        if ":" not in head and "：" not in head and head[0] not in BRACKETS:  # nine lines of ten
            continue
        if index not in certain and (prompt := _prompt_of(block.text)):
            reason = f"opens with a prompt to read something else: “{prompt}”"
            certain[index] = Evidence(Label.RELATED, WEIGHT, reason)
    return certain


def _with_forms(needles: Iterable[str], folded: str, text: str, blocks: Sequence[Block]) -> dict[int, Evidence]:
    """The blocks that have a form; needles: those of FORMS that stand in the text."""
    certain: dict[int, Evidence] = {}
    names = {form.name for needle in needles for form in _NEEDLES[needle]}
    for first, last in _sentences(blocks):
        start, end = blocks[first].start, blocks[last].end
        form = _form_of(text[start:end], folded[start:end], names) if end - start <= LONGEST else None
        if form is not None:
            evidence = Evidence(form.label, WEIGHT, f"has the form of {form.name}")
            certain.update(dict.fromkeys(range(first, last + 1), evidence))
    return certain


class _Finder(Protocol):
    """The accelerator's `Needles`."""

    def search(self, text: str) -> list[str]:
        """The needles that stand in a text."""


@cache
def _compiled_needles() -> _Finder:
    assert accelerator.compiled is not None
    finder: _Finder = accelerator.compiled.Needles(list(_NEEDLES))
    return finder


@cache
def _automaton() -> AhoCorasick:
    return AhoCorasick(list(_NEEDLES))


def _needles_in(folded: str) -> set[str]:
    """The needles that stand in a text, by one look at each character instead of one at each needle."""
    if accelerator.compiled is not None:
        return set(_compiled_needles().search(folded))
    try:
        return set(_automaton().find_matches_as_strings(folded, overlapping=True))
    except UnicodeEncodeError:  # lone surrogates, which UTF-8 cannot hold, match nothing
        return set(_automaton().find_matches_as_strings(SURROGATE.sub("\ufffd", folded), overlapping=True))


def _sentences(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """First and last of the blocks that are a line or a sentence: in a text of one line a title may be cut in pieces."""
    first = 0
    for index, block in enumerate(blocks):
        if index + 1 == len(blocks) or blocks[index + 1].newlines_before or ends_sentence(block.text):
            yield first, index
            first = index + 1


def _form_of(text: str, folded: str, names: Collection[str]) -> Form | None:
    for form in FORMS:
        if form.name in names and any(needle in folded for needle in form.needles):
            if form.expression.fullmatch(text.replace("\u00a0", " ")) is not None:
                return form
    return None


def _prompt_of(text: str) -> str:
    """The prompt that opens a line, with a colon behind it; "" for none, or a line too long to be a teaser."""
    head = text[:_HEAD]
    if BRACKETS.get(text[0]) == text[-1] and fold(alone := text[1:-1].strip(_AROUND)) in _read_too():
        return alone  # "[관련기사]", and nothing else
    closed = head.find(BRACKETS[text[0]]) if text[0] in BRACKETS else -1
    opened = closed > 0 and fold(head[1:closed].strip(_AROUND)) in _read_too()  # "【関連記事】" before its title
    places = [closed] if opened else [place for colon in COLONS if (place := head.find(colon)) > 0]
    if not places or text[0] in _QUOTES:
        return ""
    at = min(places)
    prompt = head[:at].strip(_AROUND)
    if fold(prompt) not in _read_too() or cites(text):
        return ""
    if len(text) - at > SHORT_SENTENCE and ends_sentence(text):  # a title and a sentence of the article, perhaps
        return ""
    is_title = at + 2 < len(text) and text.count(" ") < PROMPT_WORDS and _letters(text[at + 1 :]) <= LONGEST_TITLE
    return prompt if is_title else ""


def _letters(title: str) -> float:
    """The length of a title in letters: where no spaces part words, their number bounds nothing."""
    return len(title) * (IDEOGRAPH_WEIGHT if title.lstrip()[:1] >= "\u2e80" else 1)
