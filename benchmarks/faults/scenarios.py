"""Small runs and other commands that write, as they are tried with kills and full disks: what each begins with, what it
must leave behind.

A trial has a folder `in` that nothing may change, and a folder `place` in which alone something may be written.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cleaner.cli.main import main

FIRST, SECOND = "2026-05-03T10:22:00Z", "2026-06-03T10:22:00Z"
STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
ARTICLE = f"{STORY}\n\nSign up for our newsletter\n\n{STORY}\n\nRead more\n"
DOCUMENT = "0" * 64
Tree = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A command, and the state that it begins with."""

    name: str
    words: tuple[str, ...]  # {0} is the trial's folder
    before: tuple[tuple[str, ...], ...] = ()  # commands that make the state
    code: int = 0
    changed: bool = False  # inputs change between the state and the command
    again: bool = True  # the same command goes on after a fault, and ends with the same files
    grows: str = ""  # a file that may only become longer
    kept: tuple[str, ...] = ()  # patterns of what is there and must stay byte for byte, also after a fault

    @property
    def is_run(self) -> bool:
        """Whether it cleans."""
        return "--workers" in self.words


_CLEAN = ("clean", "{0}/in", "-q", "--workers", "1", "--timeout", "0", "--shard-size", "4", "--to", "html", "-o")
_RUN = (*_CLEAN, "{0}/place/out", "--now", FIRST, "--copy-originals")
_UPDATE = (*_CLEAN, "{0}/place/out", "--now", SECOND, "--copy-originals", "--update")
_SEALED = ("place/out/warc/*-20260503*", "place/out/originals/*-20260503*", "place/out/documents/0000[0-3].jsonl")
_SITE = "{0}/place/site.memory"
_MEMORY = ("memory", "build", "{0}/in", "-o", _SITE)
_OUT, _TO = "{0}/place/out", "{0}/place/to"
_SIGN = ("archive", "sign", _OUT, "--key", "{0}/in/key.pem")
SCENARIOS = (
    Scenario("clean", _RUN),
    Scenario("clean --update", _UPDATE, (_RUN,), changed=True, kept=_SEALED),
    Scenario(
        "clean --resume", (*_RUN, "--resume"), (_RUN, ("spoil",)),
        kept=("place/out/documents/0000[023].jsonl",),
    ),
    Scenario("clean --fresh", (*_RUN, "--fresh"), (_RUN,)),
    Scenario(
        "clean --update-memory", (*_RUN, "--memory", _SITE, "--update-memory"), (_MEMORY,),
        again=False,  # what was counted twice would be in it twice: only whole files are asked for
    ),
    Scenario("memory build", _MEMORY),
    Scenario("memory merge", ("memory", "merge", _SITE, "-o", _SITE), (_MEMORY,)),
    Scenario("corrections", ("say",), (("say",),), again=False, grows="place/corrections.jsonl"),
    Scenario("report", ("report", _OUT, "-o", "{0}/place/report.html"), (_RUN,), kept=("place/out/**/*",)),
    Scenario("archive index", ("archive", "index", _OUT), (_RUN, ("drop", "index.cdxj"))),
    Scenario("review, its index", ("index",), (_RUN,), again=False, kept=("place/out/[dtw]*/*",)),
    Scenario(
        "corrections merge", ("corrections", "merge", "{0}/place/corrections.jsonl", "-o", "{0}/place/merged.jsonl"),
        (("say",),), kept=("place/corrections.jsonl",),
    ),
    Scenario(
        "archive sign", _SIGN, (_RUN, ("key",)),
        again=False, kept=("place/out/[dtw]*/*",),
    ),
    Scenario(
        "archive stamp", ("archive", "stamp", _OUT), (_RUN, ("key",), _SIGN),
        again=False, kept=("place/out/[dtw]*/*",),
    ),
    Scenario("archive crate", ("archive", "crate", _OUT), (_RUN,), kept=("place/out/**/*",)),
    Scenario("archive restore", ("archive", "restore", _OUT, "-o", _TO), (_RUN,), kept=("place/out/**/*",)),
    Scenario("archive repair", ("archive", "repair", _OUT, "-o", _TO), (_RUN, ("spoil",)), code=1, again=False),
    *(
        Scenario(
            f"archive export --{form}", ("archive", "export", _OUT, f"--{form}", "-o", _TO), (_RUN,), again=False,
            kept=("place/out/**/*",),
        )
        for form in ("jsonl", "parquet", "wet", "warc10", "wacz")
    ),
)  # fmt: skip


def make_inputs(folder: Path) -> None:
    """Thirteen documents of all kinds, with repeated and broken rows."""
    inside = folder / "in"
    inside.mkdir(parents=True)
    for number in range(4):
        (inside / f"{number}.txt").write_text(f"Number {number}\n\n{ARTICLE * (number + 1)}", encoding="utf-8")
    rows = [json.dumps({"id": str(number % 3), "text": f"{number}. {ARTICLE}"}) for number in range(4)]
    (inside / "rows.jsonl").write_text("".join(row + "\n" for row in rows))
    (inside / "empty.txt").write_text("Donate now\n")
    (inside / "page.html").write_text(f"<html><body><article><h1>Ferry</h1><p>{STORY}</p></article></body></html>")
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + ARTICLE.encode()
    crawl = b"".join(
        b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-00000000000%d>\r\n"
        b"WARC-Target-URI: https://www.example.org/%d\r\nWARC-Date: 2026-05-01T00:00:00Z\r\n"
        b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"
        % (number, number, len(block), block)
        for number in range(3)
    )
    (inside / "crawl.warc").write_bytes(crawl)
    _date(inside, 1_700_000_000)


def change_inputs(folder: Path) -> None:
    """One text is new, one is another, one has gone; a file of rows has a new one."""
    inside = folder / "in"
    (inside / "4.txt").write_text(f"Number 4\n\n{ARTICLE}", encoding="utf-8")
    (inside / "1.txt").write_text(f"Number 1 again\n\n{ARTICLE}", encoding="utf-8")
    (inside / "2.txt").unlink()
    with (inside / "rows.jsonl").open("a") as rows:
        rows.write(json.dumps({"id": "new", "text": f"new. {ARTICLE}"}) + "\n")
    for name in ("4.txt", "1.txt", "rows.jsonl"):
        os.utime(inside / name, (1_700_009_999, 1_700_009_999))


def _date(inside: Path, seconds: int) -> None:
    for path in inside.rglob("*"):
        os.utime(path, (seconds, seconds))


def carried_out(words: Sequence[str], folder: Path) -> int:
    """A command, or one of the words that only a state needs."""
    own: Mapping[str, Callable[..., None]] = {"spoil": _spoil, "drop": _drop, "say": _say, "index": _index, "key": _key}
    if words[0] in own:
        from cleaner.review.index import ReviewError

        try:
            own[words[0]](folder / "place", *words[1:])
        except (OSError, ReviewError) as error:
            print(f"{error}", file=sys.stderr)
            return 1
        return 0
    return main([word.format(folder) for word in words])


def _spoil(place: Path) -> None:
    path = sorted((place / "out/warc").iterdir())[1]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)


def _drop(place: Path, name: str) -> None:
    (place / "out" / name).unlink()


def _say(place: Path) -> None:
    """What a click does: a row of corrections."""
    from cleaner.corrections.format import Correction, Scope
    from cleaner.corrections.store import append
    from cleaner.labels import Label

    row = Correction(DOCUMENT, 0, 4, "More", Label.BODY, Scope.TEXT, "me", "2026-05-03T10:22:00.000000Z")
    append(place / "corrections.jsonl", [row] * 40)


def _key(place: Path) -> None:
    """A key to sign with, among the inputs."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (place.parent / "in/key.pem").write_bytes(key.private_bytes(*plain))


def _index(place: Path) -> None:
    from cleaner.review.index import index_of

    index_of(place / "out")


def make_state(scenario: Scenario, folder: Path) -> None:
    """What a scenario begins with. Commands say nothing."""
    make_inputs(folder)
    (folder / "place/tmp").mkdir(parents=True)
    with silence():
        for words in scenario.before:
            if (code := carried_out(words, folder)) not in (0, 1):
                raise RuntimeError(f"{scenario.name}: {words} ended with {code}")
    if scenario.changed:
        change_inputs(folder)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """What is printed goes nowhere."""
    with (
        Path(os.devnull).open("w") as nothing,
        contextlib.redirect_stdout(nothing),
        contextlib.redirect_stderr(nothing),
    ):
        yield


def fresh(state: Path, folder: Path) -> None:
    """A trial's folder as the state has it."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(state, folder, symlinks=True)


def tree(folder: Path) -> Tree:
    """All files of a trial with their bytes, but for those of the temporary folder."""
    tmp = folder / "place/tmp"
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_relative_to(tmp))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def show_faults(faults: Sequence[str]) -> None:
    """Prints the first twenty faults below their row of the table."""
    for fault in faults[:20]:
        print(f"    {fault}", flush=True)
