"""Articles whose original is a record of another WARC file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from warc_samples import CHECKS, RUN, SEGMENT, article, empty

from archive import Article, Missing, Problem, Reference, SegmentWriter, Sources, repair, verify
from archive.checking.verify import Origin, article_problems
from archive.segments.reader import groups
from archive.segments.records import group_of
from archive.view import Entry, entries

THERE = Reference("urn:x-ferry:a", 120, 0, "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ")


def referring(path: str = "crawl.warc.gz", row: int = 7) -> Article:
    return replace(article(path), row=row, target_uri="https://ferry.example/a", reference=THERE)


def written(folder: Path, *articles: Article) -> Path:
    with SegmentWriter(folder, SEGMENT, RUN) as writer:
        for article in articles:
            writer.write(article)
    return writer.paths[0]


def test_group_holds_no_original() -> None:
    conversion, metadata = group_of(referring(), RUN)
    assert (conversion.type, metadata.type) == ("conversion", "metadata")
    assert b"WARC-Refers-To: <urn:x-ferry:a>\r\n" in conversion.header
    assert b"source-offset: 120\r\n" in metadata.block
    (alone,) = group_of(replace(empty("crawl.warc.gz"), row=8, reference=THERE), RUN)
    assert b"WARC-Refers-To: <urn:x-ferry:a>\r\n" in alone.header


def test_records_of_two_files_get_ids_of_their_own() -> None:
    """The same id in two rows, as a file concatenated with itself has it."""
    ids = {draft.id for row in (7, 8) for draft in group_of(replace(referring(row=row), target_uri=None), RUN)}
    assert len(ids) == 4


def test_only_what_is_missing_is_reported(tmp_path: Path) -> None:
    path = written(tmp_path, referring(), replace(empty("crawl.warc.gz"), row=8, reference=THERE), article())
    assert list(verify([path], CHECKS)) == [Missing("crawl.warc.gz", 2)]
    listed = [entry.row() for entry in entries([path]) if isinstance(entry, Entry)]
    assert [row["path"] for row in listed] == ["crawl.warc.gz#7", "crawl.warc.gz#8", "news/a.txt"]
    assert listed[0]["id"] == "urn:x-ferry:a"
    assert repair(path, tmp_path / "no").path is None


def test_reference_to_another_record_is_a_problem(tmp_path: Path) -> None:
    path = written(tmp_path, referring())
    group = next(g for g in groups(path) if not isinstance(g, Problem) and g.is_article)
    first, metadata = group.records
    changed = tuple((name, "<urn:x:b>" if name == "WARC-Refers-To" else value) for name, value in first.headers)
    odd = replace(group, records=(replace(first, headers=changed), metadata))
    problems = list(article_problems(odd, CHECKS, Origin(Sources(), tmp_path)))
    assert [problem.what for problem in problems] == [
        "WARC-Refers-To is 'urn:x:b', not the source record 'urn:x-ferry:a'"
    ]


def test_a_lost_original_is_no_reference(tmp_path: Path) -> None:
    """Without the field that names a source record a conversion alone is what damage left over."""
    path = written(tmp_path, article(), article("b.txt"))
    data = path.read_bytes()
    second = data.index(b"\x1f\x8b\x08", 10)
    path.write_bytes(data[: second + 30] + b"\0\0\0\0" + data[second + 34 :])
    problems = [str(problem) for problem in verify([path], CHECKS)]
    assert any("not a whole group" in problem for problem in problems)
    assert not any("missing" in problem and "not at hand" in problem for problem in problems)
