"""Whether JSON values have the shape that their reader counts on: files in OUT may come from strangers or be damaged.

A shape is a type (`str`), a test (`is_count`), None, a tuple of shapes of which one must fit, a list with the shape of
its members, a dict of shapes by name, or one of the classes here. Its depth bounds the check, whatever is nested.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

#: Numbers of documents, characters, bytes: larger ones are refused, since no disk holds so many.
MOST = 1 << 62


@dataclass(frozen=True, slots=True)
class Each:
    """An object with names of any kind, and values of one shape."""

    value: object


@dataclass(frozen=True, slots=True)
class Maybe:
    """Of an object: a name that may be missing."""

    value: object


@dataclass(frozen=True, slots=True)
class Row:
    """A list of so many values, each of its own shape."""

    values: tuple[object, ...]


def is_count(value: object) -> bool:
    """Whether it is a whole number from 0 that a counter can hold."""
    return type(value) is int and 0 <= value < MOST


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is a finite number, no truth value."""
    return type(value) in (int, float) and math.isfinite(value) and abs(value) < MOST  # type: ignore[arg-type]


def anything(_: object) -> bool:
    """Any value."""
    return True


def misfit(value: object, shape: object, name: str = "") -> str:
    """Where a value is not of a shape, as the name of the part; "" when it fits. The whole value is called `it`.

    >>> misfit({"a": [1, "x"]}, {"a": [is_count]})
    'a[1]'
    """
    match shape:
        case Each():
            if not isinstance(value, Mapping):
                return name or "it"
            return _first(misfit(inside, shape.value, f"{name}.{key}"[:80]) for key, inside in value.items())
        case Row():
            if not isinstance(value, list) or len(value) != len(shape.values):
                return name or "it"
            pairs = enumerate(zip(value, shape.values, strict=True))
            return _first(misfit(inside, of, f"{name}[{at}]") for at, (inside, of) in pairs)
        case dict():
            return _object(value, shape, name)
        case list():
            if not isinstance(value, list):
                return name or "it"
            return _first(misfit(inside, shape[0], f"{name}[{at}]") for at, inside in enumerate(value))
        case tuple():
            return "" if any(not misfit(value, one, name) for one in shape) else name or "it"
        case type():
            return "" if type(value) is shape else name or "it"
        case None:
            return "" if value is None else name or "it"
    return "" if callable(shape) and shape(value) else name or "it"


def _object(value: object, shape: Mapping[str, object], name: str) -> str:
    if not isinstance(value, Mapping):
        return name or "it"
    for key, of in shape.items():
        path = f"{name}.{key}" if name else key
        if key not in value:
            if not isinstance(of, Maybe):
                return path
        elif reason := misfit(value[key], of.value if isinstance(of, Maybe) else of, path):
            return reason
    return ""


def _first(values: Iterable[str]) -> str:
    return next(filter(None, values), "")


def is_flat(value: object, depth: int) -> bool:
    """Whether lists and objects are nested no deeper than so."""
    level = [value]
    for _ in range(depth + 1):
        inside = (part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list))
        level = [part for parts in inside for part in parts]
        if not level:
            return True
    return False
