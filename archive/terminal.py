"""Text of strangers made safe to print: names, addresses and texts must not steer the terminal or forge lines.

What could is shown as an escape (`\\x1b`, `\\u202e`), so that it can still be told what stands there.
"""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from typing import TextIO

#: Control characters of ASCII and Latin-1, Unicode's line ends, marks that turn the direction of writing round or hide
#: (Unicode 16, UAX 9, table 4; UTR 36, 2.5; tags of UTS 51), and lone surrogates.
_STEERING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f"
)
#: In a text these are ordinary letters' neighbours; in a name they only hide.
_HIDDEN = "\t\n\u061c\u200b\u200e\u200f\ufeff"
#: A narrower terminal gets lines of so many columns.
LEAST_COLUMNS = 30
_IN_A_LINE = re.compile(f"[{_STEERING}{_HIDDEN}]")
_IN_A_TEXT = re.compile(f"[{_STEERING}]")


def one_line(text: str) -> str:
    """The text on one line, for messages and listings.

    >>> one_line("a.txt\\n\\x1b[2Jall well")
    'a.txt\\\\n\\\\x1b[2Jall well'
    """
    return _IN_A_LINE.sub(_escape, text)


def squeezed(text: str) -> str:
    """The text on one line with a space for any white space, for lists and cells.

    >>> squeezed(" Give   now\\x1b[1m ")
    'Give now\\\\x1b[1m'
    """
    return one_line(" ".join(text.split()))


def many_lines(text: str) -> str:
    """The text with its line feeds and tabs, for reading."""
    return _IN_A_TEXT.sub(_escape, text.replace("\r\n", "\n"))


def as_json(value: object, *, indent: int | None = None) -> str:
    """JSON that can be read by eye too: letters of any script as they are, what steers a terminal as JSON's escapes.

    >>> as_json({"ü": "\\x9b2J"})
    '{"ü": "\\\\u009b2J"}'
    """
    return _IN_A_TEXT.sub(_json_escape, json.dumps(value, ensure_ascii=False, indent=indent))


def folded(line: str, stream: TextIO, *, indent: str = "  ") -> str:
    """The line as a terminal should break it: between words, so that a name can be copied; elsewhere as it is."""
    if not stream.isatty():
        return line
    columns = max(LEAST_COLUMNS, shutil.get_terminal_size().columns - 1)
    return textwrap.fill(line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _json_escape(match: re.Match[str]) -> str:
    return "\\u007f" if match[0] == "\x7f" else json.dumps(match[0])[1:-1]


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def writable(text: str, encoding: str | None) -> str:
    """What the stream's charset lacks is written as an escape, so that a file name never breaks a listing."""
    return text.encode(encoding or "utf-8", "backslashreplace").decode(encoding or "utf-8")
