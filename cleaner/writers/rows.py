"""Cleaned documents as JSONL rows: one row per input, failed ones included.

Fields of the input that are not ours pass through; those whose names collide with ours go under
`input`. A row is always valid UTF-8, whatever characters the text holds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cleaner import json_bytes
from cleaner.document import CleanedDocument, Status
from cleaner.memory.source_name import source_of
from cleaner.writers.pages import PageFormat

SCHEMA = 1
#: Of a document that an update cleaned again: which row of `documents/` its own replaces, as file and line.
REPLACES = "replaces"
#: Fields of a row that are ours; an input field of the same name goes under `input`.
OURS = (
    "id", "path", "title", "text", "body", "status", "metadata", "spans", "repairs", "schema", "input", "why", REPLACES,
)  # fmt: skip
NO_PAGES: Mapping[PageFormat, str] = {}
#: Fields of an input row that cleaning reads; they come back as our own fields or under metadata.
READ = frozenset({"id", "text", "html", "title"})


def document_row(
    cleaned: CleanedDocument,
    *,
    extra: Mapping[str, object] | None = None,
    with_removed: bool = False,
    path: str = "",
    pages: Mapping[PageFormat, str] = NO_PAGES,
) -> dict[str, object]:
    """The row of a cleaned document. Offsets are code points of its source text; `pages` become fields of it."""
    row: dict[str, object] = {"id": cleaned.id, "path": path} if path else {"id": cleaned.id}
    row |= {
        "title": cleaned.title,
        "text": cleaned.text,
        "body": cleaned.body,
        "status": cleaned.status.value,
        "metadata": _metadata(cleaned),
        "spans": [_span(cleaned, index, with_removed) for index in range(len(cleaned.spans))],
        "repairs": [
            {
                "start": r.start,
                "end": r.end,
                "before": r.before,
                "after": r.after,
                "kind": r.kind,
                "evidence": r.evidence,
            }
            for r in cleaned.repairs
        ],
        "schema": SCHEMA,
    }
    row |= {page.value: text for page, text in pages.items()}
    return row | passed_through(extra or {}, ours=frozenset(row))


def _metadata(cleaned: CleanedDocument) -> dict[str, object]:
    """The metadata, with the source where nothing but the folder of the input told it: corrections refer to it."""
    metadata = dict(cleaned.metadata)
    if cleaned.source and not source_of(metadata):
        metadata["source"] = cleaned.source
    return metadata


def failed_row(
    document_id: str | int, why: str, *, extra: Mapping[str, object] | None = None, path: str = ""
) -> dict[str, object]:
    """The row of an input that could not be read or cleaned."""
    row: dict[str, object] = {"id": document_id, "path": path} if path else {"id": document_id}
    row |= {"title": "", "text": "", "body": "", "status": Status.FAILED.value, "why": why}
    row |= {"metadata": {}, "spans": [], "repairs": [], "schema": SCHEMA}
    return row | passed_through(extra or {})


def passed_through(extra: Mapping[str, object], *, ours: Collection[str] = ()) -> dict[str, object]:
    """The input's other fields; those named like ours under `input`. ours: further names that are taken."""
    colliding = {name: value for name, value in extra.items() if name in OURS or name in ours}
    others = {name: value for name, value in extra.items() if name not in colliding}
    return others | ({"input": colliding} if colliding else {})


def encode(row: Mapping[str, object]) -> bytes:
    """The row as one line of UTF-8; lone surrogates stay escaped, since UTF-8 cannot hold them."""
    return json_bytes.utf8(row) + b"\n"


def _span(cleaned: CleanedDocument, index: int, with_removed: bool) -> dict[str, object]:
    span = cleaned.spans[index]
    row: dict[str, object] = {"start": span.start, "end": span.end, "label": span.label.value}
    row |= {"action": span.action.value, "score": span.score, "reasons": list(span.reasons)}
    return row | {"text": cleaned.source_text[span.start : span.end]} if with_removed else row
