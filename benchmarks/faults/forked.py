"""Commands in forked children: what a process of its own would do, without the seconds that loading a model takes."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: Seconds of its own work, and seconds in all, until a child counts as hung: on a busy machine it may only wait.
PATIENCE, LONG_PATIENCE = 120.0, 1800.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended."""

    code: int | None  # None: it was killed
    said: str
    hung: bool = False


def run_forked(function: Callable[[], int], log: Path, *, kill_after: float | None = None) -> Ended:
    """Calls the function in a child; kill_after: seconds until it is killed, wherever it is."""
    child = os.fork()
    if child == 0:
        _carry_out(function, log)
    limit = time.monotonic() + (LONG_PATIENCE if kill_after is None else kill_after)
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        if time.monotonic() > limit or (kill_after is None and _worked(child) > PATIENCE):
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            return Ended(None, _said(log), hung=kill_after is None)
        time.sleep(0.002)
    return Ended(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else None, _said(log))


def _worked(child: int) -> float:
    """Seconds that a process has had of a processor; 0 where the system does not tell them in this way."""
    try:
        fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def _said(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def _carry_out(function: Callable[[], int], log: Path) -> None:
    code = 99
    try:
        handle = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o666)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        code = function()
    except BaseException:  # noqa: BLE001 (that is what is looked for)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
