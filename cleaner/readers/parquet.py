"""Parquet tables: one row one article, by the same columns as JSON rows. Needs pyarrow (the extra `parquet`).

Reads a few rows at a time and makes one row after the other into values. Values that JSON does not have (dates,
decimals) become their text; bytes are left out. A value that cannot be read fails its row alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from cleaner.readers.guard import guarded, guarded_row
from cleaner.readers.packing import PackingError, refuse_ratio
from cleaner.readers.readings import Failure, InputFile, Original, Reading, ReadSettings
from cleaner.readers.rows import failed_row_reading, missing_column, row_reading

try:
    import pyarrow
    import pyarrow.parquet as tables
except ImportError:  # the extra `parquet`
    pyarrow = None

#: Rows held at a time: articles are some kilobytes, pages some hundred.
BATCH = 64


def read_parquet(file: InputFile, settings: ReadSettings) -> Iterator[Reading]:
    """The articles in a table; without pyarrow one Failure that names what to install."""
    if pyarrow is None:
        with file.path.open("rb"):
            pass
        what = "is a Parquet file, for which a library is missing"
        return iter([Reading(None, None, Failure(file.locator, None, what, "pip install 'cleancopy[parquet]'"))])
    readings = guarded(_read(file, settings), file.locator)
    return (reading for reading in readings if isinstance(reading, Reading))


def _read(file: InputFile, settings: ReadSettings) -> Iterator[Reading]:
    number = 0
    try:
        modified = file.path.stat().st_mtime
        with file.path.open("rb") as stream, _opened(stream) as table:
            _refuse_bomb(table.metadata)
            if problem := missing_column(table.schema_arrow.names, settings.fields):
                yield Reading(None, None, Failure(file.locator, None, *problem))
                return
            for batch in table.iter_batches(batch_size=BATCH):
                columns = {name: batch.column(at) for at, name in enumerate(batch.schema.names)}
                for at in range(batch.num_rows):
                    number += 1
                    original = Original(file.locator, number, b"", "text/plain", {}, modified)
                    yield guarded_row(partial(_row, columns, at, original, settings), original, settings.seconds)
    except PackingError as error:
        yield Reading(None, None, Failure(file.locator, None, error.what, error.do))
    except pyarrow.ArrowException as error:
        first = (str(error).splitlines() or ["unknown"])[0]
        failure = Failure(
            file.locator, number + 1 if number else None, f"is not a whole Parquet file ({first})", _AGAIN
        )
        yield Reading(None, None, failure)


_AGAIN = "fetch it again"


def _opened(stream: Any) -> Any:
    """The table with its texts as the file has them: a text that a dictionary repeats is in memory once."""
    with tables.ParquetFile(stream) as table:
        schema = table.schema_arrow
    texts = [field.name for field in schema if pyarrow.types.is_string(field.type)]
    stream.seek(0)
    return tables.ParquetFile(stream, read_dictionary=texts)


def _refuse_bomb(metadata: Any) -> None:
    """Refuses what would have to be unpacked at once and is out of all proportion. Raises PackingError.

    Believes the sizes that the file states: pyarrow has no bound of its own.
    """
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    for column in (group.column(at) for group in groups for at in range(group.num_columns)):
        refuse_ratio(column.total_uncompressed_size, column.total_compressed_size)


def _row(columns: Mapping[str, Any], at: int, original: Original, settings: ReadSettings) -> Reading:
    row: dict[str, object] = {}
    broken, article = "", (settings.fields.text, settings.fields.html)
    for name, column in columns.items():
        try:
            value = _plain(_value(column[at]))
        except (UnicodeDecodeError, pyarrow.ArrowException) as error:
            what = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else "cannot be read"
            broken = broken or f"its {name[:40]!r} {what}"
            continue
        if value is not None or (name in article and not column[at].is_valid):  # null: an empty document
            row[name] = value
    if broken and all(row.get(name) is None for name in article):
        failure = Failure(original.locator, original.row, broken, "mend or remove the row")
        return failed_row_reading(row, failure, settings.fields)
    return row_reading(row, original, settings)


def _value(scalar: Any) -> object:
    """A scalar as Python has it, else as Arrow writes it: nanoseconds, and dates before year 1 or after 9999."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        return scalar.cast(pyarrow.string()).as_py()


def _plain(value: object) -> Any:
    """The value as JSON has it, or None."""
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(element) for element in value]
    if isinstance(value, dict):
        return {str(key): _plain(element) for key, element in value.items()}
    return None
