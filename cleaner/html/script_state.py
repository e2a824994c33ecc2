"""The state of an application in a page's scripts: what is assigned to a global, or pushed in pieces, as JSON.

Only values that are JSON as they stand are read; no script is run, and what is broken is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

#: Scripts larger than this are programs, or state not worth its time.
MAX_SCRIPT = 2_000_000
#: So many scripts and values of a page are looked at.
MOST_SCRIPTS, MOST_VALUES = 60, 40
#: So many assignments of a script are tried.
MOST_TRIES = 200

#: `window.__STATE__ = {…}`, `var state = JSON.parse("…")`; of few names in a row, else a long row takes quadratic time.
_ASSIGNED = re.compile(
    r"(?<![\w$.])(?:(?:window|self|globalThis)\s*(?:\.\s*[\w$]+|\[\s*[\"'][^\"']{1,60}[\"']\s*\]){1,6}|(?:var|let|const)\s+[\w$]+)\s*=\s*"
    r"(?P<parsed>JSON\.parse\(\s*)?(?=[{\[\"])"
)
#: Pieces of a stream that a page's own script puts together: `self.__next_f.push([1,"…"])`.
_PUSHED = re.compile(r"__next_f\.push\(\s*(?=\[)")
#: A line of that stream: a number, then JSON.
_ROW = re.compile(r"^[0-9a-f]{1,6}:(?=[\[{\"])", re.MULTILINE)
_DECODER = json.JSONDecoder(strict=False)


def states(tree: LexborHTMLParser) -> Iterator[object]:
    """The JSON values that a page's scripts hold, in order."""
    stream: list[str] = []
    count = 0
    for node in tree.css("script:not([src])")[:MOST_SCRIPTS]:
        script = node.text() or ""
        if len(script) > MAX_SCRIPT:
            continue
        for match in islice(_ASSIGNED.finditer(script), MOST_TRIES):
            value = _value(script, match.end())
            value = _value(value, 0) if match["parsed"] and isinstance(value, str) else value
            count += isinstance(value, dict | list)
            if isinstance(value, dict | list) and count <= MOST_VALUES:
                yield value
        stream += (part for match in _PUSHED.finditer(script) for part in _texts(_value(script, match.end())))
    flow = "".join(stream)
    rows = (_value(flow, match.end()) for match in _ROW.finditer(flow))
    if values := [value for value in rows if isinstance(value, dict | list)]:
        yield values


def _value(text: str, start: int) -> object:
    """The JSON value that begins there; None for anything else."""
    try:
        return _DECODER.raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return None


def _texts(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
