"""What `cleancopy status OUT` says: which run OUT holds, how far it is, whether anyone works on it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from cleaner.batch.output.folder import BatchError, read_report
from cleaner.batch.output.location import looked_at
from cleaner.batch.progress import PROGRESS
from cleaner.batch.shards.files import WORK
from cleaner.shapes import Each, is_count, is_number, misfit
from cleaner.storage.object_store import PathOrUrl
from cleaner.writers.words import duration, share

#: What `RunProgress.to_values` gives.
_NOTED = {
    "phase": str, "documents": is_count, "total": is_count, "failed": is_count, "removed": Each(is_number),
    "rate": is_number,
}  # fmt: skip


def status_values(out: PathOrUrl) -> dict[str, Any]:
    """The state of the run in OUT as JSON values. Raises BatchError when there is none, OSError, StoreError."""
    with looked_at(out) as (folder, held):
        return _values(out, folder, held=held)


def _values(out: PathOrUrl, folder: Path, *, held: bool) -> dict[str, Any]:
    report = read_report(folder)
    if report is None:
        raise BatchError(f"{out} holds no run: there is no run.json of ours; give the OUT of `cleancopy clean -o OUT`")
    complete = bool(report.get("complete"))
    counts = report.get("counts", {})
    values: dict[str, Any] = {
        "state": "complete" if complete else "running" if held else "broken off",
        "clock": report.get("clock"),
        "shards": report.get("shards"),
        "shards_done": report.get("shards") if complete else len(list((folder / WORK).glob("*.notes"))),
    }
    if complete:
        return values | {"documents": counts.get("documents"), "failed": counts.get("status", {}).get("failed", 0)}
    with suppress(OSError, ValueError, RecursionError):  # nothing was counted yet
        noted = json.loads((folder / WORK / PROGRESS).read_bytes())
        values |= {} if misfit(noted, _NOTED) else noted
    return values


def status_lines(out: PathOrUrl) -> list[str]:
    """The same for people. Raises BatchError, OSError."""
    values = status_values(out)
    lines = [f"{out}: {values['state']}, {values['shards_done']} of {values['shards']} shards done"]
    if "documents" in values:
        of = f" of {values['total']:,}" if values.get("total") else ""
        lines.append(f"{values['documents']:,}{of} documents, {values['failed']:,} failed")
    if values["state"] == "running" and values.get("rate"):
        seconds = max(0, values["total"] - values["documents"]) / values["rate"]
        left = f", {duration(seconds)} left" if values["total"] else ""  # 0: how many there are is not known
        lines.append(f"{values['phase']}: {values['rate']:,.0f} documents a second{left}")
    if removed := values.get("removed"):
        lines.append("removed: " + ", ".join(f"{label} {share(part, 1)}" for label, part in removed.items()))
    if values["state"] == "broken off":
        lines.append("the command that began it goes on with it")
    return lines
