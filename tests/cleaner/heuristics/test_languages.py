"""The shipped cue tables and their loader: every table loads, contradicts itself nowhere, and errors say where.

Cases for single phrases stand with the rules' cases; here is what must hold for every table.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.heuristics import cues
from cleaner.heuristics.cues import (
    UNDETERMINED,
    CueError,
    Kind,
    Protected,
    Voice,
    available,
    fold,
    load,
    parse_table,
    plain_table,
    read_cues,
    tables_for,
)
from cleaner.labels import KEPT, Label

CODES = sorted(available())
TABLES = Path(cues.__file__).parents[1] / "data" / "languages"

#: The languages the project begins with; the others are welcome extras.
REQUIRED = frozenset({"und", "en", "de", "fr", "es", "pt", "it", "nl", "pl", "ru"})

#: What a language of the first set brings at least, so that a truncated file is noticed.
LEAST_CUES = 150

#: Longer phrases are sentences of somebody's article, not idioms of the trade.
LONGEST_PHRASE = 12

#: Labels that a table never speaks for: they are decided by place and form.
SILENT = {Label.BODY, Label.HEADLINE, Label.STANDFIRST}


def test_every_required_language_is_there() -> None:
    assert available() >= REQUIRED


@pytest.mark.parametrize("code", CODES)
def test_table_loads_and_is_folded(code: str) -> None:
    for cue in load(code).cues:
        assert cue.phrase == " ".join(fold(cue.phrase).split())
        assert cue.origin == code
        assert cue.source is None, "shipped tables speak for no single source"


@pytest.mark.parametrize("code", CODES)
def test_no_phrase_speaks_for_two_labels_in_one_kind(code: str) -> None:
    labels: dict[tuple[str, Kind], Label] = {}
    for cue in load(code).cues:
        known = labels.setdefault((cue.phrase, cue.kind), cue.label)
        assert known == cue.label, f"{cue.phrase!r} is {cue.kind} of both {known} and {cue.label}"


@pytest.mark.parametrize("code", CODES)
def test_no_phrase_stands_twice(code: str) -> None:
    counts = Counter((cue.phrase, cue.kind) for cue in load(code).cues)
    assert [phrase for phrase, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("code", CODES)
def test_phrases_are_idioms_not_sentences(code: str) -> None:
    assert [cue.phrase for cue in load(code).cues if len(cue.phrase.split()) > LONGEST_PHRASE] == []


@pytest.mark.parametrize("code", CODES)
def test_no_table_speaks_for_the_article_itself(code: str) -> None:
    assert SILENT <= KEPT
    assert {cue.label for cue in load(code).cues}.isdisjoint(SILENT)


@pytest.mark.parametrize("code", sorted(REQUIRED - {UNDETERMINED}))
def test_required_table_is_complete(code: str) -> None:
    table = load(code)
    assert len(table.cues) >= LEAST_CUES
    assert {cue.label for cue in table.cues} >= set(Label) - SILENT - {Label.MARKUP}
    assert {voice for voice, _ in table.voice} == set(Voice)


@pytest.mark.parametrize("label", list(Label))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_label_is_a_section_and_every_kind_a_key(label: Label, kind: Kind) -> None:
    (cue,) = parse_table({label.value: {kind.value: ["Harbour  Letter"]}}, "own").cues
    assert (cue.phrase, cue.label, cue.kind) == ("harbour letter", label, kind)


def test_sections_beside_the_labels() -> None:
    table = parse_table(
        {
            "voice": {"we": ["We"]},
            "protect": {"phrases": ["The Inbox  Murders"]},
            "source": {"example.org": {"donation": {"whole": ["Keep the lights on"]}}},
        },
        "own.toml",
    )
    assert table.voice == ((Voice.WE, "we"),)
    assert table.protect == (Protected("the inbox murders"),)
    assert [(cue.source, cue.label) for cue in table.cues] == [("example.org", Label.DONATION)]


@pytest.mark.parametrize(
    ("table", "entry"),
    [
        ({"donatoin": {"whole": ["x"]}}, "donatoin"),
        ({"donation": {"wohle": ["x"]}}, "wohle"),
        ({"donation": {"whole": "x"}}, "[donation] whole"),
        ({"donation": {"whole": [" "]}}, "[donation] whole"),
        ({"donation": {"whole": [7]}}, "[donation] whole"),
        ({"donation": ["x"]}, "[donation]"),
        ({"voice": {"shouts": ["x"]}}, "shouts"),
        ({"voice": {"we": [""]}}, "[voice] we"),
        ({"protect": {"phrases": [""]}}, "[protect]"),
        ({"source": {"example.org": {"adverts": {"whole": ["x"]}}}}, "adverts"),
        ({"source": {"example.org": 1}}, "example.org"),
        ({"source": 3}, "[source]"),
        ({"protect": 5}, "[protect]"),
        ({"protect": {"patterns": ["x"]}}, "unknown key 'patterns'"),
        ({"protect": {"phrases": "donate"}}, "[protect] phrases"),
        ({"voice": 1}, "[voice]"),
        ({"voice": {"we": 5}}, "[voice] we"),
        ({"voice": {"we": "we"}}, "[voice] we"),
        ({"months": {"name": ["mai"]}}, "unknown key 'name'"),
    ],
)
def test_errors_name_the_file_and_the_entry(table: dict[str, object], entry: str) -> None:
    with pytest.raises(CueError) as error:
        parse_table(table, "own.toml")
    assert "own.toml" in str(error.value)
    assert entry in str(error.value)


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("[voice]\nwe = 1\n", 2),
        ('[related]\nwhole = ["a"]\n\n[newsletter]\nwhole = ["a"]\nwhol = ["b"]\n', 6),
        ("protect = 5\n", 1),
        ('[donation]\nany = ["x"]\n[protect]\nphrases = "donate"\n', 4),
        ('[source."e.org".donation]\nany = ["x"]\nfoo = ["x"]\n', 3),
        ("[source]\nx = 1\n", 2),
        ('[months]\nnames = ["mai"]\n', 1),
    ],
)
def test_errors_of_a_users_table_name_the_line(toml: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(CueError, match=rf"own\.toml, line {line}: "):
        read_cues(path)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("[donation", encoding="utf-8")
    with pytest.raises(CueError, match=r"broken\.toml"):
        read_cues(path)


def test_an_unknown_language_lists_the_known_ones() -> None:
    with pytest.raises(CueError, match="en"):
        load("tlh")


def test_tables_for_adds_english_and_the_common_table_once() -> None:
    assert len(tables_for("en").cues) == len(load("en").cues) + len(load(UNDETERMINED).cues)
    assert len(tables_for("tlh").cues) == len(tables_for(None).cues) == len(tables_for("en").cues)
    assert len(tables_for("de").cues) == len(load("de").cues) + len(tables_for("en").cues)


@given(st.text())
def test_fold_keeps_length_and_is_stable(text: str) -> None:
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


def test_fold_straightens_quotes_and_spaces() -> None:
    assert fold("Editor\u2019s\u00a0NOTE \u0130") == "editor's note \u0130"


@pytest.mark.parametrize("code", CODES)
def test_shipped_tables_are_read_as_toml_has_them(code: str) -> None:
    text = (TABLES / code / "cues.toml").read_text(encoding="utf-8")
    assert plain_table(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        'whole = ["a"]', "[legal]\nwhole = [1]", '[legal]\nwhole = ["a\\n"]', '[legal]\nwhole = ["a"]\nwhole = ["b"]',
        '[legal]\n[legal]', "[legal]\nwhole = ['a']", '[legal]\nwhole = ["a"', '[source."a.example".legal]\nwhole = ["a"]',
        '[legal]\nwhole = ["a" "b"]', '[legal]\nwhole = [[]]', '[legal]\nwhole = ["a", # one\n"b"]',
    ],
)  # fmt: skip
def test_other_toml_is_left_to_its_parser(text: str) -> None:
    assert plain_table(text) is None


def test_plain_tables_hold_comments_escapes_and_lists_of_several_lines() -> None:
    text = '# a comment\n\n[legal]\nwhole = [\n    "a \\"b\\"", "c]",\n    "d",\n]\nstart = []\n\n# b\n[bio]\nend = ["e"]\n'
    assert plain_table(text) == tomllib.loads(text)
