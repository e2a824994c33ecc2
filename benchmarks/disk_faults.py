"""A full disk, and a crash, at every write of small runs: the table of docs/reliability.md.

    python benchmarks/disk_faults.py [--every 1] [--start 0] [--end N] [--only NAME] [--modes full,hiccup,kill,torn]

For each command and each n: the n-th call that takes space or changes a name (write, fsync, rename, link, mkdir, a new
file …; benchmarks/faults/disk_faults.c) fails with "no space left", and all after it (`full`) or none (`hiccup`); or
the process is killed there (`kill`), or in the middle of that write (`torn`). Asked afterwards: does it end with a
message and without a traceback; is all as it was that must stay; is what bears a result's name whole; does the same
command, with the fault gone, end with the bytes of a run that met none. Exit code 1 when anything is wrong. Linux.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHIM = ROOT / "benchmarks/faults/disk_faults.c"
LIBRARY = "CLEANCOPY_DISK_FAULTS"
MODES = {"full": 1, "hiccup": 2, "kill": 3, "torn": 4}
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]


@dataclass(slots=True)
class Tally:
    """What came of one command under one kind of fault."""

    calls: int = 0
    tried: int = 0
    wrong: list[str] = field(default_factory=list)


def with_shim() -> None:
    """Starts this script again with the shim loaded, compiled for this machine."""
    folder = tempfile.mkdtemp(prefix="disk-faults-")
    library = Path(folder) / "disk_faults.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, SHIM, "-ldl"], check=True)
    one = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    done = subprocess.run(
        [sys.executable, *sys.argv], env={**os.environ, **one, "LD_PRELOAD": str(library), LIBRARY: str(library)},
        check=False,
    )  # fmt: skip
    shutil.rmtree(folder)
    sys.exit(done.returncode)


def tried(scenario: Scenario, mode: str, work: Path, calls: range) -> Iterator[Tally]:
    """One command under one kind of fault, at these calls of it, until it has no more."""
    shim = ctypes.CDLL(os.environ[LIBRARY])
    state, folder, tally = work / "state", work / "trial", Tally()
    reference = expected(scenario, state, folder)
    count = work / "count"
    for n in calls:
        fresh(state, folder)

        def command() -> int:
            os.environ["TMPDIR"] = tempfile.tempdir = str(folder / "place/tmp")
            shim.faults_arm(f"{folder / 'place'}/".encode(), ctypes.c_long(n), MODES[mode])  # noqa: B023
            code = carried_out(scenario.words, folder)
            shim.faults_counted.restype = ctypes.c_long
            count.write_text(str(shim.faults_counted()))
            return code

        count.unlink(missing_ok=True)
        before = tree(folder)
        ended = run_forked(command, work / "log")
        if count.exists() and int(count.read_text()) < n:
            tally.calls = int(count.read_text())
            break
        tally.tried += 1
        tally.wrong += [
            f"{n}: {what}" for what in problems(scenario, mode, ended, Trial(before, reference, folder, work))
        ]
    yield tally


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial's files before the fault, those of a run that met none, and where it was."""

    before: Tree
    reference: Tree
    folder: Path
    work: Path


def expected(scenario: Scenario, state: Path, folder: Path) -> Tree:
    """What the command leaves behind when nothing happens."""
    fresh(state, folder)
    with silence():
        carried_out(scenario.words, folder)  # here, so that children find all loaded
    fresh(state, folder)
    ended = run_forked(lambda: carried_out(scenario.words, folder), folder.parent / "log")
    if ended.code != scenario.code:
        raise RuntimeError(f"{scenario.name} ended with {ended.code}: {ended.said}")
    return tree(folder)


def problems(scenario: Scenario, mode: str, ended: Ended, trial: Trial) -> Iterator[str]:
    """What is wrong after a fault, and after the command was given again."""
    after = tree(trial.folder)
    if ended.hung:
        yield "it hung"
    if "Traceback" in ended.said:
        yield f"a traceback: {ended.said.strip().splitlines()[-1][:300]}"
    elif mode in ("full", "hiccup") and ended.code not in (scenario.code, 1, 2):
        yield f"exit code {ended.code}: {ended.said[-200:]}"
    elif mode == "full" and ended.code == 0 and after != trial.reference:
        yield "it says that all is well"
    elif ended.code not in (0, None) and ended.code != scenario.code and not ended.said.strip():
        yield "it says nothing"
    yield from changed(scenario, trial.before, after)
    yield from torn(scenario, after, {**trial.before, **trial.reference}, killed=mode in ("kill", "torn"))
    if scenario.again:
        again = run_forked(lambda: carried_out(scenario.words, trial.folder), trial.work / "log")
        if again.hung:
            yield "again: it hung"
        elif again.code != scenario.code:
            yield f"again: exit code {again.code}: {again.said.strip()[-300:]}"
        elif (now := tree(trial.folder)) != trial.reference:
            yield f"again: other files: {different(now, trial.reference)}"


def main() -> int:
    """Has every call of every command fail in turn; 1 when something is lost or torn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try every n-th call only")
    parser.add_argument("--start", type=int, default=0, help="behind this call")
    parser.add_argument("--end", type=int, default=sys.maxsize, help="up to this call")
    parser.add_argument("--only", action="append", help="names of commands (default: all)")
    parser.add_argument("--modes", default=",".join(MODES), help="kinds of fault")
    args = parser.parse_args()
    wrong, calls = 0, range(args.start + args.every, args.end + 1, args.every)
    print("| command | fault | calls | tried | wrong | seconds |\n|---|---|---|---|---|---|", flush=True)
    for scenario in SCENARIOS:
        if args.only and scenario.name not in args.only:
            continue
        with tempfile.TemporaryDirectory() as name:
            work = Path(name).resolve()
            make_state(scenario, work / "state-made")
            (work / "state-made").rename(work / "state")
            for mode in args.modes.split(","):
                began = time.monotonic()
                for tally in tried(scenario, mode, work, calls):
                    wrong += len(tally.wrong)
                    numbers = f"{tally.calls} | {tally.tried} | {len(tally.wrong)} | {time.monotonic() - began:.0f}"
                    print(f"| {scenario.name} | {mode} | {numbers} |", flush=True)
                    show_faults(tally.wrong)
    return int(bool(wrong))


if __name__ == "__main__":
    if LIBRARY not in os.environ:
        with_shim()
    from faults.checks import changed, different, torn
    from faults.forked import Ended, run_forked
    from faults.scenarios import SCENARIOS, Scenario, Tree, carried_out, fresh, make_state, show_faults, silence, tree

    sys.exit(main())
