"""Runs whose files were changed by chance or on purpose: whether a command ends otherwise than by a message.

    python benchmarks/hostile_runs.py [--count 3000] [--seed 1] [--only FILE]

Made from a small run, an update of it, and both broken off. One file in OUT is changed: bits, holes, noise; or, where
it holds JSON, a value becomes another one: of another type, huge, deep, a path that leads out, half a surrogate pair.
Then commands read it. Counted as wrong: an exception that leaves the command, another exit code than 0, 1 and 2, more
than a minute, and any file outside OUT that changed. The table of docs/reliability.md; exit code 1 when anything is
wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from faults.scenarios import FIRST, SCENARIOS, SECOND, carried_out, change_inputs, make_inputs, tree  # noqa: E402

from cleaner import Cleaner  # noqa: E402
from cleaner.batch.run import BatchError, BatchSettings, run_batch  # noqa: E402
from cleaner.review import queries  # noqa: E402
from cleaner.review.index import ReviewError, index_of  # noqa: E402
from cleaner.review.server import articles  # noqa: E402

SECONDS = 60
_RUN, _UPDATE = SCENARIOS[0].words, SCENARIOS[1].words
COMMANDS: dict[str, tuple[str, ...]] = {
    "status": ("status", "{0}/place/out"),
    "status --json": ("status", "{0}/place/out", "--json"),
    "report": ("report", "{0}/place/out", "-o", "{0}/place/report.html"),
    "clean": _RUN,
    "clean --update": _UPDATE,
    "clean --resume": (*_RUN, "--resume"),
    "clean --fresh": (*_RUN, "--fresh"),
    "clean --corrections": (
        *("clean", "{0}/in/rows.jsonl", "-q", "--workers", "1", "--timeout", "0", "-o", "{0}/place/other"),
        *("--corrections", "{0}/place/out/corrections.jsonl"),
    ),
    "clean --memory": (
        *("clean", "{0}/in/rows.jsonl", "-q", "--workers", "1", "--timeout", "0", "-o", "{0}/place/other"),
        *("--memory", "{0}/place/out/memory.sqlite"),
    ),
    "corrections show": ("corrections", "show", "{0}/place/out/corrections.jsonl"),
    "corrections check": ("corrections", "check", "{0}/place/out/corrections.jsonl"),
    "archive verify": ("archive", "verify", "{0}/place/out"),
    "archive history": ("archive", "history", "{0}/place/out", "1.txt"),
    "archive export": ("archive", "export", "{0}/place/out", "--wacz", "--keep", "caption", "-o", "{0}/place/to"),
    "review": ("review",),
}  # fmt: skip
#: Which commands read a file, by the beginning of its name; the last line is for all others.
READERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("corrections.jsonl", ("clean --corrections", "corrections show", "corrections check")),
    ("documents/", ("report", "clean --resume")),
    ("warc/", ("report", "review", "archive history", "archive export", "archive verify", "clean --resume")),
    ("memory.sqlite", ("clean --update", "clean --memory")),
    (".work/", ("status", "clean", "clean --update", "clean --fresh", "clean --resume")),
    ("run.json", ("status", "status --json", "report", "clean", "clean --update", "clean --resume", "clean --fresh",
                  "review")),
    ("", ("clean", "clean --update", "clean --fresh")),
)  # fmt: skip
LEAVES: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 10**12, 10**30, 0.5, -1e300, float("nan"), float("inf"), "", "x" * 1000,
    "../../../../in/0.txt",
    "../../victim", "/etc/passwd", "\x1b[2J\u202e", "\ud800", "2026-13-45", [], {}, [[]], {"": None}, ["a", 1],
    {"start": -1},
)  # fmt: skip


class StopRun(Exception):  # noqa: N818 (nothing went wrong)
    """Breaks a run off."""


def broken_off(folder: Path, clock: str, documents: int, *, update: bool) -> None:
    """Cleans until some documents are done, and leaves it there."""

    def stop(progress: Any) -> None:
        if progress.phase == "cleaning" and progress.documents >= documents:
            raise StopRun

    settings = BatchSettings(folder / "place/out", datetime.fromisoformat(clock), shard_size=4, update=update)
    with contextlib.suppress(StopRun):
        run_batch([folder / "in"], Cleaner(), settings, stop)


def states(work: Path) -> list[Path]:
    """The folders that trials begin with."""
    whole, updated, half, half_updated = (work / name for name in ("whole", "updated", "half", "half-updated"))
    for folder in (whole, half):
        make_inputs(folder)
        (folder / "place").mkdir()
    _quietly(_RUN, whole)
    for _ in range(2):
        carried_out(("say",), whole)
    (whole / "place/corrections.jsonl").rename(whole / "place/out/corrections.jsonl")
    shutil.copytree(whole, updated)
    change_inputs(updated)
    shutil.copytree(updated, half_updated)
    _quietly(_UPDATE, updated)
    broken_off(half, FIRST, 7, update=False)
    _quietly(tuple(word for word in _RUN if word not in ("--copy-originals", "--to", "html")), half)
    shutil.rmtree(half / "place")
    (half / "place").mkdir()
    broken_off(half, FIRST, 7, update=False)
    _broken_update(half_updated)
    return [whole, updated, half, half_updated]


def _broken_update(folder: Path) -> None:
    """An update that stopped with a document done; its settings are those of the run before."""
    from cleaner.writers.pages import PageFormat

    def stop(progress: Any) -> None:
        if progress.phase == "cleaning" and progress.documents >= 1:
            raise StopRun

    settings = BatchSettings(
        folder / "place/out", datetime.fromisoformat(SECOND), shard_size=4, update=True, copy_originals=True,
        pages=(PageFormat.HTML,),
    )  # fmt: skip
    with contextlib.suppress(StopRun):
        run_batch([folder / "in"], Cleaner(), settings, stop)


def _quietly(words: tuple[str, ...], folder: Path) -> tuple[int, str]:
    """A command in this process: exit code and messages. Lets exceptions through."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            code = _review(folder / "place/out") if words == ("review",) else carried_out(words, folder)
        except SystemExit as end:
            code = int(end.code or 0)
    return code, said.getvalue()


def _review(out: Path) -> int:
    """The index, and every document as its page shows it."""
    try:
        index = index_of(out)
        with contextlib.closing(queries.opened(index)) as database:
            queries.documents(database, queries.Filters())
        list(articles(out, index))
    except (ReviewError, BatchError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def bytes_changed(chance: random.Random, data: bytes) -> bytes:
    """Bits turned, parts left out, doubled, replaced, or nothing left."""
    if not data or chance.random() < 0.05:
        return b""
    start = chance.randrange(len(data))
    end = min(len(data), start + chance.choice((1, 1, 1, 4, 40, 4000)))
    turned = bytes(byte ^ (1 << chance.randrange(8)) for byte in data[start:end])
    put = chance.choice((turned, b"", data[start:end] * 2, bytes(end - start), chance.randbytes(end - start)))
    return data[:start] + put + data[end:]


def json_changed(chance: random.Random, data: bytes) -> bytes | None:
    """One value of the file's JSON, or of one of its lines, replaced; None where it holds none."""
    try:
        return json.dumps(_replaced(chance, json.loads(data))).encode()
    except (ValueError, RecursionError):
        pass
    lines = data.split(b"\n")
    at = chance.randrange(len(lines))
    try:
        lines[at] = json.dumps(_replaced(chance, json.loads(lines[at]))).encode()
    except (ValueError, RecursionError):
        return None
    return b"\n".join(lines)


def _replaced(chance: random.Random, value: Any) -> Any:
    if chance.random() < 0.12 or not isinstance(value, dict | list) or not value:
        if chance.random() < 0.03:
            return json.loads("[" * 900 + "]" * 900)
        return chance.choice(LEAVES)
    if isinstance(value, list):
        at = chance.randrange(len(value))
        if chance.random() < 0.1:
            return [*value[:at], *value[at + 1 :]]
        return [*value[:at], _replaced(chance, value[at]), *value[at + 1 :]]
    name = chance.choice(list(value))
    if chance.random() < 0.1:
        return {key: content for key, content in value.items() if key != name}
    return {**value, name: _replaced(chance, value[name])}


def trial(chance: random.Random, state: Path, folder: Path, only: str) -> tuple[str, str, str]:
    """One changed file, one command: which, and what was wrong."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(state, folder)
    (folder / "victim").write_text("untouched")
    out = folder / "place/out"
    files = [path for path in sorted(out.rglob("*")) if path.is_file() and path.name != "lock"]
    names = [path.relative_to(out).as_posix() for path in files]
    wanted = [name for name in names if name.startswith(only)] if only else names
    if not wanted:
        return "", "", ""
    folders = sorted({name.partition("/")[0] for name in wanted} - {"text", "html", "originals"})
    first = chance.choice(folders)
    name = chance.choice([name for name in wanted if name.partition("/")[0] == first])
    data = (out / name).read_bytes()
    changed = json_changed(chance, data) if chance.random() < 0.7 else None
    (out / name).write_bytes(bytes_changed(chance, data) if changed is None else changed)
    command = chance.choice(next(commands for start, commands in READERS if name.startswith(start)))
    outside = {path: content for path, content in tree(folder).items() if not path.startswith("place/")}
    wrong = _wrong(COMMANDS[command], folder)
    after = {path: content for path, content in tree(folder).items() if not path.startswith("place/")}
    if after != outside:
        wrong = "files outside OUT changed"
    return name, command, wrong


def _wrong(words: tuple[str, ...], folder: Path) -> str:
    signal.signal(signal.SIGALRM, _hung)
    signal.alarm(SECONDS)
    try:
        code, said = _quietly(words, folder)
    except BaseException as error:  # noqa: BLE001 (that is what is looked for)
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if str(ROOT) in frame.filename and "benchmarks" not in frame.filename]
        at = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
        return f"{type(error).__name__}: {str(error)[:100]} at {at}"
    finally:
        signal.alarm(0)
    if code not in (0, 1, 2):
        return f"exit code {code}"
    return "" if code == 0 or said.strip() else f"exit code {code} without a word"


def _hung(*_: object) -> None:
    raise TimeoutError("hung")


def kind_of(name: str) -> str:
    """What a table calls a file."""
    folder, _, rest = name.partition("/")
    return f"{folder}/*{Path(rest).suffix}" if rest else name


def trials(args: argparse.Namespace, work: Path) -> Iterator[tuple[str, str, str]]:
    """What was changed, how the command ended, and what it said."""
    chance = random.Random(args.seed)
    run_states = states(work)
    for number in range(args.count):
        chance.seed(f"{args.seed} {number}")
        yield trial(chance, chance.choice(run_states), work / "trial", args.only)


def main() -> int:
    """Damages the files of runs; 1 when a command ends in a traceback or loses something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="files whose names begin so")
    args = parser.parse_args()
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    count, wrong, errors, began = Counter[str](), Counter[str](), Counter[str](), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        for file, command, what in trials(args, Path(name).resolve()):
            count[kind_of(file)] += 1
            if what:
                wrong[kind_of(file)] += 1
                errors[f"{kind_of(file)}, {command}: {what}"] += 1
    print("| file | changed | wrong |\n|---|---|---|")
    for kind, number in sorted(count.items()):
        print(f"| {kind} | {number:,} | {wrong[kind]} |")
    print(f"| all, {time.monotonic() - began:.0f} s | {count.total():,} | {wrong.total()} |")
    for what, number in errors.most_common(60):
        print(f"    {number} × {what}".encode("unicode_escape").decode())
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
