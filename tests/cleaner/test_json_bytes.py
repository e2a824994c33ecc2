"""JSON in bytes: those of `json.dumps`, with the accelerator and without."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.any_texts import anything, needed

from cleaner import accelerator, json_bytes
from cleaner.labels import Label


class Kind(IntEnum):
    ONE = 1


texts = anything | st.text('aé\u2028\x7f\x00"\\\n\ud800\U0001f600', max_size=3000)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.sampled_from([Label.BODY, Kind.ONE, 1e-5, 1e16])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(texts, inner), max_leaves=20
)


def utf8(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


@given(values)
@example("plain text of more than eight letters \x7f and then a line\nthat ends")
@example({"b": [1, 2], "a": {"x": None, "\x1f": True}})
def test_bytes_are_those_of_json(value: object) -> None:
    assert json_bytes.utf8(value) == utf8(value)
    assert json_bytes.ordered(value) == json.dumps(value, sort_keys=True, default=str).encode()
    try:
        expected = json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        with pytest.raises(ValueError, match="JSON"):
            json_bytes.ascii_only(value)
    else:
        assert json_bytes.ascii_only(value) == expected


@needed
@pytest.mark.parametrize("value", ["é" * 5000, {"a": [1, 0.5, -7, None, True], "b": ("x", {})}, 10**400, [], {}, ""])
def test_the_accelerator_writes_what_rows_and_ledgers_hold(value: object) -> None:
    for escaped, ordered in ((False, False), (True, False), (True, True)):
        assert accelerator.compiled.json(value, escaped, ordered) is not None


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else []


@needed
@pytest.mark.parametrize("value", [float("nan"), [float("inf")], {1: 2}, {None: 1}, {"a": {1, 2}}, b"a", nested(150)])
def test_what_json_writes_otherwise_or_not_at_all_is_left_to_it(value: object) -> None:
    assert accelerator.compiled.json(value, False, False) is None


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="serializable"):
        json_bytes.utf8({"a": {1, 2}})
    assert json_bytes.ordered({"a": {1}}) == b'{"a": "{1}"}'
