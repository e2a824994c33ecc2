"""Files that are there completely or not at all: drafted beside their name, synced, then renamed.

A draft has a name that nobody can guess and is created anew, following no link; it is opened and renamed relative
to a handle of its folder, so that a folder exchanged for a link meanwhile changes nothing. Windows has no such
handles and journals renames itself: there paths are used, and syncing a folder does nothing.

Who writes a draft holds a lock on it, which ends with its process. So the next one to write the same name can tell
what a killed process left from what somebody else is writing, and removes it.
"""

from __future__ import annotations

import errno
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

try:
    import fcntl
except ImportError:  # Windows: there an open file cannot be removed, which is as good as a lock
    fcntl = None  # type: ignore[assignment]

HANDLES = os.name != "nt" and {os.open, os.rename, os.link, os.unlink, os.mkdir, os.stat} <= os.supports_dir_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe of that name would keep us
_BINARY = getattr(os, "O_BINARY", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _BINARY
#: So many drafts in a row are taken for dead ones by somebody who clears away, between their first two calls: never.
_MOST_CLAIMS = 100
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

    def remove_if_dead(self, draft: str) -> None:
        """Removes a draft that nobody is writing. What is no ordinary file, or cannot be told, stays."""
        flags = os.O_RDWR | _NO_LINK | _NO_WAIT | _BINARY
        with suppress(OSError), os.fdopen(os.open(self._at(draft), flags, dir_fd=self.handle), "rb+", 0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.remove(draft)
        if not fcntl:
            with suppress(OSError):
                self.remove(draft)

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
    with _held_draft(folder, name) as (draft, file):
        with file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        folder.publish(draft, name, replace=replace)
    if sync:
        folder.sync()


@contextmanager
def _held_draft(folder: Folder, name: str) -> Iterator[tuple[str, BinaryIO]]:
    """A draft of a name and its open file; it is locked, also when that is closed, and removed on any exception."""
    draft, file = _new_draft(folder, name)
    lock = os.dup(file.fileno()) if fcntl else None  # Windows renames no open file
    try:
        yield draft, file
    except BaseException as error:  # also Ctrl-C: nothing half-written stays
        with suppress(OSError):
            folder.remove(draft)
        _name_target(error, draft, folder.path / name)
        raise
    finally:
        file.close()
        if lock is not None:
            os.close(lock)


def _name_target(error: BaseException, draft: str, target: Path) -> None:
    """An error of a draft is told of the file that it was to become."""
    if isinstance(error, OSError) and error.filename is not None and Path(error.filename).name == draft:
        error.filename, error.filename2 = str(target), None


def _new_draft(folder: Folder, name: str) -> tuple[str, BinaryIO]:
    """A draft of a name, and that file, locked where the file system has locks."""
    for _ in range(_MOST_CLAIMS):
        draft = f".{_stem(name)}-{secrets.token_hex(16)}.tmp"
        try:
            file = folder.create(draft)
        except OSError as error:
            _name_target(error, draft, folder.path / name)
            raise
        if _claimed(file):
            return draft, file
        file.close()
        with suppress(OSError):
            folder.remove(draft)
    raise OSError(errno.EBUSY, "its drafts are removed by another process", str(folder.path / name))


def _claimed(file: BinaryIO) -> bool:
    """Whether the lock is ours, and nobody took the file for a dead one before."""
    if not fcntl:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # no locks here: nobody can take one to remove it either
    return os.fstat(file.fileno()).st_nlink > 0


@contextmanager
def drafted(path: Path, *, sync: bool = True, replace: bool = True, sweep: bool = True) -> Iterator[BinaryIO]:
    """`draft_in` the folder of a path. sweep: what killed processes left of it goes first.

    A path that is a draft itself, of somebody who is careful already, is written as it is.
    """
    if is_draft(path.name) and path.is_file():
        with path.open("wb") as file:
            yield file
        return
    with open_folder(path.parent) as folder:
        if sweep:
            _sweep(folder, path)
        with draft_in(folder, path.name, sync=sync, replace=replace) as file:
            yield file


@contextmanager
def drafted_path(path: Path, *, sweep: bool = True) -> Iterator[Path]:
    """A new empty file for libraries that open their files themselves; takes the place of `path` at the end.

    It is filled in place: a library that replaces it by another file would lose its lock. sweep, and a path that is a
    draft itself: as for `drafted`.
    """
    if is_draft(path.name) and path.is_file():
        yield path
        return
    with open_folder(path.parent) as folder:
        if sweep:
            _sweep(folder, path)
        with _held_draft(folder, path.name) as (draft, empty):
            empty.close()
            yield path.with_name(draft)
            handle = os.open(folder._at(draft), os.O_RDWR | _NO_LINK | _BINARY, dir_fd=folder.handle)
            with os.fdopen(handle, "rb+") as file:
                os.fsync(file.fileno())
            folder.publish(draft, path.name, replace=True)
        folder.sync()


def write_atomically(
    path: Path, parts: Iterable[bytes], *, sync: bool = True, replace: bool = True, sweep: bool = True
) -> None:
    """Writes all parts to `path`, or leaves everything as it was. Raises OSError, with the options of `drafted`."""
    with drafted(path, sync=sync, replace=replace, sweep=sweep) as file:
        for part in parts:
            file.write(part)


def remove_drafts(path: Path) -> None:
    """Removes what a killed process left of writing `path`; for whom nobody else can be writing it now."""
    with suppress(FileNotFoundError):
        for draft in drafts_by_stem(path.parent).get(_stem(path.name), ()):
            path.with_name(draft).unlink(missing_ok=True)


def _sweep(folder: Folder, path: Path) -> None:
    """Removes what killed processes left of writing `path`, and nothing that is being written."""
    for draft in drafts_by_stem(path.parent).get(_stem(path.name), ()):
        folder.remove_if_dead(draft)


def drafts_by_stem(folder: Path | int) -> dict[str, list[str]]:
    """Names of drafts in a folder, by what those of one file have in common. Raises OSError."""
    drafts: dict[str, list[str]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if matched := _DRAFT_NAME.fullmatch(entry.name):
                drafts.setdefault(matched[1], []).append(entry.name)
    return drafts


class Sweeper:
    """Removes what killed processes left of many files below one folder, with one look into each of its folders."""

    def __init__(self) -> None:
        self._seen: dict[bytes, dict[str, list[str]]] = {}

    def sweep(self, folder: Folder, name: str) -> None:
        """Removes the dead drafts of the file that is about to be written. Raises OSError."""
        place = os.fsencode(folder.path)
        if place not in self._seen:
            drafts = drafts_by_stem(folder.path if folder.handle is None else folder.handle)
            self._seen[place] = drafts
        for draft in self._seen[place].pop(_stem(name), ()):
            folder.remove_if_dead(draft)


def is_draft(name: str) -> bool:
    """Whether a file of this name was being written and is nobody's result."""
    return _DRAFT_NAME.fullmatch(name) is not None


def _stem(name: str) -> str:
    """What the drafts of a name have in common; short whatever the name's length."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
