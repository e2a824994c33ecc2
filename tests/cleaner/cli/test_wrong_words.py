"""Words that the command line does not know: the nearest one is named, and no page of usage hides the message."""

import pytest

from cleaner.cli.main import WRONG_USE, main

WRONG = {
    "an option": (["clean", "in", "-o", "out", "--worker", "2", "--kepp", "bio"], "there is no --kepp"),
    "an option, with its neighbour": (["clean", "--kepp=bio"], "did you mean --keep?"),
    "an option of an action": (["archive", "verify", "out", "--soures", "in"], "did you mean --sources?"),
    "a command": (["claen", "in"], "did you mean clean?"),
    "an action": (["archive", "verfy", "out"], "did you mean verify?"),
    "a choice": (["clean", "--to", "htm"], "did you mean html?"),
    "a label": (["clean", "--keep", "captoin"], "did you mean caption?"),
    "a format": (["clean", "--format", "jsnl"], "did you mean jsonl?"),
    "a format of results": (["clean", "--format", "pdf"], "tsv, xml, warc; with files also html and markdown"),
    "nothing like it": (["clean", "--zzzz"], "there is no --zzzz\n"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_nearest_word_is_named(name, capsys):
    words, what = WRONG[name]
    try:
        code = main(words)
    except SystemExit as end:
        code = end.code
    err = capsys.readouterr().err
    assert code == WRONG_USE
    assert what in err
    assert len(err.splitlines()) <= 2


def test_files_without_a_place_for_the_results_name_both_ways(tmp_path, capsys):
    (tmp_path / "a b.txt").write_text("The council met.")
    assert main(["clean", str(tmp_path / "a b.txt")]) == WRONG_USE
    err = capsys.readouterr().err
    assert "-o OUT" in err
    assert f"cleancopy clean < '{tmp_path / 'a b.txt'}'" in err
