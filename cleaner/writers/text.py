"""The clean text of a document as a file: title, blank line, body, a final line break; UTF-8.

A file's text keeps its relative path; `page.html` becomes `page.html.txt`. Two inputs that would
share a name (also on file systems without case) get numbers, in input order; a name too long for a
file system is cut, with a piece of its digest.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from pathlib import Path, PurePosixPath

from archive.segments.durable import draft_in, open_folder

#: File systems take 255 bytes; a number and another ending take some of them.
LONGEST_NAME = 230


class TextNames:
    """Gives each document of a run its own file name; no file bears the name of a folder.

    Wants the paths in order, as `discover` gives them: only the folders on the way to the last one are remembered.
    """

    def __init__(self) -> None:
        self._open = [_Folder("", "")]

    def name(self, path: str) -> str:
        """The relative POSIX path of the text file of the input at this relative path."""
        *parents, last = PurePosixPath(path if path.lower().endswith(".txt") else f"{path}.txt").parts
        depth = 0
        while depth < len(parents) and depth + 1 < len(self._open) and self._open[depth + 1].source == parents[depth]:
            depth += 1
        del self._open[depth + 1 :]
        for parent in parents[depth:]:
            inside = self._open[-1]
            self._open.append(_Folder(parent, f"{inside.prefix}{inside.free(_shortened(parent), '~{}')}/"))
        folder = self._open[-1]
        stem = _shortened(last).removesuffix(".txt")
        return folder.prefix + folder.free(f"{stem}.txt", ".{}.txt")


@dataclass(slots=True)
class _Folder:
    """The names given in one folder, as digests of their case-folded form."""

    source: str  # its name among the inputs
    prefix: str  # its path among the outputs, with a slash
    taken: set[bytes] = field(default_factory=set)

    def free(self, name: str, numbered: str) -> str:
        """This name, or the first with a number that is still free; it is taken from now on."""
        count, free = 1, name
        while (key := _folded(free)) in self.taken:
            count += 1
            free = name.removesuffix(".txt") + numbered.format(count)
        self.taken.add(key)
        return free


def _folded(name: str) -> bytes:
    return blake2b(name.casefold().encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _shortened(name: str) -> str:
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) <= LONGEST_NAME:
        return name
    head = encoded[: LONGEST_NAME - 20].decode("utf-8", "ignore")
    return f"{head}-{sha256(encoded).hexdigest()[:8]}" + (".txt" if name.lower().endswith(".txt") else "")


def write_text(folder: Path, name: str, text: str) -> Path:
    """Writes the file whole or not at all, through no link. Lone surrogates, which UTF-8 cannot hold, become U+FFFD.

    The folder is there. Raises OSError.
    """
    *folders, last = PurePosixPath(name).parts
    with (
        open_folder(folder) as opened,
        opened.below(folders) as below,
        draft_in(below, last, sync=False) as file,
    ):
        file.write(text.encode("utf-8", "replace"))
    return folder.joinpath(*folders, last)


def remove_text(folder: Path, name: str) -> None:
    """Removes the file, if it is there, through no link. Raises OSError."""
    target = folder.joinpath(*PurePosixPath(name).parts)
    inside = list(target.parents)[: len(PurePosixPath(name).parts) - 1]
    with suppress(FileNotFoundError, NotADirectoryError):
        if not any(parent.is_symlink() for parent in inside):
            target.unlink()
