"""How long the review takes to open on many documents: a generated index, the first page, a search, repeated lines.

    python benchmarks/review_index.py 100000

Prints the time to make the index once, its size, and the time to open each page with the index made.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from starlette.testclient import TestClient

from cleaner.corrections.apply import Corrections
from cleaner.review.index import Indexed, build
from cleaner.review.server import ReviewPages, application, make_review

WORDS = "harbour bridge council ferry smith lamp stone market winter tower letter night train valley glass boat".split()
PORT = 4711


def documents(count: int) -> Iterator[Indexed]:
    """Articles of 200 sites: prose of their own, a letter that the site repeats, a line that goes."""
    for n in range(count):
        site = n % 200
        lines = [f"Article {n} of the {WORDS[n % 16]}"]
        lines += [" ".join(WORDS[(n * k + i) % 16] for i in range(30)) + f" {n}." for k in (3, 5, 7)]
        lines += [f"Readers of site {site} keep a boat in the old dock.", f"Read more: the {WORDS[n % 7]} of {site}"]
        text, places = "", []
        for line in lines:
            places.append((len(text), len(text) + len(line)))
            text += line + "\n\n"
        removed = {"start": places[-1][0], "end": places[-1][1], "label": "related", "score": (n % 100) / 100}
        kept = tuple((start, end, "body") for start, end in places[:-1])
        status = "suspect" if n % 50 == 0 else "clean"
        yield Indexed(
            f"{n:064x}",
            f"id-{n}",
            f"site{site}.test",
            "en",
            status,
            lines[0],
            "",
            "a.warc.gz",
            n,
            text,
            (removed,),
            kept,
        )


def measured(review: ReviewPages) -> Iterator[str]:
    """The time of every kind of page."""
    begun = time.perf_counter()
    client = TestClient(application(review), base_url=f"http://127.0.0.1:{PORT}")
    client.get(review.guard.invite())
    yield f"opened in {time.perf_counter() - begun:.2f} s"
    for path in (
        "/",
        "/?source=site7.test&label=related",
        "/?words=harbour+boat",
        "/?words=99999",
        "/?start=50000",
        "/lines",
    ):
        begun = time.perf_counter()
        assert client.get(path).status_code == 200
        yield f"{path}: {time.perf_counter() - begun:.2f} s"


def main() -> None:
    """Makes the index in a temporary folder and opens it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sqlite"
        begun = time.perf_counter()
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            build(database, documents(count), "", lambda _: None)
        print(f"{count:,} documents indexed in {time.perf_counter() - begun:.0f} s, {path.stat().st_size / 1e6:.0f} MB")
        Corrections.of(())  # loads what is loaded once
        for line in measured(make_review(Path(folder), path, Path(folder) / "corrections.jsonl", port=PORT, who="A")):
            print(line)


if __name__ == "__main__":
    main()
