"""Files for the tests of readers, and what is read of them."""

from __future__ import annotations

from pathlib import Path

from cleaner.readers import (
    Failure,
    InputFile,
    Reading,
    ReadSettings,
    discover,
    read,
)

TEXT = "Die Brücke ist „gesperrt“ – sagte der Bürgermeister."


def fill(folder: Path, names: list[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


def failures(*inputs: Path | str) -> dict[str, str]:
    return {entry.locator: entry.message for entry in discover(inputs) if isinstance(entry, Failure)}


def read_one(path: Path, *, max_bytes: int = 1000) -> Reading:
    (only,) = discover([path])
    assert isinstance(only, InputFile)
    (reading,) = read(only, ReadSettings(max_bytes))
    return reading
