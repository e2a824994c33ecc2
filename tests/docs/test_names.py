"""Files, options and commands that README, CONTRIBUTING and docs/ name in backticks are there."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest
from support.cases import ROOT

from cleaner.cli.main import build_parser

PAGES = [
    "README.md", "CONTRIBUTING.md",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("**/*.md") if path.parent.name != "gallery"),
]  # fmt: skip
TOP = ("cleaner/", "archive/", "tests/", "benchmarks/", "docs/", "fixtures/", "seeds/")
FILES = {path.name for top in TOP for path in (ROOT / top).rglob("*.py")} | {path.name for path in ROOT.glob("*.py")}
#: Options of other programs, of scripts, and of Python's own tools that pages name.
FOREIGN = {
    "--strict", "--pin", "--why", "--stages", "--screenshot", "--splits", "--every", "--rounds", "--documents", "--models", "-m",
    "--browser", "--megabytes", "--python", "--count", "--node", "--without-fold", "--every-bit", "--page-count", "--parts", "--minutes",
    "--folds",
}  # fmt: skip


def code(page: str) -> Iterator[str]:
    """What stands in backticks in the text of a page, code blocks left out."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text("utf-8"), flags=re.M | re.S)
    yield from re.findall(r"`([^`\n]+)`", text)


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from options(command)


@pytest.mark.parametrize("page", PAGES)
def test_files_are_there(page: str) -> None:
    named = {
        name.split("::")[0].rstrip(".,")
        for name in code(page)
        if " " not in name and "<" not in name and "*" not in name
    }
    paths = {name for name in named if name.startswith(TOP) and not name.endswith("…")}
    assert not sorted(name for name in paths if not (ROOT / name.partition("#")[0]).exists())
    modules = {name.rsplit("/", 1)[-1] for name in named if re.fullmatch(r"[\w/]+\.py", name)}
    assert not sorted(modules - FILES)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/cli.md"])
def test_options_are_there(page: str) -> None:
    known = set(options(build_parser())) | FOREIGN
    named = {option for part in code(page) for option in re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", part)}
    assert not sorted(option for option in named if option.startswith("--") and option not in known)


@pytest.mark.parametrize("top", ["cleaner", "archive", "benchmarks", "docs", "fixtures", "tests"])
def test_files_that_code_and_tables_name_are_there(top: str) -> None:
    named = {
        name
        for path in (ROOT / top).rglob("*.*")
        if path.suffix in (".py", ".toml", ".c", ".h")
        for name in re.findall(rf"(?<![\w/])(?:{'|'.join(TOP)})[\w/]+\.(?:py|toml|md)\b", path.read_text("utf-8"))
    }
    assert not sorted(name for name in named if not (ROOT / name).exists())
