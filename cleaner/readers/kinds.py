"""Which kind of file something is: by its suffix, else by its first bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Collection

from cleaner.decoding.content_kind import HEAD, ContentKind, content_kind
from cleaner.decoding.decode import UndecodableError, decode
from cleaner.readers.packing import PackingError, unpacked

#: The kind of file that holds a content.
KIND_OF = {
    ContentKind.PROSE: ".txt",
    ContentKind.HTML: ".html",
    ContentKind.JSON_LINES: ".jsonl",
    ContentKind.JSON: ".json",
    ContentKind.CSV: ".csv",
    ContentKind.TSV: ".tsv",
    ContentKind.XML: ".xml",
    ContentKind.MHTML: ".mhtml",
}
#: First bytes of packings and of containers that are no text.
_PACKED = ((b"\x1f\x8b\x08", ".gz"), (b"\x28\xb5\x2f\xfd", ".zst"), (b"\xfd7zXZ\x00", ".xz"), (b"BZh", ".bz2"))
_CONTAINERS = ((b"WARC/", ".warc"), (b"PAR1", ".parquet"))
#: What is taken for a suffix: `index.html?id=3` and `2024.05.03` have none.
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{0,9}")
#: Suffixes of pages that a server makes: a saved one is HTML, its source a program.
SERVED = frozenset({".php", ".asp", ".aspx", ".jsp", ".cgi", ".shtml", ".do"})


def kind_of(name: str, kinds: Collection[str]) -> str | None:
    """The longest known suffix of a name, without regard to case; None for an unknown kind."""
    parts = name.rsplit("/", 1)[-1].lower().split(".")
    suffixes = ("." + ".".join(parts[i:]) for i in range(1, len(parts)))
    return next((suffix for suffix in suffixes if suffix in kinds), None)


def suffix_of(name: str) -> str:
    """The suffix of a name, in lower case; "" for a name that has none, or what is not a suffix.

    >>> suffix_of("a/README"), suffix_of("page.html?id=3"), suffix_of("photo.JPG")
    ('', '', '.jpg')
    """
    _, dot, end = name.rsplit("/", 1)[-1].lower().rpartition(".")
    return dot + end if _SUFFIX.fullmatch(dot + end) else ""


def kind_by_bytes(head: bytes, kinds: Collection[str]) -> str | None:
    """The kind of file that begins with these bytes; None for what holds no text."""
    packing = next((suffix for magic, suffix in _PACKED if head.startswith(magic)), "")
    inside = _unpacked_head(head, packing) if packing else head
    kind = next((kind for magic, kind in _CONTAINERS if inside.startswith(magic)), None) or _kind_of_text(inside)
    return kind + packing if kind and kind + packing in kinds else None


def _unpacked_head(head: bytes, packing: str) -> bytes:
    parts: list[bytes] = []
    try:
        with unpacked(io.BytesIO(head), packing) as stream:
            while sum(len(part) for part in parts) < HEAD and (part := stream.read(1024)):
                parts.append(part)
            return b"".join(parts)
    except PackingError:
        return b"".join(parts)


def _kind_of_text(head: bytes) -> str | None:
    try:
        return KIND_OF.get(content_kind(decode(head[:HEAD]).text))
    except UndecodableError:
        return None
