"""The clean text of a document as a file: title, blank line, body, a final line break; UTF-8.

A file's text keeps its relative path; `page.html` becomes `page.html.txt`. Two inputs that would
share a name (also on file systems without case) get numbers, in input order.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath


class TextNames:
    """Gives each document of a run its own file name."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def name(self, path: str) -> str:
        """The relative POSIX path of the text file of the input at this relative path."""
        plain = path if path.lower().endswith(".txt") else f"{path}.txt"
        name, count = plain, 1
        while name.casefold() in self._taken:
            count += 1
            name = str(PurePosixPath(plain).with_suffix(f".{count}.txt"))
        self._taken.add(name.casefold())
        return name


def write_text(folder: Path, name: str, text: str) -> None:
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
