"""What lies under URLs: objects → what is there to read, as `folder.find` gives it for files; sorted, none twice.

Refuses names that are no relative paths (`..`, empty parts): clean texts are written under them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from cleaner.readers.files import unreadable
from cleaner.readers.folders import FALLBACK_KIND, WILDCARDS, InputError, told_kind, unknown
from cleaner.readers.readings import Failure, InputFile, Skipped
from cleaner.storage.object_store import ObjectFacts, PathOrUrl, RemoteFile, Store, is_remote, listed, parts_of


@dataclass(frozen=True, slots=True)
class _Start:
    """One input, or one match of a pattern."""

    url: str
    folder: str  # URL that its locators are relative to, if it is the only input


def find_remote(
    inputs: Sequence[PathOrUrl], *, exclude: PathOrUrl | None, kinds: Collection[str]
) -> Iterator[InputFile | Skipped | Failure]:
    """What `readers.discover` gives, for URLs. Raises InputError and object_store.StoreError at once."""
    starts, unmatched = _starts(inputs)
    if exclude is not None and is_remote(exclude):
        _refuse_output_inside(starts, str(exclude))
    named = len(inputs) == 1 and [start.url for start in starts] == [str(inputs[0])] and _is_object(starts[0].url)
    base = _base(starts)
    objects = {locator: remote for start in starts for locator, remote in _objects(start, base)}
    return _find(unmatched, dict(sorted(objects.items())), kinds, fallback=FALLBACK_KIND if named else None)


def remote_folder(inputs: Sequence[PathOrUrl]) -> str:
    """The name of the folder that the locators of these URLs are relative to; "" where that is a whole store."""
    return _base(_starts(inputs)[0]).name


def _starts(inputs: Sequence[PathOrUrl]) -> tuple[list[_Start], list[Failure]]:
    starts: list[_Start] = []
    unmatched: list[Failure] = []
    for given in inputs:
        if not isinstance(given, str) or not is_remote(given):
            raise InputError(f"{given} is a path and others are URLs; clean them one after the other")
        url = given.rstrip("/")
        if not WILDCARDS & set(url):
            starts.append(_Start(url, url))
            continue
        before = url[: min(url.index(sign) for sign in WILDCARDS if sign in url)].rpartition("/")[0]
        matches = [_Start(match, before) for match in listed(url)]
        starts += matches
        if not matches:
            unmatched.append(Failure(str(parts_of(url)), None, "matches no object", "check the pattern"))
    if len({start.url.partition("://")[0] for start in starts}) > 1:
        raise InputError("the inputs lie in different stores; clean them one after the other")
    return starts, unmatched


def _refuse_output_inside(starts: Sequence[_Start], exclude: str) -> None:
    output = parts_of(exclude)
    for start in starts:
        source = parts_of(start.url)
        if exclude.partition("://")[0] != start.url.partition("://")[0]:
            continue
        if source == output or source in output.parents:
            raise InputError(f"the output {exclude} lies in the input {start.url}; choose one outside")
        if output in source.parents:
            raise InputError(f"the input {start.url} lies in the output {exclude}; choose another output")


def _base(starts: Sequence[_Start]) -> PurePosixPath:
    """The folder that locators are relative to: the only input, or the nearest folder around all of them."""
    folders = {start.folder for start in starts}
    if len(folders) == 1:
        [folder] = folders
        path = parts_of(folder)
        return path.parent if _is_object(folder) else path
    around = [parts_of(start.url).parent.parts for start in starts] or [()]
    depth = 0
    while all(len(parts) > depth and parts[depth] == around[0][depth] for parts in around):
        depth += 1
    return PurePosixPath(*around[0][:depth])


def _is_object(url: str) -> bool:
    try:
        RemoteFile(url).stat()
    except FileNotFoundError:
        return False
    return True


def _objects(start: _Start, base: PurePosixPath) -> Iterator[tuple[str, tuple[str, ObjectFacts] | None]]:
    """Locators with URLs and facts; None for an input that is not there."""
    root = parts_of(start.url)
    prefix = "" if base == root else f"{root.relative_to(base).as_posix()}"
    if _is_object(start.url):
        yield prefix, (start.url, RemoteFile(start.url).stat())
        return
    names = Store(start.url).names()
    for name, facts in names.items():
        if not name.endswith("/"):  # an empty object that stands for a folder
            yield f"{prefix}/{name}" if prefix else name, (f"{start.url}/{name}", facts)
    if not names:
        yield prefix or root.name, None


def _find(
    unmatched: list[Failure],
    objects: dict[str, tuple[str, ObjectFacts] | None],
    kinds: Collection[str],
    *,
    fallback: str | None,
) -> Iterator[InputFile | Skipped | Failure]:
    yield from unmatched
    hidden = ""
    for locator, remote in objects.items():
        if hidden and locator.startswith(hidden):
            continue
        *folders, name = locator.split("/")
        outermost = next((place for place, part in enumerate(folders) if part.startswith(".")), None)
        if remote is None:
            yield Failure(locator, None, "is not there", "check its name; if it was moved meanwhile, run again")
        elif not {"", ".", ".."}.isdisjoint((*folders, name)):
            yield Failure(locator, None, "has a name that is not a relative path", "rename it")
        elif outermost is not None:  # a hidden folder counts as one
            hidden = "/".join(folders[: outermost + 1]) + "/"
            yield Skipped(hidden.rstrip("/"), "hidden")
        elif name.startswith("."):
            yield Skipped(locator, "hidden")
        else:
            yield _judge(RemoteFile(*remote), locator, kinds, fallback)


def _judge(
    file: RemoteFile, locator: str, kinds: Collection[str], fallback: str | None
) -> InputFile | Skipped | Failure:
    try:
        kind = told_kind(file, locator, kinds, named=fallback is not None)
    except FileNotFoundError as error:
        return unreadable(locator, error)
    return InputFile(file, locator, kind) if kind else Skipped(locator, unknown(locator))
