"""The local engine: order, errors, documents that hang or kill their worker."""

import pickle
from importlib import resources

import pytest
from support import shard_functions

from cleaner import Cleaner, Policy
from cleaner.engines import EngineError, Task, WorkerPool
from cleaner.engines.local import LocalEngine
from cleaner.heuristics.cues import parse_table
from cleaner.html import model as page_model
from cleaner.html.page import Extractor
from cleaner.model.network import parse
from cleaner.pipeline import OnSuspect

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
