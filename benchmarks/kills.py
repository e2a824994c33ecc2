"""Commands that are killed at random moments and given again: a row of docs/reliability.md for each.

    python benchmarks/kills.py [--count 2000] [--seed 1] [--commands 0.02] [--only NAME]

Each attempt is killed (SIGKILL) at a random moment of the time that a whole one takes, and begun again until one comes
to its end; then there must be the bytes that a command leaves which nobody killed, and not a file more. After each kill
inputs, and what the command must not change, are as they were. Where a command never writes over a file, what it left
is whole. Runs have most of the kills. Attempts are forked from a process that has loaded the model; a share of those
runs are commands of their own with two workers. Exit code 1 when anything differs. Not on Windows.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from faults.checks import changed, different, torn  # noqa: E402
from faults.forked import Ended, run_forked  # noqa: E402
from faults.scenarios import SCENARIOS, Scenario, Tree, carried_out, fresh, make_state, show_faults, silence, tree  # noqa: E402

RUNS = ("clean", "clean --update", "clean --resume", "clean --fresh")
#: The share of kills that runs have together; the other commands share the rest.
RUNS_SHARE = 0.6


@dataclass(slots=True)
class Tally:
    """What came of the attempts with one command."""

    kills: int = 0
    completed: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Trials:
    """One command, killed again and again in one folder."""

    scenario: Scenario
    work: Path
    chance: random.Random
    commands: float
    tally: Tally = field(default_factory=Tally)
    took: float = 0.0
    reference: Tree = field(default_factory=dict)

    def prepare(self) -> None:
        """The state that it begins with, and what it ends with when nobody kills it."""
        make_state(self.scenario, self.work / "made")
        (self.work / "made").rename(self.work / "state")
        fresh(self.work / "state", self.folder)
        with silence():
            carried_out(self.scenario.words, self.folder)  # here, so that children find all loaded
        fresh(self.work / "state", self.folder)
        began = time.monotonic()
        ended = self._forked(None)
        self.took = time.monotonic() - began
        if ended.code != self.scenario.code:
            raise RuntimeError(f"{self.scenario.name}: {ended.said}")
        self.reference = tree(self.folder)

    @property
    def folder(self) -> Path:
        """Where the trial in hand writes."""
        return self.work / "trial"

    def until_complete(self) -> Iterator[int]:
        """Kills it until it comes to its end; the kills by now after each."""
        fresh(self.work / "state", self.folder)
        before = tree(self.folder)
        for attempt in count():
            slower = 1.0 + attempt / 10  # than when it was timed; so that it comes to its end on a busy machine too
            after = self.chance.uniform(0.0, 1.1) * self.took * slower
            own = self.scenario.is_run and self.chance.random() < self.commands
            ended = self._command(after) if own else self._forked(after)
            if ended.code is not None and ended.code >= 0:
                break
            self.tally.kills += 1
            self.tally.wrong += changed(self.scenario, before, tree(self.folder))
            yield self.tally.kills
        had_ended = (
            not self.scenario.again and ended.code in (1, 2) and "exists" in ended.said
        )  # it came to its end before
        if ended.hung or (ended.code != self.scenario.code and not had_ended) or "Traceback" in ended.said:
            self.tally.wrong.append(f"it ended with {ended.code}: {ended.said[-300:]}")
        now, reference = tree(self.folder), {**before, **self.reference}
        self.tally.wrong += torn(self.scenario, now, reference, killed=had_ended)
        if self.scenario.again and now != self.reference:
            self.tally.wrong.append(f"other files: {different(now, self.reference)}")
        self.tally.completed += 1

    def _forked(self, after: float | None) -> Ended:
        return run_forked(lambda: carried_out(self.scenario.words, self.folder), self.work / "log", kill_after=after)

    def _command(self, after: float) -> Ended:
        """A process of its own with two workers; killed with more time, since it loads the model first."""
        words = [word.format(self.folder) for word in self.scenario.words]
        words[words.index("--workers") + 1] = "2"
        words[words.index("--timeout") + 1] = "60"
        with (self.work / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "cleaner", *words], stdout=log, stderr=log, cwd=ROOT, start_new_session=True
            )
            try:
                process.wait(timeout=after + self.chance.uniform(0, 8))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        said = (self.work / "log").read_text(encoding="utf-8", errors="replace")
        return Ended(None if process.returncode < 0 else process.returncode, said)


def _stop(*_: object) -> None:
    """What was done by now is told; SIGTERM ends one command."""
    raise KeyboardInterrupt


def main() -> int:
    """Kills every command at random moments; 1 when something is lost or torn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="kills in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commands", type=float, default=0.02, help="share of attempts that are commands of their own")
    parser.add_argument("--only", action="append", help="names of commands (default: all)")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    names = args.only or [scenario.name for scenario in SCENARIOS]
    runs = sum(name in RUNS for name in names)
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    wrong = 0
    print("| command | kills | came to their end | wrong | seconds |\n|---|---|---|---|---|", flush=True)
    for name in names:
        scenario = next(candidate for candidate in SCENARIOS if candidate.name == name)
        with tempfile.TemporaryDirectory() as folder:
            trials = Trials(scenario, Path(folder).resolve(), random.Random(f"{args.seed} {name}"), args.commands)
            trials.prepare()
            share = 1.0 if runs in (0, len(names)) else RUNS_SHARE if name in RUNS else 1.0 - RUNS_SHARE
            began, most = (
                time.monotonic(),
                math.ceil(args.count * share / (runs if name in RUNS else len(names) - runs)),
            )
            with suppress(KeyboardInterrupt):
                while trials.tally.kills < most:
                    for _ in trials.until_complete():
                        pass
        tally = trials.tally
        wrong += len(tally.wrong)
        seconds = f"{time.monotonic() - began:.0f}"
        print(f"| {name} | {tally.kills:,} | {tally.completed:,} | {len(tally.wrong)} | {seconds} |", flush=True)
        show_faults(tally.wrong)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
