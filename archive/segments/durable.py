"""Files that are there completely or not at all: drafted beside their name, synced, then renamed.

A draft has a name that nobody can guess and is created anew, following no link; it is opened and renamed relative
to a handle of its folder, so that a folder exchanged for a link meanwhile changes nothing. Windows has no such
handles and journals renames itself: there paths are used, and syncing a folder does nothing.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

HANDLES = os.name != "nt" and {os.open, os.rename, os.link, os.unlink, os.mkdir, os.stat} <= os.supports_dir_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _BINARY
_DRAFT_NAME = re.compile(r"\.([0-9a-f]{16})-[0-9a-f]{32}\.tmp")


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder; names in it are single path components, and links among them are never followed."""

    path: Path
    handle: int | None  # None where the system has no handles of folders

    def create(self, name: str) -> BinaryIO:
        """A new file. Raises FileExistsError when something of that name is there, a dangling link included."""
        return os.fdopen(os.open(self._at(name), _CREATE, 0o666, dir_fd=self.handle), "wb")

    def read(self, name: str, limit: int) -> bytes | None:
        """Up to `limit` bytes of an ordinary file; None when there is none of that name, or it is something else."""
        try:
            facts = os.stat(self._at(name), dir_fd=self.handle, follow_symlinks=False)
            if not stat.S_ISREG(facts.st_mode):
                return None
            with os.fdopen(os.open(self._at(name), os.O_RDONLY | _NO_LINK | _BINARY, dir_fd=self.handle), "rb") as file:
                return file.read(limit)
        except FileNotFoundError:
            return None

    def has(self, name: str) -> bool:
        """Whether anything of that name is there, a dangling link included."""
        try:
            os.stat(self._at(name), dir_fd=self.handle, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def remove(self, name: str) -> None:
        """Removes a file. Raises OSError."""
        os.unlink(self._at(name), dir_fd=self.handle)

    def publish(self, draft: str, name: str, *, replace: bool) -> None:
        """Gives a draft its name. Raises FileExistsError when it is taken and must not be replaced."""
        source, target = self._at(draft), self._at(name)
        if replace:
            os.replace(source, target, src_dir_fd=self.handle, dst_dir_fd=self.handle)
        elif self.handle is None:
            os.rename(source, target)  # noqa: PTH104 - on Windows it refuses a name that is taken
        else:
            self._link(source, target)

    def _link(self, source: Any, target: Any) -> None:
        """A link, because a rename would replace what came meanwhile; on file systems without links a look before."""
        try:
            os.link(source, target, src_dir_fd=self.handle, dst_dir_fd=self.handle, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError:
            if self.has(str(target)):
                raise FileExistsError(f"{target} exists") from None
            os.rename(source, target, src_dir_fd=self.handle, dst_dir_fd=self.handle)
        else:
            os.unlink(source, dir_fd=self.handle)

    def sync(self) -> None:
        """Makes renames in it durable."""
        if self.handle is not None:
            os.fsync(self.handle)

    @contextmanager
    def below(self, parts: Iterable[str]) -> Iterator[Folder]:
        """The folder at the end of these names, made where it is not there. Raises OSError for a link on the way."""
        current = self
        try:
            for part in parts:
                child = current._child(part)
                current._close_unless(self)
                current = child
            yield current
        finally:
            current._close_unless(self)

    def _child(self, name: str) -> Folder:
        with suppress(FileExistsError):
            os.mkdir(self._at(name), dir_fd=self.handle)
        if self.handle is None and (self.path / name).is_symlink():
            raise NotADirectoryError(f"{self.path / name} is a link")
        return _opened(self._at(name), self.path / name, _NO_LINK, self.handle)

    def _close_unless(self, other: Folder) -> None:
        if self is not other:
            self.close()

    def close(self) -> None:
        """Gives the handle back."""
        if self.handle is not None:
            os.close(self.handle)

    def _at(self, name: str) -> Any:
        return name if self.handle is not None else self.path / name


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """A folder that exists; its own path may lead through links, as its user gave it. Raises OSError."""
    folder = _opened(path, path, 0, None)
    try:
        yield folder
    finally:
        folder.close()


def _opened(name: str | Path, path: Path, flags: int, beside: int | None) -> Folder:
    return Folder(path, os.open(name, os.O_RDONLY | os.O_DIRECTORY | flags, dir_fd=beside) if HANDLES else None)


def sync_folder(folder: Path) -> None:
    """Makes a rename durable, where the system has handles of folders."""
    with open_folder(folder) as opened:
        opened.sync()


@contextmanager
def draft_in(folder: Folder, name: str, *, sync: bool = True, replace: bool = True) -> Iterator[BinaryIO]:
    """A file that gets its name when the block ends well, and else vanishes. Raises OSError.

    Without `sync` it may be lost in a power cut: for many small files that can be made again. Without
    `replace` FileExistsError is raised for a name that is taken, also when it was taken meanwhile.
    """
    draft = _draft_name(name)
    file = folder.create(draft)
    try:
        with file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        folder.publish(draft, name, replace=replace)
    except BaseException:  # also Ctrl-C: nothing half-written stays
        with suppress(OSError):
            folder.remove(draft)
        raise
    if sync:
        folder.sync()


@contextmanager
def drafted(path: Path, *, sync: bool = True, replace: bool = True) -> Iterator[BinaryIO]:
    """`draft_in` the folder of a path."""
    with open_folder(path.parent) as folder, draft_in(folder, path.name, sync=sync, replace=replace) as file:
        yield file


@contextmanager
def drafted_path(path: Path) -> Iterator[Path]:
    """A new empty file for libraries that open their files themselves; takes the place of `path` at the end."""
    with open_folder(path.parent) as folder:
        draft = _draft_name(path.name)
        folder.create(draft).close()
        try:
            yield path.with_name(draft)
            handle = os.open(folder._at(draft), os.O_RDWR | _NO_LINK | _BINARY, dir_fd=folder.handle)
            with os.fdopen(handle, "rb+") as file:
                os.fsync(file.fileno())
            folder.publish(draft, path.name, replace=True)
        except BaseException:
            with suppress(OSError):
                folder.remove(draft)
            raise
        folder.sync()


def write_atomically(path: Path, parts: Iterable[bytes], *, sync: bool = True, replace: bool = True) -> None:
    """Writes all parts to `path`, or leaves everything as it was. Raises OSError, with the options of `draft_in`."""
    with drafted(path, sync=sync, replace=replace) as file:
        for part in parts:
            file.write(part)


def remove_drafts(path: Path) -> None:
    """Removes what a killed process left of writing `path`; for whom nobody else can be writing it now.

    Drafts of drafts, too: of a writer that was given one to fill, and is careful itself.
    """
    wanted = _stem(path.name)
    with suppress(FileNotFoundError):
        for neighbour in list(path.parent.iterdir()):
            if (matched := _DRAFT_NAME.fullmatch(neighbour.name)) and matched[1] == wanted:
                remove_drafts(neighbour)
                neighbour.unlink(missing_ok=True)


def is_draft(name: str) -> bool:
    """Whether a file of this name was being written and is nobody's result."""
    return _DRAFT_NAME.fullmatch(name) is not None


def _draft_name(name: str) -> str:
    return f".{_stem(name)}-{secrets.token_hex(16)}.tmp"


def _stem(name: str) -> str:
    """What the drafts of a name have in common; short whatever the name's length."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
