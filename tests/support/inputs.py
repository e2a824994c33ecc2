"""Folders of inputs that several test files clean."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
ARTICLE = f"{STORY}\n\nSign up for our newsletter\n\n{STORY}\n\nRead more\n"


def documents_of_all_kinds(inside: Path, *, files: int, rows: int, ids: int) -> None:
    """Texts, rows of which ids come twice and one is broken, packed rows, an empty text and a page, in a new folder."""
    (inside / "sub").mkdir(parents=True)
    for number in range(files):
        (inside / f"{number}.txt").write_text(f"Number {number}\n\n{ARTICLE * (number + 1)}", encoding="utf-8")
    texts = [{"id": str(number % ids), "text": f"{number}. {ARTICLE}"} for number in range(rows)]
    (inside / "rows.jsonl").write_text("{broken\n" + "".join(json.dumps(row) + "\n" for row in texts))
    packed = "".join(json.dumps({"id": number, "text": f"{number}. {ARTICLE}"}) + "\n" for number in range(files))
    (inside / "packed.jsonl.gz").write_bytes(gzip.compress(packed.encode(), mtime=0))
    (inside / "sub/empty.txt").write_text("Donate now\n")
    (inside / "sub/page.html").write_text(f"<html><body><article><h1>Ferry</h1><p>{STORY}</p></article></body></html>")
