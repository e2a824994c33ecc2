"""What a run counts: documents by status, label, source, reason, repairs; failures and skipped files by cause.

Accounts of parts add up to those of the whole, in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from cleaner.document import CleanedDocument
from cleaner.memory.lookup import reason_kind
from cleaner.memory.source_name import source_of
from cleaner.readers import Failure

#: So many reasons are listed by name; cues are thousands.
TOP_REASONS = 200
#: So many failures are named with their cause; beyond, the rows with status "failed" name them. Memory stays bounded.
MOST_FAILURES = 10_000


@dataclass(slots=True)
class Accounts:
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
        self.languages[str(cleaned.metadata.get("lang", "und"))] += 1
        self.characters += length
        self.source_documents[source] += 1
        self.source_characters[source] += length
        self.source_removed[source] += gone

    def fail(self, failure: Failure) -> None:
        """Counts one input that could not be read or cleaned."""
        self.status["failed"] += 1
        if len(self.failures) < MOST_FAILURES:
            self.failures.append(failure)

    def merge(self, other: Accounts) -> None:
        """Adds the counts of another part; failures in the order in which parts are merged."""
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))
        self.characters += other.characters
        self.failures += other.failures[: MOST_FAILURES - len(self.failures)]

    def to_values(self) -> dict[str, Any]:
        """All counts as JSON values, for `from_values`."""
        failures = [[each.locator, each.row, each.what, each.do] for each in self.failures]
        counters = {name: dict(getattr(self, name)) for name in _COUNTERS}
        return {**counters, "characters": self.characters, "failures": failures}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Accounts:
        """The counts that `to_values` gave."""
        counters = {name: Counter(values[name]) for name in _COUNTERS}
        return cls(
            **counters, characters=values["characters"], failures=[Failure(*each) for each in values["failures"]]
        )

    @classmethod
    def from_report(cls, report: Mapping[str, Any]) -> Accounts:
        """The counts of a finished run, as far as its run.json tells them."""
        counts = report["counts"]
        labels, sources = counts["labels"].items(), counts["sources"].items()
        return cls(
            status=Counter(counts["status"]),
            spans=Counter({label: each["spans"] for label, each in labels}),
            removed=Counter({label: each["characters"] for label, each in labels}),
            reasons=Counter(counts["reasons"]),
            repairs=Counter(counts["repairs"]),
            languages=Counter(counts["languages"]),
            source_documents=Counter({source: each["documents"] for source, each in sources}),
            source_characters=Counter({source: each["characters"] for source, each in sources}),
            source_removed=Counter({source: each["removed"] for source, each in sources}),
            skipped=Counter(counts["skipped"]),
            characters=counts["characters"]["source"],
            failures=[Failure(each["path"], each["row"], each["what"], each["do"]) for each in report["failures"]],
        )

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
            "sources": {
                source: {
                    "documents": self.source_documents[source],
                    "characters": self.source_characters[source],
                    "removed": self.source_removed[source],
                }
                for source in sorted(self.source_documents)
            },
            "languages": _sorted(self.languages),
            "reasons": dict(sorted(self.reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:TOP_REASONS]),
            "repairs": _sorted(self.repairs),
            "skipped": _sorted(self.skipped),
        }


_COUNTERS = tuple(each.name for each in fields(Accounts) if each.name not in ("characters", "failures"))


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))
