"""SURT keys: addresses turned so that an index sorted by them keeps a site together.

Follows the rules of the `surt` package (the Internet Archive's canonicalizer), because pywb and
cdxj-indexer look addresses up with it: a test compares the two. Refuses nothing.
"""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes, urlsplit

_KEPT = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
#: Nobody asks for longer addresses, which are sorted as they are: undoing escapes in escapes takes quadratic time.
LONGEST = 1 << 14
_WWW = re.compile(rb"www\d*\.")
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: Session ids that sites put into addresses: the same document under many names.
_PATH_SESSIONS = (
    re.compile(rb"^(.*/)(\((?:[a-z]\([0-9a-z]{24}\))+\)/)([^\?]+\.aspx.*)$", re.IGNORECASE),
    re.compile(rb"^(.*/)(\([0-9a-z]{24}\)/)([^\?]+\.aspx.*)$", re.IGNORECASE),
)
_QUERY_SESSIONS = tuple(
    re.compile(rb"^(.*)(?:%b)(?:&(.*))?$" % pattern, re.IGNORECASE)
    for pattern in (
        rb"jsessionid=[0-9a-z]{32}",
        rb"phpsessid=[0-9a-z]{32}",
        rb"sid=[0-9a-z]{32}",
        rb"ASPSESSIONID[a-z]{8}=[a-z]{24}",
        rb"cfid=[^&]+&cftoken=[^&]+",
    )
)


def surt(uri: str) -> str:
    """The key of a target URI; URIs without a host keep their scheme.

    >>> surt("https://www.example.org:443/News/?b=2&a=1#top")
    'org,example)/news?a=1&b=2'
    >>> surt("file:///news/A.txt")
    'file:/news/a.txt'
    """
    uri = uri.strip()
    try:
        parts = urlsplit(uri)
    except ValueError:  # brackets that hold no IPv6 address: a key that nobody looks up, but a key
        return _as_it_is(uri)
    if len(uri) > LONGEST:
        return _as_it_is(uri)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    path = _unescaped(parts.path.encode())
    if host is None:
        return f"{parts.scheme}:{_path(path) if parts.path else ''}{_query(parts.query)}"
    at = "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return f"{_host(host)}{at}){_path(_resolved(path))}{_query(parts.query)}"


def _as_it_is(uri: str) -> str:
    return _escaped(uri.encode("utf-8", "replace")).lower().replace(" ", "%20")


def _host(host: str) -> str:
    name = _unescaped(host.encode()).replace(b"..", b".").strip(b".").lower()
    name = _WWW.sub(b"", name, count=1) if _WWW.match(name) else name
    return ",".join(reversed(_escaped(name).split(".")))


def _path(path: bytes) -> str:
    """Lower case, without session ids and the slash at the end."""
    escaped = _escaped(path).lower().encode()
    for session in _PATH_SESSIONS:
        if match := session.match(escaped):
            escaped = match[1] + match[3]
    return (escaped[:-1] if escaped.endswith(b"/") and len(escaped) > 1 else escaped).decode()


def _resolved(path: bytes) -> bytes:
    """`.` and `..` carried out, empty parts dropped; a slash at the end stays."""
    kept: list[bytes] = []
    for part in path.split(b"/")[1:]:
        if part == b".." and kept:
            kept.pop()
        elif part != b".":
            kept.append(part)
    return b"/" + b"".join(part + b"/" for part in kept[:-1] if part) + (kept[-1] if kept else b"")


def _query(query: str) -> str:
    """Lower case, arguments in order, without session ids; nothing when it is empty."""
    if not query:
        return ""
    text = _escaped(_unescaped(query.encode())).encode()
    for session in _QUERY_SESSIONS:
        if match := session.match(text):
            text = match[1] + (match[2] or b"")
    text = text.lower()
    if len(text) > 1:
        text = b"&".join(b"=".join(pair) for pair in sorted(tuple(arg.split(b"=", 1)) for arg in text.split(b"&")))
    return "?" + text.decode() if text else ""


def _unescaped(data: bytes) -> bytes:
    while (once := unquote_to_bytes(data)) != data:
        data = once
    return data


def _escaped(data: bytes) -> str:
    return quote_from_bytes(data, safe=_KEPT)
