"""Each malformation in fixtures/warc is reported, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
from make_warc import CASES, FOLDER, write
from warc_samples import CHECKS

from archive import verify


@pytest.mark.parametrize("name", CASES)
def test_verify_reports_it(name: str) -> None:
    case = CASES[name]
    problems = list(verify([FOLDER / (name + case.suffix)], CHECKS))
    assert len(problems) == len(case.reports), [str(problem) for problem in problems]
    for problem, part in zip(problems, case.reports, strict=True):
        assert part in problem.what
        assert problem.file == name + case.suffix
        assert problem.advice


def test_script_still_makes_these_files(tmp_path: Path) -> None:
    written = {path.name for path in write(tmp_path)}
    assert written == {path.name for path in FOLDER.iterdir()}
    for path in tmp_path.iterdir():
        mine = [problem.what for problem in verify([path], CHECKS)]
        assert mine == [problem.what for problem in verify([FOLDER / path.name], CHECKS)]
