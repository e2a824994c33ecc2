"""docs/rows.md names every field that a run writes, and no other: rows, spans, repairs, metadata, ledger, run.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from support.cases import ROOT

from cleaner.cli.main import main
from cleaner.writers.rows import OURS, REPLACES

PAGE = (ROOT / "docs" / "rows.md").read_text("utf-8")
INPUTS = (
    "seeds",
    "fixtures/pages/en-harbour-news",
    "fixtures/crawls/truncated-by-crawler.warc.gz",
    "fixtures/crawls/cut-inside-record.warc",
)
ARTICLES = ("02-border-talks.en.txt", "nothing.txt", "page.html")
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
STATED = "".join(
    f'<meta property="{name}" content="{value}">'
    for name, value in {
        "og:title": "Ferry", "og:description": "It sails again.", "og:image": "https://example.org/ferry.jpg",
        "og:site_name": "Courier", "article:section": "Coast", "author": "Ada Holm",
    }.items()
)  # fmt: skip
ROWS = (
    {
        "id": "page",
        "html": f"<html><head>{STATED}</head><body><h1>Ferry</h1><p>{STORY}</p><p>{STORY}</p></body></html>",
    },
    {"id": "text", "text": f"Ferry sails again\n\n{STORY}\n\n{STORY}", "title": "Another title", "path": "collides"},
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over texts, rows, pages and a crawl, one damaged."""
    folder = tmp_path_factory.mktemp("run") / "out"
    given = folder.parent / "given.jsonl"
    given.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    nothing = folder.parent / "nothing.txt"
    nothing.write_text("", encoding="utf-8")
    inputs = [str(ROOT / name) for name in INPUTS] + [str(given), str(nothing)]
    assert main(["clean", *inputs, "-o", str(folder), "--workers", "1", "--with-removed", "--quiet"]) == 1
    return folder


def section(heading: str) -> str:
    return re.split(r"^## ", PAGE, flags=re.M)[
        [h.split("\n")[0] for h in re.split(r"^## ", PAGE, flags=re.M)].index(heading)
    ]


def named(heading: str) -> set[str]:
    """The names in the first column of a section's table."""
    rows = re.findall(r"^\| (`.*?) \|", section(heading), re.M)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def rows(out: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line) for path in sorted((out / "documents").iterdir()) for line in path.read_bytes().splitlines()
    ]


def keys(values: Iterable[dict[str, Any]]) -> set[str]:
    return {key for value in values for key in value}


def test_rows_out(out: Path) -> None:
    own = keys(rows(out)) & set(OURS)
    assert own | {REPLACES} == named("Rows out") == set(OURS)  # of updates: tests/cleaner/batch/test_update.py


@pytest.mark.parametrize("field", ["spans", "repairs"])
def test_what_rows_hold(out: Path, field: str) -> None:
    written = keys(value for row in rows(out) for value in row[field])
    prose = section("Rows out").partition(f"A **{field[:-1]}** has")[2].partition("\n\n")[0]
    assert written
    assert written <= set(re.findall(r"`([a-z]+)`", prose))


def test_metadata(out: Path) -> None:
    written = keys(row["metadata"] for row in rows(out))
    assert written <= named("Metadata"), "a key that docs/rows.md does not name"
    written.add("unjudged")  # of very long documents: tests/cleaner/test_bounds.py
    assert named("Metadata") <= written, "docs/rows.md names a key that is never written"


def test_run_json(out: Path) -> None:
    run = json.loads((out / "run.json").read_bytes())
    assert set(run) == named("run.json")
    counts = re.search(r"^\| `counts` \| (.*) \|$", section("run.json"), re.M)
    assert counts
    assert set(run["counts"]) == set(re.findall(r"`([a-z]+)`", counts[1]))


def test_ledger(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledgers = []
    for name in (row["path"] for row in rows(out) if row["path"].endswith(ARTICLES)):
        assert main(["archive", "show", str(out), name, "--ledger"]) == 0
        ledgers.append(json.loads(capsys.readouterr().out))
    assert len(ledgers) == len(ARTICLES)
    failed = {"why"}  # of failed documents, which have no name to be shown by
    assert keys(ledgers) <= named("The ledger")
    assert named("The ledger") <= keys(ledgers) | failed
