"""`archive verify` renders HTML originals again: with the recorded decoding and parser, and says which do not fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from make_crawls import http, members, record
from support.cases import ROOT

from archive import Article, RunInfo, Segment, SegmentWriter
from archive.checking.ledger import LedgerError, check_rebuilt
from archive.checking.verify import Problem, Sources, Unchecked, verify
from archive.segments.reader import groups
from cleaner import Cleaner
from cleaner.cli.main import main
from cleaner.html.segment import RENDERING_RULES, renderer, rendering_of
from cleaner.readers import InputFile, Original, read
from cleaner.writers.warc import CHECKS, STORED, article_of

CLOCK = datetime(2026, 6, 1, 12, tzinfo=UTC)
RUN = RunInfo("cleancopy", "0.1.0", "sha256:" + "0" * 64)
#: Of renderings of fixtures/pages, with the rules and the parser that made them. When one changes, raise
#: RENDERING_RULES and write the new digests here.
MADE_BY = {"parser": "selectolax", "version": "1.0.2", "rules": 4}
RENDERINGS = {
    "cs-pribehy-a-lista": "1e8cf364d165",
    "de-interview-spende": "0a94fb68706c",
    "de-paywall-verdeckt": "cd7fad75cc70",
    "en-broken-markup": "96c8c7680ed3",
    "en-code-tutorial": "954ad89fade9",
    "en-harbour-news": "73d1b35dce32",
    "en-inline-siblings": "29c608008148",
    "en-json-blob": "5b8eb8167415",
    "en-spans-and-graph": "d8661e4e619d",
    "es-tabla-cosecha": "1bbf5ef40591",
    "fr-direct-crue": "a306b8f86157",
    "hu-kepgaleria": "6cda75b0ab5e",
    "it-citazione-in-evidenza": "238a1dfe3f5e",
    "ja-minato": "4b95ee356ee1",
    "nl-regels-zonder-alineas": "c59d636a8ce1",
    "pl-komentarze": "3dd08e614d0b",
    "pt-publicacao-citada": "1165d96358b6",
    "ru-vrezka": "91af4b599f12",
}

PAGE = (
    "<!DOCTYPE html><html><head><meta charset=windows-1250><title>Ő</title></head><body><nav>Menü</nav><h1>A komp</h1>"
    "<p>A szürkeszigeti komp kedd óta újra közlekedik, és a révész szerint a hűtővíz szivattyúja még rossz.</p>"
    "<p>Az önkormányzat fizeti az üzemanyag felét, a többit az utasok adják össze.</p></body></html>"
)
MHTML = (
    "From: <Saved by Blink>\r\nSubject: A komp\r\nDate: Fri, 3 Jan 2025 10:00:00 -0000\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/related; type="text/html"; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/html; charset=windows-1250\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "<html><body><p>A r=E9v=E9sz szerint a h=FBt=F5v=EDz szivatty=FAja rossz, =E9s ez =EDgy marad.</p></body></html>\r\n--b--\r\n"
)


def original_of(path: Path, data: bytes) -> tuple[Original, Article]:
    path.write_bytes(data)
    (reading,) = read(InputFile(path, path.name, path.suffix))
    assert reading.original  # type: ignore[union-attr]
    assert reading.document  # type: ignore[union-attr]
    cleaned = Cleaner(model=None, page_model=None).clean_document(reading.document)  # type: ignore[union-attr]
    return reading.original, article_of(reading.original, cleaned, CLOCK)  # type: ignore[union-attr]


def stored(folder: Path, article: Article) -> list[Path]:
    with SegmentWriter(folder, Segment("run", CLOCK, 0), RUN) as writer:
        writer.write(article)
    return writer.paths


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", PAGE.encode("cp1250")),
        ("page.html", PAGE.encode()),
        ("page.html", b"\xef\xbb\xbf" + PAGE.encode()),
        ("page.html", PAGE.encode("utf-16")),
        ("page.html", PAGE.encode().replace(b"komp</h1>", b"ko\xc3mp</h1>")),
        ("page.html", b"<p>" * 3000 + b"deep"),
        ("page.html", b""),
        ("page.mhtml", MHTML.encode()),
    ],
)
def test_renderings_follow_from_their_originals(name: str, data: bytes, tmp_path: Path) -> None:
    _, article = original_of(tmp_path / name, data)
    assert list(verify(stored(tmp_path, article), CHECKS)) == []


@pytest.mark.parametrize("slug", sorted(path.name for path in (ROOT / "fixtures/pages").iterdir()))
def test_pages_of_our_own(slug: str, tmp_path: Path) -> None:
    data = (ROOT / "fixtures/pages" / slug / "page.html").read_bytes()
    assert list(verify(stored(tmp_path, original_of(tmp_path / "page.html", data)[1]), CHECKS)) == []


def other_payload(article: Article) -> Article:
    return replace(article, payload=article.payload.replace(b"kedd", b"hetf"))


def other_charset(article: Article) -> Article:
    decoding = {**article.ledger["decoding"], "charset": "cp1252"}
    return replace(article, ledger={**article.ledger, "decoding": decoding})


def other_text(article: Article) -> Article:
    """Kept text and the digest of the whole changed together, so that only the page itself tells."""
    old, new = "kedd", "hetf"
    text = str(article.clean_text).replace(old, new)
    source = rendering_of(PAGE).replace(old, new)
    return replace(article, clean_text=text, ledger={**article.ledger, "source-text-digest": digest(source)})


def other_removed(article: Article) -> Article:
    """The same of what was removed."""
    removed = [{**span, "text": span["text"].replace("Menü", "Mund")} for span in article.ledger["removed"]]
    source = rendering_of(PAGE).replace("Menü", "Mund")
    assert removed != article.ledger["removed"]
    return replace(article, ledger={**article.ledger, "removed": removed, "source-text-digest": digest(source)})


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("change", [other_payload, other_charset, other_text, other_removed])
def test_what_was_tampered_with_is_named(change: Callable[[Article], Article], tmp_path: Path) -> None:
    _, article = original_of(tmp_path / "page.html", PAGE.encode("cp1250"))
    paths = stored(tmp_path, change(article))
    (problem,) = verify(paths, CHECKS)
    assert isinstance(problem, Problem)
    assert problem.record_id
    assert problem.what.startswith(
        "page.html: the rebuilt text differs from the rendering of the original at character"
    )
    assert list(verify(paths, STORED)) == []  # without the page nothing looks wrong


@pytest.mark.parametrize(
    ("by", "why"),
    [
        ({"version": "0.3.27"}, "written with selectolax 0.3.27, rules 4, here is selectolax"),
        ({"rules": RENDERING_RULES + 1}, f"rules {RENDERING_RULES + 1}, here is"),
        ({"parser": "x" * 500}, "written with xxx"),
        (None, "without naming the parser"),
    ],
)
def test_another_parser_is_no_problem(by: Mapping[str, Any] | None, why: str, tmp_path: Path) -> None:
    _, article = original_of(tmp_path / "page.html", PAGE.encode("cp1250"))
    written = {key: value for key, value in article.ledger.items() if key != "renderer" or by is not None}
    if by is not None:
        written["renderer"] = {**renderer(), **by}
    (unchecked,) = verify(stored(tmp_path, replace(other_payload(article), ledger=written)), CHECKS)
    assert isinstance(unchecked, Unchecked)
    assert why in unchecked.why
    assert len(unchecked.why) < 250
    assert unchecked.articles == 1


@pytest.mark.parametrize("by", ["selectolax", 7, [], {"parser": None}, {}])
def test_a_damaged_name_of_the_parser_stops_nothing(by: object, tmp_path: Path) -> None:
    _, article = original_of(tmp_path / "page.html", PAGE.encode("cp1250"))
    assert len(list(verify(stored(tmp_path, replace(article, ledger={**article.ledger, "renderer": by})), CHECKS))) == 1


def test_a_page_that_is_not_there_any_more_is_a_problem(tmp_path: Path) -> None:
    _, article = original_of(tmp_path / "page.mhtml", MHTML.encode())
    (problem,) = verify(stored(tmp_path, replace(article, payload=b"Subject: x\r\n\r\ny")), CHECKS)
    assert "does not render (ValueError: holds no HTML part)" in str(problem)


def test_pages_in_other_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A page of a crawl, in a charset that only the detector tells, is read where it lies; else its file is missing."""
    folder, out = tmp_path / "in", str(tmp_path / "out")
    folder.mkdir()
    block = http(PAGE.replace("<meta charset=windows-1250>", "").encode("cp1250"), "text/html")
    (folder / "crawl.warc.gz").write_bytes(members(record("a", block)))
    assert main(["clean", str(folder), "-o", out, "-q", "--now", "2026-06-01T12:00:00Z"]) == 0
    (row,) = map(json.loads, (tmp_path / "out/documents/00000.jsonl").read_text("utf-8").splitlines())
    assert "szürkeszigeti komp" in row["text"]
    assert main(["archive", "verify", out, "--sources", str(folder)]) == 0
    assert capsys.readouterr().out == ""
    (segment,) = (tmp_path / "out/warc").iterdir()
    group = next(group for group in groups(segment) if not isinstance(group, Problem) and group.is_article)
    ledger = json.loads(group.metadata.fields["ledger"])
    assert (ledger["decoding"]["charset"], ledger["decoding"]["evidence"]) == ("cp1250", "detected")
    changed = {**ledger, "decoding": {**ledger["decoding"], "charset": "iso8859-1"}}
    fields = {**group.metadata.fields, "ledger": json.dumps(changed)}
    text = group.conversion.block.decode() if group.conversion else None
    payload = Sources((folder,)).payload(fields, segment.parent)
    assert payload
    with pytest.raises(LedgerError, match="differs from the rendering of the original at character"):
        check_rebuilt(payload, text, changed, checks=CHECKS)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "page.html").write_bytes(PAGE.encode("cp1250"))
    (folder / "rows.jsonl").write_text(json.dumps({"id": "1", "html": PAGE + "\ud83d"}), "utf-8")
    out = str(tmp_path / "out")
    assert main(["clean", str(folder), "-o", out, "-q", "--now", "2026-06-01T12:00:00Z"]) == 0
    assert main(["archive", "verify", out]) == 0
    assert main(["archive", "verify", out, "--no-renderings"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "not checked" not in captured.err


@pytest.mark.parametrize("slug", RENDERINGS)
def test_a_changed_rendering_has_new_rules(slug: str) -> None:
    if renderer() != MADE_BY and renderer()["rules"] == MADE_BY["rules"]:
        pytest.skip("another parser is installed")
    rendering = rendering_of((ROOT / "fixtures/pages" / slug / "page.html").read_text("utf-8"))
    assert sha256(rendering.encode()).hexdigest()[:12] == RENDERINGS[slug]
    assert renderer() == MADE_BY
