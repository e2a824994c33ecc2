"""No constant and no rule can be made to do nothing without a table of cases noticing, but those that docs/mutation.md names."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.cases import ROOT


@pytest.mark.nightly
def test_survivors_are_named() -> None:
    run = subprocess.run(
        [sys.executable, "benchmarks/mutation.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
