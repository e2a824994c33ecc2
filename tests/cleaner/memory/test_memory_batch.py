"""A batch with the memory of its sources: what it finds, what it leaves, and that order and workers do not matter."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.outlets import Folder, appeals, column

from cleaner.cli.main import main
from cleaner.memory.store import Memory

ENOUGH_ARTICLES = 30


def rows_of(folder: Folder) -> list[dict[str, Any]]:
    return [{"id": str(number), "text": text} for number, text in enumerate(folder.articles)]


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def cleaned(path: Path, out: Path, *more: str) -> dict[str, dict[str, Any]]:
    arguments = ["clean", str(path), "-o", str(out), "-q", "--timeout", "0", "--now", "2026-05-03T10:00:00Z", *more]
    assert main(arguments) == 0
    lines = [line for file in sorted((out / "documents").iterdir()) for line in file.read_text("utf-8").splitlines()]
    return {row["id"]: row for row in map(json.loads, lines)}


def repeated_lines(folder: Folder, rows: Mapping[str, Mapping[str, Any]]) -> tuple[int, int, int]:
    """How many repeated lines went, how many there are, how many characters of the articles' own text went."""
    gone = total = lost = 0
    for number, text in enumerate(folder.articles):
        removed = [(span["start"], span["end"]) for span in rows[str(number)]["spans"]]
        for line in folder.repeated[number]:
            start = text.index(line)
            total += 1
            places = [start + offset for offset, char in enumerate(line) if not char.isspace()]
            gone += all(any(first <= place < last for first, last in removed) for place in places)
        own = len(text) - sum(map(len, folder.repeated[number]))
        lost += max(0, sum(last - first for first, last in removed) - (len(text) - own))
    return gone, total, lost


@pytest.mark.parametrize("flat", [False, True], ids=["paragraphs", "one line"])
def test_an_appeal_in_a_language_without_cues_goes_by_memory(tmp_path: Path, *, flat: bool) -> None:
    folder = appeals(ENOUGH_ARTICLES, flat=flat)
    path = written(tmp_path / "in.jsonl", rows_of(folder))
    alone = repeated_lines(folder, cleaned(path, tmp_path / "alone", "--no-memory"))
    gone, total, lost = repeated_lines(folder, cleaned(path, tmp_path / "out"))
    assert gone > alone[0]
    assert gone >= 0.9 * total
    # On one line what stands alone before the appeal may go with it: in one article of thirty half a sentence.
    assert lost <= (60 if flat else 0)


def test_a_reason_says_in_how_many_articles(tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", rows_of(appeals(ENOUGH_ARTICLES)))
    rows = cleaned(path, tmp_path / "out")
    reasons = [reason for span in rows["3"]["spans"] for reason in span["reasons"]]
    assert any("in 29 of 29 other articles" in reason for reason in reasons)
    counted = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))["counts"]["reasons"]
    assert counted["repeated by its source"] >= ENOUGH_ARTICLES


def test_recurring_subheads_of_a_column_stay(tmp_path: Path) -> None:
    folder = column(ENOUGH_ARTICLES)
    path = written(tmp_path / "in.jsonl", rows_of(folder))
    rows = cleaned(path, tmp_path / "out")
    alone = cleaned(path, tmp_path / "alone", "--no-memory")
    assert {name: row["text"] for name, row in rows.items()} == {name: row["text"] for name, row in alone.items()}
    assert all("Voices from the valley" in row["body"] for row in rows.values())


def test_copies_of_one_article_are_no_witnesses(tmp_path: Path) -> None:
    text = appeals(1).articles[0]
    path = written(tmp_path / "in.jsonl", [{"id": str(number), "text": text} for number in range(20)])
    rows = cleaned(path, tmp_path / "out")
    assert not any("other articles" in reason for row in rows.values() for s in row["spans"] for reason in s["reasons"])
    assert rows == cleaned(path, tmp_path / "alone", "--no-memory")


def test_a_few_articles_give_no_confidence(tmp_path: Path) -> None:
    path = written(tmp_path / "in.jsonl", rows_of(appeals(5)))
    assert cleaned(path, tmp_path / "out") == cleaned(path, tmp_path / "alone", "--no-memory")


def test_order_does_not_matter(tmp_path: Path) -> None:
    rows = rows_of(appeals(ENOUGH_ARTICLES))
    shuffled = random.Random(4).sample(rows, len(rows))
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first = cleaned(written(tmp_path / "one" / "in.jsonl", rows), tmp_path / "out1")
    second = cleaned(written(tmp_path / "two" / "in.jsonl", shuffled), tmp_path / "out2")
    assert {name: row["spans"] for name, row in first.items()} == {name: second[name]["spans"] for name in first}


@pytest.mark.parametrize("workers", ["2", "5"])
def test_workers_do_not_matter(tmp_path: Path, workers: str) -> None:
    path = written(tmp_path / "in.jsonl", rows_of(appeals(ENOUGH_ARTICLES)))
    for out, count in (("one", "1"), ("many", workers)):
        cleaned(path, tmp_path / out, "--workers", count, "--shard-size", "7")
    for file in ("memory.sqlite", "index.cdxj", *(f"documents/{number:05d}.jsonl" for number in range(5))):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "many" / file).read_bytes(), file


def test_no_memory_leaves_none(tmp_path: Path) -> None:
    cleaned(written(tmp_path / "in.jsonl", rows_of(appeals(6))), tmp_path / "out", "--no-memory")
    assert not (tmp_path / "out" / "memory.sqlite").exists()


def test_update_memory_begins_extends_and_counts_no_article_twice(tmp_path: Path) -> None:
    memory, rows = tmp_path / "site.sqlite", rows_of(appeals(ENOUGH_ARTICLES))
    first, both = ([{**row, "source": "site.test"} for row in part] for part in (rows[:12], rows))
    options = ("--memory", str(memory), "--update-memory")
    cleaned(written(tmp_path / "first.jsonl", first), tmp_path / "out1", *options)
    assert Memory.open(memory).facts()[0].documents == 12
    cleaned(written(tmp_path / "both.jsonl", both), tmp_path / "out2", *options)
    assert Memory.open(memory).facts()[0].documents == ENOUGH_ARTICLES
    digest = Memory.open(memory).digest
    cleaned(tmp_path / "first.jsonl", tmp_path / "out3", *options)
    assert Memory.open(memory).digest == digest


def test_a_given_memory_tells_of_a_single_article(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    folder = appeals(ENOUGH_ARTICLES)
    rows = [{**row, "source": "site.test"} for row in rows_of(folder)]
    memory = tmp_path / "site.sqlite"
    cleaned(written(tmp_path / "in.jsonl", rows[1:]), tmp_path / "out", "--memory", str(memory), "--update-memory")
    article = tmp_path / "article.txt"
    article.write_text(folder.articles[0], encoding="utf-8")
    assert main(["explain", str(article), "--memory", str(memory), "--source", "site.test"]) == 0
    assert b"in 29 of 29 other articles" in capsysbinary.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--update-memory"], "--update-memory needs --memory"),
        (["--memory", "none.sqlite"], "cannot be read"),
        (["--memory", __file__], "no memory file"),
        (["--memory", __file__, "--no-memory"], "contradict"),
    ],
)
def test_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str) -> None:
    path = written(tmp_path / "in.jsonl", rows_of(appeals(1)))
    assert main(["clean", str(path), "-o", str(tmp_path / "out"), *options]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("options", "articles"), [((), 0), (("--page-model", "none"), 3)])
def test_pages_are_counted_only_where_the_memory_has_a_say(
    tmp_path: Path, options: tuple[str, ...], articles: int
) -> None:
    pages = [f"<article><p>{text}</p></article>" for text in appeals(3).articles]
    rows = [{"id": str(number), "html": page, "source": "a.org"} for number, page in enumerate(pages)]
    cleaned(written(tmp_path / "in.jsonl", rows), tmp_path / "out", *options)
    with closing(Memory.open(tmp_path / "out" / "memory.sqlite")) as memory:
        assert sum(facts.documents for facts in memory.facts()) == articles
