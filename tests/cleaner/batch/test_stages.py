"""A run in stages: the same bytes as in one go, from any number of tasks, killed and repeated ones too."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import random
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from cleaner import Cleaner
from cleaner.batch import scheduled as module
from cleaner.batch.begin import BegunRun
from cleaner.batch.output.folder import locked
from cleaner.batch.run import BatchError, BatchSettings, run_batch
from cleaner.batch.scheduled import SHARED, Stage, StagedRun, carry_out
from cleaner.storage.object_store import path_or_url

CLOCK = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."


def inputs(folder: Path) -> tuple[Path, ...]:
    """Files, and rows that several shards share, with an id that is there twice."""
    folder.mkdir()
    lines = [f'{{"id": "{n % 11}", "text": "{n} {STORY}\\n\\nSign up for our newsletter"}}\n' for n in range(13)]
    (folder / "rows.jsonl").write_text("".join(lines))
    (folder / "broken.html").write_bytes(b"")
    for number in range(5):
        (folder / f"{number}.txt").write_text(
            f"{STORY} ({number})\n\nRead more\n\nWritten by hand for article {number}."
        )
    return (folder,)


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.fixture
def run(tmp_path: Path) -> StagedRun:
    settings = BatchSettings(tmp_path / "out", CLOCK, shard_size=3)
    return StagedRun(inputs(tmp_path / "in"), settings, Cleaner())


@pytest.fixture
def whole(run: StagedRun, tmp_path: Path) -> dict[str, bytes]:
    """What a run in one go writes."""
    run_batch(run.inputs, run.cleaner, replace(run.settings, out=tmp_path / "whole"), lambda _: None)
    return files(tmp_path / "whole")


def stages(run: StagedRun, tasks: int, *which: Stage) -> dict[Stage, list[dict[str, int]]]:
    run = pickle.loads(pickle.dumps(run))
    return {
        stage: [dict(carry_out(run, stage, rank, tasks)) for rank in (range(tasks) if stage in SHARED else [0])]
        for stage in which or Stage
    }


@pytest.mark.parametrize("tasks", [1, 2, 30])
def test_the_bytes_are_those_of_a_run_in_one_go(run: StagedRun, whole: dict[str, bytes], tasks: int) -> None:
    counts = stages(run, tasks)
    assert files(run.settings.out) == whole
    (finished,) = counts[Stage.FINISH]
    assert (finished["documents"], finished["clean"], finished["empty"]) == (19, 18, 1)
    assert sum(counted.get("documents", 0) for counted in counts[Stage.CLEAN]) == 19


OPTIONS: dict[str, dict[str, Any]] = {
    "without counting": {"count": False},
    "with a time limit": {"timeout": 60.0},
    "removed text": {"with_removed": True},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_settings_are_heeded(run: StagedRun, tmp_path: Path, name: str) -> None:
    settings = replace(run.settings, **OPTIONS[name])
    stages(replace(run, settings=settings), 2)
    run_batch(run.inputs, run.cleaner, replace(settings, out=tmp_path / "whole", timeout=None), lambda _: None)
    assert files(run.settings.out) == files(tmp_path / "whole")


def test_every_stage_can_be_repeated_and_a_complete_run_stays(run: StagedRun, whole: dict[str, bytes]) -> None:
    stages(run, 2, Stage.PLAN, Stage.PLAN, Stage.READ, Stage.READ, Stage.MERGE, Stage.PLAN, Stage.MERGE, Stage.CLEAN)
    stages(run, 3, Stage.READ, Stage.CLEAN, Stage.FINISH, Stage.FINISH)
    assert files(run.settings.out) == whole
    later = replace(run, settings=replace(run.settings, clock=datetime(2027, 1, 1, tzinfo=UTC)))
    stages(later, 2)
    assert files(run.settings.out) == whole


def test_a_stage_of_one_task_is_done_once(run: StagedRun) -> None:
    assert carry_out(run, Stage.PLAN, 1, 2) == {}
    assert not run.settings.out.exists()


def test_the_clock_is_that_of_the_first_plan(run: StagedRun, whole: dict[str, bytes]) -> None:
    stages(run, 2, Stage.PLAN)
    stages(replace(run, settings=replace(run.settings, clock=datetime(2027, 1, 1, tzinfo=UTC))), 2)
    assert files(run.settings.out) == whole


def test_a_run_in_one_go_goes_on_with_one_in_stages(run: StagedRun, whole: dict[str, bytes]) -> None:
    stages(run, 2, Stage.PLAN, Stage.READ, Stage.MERGE)
    carry_out(run, Stage.CLEAN, 1, 2)
    run_batch(run.inputs, run.cleaner, run.settings, lambda _: None)
    assert files(run.settings.out) == whole


ORDERS = {
    "no plan": ((), Stage.READ, "plan it first"),
    "nothing read": ((Stage.PLAN,), Stage.MERGE, "not all shards are read yet"),
    "no memory": ((Stage.PLAN, Stage.READ), Stage.CLEAN, "has no memory yet"),
    "not all cleaned": ((Stage.PLAN, Stage.READ, Stage.MERGE), Stage.FINISH, "shard 0 is still to be cleaned"),
}


@pytest.mark.parametrize("name", ORDERS)
def test_a_stage_before_its_turn_is_refused(run: StagedRun, name: str, whole: dict[str, bytes]) -> None:
    before, stage, message = ORDERS[name]
    if before:
        stages(run, 2, *before)
    with pytest.raises(BatchError, match=message):
        carry_out(run, stage, 0, 2)
    stages(run, 2)
    assert files(run.settings.out) == whole


def test_another_configuration_is_refused(run: StagedRun) -> None:
    stages(run, 2, Stage.PLAN)
    with pytest.raises(BatchError, match="model"):
        carry_out(replace(run, cleaner=Cleaner(model=None)), Stage.READ, 0, 2)
    with pytest.raises(BatchError, match="shard-size"):
        carry_out(replace(run, settings=replace(run.settings, shard_size=4)), Stage.READ, 0, 2)
    with pytest.raises(BatchError, match="--resume"):
        carry_out(replace(run, settings=replace(run.settings, check=True)), Stage.PLAN)


def test_an_object_store_as_out_is_refused(run: StagedRun) -> None:
    stored = replace(run, settings=replace(run.settings, out=path_or_url("s3://bucket/out")))
    for stage in Stage:
        with pytest.raises(BatchError, match="a folder that all tasks see"):
            carry_out(stored, stage)


def test_a_straggler_leaves_a_complete_run_alone(
    run: StagedRun, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that was given its shards before others finished the run."""
    stages(run, 2, Stage.PLAN, Stage.READ, Stage.MERGE)
    prepare = module._with_memory

    def meanwhile(begun: BegunRun) -> BegunRun:
        monkeypatch.undo()
        ready = prepare(begun)
        stages(run, 2, Stage.CLEAN, Stage.FINISH)
        return ready

    monkeypatch.setattr(module, "_with_memory", meanwhile)
    with pytest.raises(BatchError, match="completed or replaced"):
        carry_out(run, Stage.CLEAN, 0, 2)
    assert files(run.settings.out) == whole


def test_two_runs_at_once_are_refused(run: StagedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleaner.batch.scheduled.PATIENCE", 0.1)
    monkeypatch.setattr("cleaner.batch.output.folder.WORKERS_END", 0.1)
    stages(run, 2, Stage.PLAN)
    with locked(run.settings.out), pytest.raises(BatchError, match="another run is writing"):
        carry_out(run, Stage.READ, 0, 2)
    with FileLock(run.settings.out / ".work/worker-shard-00002.lock"):
        carry_out(run, Stage.READ, 1, 2)
        with pytest.raises(BatchError, match="another run is writing"):
            carry_out(run, Stage.READ, 0, 2)
        with pytest.raises(BatchError, match="still write"):
            run_batch(run.inputs, run.cleaner, run.settings, lambda _: None)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills as POSIX does")
def test_tasks_that_are_killed_and_begun_again_at_once(run: StagedRun, whole: dict[str, bytes]) -> None:
    """Each with a worker process of its own, which outlives it for a moment."""
    limited = replace(run, settings=replace(run.settings, timeout=60.0))
    stages(limited, 2, Stage.PLAN, Stage.READ, Stage.MERGE)
    context, chance = multiprocessing.get_context("spawn"), random.Random(6)
    for _ in range(3):
        tasks = [context.Process(target=carry_out, args=(limited, Stage.CLEAN, rank, 2)) for rank in range(2)]
        for task in tasks:
            task.start()
        tasks[0].join(chance.uniform(0.5, 4))
        for task in tasks:
            if task.is_alive():
                os.kill(task.pid or 0, signal.SIGKILL)
            task.join()
    stages(limited, 2, Stage.CLEAN, Stage.FINISH)
    assert files(run.settings.out) == whole
