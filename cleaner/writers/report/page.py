"""The report: one static, self-contained HTML file that shows what a run removed, and why.

No request to anywhere, every text escaped, below SIZE bytes for any run; the one script, which searches the list of
documents, is named by its digest, so that no other one runs. The same run gives the same bytes. Refuses (ReportError)
a folder without a finished run.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from archive.segments.durable import write_atomically
from cleaner.labels import Label
from cleaner.writers.report.article import LIMITS, Box, ShownLine, shown_document
from cleaner.writers.report.ledgers import read_ledgers
from cleaner.writers.report.run_data import (
    ORDER,
    Listed,
    ReportError,
    RowPosition,
    Survey,
    choose,
    read_run,
    row_at,
    survey,
)
from cleaner.writers.report.summary import summary_values
from cleaner.writers.report.visible import cell, visible, visible_text
from cleaner.writers.words import first_line, number, plural

__all__ = ["SIZE", "ReportError", "write_report"]

#: Bytes a report stays below: it must open on a phone and pass a mail gateway.
SIZE = 3_000_000
#: Bytes of that for the sample of documents, for one of them when the sample leaves room for that, and for the list;
#: the tables are bounded by their row and cell limits.
_DOCUMENTS, _DOCUMENT, _LIST = 1_500_000, 60_000, 350_000


def write_report(out: Path, target: Path, *, sample: int = 40) -> None:
    """Writes the report of the finished run in `out` to `target`, with up to `sample` documents in full.

    Fewer documents are shown when they would not fit. Raises ReportError when `out` holds no finished
    run or `target` cannot be written; `target` is then as it was.
    """
    run = read_run(out)
    seen = survey(out, max(sample, 0))
    shown = _documents(out, choose(seen, sample))
    content = _html(run, seen, shown).encode()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, [content])
    except OSError as error:
        raise ReportError(f"{target} cannot be written ({error.strerror or error}); name another file") from error


@dataclass(frozen=True, slots=True)
class _Shown:
    """A document in full."""

    ordinal: int
    html: Markup


def _documents(out: Path, positions: list[RowPosition]) -> list[_Shown]:
    """The chosen documents as HTML, in the order chosen, shard by shard read; what cannot be made small is left out."""
    size = min(_DOCUMENT, _DOCUMENTS // max(len(positions), 1))
    order = {position.ordinal: index for index, position in enumerate(positions, 1)}
    drawn: dict[int, _Shown] = {}
    by_shard = sorted(positions, key=lambda position: (position.shard, position.ordinal))
    for _, group in groupby(by_shard, key=lambda position: position.shard):
        wanted = [(position, row_at(position)) for position in group]
        ledgers = read_ledgers(out, wanted)
        for position, row in wanted:
            for limits in LIMITS:
                index = order[position.ordinal]
                document = shown_document(row, ledgers.get(position.ordinal), position=index, limits=limits)
                html = _template("document.html").render(document=document)
                if len(html.encode()) <= size:
                    drawn[index] = _Shown(position.ordinal, Markup(html))
                    break
    return [drawn[index] for index in sorted(drawn)]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cleaner.writers.report"), autoescape=True, finalize=visible, undefined=StrictUndefined,
        trim_blocks=True, keep_trailing_newline=False,
    )  # fmt: skip
    environment.globals |= {
        "cell": cell, "number": number, "plural": plural, "first_line": first_line,
        "known_labels": frozenset(label.value for label in Label),
    }  # fmt: skip
    environment.tests |= {"line": lambda part: isinstance(part, ShownLine), "box": lambda part: isinstance(part, Box)}
    return environment


def _template(name: str) -> Any:
    return _environment().get_template(name)


def _file(name: str) -> str:
    """A file beside the templates, as it is."""
    environment = _environment()
    assert environment.loader is not None
    return str(environment.loader.get_source(environment, name)[0])


def _html(run: Mapping[str, object], seen: Survey, shown: Sequence[_Shown]) -> str:
    numbers = {document.ordinal: index for index, document in enumerate(shown, 1)}
    listed = _listed(seen)
    script = _file("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    values = {
        **summary_values(run, seen),
        "policy": f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'",
        "style": Markup(_style()),
        "script": Markup(script),
        "listed": Markup(_encoded(listed, numbers)) if listed else "",
        "listed_note": _listed_note(seen, listed),
        "sample_note": _sample_note(seen, shown),
        "documents": Markup().join(document.html for document in shown),
    }
    return str(_template("report.html").render(values))


def _style() -> str:
    """The style sheet, and a colour for each label."""
    # hues a golden angle apart: neighbours in the list of labels never look alike, a new label needs no colour chosen
    hues = "".join(f".l-{label}{{--h:{(index * 137.5 + 20) % 360:g}}}" for index, label in enumerate(Label))
    return _file("report.css") + hues


def _listed(seen: Survey) -> list[Listed]:
    """The documents in the list: as many as fit, those to look at first."""
    ordered = (entry for status in ORDER for entry in seen.listed.get(status, ()))
    others = (entry for status, entries in seen.listed.items() if status not in set(ORDER) for entry in entries)
    listed, size = [], 0
    for entry in (*ordered, *others):
        size += len(f"{entry.name}{entry.title}{entry.source}".encode("utf-8", "replace")) + 40
        if size > _LIST:
            break
        listed.append(entry)
    return listed


def _encoded(listed: Sequence[Listed], numbers: Mapping[int, int]) -> str:
    """The list as JSON in a script element: no "<" in it, and nothing that reorders what a reader sees."""
    sources, statuses, labels = (_Numbers() for _ in range(3))
    documents = [
        [
            visible_text(entry.name), visible_text(entry.title), statuses(entry.status), sources(entry.source),
            visible_text(entry.lang), [labels(label) for label in entry.labels], entry.removed,
            numbers.get(entry.ordinal, 0),
        ]
        for entry in listed
    ]  # fmt: skip
    values = {
        "documents": documents, "sources": sources.names, "statuses": statuses.names, "labels": labels.names,
    }  # fmt: skip
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


class _Numbers:
    """Names, each once, by their numbers."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def __call__(self, name: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(visible_text(name))
        return self._numbers[name]


def _listed_note(seen: Survey, listed: Sequence[Listed]) -> str:
    total = seen.rows.total()
    if len(listed) == total:
        return f"All {plural(total, 'document')} of the run." if total != 1 else "The one document of the run."
    by_status = (f"{number(count)} of {number(seen.rows[status])} {status}" for status, count in _counted(listed))
    return f"A sample of {number(len(listed))} of {number(total)} documents, by chance: {', '.join(by_status)}."


def _counted(listed: Sequence[Listed]) -> Iterator[tuple[str, int]]:
    key: Callable[[Listed], str] = lambda entry: entry.status  # noqa: E731
    yield from ((status, len(list(group))) for status, group in groupby(listed, key=key))


def _sample_note(seen: Survey, shown: Sequence[_Shown]) -> str:
    note = (
        f"{number(len(shown))} of {number(seen.rows.total())}: suspect and empty ones first, then those with the least "
        "certain removals, then some for each label, from as many sources as possible. Plain text is the article as it "
        "was kept. Tinted text was taken out: with it stand its label, its score (0 to 1: how sure that it is not the "
        "article) and the reasons."
    )
    if long := seen.long.total():
        note += f" {plural(long, 'document')} too long to be shown here: see 'cleancopy archive diff'."
    return note
