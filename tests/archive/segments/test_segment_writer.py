"""Segments are written as transactions, the same bytes every time, and leave nothing half-written."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from warc_samples import CAPTURED, CHECKS, CLOCK, RUN, SEGMENT, article, empty, failed, few, write_segment

import archive.segments.records
import archive.segments.writer
from archive import Article, ArticleError, Segment, SegmentError, SegmentWriter, groups, segment_name, verify
from archive.segments.reader import Group, records
from archive.segments.records import group_of
from archive.warc.fields import unescape


def test_same_input_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first = write_segment(tmp_path / "one", few())
    second = write_segment(tmp_path / "two", few())
    assert first.read_bytes() == second.read_bytes()
    assert first.name == second.name == "sample-20260304050607-00000-00.warc.gz"
    assert not list(verify([first], CHECKS))


def test_gzip_headers_hold_neither_time_nor_system(tmp_path: Path) -> None:
    path = write_segment(tmp_path, few())
    data = path.read_bytes()
    written = list(records(path))
    assert len(written) > 2
    for record in written:
        assert data[record.offset or 0 :][:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def test_first_is_warcinfo_and_last_is_seal(tmp_path: Path) -> None:
    written = [group for group in groups(write_segment(tmp_path, few())) if isinstance(group, Group)]
    assert written[0].shape == ("warcinfo",)
    assert written[-1].records[0].is_seal
    assert written[-1].records[0].refers_to == written[0].records[0].id
    assert all(group.is_article for group in written[1:-1])
    assert dict(written[0].records[0].fields)["cleaner-model-digest"] == RUN.model_digest


def test_empty_and_failed_have_no_conversion() -> None:
    for one in (empty(), failed()):
        resource, metadata = group_of(one, RUN)
        assert (resource.type, metadata.type) == ("resource", "metadata")
        assert f"WARC-Refers-To: <{resource.id}>".encode() in metadata.header
        assert b"body-digest" not in metadata.block


def test_write_says_where_records_lie(tmp_path: Path) -> None:
    with SegmentWriter(tmp_path, SEGMENT, RUN) as writer:
        placed = [place for one in few() for place in writer.write(one)]
    read_back = [record for record in records(writer.paths[0]) if not hasattr(record, "what")]
    assert [(p.offset, p.length, p.id) for p in placed] == [(r.offset, r.length, r.id) for r in read_back[1:-1]]
    assert {p.segment for p in placed} == {writer.paths[0].name}


@pytest.mark.parametrize(
    ("captured", "cleaned", "dates"),
    [
        (CAPTURED, CLOCK, ("2024-02-29T23:59:59Z", "2026-03-04T05:06:07Z")),
        (CLOCK + timedelta(days=1), CLOCK, ("2026-03-04T05:06:07Z", "2026-03-04T05:06:08Z")),
        (CLOCK - timedelta(microseconds=1), CLOCK, ("2026-03-04T05:06:06Z", "2026-03-04T05:06:07Z")),
        (CAPTURED.astimezone(timezone(timedelta(hours=9))), CLOCK, ("2024-02-29T23:59:59Z", "2026-03-04T05:06:07Z")),
        (datetime(1, 1, 1, tzinfo=UTC), CLOCK, ("0001-01-01T00:00:00Z", "2026-03-04T05:06:07Z")),
    ],
)
def test_dates(captured: datetime, cleaned: datetime, dates: tuple[str, str]) -> None:
    resource, conversion, metadata = group_of(article(captured=captured, cleaned=cleaned), RUN)
    assert (resource.date, conversion.date) == dates
    assert metadata.date == conversion.date


@pytest.mark.parametrize(
    ("given", "uri"),
    [
        ("https://www.example.org/a b?ü#x", "https://www.example.org/a%20b?%C3%BC#x"),
        ("HTTP://Bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://straße.example:8080/", "http://xn--strae-oqa.example:8080/"),  # IDNA 2003 said strasse
        ("http://☃.example/", "http://xn--n3h.example/"),
        ("http://ida@bücher.example/", "http://ida@xn--bcher-kva.example/"),
        ("http://bücher..example/", "http://b%C3%BCcher..example/"),
        ("javascript:alert(1)", "file:///news/a.txt"),
        ("http://[broken/", "file:///news/a.txt"),
        ("http:///no-host", "file:///news/a.txt"),
        ("http://example.org/\r\nWARC-Type: x", None),
        ("", "file:///news/a.txt"),
        (None, "file:///news/a.txt"),
        ("http://example.org/" + "a" * 9000, "file:///news/a.txt"),
    ],
)
def test_target_uris(given: str | None, uri: str | None) -> None:
    resource, conversion, _ = group_of(article(target_uri=given), RUN)
    assert uri is None or resource.target_uri == uri
    assert re.fullmatch(r"[!-~]+", resource.target_uri)
    assert conversion.target_uri == resource.target_uri


def test_rows_have_addresses_of_their_own() -> None:
    uris = {group_of(article("rows.jsonl", row=row), RUN)[0].target_uri for row in range(3)}
    assert len(uris) == 3
    assert all(uri.startswith("urn:uuid:") for uri in uris)


def test_ids_follow_what_they_stand_for() -> None:
    """The original's id does not depend on the cleaner; the others' do."""
    one = group_of(article(), RUN)
    other = group_of(article(), replace(RUN, version="0.2.0"))
    assert one[0].id == other[0].id
    assert one[1].id != other[1].id
    assert one[2].id != other[2].id
    assert len({draft.id for draft in one}) == 3
    moved = group_of(article("news/b.txt"), RUN)
    assert moved[0].id != one[0].id


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"captured": datetime(2024, 1, 1)}, "time zone"),
        ({"clean_text": "\ud800"}, "surrogate"),
        ({"media_type": "text/plain\r\nX: y"}, "media type"),
        ({"charset": "utf-8; x"}, "charset"),
        ({"fields": {"ledger": "x"}}, "name a field"),
        ({"fields": {"No Such": "x"}}, "name a field"),
        ({"ledger": {"score": float("nan")}}, "not JSON"),
        ({"ledger": {"x": b"bytes"}}, "not JSON"),
    ],
)
def test_refused_articles_leave_the_segment_whole(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    with SegmentWriter(tmp_path, SEGMENT, RUN) as writer:
        writer.write(article("first.txt"))
        with pytest.raises(ArticleError, match=word):
            writer.write(article("bad.txt", **change))
        writer.write(article("last.txt"))
    assert not list(verify(writer.paths, CHECKS))
    assert sum(isinstance(g, Group) and g.is_article for g in groups(writer.paths[0])) == 2


def test_fields_survive_any_value(tmp_path: Path) -> None:
    value = "a\r\nledger: {}\x00 100 % \u2028 "
    path = write_segment(tmp_path, [article("we\nird/\udcff%41.txt", fields={"note": value})])
    assert not list(verify([path], CHECKS))
    (group,) = (g for g in groups(path) if isinstance(g, Group) and g.is_article)
    assert unescape(group.metadata.fields["note"]) == value
    assert unescape(group.metadata.fields["source-path"]) == "we\nird/\udcff%41.txt"


class _Full:
    """A disk that takes some bytes, then no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def __call__(self, file: Any, data: bytes) -> None:
        file.write(data[: self.room])
        if len(data) > self.room:
            raise OSError(28, "No space left on device")
        self.room -= len(data)


def test_full_disk_takes_a_group_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SegmentWriter(tmp_path, SEGMENT, RUN) as writer:
        writer.write(article("first.txt"))
        (draft,) = tmp_path.iterdir()
        size = draft.stat().st_size
        with monkeypatch.context() as patch:
            patch.setattr(archive.segments.writer, "_write_all", _Full(700))
            with pytest.raises(OSError, match="No space"):
                writer.write(article("torn.txt"))
        assert draft.stat().st_size == size
        writer.write(article("last.txt"))
    assert not list(verify(writer.paths, CHECKS))


def test_full_disk_at_the_seal_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = SegmentWriter(tmp_path, SEGMENT, RUN)
    writer.__enter__()
    writer.write(article())
    monkeypatch.setattr(archive.segments.writer, "_write_all", _Full(10))
    with pytest.raises(OSError, match="No space"):
        writer.__exit__(None, None, None)
    assert not list(tmp_path.iterdir())


def test_full_disk_at_the_warcinfo_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive.segments.writer, "_write_all", _Full(10))
    with pytest.raises(OSError, match="No space"), SegmentWriter(tmp_path, SEGMENT, RUN):
        pass
    assert not list(tmp_path.iterdir())


def test_abort_leaves_nothing(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, replace(SEGMENT, rotate_at=1), RUN)
    writer.__enter__()
    writer.write(article("a.txt"))
    writer.write(article("b.txt"))
    assert len(list(tmp_path.iterdir())) == 2
    writer.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert not list(tmp_path.iterdir())
    assert writer.paths == ()


def test_open_while_being_written(tmp_path: Path) -> None:
    with SegmentWriter(tmp_path, SEGMENT, RUN) as writer:
        writer.write(article())
        assert [path.suffix for path in tmp_path.iterdir()] == [".open"]
    assert [path.suffix for path in tmp_path.iterdir()] == [".gz"]
    with pytest.raises(SegmentError, match="not open"):
        writer.write(article())


def test_never_writes_over_a_file(tmp_path: Path) -> None:
    path = write_segment(tmp_path, [article()])
    with pytest.raises(SegmentError, match="exists"), SegmentWriter(tmp_path, SEGMENT, RUN):
        pass
    left = path.with_name(path.name + ".open")
    path.rename(left)
    with pytest.raises(SegmentError, match="archive repair"), SegmentWriter(tmp_path, SEGMENT, RUN):
        pass
    assert left.exists()


def test_rotation_between_groups(tmp_path: Path) -> None:
    whole = write_segment(tmp_path, few())
    limit = whole.stat().st_size // 3
    whole.unlink()
    with SegmentWriter(tmp_path, replace(SEGMENT, rotate_at=limit), RUN) as writer:
        for one in few():
            writer.write(one)
    assert [path.name[-10:] for path in writer.paths] == [f"{n:02d}.warc.gz" for n in range(len(writer.paths))]
    assert len(writer.paths) > 2
    assert not list(verify(writer.paths, CHECKS))
    (missing,) = verify(writer.paths[:-1], CHECKS)
    assert f"{writer.paths[-1].name} is missing" in missing.what
    assert sum(isinstance(g, Group) and g.is_article for path in writer.paths for g in groups(path)) == len(few())


def test_failed_rotation_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SegmentWriter(tmp_path, replace(SEGMENT, rotate_at=1), RUN) as writer:
        writer.write(article("a.txt"))
        with monkeypatch.context() as patch:
            patch.setattr(archive.segments.writer, "_create", _no_space)
            with pytest.raises(OSError, match="No space"):
                writer.write(article("b.txt"))
        writer.write(article("c.txt"))
    assert len(writer.paths) == 2
    assert not list(verify(writer.paths, CHECKS))


def _no_space(path: Path) -> None:
    raise OSError(28, "No space left on device", os.fspath(path))


def test_what_could_not_be_read_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive.segments.records, "MAX_BLOCK", 1000)
    with pytest.raises(ArticleError, match=r"news/a\.txt: its resource has more than 1000 bytes"):
        group_of(article(source="x" * 1001), RUN)


def test_unsynced_folder_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive.segments.writer, "sync_folder", _no_space)
    with pytest.raises(OSError, match="No space"):
        write_segment(tmp_path, few())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("prefix", ["", "a/b", "..", "ü", "a b", ".hidden"])
def test_names_refuse_odd_prefixes(prefix: str) -> None:
    with pytest.raises(SegmentError, match="file name"):
        segment_name(prefix, CLOCK, shard=0, part=0)


def test_names_sort_by_shard_and_part() -> None:
    names = [segment_name("x", CLOCK, shard=shard, part=part) for shard in (0, 9, 10, 99999) for part in (0, 1, 10)]
    assert names == sorted(names)
    assert Segment("x", CLOCK, 3).rotate_at == 1_000_000_000


def test_article_is_named_by_its_locator() -> None:
    assert Article("a.jsonl", b"", CLOCK, CLOCK, {}, row=7).locator == "a.jsonl#7"
