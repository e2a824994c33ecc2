"""A file is there completely or not at all; no link is followed, nothing of others is changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from archive.segments.durable import (
    HANDLES,
    Folder,
    Sweeper,
    drafted,
    drafted_path,
    is_draft,
    open_folder,
    remove_drafts,
    write_atomically,
)

Writer = Callable[[Path, list[bytes]], None]
links = pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="links need rights on Windows")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_replaces_in_one_step(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_bytes(b"old")
    write_atomically(target, (b"n", b"ew"))
    assert target.read_bytes() == b"new"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, ValueError])
def test_an_exception_leaves_everything_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_bytes(b"old")

    def parts() -> Iterator[bytes]:
        yield b"half"
        raise error

    with pytest.raises(error):
        write_atomically(target, parts())
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.txt"]


def test_a_library_that_opens_its_file_itself(tmp_path: Path) -> None:
    target = tmp_path / "a.db"
    with drafted_path(target) as draft:
        draft.write_bytes(b"rows")
        assert is_draft(draft.name)
        assert not target.exists()
    assert target.read_bytes() == b"rows"
    with pytest.raises(ZeroDivisionError), drafted_path(target) as draft:
        raise ZeroDivisionError(draft.write_bytes(b"other"))
    assert target.read_bytes() == b"rows"
    assert names(tmp_path) == ["a.db"]


def test_a_name_that_is_taken_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"

    def parts() -> Iterator[bytes]:
        yield b"ours"
        target.write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        write_atomically(target, parts(), replace=False)
    assert target.read_bytes() == b"theirs"
    assert names(tmp_path) == ["a.txt"]


@links
def test_a_link_in_the_place_of_the_file_is_replaced_not_followed(tmp_path: Path) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "folder"
    victim.write_bytes(b"precious")
    folder.mkdir()
    (folder / "a.txt").symlink_to(victim)
    (folder / "a.txt.tmp").symlink_to(victim)  # the name a draft had once
    write_atomically(folder / "a.txt", (b"new",))
    assert victim.read_bytes() == b"precious"
    assert (folder / "a.txt.tmp").is_symlink()
    assert not (folder / "a.txt").is_symlink()
    assert (folder / "a.txt").read_bytes() == b"new"


@links
@pytest.mark.skipif(not HANDLES, reason="needs handles of folders")
def test_a_folder_exchanged_for_a_link_changes_nothing_elsewhere(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "a.txt").write_bytes(b"precious")
    with drafted(folder / "a.txt") as file:
        file.write(b"ours")
        folder.rename(tmp_path / "moved")
        folder.symlink_to(elsewhere)
    assert (elsewhere / "a.txt").read_bytes() == b"precious"
    assert (tmp_path / "moved" / "a.txt").read_bytes() == b"ours"


@links
@pytest.mark.parametrize("kind", ["link to a folder", "dangling link", "file"])
def test_a_subfolder_is_a_folder_of_its_own(tmp_path: Path, kind: str) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    if kind == "file":
        (folder / "sub").write_bytes(b"x")
    else:
        (folder / "sub").symlink_to(elsewhere if kind == "link to a folder" else elsewhere / "nowhere")
    with open_folder(folder) as opened, pytest.raises(OSError, match=r"sub|director|link"), opened.below(["sub", "a"]):
        pass
    assert names(elsewhere) == []


@pytest.mark.parametrize("name", ["x" * 255, "字" * 85, "-", "a.tmp"])
def test_drafts_fit_whatever_the_name_is(tmp_path: Path, name: str) -> None:
    write_atomically(tmp_path / name, (b"x",))
    assert names(tmp_path) == [name]


def write_path(path: Path, parts: Iterable[bytes]) -> None:
    """As a library does that opens its files itself."""
    with drafted_path(path) as draft:
        draft.write_bytes(b"".join(parts))


WRITERS = pytest.mark.parametrize("write", [write_atomically, write_path])


@WRITERS
def test_errors_name_the_file_and_not_its_draft(tmp_path: Path, write: Writer) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OSError, match=r"a\.txt") as refused:
        write(tmp_path / "a.txt", [b"new"])
    assert refused.value.filename == str(tmp_path / "a.txt")
    assert ".tmp" not in str(refused.value)
    assert names(tmp_path) == ["a.txt"]


def dead_draft(path: Path) -> Path:
    """What a killed process leaves of writing a file."""
    before = names(path.parent)
    with drafted(path, sweep=False):
        (draft,) = {*names(path.parent)} - {*before}
    path.unlink()
    path.with_name(draft).write_bytes(b"half")
    return path.with_name(draft)


def test_what_a_killed_writer_left_is_removed_for_that_file_only(tmp_path: Path) -> None:
    dead_draft(tmp_path / "a.txt")
    other = dead_draft(tmp_path / "b.txt")
    remove_drafts(tmp_path / "a.txt")
    assert names(tmp_path) == [other.name]
    remove_drafts(tmp_path / "missing" / "a.txt")


@WRITERS
def test_the_next_writer_of_a_file_removes_what_a_killed_one_left(tmp_path: Path, write: Writer) -> None:
    dead_draft(tmp_path / "a.txt")
    other = dead_draft(tmp_path / "b.txt")
    write(tmp_path / "a.txt", [b"new"])
    assert names(tmp_path) == sorted(["a.txt", other.name])
    assert (tmp_path / "a.txt").read_bytes() == b"new"


def test_what_another_process_is_writing_stays(tmp_path: Path) -> None:
    with drafted_path(tmp_path / "a.txt") as one, drafted(tmp_path / "a.txt") as two:
        write_atomically(tmp_path / "a.txt", [b"third"])
        assert one.exists()
        one.write_bytes(b"first")
        two.write(b"second")
    assert (tmp_path / "a.txt").read_bytes() == b"first"
    assert names(tmp_path) == ["a.txt"]


def test_a_writer_whose_draft_was_taken_for_a_dead_one_begins_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Folder.create
    taken: list[str] = []

    def create(folder: Folder, name: str) -> BinaryIO:
        file = made(folder, name)
        if not taken:
            taken.append(name)
            folder.remove_if_dead(name)
        return file

    monkeypatch.setattr(Folder, "create", create)
    if HANDLES:  # elsewhere an open file cannot be removed
        write_atomically(tmp_path / "a.txt", [b"whole"])
        assert (tmp_path / "a.txt").read_bytes() == b"whole"
        assert not (tmp_path / taken[0]).exists()


@links
def test_what_is_no_ordinary_file_is_no_draft(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    for number, kind in enumerate(("link", "folder", "pipe")):
        draft = dead_draft(tmp_path / "a.txt")
        draft.unlink()
        {"link": lambda to: to.symlink_to(victim), "folder": Path.mkdir, "pipe": os.mkfifo}[kind](draft)
        assert len(names(tmp_path)) == number + 2
    before = names(tmp_path)
    write_atomically(tmp_path / "a.txt", [b"new"])
    assert names(tmp_path) == sorted([*before, "a.txt"])
    assert victim.read_bytes() == b"precious"


@WRITERS
def test_a_careful_writer_fills_the_draft_it_was_given(tmp_path: Path, write: Writer) -> None:
    with drafted_path(tmp_path / "a.txt") as draft:
        write(draft, [b"lines"])
        assert names(tmp_path) == [draft.name]
        write_atomically(tmp_path / "a.txt", [b"of somebody else"])
        assert draft.exists()  # it still has its lock
    assert (tmp_path / "a.txt").read_bytes() == b"lines"


def test_a_sweeper_looks_once_into_a_folder(tmp_path: Path) -> None:
    left, other = dead_draft(tmp_path / "a.txt"), dead_draft(tmp_path / "b.txt")
    sweeper = Sweeper()
    with open_folder(tmp_path) as folder:
        sweeper.sweep(folder, "a.txt")
        assert not left.exists()
        late = dead_draft(tmp_path / "a.txt")
        sweeper.sweep(folder, "a.txt")
    assert names(tmp_path) == sorted([other.name, late.name])
