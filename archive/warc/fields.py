"""The warc-fields blocks of our warcinfo, metadata and seal records: one `name: value` a line.

Values are escaped so that a line stays a line in every reader and comes back unchanged. Refuses,
on reading, what is not lines of that form (FieldsError).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

#: Control characters, Unicode's line breaks, lone surrogates, and "%" itself; blanks at the ends of a value.
_ESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff%]|^ +| +$")
_HALF = re.compile("%u([0-9A-F]{4})")


#: Our records have some twenty lines; a line of a seal for each stretch lost in a repair.
MAX_LINES = 100_000
LONG_LINE = 1 << 20


class FieldsError(ValueError):
    """The block is not warc-fields; the message says which line."""


def escape(value: str) -> str:
    """The value on one line: what could break a line is percent-encoded, other letters stay readable.

    >>> escape("50 % off\\nnow")
    '50 %25 off%0Anow'
    """
    return _ESCAPED.sub(_percent, value)


def unescape(value: str) -> str:
    """The inverse of `escape`."""
    if "%" not in value:
        return value
    parts = _HALF.split(value)
    parts[::2] = [unquote_to_bytes(part).decode("utf-8", "surrogateescape") for part in parts[::2]]
    parts[1::2] = [chr(int(part, 16)) for part in parts[1::2]]
    return "".join(parts)


def whole_number(value: str) -> int | None:
    """The number that ASCII digits tell; None for anything else, and for more than any file can have.

    >>> whole_number("12"), whole_number("-1"), whole_number("9" * 5000)
    (12, None, None)
    """
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def _percent(match: re.Match[str]) -> str:
    """Lone surrogates that stand for bytes (PEP 383) become these; others, possible in Windows names, `%uD800`."""
    try:
        encoded = match[0].encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return f"%u{ord(match[0]):04X}"
    return "".join(f"%{byte:02X}" for byte in encoded)


def dump_fields(fields: Iterable[tuple[str, str]]) -> bytes:
    """The block; values are expected to be escaped, or to hold no control characters (JSON in ASCII)."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("utf-8")


def load_fields(block: bytes) -> list[tuple[str, str]]:
    """Names in lower case and values as written (still escaped), in their order; names may repeat.

    Raises FieldsError for bytes that are no UTF-8, a line without a colon, a last line without its end, and what nobody
    would write but to exhaust a reader: many thousand lines, a very long one that is not the ASCII of our ledgers.
    """
    if block.count(b"\r\n") > MAX_LINES:
        raise FieldsError(f"it has more than {MAX_LINES:,} lines")
    lines = block.split(b"\r\n")
    if lines.pop():
        raise FieldsError("the last line does not end with CR LF")
    fields = []
    for number, line in enumerate(lines, 1):
        if len(line) > LONG_LINE and not line.isascii():
            raise FieldsError(f"line {number} is very long and not ASCII")
        try:
            name, colon, value = line.decode("utf-8").partition(":")
        except UnicodeDecodeError as error:
            raise FieldsError(f"line {number} is not UTF-8 at its byte {error.start}") from None
        if not colon:
            raise FieldsError(f"line {number} has no colon")
        fields.append((name.lower(), value.removeprefix(" ")))
    return fields
