"""What is printed on a terminal breaks between words; elsewhere it is as it is."""

import io
import os

import pytest

from archive.terminal import folded

LONG = "results in out: text/ (clean), documents/ (rows with reasons), warc/ (archive), run.json"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("columns", [40, 80, 84, 88, 200])
def test_no_word_is_cut(monkeypatch, columns):
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((columns, 24)))
    lines = folded(LONG, Terminal()).split("\n")
    assert max(map(len, lines)) < columns
    assert " ".join(line.strip() for line in lines) == LONG
    assert folded(LONG, io.StringIO()) == LONG


def test_names_longer_than_a_line_stay_whole_and_tables_keep_their_columns(monkeypatch):
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))
    name = "a-long-name/" * 6
    assert name in folded(f"cleancopy: {name}: is empty", Terminal()).split("\n")[1]
    assert folded("  donation      1 stretch", Terminal()) == "  donation      1 stretch"
