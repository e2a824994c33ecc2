"""The pages as HTML: templates of cleaner/data/review, in which everything is escaped.

Knows nothing of requests. Texts, ids, sources and titles come from strangers: none reaches a page as markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from cleaner.labels import KEPT, SPECS, Label

#: Labels on the keys 1 to 9, most frequent first; all are in the list beside them.
KEYS = (
    Label.RELATED, Label.NAVIGATION, Label.SOCIAL, Label.CAPTION, Label.ADVERT, Label.NEWSLETTER, Label.DONATION,
    Label.SUBSCRIPTION, Label.BYLINE,
)  # fmt: skip
FILES = {"review.css": "text/css", "review.js": "text/javascript"}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cleaner", "data/review"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals.update(specs=SPECS, kept=KEPT, keys=KEYS, address=address)
    environment.filters["source"] = exactly
    environment.filters["percent"] = lambda share: f"{share:.0%}"
    environment.filters["number"] = lambda count: f"{count:,}"
    return environment


def exactly(text: str) -> Markup:
    """A text whose characters a browser counts as we do: it would read CR LF as one character, and drop a NUL."""
    return Markup(str(escape(text.replace("\0", "\ufffd"))).replace("\r", "&#13;"))


def address(path: str, query: Mapping[str, object], **more: object) -> str:
    """An address of this server; parameters without a value are left out."""
    words = {name: str(value) for name, value in {**query, **more}.items() if value not in ("", None)}
    return f"{path}?{urlencode(words)}" if words else path


def page(template: str, **values: object) -> str:
    """A page, or the part of one that a script puts in the place of the last."""
    drawn: str = _environment().get_template(template).render(**values)
    return drawn


@lru_cache(maxsize=8)
def file(name: str) -> bytes:
    """A style sheet or script. Raises KeyError for any other name."""
    if name not in FILES:
        raise KeyError(name)
    return (resources.files("cleaner") / "data" / "review" / name).read_bytes()
