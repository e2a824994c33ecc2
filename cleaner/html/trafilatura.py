"""What trafilatura finds in an HTML page: title, authors, date, site … and the text of its main part.

Markup that breaks the extractor gives no facts, and never stops a document: blocks come from elsewhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lxml import etree

Answer = TypeVar("Answer")

#: What the extractor and its date finder raise on odd trees, seen or to be expected in code that walks any markup.
_EXTRACTION_ERRORS = (
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    etree.LxmlError,
)

#: A page with more tags is not given to the extractor, whose time grows with their square (6 s for 40,000 empty
#: paragraphs). Of 1,383 article pages the largest had 19,629 opening and closing tags.
MAX_TAGS = 50_000

#: No extensive search: it guesses dates from the text. A fixed latest date: the default is today, and the
#: same page must give the same metadata tomorrow.
_DATES = {"original_date": True, "extensive_search": False, "max_date": "2099-12-31"}

for _name in ("trafilatura", "htmldate"):  # their warnings would reach stderr by logging's last resort
    logging.getLogger(_name).addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page says about itself, and which of its text is the main part."""

    main: str = ""  # empty: no main part was found
    metadata: Mapping[str, object] = field(default_factory=dict)  # only what is there: title, authors, date, site …


def page_facts(html: str, url: str | None = None) -> PageFacts:
    """The metadata and the main text of a page; empty ones for a page too large for trafilatura or too broken."""

    def facts() -> PageFacts:
        from trafilatura.metadata import extract_metadata

        extracted = _extracted(html, url, with_metadata=True)
        told = extracted or extract_metadata(html, default_url=url, date_config=dict(_DATES))
        return PageFacts(_text(extracted), _metadata(told))

    return _unless_broken(html, facts, PageFacts())


def main_text(html: str, url: str | None = None) -> str:
    """The main text alone, in three quarters of the time; nothing where `page_facts` gives none."""
    return _unless_broken(html, lambda: _text(_extracted(html, url, with_metadata=False)), "")


def _unless_broken(html: str, ask: Callable[[], Answer], nothing: Answer) -> Answer:
    if html.count("<") > MAX_TAGS:
        return nothing
    try:
        return ask()
    except _EXTRACTION_ERRORS:
        return nothing


def _extracted(html: str, url: str | None, *, with_metadata: bool) -> object:
    import trafilatura  # takes longer to load than all of ours, and texts do without

    return trafilatura.bare_extraction(
        html, url=url, include_comments=False, with_metadata=with_metadata, date_extraction_params=dict(_DATES)
    )


def _text(extracted: object) -> str:
    return getattr(extracted, "text", None) or ""


def _metadata(extracted: Any) -> dict[str, object]:
    """Our names for trafilatura's fields; those that are empty are left out."""
    authors = [name.strip() for name in (extracted.author or "").split(";")]
    facts = {
        "title": extracted.title,
        "authors": [name for name in authors if name],
        "date": extracted.date,
        "site": extracted.sitename,
        "description": extracted.description,
        "language": extracted.language,
        "categories": list(extracted.categories or []),
    }
    return {name: value for name, value in facts.items() if value}
