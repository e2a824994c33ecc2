"""What the commands print: results to stdout, messages to stderr, both without what could steer a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from archive.segments.problems import Problem
from archive.terminal import folded, many_lines, one_line, writable

WELL, PROBLEMS, WRONG_USE = 0, 1, 2
PLAIN = "\x1b[0m"


def not_found(name: str, where: Path) -> int:
    """Says that no article has this name; the exit code."""
    note(f"no article {name!r} in {where}; `cleancopy archive ls {where}` lists them")
    return PROBLEMS


def report(problem: Problem) -> int:
    """Says what is wrong; the exit code."""
    note(str(problem))
    return PROBLEMS


def counted(count: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(0, "file"), counted(1, "file"), counted(2, "file")
    ('no files', '1 file', '2 files')
    """
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def say(text: str, *, end: str = "\n", colour: str = "") -> None:
    """To stdout, without what could steer a terminal, also into files that are looked at later; there in no colour."""
    text = many_lines(text)
    if colour and sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        text = f"{colour}{text}{PLAIN}"
    print(writable(text, sys.stdout.encoding), end=end)


def say_bytes(data: bytes) -> None:
    """To stdout as they are, so that they can be piped; on a terminal as text."""
    if sys.stdout.isatty():
        say(data.decode("utf-8", "replace"))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def note(text: str) -> None:
    """To stderr."""
    print(writable(folded(one_line(text), sys.stderr), sys.stderr.encoding), file=sys.stderr)
