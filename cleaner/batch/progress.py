"""How far a run is, and how that is shown: a bar on a terminal, else a line every so often.

All goes to standard error; nothing is written when the run is to be quiet.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from shutil import get_terminal_size
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm

from archive.terminal import folded, one_line
from cleaner.batch.counts import RunCounts
from cleaner.batch.shards.tasks import CHARACTERS, DOCUMENTS, FAILED, LABELS
from cleaner.writers.words import duration, number, share

#: The file that `cleancopy status` reads.
PROGRESS = "progress.json"


@dataclass(slots=True)
class RunProgress:
    """The figures of what is done, and of what is in work."""

    total: int = 0  # documents of the run, as far as the plan knows; 0: unknown
    phase: str = "cleaning"
    resumed: int = 0  # documents that an earlier attempt did
    began: float = field(default_factory=time.monotonic)
    _done: Counter[str] = field(default_factory=Counter)
    _live: Counter[str] = field(default_factory=Counter)

    def show(self, counts: RunCounts) -> None:
        """These counts are of all that is done."""
        self._done.clear()
        self.add(counts)

    def add(self, counts: RunCounts) -> None:
        """A part is done."""
        self._done.update(
            {"documents": counts.documents, "characters": counts.characters, "failed": counts.status["failed"]}
        )
        self._done.update({f"-{label}": count for label, count in counts.removed.items()})
        self._live.clear()

    def count(self, documents: int) -> None:
        """So many more documents are done with in a phase that only reads them."""
        self._done["documents"] += documents
        self._live.clear()

    def begin(self, phase: str) -> None:
        """A phase begins with the first document: its rate and its time left are its own.

        How many documents there are may be known from the phase before: of a small table the plan does not say it.
        """
        self.phase = phase
        self.total = max(self.total, self.documents) if self.total else 0
        self._done.clear()
        self._live.clear()
        self.began = time.monotonic()

    def show_live(self, counters: Sequence[int]) -> None:
        """What the workers have counted in the shards they work on."""
        self._live = Counter(
            {"documents": counters[DOCUMENTS], "characters": counters[CHARACTERS], "failed": counters[FAILED]}
        )
        self._live.update({f"-{label}": counters[number] for label, number in LABELS.items() if counters[number]})

    def _sum(self, name: str) -> int:
        return self._done[name] + self._live[name]

    @property
    def documents(self) -> int:
        """Documents done, failed ones included."""
        return self._sum("documents")

    @property
    def known_total(self) -> int:
        """How many documents there will be; 0: not known, or more than was thought."""
        return self.total if self.total >= self.documents else 0

    @property
    def failed(self) -> int:
        """Documents that failed."""
        return self._sum("failed")

    @property
    def removed(self) -> dict[str, float]:
        """The share of all characters that was removed, by label, the largest first."""
        characters = self._sum("characters") or 1
        names = [name for name in {*self._done, *self._live} if name.startswith("-")]
        shares = {name[1:]: self._sum(name) / characters for name in names}
        return dict(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))

    @property
    def rate(self) -> float:
        """Documents per second of this attempt."""
        return (self.documents - self.resumed) / max(time.monotonic() - self.began, 1e-3)

    @property
    def seconds_left(self) -> float:
        """How long this phase still takes at this rate."""
        return max(0, self.total - self.documents) / self.rate if self.rate > 0 else 0.0

    def to_values(self) -> dict[str, object]:
        """As JSON values."""
        return {
            "phase": self.phase, "documents": self.documents, "total": self.known_total, "failed": self.failed,
            "removed": self.removed, "rate": round(self.rate, 1),
        }  # fmt: skip


ShowProgress = Callable[[RunProgress], None]

#: Seconds between two updates of the figures beside the bar, and between two lines when there is no terminal.
FIGURES_EVERY = 0.5
LINE_EVERY = 30.0
#: Labels whose share is shown, the largest first.
LABELS_SHOWN = 3
#: Columns that the bar itself takes at least.
LEAST_BAR = 8


@dataclass(frozen=True, slots=True)
class Log:
    """Messages on standard error, for people or for programs."""

    as_json: bool = False

    def say(self, event: str, message: str, **values: object) -> None:
        """One message, one line."""
        line = f"cleancopy: {one_line(message)}"
        if self.as_json:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = json.dumps({"time": now, "event": event, "message": message, **values})
        else:
            line = folded(line, sys.stderr)
        print(line, file=sys.stderr, flush=True)  # noqa: T201 (this is where messages go)


class Bar:
    """Context manager; `show` is called with the progress as often as one likes. Each phase has a bar of its own."""

    def __init__(self, *, quiet: bool, log: Log) -> None:
        self._quiet, self._log = quiet, log
        disable = True if quiet or log.as_json else None  # None: shown on a terminal only
        self._bar: tqdm[Never] = tqdm(
            file=sys.stderr, disable=disable, leave=False, dynamic_ncols=True,
            bar_format="{desc} {percentage:3.0f}% {bar} {unit}",  # where tqdm puts no comma before
        )  # fmt: skip
        self._shown = self._said = time.monotonic()

    def show(self, progress: RunProgress) -> None:
        """The run is as far as this."""
        now = time.monotonic()
        if self._bar.disable:
            if not self._quiet and now - self._said > LINE_EVERY:
                self._said = now
                self._log.say("progress", line_of(progress), **progress.to_values())
        elif now - self._shown > FIGURES_EVERY:
            self._shown = now
            self._draw(progress)

    def _draw(self, progress: RunProgress) -> None:
        self._bar.total = max(progress.total, progress.documents, 1)
        self._bar.n = progress.documents if progress.known_total else 0
        self._bar.desc = progress.phase
        columns = get_terminal_size().columns
        self._bar.unit = figures_of(progress, columns - len(f"{progress.phase} 100%  ") - LEAST_BAR - 1)
        self._bar.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()


def figures_of(progress: RunProgress, columns: int) -> str:
    """What is done, what failed, how fast and how long still, what was removed: as much as the columns hold."""
    done = number(progress.documents) + (f"/{number(progress.known_total)}" if progress.known_total else "")
    line = f"{done}, {number(progress.failed)} failed"
    for more in _more_figures(progress):
        if len(line) + 2 + len(more) > columns:
            break
        line += f", {more}"
    return line


def _more_figures(progress: RunProgress) -> Iterator[str]:
    """What follows where there is room, the most important first."""
    yield f"{progress.rate:,.0f}/s"
    if progress.known_total and progress.rate > 0:
        yield f"{duration(progress.seconds_left)} left"
    shares = progress.removed
    if shares:
        yield f"{share(sum(shares.values()), 1)} removed"
    for label, part in list(shares.items())[:LABELS_SHOWN]:
        yield f"{label} {share(part, 1)}"


def line_of(progress: RunProgress) -> str:
    """How far a run is, as one line."""
    of = f" of {number(progress.known_total)}" if progress.known_total else ""
    left = f", {duration(progress.seconds_left)} left" if progress.known_total and progress.rate > 0 else ""
    shares = progress.removed
    named = ", ".join(f"{label} {share(part, 1)}" for label, part in list(shares.items())[:LABELS_SHOWN])
    removed = f", {share(sum(shares.values()), 1)} removed ({named})" if shares else ""
    return (
        f"{progress.phase}: {number(progress.documents)}{of} documents, {progress.rate:,.0f} a second{left}, "
        f"{number(progress.failed)} failed{removed}"
    )
