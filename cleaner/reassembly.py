"""The clean text of a stored document under another policy, from its ledger alone: no cleaning, no model.

Equals what cleaning with that policy gives, except where `retell` says it cannot. Refuses a ledger that does
not rebuild its source (LedgerError).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cleaner import assembly
from cleaner.document import Decision, Document, Rendering, Repair, Status
from cleaner.labels import Label, Policy
from cleaner.ledger import rebuild


@dataclass(frozen=True, slots=True)
class Retold:
    """A document's clean text under a policy."""

    title: str
    body: str
    status: Status


Retell = Callable[[str | None, Mapping[str, Any]], Retold]


def as_stored(clean_text: str | None, written: Mapping[str, Any]) -> Retold:
    """Title, body and status as they were cleaned."""
    text = clean_text or ""
    title, body = _parted(text, written)
    return Retold(title, body, Status(written.get("status", Status.CLEAN)))


def retell(clean_text: str | None, written: Mapping[str, Any], policy: Policy) -> Retold:
    """Title, body and status under another policy.

    Cannot equal a cleaning where `--on-suspect` overruled the policy. Raises ledger.LedgerError.
    """
    text = written.get("clean-text", "") if clean_text is None else clean_text
    source = rebuild(text, written)
    repairs = tuple(Repair(*values) for values in written["repairs"])
    given = written["given"].get("title") if "given" in written else _inferred_title(text, written)
    rendering = Rendering(_repaired(source, repairs), (), source, repairs, wrapped=True)
    decisions = tuple(_decisions(written, policy, repairs))
    cleaned = assembly.assemble(Document("", "", title=given or None), rendering, decisions, "und")
    return Retold(cleaned.title, cleaned.body, cleaned.status)


def _inferred_title(text: str, written: Mapping[str, Any]) -> str:
    """The given title of a ledger without `given`, which names it only where no headline stands in its place."""
    return "" if any(kept[2] == Label.HEADLINE for kept in written["kept"]) else _parted(text, written)[0]


def _parted(text: str, written: Mapping[str, Any]) -> tuple[str, str]:
    """The title and the body of a clean text: the body begins where the first kept piece besides the title stands."""
    kept: Sequence[Sequence[Any]] = written["kept"]
    title = next((piece for piece in kept if piece[2] == Label.HEADLINE and piece[3] == 0), None)
    starts = [piece[3] for piece in kept if piece is not title]
    if not starts:
        return text, ""
    begin = min(starts)
    return text[:begin].removesuffix("\n\n"), text[begin:]


def _decisions(written: Mapping[str, Any], policy: Policy, repairs: tuple[Repair, ...]) -> Iterator[Decision]:
    """Every stretch of the source again, in offsets of the repaired text, with what the policy does to its label."""
    stretches = [(start, end, label, 0.0, ()) for start, end, label, _, _ in written["kept"]]
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
        parts += [source[position : repair.start], repair.after]
        position = repair.end
    return "".join((*parts, source[position:]))


def retelling(policy_file: Mapping[str, str] | None, keep: Sequence[str], strip: Sequence[str]) -> Retell:
    """How texts are told for an export: as stored when nothing is asked for. Raises labels.PolicyError."""
    if policy_file is None and not keep and not strip:
        return as_stored
    policy = Policy.of(policy_file, keep=keep, strip=strip)
    return lambda clean_text, written: retell(clean_text, written, policy)
