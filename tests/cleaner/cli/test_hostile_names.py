"""What commands print of names and texts from strangers cannot steer a terminal, nor look like lines of their own."""

import io
import json
import re

import pytest

from cleaner.cli.main import main

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
NAME = "\x1b[2J\x9b31m\u202elive\u2028cleancopy: all well\x07"


def printed(capsys):
    shown = capsys.readouterr()
    return shown.out + shown.err


def row(**fields):
    return json.dumps(fields).encode() + b"\n"


def test_failures_and_skips(monkeypatch, capsys):
    rows = row(id=NAME, text=7) + row(id=NAME)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(rows)))
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO()))
    main(["clean", "--format", "jsonl"])
    shown = printed(capsys)
    assert "cleancopy: " in shown
    assert not STEERING.search(shown)


def test_sources_of_a_memory(tmp_path, capsys):
    text = f"{NAME}\n\nRead more about the harbour\n\nThe ferry left at dawn with forty passengers."
    (tmp_path / "in.jsonl").write_bytes(b"".join(row(id=str(n), source=NAME, text=f"{text} {n}") for n in range(4)))
    assert main(["memory", "build", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "m")]) == 0
    assert main(["memory", "show", str(tmp_path / "m")]) == 0
    shown = printed(capsys)
    assert "live" in shown
    assert not STEERING.search(shown)
    assert main(["memory", "show", str(tmp_path / "m"), "--source", NAME + "x"]) == 1
    assert not STEERING.search(printed(capsys))


@pytest.mark.parametrize("by", ["source", "lang"])
def test_evaluations(tmp_path, capsys, by):
    text = "Read more\n\nThe ferry left at dawn with forty passengers, and came back empty in the evening."
    gold = {"id": NAME, "source": NAME, "lang": NAME, "text": text, "spans": [[11, len(text), "advert"]]}
    (tmp_path / "gold.jsonl").write_bytes(row(**gold))
    assert main(["evaluate", str(tmp_path / "gold.jsonl"), "--by", by, "--worst", "3"]) == 0
    shown = printed(capsys)
    assert "live" in shown
    assert not STEERING.search(shown)
