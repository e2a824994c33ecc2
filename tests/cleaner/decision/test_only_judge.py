"""Nobody but the room `decision` makes a decision or changes one: the others give evidence, or read what was decided."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CLEANER = Path(__file__).parents[3] / "cleaner"
#: What reads decisions back: from a ledger, from an article that is shown for review, from labelled documents.
READ_BACK = {"ledger.py", "review/view.py", "training/corrected.py"}


def verdicts(source: str) -> Iterator[int]:
    """The lines of code that make a `Decision`, or give one another label or action."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            changes = {keyword.arg for keyword in node.keywords} & {"label", "action"}
            if name == "Decision" or (name == "replace" and changes):
                yield node.lineno


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("Decision(0, 1, label, action, 0.5)", 1),
        ("document.Decision(0, 1, label, action, 0.5)", 1),
        ("replace(decision, action=Action.KEEP)", 1),
        ("replace(decision, start=3)", 0),
        ("def f(decision: Decision) -> Decision: ...", 0),
    ],
)
def test_what_counts_as_a_verdict(source: str, count: int) -> None:
    assert len(list(verdicts(source))) == count


def test_only_the_room_decision_decides() -> None:
    judges = {
        path.relative_to(CLEANER).as_posix()
        for path in CLEANER.rglob("*.py")
        if any(verdicts(path.read_text(encoding="utf-8")))
    }
    assert {name for name in judges if not name.startswith("decision/")} == READ_BACK
