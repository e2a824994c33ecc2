"""A WACZ file holds what players need: offsets, digests and pages that lead to originals and clean texts."""

from __future__ import annotations

import gzip
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from warc_samples import SEGMENT, article, few, write_segment

from archive.checking.ledger import Told
from archive.export.texts import ExportError
from archive.export.wacz import about_run, export_wacz, text_uri
from archive.warc.records import Capture, captures, wanted


def told(clean_text: str | None, written: Mapping[str, Any]) -> Told:
    return Told("", clean_text or "", "clean" if clean_text else "empty")


def exported(folder: Path, segments: list[Path], **more: int) -> list[Path]:
    export_wacz(segments, folder, told, about_run(segments, "sample"), **more)
    return sorted(folder.glob("*.wacz"))


@pytest.fixture
def wacz(tmp_path: Path) -> Path:
    (path,) = exported(tmp_path / "w", [write_segment(tmp_path, few())])
    return path


def rows(file: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read(name).splitlines()]


def index(file: zipfile.ZipFile) -> Iterator[tuple[str, str, dict[str, str]]]:
    for line in gzip.decompress(file.read("indexes/index.cdx.gz")).decode().splitlines():
        key, date, about = line.split(" ", 2)
        yield key, date, json.loads(about)


def test_everything_is_listed_with_its_digest_and_stored_as_it_is(wacz: Path) -> None:
    with zipfile.ZipFile(wacz) as file:
        package = json.loads(file.read("datapackage.json"))
        assert {one["path"] for one in package["resources"]} == set(file.namelist()) - {
            "datapackage.json",
            "datapackage-digest.json",
        }
        for one in package["resources"]:
            data = file.read(one["path"])
            assert (one["bytes"], one["hash"]) == (len(data), f"sha256:{sha256(data).hexdigest()}")
        named = json.loads(file.read("datapackage-digest.json"))
        assert named["hash"] == f"sha256:{sha256(file.read('datapackage.json')).hexdigest()}"
        assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}
        assert not any(info.extra for info in file.infolist())
        assert package["software"] == "cleancopy/0.1.0"


def test_the_index_leads_to_each_record(wacz: Path) -> None:
    with zipfile.ZipFile(wacz) as file:
        lines = list(index(file))
        assert [key for key, _, _ in lines] == sorted(key for key, _, _ in lines)
        blocks = dict.fromkeys(about["url"] for _, _, about in lines)
        for _, date, about in lines:
            data = file.read(f"archive/{about['filename']}")
            start = int(about["offset"])
            record = next(captures(io.BytesIO(data[start : start + int(about["length"])]), wanted, max_block=1 << 20))
            assert isinstance(record, Capture)
            assert record.headers["warc-target-uri"] == about["url"]
            assert record.headers["warc-date"].translate({ord(c): None for c in "-:TZ"}) == date
        assert len(blocks) == len(lines)
        first, *others = file.read("indexes/index.idx").decode().splitlines()
        assert first.startswith("!meta 0 ")
        for line in others:
            about = json.loads(line.split(" ", 2)[2])
            block = file.read("indexes/index.cdx.gz")[about["offset"] : about["offset"] + about["length"]]
            assert f"sha256:{sha256(block).hexdigest()}" == about["digest"]
            assert gzip.decompress(block).decode().startswith(" ".join(line.split(" ", 2)[:2]))


def test_pages_name_originals_and_texts(wacz: Path) -> None:
    with zipfile.ZipFile(wacz) as file:
        head, *pages = rows(file, "pages/pages.jsonl")
        assert head["format"] == "json-pages-1.0"
        urls = {about["url"] for _, _, about in index(file)}
        assert {page["url"] for page in pages} <= urls
        with_text = [one for one in few() if one.clean_text is not None]
        assert len(pages) == 2 * len(with_text)
        assert [page["text"] for page in pages[::2]] == [one.clean_text for one in with_text]
        assert all(page["url"].startswith("urn:cleancopy:text:") for page in pages[1::2])


def test_large_runs_are_split_between_segments(tmp_path: Path) -> None:
    segments = [write_segment(tmp_path, few(), replace(SEGMENT, shard=shard)) for shard in range(3)]
    size = segments[0].stat().st_size
    paths = exported(tmp_path / "w", segments, split_at=4 * size + 10)
    assert [path.name for path in paths] == ["sample-01.wacz", "sample.wacz"]
    with zipfile.ZipFile(paths[1]) as file:
        assert sum(name.startswith("archive/") for name in file.namelist()) == 4


def test_the_same_run_gives_the_same_bytes_and_nothing_is_written_over(tmp_path: Path) -> None:
    segments = [write_segment(tmp_path, few())]
    (one,), (two,) = exported(tmp_path / "one", segments), exported(tmp_path / "two", segments)
    assert one.read_bytes() == two.read_bytes()
    with pytest.raises(ExportError, match="exists"):
        exported(tmp_path / "one", segments)
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("title", ["News / May 2026", "../../elsewhere", "a\\b:c", "...", "", "字" * 300, "a\nb"])
def test_a_title_is_no_path(tmp_path: Path, title: str) -> None:
    segments = [write_segment(tmp_path, few())]
    export_wacz(segments, tmp_path / "w" / "here", told, about_run(segments, title))
    (path,) = tmp_path.rglob("*.wacz")
    assert path.parent == tmp_path / "w" / "here"
    with zipfile.ZipFile(path) as file:
        assert json.loads(file.read("datapackage.json"))["title"] == title


def test_py_wacz_finds_it_valid(wacz: Path) -> None:
    validate = pytest.importorskip("wacz.validate")
    checked = validate.Validation(str(wacz))
    assert checked.check_required_contents() == 0
    assert checked.frictionless_validate()
    assert checked.check_file_paths()
    assert checked.check_file_hashes()
    assert checked.check_indexes()
    assert checked.check_data_package_hash_and_sig()


class _Ranges(SimpleHTTPRequestHandler):
    """Serves byte ranges, as players ask for them."""

    def log_message(self, *args: object) -> None: ...

    def send_head(self) -> Any:
        asked = self.headers.get("Range", "")
        path = Path(self.translate_path(self.path))
        if not asked or not path.is_file():
            return super().send_head()
        data = path.read_bytes()
        first, _, last = asked.partition("=")[2].partition("-")
        start = int(first) if first else max(0, len(data) - int(last))
        end = int(last) + 1 if first and last else len(data)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        self.send_header("Content-Length", str(end - start))
        self.end_headers()
        return io.BytesIO(data[start:end])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder with the player, served to a browser; the one that CLEANCOPY_REPLAYWEBPAGE names has ui.js and sw.js of
    the npm package."""
    player = os.environ.get("CLEANCOPY_REPLAYWEBPAGE")
    if not player:
        pytest.skip("CLEANCOPY_REPLAYWEBPAGE names no folder")
    folder = tmp_path / "site"
    (folder / "replay").mkdir(parents=True)
    for name in ("ui.js", "sw.js"):
        for place in (folder, folder / "replay"):
            (place / name).write_bytes(Path(player, name).read_bytes())
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Ranges, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()


@pytest.fixture
def browser() -> Iterator[Any]:
    """Chromium, of playwright or where CLEANCOPY_CHROMIUM says."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        program = os.environ.get("CLEANCOPY_CHROMIUM")
        opened = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


def put_up(folder: Path, embed: str, url: str = "") -> None:
    opened = f'url="{url}"' if url else ""
    (folder / "index.html").write_text(
        '<!doctype html><script src="ui.js"></script><replay-web-page source="/a.wacz" replayBase="/replay/" '
        f'embed="{embed}" {opened} style="display: block; height: 700px"></replay-web-page>'
    )


@pytest.mark.integration
def test_replayweb_page_shows_originals_and_clean_texts(site: tuple[Path, str], browser: Any, tmp_path: Path) -> None:
    folder, address = site
    one = article(
        "a.txt", "Give now!\nThe quokka swam across the harbour.\n", 10, target_uri="https://www.example.org/a"
    )
    (path,) = exported(tmp_path / "w", [write_segment(tmp_path, [one])])
    with zipfile.ZipFile(path) as file:
        text = next(about["url"] for _, _, about in index(file) if about["url"].startswith("urn:cleancopy:text:"))
    path.rename(folder / "a.wacz")
    for url, shown in (("https://www.example.org/a", "Give now!"), (text, "The quokka")):
        put_up(folder, "replayonly", url)
        assert _appears(browser.new_page(), address, shown), url


def _appears(page: Any, address: str, text: str) -> bool:
    """Whether the text stands in a frame of the page within a while; reloaded once the service worker is there."""
    for _ in range(3):
        page.goto(address)
        for _ in range(20):
            page.wait_for_timeout(1_000)
            frames = [frame for frame in page.frames if "mp_/" in frame.url]
            if any(text in (frame.text_content("body") or "") for frame in frames):
                return True
    return False


@pytest.mark.integration
def test_replayweb_page_finds_words_of_clean_texts(site: tuple[Path, str], browser: Any, tmp_path: Path) -> None:
    folder, address = site
    texts = {"a": "The quokka swam across the harbour.", "b": "The mayor was at home.", "c": "Nobody came."}
    stored = [
        article(f"{name}.txt", f"Give now!\n{text}\n", 10, target_uri=f"https://www.example.org/{name}")
        for name, text in texts.items()
    ]
    (path,) = exported(tmp_path / "w", [write_segment(tmp_path, stored)])
    path.rename(folder / "a.wacz")
    put_up(folder, "full")
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    for _ in range(3):  # the first time there is no service worker yet
        page.goto(address)
        page.wait_for_timeout(10_000)
        rows = page.frames[-1].locator("wr-page-entry")
        if rows.count() == 2 * len(texts):
            break
    for word, count in (("quokka", 2), ("mayor", 2), ("zeppelin", 0)):
        box = page.frames[-1].locator("input[placeholder*='Search by']").first
        box.fill(word)
        for _ in range(20):
            page.wait_for_timeout(500)
            if rows.count() == count:
                break
        assert rows.count() == count, word


def test_addresses_of_texts_are_in_lower_case() -> None:
    assert text_uri("urn:uuid:AB-1") == "urn:cleancopy:text:ab-1"
