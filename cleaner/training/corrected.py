"""Corrections as labelled documents: what was corrected has the person's label, what was not is in doubt.

In a document that somebody reviewed as a whole, what was not corrected is right as the run had it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cleaner.corrections.apply import Corrections
from cleaner.corrections.format import Row, documents, reviewers
from cleaner.decision.corrected import is_corrected, overrule
from cleaner.document import Decision, Rendering
from cleaner.labels import Label, Policy

Labelled = tuple[tuple[int, int, Label], ...]
Doubt = tuple[tuple[int, int], ...]


def corrected(rows: Iterable[Row]) -> Iterator[tuple[str, str, Labelled, Doubt, str, str]]:
    """Id, text, spans, doubt, language, source of every document of which anything is known."""
    rows = list(rows)
    corrections, policy, reviewed = Corrections.of(rows), Policy(), reviewers(rows)
    for seen in documents(rows).values():
        decisions = [Decision(start, end, label, policy.action(label), 0.0) for start, end, label in seen.spans]
        rendering = Rendering(seen.text, (), seen.text)
        told = overrule(corrections, rendering, decisions, policy, seen.source)
        spans = tuple((decision.start, decision.end, decision.label) for decision in told)
        unsure = [] if seen.document in reviewed else [guess for guess in told if not is_corrected(guess)]
        if len(unsure) < len(told):
            doubt = tuple((guess.start, guess.end) for guess in unsure)
            yield seen.id, seen.text, spans, doubt, seen.lang, seen.source
