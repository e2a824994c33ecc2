"""Variables are called by the noun of what they hold: `block`, `record`, never `each`, `found`, `there`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from support.cases import ROOT

NO_NOUNS = {"each", "found", "there"}
#: Lines that may give something such a name; only files that have one are parsed.
SET = re.compile(r"\b(for|as|def|class) +(each|found|there)\b|\b(each|found|there) *(,|:|=|\)|:=)")


def named(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name


@pytest.mark.parametrize("folder", ["cleaner", "archive", "benchmarks", "docs", "fixtures", "tests"])
def test_names_carry_the_noun(folder: str) -> None:
    texts = {path: path.read_text("utf-8") for path in (ROOT / folder).rglob("*.py")}
    wrong = {path: NO_NOUNS.intersection(named(ast.parse(text))) for path, text in texts.items() if SET.search(text)}
    assert not {str(path.relative_to(ROOT)): sorted(names) for path, names in wrong.items() if names}
