"""The file of a model: magic, header length, JSON header, arrays. Plain and versioned, never a pickle.

Refuses what is no model, what is damaged, and what was made for other features or labels (ModelError).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from cleaner.features import FEATURES, Floats
from cleaner.labels import KEPT, Label

MAGIC = b"CLEANCPY"
VERSION = 2


class ModelError(ValueError):
    """The file is no model that this version can read; the message says why and what to do."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, Floats]) -> bytes:
    """The file's bytes; the header gets version, features, and each array's name, type and shape."""
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    full = {**header, "version": VERSION, "features": FEATURES, "arrays": listed}
    text = json.dumps(full, sort_keys=True).encode()
    data = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    return MAGIC + len(text).to_bytes(4, "little") + text + data


def unpack(data: bytes, name: str) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Header and arrays; `name` is for messages. Raises ModelError."""
    if data[:8] != MAGIC:
        raise ModelError(f"{name} is no cleancopy model; train one with `cleancopy train`")
    size = int.from_bytes(data[8:12], "little")
    try:
        header = json.loads(data[12 : 12 + size])
        arrays: dict[str, Floats] = {}
        at = 12 + size
        for array, dtype, shape in header["arrays"]:
            raw = np.frombuffer(data, dtype, int(np.prod(shape)), at)
            at += raw.nbytes
            arrays[array] = raw.reshape(shape)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{name} is damaged ({error}); fetch or train it again") from error
    if at != len(data):
        raise ModelError(f"{name} is damaged ({len(data) - at} bytes too many); fetch or train it again")
    _check(header, name)
    return header, arrays


def _check(header: Mapping[str, Any], name: str) -> None:
    for key, ours in (("version", VERSION), ("features", FEATURES)):
        if header.get(key) != ours:
            raise ModelError(f"{name} has {key} {header.get(key)}, this program reads {ours}; train it again")
    labels = header.get("labels", [])
    if set(labels) != set(Label) or {*labels[: len(KEPT)]} != KEPT:
        raise ModelError(f"{name} was trained for other labels; train it again with this version's")
