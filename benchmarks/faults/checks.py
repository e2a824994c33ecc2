"""What must hold of the files of a trial after a fault or a kill."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from faults.scenarios import Scenario, Tree

from archive.segments.durable import is_draft


def changed(scenario: Scenario, before: Tree, after: Tree) -> Iterator[str]:
    """What had to stay and is not as it was."""
    for name, content in before.items():
        stays = name.startswith("in/") or any(fnmatch(name, pattern.replace("**/*", "*")) for pattern in scenario.kept)
        if stays and after.get(name) != content:
            yield f"{name} has changed"
        if name == scenario.grows and not after.get(name, b"").startswith(content):
            yield f"{name} has lost what it held"


def torn(scenario: Scenario, after: Tree, reference: Tree, *, killed: bool) -> Iterator[str]:
    """Files of commands that do not go on: each is whole or not there; drafts stay after a kill only.

    A run's own folder may be half done: a run goes on.
    """
    if scenario.again or scenario.grows:
        return
    for name, content in after.items():
        if content == reference.get(name) or (scenario.is_run and name.startswith("place/out/")):
            continue
        if _is_unfinished(name):
            if not killed:
                yield f"{name} is left"
        elif name not in reference or not _is_whole(name, content, reference[name]):
            yield f"{name} is not whole"


def different(now: Tree, reference: Tree) -> str:
    """Names of the files that are not as those of a command that met no fault, or are no files of it."""
    names = sorted(name for name in {*now, *reference} if now.get(name) != reference.get(name))
    return ", ".join(names)[:300]


def _is_unfinished(name: str) -> bool:
    last = name.rpartition("/")[2]
    return is_draft(last) or last.endswith((".lock", ".open", ".new", ".new-journal")) or "/.work/" in name


def _is_whole(name: str, content: bytes, reference: bytes) -> bool:
    if name.endswith("site.memory"):
        return _opens(content)
    if name.endswith("signature.json"):
        return len(json.loads(content)) == len(json.loads(reference))
    if name.endswith(".tsq"):  # a number made by chance is in it
        return content[1] == len(content) - 2
    return False


def _opens(content: bytes) -> bool:
    from cleaner.memory.store import Memory, MemoryFileError

    with tempfile.NamedTemporaryFile(suffix=".memory") as file:
        file.write(content)
        file.flush()
        try:
            Memory(Path(file.name)).close()
        except MemoryFileError:
            return False
        return True
