"""The steps in datatrove's own pipelines: its readers, writers and local executor, with two tasks in two processes."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration
datatrove = pytest.importorskip("datatrove")

from datatrove.executor import LocalPipelineExecutor  # noqa: E402
from datatrove.pipeline.readers import JsonlReader  # noqa: E402
from datatrove.pipeline.writers import JsonlWriter, ParquetWriter  # noqa: E402

from cleaner.batch.run import BatchSettings  # noqa: E402
from cleaner.cli.main import main  # noqa: E402
from cleaner.integrations.datatrove import CleanDocuments, CleanShards, clean_shards  # noqa: E402

STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
ARTICLE = f"{STORY}\n\nSign up for our newsletter\n\n{STORY}\n\nRead more\n"
APPEAL = "Sign up for our newsletter\nDonate now\n"
ROWS: dict[str, list[dict[str, Any]]] = {
    "a.jsonl": [{"id": "a1", "text": ARTICLE, "url": "https://www.example.org/1"}, {"id": "a2", "text": APPEAL}],
    "b.jsonl": [{"id": "b1", "text": STORY, "n": 3}, {"id": "b2", "text": "a" * (16 << 20) + "b"}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for name, rows in ROWS.items():
        (tmp_path / "in" / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


def run(folder: Path, step: CleanDocuments, writer: Any = JsonlWriter) -> dict[str, Any]:
    """Two tasks in two processes; the statistics of the step, task by task added up."""
    pipeline = [JsonlReader(str(folder / "in")), step, writer(str(folder / "out"))]
    LocalPipelineExecutor(pipeline=pipeline, tasks=2, workers=2, logging_dir=str(folder / "logs")).run()
    stats = json.loads((folder / "logs/stats.json").read_text())
    return {name: value["total"] if isinstance(value, dict) else value for name, value in stats[1]["stats"].items()}


def rows_in(folder: Path) -> dict[str, dict[str, Any]]:
    lines = (line for path in sorted(folder.iterdir()) for line in gzip.decompress(path.read_bytes()).splitlines())
    return {row["id"]: row for row in map(json.loads, lines)}


def test_a_pipeline_of_two_tasks(folder: Path) -> None:
    step = CleanDocuments(spans=True, exclusion_writer=JsonlWriter(str(folder / "dropped")))
    stats = run(folder, step)
    got = rows_in(folder / "out")
    assert list(got) == ["a1", "b1"]
    assert got["a1"]["text"] == f"{STORY}\n\n{STORY}"
    told = got["a1"]["metadata"]
    assert told["url"] == "https://www.example.org/1"
    assert told["file_path"].endswith("a.jsonl")
    assert {label: count for label, count in told["cleancopy"]["labels"].items() if count} == {
        "newsletter": 1, "related": 1,
    }  # fmt: skip
    assert told["cleancopy"]["removed"] == pytest.approx(len("Sign up for our newsletterRead more") / len(ARTICLE))
    assert [span["text"] for span in told["cleancopy"]["spans"]] == ["Sign up for our newsletter", "Read more"]
    assert got["b1"]["metadata"]["n"] == 3
    assert got["b1"]["metadata"]["cleancopy"]["labels"].keys() == told["cleancopy"]["labels"].keys()
    dropped = rows_in(folder / "dropped")
    assert dropped["a2"]["text"] == APPEAL
    assert dropped["a2"]["metadata"]["filter_reason"].startswith("empty")
    assert dropped["b2"]["metadata"]["filter_reason"].startswith("failed: is larger than")
    counted = {name: stats[name] for name in ("total", "forwarded", "dropped", "dropped_empty", "dropped_failed")}
    assert counted == {"total": 4, "forwarded": 2, "dropped": 2, "dropped_empty": 1, "dropped_failed": 1}
    assert stats["spans_newsletter"] == 1


def test_what_is_done_is_not_done_again(folder: Path) -> None:
    run(folder, CleanDocuments())
    first, second = sorted((folder / "out").iterdir())
    first.unlink()
    (folder / "logs/completions/00000").unlink()
    second.write_bytes(b"left alone")
    run(folder, CleanDocuments())
    assert [path.name for path in sorted((folder / "out").iterdir())] == [first.name, second.name]
    assert [json.loads(line)["id"] for line in gzip.decompress(first.read_bytes()).splitlines()] == ["a1"]
    assert second.read_bytes() == b"left alone"


def test_pages_and_tables(folder: Path) -> None:
    tables = pytest.importorskip("pyarrow.parquet")
    for path in (folder / "in").iterdir():
        path.write_text(json.dumps({"id": path.stem, "text": f"<html><body><p>{STORY}</p></body></html>"}) + "\n")
    run(folder, CleanDocuments(html=True), ParquetWriter)
    got = [row for path in sorted((folder / "out").iterdir()) for row in tables.read_table(path).to_pylist()]
    assert [(row["id"], row["text"]) for row in got] == [("a", STORY), ("b", STORY)]
    assert got[0]["metadata"]["cleancopy"]["status"] == "clean"


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def carried_out(steps: list[CleanShards], logs: Path) -> None:
    """Task after task in this process; tests/cleaner/integrations/test_recipes.py has several at once, in processes."""
    before = None
    for step in steps:
        before = LocalPipelineExecutor(
            pipeline=[step], tasks=step.tasks, workers=1, logging_dir=str(logs / step.stage),
            depends=before,
        )  # fmt: skip
    before.run()


def test_the_stages_of_a_batch_give_the_bytes_of_the_command(folder: Path) -> None:
    command = ["clean", str(folder / "in"), "-q", "--shard-size", "1", "--timeout", "0", "--workers", "1"]
    assert main([*command, "-o", str(folder / "whole"), "--now", "2026-05-03T10:22:00Z"]) == 1
    clock = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)
    settings = BatchSettings(folder / "out", clock, shard_size=1)
    steps = clean_shards([folder / "in"], settings, tasks=3)
    assert [step.tasks for step in steps] == [1, 3, 1, 3, 1]
    carried_out(steps, folder / "logs")
    assert files(folder / "out") == files(folder / "whole")
    stats = json.loads((folder / "logs/clean/stats.json").read_text())
    assert stats[0]["stats"]["documents"]["total"] == 4


def test_a_task_that_failed_is_done_again_and_the_others_are_not(folder: Path) -> None:
    clock = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)
    settings = BatchSettings(folder / "out", clock, shard_size=1)
    carried_out(clean_shards([folder / "in"], replace(settings, out=folder / "whole"), tasks=2), folder / "logs")
    steps = clean_shards([folder / "in"], settings, tasks=2)
    carried_out(steps[:3], folder / "again")
    blocked = folder / "out/documents/00001.jsonl"
    blocked.mkdir()
    with pytest.raises(Exception, match="cannot be written"):
        carried_out(steps, folder / "again")
    blocked.rmdir()
    assert [path.name for path in (folder / "again/clean/completions").iterdir()] == ["00000"]
    carried_out(steps, folder / "again")
    assert files(folder / "out") == files(folder / "whole")
