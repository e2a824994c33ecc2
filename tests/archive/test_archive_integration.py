"""What other people's programs make of our segments: datatrove reads the clean texts, pywb replays both captures."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest
from warc_samples import article, few, write_segment

from archive.export.cdxj import index_lines, write_index
from archive.segments.records import local_uri

pytestmark = pytest.mark.integration

#: Texts that content sniffers take for something else: mail, CSV, JSON, code.
MISTAKEN = ("From: a\nTo: b\nSubject: c\n\nText.\n", "a,b,c\n1,2,3\n4,5,6\n", '{"a": 1}', "package a;\nimport b;\n")
DIRECT = build_opener(ProxyHandler({}))  # loopback never goes through a proxy of the environment
START_WITHIN = 60.0  # seconds; pywb needs about 3


def test_datatrove_reads_exactly_the_clean_texts(tmp_path: Path) -> None:
    for needed in ("cchardet", "magic"):  # what its WarcReader asks for when it runs
        pytest.importorskip(needed, reason=f"datatrove's WarcReader needs {needed}")
    readers = pytest.importorskip("datatrove.pipeline.readers")
    given = [*few(), *(article(f"mistaken/{n}.txt", text, 0) for n, text in enumerate(MISTAKEN))]
    path = write_segment(tmp_path, given)
    documents = list(readers.WarcReader(str(tmp_path), glob_pattern=path.name, compression="gzip").run())
    assert [document.text for document in documents] == [one.clean_text for one in given if one.clean_text]


@pytest.fixture
def pywb(tmp_path: Path) -> Iterator[str]:
    """The address of a pywb that serves the samples by our own index."""
    pytest.importorskip("pywb")
    (tmp_path / "warc").mkdir()
    path = write_segment(tmp_path / "warc", few())
    write_index(tmp_path / "index.cdxj", (line for line in index_lines(path) if isinstance(line, str)))
    config = "collections:\n  all:\n    index_paths: ./index.cdxj\n    archive_paths: ./warc/\n"
    (tmp_path / "config.yaml").write_text(config)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = "import sys; from pywb.apps.cli import wayback; wayback(sys.argv[1:])"
    log = (tmp_path / "pywb.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-c", start, "-p", str(port), "-b", "127.0.0.1"], cwd=tmp_path, stdout=log, stderr=log
    )
    try:
        _wait(f"http://127.0.0.1:{port}/", server, tmp_path / "pywb.log")
        yield f"http://127.0.0.1:{port}/all"
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN
    while time.monotonic() < deadline and server.poll() is None:
        try:
            DIRECT.open(address, timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"pywb did not start:\n{log.read_text()}")


def test_pywb_replays_original_and_clean_text(pywb: str) -> None:
    first = few()[0]
    original = DIRECT.open(f"{pywb}/20240229235959id_/{first.target_uri}", timeout=30)
    assert original.read() == first.payload
    assert original.headers["Content-Type"] == "text/plain; charset=utf-8"
    clean = DIRECT.open(f"{pywb}/20260304050607id_/{first.target_uri}", timeout=30)
    assert clean.read().decode() == first.clean_text
    assert clean.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_pywb_lists_two_captures(pywb: str) -> None:
    listed = DIRECT.open(f"{pywb}/cdx?url={few()[0].target_uri.replace('&', '%26')}", timeout=30).read().decode()
    assert [line.split()[1] for line in listed.splitlines()] == ["20240229235959", "20260304050607"]


BEYOND_ASCII = pytest.mark.xfail(strict=True, reason="pywb finds file: addresses beyond ASCII but does not replay them")


@pytest.mark.parametrize("number", [pytest.param(1, marks=BEYOND_ASCII), 3, 4])
def test_pywb_replays_what_has_no_address(pywb: str, number: int) -> None:
    """Files by their file: URI, rows by their URN."""
    one = few()[number]
    uri = local_uri(one.path, one.row)
    assert DIRECT.open(f"{pywb}/20240229235959id_/{uri}", timeout=30).read() == one.payload
