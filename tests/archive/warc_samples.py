"""Articles, a toy ledger and segments for the archive's tests; knows nothing of the cleaner either."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from archive import Article, Checks, RunInfo, Segment, SegmentWriter, cli

CLOCK = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CAPTURED = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
RUN = RunInfo(
    software="cleancopy",
    version="0.1.0",
    config_digest="sha256:" + "0" * 64,
    model_digest="sha256:" + "1" * 64,
    description="sample",
    is_part_of="tests",
)
SEGMENT = Segment("sample", CLOCK, 0)


def ledger(source: str, cut: int, *, status: str = "clean", **more: Any) -> dict[str, Any]:
    """The first `cut` characters were removed, the rest was kept."""
    removed = {"start": 0, "end": cut, "label": "donation", "action": "strip", "score": 0.9, "reasons": ["cue"]}
    return {
        "schema": 1,
        "status": status,
        "decoding": {"charset": "utf-8"},
        "source-text-digest": sha256(source.encode()).hexdigest(),
        "removed": [{**removed, "text": source[:cut]}] if cut else [],
        "kept": [[cut, len(source), "body", 0, len(source) - cut]] if cut < len(source) else [],
        "repairs": [],
        **more,
    }


def decode(payload: bytes, written: Mapping[str, Any]) -> str:
    return payload.decode(written["decoding"]["charset"])


def rebuild(clean_text: str | None, written: Mapping[str, Any]) -> str:
    return "".join(span["text"] for span in written["removed"]) + (clean_text or "")


CHECKS = Checks(decode, rebuild)


def article(
    path: str = "news/a.txt", source: str = "Give now!\nThe bridge is open.\n", cut: int = 10, **more: Any
) -> Article:
    """A cleaned article; `more` overrides any of its values."""
    values: dict[str, Any] = {
        "path": path,
        "payload": source.encode(),
        "captured": CAPTURED,
        "cleaned": CLOCK,
        "ledger": ledger(source, cut),
        "charset": "utf-8",
        "clean_text": source[cut:],
        "fields": {"status": "clean"},
    }
    return Article(**{**values, **more})


def failed(path: str = "news/broken.bin") -> Article:
    """A document that could not be decoded: original and metadata only."""
    written = {"schema": 1, "status": "failed", "removed": [], "kept": [], "repairs": []}
    return article(
        path, clean_text=None, charset=None, ledger=written, fields={"status": "failed"}, payload=b"\x00\xff"
    )


def empty(path: str = "news/appeal.txt") -> Article:
    """A document of which nothing is left."""
    source = "Give now!\n"
    written = ledger(source, len(source), status="empty")
    return article(path, source, clean_text=None, ledger=written, fields={"status": "empty"})


def few() -> list[Article]:
    """One of each kind: file with an address, umlauts in its path, row, rendering, empty, failed."""
    page = "<p>Give now!</p><p>Die Brücke</p>"
    rendering = ledger("Give now!\nDie Brücke", 10, rendering=True)
    return [
        article(target_uri="https://www.example.org/News/a?b=2&a=1"),
        article("été/ü 1.txt", "Zażółć gęślą jaźń\n", 0),
        article(
            "rows.jsonl", "Row one. Row.", 9, row=0, fields={"status": "clean", "restore-name": "rows.jsonl/a.txt"}
        ),
        article("rows.jsonl", "Row two. Row.", 9, row=1),
        article("page.html", payload=page.encode(), media_type="text/html", ledger=rendering, clean_text="Die Brücke"),
        empty(),
        failed(),
    ]


def write_segment(folder: Path, articles: Iterable[Article], segment: Segment = SEGMENT) -> Path:
    """The only part of a segment that holds the articles."""
    with SegmentWriter(folder, segment, RUN) as writer:
        for one in articles:
            writer.write(one)
    (path,) = writer.paths
    return path


def command(*words: str | Path, checks: Checks = CHECKS) -> int:
    """Carries out `archive …` and gives its exit code."""
    parser = argparse.ArgumentParser(prog="cleancopy archive")
    cli.add_arguments(parser, checks)
    args = parser.parse_args(list(map(str, words)))
    code: int = args.run(args)
    return code
