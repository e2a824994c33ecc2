"""The state of an application in scripts: assigned, parsed or pushed in pieces; broken and foreign code is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from cleaner.html.script_state import MAX_SCRIPT, MOST_SCRIPTS, MOST_VALUES, states

VALUE = {"story": {"text": "One </p> two"}}
WRITTEN = json.dumps(VALUE)
TOLD = {
    "a global": (f"window.__STATE__ = {WRITTEN};", [VALUE]),
    "a global by name": (f"window['__STATE__']={WRITTEN}", [VALUE]),
    "a variable": (f"var state = {WRITTEN}; start();", [VALUE]),
    "two": (f"window.a={WRITTEN};window.b=[1,2];", [VALUE, [1, 2]]),
    "parsed": (f"window.s = JSON.parse({json.dumps(WRITTEN)});", [VALUE]),
    "a string alone": ('window.s = "text";', []),
    "an object of the language": ("window.s = {a: 1, b: function(){}};", []),
    "broken": (f"window.s = {WRITTEN[:-3]}", []),
    "a call": (f"start({WRITTEN})", []),
    "deep": ("window.s = " + "[" * 100_000, []),
    "pushed": (f"self.__next_f.push({json.dumps([1, '2:' + WRITTEN + chr(10)])})", [[VALUE]]),
    "pushed for the program": ('self.__next_f.push([1,"1:I[4,[],x]"])', []),
}


def said(*scripts: str) -> list[Any]:
    return list(states(LexborHTMLParser("".join(f"<script>{script}</script>" for script in scripts))))


@pytest.mark.parametrize("name", TOLD)
def test_states(name: str) -> None:
    script, expected = TOLD[name]
    assert said(script) == expected


def test_pieces_are_put_together() -> None:
    stream = f"2:{WRITTEN}\n"
    assert said(*(f"self.__next_f.push({json.dumps([1, part])})" for part in (stream[:9], stream[9:]))) == [[VALUE]]


def test_bounds() -> None:
    assert len(said(*["window.a = [1];"] * (MOST_SCRIPTS + 5))) == min(MOST_SCRIPTS, MOST_VALUES)
    assert said(f"window.a = [1];{' ' * MAX_SCRIPT}") == []


@pytest.mark.parametrize("row", ["window" + ".window" * 250_000, "window" + ". self" * 250_000, "var " * 400_000])
def test_long_rows_of_names_take_little_time(row: str) -> None:
    assert said(f"{row};window.a = {WRITTEN}") == [VALUE]  # each name tried up to the row's end would take an hour
