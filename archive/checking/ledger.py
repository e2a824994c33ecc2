"""The little that the archive knows of a ledger: JSON on one line, a digest of the text it rebuilds.

The rest is opaque and goes to the functions in `Checks`, which come from the cleaner.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

#: What functions that are handed a damaged ledger can raise; anything else is an error of theirs and stops the command.
LEDGER_ERRORS = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
#: Ours are five deep. What is deeper would end a reader that goes down by calling itself.
MAX_DEPTH = 16
#: Signs of parts in its JSON, also inside texts: so many that documents of 100 MB have fewer, and memory is bounded.
MAX_LISTS, MAX_VALUES = 5_000_000, 50_000_000


class OtherRendererError(Exception):
    """Another parser or other rules than those at hand made the rendering: it cannot be told from its page."""


class LedgerError(ValueError):
    """The ledger and what is stored beside it do not give the source text; the message says in which respect."""


@dataclass(frozen=True, slots=True)
class Told:
    """A clean text as an export tells it."""

    title: str
    body: str
    status: str


#: The ledger of a document as JSON values; what they mean is known to who wrote it.
Ledger = Mapping[str, object]
#: Labels to keep, labels to strip, a policy's file, files of corrections → how texts are told: clean text and
#: ledger → Told.
Retelling = Callable[[Sequence[str], Sequence[str], Path | None, Sequence[str]], Callable[[str | None, Ledger], Told]]


@dataclass(frozen=True, slots=True)
class Checks:
    """How the cleaner reads its own ledger: handed in, because the archive does not know cleaning."""

    decode: Callable[[bytes, Ledger], str]  # original bytes, ledger → source text
    rebuild: Callable[[str | None, Ledger], str]  # clean text, ledger → source text
    retelling: Retelling | None = None  # needed for exports only
    #: Original bytes, ledger → the rendering of a page. Raises OtherRendererError. None: renderings are not checked.
    render: Callable[[bytes, Ledger], str] | None = None


def load_ledger(line: str | None) -> Ledger:
    """The ledger of a metadata record. Raises LedgerError when there is none or it is not a JSON object."""
    if line is None:
        raise LedgerError("the metadata holds no ledger")
    if line.count("[") + line.count("{") > MAX_LISTS or line.count(",") > MAX_VALUES:
        raise LedgerError("the ledger has more parts than any document has")
    try:
        ledger = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LedgerError(f"the ledger is not JSON ({error})") from None
    if not isinstance(ledger, dict):
        raise LedgerError("the ledger is not a JSON object")
    if not _is_flat(ledger):
        raise LedgerError(f"the ledger is nested more than {MAX_DEPTH} deep")
    return ledger


def _is_flat(value: Ledger) -> bool:
    """Whether lists and objects are nested no deeper than ours."""
    level: list[Mapping[str, object] | list[object]] = [value]
    for _ in range(MAX_DEPTH):
        insides = (inside if isinstance(inside, list) else inside.values() for inside in level)
        level = [part for inside in insides for part in inside if isinstance(part, dict | list)]
        if not level:
            return True
    return False


def is_failed(ledger: Ledger) -> bool:
    """Whether the document could not be read or cleaned: then there is no source text to rebuild."""
    return ledger.get("status") == "failed" and "source-text-digest" not in ledger


def rebuilt_text(clean_text: str | None, ledger: Ledger, checks: Checks) -> str:
    """Kept, removed and repaired parts put together to the source text.

    Raises LedgerError when they do not fit together, or give a text of another digest than the ledger names.
    """
    try:
        text = checks.rebuild(clean_text, ledger)
    except LEDGER_ERRORS as error:
        raise LedgerError(f"the spans do not rebuild a text ({type(error).__name__}: {error})") from error
    given = ledger.get("source-text-digest")
    if given is not None and not _same_digest(given, text):
        raise LedgerError("the spans rebuild a text of another digest than the ledger names")
    return text


def check_rebuilt(payload: bytes, clean_text: str | None, ledger: Ledger, *, checks: Checks) -> None:
    """The rebuilt text must be what the original bytes decode to; of HTML what the page renders to, too.

    Without a function that renders, a rendering is known by its digest alone.
    Raises LedgerError with the first character that differs, OtherRendererError.
    """
    rebuilt = rebuilt_text(clean_text, ledger, checks)
    rendering = bool(ledger.get("rendering"))
    if rendering and "source-text-digest" not in ledger:
        raise LedgerError("the ledger of a rendering names no digest of its text")
    if rendering and checks.render is None:
        return
    verb, noun = ("render", "rendering of the") if rendering else ("decode", "decoded")
    try:
        source = checks.render(payload, ledger) if rendering and checks.render else checks.decode(payload, ledger)
    except LEDGER_ERRORS as error:
        raise LedgerError(f"the original does not {verb} ({type(error).__name__}: {error})") from error
    if source != rebuilt:
        raise LedgerError(f"the rebuilt text differs from the {noun} original at character {_first(source, rebuilt)}")


def _same_digest(given: object, text: str) -> bool:
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return str(given).removeprefix("sha256:").lower() == digest


def _first(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))
