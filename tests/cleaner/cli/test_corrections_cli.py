"""`clean --corrections`, `corrections show|merge|check`, `archive export --corrections`, as commands."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from cleaner.cli.main import main
from cleaner.corrections.format import Correction, Scope, encode, read
from cleaner.labels import Label
from cleaner.ledger import digest

LETTER = "The pilots keep a boat for children in the old dock, and have done so since 1998, said the harbour master."
ARTICLE = "Harbour bridge {n} reopens\n\nThe bridge of dock {n} opened on Monday after a year of work.\n\n{letter}\n\nPeople crossed it.\n"


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    rows = [
        {
            "id": f"a{n}",
            "text": ARTICLE.format(n=n, letter=LETTER.replace("1998", str(1998 + n))),
            "source": "post.test",
        }
        for n in range(12)
    ]
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def row(who: str = "Anna", label: Label = Label.DONATION, scope: Scope = Scope.SOURCE) -> Correction:
    text = ARTICLE.format(n=0, letter=LETTER)
    start = text.index(LETTER)
    return Correction(
        digest(text),
        start,
        start + len(LETTER),
        LETTER,
        label,
        scope,
        who,
        "2026-01-01T00:00:00.000000Z",
        source="post.test",
    )


@pytest.fixture
def corrections(tmp_path: Path) -> Path:
    file = tmp_path / "corrections.jsonl"
    file.write_bytes(encode(row()))
    return file


def clean(articles: Path, out: Path, *more: object) -> int:
    words = ["clean", articles, "-o", out, "--quiet", "--now", "2026-05-03T10:22:00Z", "--shard-size", 4, *more]
    return main([str(word) for word in words])


def files(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def documents(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for path in sorted((out / "documents").glob("*.jsonl")) for line in path.open()]


def test_the_next_run_obeys_whatever_the_number_of_workers(articles: Path, corrections: Path, tmp_path: Path):
    assert clean(articles, tmp_path / "one", "--corrections", corrections, "--workers", 1) == 0
    assert clean(articles, tmp_path / "two", "--corrections", corrections, "--workers", 2) == 0
    assert files(tmp_path / "one") == files(tmp_path / "two")
    for document in documents(tmp_path / "one"):
        assert "keep a boat" not in str(document["text"])
        reasons = [span["reasons"] for span in document["spans"]]  # type: ignore[index, attr-defined]
        assert ["corrected by Anna: donation, on this source"] in reasons


def test_another_file_of_corrections_is_another_run(articles: Path, corrections: Path, tmp_path: Path, capsys):
    assert clean(articles, tmp_path / "out", "--corrections", corrections) == 0
    corrections.write_bytes(encode(row(label=Label.BODY)))
    assert clean(articles, tmp_path / "out", "--corrections", corrections) == 2
    assert "another configuration (corrections)" in capsys.readouterr().err


def test_an_archive_is_exported_as_corrected(articles: Path, corrections: Path, tmp_path: Path):
    clean(articles, tmp_path / "plain")
    clean(articles, tmp_path / "corrected", "--corrections", corrections)
    told = []
    for run, more in (("plain", ["--corrections", str(corrections)]), ("corrected", [])):
        folder = tmp_path / f"{run}-texts"
        assert main(["archive", "export", str(tmp_path / run), "--jsonl", "-o", str(folder), *more]) == 0
        lines = [line for path in sorted(folder.iterdir()) for line in gzip.decompress(path.read_bytes()).splitlines()]
        told.append([json.loads(line)["text"] for line in lines])
    assert told[0] == told[1]
    assert len(told[0]) == 12
    assert not any("keep a boat" in text for text in told[0])


def test_corrections_that_cannot_be_read_are_wrong_use(articles: Path, tmp_path: Path, capsys):
    (tmp_path / "bad.jsonl").write_text("no\n")
    assert clean(articles, tmp_path / "out", "--corrections", tmp_path / "bad.jsonl") == 2
    assert "bad.jsonl:1 is not a row of corrections" in capsys.readouterr().err
    clean(articles, tmp_path / "out")
    export = [
        "archive",
        "export",
        tmp_path / "out",
        "--jsonl",
        "-o",
        tmp_path / "x",
        "--corrections",
        tmp_path / "bad.jsonl",
    ]
    assert main([str(word) for word in export]) == 2


def test_corrections_at_a_url(tmp_path: Path, capsys):
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    store.pipe("/team/corrections.jsonl", encode(row()))
    article = tmp_path / "article.txt"
    article.write_text(ARTICLE.format(n=0, letter=LETTER), encoding="utf-8")
    url = "memory://team/corrections.jsonl"
    assert main(["explain", str(article), "--source", "post.test", "--corrections", url]) == 0
    assert "corrected by Anna: donation" in capsys.readouterr().out
    assert main(["explain", str(article), "--corrections", "memory://team/gone.jsonl"]) == 2


def test_show_merge_check(corrections: Path, tmp_path: Path, capsys):
    other = tmp_path / "ben.jsonl"
    other.write_bytes(encode(row("Ben\x1b[31m", Label.BODY)))
    assert main(["corrections", "show", str(corrections)]) == 0
    assert "Anna" in (shown := capsys.readouterr().out)
    assert "1 correction in force" in shown
    assert main(["corrections", "check", str(corrections)]) == 0
    both = tmp_path / "both.jsonl"
    assert main(["corrections", "merge", str(corrections), str(other), str(corrections), "-o", str(both)]) == 0
    assert len(read(both)) == 2
    capsys.readouterr()
    assert main(["corrections", "check", str(both)]) == 1
    out = capsys.readouterr().out
    assert "Anna says donation" in out
    assert "\x1b" not in out
    assert main(["corrections", "show", "--json", str(both)]) == 0
    assert json.loads(capsys.readouterr().out)["who"] == "Ben\x1b[31m"


@pytest.fixture
def loose(tmp_path: Path) -> Path:
    """Articles as files right in a folder, which is all that tells their source."""
    folder = tmp_path / "harbour"
    folder.mkdir()
    for n in range(3):
        text = ARTICLE.format(n=n, letter=LETTER.replace("1998", str(1998 + n)))
        (folder / f"a{n}.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_correction_on_the_site_of_loose_files_is_obeyed_by_clean_and_explain(loose: Path, tmp_path: Path, capsys):
    file = tmp_path / "corrections.jsonl"
    file.write_bytes(encode(replace(row(), source="harbour")))
    words = ["clean", str(loose), "-o", str(tmp_path / "out"), "--corrections", str(file), "--workers", "1"]
    assert main(words) == 0
    assert "1 correction in force, obeyed in 3 places of 3 documents" in capsys.readouterr().out
    rows = documents(tmp_path / "out")
    assert all(LETTER[:40] not in str(written["text"]) for written in rows)
    assert {written["metadata"]["source"] for written in rows} == {"harbour"}  # type: ignore[index]
    assert "harbour" in json.loads((tmp_path / "out/run.json").read_bytes())["counts"]["sources"]
    for path in (loose / "a1.txt", loose):
        assert main(["explain", str(path), "--corrections", str(file)]) == 0
        assert "corrected by Anna: donation, on this source" in capsys.readouterr().out


def test_corrections_that_meet_nothing_say_which_source_they_are_of(loose: Path, tmp_path: Path, capsys):
    file = tmp_path / "corrections.jsonl"
    file.write_bytes(encode(replace(row(), source="other")))
    words = ["clean", str(loose), "-o", str(tmp_path / "out"), "--corrections", str(file), "--workers", "1"]
    assert main(words) == 0
    assert "none meets a line of these documents; those of a source are of other: name it with --source" in (
        capsys.readouterr().out
    )
    assert main([*words, "--fresh", "--source", "other"]) == 0
    assert "obeyed in 3 places of 3 documents" in capsys.readouterr().out


def test_an_update_says_that_what_was_cleaned_before_is_not_corrected(loose: Path, tmp_path: Path, capsys):
    file = tmp_path / "corrections.jsonl"
    file.write_bytes(encode(replace(row(), source="harbour")))
    words = ["clean", str(loose), "-o", str(tmp_path / "out"), "--workers", "1", "--update"]
    assert main(words) == 0
    words += ["--corrections", str(file)]
    assert main(words) == 0
    assert "1 correction given, and no document was cleaned; --fresh cleans all with them" in capsys.readouterr().out
    (loose / "new.txt").write_text("The lock of the old canal was opened on Friday, said the town.\n", encoding="utf-8")
    assert main(words) == 0
    told = "none meets a line of what this update cleaned; documents of earlier runs are not judged anew, --fresh"
    assert told in capsys.readouterr().out
    (loose / "newer.txt").write_text(ARTICLE.format(n=7, letter=LETTER), encoding="utf-8")
    assert main(words) == 0
    assert "obeyed in 1 place of 1 document; documents of earlier runs" in capsys.readouterr().out


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A finished run of two rows, two files of which have one name for their row."""
    folder = tmp_path_factory.mktemp("add") / "in"
    folder.mkdir()
    for name in ("a", "b"):
        values = {
            "id": "same",
            "text": ARTICLE.format(n=1, letter=f"{LETTER}\n\nOf the dock {name}."),
            "source": "post.test",
        }
        (folder / f"{name}.jsonl").write_text(json.dumps(values) + "\n", encoding="utf-8")
    out = folder.parent / "out"
    assert main(["clean", str(folder), "-o", str(out), "--workers", "1", "--timeout", "0", "--quiet"]) == 0
    return out


def test_lines_are_corrected_by_what_they_say(finished: Path, tmp_path: Path, capsys):
    file = tmp_path / "own.jsonl"
    words = ["corrections", "add", str(finished), "a.jsonl#1", "--corrections", str(file), "--as", "Anna"]
    assert main([*words, "  " + LETTER.replace(" ", "  "), "--label", "donation", "--scope", "source"]) == 0
    words[3] = "a.jsonl:1"  # as messages name it
    assert main([*words, "after a year of work", "--remove"]) == 0
    corrections = [row for row in read(file) if isinstance(row, Correction)]
    assert [(c.text, c.scope, c.part) for c in corrections] == [
        (LETTER, Scope.SOURCE, False),
        ("after a year of work", Scope.TEXT, True),
    ]
    capsys.readouterr()
    assert main(["corrections", "show", str(file)]) == 0
    assert "2 corrections in force, 1 document," in capsys.readouterr().out


MEETS_NOTHING = {
    "no document": (("samen", "x", "--keep"), "has no document 'samen'; did you mean 'same'?"),
    "a name far from all": (("", "x", "--keep"), "archive ls"),
    "two documents": (
        ("same", "x", "--keep"),
        "2 documents are called 'same'; name one by its place: a.jsonl#1, b.jsonl#1",
    ),
    "no line": (
        ("a.jsonl#1", "Of the dock b.", "--keep"),
        "no line of same says “Of the dock b.”; the nearest is “Of the dock a.”",
    ),
    "the name of a file without its folder": (("b.jsonl", "x", "--keep"), "did you mean 'b.jsonl#1'?"),
    "a line far from all": (("a.jsonl#1", "zzz", "--keep"), "archive diff"),
    "a line that is far off": (
        ("a.jsonl#1", "Pilots of all harbours, it was said, go out to sea", "--keep"),
        "the nearest is “The pilots keep a boat for children",
    ),
    "words in several lines": (("a.jsonl#1", "dock", "--keep"), "times in same; give more of the line"),
    "no words": (("a.jsonl#1", " ", "--keep"), "an empty line meets nothing"),
    "no label": (("a.jsonl#1", "Of the dock a.", "--label", "donatoin"), "'donatoin' is not a label"),
    "one of two lines": (("a.jsonl#1", "Of the dock a.", "zzz", "--keep"), "no line of same says “zzz”"),
}


@pytest.mark.parametrize("name", MEETS_NOTHING)
def test_a_correction_that_meets_nothing_is_refused_and_nothing_is_kept(finished: Path, tmp_path: Path, capsys, name):
    words, message = MEETS_NOTHING[name]
    assert main(["corrections", "add", str(finished), *words, "--corrections", str(tmp_path / "c.jsonl")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "c.jsonl").exists()


def test_a_line_that_is_so_already_is_told(finished: Path, tmp_path: Path, capsys):
    words = ["corrections", "add", str(finished), "a.jsonl#1", "--corrections", str(tmp_path / "c.jsonl")]
    assert main([*words, "Of the dock a.", "--keep"]) == 0
    assert "body: Of the dock a. (which it was already)" in capsys.readouterr().out
    for times in (0, 1):
        assert main([*words, "Of the dock a.", "--label", "related"]) == 0
        assert capsys.readouterr().out.count("(which it was already)") == times
