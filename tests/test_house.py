"""What the code promises of itself: files and functions that are read at one look, and no error caught blindly."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("cleaner", "archive", "benchmarks", "docs", "fixtures", "tests")
MODULES = {path.relative_to(ROOT).as_posix(): path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))}
MOST_LINES, LONGEST_FUNCTION = 400, 50
#: The table of the labels, an entry each.
TABLES = {"cleaner/labels.py _specs"}
#: Where any error is caught and told, and why: what strangers' files and single documents bring must not stop a run.
CATCH_ALL = {
    "cleaner/readers/__init__.py _guarded": "a container's reader may fail in any way; the run goes on with the next",
    "cleaner/readers/guard.py guarded": "the same, between two of its rows",
    "cleaner/readers/guard.py guarded_row": "the same, inside a row",
    "cleaner/batch/shards/outcome.py outcome_of": "a document that cannot be cleaned is a failure of its own",
    "cleaner/batch/shards/outcome.py _steps": "the same, beside other documents",
    "cleaner/settings.py as_document": "what is no document is refused when its turn comes",
    "cleaner/model/steps.py _answered": "questions that cannot be answered together are asked one by one",
    "cleaner/model/steps.py _answer_or_error": "then the error is raised in the document that asks",
    "cleaner/batch/shards/tasks.py _with_pages": "so is one of which no page can be made",
    "cleaner/batch/run_memory.py counted": "counting leaves out what cleaning will report",
    "cleaner/cli/memory_build.py _counted_parts": "a document that cannot be counted is reported, the others are counted",
}
#: Where the type `Any` may stand, by what has no types there, and how often in all.
ANY = {
    "values of JSON, TOML, SQLite and of rows, before and after their shape is checked": """
        cleaner/assembly.py cleaner/batch/begin.py cleaner/batch/counts.py cleaner/batch/earlier.py
        cleaner/batch/output/folder.py cleaner/batch/output/status.py cleaner/batch/plan.py cleaner/batch/update.py
        cleaner/cli/batch.py cleaner/corrections/format.py cleaner/html/json_text.py cleaner/html/shown_facts.py
        cleaner/html/structured_data.py cleaner/integrations/columns.py cleaner/integrations/datatrove.py
        cleaner/memory/store.py cleaner/pipeline.py cleaner/readers/json_rows.py cleaner/readers/readings.py
        cleaner/readers/rows.py cleaner/review/add.py cleaner/review/ask.py cleaner/review/queries.py
        cleaner/review/server.py cleaner/review/view.py cleaner/settings.py cleaner/storage/store_lock.py
        cleaner/training/corpus.py cleaner/training/evaluation.py cleaner/training/own_texts.py
        cleaner/training/source_correction.py cleaner/writers/report/run_data.py archive/view.py
    """,
    "libraries without types: fsspec, LightGBM, lxml, PyArrow, Ray, scikit-learn, selectolax, torch, zstandard …": """
        cleaner/engines/ray.py cleaner/html/native_tree.py cleaner/html/trafilatura.py cleaner/readers/packing.py
        cleaner/readers/parquet.py cleaner/readers/xml.py cleaner/storage/object_store.py cleaner/training/carried.py
        cleaner/training/encoder.py cleaner/training/line_breaks.py cleaner/training/linear.py
        cleaner/training/network.py cleaner/training/pages.py cleaner/training/rounded.py cleaner/training/vectors.py
        cleaner/writers/report/page.py archive/checking/timestamps.py archive/segments/durable.py
        archive/warc/members.py
    """,
    "arrays of NumPy, whose stubs lose the type of the numbers": """
        cleaner/batch/row_files.py cleaner/batch/shards/duplicate_ids.py cleaner/memory/partial_counts.py
        cleaner/model_file.py cleaner/segmentation/tokens.py
    """,
    "what goes through as it is: contexts and results of engines, functions that are loaded late": """
        cleaner/__init__.py cleaner/batch/run.py cleaner/batch/scheduled.py cleaner/cli/archive.py cleaner/cli/pipe.py
        cleaner/engines/__init__.py cleaner/engines/local.py cleaner/model/steps.py cleaner/training/parallel.py
    """,
}
MOST_ANY = 200


def functions(source: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node


def swallows(function: ast.AST) -> bool:
    """Does it catch every error without raising it again?"""
    for node in ast.walk(function):
        if isinstance(node, ast.ExceptHandler):
            everything = node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
            if everything and not any(isinstance(step, ast.Raise) and step.exc is None for step in node.body):
                return True
    return False


@pytest.mark.parametrize("name", MODULES)
def test_files_and_functions_are_short(name: str) -> None:
    source = MODULES[name].read_text(encoding="utf-8")
    assert source.count("\n") <= MOST_LINES
    sizes = {f"{name} {function}": (node.end_lineno or 0) - node.lineno + 1 for function, node in functions(source)}
    assert [long for long, size in sizes.items() if size > LONGEST_FUNCTION and long not in TABLES] == []


def test_every_error_is_caught_only_where_it_says_why() -> None:
    catching = {
        f"{name} {function}"
        for name, path in MODULES.items()
        if name.startswith(("cleaner/", "archive/"))
        for function, node in functions(path.read_text(encoding="utf-8"))
        if swallows(node)
    }
    assert catching == set(CATCH_ALL)


def test_any_stands_only_where_there_are_no_types() -> None:
    counts = {
        name: sum(
            isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )
        for name, path in MODULES.items()
        if name.startswith(("cleaner/", "archive/"))
    }
    assert {name for name, count in counts.items() if count} == set(" ".join(ANY.values()).split())
    assert sum(counts.values()) <= MOST_ANY


#: `archive` knows nothing of `cleaner`: both have an error of ledgers.
SAID_TWICE = {"LedgerError"}


def test_one_noun_stands_for_one_thing() -> None:
    names = [
        node.name
        for name, path in MODULES.items()
        if name.startswith(("cleaner/", "archive/"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert {name for name in names if names.count(name) > 1} == SAID_TWICE


@pytest.mark.parametrize("path", sorted((ROOT / "cleaner" / "native").glob("*.[ch]")), ids=lambda path: path.name)
def test_words_of_one_compiler_stand_behind_its_name(path: Path) -> None:
    own: list[bool] = []  # conditions around a line: do they ask for a compiler that knows the words?
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#if"):
            own.append("__GNUC__" in line or "INTEL" in line)
        elif line.startswith(("#else", "#elif")):
            own[-1] = "__GNUC__" in line
        elif line.startswith("#endif"):
            own.pop()
        assert any(own) or ("__attribute__" not in line and "__builtin_" not in line), f"line {number}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("try: f()\nexcept Exception: pass", True),
        ("try: f()\nexcept: pass", True),
        ("try: f()\nexcept BaseException:\n    close()\n    raise", False),
        ("try: f()\nexcept (OSError, ValueError): pass", False),
        ("try: f()\nexcept zlib.error: pass", False),
    ],
)
def test_what_counts_as_catching_everything(source: str, expected: bool) -> None:
    assert swallows(ast.parse(source)) is expected


def test_test_files_have_names_of_their_own() -> None:
    """Without packages of tests, pytest imports each by its name alone."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))


def test_test_files_import_each_other_from_support() -> None:
    """The package `tests` may be another program's where ours is installed."""
    wrong = [
        path.name
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tests"
    ]
    assert not wrong
