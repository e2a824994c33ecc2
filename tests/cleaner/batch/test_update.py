"""Updates: what is new or has changed is cleaned into new shards, what is there is never touched."""

import json
import os
import shutil

from support.updates import STORY, change, check, current, files, groups, report, row, rows, run, write

from archive.checking.versions import PREVIOUS
from cleaner.cli.main import main
from cleaner.memory.store import Memory
from cleaner.review.index import documents_in
from cleaner.writers.report.run_data import survey


def test_what_is_new_or_has_changed_is_cleaned_and_nothing_that_is_there_is_touched(inside, tmp_path):
    out = tmp_path / "out"
    run(inside, out)
    before = files(out, "documents", "warc")
    change(inside)
    counts = run(inside, out, 1)
    check(out)
    assert counts.documents == 4
    after = files(out, "documents", "warc")
    assert {name: after[name] for name in before} == before
    new = rows(out)[9:]
    assert sorted(row["id"] for row in new) == ["1", "9", "b.txt", "e.txt"]
    assert sorted(path.name for path in (out / "text").iterdir()) == ["a.txt", "b.txt", "c.txt", "d.txt", "e.txt"]
    assert "mended" in (out / "text/b.txt").read_text()
    told = report(out)["updates"][0]
    assert (told["new"], told["changed"], told["unchanged"], told["vanished"]) == (1, 3, 1, 1)
    assert (told["vanished-names"], told["documents"], told["documents-unchanged"]) == (["d.txt"], 4, 4)
    assert report(out)["shards"] == len(list((out / "documents").iterdir()))


COUNTED = ("documents", "status", "labels", "characters", "sources", "languages", "reasons", "repairs")


def test_counts_are_those_of_one_run_over_what_is_there_now(inside, tmp_path):
    out, broken = tmp_path / "out", b"\x00\x01\xff\xfe" * 40
    write(inside / "gone.txt", f"gone: {STORY}")
    for name in ("mended.txt", "broken.txt"):
        (inside / name).write_bytes(broken)
    os.utime(inside / "mended.txt", (1_700_000_000, 1_700_000_000))
    extra = [row("5", ""), json.dumps({"id": 6}) + "\n", row("7", f"7: {STORY}\n\nDonate now")]
    write(inside / "more.jsonl", "".join(extra))
    run(inside, out, count=False)
    change(inside)
    write(inside / "d.txt", f"d: {STORY}\n\nRead more")
    write(inside / "mended.txt", f"mended: {STORY}", 1_700_000_900)
    write(
        inside / "more.jsonl", row("5", f"5: {STORY}") + row(6, f"6: {STORY}") + row("7", "Donate now"), 1_700_000_900
    )
    run(inside, out, 1, count=False)
    rows_before = len(rows(out))
    write(inside / "b.txt", f"b, again: {STORY}\n\nSign up for our newsletter", 1_700_001_900)
    run(inside, out, 2, count=False)
    check(out)
    run(inside, tmp_path / "whole", 2, count=False)
    told, whole = report(out), report(tmp_path / "whole")
    vanished = next(row for row in current(out) if row["id"] == "2")  # stays, as what was stored does
    assert len(rows(out)) == rows_before + 1
    assert told["counts"]["documents"] == whole["counts"]["documents"] + 1
    assert vanished["status"] == "clean"
    write(inside / "rows.jsonl", (inside / "rows.jsonl").read_text() + row("2", f"2: {STORY}"), 1_700_002_900)
    shutil.rmtree(tmp_path / "whole")
    run(inside, out, 3, count=False)
    run(inside, tmp_path / "whole", 3, count=False)
    told, whole = report(out), report(tmp_path / "whole")
    assert {name: told["counts"][name] for name in COUNTED} == {name: whole["counts"][name] for name in COUNTED}
    assert [failure["path"] for failure in told["failures"]] == ["broken.txt"]
    assert (told["empty"], told["suspect"]) == (whole["empty"], whole["suspect"])
    assert told["lines"] == whole["lines"]


def test_failures_that_stay_are_told_and_those_that_vanish_are_not(inside, tmp_path, capsys):
    words = ["clean", str(inside), "-o", str(tmp_path / "out"), "--workers", "1", "--timeout", "0", "--update"]
    (inside / "broken.txt").write_bytes(b"\x00\x01\xff\xfe" * 40)
    assert main(words) == 1
    change(inside)
    capsys.readouterr()
    assert main(words) == 1
    assert "1 input failed in an earlier run; run.json names it" in capsys.readouterr().err
    (inside / "broken.txt").unlink()
    assert main(words) == 0
    assert "vanished: broken.txt;" in capsys.readouterr().out
    assert report(tmp_path / "out")["failures"] == []


def test_failures_of_a_file_that_changed_during_the_run_go_when_it_is_read_whole(inside, tmp_path):
    def meddle(progress):
        if progress.phase == "cleaning" and progress.documents >= 3:
            os.utime(inside / "rows.jsonl", (1_700_000_500, 1_700_000_500))

    out = tmp_path / "out"
    counts = run(inside, out, show=meddle, count=False)
    assert counts.failed > 1
    changed = "has changed since the run began"
    assert all(failure.what.startswith(changed) for failure in counts.failures)
    assert any(failure.what.endswith("more documents from there on not read") for failure in counts.failures)
    run(inside, out, 1, count=False)
    check(out)
    told = report(out)
    assert (told["failures"], told["updates"][-1]["failed-before"]) == ([], 0)
    assert told["counts"]["status"] == {"clean": 9}
    assert len(survey(out, 50).rows) == 1
    run(inside, out, 2, count=False)
    assert report(out) == told


def test_a_broken_row_that_is_gone_is_no_failure_any_more(inside, tmp_path, capsys):
    words = ["clean", str(inside), "-o", str(tmp_path / "out"), "--workers", "1", "--timeout", "0", "--update"]
    whole = (inside / "rows.jsonl").read_text()
    write(inside / "rows.jsonl", f"{whole}no row\n{{}}\n", 1_700_000_500)
    assert main(words) == 1
    write(inside / "rows.jsonl", f"{whole}still no row\n", 1_700_000_900)
    assert main(words) == 1
    assert [failure["row"] for failure in report(tmp_path / "out")["failures"]] == [6]
    write(inside / "rows.jsonl", whole, 1_700_001_900)
    assert main(words) == 0
    assert report(tmp_path / "out")["counts"]["status"] == {"clean": 9}


def test_what_has_vanished_is_named_once(inside, tmp_path):
    out = tmp_path / "out"
    run(inside, out)
    (inside / "d.txt").rename(tmp_path / "d.txt")
    for month in (1, 2):
        write(inside / f"new{month}.txt", f"{month}: {STORY}")
        run(inside, out, month)
    assert [told["vanished-names"] for told in report(out)["updates"]] == [["d.txt"], []]
    (tmp_path / "d.txt").rename(inside / "d.txt")
    run(inside, out, 3)
    (inside / "d.txt").unlink()
    run(inside, out, 4)
    assert [told["vanished-names"] for told in report(out)["updates"]] == [["d.txt"], [], [], ["d.txt"]]


def test_report_and_review_show_the_last_version_alone(inside, tmp_path):
    out = tmp_path / "out"
    run(inside, out)
    change(inside)
    run(inside, out, 1)
    seen = survey(out, 50)
    assert sum(seen.rows.values()) == len(current(out)) == report(out)["counts"]["documents"]
    assert sorted(document.id for document in documents_in(out)) == sorted(str(row["id"]) for row in current(out))


def test_a_changed_document_names_the_group_before(inside, tmp_path, capsys):
    out = tmp_path / "out"
    run(inside, out)
    change(inside)
    run(inside, out, 1)
    write(inside / "b.txt", f"b, mended again: {STORY}", 1_700_001_900)
    run(inside, out, 2)
    check(out)
    of_b = [group for group in groups(out) if group.metadata.fields["source-path"] == "b.txt"]
    assert [group.metadata.fields.get(PREVIOUS) for group in of_b] == [None, *(g.metadata.id for g in of_b[:2])]
    capsys.readouterr()
    assert main(["archive", "history", str(out), "b.txt"]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 3
    of_e = [group for group in groups(out) if group.metadata.fields["source-path"] == "e.txt"]
    assert [group.metadata.fields.get(PREVIOUS) for group in of_e] == [None]


def test_nothing_new_leaves_all_as_it_is(inside, tmp_path):
    out = tmp_path / "out"
    run(inside, out)
    before = files(out, ".")
    run(inside, out, 1)
    assert files(out, ".") == before


def test_what_vanished_and_comes_back_is_not_cleaned_again(inside, tmp_path):
    out = tmp_path / "out"
    run(inside, out)
    (inside / "d.txt").rename(tmp_path / "d.txt")
    run(inside, out, 1)
    assert report(out)["updates"][-1]["vanished-names"] == ["d.txt"]
    (tmp_path / "d.txt").rename(inside / "d.txt")
    run(inside, out, 2)
    check(out)
    assert len(rows(out)) == 9


def test_a_monthly_file_of_rows_costs_what_is_new_in_it(inside, tmp_path):
    out = tmp_path / "out"
    for name in "abcd":
        (inside / f"{name}.txt").unlink()
    (inside / "rows.jsonl").unlink()
    old = [row(None, f"{n}: {STORY}", url=f"https://example.org/{n}") for n in range(4)]
    write(inside / "may.jsonl", "".join(old))
    run(inside, out)
    new = [row(None, f"{n}: {STORY}", url=f"https://example.org/{n}") for n in range(4, 6)]
    write(inside / "june.jsonl", "".join([new[0], *old[1:], new[1]]))
    assert run(inside, out, 1).documents == 2
    check(out)


def test_the_memory_of_sources_is_extended(inside, tmp_path):
    out = tmp_path / "out"
    run(inside, out)
    before = Memory.open(out / "memory.sqlite").facts()[0].documents
    change(inside)
    run(inside, out, 1)
    assert sum(facts.documents for facts in Memory.open(out / "memory.sqlite").facts()) > before
    assert report(out)["memory"] == Memory.open(out / "memory.sqlite").digest


def test_names_of_new_texts_are_free(inside, tmp_path):
    out = tmp_path / "out"
    write(inside / "x.md.txt", f"old: {STORY}")
    run(inside, out)
    write(inside / "x.md", f"new: {STORY}")
    run(inside, out, 1)
    check(out)
    assert (out / "text/x.md.txt").read_text().startswith("old")
    assert (out / "text/x.md.2.txt").read_text().startswith("new")


def test_the_command_tells_what_an_update_found(inside, tmp_path, capsys):
    words = ["clean", str(inside), "-o", str(tmp_path / "out"), "--workers", "1", "--timeout", "0", "--update"]
    assert main(words) == 0
    change(inside)
    capsys.readouterr()
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "4 documents: 4 clean" in out
    assert "inputs: 1 new, 3 changed, 1 unchanged, 1 vanished" in out
    assert "vanished: d.txt; what was stored of them stays" in out
    assert main(words) == 0
    assert "nothing was done: no input is new or has changed (--fresh cleans all again)" in capsys.readouterr().err


def test_inputs_that_changed_are_told_with_one_line(inside, tmp_path, capsys):
    words = ["clean", str(inside), "-o", str(tmp_path / "out"), "--workers", "1", "--timeout", "0"]
    assert main(words) == 0
    change(inside)
    capsys.readouterr()
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "other inputs, or they have changed since" in line


def test_an_update_given_again_is_no_other_one_though_inputs_have_vanished(inside, tmp_path):
    out = tmp_path / "out"
    run(inside, out)
    (inside / "b.txt").unlink()
    run(inside, out, 1)
    before = (out / "run.json").read_bytes()
    run(inside, out, 2)
    assert (out / "run.json").read_bytes() == before
    (inside / "c.txt").unlink()
    run(inside, out, 3)
    assert [told["vanished"] for told in report(out)["updates"]] == [1, 1]  # named once
