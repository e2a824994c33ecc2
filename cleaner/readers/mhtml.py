"""MHTML: a page saved by a browser as one file (RFC 2557). The page's HTML is the article, its images are left alone.

The original kept is the whole file. What holds no HTML part becomes a Failure.
"""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from email.utils import parsedate_to_datetime

from cleaner.decoding.charset_guess import page_hints
from cleaner.decoding.decode import UndecodableError, decode
from cleaner.document import Document
from cleaner.readers.files import read_payload
from cleaner.readers.readings import Failure, InputFile, Reading, ReadSettings

MEDIA_TYPE = "multipart/related"
#: What the standard library's parser raises on headers no mail program ever wrote.
_PARSER_ERRORS = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)


def read_mhtml(file: InputFile, settings: ReadSettings) -> Iterator[Reading]:
    """The page in a saved file."""
    original = read_payload(file, MEDIA_TYPE, settings)
    if isinstance(original, Reading):
        yield original
        return
    failure = Failure(file.locator, None, "holds no HTML part", "save the page again")
    try:
        message, part, page = _opened(original.payload)
        if part is None or not isinstance(page, bytes):
            yield Reading(original, None, failure)
            return
        url = _address(message, part)
        facts = decode(page, page_hints(page, header=part.get_content_charset(), url=url))
    except UndecodableError as error:
        yield Reading(original, None, Failure(file.locator, None, error.what, error.do))
        return
    except _PARSER_ERRORS as error:
        yield Reading(original, None, replace(failure, what=f"is not MHTML ({error})"))
        return
    metadata = {"path": file.locator, **({"capture-date": saved} if (saved := _saved(message)) else {})}
    document = Document(
        file.locator, facts.text, "text/html",
        url=url, metadata=metadata,
    )  # fmt: skip
    yield Reading(replace(original, decoding={**facts.as_dict(), "container": "mhtml"}), document)


def page_in(payload: bytes) -> bytes:
    """The bytes of the page in a saved file. Raises ValueError when it holds none."""
    try:
        page = _opened(payload)[2]
    except _PARSER_ERRORS as error:
        raise ValueError(f"is not MHTML ({error})") from error
    if not isinstance(page, bytes):
        raise ValueError("holds no HTML part")
    return page


def _opened(payload: bytes) -> tuple[Message, Message | None, object]:
    """The message, its part of HTML, and the page in that."""
    message = email.message_from_bytes(payload, policy=email.policy.compat32)
    part = _root(message)
    return message, part, part.get_payload(decode=True) if part else None


def _root(message: Message) -> Message | None:
    """The part that `start` names (RFC 2387), else the first of HTML."""
    pages = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
    start = message.get_param("start")
    named = [part for part in pages if start and part.get("Content-ID") == start]
    return next(iter(named + pages), None)


def _address(message: Message, part: Message) -> str | None:
    """Where the page was saved from."""
    url = next((str(u) for u in (message.get("Snapshot-Content-Location"), part.get("Content-Location")) if u), "")
    return url if url.lower().startswith(("http://", "https://")) else None


def _saved(message: Message) -> str:
    try:
        return parsedate_to_datetime(str(message.get("Date", ""))).isoformat()
    except (ValueError, OverflowError):  # "1 Jan 99999999999"
        return ""
