"""The quality gate: what fixtures/quality_gate.json pins, how it is measured, and which of its bounds were loosened.

Floors hold a little under what was measured, ceilings a little over. A bound may be loosened only with a row
`{"what", "from", "to", "why"}` in the file's list "lowered"; rows are never taken out. `git` is asked for the
committed file; without git, or outside a checkout, there is nothing to compare with.
"""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cleaner import Cleaner
from cleaner.model.network import shipped
from cleaner.training.evaluation import as_values, evaluate, read_gold

ROOT = Path(__file__).resolve().parents[2]
GOLD = ROOT / "fixtures" / "training" / "gold.jsonl"
GATE = ROOT / "fixtures" / "quality_gate.json"

#: How far under the measured value a floor is set: four or five of the set's lines, so that only a change fails, and no
#: other machine's rounding.
FLOOR_MARGINS = {"f1": 0.01, "precision": 0.01, "recall": 0.01, "label-right": 0.01}
#: How far over the measured value a ceiling is set: about one line of prose, three lines, three short sentences, two
#: longer ones, a tenth of a score of one line in ten (of `calibration_error`).
CEILING_MARGINS = {
    "body-lost": 0.002, "lines-lost": 0.002, "short-sentences-lost": 0.01, "sentences-lost": 0.005,
    "calibration-error": 0.01,
}  # fmt: skip
#: Decimal places of a bound.
PLACES = 3

Gate = dict[str, Any]


def measured() -> dict[str, float]:
    """The shipped cleaner's figures on the project's own labelled set."""
    values = as_values(evaluate(Cleaner(), read_gold(GOLD)))
    return {name: values[name] for name in (*FLOOR_MARGINS, *CEILING_MARGINS)}


def digests() -> dict[str, str]:
    """sha256 of the labelled set and of the shipped model, lower-case hex."""
    return {"gold-digest": hashlib.sha256(GOLD.read_bytes()).hexdigest(), "model-digest": shipped().digest}


def pinned(figures: Mapping[str, float], digests: Mapping[str, str], before: Gate | None, why: str | None) -> Gate:
    """The gate for these figures; what it loosens against `before` is listed with `why`. Raises ValueError without."""
    scale = 10**PLACES
    gate: Gate = {
        **digests,
        "floors": {n: math.floor((figures[n] - m) * scale) / scale for n, m in FLOOR_MARGINS.items()},
        "ceilings": {n: math.ceil((figures[n] + m) * scale) / scale for n, m in CEILING_MARGINS.items()},
        "lowered": list((before or {}).get("lowered", ())),
    }
    for what, old, new in loosened(before, gate):
        if not (why or "").strip():
            raise ValueError(f"{what} would go from {old} to {new}; say why with --why")
        gate["lowered"].append({"what": what, "from": old, "to": new, "why": why})
    return gate


def loosened(before: Gate | None, gate: Gate) -> Iterator[tuple[str, float, float | None]]:
    """(name, old bound, new bound) of every bound that is looser than before, or gone (None)."""
    for kind in ("floors", "ceilings"):
        for name, old in (before or {}).get(kind, {}).items():
            new = gate[kind].get(name)
            if not _as_tight(name, new, old):
                yield name, old, new


def unexplained(before: Gate | None, gate: Gate) -> Iterator[str]:
    """What was loosened since `before` without a reason, in words; and reasons that were taken out."""
    rows, old_rows = gate["lowered"], (before or {}).get("lowered", [])
    if rows[: len(old_rows)] != old_rows:
        yield "rows of the list `lowered` were changed or taken out"
    given = [row for row in rows[len(old_rows) :] if str(row.get("why", "")).strip()]
    for what, old, new in loosened(before, gate):
        if not any(row["what"] == what and _as_tight(what, new, row["to"]) for row in given):
            yield f"{what} went from {old} to {new} without a row in `lowered` that says why"


def _as_tight(name: str, new: float | None, old: float | None) -> bool:
    """Does a new bound ask at least as much as an old one? None asks nothing."""
    if new is None or old is None:
        return old is None
    return new <= old if name in CEILING_MARGINS else new >= old


def broken(gate: Gate, figures: Mapping[str, float]) -> Iterator[str]:
    """The floors and ceilings that figures miss, in words."""
    for name, floor in gate["floors"].items():
        if figures[name] < floor:
            yield f"{name} is {figures[name]:.4f}, below its floor of {floor}"
    for name, ceiling in gate["ceilings"].items():
        if figures[name] > ceiling:
            yield f"{name} is {figures[name]:.5f}, above its ceiling of {ceiling}"


def committed(revision: str) -> Gate | None:
    """The gate as committed in a revision; None where git, the revision or the file is missing."""
    command = ["git", "show", f"{revision}:./{GATE.relative_to(ROOT).as_posix()}"]
    try:
        shown = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    gate: Gate = json.loads(shown.stdout)
    return gate


def text_of(gate: Gate) -> str:
    """The file's text."""
    return json.dumps(gate, ensure_ascii=False, indent=1) + "\n"
