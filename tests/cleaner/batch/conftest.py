"""Folders of inputs: documents of all kinds, and what a run over them gives that nothing happened to; a first month."""

import os

import pytest
from support import updates
from support.inputs import documents_of_all_kinds
from support.killed_runs import files, run


@pytest.fixture
def folder(tmp_path):
    """Thirty-odd documents of all kinds; ids that come twice, broken rows, empty files."""
    inside = tmp_path / "in"
    documents_of_all_kinds(inside, files=9, rows=20, ids=13)
    for path in inside.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return inside


@pytest.fixture
def whole(folder, tmp_path):
    """The outputs of a run that nothing happened to."""
    run(folder, tmp_path / "whole", max_bytes=100_000)
    return files(tmp_path / "whole")


@pytest.fixture
def inside(tmp_path):
    """Inputs of a first month: four texts and five rows."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abcd":
        updates.write(folder / f"{name}.txt", f"{name}: {updates.STORY}\n\nRead more")
    updates.write(
        folder / "rows.jsonl", "".join(updates.row(str(number), f"{number}: {updates.STORY}") for number in range(5))
    )
    return folder
