"""What becomes of one input: a cleaned document, or the failure that says why there is none.

One bad document never stops a run: whatever cleaning raises becomes that document's failure, with one worker as with
many. Only what would happen to every document is raised: a store that does not answer, a damaged memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from traceback import extract_tb

from cleaner.document import CleanedDocument
from cleaner.html.segment import HtmlError
from cleaner.memory.source_name import document_source
from cleaner.memory.store import MemoryFileError
from cleaner.model.steps import Guard, Steps, side_by_side
from cleaner.pipeline import Cleaner
from cleaner.readers import Failure, Reading
from cleaner.readers.readings import place
from cleaner.storage.object_store import StoreError
from cleaner.time_limit import OverTimeError
from cleaner.writers.words import shorten

Outcome = CleanedDocument | Failure

#: Where the metadata name an id that another row has.
REPEATED_ID = "repeated-id"
LOOK = "look at it, or leave it out"
_NOTHING = Failure("input", None, "gave no document", "look at it")
#: Errors that are no document's fault.
ENDS_RUN = (StoreError, MemoryFileError)
#: Characters of an error's message that are told.
_MESSAGE = 200


def outcome_of(reading: Reading, cleaner: Cleaner, folder: str = "") -> Outcome:
    """The cleaned document of a reading, or why there is none. folder: the source of documents that tell none."""
    if reading.document is None:
        return _unread(reading)
    try:
        return cleaner.clean_document(reading.document, source=document_source(reading.document, folder=folder))
    except Exception as error:  # noqa: BLE001 (one document never stops a run)
        return _failure_by(error, reading)


def outcomes_of(
    readings: Sequence[Reading], cleaner: Cleaner, folder: str, guard: Guard
) -> list[Outcome | OverTimeError]:
    """The outcomes of readings that are cleaned side by side; guard: what is around each one's work."""
    outcomes: list[Outcome | OverTimeError] = []
    for outcome in side_by_side([_steps(reading, cleaner, folder) for reading in readings], guard):
        if isinstance(outcome, Exception):
            raise outcome
        outcomes.append(outcome)
    return outcomes


def _steps(reading: Reading, cleaner: Cleaner, folder: str) -> Steps[Outcome]:
    if reading.document is None or cleaner.timeout is not None:  # a cleaner's own limit is for a document at a stretch
        return outcome_of(reading, cleaner, folder)
    try:
        return (yield from cleaner.steps(reading.document, document_source(reading.document, folder=folder)))
    except Exception as error:  # noqa: BLE001 (one document never stops a run)
        return _failure_by(error, reading)


def _unread(reading: Reading) -> Failure:
    return reading.failure or Failure(reading_path(reading, _NOTHING), None, _NOTHING.what, _NOTHING.do)


def _failure_by(error: Exception, reading: Reading) -> Failure:
    """What an error makes of a reading; raises it again where it would happen to every document."""
    if isinstance(error, ENDS_RUN):
        raise error
    if isinstance(error, HtmlError):
        return failure_of(reading, str(error), "look at the file, or leave it out")
    if isinstance(error, TimeoutError):
        return failure_of(reading, str(error), LOOK)
    if isinstance(error, MemoryError):
        return failure_of(reading, "cleaning it takes more memory than there is", LOOK)
    return failure_of(reading, f"cannot be cleaned ({told(error)})", "please report it, with this document")


def unique_outcome(reading: Reading, cleaner: Cleaner, seen: set[str], folder: str = "") -> Outcome:
    """The cleaned document of a reading, or why there is none; its id is none of those seen, which it joins."""
    if reading.document is not None:
        reading = with_own_id(reading) if reading.document.id in seen else reading
        seen.add(reading.document.id if reading.document else "")
    return outcome_of(reading, cleaner, folder)


def with_own_id(reading: Reading) -> Reading:
    """A reading whose id an earlier one of its file has: its document gets the number of its row behind the id.

    The metadata name the id as it was given (`repeated-id`), by which a run counts such documents.
    """
    document, original = reading.document, reading.original
    if document is None or original is None:
        return reading
    metadata = {**document.metadata, REPEATED_ID: document.id}
    return replace(reading, document=replace(document, id=f"{document.id}#{original.row}", metadata=metadata))


def failed_id(reading: Reading, failure: Failure) -> str | int:
    """The id of a failed input: that of its row or document, else its place."""
    if reading.document is not None:
        return reading.id_in_rows(reading.document.id)
    return reading.given_id if reading.given_id is not None else place(failure.locator, failure.row)


def failure_of(reading: Reading, what: str, do: str) -> Failure:
    """A failure of this input, with its place."""
    original = reading.original
    locator, row = (original.locator, original.row) if original else (reading_path(reading, _NOTHING), None)
    return Failure(locator, row, what, do)


def reading_path(reading: Reading, outcome: Outcome) -> str:
    """The relative path of the file an input came from."""
    if reading.original is not None:
        return reading.original.locator
    return outcome.locator if isinstance(outcome, Failure) else outcome.id


def told(error: BaseException) -> str:
    """An error in a few words: its class, its message, the line of code that raised it."""
    frames = extract_tb(error.__traceback__)
    at = f" at {'/'.join(Path(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {shorten(' '.join(str(error).split()), _MESSAGE)}{at}"
