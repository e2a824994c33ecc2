"""The clean article as a page: HTML that a browser shows, or Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from cleaner.document import CleanedDocument

if TYPE_CHECKING:
    from jinja2 import Template  # templates and parsers load only for who wants pages


class PageFormat(StrEnum):
    """What an article can be written as, beside its clean text; the value names its folder in OUT."""

    HTML = "html"
    MARKDOWN = "markdown"


#: The endings of their files.
ENDINGS = {PageFormat.HTML: ".html", PageFormat.MARKDOWN: ".md"}


def pages_of(cleaned: CleanedDocument, formats: Sequence[PageFormat]) -> Mapping[PageFormat, str]:
    """The article in each of these formats, from one building of its HTML. Raises HtmlError."""
    if not formats:
        return {}
    article = cleaned.html()
    return {name: _page(cleaned, article) if name is PageFormat.HTML else _markdown(article) for name in formats}


def _page(cleaned: CleanedDocument, article: str) -> str:
    """A whole page around the article, which holds no script and no address but those of links."""
    from markupsafe import Markup

    lang = str(cleaned.metadata.get("lang") or "und")
    title = cleaned.title or cleaned.id
    return str(_template().render(lang=lang, title=title, article=Markup(article)))


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cleaner.writers"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("article.html")


def _markdown(article: str) -> str:
    """Markdown of the article: headings with `#`, lists with `-`, tables with pipes."""
    from markdownify import markdownify

    return str(markdownify(article, heading_style="ATX", bullets="-", strip=["article"])).strip() + "\n"
