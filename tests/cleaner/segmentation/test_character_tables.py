"""The tables of characters that are shipped are those that would be made; loading them is what saves time."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
import zlib
from importlib import resources

import numpy as np
import pytest

from cleaner.segmentation import tokens

#: The Unicode version that the file was made by, whichever Python reads it.
MADE_BY = "14.0.0"


@pytest.mark.skipif(unicodedata.unidata_version != MADE_BY, reason="another Unicode version knows more characters")
def test_the_shipped_tables_are_those_that_would_be_made() -> None:
    for shipped, made in zip(tokens._tables(), tokens.made_tables(), strict=True):
        assert shipped.dtype == made.dtype
        assert np.array_equal(shipped, made)
    file = resources.files("cleaner") / "data" / "characters.zlib"
    assert zlib.decompress(tokens.table_bytes()) == zlib.decompress(file.read_bytes())


def test_another_unicode_version_changes_few() -> None:
    shipped, made = tokens._tables()[0], tokens.made_tables()[0]
    assert np.count_nonzero(shipped != made) < 600  # characters that came later


def test_a_text_is_cleaned_without_what_pages_need() -> None:
    asked = "import sys, cleaner; cleaner.clean('One line.'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert not loaded & {"lxml", "trafilatura", "ftfy", "bs4", "cleaner.html.segment", "cleaner.html.model", "ssl"}
