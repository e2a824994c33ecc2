"""Texts for the property tests of the accelerator, and what is the same to the byte."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import strategies as st

from cleaner import accelerator

needed = pytest.mark.skipif(accelerator.compiled is None, reason="the accelerator was not built, or CLEANCOPY_PURE=1")


#: Any code points at all: surrogates, controls and unassigned ones too; and words that come again.
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


prose = st.lists(
    st.sampled_from(
        ["Read", "more", "THE", "council", "met", "1,200", "読む", "«", ")", ".", "?!", "\U0001f600", "e\u0301"]
    )
).map(" ".join)


blocks = st.lists(anything | prose, min_size=1, max_size=12)


def assert_same(one: object, other: object) -> None:
    for array_field in fields(type(one)):
        mine, theirs = getattr(one, array_field.name), getattr(other, array_field.name)
        assert mine.dtype == theirs.dtype, array_field.name
        assert mine.shape == theirs.shape, array_field.name
        assert mine.tobytes() == theirs.tobytes(), array_field.name
