"""Whatever bytes stand in place of a model: it is refused by its name, or it cleans."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from support.small_models import SMALL, TEXT, Small, foreign, small_blocks

from cleaner import Cleaner
from cleaner.model_file import KEY, LARGEST, ModelError

KINDS = pytest.mark.parametrize("kind", SMALL)


PAGE = (
    "<body><nav><a href=/>Home</a></nav><p>The bridge reopened on Monday.</p><p>Sign up for our newsletter</p></body>"
)


def outcome(small: Small, data: bytes) -> Any:
    """The model, or None for a file that is refused by its name; any other error fails the test."""
    try:
        return small.parse(data, "here")
    except ModelError as refused:
        named = str(refused).startswith("here ")
    assert named
    return None


@KINDS
@settings(max_examples=60)
@given(data=st.binary(max_size=300))
def test_any_bytes(kind: str, data: bytes) -> None:
    assert outcome(SMALL[kind], data) is None


@KINDS
@settings(max_examples=60, suppress_health_check=[HealthCheck.large_base_example])
@given(edits=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=4))
def test_edited_bytes(kind: str, edits: list[tuple[int, int]]) -> None:
    """Bytes of a good file's header, or of its first arrays, are others."""
    data = bytearray(SMALL[kind].file())
    for at, byte in edits:
        data[at % len(data)] = byte
    outcome(SMALL[kind], bytes(data))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@KINDS
@settings(max_examples=60)
@given(data=st.data())
def test_any_header(kind: str, data: st.DataObject) -> None:
    small = SMALL[kind]
    key = data.draw(st.sampled_from([*small.header, "kind", "digest"]))
    values = {**small.header, "kind": kind, key: data.draw(json_values)}
    outcome(small, foreign(small.arrays, {KEY: json.dumps(values)}))
    outcome(small, small.file({**small.header, key: values[key]}))


@KINDS
@settings(max_examples=60)
@given(data=st.data())
def test_any_array(kind: str, data: st.DataObject) -> None:
    """What is read works on any text, whatever numbers it holds."""
    small = SMALL[kind]
    name = data.draw(st.sampled_from(sorted(small.arrays)))
    old = small.arrays[name]
    shape = data.draw(st.just(old.shape) | arrays_of.array_shapes(max_dims=3, max_side=4))
    dtype = data.draw(st.just(old.dtype) | st.sampled_from(["<f2", "<f4", "i1", "u1", "<i4", "<u4", "<u8"]))
    some = data.draw(arrays_of.arrays(dtype, min(8, int(np.prod(shape)))))
    works(kind, outcome(small, small.file(arrays={**small.arrays, name: np.resize(some, shape)})))


def works(kind: str, model: Any) -> None:
    """A model that was not refused cleans."""
    if model is None:
        return
    if kind == "breaks":
        model.cut(TEXT, [(0, len(TEXT))])
    elif kind == "pages":
        Cleaner(page_model=model).clean(html=PAGE)
    else:
        Cleaner(model=model).clean(TEXT)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("extreme", [LARGEST, -LARGEST, 0.0])
@KINDS
def test_extreme_weights(kind: str, extreme: float) -> None:
    """Every weight at the bound: the model is read, and cleans."""
    small = SMALL[kind]
    arrays = {
        name: np.full_like(array, extreme)
        if array.dtype.kind == "f" and name not in ("trees.start", "vectors.rarity", "vectors.scale")
        else array
        for name, array in small.arrays.items()
    }
    works(kind, small.parse(small.file(arrays=arrays), "here"))


@pytest.mark.parametrize(("wide", "hidden"), [(1, 1), (7, 3), (33, 65), (64, 300)])
def test_any_width(wide: int, hidden: int) -> None:
    """A training chooses the widths: all are read, and clean."""
    small = small_blocks(wide, hidden)
    works("blocks", small.parse(small.file(), "here"))
