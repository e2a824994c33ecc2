"""The memory file: the same content from any cut of the documents, estimates, pruning, and what is refused."""

import pickle
import random
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from itertools import islice, pairwise, permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.folders import SITE, memory_of, part_of, recalled, story, words

from cleaner.batch.run_memory import PartialCountsWriter, count
from cleaner.document import Document
from cleaner.memory import merge as union
from cleaner.memory import postings as witnesses
from cleaner.memory.file_check import FILE_DIGEST, UNSTAMPED, stamp
from cleaner.memory.fingerprints import units_of
from cleaner.memory.partial_counts import PartialCounts, PartialCountsError, UnitCounter
from cleaner.memory.postings import WITNESSES
from cleaner.memory.store import Memory, MemoryFileError, write_memory
from cleaner.segmentation.tokens import tokenise

LINES = [
    "Read more",
    "Slideshow ({} Images)",
    "Slideshow [{} images]",
    "Our letter reaches you every Sunday morning, with the best of the week and no advertisement at all.",
    "The council met on {} May and spoke of ferries, of bridges and of the long winter on the islands.",
    "Nobody had seen the harbour master since the storm, said the woman who sells tickets on the pier.",
    "***",
    "“It was cold.”",
]
APPEAL = LINES[3]
NUMBERS = st.integers(0, 20)
TEXTS = st.lists(st.tuples(st.sampled_from(LINES), NUMBERS), max_size=7).map(
    lambda lines: "\n\n".join(line.format(number) for line, number in lines)
)
DOCUMENTS = st.lists(st.tuples(st.sampled_from(["a.org", "b.org"]), TEXTS), min_size=1, max_size=12)


def written_part(path, documents):
    counter = UnitCounter()
    for source, text in documents:
        count(Document("", text), source, counter)
    counter.write(path)
    return PartialCounts(path)


@settings(max_examples=60)
@given(DOCUMENTS, st.integers(1, 3), st.sampled_from([2, 4, witnesses.MOST_DOCUMENTS]), st.data())
def test_any_cut_order_and_copies_give_the_same_file(documents, minimum, most, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(witnesses, "MOST_DOCUMENTS", most)
        same_file(documents, minimum, data)


def same_file(documents, minimum, data):
    shuffled = data.draw(st.permutations(documents + data.draw(st.lists(st.sampled_from(documents), max_size=5))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), min_size=2, max_size=3)))
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        whole = write_memory(at / "whole", [written_part(at / "part", documents)], minimum=minimum)
        bounds = [0, *cuts, len(shuffled)]
        parts = [
            written_part(at / f"part-{number}", shuffled[start:end])
            for number, (start, end) in enumerate(pairwise(bounds))
        ]
        write_memory(at / "first", parts[:2])
        write_memory(at / "rest", parts[2:])
        merged = [Memory.open(at / "rest"), Memory.open(at / "first"), parts[0]]
        assert write_memory(at / "merged", merged, minimum=minimum) == whole
        assert (at / "merged").read_bytes() == (at / "whole").read_bytes()
        for part in (*merged, *parts):
            part.close()


@pytest.mark.parametrize("cuts", [[3], [1, 2], [1, 1, 1]])
def test_of_copies_that_differ_in_numbers_the_smallest_text_is_shown(tmp_path, cuts):
    copies = [f"Slideshow ({number} Images)\n{APPEAL}" for number in (7, 3, 5)]
    other = part_of(tmp_path / "other", [f"Slideshow\n{APPEAL}"])
    for order in permutations(copies):
        texts = iter(order)
        parts = [part_of(tmp_path / f"p{number}", list(islice(texts, size))) for number, size in enumerate(cuts)]
        write_memory(tmp_path / "m", [*parts, other])
        with closing(sqlite3.connect(tmp_path / "m")) as database:
            texts = [text for (text,) in database.execute("SELECT text FROM sample WHERE text LIKE 'Slideshow (%'")]
        assert texts == ["Slideshow (3 Images)"]
        for part in parts:
            part.close()


def test_other_content_has_another_digest(tmp_path):
    contents = [
        (["Read more"], SITE), (["Read less"], SITE), (["Read more"], "b.org"), (["Read more!"], SITE), ([], SITE),
        (["Read more", "Read more\nRead less"], SITE),
    ]  # fmt: skip
    digests = {
        write_memory(tmp_path / "file", [part_of(tmp_path / f"part-{number}", texts, source)])
        for number, (texts, source) in enumerate(contents)
    }
    assert len(digests) == len(contents)


def test_a_source_larger_than_a_slice(tmp_path, monkeypatch):
    part = part_of(tmp_path / "part", ["\n".join([*story(number), "Read more"]) for number in range(8)])
    digest = write_memory(tmp_path / "one", [part], minimum=2)
    monkeypatch.setattr(union, "SLICE", 50)
    assert len(list(union.slices([part], SITE, part.witnesses(SITE)["witness"]))) > 5
    assert write_memory(tmp_path / "two", [part], minimum=2) == digest


def test_a_counter_that_is_full_becomes_a_part(tmp_path):
    texts = ["\n".join([*story(number), "Read more"]) for number in range(8)]
    parts = PartialCountsWriter(tmp_path, full=100)
    for text in texts:
        parts.count(Document("", text), SITE)
    paths = parts.finish()
    assert len(paths) > 2
    digest = write_memory(tmp_path / "one", list(map(PartialCounts, paths)))
    assert digest == write_memory(tmp_path / "two", [part_of(tmp_path / "part", texts)])


def test_beyond_the_kept_witnesses_the_count_is_an_estimate(tmp_path):
    """K minimum values: relative standard error 1/sqrt(WITNESSES - 2); four of them are allowed."""
    random_ = random.Random(3)
    for articles in (WITNESSES - 1, WITNESSES + 1, 3000):
        memory = memory_of(tmp_path, [f"Read more\n{words(random_, 3)}" for _ in range(articles)])
        (unit,) = [unit for unit in memory.recurring(limit=5) if unit.text == "Read more"]
        error = abs(unit.documents / articles - 1)
        assert error <= (0 if articles < WITNESSES else 4 / (WITNESSES - 2) ** 0.5)
        assert memory.facts()[0].documents == articles


def test_of_a_very_large_source_a_sample_is_kept_and_counts_are_of_the_sample(tmp_path, monkeypatch):
    """A third of the articles hold one line, all hold another; counts stay within four standard errors."""
    monkeypatch.setattr(witnesses, "MOST_DOCUMENTS", 600)
    random_ = random.Random(4)
    texts = [f"Read more\n{'Read less' * (n % 3 == 0)}\n{words(random_, 3)}" for n in range(3000)]
    memory = memory_of(tmp_path, texts)
    facts = memory.facts()[0]
    assert (facts.documents, facts.copies) == (600, 0)
    shares = {unit.text: unit.share for unit in memory.recurring(limit=2)}
    assert shares["Read more"] == pytest.approx(1, abs=0.52)
    assert shares["Read less"] == pytest.approx(1 / 3, abs=0.18)
    assert memory.source(SITE).documents == 600


@pytest.mark.parametrize("minimum", [2, 3, 5])
def test_pruned_files_count_short_by_the_bound_and_no_more(tmp_path, minimum):
    """Each part may lack up to minimum - 1 articles of a unit."""
    random_ = random.Random(minimum)
    lines = [words(random_, 4) for _ in range(30)]
    texts = ["\n".join([words(random_, 30), *random_.sample(lines, random_.randint(1, 9))]) for _ in range(60)]
    exact = units(memory_of(tmp_path, texts))
    pruned = []
    for number in range(3):
        path = tmp_path / f"{number}.memory"
        write_memory(path, [part_of(tmp_path / f"p{number}", texts[number::3])], minimum=minimum)
        pruned.append(Memory.open(path))
    write_memory(tmp_path / "all", pruned)
    merged = Memory.open(tmp_path / "all")
    assert merged.pruned == minimum
    counted = units(merged)
    short = {key: held - counted.get(key, 0) for key, held in exact.items()}
    assert set(counted) <= set(exact)
    assert min(short.values()) >= 0
    assert max(short.values()) <= 3 * (minimum - 1)
    assert max(short.values()) > 0


def test_pruning_leaves_what_is_held_often_enough_as_it_was(tmp_path):
    random_ = random.Random(1)
    lines = [words(random_, 4) for _ in range(30)]
    texts = ["\n".join([words(random_, 30), *random_.sample(lines, 4)]) for _ in range(40)]
    exact = units(memory_of(tmp_path, texts))
    memory = memory_of(tmp_path, texts, minimum=4)
    assert units(memory) == {key: held for key, held in exact.items() if held >= 4}
    assert memory.facts()[0].documents == 40


def units(memory):
    with closing(sqlite3.connect(memory.path)) as database:
        return dict(database.execute("SELECT key, documents FROM unit"))


def test_plain_sqlite_shows_what_recurs(tmp_path):
    memory = memory_of(tmp_path, ["\n".join([*story(number), f"Slideshow ({number} Images)"]) for number in range(9)])
    with closing(sqlite3.connect(memory.path)) as database:
        rows = database.execute("SELECT * FROM recurring").fetchall()
    assert rows == [(SITE, 9, 9, rows[0][3])]
    assert rows[0][3].startswith("Slideshow (")


def test_keys_and_rows_come_back_as_they_were_counted(tmp_path):
    text = "\n".join([*story(1), "Read more"])
    memory = memory_of(tmp_path, [text])
    counted = units_of(tokenise(text.split("\n")))
    entries = memory.entries(SITE, 0, 1 << 64)
    assert entries["key"].tolist() == np.unique(counted.keys[counted.remembered]).tolist()
    assert set(entries["witness"].tolist()) == {counted.witness}
    half = 1 << 63
    assert [len(memory.entries(SITE, *keys)) for keys in ((0, half), (half, 1 << 64))] == [
        (entries["key"] < half).sum(), (entries["key"] >= half).sum(),
    ]  # fmt: skip
    assert len(memory.entries("elsewhere", 0, 1 << 64)) == len(memory.witnesses("elsewhere")) == 0


def test_unknown_source(tmp_path):
    assert memory_of(tmp_path, ["Read more"]).source("elsewhere") is None


def test_names_and_texts_that_are_no_clean_unicode(tmp_path):
    line = "a\0b \ud800 Read more \U0001f600\n***\n***\n***"  # four lines: on one it would be cut
    texts = [line, f"{line}\nOther"]
    write_memory(tmp_path / "f", [part_of(tmp_path / "part", texts, "smörgås 日本")])
    memory = Memory.open(tmp_path / "f")
    assert [source.name for source in memory.facts()] == ["smörgås 日本"]
    assert [(unit.text, unit.documents) for unit in memory.recurring(limit=3)] == [("a b ? Read more \U0001f600", 2)]
    assert len(memory.source("smörgås 日本").keys) == 3  # the block, its beginning, its end


def test_other_processes_open_it_again_unless_it_was_replaced(tmp_path):
    memory = memory_of(tmp_path, ["Read more"])
    sent = pickle.dumps(memory)
    assert pickle.loads(sent).source(SITE).documents == 1
    memory.close()
    write_memory(memory.path, [memory_of(tmp_path, ["Read less"])])
    with pytest.raises(MemoryFileError, match="replaced"):
        pickle.loads(sent)


def test_a_file_extends_itself(tmp_path):
    memory = memory_of(tmp_path, ["Read more\nOne"])
    write_memory(memory.path, [memory, part_of(tmp_path / "new", ["Read more\nTwo"])])
    assert [unit.documents for unit in Memory.open(memory.path).recurring(limit=3)] == [2]
    with pytest.raises(MemoryFileError, match="replaced"):  # closed, so that it could be: what it said holds no more
        memory.recurring(limit=3)


def test_few_sources_are_kept_ready(tmp_path, monkeypatch):
    monkeypatch.setattr("cleaner.memory.store.READY", 40)
    parts = [part_of(tmp_path / name, [f"{name}\nRead more", "Read more"], name) for name in "abc"]
    write_memory(tmp_path / "f", parts)
    memory = Memory.open(tmp_path / "f")
    first = memory.source("a")
    assert memory.source("a") is first
    second = memory.source("b")
    assert memory.source("b") is second
    assert memory.source("a") is first
    assert memory.source("c") is not None
    assert memory.source("b") is not second
    again = memory.source("a")
    assert again is not first
    assert again.keys.tolist() == first.keys.tolist()


@pytest.fixture
def good(tmp_path):
    memory = memory_of(tmp_path, ["\n".join([*story(number), "Read more"]) for number in range(40)])
    memory.close()
    return memory.path


def change(path, query):
    database = sqlite3.connect(path)
    database.execute(query)
    database.commit()
    database.close()


def in_its_place(path, table):
    """A view that never ends instead of a table: asking it would hang."""
    change(path, f"ALTER TABLE {table} RENAME TO old")
    change(
        path, f"CREATE VIEW {table} AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n"
    )


def use(path):
    memory = Memory.open(path)
    memory.source(SITE)
    memory.recurring(limit=3)
    memory.text(1)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(b""), "no memory file"),
        (lambda path: path.write_bytes(b"PK\3\4 something else entirely"), "no memory file"),
        (lambda path: path.write_bytes(path.read_bytes()[:100]), "damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:20000]), "damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-4096]), "damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)), "damaged"),
        (lambda path: change(path, "DROP TABLE meta"), "damaged"),
        (lambda path: change(path, "DELETE FROM meta WHERE name = 'digest'"), "damaged"),
        (lambda path: change(path, "DROP TABLE sample"), "damaged"),
        (lambda path: change(path, "UPDATE unit SET witnesses = x'010203'"), "damaged"),
        (lambda path: change(path, "UPDATE unit SET witnesses = 7"), "damaged"),
        (lambda path: change(path, "UPDATE unit SET witnesses = x''"), "damaged"),
        (lambda path: change(path, "UPDATE unit SET sample = 'one'"), "damaged"),
        (lambda path: change(path, "UPDATE document SET sketch = x'0102'"), "damaged"),
        (lambda path: change(path, "UPDATE document SET sketch = x'0102030405060708'"), "damaged"),
        (lambda path: change(path, "DELETE FROM sample"), "damaged"),
        (lambda path: change(path, "DELETE FROM meta WHERE name = 'file-digest'"), "damaged"),
        (lambda path: change(path, "UPDATE source SET name = 7"), "damaged"),
        (lambda path: change(path, "CREATE TRIGGER t AFTER INSERT ON unit BEGIN SELECT 1; END"), "other tables"),
        (lambda path: change(path, "CREATE TABLE more (x)"), "other tables"),
        (lambda path: in_its_place(path, "meta"), "no table meta"),
        (lambda path: in_its_place(path, "source"), "other tables"),
        (lambda path: in_its_place(path, "unit"), "other tables"),
        (lambda path: change(path, "UPDATE meta SET value = 'a cookbook' WHERE name = 'format'"), "no memory"),
        (lambda path: change(path, "UPDATE meta SET value = '999' WHERE name = 'version'"), "update cleancopy"),
        (lambda path: change(path, "UPDATE meta SET value = '6' WHERE name = 'run'"), r"other settings \(run\)"),
    ],
)  # fmt: skip
def test_refused(good, spoil, says):
    spoil(good)
    with pytest.raises(MemoryFileError, match=says) as refused:
        use(good)
    assert str(refused.value).startswith(f"{good}: ")
    assert "; " in str(refused.value)  # what to do


def test_every_turned_bit_is_noticed(good):
    """Of 300: what was written is refused when it is opened, or never shown."""
    data = good.read_bytes()
    chance = random.Random(3)
    for _ in range(300):
        place = chance.randrange(len(data))
        good.write_bytes(data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :])
        with pytest.raises(MemoryFileError):
            use(good)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("UPDATE source SET documents = 'many'", "other types"),
        ("UPDATE source SET entries = 9223372036854775807", "more than the file can hold"),
        ("UPDATE source SET copies = 1 << 40", "more than the file can hold"),
        ("UPDATE meta SET value = x'31' WHERE name = 'pruned'", "meta of other types"),
        ("UPDATE meta SET value = '9' || hex(zeroblob(3000)) WHERE name = 'pruned'", "meta of other types"),
        ("UPDATE meta SET value = x'ff' WHERE name = 'digest'", "meta of other types"),
        ("UPDATE meta SET value = CAST(x'ff' AS TEXT) WHERE name = 'version'", "damaged"),
    ],
)
def test_values_that_no_file_of_ours_has_are_refused_even_when_stamped(good, query, says):
    change(good, query)
    change(good, f"UPDATE meta SET value = '{UNSTAMPED}' WHERE name = '{FILE_DIGEST}'")
    stamp(good)
    with pytest.raises(MemoryFileError, match=says):
        use(good)


def test_a_good_file_is_not_refused(good):
    use(good)


def test_what_cannot_be_written_leaves_everything_as_it_was(tmp_path, good):
    before = good.read_bytes()
    with pytest.raises(MemoryFileError, match="cannot be written"):
        write_memory(tmp_path / "nowhere" / "file", [])
    broken = Memory.open(good)
    shutil.copy(good, tmp_path / "kept")
    change(good, "UPDATE unit SET witnesses = x'010203'")
    with pytest.raises(MemoryFileError, match="damaged"):
        write_memory(tmp_path / "kept", [broken])
    assert (tmp_path / "kept").read_bytes() == before
    assert not list(tmp_path.glob("*.tmp"))
    with pytest.raises(ValueError, match="minimum"):
        write_memory(tmp_path / "kept", [], minimum=0)


@pytest.mark.parametrize("size", [0, 5, 12, 60, 400, -1])
def test_a_part_cut_short_is_refused(tmp_path, size):
    path = tmp_path / "part"
    part_of(path, ["\n".join([*story(number), "Read more"]) for number in range(3)]).close()
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(PartialCountsError, match=re.escape(str(path))):
        PartialCounts(path)


def test_a_document_asked_is_answered_alike_from_file_and_merged_file(tmp_path):
    texts = ["\n".join([*story(number), "Read more"]) for number in range(12)]
    memory = memory_of(tmp_path, texts)
    write_memory(tmp_path / "m", [part_of(tmp_path / f"p{number}", texts[number::2]) for number in range(2)])
    one, two = (recalled(opened, texts[3])[1].table for opened in (memory, Memory.open(tmp_path / "m")))
    assert np.array_equal(one, two)
