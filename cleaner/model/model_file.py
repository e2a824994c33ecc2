"""The file of a model: magic, header length, JSON header, arrays. Plain and versioned, never a pickle.

Refuses what is no model, what is damaged, and what was made for other features or labels (ModelError).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from cleaner.labels import KEPT, Label
from cleaner.model.features import FEATURES
from cleaner.segmentation.tokens import Floats

MAGIC = b"CLEANCPY"
VERSION = 4
#: Labels in the order of the model's columns: kept ones first.
COLUMNS: tuple[Label, ...] = tuple(sorted(Label, key=lambda label: (label not in KEPT, list(Label).index(label))))


class ModelError(ValueError):
    """The file is no model that this version can read; the message says why and what to do."""


def pack(header: Mapping[str, Any], arrays: Mapping[str, Floats]) -> bytes:
    """The file's bytes; the header gets version, features, and each array's name, type and shape."""
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in arrays.items()]
    data = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays.values())
    digest = hashlib.sha256(data).hexdigest()
    ours = {"version": VERSION, "features": FEATURES, "labels": list(COLUMNS), "digest": digest}
    text = json.dumps({**header, **ours, "arrays": listed}, sort_keys=True).encode()
    return MAGIC + len(text).to_bytes(4, "little") + text + data


def unpack(data: bytes, name: str) -> tuple[dict[str, Any], dict[str, Floats]]:
    """Header and arrays; `name` is for messages. Raises ModelError."""
    if data[:8] != MAGIC:
        raise ModelError(f"{name} is no cleancopy model; train one with `cleancopy train`")
    size = int.from_bytes(data[8:12], "little")
    try:
        header = json.loads(data[12 : 12 + size])
        _check(header, name)
        arrays: dict[str, Floats] = {}
        at = 12 + size
        if hashlib.sha256(data[at:]).hexdigest() != header["digest"]:
            raise ModelError(f"{name} is damaged (its digest does not fit); fetch or train it again")
        for array, dtype, shape in header["arrays"]:
            raw = np.frombuffer(data, dtype, int(np.prod(shape)), at)
            at += raw.nbytes
            arrays[array] = raw.reshape(shape)
    except ModelError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{name} is damaged ({error}); fetch or train it again") from error
    return header, arrays


def _check(header: Mapping[str, Any], name: str) -> None:
    for key, ours in (("version", VERSION), ("features", FEATURES)):
        if header.get(key) != ours:
            raise ModelError(f"{name} has {key} {header.get(key)}, this program reads {ours}; train it again")
    if header.get("labels") != list(COLUMNS):
        raise ModelError(f"{name} was trained for other labels; train it again with this version's")
