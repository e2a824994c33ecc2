"""Parquet tables: one row one article, by the same columns as JSON rows. Needs pyarrow (the extra `parquet`).

Reads a few rows at a time. Values that JSON does not have (dates, decimals) become their text; bytes are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from cleaner.readers.files import unreadable
from cleaner.readers.jsonl import row_reading
from cleaner.readers.readings import DEFAULT_MAX_BYTES, Failure, Found, Original, Reading

try:
    import pyarrow
    import pyarrow.parquet as tables
except ImportError:  # the extra `parquet`
    pyarrow = None

#: Rows held at a time: articles are some kilobytes, pages some hundred.
BATCH = 64


def read_parquet(found: Found, *, max_bytes: int = DEFAULT_MAX_BYTES) -> Iterator[Reading]:
    """The articles in a table; without pyarrow one Failure that names what to install."""
    try:
        with found.path.open("rb"):
            pass
    except OSError as error:
        yield Reading(None, None, unreadable(found.locator, error, None))
        return
    if pyarrow is None:
        what = "is a Parquet file, for which a library is missing"
        yield Reading(None, None, Failure(found.locator, None, what, "pip install 'cleancopy[parquet]'"))
        return
    number = 0
    try:
        modified = found.path.stat().st_mtime
        with found.path.open("rb") as stream, tables.ParquetFile(stream) as table:
            for batch in table.iter_batches(batch_size=BATCH):
                for row in batch.to_pylist():
                    number += 1
                    yield _reading(row, Original(found.locator, number, b"", "text/plain", {}, modified), max_bytes)
    except pyarrow.ArrowException as error:
        first = (str(error).splitlines() or ["unknown"])[0]
        where = number + 1 if number else None
        yield Reading(
            None, None, Failure(found.locator, where, f"is no whole Parquet file ({first})", "fetch it again")
        )
    except OSError as error:
        yield Reading(None, None, unreadable(found.locator, error, number + 1 if number else None))


def _reading(row: Mapping[str, Any], original: Original, max_bytes: int) -> Reading:
    values = {name: plain for name, value in row.items() if (plain := _plain(value)) is not None}
    longest = max((len(value) for value in values.values() if isinstance(value, str)), default=0)
    if longest > max_bytes:
        what = f"is larger than {max_bytes:,} bytes"
        return Reading(None, None, Failure(original.locator, original.row, what, "split it or raise --max-bytes"))
    return row_reading(values, original)


def _plain(value: Any) -> Any:
    """The value as JSON has it, or None."""
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    return None
