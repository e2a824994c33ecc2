"""Columns in the real libraries: Hugging Face `datasets` with processes and cache, Ray Data on a cluster of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cleaner
from cleaner import CleanColumns, Cleaner, Policy

pytestmark = pytest.mark.integration

ROOT = Path(cleaner.__file__).parents[1]
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
ARTICLE = f"{STORY}\n\nSign up for our newsletter\n\n{STORY}\n"
#: The first batches hold nothing that would be removed or repaired, so that no type can be told from them.
COLUMNS: dict[str, list[Any]] = {
    "id": list(range(24)),
    "text": [STORY] * 12 + [ARTICLE, None, f"{STORY} It cost \u00a4 90 million.", "", "\x01", "Donate now"] * 2,
    "url": [None, "https://www.example.org/1"] * 12,
    "status": ["draft"] * 24,
}
KEEPING = CleanColumns(Cleaner(policy=Policy.of(None, keep=["newsletter"], strip=[])))
HASHES = (
    "from cleaner import *; from datasets.fingerprint import Hasher;"
    "print(Hasher.hash(CleanColumns()), Hasher.hash(CleanColumns(text='content')),"
    "Hasher.hash(CleanColumns(Cleaner(policy=Policy.of(None, keep=['newsletter'], strip=[])))))"
)


@pytest.fixture
def datasets(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    library = pytest.importorskip("datasets")
    library.disable_progress_bars()
    return library


def test_map_in_processes_gives_what_a_call_gives(datasets: Any) -> None:
    expected = CleanColumns()(COLUMNS)
    got = datasets.Dataset.from_dict(COLUMNS).map(CleanColumns(), batched=True, batch_size=5, num_proc=2)
    assert {name: list(got[name]) for name in got.column_names} == expected
    assert got["input_status"][0] == "draft"
    assert got["status"][12:18] == ["clean", "empty", "clean", "empty", "empty", "empty"]


def test_other_formats_and_streams(datasets: Any) -> None:
    expected = CleanColumns()(COLUMNS)
    dataset = datasets.Dataset.from_dict(COLUMNS)
    for given in (dataset.with_format("numpy"), dataset.to_iterable_dataset()):
        rows = list(given.map(CleanColumns(), batched=True, batch_size=7).with_format(None))
        assert [row["text"] for row in rows] == expected["text"]
        assert [row["spans"] for row in rows] == expected["spans"]


def test_the_cache_knows_settings_apart(datasets: Any, tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    rows = zip(*COLUMNS.values(), strict=True)
    path.write_text("".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) + "\n" for row in rows))
    dataset = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
    first = dataset.map(CleanColumns(), batched=True)
    made = {file["filename"] for file in first.cache_files}
    stamps = {name: Path(name).stat().st_mtime_ns for name in made}
    again = dataset.map(CleanColumns(), batched=True)
    assert {file["filename"] for file in again.cache_files} == made
    assert {name: Path(name).stat().st_mtime_ns for name in made} == stamps
    other = dataset.map(KEEPING, batched=True)
    assert {file["filename"] for file in other.cache_files}.isdisjoint(made)
    assert "Sign up" in other[12]["text"]
    assert "Sign up" not in first[12]["text"]


def test_another_process_gives_the_same_digests(datasets: Any) -> None:
    from datasets.fingerprint import Hasher

    expected = [Hasher.hash(columns) for columns in (CleanColumns(), CleanColumns(text="content"), KEEPING)]
    assert len(set(expected)) == 3
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", HASHES], capture_output=True, text=True, check=True, env=environment
        )
        assert done.stdout.split() == expected


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    library = pytest.importorskip("ray", reason="needs Ray")
    pytest.importorskip("ray.data", reason="needs Ray Data")
    library.init(
        num_cpus=2, object_store_memory=100 << 20, include_dashboard=False, logging_level="ERROR",
        runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
    )  # fmt: skip
    library.data.DataContext.get_current().enable_progress_bars = False
    yield library
    library.shutdown()


def test_map_batches_as_function_and_as_actors(ray: Any) -> None:
    texts = {name: values for name, values in COLUMNS.items() if name != "url"}
    rows = [dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=True)]
    expected = CleanColumns()(texts)
    articles = ray.data.from_items(rows)
    ways = {
        "function": articles.map_batches(CleanColumns(), batch_size=5),
        "pandas": articles.map_batches(CleanColumns(), batch_size=5, batch_format="pandas"),
        "actors": articles.rename_columns({"text": "content"}).map_batches(
            CleanColumns, fn_constructor_kwargs={"text": "content"}, batch_size=5,
            compute=ray.data.ActorPoolStrategy(size=1),
        ),
    }  # fmt: skip
    for name, way in ways.items():
        got = sorted(way.take_all(), key=lambda row: row["id"])
        assert [row["id"] for row in got] == COLUMNS["id"], name
        for column in ("text", "status", "why", "spans", "metadata"):
            assert [row[column] for row in got] == expected[column], (name, column)
