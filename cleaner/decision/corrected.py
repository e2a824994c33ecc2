"""What persons corrected, over what was decided: their word stands. Its reason is the person's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cleaner.corrections.apply import Corrections
from cleaner.corrections.format import Correction, Scope
from cleaner.document import Decision, Rendering
from cleaner.labels import KEPT, Action, Label, Policy

REASON = "corrected by "
_WHERE = {Scope.TEXT: "in this text", Scope.SOURCE: "on this source", Scope.EVERYWHERE: "everywhere"}


def overrule(
    corrections: Corrections, rendering: Rendering, decisions: Sequence[Decision], policy: Policy, source: str
) -> tuple[Decision, ...]:
    """The decisions with the persons' word in them, in order, disjoint; offsets are those of the rendering."""
    overruled = list(decisions)
    for start, end, row in corrections.placed(rendering, decisions, source):
        overruled = _painted(rendering.text, overruled, (start, end), _decided(row, policy))
    return tuple(overruled)


def on_line(corrections: Corrections, text: str, source: str, policy: Policy) -> Decision | None:
    """What is said of a line on a source, wherever it stands; None: nothing."""
    whole = Decision(0, len(text), Label.BODY, Action.KEEP, 0.0)
    (decision, *_) = overrule(corrections, Rendering(text, (), ""), (whole,), policy, source)
    return decision if is_corrected(decision) else None


def is_corrected(decision: Decision) -> bool:
    """Whether a person decided this."""
    return bool(decision.reasons) and decision.reasons[0].startswith(REASON)


def all_but_corrected(decisions: Sequence[Decision], action: Action) -> tuple[Decision, ...]:
    """The decisions with one action for all but what a person decided."""
    return tuple(decision if is_corrected(decision) else replace(decision, action=action) for decision in decisions)


def _decided(row: Correction, policy: Policy) -> Decision:
    """The decision on a stretch that is still to be placed."""
    reason = f"{REASON}{row.who}{' (model)' if row.model else ''}: {row.label}, {_WHERE[row.scope]}"
    return Decision(0, 0, row.label, policy.action(row.label), 0.0 if row.label in KEPT else 1.0, (reason,))


def _painted(text: str, decisions: Sequence[Decision], stretch: tuple[int, int], decided: Decision) -> list[Decision]:
    """The decisions, cut at the stretch; inside it, and where none was, what a person decided."""
    first, last = stretch
    painted: list[Decision] = []
    bare = first  # up to here the stretch is covered
    for decision in decisions:
        start, end = max(decision.start, first), min(decision.end, last)
        if start >= end:
            painted.append(decision)
            continue
        if decision.start < start:
            painted.append(replace(decision, end=start))
        if text[bare:start].strip():
            painted.append(replace(decided, start=bare, end=start))
        painted.append(replace(decided, start=start, end=end))
        if end < decision.end:
            painted.append(replace(decision, start=end))
        bare = end
    if text[bare:last].strip():
        painted.append(replace(decided, start=bare, end=last))
    return sorted(painted, key=lambda decision: decision.start)
