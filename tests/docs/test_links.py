"""Links of the README and its companions lead to files that are there, and to headings in them.

Those of docs/ are checked by `make book`, which knows their anchors; here only what is outside of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from support.cases import ROOT

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
LINK = re.compile(r"\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"")


def links(page: str) -> Iterator[str]:
    for match in LINK.finditer((ROOT / page).read_text("utf-8")):
        target = match[1] or match[2]
        if "://" not in target:
            yield target


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as the usual renderers name them."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in links(page):
        name, _, anchor = target.partition("#")
        path = ROOT / (name or page)
        assert path.exists(), f"{page} links to {target}, which is not there"
        if anchor and path.suffix == ".md":
            assert anchor in slugs(path.read_text("utf-8")), f"{page} links to {target}: no such heading"


def test_there_are_links_to_check() -> None:
    assert len(list(links("README.md"))) > 5
