"""What is wrong with an archive, as a value: which file, where in it, what, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from archive.terminal import one_line

REPAIR = "run `cleancopy archive repair` on it, or clean the input again"
RECLEAN = "clean this document again; `cleancopy archive restore` still reads the whole records"
REWRITE = "clean the input again with this version of cleancopy"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; `offset` counts compressed bytes from the start of the file."""

    file: str
    offset: int | None
    record_id: str | None
    what: str
    advice: str

    def __str__(self) -> str:
        where = self.file if self.offset is None else f"{self.file} at {self.offset}"
        who = f" {self.record_id}" if self.record_id else ""
        return one_line(f"{where}{who}: {self.what}; {self.advice}")
