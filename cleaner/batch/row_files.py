"""Arrays of rows that a run leaves for its next phase, or the next run: read, and refused when they are not ours."""

from __future__ import annotations

from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

_MAGIC = b"\x93NUMPY"


class RowFileError(Exception):
    """No run wrote this file; the message says what to do."""


def read_rows(path: Path, dtype: object, *, mapped: bool = False) -> Any:
    """The rows of such a file; mapped: read where they are asked. Raises RowFileError, OSError."""
    try:
        with path.open("rb") as file:
            ours = file.read(len(_MAGIC)) == _MAGIC  # np.load would read archives and pickles too
        rows = np.load(path, mmap_mode="r" if mapped else None) if ours else None
    except (ValueError, EOFError, TypeError, OverflowError, MemoryError, SyntaxError, TokenError, RecursionError):
        rows = None  # of which np.load raises any, by what the file's head says
    if rows is None or getattr(rows, "dtype", None) != dtype or rows.ndim != 1:
        raise RowFileError(f"{path} is not as a run writes it; give --fresh to clean all again")
    return rows
