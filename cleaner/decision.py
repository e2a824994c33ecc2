"""Evidence → decisions: the only judge. Gives each block a label, a score and an action.

The evidence of a label adds up in log-odds against that for body; a block leaves the body when the
sum passes the threshold of its label. Losing body costs far more than leaving a crumb, so the
thresholds lie above even odds. When most of a document goes, it is reported, not undone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from cleaner.document import Block, Decision, Evidence, Status
from cleaner.labels import KEPT, Action, Label, Policy

#: Log-odds against removal before any evidence: in the labelled articles (train) two lines of three are kept.
PRIOR = -2.2
#: A score at or above this removes a block: a lost line costs twice a crumb left, its characters more.
THRESHOLD = 0.65
#: More than this share of a document's characters removed: look at it.
SUSPECT_SHARE = 0.6
#: With less than this many characters kept there is no article.
EMPTY_CHARACTERS = 80

KEEP_BODY = (Label.BODY, 0.0, ())


def decide(
    blocks: Sequence[Block],
    evidence: Sequence[Sequence[Evidence]],
    cuts: Sequence[Sequence[tuple[int, int, Evidence]]],
    policy: Policy,
) -> tuple[Decision, ...]:
    """One decision per block, and per glued stretch within a block; in order, disjoint.

    `cuts` holds per block the (start, end, evidence) of stretches glued to prose; they apply only
    where the block itself stays.
    """
    decisions: list[Decision] = []
    for block, given, glued in zip(blocks, evidence, cuts, strict=True):
        label, score, reasons = judge(given) if given else KEEP_BODY
        action = policy.action(label)
        if glued and label in KEPT:
            decisions += _split(block, (label, score, reasons), glued, policy)
        else:
            decisions.append(Decision(block.start, block.end, label, action, score, reasons))
    return tuple(decisions)


def judge(evidence: Sequence[Evidence]) -> tuple[Label, float, tuple[str, ...]]:
    """The label that the evidence speaks for, how sure it is that this is no article, and the reasons."""
    sums: dict[Label, float] = {}
    for each in evidence:
        sums[each.label] = sums.get(each.label, 0.0) + each.weight
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
    whole: tuple[Label, float, tuple[str, ...]],
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


def status_of(decisions: Sequence[Decision], title_length: int) -> tuple[Status, str]:
    """How the document ended, and why. A document without a visible character is empty."""
    kept = sum(each.end - each.start for each in decisions if each.action is Action.KEEP)
    gone = sum(each.end - each.start for each in decisions if each.action is not Action.KEEP)
    if kept - title_length <= 0 or (kept < EMPTY_CHARACTERS and gone > kept):
        return Status.EMPTY, "nothing but boilerplate" if gone else "no text"
    if gone > SUSPECT_SHARE * (kept + gone):
        return Status.SUSPECT, f"{gone / (kept + gone):.0%} of the text was removed"
    return Status.CLEAN, ""
