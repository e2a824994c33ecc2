"""How many cores this process may use: those it is bound to, and no more than its container's quota of CPU time."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: Where Linux shows control groups.
CONTROL_GROUPS = Path("/sys/fs/cgroup")


def cores() -> int:
    """The cores of this process, at least one."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota()
    return bound if quota is None else max(1, min(bound, math.ceil(quota)))


def cpu_quota(groups: Path = CONTROL_GROUPS, own: Path = Path("/proc/self/cgroup")) -> float | None:
    """The cores' worth of CPU time that the narrowest of this process's control groups allows; None for no limit.

    Reads version 2 (`cpu.max`) and version 1 (`cpu.cfs_quota_us`) of Linux's control groups.
    """
    return min(_quotas(groups, own), default=None)


def _quotas(groups: Path, own: Path) -> Iterator[float]:
    for folder in _folders(groups, own):
        with suppress(OSError, ValueError):
            quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
            if quota != "max":
                yield int(quota) / int(period)
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = (
                (folder / f"cpu.cfs_{name}_us").read_text(encoding="ascii") for name in ("quota", "period")
            )
            if int(quota) > 0:
                yield int(quota) / int(period)


def _folders(groups: Path, own: Path) -> Iterator[Path]:
    """The folders of this process's groups and of those above them, as it sees them; in a container mostly the root."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    for line in lines or ["0::/"]:
        _, controllers, path = line.split(":", 2)
        roots = [groups] if not controllers else [groups / controllers, groups / "cpu"] if "cpu" in controllers else []
        for root in roots:
            folder = root / path.strip("/")
            yield from (parent for parent in (folder, *folder.parents) if parent.is_relative_to(root))
