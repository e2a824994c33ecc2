"""What a page states goes to the metadata: the same from a file, a row, a WARC record and a saved page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from make_crawls import http, members, record
from selectolax.lexbor import LexborHTMLParser
from support.mhtml_files import mhtml

from cleaner.cli.main import main
from cleaner.html.page import Extractor
from cleaner.html.structured_data import resolved, stated
from cleaner.pipeline import Cleaner

PROSE = (
    "A szürkeszigeti komp kedd óta újra közlekedik, és a révész szerint a hűtővíz szivattyúja még rossz. "
    "Az önkormányzat fizeti az üzemanyag felét, a többit az utasok adják össze, ahogy két éve is."
)
PAGE = (
    '<!DOCTYPE html><html lang="hu-HU"><head><title>Újra jár a komp - Hírek</title><base href="https://hirek.example/c/">'
    '<link rel="shortlink canonical" href="/c/komp"><meta property="og:title" content="Újra jár a komp">'
    '<script type="application/ld+json">{"@context": "https://schema.org", "@graph": ['
    '{"@type": "Person", "@id": "#p1", "name": "Kis Ilona"}, {"@type": "Organization", "@id": "#o", "name": "Hírek"},'
    '{"@type": "NewsArticle", "headline": "Újra jár a komp", "author": [{"@id": "#p1"}, {"name": "Nagy Béla"}],'
    ' "datePublished": "2025-03-04T10:00:00+01:00", "articleSection": ["Belföld"], "publisher": {"@id": "#o"}}]}</script>'
    '</head><body><article><h1>Újra jár a komp</h1><figure><img src="data:image/gif;base64,R0" data-src="kep/komp.jpg">'
    f"<figcaption>A komp a parton</figcaption></figure><p>{PROSE}</p><p>{PROSE} Ez még soká így lesz.</p>"
    "</article></body></html>"
)
WANTED = {
    "title": "Újra jár a komp",
    "authors": ["Kis Ilona", "Nagy Béla"],
    "date": "2025-03-04",
    "section": "Belföld",
    "language": "hu",
    "site": "Hírek",
    "canonical": "https://hirek.example/c/komp",
    "images": [{"src": "https://hirek.example/c/kep/komp.jpg", "caption": "A komp a parton"}],
}


def inputs(folder: Path) -> None:
    (folder / "a.html").write_bytes(PAGE.encode())
    (folder / "b.jsonl").write_text(json.dumps({"id": "b", "html": PAGE}) + "\n")
    (folder / "c.warc.gz").write_bytes(members(record("c", http(PAGE.encode()))))
    (folder / "d.mhtml").write_bytes(mhtml(PAGE.encode()))


def rows(folder: Path, out: Path, *options: str) -> list[dict[str, Any]]:
    assert main(["clean", str(folder), "-o", str(out), "-q", "--no-memory", "--workers", "1", *options]) == 0
    return [json.loads(line) for path in sorted((out / "documents").iterdir()) for line in path.open(encoding="utf-8")]


@pytest.mark.parametrize("extractor", [extractor.value for extractor in Extractor])
def test_from_every_container(extractor: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    inputs(folder)
    cleaned = rows(folder, tmp_path / "out", "--extractor", extractor)
    assert len(cleaned) == 4
    for row in cleaned:
        assert row["title"] == WANTED["title"]
        assert {name: row["metadata"].get(name) for name in WANTED} == WANTED
    assert [row["metadata"].get("url") for row in cleaned] == [
        None, None, "https://ferry.example/c", "https://news.example/saved"
    ]  # fmt: skip


def test_what_a_row_gives_is_kept_beside_what_the_page_says(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    row = {"id": "b", "html": PAGE, "title": "A révész", "date": "2025-03-05", "url": "https://x.example/b", "extra": 1}
    (folder / "b.jsonl").write_text(json.dumps(row) + "\n")
    (cleaned,) = rows(folder, tmp_path / "out")
    said = cleaned["metadata"]
    assert (cleaned["title"], said["given-title"], said["title"]) == ("Újra jár a komp", "A révész", "Újra jár a komp")
    assert (said["date"], said["url"], cleaned["extra"]) == ("2025-03-05", "https://x.example/b", 1)


@pytest.mark.parametrize(
    ("markup", "facts"),
    [
        ('<meta name="parsely-author" content="Ada Quill">', {"authors": ["Ada Quill"]}),
        ('<p itemprop="author"><a itemprop="name">Ada  Quill</a></p>', {"authors": ["Ada Quill"]}),
        ('<a rel="author nofollow" href="/q">Ada Quill</a>', {"authors": ["Ada Quill"]}),
        ('<time itemprop="datePublished" datetime="2025-01-02T03:04">x</time>', {"date": "2025-01-02"}),
        ('<time itemprop="datePublished" datetime="yesterday">x</time>', {}),
        ('<meta itemprop="articleSection" content="Harbour">', {"section": "Harbour"}),
        ('<meta http-equiv="Content-Language" content="de-AT, en">', {"language": "de"}),
        ('<meta property="og:locale" content="pt_BR">', {"language": "pt"}),
        ('<meta property="og:url" content="/a">', {"canonical": "https://x.example/a"}),
        ('<link rel="CANONICAL" href="?b">', {"canonical": "https://x.example/dir/page?b"}),
        ('<link rel="canonical" href="http://[">', {"canonical": "http://["}),
        ('<base href="javascript:1"><link rel="canonical" href="/a">', {"canonical": "https://x.example/a"}),
        (
            '<div class="wp-caption"><img srcset="b.jpg 2x"><p class="wp-caption-text">The quay</p></div>',
            {"images": [{"src": "https://x.example/dir/b.jpg", "caption": "The quay"}]},
        ),
        ('<figure><img src="data:x"><figcaption>Q</figcaption></figure>', {"images": [{"src": "", "caption": "Q"}]}),
        ("<figure><img><figcaption>Q</figcaption></figure>", {}),
        ('<script type="application/ld+json">{"@type":"Article","author":{"@id":7},"publisher":[]}</script>', {}),
    ],
)  # fmt: skip
def test_where_it_may_stand(markup: str, facts: dict[str, Any]) -> None:
    tree = LexborHTMLParser(f"<html><body>{markup}</body></html>")
    said = stated(tree)
    assert resolved(said.metadata, said.base, "https://x.example/dir/page") == facts


def test_addresses_of_a_page_from_nowhere_stay_as_they_are() -> None:
    html = '<link rel=canonical href="/a"><figure><img src="b.jpg"><figcaption>Q</figcaption></figure>'
    tree = LexborHTMLParser(html)
    said = stated(tree)
    metadata = resolved(said.metadata, said.base, None)
    assert (metadata["canonical"], metadata["images"][0]["src"]) == ("/a", "b.jpg")


def test_a_given_title_is_named_only_where_it_is_not_the_title() -> None:
    assert Cleaner().clean(PROSE, title=" Komp\n").metadata["given-title"] == "Komp"
    cleaned = Cleaner().clean(html=PAGE, title="Komp")
    assert cleaned.metadata["given-title"] == "Komp"
