"""The report: one static, self-contained HTML file that shows what a run removed, and why.

No script, no request to anywhere, every text escaped, below SIZE bytes for any run. The same run
gives the same bytes. Refuses (ReportError) a folder that is no finished run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import Any

from archive.segments.durable import write_atomically
from cleaner.document import Status
from cleaner.labels import DEFAULT_ACTIONS, SPECS, Action, Label
from cleaner.writers.report import charts as plots
from cleaner.writers.report.article import SIGNS, article, chip
from cleaner.writers.report.html_text import cell, escape, number, percent, plural
from cleaner.writers.report.run_data import (
    ReportError,
    RowPosition,
    Survey,
    choose,
    read_ledgers,
    read_run,
    row_at,
    survey,
)

__all__ = ["SIZE", "ReportError", "write_report"]

#: Bytes a report stays below: it must open on a phone and pass a mail gateway.
SIZE = 3_000_000
#: Bytes of that for the sample of documents; the tables below are bounded by their row and cell limits.
_DOCUMENTS = 1_700_000
_DOCUMENT = 60_000  # bytes of one document, when the sample leaves room for that
_SOURCES, _REASONS, _REPAIRS, _FAILURES, _SKIPPED, _SETTINGS, _LANGUAGES = 20, 15, 20, 100, 30, 80, 12  # rows of each
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NO_REQUESTS = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def write_report(out: Path, target: Path, *, sample: int = 40) -> None:
    """Writes the report of the finished run in `out` to `target`, with up to `sample` documents.

    Fewer documents are shown when they would not fit. Raises ReportError when `out` holds no finished
    run or `target` cannot be written; `target` is then as it was.
    """
    run = read_run(out)
    found = survey(out, max(sample, 0))
    content = _html(run, found, _documents(out, choose(found, sample))).encode()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, [content])
    except OSError as error:
        raise ReportError(f"{target} cannot be written ({error.strerror or error}); name another file") from error


def _documents(out: Path, positions: list[RowPosition]) -> list[str]:
    """The chosen documents as HTML, in the order chosen, shard by shard read; stops when the room is used up."""
    size = min(_DOCUMENT, _DOCUMENTS // max(len(positions), 1))
    order = {position.ordinal: index for index, position in enumerate(positions, 1)}
    drawn: dict[int, str] = {}
    by_shard = sorted(positions, key=lambda position: (position.shard, position.ordinal))
    for _, group in groupby(by_shard, key=lambda position: position.shard):
        wanted = [(position, row_at(position)) for position in group]
        ledgers = read_ledgers(out, wanted)
        for position, row in wanted:
            index = order[position.ordinal]
            drawn[index] = article(row, ledgers.get(position.ordinal), number_in_report=index, size=size)
    return [drawn[index] for index in sorted(drawn) if drawn[index]]


def _html(run: Mapping[str, Any], found: Survey, documents: list[str]) -> str:
    counts = run["counts"]
    failures = run.get("failures") or []
    sections = (
        _header(run, counts),
        _figures(counts, found),
        _plots(run, counts),
        _repairs(found),
        _failures(failures, _count(counts.get("status") or {}, Status.FAILED)),
        _skipped(counts),
        _sample(counts, found, documents),
        _configuration(run),
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_NO_REQUESTS}">'
        '<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">'
        '<link rel="icon" href="data:,"><title>What was removed, and why · cleancopy</title>'
        f"<style>{_style(documents)}</style></head>\n<body>\n" + "\n".join(part for part in sections if part)
    ) + "\n</body></html>\n"


def _style(documents: list[str]) -> str:
    """The style sheet, a colour for each label, and the rules that make the filters work without a script."""
    sheet = (resources.files("cleaner") / "data" / "report" / "report.css").read_text(encoding="utf-8")
    # hues a golden angle apart: neighbours in the list of labels never look alike, a new label needs no colour chosen
    hues = "".join(f".l-{label}{{--h:{(index * 137.5 + 20) % 360:g}}}" for index, label in enumerate(Label))
    labels = (
        f'body:has(#f-{label}:checked) .doc:not([data-labels~="{label}"]){{display:none}}'
        f"body:has(#f-{label}:checked) .text .l-{label}{{outline-color:currentColor}}"
        for label in Label
    )
    statuses = (
        f'body:has(#f-{status}:checked) .doc:not([data-status="{status}"]){{display:none}}' for status in Status
    )
    return sheet + hues + ("".join((*labels, *statuses)) if documents else "")


def _header(run: Mapping[str, Any], counts: Mapping[str, Any]) -> str:
    documents, characters = _count(counts, "documents"), counts.get("characters") or {}
    removed, source = _count(characters, "removed"), _count(characters, "source")
    lede = "No document was in this run. Give it a folder that holds text, HTML, JSONL or WARC files."
    if documents:
        lede = f"{plural(documents, 'document')} went in. "
        lede += (
            f"<strong>{percent(removed, source)}</strong> of their characters were not the article: "
            "they were taken out, and each removal says why."
            if removed
            else "Nothing was removed."
        )
    digest = f"configuration <code>{cell(run.get('digest'), 12)}</code>" if run.get("digest") else ""
    facts = [_when(run.get("clock")), f"cleancopy {cell(run.get('cleancopy'), 30)}", digest]
    return (
        '<header><p class="brand">cleancopy</p><h1>What was removed, and why</h1>'
        f'<p class="lede">{lede}</p><p class="facts">{" · ".join(fact for fact in facts if fact)}</p></header>'
    )


def _when(clock: object) -> str:
    """The run's clock for people; a text that is no date is shown as it is."""
    try:
        moment = datetime.fromisoformat(str(clock))
    except ValueError:
        return cell(clock, 40)
    zone = moment.tzname() or ""
    words = f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} {zone}".rstrip()
    return f'<time datetime="{escape(moment.isoformat())}">{escape(words)}</time>'


def _count(counts: Mapping[str, Any], name: str) -> int:
    """A count of run.json; one that is missing or no number is 0."""
    value = counts.get(name)
    return int(value) if isinstance(value, int | float) else 0


def _figures(counts: Mapping[str, Any], found: Survey) -> str:
    characters, status = counts.get("characters") or {}, counts.get("status") or {}
    documents = _count(counts, "documents")
    suspects, failures = _count(status, Status.SUSPECT), _count(status, Status.FAILED)
    empty, removed = _count(status, Status.EMPTY), _count(characters, "removed")
    repairs = sum(found.repair_kinds.values())
    figures = (
        (number(documents), "documents", f"{number(_count(status, Status.CLEAN))} clean, {number(empty)} empty"),
        (percent(removed, _count(characters, "source")), "of characters removed", f"{number(removed)} characters"),
        (
            number(suspects),
            "suspect",
            "most of it went: look at these" if suspects else "no document lost most of its text",
        ),
        (number(failures), "failed", "listed below, with what to do" if failures else "every document was read"),
        (number(repairs), "repairs" if repairs != 1 else "repair", "logged, each can be undone"),
    )
    listed = "".join(
        f"<div><dt>{what}</dt><dd><b>{value}</b><span>{more}</span></dd></div>" for value, what, more in figures
    )
    return f'<dl class="figures">{listed}</dl>'


def _plots(run: Mapping[str, Any], counts: Mapping[str, Any]) -> str:
    """Two columns; the reasons stand under the shorter one."""
    labels, others = _labels(run, counts), _statuses(counts) + _sources(counts)
    if labels.count("<g ") > others.count("<g ") + 4:
        others += _reasons(counts)
    else:
        labels += _reasons(counts)
    return f'<div class="plots"><div>{labels}</div><div>{others}</div></div>'


def _section(heading: str, note: str, content: str, *, css: str = "") -> str:
    told = f'<p class="note">{note}</p>' if note else ""
    return f'<section class="{css}"><h2>{heading}</h2>{told}{content}</section>'


def _labels(run: Mapping[str, Any], counts: Mapping[str, Any]) -> str:
    policy = (run.get("configuration") or {}).get("policy") or {}
    labels = counts.get("labels") or {}
    gone = [label for label in Label if label in labels and policy.get(label, DEFAULT_ACTIONS[label]) != Action.KEEP]
    shown = [_label_bar(label, labels[label]) for label in gone]
    shown.sort(key=lambda bar: -bar.value)
    content = plots.bars("Removed by label", shown) if shown else '<p class="none">Nothing was removed.</p>'
    meanings = "".join(f"<dt>{chip(spec.label)}</dt><dd>{escape(spec.meaning)}</dd>" for spec in SPECS)
    legend = f'<details class="legend"><summary>What the labels mean</summary><dl>{meanings}</dl></details>'
    return _section("By label", "Thick bar: characters removed. Thin bar: spans.", content + legend)


def _label_bar(label: Label, count: Mapping[str, Any]) -> plots.Bar:
    characters, spans = _count(count, "characters"), _count(count, "spans")
    return plots.Bar(
        label, characters, f"{number(characters)} characters · {plural(spans, 'span')}", spans, f"l-{label}"
    )


def _statuses(counts: Mapping[str, Any]) -> str:
    status = counts.get("status") or {}
    parts = [plots.Share(name, _count(status, name), f"s-{name}") for name in Status if _count(status, name)]
    whole = sum(part.count for part in parts)
    if not parts:
        return _section("By status", "", '<p class="none">No document.</p>')
    meanings = {
        Status.CLEAN: "the article is left",
        Status.EMPTY: "no article was found",
        Status.SUSPECT: "most of it was removed",
        Status.FAILED: "could not be read or cleaned",
    }
    legend = "".join(
        f'<li><span class="state s-{part.name}"><b aria-hidden="true">{SIGNS[Status(part.name)]}</b> {part.name}</span>'
        f" <b>{number(part.count)}</b> ({percent(part.count, whole)}), {meanings[Status(part.name)]}</li>"
        for part in parts
    )
    drawn = plots.stacked("Documents by status", parts) + f'<ul class="states">{legend}</ul>'
    return _section("By status", "", drawn + _languages(counts))


def _languages(counts: Mapping[str, Any]) -> str:
    """The languages met, most frequent first, in one sentence; nothing when the run did not count them."""
    languages = sorted((counts.get("languages") or {}).items(), key=lambda entry: (-entry[1], entry[0]))
    if not languages:
        return ""
    listed = ", ".join(f"{cell(name, 20)} {number(count)}" for name, count in languages[:_LANGUAGES])
    more = f" and {number(len(languages) - _LANGUAGES)} more" if len(languages) > _LANGUAGES else ""
    return f'<p class="note languages">{plural(len(languages), "language")}: {listed}{more}.</p>'


def _sources(counts: Mapping[str, Any]) -> str:
    sources = counts.get("sources") or {}
    largest = sorted(sources.items(), key=lambda entry: (-_count(entry[1], "documents"), entry[0]))[:_SOURCES]
    shares = [(name, _share(source), _count(source, "documents")) for name, source in largest]
    shares.sort(key=lambda entry: (-entry[1], entry[0]))
    shown = [
        plots.Bar(name or "no source", share, f"{percent(share, 1)} · {plural(documents, 'document')}")
        for name, share, documents in shares
    ]
    if not shown:
        return ""
    note = "Share of characters removed"
    note += (
        f"; the {_SOURCES} sources with most documents of {number(len(sources))}." if len(sources) > _SOURCES else "."
    )
    return _section("By source", note, plots.bars("Share removed by source", shown, top=1))


def _share(source: Mapping[str, Any]) -> float:
    characters = _count(source, "characters")
    return _count(source, "removed") / characters if characters else 0.0


def _reasons(counts: Mapping[str, Any]) -> str:
    reasons = sorted((counts.get("reasons") or {}).items(), key=lambda entry: (-entry[1], entry[0]))
    if not reasons:
        return ""
    listed = "".join(
        f'<li><bdi>{cell(reason, 120)}</bdi> <b class="count">{number(count)}</b></li>'
        for reason, count in reasons[:_REASONS]
    )
    note = f"The {_REASONS} most frequent." if len(reasons) > _REASONS else ""
    return _section("Top reasons", note, f'<ol class="ranked">{listed}</ol>')


def _repairs(found: Survey) -> str:
    if not found.repairs:
        return _section("Repairs", "", '<p class="none">No text needed repair.</p>')
    kinds = ", ".join(f"{cell(kind, 30)} {number(count)}" for kind, count in sorted(found.repair_kinds.items())[:10])
    most = sorted(found.repairs.items(), key=lambda entry: (-entry[1], entry[0]))[:_REPAIRS]
    listed = "".join(
        f"<li><span><del>{cell(before, 40)}</del> → <ins>{cell(after, 40) or 'nothing'}</ins> {cell(kind, 30)}"
        f" <small>{cell(found.evidence[kind, before, after], 120)}</small></span>"
        f' <b class="count">{number(count)}</b></li>'
        for (kind, before, after), count in most
    )
    return _section(
        "Repairs",
        f"Damaged characters read as what was meant, by kind: {kinds}.",
        f'<ol class="ranked fixes">{listed}</ol>',
    )


def _failures(failures: list[Mapping[str, Any]], count: int) -> str:
    if not failures:
        return ""
    listed = "".join(_failure(failure) for failure in failures[:_FAILURES])
    where = "all are in run.json" if count == len(failures) else f"run.json names {number(len(failures))}, the rows all"
    note = f"The first {_FAILURES} of {number(count)}; {where}." if count > _FAILURES else ""
    head = "<thead><tr><th>Where</th><th>What happened</th><th>What to do</th></tr></thead>"
    return _section("Failures", note, f'<table class="failures">{head}<tbody>{listed}</tbody></table>')


def _failure(failure: Mapping[str, Any]) -> str:
    row = f" <small>row {cell(failure.get('row'), 20)}</small>" if failure.get("row") is not None else ""
    return (
        f'<tr><td data-th="Where"><bdi>{cell(failure.get("path"), 160)}</bdi>{row}</td>'
        f'<td data-th="What happened">{cell(failure.get("what"), 240)}</td>'
        f'<td data-th="What to do">{cell(failure.get("do"), 240)}</td></tr>'
    )


def _skipped(counts: Mapping[str, Any]) -> str:
    skipped = sorted((counts.get("skipped") or {}).items(), key=lambda entry: (-entry[1], entry[0]))
    if not skipped:
        return ""
    listed = "".join(
        f'<li>{cell(reason, 160)} <b class="count">{number(count)}</b></li>' for reason, count in skipped[:_SKIPPED]
    )
    return _section("Skipped files", "Not read, by reason.", f'<ol class="ranked">{listed}</ol>', css="narrow")


def _sample(counts: Mapping[str, Any], found: Survey, documents: list[str]) -> str:
    if not documents:
        return _section("Documents", "", '<p class="none">There is no document to show.</p>')
    note = (
        f"{number(len(documents))} of {number(found.sizes['rows'])}: suspect and empty ones first, then some for each "
        "label, from as many sources as possible. Plain text is the article as it was kept. Tinted text was taken out: "
        "with it stand its label, its score (0 to 1: how sure that it is not the article) and the reasons."
    )
    if found.sizes["long"]:
        note += f" {plural(found.sizes['long'], 'document')} too long to be shown here: see 'cleancopy archive diff'."
    body = f'{_filters(found)}<div class="documents">{"".join(documents)}</div><p class="shown">Documents shown:</p>'
    return _section("Documents", note, body, css="sample")


def _filters(found: Survey) -> str:
    """Two sets of radio buttons; the style sheet hides what they leave out."""
    labels = [label for label in Label if label in found.positions]
    statuses = [status for status in Status if status != Status.FAILED]
    return (
        f'<form class="filters"><fieldset><legend>Show removals of</legend>{_radio("label", "any", "any label")}'
        + "".join(_radio("label", label, label) for label in labels)
        + f"</fieldset><fieldset><legend>Show status</legend>{_radio('status', 'every', 'any status')}"
        + "".join(_radio("status", status, f"{SIGNS[status]} {status}") for status in statuses)
        + "</fieldset></form>"
    )


def _radio(group: str, value: str, words: str) -> str:
    checked = " checked" if value in ("any", "every") else ""
    button = f'<input type="radio" name="{group}" id="f-{value}"{checked}>'
    return f'<label class="l-{value}">{button}<span>{words}</span></label>'


def _configuration(run: Mapping[str, Any]) -> str:
    settings = [*_flat("", run.get("configuration") or {}), *_flat("version of ", run.get("versions") or {})]
    listed = "".join(f"<dt>{cell(name, 80)}</dt><dd>{cell(value, 160)}</dd>" for name, value in settings[:_SETTINGS])
    digest = f"<dt>digest</dt><dd><code>{cell(run.get('digest'), 80)}</code></dd>" if run.get("digest") else ""
    return (
        "<footer><details><summary>Configuration of this run</summary>"
        f'<dl class="settings">{listed}{digest}</dl></details>'
        "<p>Nothing is lost: every removed character is in this run's archive. "
        "<code>cleancopy archive restore</code> gives the originals back.</p></footer>"
    )


def _flat(prefix: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Settings as dotted names, in the order of their names."""
    for name, value in sorted(settings.items()):
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value
