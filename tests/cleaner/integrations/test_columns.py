"""Columns in, columns out: what other programs' batches go through, without those programs."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner import CleanColumns, Cleaner, ColumnError, Policy
from cleaner.heuristics.cues import parse_table
from cleaner.integrations.columns import ADDED
from cleaner.versions import versions

STORY = "The ferry between the two harbours will run again from May, the council of Norrhaven said on Tuesday evening."
ARTICLE = f"{STORY}\n\nSign up for our newsletter\n\n{STORY}\n\nRead more\n"
PAGE = f"<html><body><p>{STORY}</p><ul><li><a href='/a'>Home</a></li></ul></body></html>"
CLEAN = f"{STORY}\n\n{STORY}"


def test_columns_are_added_and_the_others_stay_the_very_same():
    numbers, tags = [1, 2], [["a"], []]
    got = CleanColumns()({"id": ["x", "y"], "text": [ARTICLE, STORY], "n": numbers, "tags": tags})
    assert got["text"] == [CLEAN, STORY]
    assert got["status"] == ["clean", "clean"]
    assert got["n"] is numbers
    assert got["tags"] is tags
    assert got["id"] == ["x", "y"]
    assert set(got) == {"id", "n", "tags", *ADDED}


def test_the_values_are_those_of_the_filters_rows():
    row = {"id": "x", "text": ARTICLE, "url": "https://www.example.org/1", "title": "Ferry", "lang": "en", "n": 1}
    done = subprocess.run(
        [sys.executable, "-m", "cleaner", "clean", "--format", "jsonl", "--with-removed"],
        input=json.dumps(row).encode(), capture_output=True, check=True,
    )  # fmt: skip
    filtered = json.loads(done.stdout)
    for name in ("path", "row"):
        del filtered["metadata"][name]
    got = CleanColumns(with_removed=True, nested=True)({name: [value] for name, value in row.items()})
    assert {name: values[0] for name, values in got.items() if name != "why"} == {
        **row, **filtered, "input_title": "Ferry",
    }  # fmt: skip


BAD = {
    "a number": ({"text": [3]}, "'text' that is not a string"),
    "bytes": ({"text": [b"abc"]}, "'text' that is not a string"),
    "a tree that no parser takes": ({"html": ["\x00"]}, ""),
    "too long": ({"text": ["a" * 5000]}, "larger than 4,000 bytes"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_fails_alone(name):
    (column, (bad,)), why = next(iter(BAD[name][0].items())), BAD[name][1]
    good = PAGE if column == "html" else ARTICLE
    got = CleanColumns(max_bytes=4000)({column: [good, bad, good]})
    assert [got["status"][place] for place in (0, 2)] == ["clean", "clean"]
    if why:
        assert (got["status"][1], got["text"][1], got["spans"][1]) == ("failed", "", "[]")
        assert why in got["why"][1]
        assert got["why"][0] == ""


def test_a_text_called_a_page_keeps_its_article():
    assert STORY in CleanColumns()({"html": [ARTICLE]})["text"][0]


def test_a_failed_row_keeps_what_it_was_given():
    got = CleanColumns(max_bytes=9)({"text": ["a" * 10], "html": ["<p>b"]})
    assert json.loads(got["metadata"][0]) == {"input": {"text": "a" * 10, "html": "<p>b"}}


def test_lone_surrogates_never_come_out():
    got = CleanColumns()({"text": [f"{STORY}\n\nRead \ud800 more"], "title": ["A \udfff"], "url": ["http://a\ud800/"]})
    for name in ADDED:
        str(got[name][0]).encode()


def test_a_row_is_read_from_text_or_html_or_neither():
    got = CleanColumns()({"text": [None, STORY, None], "html": [f"<p>{STORY}</p>", "<p>no</p>", None]})
    assert got["text"] == [STORY, STORY, ""]
    assert got["html"][0] == f"<p>{STORY}</p>"


NAMES = {
    "text": ({"text": "content"}, {"content": [ARTICLE]}),
    "html": ({"html": "raw"}, {"raw": [PAGE]}),
    "html in a column called text": ({"html": "text"}, {"text": [PAGE]}),
}


@pytest.mark.parametrize("name", NAMES)
def test_columns_of_other_names(name):
    options, batch = NAMES[name]
    assert CleanColumns(**options)(batch)["text"] == [CLEAN if name == "text" else STORY]


def test_columns_named_like_ours_are_kept_under_another_name():
    got = CleanColumns()({"text": [STORY], "status": [3], "body": ["b"], "title": ["Ferry"]})
    assert (got["input_status"], got["input_body"], got["status"]) == ([3], ["b"], ["clean"])
    assert (got["input_title"], got["title"], got["text"]) == (["Ferry"], ["Ferry"], [STORY])
    assert "input_text" in CleanColumns(text="content")({"content": [STORY], "text": ["t"]})
    got = CleanColumns(prefix="clean_")({"text": [ARTICLE], "status": [3]})
    assert (got["text"], got["status"], got["clean_text"]) == ([ARTICLE], [3], [CLEAN])
    span = json.loads(got["clean_spans"][0])[0]
    assert ARTICLE[span["start"] : span["end"]] == "Sign up for our newsletter"


WRONG = {
    "a row, not a batch": ({"text": STORY, "n": 1}, "batched=True"),
    "a value, not a column": ({"text": [STORY], "n": 1}, "column 'n' holds a single int.*batched=True"),
    "columns of other lengths": ({"text": [STORY, STORY], "n": [1]}, "'text' has 2 values, 'n' has 1 value"),
    "no article": ({"content": [STORY], "n": [1]}, "among content, n"),
    "a name twice": (
        {"n": [0], "input_n": [0], "text": [STORY], "status": [1], "input_status": [2]},
        "both status and input_status",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_batch_that_cannot_be_cleaned_says_what_to_give(name):
    batch, message = WRONG[name]
    with pytest.raises(ColumnError, match=message):
        CleanColumns()(batch)


def test_no_rows_are_no_rows():
    assert all(values == [] for values in CleanColumns()({"text": [], "n": []}).values())
    assert CleanColumns()({}) == {}


ARRAYS = {
    "objects": np.array([ARTICLE, None, STORY], dtype=object),
    "strings": np.array([ARTICLE, "", STORY]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_numpy_arrays(name):
    numbers = np.arange(3)
    got = CleanColumns()({"text": ARRAYS[name], "n": numbers})
    assert got["text"] == [CLEAN, "", STORY]
    assert got["n"] is numbers
    assert all(type(value) is str for value in got["text"])


CUES = parse_table({"related": {"whole": ["tide tables"]}}, "ours")
SETTINGS = {
    "default": CleanColumns(),
    "column": CleanColumns(text="content"),
    "policy": CleanColumns(Cleaner(policy=Policy.of(None, keep=["caption"], strip=[]))),
    "cues": CleanColumns(Cleaner(cues=CUES)),
    "rules alone": CleanColumns(Cleaner(model=None)),
    "removed text": CleanColumns(with_removed=True),
}


def test_pickles_tell_settings_apart_and_only_those():
    pickled = {name: pickle.dumps(columns) for name, columns in SETTINGS.items()}
    assert len(set(pickled.values())) == len(SETTINGS)
    assert pickle.dumps(CleanColumns(Cleaner(cues=CUES))) == pickled["cues"]
    for name, data in pickled.items():
        assert pickle.loads(data)({"text": [STORY], "content": [STORY]})["status"] == ["clean"]
        assert len(data) < 2000, f"{name}: a shipped model is not sent"


def test_a_pickle_tells_of_a_new_version(monkeypatch):
    before = pickle.dumps(CleanColumns())
    monkeypatch.setattr("cleaner.pipeline.versions", lambda: {**versions(), "cleancopy": "99.0"})
    assert pickle.dumps(CleanColumns()) != before


@settings(max_examples=25)
@given(st.lists(st.one_of(st.none(), st.text(max_size=80), st.just(ARTICLE)), max_size=6), st.data())
def test_how_rows_are_cut_into_batches_changes_nothing(texts, data):
    cut = data.draw(st.integers(0, len(texts)))
    columns = CleanColumns()
    whole, parts = columns({"text": texts}), [columns({"text": texts[:cut]}), columns({"text": texts[cut:]})]
    assert whole == {name: parts[0][name] + parts[1][name] for name in whole}
    assert len(whole["text"]) == len(texts)


SNIPPETS = ["<p>", "</p>", "<div class=", "'x'>", "<a href='/a'>", "<!--", "-->", "<script>", "&#xD800;", "&#0;", "\x00", "\ud800",
            "<table><tr>", "<svg>", "<![CDATA[", "<html", "<body>", "<title>", "\u202e", "Sign up", STORY, "\r\n", "<br>"]  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.sampled_from(SNIPPETS), max_size=12).map("".join), st.sampled_from(["text", "html"]))
def test_whatever_a_row_holds_all_rows_come_back(content, name):
    got = CleanColumns(prefix="clean_")({name: [content, STORY if name == "text" else f"<p>{STORY}</p>"]})
    assert got["clean_status"][1] == "clean"
    for column in ADDED:
        assert len(got[f"clean_{column}"]) == 2
        str(got[f"clean_{column}"]).encode()


def test_importing_the_library_loads_no_readers():
    code = "import sys, cleaner; sys.exit('cleaner.readers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    with pytest.raises(ImportError):
        from cleaner import CleanRows  # noqa: F401


@pytest.mark.parametrize("value", [None, float("nan"), "", " "])
def test_an_article_that_is_missing_is_an_empty_document(value):
    got = CleanColumns()({"text": [value, STORY]})
    assert got["status"] == ["empty", "clean"]
    assert got["text"] == ["", STORY]
