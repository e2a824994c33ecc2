"""CPU seconds of what a user waits for first: `--version`, `import cleaner`, the first call, the second; medians.

    python benchmarks/startup.py [--rounds 7]

Each round starts every program once, in turn, in a process of its own. Modules are read as bytecode, as those of an
installed package are: it is written to a folder of its own in a first round, which does not count.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

TEXT = "Read more\\n" + "The council met on Tuesday and heard nine reports. " * 9
PROGRAMS = {
    "python alone": [],
    "cleancopy --version": ["-m", "cleaner", "--version"],
    "import cleaner": ["-c", "import cleaner"],
    "import and first call": ["-c", f"import cleaner; cleaner.clean('{TEXT}')"],
}


def main() -> None:
    """Prints the medians of every program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(args.rounds + 1):
            for name, words in PROGRAMS.items():
                seconds[name].append(timed([sys.executable, *(words or ["-c", ""])], folder))
    for name, taken in seconds.items():
        print(f"{name:24s}{statistics.median(taken[1:]):6.2f} s of CPU")


def timed(words: list[str], bytecode: str) -> float:
    """Seconds of CPU of a command."""
    before = os.times()
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


if __name__ == "__main__":
    main()
