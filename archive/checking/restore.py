"""Writes originals back, byte for byte, under their relative paths; or the text that kept and removed parts rebuild.
Of a compressed file the archive holds the bytes inside: they get its name without the ending of the compression.

Takes nothing of an archive on trust: names are checked, digests too, and files that are there already
are never changed. What cannot be restored comes out as a Problem, and the rest is.
"""

from __future__ import annotations

import errno
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from archive.checking.ledger import Checks, LedgerError, is_failed, load_ledger, rebuilt_text
from archive.checking.originals import ChangedError, Missing, Sources
from archive.checking.safe_names import UnsafeNameError, row_suffix, safe_parts
from archive.checking.versions import chosen
from archive.segments.durable import Folder, Sweeper, draft_in, open_folder
from archive.segments.problems import RECLEAN, Problem
from archive.segments.reader import Group, articles, metadata_fields
from archive.warc.digests import digest_matches
from archive.warc.fields import unescape

DECODED_SUFFIX = ".txt"
#: Compressions by suffix, and how what they make begins.
PACKED = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\x00", ".zst": b"\x28\xb5\x2f\xfd"}
READ_IT = "read it with `cleancopy archive show --original`"
#: Errors after which the next file cannot be written either.
HOPELESS = frozenset({errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)})


@dataclass(frozen=True, slots=True)
class Restored:
    """One article that was restored, or that has nothing to restore (then `skipped` says why)."""

    name: str
    size: int
    skipped: str = ""
    of_row: bool = False  # the article of a row; the archive does not hold the row's other fields
    unpacked: bool = False  # named like a compressed file, which the archive holds unpacked


@dataclass(frozen=True, slots=True)
class Target:
    """The folder that is restored into, and who removes what a killed restore left half-written there."""

    folder: Folder
    sweeper: Sweeper
    unpacked: set[str]  # ids of what compressed files held: it is written when all else has its name


def restore(
    segments: Sequence[Path],
    folder: Path,
    checks: Checks,
    *,
    decoded: bool = False,
    sources: Sources | None = None,
    at: datetime | None = None,
) -> Iterator[Restored | Problem | Missing]:
    """Restores every whole article into the folder, made when it is not there; of several versions the newest.

    `at`: the newest of those that were cleaned until then.

    Originals in other files are read from `sources`; those not at hand come out last, counted by file.
    With `decoded` the rebuilt text in UTF-8 instead of the original. Raises OSError when the folder cannot be written.
    """
    sources = sources or Sources()
    wanted = chosen(segments, at)
    folder.mkdir(parents=True, exist_ok=True)
    with open_folder(folder) as opened:
        target = Target(opened, Sweeper(), set())
        for path, group in _groups(segments, wanted, target.unpacked):
            if isinstance(group, Problem):
                yield group
            else:
                yield from _restored(group, target, checks, decoded=decoded, sources=sources, beside=path.parent)
    yield from sources.missing_files()
    sources.close()


def _groups(
    segments: Sequence[Path], wanted: Collection[str] | None, unpacked: Collection[str]
) -> Iterator[tuple[Path, Group | Problem]]:
    """The wanted groups of all segments, and the problems there; then those again that turned out to be unpacked."""
    for path in segments:
        for group in articles(path):
            if isinstance(group, Problem) or wanted is None or group.metadata.id in wanted:
                yield path, group
    for path in segments if unpacked else ():
        for group in articles(path):
            if not isinstance(group, Problem) and group.metadata.id in unpacked:
                yield path, group


def _restored(
    group: Group, target: Target, checks: Checks, *, decoded: bool, sources: Sources, beside: Path
) -> Iterator[Restored | Problem]:
    fields = metadata_fields(group.metadata)
    if isinstance(fields, Problem):
        yield fields
        return
    if decoded and not group.resource:
        original: bytes | Problem | None = b""
    else:
        original = _original(group, fields, sources, beside)
    if isinstance(original, Problem):
        yield original
    elif original is not None and (
        outcome := _one(group, target, checks, fields=fields, original=None if decoded else original)
    ):
        yield outcome


def _original(
    group: Group, fields: Mapping[str, str], sources: Sources, segment_folder: Path
) -> bytes | Problem | None:
    """The original, from the archive or the file it refers to; None when that file is not at hand."""
    try:
        data = group.resource.block if group.resource else sources.payload(fields, segment_folder)
    except (ChangedError, OSError) as error:
        return group.metadata.problem(f"{name_of(fields)}: {error}", RECLEAN)
    if data is not None and not digest_matches(fields.get("source-digest", ""), data):
        return group.records[0].problem(f"{name_of(fields)}: the original does not match its digest", RECLEAN)
    return data


def _one(
    group: Group, target: Target, checks: Checks, *, fields: Mapping[str, str], original: bytes | None
) -> Restored | Problem | None:
    """Writes the original, or without one the text that the ledger rebuilds; None: its turn comes later."""
    name = name_of(fields)
    data = original or b""
    if original is None:
        try:
            ledger = load_ledger(fields.get("ledger"))
            if is_failed(ledger):
                return Restored(name, 0, skipped="it could not be decoded")
            data = _rebuilt(group, ledger, checks)
        except LedgerError as error:
            return group.metadata.problem(f"{name}: {error}")
        name = name if name.lower().endswith(DECODED_SUFFIX) else name + DECODED_SUFFIX
    row = fields.get("source-row")
    plain = name if original is None or row is not None else unpacked_name(name, data)
    if plain != name and group.metadata.id not in target.unpacked:
        target.unpacked.add(group.metadata.id)
        return None
    names = _names_of_unpacked(plain, name) if plain != name else _names(name, row)
    restored = _write(group, target, names=list(names), data=data)
    if isinstance(restored, Problem):
        return restored
    of_row = row is not None and "source-record-id" not in fields
    return replace(restored, of_row=of_row, unpacked=plain != name)


def unpacked_name(name: str, data: bytes) -> str:
    """The name of an original without the ending of a compression that its bytes, which the reader unpacked, lack.

    >>> unpacked_name("news/a.txt.gz", b"The council met.")
    'news/a.txt'
    """
    packing = next((suffix for suffix in PACKED if name.lower().endswith(suffix)), "")
    is_packed = data.startswith(PACKED.get(packing, b""))
    return name if is_packed else name[: -len(packing)]


def _rebuilt(group: Group, ledger: Mapping[str, object], checks: Checks) -> bytes:
    clean_text = group.conversion.block.decode("utf-8", "replace") if group.conversion else None
    return rebuilt_text(clean_text, ledger, checks).encode("utf-8", "surrogatepass")


def _write(group: Group, target: Target, *, names: Sequence[str], data: bytes) -> Restored | Problem:
    """Under the first name that is free, or that holds the same bytes already."""
    problem = None
    for name in names:
        try:
            *folders, file_name = safe_parts(name)
            with target.folder.below(folders) as below:
                if _is_written(below, file_name, data, target.sweeper):
                    return Restored(name, len(data))
        except UnsafeNameError as error:
            problem = problem or group.metadata.problem(str(error), READ_IT)
        except OSError as error:
            if error.errno in HOPELESS:
                raise
            reason = error.strerror or error
            problem = problem or group.metadata.problem(f"{name} cannot be written ({reason})", READ_IT)
    taken = f"{' and '.join(names)} exist{'s' * (len(names) == 1)} with another content"
    return problem or group.metadata.problem(taken, "restore into an empty folder")


def _is_written(folder: Folder, name: str, data: bytes, sweeper: Sweeper) -> bool:
    """Writes the file, unless something of that name is there; then whether that holds the same bytes."""
    sweeper.sweep(folder, name)
    if not folder.has(name):
        try:
            with draft_in(folder, name, sync=False, replace=False) as file:
                file.write(data)
        except FileExistsError:
            pass  # came meanwhile, or is the same name to this file system
        else:
            return True
    return folder.read(name, len(data) + 1) == data


def _names(name: str, row: str | None) -> Iterator[str]:
    """Rows may share an id; then the later ones get their row number into their names."""
    yield name
    if row is not None:
        stem, dot, suffix = name.rpartition(".")
        yield f"{stem}.{row}{dot}{suffix}"


def _names_of_unpacked(plain: str, name: str) -> Iterator[str]:
    """A file that was not compressed may have the name already: then the ending goes before the other one, and where
    that is taken, too, stays where it was.

    >>> list(_names_of_unpacked("v1.2/a.txt", "v1.2/a.txt.gz"))
    ['v1.2/a.txt', 'v1.2/a.gz.txt', 'v1.2/a.txt.gz']
    """
    yield plain
    folders, slash, file_name = plain.rpartition("/")
    stem, dot, suffix = file_name.rpartition(".")
    if stem:
        yield f"{folders}{slash}{stem}{name[len(plain) :]}{dot}{suffix}"
    yield name


def name_of(fields: Mapping[str, str]) -> str:
    """The relative path an original is restored under: `restore-name` when the cleaner gave one, else its own path."""
    if "restore-name" in fields:
        return unescape(fields["restore-name"])
    path = unescape(fields.get("source-path", ""))
    row = fields.get("source-row")
    return path if row is None else f"{path}/{row}{row_suffix(fields.get('source-media-type', ''))}"
