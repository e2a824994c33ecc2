"""Steps for datatrove's pipelines and executors (local, Slurm, Ray). Needs the extra `datatrove`.

`CleanDocuments` goes between a reader and a writer. `clean_shards` gives the stages of a whole batch (files in; texts,
rows, archive, counts out), each to be run by an executor that depends on the one before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from cleaner.batch.run import BatchSettings
from cleaner.batch.scheduled import SHARED, Stage, StagedRun, carry_out
from cleaner.batch.shards.outcome import Outcome
from cleaner.document import CleanedDocument, Status
from cleaner.integrations.columns import KNOWN, article_outcomes, one_thread, reason
from cleaner.labels import Label
from cleaner.model.steps import groups_of
from cleaner.pipeline import Cleaner, default_cleaner
from cleaner.readers import Failure
from cleaner.writers.rows import document_row

try:
    from datatrove.data import Document, DocumentsPipeline
    from datatrove.pipeline.base import PipelineStep
    from datatrove.utils.typeshelper import StatHints
except ImportError as error:
    raise ImportError("datatrove is not installed: pip install 'cleancopy[datatrove]'") from error

#: Where a document's metadata tell what was done with it.
KEY = "cleancopy"
#: Labels that a span can have; all are named in every document, so that tables keep their columns.
LABELS = tuple(label.value for label in Label if label is not Label.BODY)


class CleanDocuments(PipelineStep):
    """Takes documents and yields them cleaned; those of which nothing stays are dropped, and counted by status.

    `metadata["cleancopy"]` gets status, title, language, the share of characters removed and the spans by label; what
    was there stays. Metadata `url`, `source`, `lang`, `title` and `date` are read.
    html: the documents' text is HTML. source: for documents that tell none. spans: the metadata list what was removed,
    with text and reasons. exclusion_writer: gets the dropped documents as they came, as from datatrove's own filters,
    with `filter_reason`.
    """

    name = "🧹 cleancopy"
    type = "✂️ - FORMAT"

    def __init__(
        self,
        cleaner: Cleaner | None = None,
        *,
        html: bool = False,
        source: str = "",
        spans: bool = False,
        exclusion_writer: Any = None,
    ) -> None:
        super().__init__()
        self.cleaner = cleaner  # None: the default one, loaded once in each process
        self.html, self.source, self.spans = html, source, spans
        self.exclusion_writer = exclusion_writer

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """The documents of which something stays, in order."""
        with self.exclusion_writer or nullcontext() as writer:
            for document, outcome in self._outcomes(data):
                self.stat_update(StatHints.total)
                if isinstance(outcome, CleanedDocument) and outcome.text:
                    yield self._cleaned(document, outcome)
                    continue
                status, why = _drop(outcome)
                self.stat_update(StatHints.dropped, f"{StatHints.dropped}_{status}")
                if writer:
                    document.metadata |= {"filter_reason": f"{status}: {why}"}
                    writer.write(document, rank)

    def _outcomes(self, data: DocumentsPipeline) -> Iterator[tuple[Document, Outcome]]:
        """Documents with their outcomes, as many at once as are cleaned side by side."""
        cleaner = self.cleaner or default_cleaner()
        for group in groups_of(data, lambda document: len(document.text)):
            with self.track_time("batch" if len(group) > 1 else None), one_thread():
                outcomes = list(article_outcomes(map(self._article, group), cleaner, source=self.source))
            yield from zip(group, outcomes, strict=True)

    def _article(self, document: Document) -> dict[str, object]:
        article = {name: document.metadata.get(name) for name in KNOWN}
        return article | {"html" if self.html else "text": document.text}

    def _cleaned(self, document: Document, cleaned: CleanedDocument) -> Document:
        """The same document with its clean text; counted."""
        document.text = cleaned.text
        document.metadata[KEY] = told = _told(cleaned)
        if self.spans:
            told["spans"] = document_row(cleaned, with_removed=True)["spans"]
        self.stat_update(StatHints.forwarded, f"{StatHints.forwarded}_{cleaned.status.value}")
        for label, count in told["labels"].items():
            if count:
                self.stat_update(f"spans_{label}", value=count)
        self.update_doc_stats(document)
        return document


class CleanShards(PipelineStep):
    """One stage of a batch, alone in its pipeline; `stage` and `tasks` are for the executor. See `clean_shards`.

    Task r of w does shards r, r + w, …; a task that is run again does only what is missing. Raises BatchError.
    """

    name = "🧹 cleancopy"
    type = "🗄 - ARCHIVE"

    def __init__(self, run: StagedRun, stage: Stage, tasks: int) -> None:
        super().__init__()
        self.staged, self.stage, self.tasks = run, stage, tasks if stage in SHARED else 1

    def run(self, data: DocumentsPipeline = None, rank: int = 0, world_size: int = 1) -> DocumentsPipeline:
        """Does this task's part of the stage; documents pass by untouched."""
        with self.track_time("task"):
            counts = carry_out(self.staged, self.stage, rank, world_size)
        for name, count in counts.items():
            self.stat_update(name, value=count)
        return data


def clean_shards(
    inputs: Sequence[Path], settings: BatchSettings, cleaner: Cleaner | None = None, *, tasks: int
) -> list[CleanShards]:
    """The stages of `cleancopy clean INPUTS -o OUT`, in order, with the same bytes in OUT, whatever `tasks`.

    Every machine must see inputs and OUT under the same paths. The clock is read once, by the first stage that plans.
    """
    run = StagedRun(tuple(inputs), settings, cleaner or default_cleaner())
    return [CleanShards(run, stage, tasks) for stage in Stage]


def _told(cleaned: CleanedDocument) -> dict[str, Any]:
    gone = sum(span.end - span.start for span in cleaned.spans)
    labels = Counter(span.label.value for span in cleaned.spans)
    return {
        "status": cleaned.status.value,
        "title": cleaned.title,
        "lang": str(cleaned.metadata.get("lang", "und")),
        "removed": gone / max(1, len(cleaned.source_text)),
        "labels": {label: labels[label] for label in LABELS},
    }


def _drop(outcome: Outcome) -> tuple[str, str]:
    """The status of a document that is dropped, and why."""
    if isinstance(outcome, Failure):
        return Status.FAILED.value, reason(outcome)
    return outcome.status.value, str(outcome.metadata.get("why", ""))
