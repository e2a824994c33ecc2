"""The report: whole and safe whatever the run holds, the same bytes for the same run, small, made from the archive."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import math
import re
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from warcio.warcwriter import WARCWriter

from cleaner.labels import Label
from cleaner.writers.report.page import SIZE, ReportError, write_report
from cleaner.writers.report.run_data import choose, survey
from cleaner.writers.report.visible import visible_text, wide_share

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
    assert "All 2 documents of the run." in words
    assert "In full" not in words
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


def test_of_very_many_documents_the_list_is_a_sample_that_says_so(tmp_path: Path) -> None:
    rows = [document(f"d{index}") for index in range(4_000)] + [document("look", status="suspect")]
    html = report(run_folder(tmp_path / "out", rows, archive=False), sample=3)
    check_whole(html)
    data = listed(html)
    assert len(data["documents"]) == 1_501
    assert data["statuses"][data["documents"][0][2]] == "suspect"
    assert "A sample of 1,501 of 4,001 documents, by chance: 1 of 1 suspect, 1,500 of 4,000 clean." in html


def test_the_size_is_bounded_whatever_the_texts(tmp_path: Path) -> None:
    long = "\u202e" * 300
    lines = [{"text": f"{long}{index}", "label": long, "count": 9} for index in range(500)]
    doubts = [{"document": long, "text": long, "label": long, "action": "keep", "score": 0.5}] * 500
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
    out = run_folder(tmp_path / "out", rows, archive=False, counts=counts, failures=failures, configuration=many, lines=lines,
                     **{"least-certain": doubts})  # fmt: skip
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


def test_every_label_has_a_colour(tmp_path: Path) -> None:
    html = report(run_folder(tmp_path / "out", [document("a")]))
    for label in Label:
        assert f".l-{label}{{--h:" in html


def test_every_count_leads_to_what_it_counts(tmp_path: Path) -> None:
    rows = [document("a"), document("b", status="suspect"), failed("c")]
    html = report(run_folder(tmp_path / "out", rows))
    check_whole(html)
    for target in (
        '<b><a href="#documents" data-filter="status" data-value="suspect">1</a></b>',
        '<b><a href="#failures">1</a></b>',
        '<b><a href="#labels">',
        '<b><a href="#repairs">2</a></b>',
        '<a href="#documents" data-filter="label" data-value="donation">',
        '<a href="#documents" data-filter="source" data-value="example.org">',
        '<a href="#documents" data-filter="status" data-value="clean">',
    ):
        assert target in html, target


def test_the_list_holds_what_is_filtered_by(tmp_path: Path) -> None:
    rows = [document("a", title="Bridge"), failed("c")]
    data = listed(report(run_folder(tmp_path / "out", rows)))
    failure, bridge = data["documents"]
    assert failure[0] == "c.txt c"
    assert bridge[:2] == ["a.txt a", "Bridge"]
    assert (data["statuses"][bridge[2]], data["sources"][bridge[3]], bridge[4]) == ("clean", "example.org", "en")
    assert [data["labels"][label] for label in bridge[5]] == ["donation", "related"]
    assert (bridge[6], bridge[7]) == (round(37 / 76, 3), 1)


def test_lines_removed_most_often_and_the_least_certain_decisions(tmp_path: Path) -> None:
    lines = [{"text": f"Line {index}", "label": "social", "count": 40 - index} for index in range(20)]
    doubts = [{"document": "a", "text": "Perhaps", "label": "body", "action": "keep", "score": 0.48}]
    out = run_folder(tmp_path / "out", [document("a")], lines=lines, **{"least-certain": doubts})
    words = check_whole(report(out)).words
    assert words.index("Line 0 social 40") < words.index("Line 14 social 26") < words.index("5 more lines")
    assert "Perhaps body · kept a 0.48" in words


def test_the_least_certain_documents_are_in_the_sample(tmp_path: Path) -> None:
    rows = [document(f"d{index}") for index in range(40)]
    rows[17]["spans"] = [{**span, "score": 0.51} for span in rows[17]["spans"]]
    out = run_folder(tmp_path / "out", rows, archive=False)
    assert choose(survey(out, 10), 10)[0].ordinal == 17


def test_failures_of_one_kind_are_one_line(tmp_path: Path) -> None:
    failures = [
        {"path": f"{index}.txt", "row": None, "what": f"byte {index} is odd", "do": "mend"} for index in range(9)
    ]
    words = check_whole(report(run_folder(tmp_path / "out", [failed("a")], failures=failures))).words
    assert "9 failures of 1 kind." in words
    assert "byte 0 is oddmend9 0.txt, 1.txt, 2.txt and 6 more" in words


def test_kept_paragraphs_unfold(tmp_path: Path) -> None:
    text = "\n".join(f"Paragraph {index} of the article." for index in range(40))
    html = report(run_folder(tmp_path / "out", [document("a", text=text)], archive=False))
    assert re.search(r'<details class="folded"><summary>31 paragraphs of the article \([\d,]+ characters\), kept', html)
    assert all(f"Paragraph {index} of" in html for index in range(40))


CRAFTED = {
    "spans that are text": {"spans": "abc"},
    "a span without places": {"spans": [{"label": "related"}]},
    "a score that is text": {"spans": [{"start": 0, "end": 1, "score": "high"}]},
    "metadata that are a list": {"metadata": [1]},
    "a repair that is a number": {"repairs": [3]},
}


@pytest.mark.parametrize("name", CRAFTED)
def test_crafted_rows_are_refused_with_a_message(tmp_path: Path, name: str) -> None:
    out = run_folder(tmp_path / "out", [document("a")])
    with (out / "documents" / "00000.jsonl").open("a") as rows:
        rows.write(json.dumps(document("b", **CRAFTED[name])) + "\n")
    with pytest.raises(ReportError, match=r"line 2 is not a row"):
        report(out)


@pytest.mark.parametrize("name", ["counts", "failures", "lines", "least-certain", "configuration", "versions"])
def test_a_crafted_run_json_still_gives_a_report(tmp_path: Path, name: str) -> None:
    for number, value in enumerate([3, "text", [1, [2]], {"status": 3, "sources": {"a": 3}, "labels": {"social": 1}}]):
        if name == "counts" and not isinstance(value, dict):
            continue
        check_whole(report(run_folder(tmp_path / str(number), [document("a")], **{name: value})))


def test_plots_are_spoken(tmp_path: Path) -> None:
    reading = check_whole(report(run_folder(tmp_path / "out", [document("a")])))
    spoken = [value for name, value in reading.attributes if name == "aria-label"]
    assert "Removed by label: donation, 28 characters · 2 spans" in spoken
    assert "Documents by status: clean, 100\u00a0%" in spoken


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "run.json is missing"),
        ("{", "is not JSON"),
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
    with pytest.raises(ReportError, match=r"00000\.jsonl, line 2 is not JSON .*clean again"):
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
    sheet = (resources.files("cleaner") / "writers/report/templates/report.css").read_text(encoding="utf-8")
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


def test_what_is_shown_of_control_characters_and_shares() -> None:
    assert visible_text("a\r\nb\rc\td") == "a\nb\nc\td"
    assert visible_text("می\u200cخواهم") == "می\u200cخواهم"
    assert (wide_share(0, 0), wide_share(1, 3), wide_share(3, 3)) == ("0\u00a0%", "33.3\u00a0%", "100\u00a0%")
