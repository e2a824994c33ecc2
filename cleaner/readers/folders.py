"""Files, folders and globs → what is there to read, sorted, with what was skipped and why.

Goes into folders, but through no symbolic link or junction to a folder, and to no file outside.
Refuses an output folder inside the input: the next run would clean its own results.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cleaner.decoding.content_kind import HEAD
from cleaner.readers.files import not_a_file, unreadable
from cleaner.readers.kinds import SERVED, kind_by_bytes, kind_of, suffix_of
from cleaner.readers.packing import PACKINGS
from cleaner.readers.readings import Failure, InputFile, Skipped
from cleaner.storage.object_store import RemoteFile

#: The only input named is read as this when its suffix is unknown: who names it wants it read.
FALLBACK_KIND = ".txt"

#: A folder inside an input that holds these is what a run has written: cleaning it again would count all twice. Named
#: itself, it is read.
RUN = ("run.json", "documents/", "warc/")
WILDCARDS = frozenset("*?[")


class InputError(ValueError):
    """The inputs cannot be used as they were given; the message says what to change."""


@dataclass(frozen=True, slots=True)
class _Start:
    """One input, or one match of a glob: a file or folder to begin from."""

    path: Path  # absolute
    anchor: Path  # what its locators are relative to, if it is the only input
    pattern: bool = False  # found by a glob


#: An entry of a folder with its locator; of a folder to go into this ends in a slash.
_Entries = list[tuple[str, "os.DirEntry[str]"]]


def find(
    inputs: Sequence[Path | str], *, exclude: Path | None, kinds: Collection[str]
) -> Iterator[InputFile | Skipped | Failure]:
    """What `readers.discover` gives, for these kinds (suffixes). Raises InputError at once."""
    starts, unmatched = _starts(inputs)
    if exclude is not None:
        _refuse_output_inside(starts, exclude)
    base = _base(starts)
    named = [(_locator(start.path, base), start) for start in starts]
    named.sort(key=lambda pair: pair[0] + "/" * pair[1].path.is_dir())
    fallback = FALLBACK_KIND if len(inputs) == 1 else None
    return _find(named, unmatched, kinds, fallback=fallback)


def missing_inputs(inputs: Sequence[Path | str]) -> list[str]:
    """The inputs that name nothing: paths that are not there, patterns that match no file. Raises InputError."""
    starts, unmatched = _starts(inputs)
    gone = [str(given) for given in inputs if not WILDCARDS & set(str(given)) and not _exists(_absolute(Path(given)))]
    return gone + [failure.locator for failure in unmatched] if starts or unmatched else []


def input_folder(inputs: Sequence[Path | str]) -> str:
    """The name of the folder that the locators of these inputs are relative to; "" where there is none.

    Raises InputError.
    """
    base = _base(_starts(inputs)[0])
    return base.name if base else ""


def _find(
    named: list[tuple[str, _Start]], unmatched: list[Failure], kinds: Collection[str], *, fallback: str | None
) -> Iterator[InputFile | Skipped | Failure]:
    yield from unmatched
    seen: set[str] = set()
    for locator, start in named:
        if locator in seen:  # inputs from several drives
            yield Failure(locator, None, "has the same name as another input", "rename it, or clean it by itself")
        elif start.path.is_dir():
            yield from _walk(start.path, "" if locator == "." else locator + "/", kinds)
        else:
            root = start.anchor if start.pattern else None
            yield _judge(start.path, locator, kinds, root=root, fallback=None if start.pattern else fallback)
        seen.add(locator)


def _starts(inputs: Sequence[Path | str]) -> tuple[list[_Start], list[Failure]]:
    """The inputs with globs expanded, without those that lie in a folder that is an input as well."""
    starts: dict[Path, _Start] = {}
    unmatched: list[Failure] = []
    for given in map(Path, inputs):
        path = _absolute(given)
        if _exists(path) or not WILDCARDS & set(str(given)):
            starts[path] = _Start(path, path if path.is_dir() else path.parent)
            continue
        anchor, matches = _expand(path)
        starts.update((match, _Start(match, anchor, pattern=True)) for match in matches)
        if not matches:
            name = given.name if given.is_absolute() else given.as_posix()
            unmatched.append(Failure(name, None, "matches no file", "check the pattern"))
    folders = {path.resolve() for path in starts if path.is_dir()}
    return [start for start in starts.values() if folders.isdisjoint(_resolved_parents(start.path))], unmatched


def _expand(pattern: Path) -> tuple[Path, list[Path]]:
    """The folder before a glob's first wildcard, and the matches without hidden ones."""
    count = next(i for i, part in enumerate(pattern.parts) if WILDCARDS & set(part))
    anchor = Path(*pattern.parts[:count])
    try:
        matches = sorted(anchor.glob(str(Path(*pattern.parts[count:]))))
    except ValueError as error:
        raise InputError(f"{pattern.name} is not a pattern ({error}); quote names that hold * ? or [") from error
    return anchor, [m for m in matches if not any(part.startswith(".") for part in m.parts[count:])]


def _absolute(path: Path) -> Path:
    """Absolute, without `..`, and with its links as they are: locators show the names that were given."""
    return Path(os.path.abspath(path))  # noqa: PTH100  (resolve would follow links)


def _exists(path: Path) -> bool:
    """Whether the name is there, be it a link to nowhere."""
    try:
        path.lstat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return False
    return True


def _resolved_parents(path: Path) -> set[Path]:
    parent = path.parent.resolve()
    return {parent, *parent.parents}


def _refuse_output_inside(starts: Sequence[_Start], exclude: Path) -> None:
    output = exclude.resolve()
    for start in starts:
        source = start.path.resolve()
        if source == output or (source.is_dir() and source in output.parents):
            raise InputError(f"the output folder {exclude} lies in the input {start.path.name}; choose one outside")
        if output in source.parents:
            raise InputError(f"the input {start.path.name} lies in the output folder {exclude}; choose another output")


def _base(starts: Sequence[_Start]) -> Path | None:
    """The folder that locators are relative to: the only input, or the nearest folder around all of them.

    None where that would be a whole drive: then each input goes by its own name.
    """
    anchors = {start.anchor for start in starts}
    if len(anchors) == 1:
        return anchors.pop()
    around = {start.path.parent if start.anchor == start.path else start.anchor for start in starts}
    try:
        base = Path(os.path.commonpath([str(path) for path in around]))
    except ValueError:  # no inputs; Windows: several drives
        return None
    return None if base.parent == base else base


def _locator(path: Path, base: Path | None) -> str:
    return path.relative_to(base).as_posix() if base else path.name


def _walk(folder: Path, prefix: str, kinds: Collection[str]) -> Iterator[InputFile | Skipped | Failure]:
    """What lies under a folder in the order of locators, without a recursion that depth could break."""
    root = folder.resolve()
    todo, failure = _entries(folder, prefix)
    if failure:
        yield failure
    while todo:
        locator, entry = todo.pop()
        if locator.endswith("/"):
            inside, failure = _entries(Path(entry.path), locator)
            if {locator + name for name in RUN} <= {name for name, _ in inside}:
                yield Skipped(locator, "folder of an earlier run")
                continue
            todo += inside
            if failure:
                yield failure
        elif entry.name.startswith("."):
            yield _unnameable(locator) or Skipped(locator, "hidden")
        else:
            yield _judge(Path(entry.path), locator, kinds, root=root)


def _entries(folder: Path, prefix: str) -> tuple[_Entries, Failure | None]:
    """The entries of a folder, last first."""
    try:
        with os.scandir(folder) as entries:
            named = [(prefix + e.name + "/" * _is_open_folder(e), e) for e in entries]
    except OSError as error:
        return [], unreadable(prefix.rstrip("/") or folder.name, error)
    return sorted(named, key=lambda pair: pair[0], reverse=True), None


def _is_open_folder(entry: os.DirEntry[str]) -> bool:
    """A folder to go into: not hidden, no link. A Windows junction shows in its real path only."""
    if entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
        return False
    path = Path(entry.path)
    real, plain = path.resolve(), path.parent.resolve() / entry.name
    return os.path.normcase(real) == os.path.normcase(plain)


def _judge(
    path: Path, locator: str, kinds: Collection[str], *, root: Path | None, fallback: str | None = None
) -> InputFile | Skipped | Failure:
    """What becomes of a file, or of what else stands in a file's place; links must stay in `root` if there is one."""
    if unnameable := _unnameable(locator):
        return unnameable
    try:
        mode = path.stat().st_mode  # of what a link leads to
    except (OSError, ValueError) as error:  # a link to nowhere or to itself, a name with a NUL
        if path.is_symlink() and isinstance(error, FileNotFoundError):
            return Failure(locator, None, "is a symbolic link to nowhere", "remove the link")
        return unreadable(locator, error if isinstance(error, OSError) else OSError(str(error)))
    if stat.S_ISDIR(mode):
        return Skipped(locator, "link to a folder")
    if not stat.S_ISREG(mode):
        return Skipped(locator, "neither file nor folder") if root else not_a_file(locator)
    if root and path.is_symlink() and root.resolve() not in path.resolve().parents:
        return Skipped(locator, "link out of the folder")
    try:
        kind = told_kind(path, locator, kinds, named=fallback is not None)
    except OSError as error:
        return unreadable(locator, error)
    return InputFile(path, locator, kind) if kind else Skipped(locator, unknown(locator))


def told_kind(path: Path | RemoteFile, locator: str, kinds: Collection[str], *, named: bool) -> str | None:
    """The kind of a file by its suffix, else by its bytes: of what has no telling one, or is the only input named.

    None for what is not read. Raises OSError.
    """
    if kind := kind_of(locator, kinds):
        return kind
    suffix = suffix_of(locator)
    if suffix and suffix not in SERVED and suffix not in PACKINGS and not named:
        return None
    with path.open("rb") as stream:
        kind = kind_by_bytes(stream.read(4 * HEAD), kinds)
    if suffix in SERVED and not named:
        return kind if kind in (".html", ".html.gz") else None
    return kind or (FALLBACK_KIND if named else None)


def unknown(locator: str) -> str:
    """The reason for which a file is skipped."""
    suffix = suffix_of(locator)
    return f"unknown kind {suffix}" if suffix else "no suffix, and its bytes are not text"


def _unnameable(locator: str) -> Failure | None:
    """The failure for a name that is not Unicode: no output could hold it."""
    try:
        locator.encode("utf-8")
    except UnicodeEncodeError:
        shown = locator.encode("utf-8", "backslashreplace").decode("utf-8")
        return Failure(shown, None, "has a name that is not UTF-8", "rename it")
    return None
