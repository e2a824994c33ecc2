"""The ledger of a document: what went, what stayed, and all that rebuilds the source from the clean text.

`ledger` writes it as JSON values, `rebuild` reads it: kept pieces with their repairs undone, removed
spans and the white space between them, in source order. Refuses a ledger whose parts do not meet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NotRequired, TypedDict, cast

from cleaner import assembly
from cleaner.corrections.apply import Corrections
from cleaner.decision.corrected import overrule
from cleaner.document import CleanedDocument, Decision, Document, Rendering, Repair, Status
from cleaner.labels import Label, Policy
from cleaner.shapes import Each, Maybe, Row, anything, is_count, is_number, misfit

SCHEMA = 1


class Removed(TypedDict):
    """A removed span: where it stood in the source, what it is, and its text."""

    start: int
    end: int
    label: str
    action: str
    score: float
    reasons: list[str]
    text: str


#: A ledger as `ledger` writes it; what is a tuple here is a list in JSON.
Ledger = TypedDict(
    "Ledger",
    {
        "schema": int,
        "media-type": str,
        "rendering": bool,
        "decoding": dict[str, object],
        "source-text-digest": str,
        "given": NotRequired[dict[str, str]],
        "title-in-text": NotRequired[bool],
        "source": NotRequired[str | None],
        "status": str,
        "kept": list[tuple[int, int, str, int, int]],
        "removed": list[Removed],
        "gaps": list[tuple[int, str]],
        "repairs": list[tuple[int, int, str, str, str, str]],
        "renderer": NotRequired[dict[str, object]],
        "clean-text": NotRequired[str],  # where no record of the archive holds it
        "why": NotRequired[str],  # of a document that failed
    },
)


#: What `ledger` gives of a document that was cleaned, as far as other readers than `rebuild` count on it.
SHAPE: dict[str, object] = {
    "source-text-digest": str,
    "status": str,
    "kept": [Row((is_count, is_count, str, is_count, is_count))],
    "removed": [
        {
            **dict.fromkeys(("start", "end"), is_count),
            **dict.fromkeys(("label", "action", "text"), str),
            "score": is_number,
            "reasons": [str],
        }
    ],
    "gaps": [Row((is_count, str))],
    "repairs": [Row((is_count, is_count, str, str, str, str))],
    "given": Maybe(Each(anything)),
    "source": Maybe((str, None)),
}


class LedgerError(ValueError):
    """The ledger does not rebuild a source: its parts overlap, leave a hole, or do not fit the clean text."""


class Kept(NamedTuple):
    """A kept piece of a ledger: where it stood in the source, its label, where it stands in the clean text."""

    start: int
    end: int
    label: str
    clean_start: int
    clean_end: int


def ledger(cleaned: CleanedDocument, *, media_type: str, decoding: Mapping[str, object]) -> Ledger:
    """The ledger as JSON values; offsets are code points of the source text."""
    source = cleaned.source_text
    covered = sorted(
        [(p.start, p.end) for p in cleaned.pieces] + [(s.start, s.end) for s in cleaned.spans] + [(len(source),) * 2]
    )
    gaps, position = [], 0
    for start, end in covered:
        if start > position:
            gaps.append([position, source[position:start]])
        position = max(position, end)
    values = {
        "schema": SCHEMA,
        "media-type": media_type,
        "rendering": media_type != "text/plain",  # the source text is then what a page shows
        "decoding": dict(decoding),
        "source-text-digest": digest(source),
        "given": dict(cleaned.given),
        "title-in-text": cleaned.given_title_in_text,
        "source": cleaned.source,
        "status": cleaned.status.value,
        "kept": [[p.start, p.end, p.label.value, p.clean_start, p.clean_end] for p in cleaned.pieces],
        "removed": [
            {
                "start": s.start,
                "end": s.end,
                "label": s.label.value,
                "action": s.action.value,
                "score": s.score,
                "reasons": list(s.reasons),
                "text": source[s.start : s.end],
            }
            for s in cleaned.spans
        ],
        "gaps": gaps,
        "repairs": [[r.start, r.end, r.before, r.after, r.kind, r.evidence] for r in cleaned.repairs],
    }
    return unchecked(values)


def unchecked(written: Mapping[str, object]) -> Ledger:
    """JSON values as a ledger; where they are none, reading them raises one of archive's LEDGER_ERRORS."""
    return cast("Ledger", written)


def checked(written: Mapping[str, object]) -> Ledger:
    """A cleaned document's ledger, as it is. Raises LedgerError for one that is not as `ledger` gives it."""
    if reason := misfit(written, SHAPE):
        raise LedgerError(f"the ledger is not as cleancopy writes it ({reason})")
    return unchecked(written)


def rebuild(clean_text: str | None, written: Ledger) -> str:
    """The source text from the clean text and the ledger. Raises LedgerError when they do not fit.

    Takes time in proportion to both, whatever a ledger from a stranger says.
    """
    clean = clean_text or ""
    parts = [(start, start + len(text), text) for start, text in written["gaps"]]
    parts += [(span["start"], span["end"], span["text"]) for span in written["removed"]]
    parts += _kept_parts(clean, written)
    parts.sort(key=lambda part: part[:2])
    position = 0
    for start, end, text in parts:
        if start != position or len(text) != end - start:
            raise LedgerError(f"the ledger leaves a hole or an overlap at code point {min(start, position)}")
        position = end
    return "".join(text for _, _, text in parts)


def rebuilds(cleaned: CleanedDocument) -> bool:
    """Does the ledger of a document give its source text again?"""
    try:
        return rebuild(cleaned.text, ledger(cleaned, media_type="", decoding={})) == cleaned.source_text
    except LedgerError:
        return False


def _kept_parts(clean: str, written: Ledger) -> Iterator[tuple[int, int, str]]:
    """The kept pieces as they stood in the source, each with the repairs inside it undone."""
    ordered = sorted((first, last, before, after) for first, last, before, after, *_ in written["repairs"])
    pieces = sorted((start, end, clean_start, clean_end) for start, end, _, clean_start, clean_end in written["kept"])
    position = used = 0
    left = 2 * len(clean)  # no legitimate ledger tells a clean text twice
    for start, end, clean_start, clean_end in pieces:
        if start < position or not 0 <= clean_start <= clean_end <= len(clean):
            raise LedgerError(f"the kept pieces overlap or leave the clean text at code point {start}")
        while used < len(ordered) and ordered[used][0] < start:
            used += 1
        inside = []
        while used < len(ordered) and ordered[used][1] <= end:
            inside.append(ordered[used])
            used += 1
        left -= clean_end - clean_start
        if left < 0:
            raise LedgerError("the ledger tells the clean text more than once")
        yield start, end, _unrepaired(clean[clean_start:clean_end], start, inside)
        position = end


def _unrepaired(text: str, start: int, repairs: Sequence[tuple[int, int, str, str]]) -> str:
    out, at, source_at = [], 0, start
    for first, last, before, after in repairs:
        step = first - source_at
        if step < 0:
            raise LedgerError(f"two repairs overlap at code point {first}")
        out += [text[at : at + step], before]
        at, source_at = at + step + len(after), last
    out.append(text[at:])
    return "".join(out)


def digest(text: str) -> str:
    """sha256 of a text in UTF-8, lower-case hex; lone surrogates as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


# Assembling anew under another policy -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retold:
    """A document's clean text under a policy."""

    title: str
    body: str
    status: Status


Retell = Callable[[str | None, Ledger], Retold]


def as_stored(clean_text: str | None, written: Ledger) -> Retold:
    """Title, body and status as they were cleaned."""
    text = clean_text or ""
    title, body = _parted(text, written)
    return Retold(title, body, Status(written.get("status", Status.CLEAN)))


def retell(clean_text: str | None, written: Ledger, policy: Policy, corrections: Corrections | None = None) -> Retold:
    """Title, body and status under another policy, and with what persons corrected.

    Cannot equal a cleaning where `--on-suspect` overruled the policy. Raises ledger.LedgerError.
    """
    text = written.get("clean-text", "") if clean_text is None else clean_text
    source = rebuild(text, written)
    repairs = tuple(Repair(*values) for values in written["repairs"])
    given = written["given"].get("title") if "given" in written else _inferred_title(text, written)
    rendering = Rendering(_repaired(source, repairs), (), source, repairs, wrapped=True)
    decisions = tuple(_decisions(written, policy, repairs))
    if corrections is not None:
        decisions = overrule(corrections, rendering, decisions, policy, written.get("source") or "")
    cleaned = assembly.assemble(
        Document("", "", title=given or None), rendering, decisions, "und",
        title_in_text=bool(written.get("title-in-text", True)),  # ledgers without this put every given title in front
    )  # fmt: skip
    return Retold(cleaned.title if cleaned.title_in_text else "", cleaned.body, cleaned.status)


def _inferred_title(text: str, written: Ledger) -> str:
    """The given title of a ledger without `given`, which names it only where no headline stands in its place."""
    return "" if any(piece.label == Label.HEADLINE for piece in _kept(written)) else _parted(text, written)[0]


def _parted(text: str, written: Ledger) -> tuple[str, str]:
    """The title and the body of a clean text: the body begins where the first kept piece besides the title stands."""
    kept = _kept(written)
    titles = _title_pieces(kept)
    starts = [piece.clean_start for piece in kept if piece not in titles]
    if not starts:
        return text, ""
    begin = min(starts)
    return text[:begin].removesuffix("\n\n"), text[begin:]


def _kept(written: Ledger) -> list[Kept]:
    return [Kept(*piece) for piece in written["kept"]]


def _title_pieces(kept: Sequence[Kept]) -> list[Kept]:
    """The kept pieces that are the title: the headline at the beginning of the text, line by line, a space between."""
    titles: list[Kept] = []
    for piece in kept:
        if piece.label == Label.HEADLINE and piece.clean_start == (titles[-1].clean_end + 1 if titles else 0):
            titles.append(piece)
    return titles


def _decisions(written: Ledger, policy: Policy, repairs: tuple[Repair, ...]) -> Iterator[Decision]:
    """Every stretch of the source again, in offsets of the repaired text, with what the policy does to its label."""
    kept = _kept(written)
    titles = _title_pieces(kept)
    stretches: list[tuple[int, int, str, float, tuple[str, ...]]] = [
        (piece.start, piece.end, piece.label, 0.0, ()) for piece in kept if piece not in titles
    ]
    if titles:
        stretches.append((titles[0].start, titles[-1].end, titles[0].label, 0.0, ()))
    stretches += [(s["start"], s["end"], s["label"], s["score"], tuple(s["reasons"])) for s in written["removed"]]
    grown, position = 0, 0
    for start, end, name, score, reasons in sorted(stretches):
        while position < len(repairs) and repairs[position].end <= start:
            grown += len(repairs[position].after) - len(repairs[position].before)
            position += 1
        first = start + grown
        while position < len(repairs) and repairs[position].end <= end:
            grown += len(repairs[position].after) - len(repairs[position].before)
            position += 1
        label = Label(name)
        yield Decision(first, end + grown, label, policy.action(label), score, reasons)


def _repaired(source: str, repairs: tuple[Repair, ...]) -> str:
    parts, position = [], 0
    for repair in repairs:
        if repair.start < position:
            raise LedgerError(f"two repairs overlap at code point {repair.start}")
        parts += [source[position : repair.start], repair.after]
        position = repair.end
    return "".join((*parts, source[position:]))


def retelling(
    policy_file: Mapping[str, str] | None,
    keep: Sequence[str],
    strip: Sequence[str],
    corrections: Corrections | None = None,
) -> Retell:
    """How texts are told for an export: as stored when nothing is asked for. Raises labels.PolicyError."""
    if policy_file is None and not keep and not strip and corrections is None:
        return as_stored
    policy = Policy.of(policy_file, keep=keep, strip=strip)
    return lambda clean_text, written: retell(clean_text, written, policy, corrections)
