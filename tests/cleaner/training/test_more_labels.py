"""Labels that stand in the project without their texts: what a row may hold, and that scripts make and join them."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from cleaner.labels import Label

FIXTURES = Path(__file__).parents[3] / "fixtures"
TO_LEARN, TO_MEASURE = FIXTURES / "training" / "more_labels.jsonl", FIXTURES / "held_out" / "labels.jsonl"
ROWS = [json.loads(line) for path in (TO_LEARN, TO_MEASURE) for line in path.open(encoding="utf-8")]
GOLD = {
    "id": "made-up",
    "text": "Rain fell on the town.\nThe market after the rain\n",
    "spans": [[0, 22, "body"], [23, 48, "caption"]],
    "doubt": [[23, 48]],
}


def test_a_row_holds_no_text() -> None:
    assert {tuple(row) for row in ROWS} == {("id", "digest", "spans", "doubt")}


def test_no_text_is_labelled_twice_so_none_is_learned_and_measured() -> None:
    assert len({row["digest"] for row in ROWS}) == len(ROWS)


def test_spans_stand_in_order_and_apart() -> None:
    for row in ROWS:
        assert all(start < end for start, end, *_ in row["spans"] + row["doubt"]), row["id"]
        assert all(before[1] <= after[0] for before, after in pairwise(row["spans"])), row["id"]


def test_labels_are_known() -> None:
    assert {label for row in ROWS for *_, label in row["spans"]} <= {label.value for label in Label}


def run(script: str, *files: Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, FIXTURES / script, *files]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def test_what_is_taken_is_joined_again(tmp_path: Path) -> None:
    gold, labels, texts = (tmp_path / name for name in ("gold.jsonl", "labels.jsonl", "texts.jsonl"))
    gold.write_text(json.dumps(GOLD) + "\n" + json.dumps({**GOLD, "id": "the same text"}) + "\n")
    taken = run("take_labels.py", gold)
    assert taken.stderr.strip() == "1 taken, 1 labelled already"
    assert "market" not in taken.stdout
    labels.write_text(taken.stdout)
    texts.write_text(
        json.dumps({"id": "other id", "text": GOLD["text"]}) + "\n" + json.dumps({"id": "x", "text": "No."})
    )
    joined = run("join_labels.py", labels, texts)
    assert joined.stderr.strip() == "1 of 1 joined"
    row = json.loads(joined.stdout)
    assert {name: row[name] for name in GOLD} == GOLD
