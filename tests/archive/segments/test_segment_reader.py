"""What was written is read back, whatever the values; every truncation is noticed; damage never stops reading."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warc_samples import CAPTURED, CHECKS, CLOCK, SEGMENT, article, few, ledger, write_segment

import archive.segments.reader
from archive import Article, Group, Problem, articles, groups, verify
from archive.segments.reader import records
from archive.view import Entry, clean_text, entries, ledger_of
from archive.warc.fields import dump_fields, escape, load_fields, unescape

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
names = st.text(st.characters(exclude_characters="\x00/"), min_size=1, max_size=12)
web = st.one_of(st.none(), st.text(max_size=30), st.from_regex(r"https?://[a-z]{1,5}\.org/[!-~]{0,20}", fullmatch=True))


@st.composite
def written(draw: st.DrawFn) -> Article:
    source = draw(texts)
    cut = draw(st.integers(0, len(source)))
    clean = source[cut:] if draw(st.booleans()) else None
    return article(
        "/".join(draw(st.lists(names, min_size=1, max_size=3))),
        source,
        cut,
        clean_text=clean,
        ledger=ledger(source, cut if clean is not None else len(source)),
        row=draw(st.one_of(st.none(), st.integers(0, 10**6))),
        target_uri=draw(web),
        captured=draw(st.datetimes().map(lambda when: when.replace(tzinfo=CLOCK.tzinfo))),
        fields={"note": draw(st.text(max_size=20))},
    )


@settings(max_examples=60)
@given(st.lists(written(), max_size=4, unique_by=lambda one: one.locator))
def test_write_read_write(given_articles: list[Article]) -> None:
    with TemporaryDirectory() as name:
        one, two = Path(name, "one"), Path(name, "two")
        one.mkdir()
        two.mkdir()
        path = write_segment(one, given_articles)
        articles = list(_read_back(path))
        assert [value.locator for value in articles] == [value.locator for value in given_articles]
        assert [(v.payload, v.clean_text, v.ledger) for v in articles] == [
            (v.payload, v.clean_text, v.ledger) for v in given_articles
        ]
        assert write_segment(two, articles).read_bytes() == path.read_bytes()
        assert not list(verify([path], CHECKS))


def _read_back(path: Path) -> Iterator[Article]:
    """Articles as values again, from nothing but the segment."""
    for entry in entries([path]):
        assert isinstance(entry, Entry), entry
        fields = entry.fields
        date = entry.group.resource.get("WARC-Date") or ""
        yield article(
            fields["source-path"],
            payload=entry.group.resource.block,
            captured=CAPTURED.fromisoformat(date),
            clean_text=clean_text(entry),
            ledger=ledger_of(entry),
            row=int(fields["source-row"]) if "source-row" in fields else None,
            target_uri=entry.uri,
            media_type=fields["source-media-type"],
            fields={name: fields[name] for name in ("note",) if name in fields},
        )


@given(st.text(max_size=60))
def test_escape_is_one_line_and_reversible(value: str) -> None:
    line = escape(value)
    assert len(line.splitlines()) <= 1
    (_, back), *_ = load_fields(dump_fields([("x", line)]))
    assert unescape(back) == value


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_segment(tmp_path_factory.mktemp("small"), few()[:1])


def test_truncation_is_noticed_at_every_offset(small: Path, tmp_path: Path) -> None:
    path = tmp_path / small.name
    path.write_bytes(small.read_bytes())
    assert not list(verify([path], CHECKS))
    for offset in reversed(range(path.stat().st_size)):
        os.truncate(path, offset)
        assert next(verify([path], CHECKS), None) is not None, offset


def test_turned_bits_are_noticed(small: Path, tmp_path: Path) -> None:
    """Also those of the seal's own gzip member that carry nothing: time and system, and the padding of deflate."""
    data = small.read_bytes()
    seal = list(records(small))[-1]
    path = tmp_path / small.name
    chance = random.Random(7)
    places = [(chance.randrange(len(data)), chance.randrange(8)) for _ in range(300)]
    header = [(seal.offset + byte, bit) for byte in range(10) for bit in range(8)]
    padding = [(len(data) - 9, bit) for bit in range(8)]
    for offset, bit in [*places, *header, *padding]:
        path.write_bytes(data[:offset] + bytes([data[offset] ^ 1 << bit]) + data[offset + 1 :])
        assert next(verify([path], CHECKS), None) is not None, (offset, bit)


@pytest.mark.parametrize("more", [b"\0", b"\r\n", b"x", gzip.compress(b"", mtime=0)])
def test_what_stands_behind_the_seal_is_noticed(small: Path, tmp_path: Path, more: bytes) -> None:
    path = tmp_path / small.name
    path.write_bytes(small.read_bytes() + more)
    assert [problem for problem in verify([path], CHECKS) if isinstance(problem, Problem)]


def test_reading_goes_on_behind_damage(tmp_path: Path) -> None:
    path = write_segment(tmp_path, [article(f"{n}.txt") for n in range(5)])
    whole = [group for group in groups(path) if isinstance(group, Group)]
    data = bytearray(path.read_bytes())
    data[whole[2].records[0].offset + 60] ^= 0xFF
    path.write_bytes(data)
    after = list(articles(path))
    assert sum(isinstance(group, Group) for group in after) == 4
    assert sum(isinstance(group, Problem) for group in after) == 1


def test_gzip_bombs_are_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive.segments.reader, "MAX_BLOCK", 1000)
    path = tmp_path / "bomb.warc.gz"
    head = b"WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: 1000000\r\n\r\n"
    path.write_bytes(gzip.compress(head + bytes(10**6)))
    (problem,) = groups(path)
    assert isinstance(problem, Problem)
    assert "longer than 1,000 bytes" in problem.what


def test_warcio_checks_it(tmp_path: Path) -> None:
    path = write_segment(tmp_path, few())
    command = [sys.executable, "-c", "from warcio.cli import main; main()", "check", "-v", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("digest pass") == 2 + sum(2 if one.clean_text is None else 3 for one in few())


def test_fastwarc_verifies_every_record(tmp_path: Path) -> None:
    warc = pytest.importorskip("fastwarc.warc")
    path = write_segment(tmp_path, few())
    mine = [record for group in groups(path) if isinstance(group, Group) for record in group.records]
    with path.open("rb") as file:
        theirs = [
            (record.record_id, record.headers["WARC-Type"], record.verify_block_digest(), record.reader.read())
            for record in warc.ArchiveIterator(file, parse_http=False)
        ]
    assert [(r.id, r.type, True, r.block) for r in mine] == [
        (i.removeprefix("<").removesuffix(">"), *rest) for i, *rest in theirs
    ]


def test_verify_takes_several_segments(tmp_path: Path) -> None:
    paths = [write_segment(tmp_path, few(), replace(SEGMENT, shard=shard)) for shard in range(2)]
    assert not list(verify(paths, CHECKS))
