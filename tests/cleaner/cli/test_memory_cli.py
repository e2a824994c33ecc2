"""The command `cleancopy memory` as a user types it: outputs, messages, exit codes."""

import json

import pytest

from cleaner.cli.main import main

APPEAL = "Dear readers, our newsroom on the island lives by what you give."


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "courier"
    folder.mkdir()
    names = "ferry bridge winter storm harbour ticket island council".split()
    for name in names:
        (folder / f"{name}.txt").write_text(f"The {name} came late.\nIt was about a {name}, they said.\n{APPEAL}\n")
    (folder / "page.html").write_text(f"<html><body><p>The <b>page</b> came late.</p><p>{APPEAL}</p></body></html>")
    return folder


def memory(capsys, *words):
    try:
        code = main(["memory", *map(str, words)])
    except SystemExit as left:
        code = left.code
    out, err = capsys.readouterr()
    return code, out, err


def test_build_and_show(capsys, tmp_path, site):
    file = tmp_path / "site.memory"
    code, out, err = memory(capsys, "build", site, "-o", file)
    assert (code, err) == (0, "")
    assert out.startswith(f"{file}: 9 articles of 1 source; digest ")
    code, out, err = memory(capsys, "show", file)
    assert (code, err) == (0, "")
    assert f"       9   100%  {APPEAL}" in out
    assert "       9       0  courier" in out
    assert "pruned" not in out
    code, out, err = memory(capsys, "show", file, "--json", "--top", 1, "--source", "courier")
    shown = json.loads(out)
    assert shown["sources"] == [{"name": "courier", "documents": 9, "copies": 0}]
    assert shown["blocks"] == [{"source": "courier", "documents": 9, "share": 1.0, "text": APPEAL}]


def test_merge_is_what_one_run_would_have_counted(capsys, tmp_path, site):
    half, rest = tmp_path / "a" / "courier", tmp_path / "b" / "courier"
    for folder, choose in ((half, lambda number: number % 2), (rest, lambda number: not number % 2)):
        folder.mkdir(parents=True)
        for number, path in enumerate(sorted(site.iterdir())):
            if choose(number):
                (folder / path.name).write_bytes(path.read_bytes())
        assert memory(capsys, "build", folder, "-o", tmp_path / f"{folder.parent.name}.memory")[0] == 0
    memory(capsys, "build", site, "-o", tmp_path / "all.memory", "--prune", 2)
    code, out, _ = memory(
        capsys, "merge", tmp_path / "b.memory", tmp_path / "a.memory", "-o", tmp_path / "m.memory", "--prune", 2
    )
    assert code == 0
    assert "9 articles of 1 source" in out
    assert (tmp_path / "m.memory").read_bytes() == (tmp_path / "all.memory").read_bytes()
    assert "fewer than 2 articles" in memory(capsys, "show", tmp_path / "m.memory")[1]


def test_bad_documents_are_named_and_left_out(capsys, tmp_path, site):
    (site / "broken.jsonl").write_text('{"text": "Well"}\nbroken\n')
    code, out, err = memory(capsys, "build", site, "-o", tmp_path / "m")
    assert code == 1
    assert "10 articles of 2 sources" in out
    assert "broken.jsonl:2" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "nowhere.memory"], "nowhere.memory: cannot be read"),
        (["merge", "courier/ferry.txt", "-o", "m"], "no memory file"),
        (["build", "courier", "-o", "nowhere/m"], "m: cannot be written"),
        (["build", "courier", "-o", "m", "--prune", "0"], "whole number"),
        (["build", "courier", "-o", "m", "--prune", "65"], "whole number"),
    ],
)
def test_wrong_use(capsys, tmp_path, site, monkeypatch, words, says):
    monkeypatch.chdir(tmp_path)
    code, _, err = memory(capsys, *words)
    assert code == 2
    assert says in err
    assert not (tmp_path / "m").exists()


def test_a_source_that_is_not_in_it(capsys, tmp_path, site):
    memory(capsys, "build", site, "-o", tmp_path / "m")
    code, _, err = memory(capsys, "show", tmp_path / "m", "--source", "elsewhere")
    assert code == 1
    assert "elsewhere" in err
