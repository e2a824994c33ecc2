"""Progress on standard error: a bar on a terminal, else a line every so often; nothing when it is to be quiet."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Never, Self

from tqdm import tqdm

from cleaner.batch.tally import Tally

#: Seconds between two updates of the figures beside the bar, and between two lines when there is no terminal.
FIGURES_EVERY = 0.5
LINE_EVERY = 30.0
#: Labels whose share is shown, the largest first.
LABELS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Log:
    """Messages on standard error, for people or for programs."""

    as_json: bool = False

    def say(self, event: str, message: str, **values: Any) -> None:
        """One message, one line."""
        line = f"cleancopy: {message}"
        if self.as_json:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            line = json.dumps({"time": now, "event": event, "message": message, **values})
        print(line, file=sys.stderr, flush=True)  # noqa: T201 (this is where messages go)


class Bar:
    """Context manager; `show` is called with the tally as often as one likes."""

    def __init__(self, *, quiet: bool, log: Log) -> None:
        self._quiet, self._log = quiet, log
        disable = True if quiet or log.as_json else None  # None: shown on a terminal only
        self._bar: tqdm[Never] = tqdm(
            unit=" documents", file=sys.stderr, disable=disable, leave=False, dynamic_ncols=True
        )
        self._shown = self._said = time.monotonic()

    def show(self, tally: Tally) -> None:
        """The run is as far as this."""
        now = time.monotonic()
        if self._bar.disable:
            if not self._quiet and now - self._said > LINE_EVERY:
                self._said = now
                self._log.say("progress", line_of(tally), **tally.to_values())
        elif now - self._shown > FIGURES_EVERY:
            self._shown = now
            if tally.total:
                self._bar.total = max(tally.total, tally.documents)
            self._bar.initial = tally.resumed
            self._bar.set_description_str(tally.phase, refresh=False)
            self._bar.set_postfix_str(figures_of(tally), refresh=False)
            self._bar.update(tally.documents - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()


def figures_of(tally: Tally) -> str:
    """What was removed and what failed, in a few words."""
    shares = tally.removed
    named = ", ".join(f"{label} {share:.1%}" for label, share in list(shares.items())[:LABELS_SHOWN])
    return f"{sum(shares.values()):.1%} removed{f' ({named})' if named else ''}, {tally.failed} failed"


def line_of(tally: Tally) -> str:
    """How far a run is, as one line."""
    of = f" of {tally.total:,}" if tally.total else ""
    left = ""
    if tally.total and tally.rate > 0:
        left = f", {duration(max(0, tally.total - tally.documents) / tally.rate)} left"
    return f"{tally.phase}: {tally.documents:,}{of} documents, {tally.rate:,.0f} a second{left}, {figures_of(tally)}"


def duration(seconds: float) -> str:
    """Hours, minutes, seconds.

    >>> duration(3725)
    '1:02:05'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}"
