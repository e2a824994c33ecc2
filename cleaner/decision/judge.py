"""Evidence and scores → decisions: the only judge. Gives each block a label, a score and an action.

The model, which has read the rules' evidence, gives the probability that a block is not the article. There is one
cost: what losing a block of the article is worth, in crumbs of boilerplate left standing. A block goes when leaving
it is expected to cost more than losing it. What a user's own cue says is added for its block and box alone. Without a
model the rules decide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from cleaner.decision.block_on_page import IN_A_TEXT, Around, leans_to_appeal, odds_on_page
from cleaner.decision.model_reasons import reasons_of_the_model
from cleaner.decision.scores import TOLD, Scores
from cleaner.decision.title import ABOVE_HEADLINE, Candidate, no_titles
from cleaner.decision.together import IN_TABLE, OF_A_ROW, RULES_ALONE, marked_that_stay, of_appeals, rows_that_stay
from cleaner.document import Block, Decision, Evidence
from cleaner.heuristics.patterns import is_code
from cleaner.labels import COLUMNS, KEPT, Label, Policy
from cleaner.memory.lookup import Recall
from cleaner.model.network import COLUMN, EVIDENCE_CLIP
from cleaner.model.telling_words import TellingWords
from cleaner.segmentation.stops import ends_sentence, may_end_sentence
from cleaner.segmentation.tokens import Floats

#: Rules alone: log-odds against removal before any evidence, and the score from which a block goes.
PRIOR, THRESHOLD = -2.2, 0.65
#: Where the model leans to removal and a rule hears the outlet ask its reader, each unit of that evidence adds so much.
SUPPORT, APPEALS = 0.3, (Label.DONATION, Label.NEWSLETTER, Label.SUBSCRIPTION, Label.LEGAL)
#: Each unit of evidence for a credit or a note takes so much off: they are few, and look like what goes.
GUARD, GUARDED = 0.3, (Label.CREDIT, Label.NOTE)
#: What a unit of the rules' evidence says about which label is right, in log-odds beside the model's.
KIND_RULES = 0.1
#: A whole line that is a cue, or more, settles it nearly always.
SURE_EVIDENCE, KIND_SURE = 5.0, 1.5
#: A line inside a recognised letter or box takes the box's label, however it reads.
KIND_SETTLED = 6.0
#: Which kept label is right the rules tell better than the model: headlines and credits by their place.
KEPT_RULES = 8.0
#: A credit, a note or a standfirst that no rule has heard is said only where the model is so sure, under any policy:
#: one may strip them, and of 134 lines called credit below .7 (500 documents, 2026-12-01) 19 were one, 54 were body.
SAID_WHEN_SURE, KEPT_SURE = (Label.CREDIT, Label.NOTE, Label.STANDFIRST), 0.7
#: A headline is no sentence of this length, unless it is the title as given, or stands like one.
HEADLINE_SENTENCE = 50
#: A piece of a sentence of at most this length, between pieces that stay, stays too, when no rule speaks against it.
SNIPPET = 24
#: Evidence that a block is a leaked script or style sheet: the model reads only a part of so much.
LEAKED = 10.0
#: Evidence for body of this weight is a promise to the user: such a block is never removed; nor is the title as given.
PROMISE, GIVEN_TITLE = 20.0, 8.0
#: How the reason begins of a block that belongs to an appeal.
IN_UNIT = "stands with two blocks of"
#: The score of a block that is no article whatever the model thinks.
CERTAIN = 0.99
#: How the reason begins of a block of a page that stays although its words lean to an appeal.
LEANING = "its words lean to"
#: How the reason begins that a kept block with a high score gives.
STAYS = "stays: to lose a line like this one"


Judgement = tuple[Label, float, tuple[str, ...]]
#: Blocks and their labels → the words of each block that speak most for its label.
Words = Callable[[Sequence[tuple[int, Label]]], Mapping[int, TellingWords]]


def decide(
    blocks: Sequence[Block],
    evidence: Sequence[Sequence[Evidence]],
    cuts: Sequence[Sequence[tuple[int, int, Evidence]]],
    policy: Policy,
    scores: Scores | None = None,
    recall: Recall | None = None,
    *,
    asked: Sequence[Sequence[Evidence]] = (),
    certain: Mapping[int, Evidence] = MappingProxyType({}),
    speaking: Collection[int] = (),
    tables: Sequence[range] = (),
    code: Sequence[range] = (),
    marked: Sequence[range] = (),
    words: Words | None = None,
    alone: Floats | None = None,
) -> tuple[Decision, ...]:
    """One decision per block, and per glued stretch within a block; in order, disjoint.

    `cuts` holds per block the (start, end, evidence) of stretches glued to prose; they apply only
    where the block itself stays. `recall` only adds its words to the reasons: the scores have weighed it.
    `asked` is the evidence of the user's own cues, which the scores have not read. `certain` tells which blocks are
    none of the article whatever the scores say, `speaking` in which somebody speaks to the reader, `tables` which are
    the rows of one, `code` and `marked` which the text sets off as code and as tables. `words` tells which words of
    blocks speak most for labels. `alone` is the model's opinion without the memory's say.
    """
    judgements = _judgements(blocks, evidence, scores, asked, words, alone, speaking)
    for index in _no_titles(blocks, judgements, evidence, scores):
        _, score, reasons = judgements[index]
        judgements[index] = Label.BODY, score, tuple(reason for reason in reasons if reason.startswith(STAYS))
    _judge_certain(judgements, certain, evidence, asked)
    if scores is not None and not scores.places:
        _judge_together(judgements, scores, speaking, tables, evidence, asked)
        _judge_marked(judgements, code, marked, evidence, asked)
    decisions: list[Decision] = []
    body, kept = Label.BODY, policy.action(Label.BODY)
    for index, block in enumerate(blocks):
        supported = bool(evidence[index] or (asked and asked[index]) or index in certain)
        if scores is not None and scores.plain[index] and not supported and not cuts[index]:
            decisions.append(Decision(block.start, block.end, body, kept, judgements[index][1]))
            continue
        label, score, reasons = judgement = _whole(blocks, judgements, index, supported=supported)
        if recall is not None and (recurs := recall.reason(index)):
            judgement = label, score, (reasons := (*reasons, recurs))
        if cuts[index] and label in KEPT:
            decisions += _split(block, judgement, cuts[index], policy)
        else:
            decisions.append(Decision(block.start, block.end, label, policy.action(label), score, reasons))
    return tuple(decisions)


def _judge_certain(
    judgements: list[Judgement],
    certain: Mapping[int, Evidence],
    evidence: Sequence[Sequence[Evidence]],
    asked: Sequence[Sequence[Evidence]],
) -> None:
    """Changes the judgements on blocks of a certain form, unless a user says that they stay."""
    for index, form in certain.items():
        own = asked[index] if asked else ()
        label = _said_by_user(own) or form.label
        if label not in KEPT and not _is_promised(_sums([*evidence[index], *own])):
            judgements[index] = label, CERTAIN, (*_reasons(own, label), form.reason)


def _judge_together(
    judgements: list[Judgement],
    scores: Scores,
    speaking: Collection[int],
    tables: Sequence[range],
    evidence: Sequence[Sequence[Evidence]],
    asked: Sequence[Sequence[Evidence]],
) -> None:
    """Changes the judgements on blocks of a text that belong to an appeal or to a table."""
    for index, label in of_appeals([label for label, _, _ in judgements], scores, speaking):
        judgements[index] = label, judgements[index][1], (f"{IN_UNIT} {label}, and its words lean to that",)
    if tables:
        told = [[*ours, *own] for ours, own in zip(evidence, asked, strict=True)] if asked else evidence
        for index in rows_that_stay([label for label, _, _ in judgements], tables, told):
            judgements[index] = Label.BODY, min(judgements[index][1], OF_A_ROW), (IN_TABLE,)


def _judge_marked(
    judgements: list[Judgement],
    code: Sequence[range],
    marked: Sequence[range],
    evidence: Sequence[Sequence[Evidence]],
    asked: Sequence[Sequence[Evidence]],
) -> None:
    """Changes the judgements on blocks of a text that go and stand in a passage marked as code or as a table."""
    labels = [label for label, _, _ in judgements] if code or marked else []
    for index, reason in marked_that_stay(labels, code, marked, evidence, asked):
        judgements[index] = Label.BODY, min(judgements[index][1], OF_A_ROW), (reason,)


def _judgements(
    blocks: Sequence[Block],
    evidence: Sequence[Sequence[Evidence]],
    scores: Scores | None,
    asked: Sequence[Sequence[Evidence]],
    words: Words | None,
    alone: Floats | None,
    speaking: Collection[int],
) -> list[Judgement]:
    """The judgement on each block by itself, with the words that speak for what the model takes out."""
    judgements: list[Judgement] = []
    by_model: list[tuple[int, Label]] = []
    body = Label.BODY
    around = Around.of(blocks, evidence, scores, speaking) if scores is not None and scores.places else IN_A_TEXT
    for index, block in enumerate(blocks):
        own = asked[index] if asked else ()
        if scores is None:
            judgements.append(judge([*evidence[index], *own]))
        elif scores.plain[index] and not evidence[index] and not own:
            judgements.append((body, scores.sure[index], ()))
        else:
            judgements.append(judge_with_model(block, evidence[index], scores, index, own, around))
            if judgements[-1][0] not in KEPT and scores.odds[index] > scores.costs[index]:
                by_model.append((index, judgements[-1][0]))
    if scores is not None:
        named = words(by_model) if words and by_model else {}
        for index, label in by_model:
            _, score, reasons = judgements[index]
            by_text = None if alone is None else float(alone[index, len(KEPT) :].sum())
            reasons += reasons_of_the_model(label, scores.odds[index], scores.costs[index], named.get(index), by_text)
            judgements[index] = label, score, reasons
    return judgements


def _no_titles(
    blocks: Sequence[Block],
    judgements: Sequence[Judgement],
    evidence: Sequence[Sequence[Evidence]],
    scores: Scores | None,
) -> list[int]:
    """The blocks that read like a headline and yet are not the title; a page has told its own by its place."""
    headline = Label.HEADLINE
    if (scores is not None and scores.places) or not any(label is headline for label, _, _ in judgements):
        return []
    top: list[Candidate] = []
    kept = 0
    for index, (label, score, _) in enumerate(judgements):
        if kept > ABOVE_HEADLINE + 1:  # further down nobody asks
            break
        kept += label in KEPT
        if label is not headline:
            top.append(Candidate(blocks[index].text, label, score))
            continue
        sums = _sums(evidence[index])
        share = 1.0 if scores is None else float(scores.probabilities[index, COLUMN[Label.HEADLINE]])
        against = max((weight for name, weight in sums.items() if name not in KEPT), default=0.0)
        given = sums.get(Label.HEADLINE, 0.0) >= GIVEN_TITLE
        top.append(Candidate(blocks[index].text, label, score, share, given, against >= RULES_ALONE))
    return list(no_titles(top))


def _whole(blocks: Sequence[Block], judgements: Sequence[Judgement], index: int, *, supported: bool) -> Judgement:
    """The judgement on a block; a word or two cut out of a sentence that stays, no rule speaking against them: body."""
    judgement, block = judgements[index], blocks[index]
    inside = 0 < index < len(blocks) - 1 and len(block.text) <= SNIPPET
    if supported or not inside or judgement[0] in KEPT or block.newlines_before or blocks[index + 1].newlines_before:
        return judgement
    ended = may_end_sentence(block.text)
    kept = judgements[index - 1][0] in KEPT and judgements[index + 1][0] in KEPT
    return (Label.BODY, judgement[1], ()) if kept and not ended else judgement


def judge_with_model(
    block: Block,
    evidence: Sequence[Evidence],
    scores: Scores,
    index: int,
    asked: Sequence[Evidence] = (),
    around: Around = IN_A_TEXT,
) -> Judgement:
    """The label of a block by the model, which has read the rules' evidence; how sure it is, and what rules say.

    around: what blocks of a page belong to.
    """
    odds, cost = scores.odds[index], scores.costs[index]
    told = [*evidence, *asked] if asked else evidence
    sums = _sums(told)
    if scores.places:
        odds = odds_on_page(block, evidence, scores, index, around)
    elif odds > 0 and sums:
        odds += SUPPORT * max(sums.get(label, 0.0) for label in APPEALS)
    odds -= GUARD * sum(max(0.0, sums.get(label, 0.0)) for label in GUARDED) if sums else 0.0
    own = {label: weight for label, weight in _sums(asked).items() if label not in KEPT} if asked else {}
    wanted = max(own.values(), default=0.0)
    kept = _is_promised(sums)
    leaked = sums.get(Label.MARKUP, 0.0) >= LEAKED and not is_code(block)
    goes = (odds + wanted > cost or leaked) and not kept
    score = round(_sigmoid(odds + wanted), 3)
    if goes:
        if wanted >= SURE_EVIDENCE:  # the user has said what it is
            label = max(own, key=lambda name: (own[name], name))
        else:
            label = _likeliest(scores, index, sums, range(len(KEPT), len(COLUMNS)))
        reasons = _reasons(told, label)
        if not reasons and scores.odds[index] <= scores.costs[index]:  # the model's own words will not be said
            reasons = _reasons_against(told)
        return label, score, reasons
    label, reasons = _what_is_kept(block, told, sums, scores, index)
    if scores.places and label is Label.BODY and (appeal := leans_to_appeal(block, scores, index, around)):
        reasons += (f"{LEANING} {appeal}",)
    if score >= TOLD:
        reasons += (f"{STAYS}, {_sigmoid(cost):.0%} sureness is asked",)
    return label, score, reasons


def _what_is_kept(
    block: Block, told: Sequence[Evidence], sums: dict[Label, float], scores: Scores, index: int
) -> tuple[Label, tuple[str, ...]]:
    """The label of a block that stays, and what speaks for it."""
    label = COLUMNS[scores.kept[index]] if not sums else _likeliest(scores, index, sums, range(len(KEPT)))
    sentence = len(block.text) >= HEADLINE_SENTENCE and ends_sentence(block.text)
    if label is Label.HEADLINE and sentence and label not in sums:
        label = Label.BODY  # only a title as given, or a line that stands like one, may be a sentence
    reasons = _reasons(told, label)
    if label in SAID_WHEN_SURE and sums.get(label, 0.0) <= 0:
        sure = float(scores.probabilities[index, COLUMN[label]])
        if sure < KEPT_SURE:
            label, reasons = Label.BODY, _reasons(told, Label.BODY)
        else:
            reasons = (f"the model is {sure:.0%} sure that it is {label}",)
    return label, reasons


def _said_by_user(asked: Sequence[Evidence]) -> Label | None:
    """What a user's own cues call a block; None where they are silent."""
    sums = _sums(asked)
    return max(sums, key=lambda label: sums[label]) if sums else None


def _is_promised(sums: Mapping[Label, float]) -> bool:
    """Is it a block that the user protects, or the title as given?"""
    return sums.get(Label.BODY, 0.0) >= PROMISE or sums.get(Label.HEADLINE, 0.0) >= GIVEN_TITLE


def _rules_on_kind(weight: float) -> float:
    """What the rules' evidence for a label says about which label is right, in log-odds."""
    settled = KIND_SETTLED if weight > EVIDENCE_CLIP else KIND_SURE if weight >= SURE_EVIDENCE else 0.0
    return KIND_RULES * weight + settled


def _likeliest(scores: Scores, index: int, sums: dict[Label, float], columns: range) -> Label:
    """The most likely of some labels, by model and rules."""
    row = scores.probabilities[index].tolist()

    def fit(column: int) -> float:
        weight = sums.get(COLUMNS[column], 0.0)
        return math.log(max(1e-6, row[column])) + (KEPT_RULES if column < len(KEPT) else 1.0) * _rules_on_kind(weight)

    return COLUMNS[max(columns, key=fit)]


def _sums(evidence: Sequence[Evidence]) -> dict[Label, float]:
    sums: dict[Label, float] = {}
    for piece in evidence:
        sums[piece.label] = sums.get(piece.label, 0.0) + piece.weight
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
    decisions: list[Decision] = []
    position = block.start
    for start, end, evidence in sorted(glued, key=lambda cut: cut[:2]):
        if start < position:
            continue
        if start > position:
            decisions.append(Decision(position, start, label, policy.action(label), score, reasons))
        sure = round(_sigmoid(PRIOR + evidence.weight), 3)
        decisions.append(Decision(start, end, evidence.label, policy.action(evidence.label), sure, (evidence.reason,)))
        position = end
    if position < block.end:
        decisions.append(Decision(position, block.end, label, policy.action(label), score, reasons))
    return decisions


def _reasons(evidence: Sequence[Evidence], label: Label) -> tuple[str, ...]:
    return tuple(dict.fromkeys(piece.reason for piece in evidence if piece.label is label))


def _reasons_against(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """What rules say against a block that another label fits better: none goes without a reason."""
    return tuple(dict.fromkeys(piece.reason for piece in evidence if piece.label not in KEPT))


def _sigmoid(strength: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, strength))))
