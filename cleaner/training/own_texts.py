"""Texts written for training: boxes with slots, whole articles, articles that speak of what boxes speak of.

Rows of JSONL: a box `{id, lang, label, lines: [text]}`, an article `{id, lang, lines: [[label, text]], flat?}`, where
`flat` asks for one line; or templates in TOML. Slots `{outlet}`, `{amount}`, `{currency}`, `{month}` are filled in by
chance, but always alike. Each text counts as a site of its own. Raises GoldError where a file cannot be read.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cleaner.labels import Label
from cleaner.training.corpus import read_rows
from cleaner.training.evaluation import Gold, GoldError

OUTLETS = (
    "The Harbour Post",
    "Wald und Wiese",
    "L’Écho du Val",
    "El Faro",
    "Kurier Miejski",
    "Northern Ledger",
    "Вестник",
)
SLOTS = {
    "amount": ("3", "5", "10", "25", "100"),
    "currency": ("€", "$", "£", "EUR", "kr"),
    "month": ("May", "10", "2025"),
}
#: What stands between the lines of an article.
GAPS = ("\n", "\n", "\n\n")


def read_templates(path: Path) -> list[Gold]:
    """Appeals of our own writing with slots, filled in: each a short labelled document. Raises GoldError."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["template"]
    except (OSError, ValueError, KeyError) as error:
        raise GoldError(f"{path}: cannot be read as templates ({error})") from error
    chance = random.Random(1)
    boxes = []
    for number, row in enumerate(rows):
        lines = [line.format(**_slots(chance)) for line in row["lines"]]
        label = Label(row["label"])
        boxes.append(_gold(f"template:{number}", row["lang"], [(label, line) for line in lines], "\n"))
    return boxes


def read_boxes(path: Path) -> Iterator[Gold]:
    """The boxes of a JSONL file, slots filled in, each a short labelled document. Raises GoldError."""
    return _read(path, _box)


def read_texts(path: Path) -> Iterator[Gold]:
    """The articles of a JSONL file, slots filled in. Raises GoldError."""
    return _read(path, _article)


def _read(path: Path, made: Callable[[dict[str, Any]], Gold]) -> Iterator[Gold]:
    for number, row in enumerate(read_rows(path), start=1):
        try:
            gold = made(row)
        except (ValueError, KeyError, TypeError) as error:
            raise GoldError(
                f"{path}: row {number} is not a text for training ({type(error).__name__}: {error})"
            ) from error
        yield gold


def _box(row: dict[str, Any]) -> Gold:
    slots, label = _slots(random.Random(row["id"])), Label(row["label"])
    return _gold(f"own:{row['id']}", row["lang"], [(label, _filled(line, slots)) for line in row["lines"]], "\n")


def _article(row: dict[str, Any]) -> Gold:
    chance = random.Random(row["id"])
    slots, gap = _slots(chance), " " if row.get("flat") else chance.choice(GAPS)
    lines = [(Label(label), _filled(line, slots)) for label, line in row["lines"]]
    return _gold(f"own:{row['id']}", row["lang"], lines, gap)


def _slots(chance: random.Random) -> dict[str, str]:
    return {name: chance.choice(values) for name, values in {**SLOTS, "outlet": OUTLETS}.items()}


def _filled(line: str, slots: dict[str, Any]) -> str:
    for name, value in slots.items():
        line = line.replace(f"{{{name}}}", value)
    return line.strip()


def _gold(name: str, lang: str, lines: Sequence[tuple[Label, str]], gap: str) -> Gold:
    text, spans = "", []
    for label, line in lines:
        if line:
            start = len(text) + (len(gap) if text else 0)
            text += (gap if text else "") + line
            spans.append((start, len(text), label))
    return Gold(name, text, tuple(spans), (), lang, f"{name.replace(':', '-')}.test")
