"""Cleaning as a stage of other programs: columns in, columns out, a batch of rows at a time.

`CleanColumns` is what `datasets.map(batched=True)` and Ray's `map_batches` take as it is. Every row of the batch comes
back, in order, failed ones included. Nested values are JSON texts: Arrow derives a column's type from the first batch,
and a later one with other fields would not fit. Refuses a batch without articles' column, and names that collide twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import KW_ONLY, dataclass, fields, replace
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController

from cleaner.batch.shards.outcome import Outcome, outcomes_of
from cleaner.document import CleanedDocument
from cleaner.model.steps import groups_of
from cleaner.pipeline import Cleaner, default_cleaner
from cleaner.readers import DEFAULT_MAX_BYTES, Failure, Original, Reading, ReadSettings
from cleaner.readers.files import too_large
from cleaner.readers.rows import row_reading
from cleaner.time_limit import OverTimeError
from cleaner.writers.rows import document_row, failed_row
from cleaner.writers.words import plural

#: The columns that are added, named like the fields of the filter's rows; `why` is "" unless the row failed.
ADDED = ("title", "text", "body", "status", "why", "metadata", "spans", "repairs", "schema")
NESTED = frozenset({"metadata", "spans", "repairs"})
#: What is read of a row beside its article, where there are such columns and they hold strings.
KNOWN = ("url", "lang", "source", "title", "date")
#: What a column is renamed with when its name is one of ours.
INPUT = "input_"


class ColumnError(ValueError):
    """The batch cannot be cleaned with these names of columns; the message says which to give."""


@dataclass(eq=False)  # not frozen, no slots: as an actor of Ray it is an object with attributes of Ray's own
class CleanColumns:
    """A callable from columns to columns, for many batches and processes.

    `text` and `html` name the columns that hold the articles; a row's text is taken before its HTML. One name for both
    means HTML. Every other column stays as it is. One whose name is ours (see ADDED) is renamed to `input_…`, except
    the article; a `prefix` for our names keeps that as well, so that spans can be looked up in the text that they count
    in. `source`: for rows that tell none.

    Pickles as its settings and a digest of all that decides the output: caches (`datasets`) keep results apart by it.

    >>> CleanColumns()({"text": ["Reuters contributed to this report."], "n": [1]})["body"]
    ['Reuters contributed to this report.']
    """

    cleaner: Cleaner | None = None  # None: the default one, loaded once in each process
    _: KW_ONLY
    text: str = "text"
    html: str = "html"
    prefix: str = ""
    source: str = ""
    with_removed: bool = False  # spans carry the removed text
    nested: bool = False  # metadata, spans, repairs as values, not as JSON texts
    max_bytes: int = DEFAULT_MAX_BYTES  # longer articles fail

    def __call__(self, batch: Mapping[str, object]) -> dict[str, object]:
        """The batch with our columns, as lists; columns that stay are the very ones given. Raises ColumnError."""
        if isinstance(batch, str | bytes | list | tuple | None):
            raise ColumnError(f"a batch is a dict of columns, not {type(batch).__name__}")
        names = list(batch)
        if not names:
            return {}
        kept = {self._kept_name(name): name for name in names}
        self._check(names, kept)
        _check_columns({name: batch[name] for name in names})
        with one_thread():
            articles = list(self._articles(batch))
            outcomes = article_outcomes(
                articles, self.cleaner or default_cleaner(), source=self.source, max_bytes=self.max_bytes
            )
            rows = [self._row(*pair) for pair in zip(articles, outcomes, strict=True)]
        columns = {name: batch[original] for name, original in kept.items()}
        return columns | {self.prefix + name: [row[name] for row in rows] for name in ADDED}

    def __reduce__(self) -> tuple[Callable[..., CleanColumns], tuple[dict[str, Any], str]]:
        settings = {setting.name: getattr(self, setting.name) for setting in fields(self)}
        return _rebuilt, (settings, (self.cleaner or default_cleaner()).fingerprint())

    def _kept_name(self, name: str) -> str:
        """Under which name an input column stays; ours come on top of those that are read."""
        ours = {self.prefix + name for name in ADDED}
        return INPUT + name if name in ours and name not in (self.text, self.html) else name

    def _check(self, names: list[str], kept: Mapping[str, str]) -> None:
        if self.text not in names and self.html not in names:
            given = f"text={self.text!r}, html={self.html!r}"
            raise ColumnError(f"no column of {given} among {', '.join(names)}; say with text= or html= which it is")
        if len(kept) < len(names):
            twice = next(name for name in names if self._kept_name(name) != name and INPUT + name in names)
            raise ColumnError(f"the batch holds both {twice} and {INPUT}{twice}; give a prefix=, or rename one")

    def _articles(self, batch: Mapping[str, object]) -> Iterator[dict[str, object]]:
        """What the rows hold of an article, under our own names."""
        contents = {"html": self.html} if self.html == self.text else {"text": self.text, "html": self.html}
        columns = {ours: _listed(batch[name]) for ours, name in contents.items() if name in batch}
        columns |= {name: _listed(batch[name]) for name in KNOWN if name in batch}
        for values in zip(*columns.values(), strict=True):
            yield dict(zip(columns, values, strict=True))

    def _row(self, article: Mapping[str, object], outcome: Outcome) -> dict[str, object]:
        if isinstance(outcome, CleanedDocument):
            row = {**document_row(outcome, with_removed=self.with_removed), "why": ""}
        else:
            row = {**failed_row("", reason(outcome)), "metadata": _given_content(article)}
        return row if self.nested else row | {name: _json(row[name]) for name in NESTED}


def _given_content(article: Mapping[str, object]) -> dict[str, object]:
    """What a failed row had to be cleaned, for its metadata: the column of the clean text takes its place."""
    content = {name: article[name] for name in ("text", "html") if isinstance(article.get(name), str)}
    return {"input": content} if content else {}


def article_outcomes(
    articles: Iterable[Mapping[str, object]],
    cleaner: Cleaner,
    *,
    source: str = "",
    max_bytes: int = DEFAULT_MAX_BYTES,
) -> Iterator[Outcome]:
    """Per article's values, under our own names (`text`, `html`, KNOWN), its cleaned document, or why there is none.

    `source`: for articles that tell none. A value that is not a string counts as missing, except for text and
    HTML; an article whose text and HTML are missing is an empty document. No more are read ahead than are cleaned at a
    time.
    """
    for group in groups_of((_reading(article, max_bytes) for article in articles), _size):
        for outcome in outcomes_of(group, cleaner, source, lambda _: nullcontext()):
            if isinstance(outcome, OverTimeError):  # of a limit around all of this, which is not ours
                raise outcome
            yield outcome


def _reading(article: Mapping[str, object], max_bytes: int) -> Reading:
    row = {
        name: None if _is_missing(value) else value
        for name, value in article.items()
        if name in ("text", "html") or not _is_missing(value)
    }
    if any(isinstance(value, str) and len(value) > max_bytes for value in row.values()):
        return Reading(None, None, too_large("", None, max_bytes))
    reading = row_reading(row, Original("", None, b"", "text/plain"), ReadSettings(max_bytes))
    if reading.document is not None:  # it has no file: no path, no row
        reading = replace(reading, document=replace(reading.document, metadata={}))
    return reading


def _size(reading: Reading) -> int:
    return len(reading.document.text) if reading.document else 0


def reason(failure: Failure) -> str:
    """What happened and what to do, without a place."""
    return f"{failure.what}; {failure.do}"


def one_thread() -> AbstractContextManager[object]:
    """While it lasts BLAS works in one thread: a document's matrices are small, more threads only wait."""
    limit: AbstractContextManager[Any] = _blas().limit(limits=1, user_api="blas")
    return limit


def _rebuilt(settings: dict[str, Any], digest: str) -> CleanColumns:
    """What was pickled; the digest is for those who compare the bytes."""
    return CleanColumns(**settings)


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    return ThreadpoolController()  # NumPy, whose BLAS it finds, came with the cleaner


def _check_columns(columns: Mapping[str, object]) -> None:
    """Raises ColumnError for a row in place of a batch, and for columns of different lengths, by name."""
    lengths: dict[str, int] = {}
    for name, column in columns.items():
        if isinstance(column, str | bytes | Mapping) or not hasattr(column, "__len__"):
            what = f"the column {name!r} holds a single {type(column).__name__}, not a list of them"
            raise ColumnError(f"{what}: this takes batches of rows; say so to its caller, as in map(…, batched=True)")
        lengths[name] = len(column)
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} has {plural(length, 'value')}" for name, length in lengths.items())
        raise ColumnError(f"the columns are not of one length: {told}")


def _listed(column: Any) -> list[Any]:
    """The values of a list, an array (NumPy, Arrow), a series (pandas, Polars)."""
    for name in ("tolist", "to_list", "to_pylist"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column)


def _is_missing(value: object) -> bool:
    """None, NaN, and pandas' NA and NaT, which stand for None in its columns."""
    return (
        value is None or (isinstance(value, float) and value != value) or type(value).__name__ in ("NAType", "NaTType")
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
