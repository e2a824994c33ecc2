"""Archives from strangers: every command ends with a message and an exit code, and prints nothing that steers."""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_warc import base, sealed
from warc_samples import CHECKS, article, command, few, ledger, write_segment

from archive import cli, verify
from archive.checking.ledger import MAX_DEPTH, LedgerError, load_ledger
from archive.segments.records import Draft
from archive.terminal import many_lines, one_line
from archive.view import Entry, entries
from archive.warc.digests import sha1_base32

METADATA = 3


def with_ledger(folder: Path, text: str) -> Path:
    """A segment whose first article has this ledger, sealed and digested as if nothing were wrong."""
    path = folder / "crafted.warc.gz"
    drafts = base(path.name)
    before, _, _ = drafts[METADATA].block.partition(b"ledger: ")
    drafts[METADATA] = _redigested(drafts[METADATA], before + b"ledger: " + text.encode() + b"\r\n")
    path.write_bytes(sealed(drafts))
    return path


def _redigested(draft: Draft, block: bytes) -> Draft:
    header = draft.header.replace(sha1_base32(draft.block).encode(), sha1_base32(block).encode())
    length = (f"Content-Length: {len(draft.block)}".encode(), f"Content-Length: {len(block)}".encode())
    return replace(draft, header=header.replace(*length), block=block)


def every_command(path: Path, out: Path) -> Iterator[tuple[str, ...]]:
    """What can be asked of an archive; NAME is the crafted article's."""
    yield ("ls", str(path))
    yield ("ls", str(path), "--json")
    for part in ((), ("--original",), ("--clean",), ("--ledger",), ("--headers",)):
        yield ("show", str(path), "news/a.txt", *part)
    yield ("diff", str(path), "--why")
    yield ("verify", str(path))
    yield ("restore", str(path), "-o", str(out / "originals"))
    yield ("restore", str(path), "-o", str(out / "decoded"), "--decoded")
    yield ("repair", str(path), "-o", str(out / "repaired"))
    yield ("index", str(path), "-o", str(out / "index.cdxj"))


DEEP = 50_000
LEDGERS = {
    "deep lists": '{"removed":' + "[" * DEEP + "]" * DEEP + "}",
    "deep objects": '{"a":' * DEEP + "1" + "}" * DEEP,
    "deeper than ours": '{"removed":' + "[" * 400 + "]" * 400 + "}",
    "no object": "[]",
    "a number": "17",
    "not a number": '{"kept":[[NaN,Infinity,"body",0,1]],"removed":[],"gaps":[],"repairs":[]}',
    "a number of many digits": '{"kept":[[0,' + "9" * 10_000 + ',"body",0,1]],"removed":[],"gaps":[],"repairs":[]}',
    "half a surrogate": '{"removed":[{"start":0,"end":1,"text":"\\ud800","label":"\\ud800","action":"strip","score":1,"reasons":[]}]}',
    "nothing in it": "{}",
    "numbers for lists": '{"removed":1,"kept":2,"gaps":3,"repairs":4,"decoding":5,"source-text-digest":6}',
    "text for lists": '{"removed":"abc","kept":"abc","gaps":"abc","repairs":"abc","decoding":"abc"}',
    "escape sequences": '{"removed":[{"start":0,"end":9,"text":"\\u001b[2J\\u202e","label":"\\u001b[31m","action":"\\n","score":1,"reasons":["\\u0007"]}],"kept":[],"status":"\\u001b]0;x\\u0007"}',
}


@pytest.mark.parametrize("name", LEDGERS)
def test_a_crafted_ledger_ends_no_command(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = with_ledger(tmp_path, LEDGERS[name])
    for words in every_command(path, tmp_path / "out"):
        assert command(*words) in (0, 1), words
        printed = capsys.readouterr()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", printed.out + printed.err), words
    assert command("verify", str(path)) == 1
    assert len(list((tmp_path / "out" / "originals").rglob("*.txt"))) == 2  # the originals come back all the same


@pytest.mark.parametrize("name", ["deep lists", "deep objects", "deeper than ours", "no object", "a number"])
def test_a_ledger_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(LedgerError):
        load_ledger(LEDGERS[name])


def test_our_own_depth_is_well_below_the_bound() -> None:
    text = json.dumps(ledger("Give now! News.", 9))
    for _ in range(MAX_DEPTH // 2):
        text = f'{{"a":{text}}}'
    assert load_ledger(text)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 40) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
crafted = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("removed", "kept", "gaps", "repairs", "decoding", "status", "rendering", "schema"), json_values
    ),
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=crafted)
def test_any_ledger_ends_no_command(values: Mapping[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    with TemporaryDirectory() as name:
        path = with_ledger(Path(name), json.dumps({**ledger("Give now!\nThe bridge is open.\n", 10), **values}))
        for words in every_command(path, Path(name) / "out"):
            assert command(*words) in (0, 1)
    capsys.readouterr()


NAMES = {
    "escape": "\x1b[2J\x1b]0;owned\x07.txt",
    "eight-bit escape": "\x9b2J.txt",
    "line feed": "a.txt\nnews/b.txt",
    "carriage return": "a.txt\rall is well",
    "line separator": "a\u2028b\x85c",
    "right to left": "cod\u202etxt.exe",
    "isolate": "a\u2066b\u2069",
    "backspaces": "rm\x08\x08ls",
    "tags": "a\U000e0041b",
    "invisible": "a\u200bb\ufeff",
    "half a surrogate": "a\ud800b",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_as_escapes_on_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_segment(tmp_path, [article(NAMES[name])])
    assert command("ls", str(path)) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1
    assert not set(NAMES[name]) & {c for c in printed.out if not c.isprintable() and c != "\n"}
    for words in every_command(path, tmp_path / "out"):
        code = command(*words)
        assert code in (0, 1)
        printed = capsys.readouterr()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2060-\u206f]", printed.out + printed.err), (
            words
        )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain ünïcode 字", "plain ünïcode 字"),
        ("می‌خواهم", "می‌خواهم"),  # a zero-width non-joiner is spelling
        ("a\tb\nc", "a\\tb\\nc"),
        ("\x1b[0m", "\\x1b[0m"),
        ("\u202e", "\\u202e"),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_many_lines_keeps_lines() -> None:
    assert many_lines("a\tb\r\nc\rd\x1b\u200f") == "a\tb\nc\\rd\\x1b\u200f"


@given(st.text())
def test_what_is_shown_is_printable_and_shown_again_the_same(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line


def test_addresses_that_are_none_are_indexed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "crafted.warc.gz"
    drafts = base(path.name)
    drafts = [replace(d, header=d.header.replace(b"https://www.example.org/a", b"http://[x/ y")) for d in drafts]
    path.write_bytes(sealed(drafts))
    assert command("index", str(path), "-o", str(tmp_path / "index.cdxj")) == 0
    assert command("verify", str(path)) == 1
    assert "WARC-Target-URI is malformed" in capsys.readouterr().out


def test_metadata_of_millions_of_lines_is_refused_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "crafted.warc.gz"
    drafts = base(path.name)
    drafts[METADATA] = _redigested(drafts[METADATA], b"a: b\r\n" * 2_000_000)
    path.write_bytes(sealed(drafts))
    assert command("ls", str(path)) == 1
    assert "more than 100,000 lines" in capsys.readouterr().err


def test_what_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_segment(tmp_path, few())
    assert command("show", str(path), "news/appeal.txt", "--clean") == 1
    assert "it has no clean text" in capsys.readouterr().err


def flips(path: Path, count: int) -> Iterator[bytes]:
    """The segment with one bit of an unpacked record turned over, and sealed anew."""
    chance = random.Random(11)
    for _ in range(count):
        drafts = base(path.name)
        index = chance.randrange(len(drafts))
        draft = drafts[index]
        data = bytearray(draft.header + draft.block)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        header, block = bytes(data[: len(draft.header)]), bytes(data[len(draft.header) :])
        if block != draft.block:
            header = header.replace(sha1_base32(draft.block).encode(), sha1_base32(block).encode())
            header = header.replace(sha256(draft.block).hexdigest().encode(), sha256(block).hexdigest().encode())
        drafts[index] = replace(draft, header=header, block=block)
        yield sealed(drafts)


def test_a_change_that_was_sealed_anew_is_noticed_by_its_meaning(tmp_path: Path) -> None:
    """But for labels, reasons and descriptions, on which nothing else in the archive depends."""
    path = tmp_path / "crafted.warc.gz"
    missed = 0
    for data in flips(path, 600):
        path.write_bytes(data)
        missed += next(verify([path], CHECKS), None) is None
    assert missed <= 40


@pytest.mark.parametrize("tool", ["warcio", "fastwarc", "one member", "no compression"])
def test_another_compression_is_told_in_one_line(tool: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_segment(tmp_path, few())
    (tmp_path / "again").mkdir()
    again = tmp_path / "again" / path.name
    again.write_bytes(_recompressed(tool, path))
    assert again.read_bytes() != path.read_bytes()
    assert command("verify", str(again)) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "another tool packed it anew" in printed.err
    assert sum(isinstance(entry, Entry) for entry in entries([again])) == len(few())
    assert command("restore", str(again), "-o", str(tmp_path / "back")) == 0


def _recompressed(tool: str, path: Path) -> bytes:
    if tool == "one member":
        return gzip.compress(gzip.decompress(path.read_bytes()), 9)
    if tool == "no compression":
        return gzip.decompress(path.read_bytes())
    target = path.with_name("target.warc.gz")
    programs: Mapping[str, Callable[[], list[str]]] = {
        "warcio": lambda: ["-c", "from warcio.cli import main; main()", "recompress", str(path), str(target)],
        "fastwarc": lambda: ["-c", "from fastwarc.cli import main; main()", "recompress", str(path), str(target)],
    }
    if tool == "fastwarc":
        pytest.importorskip("fastwarc")
    subprocess.run([sys.executable, *programs[tool]()], check=True, capture_output=True)
    return target.read_bytes()


def test_every_command_is_tried() -> None:
    tried = {words[0] for words in every_command(Path("x"), Path("y"))}
    assert set(cli._COMMANDS) - tried == {"crate", "export", "history", "sign", "stamp"}  # tried in tests of their own
