"""Words and phrases of human languages stand in tables (`cleaner/data/languages/`), not in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path

import justext
import pytest

from cleaner.function_words import LISTS
from cleaner.phrases import one_of, phrases

CLEANER = Path(__file__).parents[2] / "cleaner"
TABLE = CLEANER / "data" / "languages" / "phrases.txt"
#: Letters that scripts and charsets have, and what becomes of them when bytes are read in the wrong one; what a parser
#: and a memory file are tried on; names of outlets in our own texts.
EXEMPT = {
    "decoding/charset_guess.py", "decoding/mixed_utf8.py", "decoding/mojibake.py", "function_words.py",
    "html/dom.py", "memory/schema.py", "training/own_texts.py",
}  # fmt: skip
_SIGNS = re.compile(r"(?<!\\)\[(?:\\.|[^\]\\])+\]|\\[a-zA-Z]")  # classes of characters
_WORD = re.compile(r"[^\W\d_]{2,}")
#: So many little words of one language, none of them English, are a list of that language.
FEW = 4


@cache
def little_words() -> Mapping[str, frozenset[str]]:
    """Per language the most frequent words that English has not."""
    english = justext.get_stoplist("English")
    return {name: justext.get_stoplist(name) - english for code, name in LISTS.items() if code != "en"}


def texts(source: str) -> Iterator[tuple[int, str]]:
    """The strings of a module, docstrings apart, with their lines."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def is_of_a_language(text: str) -> bool:
    """Has a string words with letters beyond ASCII, or several little words of a language that is not English?"""
    words = set(_WORD.findall(_SIGNS.sub(" ", text).lower()))
    foreign = any(not word.isascii() for word in words)
    return foreign or any(len(words & little) >= FEW for little in little_words().values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reply|antworten|répondre", True),
        ("der die das dem den", True),
        ("von|par|por|di|da", True),
        ("[a-zà-ÿ]{2}", False),
        ("“{text}” is not one of these, so that it goes as it is", False),
        ("article aside blockquote dd div", False),
    ],
)
def test_what_counts_as_words_of_a_language(text: str, expected: bool) -> None:
    assert is_of_a_language(text) is expected


def test_no_module_holds_words_of_a_language() -> None:
    words = [
        f"{path.relative_to(CLEANER)}:{line}: {text[:60]}"
        for path in sorted(CLEANER.rglob("*.py"))
        if path.relative_to(CLEANER).as_posix() not in EXEMPT
        for line, text in texts(path.read_text(encoding="utf-8"))
        if is_of_a_language(text)
    ]
    assert words == []


def test_every_list_of_phrases_is_read_and_says_what_it_is() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in CLEANER.rglob("*.py"))
    read = set(re.findall(r"(?:phrases|one_of)\(\"([^\"]+)\"\)", code))
    sections = re.findall(r"^\[(.+)\]\n(.)", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    names = [name for name, _ in sections]
    assert len(names) == len(set(names))
    assert {name for name in names if not name.startswith("telling ")} == read
    assert all(mark == "#" for _, mark in sections)


def test_entries_are_expressions_of_their_own() -> None:
    for name in re.findall(r"^\[(.+)\]", TABLE.read_text(encoding="utf-8"), re.MULTILINE):
        assert re.compile(one_of(name)).groups == 0, name
        for entry in phrases(name):
            re.compile(entry)


def test_a_list_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        phrases("no such list")


def test_the_tables_come_with_the_package() -> None:
    folder = resources.files("cleaner") / "data" / "languages"
    assert {"forms.txt", "phrases.txt", "prompts.txt"} <= {file.name for file in folder.iterdir()}
