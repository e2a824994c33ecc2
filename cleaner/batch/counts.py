"""What a run counts: documents by status, label, source, reason, repairs; failures and skipped files by cause.

Counts of parts add up to those of the whole, in any order. However long the names and however many the failures, what
is named stays small.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass, field, fields
from typing import Any

from cleaner.decision.corrected import is_corrected
from cleaner.document import CleanedDocument, Status
from cleaner.memory.lookup import reason_kind
from cleaner.memory.source_name import source_of
from cleaner.readers import Failure
from cleaner.readers.readings import place
from cleaner.shapes import Each, Row, is_count, is_number, misfit
from cleaner.writers.words import shorten

#: So many reasons are listed by name; cues are thousands.
TOP_REASONS = 200
#: So many failures are named with their cause; beyond, the rows with status "failed" name them. Memory stays bounded.
MOST_FAILURES = 10_000
#: So many suspect and so many empty documents are named.
MOST_NAMED = 1_000
#: So many sources are listed in run.json, those with most documents; the others are summed.
MOST_SOURCES = 10_000
#: Characters of a name, of a message, of a language, of a line that are kept.
NAME, MESSAGE, LANGUAGE, LINE = 300, 500, 40, 160
#: So many different removed lines are counted in a part of a run, those removed most often; run.json lists the first.
MOST_LINES, LISTED_LINES = 2_000, 200
#: So many of the least certain decisions are listed, and the distance of a score from one half that is certain.
MOST_DOUBTS, CERTAIN = 50, 0.25
#: Statuses whose documents are named: somebody should look at them.
NAMED = (Status.SUSPECT, Status.EMPTY)
#: What run.json calls the names of files that were not read, each with its reason.
SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, order=True)
class Doubt:
    """A decision that was not certain."""

    distance: float  # of its score from one half
    document: str
    start: int
    label: str
    action: str
    score: float
    text: str


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
    corrected: Counter[str] = field(default_factory=Counter)  # stretches and documents that persons decided
    characters: int = 0
    failures: list[Failure] = field(default_factory=list)  # the first MOST_FAILURES
    lines: Counter[str] = field(default_factory=Counter)  # removed lines, "label\ttext"; of the rarer ones not all
    doubts: list[Doubt] = field(default_factory=list)  # the least certain decisions
    named: dict[str, list[str]] = field(
        default_factory=lambda: {**{status.value: [] for status in NAMED}, SKIPPED: []}
    )  # by status

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
        source = cleaned.source or source_of(cleaned.metadata)
        length = len(cleaned.source_text)
        gone = 0
        for span in cleaned.spans:
            size = span.end - span.start
            gone += size
            self.spans[span.label.value] += 1
            self.removed[span.label.value] += size
            self.reasons.update(map(reason_kind, span.reasons))
            if line := _counted_line(span.label.value, cleaned.source_text[span.start : span.end]):
                self.lines[line] += 1
        for repair in cleaned.repairs:
            self.repairs[repair.kind] += 1
        if corrected := sum(map(is_corrected, cleaned.decisions)):
            self.corrected.update(stretches=corrected, documents=1)
        self.status[cleaned.status.value] += 1
        if cleaned.status in NAMED and len(self.named[cleaned.status.value]) < MOST_NAMED:
            self.named[cleaned.status.value].append(shorten(document_name(cleaned), NAME))
        self.languages[shorten(str(cleaned.metadata.get("lang", "und")), LANGUAGE)] += 1
        self.characters += length
        self.source_documents[source] += 1
        self.source_characters[source] += length
        self.source_removed[source] += gone
        self.doubts += _doubts(cleaned)
        self._prune()

    def _prune(self) -> None:
        """Leaves out what nobody will list; the same whatever came in which order, but for lines that are rare."""
        if len(self.doubts) > 4 * MOST_DOUBTS:
            self.doubts = sorted(self.doubts)[:MOST_DOUBTS]
        if len(self.lines) > 4 * MOST_LINES:
            self.lines = Counter({line: self.lines[line] for line in _largest(self.lines, MOST_LINES)})

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
        self.doubts += other.doubts
        self._prune()
        for status, names in other.named.items():
            mine = self.named.setdefault(status, [])
            mine += names[: MOST_NAMED - len(mine)]

    def take_out(self, row: Mapping[str, Any], characters: int) -> None:
        """Takes out a document that another version has replaced, by its row. characters: of its source.

        Decisions that are not listed stay as they were counted, and lines where the spans have no text.
        """
        metadata, path = row["metadata"], str(row.get("path") or row["id"])
        self.status[row["status"]] -= 1
        name = shorten(place(path, metadata["row"]) if metadata.get("row") is not None else str(row["id"]), NAME)
        if row["status"] in self.named:
            self.named[row["status"]] = [other for other in self.named[row["status"]] if other != name]
        self.doubts = [doubt for doubt in self.doubts if doubt.document != name]
        if row["status"] == Status.FAILED:
            why = str(row["why"])
            self.failures = [
                failure for failure in self.failures if not why.startswith(f"{place(failure.locator, failure.row)}: ")
            ]
            return
        source = source_of({"path": path, **metadata})
        gone = sum(span["end"] - span["start"] for span in row["spans"])
        for span in row["spans"]:
            self.spans[span["label"]] -= 1
            self.removed[span["label"]] -= span["end"] - span["start"]
            self.reasons.subtract(map(reason_kind, span["reasons"]))
            if line := _counted_line(span["label"], span.get("text", "")):
                self.lines[line] -= 1
        self.repairs.subtract(repair["kind"] for repair in row["repairs"])
        self.languages[shorten(str(metadata.get("lang", "und")), LANGUAGE)] -= 1
        self.characters -= characters
        self.source_documents[source] -= 1
        self.source_characters[source] -= characters
        self.source_removed[source] -= gone
        for name in _COUNTERS:
            setattr(self, name, +getattr(self, name))  # without what is not there any more

    def forget_failures(self, locators: Collection[str]) -> None:
        """Takes out the failures of these inputs."""
        left = [failure for failure in self.failures if failure.locator not in locators]
        self.status["failed"] -= len(self.failures) - len(left)
        self.failures, self.status = left, +self.status

    def to_values(self) -> dict[str, object]:
        """All counts as JSON values, for `from_values`."""
        failures = [[failure.locator, failure.row, failure.what, failure.do] for failure in self.failures]
        counters = {name: dict(getattr(self, name)) for name in _COUNTERS}
        counters["lines"] = {line: self.lines[line] for line in _largest(self.lines, MOST_LINES)}
        doubts = [list(astuple(doubt)) for doubt in sorted(self.doubts)[:MOST_DOUBTS]]
        return {
            **counters, "characters": self.characters, "failures": failures, "named": self.named, "doubts": doubts,
        }  # fmt: skip

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> RunCounts:
        """The counts that `to_values` gave. Raises ValueError for what it never gives."""
        if reason := misfit(values, _VALUES):
            raise ValueError(f"these are not the counts of a run ({reason})")
        counters = {name: Counter(values[name]) for name in _COUNTERS}
        failures = [Failure(*failure) for failure in values["failures"]]
        doubts = [Doubt(*doubt) for doubt in values["doubts"]]
        return cls(**counters, characters=values["characters"], failures=failures, named=values["named"], doubts=doubts)

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
            corrected=Counter(counts.get("corrected", {})),
            characters=counts["characters"]["source"],
            failures=[
                Failure(failure["path"], failure["row"], failure["what"], failure["do"])
                for failure in report["failures"]
            ],
            named={name: list(report.get(name, ())) for name in (*(status.value for status in NAMED), SKIPPED)},
            lines=Counter({f"{line['label']}\t{line['text']}": line["count"] for line in report.get("lines", ())}),
            doubts=[_doubt_of(doubt) for doubt in report.get("least-certain", ())],
        )

    def for_report(self) -> dict[str, object]:
        """What run.json says of them: `counts`, the names of suspect and empty documents, `failures`."""
        failures = [
            {"path": failure.locator, "row": failure.row, "what": failure.what, "do": failure.do}
            for failure in self.failures
        ]
        lines = [(line.partition("\t"), self.lines[line]) for line in _largest(self.lines, LISTED_LINES)]
        doubts = [asdict(doubt) for doubt in sorted(self.doubts)[:MOST_DOUBTS]]
        return {
            "counts": self.as_dict(),
            **self.named,
            "lines": [{"text": text, "label": label, "count": count} for (label, _, text), count in lines],
            "least-certain": [{name: doubt[name] for name in _DOUBT_TOLD} for doubt in doubts],
            "failures": failures,
        }

    def as_dict(self) -> dict[str, object]:
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
        } | ({"corrected": _sorted(self.corrected)} if self.corrected else {})

    def _sources(self) -> dict[str, object]:
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


def _counted_line(label: str, text: str) -> str:
    """What a removed stretch is counted as; "" for white space."""
    squeezed = " ".join(text.split())
    return f"{label}\t{shorten(squeezed, LINE)}" if squeezed else ""


_COUNTERS = tuple(field.name for field in fields(RunCounts) if field.type == "Counter[str]")
#: What `to_values` gives.
_VALUES: dict[str, object] = {
    **dict.fromkeys(_COUNTERS, Each(is_count)),
    "characters": is_count,
    "failures": [Row((str, (is_count, None), str, str))],
    "named": Each([str]),
    "doubts": [Row((is_number, str, is_count, str, str, is_number, str))],
}
_DOUBT_TOLD = ("document", "text", "label", "action", "score")


def _doubts(cleaned: CleanedDocument) -> Iterator[Doubt]:
    for decision in cleaned.decisions:
        distance = abs(decision.score - 0.5)
        if distance < CERTAIN and (text := " ".join(cleaned.rendering_text[decision.start : decision.end].split())):
            yield Doubt(
                round(distance, 3), shorten(document_name(cleaned), NAME), decision.start, decision.label.value,
                decision.action.value, round(decision.score, 3), shorten(text, LINE),
            )  # fmt: skip


def _doubt_of(told: Mapping[str, Any]) -> Doubt:
    """A decision as run.json tells it."""
    values = (told[name] for name in ("label", "action", "score", "text"))
    return Doubt(round(abs(told["score"] - 0.5), 3), told["document"], 0, *values)


def document_name(cleaned: CleanedDocument) -> str:
    """What names a document in messages: its id; that of a row tells its file too."""
    path, row = cleaned.metadata.get("path"), cleaned.metadata.get("row")
    return place(str(path), int(str(row))) if path and row not in (None, "") else cleaned.id


def _largest(counter: Counter[str], most: int) -> list[str]:
    """The names that are counted most often; of equal ones the first in order."""
    return sorted(counter, key=lambda name: (-counter[name], name))[:most]


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))
