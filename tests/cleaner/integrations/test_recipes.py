"""Every block of code in docs/pipelines.md, and its like in the README, is run as it stands; what it wrote is looked at."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import cleaner

ROOT = Path(cleaner.__file__).parents[1]  # where the programs find us
PAGES = Path(__file__).parents[3]
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
ARTICLE = f"{STORY}\n\nSign up for our newsletter\n\n{STORY}\n"
CLEAN = f"{STORY}\n\n{STORY}"
ROWS = [
    {"id": "a", "text": ARTICLE, "url": "https://www.example.org/a"},
    {"id": "b", "text": "Sign up for our newsletter\nDonate now\n", "url": "https://www.example.org/b"},
    {"id": "c", "text": STORY, "url": "https://www.example.org/c"},
]
PAGE = f"<html><head><title>Ferry</title></head><body><p>{STORY}</p><p>{STORY} So it is.</p></body></html>"
README = "README"


def _blocks() -> dict[str, tuple[str, str]]:
    """Language and code by heading: those of the page, and the one of the README."""
    page = (PAGES / "docs/pipelines.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page, re.M | re.S)
    stage = (PAGES / "README.md").read_text(encoding="utf-8").partition("**A stage of your pipeline.**")[2]
    sections.append((README, stage[: stage.index("```\n") + 4]))
    blocks = ((heading, re.findall(r"^```(\w+)\n(.*?)^```$", section, re.M | re.S)) for heading, section in sections)
    return {f"{heading}{' again' * n}": block for heading, under in blocks for n, block in enumerate(under)}


BLOCKS = _blocks()


def json_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of a file, or of all files in a folder; plain or gzipped."""
    files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else [folder]
    lines = [
        line
        for path in files
        for line in (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).splitlines()
    ]
    return [json.loads(line) for line in lines]


def table_rows(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as tables

    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    return [row for file in files for row in tables.ParquetFile(file).read().to_pylist()]


def all_rows(rows: list[dict[str, Any]]) -> None:
    assert sorted((row["id"], row["text"], row["status"]) for row in rows) == [
        ("a", CLEAN, "clean"), ("b", "", "empty"), ("c", STORY, "clean"),
    ]  # fmt: skip
    (span,) = next(json.loads(row["spans"]) for row in rows if row["id"] == "a")
    assert ARTICLE[span["start"] : span["end"]] == "Sign up for our newsletter"


def clean_rows(rows: list[dict[str, Any]]) -> None:
    assert sorted((row["id"], row["text"]) for row in rows) == [("a", CLEAN), ("c", STORY)]


def crawled(folder: Path) -> None:
    (row,) = json_rows(folder / "crawled.jsonl")
    assert row["text"].startswith(STORY)
    assert row["url"].endswith("article.html")


def piped(folder: Path) -> None:
    assert [row["text"] for row in json_rows(folder / "clean.jsonl.gz")] == [CLEAN, "", STORY]


def batched(folder: Path) -> None:
    from cleaner.cli.main import main

    clock = json.loads((folder / "out/run.json").read_text())["clock"]
    assert main(["clean", str(folder / "articles"), "-o", str(folder / "whole"), "-q", "--now", clock]) == 0
    names = {path.relative_to(folder / "whole") for path in (folder / "whole").rglob("*") if path.is_file()}
    assert {path.relative_to(folder / "out") for path in (folder / "out").rglob("*") if path.is_file()} == names
    assert all((folder / "out" / name).read_bytes() == (folder / "whole" / name).read_bytes() for name in names)


@dataclass(frozen=True)
class Recipe:
    """How a block of the page is run, and what must come of it."""

    check: Callable[[Path], None]
    needs: str = ""  # modules
    after: str = ""  # lines of our own that follow it


CRAWL = """
from pathlib import Path
from scrapy.crawler import CrawlerProcess
process = CrawlerProcess({"FEEDS": {"crawled.jsonl": {"format": "jsonlines"}}, "LOG_LEVEL": "WARNING"})
process.crawl(Articles, start_urls=[Path(name).absolute().as_uri() for name in ("article.html", "appeal.html")])
process.start()
"""
PREDICT = f"""
assert model[0].transform([{ARTICLE!r}]) == [{CLEAN!r}]
assert list(model.predict(["The council sat.", "The team lost."])) == ["politics", "sport"]
"""
WRITE = "dataset['train'].to_json('clean.jsonl')"
RECIPES = {
    README: Recipe(lambda folder: all_rows(json_rows(folder / "clean.jsonl")), "datasets", WRITE),
    "Hugging Face datasets": Recipe(lambda folder: clean_rows(json_rows(folder / "clean.jsonl")), "datasets"),
    "Ray Data": Recipe(lambda folder: all_rows(table_rows(folder / "clean")), "ray pyarrow"),
    "datatrove": Recipe(lambda folder: clean_rows(json_rows(folder / "clean")), "datatrove orjson"),
    "pandas": Recipe(lambda folder: all_rows(table_rows(folder / "clean.parquet")), "pandas pyarrow"),
    "Polars": Recipe(lambda folder: all_rows(table_rows(folder / "clean.parquet")), "polars pyarrow"),
    "PySpark": Recipe(lambda folder: all_rows(table_rows(folder / "clean")), "pyspark pandas pyarrow"),
    "scikit-learn": Recipe(lambda folder: None, "sklearn", PREDICT),
    "Scrapy": Recipe(crawled, "scrapy", CRAWL),
    "A Unix pipe": Recipe(piped),
    "A batch on many machines": Recipe(batched, "datatrove"),
}


def test_every_block_of_the_page_is_tried() -> None:
    assert RECIPES.keys() == BLOCKS.keys()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "articles.jsonl").write_text(lines)
    (tmp_path / "articles.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles/rows.jsonl").write_text(lines)
    (tmp_path / "article.html").write_text(PAGE)
    (tmp_path / "appeal.html").write_text("<html><body><p>Sign up for our newsletter</p></body></html>")
    return tmp_path


@pytest.mark.integration
@pytest.mark.parametrize("heading", RECIPES)
def test_a_recipe_works(heading: str, folder: Path) -> None:
    recipe, (language, code) = RECIPES[heading], BLOCKS[heading]
    if missing := [name for name in recipe.needs.split() if find_spec(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    if "pyspark" in recipe.needs and shutil.which("java") is None:
        pytest.skip("needs Java")
    if language == "sh" and (os.name == "nt" or shutil.which("gzip") is None):
        pytest.skip("needs a Unix shell with gzip")
    command = [shutil.which("sh") or "sh", "-e"] if language == "sh" else [sys.executable]
    (folder / f"recipe.{language}").write_text(code + recipe.after)
    (folder / "bin").mkdir()
    (folder / "bin/cleancopy").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cleaner "$@"\n')
    (folder / "bin/cleancopy").chmod(0o755)
    paths = {"PYTHONPATH": str(ROOT), "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    quiet = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "cache"), "RAY_USAGE_STATS_ENABLED": "0"}
    spark = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        [*command, f"recipe.{language}"], cwd=folder, env={**os.environ, **paths, **quiet, **spark},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    recipe.check(folder)
