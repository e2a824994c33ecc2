"""How the work for a document grows with its size: calls of functions are counted, not seconds."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from types import FrameType


def calls(work: Callable[[], object]) -> int:
    """Calls of functions in Python and C that it takes."""
    count = 0

    def count_call(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(count_call)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def exponent(work: Callable[[int], object], small: int, large: int) -> float:
    """From one size to the other the calls grow by the ratio of the sizes to this power; 1: in proportion."""

    def counted(size: int) -> int:
        work(size)  # load what is loaded once
        return calls(lambda: work(size))

    return math.log(counted(large) / counted(small)) / math.log(large / small)


class Copied(str):
    """A text that counts the characters of what is cut out of it."""

    copied = 0

    def __getitem__(self, key: object) -> str:
        part = super().__getitem__(key)  # type: ignore[index]
        self.copied += len(part)
        return part
