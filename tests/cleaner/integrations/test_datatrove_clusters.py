"""A batch in stages on datatrove's other executors: Ray on a cluster of its own, Slurm with stand-ins for its commands."""

from __future__ import annotations

import os
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import cleaner

pytestmark = pytest.mark.nightly  # half a minute each
executors = pytest.importorskip("datatrove.executor")

from cleaner.batch.run import BatchSettings, run_batch  # noqa: E402
from cleaner.integrations.datatrove import CleanShards, clean_shards  # noqa: E402
from cleaner.pipeline import Cleaner  # noqa: E402

ROOT = Path(cleaner.__file__).parents[1]
CLOCK = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
#: Runs the tasks of an array one after the other, and answers as Slurm does once they are over.
SBATCH = f"""#!{sys.executable}
import os, re, subprocess, sys  # noqa: E402
script = open(sys.argv[-1]).read()
last = re.search(r"--array=0-(\\d+)", script)
for task in range(int(last[1]) + 1 if last else 1):
    array = {{"SLURM_ARRAY_TASK_ID": str(task), "RUN_OFFSET": "0", "SLURM_NODELIST": "localhost"}} if last else {{}}
    done = subprocess.run(["bash", "-c", script], env={{**os.environ, **array}}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
print("Submitted batch job 7")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(7):
        (tmp_path / f"in/{number}.txt").write_text(f"{STORY} ({number})\n\nRead more\n")
    (tmp_path / "in/rows.jsonl").write_text(f'{{"text": "{STORY}"}}\n' * 7)
    run_batch([tmp_path / "in"], Cleaner(), BatchSettings(tmp_path / "whole", CLOCK, shard_size=3), lambda _: None)
    return tmp_path


def steps_of(folder: Path) -> list[CleanShards]:
    settings = BatchSettings(folder / "out", CLOCK, shard_size=3, timeout=60)
    return clean_shards([folder / "in"], settings, tasks=2)


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_on_ray(folder: Path) -> None:
    ray = pytest.importorskip("ray")
    paths = {"env_vars": {"PYTHONPATH": str(ROOT)}}
    ray.init(num_cpus=2, object_store_memory=100 << 20, include_dashboard=False, runtime_env=paths)
    before: Any = None
    for step in steps_of(folder):
        before = executors.RayPipelineExecutor(
            [step], tasks=step.tasks, workers=2, logging_dir=str(folder / "logs" / step.stage), depends=before,
            mem_per_cpu_gb=0.5,
        )  # fmt: skip
    before.run()
    ray.shutdown()
    assert files(folder / "out") == files(folder / "whole")


@pytest.mark.skipif(os.name == "nt", reason="Slurm's scripts are for Unix")
def test_on_slurm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bin").mkdir()
    for name, script in {"sbatch": SBATCH, "scontrol": "#!/bin/sh\necho localhost\n"}.items():
        (folder / "bin" / name).write_text(script)
        (folder / "bin" / name).chmod(stat.S_IRWXU)
    places = [str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    monkeypatch.setenv("PATH", os.pathsep.join(places))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    before: Any = None
    for step in steps_of(folder):
        before = executors.SlurmPipelineExecutor(
            [step], tasks=step.tasks, time="00:10:00", partition="none", logging_dir=str(folder / "logs" / step.stage),
            depends=before, with_srun=False, job_name=step.stage,
        )  # fmt: skip
    before.run()
    assert files(folder / "out") == files(folder / "whole")
