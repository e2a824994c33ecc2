"""Rows of clean texts, one file for each segment: JSON lines or a Parquet table with the same columns.

Refuses Parquet without pyarrow (ExportError).
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from archive.export.texts import Among, Counts, ExportError, Retell, Text, export_target, texts
from archive.segments.durable import drafted, write_atomically

#: Rows held before they are written as one group of a table.
ROW_GROUP = 1_000


def export_jsonl(segment: Path, folder: Path, told: Retell, among: Among = None) -> Counts:
    """The segment as a `.jsonl.gz`, a row for each clean text. Raises ExportError, OSError."""
    counts = Counts()
    rows = (_row(text) for text in texts(segment, told, counts, among))
    write_atomically(export_target(segment, folder, ".jsonl.gz"), _packed(rows), replace=False)
    return counts


def _row(text: Text) -> dict[str, object]:
    return {
        "id": text.id, "url": text.url, "title": text.title, "text": text.text, "body": text.body,
        "status": text.status, "language": text.language, "capture-date": text.captured, "path": text.path,
        "row": text.row, "record-id": text.record_id,
    }  # fmt: skip


def _packed(rows: Iterable[dict[str, object]]) -> Iterator[bytes]:
    """Rows as one gzip stream, the same bytes at every hour."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=6, mtime=0) as packed:
        for row in rows:
            packed.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            if buffer.tell() > 1 << 16:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


def _whole(value: object) -> object:
    """A text without lone surrogates, which a table cannot hold."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def export_parquet(segment: Path, folder: Path, told: Retell, among: Among = None) -> Counts:
    """The segment as a Parquet table with the columns of the rows. Raises ExportError, OSError."""
    try:  # here, since it takes longer to load than most commands do
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise ExportError("Parquet needs pyarrow; install it with: pip install 'cleancopy[parquet]'") from None
    counts = Counts()
    names = ("id", "url", "title", "text", "body", "status", "language", "capture-date", "path")
    columns = [(name, pyarrow.string()) for name in names]
    schema = pyarrow.schema([*columns, ("row", pyarrow.int64()), ("record-id", pyarrow.string())])
    target = export_target(segment, folder, ".parquet")
    with drafted(target, replace=False) as file, parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        held: list[dict[str, object]] = []
        for text in texts(segment, told, counts, among):
            held.append({name: _whole(value) for name, value in _row(text).items()})
            if len(held) == ROW_GROUP:
                writer.write_table(pyarrow.Table.from_pylist(held, schema=schema))
                held = []
        writer.write_table(pyarrow.Table.from_pylist(held, schema=schema))
    return counts
