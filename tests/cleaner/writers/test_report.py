"""The report: whole and safe whatever the run holds, the same bytes for the same run, small, made from the archive."""

from __future__ import annotations

import gzip
import io
import json
import math
import re
import time
from collections.abc import Sequence
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from warcio.warcwriter import WARCWriter

from cleaner.labels import Label
from cleaner.writers.report.html_text import escape, percent
from cleaner.writers.report.page import SIZE, ReportError, write_report
from cleaner.writers.report.run_data import choose, survey

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
        self.words += data


def check_whole(html: str) -> Reading:
    reading = Reading(html)
    assert reading.open == []
    assert len(reading.ids) == len(set(reading.ids))
    assert not reading.tags & {"script", "img", "iframe", "object", "embed", "a", "base"}
    assert not any(
        name.startswith("on") or name in {"src", "srcset", "action", "style"} for name, _ in reading.attributes
    )
    assert [value for name, value in reading.attributes if name == "href"] == ["data:,"]
    assert not re.search(r"https?:|@import|url\(", html)
    assert len(html.encode()) < SIZE
    return reading


def test_the_article_is_read_in_order_with_removals_in_place(tmp_path: Path) -> None:
    html = report(run_folder(tmp_path / "out", [document("a%20b")]))
    reading = check_whole(html)
    assert '<del class="cut l-related"><bdi>Read more</bdi></del>The bridge opened.' in html
    assert html.index("The bridge opened.") < html.index("90 million") < html.index("Dear readers, help us.")
    assert "donation · removed, 2 lines" in reading.words
    assert "0.91 salutation; asks for help" in reading.words
    assert "cue “read more” glued to prose" in reading.words
    assert "<del>¤</del><ins>€</ins></span>90 million." in html
    assert "currency" in reading.words
    assert "names the euro" in reading.words


def test_removals_are_listed_when_the_archive_has_no_ledger(tmp_path: Path) -> None:
    rows = [document("a"), document("b", spans=[{**span, "action": "strip", "text": "gone"} for span in SPANS])]
    words = check_whole(report(run_folder(tmp_path / "out", rows, archive=False))).words
    assert "The archive has no ledger of this document" in words
    assert "[22 characters at 49]" in words
    assert "gone" in words


def test_a_torn_segment_still_gives_a_report(tmp_path: Path) -> None:
    out = run_folder(tmp_path / "out", [document("a"), document("b")])
    (file,) = (out / "warc").iterdir()
    file.write_bytes(file.read_bytes()[:-30])
    words = check_whole(report(out)).words
    assert words.count("Dear readers, help us.") == 1


def test_ids_may_repeat_in_a_run(tmp_path: Path) -> None:
    other = document("a", spans=[{**SPANS[0], "action": "strip"}])
    words = check_whole(report(run_folder(tmp_path / "out", [document("a"), other]))).words
    assert words.count("Dear readers, help us.") == 1


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    span = {
        "start": 0,
        "end": 9,
        "label": HOSTILE,
        "action": HOSTILE,
        "score": 1,
        "reasons": [HOSTILE],
        "text": HOSTILE,
    }
    repair = dict.fromkeys(("before", "after", "kind", "evidence"), HOSTILE) | {"start": 10, "end": 11}
    row = document(HOSTILE, path=HOSTILE, title=HOSTILE, text=HOSTILE, spans=[span], repairs=[repair], status=HOSTILE)
    row["metadata"] = {"source": HOSTILE, "lang": HOSTILE, "why": HOSTILE}
    counts = summary([row])["counts"] | {"reasons": {HOSTILE: 1}, "skipped": {HOSTILE: 1}, "languages": {HOSTILE: 1}}
    counts["sources"] = {HOSTILE: {"documents": 1, "characters": 9, "removed": 1}}
    failures = [{"path": HOSTILE, "row": HOSTILE, "what": HOSTILE, "do": HOSTILE}]
    named = {"clock": HOSTILE, "cleancopy": HOSTILE, "digest": HOSTILE, "configuration": {HOSTILE: HOSTILE}}
    out = run_folder(tmp_path / "out", [row], archive=False, counts=counts, failures=failures, **named)
    html = report(out)
    reading = check_whole(html)
    assert reading.words.count("</script><script>alert(1)</script>") >= 12
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b]", html)
    assert "⟨U+202E⟩gnp." in reading.words


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    rows = [document(f"d{index}", metadata={"source": f"s{index % 7}.example"}) for index in range(90)]
    first = report(run_folder(tmp_path / "one", rows))
    assert first == report(run_folder(tmp_path / "two", rows))
    assert str(tmp_path) not in first


def test_a_run_without_documents(tmp_path: Path) -> None:
    words = check_whole(report(run_folder(tmp_path / "out", []))).words
    assert "No document was in this run." in words
    assert "There is no document to show." in words


def test_a_run_where_all_failed(tmp_path: Path) -> None:
    words = check_whole(report(run_folder(tmp_path / "out", [failed("a"), failed("b")]))).words
    assert "give --charset" in words
    assert "There is no document to show." in words
    assert "2 (100\u00a0%), could not be read or cleaned" in words


def test_suspect_and_empty_documents_come_first_and_labels_are_spread(tmp_path: Path) -> None:
    labels = ["caption", "newsletter", "social"]
    rows = [document(f"many{index}", metadata={"source": "big.example"}) for index in range(50)]
    rows += [document(label, spans=[{**SPANS[0], "action": "strip", "label": label}]) for label in labels]
    rows += [document(f"suspect{index}", status="suspect") for index in range(20)] + [document("nil", status="empty")]
    out = run_folder(tmp_path / "out", rows, archive=False)
    chosen = [json.loads((out / "documents" / "00000.jsonl").read_text().split("\n")[position.ordinal]) for position in
              choose(survey(out, 12), 12)]  # fmt: skip
    assert len(chosen) == 12
    assert [row["status"] for row in chosen] == ["suspect"] * 5 + ["empty"] + ["clean"] * 6
    assert set(labels) < {row["spans"][0]["label"] for row in chosen}


@pytest.mark.parametrize("sample", [0, 1, 500])
def test_the_sample_is_as_large_as_asked(tmp_path: Path, sample: int) -> None:
    html = report(run_folder(tmp_path / "out", [document(f"d{index}") for index in range(30)]), sample=sample)
    assert html.count("<article") == min(sample, 30)


def test_five_thousand_rows_are_quick(tmp_path: Path) -> None:
    out = run_folder(tmp_path / "out", [document(f"d{index}") for index in range(5_000)])
    started = time.perf_counter()
    check_whole(report(out))
    assert time.perf_counter() - started < 10  # about 1 s on two shared cores


def test_the_size_is_bounded_whatever_the_texts(tmp_path: Path) -> None:
    long = "\u202e" * 300
    text = (f"{'<' * 500}\n") * 200
    spans = [
        {
            "start": index,
            "end": index + 1,
            "label": str(label),
            "action": "strip",
            "score": 0.5,
            "reasons": [long[:60]] * 3,
        }
        for index in range(150)
        for label in [list(Label)[5 + index % 13]]
    ]
    rows = [document(f"{index}{long}", path=long, title=long, text=text, spans=spans) for index in range(45)]
    failures = [{"path": long, "row": 1, "what": long, "do": long}] * 5_000
    many = {f"{long}{index}": 1 for index in range(5_000)}
    sources = {name: {"documents": 1, "characters": 9, "removed": 1} for name in many}
    counts = summary(rows)["counts"] | {"reasons": many, "skipped": many, "languages": many, "sources": sources}
    out = run_folder(tmp_path / "out", rows, archive=False, counts=counts, failures=failures, configuration=many)
    reading = check_whole(report(out))
    assert "not shown here" in reading.words
    assert reading.ids.count("d40") == 1


def test_a_document_too_long_to_show_is_counted(tmp_path: Path) -> None:
    words = check_whole(report(run_folder(tmp_path / "out", [document("a"), document("b", text="x" * 600_000)]))).words
    assert "1 document too long to be shown here" in words


def test_long_articles_are_shortened_where_the_reader_sees_it(tmp_path: Path) -> None:
    text = "\n".join(["A paragraph of the article." * 40] * 60)
    words = check_whole(report(run_folder(tmp_path / "out", [document("a", text=text)], archive=False))).words
    assert re.search(r"\d+ paragraphs of the article \([\d,]+ characters\), kept; not shown here", words)
    assert "Dear readers" not in words  # no archive: only positions of removals
    assert "[22 characters at 49]" in words


def test_every_label_has_a_colour_and_a_filter(tmp_path: Path) -> None:
    html = report(run_folder(tmp_path / "out", [document("a")]))
    for label in Label:
        assert f".l-{label}{{--h:" in html
        assert f"#f-{label}:checked" in html


def test_plots_are_spoken(tmp_path: Path) -> None:
    reading = check_whole(report(run_folder(tmp_path / "out", [document("a")])))
    spoken = [value for name, value in reading.attributes if name == "aria-label"]
    assert "Removed by label: donation, 28 characters · 2 spans" in spoken
    assert "Documents by status: clean, 100\u00a0%" in spoken


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "run.json is missing"),
        ("{", "is no JSON"),
        ("[]", "has no counts"),
        ('{"counts": {}, "schema": 99}', "schema 99"),
        ('{"counts": {"documents": 3}, "schema": 1}', r"no documents/\*.jsonl"),
    ],
)
def test_a_folder_that_is_no_run(tmp_path: Path, content: str | None, says: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content, encoding="utf-8")
    with pytest.raises(ReportError, match=says):
        write_report(tmp_path, tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_a_broken_row_is_named(tmp_path: Path) -> None:
    out = run_folder(tmp_path / "out", [document("a")])
    with (out / "documents" / "00000.jsonl").open("a") as rows:
        rows.write('{"id": "b", "te\n')
    with pytest.raises(ReportError, match=r"00000\.jsonl, line 2 is no JSON .*clean again"):
        report(out)


def test_a_target_that_cannot_be_written(tmp_path: Path) -> None:
    out = run_folder(tmp_path / "out", [document("a")])
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(ReportError, match="cannot be written"):
        write_report(out, target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "out"]


def test_segments_are_read_whole_when_files_and_shards_do_not_pair_up(tmp_path: Path) -> None:
    out = run_folder(tmp_path / "out", [document("a")])
    (out / "warc" / "cleancopy-20260102030405-00001-00.warc.gz").write_bytes(gzip.compress(b""))
    assert "Dear readers, help us." in check_whole(report(out)).words


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of #rgb or #rrggbb."""
    digits = colour.strip("# ")
    parts = [int(digit * 2, 16) for digit in digits] if len(digits) == 3 else list(bytes.fromhex(digits))
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (p / 255 for p in parts))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def oklch_luminance(lightness: float, chroma: float, hue: float) -> float:
    """The same of an oklch colour, clipped to what a screen shows (matrices: Björn Ottosson, 2020)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    x = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    y = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    z = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z
    green = -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z
    blue = -0.0041960863 * x - 0.7034186147 * y + 1.7076147010 * z
    red, green, blue = (min(1.0, max(0.0, part)) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_at_least_aa(scheme: str) -> None:
    sheet = (resources.files("cleaner") / "data" / "report" / "report.css").read_text(encoding="utf-8")
    light, dark = (
        dict(re.findall(r"--([\w-]+): ([^;]+);", block)) for block in re.findall(r":root \{(.*?)\}", sheet, re.S)
    )
    values = light if scheme == "light" else light | dark
    for ground in ("paper", "card"):
        for ink in ("ink", "soft", "accent", "clean", "suspect", "empty", "failed"):
            assert contrast(luminance(values[ink]), luminance(values[ground])) >= 4.5, (ink, ground)
    for hue in range(0, 360, 10):
        chip, text, edge, wash = (
            oklch_luminance(float(values[f"{name}-l"]), float(values[f"{name}-c"]), hue)
            for name in ("chip", "text", "edge", "wash")
        )
        assert contrast(chip, text) >= 4.5
        assert min(contrast(wash, luminance(values[ink])) for ink in ("ink", "soft")) >= 4.5
        assert min(contrast(edge, luminance(values[ground])) for ground in ("card", "track")) >= 3


def test_escaping_and_numbers() -> None:
    assert escape("a\r\nb\rc\td") == "a\nb\nc\td"
    assert escape("می\u200cخواهم") == "می\u200cخواهم"
    assert (percent(0, 0), percent(1, 3), percent(3, 3)) == ("0\u00a0%", "33.3\u00a0%", "100\u00a0%")
