"""Corrections for other uses: labelled rows for training, disputed lines for a meeting, how far persons agree."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from itertools import combinations

from cleaner.corrections.check import conflicts
from cleaner.corrections.format import Correction, Row, Scope, documents, in_force, reviewers
from cleaner.labels import KEPT, Label
from cleaner.training.corrected import corrected


def gold_rows(rows: Sequence[Row]) -> Iterator[str]:
    """The documents of which anything is known, as rows that `train` and `evaluate` read."""
    for name, text, spans, doubt, lang, source in corrected(rows):
        row = {"id": name, "text": text, "spans": spans, "doubt": doubt, "lang": lang, "source": source}
        yield json.dumps(row, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n"


def disputed(rows: Sequence[Row]) -> str:
    """A CSV of what persons say differently of; a spreadsheet reads no cell of it as a formula."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["document", "source", "scope", "text", "said", "in force"])
    seen = documents(rows)
    for conflict in conflicts(rows):
        decided = conflict.said[-1]
        name = seen[decided.document].id if decided.document in seen else decided.document
        said = "; ".join(f"{row.who}: {row.label}" for row in conflict.said)
        cells = [name, decided.source, decided.scope.value, " ".join(decided.text.split()), said, decided.label.value]
        table.writerow([f"'{cell}" if cell[:1] in tuple("=+-@\t\r") else cell for cell in cells])
    return out.getvalue()


def agreement(rows: Sequence[Row]) -> Iterator[str]:
    """Of each two persons: lines that both judged, how many they keep or remove alike, how many have the same label.

    A person judged a line by correcting it, or by reviewing its document as a whole.
    """
    judged = _judged(rows)
    for one, other in combinations(sorted(judged), 2):
        both = judged[one].keys() & judged[other].keys()
        if both:
            pairs = [(judged[one][place], judged[other][place]) for place in both]
            action = sum((a in KEPT) == (b in KEPT) for a, b in pairs) / len(both)
            label = sum(a is b for a, b in pairs) / len(both)
            yield f"{one} and {other}: {len(both)} lines, kept or removed alike {action:.1%}, same label {label:.1%}"


def _judged(rows: Sequence[Row]) -> dict[str, dict[tuple[str, int, int], Label]]:
    """Person → line → label."""
    seen, labels = documents(rows), dict[str, dict[tuple[str, int, int], Label]]()
    for document, persons in reviewers(rows).items():
        for who in persons if document in seen else ():
            for start, end, label in seen[document].spans:
                labels.setdefault(who, {})[document, start, end] = label
    persons_rows: dict[str, list[Correction]] = {}
    for row in rows:
        if isinstance(row, Correction):
            persons_rows.setdefault(row.who, []).append(row)
    for who, own in persons_rows.items():
        for row in in_force(own):
            if row.scope is Scope.TEXT:
                labels.setdefault(who, {})[row.document, row.start, row.end] = row.label
    return labels
