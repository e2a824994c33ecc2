"""Articles as pages: HTML and Markdown beside the clean texts, in rows, and on standard output."""

import io
import json
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from cleaner import Cleaner, clean
from cleaner.batch.run import BatchError, BatchSettings, run_batch
from cleaner.batch.shards import tasks
from cleaner.cli.main import main
from cleaner.writers.pages import PageFormat, pages_of

STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
PAGE = (
    f"<html><body><nav><a href='/'>Home</a></nav><article><h1>Ferry</h1><p>{STORY}</p>"
    f"<h2>Times</h2><ul><li>{STORY}</li><li>Every <a href='https://example.org/t'>hour</a> from the old harbour.</li></ul>"
    f"<p>{STORY}</p></article></body></html>"
)
BOTH = (PageFormat.HTML, PageFormat.MARKDOWN)


def settings(out, **more):
    return BatchSettings(out, datetime(2026, 5, 3, tzinfo=UTC), pages=BOTH, **more)


@pytest.fixture
def inside(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.html").write_text(PAGE)
    (folder / "b.txt").write_text("Donate now\n")
    (folder / "c.jsonl").write_text(json.dumps({"id": "1", "text": STORY, "markdown": "theirs"}) + "\n")
    return folder


def rows(out):
    return [json.loads(line) for path in sorted((out / "documents").iterdir()) for line in path.open("rb")]


def test_pages_hold_the_article_with_its_headings_and_lists():
    pages = pages_of(clean(html=PAGE), BOTH)
    assert pages[PageFormat.HTML].startswith('<!doctype html>\n<html lang="en">')
    assert "<title>Ferry</title>" in pages[PageFormat.HTML]
    assert "<h2>Times</h2>" in pages[PageFormat.HTML]
    assert "Home" not in pages[PageFormat.HTML]
    markdown = pages[PageFormat.MARKDOWN].split("\n")
    assert markdown[0] == "# Ferry"
    assert "## Times" in markdown
    assert "- Every [hour](https://example.org/t) from the old harbour." in markdown


def test_a_title_is_no_markup():
    page = pages_of(clean("<b>Title</b> & more\n\n" + STORY), [PageFormat.HTML])[PageFormat.HTML]
    assert "<title><b>" not in page


def test_files_get_pages_and_rows_get_fields(inside, tmp_path):
    out = tmp_path / "out"
    run_batch([inside], Cleaner(), settings(out), lambda _: None)
    names = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    assert [name for name in names if name.startswith(("html", "markdown"))] == [
        "html/a.html.html", "markdown/a.html.md",
    ]  # fmt: skip
    page, empty, row = rows(out)
    assert "html" not in page
    assert empty["status"] == "empty"
    assert row["markdown"].startswith(STORY)
    assert row["html"].startswith("<!doctype html>")
    assert row["input"] == {"markdown": "theirs"}


def test_other_formats_are_another_run_and_fresh_removes_pages(inside, tmp_path):
    out = tmp_path / "out"
    run_batch([inside], Cleaner(), settings(out), lambda _: None)
    other = BatchSettings(out, datetime(2026, 5, 3, tzinfo=UTC))
    with pytest.raises(BatchError, match="pages"):
        run_batch([inside], Cleaner(), other, lambda _: None)
    (out / "html/mine.html").write_text("mine")
    run_batch([inside], Cleaner(), BatchSettings(out, other.clock, fresh=True), lambda _: None)
    assert [path.name for path in (out / "html").iterdir()] == ["mine.html"]
    assert not (out / "markdown").exists()


def test_a_page_that_cannot_be_made_fails_its_document_alone(inside, tmp_path, monkeypatch):
    def broken(cleaned, formats):
        if cleaned.id == "a.html":
            raise KeyError("a fault")
        return pages_of(cleaned, formats)

    monkeypatch.setattr(tasks, "pages_of", broken)
    counts = run_batch([inside], Cleaner(), settings(tmp_path / "out"), lambda _: None)
    assert (counts.status["failed"], counts.documents) == (1, 3)
    assert "no page can be made of it (KeyError" in counts.failures[0].what


@pytest.mark.parametrize(
    ("words", "begins"), [(["--to", "markdown"], "# Ferry\n"), (["--to", "html"], "<!doctype html>"), ([], "Ferry\n")]
)
def test_standard_output(words, begins, monkeypatch, capsysbinary):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(PAGE.encode()), isatty=lambda: False))
    assert main(["clean", "--format", "html", *words]) == 0
    assert capsysbinary.readouterr().out.decode().startswith(begins)


@pytest.mark.parametrize(
    ("words", "says"),
    [(["--format", "markdown"], "--to markdown"), (["IN", "-o", "x", "--format", "warc"], "standard input")],
)
def test_formats_in_the_wrong_place(words, says, tmp_path, capsys):
    assert main(["clean", *[str(tmp_path) if word == "IN" else word for word in words]]) == 2
    assert says in capsys.readouterr().err


def test_where_all_inputs_are_rows_no_folder_of_pages_stands_empty(inside, tmp_path):
    run_batch([inside / "c.jsonl"], Cleaner(), settings(tmp_path / "rows"), lambda _: None)
    assert not {"html", "markdown"} & {path.name for path in (tmp_path / "rows").iterdir()}
    assert "<article>" in rows(tmp_path / "rows")[0]["html"]
    run_batch([inside], Cleaner(), settings(tmp_path / "all"), lambda _: None)
    assert {"html", "markdown"} < {path.name for path in (tmp_path / "all").iterdir()}


def test_a_run_over_nothing_says_so(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert main(["clean", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--workers", "1", "--timeout", "0"]) == 0
    assert "0 documents: nothing to clean" in capsys.readouterr().out
