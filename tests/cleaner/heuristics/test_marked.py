"""Code, output and tables are told by the marks around them; lines without such marks are none."""

from __future__ import annotations

import pytest

from cleaner import Cleaner
from cleaner.document import Document, Rendering
from cleaner.heuristics.cues import parse_table
from cleaner.heuristics.marked import find_code, find_marked_tables
from cleaner.segmentation.text import segment_text

ABOVE = {
    "en": "To start the tool, open a terminal in the folder of the project and type the command that stands here.",
    "de": "Wer das Programm starten will, öffnet im Ordner des Projekts ein Terminal und tippt den Befehl ein.",
    "fr": "Pour lancer l'outil, il faut ouvrir un terminal dans le dossier du projet et taper cette commande.",
    "ru": "Чтобы запустить программу, нужно открыть терминал в папке проекта и набрать эту команду целиком.",
    "ja": "道具を動かすには、プロジェクトのフォルダーで端末を開き、次の命令を入力してください。",
}
BELOW = "After that the page shows the list of all the boats that lie in the harbour, and the hours of the ferry."


def rendering(passage: str) -> Rendering:
    return segment_text(Document("", f"{ABOVE['en']}\n\n{passage}\n\n{BELOW}"))


def passages(passage: str, *, tables: bool = False) -> list[str]:
    rendered = rendering(passage)
    find = find_marked_tables if tables else find_code
    ranges = find(rendered.text, rendered.blocks)
    return ["\n".join(rendered.blocks[index].text for index in blocks) for blocks in ranges]


@pytest.mark.parametrize(
    "passage",
    [
        "```\n$ run\nLoading...\nOK\nDone\n```",
        "```js\nwindow.dataLayer = window.dataLayer || [];\n```",
        "~~~ {.console}\nLoading...\n~~~",
        "````\n```\nOK\n````",  # a fence inside a longer one
        "    $ run\n    Loading...\n    OK\n    Done",
        "\t>>> share()\n\tOK",
        "  C:\\tools> run\n  Done",
    ],
)
def test_code(passage: str) -> None:
    assert passages(passage) == ["\n".join(line.strip() for line in passage.split("\n"))]


@pytest.mark.parametrize(
    "passage",
    [
        "```\nLoading...\nOK",  # never closed
        "$ run\nLoading...\nOK",  # not set in
        "    Home\n    News\n    Sport",  # no prompt
        "    $5 a month\n    $10 a month",  # amounts
        "Use ```run``` here.",
    ],
)
def test_no_code(passage: str) -> None:
    assert passages(passage) == []


def test_output_ends_where_lines_are_not_set_in() -> None:
    assert passages("    $ run\n    OK\nShare\n    Print") == ["$ run\nOK"]


@pytest.mark.parametrize(
    "passage",
    [
        "| Name | Time |\n|---|---|\n| A. Roe | |\n| Login | 3 |",
        "| Name | Zeit |\n| :--- | ---: |\n| A. Roe | 12:01 |",
        "Name | Time\n--- | ---\nA. Roe | 12:01",
        "| 名前 | 時間 |\n|--|--|\n| 佐藤 | 12:01 |",
    ],
)
def test_tables(passage: str) -> None:
    assert passages(passage, tables=True) == [passage]


@pytest.mark.parametrize(
    "passage",
    [
        "| Home | News |\n| Sport | Culture |",  # no dashes
        "| Home | News |\n|---|---|",  # no row
        "| Home | News | Sport |\n|---|---|\n| Login | 3 |",  # another head
        "Home | News\n---\nSport | Culture",
    ],
)
def test_no_tables(passage: str) -> None:
    assert passages(passage, tables=True) == []


@pytest.mark.parametrize("lang", ABOVE)
@pytest.mark.parametrize(
    "passage",
    [
        "    $ run\n    Loading...\n    OK\n    Done",
        "```\n$ run\nLoading...\nOK\nDone\n```",
        "```js\nwindow.dataLayer = window.dataLayer || [];\n```",
        "| Name | Time |\n|---|---|\n| A. Roe | |\n| Login | 3 |",
        "Name | Time\nA. Roe | 12:01\nB. Roe | 12:04",
    ],
)
def test_they_stay(lang: str, passage: str) -> None:
    prose = " ".join([ABOVE[lang]] * 3)
    lines = Cleaner().clean(f"{prose}\n\n{passage}\n\n{prose}").body.split("\n")
    assert [line.strip() for line in lines if line not in ("", prose)] == [line.strip() for line in passage.split("\n")]


def test_without_marks_crumbs_go() -> None:
    body = Cleaner().clean(f"{ABOVE['en']}\n\n{BELOW}\n\nShare\nPrint\nLoading...\nLogin").body
    assert "Loading..." not in body
    assert "Login" not in body


def test_what_the_user_asks_for_goes() -> None:
    own = Cleaner(cues=parse_table({"navigation": {"whole": ["done"]}}, "mine"))
    body = own.clean(f"{ABOVE['en']}\n\n```\n$ run\nDone\n```\n\n{BELOW}").body
    assert "$ run" in body
    assert "Done" not in body


def test_a_menu_in_a_table_goes() -> None:
    body = Cleaner().clean(f"{ABOVE['en']}\n\n{BELOW}\n\n| Login |  |\n|---|---|\n| Share |  |\n| Menu |  |").body
    assert "Login" not in body
