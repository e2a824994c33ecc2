"""Every command and snippet of the README and of docs/ is run, page by page, in a folder that holds what they name.

Blocks: `sh` and indented lines that begin with a program are commands; `console` has output too, which must come (figures
and digests may differ); `python` is executed, one namespace a page; `pycon` is a doctest; `py` and `text` are to be
read only. What is run elsewhere, or cannot be run here, stands in ELSEWHERE with the place that does.
"""

from __future__ import annotations

import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from support.cases import ROOT

import cleaner
from cleaner.cli.main import main

#: Pages whose code another test runs, and the generated ones that have none.
OTHERS = {
    "docs/pipelines.md": "tests/cleaner/integrations/test_recipes.py",
    "docs/cli.md": "docs/generate.py",
    "docs/labels.md": "docs/generate.py",
}
PAGES = [
    page
    for page in ("README.md", *sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").rglob("*.md")))
    if page not in OTHERS and not page.startswith("docs/gallery/")
]
#: Commands that begin so are not run here: who runs them, or why nobody can.
ELSEWHERE = {
    "python3 -m venv": ".ci/run",
    "pip install": ".ci/run",
    "make ": ".ci/run",
    "python fixtures/make_gold.py": "tests/cleaner/test_quality_gate.py",
    "python fixtures/make_seeds.py": "tests/cleaner/test_seeds.py",
    "python benchmarks/": "benchmarks",  # by hand: their figures stand in the docs with a date
    "python docs/make_pictures.py": "docs/make_pictures.py",  # wants a browser
    "cleancopy archive sign": "tests/archive/checking/test_signatures.py",
    "cleancopy archive verify OUT --key": "tests/archive/checking/test_signatures.py",
    "cleancopy archive stamp": "tests/archive/checking/test_timestamps.py",
    "cleancopy train": "tests/cleaner/training/test_training.py",
    "cleancopy evaluate": "tests/cleaner/training/test_evaluation.py",
    "cleancopy review": "tests/cleaner/review",
    "cleancopy corrections": "tests/cleaner/cli/test_corrections_cli.py",
    "cleancopy teach": "tests/cleaner/training/test_teach.py",
    "for part in": "tests/cleaner/engines",  # many runs on a cluster
    "sqlite3 ": "tests/cleaner/memory",  # the program may be missing
}
#: Snippets that begin so.
SNIPPETS = {"from datasets import": "tests/cleaner/integrations/test_recipes.py"}
#: What stands for something in commands, and what it is in the folder. DIR is another one each time.
STAND_INS = {
    r"\[[^\]]*\]": "",
    r"(--\w+)(\|--\w+)+": r"\1",
    r"\bOUT\b": "out",
    r"\bNAME\b": "02-border-talks.en.txt",
}
#: Options that want a package.
NEEDS = {"--parquet": "pyarrow"}
#: Commands on object stores and clusters.
CLOUD = re.compile(r"s3://|gs://|--engine ray|^ray ")
#: Exit codes other than 0 that a page's command is meant to have.
EXITS: dict[tuple[str, str], int] = {}
PROGRAMS = ("cleancopy", "python", "pip", "printf", "gzip", "cat", "zcat", "echo", "for", "make")
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
ARTICLE = f"Ferry sails again\n\n{STORY}\n\nSign up for our newsletter\n\n{STORY}\n"


@dataclass(frozen=True, slots=True)
class Step:
    """One command, snippet or doctest of a page; output: the lines that must come, none for most."""

    kind: str  # sh | python | pycon
    code: str
    output: tuple[str, ...] = ()


def steps(page: str) -> Iterator[Step]:
    text = (ROOT / page).read_text("utf-8")
    for fence, block, indented in re.findall(r"^```(\w+)\n(.*?)^```$|((?:^ {4,}\S[^\n]*\n)+)", text, re.M | re.S):
        if fence == "sh":
            yield from (Step("sh", command) for command in commands(block.splitlines()))
        elif fence == "console":
            for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, output = part.partition("\n")
                yield Step("sh", command, tuple(line for line in output.splitlines() if line.strip()))
        elif fence in ("python", "pycon"):
            yield Step(fence, block)
        elif indented.split()[:1] and indented.split()[0] in PROGRAMS:
            yield from (Step("sh", command) for command in commands(indented.splitlines()))


def commands(lines: list[str]) -> Iterator[str]:
    """Commands of a block: a line that ends in a backslash goes on; what is told two spaces after a command is dropped."""
    joined = "\n".join(line.strip() for line in lines).replace("\\\n", " ")
    joined = re.sub(r"^for .*?^done", lambda loop: loop[0].replace("\n", " "), joined, flags=re.M | re.S)
    for line in joined.split("\n"):
        command = re.split(r"\s{2,}(?!-)", line.partition("  #")[0].strip())[0]
        if command and not command.startswith("#"):
            yield command


def elsewhere(command: str) -> bool:
    command = re.sub(r"^(?:[A-Z_]+=\S* )+", "", command)  # variables of the environment set for it
    lacks = any(option in command and find_spec(package) is None for option, package in NEEDS.items())
    return lacks or bool(CLOUD.search(command)) or any(command.startswith(prefix) for prefix in ELSEWHERE)


def test_what_is_run_elsewhere_is_there() -> None:
    for place in (*OTHERS.values(), *ELSEWHERE.values(), *SNIPPETS.values()):
        assert (ROOT / place).exists(), place


def test_every_page_has_known_blocks() -> None:
    known = {"sh", "console", "python", "pycon", "py", "text", "json", "jsonl", "toml", "html", "xml", "css"}
    text = {page: (ROOT / page).read_text("utf-8") for page in PAGES}
    opened = {(page, fence) for page in PAGES for fence in re.findall(r"^```(\S+)$", text[page], re.M)}
    assert not {(page, fence) for page, fence in opened if fence not in known}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the pages name: articles as text, page, rows and crawl, a finished run, a memory."""
    folder = tmp_path_factory.mktemp("docs") / "template"
    shutil.copytree(ROOT / "seeds", folder / "articles")
    for name in ("seeds", "fixtures"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "article.txt").write_text(ARTICLE, "utf-8")
    shutil.copy(ROOT / "fixtures/pages/en-harbour-news/page.html", folder / "article.html")
    for name in ("in.jsonl", "articles.jsonl", "rows.jsonl"):
        shutil.copy(ROOT / "seeds/16-three-rows.jsonl", folder / name)
    shutil.copy(ROOT / "fixtures/crawls/resource-page.warc.gz", folder / "crawl.warc.gz")
    shutil.copy(ROOT / "cleaner/data/model/blocks.model", folder / "own.model")
    (folder / "crawl").mkdir()
    shutil.copy(ROOT / "fixtures/crawls/resource-page.warc.gz", folder / "crawl" / "one.warc.gz")
    (folder / "pages").mkdir()
    for name in ("en-harbour-news", "de-paywall-verdeckt", "ja-minato"):
        shutil.copy(ROOT / "fixtures/pages" / name / "page.html", folder / "pages" / f"{name}.html")
    (folder / "corrections.jsonl").touch()
    (folder / "my.toml").write_text('[newsletter]\nany = ["our free letter"]\n', "utf-8")
    (folder / "policy.toml").write_text('caption = "keep"\n', "utf-8")
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert run("cleancopy clean seeds -o out -q")[0] == 0
        assert run("cleancopy memory build articles -o site.memory")[0] == 0
    finally:
        os.chdir(here)
    return folder


def run(command: str) -> tuple[int, str]:
    """Exit code and standard output; a plain command of ours in this process, anything else by the shell."""
    command = filled(command.replace(".venv/bin/", ""))
    words = shlex.split(command, comments=True)
    if words[0] == "cleancopy" and not {"|", "&&", ";", ">", ">>", "2>", "<"} & set(words) and "$(" not in command:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with redirect_stdout(out):
            try:
                code = main(one_process(words[1:]))
            except SystemExit as end:  # of the parser
                code = int(end.code or 0)
        return code, out.buffer.getvalue().decode("utf-8")  # type: ignore[attr-defined]
    done = subprocess.run([shell(), "-e", "-c", command], capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout


def filled(command: str) -> str:
    """A command in which words stand for others, with these."""
    for pattern, text in STAND_INS.items():
        command = re.sub(pattern, text, command)
    return re.sub(r"\bDIR\b", f"folder-{len(list(Path.cwd().iterdir()))}", command)


def shell() -> str:
    path = shutil.which("sh")
    if path is None:
        pytest.skip("needs a Unix shell")
    return path


def one_process(words: list[str]) -> list[str]:
    """A batch without worker processes: they would load everything anew, and give the same bytes."""
    if words[0] != "clean" or "-o" not in words:
        return words
    if "--workers" in words:
        at = words.index("--workers")
        words = words[:at] + words[at + 2 :]
    return [*words, "--workers", "1", *(() if "--timeout" in words else ("--timeout", "0"))]


def plain(line: str) -> str:
    """A line of output without what may differ: digests, figures, spacing."""
    return " ".join(re.sub(r"\d[\d.,]*", "0", re.sub(r"\b[0-9a-f]{12,}\b", "#", line)).split())


@pytest.fixture
def folder(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "work"
    shutil.copytree(template, copy, symlinks=True)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, arguments in (("cleancopy", "-m cleaner"), ("python", "")):
        (tools / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(copy)
    return copy


@pytest.mark.parametrize("page", [page for page in PAGES if any(steps(page))])
def test_the_code_of_a_page_works(page: str, folder: Path) -> None:
    names: dict[str, Any] = {"text": ARTICLE, "__name__": "snippet"}
    for step in steps(page):
        if step.kind == "sh":
            if not elsewhere(step.code):
                check_command(page, step)
        elif step.kind == "pycon":
            check_doctest(page, step, names)
        elif not step.code.startswith(tuple(SNIPPETS)) and not missing_imports(step.code):
            exec(compile(step.code, f"{page}: {step.code[:40]!r}", "exec"), names)


def check_command(page: str, step: Step) -> None:
    code, output = run(step.code)
    wanted = EXITS.get((page, step.code), 0)
    assert code == wanted, f"{page}: {step.code} ended with {code}\n{output[-2000:]}"
    lines = iter(plain(line) for line in output.splitlines())
    for line in step.output:
        if "…" not in line:
            assert plain(line) in lines, (
                f"{page}: {step.code} does not print, in this place: {line}\nbut\n{output[:3000]}"
            )


def check_doctest(page: str, step: Step, names: dict[str, Any]) -> None:
    public = {name: getattr(cleaner, name) for name in cleaner.__all__}
    example = doctest.DocTestParser().get_doctest(step.code, public | names, page, page, 0)
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, clear_globs=False)
    assert result.failed == 0, f"{page}: {step.code}"


def missing_imports(code: str) -> list[str]:
    """Other people's packages that a snippet wants and that are not installed."""
    roots = {name.partition(".")[0] for name in re.findall(r"^(?:from|import) ([\w.]+)", code, re.M)}
    return sorted(root for root in roots if find_spec(root) is None)
