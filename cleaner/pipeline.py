"""Cleaning one document, told in order: blocks, language, evidence, decisions, result.

There is one path and it always explains itself. Build a `Cleaner` once for many documents.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache, partial
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Self

from cleaner import assembly, ledger, settings
from cleaner.accelerator import replace
from cleaner.corrections.apply import Corrections
from cleaner.decision import second_look
from cleaner.decision.corrected import all_but_corrected, is_corrected, overrule
from cleaner.decision.judge import decide
from cleaner.decision.known import Judged, Known, of_a_page, what_is_known
from cleaner.decision.parts import in_parts
from cleaner.decision.scores import Scores
from cleaner.decision.unjudged import unjudged, with_what_is_unjudged
from cleaner.document import CleanedDocument, Decision, Document, Rendering, Status
from cleaner.heuristics.annotate import Labelling, find_asked, find_evidence
from cleaner.heuristics.cue_matcher import Matcher
from cleaner.heuristics.cues import CueTable, tables_for
from cleaner.heuristics.patterns import reads_like_a_crumb
from cleaner.html.page import Extractor
from cleaner.labels import KEPT, Action, Policy
from cleaner.language import identify
from cleaner.media_types import SEGMENTERS, unrepaired
from cleaner.memory.lookup import MemoryReader
from cleaner.memory.source_name import document_source
from cleaner.model.columns import FirstStepOf, OpinionOf
from cleaner.model.network import Model, evidence_sums, shipped
from cleaner.model.source_correction import tells
from cleaner.model.steps import Steps, alone, groups_of, side_by_side, value_of
from cleaner.model.telling_words import telling_words
from cleaner.segmentation.line_breaks import shipped as shipped_breaks
from cleaner.segmentation.text import bounded
from cleaner.time_limit import OverTimeError, TimeBudget, limited
from cleaner.versions import versions

if TYPE_CHECKING:  # what pages need is loaded with the first one
    from cleaner.html.model import PageModel

_Decisions = tuple[Decision, ...]


class OnSuspect(StrEnum):
    """What to do with a document most of which would go."""

    CLEAN = "clean"  # the removal stands
    KEEP = "keep"  # nothing is removed
    DROP = "drop"  # nothing is kept


class Cleaner:
    """Holds policy and cue tables, compiled once per language.

    policy: what each label gets: a Policy, a dict such as {"caption": "keep"}, or the path of such a TOML file;
    keep, strip: labels that stay or go all the same, such as ["caption"].
    cues: a user's own table: a CueTable, a dict of the form of docs/cues.md, or the path of such a file.
    model: a loaded model (`model.load`), "shipped" for the one that comes with this version, None for rules alone.
    memory: what sources repeat (`memory.store`); None: every document is judged by itself, as HTML pages always are
    unless page_model is None.
    on_suspect: what happens when most of a document would go; its status is `suspect` in any case.
    extractor: who is asked what an HTML page's article is. page_model: as model, for HTML; with None its blocks are
    judged as those of a text, and by their marks.
    corrections: what persons decided otherwise, or the path of its file; it overrules everything else.
    title_in_text: a title that is given, not found, stands in front of the clean text; else in the metadata alone.
    timeout: seconds for one document, after which TimeoutError is raised; None: as long as it takes. It is kept in the
    main thread of a process, on systems with POSIX's timers.

    Raises TypeError and ValueError (PolicyError, CueError) for a setting that is none of these.
    """

    @settings.hinted
    def __init__(
        self,
        *,
        policy: Policy | Mapping[Any, Any] | str | PathLike[str] | None = None,
        keep: Iterable[str] = (),
        strip: Iterable[str] = (),
        cues: CueTable | Mapping[str, object] | str | PathLike[str] | None = None,
        on_suspect: OnSuspect | str = OnSuspect.CLEAN,
        model: Model | Literal["shipped"] | None = "shipped",
        memory: MemoryReader | None = None,
        page_model: PageModel | Literal["shipped"] | None = "shipped",
        extractor: Extractor | str = Extractor.PAGE,
        corrections: Corrections | str | PathLike[str] | None = None,
        title_in_text: bool = False,
        timeout: float | None = None,
    ) -> None:
        self.memory = settings.with_method(memory, "source", "memory", "Memory.open(path)")
        self.corrections = settings.corrections_of(corrections)
        self.policy = settings.policy_of(policy, keep, strip)
        self.model = shipped() if model == "shipped" else settings.required(model, "model", Model, "load(path)")
        self._page_model = settings.page_model_of(page_model)
        self.extractor = settings.member_of(Extractor, extractor, "extractor")
        self.on_suspect = settings.member_of(OnSuspect, on_suspect, "on_suspect")
        self.title_in_text = bool(title_in_text)
        self.timeout = settings.seconds_of(timeout)
        self._cues = settings.cues_of(cues)
        self._matcher = lru_cache(maxsize=64)(self._compile)
        self._own_matcher = Matcher(self._cues) if self._cues != CueTable() else None

    def __getstate__(self) -> dict[str, object]:
        """What another process builds the same cleaner from; shipped models are loaded there, not sent.

        A memory must be picklable: one that lies in a file should send the file's path.
        """
        model = "shipped" if self.model is not None and self.model is shipped() else self.model
        return {
            "actions": dict(self.policy.actions),
            "cues": self._cues,
            "on_suspect": self.on_suspect,
            "model": model,
            "page_model": self._page_model,
            "extractor": self.extractor,
            "memory": self.memory,
            "corrections": self.corrections,
            "title_in_text": self.title_in_text,
            "timeout": self.timeout,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        settings = {name: value for name, value in state.items() if name != "actions"}
        self.__init__(policy=Policy(state["actions"]), **settings)  # type: ignore[misc]

    @property
    def page_model(self) -> PageModel | None:
        """What tells by a page's layout where its article is; the shipped one is loaded when it is first asked for."""
        if not isinstance(self._page_model, str):
            return self._page_model
        from cleaner.html.model import shipped as shipped_page_model

        return shipped_page_model()

    @settings.hinted
    def clean(
        self,
        text: str | None = None,
        *,
        html: object = None,
        url: str | None = None,
        lang: str | None = None,
        source: str | None = None,
        title: str | None = None,
    ) -> CleanedDocument:
        """Cleans one text or one HTML page.

        Spans are in code points of `text` as given, for HTML of its rendering (`result.source_text`).
        html: str, bytes, a BeautifulSoup object or an lxml element. Raises TypeError unless exactly one of `text` and
        `html` is given, and of a type that can be cleaned; ContentError, a ValueError, for a text that is rows, a
        table, XML or a program. A page given as text is read as a page.
        """
        return self.clean_document(
            settings.document_of(text, html=html, url=url, lang=lang, source=source, title=title)
        )

    def clean_many(self, documents: Iterable[str | Mapping[str, Any] | Document]) -> Iterator[CleanedDocument]:
        """Cleans many, in their order; without the accelerator up to 64 at a time, which takes two fifths less.

        A document is a text, a dict of what `clean` takes (`{"text": …, "url": …}`), or a `Document`. Each is judged by
        itself, so order and number change nothing. Raises what `clean` raises, at the document whose turn it is; the
        next ones can still be asked for. No more are read ahead than are cleaned at a time.

        >>> [cleaned.body for cleaned in Cleaner().clean_many(["One line.", {"html": "<p>Another line."}])]
        ['One line.', 'Another line.']
        """
        if isinstance(documents, str | bytes | Mapping | Document):
            raise TypeError(f"documents is a list of texts or dicts, not one {type(documents).__name__}; use clean")
        groups = groups_of(map(settings.as_document, documents), settings.size_of)
        return map(value_of, chain.from_iterable(map(self._clean_group, groups)))

    def clean_document(self, document: Document, *, source: str | None = None) -> CleanedDocument:
        """Cleans one document; kept, removed and repaired together always rebuild its source text.

        source: which memory to ask, when it is not for the document itself to tell (`sources.document_source`).
        Raises TimeoutError.
        """
        try:
            with limited(self.timeout):
                return alone(self.steps(document, source or document_source(document)))
        except OverTimeError:
            raise self._over_time() from None

    def _clean_group(self, documents: Sequence[Document | Exception]) -> Iterator[CleanedDocument | Exception]:
        budget = TimeBudget(self.timeout)
        for outcome in side_by_side([self._steps_or_error(document) for document in documents], budget.limited):
            yield self._over_time() if isinstance(outcome, OverTimeError) else outcome

    def _steps_or_error(self, document: Document | Exception) -> Steps[CleanedDocument]:
        if isinstance(document, Exception):
            raise document
        return (yield from self.steps(document, document_source(document)))

    def _over_time(self) -> TimeoutError:
        return TimeoutError(f"takes longer than {self.timeout:g} seconds to clean")

    def steps(self, document: Document, source: str) -> Steps[CleanedDocument]:
        """The cleaning of a document of a source, for `model.steps` to carry out beside that of others."""
        rendering = bounded(SEGMENTERS[document.media_type](document, self.extractor))
        cleaned = yield from self._label(document, rendering, source)
        if rendering.repairs and not ledger.rebuilds(cleaned):  # a repair across a block's edge: none is made then
            rendering = unrepaired(document, rendering, self.extractor)
            cleaned = yield from self._label(document, rendering, source)
        return replace(cleaned, source=source)

    def _label(self, document: Document, rendering: Rendering, source: str) -> Steps[CleanedDocument]:
        is_page = rendering.layout is not None and self._page_model is not None
        judged = yield from (self._judge_page if is_page else self._judge_text)(document, rendering, source)
        rendering, decisions, counted = judged.rendering, judged.decisions, judged.counted
        decisions += unjudged(rendering, self.policy)
        if self.corrections is not None:
            decisions = overrule(self.corrections, rendering, decisions, self.policy, source)
            counted = None if counted is None else (*counted, *filter(is_corrected, decisions))
        cleaned = judged.cleaned
        if cleaned is None or cleaned.decisions != decisions or self.title_in_text:
            cleaned = assembly.assemble(
                document, rendering, decisions, judged.lang, judged=counted, title_in_text=self.title_in_text
            )
        cleaned = with_what_is_unjudged(cleaned, rendering)
        if cleaned.status is Status.SUSPECT and self.on_suspect is not OnSuspect.CLEAN:
            return self._whole(document, rendering, cleaned, judged.lang)
        return cleaned

    def _whole(self, document: Document, rendering: Rendering, cleaned: CleanedDocument, lang: str) -> CleanedDocument:
        """A suspect document, kept or dropped as a whole, but for what a person decided."""
        action = Action.KEEP if self.on_suspect is OnSuspect.KEEP else Action.STRIP
        decisions = all_but_corrected(cleaned.decisions, action)
        again = assembly.assemble(document, rendering, decisions, lang, title_in_text=self.title_in_text)
        told = {name: cleaned.metadata[name] for name in ("why", "unjudged") if name in cleaned.metadata}
        return replace(again, status=Status.SUSPECT, metadata={**again.metadata, **told})

    def _judge_text(self, document: Document, rendering: Rendering, source: str) -> Steps[Judged]:
        """The decisions on a text, or on a page as on a text; with a model what is kept is looked at again."""
        lang = identify(rendering.text, document.lang)
        known = yield from self._known(rendering, source)
        decisions, cleaned = (yield from self._judge(document, known, lang)), None
        if known.kind:
            metadata = {**known.rendering.metadata, "kind": known.kind.value}
            known = replace(known, rendering=replace(known.rendering, metadata=metadata))
        if self.model is not None:
            decisions, cleaned = yield from self._look_again(document, known, decisions, lang)
        if document.media_type == "text/html" or not any(decision.label in KEPT for decision in decisions):
            from cleaner.decision.whole_page import with_the_only_thing

            decisions = with_the_only_thing(known.rendering.blocks, decisions, self.policy)
        return Judged(known.rendering, decisions, lang, cleaned=cleaned)

    def _judge_page(self, document: Document, rendering: Rendering, source: str) -> Steps[Judged]:
        """The decisions on a page; its status goes by those on its blocks near the article."""
        from cleaner.decision.page import decide_page

        def judge(titled: Document, part: Rendering, lang: str, places: tuple[float, ...]) -> Steps[_Decisions]:
            return self._judge(titled, of_a_page(part, places, source), lang, places)

        decisions, near, lang = yield from decide_page(
            document, rendering, extractor=self.extractor, page_model=self.page_model, policy=self.policy, judge=judge
        )
        return Judged(rendering, decisions, lang, counted=near)

    def _look_again(
        self, document: Document, known: Known, decisions: _Decisions, lang: str
    ) -> Steps[tuple[_Decisions, CleanedDocument | None]]:
        """The decisions on a text after further looks at what is kept, and the document as the last look found it."""

        def judge(rest: Rendering) -> Steps[_Decisions]:
            said = identify(rest.text, document.lang)
            kept = yield from self._known(rest, known.source, known.witness)
            return (yield from self._judge(document, kept, said, with_own=False))

        plain, rendering = decisions, known.rendering
        if self._own_matcher is not None:  # what a user's cue says moves nothing else, by no second look either
            plain = yield from self._judge(document, known, lang, with_own=False)
        looked, kept = yield from second_look.look_again(
            rendering, plain, lambda decided: assembly.assemble(document, rendering, decided, lang), judge
        )
        return second_look.overlaid(second_look.under(self.policy, looked), plain, decisions), kept

    def _judge(
        self, document: Document, known: Known, lang: str, places: tuple[float, ...] = (), *, with_own: bool = True
    ) -> Steps[_Decisions]:
        """The decisions on a rendering, in parts where only a pitch beside it would take a sentence.

        places: per block the page model's log-odds that it is outside. with_own: with what the user's own cues say.
        """
        judge = partial(self._judge_blocks, document, lang=lang, with_own=with_own)
        again = partial(in_parts, source=document.source, know=self._known, judge=judge)
        return (yield from again(known, (yield from judge(known, places)), places, self._matcher(lang)))

    def _judge_blocks(
        self, document: Document, known: Known, places: tuple[float, ...], *, lang: str, with_own: bool
    ) -> Steps[_Decisions]:
        """The decisions on the blocks as they are cut."""
        rendering, recall = known.rendering, known.recall
        blocks, model = rendering.blocks, self.model
        first = (yield FirstStepOf(model, blocks, known.tokens)) if model and blocks else None
        labelling = find_evidence(
            rendering, self._matcher(lang), doubts=None if first is None else first.doubts,
            title=document.title or "", source=document.source,
        )  # fmt: skip
        asked = self._asked(rendering, document.source) if with_own else None
        cuts = (
            [[*ours, *own] for ours, own in zip(labelling.cuts, asked.cuts, strict=True)] if asked else labelling.cuts
        )
        scores, words, alone = None, None, None
        if model and first:
            sums = evidence_sums(labelling.evidence)
            opinion = yield OpinionOf(model.networks, first, sums)
            scores = Scores.of(
                model.weighed(opinion, sums, blocks, recall, known.source), [block.text for block in blocks], lang,
                recurring=tells(blocks, recall) if recall else None, places=places,
                crumbs=[reads_like_a_crumb(block) for block in blocks] if places else (),
                mild=known.kind is not None,
            )  # fmt: skip
            words = partial(telling_words, model, blocks, first)
            alone = model.weighed(opinion, sums, blocks, None, known.source) if recall else None
        return decide(
            blocks, labelling.evidence, cuts, self.policy, scores, recall, alone=alone, tables=labelling.tables,
            asked=asked.evidence if asked else (), certain=labelling.certain, speaking=labelling.speaking, words=words,
            code=labelling.code, marked=labelling.marked,
        )  # fmt: skip

    def _asked(self, rendering: Rendering, source: str | None) -> Labelling | None:
        """What the user's own cues say; None without any."""
        own = self._own_matcher
        return None if own is None else find_asked(rendering, own, source=source)

    def asks_memory(self, document: Document) -> bool:
        """Has a memory a say in judging it? Not on a page that a page model judges (docs/memory.md says why)."""
        return document.media_type != "text/html" or self._page_model is None

    def with_memory(self, memory: MemoryReader | None) -> Self:
        """The same cleaner with another memory."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.memory = memory
        return other

    def _known(self, rendering: Rendering, source: str, witness: int | None = None) -> Steps[Known]:
        """What is known of a text; rules alone without a memory need none of it."""
        if self.model is None and self.memory is None:
            return Known(rendering, source=source)
        return (yield from what_is_known(rendering, self.memory, source, witness))

    def _compile(self, lang: str) -> Matcher:
        return Matcher(tables_for(lang))

    def configuration(self) -> dict[str, object]:
        """All that decides the output besides the input; cues: a digest of the user's own."""
        cues = hashlib.sha256(repr(self._cues).encode()).hexdigest() if self._cues != CueTable() else None
        return {
            "version": versions()["cleancopy"],
            "policy": self.policy.as_dict(),
            "cues": cues,
            "model": self.model.digest if self.model else None,
            "page-model": self.page_model.digest if self.page_model else None,
            "extractor": self.extractor.value,
            "trafilatura": versions()["trafilatura"],
            "breaks": shipped_breaks().digest,
            "memory": self.memory.digest if self.memory else None,
            "corrections": self.corrections.digest if self.corrections else None,
            "on-suspect": self.on_suspect.value,
            "title-in-text": self.title_in_text,
        }

    def fingerprint(self) -> str:
        """sha256 of the configuration, lower-case hex."""
        return hashlib.sha256(json.dumps(self.configuration(), sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=1)
def default_cleaner() -> Cleaner:
    """The cleaner behind `clean`: default policy, shipped cues."""
    return Cleaner()


@settings.hinted
def clean(
    text: str | None = None,
    *,
    html: object = None,
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
