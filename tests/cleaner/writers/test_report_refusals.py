"""What is no run, or was tampered with: a report all the same, or a message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.report_run import check_whole, document, report, run_folder

from cleaner.writers.report.page import ReportError, write_report

CRAFTED = {
    "spans that are text": {"spans": "abc"},
    "a span without places": {"spans": [{"label": "related"}]},
    "a score that is text": {"spans": [{"start": 0, "end": 1, "score": "high"}]},
    "metadata that are a list": {"metadata": [1]},
    "a repair that is a number": {"repairs": [3]},
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_rows_are_refused_with_a_message(tmp_path: Path, name: str) -> None:
    out = run_folder(tmp_path / "out", [document("a")])
    with (out / "documents" / "00000.jsonl").open("a") as rows:
        rows.write(json.dumps(document("b", **CRAFTED[name])) + "\n")
    with pytest.raises(ReportError, match=r"line 2 is not a row"):
        report(out)


@pytest.mark.parametrize("name", ["counts", "failures", "lines", "least-certain", "configuration", "versions"])
def test_a_crafted_run_json_still_gives_a_report(tmp_path: Path, name: str) -> None:
    for number, value in enumerate([3, "text", [1, [2]], {"status": 3, "sources": {"a": 3}, "labels": {"social": 1}}]):
        if name == "counts" and not isinstance(value, dict):
            continue
        check_whole(report(run_folder(tmp_path / str(number), [document("a")], **{name: value})))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "run.json is missing"),
        ("{", "is not JSON"),
        ("[]", "has no counts"),
        ('{"counts": {}, "schema": 99}', "schema 99"),
        ('{"counts": {"documents": 3}, "schema": 1}', r"no documents/\*.jsonl"),
    ],
)
def test_a_folder_that_is_no_run(tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(ReportError, match=says):
        write_report(tmp_path, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_a_broken_row_is_named(tmp_path: Path) -> None:
    out = run_folder(tmp_path / "out", [document("a")])
    with (out / "documents" / "00000.jsonl").open("a") as rows:
        rows.write('{"id": "b", "te\n')
    with pytest.raises(ReportError, match=r"00000\.jsonl, line 2 is not JSON .*clean again"):
        report(out)


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    out = run_folder(tmp_path / "out", [document("a")])
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(ReportError, match="cannot be written"):
        write_report(out, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "out"]
