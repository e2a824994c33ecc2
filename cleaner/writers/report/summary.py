"""The counts of a run as the report's template shows them: figures, plots, and tables of bounded length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from cleaner.document import Status
from cleaner.labels import DEFAULT_ACTIONS, SPECS, Action, Label
from cleaner.readers import Failure
from cleaner.shapes import is_number
from cleaner.writers.failure_groups import failure_groups
from cleaner.writers.report import charts
from cleaner.writers.report.article import SIGNS
from cleaner.writers.report.run_data import Survey
from cleaner.writers.report.visible import cell, wide_share
from cleaner.writers.words import number, plural

#: Rows of each table.
_SOURCES, _REASONS, _REPAIRS, _FAILURES, _SKIPPED, _SETTINGS, _LANGUAGES, _LINES, _DOUBTS = (
    20, 15, 20, 50, 30, 80, 12, 200, 50,
)  # fmt: skip
_LINES_SHOWN = 15
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MEANINGS = {
    Status.CLEAN: "the article is left",
    Status.EMPTY: "no article was found",
    Status.SUSPECT: "most of it was removed",
    Status.FAILED: "could not be read or cleaned",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number at the top, and where it leads: to a section, or to the documents that it counts."""

    value: str
    what: str
    more: str
    to: str = ""
    filter: str = ""
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class StatusCount:
    """A line of the legend of statuses."""

    name: str
    sign: str
    count: int
    share: str
    meaning: str


def summary_values(run: Mapping[str, object], seen: Survey) -> dict[str, object]:
    """What the template shows besides the documents."""
    counts = _mapping(run["counts"])
    characters, documents = _mapping(counts.get("characters")), _count(counts, "documents")
    removed = _count(characters, "removed")
    return {
        "documents_count": documents,
        "removed_count": removed,
        "removed_share": wide_share(removed, _count(characters, "source")),
        "facts": list(_facts(run)),
        "figures": _figures(counts, seen),
        "specs": SPECS,
        "label_plot": _label_plot(run, counts),
        **_status_values(counts),
        **_language_values(counts),
        **_source_values(counts),
        **_line_values(run),
        "doubts": list(_doubts(run)),
        **_reason_values(counts),
        **_repair_values(seen),
        **_failure_values(run, _count(_mapping(counts.get("status")), Status.FAILED)),
        "skipped": _largest(_mapping(counts.get("skipped")))[:_SKIPPED],
        "settings": list(_settings(run))[:_SETTINGS],
        "digest": run.get("digest") or "",
    }


def _facts(run: Mapping[str, object]) -> Iterator[str | Markup]:
    yield _when(run.get("clock"))
    yield f"cleancopy {cell(run.get('cleancopy'), 30)}"
    if run.get("digest"):
        yield Markup("configuration <code>{}</code>").format(cell(run.get("digest"), 12))


def _when(clock: object) -> str | Markup:
    """The run's clock for people; a text that is not a date is shown as it is."""
    try:
        moment = datetime.fromisoformat(str(clock))
    except ValueError:
        return cell(clock, 40)
    zone = moment.tzname() or ""
    words = f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} {zone}".rstrip()
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), words)


def _count(counts: Mapping[str, object], name: str) -> int:
    """A count of run.json; one that is missing or no number is 0."""
    value = counts.get(name)
    return int(value) if is_number(value) else 0


def _mapping(value: object) -> Mapping[str, object]:
    """An object of run.json; anything else counts as an empty one."""
    return value if isinstance(value, Mapping) else {}


def _largest(counts: Mapping[str, object]) -> list[tuple[str, int]]:
    """Names with their counts, the largest first."""
    return sorted(((name, _count(counts, name)) for name in counts), key=lambda entry: (-entry[1], entry[0]))


def _figures(counts: Mapping[str, object], seen: Survey) -> list[Figure]:
    characters, status = _mapping(counts.get("characters")), _mapping(counts.get("status"))
    documents, removed = _count(counts, "documents"), _count(characters, "removed")
    suspects, failures = _count(status, Status.SUSPECT), _count(status, Status.FAILED)
    clean, empty = number(_count(status, Status.CLEAN)), number(_count(status, Status.EMPTY))
    repairs = sum(seen.repair_kinds.values())
    look, none = "most of it went: look at these", "no document lost most of its text"
    listed, read = "listed below, with what to do", "every document was read"
    nothing_to = "documents" if documents else ""
    return [
        Figure(number(documents), "document" if documents == 1 else "documents", f"{clean} clean, {empty} empty",
               nothing_to, "status" if documents else ""),
        Figure(wide_share(removed, _count(characters, "source")), "of characters removed",
               plural(removed, "character"), "labels" if removed else ""),
        Figure(number(suspects), "suspect", look if suspects else none, "documents" if suspects else "", "status",
               Status.SUSPECT),
        Figure(number(failures), "failed", listed if failures else read, "failures" if failures else ""),
        Figure(number(repairs), "repair" if repairs == 1 else "repairs", "logged, each can be undone",
               "repairs" if repairs else ""),
    ]  # fmt: skip


def _label_plot(run: Mapping[str, object], counts: Mapping[str, object]) -> Markup | str:
    policy = _mapping(_mapping(run.get("configuration")).get("policy"))
    labels = _mapping(counts.get("labels"))
    gone = [label for label in Label if label in labels and policy.get(label, DEFAULT_ACTIONS[label]) != Action.KEEP]
    shown = [_label_bar(label, _mapping(labels[label])) for label in gone]
    shown.sort(key=lambda bar: -bar.value)
    return charts.bars("Removed by label", shown) if shown else ""


def _label_bar(label: Label, count: Mapping[str, object]) -> charts.PlotRow:
    characters, spans = _count(count, "characters"), _count(count, "spans")
    caption = f"{plural(characters, 'character')} · {plural(spans, 'span')}"
    return charts.PlotRow(label, characters, caption, spans, f"l-{label}", "label")


def _status_values(counts: Mapping[str, object]) -> dict[str, object]:
    status = _mapping(counts.get("status"))
    parts = [charts.Share(name, _count(status, name), f"s-{name}") for name in Status if _count(status, name)]
    whole = sum(part.count for part in parts)
    legend = [
        StatusCount(part.name, SIGNS[name], part.count, wide_share(part.count, whole), _MEANINGS[name])
        for part in parts
        for name in [Status(part.name)]
    ]
    return {"statuses": legend, "status_plot": charts.stacked("Documents by status", parts)}


def _language_values(counts: Mapping[str, object]) -> dict[str, object]:
    languages = _largest(_mapping(counts.get("languages")))
    shown = [(cell(name, 20), count) for name, count in languages[:_LANGUAGES]]
    return {"languages": shown, "languages_count": len(languages)}


def _source_values(counts: Mapping[str, object]) -> dict[str, object]:
    sources = {name: _mapping(source) for name, source in _mapping(counts.get("sources")).items()}
    others = _count(_mapping(counts.get("other-sources")), "sources")
    largest = sorted(sources.items(), key=lambda entry: (-_count(entry[1], "documents"), entry[0]))[:_SOURCES]
    shares = [(name, _share(source), _count(source, "documents")) for name, source in largest]
    shares.sort(key=lambda entry: (-entry[1], entry[0]))
    shown = [
        charts.PlotRow(
            cell(name, 120) or "no source", share, f"{wide_share(share, 1)} · {plural(documents, 'document')}",
            filter="source" if name else "",
        )
        for name, share, documents in shares
    ]  # fmt: skip
    note = "Share of characters removed"
    if len(sources) > _SOURCES:
        note += f"; the {_SOURCES} sources with most documents of {number(len(sources) + others)}"
    return {
        "source_plot": charts.bars("Share removed by source", shown, top=1) if shown else "",
        "source_note": f"{note}.",
    }


def _share(source: Mapping[str, object]) -> float:
    characters = _count(source, "characters")
    return _count(source, "removed") / characters if characters else 0.0


def _line_values(run: Mapping[str, object]) -> dict[str, object]:
    lines = [line for line in _rows(run, "lines") if _count(line, "count") > 1][:_LINES]
    shown = [
        {"text": line.get("text"), "label": str(line.get("label")), "count": _count(line, "count")} for line in lines
    ]
    note = f"; the {_LINES} most frequent" if len(lines) == _LINES else ""
    return {"lines": shown, "lines_shown": _LINES_SHOWN, "lines_note": note}


def _doubts(run: Mapping[str, object]) -> Iterator[dict[str, object]]:
    went = {Action.STRIP: " · removed", Action.META: " · kept as metadata", Action.KEEP: " · kept"}
    for doubt in _rows(run, "least-certain")[:_DOUBTS]:
        score = doubt.get("score")
        yield {
            "text": doubt.get("text"),
            "label": str(doubt.get("label")),
            "went": went.get(str(doubt.get("action")), ""),  # type: ignore[call-overload]
            "score": float(score) if is_number(score) else 0.5,
            "document": str(doubt.get("document")),
        }


def _rows(run: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """A list of objects in run.json."""
    rows = run.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _reason_values(counts: Mapping[str, object]) -> dict[str, object]:
    reasons = _largest(_mapping(counts.get("reasons")))
    note = f"The {_REASONS} most frequent." if len(reasons) > _REASONS else ""
    return {"reasons": reasons[:_REASONS], "reasons_note": note}


def _repair_values(seen: Survey) -> dict[str, object]:
    kinds = ", ".join(f"{cell(kind, 30)} {number(count)}" for kind, count in sorted(seen.repair_kinds.items())[:10])
    most = sorted(seen.repairs.items(), key=lambda entry: (-entry[1], entry[0]))[:_REPAIRS]
    repairs = [
        {"kind": key[0], "before": key[1], "after": key[2], "evidence": seen.evidence[key], "count": count}
        for key, count in most
    ]
    return {"repairs": repairs, "repair_kinds": kinds}


def _failure_values(run: Mapping[str, object], count: int) -> dict[str, object]:
    failures = [
        Failure(str(row.get("path")), _count(row, "row") or None, str(row.get("what")), str(row.get("do")))
        for row in _rows(run, "failures")
    ]
    groups = failure_groups(failures)
    note = plural(max(count, len(failures)), "failure") + " of " + plural(len(groups), "kind")
    if len(groups) > _FAILURES:
        note += f"; the {_FAILURES} most frequent are shown, run.json names more"
    elif count > len(failures):
        note += f"; run.json names the first {number(len(failures))}, the rows all"
    return {"failures": groups[:_FAILURES], "failures_note": f"{note}."}


def _settings(run: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    yield from _flat("", _mapping(run.get("configuration")))
    yield from _flat("version of ", _mapping(run.get("versions")))


def _flat(prefix: str, settings: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Settings as dotted names, in the order of their names."""
    for name, value in sorted(settings.items()):
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value
