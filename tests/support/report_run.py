"""A run's folder made by hand for the tests of the report, and what a reader sees of the report."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from warcio.warcwriter import WARCWriter

from cleaner.writers.report.page import SIZE, write_report

SOURCE = "Read moreThe bridge opened.\nIt cost ¤90 million.\nDear readers, help us.\nDonate"


TEXT = "The bridge opened.\nIt cost €90 million."


SPANS: list[dict[str, Any]] = [
    {"start": 0, "end": 9, "label": "related", "score": 0.98, "reasons": ["cue “read more” glued to prose"]},
    {"start": 49, "end": 71, "label": "donation", "score": 0.91, "reasons": ["salutation", "asks for help"]},
    {"start": 72, "end": 78, "label": "donation", "score": 0.9, "reasons": ["salutation", "asks for help"]},
]


KEPT = [[9, 27, "body", 0, 18], [28, 48, "body", 19, 39]]


GAPS = [[27, "\n"], [48, "\n"], [71, "\n"]]


REPAIR = {"start": 36, "end": 37, "before": "¤", "after": "€", "kind": "currency", "evidence": "names the euro"}


VOID = {"meta", "link", "input", "br"}


HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>\u202egnp.\x00\x1b[31m\ud800&amp;"


def document(identifier: str, **changes: Any) -> dict[str, Any]:
    spans = [{**span, "action": "strip"} for span in SPANS]
    row = {"id": identifier, "path": f"{identifier}.txt", "title": "", "text": TEXT, "body": TEXT, "status": "clean"}
    row |= {"metadata": {"source": "example.org", "lang": "en"}, "spans": spans, "repairs": [REPAIR], "schema": 1}
    return row | changes


def failed(identifier: str) -> dict[str, Any]:
    return document(identifier, status="failed", text="", body="", spans=[], repairs=[], metadata={}, why="unreadable")


def run_folder(out: Path, rows: Sequence[dict[str, Any]], *, archive: bool = True, **changes: Any) -> Path:
    """A finished run's folder, with the archive's ledgers unless told otherwise; `changes` go into run.json."""
    (out / "documents").mkdir(parents=True)
    (out / "warc").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (out / "documents" / "00000.jsonl").write_text(lines, encoding="utf-8")
    if archive:
        (out / "warc" / "cleancopy-20260102030405-00000-00.warc.gz").write_bytes(segment(rows))
    (out / "run.json").write_text(json.dumps(summary(rows) | changes), encoding="utf-8")
    return out


def segment(rows: Sequence[dict[str, Any]]) -> bytes:
    stream = io.BytesIO()
    writer = WARCWriter(stream, gzip=True)
    for row in rows:
        if row["status"] != "failed" and row["spans"]:
            removed = [{**span, "text": SOURCE[span["start"] : span["end"]]} for span in row["spans"]]
            ledger = json.dumps({"removed": removed, "kept": KEPT, "gaps": GAPS})
            block = f"document-id: {row['id'].replace('%', '%25')}\r\nledger: {ledger}\r\n".encode()
            writer.write_record(
                writer.create_warc_record(
                    "urn:x", "metadata", payload=io.BytesIO(block), warc_content_type="application/warc-fields"
                )
            )
    return stream.getvalue()


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    status: dict[str, int] = {}
    for row in rows:
        status[row["status"]] = status.get(row["status"], 0) + 1
    cleaned = [row for row in rows if row["status"] != "failed"]
    characters = {"source": 78 * len(cleaned), "kept": 41 * len(cleaned), "removed": 37 * len(cleaned)}
    source = {"documents": len(cleaned), "characters": characters["source"], "removed": characters["removed"]}
    counts = {"documents": len(rows), "status": status, "characters": characters, "skipped": {"a picture": 3}}
    counts["labels"] = {"donation": {"spans": 2, "characters": 28}, "body": {"spans": 7, "characters": 99}}
    counts["sources"] = {"example.org": source} if cleaned else {}
    counts["reasons"] = {"salutation": 2} if cleaned else {}
    failures = [
        {"path": row["path"], "row": None, "what": "unreadable", "do": "give --charset"}
        for row in rows
        if row["status"] == "failed"
    ]
    run = {"schema": 1, "cleancopy": "0.1.0", "clock": "2026-01-02T03:04:05Z", "configuration": {"on_suspect": "clean"}}
    return run | {"digest": "f" * 64, "versions": {}, "counts": counts, "failures": failures, "shards": 1}


def report(out: Path, **options: int) -> str:
    target = out / "report.html"
    write_report(out, target, **options)
    return target.read_text(encoding="utf-8")


class Reading(HTMLParser):
    """What a browser would make of the report: elements that close, attributes, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.words += data


def check_whole(html: str) -> Reading:
    reading = Reading(html)
    assert reading.open == []
    assert len(reading.ids) == len(set(reading.ids))
    assert not reading.tags & {"img", "iframe", "object", "embed", "base"}
    check_scripts(html)
    assert not any(
        name.startswith("on") or name in {"src", "srcset", "action", "style"} for name, _ in reading.attributes
    )
    targets = [value for name, value in reading.attributes if name == "href"]
    assert targets[0] == "data:,"  # no icon is asked for
    assert {target.removeprefix("#") for target in targets[1:]} <= set(reading.ids)
    assert not re.search(r"https?:|@import|url\(", html)
    assert len(html.encode()) < SIZE
    return reading


def check_scripts(html: str) -> None:
    """The list is data, and the one script is the one that the policy names."""
    policy = re.search(r"script-src 'sha256-([^']+)'", unescape(html))
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", html, re.S)
    if scripts:
        assert scripts[0][0] == ' type="application/json" id="list"'
        assert "<" not in scripts[0][1]
        assert policy
        digest = hashlib.sha256(scripts[1][1].encode()).digest()
        assert base64.b64encode(digest).decode() == policy[1]
    assert len(scripts) in (0, 2)


def listed(html: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(re.findall(r'id="list">(.*?)</script>', html, re.S)[0])
    return data
