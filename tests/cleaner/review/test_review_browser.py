"""The review in a real browser: mouse, keys, two persons, a server that dies, hostile texts, another site's page.

Skipped where Debian's chromium or Playwright is missing. With CLEANCOPY_SCREENSHOTS=FOLDER the tutorial's pictures
(docs/review.md) are made on the way.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
CHROMIUM = Path("/usr/bin/chromium")
if not CHROMIUM.exists():
    pytest.skip("no chromium here", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api")
pytest.importorskip("starlette")

# ruff: noqa: E402
from support.review_run import make_run

from cleaner.cli.main import main
from cleaner.corrections.format import in_force, read

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 60_000  # milliseconds: machines of CI are slow


@pytest.fixture(scope="module")
def chromium():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path)


@contextmanager
def server(out: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A review of a run in a process of its own, and the address it printed."""
    command = [sys.executable, "-m", "cleaner", "review", str(out), "--no-browser", *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout
        address = re.search(r"http://\S+", process.stdout.readline())
        assert address
        yield process, address.group()
    finally:
        process.kill()
        process.wait(30)


def opened(chromium, address: str, **settings):
    """A page of a browser of its own that came in by an address; whatever it asked for elsewhere is noted."""
    context = chromium.new_context(viewport={"width": 1100, "height": 820}, **settings)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(address)
    ready(page)
    return page


def ready(page) -> None:
    """Waits until the page's script hears keys and clicks; what is pressed before is lost."""
    page.wait_for_function("() => document.documentElement.dataset.ready === 'yes'")


def visit(page, path: str) -> None:
    """Opens another page of the same server."""
    page.goto("/".join(page.url.split("/")[:3]) + path)
    ready(page)


def picture(page, name: str) -> None:
    if folder := os.environ.get("CLEANCOPY_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / name))


def go_to(page, words: str) -> None:
    """Opens the document that a search gives first."""
    visit(page, "/")
    page.fill("#search", words)
    with page.expect_navigation():  # else the click below may hit the list that is about to go
        page.keyboard.press("Enter")
    with page.expect_navigation():
        page.click("ol.documents li:first-child a")
    ready(page)
    page.wait_for_selector("#article")


def line(page, words: str):
    return page.locator(".stretch", has_text=words).first


def said(page, what: str) -> None:
    """Waits until the server has answered so."""
    page.wait_for_function("what => document.querySelector('#status').textContent.startsWith(what)", arg=what)


def select_words(page, words: str) -> None:
    """Marks words of the article with the mouse."""
    box = page.evaluate(
        """words => {
          const walker = document.createTreeWalker(document.querySelector('#article'), NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            const at = walker.currentNode.data.indexOf(words);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(walker.currentNode, at);
            range.setEnd(walker.currentNode, at + words.length);
            const all = range.getClientRects(), first = all[0], last = all[all.length - 1];
            return [first.left + 1, first.top + first.height / 2, last.right, last.top + last.height / 2];
          }
        }""",
        words,
    )
    page.mouse.move(box[0] - 1, box[1])
    page.mouse.down()
    page.mouse.move(box[2] - 4, box[3], steps=8)
    page.mouse.move(box[2], box[3])
    page.mouse.up()


def cleaned_again(folder: Path, corrections: Path) -> str:
    """The text of the corrected article when the articles are cleaned under these corrections."""
    again = folder / "again"
    words = ["clean", str(folder / "articles.jsonl"), "-o", str(again), "--corrections", str(corrections), "--quiet"]
    assert main(words) == 0
    rows = [json.loads(row) for path in (again / "documents").glob("*.jsonl") for row in path.read_text().splitlines()]
    return next(str(row["text"]) for row in rows if row["id"] == "post-3")


def test_corrected_by_mouse_and_keys_reloaded_undone_and_obeyed(chromium, run: Path, tmp_path: Path):
    with server(run, "--as", "Anna") as (_, address):
        page = opened(chromium, address)
        picture(page, "review-list.png")
        go_to(page, "3 reopens")
        # three by mouse: a line removed, a line kept, words
        line(page, "keep a boat").click()
        page.click("button[data-verdict=remove]:not([data-scope])")
        said(page, "related")
        page.select_option("#label", "donation")
        said(page, "donation")
        line(page, "Read more").click()
        page.click("button[data-verdict=keep]:not([data-scope])")
        said(page, "body")
        select_words(page, "after a year of work")
        page.wait_for_function(
            "() => document.querySelector('#chosen').textContent.startsWith('Words: “after a year of work”')"
        )
        page.select_option("#label", "advert")
        said(page, "advert")
        picture(page, "review-document.png")
        # two by keys: another line, then a box that is taken back
        line(page, "Harbour bridge 3").click()
        page.keyboard.press("j")
        while "People crossed" not in page.inner_text("#chosen"):
            page.keyboard.press("j")
        page.keyboard.press("4")
        said(page, "caption")
        page.keyboard.press("j")
        page.keyboard.press("Shift+J")
        page.keyboard.press("2")
        said(page, "navigation: 2 lines")
        page.reload()
        ready(page)
        assert "corrected by Anna: navigation" in page.inner_text("#article")
        line(page, "People crossed").click()
        page.keyboard.press("u")
        said(page, "taken back: navigation")
        assert "corrected by Anna: navigation" not in page.inner_text("#article")
        page.keyboard.press("r")
        page.wait_for_function("() => document.querySelector('#progress b').textContent === '1'")
        assert not page.errors
        assert {url.split("/")[2] for url in page.asked} == {address.split("/")[2]}
    corrections = run / "corrections.jsonl"
    assert sorted(row.label.value for row in in_force(read(corrections))) == ["advert", "body", "caption", "donation"]
    text = cleaned_again(tmp_path, corrections)
    assert "opened on Monday, and the ferry" in text
    assert "Read more: how the bridge of dock 3 was built" in text
    assert "keep a boat" not in text
    assert "People crossed" not in text


def test_a_line_of_a_whole_site_by_keys(chromium, run: Path):
    with server(run, "--as", "Anna") as (_, address):
        page = opened(chromium, address)
        go_to(page, "5 reopens")
        line(page, "keep a boat").click()
        page.keyboard.press("a")
        said(page, "related: the line on the whole source")
        go_to(page, "7 reopens")
        assert "on this source" in line(page, "keep a boat").inner_text()
        with page.expect_navigation():
            page.click("text=Repeated lines")
        ready(page)
        row = page.locator(".repeated", has_text="keep a boat")
        assert "corrected by Anna" in row.inner_text()
        picture(page, "review-lines.png")
        row.locator("button", has_text="Keep all").click()
        said(page, "body on all of post.test")
        row.click()
        page.keyboard.press("u")
        page.wait_for_selector(".repeated.corrected :text('corrected by Anna: related')")


def test_two_browsers_at_once(chromium, run: Path):
    with server(run, "--as", "Anna") as (_, address):
        anna = opened(chromium, address)
        anna.click("#invite")
        said(anna, "For one more browser")
        ben = opened(chromium, re.search(r"http://\S+", anna.inner_text("#status")).group())  # type: ignore[union-attr]
        ben.fill("#who input", "Ben")
        ben.keyboard.press("Enter")
        said(ben, "you are Ben")
        for page, key, label in ((anna, "1", "related"), (ben, "7", "donation")):
            go_to(page, "3 reopens")
            line(page, "keep a boat").click()
            page.keyboard.press(key)
            said(page, label)
        anna.reload()
        ready(anna)
        assert "corrected by Ben: donation" in anna.inner_text("#article")
        late = chromium.new_context().new_page()
        late.goto(address, timeout=PATIENCE)
        assert late.inner_text("body").startswith("this address was used already")
    assert {row.who for row in read(run / "corrections.jsonl") if hasattr(row, "label")} == {"Anna", "Ben"}


def test_a_server_killed_between_click_and_reload_loses_nothing(chromium, run: Path):
    with server(run, "--as", "Anna") as (process, address):
        page = opened(chromium, address)
        go_to(page, "3 reopens")
        line(page, "keep a boat").click()
        page.keyboard.press("7")
        said(page, "donation")
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        page.keyboard.press("1")
        said(page, "The server does not answer: nothing was kept")
    with server(run, "--as", "Anna") as (_, address):
        page = opened(chromium, address)
        go_to(page, "3 reopens")
        assert "corrected by Anna: donation" in line(page, "keep a boat").inner_text()


def test_hostile_texts_do_nothing(chromium, run: Path):
    with server(run, "--as", "<img src=x onerror=\"document.title='pwned'\">") as (_, address):
        page = opened(chromium, address)
        go_to(page, "pwned")
        page.keyboard.press("j")
        page.keyboard.press("1")
        said(page, "related")
        visit(page, "/lines")
        visit(page, "/")
        assert "pwned" not in page.title()
        assert page.locator("script:not([src]), svg, img").count() == 0
        go_to(page, "pwned")
        assert page.title().endswith("cleancopy")
        assert "corrected by <img src=x" in page.inner_text("#article")
        assert not page.errors
        assert {url.split("/")[2] for url in page.asked if url.startswith("http")} == {address.split("/")[2]}


class _Elsewhere(BaseHTTPRequestHandler):
    """Another site's page, which may say whatever it likes."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>elsewhere</title>")

    def log_message(self, *_):
        pass


def test_another_sites_page_cannot_post(chromium, run: Path):
    elsewhere = HTTPServer(("127.0.0.1", 0), _Elsewhere)
    threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
    try:
        with server(run) as (_, address):
            page = opened(chromium, address)
            home = address.split("/enter")[0]
            page.goto(f"http://localhost:{elsewhere.server_port}/")
            results = page.evaluate(
                """async home => Promise.all(["application/json", "text/plain"].flatMap(type => ["cors", "no-cors"].map(mode =>
                  fetch(home + "/api/reviewed", {method: "POST", mode, credentials: "include",
                    headers: {"Content-Type": type}, body: '{"n":1,"done":true}'})
                  .then(answer => answer.type + " " + answer.status).catch(() => "refused"))))""",
                home,
            )
            assert all(result in ("refused", "opaque 0") for result in results)
            framed = page.evaluate(
                "home => { const f = document.createElement('iframe'); f.src = home + '/'; document.body.append(f);"
                " return new Promise(done => { f.onload = () => done(f.contentDocument === null); }); }",
                home,
            )
            assert framed
    finally:
        elsewhere.shutdown()
    assert not (run / "corrections.jsonl").exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone(chromium, run: Path, scheme: str):
    with server(run, "--as", "Anna") as (_, address):
        page = opened(chromium, address, color_scheme=scheme, device_scale_factor=1)
        page.set_viewport_size({"width": 375, "height": 740})
        for path in ("/", "/lines"):
            visit(page, path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 375
        go_to(page, "3 reopens")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        line(page, "keep a boat").click()
        page.click("button[data-verdict=remove]:not([data-scope])")
        said(page, "related")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (dark == "rgb(22, 22, 20)") == (scheme == "dark")
        if scheme == "dark":
            picture(page, "review-phone.png")


def test_landmarks_for_a_screen_reader(chromium, run: Path):
    with server(run) as (_, address):
        page = opened(chromium, address)
        go_to(page, "3 reopens")
        for role, name in (("banner", None), ("main", None), ("navigation", "Pages"), ("listbox", "Lines of the article"),
                           ("complementary", "What to do with the chosen lines"), ("status", None)):  # fmt: skip
            assert page.get_by_role(role, **({"name": name} if name else {})).count() == 1, role
        page.keyboard.press("j")
        assert page.locator('[role=option][aria-selected="true"]').count() == 1
        unnamed = page.evaluate(
            "[...document.querySelectorAll('button, select, input')].filter(e => !e.labels?.length && !e.textContent.trim()"
            " && !e.getAttribute('aria-label')).length"
        )
        assert unnamed == 0
