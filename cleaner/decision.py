"""Evidence and scores → decisions: the only judge. Gives each block a label, a score and an action.

The model, which has read the rules' evidence, gives the odds that a block is not the article. It goes when
they pass what losing it would cost: more for a longer block, more in a document the model is unsure
about. Without a model the rules decide alone. When most of a document goes, it is reported, not undone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cleaner.document import Block, Decision, Evidence, Status
from cleaner.heuristics.block_rules import HTML_SAYS
from cleaner.heuristics.block_stats import IDEOGRAPH_WEIGHT
from cleaner.heuristics.patterns import MARKS
from cleaner.labels import KEPT, Action, Label, Policy
from cleaner.memory.lookup import Recall
from cleaner.model.model_file import COLUMNS
from cleaner.model.network import COLUMN, EVIDENCE_CLIP
from cleaner.page_judge import BlockEvidence, placed_odds, with_evidence
from cleaner.segmentation.tokens import Flags, Floats

#: Rules alone: log-odds against removal before any evidence, and the score from which a block goes.
PRIOR, THRESHOLD = -2.2, 0.65
#: What losing a block costs, in log-odds: a constant, per factor e of length over 60 characters, and per unit of the
#: document's mean P(1-P) by characters. Chosen by cross-validation for body lost <= 0.4 %; see docs/model.md.
COST, LENGTH_COST, UNSURE_COST = -1.0, 1.5, 10.0
#: The length cost of a block that the source repeats: prose of the article's own stands in no other article.
RECURRING_LENGTH_COST = 0.5
#: Scripts that say more in a character, and of which few documents were learned (cross-validated without this: 7.9 %
#: of Chinese and 3.5 % of Japanese body lost, with it 1.0 % and 0.6 %).
COMPACT, COMPACT_COST = frozenset({"zh", "ja", "ko", "th", "lo", "my", "km"}), 1.5
#: What speaks to the reader about the outlet costs more to leave than a crumb: so much less is asked to remove it,
#: where a rule speaks for that too.
APPEALS, APPEAL_DISCOUNT = (Label.DONATION, Label.NEWSLETTER, Label.SUBSCRIPTION, Label.LEGAL), 1.0
TYPICAL_LENGTH = 60
#: In a document of a few blocks the model has little to go by: so much more is asked, where no rule speaks for removal.
SHORT_DOCUMENT, UNSUPPORTED = 10, 3.0
#: What a unit of the rules' evidence says about which label is right, in log-odds beside the model's.
KIND_RULES = 0.1
#: A whole line that is a cue, or more, settles it nearly always.
SURE_EVIDENCE, KIND_SURE = 5.0, 1.5
#: A line inside a recognised letter or box takes the box's label, however it reads.
KIND_SETTLED = 6.0
#: Which kept label is right the rules tell better than the model: headlines and credits by their place.
KEPT_RULES = 8.0
#: A sentence of this length, or any block of that, for whose removal no rule speaks, is more likely prose than the
#: model thinks: whole tables and lists of one document were half of all body lost.
SENTENCE_LENGTH, PROSE_LENGTH, SENTENCE_COST = 50, 120, 1.5
#: Log-odds per unit of the rules' evidence, beyond what the model made of it: for removal, and for these kept labels.
SUPPORT = 0.3
GUARDED = {Label.HEADLINE: 0.8, Label.CREDIT: 0.7, Label.NOTE: 0.7}
#: The model reads the rules' evidence up to its clip; what a user's own cue or a whole letter says beyond it adds here.
BEYOND = 1.0
#: Headings: in a text such lines are mostly something else than the article.
HEADING_MARKS = frozenset(("tag:h1", "tag:h2", "tag:h3", "tag:h4", "tag:h5", "tag:h6"))
#: A piece of a sentence of at most this length, between pieces that stay, stays too, when no rule speaks against it.
SNIPPET = 24
SENTENCE_ENDS = (".", "!", "?", "…", "。", "”", '"', "»")
#: Evidence for body of this weight is a promise to the user: such a block is never removed.
PROMISE = 20.0
#: More than this share of a document's characters removed: look at it.
SUSPECT_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Scores:
    """What the model says of a document's blocks, and what losing each would cost; lists run over the blocks."""

    probabilities: Floats  # block × label, in the order of model.COLUMNS
    odds: list[float]  # log-odds of boilerplate
    costs: list[float]  # log-odds that the sum of model and rules must pass
    kept: list[int]  # column of the likeliest kept label
    gone: list[int]  # column of the likeliest boilerplate label
    unsupported: float  # what is asked more of a block for which no rule speaks
    sure: list[float]  # probability of boilerplate
    plain: list[bool]  # body without question, unless a rule speaks
    recurring: list[bool]  # does the source repeat it? Then no rule need speak
    places: Sequence[float] = ()  # HTML: the page model's log-odds that the block stands outside the article

    @classmethod
    def of(
        cls,
        probabilities: Floats,
        lengths: Sequence[int],
        lang: str = "und",
        *,
        recurring: Flags | None = None,
        places: Sequence[float] = (),
        crumbs: Sequence[bool] = (),
    ) -> Scores:
        """From the model's probabilities, the blocks' lengths in characters, and which of them the source repeats.

        crumbs: HTML: which blocks read like crumbs (`reads_like_a_crumb`): only rules and place speak against them.
        """
        boilerplate = np.clip(probabilities[:, len(KEPT) :].sum(axis=1), 1e-6, 1 - 1e-6)
        compact = lang in COMPACT
        sizes = np.asarray(lengths) * (IDEOGRAPH_WEIGHT if compact else 1)
        unsure = (sizes * boilerplate * (1 - boilerplate)).sum() / max(1, sizes.sum())
        repeated = np.zeros(len(sizes), bool) if recurring is None else recurring
        by_length = np.where(repeated, RECURRING_LENGTH_COST, LENGTH_COST)
        costs = COST + COMPACT_COST * compact + by_length * np.log1p(sizes / TYPICAL_LENGTH) + UNSURE_COST * unsure
        likeliest = probabilities[:, len(KEPT) :].argmax(axis=1) + len(KEPT)
        odds = np.log(boilerplate / (1 - boilerplate))
        kept = probabilities[:, : len(KEPT)].argmax(axis=1)
        short = max(0.0, 1 - len(sizes) / SHORT_DOCUMENT)
        if places:  # the page has told its headline: what else reads like one is none
            boilerplate = np.clip(boilerplate + probabilities[:, COLUMN[Label.HEADLINE]], 1e-6, 1 - 1e-6)
            margins = np.log(boilerplate / (1 - boilerplate)) - costs
            margins = np.where(crumbs, np.minimum(margins, 0), margins) if crumbs else margins
            odds, costs = placed_odds(np.asarray(places), margins, sizes), np.zeros(len(sizes))
        return cls(
            probabilities=probabilities,
            odds=odds.tolist(),
            costs=costs.tolist(),
            kept=kept.tolist(),
            gone=likeliest.tolist(),
            unsupported=UNSUPPORTED * short,
            sure=boilerplate.round(3).tolist(),
            plain=((odds <= costs) & (kept == COLUMN[Label.BODY])).tolist(),
            recurring=repeated.tolist(),
            places=places,
        )


Judgement = tuple[Label, float, tuple[str, ...]]


def decide(
    blocks: Sequence[Block],
    evidence: Sequence[Sequence[Evidence]],
    cuts: Sequence[Sequence[tuple[int, int, Evidence]]],
    policy: Policy,
    scores: Scores | None = None,
    recall: Recall | None = None,
) -> tuple[Decision, ...]:
    """One decision per block, and per glued stretch within a block; in order, disjoint.

    `cuts` holds per block the (start, end, evidence) of stretches glued to prose; they apply only
    where the block itself stays. `recall` only adds its words to the reasons: the scores have weighed it.
    """
    judgements: list[Judgement] = []
    for index, block in enumerate(blocks):
        if scores is None:
            judgements.append(judge(evidence[index]))
        elif scores.plain[index] and not evidence[index] and not cuts[index]:
            judgements.append((Label.BODY, scores.sure[index], ()))
        else:
            judgements.append(judge_with_model(block, evidence[index], scores, index))
    decisions: list[Decision] = []
    for index, block in enumerate(blocks):
        label, score, reasons = judgement = _whole(blocks, judgements, index, supported=bool(evidence[index]))
        plain = scores is not None and scores.plain[index] and not evidence[index] and not cuts[index]
        if recall is not None and not plain and (recurs := recall.reason(index)):
            judgement = label, score, (reasons := (*reasons, recurs))
        if cuts[index] and label in KEPT:
            decisions += _split(block, judgement, cuts[index], policy)
        else:
            decisions.append(Decision(block.start, block.end, label, policy.action(label), score, reasons))
    return tuple(decisions)


def _whole(blocks: Sequence[Block], judgements: Sequence[Judgement], index: int, *, supported: bool) -> Judgement:
    """The judgement on a block; a word or two cut out of a sentence that stays, no rule speaking against them: body."""
    judgement, block = judgements[index], blocks[index]
    inside = 0 < index < len(blocks) - 1 and len(block.text) <= SNIPPET
    if supported or not inside or judgement[0] in KEPT or block.newlines_before or blocks[index + 1].newlines_before:
        return judgement
    ended = any(blocks[at].text.endswith(SENTENCE_ENDS) for at in (index - 1, index))
    kept = judgements[index - 1][0] in KEPT and judgements[index + 1][0] in KEPT
    return (Label.BODY, judgement[1], ()) if kept and not ended else judgement


def judge_with_model(block: Block, evidence: Sequence[Evidence], scores: Scores, index: int) -> Judgement:
    """The label of a block by the model, which has read the rules' evidence; how sure it is, and why."""
    strength, cost = scores.odds[index], scores.costs[index]
    sums = _sums(evidence)
    rules = max((weight for label, weight in sums.items() if label not in KEPT), default=0.0)
    if rules > EVIDENCE_CLIP:
        strength += BEYOND * (rules - EVIDENCE_CLIP)
    if scores.places:
        strength = with_evidence(scores.odds[index], block_evidence(block, evidence))
    elif rules:
        strength += SUPPORT * rules
        cost -= APPEAL_DISCOUNT * (COLUMNS[scores.gone[index]] in APPEALS)
    elif not scores.recurring[index]:
        cost += scores.unsupported + (SENTENCE_COST if _is_prose(block.text) else 0.0)
    strength -= sum(sums.get(label, 0.0) * weight for label, weight in GUARDED.items())
    score = round(_sigmoid(strength), 3)
    if strength > cost and sums.get(Label.BODY, 0.0) < PROMISE:
        label = _likeliest(scores, index, sums, range(len(KEPT), len(COLUMNS)))
        return label, score, (*_reasons(evidence, label), f"reads like {label}, not like the article (model)")
    label = COLUMNS[scores.kept[index]] if not evidence else _likeliest(scores, index, sums, range(len(KEPT)))
    if label is Label.HEADLINE and _is_sentence(block.text) and label not in sums:
        label = Label.BODY  # only a title as given, or a line that stands like one, may be a sentence
    return label, score, _reasons(evidence, label) if evidence else ()


def block_evidence(block: Block, evidence: Sequence[Evidence]) -> BlockEvidence:
    """What the rules and a page's elements say of a block."""
    sums = _sums(evidence)
    cues = [each.weight for each in evidence if each.label not in KEPT and not each.reason.startswith(HTML_SAYS)]
    marks = [MARKS[mark][1] for mark in block.marks if mark in MARKS and MARKS[mark][0] not in KEPT]
    kept = sums.get(Label.CREDIT, 0.0) + sums.get(Label.NOTE, 0.0)
    cue = 0.0 if is_row(block) else max(cues, default=0.0)
    return BlockEvidence(max(marks, default=0.0), cue, sums.get(Label.BODY, 0.0), kept, reads_like_a_crumb(block))


def is_row(block: Block) -> bool:
    """Is a block of a page a row of a table, its cells in one line, or a heading in it?"""
    return block.path.endswith(("/tr", "/th"))


def reads_like_a_crumb(block: Block) -> bool:
    """Is a block of a page a row or a heading of an article? In a text such lines are mostly something else."""
    return is_row(block) or not HEADING_MARKS.isdisjoint(block.marks)


def _is_prose(text: str) -> bool:
    return len(text) >= PROSE_LENGTH or _is_sentence(text)


def _is_sentence(text: str) -> bool:
    return len(text) >= SENTENCE_LENGTH and text.rstrip("\"'”’»)]“").endswith((".", "!", "?", "。"))


def _rules_on_kind(weight: float) -> float:
    """What the rules' evidence for a label says about which label is right, in log-odds."""
    settled = KIND_SETTLED if weight > EVIDENCE_CLIP else KIND_SURE if weight >= SURE_EVIDENCE else 0.0
    return KIND_RULES * weight + settled


def _likeliest(scores: Scores, index: int, sums: dict[Label, float], columns: range) -> Label:
    """Of some labels the likeliest, by model and rules."""
    row = scores.probabilities[index].tolist()

    def fit(column: int) -> float:
        weight = sums.get(COLUMNS[column], 0.0)
        return math.log(max(1e-6, row[column])) + (KEPT_RULES if column < len(KEPT) else 1.0) * _rules_on_kind(weight)

    return COLUMNS[max(columns, key=fit)]


def _sums(evidence: Sequence[Evidence]) -> dict[Label, float]:
    sums: dict[Label, float] = {}
    for each in evidence:
        sums[each.label] = sums.get(each.label, 0.0) + each.weight
    return sums


def judge(evidence: Sequence[Evidence]) -> Judgement:
    """The label of a block by the rules alone, how sure they are that this is no article, and why."""
    if not evidence:
        return Label.BODY, 0.0, ()
    sums = _sums(evidence)
    body = sums.pop(Label.BODY, 0.0)
    if not sums:
        return Label.BODY, round(_sigmoid(PRIOR - body), 3), _reasons(evidence, Label.BODY)
    label = max(sums, key=lambda name: (sums[name], name))
    strength = PRIOR + sums[label] - body
    if label in KEPT:
        return label, round(_sigmoid(PRIOR), 3), _reasons(evidence, label)
    others = sum(weight for name, weight in sums.items() if name is not label and name not in KEPT and weight > 0)
    score = round(_sigmoid(strength + 0.5 * others), 3)
    if score >= THRESHOLD:
        return label, score, _reasons(evidence, label)
    return Label.BODY, score, _reasons(evidence, Label.BODY) + _reasons(evidence, label)


def _split(
    block: Block,
    whole: Judgement,
    glued: Sequence[tuple[int, int, Evidence]],
    policy: Policy,
) -> list[Decision]:
    label, score, reasons = whole
    found: list[Decision] = []
    position = block.start
    for start, end, evidence in sorted(glued, key=lambda cut: cut[:2]):
        if start < position:
            continue
        if start > position:
            found.append(Decision(position, start, label, policy.action(label), score, reasons))
        sure = round(_sigmoid(PRIOR + evidence.weight), 3)
        found.append(Decision(start, end, evidence.label, policy.action(evidence.label), sure, (evidence.reason,)))
        position = end
    if position < block.end:
        found.append(Decision(position, block.end, label, policy.action(label), score, reasons))
    return found


def _reasons(evidence: Sequence[Evidence], label: Label) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.reason for each in evidence if each.label is label))


def _sigmoid(strength: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, strength))))


def status_of(decisions: Sequence[Decision]) -> tuple[Status, str]:
    """How the document ended, and why: empty only when nothing stays, however short what stays is."""
    kept = sum(decision.end - decision.start for decision in decisions if decision.action is Action.KEEP)
    gone = sum(decision.end - decision.start for decision in decisions if decision.action is not Action.KEEP)
    if not kept:
        return Status.EMPTY, "nothing but boilerplate" if gone else "no text"
    if gone > SUSPECT_SHARE * (kept + gone):
        return Status.SUSPECT, f"{gone / (kept + gone):.0%} of the text was removed"
    return Status.CLEAN, ""
