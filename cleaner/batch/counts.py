"""What a run counts: documents by status, label, source, reason, repairs; failures and skipped files by cause.

Counts of parts add up to those of the whole, in any order. However long the names and however many the failures, what
is named stays small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from cleaner.document import CleanedDocument, Status
from cleaner.memory.lookup import reason_kind
from cleaner.memory.source_name import source_of
from cleaner.readers import Failure
from cleaner.readers.readings import place
from cleaner.writers.words import shorten

#: So many reasons are listed by name; cues are thousands.
TOP_REASONS = 200
#: So many failures are named with their cause; beyond, the rows with status "failed" name them. Memory stays bounded.
MOST_FAILURES = 10_000
#: So many suspect and so many empty documents are named.
MOST_NAMED = 1_000
#: So many sources are listed in run.json, those with most documents; the others are summed.
MOST_SOURCES = 10_000
#: Characters of a name, of a message, of a language that are kept.
NAME, MESSAGE, LANGUAGE = 300, 500, 40
#: Statuses whose documents are named: somebody should look at them.
NAMED = (Status.SUSPECT, Status.EMPTY)


@dataclass(slots=True)
class RunCounts:
    """Counters of a run or a part of it; the only values here that change."""

    status: Counter[str] = field(default_factory=Counter)
    spans: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)  # characters by label
    reasons: Counter[str] = field(default_factory=Counter)
    repairs: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    source_documents: Counter[str] = field(default_factory=Counter)
    source_characters: Counter[str] = field(default_factory=Counter)
    source_removed: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    characters: int = 0
    failures: list[Failure] = field(default_factory=list)  # the first MOST_FAILURES
    named: dict[str, list[str]] = field(default_factory=lambda: {status.value: [] for status in NAMED})  # by status

    @property
    def failed(self) -> int:
        """All inputs that could not be read or cleaned."""
        return self.status["failed"]

    @property
    def documents(self) -> int:
        """All inputs counted, failed ones included."""
        return self.status.total()

    def count(self, outcome: CleanedDocument | Failure) -> None:
        """Counts one input, cleaned or failed."""
        if isinstance(outcome, Failure):
            self.fail(outcome)
        else:
            self.add(outcome)

    def add(self, cleaned: CleanedDocument) -> None:
        """Counts one cleaned document."""
        source = source_of(cleaned.metadata)
        length = len(cleaned.source_text)
        gone = 0
        for span in cleaned.spans:
            size = span.end - span.start
            gone += size
            self.spans[span.label.value] += 1
            self.removed[span.label.value] += size
            self.reasons.update(map(reason_kind, span.reasons))
        for repair in cleaned.repairs:
            self.repairs[repair.kind] += 1
        self.status[cleaned.status.value] += 1
        if cleaned.status in NAMED and len(self.named[cleaned.status.value]) < MOST_NAMED:
            self.named[cleaned.status.value].append(shorten(document_name(cleaned), NAME))
        self.languages[shorten(str(cleaned.metadata.get("lang", "und")), LANGUAGE)] += 1
        self.characters += length
        self.source_documents[source] += 1
        self.source_characters[source] += length
        self.source_removed[source] += gone

    def fail(self, failure: Failure) -> None:
        """Counts one input that could not be read or cleaned."""
        self.status["failed"] += 1
        if len(self.failures) < MOST_FAILURES:
            what, do = shorten(failure.what, MESSAGE), shorten(failure.do, MESSAGE)
            self.failures.append(Failure(shorten(failure.locator, NAME), failure.row, what, do))

    def merge(self, other: RunCounts) -> None:
        """Adds the counts of another part; failures in the order in which parts are merged."""
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))
        self.characters += other.characters
        self.failures += other.failures[: MOST_FAILURES - len(self.failures)]
        for status, names in other.named.items():
            mine = self.named.setdefault(status, [])
            mine += names[: MOST_NAMED - len(mine)]

    def to_values(self) -> dict[str, Any]:
        """All counts as JSON values, for `from_values`."""
        failures = [[failure.locator, failure.row, failure.what, failure.do] for failure in self.failures]
        counters = {name: dict(getattr(self, name)) for name in _COUNTERS}
        return {**counters, "characters": self.characters, "failures": failures, "named": self.named}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> RunCounts:
        """The counts that `to_values` gave."""
        counters = {name: Counter(values[name]) for name in _COUNTERS}
        failures = [Failure(*failure) for failure in values["failures"]]
        return cls(**counters, characters=values["characters"], failures=failures, named=values["named"])

    @classmethod
    def from_report(cls, report: Mapping[str, Any]) -> RunCounts:
        """The counts of a finished run, as far as its run.json tells them."""
        counts = report["counts"]
        labels, sources = counts["labels"].items(), counts["sources"].items()
        return cls(
            status=Counter(counts["status"]),
            spans=Counter({label: count["spans"] for label, count in labels}),
            removed=Counter({label: count["characters"] for label, count in labels}),
            reasons=Counter(counts["reasons"]),
            repairs=Counter(counts["repairs"]),
            languages=Counter(counts["languages"]),
            source_documents=Counter({source: count["documents"] for source, count in sources}),
            source_characters=Counter({source: count["characters"] for source, count in sources}),
            source_removed=Counter({source: count["removed"] for source, count in sources}),
            skipped=Counter(counts["skipped"]),
            characters=counts["characters"]["source"],
            failures=[
                Failure(failure["path"], failure["row"], failure["what"], failure["do"])
                for failure in report["failures"]
            ],
            named={status: list(report.get(status, ())) for status in NAMED},
        )

    def for_report(self) -> dict[str, Any]:
        """What run.json says of them: `counts`, the names of suspect and empty documents, `failures`."""
        failures = [
            {"path": failure.locator, "row": failure.row, "what": failure.what, "do": failure.do}
            for failure in self.failures
        ]
        return {"counts": self.as_dict(), **self.named, "failures": failures}

    def as_dict(self) -> dict[str, Any]:
        """The counts of run.json: `counts`."""
        removed = self.removed.total()
        return {
            "documents": self.documents,
            "status": _sorted(self.status),
            "labels": {
                label: {"spans": self.spans[label], "characters": self.removed[label]} for label in sorted(self.spans)
            },
            "characters": {"source": self.characters, "kept": self.characters - removed, "removed": removed},
            **self._sources(),
            "languages": _sorted(self.languages),
            "reasons": {reason: self.reasons[reason] for reason in _largest(self.reasons, TOP_REASONS)},
            "repairs": _sorted(self.repairs),
            "skipped": _sorted(self.skipped),
        }

    def _sources(self) -> dict[str, Any]:
        listed = _largest(self.source_documents, MOST_SOURCES)
        others = self.source_documents.keys() - set(listed)
        told = {"sources": {source: self._source([source]) for source in sorted(listed)}}
        return told | ({"other-sources": {"sources": len(others), **self._source(others)}} if others else {})

    def _source(self, names: Collection[str]) -> dict[str, int]:
        return {
            "documents": sum(self.source_documents[name] for name in names),
            "characters": sum(self.source_characters[name] for name in names),
            "removed": sum(self.source_removed[name] for name in names),
        }


_COUNTERS = tuple(field.name for field in fields(RunCounts) if field.name not in ("characters", "failures", "named"))


def document_name(cleaned: CleanedDocument) -> str:
    """What names a document in messages: its id; that of a row tells its file too."""
    path, row = cleaned.metadata.get("path"), cleaned.metadata.get("row")
    return place(str(path), int(row)) if path and row is not None and row != "" else cleaned.id


def _largest(counter: Counter[str], most: int) -> list[str]:
    """The names that are counted most often; of equal ones the first in order."""
    return sorted(counter, key=lambda name: (-counter[name], name))[:most]


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))
