"""What run.json must look like for its readers: a run, finished or not, with or without updates."""

from __future__ import annotations

from cleaner.shapes import Each, Maybe, anything, is_count, is_number, misfit

_COUNTS = Each(is_count)
_SOURCE = {"documents": is_count, "characters": is_count, "removed": is_count}
#: What `RunCounts.for_report` tells.
COUNTED: dict[str, object] = {
    "counts": {
        "documents": is_count,
        "status": _COUNTS,
        "labels": Each({"spans": is_count, "characters": is_count}),
        "characters": {"source": is_count, "kept": anything, "removed": is_count},
        "sources": Each(_SOURCE),
        "languages": _COUNTS,
        "reasons": _COUNTS,
        "repairs": _COUNTS,
        "skipped": _COUNTS,
    },
    "failures": [{"path": str, "row": (is_count, None), "what": str, "do": str}],
    **dict.fromkeys(("suspect", "empty", "skipped"), Maybe([str])),
    "lines": Maybe([{"label": str, "text": str, "count": is_count}]),
    "least-certain": Maybe([{"document": str, "text": str, "label": str, "action": str, "score": is_number}]),
}
_CONFIGURATION = {"policy": Maybe((Each(str), None))}
_FOUND: dict[str, object] = {
    **dict.fromkeys(("new", "changed", "unchanged", "vanished"), is_count),
    "vanished-names": [str],
}
#: Of an update under way, and of one that is complete.
_UPDATE: dict[str, object] = {"clock": str, "digest": str, "inputs": str, "configuration": _CONFIGURATION, **_FOUND}
_UPDATED: dict[str, object] = {**_FOUND, "documents-unchanged": is_count}
_HEAD: dict[str, object] = {
    "cleancopy": str,
    "complete": bool,
    "clock": str,
    "shards": is_count,
    "inputs": (str, None),
    "configuration": _CONFIGURATION,
    "versions": Maybe(Each(str)),
    "update": Maybe(_UPDATE),
    "updates": Maybe([_UPDATED]),
}


def report_misfit(report: dict[str, object]) -> str:
    """The first part of run.json that is not as a run writes it; "" when all is."""
    if reason := misfit(report, _HEAD):
        return reason
    return misfit(report, COUNTED) if report["complete"] or "update" in report else ""
