"""The same work for several folds, in processes that share what was read; one after the other where none can fork."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

Key = TypeVar("Key")
Result = TypeVar("Result")

_work: list[Callable[[Any], Any]] = []  # what the processes inherit: closures cannot be sent


def each_of(keys: Iterable[Key], work: Callable[[Key], Result], jobs: int = 1) -> dict[Key, Result]:
    """Key → what `work` makes of it; with more than one job in that many processes, where the system can fork."""
    keys = list(keys)
    if jobs < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return {key: work(key) for key in keys}
    _work.append(work)
    try:
        with multiprocessing.get_context("fork").Pool(min(jobs, len(keys))) as pool:
            return dict(zip(keys, pool.map(_run, keys, chunksize=1), strict=True))
    finally:
        _work.pop()


def _run(key: object) -> Any:
    return _work[-1](key)
