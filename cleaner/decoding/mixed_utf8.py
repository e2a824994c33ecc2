"""Nearly valid UTF-8: with stray bytes of windows-1252, or with surrogate pairs (CESU-8).

The one comes of comments, feeds and templates put together without converting, the other of databases. `mixture_of`
says which bytes were meant so, rather than UTF-8 that lost some bytes; `read_mixture` reads any bytes so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

#: Bytes that strayed must make sense in windows-1252 at so large a share; those of torn characters hardly ever do.
SENSE_SHARE = 0.8

_NOT_ASCII = bytes(range(128, 256))
_STRAY = re.compile("[\udc80-\udcff]")  # as `surrogateescape` marks them
_AS_1252 = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(128, 256)}
_LETTERS = "àâäáãåæçéèêëíìîïñóòôöõøœúùûüßšž"
#: A lower-case letter in or at a word or alone (à), an upper-case one that no lower-case letter stands before.
_SENSE = re.compile(
    rf"(?:[{_LETTERS}](?=[^\W\d_])|(?<=[^\W\d_])[{_LETTERS}]|(?<![^\W\d_])[àéèóáÀÉ](?=\s)|"
    rf"(?<![a-zß-ÿ])[{_LETTERS.upper().replace('SS', '')}](?=[^\W\d_])|"
    r"[‘’“”„‚–—…•]|(?<![^\W\d_])[«»©®°§€£\xa0]|[»°\xa0](?![^\W\d_]))"
)


def mixture_of(payload: bytes) -> str | None:
    """The key of MIXTURES by which bytes that are no UTF-8 can be read, None for other bytes."""
    if _has_surrogates(payload):
        return "surrogates"
    return "windows-1252" if is_mixed(payload) else None


def read_mixture(payload: bytes, mixture: str) -> str:
    """The text. Raises KeyError for an unknown mixture, UnicodeDecodeError for bytes that are not of it."""
    return MIXTURES[mixture](payload)


def _has_surrogates(payload: bytes) -> bool:
    try:
        payload.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _read_surrogates(payload: bytes) -> str:
    """Pairs put together; a half alone is U+FFFD, since no output could hold it."""
    text = payload.decode("utf-8", "surrogatepass")
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def read_mixed(payload: bytes) -> str:
    """The bytes as UTF-8, where they are not UTF-8 as windows-1252; U+FFFD for the five that it lacks."""
    return payload.decode("utf-8", "surrogateescape").translate(_AS_1252)


def is_mixed(payload: bytes) -> bool:
    """Whether there are two bytes of good characters beyond ASCII for each stray one at least, and these make sense.

    >>> is_mixed("Öl, Größe".encode() + "und Öfen".encode("cp1252")), is_mixed("Öl, Größe".encode() + b"Br\\xc3cke")
    (True, False)
    """
    marked = payload.decode("utf-8", "surrogateescape")
    stray = [match.start() for match in _STRAY.finditer(marked)]
    if not stray or len(payload) - len(payload.translate(None, _NOT_ASCII)) < 3 * len(stray):
        return False
    text = marked.translate(_AS_1252)  # one character for each, so that places stay
    return sum(_SENSE.match(text, place) is not None for place in stray) >= SENSE_SHARE * len(stray)


MIXTURES: Mapping[str, Callable[[bytes], str]] = {"windows-1252": read_mixed, "surrogates": _read_surrogates}
