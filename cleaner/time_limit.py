"""A time limit that a process keeps for itself: work on one document that takes longer ends with OverTimeError.

It ends Python code, and library calls that return now and then. A call that never returns, a system without such a
signal (Windows) and threads other than the main one are not limited here: the engine watches its workers besides.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

#: Seconds; a timer of none would never end.
_LEAST = 0.001


class OverTimeError(BaseException):
    """The work takes too long. No Exception, since libraries take those for their own and go on."""


def limited(seconds: float | None) -> AbstractContextManager[None]:
    """What happens inside takes no longer than this; None: as long as it takes. Raises OverTimeError."""
    on_main = bool(seconds) and threading.current_thread() is threading.main_thread()
    return _limited(seconds) if seconds and on_main and hasattr(signal, "setitimer") else nullcontext()


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, _end)
    began = time.monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:  # a timer around this one
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - began), _LEAST))


class TimeBudget:
    """A time limit for each of several pieces of work that take turns."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._taken: dict[int, float] = {}

    @contextmanager
    def limited(self, number: int) -> Iterator[None]:
        """A turn of one piece of work: all its turns take no longer than the limit. Raises OverTimeError."""
        if not self._seconds:
            yield
            return
        began, taken = time.monotonic(), self._taken.get(number, 0.0)
        with limited(max(self._seconds - taken, _LEAST)):
            yield
        self._taken[number] = taken + time.monotonic() - began


def _end(*_: object) -> None:
    raise OverTimeError
