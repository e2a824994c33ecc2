"""The one place that turns whatever a reader raises into the failure of its input, so that no input stops a run.

Stores that do not answer (StoreError) end a run: that is no input's fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

from cleaner.decoding.decode import UndecodableError
from cleaner.readers.files import unreadable
from cleaner.readers.packing import CutOffError, PackingError
from cleaner.readers.readings import Failure, Original, Reading, Skipped
from cleaner.storage.object_store import StoreError
from cleaner.time_limit import OverTimeError, limited

Row = TypeVar("Row", Reading, Reading | Skipped)

_LOOK = "look at it, or leave it out"
#: Characters of an error's own words in a message.
WORDS = 200


def guarded(
    readings: Iterator[Reading | Skipped], locator: str, first: int | None = None
) -> Iterator[Reading | Skipped]:
    """The same readings; what is raised on the way is the last of them, a failure that names the row after the last.

    first: the number of the first row, for containers of rows.
    """
    row = None if first is None else first - 1
    while True:
        try:
            reading = next(readings, None)
        except Exception as error:  # noqa: BLE001 (a reader for files of strangers: one bad file must not stop a run)
            yield Reading(None, None, failure_of(error, locator, None if row is None else row + 1))
            return
        if reading is None:
            return
        if isinstance(reading, Reading):
            row = _row(reading, row)
        yield reading


def guarded_row(read: Callable[[], Row], original: Original, seconds: float | None) -> Row | Reading:
    """One row or record of a container: what is raised fails it alone, and the rest of the container is read.

    seconds: how long its reading may take.
    """
    try:
        with limited(seconds):
            return read()
    except OverTimeError:
        what = f"takes longer than {seconds:g} seconds to read"
        return Reading(None, None, Failure(original.locator, original.row, what, _LOOK))
    except Exception as error:  # noqa: BLE001 (see above)
        return Reading(None, None, failure_of(error, original.locator, original.row))


def failure_of(error: Exception, locator: str, row: int | None) -> Failure:
    """The failure that an exception means. Raises StoreError, which is no input's fault."""
    if isinstance(error, StoreError):
        raise error
    if isinstance(error, CutOffError) and row is not None and row > 1:
        return Failure(locator, row, error.what, f"what stands before was read; {error.do}")
    if isinstance(error, PackingError | UndecodableError):
        return Failure(locator, row, error.what, error.do)
    if isinstance(error, OSError):
        return unreadable(locator, error, row)
    if isinstance(error, MemoryError):
        return Failure(locator, row, "needs more memory than there is", "split it, or give the program more memory")
    if isinstance(error, RecursionError):
        return Failure(locator, row, "is nested too deeply", _LOOK)
    if isinstance(error, json.JSONDecodeError):
        return Failure(locator, row, f"is not JSON ({error})", _LOOK)
    words = " ".join(str(error).split())[:WORDS] or "no message"
    return Failure(locator, row, f"cannot be read ({type(error).__name__}: {words})", _LOOK)


def _row(reading: Reading, row: int | None) -> int | None:
    """The row that a reading is of, else the last one known."""
    if reading.original is not None and reading.original.row is not None:
        return reading.original.row
    return reading.failure.row if reading.failure and reading.failure.row is not None else row
