"""Target URIs: of the web, of a file below the input folder, of a row; and the SURT keys an index sorts by.

Never reads a machine's own paths. Refuses nothing: what is not an http(s) address is None, and the
caller names the document by its path instead.
"""

from __future__ import annotations

import re
import uuid
from urllib.parse import quote, urlsplit, urlunsplit

import idna

#: Characters that stay in a URI as they are (RFC 3986, 2.2 and 2.3, and "%" of what is escaped already).
URI_SAFE = "%/:?#[]@!$&'()*+,;=-._~"
PATH_SAFE = "/!$&'()+,;=@-._~:"
#: Such an address is a URI already: a host in ASCII, no user, and signs that stay as they are.
_IS_URI = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::\d{1,4})?(?:/[\w%/:\[\]@!$&'()*+,;=.~-]*)?(?:\?[\w%/:?\[\]@!$&'()*+,;=.~-]+)?"
    r"(?:#[\w%/:?#\[\]@!$&'()*+,;=.~-]+)?",
    re.ASCII,
).fullmatch
MAX_URI = 8_000  # a replay server behind a web server is never asked for more: Apache's LimitRequestLine is 8,190


def web_uri(url: str | None) -> str | None:
    """The http(s) address as a URI of ASCII characters only, or None when it is not one.

    >>> web_uri(" https://Bücher.example/straße?q=ä b ")
    'https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%A4%20b'
    """
    if not url:
        return None
    if len(url) <= MAX_URI and _IS_URI(url):
        return url
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    uri = quote(urlunsplit(parts._replace(netloc=_ascii_host(parts.netloc))), safe=URI_SAFE, errors="replace")
    return uri if len(uri) <= MAX_URI else None


def _ascii_host(netloc: str) -> str:
    """The host in ASCII, as browsers ask for it (IDNA 2008 with UTS 46); what has no such form is left as it is."""
    if netloc.isascii():
        return netloc
    user, at, place = netloc.rpartition("@")
    host, colon, port = place.partition(":")
    try:
        return f"{user}{at}{idna.encode(host, uts46=True).decode('ascii')}{colon}{port}"
    except idna.IDNAError:  # symbols, which IDNA 2003 took
        pass
    try:
        return netloc.encode("idna").decode("ascii")
    except UnicodeError:
        return netloc


def file_uri(path: str) -> str:
    """The relative path as a file URI without any folder of this machine.

    >>> file_uri("news/été 1.txt")
    'file:///news/%C3%A9t%C3%A9%201.txt'
    """
    return "file:///" + quote(_path_bytes(path), safe=PATH_SAFE)


def row_uri(path: str, row: int, *, namespace: uuid.UUID) -> str:
    """A URN of its own for each row: a fragment would do to read, but indexes cut fragments off."""
    return uuid.uuid5(namespace, f"row {row} of {file_uri(path)}").urn


def _path_bytes(path: str) -> bytes:
    """File names that are no UTF-8 come with lone surrogates (PEP 383); they give their bytes back."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a surrogate pair, possible in Windows names
        return path.encode("utf-8", "surrogatepass")
