"""The review server without a browser: who may speak to it, what it shows, what it keeps."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("httpx")
pytest.importorskip("jinja2")

from starlette.testclient import TestClient
from support.review_run import ATTACKS, LETTER, article, make_run

from cleaner.cli.main import main
from cleaner.corrections.format import Correction, Review, Scope, encode, in_force, read
from cleaner.corrections.store import append
from cleaner.review.index import index_of
from cleaner.review.pages import exactly
from cleaner.review.server import application, make_review

pytestmark = pytest.mark.integration


PORT = 4711


HOME = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return make_run(tmp_path_factory.mktemp("review"))


@pytest.fixture
def corrections(tmp_path: Path) -> Path:
    return tmp_path / "corrections.jsonl"


@pytest.fixture
def browser(run: Path, corrections: Path):
    return enter(run, corrections)


def enter(run: Path, corrections: Path, who: str = "Anna") -> TestClient:
    review = make_review(run, index_of(run), corrections, port=PORT, who=who)
    client = TestClient(application(review), base_url=HOME, follow_redirects=True, headers={"origin": HOME})
    client.review = review
    assert client.get(review.guard.invite()).status_code == 200
    return client


def number(browser: TestClient, words: str) -> int:
    """The document that a search gives first."""
    link = re.search(r'href="/d/(\d+)', browser.get("/", params={"words": words}).text)
    assert link
    return int(link.group(1))


def shown(browser: TestClient, words: str) -> str:
    """The page of the document that a search gives first."""
    return browser.get(f"/d/{number(browser, words)}").text


def say(browser: TestClient, line: str, verdict: str, *, article_number: int = 3, **more):
    start = article(article_number).index(line)
    values = {"n": number(browser, f"{article_number} reopens"), "spans": [[start, start + len(line)]], **more}
    return browser.post("/api/say", json={"verdict": verdict, **values})


LINE = LETTER.format(year=1993)


def test_without_the_token_nothing_is_shown(run: Path, corrections: Path):
    client = TestClient(application(make_review(run, index_of(run), corrections, port=PORT, who="A")), base_url=HOME)
    for path in ("/", "/d/1", "/lines", "/static/review.js", "/enter?token=", "/enter?token=x"):
        assert client.get(path).status_code == 403, path
    assert client.post("/api/undo", json={}, headers={"origin": HOME}).status_code == 403


def test_a_token_opens_one_browser_once(browser: TestClient):
    address = browser.review.guard.invite()
    other = TestClient(browser.app, base_url=HOME)
    assert other.get(address).status_code == 200
    again = TestClient(browser.app, base_url=HOME).get(address)
    assert (again.status_code, "used already" in again.text) == (403, True)


@pytest.mark.parametrize("token", ["", "x", "é", "%ff", "a" * 5000])
def test_a_token_that_never_was_is_told_apart_from_one_that_is_used_up(browser: TestClient, token: str):
    answer = TestClient(browser.app, base_url=HOME).get(f"/enter?token={token}")
    assert answer.status_code == 403
    assert "copy the whole of the one" in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": f"https://127.0.0.1:{PORT}"}, 403),
        ({"origin": "http://127.0.0.1:80"}, 403),
        ({"host": "evil.test"}, 421),
        ({"host": f"127.0.0.1.evil.test:{PORT}"}, 421),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-length": "1000001"}, 413),
    ],
)
def test_what_another_site_could_send_is_refused(browser: TestClient, corrections: Path, headers, status: int):
    answer = browser.post(
        "/api/reviewed", content=b'{"n":1,"done":true}', headers={"content-type": "application/json"} | headers
    )
    assert answer.status_code == status
    assert not corrections.exists()


def test_a_post_without_an_origin_is_refused(browser: TestClient):
    del browser.headers["origin"]
    assert browser.post("/api/undo", json={}).status_code == 403


def test_every_answer_forbids_what_a_page_here_never_needs(browser: TestClient):
    for answer in (
        browser.get("/"),
        browser.get("/static/review.css"),
        browser.get("/d/99999"),
        browser.post("/api/undo", json={}),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"


def test_pages_name_no_other_host(browser: TestClient):
    for path in ("/", "/lines", f"/d/{number(browser, 'bridge')}"):
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', browser.get(path).text)


def test_hostile_texts_stay_texts(browser: TestClient):
    listed = browser.get("/").text
    shown = browser.get(f"/d/{number(browser, 'pwned')}").text
    lines = browser.get("/lines").text
    for text in (listed, shown, lines):
        assert not re.search(r"<script>|<svg|<img|<h1>pwned", text)
    assert "{{ 7 * 7 }}" in shown
    assert ATTACKS[0] not in shown


def test_a_text_has_as_many_characters_in_a_browser_as_here():
    assert exactly("a\r\nb\0<") == "a&#13;\nb\ufffd&lt;"


@pytest.mark.parametrize("words", ["", '"', "a OR", "NEAR(", "bridge*", "-", "🌉", "x" * 5000, "title:bridge", "\x00"])
def test_any_words_can_be_searched(browser: TestClient, words: str):
    assert browser.get("/", params={"words": words}).status_code == 200
    assert browser.get("/lines", params={"words": words}).status_code == 200


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 13),
        ({"source": "post.test"}, 12),
        ({"source": "gone.test"}, 0),
        ({"status": "clean", "source": "post.test"}, 12),
        ({"label": "related", "source": "post.test"}, 12),
        ({"lang": "xx"}, 0),
        ({"words": "7 reopens"}, 1),
        ({"line": "not a number"}, 13),
        ({"start": "10"}, 13),
        ({"start": "-1"}, 13),
        ({"start": "9" * 30}, 13),
    ],
)
def test_filters(browser: TestClient, query: dict[str, str], count: int):
    page = browser.get("/", params=query).text
    assert f"{count} {'document' if count == 1 else 'documents'}, suspect" in page


def test_a_repeated_line_is_one_row_that_leads_to_its_documents(browser: TestClient):
    page = browser.get("/lines", params={"words": "keep a boat"}).text
    assert page.count('class="repeated') == 1
    address = re.search(r'href="(/\?line=[^"]+)">12 articles', page)
    assert address
    assert "12 documents" in browser.get(address.group(1).replace("&amp;", "&")).text


def test_neighbours_go_through_the_whole_list_once(browser: TestClient):
    listed = [int(n) for n in re.findall(r'href="/d/(\d+)', browser.get("/").text)]
    walked = [listed[0]]
    while after := re.search(r'id="after" rel="next" href="/d/(\d+)', browser.get(f"/d/{walked[-1]}").text):
        walked.append(int(after.group(1)))
    assert walked == listed


def test_numbers_of_nothing_are_refused_in_words(browser: TestClient):
    assert browser.get("/d/99999999999999999999999").status_code == 404
    assert browser.get("/static/../../etc/passwd").status_code == 404
    assert browser.get("/static/base.html").status_code == 404


def test_what_is_said_is_kept_before_it_is_answered(browser: TestClient, corrections: Path):
    answer = say(browser, LINE, "donation").json()
    (row,) = in_force(read(corrections))
    assert (row.text, row.label, row.who, row.scope, row.source) == (LINE, "donation", "Anna", Scope.TEXT, "post.test")
    assert "corrected by Anna: donation" in answer["html"]
    assert "<b>1</b> corrected" in answer["progress"]


@pytest.mark.parametrize(
    ("line", "verdict", "label"),
    [
        (LINE, "remove", "related"),  # the nearest that goes
        ("Read more: how the bridge of dock 3 was built", "keep", "body"),
        ("Read more: how the bridge of dock 3 was built", "remove", "related"),
        (LINE, "legal", "legal"),
    ],
)
def test_what_a_verdict_means(browser: TestClient, corrections: Path, line: str, verdict: str, label: str):
    assert say(browser, line, verdict).status_code == 200
    assert in_force(read(corrections))[0].label == label


@pytest.mark.parametrize(
    "values",
    [
        {"verdict": "captoin"},
        {"verdict": 7},
        {"scope": "galaxy"},
        {"spans": []},
        {"spans": [[5, 5]]},
        {"spans": [[0, 10**9]]},
        {"spans": [[-5, 5]]},
        {"spans": [["0", "5"]]},
        {"spans": "abc"},
        {"spans": [[0, 5]] * 501},
        {"n": -1},
        {"n": 10**30},
        {"n": "1"},
        {"n": 0},
    ],
)
def test_what_is_no_correction_is_refused(browser: TestClient, corrections: Path, values):
    good = {"n": number(browser, "3 reopens"), "spans": [[0, 5]], "verdict": "keep"}
    answer = browser.post("/api/say", json=good | values)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not corrections.exists()


def test_a_box_is_undone_at_once(browser: TestClient, corrections: Path):
    lines = article(3).split("\n\n")
    spans = [[article(3).index(line), article(3).index(line) + len(line)] for line in (lines[1], lines[3])]
    say(browser, LINE, "donation")
    browser.post("/api/say", json={"n": number(browser, "3 reopens"), "spans": spans, "verdict": "advert"})
    assert len(in_force(read(corrections))) == 3
    browser.post("/api/undo", json={"n": number(browser, "3 reopens")})
    assert [row.label for row in in_force(read(corrections))] == ["donation"]
    browser.post("/api/undo", json={})
    assert "nothing of yours" in browser.post("/api/undo", json={}).json()["message"]
    assert not in_force(read(corrections))


def test_a_line_of_a_source_is_corrected_in_all_its_documents(browser: TestClient, corrections: Path):
    page = browser.get("/lines", params={"words": "keep a boat"}).text
    line = int(re.search(r'data-line="(\d+)"', page).group(1))  # type: ignore[union-attr]
    answer = browser.post("/api/line", json={"line": line, "verdict": "donation"}).json()
    assert "corrected by Anna: donation, on this source" in answer["html"]
    for n in (0, 7, 11):
        assert "corrected by Anna: donation, on this source" in shown(browser, f"{n} reopens")
    assert "always kept" not in browser.get("/lines", params={"words": "keep a boat"}).text


def test_two_persons_on_one_file(run: Path, corrections: Path):
    anna, ben = enter(run, corrections), enter(run, corrections, "Ben")
    say(anna, LINE, "donation")
    page = ben.get(f"/d/{number(ben, '3 reopens')}").text
    assert "corrected by Anna: donation" in page
    say(ben, LINE, "body")
    assert "corrected by Ben: body" in anna.get(f"/d/{number(anna, '3 reopens')}").text
    assert "nothing of yours" not in ben.post("/api/undo", json={}).json()["message"]
    assert "corrected by Anna: donation" in anna.get(f"/d/{number(anna, '3 reopens')}").text


def test_rows_that_others_add_to_the_file_are_seen(browser: TestClient, corrections: Path):
    say(browser, LINE, "donation")
    (document,) = {row.document for row in read(corrections)}
    append(corrections, [Review(document, "Cleo", "2026-01-01T00:00:00.000000Z")])
    assert "<b>1</b> reviewed" in browser.get("/").text


def test_reviewed_and_back(browser: TestClient, corrections: Path):
    n = number(browser, "3 reopens")
    assert "<b>1</b> reviewed" in browser.post("/api/reviewed", json={"n": n, "done": True}).json()["progress"]
    assert 'aria-pressed="true"' in browser.get(f"/d/{n}").text
    assert "<b>0</b> reviewed" in browser.post("/api/reviewed", json={"n": n, "done": False}).json()["progress"]
    assert [type(row).__name__ for row in read(corrections)] == ["Seen", "Review", "Review"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[31m", 7, None])
def test_names_that_are_none(browser: TestClient, name):
    assert browser.post("/api/name", json={"who": name}).status_code == 400


def test_another_name(browser: TestClient, corrections: Path):
    assert browser.post("/api/name", json={"who": "<b>Ben</b>"}).status_code == 200
    assert "corrected by &lt;b&gt;Ben&lt;/b&gt;" in say(browser, LINE, "donation").json()["html"]


def test_corrections_that_cannot_be_written_are_said_so(browser: TestClient, corrections: Path):
    n = number(browser, "3 reopens")
    corrections.mkdir()
    answer = browser.post("/api/say", json={"n": n, "spans": [[0, 5]], "verdict": "keep"})
    assert answer.status_code in (400, 500)
    assert str(corrections) in answer.json()["error"]


def test_a_broken_file_of_corrections_is_named(browser: TestClient, corrections: Path):
    corrections.write_bytes(b"no\n")
    assert "corrections.jsonl:1 is not a row" in browser.get("/").text


def test_a_forged_correction_cannot_attack(browser: TestClient, corrections: Path):
    say(browser, LINE, "donation")
    row = next(row for row in read(corrections) if isinstance(row, Correction))
    forged = encode(row).decode().replace("Anna", "<script>alert(1)</script>").replace("2026-", "2999-")
    corrections.write_bytes(corrections.read_bytes() + forged.encode())
    page = browser.get(f"/d/{number(browser, '3 reopens')}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_list_names_file_and_row_and_tells_what_it_does_not_hold(tmp_path: Path):
    folder = tmp_path / "in"
    folder.mkdir()
    story = "The bridge of the harbour opened on Monday after a year of work, said the council."
    values = [
        {"id": "full", "text": story},
        {"id": "blank", "text": ""},
        {"id": "appeal", "text": "Donate now"},
        {"id": "none"},
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in values), encoding="utf-8")
    (folder / "gone.txt").write_bytes(b"\x00\x01" * 200)
    words = ["clean", str(folder), "-o", str(tmp_path / "out"), "--workers", "1", "--timeout", "0", "--quiet"]
    assert main(words) == 1
    page = enter(tmp_path / "out", tmp_path / "c.jsonl").get("/").text
    listed = re.findall(r'href="/d/\d+">([^<]*)', page)
    assert listed[0] == "appeal"
    assert listed[-1] == "blank"
    assert "rows.jsonl#1 · full ·" in re.sub(r"\s+", " ", page)
    count, unread = (
        int(match) for match in re.search(r"(\d+) documents.*?(\d+) more of the run", page, re.DOTALL).groups()
    )
    assert count + unread == 5
