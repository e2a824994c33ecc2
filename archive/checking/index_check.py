"""Whether the segments that a run's index names are there: without a signature nothing else tells that one has gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from archive.segments.problems import Problem
from archive.segments.writer import OPEN_SUFFIX

_FILE = re.compile(rb'"filename": "([^"\\]+)"')
#: Lines of ours have some 500 bytes; of a longer one, which holds an address of thousands, the end is looked at too.
LONGEST = 1 << 20


def index_problems(index: Path, segments: Iterable[Path]) -> Iterator[Problem]:
    """The segments that the index names and that are not among these, each once. Raises OSError."""
    if not index.is_file():
        return
    known = {path.name.removesuffix(OPEN_SUFFIX) for path in segments}
    missing: set[str] = set()
    with index.open("rb") as file:
        while line := file.readline(LONGEST):
            for match in _FILE.finditer(line):
                name = match[1].decode("ascii", "backslashreplace")
                if name not in known:
                    missing.add(name)
    for name in sorted(missing):
        what = f"the segment {name} that it names is missing"
        advice = "bring the file back; if it is to be gone, write the index anew with `cleancopy archive index`"
        yield Problem(index.name, None, None, what, advice)
