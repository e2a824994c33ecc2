"""Object stores and other places that fsspec reaches: named by URLs, read in ranges, written object by object.

A store that does not answer is no document's fault: it ends the run (StoreError), which goes on later. Only what is
not there is FileNotFoundError. Needs fsspec and the store's own library (the extra `remote` brings those for S3).
"""

from __future__ import annotations

import errno
import io
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast
from urllib.request import url2pathname

#: Bytes that are fetched at a time: 0.1 s at 40 MB/s, which one connection to S3 gives, and two thirds of a shard of
#: 1,000 articles of 6 KB.
FETCHED = 4 << 20
#: What libraries of stores raise besides OSError: (module, class). Looked up only when the module is loaded.
DRIVER_ERRORS = (
    ("botocore.exceptions", "BotoCoreError"),
    ("aiohttp", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("google.auth.exceptions", "GoogleAuthError"),
)
#: Names of an object's time in fsspec's facts about it, by store.
TIMES = ("LastModified", "mtime", "last_modified", "updated", "modified", "created")
#: Names of what changes with an object's content.
TAGS = ("ETag", "etag", "md5Hash", "generation")


#: Entered while a store is waited for in the middle of a document; set by whoever watches the document's time.
WAITING: ContextVar[Callable[[], AbstractContextManager[None]]] = ContextVar("WAITING", default=nullcontext)


class StoreError(Exception):
    """A store cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What a store says about an object, in the words of `os.stat_result`."""

    st_size: int
    st_mtime: float
    tag: str = ""
    st_mode: int = stat.S_IFREG

    @property
    def st_mtime_ns(self) -> int:
        """Stores tell whole seconds in one reply and fractions in another."""
        return int(self.st_mtime) * 1_000_000_000


class RemoteFile:
    """An object to read, with the methods of a Path that readers use. Its facts are asked for once."""

    __slots__ = ("_facts", "url")

    def __init__(self, url: str, facts: ObjectFacts | None = None) -> None:
        self.url, self._facts = url, facts

    def __str__(self) -> str:
        return self.url

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RemoteFile) and other.url == self.url

    def __hash__(self) -> int:
        return hash(self.url)

    def stat(self) -> ObjectFacts:
        """Raises FileNotFoundError, StoreError."""
        if self._facts is None:
            filesystem, path = _opened(self.url)
            with WAITING.get()(), answering(self.url):
                info = filesystem.info(path)
            if info["type"] != "file":
                raise FileNotFoundError(errno.ENOENT, "is not there", self.url)
            self._facts = facts_of(info)
        return self._facts

    def open(self, mode: str = "rb") -> BinaryIO:
        """A stream that fetches ranges as it is read. Raises FileNotFoundError, StoreError, also while it is read."""
        return io.BufferedReader(_Ranges(self.url, self.stat().st_size), FETCHED)


class _Ranges(io.RawIOBase):
    """An object's bytes, fetched range by range: the same for all stores, and no state in fsspec."""

    def __init__(self, url: str, size: int) -> None:
        self._url, self._size, self._at = url, size, 0
        self._filesystem, self._path = _opened(url)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._size, self._at + len(buffer))
        if end <= self._at:
            return 0
        with WAITING.get()(), answering(self._url):
            data = self._filesystem.cat_file(self._path, start=self._at, end=end)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@dataclass(frozen=True, slots=True)
class Store:
    """A prefix of a store, as the folder it stands for; names are relative POSIX paths. Picklable.

    Objects are there whole or not at all. Every method raises StoreError.
    """

    url: str  # without a slash at its end

    def file(self, name: str) -> RemoteFile:
        """An object to read."""
        return RemoteFile(f"{self.url}/{name}")

    def names(self, prefix: str = "") -> dict[str, ObjectFacts]:
        """The objects in a folder of this one, at any depth."""
        filesystem, root = _opened(self.url)
        with answering(self.url):
            try:
                files = filesystem.find(f"{root}/{prefix}".rstrip("/"), detail=True)
            except FileNotFoundError:
                return {}
        return {path[len(root) + 1 :]: facts_of(info) for path, info in files.items() if len(path) > len(root)}

    def holds(self, name: str) -> bool:
        """Whether there is such an object, or any whose name goes on with a slash."""
        filesystem, root = _opened(self.url)
        with answering(self.url):
            return bool(filesystem.exists(f"{root}/{name}"))

    def read(self, name: str, start: int | None = None, end: int | None = None) -> bytes:
        """An object's bytes, or a range of them. Raises FileNotFoundError."""
        filesystem, root = _opened(self.url)
        with answering(f"{self.url}/{name}"):
            return cast(bytes, filesystem.cat_file(f"{root}/{name}", start=start, end=end))

    def write(self, name: str, data: bytes) -> None:
        """Makes or replaces an object."""
        filesystem, root = _opened(self.url)
        with answering(f"{self.url}/{name}"):
            filesystem.pipe_file(f"{root}/{name}", data)

    def create(self, name: str, data: bytes) -> bool:
        """Makes an object; False when there is one, also when another process made it at the same moment."""
        filesystem, root = _opened(self.url)
        with answering(f"{self.url}/{name}"):
            try:
                filesystem.pipe_file(f"{root}/{name}", data, mode="create")
            except FileExistsError:
                return False
            except OSError as error:  # S3 stores that do not say which condition did not hold
                if error.errno == errno.EINVAL and "condition" in str(error):
                    return False
                raise
        return True

    def send(self, folder: Path, names: Sequence[str]) -> None:
        """Writes files of a folder under their names, many at a time where the store's library can."""
        filesystem, root = _opened(self.url)
        with answering(self.url):
            if names:
                filesystem.put([str(folder / name) for name in names], [f"{root}/{name}" for name in names])

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Reads objects into files of a folder. Raises FileNotFoundError."""
        filesystem, root = _opened(self.url)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with answering(self.url):
            if names:
                filesystem.get([f"{root}/{name}" for name in names], [str(folder / name) for name in names])

    def remove(self, names: Sequence[str]) -> None:
        """Removes objects; those that are not there too."""
        filesystem, root = _opened(self.url)
        paths = [f"{root}/{name}" for name in names]
        with answering(self.url):
            try:
                if paths:
                    filesystem.rm(paths)  # S3 takes a thousand at a time
            except FileNotFoundError:
                for path in paths:
                    with suppress(FileNotFoundError):
                        filesystem.rm_file(path)


PathOrUrl = Path | str  # of an input or of OUT: on this machine's file systems, or a URL


def path_or_url(text: str) -> PathOrUrl:
    """What a word of the command line names: a URL (but `file://`), or a path."""
    if text.startswith("file://"):
        return Path(url2pathname(text.removeprefix("file://")))
    return text.rstrip("/") if is_remote(text) else Path(text)


def is_remote(given: PathOrUrl) -> bool:
    """Whether a place lies in a store; the letter of a Windows drive is no scheme."""
    return isinstance(given, str) and given.find("://") > 1


def file_at(text: str) -> Path | RemoteFile:
    """The file at a path or URL."""
    return RemoteFile(text) if is_remote(text) else Path(text)


def facts_of(info: Mapping[str, Any]) -> ObjectFacts:
    """The facts in what fsspec says about an object."""
    when = next((info[name] for name in TIMES if info.get(name) is not None), 0.0)
    if isinstance(when, str):
        when = datetime.fromisoformat(when)
    if isinstance(when, datetime):
        when = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    tag = next((str(info[name]).strip('"') for name in TAGS if info.get(name)), "")
    return ObjectFacts(int(info.get("size") or 0), float(when), tag)


def parts_of(url: str) -> PurePosixPath:
    """A URL's bucket and path, without its scheme. Raises StoreError for a scheme that nothing here reads."""
    return PurePosixPath(_opened(url)[1])


def listed(pattern: str) -> Iterator[str]:
    """The URLs of the objects that match a pattern, in order."""
    filesystem, path = _opened(pattern)
    with answering(pattern):
        yield from (filesystem.unstrip_protocol(name) for name in sorted(filesystem.glob(path)))


@contextmanager
def answering(url: str) -> Iterator[None]:
    """Turns what a store's library raises into StoreError, but for what says that an object is (not) there."""
    try:
        yield
    except FileNotFoundError as error:  # libraries leave the number out, by which readers tell what happened
        raise FileNotFoundError(errno.ENOENT, "is not there", url) from error
    except FileExistsError:
        raise
    except _store_errors() as error:
        raise StoreError(f"{url}: the store refuses or does not answer ({error}); mend that, then run again") from error


def _store_errors() -> tuple[type[Exception], ...]:
    return OSError, *(getattr(sys.modules[module], name) for module, name in DRIVER_ERRORS if module in sys.modules)


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL and the path in it. Listings are never remembered: others write there too."""
    return _filesystem(url.partition("://")[0]), _path(url)


def _path(url: str) -> str:
    return str(_filesystem(url.partition("://")[0])._strip_protocol(url))


@lru_cache(maxsize=8)
def _filesystem(scheme: str) -> Any:
    try:
        import fsspec
    except ImportError as error:
        raise StoreError(
            f"{scheme}:// needs a library that is missing here ({error}); pip install 'cleancopy[remote]'"
        ) from error
    try:
        return fsspec.filesystem(scheme, use_listings_cache=False)
    except ImportError as error:
        raise StoreError(f"{scheme}:// needs a library that is missing here: {error}") from error
    except ValueError as error:
        raise StoreError(f"{scheme}:// is not a store that fsspec knows ({error}); s3:// and gs:// are") from error
