"""The index is what cdxj-indexer and pywb expect, sorted, and the same made while writing or afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warc_samples import RUN, SEGMENT, few, write_segment

import archive.export.cdxj
from archive import Problem, SegmentWriter
from archive.export.cdxj import index_lines, line_of, write_index
from archive.export.surt import surt
from archive.segments.uris import web_uri

#: Keys made by surt 0.3.1.
KEYS = {
    "http://example.org": "org,example)/",
    "http://example.org?": "org,example)/",
    "https://www.example.org:443/News/?b=2&a=1#top": "org,example)/news?a=1&b=2",
    "https://www2.example.org:8443/a//b/../c/./d/": "org,example:8443)/a/c/d",
    "http://user:pass@example.org./%41%2542?Q=%C3%BC": "org,example)/ab?q=%c3%bc",
    "http://example.org/?sid=0123456789abcdef0123456789abcdef&b=1": "org,example)/?b=1",
    "http://example.org/a;jsessionid=x?&&a": "org,example)/a;jsessionid=x?&&a",
    "http://1.2.3.4/x": "4,3,2,1)/x",
    "http://xn--bcher-kva.example/": "example,xn--bcher-kva)/",
    "urn:uuid:00AA": "urn:uuid:00aa",
    "file:///A/b%20c.txt": "file:/a/b%20c.txt",
}


@pytest.mark.parametrize("uri", KEYS)
def test_surt(uri: str) -> None:
    assert surt(uri) == KEYS[uri]


@given(st.from_regex(r"(https?://(www\.)?[a-z]{1,3}\.Org(:80|:81)?|file://)/[ -~ü]{0,20}", fullmatch=True))
def test_surt_as_the_surt_package(given_uri: str) -> None:
    theirs = pytest.importorskip("surt", reason="surt is not installed")
    uri = web_uri(given_uri) or given_uri
    assert surt(uri) == theirs.surt(uri)


def test_made_while_writing_or_afterwards(tmp_path: Path) -> None:
    with SegmentWriter(tmp_path, SEGMENT, RUN) as writer:
        lines = [line for one in few() for placed in writer.write(one) if (line := line_of(placed))]
    assert lines == list(index_lines(writer.paths[0]))
    assert len(lines) == sum(1 if one.clean_text is None else 2 for one in few())
    fields = json.loads(lines[0].split(" ", 2)[2])
    assert list(fields) == ["url", "mime", "digest", "length", "offset", "filename"]
    assert lines[0].startswith("org,example)/news/a?a=1&b=2 20240229235959 {")
    assert lines[1].startswith("org,example)/news/a?a=1&b=2 20260304050607 {")


def test_sorted_with_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line in index_lines(write_segment(tmp_path, few())) if isinstance(line, str)]
    assert write_index(tmp_path / "one", lines) == len(lines)
    monkeypatch.setattr(archive.export.cdxj, "BATCH", 1)
    for merged in (2, 3, 64):
        monkeypatch.setattr(archive.export.cdxj, "MERGED", merged)
        assert write_index(tmp_path / "two", reversed(lines)) == len(lines)
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".gz") == ["one", "two"]
    written = (tmp_path / "one").read_bytes().splitlines(keepends=True)
    assert written == sorted(written)


def test_failure_leaves_the_older_index(tmp_path: Path) -> None:
    target = tmp_path / "index.cdxj"
    write_index(target, ["old\n"])

    def broken() -> object:
        yield "new\n"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        write_index(target, broken())  # type: ignore[arg-type]
    assert target.read_text() == "old\n"
    assert [path.name for path in tmp_path.iterdir()] == ["index.cdxj"]


def test_damage_is_reported_and_the_rest_indexed(tmp_path: Path) -> None:
    path = write_segment(tmp_path, few())
    path.write_bytes(path.read_bytes()[:-10])
    lines = list(index_lines(path))
    assert [isinstance(line, Problem) for line in lines] == [False] * (len(lines) - 1) + [True]


def test_same_as_cdxj_indexer(tmp_path: Path) -> None:
    main = pytest.importorskip("cdxj_indexer.main", reason="cdxj-indexer is not installed")
    path = write_segment(tmp_path, few())
    theirs = tmp_path / "theirs.cdxj"
    main.CDXJIndexer(str(theirs), [str(path)], sort=True, records="resource,conversion").process_all()
    mine = tmp_path / "mine.cdxj"
    write_index(mine, (line for line in index_lines(path) if isinstance(line, str)))
    assert mine.read_text() == theirs.read_text()
