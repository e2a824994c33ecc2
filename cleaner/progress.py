"""Progress on standard error: a bar on a terminal, else a line every so often; nothing when it is to be quiet."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Never, Self

from tqdm import tqdm

from cleaner.tally import Tally

#: Seconds between two updates of the figures beside the bar, and between two lines when there is no terminal.
FIGURES_EVERY = 0.5
LINE_EVERY = 30.0
#: Labels whose share is shown, the largest first.
LABELS_SHOWN = 3


class Bar:
    """Context manager; `show` is called with the tally as often as one likes."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        disable = True if quiet else None  # None: shown on a terminal only
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
                print(f"cleancopy: {line_of(tally)}", file=sys.stderr, flush=True)  # noqa: T201 (this is the progress)
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
