"""Failures of one kind told as one: what happened, how often, to which inputs first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cleaner.readers import Failure
from cleaner.readers.readings import place
from cleaner.writers.words import plural

#: So many inputs of a group are named.
NAMED = 3
#: What differs between two failures of one kind: numbers and what is quoted.
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
_LIST = re.compile("…(?:, …)+")


@dataclass(slots=True)
class FailureGroup:
    """Failures of one kind; what happened is told as the first of them tells it."""

    what: str
    do: str
    count: int
    names: list[str]  # of the first NAMED inputs

    @property
    def message(self) -> str:
        """One line for people."""
        if self.count == 1:
            return f"{self.names[0]}: {self.what}; {self.do}"
        more = f" and {self.count - len(self.names):,} more" if self.count > len(self.names) else ""
        return f"{plural(self.count, 'input')}: {self.what}; {self.do} ({', '.join(self.names)}{more})"


def kind_of(failure: Failure) -> tuple[str, str]:
    """What failures of one kind have in common: what happened, without numbers and names, and what to do."""
    return _LIST.sub("…", _PARTICULAR.sub("…", failure.what)), failure.do


def failure_groups(failures: Iterable[Failure]) -> list[FailureGroup]:
    """The groups of some failures, the largest first.

    >>> groups = failure_groups(Failure(name, None, f"has {n} holes", "mend it") for n, name in enumerate("abcd"))
    >>> groups[0].message
    '4 inputs: has 0 holes; mend it (a, b, c and 1 more)'
    """
    groups: dict[tuple[str, str], FailureGroup] = {}
    for failure in failures:
        group = groups.setdefault(kind_of(failure), FailureGroup(failure.what, failure.do, 0, []))
        group.count += 1
        if len(group.names) < NAMED:
            group.names.append(place(failure.locator, failure.row))
    return sorted(groups.values(), key=lambda group: -group.count)
