"""What the model says of a document's blocks as log-odds, and what losing each of them would cost.

There is one cost: what losing a block of the article is worth, in crumbs of boilerplate left standing: the block
itself, more when it is a sentence, more with its length. `decision` sets the one against the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaner import accelerator
from cleaner.decision.page_odds import in_flow, placed_odds
from cleaner.heuristics.block_stats import IDEOGRAPH_WEIGHT
from cleaner.labels import KEPT, Label
from cleaner.model.network import COLUMN
from cleaner.model.quantised import logarithm
from cleaner.segmentation.stops import CLOSERS, STOPS, ends_sentence
from cleaner.segmentation.tokens import Flags, Floats

#: What losing a block of the article costs, in crumbs left standing: the block itself, more when it is a sentence, and
#: one crumb for so many characters of it. Chosen on cross-validated probabilities; see docs/model.md.
BLOCK_COST, SENTENCE_COST, CHARACTERS = 2.75, 4.125, 48
#: Scripts that say more in a character, and of which few documents were learned: so many log-odds more.
COMPACT, COMPACT_COST = frozenset({"zh", "ja", "ko", "th", "lo", "my", "km"}), 0.5
#: In a poem, a ticker, questions and answers, a list short lines are the article: so many log-odds more.
MILD_COST = 1.0
#: A sentence has at least so many characters, and ends like one.
SENTENCE_LENGTH = 12
#: A kept block of this probability of boilerplate or more is told why it stays.
TOLD = 0.5
#: Probabilities are kept this far from 0 and 1.
LEAST = 1e-6


@accelerator.quick
@dataclass(frozen=True, slots=True)
class Scores:
    """What the model says of a document's blocks, and what losing each would cost; lists run over the blocks."""

    probabilities: Floats  # block × label, in the order of labels.COLUMNS
    odds: list[float]  # log-odds of boilerplate
    costs: list[float]  # log-odds that they must pass
    kept: list[int]  # column of the most likely kept label
    gone: list[int]  # column of the most likely boilerplate label
    sure: list[float]  # probability of boilerplate
    plain: list[bool]  # body without question, unless a rule speaks
    places: Sequence[float] = ()  # HTML: the page model's log-odds that the block stands outside the article
    margins: Sequence[float] = ()  # HTML: the odds of the words alone, less what losing the block costs
    flows: bool = False  # HTML: there is an article around the blocks

    @classmethod
    def of(
        cls,
        probabilities: Floats,
        texts: Sequence[str],
        lang: str = "und",
        *,
        recurring: Flags | None = None,
        places: Sequence[float] = (),
        crumbs: Sequence[bool] = (),
        mild: bool = False,
    ) -> Scores:
        """From the model's probabilities, the blocks' texts, and which of them the source repeats.

        crumbs: HTML: which blocks read like crumbs (`reads_like_a_crumb`): only rules and place speak against them.
        mild: it is no plain report, its short lines are the article.
        """
        probabilities = np.ascontiguousarray(probabilities, np.float32)
        extra = MILD_COST * mild
        if accelerator.compiled is not None and not places:
            settings = (
                len(KEPT), COLUMN[Label.BODY], SENTENCE_LENGTH, BLOCK_COST, SENTENCE_COST, CHARACTERS,
                IDEOGRAPH_WEIGHT if lang in COMPACT else 1.0, COMPACT_COST * (lang in COMPACT), extra, LEAST, TOLD,
                STOPS, CLOSERS,
            )  # fmt: skip
            return cls(probabilities, *accelerator.compiled.scores(probabilities, list(texts), recurring, settings))
        gone = np.add.accumulate(probabilities[:, len(KEPT) :], axis=1, dtype=np.float64)[:, -1]
        boilerplate = np.clip(gone, LEAST, 1 - LEAST)
        odds = logarithm(boilerplate / (1 - boilerplate))
        costs = removal_costs(texts, lang, recurring) + extra
        kept = probabilities[:, : len(KEPT)].argmax(axis=1)
        margins, flows = np.zeros(0), False
        if places:
            boilerplate = _on_a_page(probabilities)
            sizes = np.array([len(text) for text in texts])
            margins = page_margins(probabilities, costs, crumbs)
            odds, costs = placed_odds(np.asarray(places), margins, sizes), np.zeros(len(sizes))
            flows = in_flow(np.asarray(places), margins, sizes)
        return cls(
            probabilities=probabilities,
            odds=odds.tolist(),
            costs=costs.tolist(),
            kept=kept.tolist(),
            gone=(probabilities[:, len(KEPT) :].argmax(axis=1) + len(KEPT)).tolist(),
            sure=boilerplate.round(3).tolist(),
            plain=((odds <= costs) & (boilerplate < TOLD) & (kept == COLUMN[Label.BODY])).tolist(),
            places=places,
            margins=margins.tolist(),
            flows=flows,
        )


def _on_a_page(probabilities: Floats) -> Floats:
    """Per block how probably it is not of the article; a headline is none, since a page has told its own."""
    gone = np.add.accumulate(probabilities[:, len(KEPT) :], axis=1, dtype=np.float64)[:, -1]
    boilerplate: Floats = np.clip(
        np.clip(gone, LEAST, 1 - LEAST) + probabilities[:, COLUMN[Label.HEADLINE]], LEAST, 1 - LEAST
    )
    return boilerplate


def page_margins(probabilities: Floats, costs: Floats, crumbs: Sequence[bool] = ()) -> Floats:
    """Per block of a page the text judge's log-odds less its cost; crumbs are judged by rules and place alone."""
    boilerplate = _on_a_page(probabilities)
    margins: Floats = logarithm(boilerplate / (1 - boilerplate)) - costs
    return np.where(crumbs, np.minimum(margins, 0), margins) if crumbs else margins


def removal_costs(texts: Sequence[str], lang: str, recurring: Flags | None) -> Floats:
    """Per block the log-odds from which leaving it is expected to cost more than losing it."""
    compact = lang in COMPACT
    sizes = np.array([len(text) for text in texts]) * (IDEOGRAPH_WEIGHT if compact else 1.0)
    if recurring is not None:  # prose of the article's own stands in no other article
        sizes = np.where(recurring, 0, sizes)
    sentence = np.array([len(text) >= SENTENCE_LENGTH and ends_sentence(text) for text in texts])
    lost = BLOCK_COST + SENTENCE_COST * sentence + sizes / CHARACTERS
    costs: Floats = logarithm(lost) + COMPACT_COST * compact
    return costs
