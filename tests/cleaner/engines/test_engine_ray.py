"""The Ray engine on a real cluster of this machine: the same bytes as the local engine, faults, interrupts."""

import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue

import pytest
from support import s3, shard_functions

from archive.checking.verify import verify
from cleaner import Cleaner
from cleaner.batch.run import BatchError, BatchSettings, run_batch
from cleaner.engines import Task, WorkerPool
from cleaner.engines.local import MOST_DEATHS
from cleaner.engines.select import EngineChoice, EngineName
from cleaner.writers.warc import CHECKS

pytestmark = [pytest.mark.integration, pytest.mark.skipif(find_spec("ray") is None, reason="needs ray[data]")]
CLOCK = datetime(2026, 5, 3, 10, 22, tzinfo=UTC)
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
ARTICLE = f"{STORY}\n\nSign up for our newsletter\n\n{STORY}\n\nRead more\n"
RAY = EngineChoice(EngineName.RAY)


@pytest.fixture(scope="module")
def ray():
    """One cluster for all tests; its workers find the functions of the tests, and an S3 server."""
    pytest.importorskip("ray.data")
    with s3.serving(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[2]), *sys.path]))
        import ray

        ray.init(address="local", num_cpus=2, include_dashboard=False, logging_level="ERROR")
        yield ray
        ray.shutdown()


def run(function, context, works, **pool):
    from cleaner.engines.ray import RayEngine

    with RayEngine(WorkerPool(workers=2, **pool), "auto") as engine:
        tasks = (Task(number, work) for number, work in enumerate(works))
        return {task.number: result for task, result in engine.run(function, context, tasks, lambda _: None)}


def clean(inputs, out, progress=lambda _: None, **settings):
    return run_batch([inputs], Cleaner(), BatchSettings(out, CLOCK, **{"shard_size": 5, **settings}), progress)


def files(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    for number in range(7):
        (inside / f"{number}.txt").write_text(f"Number {number}\n\n{ARTICLE * (number + 1)}", encoding="utf-8")
    (inside / "rows.jsonl").write_text("{broken\n" + '{"id": "one", "text": "%s"}\n' % STORY * 12)  # noqa: UP031
    for path in inside.iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return inside


def test_documents_that_hang_and_die_and_the_counters(ray, tmp_path):
    deeds = [{}, {2: "hang"}, {3: "die"}, {1: "die once"}]
    results = run(shard_functions.documents, str(tmp_path / "flag"), deeds, timeout=1)
    assert results[0] == results[3] == ["done"] * 5
    assert results[1][2] == "timeout: took more than 1 seconds"
    assert "died twice" in results[2][3]


def test_what_ends_a_run_is_raised_here(ray):
    with pytest.raises(OSError, match="No space left"):
        run(shard_functions.documents, "", [{}, {3: "full"}, {}])


def test_the_same_bytes_as_the_local_engine_also_when_an_actor_is_killed(ray, folder, tmp_path):
    clean(folder, tmp_path / "local", count=False)
    killed = []

    def kill(progress):
        locks = sorted((tmp_path / "ray/.work").glob("worker-*.lock"))  # worker-<host>-<process>-0.lock
        if locks and not killed:
            killed.append(int(locks[0].stem.split("-")[-2]))
            os.kill(killed[0], signal.SIGKILL)

    clean(folder, tmp_path / "ray", kill, engine=RAY, workers=2, count=False)
    assert killed
    assert files(tmp_path / "ray") == files(tmp_path / "local")


def test_from_store_to_store_the_same_bytes_as_from_folder_to_folder(ray, folder, tmp_path):
    s3.filesystem().mkdir("on-ray")
    s3.upload(folder, "s3://on-ray/in")
    clean(folder, tmp_path / "local")
    clean("s3://on-ray/in", "s3://on-ray/out", engine=RAY)
    stored, here = s3.contents("s3://on-ray/out"), files(tmp_path / "local")
    own = {"run.json", "inputs.jsonl", "known.npy"}  # times and tags of inputs, which are a store's own
    assert {name: stored[name] for name in stored.keys() - own} == {name: here[name] for name in here.keys() - own}


def test_a_shard_whose_actors_keep_dying_is_named(ray):
    from cleaner.engines.ray import Supervisor, Watchman

    watchman = ray.remote(num_cpus=0)(Watchman).remote()
    supervisor = Supervisor(pickle.dumps((shard_functions.square, 1)), WorkerPool(), watchman)
    for _ in range(MOST_DEATHS):
        ray.get(watchman.begin.remote(supervisor.digest, 7))  # and is never heard of again
    [answer] = supervisor({"task": [pickle.dumps(Task(7, 7))]})["result"]
    assert "shard 7 keep dying" in str(pickle.loads(answer)[1])


def test_a_worker_tells_how_far_it_is(ray):
    from cleaner.engines.ray import Watchman

    watchman = Watchman()
    assert not any(watchman.sums())
    watchman.show("a", [1, 0])
    watchman.show("b", [2, 5])
    assert watchman.sums() == [3, 5]
    watchman.end("phase", 1, "a")
    assert watchman.sums() == [2, 5]


def test_without_a_cluster_nothing_is_written_and_the_message_says_what_to_do(folder, tmp_path):
    process = command(folder, tmp_path / "out", "--engine", "ray", "--ray-address", "127.0.0.1:1")
    _, err = process.communicate(timeout=100)
    assert process.returncode == 2
    assert "no Ray cluster answers at 127.0.0.1:1" in err
    assert not (tmp_path / "out").exists()


def test_an_address_of_ray_client_is_refused_since_ray_data_hangs_there(folder, tmp_path):
    with pytest.raises(BatchError, match="ray job submit"):
        clean(folder, tmp_path / "out", engine=EngineChoice(EngineName.RAY, "ray://127.0.0.1:10001"))
    assert not (tmp_path / "out").exists()


class Broken:
    def iter_batches(self, **options):
        raise AttributeError("a bug of Ray's")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_no_error_of_ray_leaves_the_run_waiting():
    from cleaner.engines.ray import _collect

    queue = SimpleQueue()
    thread = threading.Thread(target=_collect, args=(Broken(), queue))
    thread.start()
    assert "not its own" in str(queue.get(timeout=5))


def command(folder, out, *more):
    words = ["clean", folder, "-o", out, "--shard-size", "1", "--now", "2026-05-03T10:22:00Z", "--workers", "2", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "cleaner", *map(str, words)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background job ignores it
    )


@pytest.mark.skipif(os.name == "nt", reason="of POSIX systems")
def test_an_interrupt_ends_all_and_either_engine_goes_on_from_there(folder, tmp_path):
    out = tmp_path / "out"
    (folder / "rows.jsonl").unlink()  # one phase, so one set of actors
    (folder / "zz.txt").write_text("a " * 40_000)  # gives us time
    process = command(folder, out, "--no-memory", "--engine", "ray", "--ray-address", "local")
    while not list(out.glob(".work/*.notes")):
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"\d+ of 8 shards are done; the same command goes on", err)
    assert "Traceback" not in err
    clean(folder, out, shard_size=1, count=False)
    clean(folder, tmp_path / "local", shard_size=1, count=False)
    assert files(out) == files(tmp_path / "local")
    assert list(verify(sorted((out / "warc").iterdir()), CHECKS)) == []


def test_a_missing_library_is_named(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cleaner.engines.ray", None)
    with pytest.raises(BatchError, match=r"cleancopy\[ray\]"):
        clean(folder, tmp_path / "out", engine=RAY)
    assert not (tmp_path / "out").exists()
