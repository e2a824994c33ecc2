"""Cleaned documents as articles of the WARC archive, and the functions that let the archive check them.

The only writer that knows `archive`; what the archive needs of cleaning it is handed here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from archive.checking.ledger import Checks, OtherRendererError, Told
from archive.checking.originals import usable_id
from archive.checking.safe_names import restore_name
from archive.segments.records import Article, Draft, Reference, RunInfo
from archive.segments.writer import Placed
from cleaner import ledger as reassembly
from cleaner.corrections.apply import read_corrections
from cleaner.decoding.decode import decode_as
from cleaner.document import CleanedDocument, Status
from cleaner.html.segment import renderer, rendering_of
from cleaner.json_bytes import ascii_only
from cleaner.labels import read_policy
from cleaner.ledger import SCHEMA, ledger, rebuild, unchecked
from cleaner.readers import Failure, Original
from cleaner.readers.mhtml import page_in

SOFTWARE = "cleancopy"
#: Characters of a parser's name and version in messages: an archive may come from a stranger.
NAMED = 80


def article_of(
    original: Original, cleaned: CleanedDocument, clock: datetime, *, copied: Placed | None = None
) -> Article:
    """The article of a cleaned document; an empty one has no clean text, so no conversion.

    `copied`: where the record that holds its bytes was copied to.
    """
    written = ledger(cleaned, media_type=original.media_type, decoding=original.decoding)
    if written["rendering"]:
        written["renderer"] = dict(renderer())
    clean_text = cleaned.text if cleaned.text and cleaned.status is not Status.EMPTY else None
    if clean_text is None:
        written["clean-text"] = cleaned.text  # what little was kept, so that the ledger alone rebuilds the source
    url = cleaned.metadata.get("url")
    return _article(
        original,
        clock,
        written,
        document_id=cleaned.id,
        target_uri=str(url) if url else None,
        text=clean_text,
        copied=copied,
        language=str(cleaned.metadata.get("lang", "")),
    )


def failed_article(original: Original, failure: Failure, clock: datetime, *, copied: Placed | None = None) -> Article:
    """The article of an input whose bytes were read but gave no document."""
    written = {"schema": SCHEMA, "media-type": original.media_type, "status": Status.FAILED.value, "why": failure.what}
    return _article(original, clock, written, document_id=original.locator, target_uri=None, text=None, copied=copied)


def followed(article: Article, previous: str) -> Article:
    """The same article as the next version of one that was stored before; previous: its metadata record's id."""
    return replace(article, previous=previous)


def _article(
    original: Original,
    clock: datetime,
    written: Mapping[str, object],
    *,
    document_id: str,
    target_uri: str | None,
    text: str | None,
    copied: Placed | None,
    language: str = "",
) -> Article:
    fields = {"status": str(written["status"]), "document-id": document_id}
    if language:
        fields["language"] = language
    if original.row is not None:
        fields["restore-name"] = restore_name(original.locator, document_id, original.media_type)
    captured = clock if original.modified is None else datetime.fromtimestamp(max(0.0, original.modified), UTC)
    return Article(
        path=original.locator, payload=original.payload, captured=captured, cleaned=clock, ledger=written,
        row=original.row, media_type=original.media_type, charset=original.charset, target_uri=target_uri,
        clean_text=text, fields=fields, reference=_reference(original, copied),
        to_json=ascii_only,
    )  # fmt: skip


def _reference(original: Original, copied: Placed | None) -> Reference | None:
    """Where the bytes lie instead of in a record of ours; None when that has no id to refer to."""
    reference = original.reference
    if reference is None or not usable_id(reference.record_id):
        return None
    copy, copy_offset = (copied.segment, copied.offset) if copied else ("", 0)
    return Reference(reference.record_id, reference.offset, reference.inside, reference.digest, copy, copy_offset)


def copy_of(original: Original) -> Draft | None:
    """The record that holds the bytes, as it stands in its file, for a segment of copies."""
    reference = original.reference
    if reference is None or not usable_id(reference.record_id):
        return None
    return Draft("response", reference.record_id, "", reference.head, reference.block)


def run_info(version: str, fingerprint: str) -> RunInfo:
    """What the warcinfo of every segment says about the run."""
    return RunInfo(SOFTWARE, version, fingerprint, description="originals, clean texts and ledgers of articles")


def decode_original(payload: bytes, written: Mapping[str, object]) -> str:
    """The source text of an original, decoded as the ledger says it was."""
    return decode_as(payload, unchecked(written)["decoding"])


def render_original(payload: bytes, written: Mapping[str, object]) -> str:
    """What a page renders to, with the recorded decoding and parser. Raises OtherRendererError for another one."""
    by, here = written.get("renderer"), renderer()
    if not isinstance(by, Mapping):
        raise OtherRendererError("written without naming the parser")
    if by != here:
        raise OtherRendererError(f"written with {_named(by)}, here is {_named(here)}")
    facts = unchecked(written)["decoding"]
    page = page_in(payload) if facts.get("container") == "mhtml" else payload
    return rendering_of(decode_as(page, facts))


def _named(by: Mapping[str, object]) -> str:
    return f"{by.get('parser')} {by.get('version')}, rules {by.get('rules')}"[:NAMED]


def rebuild_source(clean_text: str | None, written: Mapping[str, object]) -> str:
    """The source text from the clean text, or from the ledger alone where there is none."""
    parts = unchecked(written)
    return rebuild(parts.get("clean-text", "") if clean_text is None else clean_text, parts)


def retelling(
    keep: Sequence[str], strip: Sequence[str], policy: Path | None, corrections: Sequence[str] = ()
) -> Callable[[str | None, Mapping[str, object]], Told]:
    """How an export tells texts under these options. Raises labels.PolicyError, corrections.CorrectionError."""
    corrected = read_corrections(corrections) if corrections else None
    retell = reassembly.retelling(read_policy(policy) if policy else None, keep, strip, corrected)

    def told(clean_text: str | None, written: Mapping[str, object]) -> Told:
        again = retell(clean_text, unchecked(written))
        return Told(again.title, again.body, again.status.value)

    return told


CHECKS = Checks(decode=decode_original, rebuild=rebuild_source, retelling=retelling, render=render_original)
#: Enough to find damage: pages are not parsed again.
STORED = replace(CHECKS, render=None)
