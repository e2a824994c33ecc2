"""What a user gives a `Cleaner` or `clean`, checked at once: an error says what to give, nothing is ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from functools import wraps
from inspect import signature
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeVar

from cleaner.corrections.apply import Corrections, read_corrections
from cleaner.decoding.content_kind import ContentKind, content_kind
from cleaner.document import Document
from cleaner.heuristics.cues import CueTable, read_cues, user_table
from cleaner.labels import Policy, read_policy

if TYPE_CHECKING:
    from cleaner.html.model import PageModel

Member = TypeVar("Member", bound=StrEnum)
Value = TypeVar("Value")
Given = ParamSpec("Given")
Result = TypeVar("Result")


#: What somebody may call a setting that has another name, here and on the command line.
OTHER_NAMES = {
    "fast": "extractor='fast'", "language": "lang", "labels": "policy", "content": "text", "page": "html",
    "remove": "strip", "site": "source", "outlet": "source", "no_memory": "memory=None", "text_field": "text",
}  # fmt: skip
#: The settings of a cleaner, which are given once and not with each text; a test holds them to `Cleaner`.
OF_CLEANER = frozenset(
    "policy keep strip cues on_suspect model memory page_model extractor corrections title_in_text timeout".split()
)


def hinted(function: Callable[Given, Result], name: str = "") -> Callable[Given, Result]:
    """The function, whose TypeError for an unknown argument says which one may be meant; name: what it calls itself."""
    taken = [name for name in signature(function).parameters if name != "self"]
    known = frozenset(taken)

    @wraps(function)
    def call(*args: Given.args, **given: Given.kwargs) -> Result:
        if given.keys() - known:
            called = name or function.__qualname__.removesuffix(".__init__")
            raise TypeError(_unknown(called, taken, min(given.keys() - known)))
        return function(*args, **given)

    return call


def _unknown(what: str, taken: Sequence[str], name: str) -> str:
    meant = OTHER_NAMES.get(name, name)
    setting = meant.partition("=")[0]
    if setting in taken:
        hint = f"it is called {meant} here"
    elif setting in OF_CLEANER:
        hint = f"it is a setting of the cleaner, made once: Cleaner({setting}=…).clean(text)"
    elif near := get_close_matches(name, taken, n=1, cutoff=0.6):
        hint = f"did you mean {near[0]}?"
    else:
        hint = f"it takes {', '.join(taken)}"
    return f"{what} has no argument {name!r}; {hint}"


def policy_of(
    given: Policy | Mapping[Any, Any] | str | PathLike[str] | None,
    keep: Iterable[str] = (),
    strip: Iterable[str] = (),
) -> Policy:
    """The policy that is meant by a policy, a dict or the path of a TOML file, with labels that are kept or stripped.

    Raises TypeError, PolicyError.
    """
    policy = _policy(given)
    return Policy.of(policy.as_dict(), keep=keep, strip=strip) if keep or strip else policy


def _policy(given: Policy | Mapping[Any, Any] | str | PathLike[str] | None) -> Policy:
    if given is None or isinstance(given, Policy):
        return given or Policy()
    if isinstance(given, Mapping):
        return Policy.of(given)
    if isinstance(given, str | PathLike):
        return Policy.of(read_policy(Path(fspath(given))))
    raise TypeError(f'policy must be a Policy, a dict such as {{"caption": "keep"}} or a path, not {_named(given)}')


def cues_of(given: CueTable | Mapping[str, object] | str | PathLike[str] | None) -> CueTable:
    """The cue table that is meant by a table, a dict or the path of a TOML file. Raises TypeError, CueError."""
    if given is None or isinstance(given, CueTable):
        return given or CueTable()
    if isinstance(given, Mapping):
        return user_table(given, "cues")
    if isinstance(given, str | PathLike):
        return read_cues(Path(fspath(given)))
    raise TypeError(f"cues must be a CueTable, a dict as in docs/cues.md or a path, not {_named(given)}")


def member_of(kind: type[Member], given: Member | str, name: str) -> Member:
    """The member of a set of words. Raises ValueError for another word, TypeError for no word."""
    if not isinstance(given, str):
        raise TypeError(f"{name} must be one of {', '.join(kind)}, not {_named(given)}")
    try:
        return kind(given)
    except ValueError:
        raise ValueError(f"{name} must be one of {', '.join(kind)}, not {given!r}") from None


def required(given: Value | None, name: str, kind: type | tuple[type, ...], how: str) -> Value | None:
    """The object, or None for none. Raises TypeError for another type, with how one is made."""
    if given is None or isinstance(given, kind):
        return given
    raise TypeError(f"{name} must be made with {how}, not {_named(given)}")


def corrections_of(given: Corrections | str | PathLike[str] | None) -> Corrections | None:
    """Corrections, also from their file. Raises TypeError, CorrectionError."""
    if isinstance(given, str | PathLike):
        return read_corrections([fspath(given)])
    return required(given, "corrections", Corrections, "the path of a corrections.jsonl")


def page_model_of(given: PageModel | Literal["shipped"] | None) -> PageModel | Literal["shipped"] | None:
    """The page model that is given, "shipped" for the one of this version. Raises TypeError for anything else."""
    if given is None or (isinstance(given, str) and given == "shipped"):
        return given
    from cleaner.html.model import PageModel, shipped  # loaded with the first page, or by who brings a model

    model = required(given, "page_model", PageModel, "cleaner.html.model.load(path)")
    return "shipped" if model is shipped() else model


def with_method(given: Value | None, method: str, name: str, how: str) -> Value | None:
    """The object, or None for none. Raises TypeError for one without the method that is asked of it."""
    if given is None or callable(getattr(given, method, None)):
        return given
    raise TypeError(f"{name} must be made with {how}, not {_named(given)}")


def seconds_of(given: float | None) -> float | None:
    """A time limit; None for none. Raises TypeError, ValueError."""
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise TypeError(f"timeout must be a number of seconds, not {_named(given)}")
    if not 0 < given < float("inf"):
        raise ValueError(f"timeout must be more than 0 seconds, not {given!r}; None is no limit")
    return float(given)


class ContentError(ValueError):
    """A text that holds something else than an article; the message says what, and what to do."""


_ROWS = "give the text in it, or the whole to `cleancopy clean --format {}`"
#: What is given as a text by mistake → what to do instead.
NO_TEXT = {
    ContentKind.JSON: _ROWS.format("json"),
    ContentKind.JSON_LINES: _ROWS.format("jsonl"),
    ContentKind.CSV: _ROWS.format("csv"),
    ContentKind.TSV: _ROWS.format("tsv"),
    ContentKind.XML: _ROWS.format("xml"),
    ContentKind.MHTML: "write it to a file named .mhtml, and give that to `cleancopy clean`",
    ContentKind.PROGRAM: "give the article in it alone, or as html=… what it prints",
}


def document_of(
    text: object = None,
    *,
    html: object = None,
    url: str | None = None,
    lang: str | None = None,
    source: str | None = None,
    title: str | None = None,
) -> Document:
    """What `Cleaner.clean` takes, as a document. Raises TypeError, ContentError."""
    content, media_type = content_of(text, html)
    check_strings(url=url, lang=lang, source=source, title=title)
    return Document("", content, media_type, url=url, lang=lang, source=source, title=title)


def as_document(given: object) -> Document | Exception:
    """What `Cleaner.clean_many` takes as one document, or why it is none: raised when its turn comes."""
    if isinstance(given, Document):
        return given
    try:
        return _hinted_document(**given) if isinstance(given, Mapping) else document_of(given)
    except Exception as error:  # noqa: BLE001 (one document never stops the others)
        return error


def size_of(document: Document | Exception) -> int:
    """How many characters one of these holds."""
    return len(document.text) if isinstance(document, Document) else 0


_hinted_document = hinted(document_of, "Cleaner.clean")


def content_of(text: object, html: object) -> tuple[str, str]:
    """The content to clean and its media type.

    HTML may be a str, bytes (their charset is found), an element of BeautifulSoup or of lxml; a page given as a text is
    read as the page that it is. Raises TypeError unless one is given that can be cleaned, and ContentError for a text
    that is rows, a table, XML or a program.
    """
    if (text is None) == (html is None):
        given = "both are given" if text is not None else "nothing is given"
        raise TypeError(f"clean takes a text, or a page as html=…; {given}")
    if html is not None:
        return html if type(html) is str else _markup(html), "text/html"
    if isinstance(text, bytes | bytearray):
        raise TypeError("clean takes a str, not bytes; decode them first, as with data.decode('utf-8')")
    if not isinstance(text, str):
        missing = "; leave out what has no text" if text != text else ""  # NaN stands for missing in tables
        raise TypeError(f"clean takes a str, not {_named(text)}{missing}")
    kind = content_kind(text)
    if kind in NO_TEXT:
        raise ContentError(f"the text holds {kind.value}, not an article; {NO_TEXT[kind]}")
    return text, "text/html" if kind is ContentKind.HTML else "text/plain"


def check_strings(**given: object) -> None:
    """Raises TypeError for what is neither a str nor None."""
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} must be a str, not {_named(value)}")


def _markup(html: object) -> str:
    from cleaner.html.markup import markup_of  # parsers of other programs load only for those who use them

    return markup_of(html)


def _named(value: object) -> str:
    """A value in a message: its type, and the value itself where that is short."""
    shown = repr(value) if isinstance(value, str | int | float | bool | None) else ""
    return f"{type(value).__name__} {shown[:40]}".rstrip()
