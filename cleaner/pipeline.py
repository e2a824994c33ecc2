"""Cleaning one document, told in order: blocks, language, evidence, decisions, result.

There is one path and it always explains itself. Build a `Cleaner` once for many documents.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from importlib import metadata
from typing import Any, Literal

import numpy as np

from cleaner import assembly, ledger
from cleaner.decision import Scores, decide
from cleaner.document import CleanedDocument, Document, Rendering, Status
from cleaner.identification import identify
from cleaner.labelling import find_evidence
from cleaner.labels import Action, Policy
from cleaner.languages import CueTable, tables_for
from cleaner.matching import Matcher
from cleaner.memory.recall import ENOUGH, Memory, Recall, recall, recurring_words
from cleaner.memory.units import units_of
from cleaner.model import Model, shipped
from cleaner.recurrence import recurs
from cleaner.segmenters import SEGMENTERS, glued
from cleaner.segmenters.text import segment_text
from cleaner.sources import document_source
from cleaner.splitting import split
from cleaner.tokens import Tokens, tokenise

VERSION = metadata.version("cleancopy")


class OnSuspect(StrEnum):
    """What to do with a document most of which would go."""

    CLEAN = "clean"  # the removal stands
    KEEP = "keep"  # nothing is removed
    DROP = "drop"  # nothing is kept


class Cleaner:
    """Holds policy and cue tables, compiled once per language.

    policy: what each label gets (default: labels.py). cues: a user's own table (`languages.read_cues`).
    model: a loaded model (`model.load`), "shipped" for the one that comes with this version, None for rules alone.
    memory: what sources repeat (`memory.store`); None: every document is judged by itself.
    on_suspect: what happens when most of a document would go; its status is `suspect` in any case.
    """

    def __init__(
        self,
        *,
        policy: Policy | None = None,
        cues: CueTable | None = None,
        on_suspect: OnSuspect = OnSuspect.CLEAN,
        model: Model | Literal["shipped"] | None = "shipped",
        memory: Memory | None = None,
    ) -> None:
        self.memory = memory
        self.policy = policy or Policy()
        self.model = shipped() if model == "shipped" else model
        self.on_suspect = on_suspect
        self._cues = cues or CueTable()
        self._matcher = lru_cache(maxsize=64)(self._compile)

    def __getstate__(self) -> dict[str, Any]:
        """What another process builds the same cleaner from; the shipped model is loaded there, not sent.

        A memory must be picklable: one that lies in a file should send the file's path.
        """
        model = "shipped" if self.model is not None and self.model is shipped() else self.model
        return {
            "actions": dict(self.policy.actions),
            "cues": self._cues,
            "on_suspect": self.on_suspect,
            "model": model,
            "memory": self.memory,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        settings = {name: value for name, value in state.items() if name != "actions"}
        self.__init__(policy=Policy(state["actions"]), **settings)  # type: ignore[misc]

    def clean(
        self,
        text: str | None = None,
        *,
        html: str | None = None,
        url: str | None = None,
        lang: str | None = None,
        source: str | None = None,
        title: str | None = None,
    ) -> CleanedDocument:
        """Cleans one text or one HTML page.

        Spans are in code points of `text` as given, for HTML of its rendering (`result.source_text`).
        Raises TypeError unless exactly one of `text` and `html` is given.
        """
        if (text is None) == (html is None):
            raise TypeError("give either text or html")
        media_type = "text/plain" if html is None else "text/html"
        content = (text if html is None else html) or ""
        return self.clean_document(Document("", content, media_type, url=url, lang=lang, source=source, title=title))

    def clean_document(self, document: Document, *, source: str | None = None) -> CleanedDocument:
        """Cleans one document; kept, removed and repaired together always rebuild its source text.

        source: which memory to ask, when it is not for the document itself to tell (`sources.document_source`).
        """
        rendering = SEGMENTERS[document.media_type](document)
        cleaned = self._label(document, rendering, source)
        if rendering.repairs and not _rebuilds(cleaned):  # a repair across a block's edge: leave the text as it is
            plain = segment_text(replace(document, text=rendering.source_text), repaired=False)
            cleaned = self._label(document, replace(plain, metadata=rendering.metadata), source)
        return cleaned

    def _label(self, document: Document, rendering: Rendering, source: str | None) -> CleanedDocument:
        lang = identify(rendering.text, document.lang)
        rendering, tokens, recall = self._read(rendering, source or document_source(document))
        blocks, model = rendering.blocks, self.model
        first = model.read(blocks, tokens) if model and tokens else None
        labelling = find_evidence(
            rendering,
            self._matcher(lang),
            doubts=None if first is None or self._cues != CueTable() else first.doubts,
            title=document.title or "",
            source=document.source,
        )
        scores = None
        if model and first:
            probabilities = model.score(first, labelling.evidence, blocks, recall)
            recurring = recurs(recall) if recall else None
            scores = Scores.of(probabilities, [len(block.text) for block in blocks], lang, recurring)
        decisions = decide(blocks, labelling.evidence, labelling.cuts, self.policy, scores, recall)
        cleaned = assembly.assemble(document, rendering, decisions, lang)
        if cleaned.status is Status.SUSPECT and self.on_suspect is not OnSuspect.CLEAN:
            action = Action.KEEP if self.on_suspect is OnSuspect.KEEP else Action.STRIP
            decisions = tuple(replace(decision, action=action) for decision in decisions)
            again = assembly.assemble(document, rendering, decisions, lang)
            return replace(again, status=Status.SUSPECT, metadata={**again.metadata, "why": cleaned.metadata["why"]})
        return cleaned

    def with_memory(self, memory: Memory | None) -> Cleaner:
        """The same cleaner with another memory."""
        return Cleaner(policy=self.policy, cues=self._cues, on_suspect=self.on_suspect, model=self.model, memory=memory)

    def _read(self, rendering: Rendering, source: str) -> tuple[Rendering, Tokens | None, Recall | None]:
        """The tokens of a rendering, and what the memory says of it; cut anew where a repeated stretch is glued in.

        None for what is not needed, and where the memory knows too little of the source.
        """
        if not rendering.blocks or (self.model is None and self.memory is None):
            return rendering, None, None
        tokens = tokenise([block.text for block in rendering.blocks])
        known = self.memory.source(source) if self.memory else None
        if known is None or known.documents <= ENOUGH:
            return rendering, tokens, None
        joined = np.array(glued(rendering.blocks))
        units = units_of(tokens, joined)
        if joined.any() and (cut := split(rendering, tokens, units, recurring_words(known, units), joined)):
            rendering, tokens = cut, tokenise([block.text for block in cut.blocks])
            units = replace(units_of(tokens), witness=units.witness)
        found = recall(known, units, len(rendering.blocks))
        return rendering, tokens, found if found.known else None

    def _compile(self, lang: str) -> Matcher:
        return Matcher(tables_for(lang) + self._cues)

    def configuration(self) -> dict[str, Any]:
        """All that decides the output besides the input; cues: a digest of the user's own."""
        cues = hashlib.sha256(repr(self._cues).encode()).hexdigest() if self._cues != CueTable() else None
        return {
            "version": VERSION,
            "policy": self.policy.as_dict(),
            "cues": cues,
            "model": self.model.digest if self.model else None,
            "memory": self.memory.digest if self.memory else None,
            "on-suspect": self.on_suspect.value,
        }

    def fingerprint(self) -> str:
        """sha256 of the configuration, lower-case hex."""
        return hashlib.sha256(json.dumps(self.configuration(), sort_keys=True).encode()).hexdigest()


def _rebuilds(cleaned: CleanedDocument) -> bool:
    written = ledger.ledger(cleaned, media_type="", decoding={})
    try:
        return ledger.rebuild(cleaned.text, written) == cleaned.source_text
    except ledger.LedgerError:
        return False


@lru_cache(maxsize=1)
def default_cleaner() -> Cleaner:
    """The cleaner behind `clean`: default policy, shipped cues."""
    return Cleaner()


def clean(
    text: str | None = None,
    *,
    html: str | None = None,
    url: str | None = None,
    lang: str | None = None,
    source: str | None = None,
    title: str | None = None,
) -> CleanedDocument:
    """Cleans one article with the default policy; for many with other settings, build a `Cleaner`.

    >>> clean("Reuters contributed to this report.").body
    'Reuters contributed to this report.'
    """
    return default_cleaner().clean(text, html=html, url=url, lang=lang, source=source, title=title)
