"""The local engine: order, errors, documents that hang or kill their worker."""

import pickle
import signal
import time
from importlib import resources

import pytest
from support import shard_functions

from cleaner import Cleaner, Policy
from cleaner.engines import EngineError, Task, WorkerPool
from cleaner.engines.cores import cores, cpu_quota
from cleaner.engines.local import LocalEngine
from cleaner.heuristics.cues import parse_table
from cleaner.html import model as page_model
from cleaner.html.page import Extractor
from cleaner.model.network import parse
from cleaner.pipeline import OnSuspect
from cleaner.time_limit import OverTimeError, limited

PAGE = f"<nav><a href='/'>Home</a></nav><article><h1>Ferry</h1><p>{'The ferry left late. ' * 20}</p></article>"


def shipped_bytes(name="blocks"):
    return (resources.files("cleaner") / f"data/model/{name}.model").read_bytes()


def run(function, context, works, **pool):
    with LocalEngine(WorkerPool(**pool)) as engine:
        tasks = (Task(number, work) for number, work in enumerate(works))
        return {task.number: result for task, result in engine.run(function, context, tasks, lambda _: None)}


@pytest.mark.parametrize("pool", [{"workers": 1}, {"workers": 1, "timeout": 30}, {"workers": 3}])
def test_every_task_is_done_once(pool):
    assert run(shard_functions.square, 1, range(20), **pool) == {n: n**2 + 1 for n in range(20)}


def test_phases_share_their_processes():
    with LocalEngine(WorkerPool(workers=2)) as engine:
        for context in (0, 5):
            got = [result for _, result in engine.run(shard_functions.square, context, [Task(0, 2)], lambda _: None)]
            assert got == [4 + context]
        assert len({worker.process.pid for worker in engine._workers}) <= 2


def test_a_document_that_hangs_in_c_ends_as_a_timeout_and_the_others_are_done(tmp_path):
    results = run(shard_functions.documents, str(tmp_path / "flag"), [{}, {2: "hang"}], workers=2, timeout=1)
    assert results[0] == ["done"] * 5
    assert results[1][:2] + results[1][3:] == ["done"] * 4
    assert results[1][2] == "timeout: took more than 1 seconds"


def test_a_worker_that_is_killed_costs_a_retry(tmp_path):
    assert run(shard_functions.documents, str(tmp_path / "flag"), [{3: "die once"}], workers=2) == {0: ["done"] * 5}


@pytest.mark.parametrize("deed", ["die", "bug"])
def test_a_document_that_kills_its_worker_twice_is_named(tmp_path, deed, capfd):
    results = run(shard_functions.documents, str(tmp_path / "flag"), [{3: deed}, {}], workers=2)
    assert results[0][:3] == ["done"] * 3
    assert "died twice" in results[0][3]
    assert results[1] == ["done"] * 5


@pytest.mark.parametrize(("deed", "error"), [("full", OSError), ("refuse", EngineError)])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_ends_a_run_is_raised_here(tmp_path, deed, error, workers):
    with pytest.raises(error):
        run(shard_functions.documents, str(tmp_path / "flag"), [{}, {3: deed}], workers=workers)


def test_counters_of_all_workers_are_summed():
    seen = []
    with LocalEngine(WorkerPool(workers=1)) as engine:
        list(engine.run(shard_functions.documents, "", [Task(0, {})], lambda counters: seen.append(list(counters))))
    assert len(seen) == 5


def test_a_document_that_ends_its_worker_unread_ends_the_run(tmp_path):
    with pytest.raises(EngineError, match="document 3 of shard 0"):
        run(shard_functions.stubborn, None, [2], workers=1, timeout=0.5)


@pytest.mark.parametrize(
    "cleaner",
    [
        Cleaner(),
        Cleaner(model=None, on_suspect=OnSuspect.DROP),
        Cleaner(
            policy=Policy.of({"credit": "strip"}, keep=["caption"]),
            cues=parse_table({"advert": {"whole": ["x y"]}}, ""),
        ),
        Cleaner(model=parse(shipped_bytes(), "a copy")),
        Cleaner(page_model=None),
        Cleaner(page_model=page_model.parse(shipped_bytes("page"), "a copy"), extractor=Extractor.FAST),
    ],
)
def test_a_cleaner_is_the_same_in_another_process(cleaner):
    copy = pickle.loads(pickle.dumps(cleaner))
    assert copy.fingerprint() == cleaner.fingerprint()
    assert copy.clean("A story.\n\nx y\n\nRead more") == cleaner.clean("A story.\n\nx y\n\nRead more")
    assert copy.clean(html=PAGE) == cleaner.clean(html=PAGE)
    assert cleaner.with_memory(None).fingerprint() == cleaner.fingerprint()


def test_the_shipped_models_are_not_sent_to_workers():
    assert len(pickle.dumps(Cleaner())) < 10_000


def test_what_keeps_a_worker_from_beginning_is_said_once(capfd):
    with pytest.raises(EngineError, match="a worker process cannot begin"):
        run(shard_functions.square, shard_functions.Cannot(), range(9), workers=3)
    assert capfd.readouterr().err.count("RuntimeError: cannot be unpacked here") == 1


def test_no_more_workers_are_begun_than_there_are_tasks():
    with LocalEngine(WorkerPool(workers=5)) as engine:
        list(engine.run(shard_functions.square, 0, [Task(0, 2), Task(1, 3)], lambda _: None))
        assert len(engine._workers) <= 2


def test_slow_documents_end_in_their_own_process_and_their_shard_is_not_done_again(tmp_path):
    flag = tmp_path / "begun"
    works = [[False, True, False, True, False], [True]]
    results = run(shard_functions.count_begun, str(flag), works, workers=2, timeout=0.3)
    over = "timeout: took more than 0.3 seconds"
    assert results == {0: ["done", over, "done", over, "done"], 1: [over]}
    assert flag.read_text() == "." * 6


@pytest.mark.parametrize("seconds", [None, 0, 30])
def test_a_limit_that_is_not_reached_changes_nothing(seconds):
    before = signal.getsignal(signal.SIGALRM) if hasattr(signal, "SIGALRM") else None
    with limited(seconds):
        done = True
    assert done
    assert before is None or signal.getsignal(signal.SIGALRM) == before


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signal on this system")
def test_what_takes_longer_than_its_limit_is_ended_also_in_libraries_that_take_every_exception():
    def stubborn():
        while True:
            try:
                time.sleep(10)
            except Exception:  # noqa: BLE001 (as libraries do)
                continue

    with pytest.raises(OverTimeError), limited(0.05):
        stubborn()


CPU = {
    "no limit": ({"cpu.max": "max 100000"}, "0::/", None),
    "two and a half cores": ({"cpu.max": "250000 100000"}, "0::/", 2.5),
    "the narrowest of those above": (
        {"a/b/cpu.max": "400000 100000", "a/cpu.max": "150000 100000", "cpu.max": "max 100000"}, "0::/a/b", 1.5,
    ),
    "version 1": (
        {"cpu/x/cpu.cfs_quota_us": "300000", "cpu/x/cpu.cfs_period_us": "100000"}, "4:cpu,cpuacct:/x", 3.0,
    ),
    "version 1 without a limit": (
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, "4:cpu:/", None,
    ),
    "nonsense": ({"cpu.max": "many cores"}, "0::/", None),
    "no such files": ({}, "0::/", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CPU)
def test_a_containers_quota_of_cpu_time_is_read(tmp_path, name):
    files, own, quota = CPU[name]
    for path, content in files.items():
        (tmp_path / "groups" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / path).write_text(content + "\n")
    (tmp_path / "own").write_text(own + "\n")
    assert cpu_quota(tmp_path / "groups", tmp_path / "own") == quota


def test_a_quota_bounds_the_workers(monkeypatch):
    monkeypatch.setattr("cleaner.engines.cores.cpu_quota", lambda: 0.5)
    assert cores() == 1
    monkeypatch.setattr("cleaner.engines.cores.cpu_quota", lambda: None)
    assert cores() >= 1
