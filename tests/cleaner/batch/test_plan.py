"""Plans: shards of fixed size, ranges of rows that together are the file, names that depend on inputs alone."""

import csv
import gzip
import json
import os
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner import Cleaner
from cleaner.batch.plan import first_difference, make_plan, read_input, shard_inputs
from cleaner.batch.run import BatchSettings, run_batch
from cleaner.readers import DIVIDED, InputFile, Range, ReadSettings, counted_ranges, read
from cleaner.writers.text import TextNames


def shards_of(folder, tmp_path, size):
    plan = make_plan([folder], tmp_path / "out", tmp_path / "plan", size=size)
    return [list(shard_inputs(plan.path, shard)) for shard in plan.shards()]


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    for name, lines in (("b.jsonl", 7), ("d.jsonl", 0), ("e.jsonl", 2)):
        (inside / name).write_text("".join(f'{{"id": "{n}", "text": "row {n}"}}\n' for n in range(lines)))
    (inside / "a.txt").write_text("one")
    (inside / "c.txt").write_text("two")
    return inside


@pytest.mark.parametrize(
    ("size", "shards"),
    [
        (4, [["a.txt", "b.jsonl 1+3"], ["b.jsonl 4+4"], ["c.txt", "e.jsonl 1+2"]]),
        (11, [["a.txt", "b.jsonl 1+7", "c.txt", "e.jsonl 1+2"]]),
        (8, [["a.txt", "b.jsonl 1+7"], ["c.txt", "e.jsonl 1+2"]]),
        (1, [["a.txt"], *([f"b.jsonl {n}+1"] for n in range(1, 8)), ["c.txt"], ["e.jsonl 1+1"], ["e.jsonl 2+1"]]),
    ],
)
def test_shards_hold_a_fixed_number_of_documents(folder, tmp_path, size, shards):
    def named(shard_input):
        return shard_input.file.locator + (
            f" {shard_input.part.first}+{shard_input.part.documents}" if shard_input.part else ""
        )

    assert [[named(shard_input) for shard_input in inputs] for inputs in shards_of(folder, tmp_path, size)] == shards


@given(
    st.lists(st.sampled_from([b'{"text": "x"}', b"", b"{", b'{"id": 1, "text": "' + b"y" * 50 + b'"}'])),
    st.sampled_from([b"", b"\n", b"\r\n"]),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from([".jsonl", ".jsonl.gz"]),
)
def test_the_ranges_of_a_file_are_read_as_the_file(tmp_path_factory, lines, end, room, size, kind):
    path = tmp_path_factory.mktemp("rows") / f"a{kind}"
    data = b"\n".join(lines) + end
    path.write_bytes(gzip.compress(data) if kind.endswith(".gz") else data)
    file = InputFile(path, "a", kind)
    ranges = list(DIVIDED[kind].cut(file, room=room, size=size, settings=ReadSettings(1 << 24)))
    assert all(part.documents <= (size if number else room) for number, part in enumerate(ranges))
    parts = [reading for part in ranges for reading in DIVIDED[kind].read(file, part, ReadSettings(40))]
    assert parts == list(read(file, ReadSettings(40)))


ROWS = st.lists(st.sampled_from(["The council met.", "", 'She said "no".', "a\nb", None]), max_size=12)


def _file(folder, kind, texts):
    """The same rows as a file of this kind."""
    values, path = [{"id": str(at), "text": text} for at, text in enumerate(texts)], folder / f"a{kind}"
    if kind.startswith(".json"):
        data = json.dumps(values).encode()
        path.write_bytes(gzip.compress(data) if kind.endswith(".gz") else data)
    elif kind == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, ["id", "text"])
            table.writeheader()
            table.writerows(values)
    elif kind.startswith(".rss"):
        fields = "".join(
            f"<item><guid>{at}</guid><description>{escape(text or '')}</description></item>"
            for at, text in enumerate(texts)
        )
        path.write_bytes(f"<rss><channel>{fields}</channel></rss>".encode())
    else:
        pyarrow = pytest.importorskip("pyarrow")
        schema = pyarrow.schema([("id", pyarrow.string()), ("text", pyarrow.string())])
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(values, schema), path)
    return InputFile(path, "a", kind)


@pytest.mark.parametrize("kind", [".json", ".json.gz", ".csv", ".rss", ".parquet"])
@given(ROWS, st.integers(1, 5), st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_ranges_of_a_large_file_are_read_as_the_file_in_any_order(
    tmp_path_factory, kind, texts, room, size, random
):
    file = _file(tmp_path_factory.mktemp("rows"), kind, texts)
    with patch.object(counted_ranges, "LARGE", 0):
        ranges = list(DIVIDED[kind].cut(file, room=room, size=size, settings=ReadSettings()))
    assert all(part.documents <= (size if number else room) for number, part in enumerate(ranges))
    assert [part.last for part in ranges] == [False] * (len(ranges) - 1) + [True]
    order = list(range(len(ranges)))
    random.shuffle(order)
    parts = {at: list(DIVIDED[kind].read(file, ranges[at], ReadSettings())) for at in order}
    assert [reading for at in sorted(parts) for reading in parts[at]] == list(read(file, ReadSettings()))


def test_a_file_that_is_not_large_is_one_range_and_is_not_read_for_it(tmp_path):
    file = _file(tmp_path, ".csv", ["The council met."] * 5)
    with patch.object(Path, "open", side_effect=AssertionError):
        assert list(DIVIDED[".csv"].cut(file, room=2, size=2, settings=ReadSettings())) == [Range(1, 1, 0, last=True)]


@pytest.mark.parametrize("kind", [".json", ".csv", ".rss", ".parquet"])
def test_a_large_table_is_cleaned_in_many_shards_with_ids_of_its_own(tmp_path, monkeypatch, kind):
    file = _file(tmp_path, kind, ["The council met on Monday."] * 7)
    monkeypatch.setattr(counted_ranges, "LARGE", 0)
    run = BatchSettings(tmp_path / "out", datetime(2026, 5, 3, tzinfo=UTC), shard_size=3)
    counts = run_batch([file.path], Cleaner(), run, lambda _: None)
    assert counts.documents == 7
    files = sorted((tmp_path / "out/documents").iterdir())
    assert [len(path.read_bytes().splitlines()) for path in files] == [3, 3, 1]
    assert (tmp_path / "out/text/README").exists()


BROKEN = {
    "cut feed": (".rss", b"<rss><channel>" + b"<item><description>x</description></item>" * 30 + b"<item><descr"),
    "cut gzip": (".jsonl.gz", gzip.compress(b'{"text": "x"}\n' * 5000)[:-20]),
    "no gzip": (".jsonl.gz", b'{"text": "x"}\n'),
    "utf-16": (".jsonl", '{"text": "x"}\n'.encode("utf-16") * 9),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_cut_so_that_all_that_can_be_read_is_read(name, tmp_path):
    kind, data = BROKEN[name]
    (tmp_path / "a").write_bytes(data)
    file = InputFile(tmp_path / "a", "a", kind)
    ranges = DIVIDED[kind].cut(file, room=3, size=7, settings=ReadSettings(1 << 24))
    parts = [reading for part in ranges for reading in DIVIDED[kind].read(file, part, ReadSettings(1000))]
    assert parts == list(read(file, ReadSettings(1000)))
    assert parts[-1].failure


def test_a_later_range_of_a_gzipped_file_after_another_file(tmp_path):
    for name in "ab":
        (tmp_path / name).write_bytes(gzip.compress(b"".join(b'{"text": "%d"}\n' % n for n in range(10))))
    a, b = (InputFile(tmp_path / name, name, ".jsonl.gz") for name in "ab")
    rows = DIVIDED[".jsonl.gz"]
    ranges = list(rows.cut(a, room=3, size=3, settings=ReadSettings(1 << 24)))
    for file, number in ((a, 0), (b, 2), (a, 1), (a, 3), (a, 2)):
        texts = [reading.document.text for reading in rows.read(file, ranges[number], ReadSettings(99))]
        assert texts == [str(n) for n in range(3 * number, min(10, 3 * number + 3))]


def test_a_plan_follows_from_the_inputs_alone_and_names_what_changed(folder, tmp_path):
    one = make_plan([folder], tmp_path / "out", tmp_path / "one", size=3)
    two = make_plan([folder], tmp_path / "out", tmp_path / "two", size=3)
    assert (one.digest, first_difference(one.path, two.path)) == (two.digest, "")
    os.utime(folder / "c.txt", (1, 1))
    three = make_plan([folder], tmp_path / "out", tmp_path / "three", size=3)
    assert three.digest != one.digest
    assert first_difference(one.path, three.path) == "c.txt"
    (folder / "z.txt").write_text("more")
    make_plan([folder], tmp_path / "out", tmp_path / "four", size=3)
    assert first_difference(three.path, tmp_path / "four") == "z.txt"


def test_a_file_that_changed_since_the_plan_is_a_failure(folder, tmp_path):
    inputs = [shard_input for shard in shards_of(folder, tmp_path, 4) for shard_input in shard]
    (folder / "b.jsonl").write_text("")
    readings = [reading for shard_input in inputs for reading in read_input(shard_input, ReadSettings(99))]
    changed = "has changed since the run began"
    whats = [reading.failure.what for reading in readings if reading.failure]
    assert whats == [f"{changed}; {more} more documents from there on not read" for more in (2, 3)]
    assert [r.document.id for r in readings if r.document] == ["a.txt", "c.txt", "0", "1"]


NAMES = {
    "a.txt": "a.txt",
    "page.html": "page.html.txt",
    "x.md": "x.md.txt",
    "x.md.txt": "x.md.2.txt",
}


def test_names_of_texts():
    names = TextNames()
    assert {path: names.name(path) for path in NAMES} == NAMES


def test_folders_whose_names_differ_in_case_only_stay_apart():
    names = TextNames()
    assert [names.name(path) for path in ("A/x.txt", "A/y.txt", "a/x.txt", "b.txt", "b/x.txt")] == [
        "A/x.txt", "A/y.txt", "a~2/x.txt", "b.txt", "b/x.txt",
    ]  # fmt: skip


@given(st.lists(st.text("abA./", min_size=1, max_size=6).filter(lambda name: Path(name).parts), unique=True))
def test_no_two_paths_share_a_name(paths):
    paths = sorted({"/".join(p for p in path.split("/") if p not in ("", ".", "..")) for path in paths} - {""})
    files = [path for path in paths if not any(other.startswith(path + "/") for other in paths)]
    names = TextNames()
    given_names = [names.name(path).casefold() for path in files]
    assert len(set(given_names)) == len(given_names)
    assert not any(other.startswith(name + "/") for name in given_names for other in given_names)
