"""The file of a model, whatever it is a model of: safetensors, with a header of ours as JSON in its metadata.

Refuses (ModelError) what is not a model, is damaged, was made for something else, or holds arrays of another kind,
shape or range than the code will take for granted: a stranger's file is read to the end here, before anything uses it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

Numbers = NDArray[Any]  # of any of TYPES

#: The key of the header in the file's metadata. There is one only: the order of several is not fixed.
KEY = "cleancopy"
#: Larger files and headers are not read; the shipped ones have up to 14 MB and 8 kB.
MOST_BYTES, MOST_HEADER = 1 << 28, 1 << 20
#: No weight, scale or threshold of a model is larger; those shipped stay below 700.
LARGEST = 65504.0
#: Types of arrays, as safetensors and NumPy call them.
TYPES: dict[str, np.dtype[Any]] = {
    "F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "I8": np.dtype("i1"), "U8": np.dtype("u1"),
    "I32": np.dtype("<i4"), "U32": np.dtype("<u4"), "U64": np.dtype("<u8"),
}  # fmt: skip
FLOAT = ("float16", "float32")


class ModelError(ValueError):
    """The file is not a model that this version can read; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Array:
    """What an array of a model must be: one of these types, of this shape, its whole numbers below a bound."""

    shape: tuple[int, ...]
    types: tuple[str, ...] = FLOAT
    below: int | None = None  # and not below 0; None: any
    negative: bool = True  # may its numbers be below 0?


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file as read; `name` is for messages, `digest` the sha256 of its bytes, lower-case hex."""

    name: str
    header: Mapping[str, object]
    arrays: Mapping[str, Numbers]
    digest: str

    def whole(self, key: str, low: int, high: int) -> int:
        """A whole number of the header, within bounds. Raises ModelError."""
        return self._whole(key, self.header.get(key), low, high)

    def wholes(self, key: str, low: int, high: int, *, most: int) -> tuple[int, ...]:
        """A list of at most so many whole numbers of the header, within bounds. Raises ModelError."""
        values = self.header.get(key)
        if not isinstance(values, list) or len(values) > most:
            raise self.refused(f"its header has no list of up to {most} numbers called {key}")
        return tuple(self._whole(key, value, low, high) for value in values)

    def _whole(self, key: str, value: object, low: int, high: int) -> int:
        if type(value) is not int or not low <= value <= high:
            raise self.refused(f"the {key} in its header is not a whole number from {low} to {high}")
        return value

    def number(self, key: str) -> float:
        """A number of the header that a weight can be. Raises ModelError."""
        value = self.header.get(key)
        if not isinstance(value, float | int) or not abs(value) <= LARGEST:
            raise self.refused(f"the {key} in its header is not a number between {-LARGEST:g} and {LARGEST:g}")
        return float(value)

    def shape(self, array: str, dimensions: int) -> tuple[int, ...]:
        """The shape of an array that has so many dimensions. Raises ModelError."""
        sizes = self._array(array).shape
        if len(sizes) != dimensions:
            raise self.refused(f"its array {array} has {len(sizes)} dimensions, not {dimensions}")
        return sizes

    def check(self, wanted: Mapping[str, Array]) -> None:
        """Are the arrays those that are wanted, and no others? Raises ModelError."""
        for name, array in wanted.items():
            self._check(name, array)
        if unknown := sorted(self.arrays.keys() - wanted.keys()):
            raise self.refused(f"it holds arrays that are not known here: {', '.join(unknown[:3])[:200]}")

    def _check(self, name: str, wanted: Array) -> None:
        array = self._array(name)
        if array.dtype.name not in wanted.types or array.shape != wanted.shape:
            raise self.refused(
                f"its array {name} is {array.dtype.name} {array.shape}, not {' or '.join(wanted.types)} {wanted.shape}"
            )
        if not array.size:
            return
        if array.dtype.kind == "f" and not np.abs(array).max() <= LARGEST:  # nor is anything below NaN
            raise self.refused(f"its array {name} holds numbers outside the range of weights")
        if not wanted.negative and array.min() < 0:
            raise self.refused(f"its array {name} holds numbers below 0")
        if wanted.below is not None and not (array.min() >= 0 and array.max() < wanted.below):
            raise self.refused(f"its array {name} holds numbers that are not from 0 to {wanted.below - 1}")

    def _array(self, name: str) -> Numbers:
        if name not in self.arrays:
            raise self.refused(f"it lacks the array {name}")
        return self.arrays[name]

    def refused(self, reason: str) -> ModelError:
        """The error that says why this file is no model to work with."""
        return ModelError(f"{self.name} is not a usable model: {reason}; fetch or train it again")


def pack(kind: str, header: Mapping[str, object], arrays: Mapping[str, Numbers]) -> bytes:
    """The file's bytes, the same for the same model; kind: what it is a model of ("blocks")."""
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    ours = {**header, "kind": kind, "digest": _digest(whole)}
    data: bytes = save(whole, metadata={KEY: json.dumps(ours, sort_keys=True)})
    return data


def read(path: Path) -> bytes:
    """The bytes of a model's file. Raises ModelError when they cannot be read, or are more than a model has."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(data) > MOST_BYTES:
        raise ModelError(f"{path} is not a cleancopy model: it has more than {MOST_BYTES:,} bytes")
    return data


def unpack(data: bytes, name: str, kind: str, **versions: object) -> ModelFile:
    """A file's header and arrays; `name` is for messages.

    versions: what the header must say too, so that code and model fit. Raises ModelError.
    """
    if not len(data) > 8 or not 2 <= (size := int.from_bytes(data[:8], "little")) <= MOST_HEADER:
        raise ModelError(f"{name} is not a cleancopy model of this version; train one with `cleancopy train`")
    try:
        tensors: list[tuple[str, Any]] = deserialize(data)  # type: ignore[no-untyped-call]
        metadata = json.loads(data[8 : 8 + size]).get("__metadata__", {})
        header = json.loads(metadata.get(KEY, "null"))
        arrays = {
            array: np.frombuffer(tensor["data"], TYPES[tensor["dtype"]]).reshape(tensor["shape"])
            for array, tensor in tensors
        }
    except (SafetensorError, ValueError, KeyError, RecursionError) as error:
        raise ModelError(f"{name} is damaged, or not a model ({error}); fetch or train it again") from error
    if not isinstance(header, dict):
        raise ModelError(f"{name} is not a cleancopy model; train one with `cleancopy train`")
    for key, ours in {"kind": kind, **versions}.items():
        if header.get(key) != ours:
            raise ModelError(f"{name} {_difference(key, header.get(key), ours)}")
    if header.get("digest") != _digest(arrays):
        raise ModelError(f"{name} is damaged (its digest does not fit); fetch or train it again")
    return ModelFile(name, header, arrays, hashlib.sha256(data).hexdigest())


def _digest(arrays: Mapping[str, Numbers]) -> str:
    """sha256 of the arrays in the order of their names, lower-case hex."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def _difference(key: str, value: object, ours: object) -> str:
    """What a file's header says otherwise than is read here; of lists, such as labels, what only one of them has."""
    if not isinstance(value, list) or not isinstance(ours, list | tuple):
        other = "other" if key.endswith("s") else "another"
        return (
            f"has {other} {key} ({_short(value)}) than {'are' if other == 'other' else 'is'} read here ({_short(ours)})"
        )
    more = [str(item) for item in value if item not in ours]
    less = [str(item) for item in ours if item not in value]
    told = [f"{what} {_short(', '.join(names))}" for what, names in (("with", more), ("without", less)) if names]
    return f"has other {key} than are read here ({'; '.join(told) or 'in another order'}); train it again"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
