"""Several files of corrections as one: every row once, in an order that does not depend on that of the files."""

from __future__ import annotations

from collections.abc import Iterable

from cleaner.corrections.format import Row, Seen, encode


def merged(files: Iterable[Iterable[Row]]) -> list[Row]:
    """All rows, each once: documents by digest, as one of them was seen; then what was said, by time."""
    said: dict[bytes, Row] = {}
    seen: dict[str, Seen] = {}
    for rows in files:
        for row in rows:
            if isinstance(row, Seen):
                seen[row.document] = min(row, seen.get(row.document, row), key=encode)
            else:
                said[encode(row)] = row
    by_time = sorted(said.items(), key=lambda pair: (getattr(pair[1], "when", ""), pair[0]))
    return [*(seen[name] for name in sorted(seen)), *(row for _, row in by_time)]
