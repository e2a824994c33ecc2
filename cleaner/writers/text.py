"""The clean text of a document as a file: title, blank line, body, a final line break; UTF-8.

A file's text keeps its relative path; `page.html` becomes `page.html.txt`. Two inputs that would
share a name (also on file systems without case) get numbers, in input order; a name too long for a
file system is cut, with a piece of its digest.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path, PurePosixPath

#: File systems take 255 bytes; a draft adds ".tmp", a number some more.
LONGEST_NAME = 230


class TextNames:
    """Gives each document of a run its own file name; no file bears the name of a folder."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def name(self, path: str) -> str:
        """The relative POSIX path of the text file of the input at this relative path."""
        *parents, last = PurePosixPath(path if path.lower().endswith(".txt") else f"{path}.txt").parts
        folder = ""
        for parent in parents:
            folder = self._free(f"{folder}{_shortened(parent)}", self._files, "~{}")
            self._folders.add(folder.casefold())
            folder += "/"
        stem = _shortened(last).removesuffix(".txt")
        name = self._free(f"{folder}{stem}.txt", self._files | self._folders, ".{}.txt")
        self._files.add(name.casefold())
        return name

    @staticmethod
    def _free(name: str, taken: set[str], numbered: str) -> str:
        count, free = 1, name
        while free.casefold() in taken:
            count += 1
            free = name.removesuffix(".txt") + numbered.format(count)
        return free


def _shortened(name: str) -> str:
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) <= LONGEST_NAME:
        return name
    head = encoded[: LONGEST_NAME - 20].decode("utf-8", "ignore")
    return f"{head}-{sha256(encoded).hexdigest()[:8]}" + (".txt" if name.lower().endswith(".txt") else "")


def write_text(folder: Path, name: str, text: str) -> Path:
    """Writes the file whole or not at all. Lone surrogates, which UTF-8 cannot hold, become U+FFFD. Raises OSError."""
    target = folder.joinpath(*PurePosixPath(name).parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.tmp")
    try:
        draft.write_bytes((text + "\n").encode("utf-8", "replace"))
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return target
