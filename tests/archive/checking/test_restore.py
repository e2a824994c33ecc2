"""Originals come back byte for byte, under names that cannot leave the folder; damaged segments are repaired."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warc_samples import CHECKS, CLOCK, RUN, SEGMENT, article, failed, few, write_segment

from archive import Group, Problem, Restored, SegmentWriter, articles, repair, restore, verify
from archive.checking.repair import RepairError, lost_of
from archive.checking.safe_names import UnsafeNameError, restore_name, safe_parts
from archive.segments.reader import records


def test_originals_come_back(tmp_path: Path) -> None:
    path = write_segment(tmp_path, few())
    outcomes = list(restore([path], tmp_path / "out", CHECKS))
    assert all(isinstance(outcome, Restored) for outcome in outcomes)
    names = ["news/a.txt", "été/ü 1.txt", "rows.jsonl/a.txt", "rows.jsonl/1.txt", "page.html", "news/appeal.txt"]
    for one, name in zip(few(), [*names, "news/broken.bin"], strict=True):
        assert (tmp_path / "out" / name).read_bytes() == one.payload
    again = list(restore([path], tmp_path / "out", CHECKS))
    assert again == outcomes


def test_decoded_text_is_rebuilt(tmp_path: Path) -> None:
    source = "Give now!\nDie Brücke\r\n"
    latin = article("a.txt", payload=source.encode("cp1252"), clean_text=source[10:], ledger=_latin(source))
    path = write_segment(tmp_path, [latin, *few()[4:]])
    outcomes = list(restore([path], tmp_path / "out", CHECKS, decoded=True))
    assert (tmp_path / "out" / "a.txt").read_bytes() == source.encode()
    assert (tmp_path / "out" / "page.html.txt").read_text(encoding="utf-8") == "Give now!\nDie Brücke"
    assert (tmp_path / "out" / "news" / "appeal.txt").read_bytes() == b"Give now!\n"
    (skipped,) = (outcome for outcome in outcomes if isinstance(outcome, Restored) and outcome.skipped)
    assert skipped.name == "news/broken.bin"


def _latin(source: str) -> dict[str, object]:
    return {**article(source=source, cut=10).ledger, "decoding": {"charset": "cp1252"}}


def test_other_content_is_never_changed(tmp_path: Path) -> None:
    path = write_segment(tmp_path, [article("a.txt"), article("b.txt")])
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("mine")
    first, second = restore([path], tmp_path / "out", CHECKS)
    assert isinstance(first, Problem)
    assert "exists with another content" in first.what
    assert isinstance(second, Restored)
    assert (tmp_path / "out" / "a.txt").read_text() == "mine"


def test_what_a_killed_restore_left_is_removed(tmp_path: Path) -> None:
    path = write_segment(tmp_path, few())
    out = tmp_path / "out"
    (out / "news").mkdir(parents=True)
    left = [f".{sha256(name).hexdigest()[:16]}-{number:032x}.tmp" for number, name in enumerate((b"a.txt", b"x.txt"))]
    for name in left:
        (out / "news" / name).write_bytes(b"half")
    assert all(isinstance(outcome, Restored) for outcome in restore([path], out, CHECKS))
    assert [name for name in left if (out / "news" / name).exists()] == [left[1]]  # nothing here is called x.txt


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/etc/x",
        "C:/x",
        "C:x",
        "c:\\x",
        "..\\x",
        "a\\..\\..\\x",
        "\\\\host\\x",
        "",
        ".",
        "a//b",
        "a\x00b",
    ],
)
def test_names_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    for windows in (False, True):
        with pytest.raises(UnsafeNameError):
            safe_parts(name, windows=windows)
    path = write_segment(tmp_path, [article(fields={"restore-name": name}), article("ok.txt")])
    problem, well = restore([path], tmp_path / "out" / "deep", CHECKS)
    assert isinstance(problem, Problem)
    assert isinstance(well, Restored)
    assert [p.name for p in (tmp_path / "out").rglob("*") if p.is_file()] == ["ok.txt"]


@pytest.mark.parametrize(
    "name", ["con", "NUL.txt", "a/aux.html", "com1", "LPT9.x.y", "a:b", "a?", "trailing.", "space "]
)
def test_windows_names(name: str) -> None:
    with pytest.raises(UnsafeNameError, match=r"Windows|not a path"):
        safe_parts(name, windows=True)


def test_other_systems_take_them() -> None:
    assert safe_parts("a/aux.html", windows=False) == ("a", "aux.html")
    assert safe_parts("a\\b.txt", windows=False) == ("a\\b.txt",)
    assert safe_parts("a\\b.txt", windows=True) == ("a", "b.txt")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "news").symlink_to(tmp_path / "elsewhere")
    (problem,) = restore([write_segment(tmp_path, [article("news/a.txt")])], tmp_path / "out", CHECKS)
    assert isinstance(problem, Problem)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
@pytest.mark.parametrize("planted", ["a.txt", "a.txt.tmp"])
def test_nothing_is_written_through_a_link_that_was_there(tmp_path: Path, planted: str) -> None:
    victim, out = tmp_path / "victim", tmp_path / "out"
    victim.write_text("precious")
    out.mkdir()
    (out / planted).symlink_to(victim)
    list(restore([write_segment(tmp_path, [article("a.txt")])], out, CHECKS))
    assert victim.read_text() == "precious"
    assert (out / planted).is_symlink()


def test_a_file_called_like_a_draft_stays(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt.tmp").write_text("mine")
    (well,) = restore([write_segment(tmp_path, [article("a.txt")])], tmp_path / "out", CHECKS)
    assert isinstance(well, Restored)
    assert (tmp_path / "out" / "a.txt.tmp").read_text() == "mine"


#: Names of an archive's author; beside each whether Linux takes it.
HOSTILE = [
    ("字" * 100 + ".txt", False),
    ("x" * 252, True),
    ("x" * 256, False),
    ("deep/" * 400 + "a.txt", True),
    ("deep/" * 900 + "a.txt", False),
    ("\ud800.txt", False),
    ("\udcff.txt", True),
    ("con", True),
    ("C:\\x", False),
    ("..", False),
    ("ok.txt/below-a-file", False),
    ("-rf", True),
    ("\x1b]0;title\x07", True),
    ("line\nbreak", True),
    ("rtl\u202etxt.exe", True),
]


@pytest.mark.skipif(os.name == "nt", reason="which names can be files differs")
@pytest.mark.parametrize(("name", "taken"), HOSTILE, ids=lambda value: ascii(value)[:20])
def test_a_hostile_name_costs_its_own_file_only(tmp_path: Path, name: str, taken: bool) -> None:
    stored = [article("ok.txt"), article("x.txt", fields={"restore-name": name}), article("last.txt")]
    outcomes = list(restore([write_segment(tmp_path, stored)], tmp_path / "a" / "out", CHECKS))
    assert [isinstance(outcome, Restored) for outcome in outcomes] == [True, taken, True]
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != tmp_path]
    assert all(path.is_relative_to(tmp_path / "a" / "out") for path in outside)


@given(st.text(max_size=300), st.sampled_from(["text/html", "text/plain"]))
def test_any_row_id_gives_a_safe_name(row_id: str, media_type: str) -> None:
    name = restore_name("a.jsonl", row_id, media_type)
    folder, file = safe_parts(name, windows=True)
    assert folder == "a.jsonl"
    assert len(file) < 150
    assert len(file.encode()) <= 220


@given(st.sets(st.text(max_size=8), min_size=2, max_size=20))
def test_two_ids_stay_two(ids: set[str]) -> None:
    """Also on file systems that do not tell upper from lower case."""
    assert len({restore_name("a", row_id, "text/plain").lower() for row_id in ids}) == len(ids)


def test_changed_original_is_not_restored(tmp_path: Path) -> None:
    wrong = Path(__file__).parents[3] / "fixtures" / "warc" / "original-changed.warc.gz"
    problem, *rest = restore([wrong], tmp_path, CHECKS)
    assert isinstance(problem, Problem)
    assert len(rest) == 1


def test_rows_of_the_same_id_both_come_back(tmp_path: Path) -> None:
    same = {"restore-name": "rows.jsonl/a.txt"}
    rows = [article("rows.jsonl", f"Row {n}", 0, row=n, fields=same) for n in range(3)]
    path = write_segment(tmp_path, rows)
    for _ in range(2):
        names = [outcome.name for outcome in restore([path], tmp_path / "out", CHECKS) if isinstance(outcome, Restored)]
        assert names == ["rows.jsonl/a.txt", "rows.jsonl/a.1.txt", "rows.jsonl/a.2.txt"]
        assert [(tmp_path / "out" / name).read_bytes() for name in names] == [row.payload for row in rows]


def test_what_a_compressed_file_held_gets_its_name_without_the_ending(tmp_path: Path) -> None:
    packed = gzip.compress(b"Packed twice.")
    stored = [
        article("a.txt.gz", "It met again.", 0),
        article("a.txt", "The council met.", 0),
        article("b.TXT.XZ", "So did the board.", 0),
        failed("c.txt.gz"),
        article("d.txt.gz", payload=packed, clean_text=None, ledger=failed().ledger, fields={"status": "failed"}),
    ]
    path = write_segment(tmp_path, stored)
    for _ in range(2):
        outcomes = [outcome for outcome in restore([path], tmp_path / "out", CHECKS) if isinstance(outcome, Restored)]
        assert [(outcome.name, outcome.unpacked) for outcome in outcomes] == [
            ("a.txt", False), ("d.txt.gz", False), ("a.gz.txt", True), ("b.TXT", True), ("c.txt", True),
        ]  # fmt: skip
    for number, outcome in zip((1, 4, 0, 2, 3), outcomes, strict=True):
        assert (tmp_path / "out" / outcome.name).read_bytes() == stored[number].payload


@pytest.mark.parametrize(
    ("beside", "name", "restored_as"),
    [
        (["a.txt", "a.gz.txt"], "a.txt.gz", "a.txt.gz"),
        (["a.txt/b.txt"], "a.txt.gz", "a.gz.txt"),
        (["z/noext"], "z/noext.gz", "z/noext.gz"),
        (["v1.2/noext"], "v1.2/noext.gz", "v1.2/noext.gz"),
        (["v1.2/a.txt"], "v1.2/a.txt.bz2", "v1.2/a.bz2.txt"),
        ([], "a/.gz", "a/.gz"),
    ],
)
def test_what_a_compressed_file_held_finds_a_name_beside_others(
    tmp_path: Path, beside: list[str], name: str, restored_as: str
) -> None:
    stored = [article(name, "It met again.", 0), *(article(other, f"Of {other}.", 0) for other in beside)]
    path = write_segment(tmp_path, stored)
    outcomes = list(restore([path], tmp_path / "out", CHECKS))
    assert [outcome.name for outcome in outcomes if isinstance(outcome, Restored)] == [*beside, restored_as]
    for original, stored_as in zip(stored, [restored_as, *beside], strict=True):
        assert (tmp_path / "out" / stored_as).read_bytes() == original.payload


def _cut(path: Path, size: int) -> Path:
    path.write_bytes(path.read_bytes()[:size])
    return path


def test_repair_cuts_a_torn_tail_and_says_what_was_lost(tmp_path: Path) -> None:
    path = write_segment(tmp_path, few())
    third = [group for group in articles(path) if isinstance(group, Group)][2]
    data = path.read_bytes()[: third.end - 20]
    path.write_bytes(data)
    (tmp_path / "out").mkdir()
    done = repair(path, tmp_path / "out")
    assert path.read_bytes() == data
    assert done.path == tmp_path / "out" / path.name
    assert done.articles == 2
    (lost,) = done.lost
    start = third.resource.offset
    assert (lost.offset, lost.length) == (start, len(data) - start)
    assert done.path.read_bytes()[:start] == data[:start]
    assert not list(verify([done.path], CHECKS))
    seal = list(records(done.path))[-1]
    assert not isinstance(seal, Problem)
    assert lost_of(seal) == [str(lost)]


def test_every_truncation_is_repaired(tmp_path: Path) -> None:
    """Whatever the offset: the repaired file is whole, and holds every article that was whole."""
    path = write_segment(tmp_path, few()[:2])
    data = path.read_bytes()
    ends = [group.end for group in articles(path) if isinstance(group, Group)]
    start = next(iter(articles(path))).resource.offset
    for size in range(start, len(data), 31):
        path.write_bytes(data[:size])
        out = tmp_path / str(size)
        out.mkdir()
        done = repair(path, out)
        assert done.articles == sum(end <= size for end in ends)
        assert done.path is not None
        assert not list(verify([done.path], CHECKS))


def test_repair_keeps_what_lies_behind_damage(tmp_path: Path) -> None:
    path = write_segment(tmp_path, [article(f"{n}.txt") for n in range(5)])
    middle = [group for group in articles(path) if isinstance(group, Group)][2]
    data = bytearray(path.read_bytes())
    data[middle.resource.offset + 60] ^= 0xFF
    path.write_bytes(data)
    (tmp_path / "out").mkdir()
    done = repair(path, tmp_path / "out")
    assert done.articles == 4
    assert [(lost.offset, lost.length) for lost in done.lost] == [
        (middle.resource.offset, middle.end - middle.resource.offset)
    ]
    assert done.path is not None
    assert not list(verify([done.path], CHECKS))


def test_whole_segments_are_left_alone(tmp_path: Path) -> None:
    path = write_segment(tmp_path, few())
    (tmp_path / "out").mkdir()
    assert repair(path, tmp_path / "out").path is None
    assert not list((tmp_path / "out").iterdir())


def test_open_segment_is_sealed(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, SEGMENT, RUN)
    writer.__enter__()
    for one in few():
        writer.write(one)
    (left,) = tmp_path.glob("*.open")
    (tmp_path / "out").mkdir()
    done = repair(left, tmp_path / "out")
    assert done.path is not None
    assert done.path.name == left.name.removesuffix(".open")
    assert (done.articles, done.lost) == (len(few()), ())
    assert not list(verify([done.path], CHECKS))
    writer.__exit__(None, None, None)


def test_repair_refuses(tmp_path: Path) -> None:
    path = _cut(write_segment(tmp_path, few()), 100)
    with pytest.raises(RepairError, match="warcinfo"):
        repair(path, tmp_path / "out")
    path.unlink()
    path = write_segment(tmp_path, few(), replace(SEGMENT, clock=CLOCK))
    _cut(path, path.stat().st_size - 5)
    with pytest.raises(RepairError, match="exists"):
        repair(path, tmp_path)
