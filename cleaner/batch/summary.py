"""What came of a run, in lines for people: counts, what was removed, which documents to look at, failures by kind."""

from __future__ import annotations

from collections.abc import Iterator

from archive.terminal import squeezed
from cleaner.batch.counts import NAMED, RunCounts
from cleaner.corrections.apply import Corrections
from cleaner.document import Status
from cleaner.writers.failure_groups import failure_groups
from cleaner.writers.words import number, plural, share, shorten

#: So many documents of a status are named.
SHOWN = 3
#: Characters of a name.
NAME = 60
#: So many kinds of failures are told; run.json names the failures.
KINDS = 10


def summary_lines(counts: RunCounts) -> Iterator[str]:
    """The counts of a run."""
    status = ", ".join(f"{number(count)} {name}" for name, count in sorted(counts.status.items()))
    yield f"{plural(counts.documents, 'document')}: {status or 'nothing to clean'}"
    if counts.characters:
        removed = counts.removed.total()
        whole = plural(counts.characters, "character")
        yield f"{number(removed)} of {whole} removed ({share(removed, counts.characters)})"
    for label, count in sorted(counts.removed.items(), key=lambda pair: (-pair[1], pair[0])):
        spans = counts.spans[label]
        yield f"  {label:<13}{spans:>8,} {'stretch ' if spans == 1 else 'stretches'}{count:>11,} characters"
    for kind, counter in (("repairs", counts.repairs), ("skipped", counts.skipped)):
        if counter:
            listed = (f"{number(count)} {shorten(squeezed(name), NAME)}" for name, count in sorted(counter.items()))
            yield f"{kind}: {', '.join(listed)}"
    for named in NAMED:
        if counts.status[named]:
            yield _named(named, counts.status[named], counts.named.get(named.value, []))


def corrections_line(corrections: Corrections, counts: RunCounts | None, *, updated: bool = False) -> str:
    """How much of what persons said was obeyed; where nothing was, which sources it is of.

    counts: None when nothing was cleaned. updated: they are of what was new; earlier documents are not judged anew.
    """
    counted = plural(corrections.count, "correction")
    if counts is None:
        return f"{counted} given, and no document was cleaned; --fresh cleans all with them"
    earlier = "; documents of earlier runs are not judged anew, --fresh cleans all with them" if updated else ""
    if counts.corrected:
        stretches, documents = counts.corrected["stretches"], counts.corrected["documents"]
        return f"{counted} in force, obeyed in {plural(stretches, 'place')} of {plural(documents, 'document')}{earlier}"
    if earlier:
        return f"{counted} in force: none meets a line of what this update cleaned{earlier}"
    unseen = sorted(corrections.by_source.keys() - counts.source_documents.keys())
    names = ", ".join(shorten(squeezed(name), NAME) for name in unseen[:SHOWN])
    advice = f"; those of a source are of {names}: name it with --source, if it is the one" if unseen else ""
    return f"{counted} in force: none meets a line of these documents{advice}"


def _named(status: Status, count: int, names: list[str]) -> str:
    shown = ", ".join(shorten(squeezed(name), NAME) for name in names[:SHOWN])
    more = f" and {number(count - SHOWN)} more; run.json names them" if count > SHOWN else ""
    return f"{status}: {shown}{more}"


def failure_lines(counts: RunCounts) -> Iterator[str]:
    """The failures, one line for each kind."""
    groups = failure_groups(counts.failures)
    for group in groups[:KINDS]:
        yield squeezed(group.message)
    untold = counts.failed - sum(group.count for group in groups[:KINDS])
    if untold > 0:
        yield f"{plural(untold, 'more failure')}; run.json names them"
