"""Writes originals back, byte for byte, under their relative paths; or the text that kept and removed parts rebuild.

Takes nothing of an archive on trust: names are checked, digests too, and files that are there already
are never changed. What cannot be restored comes out as a Problem, and the rest is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.durable import write_atomically
from archive.fields import unescape
from archive.headers import digest_matches
from archive.ledger import Checks, LedgerError, is_failed, load_ledger, rebuilt_text
from archive.paths import UnsafeNameError, row_suffix, safe_target
from archive.problems import RECLEAN, Problem
from archive.reader import Group, articles, metadata_fields

DECODED_SUFFIX = ".txt"


@dataclass(frozen=True, slots=True)
class Restored:
    """One article that was restored, or that has nothing to restore (then `skipped` says why)."""

    name: str
    size: int
    skipped: str = ""


def restore(
    segments: Iterable[Path], folder: Path, checks: Checks, *, decoded: bool = False
) -> Iterator[Restored | Problem]:
    """Restores every whole article into the folder, made when it is not there.

    With `decoded` the rebuilt text in UTF-8 instead of the original. Raises OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in segments:
        for group in articles(path):
            yield group if isinstance(group, Problem) else _one(group, folder, checks, decoded=decoded)


def _one(group: Group, folder: Path, checks: Checks, *, decoded: bool) -> Restored | Problem:
    fields = metadata_fields(group.metadata)
    if isinstance(fields, Problem):
        return fields
    name = name_of(fields)
    if not digest_matches(fields.get("source-digest", ""), group.resource.block):
        return group.resource.problem(f"{name}: the original does not match its digest", RECLEAN)
    data = group.resource.block
    if decoded:
        try:
            ledger = load_ledger(fields.get("ledger"))
            if is_failed(ledger):
                return Restored(name, 0, skipped="it could not be decoded")
            data = _rebuilt(group, ledger, checks)
        except LedgerError as error:
            return group.metadata.problem(f"{name}: {error}")
        name = name if name.lower().endswith(DECODED_SUFFIX) else name + DECODED_SUFFIX
    return _write(group, folder, names=_names(name, fields.get("source-row")), data=data)


def _rebuilt(group: Group, ledger: Mapping[str, object], checks: Checks) -> bytes:
    clean_text = group.conversion.block.decode("utf-8", "replace") if group.conversion else None
    return rebuilt_text(clean_text, ledger, checks).encode("utf-8", "surrogatepass")


def _write(group: Group, folder: Path, *, names: Iterable[str], data: bytes) -> Restored | Problem:
    """Under the first name that is free, or that holds the same bytes already."""
    for name in names:
        try:
            target = safe_target(folder, name)
        except UnsafeNameError as error:
            return group.metadata.problem(str(error), "read it with `cleancopy archive show --original`")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, (data,), sync=False)
            return Restored(name, len(data))
        if target.is_file() and target.read_bytes() == data:
            return Restored(name, len(data))
    return group.metadata.problem(f"{name} exists with another content", "restore into an empty folder")


def _names(name: str, row: str | None) -> Iterator[str]:
    """Rows may share an id; then the later ones get their row number into their names."""
    yield name
    if row is not None:
        stem, dot, suffix = name.rpartition(".")
        yield f"{stem}.{row}{dot}{suffix}"


def name_of(fields: Mapping[str, str]) -> str:
    """The relative path an original is restored under: `restore-name` when the cleaner gave one, else its own path."""
    if "restore-name" in fields:
        return unescape(fields["restore-name"])
    path = unescape(fields.get("source-path", ""))
    row = fields.get("source-row")
    return path if row is None else f"{path}/{row}{row_suffix(fields.get('source-media-type', ''))}"
