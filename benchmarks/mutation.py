"""Which constants and rules can be made to do nothing without a test noticing? Lists the survivors.

Each named number of the modules below is halved and doubled (a set, words or a regular expression emptied), and
each rule of `RULES` is left out, one at a time, in a process of its own that then runs the tests named beside the
module. What is made of a constant when its module is loaded is made again; the tests themselves are loaded before, so
they state numbers, not names. Needs fork: Linux, macOS.

    python benchmarks/mutation.py [MODULE …] [--list]

Prints a line a mutation and the survivors at the end; exits with 1 when there are others than docs/mutation.md names.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

ROOT = Path(__file__).parent.parent
SURVIVORS = ROOT / "docs" / "mutation.md"
PAGES = "tests/cleaner/decision/test_page_decisions.py"
#: Module → the tests that must notice. Small ones: each mutation runs them all until one fails.
TESTS = {
    "cleaner.decision.judge": ["tests/cleaner/decision/test_judge.py"],
    "cleaner.decision.scores": ["tests/cleaner/decision/test_judge.py"],
    "cleaner.decision.parts": ["tests/cleaner/decision/test_parts.py"],
    "cleaner.decision.status": ["tests/cleaner/decision/test_status.py", "tests/cleaner/decision/test_judge.py"],
    "cleaner.decision.together": ["tests/cleaner/decision/test_together.py", "tests/cleaner/decision/test_judge.py"],
    "cleaner.decision.title": ["tests/cleaner/decision/test_title.py"],
    "cleaner.decision.page": ["tests/cleaner/decision/test_page_boundaries.py"],
    "cleaner.decision.page_odds": ["tests/cleaner/decision/test_page_boundaries.py", PAGES],
    "cleaner.decision.second_look": ["tests/cleaner/decision/test_second_look.py"],
    "cleaner.decision.whole_page": ["tests/cleaner/decision/test_whole_page.py"],
    "cleaner.html.authors": ["tests/cleaner/html/test_dates_and_authors.py"],
    "cleaner.html.outside": ["tests/cleaner/decision/test_page_boundaries.py", PAGES],
    "cleaner.indentation": ["tests/cleaner/test_indentation.py"],
    "cleaner.segmentation.text": ["tests/cleaner/segmentation/test_text.py"],
    "cleaner.heuristics.block_rules": ["tests/cleaner/heuristics/test_rules.py"],
    "cleaner.heuristics.appeals": ["tests/cleaner/heuristics/test_rules.py"],
    "cleaner.heuristics.block_stats": ["tests/cleaner/heuristics/test_rules.py"],
    "cleaner.heuristics.glued": ["tests/cleaner/heuristics/test_rules.py"],
    "cleaner.heuristics.kind": ["tests/cleaner/heuristics/test_kind.py"],
    "cleaner.heuristics.context": ["tests/cleaner/heuristics/test_rules.py"],
    "cleaner.heuristics.pitches": ["tests/cleaner/heuristics/test_pitches.py"],
    "cleaner.heuristics.prompts": ["tests/cleaner/heuristics/test_prompts.py"],
    "cleaner.heuristics.rows": ["tests/cleaner/heuristics/test_table_rows.py"],
    "cleaner.model.source_correction": ["tests/cleaner/model/test_recurrence.py"],
    "cleaner.memory.fingerprints": ["tests/cleaner/memory/test_memory_units.py"],
    "cleaner.memory.lookup": ["tests/cleaner/memory/test_memory_recall.py"],
}
NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change: a name of a module, the place in it (of a tuple of numbers), and the value it gets."""

    module: str
    name: str
    place: str  # "", or "[1]" of a tuple
    how: str
    value: Any

    def __str__(self) -> str:
        return f"{self.module}.{self.name}{self.place} {self.how}"


def mutations(name: str) -> Iterator[Mutation]:
    """Of every named constant of a module, and of its rules."""
    module = import_module(name)
    for constant in own_constants(module):
        value = getattr(module, constant)
        if constant == "RULES":
            for rule in value:
                yield Mutation(
                    name, constant, f" {rule.__name__}", "left out", tuple(r for r in value if r is not rule)
                )
        elif isinstance(value, tuple) and value and all(type(item) in (int, float) for item in value):
            for at, item in enumerate(value):
                for how, other in changed(item):
                    yield Mutation(name, constant, f"[{at}]", how, (*value[:at], other, *value[at + 1 :]))
        else:
            for how, other in changed(value):
                yield Mutation(name, constant, "", how, other)


def changed(value: Any) -> list[tuple[str, Any]]:
    """Other values of a constant; none for what is no number, set, words or pattern."""
    if type(value) in (int, float):
        return [("halved", type(value)(value / 2)), ("doubled", value * 2)] if value else [("made 1", 1)]
    if isinstance(value, re.Pattern):
        return [("matching nothing", NOTHING)]
    if isinstance(value, frozenset | tuple) and value and all(isinstance(item, str) for item in value):
        return [("emptied", type(value)())]
    return []


def assignments(module: ModuleType) -> Iterator[tuple[list[str], ast.stmt]]:
    """The assignments at a module's top level, and the names they set."""
    for statement in ast.parse(Path(str(module.__file__)).read_text("utf-8")).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        names = [node.id for target in targets if target for node in ast.walk(target) if isinstance(node, ast.Name)]
        if names and isinstance(statement, ast.Assign | ast.AnnAssign):
            yield names, statement


def own_constants(module: ModuleType) -> list[str]:
    """Names in capitals that a module sets itself."""
    names = [name for assigned, _ in assignments(module) for name in assigned]
    return [name for name in names if re.fullmatch(r"_?[A-Z][A-Z0-9_]*", name)]


def apply(mutation: Mutation) -> None:
    """Sets the value in the module, in what the module makes of it, and wherever it was imported by name."""
    module = import_module(mutation.module)
    fresh: dict[str, Any] = {mutation.name: mutation.value}
    old = {mutation.name: getattr(module, mutation.name)}
    setattr(module, mutation.name, mutation.value)
    for names, statement in assignments(module):
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        if used & fresh.keys() and mutation.name not in names:
            before = {name: getattr(module, name) for name in names}
            exec(compile(ast.Module([statement], []), str(module.__file__), "exec"), module.__dict__)
            old |= before
            fresh |= {name: getattr(module, name) for name in names}
    for other in list(sys.modules.values()):
        if getattr(other, "__name__", "").startswith(("cleaner.", "test_")):
            for name, value in fresh.items():
                if other is not module and other.__dict__.get(name) is old[name]:
                    setattr(other, name, value)


class Survivors:
    """A plugin of pytest: runs the collected tests once for each mutation, in a process of its own, up to a failure."""

    def __init__(self, changes: list[Mutation]) -> None:
        self.changes = changes
        self.survivors: list[str] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of running the tests once."""
        if not self._pass(session, None):
            raise SystemExit("the tests fail without any mutation")
        for mutation in self.changes:
            survived = self._pass(session, mutation)
            self.survivors += [str(mutation)] * survived
            print(f"{mutation}: {'SURVIVES' if survived else 'noticed'}", file=sys.stderr, flush=True)
        return True

    @staticmethod
    def _pass(session: pytest.Session, mutation: Mutation | None) -> bool:
        """Do all tests pass?"""
        child = os.fork()
        if child:
            return os.waitpid(child, 0)[1] == 0
        code = 1  # for whatever is raised: then it was noticed
        try:
            if mutation is not None:
                apply(mutation)
            items = [item for item in session.items if not item.get_closest_marker("hypothesis")]  # tables only
            code = int(any(map(_fails, items, [*items[1:], None])))
        finally:
            os._exit(code)


def _fails(item: pytest.Item, following: pytest.Item | None) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def named_survivors() -> set[str]:
    """The mutations that docs/mutation.md says no test notices."""
    return (
        set(re.findall(r"^\| `([^`]+)` \|", SURVIVORS.read_text("utf-8"), re.MULTILINE))
        if SURVIVORS.exists()
        else set()
    )


def main(words: list[str] | None = None) -> int:
    """Runs all mutations; 1 when a survivor is not in the docs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", default=[], help=f"of {', '.join(TESTS)}")
    parser.add_argument("--list", action="store_true", help="only list the mutations")
    args = parser.parse_args(words)
    os.chdir(ROOT)
    survivors: list[str] = []
    for module in args.modules or TESTS:
        changes = list(mutations(module))
        if args.list:
            print(*changes, sep="\n")
            continue
        plugin = Survivors(changes)
        pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:xdist", *TESTS[module]], plugins=[plugin])
        survivors += plugin.survivors
    print(f"{len(survivors)} survive:", *survivors, sep="\n")
    return int(bool(set(survivors) - named_survivors()))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main())
