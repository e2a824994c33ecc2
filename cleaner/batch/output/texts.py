"""Whether the clean texts in OUT are as the run wrote them: its rows tell what they were.

The archive is what is kept safe, and a person may edit a text; but nobody should take one for the run's that is not.
Gives names, changes nothing. What a run cannot be read of (a damaged list or row) tells nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from cleaner.batch.output.folder import INPUTS
from cleaner.batch.plan import PlanError, listed_values

#: So many are named.
NAMED = 3


def changed_texts(out: Path) -> list[str]:
    """The clean texts that are not as the run in OUT wrote them: `a.txt (changed)`, `b.txt (gone)`, in order."""
    written = _written(out)
    changed = []
    try:
        for named, _, _, _, _, name, *_ in listed_values(out / INPUTS):
            digest = written.get(named[0]) if isinstance(named, list) else None
            if name and digest and (state := _state(out / "text" / str(name), digest)):
                changed.append(f"{name} ({state})")
    except (OSError, PlanError):
        return []
    return changed


def was_touched(out: Path) -> bool:
    """Whether a clean text is gone or younger than the end of the run: what looking at each file's time tells."""
    try:
        end = (out / "run.json").stat().st_mtime_ns
        names = [str(name) for _, _, _, _, _, name, *_ in listed_values(out / INPUTS) if name]
    except (OSError, PlanError):
        return False
    return any(not (path := out / "text" / name).is_file() or path.stat().st_mtime_ns > end for name in names)


def changed_line(out: Path, changed: list[str]) -> str:
    """Says which, and how they come back."""
    listed = f"{', '.join(changed[:NAMED])}{' …' if len(changed) > NAMED else ''}"
    count = f"{len(changed):,} clean texts are not as the run wrote them"
    if len(changed) == 1:
        count = "1 clean text is not as the run wrote it"
    told = f"{count} in {out / 'text'}: {listed}"
    return f"{told}; `cleancopy archive show {out} NAME --clean` gives the run's"


def _written(out: Path) -> dict[str, bytes]:
    """By the file that a document is of, a digest of the clean text that the last run wrote of it."""
    texts: dict[str, bytes] = {}
    for path in sorted((out / "documents").glob("*.jsonl")):
        for row in _rows(path):
            name, text = row.get("path"), row.get("text")
            if not isinstance(name, str) or not isinstance(text, str):
                continue
            if row.get("status") in ("clean", "suspect"):
                texts[name] = _digest(f"{text}\n".encode("utf-8", "replace"))
            else:
                texts.pop(name, None)  # of an update: there is none any more
    return texts


def _rows(path: Path) -> Iterator[dict[str, object]]:
    with path.open("rb") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(row, dict):
                yield row


def _state(path: Path, digest: bytes) -> str:
    try:
        if path.exists() and not path.is_file():  # a pipe would keep whoever reads it waiting
            return "no file"
        return "" if _digest(path.read_bytes()) == digest else "changed"
    except OSError:
        return "gone"


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()
