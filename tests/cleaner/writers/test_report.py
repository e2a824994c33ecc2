"""The report: whole and safe whatever the run holds, the same bytes for the same run, small, made from the archive."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from support.report_run import HOSTILE, SPANS, check_whole, document, failed, listed, report, run_folder, summary

from cleaner.labels import Label
from cleaner.writers.report.run_data import choose, survey
from cleaner.writers.report.visible import visible_text, wide_share


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


def test_plots_are_spoken(tmp_path: Path) -> None:
    reading = check_whole(report(run_folder(tmp_path / "out", [document("a")])))
    spoken = [value for name, value in reading.attributes if name == "aria-label"]
    assert "Removed by label: donation, 28 characters · 2 spans" in spoken
    assert "Documents by status: clean, 100\u00a0%" in spoken


def test_segments_are_read_whole_when_files_and_shards_do_not_pair_up(tmp_path: Path) -> None:
    out = run_folder(tmp_path / "out", [document("a")])
    (out / "warc" / "cleancopy-20260102030405-00001-00.warc.gz").write_bytes(gzip.compress(b""))
    assert "Dear readers, help us." in check_whole(report(out)).words


def test_what_is_shown_of_control_characters_and_shares() -> None:
    assert visible_text("a\r\nb\rc\td") == "a\nb\nc\td"
    assert visible_text("می\u200cخواهم") == "می\u200cخواهم"
    assert (wide_share(0, 0), wide_share(1, 3), wide_share(3, 3)) == ("0\u00a0%", "33.3\u00a0%", "100\u00a0%")
